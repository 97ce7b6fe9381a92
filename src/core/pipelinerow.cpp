// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pipelinerow_p.h"

#include "Qanat/core/duration.h"

#include <QtCore/qhash.h>
#include <QtCore/qlocale.h>

#include <algorithm>
#include <iterator>

namespace Qanat {

using Column = PipelineModel::Column;
using std::chrono::nanoseconds;

namespace {

// The columns that are a counter.
qint64 Statistics::*counterOf(Column column)
{
    switch (column) {
    case Column::Pending:
        return &Statistics::pending;
    case Column::Written:
        return &Statistics::written;
    case Column::Delivered:
        return &Statistics::delivered;
    case Column::Filtered:
        return &Statistics::filtered;
    case Column::Dropped:
        return &Statistics::dropped;
    case Column::Rejected:
        return &Statistics::rejected;
    case Column::Failed:
        return &Statistics::failed;
    case Column::Retried:
        return &Statistics::retried;
    default:
        return nullptr;
    }
}

QString textOf(PipelineNode::State state)
{
    switch (state) {
    case PipelineNode::State::Open:
        return PipelineModel::tr("Open");
    case PipelineNode::State::Closing:
        return PipelineModel::tr("Closing");
    case PipelineNode::State::Closed:
        return PipelineModel::tr("Closed");
    }
    return {};
}

QString textOf(PipelineNode::Activity activity)
{
    using Activity = PipelineNode::Activity;
    switch (activity) {
    case Activity::Flowing:
        return PipelineModel::tr("Flowing");
    case Activity::BackingOff:
        return PipelineModel::tr("Backing off");
    case Activity::Waiting:
        return PipelineModel::tr("Waiting");
    case Activity::Probing:
        return PipelineModel::tr("Probing");
    case Activity::Blocked:
        return PipelineModel::tr("Blocked");
    case Activity::Paused:
        return PipelineModel::tr("Paused");
    case Activity::Disabled:
        return PipelineModel::tr("Disabled");
    }
    return {};
}

QString textOf(nanoseconds latency)
{
    if (latency == nanoseconds(0))
        return {};
    // The bucket that has no end.
    if (latency == nanoseconds::max())
        return PipelineModel::tr("over %1").arg(
            textOf(LatencyHistogram::upperBound(LatencyHistogram::BucketCount - 2)));
    return durationText(latency);
}

} // namespace

std::vector<PipelineKey> keysOf(const QList<PipelineNode> &nodes)
{
    std::vector<PipelineKey> keys;
    keys.reserve(size_t(nodes.size()));
    QHash<quintptr, int> seen;
    for (const PipelineNode &node : nodes)
        keys.emplace_back(node.identity, seen[node.identity]++);
    return keys;
}

PipelineRow::PipelineRow(PipelineRow *parent, PipelineKey key, const PipelineNode &node)
    : m_parent(parent)
    , m_key(std::move(key))
{
    setNode(node);
    const std::vector<PipelineKey> keys = keysOf(node.targets);
    m_children.reserve(keys.size());
    for (qsizetype i = 0; i < node.targets.size(); ++i)
        m_children.push_back(std::make_unique<PipelineRow>(this, keys[size_t(i)], node.targets[i]));
    setPositions(0);
}

PipelineRow::~PipelineRow() = default;

QVariant PipelineRow::value(Column column) const
{
    if (const auto counter = counterOf(column))
        return m_node.statistics.*counter;
    switch (column) {
    case Column::Name:
        return name();
    case Column::Kind:
        return m_node.kind;
    case Column::State:
        return int(m_node.state);
    case Column::Activity:
        return int(m_node.activity);
    case Column::NextAttempt:
        return qint64(m_node.nextAttempt.count());
    case Column::LatencyMedian:
        return qint64(m_median.count());
    case Column::LatencyPercentile99:
        return qint64(m_percentile99.count());
    case Column::LastError:
        return int(m_node.statistics.lastError.error());
    default:
        return {};
    }
}

QString PipelineRow::text(Column column) const
{
    if (const auto counter = counterOf(column))
        return QLocale().toString(m_node.statistics.*counter);
    switch (column) {
    case Column::Name:
        return name();
    case Column::Kind:
        return m_node.kind;
    case Column::State:
        return textOf(m_node.state);
    case Column::Activity:
        return textOf(m_node.activity);
    case Column::NextAttempt:
        return textOf(m_node.nextAttempt);
    case Column::LatencyMedian:
        return textOf(m_median);
    case Column::LatencyPercentile99:
        return textOf(m_percentile99);
    case Column::LastError:
        return m_node.statistics.lastError.isFailure() ? m_node.statistics.lastError.toString() : QString();
    default:
        return {};
    }
}

PipelineRow::Changes PipelineRow::take(const PipelineNode &node)
{
    Changes changes;
    const bool differs = node.statistics != m_node.statistics;
    if (!differs && node.state == m_node.state && node.activity == m_node.activity
        && node.nextAttempt == m_node.nextAttempt && node.activityReason == m_node.activityReason
        && node.name == m_node.name && node.kind == m_node.kind)
        return changes;
    const Statistics old = m_node.statistics;
    const QString oldName = name();
    const QString oldKind = m_node.kind;
    const PipelineNode::State oldState = m_node.state;
    const PipelineNode::Activity oldActivity = m_node.activity;
    const nanoseconds oldNextAttempt = m_node.nextAttempt;
    const QString oldReason = m_node.activityReason;
    const nanoseconds oldMedian = m_median;
    const nanoseconds oldPercentile99 = m_percentile99;
    setNode(node);

    const auto note = [&changes](Column column, bool isChanged) { changes.set(size_t(column), isChanged); };
    for (int column = 0; column < PipelineModel::ColumnCount; ++column) {
        if (const auto counter = counterOf(Column(column)))
            note(Column(column), old.*counter != m_node.statistics.*counter);
    }
    note(Column::Name, oldName != name());
    note(Column::Kind, oldKind != m_node.kind);
    note(Column::State, oldState != m_node.state);
    note(Column::Activity, oldActivity != m_node.activity || oldReason != m_node.activityReason);
    note(Column::NextAttempt, oldNextAttempt != m_node.nextAttempt);
    note(Column::LatencyMedian, oldMedian != m_median);
    note(Column::LatencyPercentile99, oldPercentile99 != m_percentile99);
    note(Column::LastError, old.lastError != m_node.statistics.lastError);
    changes.set(StatisticsBit, differs);
    return changes;
}

void PipelineRow::insert(int position, std::vector<std::unique_ptr<PipelineRow>> children)
{
    m_children.insert(m_children.begin() + position, std::make_move_iterator(children.begin()),
                      std::make_move_iterator(children.end()));
    setPositions(position);
}

std::vector<std::unique_ptr<PipelineRow>> PipelineRow::remove(int first, int last)
{
    const auto begin = m_children.begin() + first;
    const auto end = m_children.begin() + last + 1;
    std::vector<std::unique_ptr<PipelineRow>> removed(std::make_move_iterator(begin), std::make_move_iterator(end));
    m_children.erase(begin, end);
    setPositions(first);
    return removed;
}

void PipelineRow::move(int from, int to)
{
    const auto begin = m_children.begin();
    if (from < to)
        std::rotate(begin + from, begin + from + 1, begin + to);
    else
        std::rotate(begin + to, begin + from, begin + from + 1);
    setPositions(std::min(from, to));
}

void PipelineRow::setNode(const PipelineNode &node)
{
    if (node.statistics.latency != m_node.statistics.latency) {
        m_median = node.statistics.latency.percentile(0.5);
        m_percentile99 = node.statistics.latency.percentile(0.99);
    }
    m_node.kind = node.kind;
    m_node.name = node.name;
    m_node.state = node.state;
    m_node.activity = node.activity;
    m_node.nextAttempt = node.nextAttempt;
    m_node.activityReason = node.activityReason;
    m_node.statistics = node.statistics;
    m_node.identity = node.identity;
}

void PipelineRow::setPositions(int first)
{
    for (int i = first; i < childCount(); ++i)
        m_children[size_t(i)]->m_position = i;
}

} // namespace Qanat
