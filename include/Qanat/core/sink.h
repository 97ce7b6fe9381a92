// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_SINK_H
#define QANAT_CORE_SINK_H

#include <Qanat/core/batch.h>
#include <Qanat/core/closeresult.h>
#include <Qanat/core/completion.h>
#include <Qanat/core/delivery.h>
#include <Qanat/core/event.h>
#include <Qanat/core/limits.h>
#include <Qanat/core/pipelinenode.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/statistics.h>
#include <Qanat/core/writeresult.h>

#include <QtCore/qfuture.h>
#include <QtCore/qobject.h>

#include <chrono>
#include <functional>
#include <memory>

/*!
 * All that the libraries declare, but for macros. What is in Qanat::Detail is private.
 */
namespace Qanat {

class Clock;
class Mailbox;
class SinkPrivate;

/*!
 * The one interface: something that takes events. Queues, broadcasters, retries and filters are sinks, too.
 *
 * **To use** a sink, write() to it, from any thread. Its intake takes the events at once; the sink works on them in its
 * own thread, which for a plain sink is the thread it lives in and for a Queue or a Broadcaster a thread of the library.
 *
 * **To write** one, override deliver(), which takes one event and answers at once; or process(), which takes a batch and
 * settles it when and where it likes. Both are called in the sink's thread only. A wrapper adopt()s its target and
 * reaches it through forward().
 *
 * Every accepted event has exactly one outcome; Statistics has the equations.
 *
 * **The signals** of this class are coalesced, never one per event, and emitted in the thread that this object lives in.
 */
class QANAT_CORE_EXPORT Sink : public QObject
{
    Q_OBJECT
public:
    //! How long close() waits where nothing else is said.
    static constexpr std::chrono::milliseconds DefaultCloseTimeout = std::chrono::seconds(30);

    /*!
     * A close that discards. For a Queue or a Broadcaster it waits up to 250 ms for the worker to come back; one that does
     * not is abandoned, with a warning. What is left is dropped, with a warning that says how many; to keep it, close() before and wait.
     */
    ~Sink() override;

    //!@{
    /*!
     * Offers an event or a batch and answers at once. Any thread; never throws, and waits only where the sink's limits say
     * so (Limits::Overflow::Wait). Batches are accepted up to a prefix.
     */
    WriteResult write(const Event &event);
    WriteResult write(Event &&event);
    WriteResult write(const Batch &batch);
    //!@}

    //!@{
    /*!
     * The same for a caller who wants to know: the future finishes with the one final outcome (of a batch: the worst). Any
     * thread. It is finished by the library, so don't block the GUI thread on it: use a QFutureWatcher. Cancelling the
     * future withdraws nothing. A batch is taken whole or not at all: where it does not fit into the limits, or has an invalid
     * event, the outcome says so. An empty batch is *filtered*.
     */
    QFuture<Delivery> send(const Event &event);
    QFuture<Delivery> send(const Batch &batch);
    //!@}

    /*!
     * Accepts nothing more, delivers what was accepted, closes the target behind, and then is closed for good. Any thread;
     * returns at once. After \a within, what is left is dropped: *discarded* where it waited, *unknown* where it was in
     * flight. Calling it again can only make the deadline earlier; each caller gets a future of its own.
     *
     * Listeners and sinks that live in the GUI thread are closed in that thread: don't block it on the future, which would
     * wait for \a within and, for a sink that does not come back, 250 ms more. Use closed() or a QFutureWatcher; then()
     * may call at once, even before the event loop runs.
     */
    QFuture<CloseResult> close(std::chrono::milliseconds within = DefaultCloseTimeout);
    //! A close whose deadline is now.
    QFuture<CloseResult> discard();

    //! Any thread.
    [[nodiscard]] PipelineNode::State state() const;
    //! A snapshot taken under one lock. Any thread.
    [[nodiscard]] Statistics statistics() const;
    //! This sink and those behind it, to be walked or printed. Any thread, as long as this sink exists.
    [[nodiscard]] PipelineNode pipeline() const;

    //!@{
    //! How much the intake holds. Any thread; a lower limit drops nothing that is already there.
    [[nodiscard]] Limits limits() const;
    void setLimits(const Limits &limits);
    //!@}

    //! The clock of this sink and of all behind it; the system's by default, and for null. To be set before the first write.
    void setClock(const std::shared_ptr<Clock> &clock);

    /*!
     * Where several batches are in flight at once, events with the same key keep their order, and other keys go on. By
     * default the key is the event's source and subject. The function is called in the sink's thread. To be set before
     * the first write.
     */
    void setOrderKey(std::function<QString(const Event &)> key);

