// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_MAILBOX_P_H
#define QANAT_CORE_MAILBOX_P_H

#include "Qanat/core/batch.h"
#include "Qanat/core/clock.h"
#include "Qanat/core/closeresult.h"
#include "Qanat/core/limits.h"
#include "Qanat/core/pipelinenode.h"
#include "Qanat/core/statistics.h"
#include "Qanat/core/writeresult.h"
#include "completion_p.h"
#include "hopper_p.h"
#include "mailboxnode_p.h"
#include "notifier_p.h"
#include "pump_p.h"
#include "timer_p.h"

#include <QtCore/qfuture.h>
#include <QtCore/qvarlengtharray.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <unordered_map>

namespace Qanat {

class Call;
class Sink;
class StoringState;
class TraceState;
class Worker;

// Who empties a mailbox. All its functions are called in the thread of the mailbox's pump, and it is destroyed there.
class Consumer
{
public:
    virtual ~Consumer();
    virtual int maxInFlight() const = 0;
    virtual void process(const Batch &batch, Completion completion) = 0;
    // A mailbox that this one watches has room again, or is closed.
    virtual void review();
    // A close has begun.
    virtual void closing();
    // What it holds back is not wanted any more.
    virtual void withdraw();
    virtual void interrupt();
    // One that keeps events elsewhere hands nothing on.
    virtual void hold(bool isHeld);
    virtual Delivery finish();
};

/*
 * The intake of a sink, and everything about a sink that others may hold: it is shared, and outlives the sink.
 *
 * It takes events from any thread into chunks, counts them, keeps the limits, hands them to its consumer in the thread of
 * its pump, and takes their outcomes. It knows the mailboxes behind it and closes them.
 *
 * One mutex guards it all, but for the hopper. Nothing foreign is called with it: what has to be told is gathered in an
 * Aftermath and told after the mutex was released.
 */
class Mailbox final : public PumpTask
{
public:
    using CloseCallback = std::function<void(const CloseResult &)>;
    using OrderKey = std::function<QString(const Event &)>;
    enum class Kind : quint8 {
        Plain, // Works in the thread where the sink lives.
        Boundary, // Works on a worker, wherever the sink lives.
    };

    enum class Handover : quint8 {
        Direct, // Processed within the call, where the consumer is idle in this thread.
        Queued, // Through the intake.
    };

    Mailbox(Kind kind, std::shared_ptr<Pump> pump, std::shared_ptr<Worker> worker);
    ~Mailbox() override;

    // --- Any thread
    WriteResult write(Event event);
    WriteResult write(Batch batch, const Moment &moment = {});
    // The same for one who comes back with the rest: what is not accepted was not offered.
    WriteResult writeSome(Batch batch, const Moment &moment = {});
    // With a completion that hears of each event. Accepted whole or not at all; if not, the completion is left alone.
    WriteResult offer(const Batch &batch, Completion &completion, Handover handover);
    // The same, and where it is not accepted the completion hears that.
    void forward(const Batch &batch, Completion completion, Handover handover);
    // \a stored finishes as soon as a consumer keeps the events, see setKeeper().
    QFuture<Delivery> send(const Batch &batch, QFuture<Delivery> *stored = nullptr);
    // Runs in the consumer's thread: in the order of the writes, or as soon as possible. False where it is closed.
    bool enqueue(std::function<void()> command);
    bool post(std::function<void()> task);

    void close(std::chrono::nanoseconds within, CloseCallback callback);
    // Whoever owns it is being closed, and this will be as soon as it has been given everything.
    void announceClose(const Mailbox *owner);
    QFuture<CloseResult> close(std::chrono::nanoseconds within);

