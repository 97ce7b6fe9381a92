// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <QtCore/qglobal.h>

#include "workerdispatcher_p.h"

#include "hotpath_p.h"
#include "pump_p.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qsocketnotifier.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace Qanat {

namespace {

using std::chrono::milliseconds;
using Time = std::chrono::steady_clock;

// Wakes up a poll(). Made when the first notifier comes, since few workers ever have one.
class WakePipe
{
public:
    WakePipe()
    {
        if (::pipe(m_ends.data()) != 0)
            qFatal("Qanat: a worker cannot watch a socket: %s", qUtf8Printable(qt_error_string(errno)));
        for (const int end : m_ends) {
            ::fcntl(end, F_SETFD, FD_CLOEXEC);
            ::fcntl(end, F_SETFL, O_NONBLOCK);
        }
    }
    ~WakePipe()
    {
        for (const int end : m_ends)
            ::close(end);
    }
    Q_DISABLE_COPY_MOVE(WakePipe)

    int watched() const { return m_ends[0]; }
    void write() const
    {
        const char byte = 0;
        while (::write(m_ends[1], &byte, 1) < 0 && errno == EINTR) { }
    }
    void empty() const
    {
        std::array<char, 64> bytes;
        while (::read(m_ends[0], bytes.data(), bytes.size()) > 0) { }
    }

private:
    std::array<int, 2> m_ends{-1, -1};
};

} // namespace

