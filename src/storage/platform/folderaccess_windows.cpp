// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "spoolfolder_p.h"

#include "Qanat/storage/durablequeue.h"

#include <QtCore/qdir.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>

#include <algorithm>
#include <io.h>
#include <windows.h>

namespace Qanat {

// What is in a user's folders is closed to others there.
QString FolderAccess::prepareFolder(const QString &path)
{
    const QFileInfo info(path);
    if (info.isSymLink())
        return DurableQueue::tr("is a link, which is not followed");
    return QDir().mkpath(path) ? QString() : DurableQueue::tr("cannot be made");
}

QString FolderAccess::prepareFile(const QString &path)
{
    if (QFileInfo(path).isSymLink())
        return DurableQueue::tr("is a link, which is not followed");
    QFile file(path);
    return file.open(QIODevice::ReadWrite) ? QString() : file.errorString();
}

// An open file cannot be removed there.
FileState FolderAccess::stateOf(const QString &path)
{
    const QFileInfo info(path);
    return info.exists() ? FileState{1, 1, info.size()} : FileState();
}

bool FolderAccess::allocate(const QString &path, qint64 bytes)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(QByteArray(qsizetype(bytes), 0)) == bytes && file.flush();
}

qint64 FolderAccess::dataFrom(const QString &path, qint64 offset)
{
    return std::min(offset, QFileInfo(path).size());
}

bool FolderAccess::syncFile(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadWrite) && ::FlushFileBuffers(HANDLE(::_get_osfhandle(file.handle())));
}

void FolderAccess::syncFolder(const QString &) { }

} // namespace Qanat
