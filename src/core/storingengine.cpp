// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "storingengine_p.h"

#include "Qanat/core/deadletters.h"
#include "chunk_p.h"
#include "deadletter_p.h"
#include "delivery_p.h"
#include "event_p.h"
#include "logging_p.h"
#include "sink_p.h"
#include "text_p.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace std::chrono_literals;

namespace Qanat {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds TryAgainAfter = 1s;
// What was accepted within that time may go together, and is as old as the first.
constexpr milliseconds OneAge = 1s;
// What is older is as old as that: a clock that was wrong may say anything.
constexpr milliseconds OldestAge = std::chrono::hours(24 * 365 * 20);
// What is read at once.
constexpr qsizetype MostRead = 1024;
constexpr qint64 BytesRead = 1024 * 1024;

qint64 sum(const std::vector<qint64> &bytes, qsizetype from, qsizetype count)
{
    return std::accumulate(bytes.begin() + from, bytes.begin() + from + count, qint64(0));
}

Delivery lost()
{
    return Delivery::dropped(Delivery::Error::Storage, Text::tr("it was stored, and the store was damaged"));
}

// The close of the target says nothing about an event: it stays where it is, for the next run of the program.
bool isLeftOver(const Delivery &delivery)
{
    return delivery.isFailure()
           && (delivery.isClosed() || delivery.error() == Delivery::Error::Discarded
               || delivery.error() == Delivery::Error::Unknown);
}

} // namespace

StoringEngine::StoringEngine(std::unique_ptr<EventStore> store, std::unique_ptr<Sink> target,
                             const std::shared_ptr<Mailbox> &mailbox, std::shared_ptr<StoringState> state)
    : m_store(std::move(store))
    , m_behind(SinkAccess::mailbox(*target))
    , m_owner(mailbox)
    , m_mailbox(mailbox.get())
    , m_state(std::move(state))
    , m_outcomes(std::make_shared<OutcomeBox>(m_owner, [this] { takeOutcomes(); }))
{
    target.release()->setParent(this);
}

StoringEngine::~StoringEngine()
{
    m_outcomes->close();
}

std::shared_ptr<StoringEngine> StoringEngine::of(const std::weak_ptr<Mailbox> &mailbox)
{
    const auto owner = mailbox.lock();
    return owner ? std::dynamic_pointer_cast<StoringEngine>(owner->consumer()) : nullptr;
}

void StoringEngine::begin()
{
    commit();
}

// What was written before this is on its way to the store, or there. It goes with the next transaction: not worth one of its own.
void StoringEngine::notePosition(const QByteArray &position)
{
    if (!m_givenUp)
        m_changes.position = position;
}

void StoringEngine::setMaximumAge(std::chrono::milliseconds age)
{
    // More than the nanoseconds can hold is for ever.
    constexpr milliseconds longest = std::chrono::hours(24 * 365 * 200);
    m_maximumAge = age > milliseconds::zero() && age < longest ? std::optional<nanoseconds>(age) : std::nullopt;
    commit();
}

void StoringEngine::setLinger(qsizetype events, std::chrono::milliseconds time)
{
    // Longer than the nanoseconds can hold is for ever.
    constexpr milliseconds longest = std::chrono::hours(24 * 365);
    m_lingerCount = time > milliseconds::zero() ? events : 1;
    m_lingerTime = std::min(time, longest);
    if (m_gathering)
        m_gathering->stop();
    deliver();
}

void StoringEngine::closing()
{
    m_isClosing = true;
    deliver();
}

void StoringEngine::hold(bool isHeld)
{
    if (!m_wasOpen) {
        m_heldWish = isHeld;
    } else if (isHeld != m_isHeld) {
        m_changes.held = isHeld;
    }
    noteHeld(isHeld);
    if (m_wasOpen)
        commit();
}

void StoringEngine::noteHeld(bool isHeld)
{
    m_isHeld = isHeld;
    m_mailbox->noteHeld(isHeld);
    m_state->setHeld(isHeld);
    showActivity();
}

void StoringEngine::showActivity()
{
    using Activity = PipelineNode::Activity;
    if (m_isFailing)
        m_mailbox->setKeeping({Activity::Blocked, m_mailbox->clock()->now() + TryAgainAfter, m_failure.errorText()});
    else if (m_isHeld)
        m_mailbox->setKeeping(
            {Activity::Paused, nanoseconds(0), Text::tr("it is held: what comes is stored, and waits")});
    else
        m_mailbox->setKeeping({});
}

