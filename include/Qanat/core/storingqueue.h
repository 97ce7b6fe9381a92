// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_STORINGQUEUE_H
#define QANAT_CORE_STORINGQUEUE_H

#include <Qanat/core/eventstore.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/queue.h>
#include <Qanat/core/sink.h>

namespace Qanat {

class StoredDeadLetters;
class StoringState;

/*!
 * A queue that keeps its events in an EventStore until they are delivered: what is *stored* outlives the program, and is delivered by the
 * next run of it. DurableQueue is one with a file.
 *
 * It accepts at once, as each queue does. One thread stores what was accepted, many events at once, and another one delivers what is stored, in
 * its order; so a disk that takes long holds up no delivery, and a dead server no storing. What was delivered leaves the store. When
 * a program ends without that, events that were just being delivered are delivered again: at least once, with the same id.
 *
 * **Counters.** What is kept is pending(): Statistics::stored says how much of it is safe. Outcomes are those of the delivery. Sinks that hand on
 * (a Gate, a Filter, a Broadcaster) are told *stored*, and their part is done.
 *
 * **What cannot be stored**, since no format can carry it (Event::isPortable()), is dropped with that reason. Where the store fails, events wait in memory and it is
 * tried again; storageError() says why. What is stored already is still delivered.
 *
 * **Limits** count what is accepted and has no outcome yet, be it stored or not. Limits::Overflow::DropOldest makes room by the oldest that is stored and was not handed
 * on: it becomes a dead letter. Of what has come and is not yet stored the oldest is dropped as by any queue, into setDeadLetterSink() only.
 *
 * **Closing.** A close delivers until its deadline, and what is left then is stored: CloseResult::stored() says how much. A destructor, too, has
 * 250 ms to store what was accepted.
 */
class QANAT_CORE_EXPORT StoringQueue : public Sink
{
    Q_OBJECT
    Q_PROPERTY(QString storageError READ storageError NOTIFY storageErrorChanged)
    Q_PROPERTY(bool held READ isHeld WRITE setHeld NOTIFY heldChanged)
public:
    //! Of an event that was given to sendWithReceipt().
    struct Receipt
    {
        //! Finishes with Delivery::stored() as soon as it outlives the program; or with the reason why it cannot be stored. Of a batch of which
        //! a part cannot be stored the reason comes when all others have their outcome.
        QFuture<Delivery> stored;
        //! Finishes with the one final outcome, as send() tells it. Where the queue is closed before that: with Delivery::stored().
        QFuture<Delivery> delivered;
    };

    //! Takes over \a store and \a target, which must have no parent and live in the current thread; else the queue is closed from the start.
    explicit StoringQueue(std::unique_ptr<EventStore> store, std::unique_ptr<Sink> target, QObject *parent = nullptr);
    ~StoringQueue() override;

    //!@{
    //! As with any sink. Any thread.
    using Sink::write;
    //!@}
    /*!
     * As Sink::write(), and \a position, which is not empty, is stored in the same transaction as the event: where the source of the events
     * is after it, in the source's own words. A program that reads a file, say, goes on at storedPosition() after a crash, and reads nothing twice and passes
     * nothing. For a source that writes from one thread.
     */
    WriteResult write(const Event &event, const QByteArray &position);
    //! The source is there, after events that nobody wants, and after what was written before this from the same thread. Stored with the next event, before
    //! flushed(), or by a close. Any thread.
    void setPosition(const QByteArray &position);
    //! The position of the last event that is stored, also of a former run; empty before opened(), or where there is none. Any thread.
    [[nodiscard]] QByteArray storedPosition() const;

    //!@{
    //! As send(), and tells when it is stored, too. It never waits for room: where there is none both futures say so. Any thread.
    Receipt sendWithReceipt(const Event &event);
    Receipt sendWithReceipt(const Batch &batch);
    //!@}

    /*!
     * Finishes as soon as all that was accepted before this call is safe, or has its outcome: with Delivery::stored(), or with the reason where
     * a close came before it could be stored. Any thread.
     */
    QFuture<Delivery> flushed();

    /*!
     * While it is held nothing is delivered: events are stored, and wait. What was already handed to the target goes on, and a close leaves the rest stored.
     * That is remembered in the store, for the next run of the program, too. A Gate directly before this holds it while the user is undecided. Any thread.
     */
    void setHeld(bool isHeld);
    //! Whether it is; also from a former run, as soon as it is opened(). Any thread.
    [[nodiscard]] bool isHeld() const;

    /*!
     * What is stored for longer than \a age, and was not handed to the target meanwhile, is dropped with Delivery::Error::Expired, into the dead letters; also
     * while it is held. By the wall clock over several runs of the program. No limit unless set, or with 0. For what the target tries again see RetryingSink::setMaximumAge(). Any thread.
     */
    void setMaximumAge(std::chrono::milliseconds age);

    //! As Queue::setLinger(), for what is delivered. Any thread.
    void setLinger(qsizetype events, std::chrono::milliseconds time);
    //! As Queue::configure(), between two batches that are delivered. Any thread.
    template<typename T>
    QFuture<bool> configure(std::function<void(T &)> functor)
    {
        return configureTarget(Queue::onFirst(std::move(functor)));
    }
    //! As Queue::configureTarget(). Any thread.
    QFuture<bool> configureTarget(std::function<bool(Sink &)> functor);

    //! The events that were given up and are kept in the store. A child of this object. Any thread.
    [[nodiscard]] StoredDeadLetters *storedDeadLetters() const;

    //! Why the store cannot be used now; empty as long as it can. It is tried again until it works. Any thread.
    [[nodiscard]] QString storageError() const;
    //! How many events of former runs there were, with those that cannot be read any more, which are dropped. Any thread; 0 before opened().
    [[nodiscard]] qint64 resumed() const;

Q_SIGNALS:
    //! The store is in use. Emitted once, in the thread that this object lives in.
    void opened(qint64 resumed, QPrivateSignal);
    //! The store works no longer, for another reason, or works again. Emitted in the thread that this object lives in.
    void storageErrorChanged(const QString &error, QPrivateSignal);
    //! It is held from now on, or no longer; also where a former run was. Emitted in the thread that this object lives in.
    void heldChanged(bool isHeld, QPrivateSignal);

protected:
    //! For the signals.
    bool event(QEvent *event) override;

private:
    const std::shared_ptr<StoringState> d;
    StoredDeadLetters *const m_deadLetters;
    std::shared_ptr<Mailbox> m_behind; // Of the queue that delivers; none where this is closed from the start.
    bool m_saidOpened = false;
    bool m_saidHeld = false;
    QString m_saidError;
};

} // namespace Qanat

#endif
