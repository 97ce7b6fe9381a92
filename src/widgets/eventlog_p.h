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
    // Those that have to say a last word: what is behind a broadcaster, else the sink itself.
    using Branches = QSet<quintptr>;
    struct Row
    {
        Event event;
        std::shared_ptr<const Branches> branches; // As they were when it came.
        QHash<quintptr, Delivery::Outcome> words; // The last that each of them said.
        QList<EventLogModel::Step> steps;
        int droppedCount = 0; // Of the words.
        int deliveredCount = 0;
        bool hasFailed = false; // An attempt has.
        bool isUncertain = false; // Words may be missing.
        EventLogModel::Fate fate = EventLogModel::Fate::UnderWay;
    };

    // The sinks as they are now. Answers the numbers of rows that look different: of those that are gone nobody hears any more.
    QSet<qint64> setPipeline(const PipelineNode &root);
    // Whether an event that is new to it begins with the word of that sink.
    bool makesRows(quintptr sink) const { return !m_fansOut || sink == m_root; }
    bool knows(quintptr sink) const { return m_names.contains(sink); }

    // Of rows that are not through yet words may have been missed. Answers the numbers of those that look different now.
    QSet<qint64> noteGap();
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
    void take(Row &row, const EventTrace::Record &record) const;
    void setFate(Row &row) const;
    template<typename Change>
    QSet<qint64> changeRows(Change change);

    std::deque<Row> m_rows;
    qint64 m_first = 0;
    QHash<Key, qint64> m_numbers; // Of events that are the same, the last.
    QHash<quintptr, QString> m_names;
    std::shared_ptr<const Branches> m_branches = std::make_shared<Branches>();
    quintptr m_root = 0;
    bool m_fansOut = false; // The root, or what is behind it: its own word comes before the last ones.
    qsizetype m_stepCount = 0; // Of all rows.
};

} // namespace Qanat

#endif
