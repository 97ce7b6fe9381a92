// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_EVENTLOG_P_H
#define QANAT_WIDGETS_EVENTLOG_P_H

#include "Qanat/core/eventtrace.h"
#include "Qanat/core/pipelinenode.h"
#include "Qanat/widgets/eventlogmodel.h"

#include <QtCore/qhash.h>
#include <QtCore/qset.h>

#include <deque>
#include <memory>
#include <optional>

namespace Qanat {

/*
 * The rows of an EventLogModel, without the model: what is known of each of the last events. Rows have numbers that never
 * change; the first is first().
 */
class EventLog
{
public:
    // Those that have to say a last word.
    using Branches = QSet<quintptr>;
    struct Row
    {
        Event event;
        std::shared_ptr<const Branches> branches; // As they were when it came.
        QSet<quintptr> spoken; // Those of them that have said it.
        QList<EventLogModel::Step> steps;
        bool hasFailed = false; // An attempt has.
        bool isDelivered = false; // Somebody has taken it.
        EventLogModel::Fate fate = EventLogModel::Fate::UnderWay;
    };

    // The sinks as they are now.
    void setPipeline(const PipelineNode &root);
    bool knows(quintptr sink) const { return m_names.contains(sink); }

    // Notes what a sink said of an event. Answers the number of its row; none where it has none, and is to have none.
    enum class NewRows : quint8 { Wanted, Unwanted };
    [[nodiscard]] std::optional<qint64> note(const EventTrace::Record &record, const Event &event, NewRows newRows);
    // Forgets the oldest rows.
    void dropFirst(qsizetype count);
    // How many of them are too many, for so many rows. Where there are very many sinks their words are what takes the memory.
    qsizetype excess(qsizetype capacity) const;

    qint64 first() const { return m_first; }
    qsizetype size() const { return qsizetype(m_rows.size()); }
    const Row &at(qsizetype position) const { return m_rows[size_t(position)]; }

private:
    using Key = std::pair<QString, QString>; // Source and id.
    static Key keyOf(const Event &event) { return {event.source(), event.id()}; }
    static void take(Row &row, const EventTrace::Record &record);

    std::deque<Row> m_rows;
    qint64 m_first = 0;
    QHash<Key, qint64> m_numbers; // Of events that are the same, the last.
    QHash<quintptr, QString> m_names;
    std::shared_ptr<const Branches> m_branches = std::make_shared<Branches>();
    qsizetype m_stepCount = 0; // Of all rows.
};

} // namespace Qanat

#endif