qint64 StoringEngine::wallClock() const
{
    return milliseconds(m_mailbox->clock()->wallClock()).count();
}

/* --- Into the store ---------------------------------------------------------------------------------------------------- */

bool StoringEngine::open()
{
    m_isOpen = false;
    const Delivery opened = m_store->open();
    if (opened.isFailure()) {
        m_isStuck = true;
        noteFailure(opened.errorText());
        return false;
    }
    m_isOpen = true;
    const EventStore::Contents contents = m_store->contents();
    if (!m_wasOpen) {
        m_wasOpen = true;
        m_nextStored = contents.next;
        // What came before it could be opened was numbered from 1 on.
        const quint64 before = contents.next - 1;
        m_next += before;
        for (Arrival &arrival : m_arrivals)
            arrival.first += before;
        for (EventStore::Row &row : m_changes.added)
            row.number += before;
        m_mailbox->addKept(contents.count + contents.damaged, contents.bytes);
        if (contents.damaged > 0)
            m_mailbox->settleKept(contents.damaged, 0, lost());
        if (!m_heldWish)
            noteHeld(contents.isHeld);
        else if (contents.isHeld != *m_heldWish)
            m_changes.held = m_heldWish;
        m_state->setOpened(contents.count + contents.damaged, contents.position);
        noteLetters();
        if (std::exchange(m_mustWithdraw, false))
            withdrawStored(m_nextStored);
    }
    return true;
}

void StoringEngine::process(const Batch &batch, Completion completion)
{
    Arrival arrival{batch, std::move(completion), m_next, {}, {}};
    arrival.bytes.reserve(size_t(batch.size()));
    const qint64 now = wallClock();
    for (const Event &event : batch) {
        if (QByteArray position = EventData::positionOf(event); !position.isEmpty()) {
            if (m_givenUp) {
                // The source begins again before it, and writes this once more.
                arrival.bytes.push_back(-1);
                arrival.refusals.push_back(*m_givenUp);
                continue;
            }
            m_changes.position = std::move(position);
        }
        Result<QByteArray> encoded = event.toCbor();
        if (!encoded) {
            arrival.bytes.push_back(-1);
            arrival.refusals.push_back(Delivery::dropped(Delivery::Error::NotPortable, encoded.errorText()));
            continue;
        }
        arrival.bytes.push_back(encoded->size());
        m_arrivalBytes += encoded->size();
        ++m_arrivalCount;
        m_changes.added.append({m_next++, now, std::move(encoded).value()});
    }
    m_arrivals.push_back(std::move(arrival));
    const bool isEnough = m_arrivalCount >= MostOfTransaction || m_arrivalBytes >= BytesOfTransaction
                          || m_arrivals.size() >= size_t(MostRuns) || !m_mailbox->hasMore();
    // While it fails there is a time for the next try; once the deadline has come there is none.
    if (isEnough && (!m_isFailing || m_isInterrupted) && !commit() && m_isInterrupted)
        giveUpArrivals(m_failure);
}

// Brings all that has come, and all outcomes, into the store, and hands on what is stored. Whether that worked.
bool StoringEngine::commit()
{
    if (!m_isOpen && !open())
        return false;
    do {
        if (!applyChanges()) {
            // What is stored may still be delivered, which makes room where there was none.
            if (open())
                deliver();
            if (m_arrivals.empty())
                finishFlushes(Delivery::stored()); // Only what was delivered could not be taken out.
            return false;
        }
        m_arrivalCount = 0;
        m_arrivalBytes = 0;
        noteReturned();
        noteLetters();
        noteArrivals(std::exchange(m_arrivals, {}));
        keepLimits();
        keepAge();
        deliver();
    } while (!m_changes.isEmpty() && m_isOpen);
    if (m_isOpen)
        noteSuccess(); // Before whoever waits hears of it.
    finishFlushes(Delivery::stored());
    if (!m_isOpen)
        return true; // What came is stored, and what is stored cannot be read.
    noteLost();
    keepLetterCapacity();
    if (m_mustPurge && m_handedCount == 0) {
        const Delivery purged = m_store->purge();
        m_mustPurge = purged.isFailure();
        if (m_mustPurge)
            noteFailure(purged.errorText());
    }
    tidy();
    return true;
}

