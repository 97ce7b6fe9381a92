// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_MEASURE_H
#define QANAT_BENCHMARKS_MEASURE_H

#include <QtCore/qglobal.h>

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

// What all rows measure with. A row is one run of many events; its counter `ns` is what people compare: nanoseconds per
// event, for rows with queues per event and queue.
namespace Bench {

using Time = std::chrono::steady_clock;

double nanoseconds(Time::duration duration);

// So many of what a row does \a full times. QANAT_BENCH_SCALE is a percentage.
qint64 scaled(qint64 full);

// Registers a row that is run once for each argument.
benchmark::internal::Benchmark *row(const char *name, benchmark::internal::Function *function);

// Notes how long so many events took.
void note(benchmark::State &state, Time::duration spent, qint64 events);

// Counts what arrives, over all receivers that share it, until all is there.
class Finish
{
public:
    explicit Finish(qint64 expected);
    void arrived(qint64 count);
    // Whether all arrived, and no more. Gives up after a minute.
    bool wait();
    // The same for the next so many.
    void expect(qint64 more);

private:
    std::atomic<qint64> m_expected;
    std::atomic<qint64> m_arrived{0};
    std::mutex m_mutex;
    std::condition_variable m_all;
};

// How long many things took, one by one.
class Samples
{
public:
    // Its memory is fetched now, or to fetch it would be part of what is measured.
    explicit Samples(qint64 most)
    {
        m_spent.resize(size_t(most));
        m_spent.clear();
    }

    void add(Time::duration spent)
    {
        m_spent.push_back(qint32(std::min<qint64>(std::chrono::nanoseconds(spent).count(), 2'000'000'000)));
    }
    void clear() { m_spent.clear(); }
    // The counters p50_ns, p99_ns, p999_ns, worst_us and over_100us, and how many there were.
    void report(benchmark::State &state);
    // The histogram, by powers of two, as counters `le_<ns>`: how many took at most so long.
    void reportHistogram(benchmark::State &state) const;

private:
    double percentile(double fraction);

    std::vector<qint32> m_spent;
};

} // namespace Bench

#endif
