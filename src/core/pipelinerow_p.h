// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_PIPELINEROW_P_H
#define QANAT_CORE_PIPELINEROW_P_H

#include "Qanat/core/pipelinemodel.h"
#include "Qanat/core/pipelinenode.h"

#include <bitset>
#include <memory>
#include <utility>
#include <vector>

namespace Qanat {

// The identity of a sink, and which of the siblings with that identity it is.
using PipelineKey = std::pair<quintptr, int>;

// Of each node of a list.
std::vector<PipelineKey> keysOf(const QList<PipelineNode> &nodes);

/*
 * A row of a PipelineModel: a sink in one place, as the last picture has it, and what the columns show of it.
 */
class PipelineRow
{
public:
    // A bit for each column, and one for the statistics as a whole.
    using Changes = std::bitset<PipelineModel::ColumnCount + 1>;
    static constexpr size_t StatisticsBit = PipelineModel::ColumnCount;

    // What all roots are below.
    PipelineRow() = default;
    // With the rows of all that is behind it.
    PipelineRow(PipelineRow *parent, PipelineKey key, const PipelineNode &node);
    ~PipelineRow();
    Q_DISABLE_COPY_MOVE(PipelineRow)

    PipelineRow *parent() const { return m_parent; }
    int position() const { return m_position; }
    const PipelineKey &key() const { return m_key; }
    const Statistics &statistics() const { return m_node.statistics; }

    QVariant value(PipelineModel::Column column) const;
    QString text(PipelineModel::Column column) const;
    QString activityReason() const { return m_node.activityReason; }
    QString errorText() const { return m_node.statistics.lastError.errorText(); }

    // Takes everything of a newer picture but what is behind the sink.
    Changes take(const PipelineNode &node);

    int childCount() const { return int(m_children.size()); }
    PipelineRow *child(int position) const { return m_children[size_t(position)].get(); }
    void insert(int position, std::vector<std::unique_ptr<PipelineRow>> children);
    std::vector<std::unique_ptr<PipelineRow>> remove(int first, int last);
    // As QAbstractItemModel::moveRow() counts: to before the one that is at \a to now.
    void move(int from, int to);

private:
    void setNode(const PipelineNode &node);
    void setPositions(int first);
    QString name() const { return m_node.name.isEmpty() ? m_node.kind : m_node.name; }

    PipelineRow *const m_parent = nullptr;
    const PipelineKey m_key;
    int m_position = 0;
    PipelineNode m_node; // Without what is behind it.
    std::chrono::nanoseconds m_median{0};
    std::chrono::nanoseconds m_percentile99{0};
    std::vector<std::unique_ptr<PipelineRow>> m_children;
};

} // namespace Qanat

#endif
