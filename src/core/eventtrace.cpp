// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/eventtrace.h"

#include "mailbox_p.h"
#include "sink_p.h"
#include "tracestate_p.h"

#include <algorithm>

namespace Qanat {

TraceState::TraceState(qsizetype capacity)
    : m_capacity(std::max(capacity, qsizetype(1)))
{
}

bool TraceState::watch(const std::shared_ptr<Mailbox> &mailbox)
{
    const std::lock_guard lock(m_mutex);
    if (m_isOver)
        return false;
    m_watched.push_back(mailbox);
    if (m_watched.size() >= m_enough) {
        const auto isGone = [](const auto &watched) { return watched.expired(); };
        m_watched.erase(std::remove_if(m_watched.begin(), m_watched.end(), isGone), m_watched.end());
        m_enough = 2 * m_watched.size() + 64;
    }
    return true;
}

std::vector<std::weak_ptr<Mailbox>> TraceState::end()
{
    const std::lock_guard lock(m_mutex);
    m_isOver = true;
    return std::exchange(m_watched, {});
}

void TraceState::note(EventTrace::Record record)
{
    std::vector<Batch> old; // Destroyed without the mutex.
    const qsizetype count = record.events.size();
    const qsizetype excess = std::max(count - m_capacity, qsizetype(0));
    if (excess > 0)
        record.events = record.events.mid(excess);
    const std::lock_guard lock(m_mutex);
    if (m_isOver)
        return;
    m_lost += excess;
    m_count += count - excess;
    m_records.push_back(std::move(record));
    while (m_count > m_capacity) {
        Batch &oldest = m_records.front().events;
        const qsizetype gone = std::min(m_count - m_capacity, oldest.size());
        m_lost += gone;
        m_count -= gone;
        old.push_back(oldest);
        if (gone < oldest.size())
            oldest = oldest.mid(gone);
        else
            m_records.pop_front();
    }
}

QList<EventTrace::Record> TraceState::take()
{
    std::deque<EventTrace::Record> records;
    {
        const std::lock_guard lock(m_mutex);
        records.swap(m_records);
        m_count = 0;
    }
    return {records.begin(), records.end()};
}

qint64 TraceState::lost() const
{
    const std::lock_guard lock(m_mutex);
    return m_lost;
}

EventTrace::EventTrace(Sink *root, qsizetype capacity)
    : m_state(std::make_shared<TraceState>(capacity))
{
    if (root)
        SinkAccess::mailbox(*root)->addTrace(m_state);
}

EventTrace::~EventTrace()
{
    for (const auto &watched : m_state->end()) {
        if (const std::shared_ptr<Mailbox> mailbox = watched.lock())
            mailbox->removeTrace(m_state);
    }
}

QList<EventTrace::Record> EventTrace::take()
{
    return m_state->take();
}

qint64 EventTrace::lost() const
{
    return m_state->lost();
}

} // namespace Qanat