    PipelineNode::State state() const;
    bool isClosed() const;
    Statistics statistics() const;
    PipelineNode pipeline(int depth = 0) const;
    Limits limits() const;
    void setLimits(const Limits &limits);
    // In the place of those, until there are none.
    void setOtherLimits(const std::optional<Limits> &limits);
    void setClock(const std::shared_ptr<Clock> &clock);
    std::shared_ptr<Clock> clock() const;
    void setOrderKey(OrderKey key);
    // What waits is handed out when it is so many events, or has waited so long.
    void setGathering(qsizetype events, std::chrono::nanoseconds time);
    void setDeadLetters(const std::shared_ptr<Mailbox> &deadLetters);
    void setName(const QString &name);
    void setTypeName(const QString &typeName);
    QString label() const;
    void setNotifier(const std::shared_ptr<Notifier> &notifier);
    // False once the sink is being destroyed; closed says less.
    bool hasSink() const;
    // The sink, where it lives in the current thread.
    Sink *sinkHere() const;
    quintptr identity() const { return m_identity; }
    std::shared_ptr<Mailbox> deadLetters() const;
    // The notifier is wanted for more than before.
    void noteWanted();
    // For a sink whose outcome is not that of its own counters: who waits for the events of a call is told by somebody else.
    static Completion takeUpstream(const Completion &completion);
    struct Doing
    {
        PipelineNode::Activity activity = PipelineNode::Activity::Flowing;
        std::chrono::nanoseconds until{0}; // By the clock; zero where there is none.
        QString reason; // For people.
    };
    void setActivity(const Doing &doing);
    void countAttempts(qint64 failed, qint64 retried, const Delivery &lastError);
    void countAnswer(int status);
    bool isRoot() const;
    // Whether its consumer works in the current thread.
    bool isHere() const;
    // Whether it, or a target behind it, is inside of its work.
    bool isWorking() const;
    bool isWorkingFor(const Mailbox *parent) const;
    Kind kind() const { return m_kind; }
    const std::shared_ptr<Worker> &worker() const { return m_worker; }

    // The mailboxes behind this one. A target that closes by itself closes its parent, too; other links are only shown, and
    // closed with this one.
    void addTarget(const std::shared_ptr<Mailbox> &target);
    void addLink(const std::shared_ptr<Mailbox> &link);
    // The same, but for one that leads back here.
    bool addLinkUnlessCircle(const std::shared_ptr<Mailbox> &link);
    bool leadsTo(const Mailbox *other) const;
    // Where events go from here.
    enum class Ways : quint8 { Links, DeadLettersToo };
    std::vector<std::shared_ptr<Mailbox>> next(Ways ways) const;
    // Whether events that are written here may come to one for which \a isThat holds, this one included.
    bool leadsTo(const std::function<bool(const Mailbox &)> &isThat, Ways ways) const;
    void removeLink(const std::shared_ptr<Mailbox> &link);
    // Here and behind, now and later.
    void addTrace(const std::shared_ptr<TraceState> &trace);
    // Here.
    void removeTrace(const std::shared_ptr<TraceState> &trace);
    // One that will be added in its turn: whoever closes both must know that.
    void announceLink(const std::shared_ptr<Mailbox> &link);
    void retractLink(const std::shared_ptr<Mailbox> &link);
    // \a watcher's consumer reviews when this has room again, or is closed.
    void addWatcher(const std::shared_ptr<Mailbox> &watcher);
    void removeWatcher(const std::shared_ptr<Mailbox> &watcher);
    void poke();
    // Watchers are told when this has room for half of its limit, and for so many bytes.
    void wantRoom(qint64 bytes);
    // What is not under way here, or in a target behind, becomes *filtered*.
    void withdraw();
    // Its outcome is that of its links together.
    void sumTargets();
    // Those have to be forced first, or what they had left is missing.
    bool hasSummedTargets() const { return m_sumsTargets; }
    // Consumer::finish() may come after the close.
    void setClosesAnywhere();

    // Of the close, by the clock of the sink: nothing once it has expired, and where there is none.
    std::optional<std::chrono::nanoseconds> deadline() const;
    // The deadline has come: every event left gets an outcome, now.
    void expire();
    // QCoreApplication goes: expires, closed or not; whoever calls it sees to the rest.
    void endWithApplication();
    // The consumer did not come back: the mailbox is closed without it.
    void forceClosed();
    // What it has will be dropped, since \a leaver is destroyed, and nobody else tells of that.
    void noteLeaver(const QString &leaver);
    // The object outside of a boundary is being destroyed: a close that discards, and a wait for the worker.
    void leaveBoundary();
    std::shared_ptr<Consumer> consumer() const;
    // Waits until the consumer was destroyed in its thread. Answers whether it was.
    bool waitForRelease(std::chrono::milliseconds timeout);

    // --- For a consumer that keeps events elsewhere until they have their outcome: they stay pending, and their memory goes.

