// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_TIMER_P_H
#define QANAT_CORE_TIMER_P_H

#include "Qanat/core/clock.h"

#include <functional>

namespace Qanat {

class TimerState;

/*
 * A wait by a Clock, in the thread where it is made, started, stopped and destroyed.
 *
 * The time that is left is looked at anew at least once a minute: while the machine sleeps, the timers of the event loop
 * stand still, and the clock does not.
 */
class Timer
{
public:
    explicit Timer(std::function<void()> fire);
    ~Timer();
    Q_DISABLE_COPY_MOVE(Timer)

    // At \a due by \a clock; a wait that was started before ends.
    void start(const std::shared_ptr<Clock> &clock, std::chrono::nanoseconds due);
    void stop();
    bool isActive() const;

private:
    const std::shared_ptr<TimerState> m_state;
};

} // namespace Qanat

#endif
