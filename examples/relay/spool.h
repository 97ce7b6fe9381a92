// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_SPOOL_H
#define RELAY_SPOOL_H

#include "endpointoptions.h"

#include <Qanat/DurableQueue>
#include <Qanat/Result>

#include <QtCore/qlist.h>
#include <QtCore/qobject.h>
#include <QtCore/qstringlist.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace Relay {

/*!
 * The directory in which events wait until they are delivered, a directory in it for each endpoint. It knows when lines are safe.
 */
class Spool : public QObject
{
    Q_OBJECT
public:
    //! Whether whoever writes to the program is told how many lines are safe.
    enum class Promises : quint8 { Told, Silent };

    explicit Spool(Promises promises);

    //! Makes \a folder, for its owner only. Why that is not possible; empty if it is.
    [[nodiscard]] static QString makeFolder(const QString &folder);
    //! What in \a folder belongs to which of \a endpoints. The error names those that are alike.
    [[nodiscard]] static Qanat::Result<QStringList> foldersOf(const QString &folder,
                                                              const QList<EndpointOptions> &endpoints);
    //! The directories in \a folder that hold events.
    [[nodiscard]] static QStringList foldersIn(const QString &folder);

    //! From now on it is one of those that have to be ready. Not owned.
    void add(Qanat::DurableQueue *queue, const QString &name);

    //!@{
    //! A line has been read, and its event written. Waits where too many are not yet safe. The thread that reads.
    void noteLine();
    //! At the end: whatever was read is safe.
    void noteAllStored();
    //! Ends the waiting.
    void stop();
    //!@}

Q_SIGNALS:
    //! All of them are in use.
    void ready();
    //! One of them cannot be used. Not after ready().
    void refused(const QString &error);

private:
    void noteOpened();
    void noteError(Qanat::DurableQueue *queue, const QString &name, const QString &error);
    void flush();
    void noteStored(qint64 lines);

    const Promises m_promises;
    QList<Qanat::DurableQueue *> m_queues;
    qsizetype m_openCount = 0;
    bool m_isFlushing = false;

    std::atomic<qint64> m_lines = 0;
    std::atomic<bool> m_isAsked = false;
    std::mutex m_mutex;
    std::condition_variable m_room;
    qint64 m_safe = 0; // So many lines are.
    bool m_isStopped = false;
};

} // namespace Relay

#endif
