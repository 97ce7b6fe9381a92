// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_PIPELINENODE_H
#define QANAT_CORE_PIPELINENODE_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/statistics.h>

#include <QtCore/qlist.h>

#include <chrono>

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

    //! What a sink that is not closed is at, as far as it says.
    enum class Activity : quint8 {
        Flowing, //!< Events go on as they come.
        BackingOff, //!< Some events wait for another try, others go on.
        Waiting, //!< Nothing is tried for a while.
        Probing, //!< One attempt is under way, and the others wait for what comes of it.
        Blocked, //!< Nothing gets through until somebody mends something.
        Paused, //!< The application holds everything.
        Disabled, //!< Everything is given up at once.
    };
    Q_ENUM(Activity)

    QString kind; //!< The class, without its namespace.
    QString name; //!< The objectName().
    State state = State::Open; //!< At that moment, as all that follows.
    Activity activity = Activity::Flowing; //!< Of one that is closed it says nothing.
    std::chrono::nanoseconds nextAttempt{
        0}; //!< How long until something is tried again; zero where nothing waits for a time.
    QString activityReason; //!< Why it is at that, for people, where it says so.
    Statistics statistics; //!< Each sink's own snapshot: that of the next one is a moment later.
    //! Whether its outcomes say only that it has handed on, as those of a Broadcaster: its targets have outcomes of their own.
    bool fansOut = false;
    QList<PipelineNode> targets; //!< The target of a wrapper, or the sinks of a broadcaster.
    //! The same number as long as it is the same sink, and for the same sink in two places; never that of another.
    quintptr identity = 0;

    //! A line for each sink, indented by its place.
    [[nodiscard]] QString toString() const;
};

} // namespace Qanat

#endif