    /*!
     * The sink for what this one gives up for good, each event with the extension attributes `deadletterreason` and
     * `deadlettersink` (for people), `deadlettererror` (a key of Delivery::Error), `deadletterattempts`, and where the other side
     * answered `deadletterstatus` and `deadletteranswer`. DeadLetters keeps them to be looked at and sent again; any other sink will do. It is not owned, may be destroyed at any time, and may be null. What it
     * does not accept is lost with a warning. What a close leaves is given up, too. A dead letter that comes back to this sink and
     * fails again, or that three sinks have given up, is dropped for good, with a warning, unless `deadlettersink` was removed
     * from it: so two sinks may be each other's. What is given up never waits at a limit. Any thread; not this sink itself.
     */
    void setDeadLetterSink(Sink *sink);

    //! How many calls of process() may be unsettled at once: 1 unless the sink says more. The sink's thread.
    [[nodiscard]] virtual int maxInFlight() const;

Q_SIGNALS:
    //! \a count events were dropped since the last signal, the last of them as \a last says. Where this is connected to nothing and
    //! there is no dead-letter sink, the first drop is a warning in the category `qanat.sink`.
    void dropped(qint64 count, const Qanat::Delivery &last, QPrivateSignal);
    //! A limit was reached since the last signal: events were rejected or dropped, or a writer waits.
    void overflowed(QPrivateSignal);
    //! Nothing is pending any more.
    void drained(QPrivateSignal);
    //! Counters have changed; at most ten times a second.
    void statisticsChanged(QPrivateSignal);
    //! The sink is closed for good. Emitted exactly once, unless the sink is destroyed before.
    void closed(QPrivateSignal);

protected:
    //! A plain sink: works in the thread that it lives in.
    explicit Sink(QObject *parent = nullptr);
    /*!
     * The outside of \a inner, usually a Queue, for a class that makes a whole chain: what is written here goes into the intake of \a inner,
     * and its counters, limits, signals and its close are those of this sink. \a inner becomes a child; without it, or where it has a
     * parent or lives in another thread, the sink is closed from the start, with a warning.
     */
    Sink(std::unique_ptr<Sink> inner, QObject *parent);
    //! For the library's own boundaries between threads.
    Sink(std::shared_ptr<Mailbox> mailbox, QObject *parent);

    /*!
     * Takes one event and answers at once: the simple way to write a sink. The sink's thread. After a passing failure the
     * rest of the batch is handed back untried, so that the order is kept. An exception fails its own event for good.
     */
    virtual Delivery deliver(const Event &event);
    /*!
     * Takes a batch. The sink's thread; not called again before the running call has returned, nor while maxInFlight() calls
     * are unsettled. The default calls deliver() for each event.
     */
    virtual void process(const Batch &batch, Completion completion);
    //! A close has begun, of this sink or of one that owns it: what was accepted there is still to be delivered, and then this is
    //! closed. A sink that holds events back until something happens may settle them. Called once, unless it is destroyed before.
    virtual void closing();
    //! The application takes back what is on its way (see Gate): what this sink holds back and has not yet handed on is not wanted
    //! any more, and settled as *filtered*. What is under way goes on.
    virtual void withdraw();
    //! The deadline of a close has come: stop what is under way. What it settles from now on changes nothing any more.
    virtual void interrupt();
    //! The last call, after all events have their outcome and the targets are closed: let go of files and sockets.
    //! The answer is that of close().
    virtual Delivery finish();

    /*!
     * Takes over \a target: it becomes a child of this sink, moves with it and is closed with it. The sink's thread, usually
     * the constructor. A target that has a parent or lives in another thread is refused with a warning and destroyed or left
     * to its parent; the answer is then null. A target that closes by itself closes this sink, too.
     */
    Sink *adopt(std::unique_ptr<Sink> target);
    /*!
     * The only way of a wrapper to its target: hands the batch on, at once if the target is idle in this thread, else through
     * its intake. Whatever happens there, \a completion is settled. The sink's thread.
     */
    static void forward(Sink *target, const Batch &batch, Completion completion);
    //! Runs \a task later in the sink's thread, unless the sink is closed or gone by then. Any thread.
    void post(std::function<void()> task);
    //! The clock given by setClock(). Any thread.
    [[nodiscard]] std::shared_ptr<Clock> clock() const;
    //! What the pipeline() shows that this sink is at, until when, by the clock(), zero where there is no time, and why, for people. Any thread.
    void setActivity(PipelineNode::Activity activity, std::chrono::nanoseconds until = std::chrono::nanoseconds(0),
                     const QString &reason = QString());
    //! Counts attempts of a wrapper that tries again.
    void countAttempts(qint64 failed, qint64 retried, const Delivery &lastError);
    //! Counts a request that has ended with a \a status of the other side's protocol, or 0 without an answer. Any thread.
    void countAnswer(int status);

    //! An override has to hand on to this: the sink follows its own moves between threads here.
    bool event(QEvent *event) override;
    //! An override has to hand on to this: only signals that somebody hears are emitted.
    void connectNotify(const QMetaMethod &signal) override;

private:
    friend class SinkAccess;
    friend class Notifier;
    friend class SinkConsumer;

    const std::unique_ptr<SinkPrivate> d;
};

} // namespace Qanat

#endif
