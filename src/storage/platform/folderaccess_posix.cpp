// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "spoolfolder_p.h"

#include "Qanat/storage/durablequeue.h"

#include <QtCore/qdir.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Qanat {

namespace {

class Descriptor
{
public:
    explicit Descriptor(int number)
        : m_number(number)
    {
    }
    ~Descriptor()
    {
        if (m_number >= 0)
            ::close(m_number);
    }
    Q_DISABLE_COPY_MOVE(Descriptor)
    [[nodiscard]] int number() const { return m_number; }

private:
    const int m_number;
};

// Others could have put there what is theirs, or read what is ours.
QString foreignness(const struct stat &status)
{
    if (S_ISLNK(status.st_mode))
        return DurableQueue::tr("is a link, which is not followed");
    if (status.st_uid != ::geteuid())
        return DurableQueue::tr("belongs to another user");
    return {};
}

} // namespace

QString FolderAccess::prepareFolder(const QString &path)
{
    const QByteArray name = QFile::encodeName(path);
    struct stat status = {};
    if (::lstat(name.constData(), &status) != 0) {
        const QString above = QFileInfo(path).absolutePath();
        if ((errno == ENOENT || errno == ENOTDIR) && !QDir().mkpath(above))
            return DurableQueue::tr("the directory %1 cannot be made").arg(above);
        if (::mkdir(name.constData(), 0700) != 0 && errno != EEXIST)
            return qt_error_string(errno);
        syncFolder(above);
        if (::lstat(name.constData(), &status) != 0)
            return qt_error_string(errno);
    }
    if (const QString foreign = foreignness(status); !foreign.isEmpty())
        return foreign;
    if (!S_ISDIR(status.st_mode))
        return DurableQueue::tr("is no directory");
    if ((status.st_mode & 077) != 0 && ::chmod(name.constData(), 0700) != 0)
        return qt_error_string(errno);
    return {};
}

QString FolderAccess::prepareFile(const QString &path)
{
    const Descriptor file(::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.number() < 0)
        return errno == ELOOP ? DurableQueue::tr("is a link, which is not followed") : qt_error_string(errno);
    struct stat status = {};
    if (::fstat(file.number(), &status) != 0)
        return qt_error_string(errno);
    if (const QString foreign = foreignness(status); !foreign.isEmpty())
        return foreign;
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
        return DurableQueue::tr("is no file of its own");
    if ((status.st_mode & 077) != 0 && ::fchmod(file.number(), 0600) != 0)
        return qt_error_string(errno);
    return {};
}

FileState FolderAccess::stateOf(const QString &path)
{
    struct stat status = {};
    if (::lstat(QFile::encodeName(path).constData(), &status) != 0)
        return {};
    return {quint64(status.st_dev), quint64(status.st_ino), qint64(status.st_size)};
}

qint64 FolderAccess::dataFrom(const QString &path, qint64 offset)
{
    const Descriptor file(::open(QFile::encodeName(path).constData(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status = {};
    if (file.number() < 0 || ::fstat(file.number(), &status) != 0)
        return offset;
#ifdef SEEK_DATA
    const off_t data = ::lseek(file.number(), off_t(offset), SEEK_DATA);
    if (data >= 0)
        return data;
    if (errno == ENXIO)
        return status.st_size;
#endif
    return std::min(offset, qint64(status.st_size));
}

bool FolderAccess::allocate(const QString &path, qint64 bytes)
{
    const Descriptor file(
        ::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return file.number() >= 0 && ::posix_fallocate(file.number(), 0, off_t(bytes)) == 0;
}

bool FolderAccess::syncFile(const QString &path)
{
    const Descriptor file(::open(QFile::encodeName(path).constData(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    return file.number() >= 0 && ::fsync(file.number()) == 0;
}

void FolderAccess::syncFolder(const QString &path)
{
    const Descriptor folder(::open(QFile::encodeName(path).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.number() >= 0)
        ::fsync(folder.number());
}

} // namespace Qanat
