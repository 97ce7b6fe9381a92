// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "mailbox_p.h"

#include "chunk_p.h"
#include "currentmailbox_p.h"
#include "hotpath_p.h"
#include "mailboxsection_p.h"
#include "runtime_p.h"
#include "text_p.h"
#include "tracestate_p.h"
#include "worker_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>

#include <thread>
#include <unordered_set>

using namespace Qt::StringLiterals;

namespace Qanat {

using std::chrono::nanoseconds;

namespace {

// The completion behind the future of send().
class PromiseState final : public CompletionState
{
public:
    explicit PromiseState(qsizetype count)
        : m_remaining(count)
    {
        m_promise.start();
    }
    ~PromiseState() override
    {
        if (m_remaining > 0)
            finish(Delivery::dropped(Delivery::Error::Lost, Text::tr("nobody gave it an outcome")));
    }

    QFuture<Delivery> future() const { return m_promise.future(); }
    // To be asked for before it is handed to anybody.
    QFuture<Delivery> stored()
    {
        m_stored.emplace();
        m_stored->start();
        m_unstored = m_remaining;
        return m_stored->future();
    }

    void settle(qsizetype count, const Delivery &delivery) override
    {
        std::unique_lock lock(m_mutex);
        if (m_remaining <= 0)
            return;
        m_worst = Delivery::worse(m_worst, delivery.asDropped());
        m_remaining -= count;
        if (m_remaining > 0)
            return;
        const Delivery worst = m_worst;
        lock.unlock();
        finish(worst);
    }
    bool waitsForTheEnd() const override { return true; }
    void noteStored(qsizetype count) override
    {
        std::unique_lock lock(m_mutex);
        // Where a part cannot be stored, that is what matters, and it comes with the last outcome.
        m_unstored -= count;
        if (!m_stored || m_unstored != 0)
            return;
        lock.unlock();
        finish(*m_stored, Delivery::stored());
    }
    qsizetype remaining() const override
    {
        const std::lock_guard lock(m_mutex);
        return m_remaining;
    }
    bool triesAgain() const override { return false; }

private:
    static void finish(QPromise<Delivery> &promise, const Delivery &delivery)
    {
        promise.addResult(delivery);
        promise.finish();
    }
    void finish(const Delivery &delivery)
    {
        if (m_stored && m_unstored != 0)
            finish(*m_stored, delivery);
        finish(m_promise, delivery);
    }