    // Before the first write. Calls are given in the order of the events, several at once, and a close leaves what waits to be kept.
    void setKeeper();
    bool isKeeper() const;
    // What it tells of itself, for whoever finds it here: the sink may be another object, outside of its own. Nothing where there is no keeper.
    void setStoringState(const std::shared_ptr<StoringState> &state);
    std::shared_ptr<StoringState> storingState() const;
    // Asks it to hand nothing on, or to go on. Any thread.
    void hold(bool isHeld);
    // It does: a close does not wait for what is kept.
    void noteHeld(bool isHeld);
    // What it is at, shown in the place of what the sink says of itself, as long as it does not flow.
    void setKeeping(const Doing &doing);
    // Whether there are more events to be taken at once.
    bool hasMore() const;
    // Of those that \a completion still has to settle the next \a count are kept, in so many bytes. What it answers waits for their outcome.
    CompletionRef keep(Completion &completion, qsizetype count, qint64 bytes);
    struct Kept
    {
        qint64 count;
        qint64 bytes;
    };
    Kept kept() const;
    // From a former run of the program.
    void addKept(qint64 count, qint64 bytes);
    // Their outcome.
    void settleKept(const Batch &batch, qint64 bytes, const CompletionRef &upstream, const Delivery &delivery);
    // The same for events that nobody has in memory.
    void settleKept(qint64 count, qint64 bytes, const Delivery &delivery);

    // --- The consumer's thread
    void setConsumer(std::shared_ptr<Consumer> consumer);
    // Without a close: the consumer is being destroyed.
    void dropConsumer();
    // While the sink moves to another thread nothing runs.
    void detachPump();
    void attachPump(const std::shared_ptr<Pump> &pump);
    bool isSliceOver() const;
    void run() override;
    void deferred() override { setAttended(false); }

private:
    friend class Call;
    struct Aftermath;
    class Section;
    // The events of one key, where several batches are in flight.
    struct Lane
    {
        NodeList waiting;
        qsizetype count = 0;
        Call *running = nullptr;
    };
    using LaneMap = std::unordered_map<quint64, Lane>;
    struct Lanes
    {
        // (Less, where it is negative.)
        void addEvents(Lane &lane, qsizetype events)
        {
            lane.count += events;
            count += events;
            held += lane.running ? events : 0;
        }
        void setRunning(Lane &lane, Call *call)
        {
            held += call ? lane.count : -lane.count;
            lane.running = call;
        }

        LaneMap byKey;
        std::deque<quint64> ready;
        qsizetype count = 0; // Events in all of them.
        qsizetype held = 0; // Those that wait for a call of their key.
    };
    // What is held back so that more of it goes together.
    struct Gathering
    {
        qsizetype events;
        std::chrono::nanoseconds time;
        std::unique_ptr<Timer> timer; // Of the consumer's thread.
        bool isWaiting = false; // The timer runs.
        bool isOver = false; // It has waited long enough.
    };
    enum class Stage : quint8 { Open, Draining, ClosingTargets, Finishing, Closed };

    // All of these with the mutex, unless they say something else.

    // The intake
    void append(Event &&event, qint64 bytes);
    Node *openRun(std::optional<std::chrono::nanoseconds> stamp);
    Node *newNode();
    void recycle(Node *node);
    bool emptyHopper() { return hopperCount() > 0 && emptyFilledHopper(); }
    bool emptyFilledHopper();
    bool closeHopper();
    void awaitHopper();
    qsizetype hopperCount() const
    {
        const Hopper *hopper = m_hopper.load(std::memory_order_relaxed);
        return hopper ? hopper->count() : 0;
    }
    bool isHopperOpen() const;
    void noteSingleWrite();
    void appendBatch(Batch batch, std::chrono::nanoseconds stamp, CompletionRef upstream = {},
                     const std::shared_ptr<const GivenUp> &givenUp = {});
    enum class Offer : quint8 { Once, Again }; // Again: what is not accepted comes back.
    WriteResult writeChecked(Batch batch, Offer offer, const Moment &moment = {},
                             const std::shared_ptr<const GivenUp> &givenUp = {});
    WriteResult writeLimited(Section &section, const Batch &batch, const std::shared_ptr<const GivenUp> &givenUp);
    qsizetype roomFor(const Batch &batch, qsizetype position) const;
    bool makeRoom(Section &section, qsizetype events, qint64 bytes);
    bool dropOldest(Section &section, qsizetype events);
    qint64 limitedCount() const;
    qint64 limitedBytes() const;
    void applyLimits(Section &section, const Limits &limits);
    WriteResult reject(qsizetype count, WriteResult::Status status);
    static bool mayWait();
    qint64 bytesOf(const Batch &batch) const;
    // Without the mutex: what is asked for with it is known then.
    void estimate(const Batch &batch) const { bytesOf(batch); }