// A step whenever there is nothing better to do.
void StoringEngine::tidy()
{
    if (!m_isOpen || m_isFailing || m_isInterrupted || m_isClosing || m_mailbox->kept().count > 0
        || m_mailbox->hasMore() || !m_store->tidy())
        return;
    if (!m_tidying)
        m_tidying = std::make_unique<Timer>([this] { tidy(); });
    const std::shared_ptr<Clock> clock = m_mailbox->clock();
    m_tidying->start(clock, clock->now());
}

// Where all was handed on and has come back, nothing is left; what damage has taken away in silence comes to light then.
void StoringEngine::noteLost()
{
    if (firstWaiting() < m_nextStored || m_handedCount > 0 || m_isInterrupted || m_isBehindClosed)
        return;
    const Mailbox::Kept kept = m_mailbox->kept();
    if (kept.count > 0)
        m_mailbox->settleKept(kept.count, kept.bytes, lost());
}

bool StoringEngine::applyChanges()
{
    // Where there is no room, what was delivered makes some.
    if (m_isFailing && !m_changes.added.isEmpty() && !m_changes.removed.isEmpty()) {
        EventStore::Changes room;
        room.removed = m_changes.removed;
        room.removedBytes = m_changes.removedBytes;
        room.deadLetters = m_changes.deadLetters;
        m_isStuck = !apply(room);
        if (m_isStuck)
            return false;
        m_changes.removed = {};
        m_changes.removedBytes = 0;
        m_changes.deadLetters = {};
        m_lettersKept += std::exchange(m_lettersAdded, 0);
        while (m_store->contents().count == 0 && m_store->tidy()) { }
    }
    if (!m_changes.isEmpty() && !apply(m_changes)) {
        m_isStuck = m_isStuck || m_changes.added.isEmpty();
        return false;
    }
    m_isStuck = false;
    if (m_changes.position)
        m_state->setPosition(*m_changes.position);
    m_lettersKept += std::exchange(m_lettersAdded, 0);
    m_changes = {};
    return true;
}

bool StoringEngine::apply(const EventStore::Changes &changes)
{
    const Delivery applied = m_store->apply(changes);
    if (!applied.isFailure()) {
        if (const EventStore::Range &letters = changes.removedDeadLetters; letters.count > 0)
            m_state->noteRemovedLetters(letters.first, letters.first + quint64(letters.count) - 1);
        return true;
    }
    // How it ended is not known; it is found out anew.
    m_isOpen = false;
    noteFailure(applied.errorText());
    return false;
}

// They are stored now.
void StoringEngine::noteArrivals(std::deque<Arrival> arrivals)
{
    for (Arrival &arrival : arrivals) {
        auto refusal = arrival.refusals.begin();
        quint64 number = arrival.first;
        const qsizetype size = qsizetype(arrival.bytes.size());
        for (qsizetype i = 0; i < size;) {
            const bool isStored = arrival.bytes[size_t(i)] >= 0;
            qsizetype count = 1;
            while (isStored && i + count < size && arrival.bytes[size_t(i + count)] >= 0)
                ++count;
            if (!isStored) {
                arrival.completion.settle(1, *refusal++);
            } else {
                const CompletionRef waiting = m_mailbox->keep(arrival.completion, count, sum(arrival.bytes, i, count));
                for (qsizetype j = 0; waiting && j < count; ++j)
                    m_waiting.emplace(number + quint64(j), waiting);
                const bool isWhole = count == size;
                noteReady(isWhole ? arrival.batch : arrival.batch.mid(i, count), number,
                          isWhole ? std::move(arrival.bytes)
                                  : std::vector<qint64>(arrival.bytes.begin() + i, arrival.bytes.begin() + i + count));
                number += quint64(count);
            }
            i += count;
        }
    }
}

// Where nothing before it has to be read from the store, and it is not too much, it stays in memory.
void StoringEngine::noteReady(const Batch &batch, quint64 first, std::vector<qint64> bytes)
{
    const quint64 next = std::max(m_nextRead, m_ready.empty() ? 0 : m_ready.back().numbers.back() + 1);
    m_nextStored = first + bytes.size();
    if (next != first || m_readyCount >= MostReady || m_readyBytes >= BytesReady)
        return;
    m_readyCount += batch.size();
    m_readyBytes += sum(bytes, 0, batch.size());
    std::vector<quint64> numbers(bytes.size());
    std::iota(numbers.begin(), numbers.end(), first);
    m_ready.push_back({batch, std::move(numbers), std::move(bytes)});
}

