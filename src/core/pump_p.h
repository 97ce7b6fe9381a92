// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_PUMP_P_H
#define QANAT_CORE_PUMP_P_H

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

class PumpReceiver;

/*
 * Brings tasks into one thread: one wake-up for the thread, through a queued connection without payload, and a list of
 * the tasks that are ready. The tasks cross under a std::mutex.
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

    // Makes it the pump of the current thread; until the thread ends or retire() is called.
    void attach();
    void retire();

    // Any thread.

    // A wake-up may have been lost: there was no QCoreApplication to deliver it.
    void wakeAnew();
    void schedule(std::shared_ptr<PumpTask> task);
    bool isCurrent() const;
    // Whether it is time to let the thread do other things. The pump's thread, inside of a task.
    bool isSliceOver() const;
    // Runs the task once more in a moment, and lets the thread wait for that moment. Only on threads of the library; the
    // pump's thread, inside of a task.
    void linger(const std::shared_ptr<PumpTask> &task);

private:
    friend class PumpReceiver;
    void run();
    PumpReceiver *takeWake();
    void wake(PumpReceiver *receiver);

    std::mutex m_mutex;
    std::vector<std::shared_ptr<PumpTask>> m_ready;
    PumpReceiver *m_receiver = nullptr;
    bool m_woken = false;
    bool m_isLingering = false;
    std::condition_variable m_interrupted;
    std::atomic<int> m_wakers{0};
    const Thread m_thread;

    // Only the pump's thread:
    std::vector<std::shared_ptr<PumpTask>> m_taken;
    size_t m_next = 0;
    std::vector<std::shared_ptr<PumpTask>> m_lingering;
    std::chrono::steady_clock::time_point m_sliceEnd;
};

} // namespace Qanat

#endif
