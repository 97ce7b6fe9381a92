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

bool hasFan(const PipelineNode &node)
{
    return node.fansOut || std::any_of(node.targets.begin(), node.targets.end(), hasFan);
}

// A wrapper passes on what its target says; a broadcaster says only that it has handed on.
void addBranches(const PipelineNode &node, QSet<quintptr> &branches)
{
    if (!hasFan(node)) {
        branches.insert(node.identity);
        return;
    }
    for (const PipelineNode &target : node.targets)
        addBranches(target, branches);
}

} // namespace

template<typename Change>
QSet<qint64> EventLog::changeRows(Change change)
{
    QSet<qint64> changed;
    qint64 number = m_first;
    for (Row &row : m_rows) {
        const Fate before = row.fate;
        change(row);
        if (row.fate != before)
            changed.insert(number);
        ++number;
    }
    return changed;
}

QSet<qint64> EventLog::setPipeline(const PipelineNode &root)
{
    m_names.clear();
    noteNames(root, m_names);
    m_root = root.identity;
    m_fansOut = hasFan(root);
    Branches branches;
    addBranches(root, branches);
    if (branches == *m_branches)
        return {};
    m_branches = std::make_shared<Branches>(std::move(branches));
    return changeRows([this](Row &row) { setFate(row); });
}

QSet<qint64> EventLog::noteGap()
{
    return changeRows([this](Row &row) {
        if (!std::exchange(row.isUncertain, true))
            setFate(row);
    });
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
void EventLog::take(Row &row, const EventTrace::Record &record) const
{
    using Outcome = Delivery::Outcome;
    const Delivery &outcome = record.outcome;
    row.hasFailed = row.hasFailed || outcome.isFailure();
    if (row.branches->contains(record.sink)) {
        const auto count = [&row](Outcome word, int by) {
            if (word == Outcome::Delivered)
                row.deliveredCount += by;
            else if (word == Outcome::Dropped)
                row.droppedCount += by;
        };
        // One that gave it up and was given it again may say something better.
        const Outcome word = outcome.isFailure() ? Outcome::Dropped : outcome.outcome();
        if (const auto former = row.words.constFind(record.sink); former != row.words.constEnd())
            count(*former, -1);
        row.words.insert(record.sink, word);
        count(word, 1);
    }
    setFate(row);
}

void EventLog::setFate(Row &row) const
{
    // Those that are gone say nothing more.
    const auto isGone = [this, &row](quintptr branch) { return !row.words.contains(branch) && !knows(branch); };
    if (row.droppedCount > 0)
        row.fate = Fate::Dropped;
    else if (row.words.size() >= row.branches->size())
        row.fate = row.deliveredCount > 0 ? Fate::Delivered : Fate::Filtered;
    else if (row.isUncertain
             || (row.branches != m_branches && std::any_of(row.branches->begin(), row.branches->end(), isGone)))
        row.fate = Fate::Unknown;
    else
        row.fate = row.hasFailed ? Fate::Retrying : Fate::UnderWay;
}

} // namespace Qanat
