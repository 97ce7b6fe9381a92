// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_MANUALCLOCK_H
#define QANAT_TESTING_MANUALCLOCK_H

#include <Qanat/core/clock.h>
#include <Qanat/testing/qanattesting_export.h>

#include <chrono>
#include <memory>

namespace Qanat {

class ManualClockPrivate;

/*!
 * A clock that stands still until a test moves it, so that no test of a wait has to wait.
 *
 * \code
 * const auto clock = std::make_shared<ManualClock>();
 * queue.setClock(clock);
 * queue.write(event);
 * QVERIFY(clock->waitForWaiter()); // The retry waits for its next try.
 * clock->advance(1s);
 * \endcode
 *
 * All functions may be called from any thread.
 */
class QANAT_TESTING_EXPORT ManualClock : public Clock
{
public:
    //! It begins at one hour, on 2026-01-01 UTC by the wall clock.
    ManualClock();
    ~ManualClock() override;

    std::chrono::nanoseconds now() const override;
    std::chrono::milliseconds wallClock() const override;

    //! Time passes, by the wall clock too. Those whose wait is over go on, in their own threads. Negative times count as zero.
    void advance(std::chrono::nanoseconds by);
    //! Time passes until the next wait is over; false if nobody waits.
    bool advanceToNextDue();
    //! Time passes as while a machine sleeps: nobody is told, and those who wait find out when they next look.
    void suspend(std::chrono::nanoseconds length);
    //! The wall clock is set, and now() goes on as if nothing had happened.
    void setWallClock(std::chrono::milliseconds sinceEpoch);

    //! Blocks, without an event loop, until somebody in another thread waits by this clock; false if nobody did within \a timeout.
    [[nodiscard]] bool waitForWaiter(std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;

private:
    const std::unique_ptr<ManualClockPrivate> d;
};

} // namespace Qanat

#endif