void StoringEngine::giveUpArrivals(const Delivery &reason)
{
    if (reason.isFailure() && !m_givenUp && (!m_arrivals.empty() || m_changes.position))
        m_givenUp = reason;
    m_changes.added.clear();
    m_changes.position.reset();
    giveUpReturning(reason);
    m_arrivalCount = 0;
    m_arrivalBytes = 0;
    for (Arrival &arrival : std::exchange(m_arrivals, {})) {
        auto refusal = arrival.refusals.begin();
        for (const qint64 size : arrival.bytes)
            arrival.completion.settle(1, size >= 0 ? reason : *refusal++);
    }
    finishFlushes(reason);
}

void StoringEngine::flush(const std::shared_ptr<QPromise<Delivery>> &promise)
{
    m_flushes.push_back(promise);
    // What came before is stored, unless a close has given it up. Should it fail only to take out what was delivered, nothing is lost.
    // (Until it was open for the first time nobody knows what it holds: that is waited for.)
    if (m_arrivals.empty() && (m_wasOpen || m_isInterrupted) && (m_isFailing || !m_changes.position))
        finishFlushes(m_isFailing && m_isInterrupted ? m_failure : Delivery::stored());
    else if (!m_isFailing)
        commit();
}

void StoringEngine::finishFlushes(const Delivery &outcome)
{
    for (const auto &promise : std::exchange(m_flushes, {})) {
        promise->addResult(outcome);
        promise->finish();
    }
}

void StoringEngine::noteFailure(const QString &text)
{
    m_failure = Delivery::dropped(Delivery::Error::Storage, text);
    if (!std::exchange(m_isFailing, true))
        qCWarning(qanatStorage, "%ls: %ls; it is tried again", qUtf16Printable(m_mailbox->label()),
                  qUtf16Printable(text));
    showActivity(); // Before it is said.
    m_state->setError(text);
    const std::shared_ptr<Clock> clock = m_mailbox->clock();
    if (!m_again)
        m_again = std::make_unique<Timer>([this] { commit(); });
    m_again->start(clock, clock->now() + TryAgainAfter);
}

void StoringEngine::noteSuccess()
{
    if (!std::exchange(m_isFailing, false))
        return;
    m_again->stop();
    m_failure = {};
    showActivity();
    m_state->setError({});
}

/* --- Out of the store -------------------------------------------------------------------------------------------------- */

void StoringEngine::deliver()
{
    handOut();
    watchAge();
}

void StoringEngine::handOut()
{
    // What is handed on cannot be dropped any more for the sake of a limit.
    const Limits limits = m_mailbox->limits();
    const qint64 most = std::min(qint64(MostHanded), (limits.events - 1) / 2 + 1);
    const qint64 bytes = std::min(BytesHanded, (limits.bytes - 1) / 2 + 1);
    while (!m_isInterrupted && !m_isHeld && !m_isBehindClosed && m_handedCount < most && m_handedBytes < bytes
           && !isGathering()) {
        std::optional<Run> run = nextRuns(qsizetype(std::min(qint64(MostRead), most - m_handedCount)));
        if (!run || !hand(std::move(*run)))
            return;
    }
}

// Whether what is ready waits for more. Nobody waits for it, and no close.
bool StoringEngine::isGathering()
{
    if (m_lingerCount <= 1 || m_isClosing || !makeReady() || m_readyCount >= m_lingerCount || m_readyBytes >= BytesRead
        || m_ready.back().numbers.back() + 1 < m_nextStored || m_waiting.count(m_ready.front().numbers.front()) > 0)
        return false;
    const std::shared_ptr<Clock> clock = m_mailbox->clock();
    const nanoseconds due = m_ready.front().batch.acceptedAt() + m_lingerTime;
    if (due <= clock->now())
        return false;
    if (!m_gathering)
        m_gathering = std::make_unique<Timer>([this] { deliver(); });
    m_gathering->start(clock, due);
    return true;
}

