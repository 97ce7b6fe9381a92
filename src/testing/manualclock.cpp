// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/testing/manualclock.h"

#include <QtCore/qdeadlinetimer.h>

#include <algorithm>
#include <mutex>
#include <thread>

namespace Qanat {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

class ManualClockPrivate
{
public:
    void pass(nanoseconds length)
    {
        const std::lock_guard lock(mutex);
        now += std::max(length, nanoseconds(0));
        wall += std::max(length, nanoseconds(0));
    }

    mutable std::mutex mutex;
    nanoseconds now = std::chrono::hours(1);
    nanoseconds wall = std::chrono::seconds(1767225600);
};

ManualClock::ManualClock()
    : d(std::make_unique<ManualClockPrivate>())
{
}

ManualClock::~ManualClock() = default;

nanoseconds ManualClock::now() const
{
    const std::lock_guard lock(d->mutex);
    return d->now;
}

milliseconds ManualClock::wallClock() const
{
    const std::lock_guard lock(d->mutex);
    return duration_cast<milliseconds>(d->wall);
}

void ManualClock::advance(nanoseconds by)
{
    d->pass(by);
    reviewWaits();
}

bool ManualClock::advanceToNextDue()
{
    const auto due = nextDue();
    if (!due)
        return false;
    advance(*due - now());
    return true;
}

void ManualClock::suspend(nanoseconds length)
{
    d->pass(length);
}

void ManualClock::setWallClock(milliseconds sinceEpoch)
{
    {
        const std::lock_guard lock(d->mutex);
        d->wall = sinceEpoch;
    }
    reviewWaits();
}

bool ManualClock::waitForWaiter(milliseconds timeout) const
{
    // Nobody tells a clock that it is waited for, so it is looked at again and again.
    const QDeadlineTimer deadline(timeout);
    while (!nextDue()) {
        if (deadline.hasExpired())
            return false;
        std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
}

} // namespace Qanat
