// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_PIPELINENODE_H
#define QANAT_CORE_PIPELINENODE_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/statistics.h>

#include <QtCore/qlist.h>

namespace Qanat {

/*!
 * A picture of a sink and of those behind it, taken at one moment: a value that can be walked and printed in any thread.
 *
 * It holds names, states and counters, never an event.
 */
class QANAT_CORE_EXPORT PipelineNode
{
    Q_GADGET
public:
    //! How far a sink has come in its life; it never goes back.
    enum class State : quint8 {
        Open, //!< Accepts events.
        Closing, //!< Accepts nothing more; what was accepted is being delivered.
        Closed, //!< Terminal.
    };
    Q_ENUM(State)

    QString kind; //!< The class, without its namespace.
    QString name; //!< The objectName().
    State state = State::Open; //!< At that moment, as the counters.
    Statistics statistics; //!< Each sink's own snapshot: that of the next one is a moment later.
    QList<PipelineNode> targets; //!< The target of a wrapper, or the sinks of a broadcaster.
    //! The same number as long as it is the same sink, and for the same sink in two places; never that of another.
    quintptr identity = 0;

    //! A line for each sink, indented by its place.
    [[nodiscard]] QString toString() const;
};

} // namespace Qanat

#endif
