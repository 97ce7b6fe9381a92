// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "mailbox_p.h"

#include "chunk_p.h"
#include "delivery_p.h"
#include "logging_p.h"
#include "runtime_p.h"
#include "worker_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qhash.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtCore/qvarlengtharray.h>

#include <exception>

using namespace Qt::StringLiterals;

namespace Qanat {

using std::chrono::nanoseconds;

/* --- What a mailbox holds ------------------------------------------------------------------------------------------- */

// A run of events in the intake, or a command that takes its place among them.
struct Node
{
    Node *next = nullptr;
    Batch batch;
    nanoseconds stamp{0};
    CompletionRef upstream;
    std::function<void()> command;
    // Its chunk was made here and still takes events.
    bool isBuilding = false;
    // No other batch covers its events.
    bool isExclusive = false;
};

NodeList::~NodeList()
{
    while (Node *node = takeFirst())
        delete node;
}

void NodeList::append(Node *node)
{
    (tail ? tail->next : head) = node;
    tail = node;
}

void NodeList::prepend(Node *node)
{
    node->next = head;
    head = node;
    if (!tail)
        tail = node;
}

Node *NodeList::takeFirst()
{
    Node *node = head;
    if (node) {
        head = node->next;
        if (!head)
            tail = nullptr;
        node->next = nullptr;
    }
    return node;
}

void NodeList::takeAll(NodeList &other)
{
    if (other.isEmpty())
        return;
    (tail ? tail->next : head) = other.head;
    tail = other.tail;
    other.head = nullptr;
    other.tail = nullptr;
}

// One call of the consumer. Its fields are guarded by the mutex of the mailbox.
class Call final : public CompletionState
{
public:
    Call(std::shared_ptr<Mailbox> owner, std::shared_ptr<Clock> time, Batch events, nanoseconds accepted,
         CompletionRef up)
        : mailbox(std::move(owner))
        , clock(std::move(time))
        , batch(std::move(events))
        , stamp(accepted)
        , upstream(std::move(up))
    {
    }

    void settle(qsizetype count, const Delivery &delivery) override;
    void settleAll(const Delivery &delivery) override;
    qsizetype remaining() const override;
    void setParked(bool parked) override { mailbox->parkCall(this, parked); }
    void orphan() override;
    bool triesAgain() const override { return true; }

    qsizetype left() const { return isOver ? 0 : batch.size() - position; }
    // A whole batch that is settled within process() is accounted when that has returned, which takes the mutex once less;
    // but not where it took long, since somebody may wait for it.
    bool mayDefer(qsizetype count, nanoseconds time) const
    {
        constexpr nanoseconds Longest = std::chrono::milliseconds(2);
        return position == 0 && count == batch.size() && isHere() && time - processBegin < Longest;
    }
    bool isHere() const { return processThread.load(std::memory_order_relaxed) == threadTag(); }
    static const void *threadTag()
    {
        static thread_local const char tag = 0;
        return &tag;
    }

    const std::shared_ptr<Mailbox> mailbox;
    const std::shared_ptr<Clock> clock;
    const Batch batch;
    const nanoseconds stamp;
    CompletionRef upstream;
    qsizetype position = 0; // Written only by who has the completion, which therefore may read it without the mutex.
    // The thread that is in process(), which alone touches what is deferred.
    std::atomic<const void *> processThread{nullptr};
    nanoseconds processBegin{0};
    std::optional<Delivery> deferred;
    bool isParked = false;
    bool isInProcess = false;
    bool isOrphan = false;
    bool isOver = false; // Settled, or void since nobody waits any more.
};

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
            finish(Delivery::dropped(Delivery::Error::Lost, u"nobody gave it an outcome"_s));
    }

    QFuture<Delivery> future() const { return m_promise.future(); }

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
    qsizetype remaining() const override
    {
        const std::lock_guard lock(m_mutex);
        return m_remaining;
    }
    bool triesAgain() const override { return false; }

private:
    void finish(const Delivery &delivery)
    {
        m_promise.addResult(delivery);
        m_promise.finish();
    }

    mutable std::mutex m_mutex;
    QPromise<Delivery> m_promise;
    Delivery m_worst = Delivery::filtered();
    qsizetype m_remaining;
};

// That many single events in one go are a stream.
constexpr quint32 Many = 64;

quint64 defaultKey(const Event &event)
{
    return qHashMulti(0, event.source(), event.subject());
}

Delivery discarded()
{
    return Delivery::dropped(Delivery::Error::Discarded, u"the sink was closed before the event was delivered"_s);
}

// The event as a dead-letter sink gets it.
Event deadLetter(Event event, const Delivery &delivery)
{
    const Delivery reason = delivery.cause().isFailure() ? delivery.cause() : delivery;
    event.setExtension(u"deadletterreason"_s, delivery.toString());
    event.setExtension(u"deadlettererror"_s,
                       QString::fromLatin1(QMetaEnum::fromType<Delivery::Error>().valueToKey(int(reason.error()))));
    event.setExtension(u"deadletterattempts"_s, std::max(delivery.attempts(), reason.attempts()));
    return event;
}

} // namespace

Consumer::~Consumer() = default;

void Consumer::review() { }

void Consumer::interrupt() { }

Delivery Consumer::finish()
{
    return Delivery::delivered();
}

/* --- What is told to others, after the mutex was released ------------------------------------------------------------ */

struct Mailbox::Aftermath
{
    struct Settlement
    {
        CompletionRef upstream;
        qsizetype count;
        Delivery delivery;
    };
    // What is not told for each run of events stands apart, so that it costs those nothing.
    struct Rare
    {
        // What is logged may come back as an event, through the application's message handler.
        std::vector<std::pair<const QLoggingCategory *, QString>> warnings;
        QString notice;
        qint64 droppedCount = 0;
        Delivery lastDropped;
        std::vector<std::pair<Event, Delivery>> deadLetters;
        std::shared_ptr<Mailbox> deadLetterBox;
        std::vector<std::weak_ptr<Mailbox>> watchers;
        std::vector<std::pair<std::shared_ptr<Mailbox>, nanoseconds>> closing;
        bool tellsAboutClosing = false; // The callbacks of those count.
        std::vector<CloseCallback> callbacks;
        CloseResult result;
        std::shared_ptr<Mailbox> parent; // To hear that its target is closed.
        bool closesSelf = false;
        bool watchesDeadline = false;
        bool watchesGrace = false;
        bool unwatches = false;
        std::shared_ptr<Worker> worker; // Let go.
        // What users made is destroyed without the mutex, too.
        NodeList garbage;
        std::vector<std::function<void()>> oldTasks;
        std::vector<Event> oldEvents;
    };

    QVarLengthArray<Settlement, 1> settlements;
    QVarLengthArray<StateRef<Call>, 2> oldCalls; // Destroyed without the mutex.
    std::shared_ptr<Pump> pump; // To be woken.
    unsigned signals = 0;
    std::unique_ptr<Rare> more;

    Rare &rare()
    {
        if (!more)
            more = std::make_unique<Rare>();
        return *more;
    }
};

class Mailbox::Section
{
public:
    explicit Section(Mailbox *mailbox)
        : m_mailbox(mailbox)
        , m_lock(mailbox->m_mutex)
    {
    }
    ~Section()
    {
        if (m_lock.owns_lock())
            unlock();
    }
    Q_DISABLE_COPY_MOVE(Section)

