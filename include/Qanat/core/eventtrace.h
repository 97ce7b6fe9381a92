// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_EVENTTRACE_H
#define QANAT_CORE_EVENTTRACE_H

#include <Qanat/core/batch.h>
#include <Qanat/core/delivery.h>
#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qlist.h>

#include <chrono>
#include <memory>

namespace Qanat {

class Sink;
class TraceState;

/*!
 * What became of the events at a sink and at all behind it: for who looks for one of them.
 *
 * \code
 * EventTrace trace(&events);
 * // ... and now and then:
 * for (const EventTrace::Record &record : trace.take())
 *     qInfo() << record.sink << record.outcome << record.events.size();
 * \endcode
 *
 * Each sink's outcomes are noted, those of attempts too, for as many events as go together, just after the sink has given
 * them; PipelineNode::identity tells which sink it was. It only watches: it keeps no more than its capacity,
 * and what comes beyond that before the next take() is counted only: of a flood its beginning is known, and what became of that. It costs a sink
 * one short lock for each of its batches; where nothing is traced, nothing.
 *
 * Sinks that are added behind later are traced, too; those that are removed go on being traced.
 *
 * All functions may be called from any thread. The sink may go before this.
 */
class QANAT_CORE_EXPORT EventTrace
{
public:
    //! What a sink said of some events.
    struct Record
    {
        quintptr sink = 0; //!< Its PipelineNode::identity.
        Batch events; //!< Those that went together.
        Delivery outcome; //!< Of each of them.
        std::chrono::milliseconds time{0}; //!< When, as the time since 1970 by the clock of the sink.
        std::chrono::nanoseconds duration{0}; //!< Since the sink accepted them.
    };

    //! How many events are kept where nothing else is said.
    static constexpr qsizetype DefaultCapacity = 10'000;

    //! Begins to trace \a root and all behind it. \a capacity is in events, an event of several records counts for each; less than 1 counts as 1.
    explicit EventTrace(Sink *root, qsizetype capacity = DefaultCapacity);
    //! Nothing is traced any more.
    ~EventTrace();
    Q_DISABLE_COPY_MOVE(EventTrace)

    //! What was noted since the last call, the oldest first.
    [[nodiscard]] QList<Record> take();
    //! Events of records for which there was no room, since the beginning.
    [[nodiscard]] qint64 lost() const;

private:
    const std::shared_ptr<TraceState> m_state;
};

} // namespace Qanat

#endif
