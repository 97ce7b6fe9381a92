// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_CREW_P_H
#define QANAT_TESTING_CREW_P_H

#include "Qanat/core/sink.h"
#include "Qanat/testing/waituntil.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace Qanat {

/*
 * Runs the same work in many threads at once, while the event loop of the thread that wants it goes on: they are made and
 * joined elsewhere, and begin together.
 */
class Crew
{
public:
    Crew(int size, std::function<void(int)> work)
        : m_foreman([this, size, work = std::move(work)] {
            std::vector<std::thread> threads;
            threads.reserve(size_t(size));
            for (int i = 0; i < size; ++i) {
                threads.emplace_back([this, i, &work] {
                    {
                        std::unique_lock lock(m_mutex);
                        m_starts.wait(lock, [this] { return m_hasStarted; });
                    }
                    work(i);
                });
            }
            {
                const std::lock_guard lock(m_mutex);
                m_hasStarted = true;
            }
            m_starts.notify_all();
            for (std::thread &thread : threads)
                thread.join();
            m_isDone = true;
        })
    {
    }
    ~Crew() { m_foreman.join(); }
    Q_DISABLE_COPY_MOVE(Crew)

    bool isDone() const { return m_isDone.load(); }
    // Runs the event loop until all have ended.
    bool wait(std::chrono::milliseconds timeout = std::chrono::seconds(60)) const
    {
        return waitUntil([this] { return isDone(); }, timeout);
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_starts;
    bool m_hasStarted = false;
    std::atomic<bool> m_isDone{false};
    std::thread m_foreman; // Last, since it uses the others.
};

// Reads the counters of a sink in another thread, all the time.
class BalanceSampler
{
public:
    explicit BalanceSampler(const Sink &sink)
        : m_thread([this, &sink] {
            while (!m_isOver.load()) {
                const Statistics statistics = sink.statistics();
                m_unbalanced += !statistics.isBalanced() || statistics.pending < 0 || statistics.inFlight < 0
                                || statistics.inFlight > statistics.pending;
                ++m_samples;
                std::this_thread::yield();
            }
        })
    {
    }
    ~BalanceSampler() { stop(); }
    Q_DISABLE_COPY_MOVE(BalanceSampler)

    void stop()
    {
        m_isOver = true;
        if (m_thread.joinable())
            m_thread.join();
    }
    int unbalanced() const { return m_unbalanced.load(); }
    int samples() const { return m_samples.load(); }

private:
    std::atomic<bool> m_isOver{false};
    std::atomic<int> m_unbalanced{0};
    std::atomic<int> m_samples{0};
    std::thread m_thread;
};

} // namespace Qanat

#endif