    Aftermath *operator->() { return &m_after; }
    Aftermath &after() { return m_after; }
    Aftermath::Rare &rare() { return m_after.rare(); }
    std::unique_lock<std::mutex> &lock() { return m_lock; }

    void relock() { m_lock.lock(); }

    void unlock()
    {
        const Notifier *const wanted = m_mailbox->m_notifier.get();
        const bool notifies = wanted && (wanted->wants(m_after.signals));
        const std::shared_ptr<Notifier> notifier = notifies ? m_mailbox->m_notifier : nullptr;
        const bool watches = m_after.more && m_after.more->watchesDeadline;
        const std::shared_ptr<Clock> clock = watches ? m_mailbox->m_clock : nullptr;
        const auto deadline = m_mailbox->m_deadline;
        m_lock.unlock();
        if (m_after.pump)
            std::exchange(m_after.pump, nullptr)->schedule(m_mailbox->shared_from_this());
        // What is called here may come back to the mailbox, but not to this section, which lives on one stack.
        for (const Aftermath::Settlement &settlement : std::exchange(m_after.settlements, {}))
            settlement.upstream->settle(settlement.count, settlement.delivery);
        const unsigned signals = std::exchange(m_after.signals, 0U);
        const std::unique_ptr<Aftermath::Rare> rare = std::move(m_after.more);
        if (notifier) {
            if (rare && rare->droppedCount)
                notifier->addDropped(rare->droppedCount, rare->lastDropped);
            notifier->raise(signals);
        }
        m_after.oldCalls.clear();
        if (rare)
            apply(*rare, clock, deadline);
    }

private:
    void apply(const Aftermath::Rare &after, const std::shared_ptr<Clock> &clock, nanoseconds deadline)
    {
        for (const auto &[category, text] : after.warnings)
            qCWarning((*category), "%ls", qUtf16Printable(text));
        if (!after.notice.isEmpty())
            qCInfo(qanatSink, "%ls", qUtf16Printable(after.notice));
        if (!after.deadLetters.empty())
            writeDeadLetters(after);
        for (const auto &watcher : after.watchers) {
            if (const auto mailbox = watcher.lock())
                mailbox->poke();
        }
        for (const auto &[link, within] : after.closing) {
            CloseCallback callback;
            if (after.tellsAboutClosing) {
                callback = [self = std::static_pointer_cast<Mailbox>(m_mailbox->shared_from_this())](
                               const CloseResult &result) { self->linkClosed(result); };
            }
            link->close(within, std::move(callback));
        }
        for (const CloseCallback &callback : after.callbacks)
            callback(after.result);
        if (after.parent)
            after.parent->targetClosed();
        if (after.unwatches)
            Runtime::unwatch(m_mailbox);
        const auto self = std::static_pointer_cast<Mailbox>(m_mailbox->weak_from_this().lock());
        if (!self)
            return;
        if (after.watchesDeadline && !Runtime::watchDeadline(self, clock, deadline))
            self->expire();
        if (after.watchesGrace && !Runtime::watchGrace(self))
            self->forceClosed();
        if (after.closesSelf)
            self->close(nanoseconds(0), {});
    }

    void writeDeadLetters(const Aftermath::Rare &after)
    {
        qsizetype lost = qsizetype(after.deadLetters.size());
        if (after.deadLetterBox) {
            for (const auto &[event, delivery] : after.deadLetters)
                lost -= after.deadLetterBox->write(deadLetter(event, delivery)).accepted();
        }
        if (lost > 0) {
            qCWarning(qanatSink, "%ls: %lld events were not accepted by the dead-letter sink",
                      qUtf16Printable(m_mailbox->label()), qlonglong(lost));
        }
    }

    Mailbox *const m_mailbox;
    std::unique_lock<std::mutex> m_lock;
    Aftermath m_after;
};

/* --- A call ------------------------------------------------------------------------------------------------------------ */

void Call::settle(qsizetype count, const Delivery &delivery)
{
    // The clock is looked at before the mutex is taken, so that writers wait no longer than they must.
    const nanoseconds time = clock->now();
    if (!deferred && mayDefer(count, time)) {
        deferred = delivery;
        return;
    }
    Mailbox::Section section(mailbox.get());
    if (isHere())
        mailbox->settleDeferred(section, this, time);
    mailbox->settleCall(section, this, count, delivery, time);
}

qsizetype Call::remaining() const
{
    if (isHere() && deferred)
        return 0;
    const std::lock_guard lock(mailbox->m_mutex);
    return left();
}

void Call::settleAll(const Delivery &delivery)
{
    if (!(isHere() && deferred) && batch.size() > position)
        settle(batch.size() - position, delivery);
}

void Call::orphan()
{
    Mailbox::Section section(mailbox.get());
    if (isInProcess)
        isOrphan = true; // Whether it threw or forgot them is known when it has returned.
    else
        mailbox->settleCall(section, this, left(), lost(), mailbox->now());
}

/* --- The intake -------------------------------------------------------------------------------------------------------- */

Mailbox::Mailbox(Kind kind, std::shared_ptr<Pump> pump, std::shared_ptr<Worker> worker)
    : m_kind(kind)
    , m_worker(std::move(worker))
    , m_pump(std::move(pump))
    , m_clock(Clock::system())
{
}

Mailbox::~Mailbox()
{
    Runtime::remove(this);
    delete m_hopper.load(std::memory_order_relaxed);
}

WriteResult Mailbox::write(Event event)
{
    if (!event.isValid())
        return reject(1, WriteResult::Status::Invalid);
    Hopper *const hopper = m_hopper.load(std::memory_order_acquire);
    if (hopper && hopper->drop(event))
        return WriteResult(WriteResult::Status::Accepted, 1);
    std::unique_lock lock(m_mutex);
    if (m_stage == Stage::Open && !m_isLimited) {
        emptyHopper(true);
        ++m_statistics.offered;
        append(std::move(event), 0);
        if (m_isAwake || !hasSlot()) {
            noteSingleWrite();
            return WriteResult(WriteResult::Status::Accepted, 1);
        }
        Aftermath after;
        kick(after);
        const auto notifier = m_notifier && m_notifier->wants(Notifier::Changed) ? m_notifier : nullptr;
        lock.unlock();
        if (after.pump)
            after.pump->schedule(shared_from_this());
        if (notifier)
            notifier->raise(Notifier::Changed);
        return WriteResult(WriteResult::Status::Accepted, 1);
    }
    lock.unlock();
    Batch batch(event);
    BatchBuilder::chunk(batch)->isChecked.store(true, std::memory_order_relaxed);
    return write(batch);
}

WriteResult Mailbox::write(const Batch &batch)
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
        if (batch.size() == qsizetype(chunk->used))
            chunk->isChecked.store(true, std::memory_order_relaxed);
    }

    return writeChecked(batch, false);
}

WriteResult Mailbox::writeSome(const Batch &batch)
{
    return writeChecked(batch, true);
}