// What was written one by one goes together, as it would after it was read again.
std::optional<StoringEngine::Run> StoringEngine::nextRuns(qsizetype most)
{
    std::optional<Run> all = nextRun(most);
    QList<Event> events;
    while (all && qsizetype(all->numbers.size()) < most && makeReady()
           && m_ready.front().batch.acceptedAt() <= all->batch.acceptedAt() + OneAge) {
        if (events.isEmpty())
            events = QList<Event>(all->batch.begin(), all->batch.end());
        const Run more = *nextRun(most - qsizetype(all->numbers.size()));
        events.append(QList<Event>(more.batch.begin(), more.batch.end()));
        all->numbers.insert(all->numbers.end(), more.numbers.begin(), more.numbers.end());
        all->bytes.insert(all->bytes.end(), more.bytes.begin(), more.bytes.end());
    }
    if (!events.isEmpty()) {
        all->batch = all->batch.withEvents(events);
        BatchBuilder::chunk(all->batch)->isChecked.store(true, std::memory_order_relaxed);
    }
    return all;
}

// Brings the oldest that were not handed on into memory: false where there are none, or they cannot be read.
bool StoringEngine::makeReady()
{
    const quint64 end = m_ready.empty() ? m_nextStored : m_ready.front().numbers.front();
    while (m_isOpen && m_nextRead < end) {
        const Result<QList<EventStore::Row>> rows = m_store->read(m_nextRead, MostRead, BytesRead);
        if (!rows) {
            m_isOpen = false;
            noteFailure(rows.errorText());
            return false;
        }
        std::deque<Run> runs = readable(*rows, end);
        const bool isOver = rows->isEmpty() || rows->constLast().number >= end;
        m_nextRead = isOver ? end : rows->constLast().number + 1;
        for (const Run &run : runs) {
            m_readyCount += run.batch.size();
            m_readyBytes += sum(run.bytes, 0, run.batch.size());
        }
        if (!runs.empty()) {
            m_ready.insert(m_ready.begin(), std::move_iterator(runs.begin()), std::move_iterator(runs.end()));
            return true;
        }
    }
    return !m_ready.empty() && m_ready.front().numbers.front() <= m_nextRead;
}

// All before it were handed on.
quint64 StoringEngine::firstWaiting() const
{
    return m_ready.empty() ? m_nextRead : std::min(m_nextRead, m_ready.front().numbers.front());
}

std::optional<StoringEngine::Run> StoringEngine::nextRun(qsizetype most)
{
    if (!makeReady())
        return {};
    Run run = std::move(m_ready.front());
    m_ready.pop_front();
    if (run.batch.size() > most) {
        m_ready.push_front({run.batch.mid(most),
                            {run.numbers.begin() + most, run.numbers.end()},
                            {run.bytes.begin() + most, run.bytes.end()}});
        run.batch = run.batch.mid(0, most);
        run.numbers.resize(size_t(most));
        run.bytes.resize(size_t(most));
    }
    m_readyCount -= run.batch.size();
    m_readyBytes -= sum(run.bytes, 0, run.batch.size());
    m_nextRead = std::max(m_nextRead, run.numbers.back() + 1);
    return run;
}

// The events of those rows that come before a number, in runs of one age. What cannot be read is dropped: nobody will ever be able to.
std::deque<StoringEngine::Run> StoringEngine::readable(const QList<EventStore::Row> &rows, quint64 end)
{
    std::deque<Run> runs;
    QList<Event> events;
    Run run;
    qint64 acceptedAt = 0;
    const auto endRun = [&] {
        if (events.isEmpty())
            return;
        run.batch = Batch(std::exchange(events, {}));
        // Its age counts from its acceptance, by the wall clock; one that was set back since makes it no younger than now.
        const std::shared_ptr<Clock> clock = m_mailbox->clock();
        const nanoseconds age = milliseconds(std::clamp<qint64>(wallClock() - acceptedAt, 0, OldestAge.count()));
        BatchBuilder::chunk(run.batch)->acceptedAt.store((clock->now() - age).count(), std::memory_order_relaxed);
        BatchBuilder::chunk(run.batch)->isChecked.store(true, std::memory_order_relaxed);
        runs.push_back(std::exchange(run, {}));
    };
    for (const EventStore::Row &row : rows) {
        if (row.number >= end)
            break;
        if (row.acceptedAt < acceptedAt || row.acceptedAt > acceptedAt + OneAge.count())
            endRun();
        Result<Event> event = Event::fromCbor(row.event);
        if (!event) {
            remove(row.number, 1, row.event.size());
            m_mailbox->settleKept(
                1, row.event.size(),
                Delivery::dropped(Delivery::Error::Storage,
                                  Text::tr("a stored event cannot be read: %1").arg(event.errorText())));
            continue;
        }
        if (events.isEmpty())
            acceptedAt = row.acceptedAt;
        events.append(std::move(event).value());
        run.numbers.push_back(row.number);
        run.bytes.push_back(row.event.size());
    }
    endRun();
    return runs;
}

