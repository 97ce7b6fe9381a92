// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "memory_p.h"

#include "chunk_p.h"

#include <algorithm>

namespace Qanat {

namespace {

// Takes from the front what is too much or too old. Answers how many are left.
qint64 trim(std::deque<Batch> &batches, qint64 count, qint64 most, std::chrono::milliseconds age,
            std::chrono::nanoseconds now)
{
    age = std::max(age, std::chrono::milliseconds(0));
    // Compared in milliseconds: the greatest of them are more than the nanoseconds can hold.
    const bool mayBeOld = age < std::chrono::duration_cast<std::chrono::milliseconds>(now);
    const auto isOld = [&](const Batch &batch) { return mayBeOld && batch.acceptedAt() < now - age; };
    most = std::max(most, qint64(0));
    while (!batches.empty() && (count - batches.front().size() >= most || isOld(batches.front()))) {
        count -= batches.front().size();
        batches.pop_front();
    }
    if (count > most) {
        batches.front() = BatchBuilder::compacted(batches.front().mid(qsizetype(count - most)));
        count = most;
    }
    return count;
}

} // namespace

void Memory::setHistory(const History &history, std::chrono::nanoseconds now)
{
    m_history = history;
    m_count = trim(m_batches, m_count, m_history.events, m_history.age, now);
}

void Memory::add(const Batch &batch, std::chrono::nanoseconds now)
{
    m_batches.push_back(BatchBuilder::compacted(batch));
    m_count = trim(m_batches, m_count + batch.size(), m_history.events, m_history.age, now);
}

std::deque<Batch> Memory::recall(const Replay &replay, std::chrono::nanoseconds now) const
{
    std::deque<Batch> batches = m_batches;
    trim(batches, m_count, std::min(replay.events, m_history.events), std::min(replay.age, m_history.age), now);
    return batches;
}

} // namespace Qanat
