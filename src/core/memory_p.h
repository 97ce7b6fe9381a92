// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_MEMORY_P_H
#define QANAT_CORE_MEMORY_P_H

#include "Qanat/core/batch.h"
#include "Qanat/core/history.h"
#include "Qanat/core/replay.h"

#include <deque>

namespace Qanat {

// What a broadcaster remembers: the batches themselves, so that remembering costs a reference for each.
class Memory
{
public:
    bool isWanted() const { return m_history.events > 0; }
    void setHistory(const History &history, std::chrono::nanoseconds now);
    void add(const Batch &batch, std::chrono::nanoseconds now);
    // In the order of the writes.
    std::deque<Batch> recall(const Replay &replay, std::chrono::nanoseconds now) const;

private:
    History m_history;
    std::deque<Batch> m_batches;
    qint64 m_count = 0;
};

} // namespace Qanat

#endif