    // Work
    bool hasLanes() const { return m_lanes && !m_lanes->byKey.empty(); }
    bool hasReadyLane() const { return m_lanes && !m_lanes->ready.empty(); }
    bool hasSlot() const;
    bool hasWork() const;
    // Things to be done that are no events.
    bool hasErrands() const
    {
        return !m_tasks.empty() || m_mustReview || m_mustInterrupt || m_mustTellClosing || m_withdrawals > 0;
    }
    bool isGathering() const;
    // Events that could go now, but for the slots.
    qint64 waitingCount() const { return takenCount() - (m_lanes ? m_lanes->held : 0); }
    // What is in the intake.
    qint64 takenCount() const { return m_statistics.pending - m_statistics.inFlight - m_statistics.stored; }
    std::chrono::nanoseconds waitingSince() const;
    void waitForMore();
    qsizetype enough() const;
    StateRef<Call> gatheredCall(Section &section);
    void gatherAnew();
    bool isIdle() const;
    void setAttended(bool isAttended) { m_isAttended.store(isAttended, std::memory_order_relaxed); }
    bool isStreaming() const;
    bool expectsMore() const;
    bool rest();
    // The pump where a run is to be scheduled, null where there is no need.
    std::shared_ptr<Pump> awaken();
    void kick(Aftermath &after);
    bool isCurrent(const std::shared_ptr<Consumer> &consumer) const { return m_consumer == consumer; }
    bool step(Section &section, const std::shared_ptr<Consumer> &consumer);
    bool emptyTrash(Section &section);
    void refreshMaxInFlight(Section &section, const std::shared_ptr<Consumer> &consumer);
    qsizetype callLimit(const Batch &batch) const;
    StateRef<Call> nextCall(Section &section);
    StateRef<Call> nextOfLanes(Section &section);
    bool isSortedEnough() const;
    void dropEmptyLanes();
    void sort(Section &section);
    void markDeadLetters(Section &section);
    void dropReturned(Section &section, const Batch &batch, const QString &sinks);
    qsizetype mostInHand() const;
    void takeInHand(qsizetype most);
    void addToLane(Section &section, quint64 key, Node *node);
    // \a lender: of a batch that is borrowed.
    StateRef<Call> makeCall(Batch batch, std::chrono::nanoseconds stamp, CompletionRef upstream,
                            CompletionRef lender = {});
    void invoke(Section &section, Call *call, Consumer &consumer, std::chrono::nanoseconds time);
    void endCall(Section &section, Call *call);

    // Outcomes
    void settleCall(Section &section, Call *call, qsizetype count, const Delivery &delivery,
                    std::chrono::nanoseconds time);
    void warnOfExcess(Section &section, const Call *call, qsizetype count);
    void settleDeferred(Section &section, Call *call);
    void foreseeCall(Call *call, const Outlook &outlook); // without the mutex
    void parkCall(Call *call, const Outlook &outlook); // without the mutex
    void resumeCall(Call *call); // without the mutex
    void putBack(Call *call, const Batch &batch);
    void account(Section &section, const Batch &batch, const CompletionRef &upstream, const Delivery &delivery,
                 Call *call = nullptr, const Moment &moment = {});
    void tellUpstream(Section &section, const CompletionRef &upstream, Call *call, qsizetype count,
                      const Delivery &outcome, const Moment &moment);
    void tellRest(Call *call, const CompletionRef &upstream); // without the mutex
    void noteDeadLetters(int batches); // without the mutex
    void noteDrop(Section &section, const Batch &batch, const Delivery &delivery);
    void warnOfDrop(Section &section);
    void forgetKept(Section &section, qint64 count, qint64 bytes);
    void trace(Section &section, const Batch &batch, const Delivery &delivery, const Call *call, const Moment &moment);
    void checkRoom(Aftermath &after);

    void withdrawWaiting(Section &section);

    // The end
    void leaveOpen();
    void tellClosing();
    void warnOfPending(Section &section, const QString &leaver);
    void advanceClose(Section &section, const std::shared_ptr<Consumer> &consumer);
    void closeAnywhere(Section &section);
    // The sinks of a broadcaster may live in the very thread that waits for it to go, and are closed without it.
    bool isLeavingLinks() const { return m_isLeaving && m_sumsTargets; }
    void setClosed(Section &section, const Delivery &finished);
    void expire(Section &section);
    NodeList takeWaiting();
    void dropLeft(Section &section, NodeList &waiting);
    void closeLinks(Section &section, std::chrono::nanoseconds within);
    void noteLeft(Section &section, const Batch &batch, const CompletionRef &upstream, const Delivery &delivery,
                  Call *call = nullptr);
    void endCallLeft(Section &section, Call *call);
    void linkClosed(const CloseResult &result); // without the mutex
    void targetClosed(); // without the mutex
    std::chrono::nanoseconds now() const { return m_clock->now(); }
    std::chrono::nanoseconds now(const Moment &moment) const { return moment.clock == m_clock ? moment.time : now(); }
    Statistics snapshot() const;
    // That many single events in one go are a stream.
    static constexpr quint32 Many = 64;
    // One in so many writes makes a thread one of those that have a place in the hopper.
    static constexpr quint32 Few = 8;
    QString labelLocked() const;

