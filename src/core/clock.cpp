// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/clock.h"

#include "hotpath_p.h"
#include "pump_p.h"
#include "timer_p.h"

#include <QtCore/qtimer.h>

#include <algorithm>
#include <mutex>
#include <vector>

#ifdef Q_OS_LINUX
#    include <ctime>
#endif

namespace Qanat {

class ClockPrivate
{
public:
    mutable std::mutex mutex;
    std::vector<std::shared_ptr<TimerState>> waiting;
};

class TimerState final : public PumpTask
{
public:
    explicit TimerState(std::function<void()> action)
        : fire(std::move(action))
        , pump(Pump::current())
        , timer(std::make_unique<QTimer>())
    {
        timer->setSingleShot(true);
        timer->setTimerType(Qt::PreciseTimer);
        QObject::connect(timer.get(), &QTimer::timeout, timer.get(), [this] { run(); });
    }

    // Looks at the clock: fires, or waits on.
    void run() override
    {
        if (!clock)
            return;
        if (clock->now() < due) {
            wait();
            return;
        }
        const std::shared_ptr<PumpTask> alive = shared_from_this();
        leave();
        fire();
    }

    void wait()
    {
        const auto look =
            std::clamp<std::chrono::nanoseconds>(due - clock->now(), std::chrono::nanoseconds(0), LongestLook);
        timer->start(std::chrono::ceil<std::chrono::milliseconds>(look));
    }

    void join(const std::shared_ptr<Clock> &newClock, std::chrono::nanoseconds newDue)
    {
        clock = newClock;
        const std::lock_guard lock(clock->d->mutex);
        due = newDue;
        clock->d->waiting.push_back(std::static_pointer_cast<TimerState>(shared_from_this()));
    }

    void leave()
    {
        if (!clock)
            return;
        timer->stop();
        {
            const std::lock_guard lock(clock->d->mutex);
            auto &waiting = clock->d->waiting;
            const auto isThis = [this](const std::shared_ptr<TimerState> &one) { return one.get() == this; };
            waiting.erase(std::remove_if(waiting.begin(), waiting.end(), isThis), waiting.end());
        }
        clock.reset();
    }

    static constexpr std::chrono::nanoseconds LongestLook = std::chrono::minutes(1);

    const std::function<void()> fire;
    const std::shared_ptr<Pump> pump;
    // Goes with the Timer, in its thread; this may be referred to a little longer.
    std::unique_ptr<QTimer> timer;
    std::shared_ptr<Clock> clock; // Set while it waits.
    std::chrono::nanoseconds due{0}; // Written with the clock's mutex.
};

Timer::Timer(std::function<void()> fire)
    : m_state(std::make_shared<TimerState>(std::move(fire)))
{
}

Timer::~Timer()
{
    stop();
    m_state->timer.reset();
}

void Timer::start(const std::shared_ptr<Clock> &clock, std::chrono::nanoseconds due)
{
    stop();
    m_state->join(clock, due);
    m_state->wait();
}

void Timer::stop()
{
    m_state->leave();
}

bool Timer::isActive() const
{
    return m_state->clock != nullptr;
}

namespace {

class SystemClock final : public Clock
{
public:
    QANAT_HOT_PATH std::chrono::nanoseconds now() const override
    {
#ifdef CLOCK_BOOTTIME
        timespec time;
        if (clock_gettime(CLOCK_BOOTTIME, &time) == 0)
            return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
#endif
        return std::chrono::steady_clock::now().time_since_epoch();
    }

    std::chrono::milliseconds wallClock() const override
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now().time_since_epoch());
    }
};

} // namespace

Clock::Clock()
    : d(std::make_unique<ClockPrivate>())
{
}

Clock::~Clock() = default;

std::shared_ptr<Clock> Clock::system()
{
    // Never destroyed: a thread that was abandoned may look at it until the process ends.
    static const auto *const clock = new std::shared_ptr<Clock>(std::make_shared<SystemClock>());
    return *clock;
}

std::optional<std::chrono::nanoseconds> Clock::nextDue() const
{
    const std::lock_guard lock(d->mutex);
    std::optional<std::chrono::nanoseconds> next;
    for (const auto &state : d->waiting) {
        if (!next || state->due < *next)
            next = state->due;
    }
    return next;
}

void Clock::reviewWaits()
{
    std::vector<std::shared_ptr<TimerState>> waiting;
    {
        const std::lock_guard lock(d->mutex);
        waiting = d->waiting;
    }
    for (const auto &state : waiting)
        state->pump->schedule(state);
}

} // namespace Qanat
