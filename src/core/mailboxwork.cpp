// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// How a mailbox hands out what it has, in the thread of its consumer.

#include "mailbox_p.h"

#include "chunk_p.h"
#include "currentmailbox_p.h"
#include "deadletter_p.h"
#include "delivery_p.h"
#include "event_p.h"
#include "hotpath_p.h"
#include "logging_p.h"
#include "mailboxsection_p.h"
#include "text_p.h"

#include <QtCore/qhash.h>
#include <QtCore/qmetaobject.h>

#include <exception>

using namespace Qt::StringLiterals;

namespace Qanat {

using std::chrono::nanoseconds;

namespace {

quint64 defaultKey(const Event &event)
{
    return qHashMulti(0, event.source(), event.subject());
}

// Appends the events of a node as a dead-letter sink gets them; those that whoever gave them up gave up before are returned.
void appendDeadLetters(QList<Event> &events, QList<Event> &returned, const Node &node)
{
    DeadLetter letter = deadLetterOf(node.givenUp->reason, node.givenUp->sink);
    for (const Event &event : node.batch) {
        if (!EventData::mayBeGivenUpBy(event, node.givenUp->by)) {
            returned.append(event);
            continue;
        }
        letter.event = event;
        Event marked = letter.toEvent();
        EventData::noteGivenUp(marked, node.givenUp->by);
        events.append(std::move(marked));
    }
}

} // namespace

QANAT_HOT_PATH bool Mailbox::hasSlot() const
{
    if (m_maxInFlight <= 1)
        return m_calls.isEmpty();
    if (m_isKeeper)
        return int(m_calls.size()) < m_maxInFlight;
    // What waits for another try holds no slot, but something must be left that can be dropped for what is new.
    if (m_limits.events != Limits::Unlimited && m_limits.overflow == Limits::Overflow::DropOldest && m_parkedCount > 0
        && m_statistics.inFlight * 4 >= m_limits.events * 3)
        return false;
    return int(m_calls.size()) - m_parkedCount < m_maxInFlight;
}

bool Mailbox::hasWork() const
{
    if (hasErrands())
        return true;
    if (!m_queue.isEmpty() && m_queue.head->isCommand())
        return true;
    if (m_queue.isEmpty() && !hasReadyLane() && hopperCount() == 0)
        return false;
    // To begin the wait for more is work as well, and takes no slot.
    return isGathering() ? !m_gathering->isWaiting : hasSlot();
}

bool Mailbox::isGathering() const
{
    return m_gathering && !m_gathering->isOver && m_stage == Stage::Open
           && !(m_queue.head && m_queue.head->upstream) // Somebody waits for the outcome.
           && waitingCount() < enough()
           && (m_limits.bytes == Limits::Unlimited || m_statistics.pendingBytes < m_limits.bytes / 2);
}

// So many go together. Of a limit at most half, so that there is always something that can be dropped for what is new.
qsizetype Mailbox::enough() const
{
    return qsizetype(std::clamp(m_limits.events / 2, qint64(1), qint64(m_gathering->events)));
}

// From the first event on that waits. Nobody is woken meanwhile, unless there is enough.
// The oldest of what can go now.
nanoseconds Mailbox::waitingSince() const
{
    if (m_lanes) {
        for (const quint64 key : m_lanes->ready) {
            const auto lane = m_lanes->byKey.find(key);
            if (lane != m_lanes->byKey.end() && lane->second.waiting.head)
                return lane->second.waiting.head->stamp;
        }
    }
    return m_queue.isEmpty() ? now() : m_queue.head->stamp;
}

void Mailbox::waitForMore()
{
    if (std::exchange(m_gathering->isWaiting, true))
        return;
    if (!m_gathering->timer) {
        m_gathering->timer = std::make_unique<Timer>([weak = weak_from_this()] {
            if (const auto mailbox = std::static_pointer_cast<Mailbox>(weak.lock())) {
                Section section(mailbox.get());
                if (mailbox->m_gathering) {
                    mailbox->m_gathering->isWaiting = false;
                    mailbox->m_gathering->isOver = true;
                }
                mailbox->kick(section.after());
            }
        });
    }
    m_gathering->timer->start(m_otherClocks.empty() ? Clock::system() : m_otherClocks.back(),
                              waitingSince() + m_gathering->time);
}

bool Mailbox::isIdle() const
{
    return m_queue.isEmpty() && m_calls.isEmpty() && !hasLanes() && m_tasks.empty() && hopperCount() == 0
           && (m_statistics.stored == 0 || m_isHeld || m_isExpired);
}

QANAT_HOT_PATH std::shared_ptr<Pump> Mailbox::awaken()
{
    if (m_isAwake || !m_pump)
        return nullptr;
    // (What is written while the hopper is open wakes nobody: somebody has to close it first.)
    if (m_gathering && m_gathering->isWaiting && m_stage == Stage::Open && !isHopperOpen() && !hasWork())
        return nullptr;
    m_isAwake = true;
    return m_pump;
}

void Mailbox::kick(Aftermath &after)
{
    if (auto pump = awaken())
        after.pump = std::move(pump);
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
    const CurrentMailbox current(this);
    NodeList trash; // Goes last: nobody shall wait for it.
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
        setAttended(true);
        if (m_maxInFlight == 0)
            refreshMaxInFlight(section, consumer);
        bool hasMore = true;
        for (bool first = true; hasMore; first = false) {
            if (!m_pump || !m_pump->isCurrent() || (!first && m_pump->isSliceOver()))
                break;
            hasMore = isCurrent(consumer) && step(section, consumer);
        }
        if (!m_pump || !m_pump->isCurrent()) {
            setAttended(false);
            // It was moved by its own work. What was scheduled there meanwhile has found it at work, and gone.
            if (hasWork() || isHopperOpen() || m_stage != Stage::Open)
                kick(section.after());
            return;
        }
        if (!hasMore && expectsMore()) {
            m_pump->linger(shared_from_this());
            return;
        }
        setAttended(false);
        m_isAwake = false;
        if (isCurrent(consumer)) {
            // (What came while the mutex was released for a moment has woken nobody.)
            if (hasMore || hasErrands() || rest())
                kick(section.after());
            else if (m_stage != Stage::Open)
                advanceClose(section, consumer);
            if (m_stage == Stage::Closed && m_kind == Kind::Plain && !m_trash.isEmpty())
                kick(section.after());
        }
        if (m_stage != Stage::Closed || m_kind == Kind::Plain || m_isRunning || !m_consumer)
            return;
        m_gathering.reset();
        m_consumer.reset();
        section.rare().worker = std::move(m_worker);
        trash.takeAll(m_trash);
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
    return m_runLength >= qsizetype(Many) && isHopperOpen() && hasSlot();
}

// Also what is late comes in a moment.
bool Mailbox::expectsMore() const
{
    return isStreaming() || (hopperCount() > 0 && m_queue.isEmpty() && hasSlot());
}

// Nobody will come any more unless somebody is woken. Whether there is something to do after all.
bool Mailbox::rest()
{
    return hasSlot() && (closeHopper() || (hopperCount() > 0 && m_queue.isEmpty()));
}

// One thing that is to be done. False where there is nothing.
bool Mailbox::step(Section &section, const std::shared_ptr<Consumer> &consumer)
{
    const auto run = [&](std::function<void()> work) {
        m_isRunning = true;
        section.unlock();
        setAttended(false);
        try {
            work();
        } catch (const std::exception &error) {
            qCWarning(qanatSink, "%ls: an exception left a task: %s", qUtf16Printable(label()), error.what());
        } catch (...) {
            qCWarning(qanatSink, "%ls: an exception left a task", qUtf16Printable(label()));
        }
        work = nullptr;
        setAttended(true);
        section.relock();
        m_isRunning = false;
        return true;
    };
    if (m_stage == Stage::Closed) {
        if (std::exchange(m_mustFinish, false))
            return run([&] { consumer->finish(); });
        return m_kind == Kind::Plain && emptyTrash(section);
    }
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
    if (m_withdrawals > 0) {
        withdrawWaiting(section);
        return run([&] {
            consumer->withdraw();
            // What a call that was running then has handed on since.
            for (const auto &target : next(Ways::Links))
                target->withdraw();
        });
    }
    if (std::exchange(m_mustTellClosing, false) && !m_isExpired)
        return run([&] { consumer->closing(); });
    if (std::exchange(m_mustInterrupt, false))
        return run([&] { consumer->interrupt(); });
    if (std::exchange(m_mustReview, false))
        return run([&] { consumer->review(); });
    if (!m_queue.isEmpty() && m_queue.head->isCommand()) {
        const std::unique_ptr<Node> node(m_queue.takeFirst());
        m_maxInFlight = 0;
        return run(std::move(node->command));
    }
    if (isStreaming() && takenCount() < 2 * qint64(Chunk::Capacity))
        return false;
    if (m_queue.isEmpty())
        emptyHopper();
    if (!m_queue.isEmpty() && m_queue.head->kind == Node::Kind::DeadLetters && hasSlot()) {
        markDeadLetters(section);
        return true;
    }
    if (isGathering()) {
        if (waitingCount() > 0)
            waitForMore();
        return emptyTrash(section);
    }
    StateRef<Call> call = nextCall(section);
    if (!call) {
        const bool hasMore =
            !m_queue.isEmpty()
            && (m_queue.head->isCommand() || (m_queue.head->kind == Node::Kind::DeadLetters && hasSlot()));
        return hasMore || emptyTrash(section);
    }
    invoke(section, call.get(), *consumer, now(m_pump && m_pump->isCurrent() ? m_pump->lastLook() : Moment()));
    section->oldCalls.append(std::move(call));
    return true;
}

// A part of what nobody wants any more: other things go on in this thread. Whether there was any.
bool Mailbox::emptyTrash(Section &section)
{
    if (m_trash.isEmpty())
        return false;
    section.rare().garbage.append(m_trash.takeFirst());
    section.unlock();
    section.relock();
    return true;
}

void Mailbox::refreshMaxInFlight(Section &section, const std::shared_ptr<Consumer> &consumer)
{
    section.unlock();
    int most = 1;
    try {
        most = std::max(1, consumer->maxInFlight());
    } catch (...) {
        qCWarning(qanatSink, "%ls: an exception left maxInFlight(): 1 is used", qUtf16Printable(label()));
    }
    section.relock();
    m_maxInFlight = most;
}

// At most half of a limit is handed out, so that there is always something that can be dropped for what is new.
qsizetype Mailbox::callLimit(const Batch &batch) const
{
    qsizetype most = batch.size();
    if (!m_isLimited)
        return most;
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
    const bool hasWays = m_maxInFlight > 1 && !m_isKeeper;
    if (hasWays && !hasLanes() && !m_calls.isEmpty())
        return {}; // What was handed out when there was one in flight has no lane.
    if (hasWays || hasLanes())
        return nextOfLanes(section);
    Node *node = m_queue.head;
    if (!node || node->isCommand())
        return {};
    // What somebody waits for in order stays together.
    const qsizetype count =
        node->upstream && node->upstream->triesAgain() ? node->batch.size() : callLimit(node->batch);
    if (count < node->batch.size()) {
        StateRef<Call> call = makeCall(node->batch.mid(0, count), node->stamp, node->upstream);
        BatchBuilder::dropFirst(node->batch, count);
        return call;
    }
    if (m_gathering && !node->upstream)
        return gatheredCall(section);
    m_queue.takeFirst();
    if (node->isBuilding) {
        // The next run is likely to be as long as this one.
        m_nextCapacity = std::clamp(quint32(qNextPowerOfTwo(quint32(count))), Chunk::SmallCapacity, Chunk::Capacity);
    }
    StateRef<Call> call = makeCall(std::move(node->batch), node->stamp, std::move(node->upstream));
    recycle(node);
    return call;
}

// What came in several writes, as one batch.
StateRef<Call> Mailbox::gatheredCall(Section &section)
{
    const Batch first = m_queue.head->batch;
    const nanoseconds stamp = m_queue.head->stamp;
    const qsizetype most = enough();
    const qint64 mostBytes = m_limits.bytes == Limits::Unlimited ? Limits::Unlimited : m_limits.bytes / 2;
    qint64 bytes = 0;
    QList<Event> events;
    while (Node *const node = m_queue.head) {
        qsizetype count = std::min(node->batch.size(), most - events.size());
        for (qsizetype i = 0; mostBytes != Limits::Unlimited && i < count; ++i) {
            bytes += node->batch[i].estimatedSize();
            if (bytes > mostBytes && events.size() + i > 0)
                count = i;
        }
        if (node->kind != Node::Kind::Events || node->upstream || count == 0)
            break;
        for (qsizetype i = 0; i < count; ++i)
            events.append(node->batch[i]);
        if (count < node->batch.size())
            BatchBuilder::dropFirst(node->batch, count);
        else
            section.rare().garbage.append(m_queue.takeFirst());
    }
    return makeCall(first.withEvents(events), stamp, {});
}

// No further than needed: what is still in the intake costs less there. But what gathers is to go together.
bool Mailbox::isSortedEnough() const
{
    if (!hasReadyLane() || !m_gathering)
        return hasReadyLane();
    const auto first = m_lanes->byKey.find(m_lanes->ready.front());
    const qsizetype some = enough();
    return first == m_lanes->byKey.end() || first->second.count >= some
           || m_lanes->count >= 2 * some * std::max(m_maxInFlight, 1);
}

StateRef<Call> Mailbox::nextOfLanes(Section &section)
{
    if (!m_lanes)
        m_lanes = std::make_unique<Lanes>();
    dropEmptyLanes();
    while (!isSortedEnough() && !m_queue.isEmpty() && m_queue.head->kind == Node::Kind::Events) {
        sort(section);
        dropEmptyLanes();
    }
    if (!hasReadyLane() || !hasSlot())
        return {};
    const quint64 key = m_lanes->ready.front();
    m_lanes->ready.pop_front();
    Lane &lane = m_lanes->byKey[key];
    // What users made is destroyed without the mutex: the nodes, and the batches that are put together.
    Node *const first = lane.waiting.takeFirst();
    section.rare().garbage.append(first);
    Batch batch = first->batch;
    // What gathers goes in pieces of the size that is wanted, or the target would have to cut them, and leave a small one.
    const qsizetype most = m_gathering ? enough() : qsizetype(Chunk::Capacity);
    if (!first->upstream && lane.waiting.head && !lane.waiting.head->upstream) {
        QList<Event> events(batch.begin(), batch.end());
        while (lane.waiting.head && !lane.waiting.head->upstream && events.size() < most
               && events.size() + lane.waiting.head->batch.size() <= qsizetype(Chunk::Capacity)) {
            Node *const node = lane.waiting.takeFirst();
            section.rare().garbage.append(node);
            for (const Event &event : node->batch)
                events.append(event);
        }
        batch = batch.withEvents(events);
    }
    const qsizetype count = first->upstream ? batch.size() : std::min(callLimit(batch), most);
    if (count < batch.size()) {
        auto *rest = new Node;
        rest->batch = batch.mid(count);
        rest->stamp = first->stamp;
        lane.waiting.prepend(rest);
        batch = batch.mid(0, count);
    }
    m_lanes->addEvents(lane, -count);
    StateRef<Call> call = makeCall(std::move(batch), first->stamp, std::move(first->upstream));
    m_lanes->setRunning(lane, call.get());
    // Until the last of them has gone, they have waited long enough.
    if (waitingCount() == 0)
        gatherAnew();
    return call;
}

// A limit may have taken all that a key had.
void Mailbox::dropEmptyLanes()
{
    if (!m_lanes) // It has expired meanwhile.
        return;
    auto &[lanes, ready, count, held] = *m_lanes;
    while (!ready.empty()) {
        const auto lane = lanes.find(ready.front());
        if (lane != lanes.end() && !lane->second.waiting.isEmpty())
            return;
        if (lane != lanes.end() && !lane->second.running)
            lanes.erase(lane);
        ready.pop_front();
    }
}

// What may be out of the intake at once: of a limit at most half, so that there is always something that can be dropped.
qsizetype Mailbox::mostInHand() const
{
    return qsizetype(std::clamp(m_limits.events / 2, qint64(1), qint64(Chunk::Capacity)));
}

// Takes the first run out of the intake, or as many of its events.
void Mailbox::takeInHand(qsizetype most)
{
    Node *const first = m_queue.head;
    if (first->batch.size() <= most) {
        m_inHand.append(m_queue.takeFirst());
        return;
    }
    auto *part = new Node;
    part->batch = first->batch.mid(0, most);
    part->stamp = first->stamp;
    part->kind = first->kind;
    part->givenUp = first->givenUp;
    BatchBuilder::dropFirst(first->batch, most);
    m_inHand.append(part);
}

// Takes the first run apart by its keys. The keys are the user's, so they are asked for without the mutex.
void Mailbox::sort(Section &section)
{
    takeInHand(m_queue.head->upstream ? m_queue.head->batch.size() : mostInHand());
    const Node *const node = m_inHand.head;
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
    const std::unique_ptr<Node> owner(m_inHand.takeFirst());
    for (const auto &[key, positions] : runs) {
        auto *part = new Node;
        part->batch = node->batch.mid(positions.front(), qsizetype(positions.size()));
        BatchBuilder::setKey(part->batch, key);
        part->stamp = node->stamp;
        if (ledger)
            part->upstream = CompletionAccess::take(ledger->part(positions));
        else if (node->upstream)
            part->upstream = runs.size() > 1 ? node->upstream->part(positions) : node->upstream;
        if (!part->upstream)
            part->upstream = node->upstream;
        if (m_isExpired) {
            noteLeft(section, part->batch, part->upstream, CompletionState::discarded());
            section.rare().garbage.append(part);
        } else {
            addToLane(section, key, part);
        }
    }
}

// Marks the first events as dead letters. That takes long for many, so neither who gave them up nor who writes here waits for
// it, and it is done for a few at a time, since the thread may have other things to do.
void Mailbox::markDeadLetters(Section &section)
{
    const nanoseconds stamp = m_queue.head->stamp;
    qsizetype count = 0;
    constexpr qsizetype AFew = 256;
    for (const qsizetype most = std::min(mostInHand(), AFew); count < most; count += m_inHand.tail->batch.size()) {
        const Node *next = m_queue.head;
        if (!next || next->kind != Node::Kind::DeadLetters || next->stamp - stamp > Hopper::LongestRun)
            break;
        takeInHand(most - count);
    }
    m_isRunning = true;
    section.unlock();
    QList<Event> events;
    events.reserve(count);
    QList<Event> returned;
    QStringList sinks;
    for (const Node *node = m_inHand.head; node; node = node->next) {
        const qsizetype before = returned.size();
        appendDeadLetters(events, returned, *node);
        if (returned.size() > before && !sinks.contains(node->givenUp->sink))
            sinks.append(node->givenUp->sink);
    }
    auto *marked = new Node;
    marked->batch = Batch(events);
    marked->stamp = stamp;
    estimate(marked->batch);
    BatchBuilder::chunk(marked->batch)->acceptedAt.store(marked->stamp.count(), std::memory_order_relaxed);
    section.relock();
    m_isRunning = false;
    m_statistics.pendingBytes += bytesOf(marked->batch);
    while (Node *node = m_inHand.takeFirst()) {
        m_statistics.pendingBytes -= bytesOf(node->batch);
        section.rare().garbage.append(node);
    }
    if (!returned.isEmpty())
        dropReturned(section, Batch(returned), sinks.join(u", "_s));
    if (m_isExpired) {
        noteLeft(section, marked->batch, {}, CompletionState::discarded());
        section.rare().garbage.append(marked);
    } else if (marked->batch.isEmpty()) {
        section.rare().garbage.append(marked);
    } else {
        m_queue.prepend(marked);
    }
}

// Two sinks that are each other's dead-letter sinks would hand them to and fro for ever; several that have a broadcaster for that,
// and are behind it, would make more and more of them.
void Mailbox::dropReturned(Section &section, const Batch &batch, const QString &sinks)
{
    static const Delivery delivery = DeliveryAccess::deadLettered(Delivery::dropped(
        Delivery::Error::Other, Text::tr("a dead letter was given up once more, by the same sink or by too many")));
    m_statistics.pendingBytes += bytesOf(batch);
    account(section, batch, {}, delivery);
    if (std::exchange(m_isReturnNamed, true))
        return;
    section.rare().warnings.emplace_back(
        &qanatSink(), u"%1: dead letters of %2 had come back there, or were given up by too many: they, "
                      "and further ones, are dropped for good and only counted"_s.arg(labelLocked(), sinks));
}

void Mailbox::addToLane(Section &section, quint64 key, Node *node)
{
    const auto [place, isNew] = m_lanes->byKey.try_emplace(key);
    Lane &lane = place->second;
    m_lanes->addEvents(lane, node->batch.size());
    lane.waiting.append(node);
    // Where the oldest makes room for what is new, a key that waits for another try must not take the room of all others. Where
    // writers are held back or turned away instead, what was accepted stays.
    const bool isParked = lane.running && lane.running->isParked;
    const bool makesRoom = m_limits.events != Limits::Unlimited && m_limits.overflow == Limits::Overflow::DropOldest;
    qsizetype excess = isParked && makesRoom ? lane.count - qsizetype(m_limits.events / 2) : 0;
    if (excess > 0)
        section->signals |= Notifier::Overflowed;
    for (; excess > 0 && !lane.waiting.isEmpty(); --excess) {
        static const Delivery full =
            Delivery::dropped(Delivery::Error::Full,
                              Text::tr("the events of a key that waits for another try may fill half of the limit"));
        Node *const oldest = lane.waiting.head;
        account(section, oldest->batch.mid(0, 1), oldest->upstream, full);
        m_lanes->addEvents(lane, -1);
        BatchBuilder::dropFirst(oldest->batch, 1);
        if (oldest->batch.isEmpty())
            section.rare().garbage.append(lane.waiting.takeFirst());
    }
    if (!lane.running && !lane.waiting.isEmpty() && isNew)
        m_lanes->ready.push_back(key);
}

StateRef<Call> Mailbox::makeCall(Batch batch, nanoseconds stamp, CompletionRef upstream, CompletionRef lender)
{
    auto *const call = new Call(this, m_clock, std::move(batch), stamp, std::move(upstream), std::move(lender));
    m_calls.append(StateRef<Call>(call));
    m_runLength += call->batch.size();
    m_statistics.inFlight += call->batch.size();
    if (!hasLanes())
        gatherAnew();
    return StateRef<Call>(call);
}

void Mailbox::gatherAnew()
{
    if (!m_gathering)
        return;
    m_gathering->isOver = false;
    if (std::exchange(m_gathering->isWaiting, false))
        m_gathering->timer->stop();
}

void Mailbox::invoke(Section &section, Call *call, Consumer &consumer, nanoseconds time)
{
    m_isRunning = true;
    call->isInProcess = true;
    call->processBegin = time;
    call->processThread.store(Call::threadTag(), std::memory_order_relaxed);
    section.unlock();
    Delivery thrown;
    Completion completion = CompletionAccess::adopt(call);
    const bool wasAttended = m_isAttended.load(std::memory_order_relaxed);
    setAttended(false);
    try {
        consumer.process(call->batch, std::move(completion));
    } catch (const std::exception &error) {
        thrown = Delivery::failed(Delivery::Error::Exception,
                                  Text::tr("an exception left the sink: %1").arg(QString::fromLocal8Bit(error.what())),
                                  Delivery::Retry::Never);
    } catch (...) {
        thrown = Delivery::failed(Delivery::Error::Exception, Text::tr("an exception left the sink"),
                                  Delivery::Retry::Never);
    }
    setAttended(wasAttended);
    call->processThread.store(nullptr, std::memory_order_relaxed);
    section.relock();
    m_isRunning = false;
    call->isInProcess = false;
    settleDeferred(section, call);
    if (thrown.isFailure()) {
        const nanoseconds end = now();
        settleCall(section, call, std::min(call->left(), qsizetype(1)), thrown, end);
        settleCall(section, call, call->left(), Delivery::untried(), end);
    } else if (call->isOrphan) {
        settleCall(section, call, call->left(), CompletionState::lost(), now());
    }
}

// The call has nothing left.
void Mailbox::endCall(Section &section, Call *call)
{
    call->isOver = true;
    if (call->isParked)
        --m_parkedCount;
    if (m_lanes) {
        const auto lane = m_lanes->byKey.find(call->batch.orderKey());
        if (lane != m_lanes->byKey.end() && lane->second.running == call) {
            m_lanes->setRunning(lane->second, nullptr);
            if (lane->second.waiting.isEmpty())
                m_lanes->byKey.erase(lane);
            else
                m_lanes->ready.push_back(lane->first);
        }
    }
    if (m_calls.size() == 1 && m_calls.first().get() == call) {
        section->oldCalls.append(std::move(m_calls.first()));
        m_calls.removeLast();
        return;
    }
    const auto place =
        std::find_if(m_calls.begin(), m_calls.end(), [call](const auto &one) { return one.get() == call; });
    if (place != m_calls.end()) {
        section->oldCalls.append(std::move(*place));
        m_calls.erase(place);
    }
}

} // namespace Qanat
