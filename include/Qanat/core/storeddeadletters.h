// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_STOREDDEADLETTERS_H
#define QANAT_CORE_STOREDDEADLETTERS_H

#include <Qanat/core/deadletters.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/result.h>

#include <QtCore/qfuture.h>
#include <QtCore/qobject.h>

#include <chrono>
#include <memory>

namespace Qanat {

class Mailbox;
class StoringQueue;
class StoringState;

/*!
 * The events that a StoringQueue gave up, as they are kept in its store, with the reason: to be looked at, sent again, or forgotten. They
 * outlive the program as the other events do.
 *
 * \code
 * StoredDeadLetters *letters = queue->storedDeadLetters();
 * connect(letters, &StoredDeadLetters::changed, this, [=] { badge->setNumber(letters->count()); });
 * // ... once the service is well again:
 * letters->sendAllAgain();
 * \endcode
 *
 * The store is read and written on its own thread: what takes a disk is answered by a future, which says why where the store cannot be used, and is canceled where
 * the queue closes first. In the GUI thread a QFutureWatcher waits for it.
 *
 * Where the queue has a dead-letter sink (Sink::setDeadLetterSink()), its events go there, and none come here.
 */
class QANAT_CORE_EXPORT StoredDeadLetters : public QObject
{
    Q_OBJECT
    Q_PROPERTY(qint64 count READ count NOTIFY changed)
public:
    //! How much is kept: beyond that the oldest are removed.
    struct Capacity
    {
        qint64 letters = 100'000; //!< How many.
        qint64 bytes = 256 * 1024 * 1024; //!< As they are stored.
        std::chrono::milliseconds age =
            std::chrono::milliseconds::max(); //!< Since they were given up, by the wall clock.
    };

    ~StoredDeadLetters() override;

    //! How many there are. Any thread, as all functions of this class; 0 before StoringQueue::opened().
    [[nodiscard]] qint64 count() const;
    //! How many came since the queue was made.
    [[nodiscard]] qint64 kept() const;
    //! How many of all went since they were too many, too large or too old, since the queue was made. A warning tells of the first.
    [[nodiscard]] qint64 lost() const;

    //! What is kept, from now on. Looked after whenever the store is changed, and at the beginning.
    void setCapacity(const Capacity &capacity);

    //! A page: up to \a most letters that have a greater DeadLetter::number than \a after, in the order in which they were given up. Empty: there are no more.
    [[nodiscard]] QFuture<Result<QList<DeadLetter>>> letters(quint64 after = 0, qsizetype most = 100) const;

    /*!
     * Makes the letter \a number an event of the queue again, its newest, with its id: in one transaction, so that it is never lost. Answers how many
     * these were: 0 where there is no such letter, or no room within the limits of the queue.
     */
    QFuture<Result<qint64>> sendAgain(quint64 number);
    //! The same for all that there are, in their order, as long as there is room.
    QFuture<Result<qint64>> sendAllAgain();
    //! Forgets it. Answers how many these were.
    QFuture<Result<qint64>> remove(quint64 number);
    //! Forgets all. Answers how many these were.
    QFuture<Result<qint64>> clear();
    //! Forgets what is beyond \a capacity, once. Answers how many these were.
    QFuture<Result<qint64>> purge(const Capacity &capacity);

Q_SIGNALS:
    /*!
     * Those with the numbers from \a first to \a last are there no longer: sent again, removed, or too many. Some of these may never have been there. Emitted
     * before changed(), for whoever keeps a list without reading it anew, and in the same thread. A page that was asked for before may still have them.
     */
    void removed(quint64 first, quint64 last, QPrivateSignal);
    //! There are others. Coalesced, and emitted in the thread that the queue lives in.
    void changed(QPrivateSignal);

private:
    friend class StoringQueue;
    StoredDeadLetters(StoringQueue *queue, std::weak_ptr<Mailbox> mailbox, std::shared_ptr<const StoringState> state);

    const std::weak_ptr<Mailbox> m_mailbox;
    const std::shared_ptr<const StoringState> m_state;
};

} // namespace Qanat

#endif
