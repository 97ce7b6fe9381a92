// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "disk_p.h"

#include <QtCore/qdir.h>
#include <QtCore/qt_windows.h>

#include <io.h>
#include <sys/stat.h>

namespace Qanat::Disk {

namespace {

std::error_code errorOf(BOOL result)
{
    return result ? std::error_code() : std::error_code(int(::GetLastError()), std::system_category());
}

std::wstring nativePath(const QString &path)
{
    return QDir::toNativeSeparators(path).toStdWString();
}

// Qt opens files so that nobody can move or remove them meanwhile: that they are there is enough.
FileStatus fileStatus(const struct _stat64 &status)
{
    return {0, 0, qint64(status.st_size), (status.st_mode & _S_IFMT) == _S_IFREG};
}

} // namespace

std::optional<FileStatus> statusOf(int descriptor)
{
    struct _stat64 status = {};
    if (::_fstat64(descriptor, &status) != 0)
        return {};
    return fileStatus(status);
}

std::optional<FileStatus> statusOf(const QString &path)
{
    struct _stat64 status = {};
    if (::_wstat64(nativePath(path).c_str(), &status) != 0)
        return {};
    return fileStatus(status);
}

std::error_code sync(int descriptor)
{
    return errorOf(::FlushFileBuffers(reinterpret_cast<HANDLE>(::_get_osfhandle(descriptor))));
}

std::error_code syncDirectory(const QString &)
{
    return {};
}

std::error_code rename(const QString &from, const QString &to)
{
    return errorOf(::MoveFileExW(nativePath(from).c_str(), nativePath(to).c_str(), MOVEFILE_REPLACE_EXISTING));
}

std::error_code remove(const QString &path)
{
    return errorOf(::DeleteFileW(nativePath(path).c_str()));
}

} // namespace Qanat::Disk
