// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// How a mailbox counts events that its consumer keeps elsewhere.

#include "mailbox_p.h"

#include "call_p.h"
#include "mailboxsection_p.h"

namespace Qanat {

using std::chrono::nanoseconds;

void Mailbox::setKeeper()
{
    const std::lock_guard lock(m_mutex);
    m_isKeeper = true;
}

bool Mailbox::isKeeper() const
{
    const std::lock_guard lock(m_mutex);
    return m_isKeeper;
}

void Mailbox::setStoringState(const std::shared_ptr<StoringState> &state)
{
    const std::lock_guard lock(m_mutex);
    m_storingState = state;
}

std::shared_ptr<StoringState> Mailbox::storingState() const
{
    const std::lock_guard lock(m_mutex);
    return m_storingState;
}

void Mailbox::hold(bool isHeld)
{
    post([this, isHeld] { consumer()->hold(isHeld); });
}

void Mailbox::noteHeld(bool isHeld)
{
    Section section(this);
    m_isHeld = isHeld;
    kick(section.after());
}

void Mailbox::setKeeping(const Doing &doing)
{
    const std::lock_guard lock(m_mutex);
    m_keeping = doing;
}

bool Mailbox::hasMore() const
{
    const std::lock_guard lock(m_mutex);
    return hopperCount() > 0 || (m_queue.head && !m_queue.head->isCommand());
}

CompletionRef Mailbox::keep(Completion &completion, qsizetype count, qint64 bytes)
{
    static const Delivery stored = Delivery::stored();
    auto *const call = static_cast<Call *>(CompletionAccess::state(completion));
    CompletionRef waiting;
    {
        Section section(this);
        count = std::min(count, call->left());
        if (count <= 0)
            return {};
        const Batch events = call->batch.mid(call->position, count);
        m_statistics.inFlight -= count;
        m_statistics.stored += count;
        m_keptBytes += bytes;
        if (m_countsBytes.load(std::memory_order_relaxed))
            m_statistics.pendingBytes += bytes - bytesOf(events);
        if (m_isTraced)
            trace(section, events, stored, call, {});
        if (call->upstream && call->upstream->waitsForTheEnd())
            waiting = call->upstream;
        else if (call->upstream)
            tellUpstream(section, call->upstream, call, count, stored, {});
        section->signals |= Notifier::Changed;
        call->position += count;
        if (call->left() == 0)
            endCall(section, call);
        if (hasWork() || isHopperOpen() || m_stage != Stage::Open)
            kick(section.after());
    }
    if (waiting)
        waiting->noteStored(count);
    return waiting;
}

Mailbox::Kept Mailbox::kept() const
{
    const std::lock_guard lock(m_mutex);
    return {m_statistics.stored, m_keptBytes};
}

void Mailbox::addKept(qint64 count, qint64 bytes)
{
    Section section(this);
    m_statistics.offered += count;
    m_statistics.written += count;
    m_statistics.pending += count;
    m_statistics.stored += count;
    m_keptBytes += bytes;
    if (m_countsBytes.load(std::memory_order_relaxed))
        m_statistics.pendingBytes += bytes;
    section->signals |= Notifier::Changed;
}

void Mailbox::forgetKept(Section &section, qint64 count, qint64 bytes)
{
    m_statistics.stored -= count;
    m_keptBytes -= bytes;
    if (m_countsBytes.load(std::memory_order_relaxed))
        m_statistics.pendingBytes -= bytes;
    if (m_stage != Stage::Open)
        kick(section.after());
}

void Mailbox::settleKept(const Batch &batch, qint64 bytes, const CompletionRef &upstream, const Delivery &delivery)
{
    Section section(this);
    forgetKept(section, batch.size(), bytes);
    m_statistics.pendingBytes += bytesOf(batch); // It takes them off.
    account(section, batch, upstream, delivery);
    m_statistics.latency.record(std::max(now() - batch.acceptedAt(), nanoseconds(0)), batch.size());
    if (delivery.isFailure() && delivery.isClosed() && m_stage == Stage::Open)
        section.rare().closesSelf = true;
}

void Mailbox::settleKept(qint64 count, qint64 bytes, const Delivery &delivery)
{
    Section section(this);
    forgetKept(section, count, bytes);
    m_statistics.pending -= count;
    if (delivery.isFailure()) {
        m_statistics.dropped += count;
        m_statistics.lastError = delivery;
        section->signals |= Notifier::Dropped;
        section.rare().droppedCount += count;
        section.rare().lastDropped = delivery;
        warnOfDrop(section);
    } else {
        (delivery.outcome() == Delivery::Outcome::Filtered ? m_statistics.filtered : m_statistics.delivered) += count;
    }
    section->signals |= Notifier::Changed;
    if (m_statistics.pending == 0 && hopperCount() == 0)
        section->signals |= Notifier::Drained;
    checkRoom(section.after());
}

} // namespace Qanat
