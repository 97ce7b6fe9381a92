// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_CLOCK_H
#define QANAT_CORE_CLOCK_H

#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qglobal.h>

#include <chrono>
#include <memory>
#include <optional>

namespace Qanat {

class ClockPrivate;

/*!
 * Where a sink takes the time from, and by which it waits.
 *
 * The system's clock runs on during suspend. Tests give a sink one that they move by hand (ManualClock of Qanat::Testing).
 * A clock may be shared by any number of sinks in any threads; its functions are called from all of them.
 */
class QANAT_CORE_EXPORT Clock
{
public:
    virtual ~Clock();
    Q_DISABLE_COPY_MOVE(Clock)

    //! A time that never goes back and does not follow the wall clock. Any thread.
    [[nodiscard]] virtual std::chrono::nanoseconds now() const = 0;
    //! Milliseconds since 1970 by the wall clock, which may jump. Any thread.
    [[nodiscard]] virtual std::chrono::milliseconds wallClock() const = 0;

    //! CLOCK_BOOTTIME where there is one, else the monotonic clock.
    [[nodiscard]] static std::shared_ptr<Clock> system();

    //! When the next of those who wait by this clock wants to be woken; nothing if nobody waits. Any thread.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> nextDue() const;

protected:
    Clock();
    //! To be called after the time was changed by hand: everybody who waits looks at it again, in its own thread.
    void reviewWaits();

private:
    friend class TimerState;
    const std::unique_ptr<ClockPrivate> d;
};

} // namespace Qanat

#endif
