// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Bare condition variables: what handing something from thread to thread costs at least.

#include "../measure.h"
#include "../qanat-bench.h"

#include <array>
#include <thread>

namespace Bench {

namespace {

// A place where one thread leaves something for the next.
class Station
{
public:
    void hand(qint64 number)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_number = number;
        }
        m_changed.notify_one();
    }
    void await(qint64 number)
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [&] { return m_number >= number; });
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    qint64 m_number = 0;
};

// As many threads as an event of paced/queues:1 passes: the writer, the broadcaster's and the queue's.
void paced(benchmark::State &state)
{
    const qint64 events = scaled(20'000);
    for (auto _ : state) {
        std::array<Station, 3> stations;
        const auto pass = [&](size_t from) {
            for (qint64 i = 1; i <= events; ++i) {
                stations[from].await(i);
                stations[from + 1].hand(i);
            }
        };
        std::thread first(pass, 0);
        std::thread second(pass, 1);
        const auto begin = Time::now();
        for (qint64 i = 1; i <= events; ++i) {
            stations[0].hand(i);
            stations[2].await(i);
        }
        note(state, Time::now() - begin, events);
        first.join();
        second.join();
    }
}

} // namespace

void registerCondition()
{
    row("peer/condition/paced/queues:1", paced);
}

} // namespace Bench