WriteResult Mailbox::writeChecked(const Batch &batch, bool comesBack)
{
    Section section(this);
    WriteResult result(WriteResult::Status::Closed, 0);
    emptyHopper(true);
    m_statistics.offered += batch.size();
    if (m_stage == Stage::Open && m_isLimited) {
        result = writeLimited(section, batch);
    } else if (m_stage == Stage::Open) {
        appendBatch(batch);
        kick(section.after());
        section->signals |= Notifier::Changed;
        result = WriteResult(WriteResult::Status::Accepted, batch.size());
    }
    (comesBack ? m_statistics.offered : m_statistics.rejected) +=
        (comesBack ? -1 : 1) * (batch.size() - result.accepted());
    return result;
}

WriteResult Mailbox::writeLimited(Section &section, const Batch &batch)
{
    qsizetype accepted = 0;
    WriteResult::Status status = WriteResult::Status::Accepted;
    section->signals |= Notifier::Changed;
    while (accepted < batch.size()) {
        const qsizetype room = roomFor(batch, accepted);
        if (room > 0) {
            appendBatch(batch.mid(accepted, room));
            accepted += room;
            kick(section.after());
            continue;
        }
        section->signals |= Notifier::Overflowed;
        const qint64 bytes = m_limits.bytes == Limits::Unlimited ? 0 : qint64(batch[accepted].estimatedSize());
        if (m_limits.overflow == Limits::Overflow::DropOldest) {
            if (makeRoom(section, std::min(batch.size() - accepted, qsizetype(m_limits.events)), bytes))
                continue;
        } else if (m_limits.overflow == Limits::Overflow::Wait && bytes <= m_limits.bytes && mayWait()) {
            // While it waits it is neither written nor rejected.
            const qsizetype waiting = batch.size() - accepted;
            m_statistics.offered -= waiting;
            ++m_waitingWriters;
            section.unlock();
            section.relock();
            m_room.wait(section.lock(), [&] { return m_stage != Stage::Open || roomFor(batch, accepted) > 0; });
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
        room = qsizetype(std::clamp(m_limits.events - m_statistics.pending, qint64(0), qint64(room)));
    if (m_limits.bytes != Limits::Unlimited) {
        qint64 bytes = m_statistics.pendingBytes;
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
    if (m_limits.events != Limits::Unlimited && m_statistics.pending + events > m_limits.events)
        dropped = dropOldest(section, qsizetype(m_statistics.pending + events - m_limits.events));
    while (m_limits.bytes != Limits::Unlimited && m_statistics.pendingBytes + bytes > m_limits.bytes) {
        if (!dropOldest(section, 1))
            return false;
        dropped = true;
    }
    return dropped;
}

// Drops up to that many of those that wait: the oldest of the intake, or of the longest lane. Whether it dropped any.
bool Mailbox::dropOldest(Section &section, qsizetype events)
{
    static const Delivery overflow =
        Delivery::dropped(Delivery::Error::Full, u"the limit was reached: the oldest was dropped"_s);
    bool any = false;
    while (events > 0) {
        NodeList *list = &m_queue;
        Lane *lane = nullptr;
        for (auto &[key, other] : m_lanes) {
            if (!other.waiting.isEmpty() && (!lane || other.count > lane->count))
                lane = &other;
        }
        if (lane)
            list = &lane->waiting;
        // Commands stay.
        Node *previous = nullptr;
        Node *node = list->head;
        while (node && node->command) {
            previous = node;
            node = node->next;
        }
        if (!node)
            return any;
        const qsizetype count = std::min(events, node->batch.size());
        const Batch victims = node->batch.mid(0, count);
        account(section, victims, node->upstream, overflow);
        if (lane)
            lane->count -= count;
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

void Mailbox::append(Event &&event, qint64 bytes)
{
    Node *const run = openRun(std::nullopt);
    BatchBuilder::chunk(run->batch)->append(std::move(event));
    BatchBuilder::extend(run->batch);
    ++m_statistics.written;
    ++m_statistics.pending;
    m_statistics.pendingBytes += bytes;
}

// The last run, if it can take an event of that time (none: now), or else a new one.
Node *Mailbox::openRun(std::optional<nanoseconds> stamp)
{
    // What is handed out soon may share a stamp; while nothing is taken out a run must not grow for hours.
    constexpr nanoseconds LongestRun = std::chrono::seconds(1);
    const bool isAway = !m_isAwake || m_isRunning;
    Node *tail = m_queue.tail;
    if (tail && tail->isBuilding && (stamp || isAway) && (stamp ? *stamp : now()) - tail->stamp > LongestRun)
        tail = nullptr;
    if (!tail || !tail->isBuilding || BatchBuilder::chunk(tail->batch)->isFull()) {
        if (tail && tail->isBuilding)
            m_nextCapacity = std::min(m_nextCapacity * 4, Chunk::Capacity);
        Chunk *chunk = Chunk::create(m_nextCapacity);
        tail = new Node;
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

// Brings what was dropped into the queue, before something else comes behind it. Whether there was any.
bool Mailbox::emptyHopper(bool reopen)
{
    if (!isHopperOpen())
        return false;
    Node *run = nullptr;
    qint64 count = 0;
    m_hopper.load(std::memory_order_relaxed)->empty(reopen, [&](Event &&event, nanoseconds since) {
        if (!run || BatchBuilder::chunk(run->batch)->isFull())
            run = openRun(since);
        BatchBuilder::chunk(run->batch)->append(std::move(event));
        BatchBuilder::extend(run->batch);
        ++count;
    });
    m_statistics.offered += count;
    m_statistics.written += count;
    m_statistics.pending += count;
    return count > 0;
}

bool Mailbox::isHopperOpen() const
{
    const Hopper *hopper = m_hopper.load(std::memory_order_relaxed);
    return hopper && hopper->isOpen();
}

qsizetype Mailbox::hopperCount() const
{
    const Hopper *hopper = m_hopper.load(std::memory_order_relaxed);
    return hopper ? hopper->count() : 0;
}

// Opens the hopper where single events come in fast, and somebody is about to come for them.
void Mailbox::noteSingleWrite()
{
    const Node *run = m_queue.tail;
    if (!run || !run->isBuilding || BatchBuilder::chunk(run->batch)->used % Many != 0 || isHopperOpen())
        return;
    Hopper *hopper = m_hopper.load(std::memory_order_relaxed);
    if (!hopper) {
        hopper = new Hopper(m_clock.get());
        m_hopper.store(hopper, std::memory_order_release);
    }
    hopper->setAway(!m_isAwake || m_isRunning);
    hopper->open();
}

void Mailbox::appendBatch(const Batch &batch, CompletionRef upstream)
{
    Node *tail = m_queue.tail;
    if (batch.size() == 1 && !upstream && !batch.orderKey() && (!tail || tail->isBuilding)
        && batch.acceptedAt() == nanoseconds(0)) {
        append(Event(batch.first()), bytesOf(batch));
        return;
    }
    auto *node = new Node;
    node->batch = batch;
    node->stamp = now();
    node->upstream = std::move(upstream);
    qint64 unset = 0;
    BatchBuilder::chunk(batch)->acceptedAt.compare_exchange_strong(unset, node->stamp.count(),
                                                                   std::memory_order_relaxed);
    m_queue.append(node);
    m_statistics.written += batch.size();
    m_statistics.pending += batch.size();
    m_statistics.pendingBytes += bytesOf(batch);
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

QFuture<Delivery> Mailbox::send(const Batch &batch)
{
    const auto promise = StateRef<PromiseState>(new PromiseState(std::max(batch.size(), qsizetype(1))));
    QFuture<Delivery> future = promise->future();
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
        completion.settleAll(Delivery::failed(Delivery::Error::Full, u"the intake is full"_s));
        return;
    case WriteResult::Status::Closed:
        completion.settleAll(Delivery::closed());
        return;
    case WriteResult::Status::Invalid:
        completion.settleAll(
            Delivery::failed(Delivery::Error::Invalid, u"the event is invalid"_s, Delivery::Retry::Never));
        return;
    }
}

WriteResult Mailbox::offer(const Batch &batch, Completion &completion, Handover handover)
{
    if (batch.isEmpty())
        return WriteResult(WriteResult::Status::Accepted, 0);
    Section section(this);
    const std::shared_ptr<Consumer> consumer = m_consumer;
    const bool isHere = handover == Handover::Direct && consumer && m_kind == Kind::Plain && !m_isRunning && m_pump
                        && m_pump->isCurrent();
    if (isHere && m_maxInFlight == 0)
        refreshMaxInFlight(section, consumer);
    emptyHopper(true);
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

    const auto lane = isHere && m_maxInFlight > 1 ? m_lanes.find(batch.orderKey()) : m_lanes.end();
    const bool isFree = isHere && m_consumer && !m_isRunning && m_stage == Stage::Open && m_queue.isEmpty()
                        && m_tasks.empty() && hasSlot()
                        && (m_maxInFlight == 1 || (batch.orderKey() != 0 && lane == m_lanes.end()));
    if (!isFree) {
        appendBatch(batch, std::move(upstream));
        kick(section.after());
        return WriteResult(WriteResult::Status::Accepted, batch.size());
    }
    const nanoseconds stamp = now();
    qint64 unset = 0;
    BatchBuilder::chunk(batch)->acceptedAt.compare_exchange_strong(unset, stamp.count(), std::memory_order_relaxed);
    m_statistics.written += batch.size();
    m_statistics.pending += batch.size();
    m_statistics.pendingBytes += bytesOf(batch);
    StateRef<Call> call = makeCall(batch, stamp, std::move(upstream));
    if (m_maxInFlight > 1)
        m_lanes[batch.orderKey()].running = call.get();
    invoke(section, call);
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
    emptyHopper(true);
    auto *node = new Node;
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

/* --- Work -------------------------------------------------------------------------------------------------------------- */

bool Mailbox::hasSlot() const
{
    if (m_maxInFlight <= 1)
        return m_calls.empty();
    return int(m_calls.size()) - m_parkedCount < m_maxInFlight;
}

bool Mailbox::hasWork() const
{
    if (!m_tasks.empty() || m_mustReview || m_mustInterrupt)
        return true;
    if (!m_queue.isEmpty() && m_queue.head->command)
        return true;
    return (!m_queue.isEmpty() || !m_readyLanes.empty() || hopperCount() > 0) && hasSlot();
}

bool Mailbox::isIdle() const
{
    return m_queue.isEmpty() && m_calls.empty() && m_lanes.empty() && m_tasks.empty() && hopperCount() == 0;
}

void Mailbox::kick(Aftermath &after)
{
    if (m_isAwake || !m_pump)
        return;
    m_isAwake = true;
    after.pump = m_pump;
}

void Mailbox::poke()
{
    Section section(this);
    m_mustReview = true;
    kick(section.after());
}

bool Mailbox::isSliceOver() const
{
    return m_pump && m_pump->isSliceOver();
}

void Mailbox::run()
{
    std::shared_ptr<Consumer> consumer;
    {
        Section section(this);
        if (!m_pump || !m_pump->isCurrent())
            return; // It has moved, and was scheduled anew there.
        m_isAwake = false;
        consumer = m_consumer;
        if (!consumer || m_isRunning) // Inside of an event loop that the consumer runs: the outer run goes on.
            return;
        m_isAwake = true;
        m_runLength = 0;
        if (m_maxInFlight == 0)
            refreshMaxInFlight(section, consumer);
        bool hasMore = true;
        for (bool first = true; hasMore; first = false) {
            if (!first && m_pump && m_pump->isSliceOver())
                break;
            hasMore = isCurrent(consumer) && step(section, consumer);
        }
        if (!hasMore && isStreaming()) {
            m_pump->linger(shared_from_this());
            return;
        }
        m_isAwake = false;
        if (isCurrent(consumer)) {
            if (hasMore || rest())
                kick(section.after());
            else if (m_stage != Stage::Open)
                advanceClose(section, consumer);
        }
        if (m_stage != Stage::Closed || m_kind == Kind::Plain || m_isRunning || !m_consumer)
            return;
        m_consumer.reset();
        section.rare().worker = std::move(m_worker);
    }
    // Here is its last owner, and its thread.
    consumer.reset();
    const std::lock_guard lock(m_mutex);
    m_isReleased = true;
    m_released.notify_all();
}

// While single events come in fast it is better to leave them alone for a moment, and to come back for many, than to take each
// few anew: whoever looks slows down those who write, and a wake-up costs them as much as a hundred writes.
bool Mailbox::isStreaming() const
{
    return m_runLength >= qsizetype(Many) && isHopperOpen() && hasSlot() && m_pump && m_pump->canLinger();
}

// Nobody will come any more unless somebody is woken. Whether there is something to do after all.
bool Mailbox::rest()
{
    if (hasSlot())
        return emptyHopper(false);
    if (isHopperOpen())
        m_hopper.load(std::memory_order_relaxed)->setAway(true);
    return false;
}

// One thing that is to be done. False where there is nothing.
bool Mailbox::step(Section &section, const std::shared_ptr<Consumer> &consumer)
{
    const auto run = [&](std::function<void()> work) {
        m_isRunning = true;
        section.unlock();
        try {
            work();
        } catch (const std::exception &error) {
            qCWarning(qanatSink, "%ls: an exception left a task: %s", qUtf16Printable(label()), error.what());
        } catch (...) {
            qCWarning(qanatSink, "%ls: an exception left a task", qUtf16Printable(label()));
        }
        work = nullptr;
        section.relock();
        m_isRunning = false;
        return true;
    };
    if (!m_trash.isEmpty()) {
        section.rare().garbage.takeAll(m_trash);
        section.unlock();
        section.relock();
        return true;
    }
    if (m_stage == Stage::Closed)
        return std::exchange(m_mustFinish, false) && run([&] { consumer->finish(); });
    if (!m_tasks.empty()) {
        auto tasks = std::exchange(m_tasks, {});
        for (auto &task : tasks) {
            if (isCurrent(consumer))
                run(std::move(task));
            else
                section.rare().oldTasks.push_back(std::move(task));
        }
        m_maxInFlight = 0; // It may have been changed.
        return true;
    }
    if (m_maxInFlight == 0)
        refreshMaxInFlight(section, consumer);
    if (std::exchange(m_mustInterrupt, false))
        return run([&] { consumer->interrupt(); });
    if (std::exchange(m_mustReview, false))
        return run([&] { consumer->review(); });
    if (!m_queue.isEmpty() && m_queue.head->command) {
        const std::unique_ptr<Node> node(m_queue.takeFirst());
        m_maxInFlight = 0;
        return run(std::move(node->command));
    }
    if (isStreaming() && m_statistics.pending - m_statistics.inFlight < qint64(2 * Chunk::Capacity))
        return false;
    if (m_queue.isEmpty())
        emptyHopper(true);
    StateRef<Call> call = nextCall(section);
    if (!call)
        return !m_queue.isEmpty() && m_queue.head->command;
    invoke(section, call);
    section->oldCalls.append(std::move(call));
    return true;
}

void Mailbox::refreshMaxInFlight(Section &section, const std::shared_ptr<Consumer> &consumer)
{
    section.unlock();
    const int most = std::max(1, consumer->maxInFlight());
    section.relock();
    m_maxInFlight = most;
}

// At most half of a limit is handed out, so that there is always something that can be dropped for what is new.
qsizetype Mailbox::callLimit(const Batch &batch) const
{
    qsizetype most = batch.size();
    if (m_limits.events != Limits::Unlimited)
        most = qsizetype(std::clamp(m_limits.events / 2 / m_maxInFlight, qint64(1), qint64(most)));
    if (m_limits.bytes != Limits::Unlimited) {
        qint64 bytes = 0;
        for (qsizetype i = 0; i < most; ++i) {
            bytes += batch[i].estimatedSize();
            if (i > 0 && bytes > m_limits.bytes / 2 / m_maxInFlight)
                return i;
        }
    }
    return most;
}

StateRef<Call> Mailbox::nextCall(Section &section)
{
    if (!hasSlot())
        return {};
    if (m_maxInFlight > 1 || !m_lanes.empty())
        return nextOfLanes(section);
    Node *node = m_queue.head;
    if (!node || node->command)
        return {};
    // What somebody waits for in order stays together.
    const qsizetype count =
        node->upstream && node->upstream->triesAgain() ? node->batch.size() : callLimit(node->batch);
    if (count < node->batch.size()) {
        const StateRef<Call> call = makeCall(node->batch.mid(0, count), node->stamp, node->upstream);
        BatchBuilder::dropFirst(node->batch, count);
        return call;
    }
    m_queue.takeFirst();
    if (node->isBuilding) {
        // The next run is likely to be as long as this one.
        m_nextCapacity = std::clamp(quint32(qNextPowerOfTwo(quint32(count))), 16U, Chunk::Capacity);
    }
    const std::unique_ptr<Node> owner(node);
    return makeCall(std::move(node->batch), node->stamp, std::move(node->upstream));
}

StateRef<Call> Mailbox::nextOfLanes(Section &section)
{
    // No further than needed: what is still in the intake costs less there.
    while (m_readyLanes.empty() && !m_queue.isEmpty() && !m_queue.head->command)
        sort(section, m_queue.takeFirst());
    if (m_readyLanes.empty() || !hasSlot())
        return {};
    const quint64 key = m_readyLanes.front();
    m_readyLanes.pop_front();
    Lane &lane = m_lanes[key];
    const std::unique_ptr<Node> first(lane.waiting.takeFirst());
    Batch batch = std::move(first->batch);
    if (!first->upstream && lane.waiting.head && !lane.waiting.head->upstream) {
        QList<Event> events(batch.begin(), batch.end());
        while (lane.waiting.head && !lane.waiting.head->upstream
               && events.size() + lane.waiting.head->batch.size() <= qsizetype(Chunk::Capacity)) {
            const std::unique_ptr<Node> node(lane.waiting.takeFirst());
            for (const Event &event : node->batch)
                events.append(event);
        }
        batch = batch.withEvents(events);
    }
    const qsizetype count = first->upstream ? batch.size() : callLimit(batch);
    if (count < batch.size()) {
        auto *rest = new Node;
        rest->batch = batch.mid(count);
        rest->stamp = first->stamp;
        lane.waiting.prepend(rest);
        batch = batch.mid(0, count);
    }
    lane.count -= count;
    const StateRef<Call> call = makeCall(std::move(batch), first->stamp, std::move(first->upstream));
    lane.running = call.get();
    return call;
}

// Takes a run apart by its keys. The keys are the user's, so they are asked for without the mutex.
void Mailbox::sort(Section &section, Node *taken)
{
    const std::unique_ptr<Node> node(taken);
    const OrderKey keyOf = m_orderKey;
    section.unlock();
    std::vector<std::pair<quint64, std::vector<qsizetype>>> runs; // Neighbours of one key
    for (qsizetype i = 0; i < node->batch.size(); ++i) {
        quint64 key = node->batch.orderKey();
        if (!key) {
            try {
                key = keyOf ? quint64(qHash(keyOf(node->batch[i]))) : defaultKey(node->batch[i]);
            } catch (...) {
                qCWarning(qanatSink, "%ls: the order key's function threw: the event keeps the default key",
                          qUtf16Printable(label()));
                key = defaultKey(node->batch[i]);
            }
            key += key == 0; // 0 means none.
        }
        if (runs.empty() || runs.back().first != key)
            runs.emplace_back(key, std::vector<qsizetype>());
        runs.back().second.push_back(i);
    }
    // Whoever waits for the outcomes wants them in the order of the batch, and lanes end in any order.
    std::shared_ptr<Ledger> ledger;
    if (runs.size() > 1 && node->upstream && node->upstream->triesAgain())
        ledger = std::make_shared<Ledger>(CompletionAccess::wrap(node->upstream), node->batch.size());
    section.relock();
    for (const auto &[key, positions] : runs) {
        auto *part = new Node;
        part->batch = node->batch.mid(positions.front(), qsizetype(positions.size()));
        BatchBuilder::setKey(part->batch, key);
        part->stamp = node->stamp;
        part->upstream = ledger ? CompletionAccess::take(ledger->part(positions)) : node->upstream;
        if (m_isExpired) {
            noteLeft(section, part->batch, part->upstream, discarded());
            section.rare().garbage.append(part);
        } else {
            addToLane(section, key, part);
        }
    }
}

void Mailbox::addToLane(Section &section, quint64 key, Node *node)
{
    const auto [place, isNew] = m_lanes.try_emplace(key);
    Lane &lane = place->second;
    // A key that waits for another try must not take the room of all others.
    const bool isParked = lane.running && lane.running->isParked;
    const qsizetype excess = isParked && m_limits.events != Limits::Unlimited
                                 ? lane.count + node->batch.size() - qsizetype(m_limits.events / 2)
                                 : 0;
    lane.count += node->batch.size();
    lane.waiting.append(node);
    if (excess > 0) {
        static const Delivery full = Delivery::dropped(
            Delivery::Error::Full, u"the events of a key that waits for another try may fill half of the limit"_s);
        section->signals |= Notifier::Overflowed;
        for (qsizetype i = 0; i < excess && !lane.waiting.isEmpty(); ++i) {
            // The oldest where that is the policy, else the newest, which is last.
            const bool oldest = m_limits.overflow == Limits::Overflow::DropOldest;
            Node *victim = oldest ? lane.waiting.head : node;
            account(section, oldest ? victim->batch.mid(0, 1) : victim->batch.mid(victim->batch.size() - 1),
                    victim->upstream, full);
            --lane.count;
            if (oldest)
                BatchBuilder::dropFirst(victim->batch, 1);
            else
                victim->batch = victim->batch.mid(0, victim->batch.size() - 1);
            if (victim->batch.isEmpty()) {
                NodeList rest;
                while (Node *other = lane.waiting.takeFirst())
                    (other == victim ? section.rare().garbage : rest).append(other);
                lane.waiting.takeAll(rest);
                if (!oldest)
                    break;
            }
        }
    }
    if (!lane.running && !lane.waiting.isEmpty() && isNew)
        m_readyLanes.push_back(key);
}

StateRef<Call> Mailbox::makeCall(Batch batch, nanoseconds stamp, CompletionRef upstream)
{
    StateRef<Call> call(new Call(std::static_pointer_cast<Mailbox>(shared_from_this()), m_clock, std::move(batch),
                                 stamp, std::move(upstream)));
    m_calls.push_back(call);
    m_runLength += call->batch.size();
    m_statistics.inFlight += call->batch.size();
    return call;
}

void Mailbox::invoke(Section &section, const StateRef<Call> &call)
{
    const std::shared_ptr<Consumer> consumer = m_consumer;
    m_isRunning = true;
    Hopper *const hopper = m_hopper.load(std::memory_order_relaxed);
    if (hopper)
        hopper->setAway(true);
    call->isInProcess = true;
    call->processBegin = now();
    call->processThread.store(Call::threadTag(), std::memory_order_relaxed);
    section.unlock();
    Delivery thrown;
    call->ref();
    Completion completion = CompletionAccess::wrap(CompletionRef(call.get()));
    try {
        consumer->process(call->batch, std::move(completion));
    } catch (const std::exception &error) {
        thrown = Delivery::failed(Delivery::Error::Exception,
                                  u"an exception left the sink: "_s + QString::fromLocal8Bit(error.what()),
                                  Delivery::Retry::Never);
    } catch (...) {
        thrown = Delivery::failed(Delivery::Error::Exception, u"an exception left the sink"_s, Delivery::Retry::Never);
    }
    const nanoseconds time = call->clock->now();
    call->processThread.store(nullptr, std::memory_order_relaxed);
    section.relock();
    m_isRunning = false;
    if (hopper)
        hopper->setAway(false);
    call->isInProcess = false;
    settleDeferred(section, call.get(), time);
    if (thrown.isFailure()) {
        settleCall(section, call.get(), std::min(call->left(), qsizetype(1)), thrown, time);
        settleCall(section, call.get(), call->left(), Delivery::untried(), time);
    } else if (call->isOrphan) {
        settleCall(section, call.get(), call->left(), CompletionState::lost(), time);
    }
}

// The call has nothing left.
void Mailbox::endCall(Call *call)
{
    call->isOver = true;
    if (call->isParked)
        --m_parkedCount;
    const auto lane = m_lanes.find(call->batch.orderKey());
    if (lane != m_lanes.end() && lane->second.running == call) {
        lane->second.running = nullptr;
        if (lane->second.waiting.isEmpty())
            m_lanes.erase(lane);
        else
            m_readyLanes.push_back(lane->first);
    }
    const auto place =
        std::find_if(m_calls.begin(), m_calls.end(), [call](const auto &one) { return one.get() == call; });
    if (place != m_calls.end())
        m_calls.erase(place);
}

/* --- Outcomes ---------------------------------------------------------------------------------------------------------- */

void Mailbox::settleCall(Section &section, Call *call, qsizetype count, const Delivery &delivery, nanoseconds time)
{
    if (count > call->left())
        warnOfExcess(section, call, count - call->left());
    count = std::min(count, call->left());
    if (count <= 0)
        return;
    section->oldCalls.append(StateRef<Call>::share(call));
    const Batch events = call->batch.mid(call->position, count);
    const bool isHandedBack =
        delivery.outcome() == Delivery::Outcome::Untried && !(call->upstream && call->upstream->triesAgain());
    m_statistics.inFlight -= count;
    if (isHandedBack && call->position == 0 && count == call->batch.size()) {
        // Trying the same again at once would go on for ever.
        account(section, events, call->upstream,
                Delivery::failed(Delivery::Error::Other, u"the sink handed everything back without trying"_s));
    } else if (isHandedBack) {
        putBack(call, events);
    } else {
        account(section, events, call->upstream, delivery);
        m_statistics.latency.record(time - call->stamp, count);
    }
    call->position += count;
    if (m_isExpired && delivery.isFailure()) {
        // A sink behind has expired, too.
        m_closeLeft += count;
        if (delivery.error() == Delivery::Error::Unknown)
            m_closeUnknown += count;
    }
    if (delivery.isFailure() && delivery.isClosed() && m_stage == Stage::Open)
        section.rare().closesSelf = true;
    if (call->left() > 0)
        return;
    endCall(call);
    if (hasWork() || isHopperOpen() || m_stage != Stage::Open)
        kick(section.after());
}

// An outcome for events that have theirs.
void Mailbox::warnOfExcess(Section &section, const Call *call, qsizetype count)
{
    const bool isVoid = call->isOver && call->position < call->batch.size();
    if (!isVoid) {
        section.rare().warnings.emplace_back(
            &qanatSink(),
            u"%1: a completion was settled for %2 events more than it had"_s.arg(labelLocked()).arg(count));
    } else if (m_stage == Stage::Closed) {
        // Before that it is what an interrupted sink is asked for.
        section.rare().warnings.emplace_back(
            &qanatSink(),
            u"%1: an outcome for %2 events came after the sink was closed, and is ignored"_s.arg(labelLocked())
                .arg(count));
    }
}

void Mailbox::settleDeferred(Section &section, Call *call, nanoseconds time)
{
    if (const auto delivery = std::exchange(call->deferred, std::nullopt))
        settleCall(section, call, call->left(), *delivery, time);
}

void Mailbox::putBack(Call *call, const Batch &batch)
{
    auto *node = new Node;
    node->batch = batch;
    node->stamp = call->stamp;
    node->upstream = call->upstream;
    const auto lane = m_lanes.find(batch.orderKey());
    if (batch.orderKey() && lane != m_lanes.end()) {
        lane->second.count += batch.size();
        lane->second.waiting.prepend(node);
    } else {
        m_queue.prepend(node);
    }
}

void Mailbox::account(Section &section, const Batch &batch, const CompletionRef &upstream, const Delivery &delivery)
{
    const qsizetype count = batch.size();
    m_statistics.pending -= count;
    m_statistics.pendingBytes -= bytesOf(batch);
    const bool isFinal = !upstream || !upstream->triesAgain() || !delivery.canRetry();
    Delivery outcome = delivery;
    switch (delivery.outcome()) {
    case Delivery::Outcome::Delivered:
        m_statistics.delivered += count;
        break;
    case Delivery::Outcome::Filtered:
        m_statistics.filtered += count;
        break;
    case Delivery::Outcome::Failed:
        m_statistics.failed += count;
        [[fallthrough]];
    case Delivery::Outcome::Dropped:
        m_statistics.lastError = delivery;
        [[fallthrough]];
    case Delivery::Outcome::Untried:
        if (!isFinal && !delivery.isFailure()) {
            // Handed back as if it had never been offered: whoever did that still has it.
            m_statistics.offered -= count;
            m_statistics.written -= count;
            break;
        }
        m_statistics.dropped += count;
        if (isFinal) {
            noteDrop(section, batch, delivery);
            if (m_hasDeadLetters)
                outcome = DeliveryAccess::deadLettered(delivery);
        }
        break;
    }
    if (upstream)
        section->settlements.append({upstream, count, outcome});
    section->signals |= Notifier::Changed;
    if (m_statistics.pending == 0 && hopperCount() == 0)
        section->signals |= Notifier::Drained;
    checkRoom(section.after());
}

void Mailbox::noteDrop(Section &section, const Batch &batch, const Delivery &delivery)
{
    section->signals |= Notifier::Dropped;
    section.rare().droppedCount += batch.size();
    section.rare().lastDropped = delivery;
    if (qanatSink().isInfoEnabled()) {
        section.rare().notice =
            u"%1: %2 events %3"_s.arg(labelLocked(), QString::number(section.rare().droppedCount), delivery.toString());
    }
    if (!m_hasDeadLetters || DeliveryAccess::isDeadLettered(delivery))
        return;
    section.rare().deadLetterBox = m_deadLetters.lock();
    for (const Event &event : batch)
        section.rare().deadLetters.emplace_back(event, delivery);
}

void Mailbox::checkRoom(Aftermath &after)
{
    if (m_waitingWriters > 0)
        m_room.notify_all();
    if (m_isRoomWanted && m_statistics.pending <= m_limits.events / 2
        && m_statistics.pendingBytes <= m_limits.bytes - m_wantedBytes) {
        m_isRoomWanted = false;
        after.rare().watchers = m_watchers;
    }
}

void Mailbox::parkCall(Call *call, bool parked)
{
    CompletionRef upstream;
    {
        Section section(this);
        if (call->isOver || call->isParked == parked)
            return;
        call->isParked = parked;
        m_parkedCount += parked ? 1 : -1;
        upstream = call->upstream;
        if (hasWork())
            kick(section.after());
    }
    if (upstream)
        upstream->setParked(parked);
}

/* --- The end ----------------------------------------------------------------------------------------------------------- */

void Mailbox::close(nanoseconds within, CloseCallback callback)
{
    const std::shared_ptr<PumpTask> alive = shared_from_this();
    Section section(this);
    if (m_stage == Stage::Closed) {
        if (callback) {
            section.rare().callbacks.push_back(std::move(callback));
            section.rare().result = m_closeResult;
        }
        return;
    }
    if (callback)
        m_closeCallbacks.push_back(std::move(callback));
    const bool isFirst = m_stage == Stage::Open;
    if (isFirst)
        leaveOpen();
    const nanoseconds time = now();
    const nanoseconds deadline =
        within >= nanoseconds::max() - time ? nanoseconds::max() : time + std::max(within, nanoseconds(0));
    if (isFirst || deadline < m_deadline) {
        m_deadline = deadline;
        if (within <= nanoseconds(0))
            expire(section);
        else if (deadline < nanoseconds::max() || !Runtime::isRunning())
            section.rare().watchesDeadline = true;
        if (m_stage == Stage::ClosingTargets && within > nanoseconds(0))
            closeLinks(section, within);
    }
    closeAnywhere(section);
    kick(section.after());
}

void Mailbox::leaveOpen()
{
    m_stage = Stage::Draining;
    emptyHopper(false);
    m_room.notify_all();
}

// Where there is nothing to be waited for, a close ends even while the thread of the sink is busy with other things.
void Mailbox::closeAnywhere(Section &section)
{
    if (!m_closesAnywhere || m_isRunning || m_stage != Stage::Draining || !m_queue.isEmpty() || !m_calls.empty())
        return;
    m_mustFinish = true;
    setClosed(section, Delivery::delivered());
}

QFuture<CloseResult> Mailbox::close(nanoseconds within)
{
    const auto promise = std::make_shared<QPromise<CloseResult>>();
    promise->start();
    QFuture<CloseResult> future = promise->future();
    close(within, [promise](const CloseResult &result) {
        promise->addResult(result);
        promise->finish();
    });
    return future;
}

void Mailbox::closeLinks(Section &section, nanoseconds within)
{
    for (const auto &link : m_links)
        section.rare().closing.emplace_back(link, within);
}

void Mailbox::expire()
{
    Section section(this);
    if (m_stage == Stage::Open)
        return;
    expire(section);
    closeAnywhere(section);
}

void Mailbox::endWithApplication()
{
    Section section(this);
    if (m_stage == Stage::Open)
        leaveOpen();
    m_isLeaving = true;
    expire(section);
    section.rare().watchesGrace = false;
}

void Mailbox::expire(Section &section)
{
    if (m_isExpired || m_stage == Stage::Closed)
        return;
    m_isExpired = true;
    NodeList waiting;
    for (auto &[key, lane] : m_lanes) {
        waiting.takeAll(lane.waiting);
        lane.count = 0;
    }
    waiting.takeAll(m_queue);
    m_readyLanes.clear();
    for (const Node *node = waiting.head; node; node = node->next) {
        if (!node->command)
            noteLeft(section, node->batch, node->upstream, discarded());
    }
    // To destroy a million events takes long, and this may be the GUI thread.
    (m_kind == Kind::Boundary && m_consumer ? m_trash : section.rare().garbage).takeAll(waiting);
    // Then those behind: what they say of an event that is under way is nearer to the truth.
    closeLinks(section, nanoseconds(0));
    section.unlock();
    section.relock();
    static const Delivery unknown = Delivery::dropped(
        Delivery::Error::Unknown, u"the sink was closed while the event was under way: it may have arrived"_s);
    for (const StateRef<Call> &call : std::exchange(m_calls, {})) {
        const qsizetype left = call->left();
        m_statistics.inFlight -= left;
        noteLeft(section, call->batch.mid(call->position), call->upstream, call->isParked ? discarded() : unknown);
        if (!call->isParked)
            m_closeUnknown += left;
        call->isOver = true;
        section->oldCalls.append(call);
    }
    m_parkedCount = 0;
    m_lanes.clear();
    m_mustInterrupt = true;
    if (m_stage != Stage::Closed)
        section.rare().watchesGrace = true;
    kick(section.after());
}

// An event that the close did not wait for.
void Mailbox::noteLeft(Section &section, const Batch &batch, const CompletionRef &upstream, const Delivery &delivery)
{
    if (batch.isEmpty())
        return;
    m_closeLeft += batch.size();
    account(section, batch, upstream, delivery);
}

void Mailbox::advanceClose(Section &section, const std::shared_ptr<Consumer> &consumer)
{
    if (m_stage == Stage::Draining && isIdle()) {
        m_stage = Stage::ClosingTargets;
        m_openLinks = isLeavingLinks() ? 0 : int(m_links.size());
        if (isLeavingLinks())
            closeLinks(section, nanoseconds(0));
        if (m_openLinks > 0) {
            section.rare().tellsAboutClosing = true;
            closeLinks(section, m_isExpired                        ? nanoseconds(0)
                                : m_deadline == nanoseconds::max() ? m_deadline
                                                                   : m_deadline - now());
            return;
        }
    }
    if (m_stage != Stage::ClosingTargets || (m_openLinks > 0 && !isLeavingLinks()))
        return;
    m_stage = Stage::Finishing;
    section.unlock();
    Delivery finished;
    try {
        finished = consumer->finish();
    } catch (...) {
        finished = Delivery::dropped(Delivery::Error::Exception, u"an exception left the sink when it was closed"_s);
    }
    section.relock();
    if (m_stage == Stage::Finishing)
        setClosed(section, finished);
}

void Mailbox::linkClosed(const CloseResult &result)
{
    Section section(this);
    --m_openLinks;
    m_worstOfTargets = Delivery::worse(m_worstOfTargets, result.worst());
    if (m_sumsTargets) {
        m_closeLeft += result.left();
        m_closeUnknown += result.unknown();
    }
    kick(section.after());
}

void Mailbox::setClosed(Section &section, const Delivery &finished)
{
    m_stage = Stage::Closed;
    Delivery worst = Delivery::worse(m_worstOfTargets, finished);
    if (m_closeLeft > 0)
        worst =
            Delivery::worse(worst, Delivery::dropped(Delivery::Error::Discarded,
                                                     u"%1 events were left when the time was over"_s.arg(m_closeLeft)));
    m_closeResult = CloseResult(worst, m_closeLeft, m_closeUnknown);
    section.rare().result = m_closeResult;
    section.rare().callbacks = std::exchange(m_closeCallbacks, {});
    section->signals |= Notifier::Closed | Notifier::Changed;
    section.rare().watchers = std::exchange(m_watchers, {});
    section.rare().parent = m_parent.lock();
    section.rare().unwatches = true;
    section.rare().oldTasks = std::exchange(m_tasks, {});
    m_room.notify_all();
}

void Mailbox::forceClosed()
{
    const std::shared_ptr<PumpTask> alive = shared_from_this();
    const bool isStuck = isWorkingFor(nullptr);
    Section section(this);
    if (m_stage == Stage::Closed || m_stage == Stage::Open)
        return;
    if (isStuck) {
        const QString thread = m_worker ? u'"' + m_worker->name() + u'"' : u"of the application"_s;
        section.rare().warnings.emplace_back(
            &qanatWorker(), u"%1: its thread %2 does not come back; both are abandoned"_s.arg(labelLocked(), thread));
    }
    setClosed(section, Delivery::dropped(Delivery::Error::Other, u"the sink did not come back from its work"_s));
    kick(section.after());
}

// Whether it, or a target behind it, is inside of its work, and \a parent owns it.
bool Mailbox::isWorkingFor(const Mailbox *parent) const
{
    std::vector<std::shared_ptr<Mailbox>> links;
    {
        const std::lock_guard lock(m_mutex);
        if (m_parent.lock().get() != parent)
            return false;
        if (m_isRunning)
            return true;
        links = m_links;
    }
    return std::any_of(links.begin(), links.end(), [this](const auto &link) { return link->isWorkingFor(this); });
}

bool Mailbox::waitForRelease(std::chrono::milliseconds timeout)
{
    std::unique_lock lock(m_mutex);
    return m_released.wait_for(lock, timeout, [this] { return m_isReleased; });
}

void Mailbox::leaveBoundary()
{
    const std::shared_ptr<PumpTask> alive = shared_from_this();
    std::shared_ptr<Worker> worker;
    {
        const std::lock_guard lock(m_mutex);
        worker = m_worker;
        m_isLeaving = true;
    }
    if (worker && !worker->isAlive()) {
        // Nobody will ever run it there, so it ends here.
        dropConsumer();
        return;
    }
    close(nanoseconds(0), {});
    const bool isInside = worker && worker->pump()->isCurrent();
    const bool isAbandoned = state() == PipelineNode::State::Closed; // By force, or there is nothing to wait for.
    if (!isInside && !isAbandoned && !waitForRelease(Runtime::Grace))
        forceClosed();
}

std::shared_ptr<Consumer> Mailbox::consumer() const
{
    const std::lock_guard lock(m_mutex);
    return m_consumer;
}

void Mailbox::targetClosed()
{
    close(nanoseconds(0), {});
}

void Mailbox::setConsumer(std::shared_ptr<Consumer> consumer)
{
    Section section(this);
    m_consumer = std::move(consumer);
    m_isReleased = !m_consumer;
    if (hasWork() || m_stage != Stage::Open)
        kick(section.after());
}

void Mailbox::dropConsumer()
{
    const std::shared_ptr<PumpTask> alive = shared_from_this();
    std::shared_ptr<Consumer> consumer;
    std::vector<std::function<void()>> tasks;
    Section section(this);
    if (m_stage == Stage::Open)
        leaveOpen();
    expire(section);
    section.rare().watchesGrace = false;
    consumer.swap(m_consumer);
    tasks.swap(m_tasks);
    m_isReleased = true;
    m_released.notify_all();
    m_notifier.reset();
    if (m_stage != Stage::Closed)
        setClosed(section, Delivery::delivered());
    section.rare().worker = std::move(m_worker);
    section.unlock();
}

void Mailbox::detachPump()
{
    const std::lock_guard lock(m_mutex);
    emptyHopper(false);
    m_pump.reset();
    m_isAwake = false;
}

void Mailbox::attachPump(const std::shared_ptr<Pump> &pump)
{
    Section section(this);
    m_pump = pump;
    if (hasWork() || m_stage != Stage::Open)
        kick(section.after());
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
        links = m_links;
    }
    node.state = state();
    node.identity = quintptr(this);
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
    m_limits = limits;
    m_limits.events = std::max(limits.events, qint64(1));
    m_limits.bytes = std::max(limits.bytes, qint64(1));
    m_isLimited = !limits.isUnlimited();
    emptyHopper(!m_isLimited);
    const bool counts = limits.bytes != Limits::Unlimited;
    if (counts != m_countsBytes.load(std::memory_order_relaxed)) {
        m_countsBytes.store(counts, std::memory_order_relaxed);
        qint64 bytes = 0;
        for (const Node *node = m_queue.head; node; node = node->next)
            bytes += bytesOf(node->batch);
        for (const auto &[key, lane] : m_lanes) {
            for (const Node *node = lane.waiting.head; node; node = node->next)
                bytes += bytesOf(node->batch);
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
        m_oldClocks.push_back(std::exchange(m_clock, clock));
        if (Hopper *hopper = m_hopper.load(std::memory_order_relaxed))
            hopper->setClock(clock.get());
        links = m_links;
    }
    for (const auto &link : links)
        link->setClock(clock);
}

std::shared_ptr<Clock> Mailbox::clock() const
{
    const std::lock_guard lock(m_mutex);
    return m_clock;
}

void Mailbox::setOrderKey(OrderKey key)
{
    const std::lock_guard lock(m_mutex);
    m_orderKey = std::move(key);
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

void Mailbox::addTarget(const std::shared_ptr<Mailbox> &target)
{
    addLink(target);
    const std::lock_guard lock(target->m_mutex);
    target->m_parent = std::static_pointer_cast<Mailbox>(shared_from_this());
}

void Mailbox::addLink(const std::shared_ptr<Mailbox> &link)
{
    const std::lock_guard lock(m_mutex);
    m_links.push_back(link);
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
