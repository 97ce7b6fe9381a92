// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pump_p.h"

#include "Qanat/core/clock.h"
#include "hotpath_p.h"

#include <chrono>
#include <thread>

namespace Qanat {

namespace {

// After this long the thread's own timers and sockets get their turn.
constexpr std::chrono::milliseconds Slice(4);
// As long as several wake-ups take, and too short for anybody to notice.
constexpr std::chrono::microseconds Lingering(50);

// That of the thread below, without a destructor, which would make each look cost a call.
thread_local const Pump *currentPump = nullptr;

// Retires the pump when the thread ends.
struct ThreadPump
{
    std::shared_ptr<Pump> pump;
    ~ThreadPump()
    {
        if (pump)
            pump->retire();
        currentPump = nullptr;
    }
};

thread_local ThreadPump threadPump;
thread_local bool libraryThread = false;

} // namespace

class PumpReceiver
    : public QObject
    , public PumpWaker
{
    Q_OBJECT
public:
    explicit PumpReceiver(Pump *pump)
        : m_pump(pump)
    {
        connect(this, &PumpReceiver::wanted, this, &PumpReceiver::run, Qt::QueuedConnection);
    }

    void summon() override { Q_EMIT wanted(); }

Q_SIGNALS:
    void wanted();

private:
    void run()
    {
        const std::shared_ptr<Pump> pump = m_pump->shared_from_this();
        pump->run();
    }

    Pump *const m_pump;
};

PumpTask::~PumpTask() = default;

void PumpTask::deferred() { }

std::shared_ptr<Pump> Pump::current()
{
    if (!threadPump.pump)
        std::make_shared<Pump>(Thread::Foreign)->attach();
    return threadPump.pump;
}

bool Pump::isLibraryThread()
{
    return libraryThread;
}

Pump::Pump(Thread thread)
    : m_thread(thread)
    , m_lastLook{Clock::system().get()}
{
}

Pump::~Pump() = default;

void Pump::attach(PumpWaker *waker)
{
    threadPump.pump = shared_from_this();
    currentPump = this;
    libraryThread = m_thread == Thread::Library;
    if (!waker) {
        m_receiver = std::make_unique<PumpReceiver>(this);
        waker = m_receiver.get();
    }
    PumpWaker *woken = nullptr;
    {
        const std::lock_guard lock(m_mutex);
        m_waker = waker;
        if (!m_ready.empty())
            woken = takeWake();
    }
    wake(woken);
}

void Pump::retire()
{
    std::vector<std::shared_ptr<PumpTask>> left;
    {
        const std::lock_guard lock(m_mutex);
        m_waker = nullptr;
        left.swap(m_ready);
        left.insert(left.end(), m_lingering.begin(), m_lingering.end());
        m_lingering.clear();
        left.insert(left.end(), m_taken.begin() + qsizetype(m_next), m_taken.end());
        m_taken.clear();
        m_next = 0;
    }
    // Whoever found it there a moment ago is about to be done.
    while (m_wakers.load(std::memory_order_acquire) > 0)
        std::this_thread::yield();
    m_receiver.reset();
}

void Pump::wakeAnew()
{
    PumpWaker *waker = nullptr;
    {
        const std::lock_guard lock(m_mutex);
        m_woken = false;
        waker = takeWake();
    }
    wake(waker);
}

bool Pump::isCurrent() const
{
    return currentPump == this;
}

QANAT_HOT_PATH void Pump::schedule(std::shared_ptr<PumpTask> task)
{
    PumpWaker *waker = nullptr;
    {
        const std::lock_guard lock(m_mutex);
        m_ready.push_back(std::move(task));
        waker = takeWake();
        if (m_isLingering)
            m_interrupted.notify_one();
    }
    wake(waker);
}

void Pump::linger(const std::shared_ptr<PumpTask> &task)
{
    m_lingering.push_back(task);
}

// With the mutex: the waker, if the thread has to be woken. It stays until it is.
QANAT_HOT_PATH PumpWaker *Pump::takeWake()
{
    if (m_woken || !m_waker)
        return nullptr;
    m_woken = true;
    m_wakers.fetch_add(1, std::memory_order_relaxed);
    return m_waker;
}

// Without the mutex, or the thread that wakes up would wait for it at once.
QANAT_HOT_PATH void Pump::wake(PumpWaker *waker)
{
    if (!waker)
        return;
    waker->summon();
    m_wakers.fetch_sub(1, std::memory_order_release);
}

bool Pump::isSliceOver()
{
    m_lastLook.time = m_lastLook.clock->now();
    return m_lastLook.time >= m_sliceEnd;
}

void Pump::run()
{
    // Where an event loop may run inside of a task, what is ready meanwhile needs a wake-up of its own. On the library's
    // threads that would be one too many for each run.
    const bool mayNest = m_thread == Thread::Foreign;
    m_lastLook.time = m_lastLook.clock->now();
    m_sliceEnd = m_lastLook.time + Slice;
    {
        const std::lock_guard lock(m_mutex);
        m_woken = !mayNest;
    }
    for (bool first = true;; first = false) {
        if (m_next == m_taken.size()) {
            m_taken.clear();
            m_next = 0;
            std::unique_lock lock(m_mutex);
            if (!m_lingering.empty()) {
                m_isLingering = true;
                m_interrupted.wait_for(lock, Lingering, [this] { return !m_ready.empty(); });
                m_isLingering = false;
                for (size_t i = m_ready.empty() ? 1 : 0; i < m_lingering.size(); ++i)
                    m_lingering[i]->deferred();
                // Behind what else there is to do, which takes as long as a moment.
                m_ready.insert(m_ready.end(), m_lingering.begin(), m_lingering.end());
                m_lingering.clear();
            }
            m_taken.swap(m_ready);
            if (m_taken.empty()) {
                if (!mayNest)
                    m_woken = false;
                return;
            }
        }
        const bool isOver = !first && isSliceOver();
        if (isOver || (mayNest && m_next + 1 < m_taken.size())) {
            PumpWaker *waker = nullptr;
            {
                const std::lock_guard lock(m_mutex);
                m_woken = m_woken && mayNest;
                waker = takeWake();
            }
            wake(waker);
            if (isOver) {
                for (size_t i = m_next; i < m_taken.size(); ++i)
                    m_taken[i]->deferred();
                return;
            }
        }
        const std::shared_ptr<PumpTask> task = std::move(m_taken[m_next++]);
        task->run();
    }
}

} // namespace Qanat

#include "pump.moc"
