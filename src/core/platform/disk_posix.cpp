// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "disk_p.h"

#include <QtCore/qfile.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Qanat::Disk {

namespace {

std::error_code errorOf(int result)
{
    return result == 0 ? std::error_code() : std::error_code(errno, std::system_category());
}

FileStatus fileStatus(const struct stat &status)
{
    return {quint64(status.st_dev), quint64(status.st_ino), qint64(status.st_size), S_ISREG(status.st_mode)};
}

} // namespace

std::optional<FileStatus> statusOf(int descriptor)
{
    struct stat status = {};
    if (::fstat(descriptor, &status) != 0)
        return {};
    return fileStatus(status);
}

std::optional<FileStatus> statusOf(const QString &path)
{
    struct stat status = {};
    if (::stat(QFile::encodeName(path).constData(), &status) != 0)
        return {};
    return fileStatus(status);
}

std::error_code sync(int descriptor)
{
#ifdef F_FULLFSYNC
    // There fsync() leaves the data in the cache of the disk; not every file system knows better.
    if (::fcntl(descriptor, F_FULLFSYNC) == 0)
        return {};
#endif
    // Not tried again after anything but a signal: what failed once is then taken for written.
    int result = 0;
    do {
        result = ::fsync(descriptor);
    } while (result != 0 && errno == EINTR);
    return errorOf(result);
}

std::error_code syncDirectory(const QString &path)
{
    const int descriptor = ::open(QFile::encodeName(path).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // One may be allowed to make files where one may not look at them, and some file systems have this for files only.
    if (descriptor < 0)
        return errno == EACCES ? std::error_code() : errorOf(-1);
    const std::error_code error = sync(descriptor);
    ::close(descriptor);
    return error == std::errc::invalid_argument || error == std::errc::bad_file_descriptor ? std::error_code() : error;
}

std::error_code rename(const QString &from, const QString &to)
{
    return errorOf(std::rename(QFile::encodeName(from).constData(), QFile::encodeName(to).constData()));
}

std::error_code remove(const QString &path)
{
    return errorOf(::unlink(QFile::encodeName(path).constData()));
}

} // namespace Qanat::Disk