    mutable std::mutex m_mutex;
    QPromise<Delivery> m_promise;
    std::optional<QPromise<Delivery>> m_stored; // Where somebody wants to know.
    Delivery m_worst = Delivery::filtered();
    qsizetype m_remaining;
    qsizetype m_unstored = 0;
};

// A number of its own, and not the address: that of a sink that is gone is soon the address of another.
quintptr nextIdentity()
{
    static std::atomic<quintptr> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// The first sink that accepts it says when that was.
void stampAcceptance(const Batch &batch, nanoseconds time)
{
    // Thousands may get it, and if all of them wrote there, each would have to fetch it from another processor.
    std::atomic<qint64> &acceptedAt = BatchBuilder::chunk(batch)->acceptedAt;
    if (qint64 unset = acceptedAt.load(std::memory_order_relaxed); unset == 0)
        acceptedAt.compare_exchange_strong(unset, time.count(), std::memory_order_relaxed);
}

} // namespace

Consumer::~Consumer() = default;

void Consumer::review() { }

void Consumer::closing() { }

void Consumer::withdraw() { }
void Consumer::hold(bool isHeld)
{
    Q_UNUSED(isHeld)
}

void Consumer::interrupt() { }

Delivery Consumer::finish()
{
    return Delivery::delivered();
}

/* --- The intake -------------------------------------------------------------------------------------------------------- */

Mailbox::Mailbox(Kind kind, std::shared_ptr<Pump> pump, std::shared_ptr<Worker> worker)
    : m_kind(kind)
    , m_clock(Clock::system().get())
    , m_pump(std::move(pump))
    , m_nextCapacity(Chunk::SmallCapacity)
    , m_identity(nextIdentity())
    , m_worker(std::move(worker))
{
}

Mailbox::~Mailbox()
{
    Runtime::remove(this);
    delete m_hopper.load(std::memory_order_relaxed);
}

QANAT_HOT_PATH WriteResult Mailbox::write(Event event)
{
    if (!event.isValid())
        return reject(1, WriteResult::Status::Invalid);
    Hopper *const hopper = m_hopper.load(std::memory_order_acquire);
    if (hopper && hopper->drop(event))
        return WriteResult(WriteResult::Status::Accepted, 1);
    std::unique_lock lock(m_mutex);
    if (m_stage == Stage::Open && !m_isLimited) {
        emptyHopper();
        ++m_statistics.offered;
        append(std::move(event), 0);
        const auto notifier = m_wantedSignals & Notifier::Changed ? m_notifier : nullptr;
        if (m_isAwake || !hasSlot()) {
            noteSingleWrite();
            lock.unlock();
            if (notifier)
                notifier->raise(Notifier::Changed);
            return WriteResult(WriteResult::Status::Accepted, 1);
        }
        const std::shared_ptr<Pump> pump = awaken();
        lock.unlock();
        if (pump)
            pump->schedule(shared_from_this());
        if (notifier)
            notifier->raise(Notifier::Changed);
        return WriteResult(WriteResult::Status::Accepted, 1);
    }
    lock.unlock();
    Batch batch(event);
    BatchBuilder::chunk(batch)->isChecked.store(true, std::memory_order_relaxed);
    return write(batch);
}

WriteResult Mailbox::write(Batch batch, const Moment &moment)
{
    Chunk *chunk = BatchBuilder::chunk(batch);
    if (batch.isEmpty())
        return WriteResult(isClosed() ? WriteResult::Status::Closed : WriteResult::Status::Accepted, 0);
    if (!chunk->isChecked.load(std::memory_order_relaxed)) {
        const auto invalid =
            std::find_if(batch.begin(), batch.end(), [](const Event &event) { return !event.isValid(); });
        if (invalid != batch.end()) {
            const qsizetype prefix = invalid - batch.begin();
            if (prefix > 0) {
                const WriteResult written = write(Batch(QList<Event>(batch.begin(), invalid)));
                if (written != WriteResult::Status::Accepted)
                    return WriteResult(written.status(), written.accepted());
            }
            reject(batch.size() - prefix, WriteResult::Status::Invalid);
            return WriteResult(WriteResult::Status::Invalid, prefix);
        }
        if (batch.size() == qsizetype(chunk->used()))
            chunk->isChecked.store(true, std::memory_order_relaxed);
    }

    return writeChecked(std::move(batch), Offer::Once, moment);
}

WriteResult Mailbox::writeSome(Batch batch, const Moment &moment)
{
    return writeChecked(std::move(batch), Offer::Again, moment);
}

WriteResult Mailbox::writeChecked(Batch batch, Offer offer, const Moment &moment,
                                  const std::shared_ptr<const GivenUp> &givenUp)
{
    estimate(batch);
    const qsizetype size = batch.size();
    Section section(this);
    WriteResult result(WriteResult::Status::Closed, 0);
    emptyHopper();
    m_statistics.offered += size;
    if (m_stage == Stage::Open && m_isLimited) {
        result = writeLimited(section, batch, givenUp);
    } else if (m_stage == Stage::Open) {
        appendBatch(std::move(batch), now(moment), {}, givenUp);
        kick(section.after());
        section->signals |= Notifier::Changed;
        result = WriteResult(WriteResult::Status::Accepted, size);
    }
    const qsizetype rest = size - result.accepted();
    if (offer == Offer::Again)
        m_statistics.offered -= rest;
    else
        m_statistics.rejected += rest;
    return result;
}

WriteResult Mailbox::writeLimited(Section &section, const Batch &batch, const std::shared_ptr<const GivenUp> &givenUp)
{
    qsizetype accepted = 0;
    WriteResult::Status status = WriteResult::Status::Accepted;
    section->signals |= Notifier::Changed;
    while (accepted < batch.size()) {
        const qsizetype room = roomFor(batch, accepted);
        if (room > 0) {
            // The limit is one of memory, too: the part that is accepted must not keep all the others.
            appendBatch(BatchBuilder::compacted(batch.mid(accepted, room)), now(), {}, givenUp);
            accepted += room;
            kick(section.after());
            continue;
        }
        section->signals |= Notifier::Overflowed;
        const qint64 bytes = m_limits.bytes == Limits::Unlimited ? 0 : qint64(batch[accepted].estimatedSize());
        if (m_limits.overflow == Limits::Overflow::DropOldest) {
            if (makeRoom(section, std::min(batch.size() - accepted, qsizetype(m_limits.events)), bytes))
                continue;
        } else if (m_limits.overflow == Limits::Overflow::Wait && !givenUp && bytes <= m_limits.bytes && mayWait()) {
            // (Whoever gives events up does not wait, since a close waits for that.)
            // While it waits it is neither written nor rejected.
            const qsizetype waiting = batch.size() - accepted;
            m_statistics.offered -= waiting;
            ++m_waitingWriters;
            section.unlock();
            section.relock();
            m_room.wait(section.lock(), [&] {
                // (The limits may have become others, by which nobody waits.)
                return m_stage != Stage::Open || roomFor(batch, accepted) > 0
                       || m_limits.overflow != Limits::Overflow::Wait || bytes > m_limits.bytes;
            });
            --m_waitingWriters;
            m_statistics.offered += waiting;
            if (m_stage == Stage::Open)
                continue;
            status = WriteResult::Status::Closed;
            break;
        }
        status = WriteResult::Status::Full;
        break;
    }
    return WriteResult(status, accepted);
}

// How many events of the batch, from a position on, find room now.
qsizetype Mailbox::roomFor(const Batch &batch, qsizetype position) const
{
    qsizetype room = batch.size() - position;
    if (m_limits.events != Limits::Unlimited)
        room = qsizetype(std::clamp(m_limits.events - limitedCount(), qint64(0), qint64(room)));
    if (m_limits.bytes != Limits::Unlimited) {
        qint64 bytes = limitedBytes();
        for (qsizetype i = 0; i < room; ++i) {
            bytes += batch[position + i].estimatedSize();
            if (bytes > m_limits.bytes)
                return i;
        }
    }
    return room;
}

// Drops the oldest until that many events, or at least one of that many bytes, find room.
bool Mailbox::makeRoom(Section &section, qsizetype events, qint64 bytes)
{
    if (bytes > m_limits.bytes)
        return false;
    bool dropped = false;
    if (m_limits.events != Limits::Unlimited && limitedCount() + events > m_limits.events)
        dropped = dropOldest(section, qsizetype(limitedCount() + events - m_limits.events));
    while (m_limits.bytes != Limits::Unlimited && limitedBytes() + bytes > m_limits.bytes) {
        if (!dropOldest(section, 1))
            return false;
        dropped = true;
    }
    return dropped;
}

// What is kept elsewhere makes room there, where the oldest is to be dropped.
qint64 Mailbox::limitedCount() const
{
    const bool makesRoom = m_isKeeper && m_limits.overflow == Limits::Overflow::DropOldest;
    return m_statistics.pending - (makesRoom ? m_statistics.stored : 0);
}

qint64 Mailbox::limitedBytes() const
{
    const bool makesRoom = m_isKeeper && m_limits.overflow == Limits::Overflow::DropOldest;
    return m_statistics.pendingBytes - (makesRoom ? m_keptBytes : 0);
}

// Drops up to that many of those that wait: the oldest of the intake, or of the longest lane. Whether it dropped any.
bool Mailbox::dropOldest(Section &section, qsizetype events)
{
    static const Delivery overflow =
        Delivery::dropped(Delivery::Error::Full, Text::tr("the limit was reached: the oldest was dropped"));
    bool any = false;
    while (events > 0) {
        NodeList *list = &m_queue;
        Lane *lane = nullptr;
        if (m_lanes) {
            for (auto &[key, other] : m_lanes->byKey) {
                if (!other.waiting.isEmpty() && (!lane || other.count > lane->count))
                    lane = &other;
            }
        }
        if (lane)
            list = &lane->waiting;
        // Commands stay.
        Node *previous = nullptr;
        Node *node = list->head;
        while (node && node->isCommand()) {
            previous = node;
            node = node->next;
        }
        if (!node)
            return any;
        const qsizetype count = std::min(events, node->batch.size());
        const Batch victims = node->batch.mid(0, count);
        account(section, victims, node->upstream, overflow);
        if (lane)
            m_lanes->addEvents(*lane, -count);
        if (count == node->batch.size()) {
            (previous ? previous->next : list->head) = node->next;
            if (list->tail == node)
                list->tail = previous;
            node->next = nullptr;
            section.rare().garbage.append(node);
        } else {
            if (node->isExclusive && !m_hasDeadLetters) {
                for (qsizetype i = 0; i < count; ++i)
                    section.rare().oldEvents.push_back(BatchBuilder::release(node->batch, i));
            }
            BatchBuilder::dropFirst(node->batch, count);
        }
        events -= count;
        any = true;
    }
    return any;
}

QANAT_HOT_PATH void Mailbox::append(Event &&event, qint64 bytes)
{
    Node *const run = openRun(std::nullopt);
    BatchBuilder::chunk(run->batch)->append(std::move(event));
    BatchBuilder::extend(run->batch);
    ++m_statistics.written;
    ++m_statistics.pending;
    m_statistics.pendingBytes += bytes;
}

// The last run, if it can take an event of that time (none: now), or else a new one.
QANAT_HOT_PATH Node *Mailbox::openRun(std::optional<nanoseconds> stamp)
{
    const bool isAway = !m_isAttended.load(std::memory_order_relaxed);
    Node *tail = m_queue.tail;
    if (tail && tail->isBuilding && (stamp || isAway) && (stamp ? *stamp : now()) - tail->stamp > Hopper::LongestRun)
        tail = nullptr;
    if (!tail || !tail->isBuilding || BatchBuilder::chunk(tail->batch)->isFull()) {
        if (tail && tail->isBuilding)
            m_nextCapacity = std::min(m_nextCapacity * 4, Chunk::Capacity);
        Chunk *chunk = Chunk::create(m_nextCapacity);
        tail = newNode();
        tail->stamp = stamp ? *stamp : now();
        tail->isBuilding = true;
        tail->isExclusive = true;
        chunk->acceptedAt.store(tail->stamp.count(), std::memory_order_relaxed);
        chunk->isChecked.store(true, std::memory_order_relaxed);
        tail->batch = BatchBuilder::adopt(chunk, 0, 0);
        m_queue.append(tail);
    }
    return tail;
}

// One is kept, since most sinks have one run after the other.
QANAT_HOT_PATH Node *Mailbox::newNode()
{
    return m_spareNode ? m_spareNode.release() : new Node;
}

// It has events no more.
void Mailbox::recycle(Node *node)
{
    node->isBuilding = false;
    node->isExclusive = false;
    m_spareNode.reset(node);
}

// Brings what was dropped into the queue, before something else comes behind it. Whether there was any.
bool Mailbox::emptyFilledHopper()
{
    Node *run = nullptr;
    qint64 count = 0;
    const bool countsBytes = m_countsBytes.load(std::memory_order_relaxed);
    m_hopper.load(std::memory_order_relaxed)->empty([&](Event &&event, nanoseconds since) {
        if (!run || BatchBuilder::chunk(run->batch)->isFull())
            run = openRun(since);
        if (countsBytes) // It was late: there was no limit when its write began.
            m_statistics.pendingBytes += qint64(event.estimatedSize());
        BatchBuilder::chunk(run->batch)->append(std::move(event));
        BatchBuilder::extend(run->batch);
        ++count;
    });
    m_statistics.offered += count;
    m_statistics.written += count;
    m_statistics.pending += count;
    return count > 0;
}

// From now on all come with the mutex. What is late still is in the hopper, and counted there. Whether there was any.
bool Mailbox::closeHopper()
{
    if (Hopper *hopper = m_hopper.load(std::memory_order_relaxed))
        hopper->close();
    return emptyHopper();
}

// Until nothing is late: those who write are between two instructions. They may have been interrupted there, by this very
// thread, and a thread of a lower priority only gets its turn while this one sleeps.
void Mailbox::awaitHopper()
{
    for (closeHopper(); hopperCount() > 0; emptyHopper())
        std::this_thread::sleep_for(std::chrono::microseconds(20));
}

bool Mailbox::isHopperOpen() const
{
    const Hopper *hopper = m_hopper.load(std::memory_order_relaxed);
    return hopper && hopper->isOpen();
}

// Opens the hopper where single events come in fast, and a worker is about to come for them.
void Mailbox::noteSingleWrite()
{
    const Node *run = m_queue.tail;
    if (m_kind != Kind::Boundary || !run || !run->isBuilding || (m_wantedSignals & Notifier::Changed))
        return;
    Hopper *hopper = m_hopper.load(std::memory_order_relaxed);
    if (!hopper || !hopper->isOpen()) {
        if (BatchBuilder::chunk(run->batch)->used() % Many != 0)
            return;
        if (!hopper) {
            hopper = new Hopper(m_clock, m_isAttended);
            m_hopper.store(hopper, std::memory_order_release);
        }
        hopper->open();
    }
    // Who writes now and then is not worth it.
    if (BatchBuilder::chunk(run->batch)->used() % Few == 0)
        hopper->enroll();
}

void Mailbox::appendBatch(Batch batch, nanoseconds stamp, CompletionRef upstream,
                          const std::shared_ptr<const GivenUp> &givenUp)
{
    if (batch.size() == 1 && !upstream && !givenUp && !batch.orderKey() && batch.acceptedAt() == nanoseconds(0)) {
        append(Event(batch.first()), bytesOf(batch));
        return;
    }
    m_statistics.written += batch.size();
    m_statistics.pending += batch.size();
    m_statistics.pendingBytes += bytesOf(batch);
    Node *const node = newNode();
    node->stamp = stamp;
    node->upstream = std::move(upstream);
    if (givenUp) {
        node->kind = Node::Kind::DeadLetters;
        node->givenUp = givenUp;
    } else {
        stampAcceptance(batch, stamp);
    }
    node->batch = std::move(batch);
    m_queue.append(node);
}

qint64 Mailbox::bytesOf(const Batch &batch) const
{
    if (!m_countsBytes.load(std::memory_order_relaxed))
        return 0;
    qint64 bytes = 0;
    for (const Event &event : batch)
        bytes += event.estimatedSize();
    return bytes;
}

WriteResult Mailbox::reject(qsizetype count, WriteResult::Status status)
{
    const std::lock_guard lock(m_mutex);
    m_statistics.offered += count;
    m_statistics.rejected += count;
    return WriteResult(m_stage == Stage::Open ? status : WriteResult::Status::Closed, 0);
}

// Nobody may wait whom the way of an event, or the user, waits for.
bool Mailbox::mayWait()
{
    const QCoreApplication *application = QCoreApplication::instance();
    return application && Runtime::isRunning() && QThread::currentThread() != application->thread()
           && !Pump::isLibraryThread();
}

QFuture<Delivery> Mailbox::send(const Batch &batch, QFuture<Delivery> *stored)
{
    const auto promise = StateRef<PromiseState>(new PromiseState(std::max(batch.size(), qsizetype(1))));
    QFuture<Delivery> future = promise->future();
    if (stored)
        *stored = promise->stored();
    if (batch.isEmpty()) {
        promise->settle(1, Delivery::filtered());
        return future;
    }
    const auto invalid = std::find_if(batch.begin(), batch.end(), [](const Event &event) { return !event.isValid(); });
    if (invalid != batch.end()) {
        reject(batch.size(), WriteResult::Status::Invalid);
        promise->settle(batch.size(), Delivery::dropped(Delivery::Error::Invalid, invalid->errorText()));
        return future;
    }
    promise->ref();
    Completion completion = CompletionAccess::wrap(CompletionRef(promise.get()));
    forward(batch, std::move(completion), Handover::Queued);
    return future;
}

void Mailbox::forward(const Batch &batch, Completion completion, Handover handover)
{
    const WriteResult result = offer(batch, completion, handover);
    switch (result.status()) {
    case WriteResult::Status::Accepted:
        return;
    case WriteResult::Status::Full:
        completion.settleAll(Delivery::failed(Delivery::Error::Full, Text::tr("the intake is full")));
        return;
    case WriteResult::Status::Closed:
        completion.settleAll(Delivery::closed());
        return;
    case WriteResult::Status::Invalid:
        completion.settleAll(
            Delivery::failed(Delivery::Error::Invalid, Text::tr("the event is invalid"), Delivery::Retry::Never));
        return;
    }
}

WriteResult Mailbox::offer(const Batch &batch, Completion &completion, Handover handover)
{
    if (batch.isEmpty())
        return WriteResult(WriteResult::Status::Accepted, 0);
    estimate(batch);
    Section section(this);
    const bool isHere = handover == Handover::Direct && m_consumer && m_kind == Kind::Plain && !m_isRunning && m_pump
                        && m_pump->isCurrent();
    const std::shared_ptr<Consumer> consumer = isHere ? m_consumer : nullptr;
    if (isHere && m_maxInFlight == 0)
        refreshMaxInFlight(section, consumer);
    emptyHopper();
    // From here to the outcome of the write in one go, or a snapshot between would not balance.
    m_statistics.offered += batch.size();
    const auto refuse = [&](WriteResult::Status status) {
        m_statistics.rejected += batch.size();
        return WriteResult(status, 0);
    };
    if (m_stage != Stage::Open)
        return refuse(WriteResult::Status::Closed);
    if (m_isLimited && roomFor(batch, 0) < batch.size()) {
        section->signals |= Notifier::Overflowed;
        const bool madeRoom = m_limits.overflow == Limits::Overflow::DropOldest && batch.size() <= m_limits.events
                              && makeRoom(section, batch.size(), bytesOf(batch)) && roomFor(batch, 0) == batch.size();
        if (!madeRoom)
            return refuse(WriteResult::Status::Full);
    }
    CompletionRef upstream = CompletionAccess::take(std::move(completion));
    section->signals |= Notifier::Changed;

    const bool isFree =
        isHere && isCurrent(consumer) && !m_isRunning && m_stage == Stage::Open && m_queue.isEmpty() && m_tasks.empty()
        && hasSlot()
        && (m_maxInFlight == 1 || (batch.orderKey() != 0 && !(m_lanes && m_lanes->byKey.count(batch.orderKey()))));
    if (!isFree) {
        appendBatch(batch, now(), std::move(upstream));
        kick(section.after());
        return WriteResult(WriteResult::Status::Accepted, batch.size());
    }
    const nanoseconds stamp = now();
    stampAcceptance(batch, stamp);
    m_statistics.written += batch.size();
    m_statistics.pending += batch.size();
    m_statistics.pendingBytes += bytesOf(batch);
    CompletionRef lender = upstream && upstream->keeps(batch) ? upstream : CompletionRef();
    StateRef<Call> call = lender ? makeCall(BatchBuilder::borrow(batch), stamp, std::move(upstream), std::move(lender))
                                 : makeCall(batch, stamp, std::move(upstream));
    if (m_maxInFlight > 1) {
        if (!m_lanes)
            m_lanes = std::make_unique<Lanes>();
        m_lanes->setRunning(m_lanes->byKey[batch.orderKey()], call.get());
    }
    {
        const CurrentMailbox current(this);
        invoke(section, call.get(), *consumer, stamp);
    }
    section->oldCalls.append(std::move(call));
    if (hasWork() || m_stage != Stage::Open)
        kick(section.after());
    return WriteResult(WriteResult::Status::Accepted, batch.size());
}

bool Mailbox::enqueue(std::function<void()> command)
{
    Section section(this);
    if (m_stage != Stage::Open)
        return false;
    emptyHopper();
    auto *node = new Node;
    node->kind = Node::Kind::Command;
    node->command = std::move(command);
    m_queue.append(node);
    kick(section.after());
    return true;
}

bool Mailbox::post(std::function<void()> task)
{
    Section section(this);
    if (m_stage == Stage::Closed || m_isReleased)
        return false;
    m_tasks.push_back(std::move(task));
    kick(section.after());
    return true;
}

/* --- What is known about it -------------------------------------------------------------------------------------------- */

PipelineNode::State Mailbox::state() const
{
    const std::lock_guard lock(m_mutex);
    switch (m_stage) {
    case Stage::Open:
        return PipelineNode::State::Open;
    case Stage::Closed:
        return PipelineNode::State::Closed;
    default:
        return PipelineNode::State::Closing;
    }
}

bool Mailbox::isClosed() const
{
    const std::lock_guard lock(m_mutex);
    return m_stage != Stage::Open;
}

Statistics Mailbox::statistics() const
{
    const std::lock_guard lock(m_mutex);
    return snapshot();
}

Statistics Mailbox::snapshot() const
{
    Statistics statistics = m_statistics;
    const qsizetype dropped = hopperCount();
    statistics.offered += dropped;
    statistics.written += dropped;
    statistics.pending += dropped;
    return statistics;
}

void Mailbox::setActivity(const Doing &doing)
{
    const std::lock_guard lock(m_mutex);
    m_doing = doing;
}

PipelineNode Mailbox::pipeline(int depth) const
{
    // Whoever builds a circle gets a deep picture, not an endless one.
    constexpr int Deepest = 32;
    PipelineNode node;
    std::vector<std::shared_ptr<Mailbox>> links;
    {
        const std::lock_guard lock(m_mutex);
        node.kind = m_typeName;
        node.name = m_name;
        node.statistics = snapshot();
        node.fansOut = m_sumsTargets;
        if (m_stage != Stage::Closed) {
            const Doing &doing = m_keeping.activity != PipelineNode::Activity::Flowing ? m_keeping : m_doing;
            node.activity = doing.activity;
            node.activityReason = doing.reason;
            if (doing.until > nanoseconds(0))
                node.nextAttempt = std::max(doing.until - now(), nanoseconds(0));
        }
        links = m_links;
    }
    node.state = state();
    node.identity = m_identity;
    for (const auto &link : links) {
        if (depth < Deepest)
            node.targets.append(link->pipeline(depth + 1));
    }
    return node;
}

Limits Mailbox::limits() const
{
    const std::lock_guard lock(m_mutex);
    return m_limits;
}

void Mailbox::setLimits(const Limits &limits)
{
    Section section(this);
    m_usualLimits = limits;
    if (!m_hasOtherLimits)
        applyLimits(section, limits);
}

void Mailbox::setOtherLimits(const std::optional<Limits> &limits)
{
    Section section(this);
    m_hasOtherLimits = limits.has_value();
    applyLimits(section, limits.value_or(m_usualLimits));
}

void Mailbox::applyLimits(Section &section, const Limits &limits)
{
    m_limits = limits;
    m_limits.events = std::max(limits.events, qint64(1));
    m_limits.bytes = std::max(limits.bytes, qint64(1));
    m_isLimited = !limits.isUnlimited();
    if (m_isLimited)
        closeHopper();
    const bool counts = limits.bytes != Limits::Unlimited;
    if (counts != m_countsBytes.load(std::memory_order_relaxed)) {
        m_countsBytes.store(counts, std::memory_order_relaxed);
        qint64 bytes = m_keptBytes;
        for (const NodeList *list : {&m_inHand, &m_queue}) {
            for (const Node *node = list->head; node; node = node->next)
                bytes += bytesOf(node->batch);
        }
        if (m_lanes) {
            for (const auto &[key, lane] : m_lanes->byKey) {
                for (const Node *node = lane.waiting.head; node; node = node->next)
                    bytes += bytesOf(node->batch);
            }
        }
        for (const StateRef<Call> &call : m_calls)
            bytes += bytesOf(call->batch.mid(call->position));
        m_statistics.pendingBytes = bytes;
    }
    m_room.notify_all();
    checkRoom(section.after());
}

void Mailbox::setClock(const std::shared_ptr<Clock> &clock)
{
    std::vector<std::shared_ptr<Mailbox>> links;
    {
        const std::lock_guard lock(m_mutex);
        m_otherClocks.push_back(clock);
        m_clock = clock.get();
        if (Hopper *hopper = m_hopper.load(std::memory_order_relaxed))
            hopper->setClock(clock.get());
        links = m_links;
        links.insert(links.end(), m_announced.begin(), m_announced.end());
    }
    for (const auto &link : links)
        link->setClock(clock);
}

std::shared_ptr<Clock> Mailbox::clock() const
{
    const std::lock_guard lock(m_mutex);
    return m_otherClocks.empty() ? Clock::system() : m_otherClocks.back();
}

void Mailbox::setOrderKey(OrderKey key)
{
    const std::lock_guard lock(m_mutex);
    m_orderKey = std::move(key);
}

void Mailbox::setGathering(qsizetype events, nanoseconds time)
{
    Section section(this);
    std::unique_ptr<Gathering> before = std::move(m_gathering);
    if (events > 1 && time > nanoseconds(0)) {
        m_gathering = std::make_unique<Gathering>();
        m_gathering->events = events;
        m_gathering->time = time;
    }
    // Its timer belongs to the consumer's thread.
    if (before && before->timer)
        m_tasks.push_back([timer = std::shared_ptr<Timer>(std::move(before->timer))] {});
    if (hasWork())
        kick(section.after());
}

void Mailbox::setDeadLetters(const std::shared_ptr<Mailbox> &deadLetters)
{
    const std::lock_guard lock(m_mutex);
    m_deadLetters = deadLetters;
    m_hasDeadLetters = deadLetters != nullptr;
}

void Mailbox::setName(const QString &name)
{
    const std::lock_guard lock(m_mutex);
    m_name = name;
}

void Mailbox::setTypeName(const QString &typeName)
{
    const std::lock_guard lock(m_mutex);
    m_typeName = typeName;
}

bool Mailbox::isRoot() const
{
    const std::lock_guard lock(m_mutex);
    return m_parent.expired();
}

bool Mailbox::isHere() const
{
    const std::lock_guard lock(m_mutex);
    return m_pump && m_pump->isCurrent();
}

QString Mailbox::label() const
{
    const std::lock_guard lock(m_mutex);
    return labelLocked();
}

QString Mailbox::labelLocked() const
{
    const QString type = m_typeName.isEmpty() ? u"Sink"_s : m_typeName;
    return m_name.isEmpty() ? type : type + u" \""_s + m_name + u'"';
}

void Mailbox::setNotifier(const std::shared_ptr<Notifier> &notifier)
{
    const std::lock_guard lock(m_mutex);
    m_notifier = notifier;
    m_wantedSignals = notifier ? notifier->wanted() : 0;
}

bool Mailbox::hasSink() const
{
    const std::lock_guard lock(m_mutex);
    return m_notifier != nullptr;
}

Sink *Mailbox::sinkHere() const
{
    std::shared_ptr<Notifier> notifier;
    {
        const std::lock_guard lock(m_mutex);
        notifier = m_notifier;
    }
    return notifier ? notifier->sinkHere() : nullptr;
}

std::shared_ptr<Mailbox> Mailbox::deadLetters() const
{
    const std::lock_guard lock(m_mutex);
    return m_deadLetters.lock();
}

void Mailbox::noteWanted()
{
    const std::lock_guard lock(m_mutex);
    m_wantedSignals = m_notifier ? m_notifier->wanted() : 0;
    // What goes by the hopper tells nobody.
    if (m_wantedSignals & Notifier::Changed)
        closeHopper();
}

Completion Mailbox::takeUpstream(const Completion &completion)
{
    auto *call = dynamic_cast<Call *>(CompletionAccess::state(completion));
    if (!call)
        return {};
    const std::lock_guard lock(call->mailbox->m_mutex);
    if (!call->upstream)
        return {};
    return CompletionAccess::wrap(std::exchange(call->upstream, {}));
}

void Mailbox::countAttempts(qint64 failed, qint64 retried, const Delivery &lastError)
{
    const std::lock_guard lock(m_mutex);
    m_statistics.failed += failed;
    m_statistics.retried += retried;
    if (lastError.isFailure())
        m_statistics.lastError = lastError;
}

void Mailbox::countAnswer(int status)
{
    const std::lock_guard lock(m_mutex);
    // A new map, so that nothing is written of one that another thread has a picture of.
    QMap<int, qint64> answers(m_statistics.answers.toStdMap());
    ++answers[status];
    m_statistics.answers = std::move(answers);
}

void Mailbox::addTarget(const std::shared_ptr<Mailbox> &target)
{
    addLink(target);
    const std::lock_guard lock(target->m_mutex);
    target->m_parent = std::static_pointer_cast<Mailbox>(shared_from_this());
}

void Mailbox::addLink(const std::shared_ptr<Mailbox> &link)
{
    std::vector<std::shared_ptr<TraceState>> traces;
    {
        const std::lock_guard lock(m_mutex);
        m_links.push_back(link);
        traces = m_traces;
    }
    for (const auto &trace : traces)
        link->addTrace(trace);
}

void Mailbox::addTrace(const std::shared_ptr<TraceState> &trace)
{
    std::vector<std::shared_ptr<Mailbox>> links;
    {
        const std::lock_guard lock(m_mutex);
        if (std::find(m_traces.begin(), m_traces.end(), trace) != m_traces.end())
            return;
        m_traces.push_back(trace);
        m_isTraced = true;
        links = m_links;
    }
    if (!trace->watch(std::static_pointer_cast<Mailbox>(shared_from_this()))) {
        removeTrace(trace);
        return;
    }
    for (const auto &link : links)
        link->addTrace(trace);
}

void Mailbox::removeTrace(const std::shared_ptr<TraceState> &trace)
{
    const std::lock_guard lock(m_mutex);
    m_traces.erase(std::remove(m_traces.begin(), m_traces.end(), trace), m_traces.end());
    m_isTraced = !m_traces.empty();
}

void Mailbox::announceLink(const std::shared_ptr<Mailbox> &link)
{
    const std::lock_guard lock(m_mutex);
    m_announced.push_back(link);
}

void Mailbox::retractLink(const std::shared_ptr<Mailbox> &link)
{
    const std::lock_guard lock(m_mutex);
    const auto place = std::find(m_announced.begin(), m_announced.end(), link);
    if (place != m_announced.end())
        m_announced.erase(place);
}

bool Mailbox::addLinkUnlessCircle(const std::shared_ptr<Mailbox> &link)
{
    // One at a time, or two that are added to each other would both find nothing.
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    if (link->leadsTo(this))
        return false;
    addLink(link);
    return true;
}

std::vector<std::shared_ptr<Mailbox>> Mailbox::next(Ways ways) const
{
    const std::lock_guard lock(m_mutex);
    std::vector<std::shared_ptr<Mailbox>> mailboxes = m_links;
    mailboxes.insert(mailboxes.end(), m_announced.begin(), m_announced.end());
    if (ways == Ways::DeadLettersToo) {
        if (auto deadLetters = m_deadLetters.lock())
            mailboxes.push_back(std::move(deadLetters));
    }
    return mailboxes;
}

bool Mailbox::leadsTo(const Mailbox *other) const
{
    return leadsTo([other](const Mailbox &one) { return &one == other; }, Ways::Links);
}

bool Mailbox::leadsTo(const std::function<bool(const Mailbox &)> &isThat, Ways ways) const
{
    // Dead letters may go round in a circle, and several ways may lead to one sink.
    std::vector<std::shared_ptr<const Mailbox>> found{std::static_pointer_cast<const Mailbox>(shared_from_this())};
    std::unordered_set<const Mailbox *> known{this};
    while (!found.empty()) {
        const std::shared_ptr<const Mailbox> mailbox = std::move(found.back());
        found.pop_back();
        if (isThat(*mailbox))
            return true;
        for (const auto &next : mailbox->next(ways)) {
            if (known.insert(next.get()).second)
                found.push_back(next);
        }
    }
    return false;
}

void Mailbox::removeLink(const std::shared_ptr<Mailbox> &link)
{
    const std::lock_guard lock(m_mutex);
    m_links.erase(std::remove(m_links.begin(), m_links.end(), link), m_links.end());
}

void Mailbox::addWatcher(const std::shared_ptr<Mailbox> &watcher)
{
    Section section(this);
    if (m_stage == Stage::Closed)
        section.rare().watchers.push_back(watcher);
    else
        m_watchers.push_back(watcher);
}

void Mailbox::removeWatcher(const std::shared_ptr<Mailbox> &watcher)
{
    const std::lock_guard lock(m_mutex);
    const auto isThat = [&watcher](const std::weak_ptr<Mailbox> &one) { return one.lock() == watcher; };
    m_watchers.erase(std::remove_if(m_watchers.begin(), m_watchers.end(), isThat), m_watchers.end());
}

void Mailbox::wantRoom(qint64 bytes)
{
    Section section(this);
    m_isRoomWanted = true;
    m_wantedBytes = std::max(bytes, m_limits.bytes / 2);
    if (m_stage == Stage::Open)
        checkRoom(section.after());
    else
        section.rare().watchers = m_watchers;
}

void Mailbox::setClosesAnywhere()
{
    const std::lock_guard lock(m_mutex);
    m_closesAnywhere = true;
}

void Mailbox::sumTargets()
{
    const std::lock_guard lock(m_mutex);
    m_sumsTargets = true;
}

} // namespace Qanat
