// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "measure.h"

#include <algorithm>
#include <string>

using namespace std::chrono_literals;

namespace Bench {

double nanoseconds(Time::duration duration)
{
    return double(std::chrono::nanoseconds(duration).count());
}

qint64 scaled(qint64 full)
{
    bool isNumber = false;
    const int percent = qEnvironmentVariableIntValue("QANAT_BENCH_SCALE", &isNumber);
    return std::max(qint64(1), isNumber && percent > 0 ? full * percent / 100 : full);
}

benchmark::internal::Benchmark *row(const char *name, benchmark::internal::Function *function)
{
    return benchmark::RegisterBenchmark(name, function)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
}

void note(benchmark::State &state, Time::duration spent, qint64 events)
{
    state.SetIterationTime(nanoseconds(spent) / 1e9);
    state.counters["ns"] = nanoseconds(spent) / double(events);
}

Finish::Finish(qint64 expected)
    : m_expected(expected)
{
}

void Finish::arrived(qint64 count)
{
    if (m_arrived.fetch_add(count) + count < m_expected)
        return;
    const std::lock_guard lock(m_mutex);
    m_all.notify_all();
}

bool Finish::wait()
{
    std::unique_lock lock(m_mutex);
    return m_all.wait_for(lock, 60s, [this] { return m_arrived >= m_expected; }) && m_arrived == m_expected;
}

void Finish::expect(qint64 more)
{
    m_expected += more;
}

void Samples::report(benchmark::State &state)
{
    state.counters["count"] = double(m_spent.size());
    state.counters["over_100us"] =
        double(std::count_if(m_spent.begin(), m_spent.end(), [](qint32 ns) { return ns > 100'000; }));
    state.counters["p50_ns"] = percentile(0.5);
    state.counters["p99_ns"] = percentile(0.99);
    state.counters["p999_ns"] = percentile(0.999);
    state.counters["worst_us"] = percentile(1.0) / 1000;
}

void Samples::reportHistogram(benchmark::State &state) const
{
    // All of them in each round, so that the medians of several rounds fit together.
    for (qint64 most = 32; most <= 1 << 29; most *= 2) {
        const auto count = std::count_if(m_spent.begin(), m_spent.end(), [most](qint32 ns) { return ns <= most; });
        state.counters["le_" + std::to_string(most)] = double(count);
    }
}

double Samples::percentile(double fraction)
{
    const auto place = m_spent.begin() + std::ptrdiff_t(fraction * double(m_spent.size() - 1));
    std::nth_element(m_spent.begin(), place, m_spent.end());
    return double(*place);
}

} // namespace Bench
