// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pump_p.h"

#include <chrono>

namespace Qanat {

namespace {

// After this long the thread's own timers and sockets get their turn.
constexpr std::chrono::milliseconds Slice(4);

// Retires the pump when the thread ends.
struct ThreadPump
{
    std::shared_ptr<Pump> pump;
    ~ThreadPump()
    {
        if (pump)
            pump->retire();
    }
};

thread_local ThreadPump threadPump;
thread_local bool libraryThread = false;

} // namespace

class PumpReceiver : public QObject
{
    Q_OBJECT
public:
    explicit PumpReceiver(Pump *pump)
        : m_pump(pump)
    {
        connect(this, &PumpReceiver::wanted, this, &PumpReceiver::run, Qt::QueuedConnection);
    }

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
{
}

Pump::~Pump() = default;

void Pump::attach()
{
    threadPump.pump = shared_from_this();
    libraryThread = m_thread == Thread::Library;
    auto *receiver = new PumpReceiver(this);
    const std::lock_guard lock(m_mutex);
    m_receiver = receiver;
    if (!m_ready.empty())
        wake();
}

void Pump::retire()
{
    PumpReceiver *receiver = nullptr;
    std::vector<std::shared_ptr<PumpTask>> left;
    {
        const std::lock_guard lock(m_mutex);
        std::swap(receiver, m_receiver);
        left.swap(m_ready);
    }
    delete receiver;
}

bool Pump::isCurrent() const
{
    return threadPump.pump.get() == this;
}

void Pump::schedule(std::shared_ptr<PumpTask> task)
{
    const std::lock_guard lock(m_mutex);
    m_ready.push_back(std::move(task));
    if (!m_woken && m_receiver)
        wake();
}

// With the mutex, so that the receiver stays until the wake-up is posted.
void Pump::wake()
{
    m_woken = true;
    Q_EMIT m_receiver->wanted();
}

bool Pump::isSliceOver() const
{
    return std::chrono::steady_clock::now() >= m_sliceEnd;
}

void Pump::run()
{
    // Where an event loop may run inside of a task, what is ready meanwhile needs a wake-up of its own. On the library's
    // threads that would be one too many for each run.
    const bool mayNest = m_thread == Thread::Foreign;
    m_sliceEnd = std::chrono::steady_clock::now() + Slice;
    {
        const std::lock_guard lock(m_mutex);
        m_woken = !mayNest;
    }
    for (bool first = true;; first = false) {
        if (m_next == m_taken.size()) {
            m_taken.clear();
            m_next = 0;
            const std::lock_guard lock(m_mutex);
            m_taken.swap(m_ready);
            if (m_taken.empty()) {
                if (!mayNest)
                    m_woken = false;
                return;
            }
        }
        const bool isOver = !first && isSliceOver();
        if (isOver || (mayNest && m_next + 1 < m_taken.size())) {
            const std::lock_guard lock(m_mutex);
            if (m_receiver && !(mayNest && m_woken))
                wake();
            if (isOver)
                return;
        }
        const std::shared_ptr<PumpTask> task = std::move(m_taken[m_next++]);
        task->run();
    }
}

} // namespace Qanat

#include "pump.moc"