bool StoringEngine::hand(Run run)
{
    const qint64 size = sum(run.bytes, 0, run.batch.size());
    const Batch batch = run.batch;
    Completion completion = CompletionAccess::adopt(new HandedRun(m_outcomes, std::move(run)));
    if (!m_behind->offer(batch, completion, Mailbox::Handover::Queued)) {
        // It stays stored.
        const CompletionRef forgotten = CompletionAccess::take(std::move(completion));
        m_isBehindClosed = true;
        return false;
    }
    m_handedCount += batch.size();
    m_handedBytes += size;
    return true;
}

// Where the limit says so, the oldest that nobody has begun with makes room for what is new.
void StoringEngine::keepLimits()
{
    const Limits limits = m_mailbox->limits();
    if (limits.overflow != Limits::Overflow::DropOldest || limits.isUnlimited())
        return;
    static const Delivery full =
        Delivery::dropped(Delivery::Error::Full, Text::tr("the limit was reached: the oldest was dropped"));
    for (;;) {
        const Mailbox::Kept kept = m_mailbox->kept();
        const qint64 excess = kept.count > limits.events  ? kept.count - limits.events
                              : kept.bytes > limits.bytes ? 1
                                                          : 0;
        const std::optional<Run> run =
            excess > 0 ? nextRun(qsizetype(std::min(excess, qint64(MostRead)))) : std::nullopt;
        if (!run)
            return;
        settleRange(*run, 0, run->batch.size(), full);
    }
}

// What waits here for longer than it may. What was handed on is judged by those who have it.
void StoringEngine::keepAge()
{
    if (!m_maximumAge || m_isInterrupted)
        return;
    static const Delivery old =
        Delivery::dropped(Delivery::Error::Expired, Text::tr("it was stored for longer than it may be"));
    const std::shared_ptr<Clock> clock = m_mailbox->clock();
    while (makeReady() && m_ready.front().batch.acceptedAt() + *m_maximumAge <= clock->now()) {
        const Run run = *nextRun(MostRead);
        settleRange(run, 0, run.batch.size(), old);
    }
}

void StoringEngine::watchAge()
{
    if (m_maximumAge && !m_isInterrupted && makeReady()) {
        if (!m_aging)
            m_aging = std::make_unique<Timer>([this] { commit(); });
        m_aging->start(m_mailbox->clock(), m_ready.front().batch.acceptedAt() + *m_maximumAge);
    } else if (m_aging) {
        m_aging->stop();
    }
}

void StoringEngine::takeOutcomes()
{
    for (const OutcomeBox::Entry &entry : m_outcomes->takeAll()) {
        m_handedCount -= entry.count;
        m_handedBytes -= sum(entry.run->run.bytes, entry.from, entry.count);
        if (isLeftOver(entry.delivery))
            m_isBehindClosed = true;
        else
            settleRange(entry.run->run, entry.from, entry.count, entry.delivery);
    }
    // Each try may mean to open the store anew: where it does not even take what makes room, it is tried by the clock only.
    // Each waits for the disk, so where more arrives this becomes a part of the transaction to come: see process().
    if (m_isInterrupted || (!m_isStuck && (m_isFailing || m_mustPurge || !m_mailbox->hasMore())))
        commit();
    deliver();
}

// In pieces of which each is without a gap in the store, and has one who waits for it, or nobody.
void StoringEngine::settleRange(const Run &run, qsizetype from, qsizetype count, const Delivery &delivery)
{
    const qsizetype end = from + count;
    while (from < end) {
        const quint64 first = run.numbers[size_t(from)];
        const auto waiting = m_waiting.lower_bound(first);
        const bool isAwaited = waiting != m_waiting.end() && waiting->first == first;
        const quint64 next = waiting == m_waiting.end() ? std::numeric_limits<quint64>::max() : waiting->first;
        qsizetype length = 1;
        while (!isAwaited && from + length < end && run.numbers[size_t(from + length)] == first + quint64(length)
               && first + quint64(length) < next)
            ++length;
        settle(run, from, length, delivery);
        from += length;
    }
}

