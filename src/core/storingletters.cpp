// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What a StoringEngine does with the dead letters in its store.

#include "storingengine_p.h"

#include "deadletter_p.h"
#include "event_p.h"
#include "logging_p.h"
#include "text_p.h"
#include "timestamp_p.h"

#include <algorithm>
#include <limits>

namespace Qanat {

using std::chrono::milliseconds;

namespace {

// What is read at once.
constexpr qsizetype MostRead = 1024;
constexpr qint64 BytesRead = 1024 * 1024;

template<typename T>
void answer(const std::shared_ptr<QPromise<T>> &promise, T result)
{
    promise->addResult(std::move(result));
    promise->finish();
}

DeadLetter letterOf(const EventStore::Row &row)
{
    DeadLetter letter;
    if (const Result<Event> event = Event::fromCbor(row.event)) {
        letter = DeadLetter::fromEvent(*event);
    } else {
        letter.error = Delivery::Error::Storage;
        letter.reason = Text::tr("it cannot be read: %1").arg(event.errorText());
    }
    letter.number = row.number;
    letter.time = Timestamp{row.acceptedAt}.toDateTime();
    return letter;
}

} // namespace

Result<QList<EventStore::Row>> StoringEngine::readLetters(quint64 after, qsizetype most)
{
    Result<QList<EventStore::Row>> rows = m_store->readDeadLetters(after, most, BytesRead);
    // A store whose damage shows here sets the file aside when it is opened anew.
    if (!rows && open()) {
        noteLetters();
        rows = m_store->readDeadLetters(after, most, BytesRead);
    }
    return rows;
}

void StoringEngine::listLetters(quint64 after, qsizetype most, const LettersPromise &promise)
{
    // What was just given up may still be on its way.
    commit();
    const Result<QList<EventStore::Row>> rows = m_isOpen ? readLetters(after, most) : Failure{m_failure.errorText()};
    if (!rows)
        return answer<Result<QList<DeadLetter>>>(promise, Failure{rows.errorText()});
    QList<DeadLetter> letters;
    letters.reserve(rows->size());
    for (const EventStore::Row &row : *rows)
        letters.append(letterOf(row));
    answer<Result<QList<DeadLetter>>>(promise, letters);
}

void StoringEngine::sendLettersAgain(const EventStore::Range &range, const CountPromise &promise)
{
    if (m_isInterrupted)
        return answer<Result<qint64>>(promise, qint64(0));
    // Those of an earlier call may be waiting for the disk.
    if (m_returning || !commit() || !m_isOpen)
        return answer<Result<qint64>>(promise, Failure{m_failure.errorText()});
    m_returning.emplace(Returning{promise});
    EventStore::Range rest = range;
    // What comes back meanwhile is not sent a second time.
    qint64 left = m_store->contents().deadLetters;
    while (left > 0 && m_returning && m_isOpen && sendSomeAgain(&rest, &left)) {
        if (!commit())
            return; // It is tried again, and answered then.
    }
    if (m_returning && m_returning->error.isEmpty())
        answer<Result<qint64>>(promise, m_returning->before);
    else if (m_returning)
        answer<Result<qint64>>(promise, Failure{m_returning->error});
    m_returning.reset();
}

// Prepares a transaction with the next of them. Whether there are any.
bool StoringEngine::sendSomeAgain(EventStore::Range *range, qint64 *left)
{
    const Limits limits = m_mailbox->limits();
    const Mailbox::Kept kept = m_mailbox->kept();
    const qint64 room = kept.bytes < limits.bytes ? std::max(limits.events - kept.count, qint64(0)) : 0;
    const auto most = qsizetype(std::min({room, *left, qint64(MostRead), qint64(range->count)}));
    if (most == 0)
        return false;
    const Result<QList<EventStore::Row>> rows = readLetters(range->first - 1, most);
    if (!rows) {
        m_returning->error = rows.errorText();
        return false;
    }
    const qint64 now = wallClock();
    const quint64 first = range->first;
    EventStore::Range &removed = m_changes.removedDeadLetters;
    for (const EventStore::Row &row : *rows) {
        const quint64 offset = row.number - range->first;
        if (offset >= quint64(range->count))
            break;
        const Result<Event> event = Event::fromCbor(row.event);
        const Result<QByteArray> encoded =
            event ? DeadLetter::fromEvent(*event).event.toCbor() : Result<QByteArray>(Failure{event.errorText()});
        // One that cannot be read stays where it is, and is not passed in the same transaction.
        if (!encoded && removed.count > 0)
            break;
        range->first = row.number + 1;
        range->count -= qsizetype(offset) + 1;
        --*left;
        if (!encoded)
            continue;
        if (removed.count == 0)
            removed.first = row.number;
        removed.count = qsizetype(row.number - removed.first) + 1;
        m_changes.added.append({m_next++, now, *encoded});
        ++m_returning->count;
        m_returning->bytes += encoded->size();
        m_returning->next = m_next;
    }
    return range->first > first;
}

// What was to come back did, with the transaction.
void StoringEngine::noteReturned()
{
    if (!m_returning)
        return;
    if (m_returning->count > 0) {
        m_mailbox->addKept(m_returning->count, m_returning->bytes);
        m_nextStored = m_returning->next;
    }
    m_returning->before += std::exchange(m_returning->count, 0);
    m_returning->bytes = 0;
    if (m_isFailing) {
        // Whoever asked was not answered.
        answer<Result<qint64>>(m_returning->promise, m_returning->before);
        m_returning.reset();
    }
}

// They stay what they are.
void StoringEngine::giveUpReturning(const Delivery &reason)
{
    if (!m_returning)
        return;
    m_changes.removedDeadLetters = {};
    answer<Result<qint64>>(m_returning->promise, Failure{reason.isFailure() ? reason.errorText() : reason.toString()});
    m_returning.reset();
}

void StoringEngine::removeLetters(const EventStore::Range &range, const CountPromise &promise)
{
    if (!commit() || !m_isOpen)
        return answer<Result<qint64>>(promise, Failure{m_failure.errorText()});
    const qint64 before = m_store->contents().deadLetters;
    m_changes.removedDeadLetters = range;
    if (!commit())
        return answer<Result<qint64>>(promise, Failure{m_failure.errorText()}); // It is tried again.
    answer<Result<qint64>>(promise, before - m_store->contents().deadLetters);
}

void StoringEngine::purgeLetters(const StoredDeadLetters::Capacity &capacity, const CountPromise &promise)
{
    if (!commit() || !m_isOpen)
        return answer<Result<qint64>>(promise, Failure{m_failure.errorText()});
    const Result<qint64> removed = removeOldLetters(capacity);
    noteLetters();
    answer(promise, removed);
}

void StoringEngine::setLetterCapacity(const StoredDeadLetters::Capacity &capacity)
{
    m_letterCapacity = capacity;
    commit();
}

void StoringEngine::keepLetterCapacity()
{
    const Result<qint64> removed = removeOldLetters(m_letterCapacity);
    if (!removed || *removed == 0)
        return;
    if (m_lettersLost == 0) {
        qCWarning(qanatStorage,
                  "%ls: dead letters are too many, too large or too old: the oldest are removed from now on",
                  qUtf16Printable(m_mailbox->label()));
    }
    m_lettersLost += *removed;
    noteLetters();
}

// Until the others are within the bounds. How many went.
Result<qint64> StoringEngine::removeOldLetters(const StoredDeadLetters::Capacity &capacity)
{
    qint64 count = 0;
    const bool hasAge = capacity.age < milliseconds::max();
    const qint64 oldest = hasAge ? wallClock() - capacity.age.count() : std::numeric_limits<qint64>::min();
    while (m_isOpen) {
        const EventStore::Contents contents = m_store->contents();
        qint64 letters = contents.deadLetters;
        qint64 bytes = contents.deadLetterBytes;
        const auto isTooMuch = [&] { return letters > capacity.letters || bytes > capacity.bytes; };
        if (letters == 0 || (!isTooMuch() && !hasAge))
            break;
        const Result<QList<EventStore::Row>> rows = m_store->readDeadLetters(0, isTooMuch() ? MostRead : 1, BytesRead);
        if (!rows)
            return Failure{rows.errorText()};
        EventStore::Changes changes;
        for (const EventStore::Row &row : *rows) {
            if (!isTooMuch() && row.acceptedAt >= oldest)
                break;
            --letters;
            bytes -= row.event.size();
            changes.removedDeadLetters = {1, qsizetype(row.number)};
        }
        if (changes.isEmpty())
            break;
        if (!apply(changes))
            return Failure{m_failure.errorText()};
        count += contents.deadLetters - m_store->contents().deadLetters;
    }
    return count;
}

void StoringEngine::noteLetters()
{
    const StoringState::DeadLetters letters{m_store->contents().deadLetters, m_lettersKept, m_lettersLost};
    const StoringState::DeadLetters before = m_state->deadLetters();
    if (letters.count != before.count || letters.kept != before.kept || letters.lost != before.lost)
        m_state->setDeadLetters(letters);
}

} // namespace Qanat
