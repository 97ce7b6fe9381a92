// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "spool.h"

#include "console.h"

#include <QtCore/qcryptographichash.h>
#include <QtCore/qdir.h>
#include <QtCore/qfuture.h>
#include <QtCore/qfuturewatcher.h>
#include <QtCore/qloggingcategory.h>

#include <algorithm>
#include <cerrno>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Relay {

namespace {

// What is read and not yet safe is in memory.
constexpr qint64 MostUnsafe = 20'000;

// For people, and different for each: what a URL names may be a secret.
QString folderName(const EndpointConfiguration &endpoint)
{
    const auto plain = [](const QString &text) {
        constexpr qsizetype Most = 100;
        QString name = QString::fromLatin1(QUrl::toPercentEncoding(text));
        if (name.size() > Most) {
            // Those that begin alike are different nevertheless.
            const QByteArray digest = QCryptographicHash::hash(text.toUtf8(), QCryptographicHash::Sha256).toHex();
            name = name.left(Most - 30) + u'-' + QString::fromLatin1(digest.left(24));
        }
        return name.startsWith(u'.') ? u"%2E"_s + name.sliced(1) : name;
    };
    if (!endpoint.name.isEmpty())
        return plain(endpoint.name);
    const QByteArray digest = QCryptographicHash::hash(endpoint.url.toEncoded(), QCryptographicHash::Sha256).toHex();
    return plain(endpoint.url.host()) + u'-' + QString::fromLatin1(digest.left(12));
}

} // namespace

Spool::Spool(Promises promises)
    : m_promises(promises)
{
    // Until it is known that all can be used their troubles are the end of the run, and told as that. (That one was damaged is not.)
    QLoggingCategory::setFilterRules(u"qanat.storage.warning=false"_s);
}

QString Spool::makeFolder(const QString &folder)
{
    const QFileInfo info(folder);
    if (info.isDir())
        return {};
    if (info.exists())
        return folder + u" is no directory"_s;
    const QString above = info.absolutePath();
    if (!QDir().mkpath(above) || !QDir().mkdir(folder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner))
        return u"%1 cannot be made: %2"_s.arg(folder, qt_error_string(errno));
    return {};
}

Result<QStringList> Spool::foldersOf(const QString &folder, const QList<EndpointOptions> &endpoints)
{
    QStringList folders;
    for (const EndpointOptions &endpoint : endpoints) {
        const QString own = QDir(folder).filePath(folderName(endpoint.configuration));
        if (folders.contains(own))
            return Failure{
                u"two endpoints have the same name, or the same URL and no name: give each a name of its own in the file of --config"_s};
        folders.append(own);
    }
    return folders;
}

QStringList Spool::foldersIn(const QString &folder)
{
    QStringList folders;
    const QStringList names = QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot | QDir::Hidden, QDir::Name);
    for (const QString &name : names) {
        const QString path = QDir(folder).filePath(name);
        if (QFileInfo::exists(path + u"/events.db"_s) || QFileInfo::exists(path + u"/events.db-wal"_s))
            folders.append(path);
    }
    return folders;
}

void Spool::add(DurableQueue *queue, const QString &name)
{
    m_queues.append(queue);
    connect(queue, &StoringQueue::opened, this, &Spool::noteOpened);
    connect(queue, &StoringQueue::storageErrorChanged, this,
            [this, queue, name](const QString &error) { noteError(queue, name, error); });
}

void Spool::noteOpened()
{
    if (++m_openCount < m_queues.size())
        return;
    QLoggingCategory::setFilterRules({});
    Q_EMIT ready();
}

void Spool::noteError(DurableQueue *queue, const QString &name, const QString &error)
{
    Q_UNUSED(queue)
    if (m_openCount < m_queues.size()) {
        if (!error.isEmpty())
            Q_EMIT refused(error);
        return;
    }
    // The library says what is wrong.
    if (error.isEmpty())
        Console::print(name + u": events are stored again"_s);
}

void Spool::noteLine()
{
    const qint64 lines = ++m_lines;
    if (!m_isAsked.exchange(true))
        QMetaObject::invokeMethod(this, &Spool::flush, Qt::QueuedConnection);
    std::unique_lock lock(m_mutex);
    m_room.wait(lock, [this, lines] { return m_isStopped || lines - m_safe <= MostUnsafe; });
}

void Spool::noteAllStored()
{
    if (m_lines > m_safe)
        noteStored(m_lines);
}

void Spool::stop()
{
    const std::lock_guard lock(m_mutex);
    m_isStopped = true;
    m_room.notify_all();
}

void Spool::flush()
{
    if (m_isFlushing)
        return;
    m_isFlushing = true;
    m_isAsked = false;
    const qint64 lines = m_lines;
    QList<QFuture<Delivery>> flushes;
    for (DurableQueue *queue : std::as_const(m_queues))
        flushes.append(queue->flushed());
    auto *const watcher = new QFutureWatcher<QList<QFuture<Delivery>>>(this);
    connect(watcher, &QFutureWatcherBase::finished, this, [this, watcher, lines] {
        watcher->deleteLater();
        m_isFlushing = false;
        const QList<QFuture<Delivery>> all = watcher->result();
        const bool isSafe = std::all_of(all.cbegin(), all.cend(), [](const QFuture<Delivery> &flush) {
            return flush.resultCount() > 0 && flush.result() == Delivery::stored();
        });
        if (isSafe)
            noteStored(lines);
        if (m_isAsked)
            flush();
    });
    watcher->setFuture(QtFuture::whenAll(flushes.begin(), flushes.end()));
}

void Spool::noteStored(qint64 lines)
{
    {
        const std::lock_guard lock(m_mutex);
        m_safe = lines;
        m_room.notify_all();
    }
    if (m_promises == Promises::Told)
        Console::printRaw("stored " + QByteArray::number(lines));
}

} // namespace Relay
