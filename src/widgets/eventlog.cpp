// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "eventlog_p.h"

#include <algorithm>

namespace Qanat {

using Fate = EventLogModel::Fate;

namespace {

void noteNames(const PipelineNode &node, QHash<quintptr, QString> &names)
{
    names.insert(node.identity, node.name.isEmpty() ? node.kind : node.name);
    for (const PipelineNode &target : node.targets)
        noteNames(target, names);
}

} // namespace

void EventLog::setPipeline(const PipelineNode &root)
{
    m_names.clear();
    noteNames(root, m_names);
    // A wrapper passes on what its target says; a broadcaster says only that it has handed it on.
    Branches branches;
    for (const PipelineNode &target : root.targets)
        branches.insert(target.identity);
    if (branches.isEmpty())
        branches.insert(root.identity);
    if (branches != *m_branches)
        m_branches = std::make_shared<Branches>(std::move(branches));
}

std::optional<qint64> EventLog::note(const EventTrace::Record &record, const Event &event, NewRows newRows)
{
    const Key key = keyOf(event);
    const auto known = m_numbers.constFind(key);
    if (known == m_numbers.constEnd() && newRows == NewRows::Unwanted)
        return std::nullopt;
    qint64 number = m_first + size();
    if (known != m_numbers.constEnd()) {
        number = *known;
    } else {
        Row row;
        row.event = event;
        row.branches = m_branches;
        m_rows.push_back(std::move(row));
        m_numbers.insert(key, number);
    }
    Row &row = m_rows[size_t(number - m_first)];
    row.steps.append({record.sink, m_names.value(record.sink), record.outcome,
                      QDateTime::fromMSecsSinceEpoch(record.time.count(), Qt::UTC), record.duration});
    ++m_stepCount;
    take(row, record);
    return number;
}

void EventLog::dropFirst(qsizetype count)
{
    for (; count > 0; --count) {
        const auto number = m_numbers.constFind(keyOf(m_rows.front().event));
        if (number != m_numbers.constEnd() && *number == m_first)
            m_numbers.erase(number);
        m_stepCount -= m_rows.front().steps.size();
        m_rows.pop_front();
        ++m_first;
    }
}

qsizetype EventLog::excess(qsizetype capacity) const
{
    constexpr qsizetype MostSteps = 250'000;
    qsizetype count = std::max(size() - capacity, qsizetype(0));
    qsizetype steps = m_stepCount;
    for (qsizetype i = 0; i < size() - 1 && (i < count || steps > MostSteps); ++i) {
        steps -= at(i).steps.size();
        count = std::max(count, i + 1);
    }
    return count;
}

// What the record adds to what is known.
void EventLog::take(Row &row, const EventTrace::Record &record)
{
    if (row.fate == Fate::Dropped)
        return;
    const Delivery &outcome = record.outcome;
    const bool isLast = row.branches->contains(record.sink) && !row.spoken.contains(record.sink);
    if (outcome.isFailure() && (isLast || !outcome.canRetry())) {
        row.fate = Fate::Dropped;
        return;
    }
    row.hasFailed = row.hasFailed || outcome.isFailure();
    if (isLast) {
        row.spoken.insert(record.sink);
        row.isDelivered = row.isDelivered || outcome.outcome() == Delivery::Outcome::Delivered;
    }
    if (row.spoken.size() < row.branches->size())
        row.fate = row.hasFailed ? Fate::Retrying : Fate::UnderWay;
    else
        row.fate = row.isDelivered ? Fate::Delivered : Fate::Filtered;
}

} // namespace Qanat