class ConditionDispatcher final
    : public PumpWaker // First, since each wake-up comes that way.
    , public QAbstractEventDispatcher
{
public:
    explicit ConditionDispatcher(Pump *pump)
        : m_pump(pump)
    {
    }

    // --- Any thread

    QANAT_HOT_PATH void summon() override
    {
        m_isSummoned.store(true, std::memory_order_release);
        wakeUp();
    }
    QANAT_HOT_PATH void wakeUp() override
    {
        {
            const std::lock_guard lock(m_mutex);
            if (std::exchange(m_isWoken, true))
                return;
            if (m_isPolling) {
                m_pipe->write();
                return;
            }
        }
        // Without the mutex, or the thread would wait for it as soon as it is awake.
        m_woken.notify_one();
    }
    void interrupt() override
    {
        m_isInterrupted.store(true, std::memory_order_relaxed);
        wakeUp();
    }

    // --- The worker's thread

    bool processEvents(QEventLoop::ProcessEventsFlags flags) override
    {
        m_isInterrupted.store(false, std::memory_order_relaxed);
        Q_EMIT awake();
        bool anything = work(flags);
        const bool mayWait = flags & QEventLoop::WaitForMoreEvents;
        if (anything || !mayWait || m_isInterrupted.load(std::memory_order_relaxed))
            return anything;
        Q_EMIT aboutToBlock();
        wait(flags);
        Q_EMIT awake();
        return work(flags);
    }

    void registerSocketNotifier(QSocketNotifier *notifier) override { m_notifiers.push_back(notifier); }
    void unregisterSocketNotifier(QSocketNotifier *notifier) override
    {
        m_notifiers.erase(std::remove(m_notifiers.begin(), m_notifiers.end(), notifier), m_notifiers.end());
        std::replace(m_ready.begin(), m_ready.end(), notifier, static_cast<QSocketNotifier *>(nullptr));
    }

    void registerTimer(int timerId, qint64 interval, Qt::TimerType timerType, QObject *object) override
    {
        const milliseconds length(std::max(interval, qint64(0)));
        m_timers.push_back({TimerInfo(timerId, int(interval), timerType), object, length, Time::now() + length, false});
    }
    bool unregisterTimer(int timerId) override
    {
        return removeTimers([timerId](const Timer &timer) { return timer.info.timerId == timerId; });
    }
    bool unregisterTimers(QObject *object) override
    {
        return removeTimers([object](const Timer &timer) { return timer.object == object; });
    }
    QList<TimerInfo> registeredTimers(QObject *object) const override
    {
        QList<TimerInfo> timers;
        for (const Timer &timer : m_timers) {
            if (timer.object == object)
                timers.append(timer.info);
        }
        return timers;
    }
    int remainingTime(int timerId) override
    {
        const auto timer = find(timerId);
        if (timer == m_timers.end())
            return -1;
        return int(std::max(milliseconds(0), std::chrono::ceil<milliseconds>(timer->due - Time::now())).count());
    }

private:
    struct Timer
    {
        TimerInfo info;
        QObject *object;
        milliseconds interval;
        Time::time_point due;
        bool isFiring; // Its event is being handled, perhaps by an event loop inside of it.
    };

    std::vector<Timer>::iterator find(int timerId)
    {
        return std::find_if(m_timers.begin(), m_timers.end(),
                            [timerId](const Timer &timer) { return timer.info.timerId == timerId; });
    }
    template<typename Predicate>
    bool removeTimers(Predicate isThat)
    {
        const auto end = std::remove_if(m_timers.begin(), m_timers.end(), isThat);
        const bool any = end != m_timers.end();
        m_timers.erase(end, m_timers.end());
        return any;
    }

    // What there is to do now. Whether there was anything.
    bool work(QEventLoop::ProcessEventsFlags flags)
    {
        bool anything = false;
        {
            // Whatever comes from here on wakes it up again.
            const std::lock_guard lock(m_mutex);
            anything = std::exchange(m_isWoken, false);
        }
        QCoreApplication::sendPostedEvents();
        if (m_isSummoned.exchange(false, std::memory_order_acq_rel))
            m_pump->run();
        if (!m_timers.empty())
            anything |= fireTimers();
        if (!m_notifiers.empty() && !(flags & QEventLoop::ExcludeSocketNotifiers))
            anything |= look(Time::now()) && activate();
        return anything;
    }

    bool fireTimers()
    {
        // Those that are due now: one that is due again at once has its turn the next time.
        const Time::time_point now = Time::now();
        std::vector<int> dueTimers;
        for (const Timer &timer : m_timers) {
            if (timer.due <= now && !timer.isFiring)
                dueTimers.push_back(timer.info.timerId);
        }
        for (const int id : dueTimers) {
            const auto timer = find(id);
            if (timer == m_timers.end() || timer->isFiring)
                continue;
            timer->isFiring = true;
            timer->due = std::max(timer->due + timer->interval, now);
            QTimerEvent event(id);
            QCoreApplication::sendEvent(timer->object, &event);
            if (const auto again = find(id); again != m_timers.end())
                again->isFiring = false;
        }
        return !dueTimers.empty();
    }

    // Until something comes, or a timer is due.
    void wait(QEventLoop::ProcessEventsFlags flags)
    {
        std::optional<Time::time_point> due;
        for (const Timer &timer : m_timers) {
            if (!timer.isFiring && (!due || timer.due < *due))
                due = timer.due;
        }
        if (!m_notifiers.empty() && !(flags & QEventLoop::ExcludeSocketNotifiers)) {
            look(due);
            return;
        }
        std::unique_lock lock(m_mutex);
        const auto isWoken = [this] { return m_isWoken; };
        if (due)
            m_woken.wait_until(lock, *due, isWoken);
        else
            m_woken.wait(lock, isWoken);
    }

    // Waits for the sockets, or until something else comes. Whether a socket is ready.
    bool look(std::optional<Time::time_point> until)
    {
        m_ready.clear(); // What was not told is ready still.
        {
            const std::lock_guard lock(m_mutex);
            if (!m_pipe)
                m_pipe = std::make_unique<WakePipe>();
            m_isPolling = !m_isWoken;
        }
        std::vector<pollfd> watched{{m_pipe->watched(), POLLIN, 0}};
        for (const QSocketNotifier *notifier : m_notifiers)
            watched.push_back({int(notifier->socket()), eventsOf(notifier->type()), 0});
        int timeout = -1;
        if (!m_isPolling)
            timeout = 0;
        else if (until)
            timeout = int(std::clamp(std::chrono::ceil<milliseconds>(*until - Time::now()), milliseconds(0),
                                     milliseconds(std::chrono::minutes(10)))
                              .count());
        const int count = ::poll(watched.data(), nfds_t(watched.size()), timeout);
        {
            const std::lock_guard lock(m_mutex);
            m_isPolling = false;
        }
        if (count <= 0)
            return false;
        if (watched[0].revents)
            m_pipe->empty();
        for (size_t i = 1; i < watched.size(); ++i) {
            // What is wrong with a socket is for whoever reads or writes it to find out.
            if (watched[i].revents & (watched[i].events | POLLERR | POLLHUP | POLLNVAL))
                m_ready.push_back(m_notifiers[i - 1]);
        }
        return !m_ready.empty();
    }
    static short eventsOf(QSocketNotifier::Type type)
    {
        switch (type) {
        case QSocketNotifier::Read:
            return POLLIN;
        case QSocketNotifier::Write:
            return POLLOUT;
        case QSocketNotifier::Exception:
            break;
        }
        return POLLPRI;
    }

    bool activate()
    {
        bool any = false;
        while (!m_ready.empty()) {
            QSocketNotifier *const notifier = m_ready.back();
            m_ready.pop_back();
            if (!notifier)
                continue;
            QEvent event(QEvent::SockAct);
            QCoreApplication::sendEvent(notifier, &event);
            any = true;
        }
        return any;
    }

    Pump *const m_pump; // Of the thread, which holds it.
    std::mutex m_mutex;
    std::condition_variable m_woken;
    bool m_isWoken = false;
    bool m_isPolling = false;
    std::unique_ptr<WakePipe> m_pipe;
    std::atomic<bool> m_isSummoned{false};
    std::atomic<bool> m_isInterrupted{false};

    // Only the worker's thread:
    std::vector<Timer> m_timers;
    std::vector<QSocketNotifier *> m_notifiers;
    std::vector<QSocketNotifier *> m_ready; // Not told yet; null where one has gone meanwhile.
};

WorkerDispatcher WorkerDispatcher::create(Pump *pump)
{
    auto *dispatcher = new ConditionDispatcher(pump);
    return {dispatcher, dispatcher};
}

} // namespace Qanat