    /*
     * Thousands of mailboxes may get each event, and their memory does not fit into the caches. So the order of the fields is
     * that of their use: what each event touches comes first, and together.
     */

    // Made once there is much to do; owned. Open only while somebody is about to come, and there is no limit to be kept.
    std::atomic<Hopper *> m_hopper{nullptr};
    // The thread of the pump is here, or will be in a moment.
    std::atomic<bool> m_isAttended{false};
    std::atomic<bool> m_countsBytes{false};
    const Kind m_kind;

    Stage m_stage = Stage::Open;
    bool m_isLimited = false;
    bool m_isAwake = false; // A run is scheduled or under way.
    bool m_isRunning = false; // The consumer is working.
    bool m_hasDeadLetters = false;
    bool m_isTraced = false;
    bool m_isKeeper = false;
    bool m_isHeld = false; // A close does not wait for what is kept.

    mutable std::mutex m_mutex;
    NodeList m_queue;
    Clock *m_clock;
    Statistics m_statistics;

    std::unique_ptr<Node> m_spareNode;
    std::shared_ptr<Pump> m_pump;
    unsigned m_wantedSignals = 0; // By the notifier.
    int m_maxInFlight = 0; // Not known before the first run.
    quint32 m_nextCapacity; // Of the chunk of the next run.
    std::shared_ptr<Consumer> m_consumer;
    QVarLengthArray<StateRef<Call>, 1> m_calls; // In flight.
    qsizetype m_runLength = 0; // Handed out since run() began.
    std::vector<std::function<void()>> m_tasks;
    NodeList m_trash; // To be destroyed in the thread of the pump, when there is nothing else to do.
    std::unique_ptr<Lanes> m_lanes; // Once there are several calls in flight.
    std::unique_ptr<Gathering> m_gathering; // Where that is wanted.
    int m_parkedCount = 0;
    int m_waitingWriters = 0;
    int m_withdrawals = 0; // Nodes that say so.
    bool m_mustReview = false;
    bool m_mustInterrupt = false;
    bool m_mustTellClosing = false;
    bool m_mustFinish = false;
    bool m_isExpired = false;
    bool m_isRoomWanted = false;
    bool m_sumsTargets = false; // A broadcaster: its links have events of their own.
    bool m_isReleased = true; // There is no consumer.
    Limits m_limits;

    // From here on what is seldom looked at.

    const quintptr m_identity;
    std::shared_ptr<Worker> m_worker;
    std::condition_variable m_room;
    std::condition_variable m_released;
    std::shared_ptr<Notifier> m_notifier;
    std::vector<std::shared_ptr<Clock>>
        m_otherClocks; // The last is in use; the hopper may still be looking at an older one.
    std::weak_ptr<Mailbox> m_parent;
    std::weak_ptr<Mailbox> m_deadLetters;
    std::vector<std::shared_ptr<Mailbox>> m_links;
    std::vector<std::shared_ptr<Mailbox>> m_announced;
    std::vector<std::weak_ptr<Mailbox>> m_watchers;
    std::vector<std::shared_ptr<TraceState>> m_traces;
    std::shared_ptr<StoringState> m_storingState;
    OrderKey m_orderKey;
    QString m_typeName; // For people; empty before somebody asked the finished object.
    QString m_name;

    Limits m_usualLimits;
    bool m_hasOtherLimits = false;
    NodeList m_inHand; // Taken out of the queue, for work that does without the mutex.
    qint64 m_wantedBytes = 0;
    qint64 m_keptBytes = 0;

    std::chrono::nanoseconds m_deadline{0};
    std::vector<CloseCallback> m_closeCallbacks;
    CloseResult m_closeResult;
    Delivery m_worstOfClose;
    qint64 m_closeLeft = 0;
    qint64 m_closeUnknown = 0;
    qint64 m_closeStored = 0; // By those behind.
    int m_openLinks = 0;

    // Batches of them that some thread is about to write, and outcomes that one is about to give: no close is told before.
    int m_onTheWay = 0;

    Doing m_doing;
    Doing m_keeping;

    bool m_hasToldClosing = false; // Or will.
    bool m_closesAnywhere = false;
    bool m_isLeaving = false; // The object outside is being destroyed.
    bool m_isDropNamed = false; // A warning has told of the first one.
    bool m_isReturnNamed = false; // The same for dead letters that went round.
    QString m_leaver; // It, or one before it, where nobody else tells of what is lost.
};

} // namespace Qanat

#endif
