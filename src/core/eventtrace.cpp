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

// What comes first is kept: so those that are kept have their later outcomes, too, where each came in turn.
void TraceState::note(EventTrace::Record record)
{
    const qsizetype count = record.events.size();
    const std::lock_guard lock(m_mutex);
    if (m_isOver)
        return;
    const qsizetype taken = std::min(count, m_capacity - m_count);
    m_lost += count - taken;
    if (taken == 0)
        return;
    if (taken < count)
        record.events = record.events.mid(0, taken);
    m_count += taken;
    m_records.push_back(std::move(record));
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
