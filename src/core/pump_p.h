// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_PUMP_P_H
#define QANAT_CORE_PUMP_P_H

#include "moment_p.h"

#include <QtCore/qobject.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace Qanat {

// Something that has work to do in the thread of a pump.
class PumpTask : public std::enable_shared_from_this<PumpTask>
{
public:
    virtual ~PumpTask();
    // Does a slice of the work. The pump's thread.
    virtual void run() = 0;
    // Other things come before its run. The pump's thread.
    virtual void deferred();
};

// Makes the thread of a pump call Pump::run(). Any thread.
class PumpWaker
{
public:
    virtual void summon() = 0;

protected:
    PumpWaker() = default;
    ~PumpWaker() = default;
    Q_DISABLE_COPY_MOVE(PumpWaker)
};

class PumpReceiver;

/*
 * Brings tasks into one thread: one wake-up for the thread, without payload, and a list of the tasks that are ready. The tasks
 * cross under a std::mutex. A thread of the library may bring its own waker; any other is woken through a queued connection.
 *
 * A pump may be fed before its thread runs and after it has ended: then the tasks wait, or are never run.
 */
class Pump : public std::enable_shared_from_this<Pump>
{
public:
    enum class Thread : quint8 {
        Foreign, // A thread of the application, which may run event loops inside of each other.
        Library, // A thread of the library, where nobody may wait for a worker.
    };

    // That of the current thread, made where there is none.
    static std::shared_ptr<Pump> current();
    // Whether the current thread belongs to the library.
    static bool isLibraryThread();

    explicit Pump(Thread thread);
    ~Pump();
    Q_DISABLE_COPY_MOVE(Pump)

    // Makes it the pump of the current thread, which \a waker wakes if there is one; until the thread ends or retire() is called.
    void attach(PumpWaker *waker = nullptr);
    void retire();
    // What is ready. The pump's thread, when it was summoned.
    void run();

    // Any thread.

    // A wake-up may have been lost: there was no QCoreApplication to deliver it.
    void wakeAnew();
    void schedule(std::shared_ptr<PumpTask> task);
    bool isCurrent() const;
    // Whether it is time to let the thread do other things. The pump's thread, inside of a task.
    bool isSliceOver();
    // When that was asked the last time, which was before this task or in it.
    const Moment &lastLook() const { return m_lastLook; }
    // Runs the task once more in a moment, and lets the thread wait for that moment. Only on threads of the library; the
    // pump's thread, inside of a task.
    void linger(const std::shared_ptr<PumpTask> &task);

private:
    PumpWaker *takeWake();
    void wake(PumpWaker *waker);

    std::mutex m_mutex;
    std::vector<std::shared_ptr<PumpTask>> m_ready;
    PumpWaker *m_waker = nullptr;
    bool m_woken = false;
    bool m_isLingering = false;
    std::condition_variable m_interrupted;
    std::atomic<int> m_wakers{0};
    const Thread m_thread;

    // Only the pump's thread; what others write must not take it out of its cache:
    alignas(64) std::unique_ptr<PumpReceiver> m_receiver;
    std::vector<std::shared_ptr<PumpTask>> m_taken;
    size_t m_next = 0;
    std::vector<std::shared_ptr<PumpTask>> m_lingering;
    Moment m_lastLook;
    std::chrono::nanoseconds m_sliceEnd{0};
};

} // namespace Qanat

#endif
