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
    m_branches.clear();
    // A wrapper passes on what its target says; a broadcaster says only that it has handed it on.
    for (const PipelineNode &target : root.targets)
        m_branches.append(target.identity);
    if (m_branches.size() <= 1)
        m_branches = {m_branches.isEmpty() ? root.identity : m_branches.constFirst()};
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
        m_rows.push_back({event, m_branches, {}, Fate::UnderWay});
        m_numbers.insert(key, number);
    }
    Row &row = m_rows[size_t(number - m_first)];
    row.steps.append({record.sink, m_names.value(record.sink), record.outcome,
                      QDateTime::fromMSecsSinceEpoch(record.time.count(), Qt::UTC), record.duration});
    row.fate = fateOf(row);
    return number;
}

void EventLog::dropFirst(qsizetype count)
{
    for (; count > 0; --count) {
        const auto number = m_numbers.constFind(keyOf(m_rows.front().event));
        if (number != m_numbers.constEnd() && *number == m_first)
            m_numbers.erase(number);
        m_rows.pop_front();
        ++m_first;
    }
}

Fate EventLog::fateOf(const Row &row)
{
    bool hasFailed = false;
    bool isDelivered = false;
    QList<quintptr> silent = row.branches;
    for (const EventLogModel::Step &step : row.steps) {
        const Delivery &outcome = step.outcome;
        const bool isLast = silent.contains(step.sink);
        if (outcome.isFailure() && (isLast || !outcome.canRetry()))
            return Fate::Dropped;
        hasFailed = hasFailed || outcome.isFailure();
        if (!isLast)
            continue;
        silent.removeOne(step.sink);
        isDelivered = isDelivered || outcome.outcome() == Delivery::Outcome::Delivered;
    }
    if (!silent.isEmpty())
        return hasFailed ? Fate::Retrying : Fate::UnderWay;
    return isDelivered ? Fate::Delivered : Fate::Filtered;
}

} // namespace Qanat
