// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "spoolfolder_p.h"

#include "Qanat/storage/durablequeue.h"

#include <QtCore/qdatetime.h>
#include <QtCore/qdir.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// A full disk refuses deletions, too: their pages go through the log. As much as the log may have.
constexpr qint64 ReserveBytes = 8 * 1024 * 1024;

} // namespace

SpoolFolder::SpoolFolder(const QString &path)
    : m_path(path)
    , m_lock(file(u"owner.lock"_s))
{
}

QString SpoolFolder::take()
{
    if (m_path.isEmpty())
        return DurableQueue::tr("no directory is named for the events");
    if (const QString error = FolderAccess::prepareFolder(m_path); !error.isEmpty())
        return m_path + u": "_s + error;
    // To open a pipe would take until somebody writes to it.
    for (const QString &name : {u"owner.lock"_s, u"events.db-wal"_s, u"events.db-journal"_s, u"events.db-shm"_s}) {
        const QFileInfo present(file(name));
        if (present.isSymLink() || (present.exists() && !present.isFile()))
            return DurableQueue::tr("%1: is no file").arg(present.filePath());
    }
    return m_lock.take();
}

bool SpoolFolder::keepReserve()
{
    if (QFileInfo::exists(file(u"reserve"_s)))
        return true;
    if (FolderAccess::allocate(file(u"reserve"_s), ReserveBytes))
        return true;
    giveReserve();
    return false;
}

void SpoolFolder::giveReserve()
{
    QFile::remove(file(u"reserve"_s));
}

void SpoolFolder::removeOld() const
{
    QDir folder(m_path);
    const QStringList names = folder.entryList(
        {u"events-damaged-*"_s, u"events-replaced-*"_s, u"events.db-rescued*"_s, u"events.db-fresh*"_s},
        QDir::Files | QDir::Hidden | QDir::System);
    for (const QString &name : names)
        folder.remove(name);
}

QString SpoolFolder::freeName(const QString &base, const QString &suffix) const
{
    const QString stamp = QDateTime::currentDateTimeUtc().toString(u"yyyyMMdd'T'HHmmss'Z'"_s);
    QString name = file(base + u'-' + stamp + suffix);
    for (int i = 2; QFileInfo::exists(name); ++i)
        name = file(base + u'-' + stamp + u'-' + QString::number(i) + suffix);
    return name;
}

} // namespace Qanat
