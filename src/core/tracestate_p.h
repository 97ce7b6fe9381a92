// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_TRACESTATE_P_H
#define QANAT_CORE_TRACESTATE_P_H

#include "Qanat/core/eventtrace.h"

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace Qanat {

class Mailbox;

// What an EventTrace and the mailboxes that it watches share. Thread-safe.
class TraceState
{
public:
    explicit TraceState(qsizetype capacity);

    // False once it is over; then nothing is noted.
    bool watch(const std::shared_ptr<Mailbox> &mailbox);
    // Those that have it.
    std::vector<std::weak_ptr<Mailbox>> end();

    void note(EventTrace::Record record);
    QList<EventTrace::Record> take();
    qint64 lost() const;

private:
    const qsizetype m_capacity;
    mutable std::mutex m_mutex;
    std::deque<EventTrace::Record> m_records;
    qsizetype m_count = 0; // Of their events.
    qint64 m_lost = 0;
    std::vector<std::weak_ptr<Mailbox>> m_watched;
    size_t m_enough = 64; // To look which of them are gone.
    bool m_isOver = false;
};

} // namespace Qanat

#endif
