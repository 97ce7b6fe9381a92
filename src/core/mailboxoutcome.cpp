// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// How a mailbox takes the outcomes of what it handed out, and counts them.

#include "mailbox_p.h"

#include "delivery_p.h"
#include "logging_p.h"
#include "mailboxsection_p.h"
#include "text_p.h"

using namespace Qt::StringLiterals;

namespace Qanat {

using std::chrono::nanoseconds;

void Mailbox::settleCall(Section &section, Call *call, qsizetype count, const Delivery &delivery, nanoseconds time)
{
    if (count > call->left())
        warnOfExcess(section, call, count - call->left());
    count = std::min(count, call->left());
    if (count <= 0)
        return;
    const bool isWhole = call->position == 0 && count == call->batch.size();
    const Batch part = isWhole ? Batch() : call->batch.mid(call->position, count);
    const Batch &events = isWhole ? call->batch : part;
    const bool isHandedBack =
        delivery.outcome() == Delivery::Outcome::Untried && !(call->upstream && call->upstream->triesAgain());
    m_statistics.inFlight -= count;
    if (isHandedBack && isWhole) {
        // Trying the same again at once would go on for ever.
        account(section, events, call->upstream,
                Delivery::failed(Delivery::Error::Other, Text::tr("the sink handed everything back without trying")),
                call);
    } else if (isHandedBack) {
        putBack(call, events);
    } else {
        account(section, events, call->upstream, delivery, call, {call->clock, time});
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
    endCall(section, call);
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

void Mailbox::settleDeferred(Section &section, Call *call)
{
    if (!call->isDeferred.load(std::memory_order_relaxed)) // By this very thread, if at all.
        return;
    call->isDeferred.store(false, std::memory_order_release);
    settleCall(section, call, call->left(), call->deferred, call->deferredAt);
}

void Mailbox::putBack(Call *call, const Batch &batch)
{
    auto *node = new Node;
    node->batch = batch;
    node->stamp = call->stamp;
    node->upstream = call->upstream;
    const auto lane = batch.orderKey() && m_lanes ? m_lanes->byKey.find(batch.orderKey()) : LaneMap::iterator();
    if (batch.orderKey() && m_lanes && lane != m_lanes->byKey.end()) {
        m_lanes->addEvents(lane->second, batch.size());
        lane->second.waiting.prepend(node);
    } else {
        m_queue.prepend(node);
    }
}

void Mailbox::account(Section &section, const Batch &batch, const CompletionRef &upstream, const Delivery &delivery,
                      Call *call, const Moment &moment)
{
    const qsizetype count = batch.size();
    m_statistics.pending -= count;
    m_statistics.pendingBytes -= bytesOf(batch);
    const bool isFinal = !upstream || !upstream->triesAgain() || !delivery.canRetry();
    Delivery outcome = delivery;
    switch (delivery.outcome()) {
    case Delivery::Outcome::Delivered:
    case Delivery::Outcome::Stored: // It counts there.
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
            if (m_stage != Stage::Open)
                m_worstOfClose = Delivery::worse(m_worstOfClose, delivery.asDropped());
            noteDrop(section, batch, delivery);
            if (!upstream && !DeliveryAccess::isDeadLettered(delivery))
                warnOfDrop(section);
            if (m_hasDeadLetters)
                outcome = DeliveryAccess::deadLettered(delivery);
        }
        break;
    }
    if (m_isTraced && (isFinal || delivery.outcome() != Delivery::Outcome::Untried))
        trace(section, batch, delivery, call, moment);
    if (upstream)
        tellUpstream(section, upstream, call, count, outcome, moment);
    section->signals |= Notifier::Changed;
    if (m_statistics.pending == 0 && hopperCount() == 0)
        section->signals |= Notifier::Drained;
    checkRoom(section.after());
}

void Mailbox::tellUpstream(Section &section, const CompletionRef &upstream, Call *call, qsizetype count,
                           const Delivery &outcome, const Moment &moment)
{
    if (call && call->isTelling) {
        call->untold.emplace_back(count, outcome);
    } else if (call && count == call->left()) {
        section->settlements.append({std::move(call->upstream), count, outcome, {}, moment});
    } else {
        section->settlements.append({upstream, count, outcome, StateRef<Call>::share(call), moment});
        if (call)
            call->isTelling = true;
    }
}

// The outcomes of a call go up in the order of its events, one at a time, whichever threads they come from.
void Mailbox::tellRest(Call *call, const CompletionRef &upstream)
{
    std::unique_lock lock(m_mutex);
    while (!call->untold.empty()) {
        const auto [count, delivery] = std::move(call->untold.front());
        call->untold.erase(call->untold.begin());
        lock.unlock();
        upstream->settle(count, delivery);
        lock.lock();
    }
    call->isTelling = false;
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
    ++m_onTheWay;
    section.rare().deadLetters.emplace_back(batch,
                                            std::make_shared<GivenUp>(GivenUp{delivery, labelLocked(), m_identity}));
}

void Mailbox::trace(Section &section, const Batch &batch, const Delivery &delivery, const Call *call,
                    const Moment &moment)
{
    EventTrace::Record record;
    record.sink = m_identity;
    record.events = batch;
    record.outcome = delivery;
    record.time = m_clock->wallClock();
    record.duration = now(moment) - (call ? call->stamp : batch.acceptedAt());
    section.rare().traced.push_back(std::move(record));
    section.rare().traces = m_traces;
}

// They are written.
void Mailbox::noteDeadLetters(int batches)
{
    Section section(this);
    m_onTheWay -= batches;
    if (m_stage != Stage::Open && m_onTheWay == 0)
        kick(section.after());
}

// The first drop of which nobody else would hear. Those of a close are in its result.
void Mailbox::warnOfDrop(Section &section)
{
    if (m_isDropNamed || m_hasDeadLetters || m_stage != Stage::Open || (m_wantedSignals & Notifier::Dropped))
        return;
    m_isDropNamed = true;
    section.rare().warnings.emplace_back(
        &qanatSink(), u"%1: %2 events %3; further drops are only counted, where neither dropped() is connected nor a "
                      "dead-letter sink is set"_s.arg(labelLocked(), QString::number(section.rare().droppedCount),
                                                      section.rare().lastDropped.toString()));
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

void Mailbox::foreseeCall(Call *call, const Outlook &outlook)
{
    Outlook old = outlook; // Destroyed without the mutex.
    const std::lock_guard lock(m_mutex);
    call->outlook.swap(old);
}

void Mailbox::parkCall(Call *call, const Outlook &outlook)
{
    CompletionRef upstream;
    {
        Section section(this);
        if (call->isOver || call->isParked)
            return;
        call->isParked = true;
        call->outlook = outlook;
        ++m_parkedCount;
        upstream = call->upstream;
        if (hasWork() || isHopperOpen())
            kick(section.after());
    }
    if (upstream)
        upstream->park(outlook);
}

void Mailbox::resumeCall(Call *call)
{
    CompletionRef upstream;
    {
        Section section(this);
        if (call->isOver || !call->isParked)
            return;
        call->isParked = false;
        call->outlook.clear();
        --m_parkedCount;
        upstream = call->upstream;
        if (hasWork() || isHopperOpen())
            kick(section.after());
    }
    if (upstream)
        upstream->resume();
}

} // namespace Qanat