void StoringEngine::settle(const Run &run, qsizetype from, qsizetype count, const Delivery &delivery)
{
    const quint64 first = run.numbers[size_t(from)];
    const qint64 bytes = sum(run.bytes, from, count);
    const Batch batch = run.batch.mid(from, count);
    CompletionRef waiting;
    if (const auto place = m_waiting.find(first); place != m_waiting.end()) {
        waiting = place->second;
        m_waiting.erase(place);
    }
    Delivery outcome = delivery;
    if (delivery.isFailure() && !m_mailbox->deadLetters()) {
        keepDeadLetters(batch, first, delivery);
        outcome = DeliveryAccess::deadLettered(delivery);
    }
    remove(first, count, bytes);
    m_mailbox->settleKept(batch, bytes, waiting, outcome);
}

// They leave the events in the same transaction.
void StoringEngine::keepDeadLetters(const Batch &batch, quint64 first, const Delivery &delivery)
{
    DeadLetter letter = deadLetterOf(delivery, m_mailbox->label());
    const qint64 now = wallClock();
    for (qsizetype i = 0; i < batch.size(); ++i) {
        letter.event = batch[i];
        if (const Result<QByteArray> encoded = letter.toEvent().toCbor()) {
            m_changes.deadLetters.append({first + quint64(i), now, *encoded});
            ++m_lettersAdded;
        }
    }
}

void StoringEngine::remove(quint64 first, qsizetype count, qint64 bytes)
{
    QList<EventStore::Range> &removed = m_changes.removed;
    m_changes.removedBytes += bytes;
    if (!removed.isEmpty() && removed.constLast().first + quint64(removed.constLast().count) == first)
        removed.last().count += count;
    else
        removed.append({first, count});
}

/* --- The end ----------------------------------------------------------------------------------------------------------- */

void StoringEngine::withdraw()
{
    const Delivery withdrawn = Delivery::filtered();
    const std::optional<QByteArray> position = m_changes.position;
    giveUpArrivals(withdrawn);
    m_changes.position = position; // Nobody wants what comes before it.
    m_changes.deadLetters.clear();
    m_lettersAdded = 0;
    m_changes.removedDeadLetters = {1, std::numeric_limits<qsizetype>::max()};
    m_mustPurge = true;
    m_mustWithdraw = !m_wasOpen;
    // Also what came last: whether it was stored may not be known.
    if (m_wasOpen)
        withdrawStored(m_next);
    commit();
}

// What comes before \a end and was not handed on; the target withdraws the rest.
void StoringEngine::withdrawStored(quint64 end)
{
    const Delivery withdrawn = Delivery::filtered();
    const quint64 first = firstWaiting();
    m_ready.clear();
    m_readyCount = 0;
    m_readyBytes = 0;
    if (first < end) {
        const Mailbox::Kept kept = m_mailbox->kept();
        const qint64 count = kept.count - m_handedCount;
        const qint64 bytes = kept.bytes - m_handedBytes;
        remove(first, qsizetype(end - first), bytes);
        for (auto waiting = m_waiting.lower_bound(first); waiting != m_waiting.end();) {
            waiting->second->settle(1, withdrawn);
            waiting = m_waiting.erase(waiting);
        }
        m_mailbox->settleKept(count, bytes, withdrawn);
        m_nextRead = m_nextStored = end;
    }
}

void StoringEngine::interrupt()
{
    m_isInterrupted = true;
    // (Where all is delivered it comes, too, when the target is closed: nobody waits then.)
    if (!m_arrivals.empty() || m_mailbox->kept().count > 0)
        m_store->hurry();
    if (!m_arrivals.empty() && !commit())
        giveUpArrivals(m_failure);
}

Delivery StoringEngine::finish()
{
    m_isInterrupted = true;
    takeOutcomes();
    const bool isSafe = commit();
    if (!isSafe)
        giveUpArrivals(m_failure);
    for (const auto &[number, waiting] : std::exchange(m_waiting, {}))
        waiting->settle(1, Delivery::stored());
    const Delivery failure = m_failure;
    m_again.reset();
    m_aging.reset();
    m_gathering.reset();
    m_tidying.reset();
    m_store->close();
    return isSafe ? Delivery::delivered() : failure;
}

} // namespace Qanat
