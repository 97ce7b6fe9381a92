// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// The figures of the library. Each row does the same work as the row of its name in the peers' programs, and counts every
// event where it arrives. One iteration is a whole run; `ns` is what people compare: nanoseconds per event, for broadcast
// rows per event and queue.

#include <Qanat/Broadcaster>
#include <Qanat/Queue>
#include <Qanat/WorkerPool>

#include <QtCore/qcoreapplication.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#ifdef Q_OS_LINUX
#    include <malloc.h>
#endif

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

using Time = std::chrono::steady_clock;

double nanoseconds(Time::duration duration)
{
    return double(std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
}

// Counts down from what is expected, over all sinks that share it.
class Finish
{
public:
    explicit Finish(qint64 expected)
        : m_expected(expected)
    {
    }
    void arrived(qint64 count)
    {
        if (m_arrived.fetch_add(count) + count < m_expected)
            return;
        const std::lock_guard lock(m_mutex);
        m_all.notify_all();
    }
    // Whether all arrived, and no more.
    bool wait()
    {
        std::unique_lock lock(m_mutex);
        return m_all.wait_for(lock, 60s, [this] { return m_arrived >= m_expected; }) && m_arrived == m_expected;
    }

private:
    const qint64 m_expected;
    std::atomic<qint64> m_arrived{0};
    std::mutex m_mutex;
    std::condition_variable m_all;
};

// Does nothing but count; tells of it once for all its events.
class CountingSink final : public Qanat::Sink
{
public:
    CountingSink(std::shared_ptr<Finish> finish, qint64 expected)
        : m_finish(std::move(finish))
        , m_expected(expected)
    {
    }

protected:
    void process(const Qanat::Batch &batch, Qanat::Completion completion) override
    {
        m_count += batch.size();
        completion.settleAll(Qanat::Delivery::delivered());
        if (m_count >= m_expected)
            m_finish->arrived(m_count);
    }

private:
    const std::shared_ptr<Finish> m_finish;
    const qint64 m_expected;
    qint64 m_count = 0;
};

// Keeps the worker until it is opened.
class Gate
{
public:
    void open()
    {
        const std::lock_guard lock(m_mutex);
        m_isOpen = true;
        m_opened.notify_all();
    }
    void pass()
    {
        std::unique_lock lock(m_mutex);
        m_isReached = true;
        m_opened.notify_all();
        m_opened.wait(lock, [this] { return m_isOpen; });
    }
    void waitUntilReached()
    {
        std::unique_lock lock(m_mutex);
        m_opened.wait(lock, [this] { return m_isReached; });
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_opened;
    bool m_isOpen = false;
    bool m_isReached = false;
};

class GatedSink final : public Qanat::Sink
{
public:
    explicit GatedSink(std::shared_ptr<Gate> gate)
        : m_gate(std::move(gate))
    {
    }

protected:
    void process(const Qanat::Batch &, Qanat::Completion completion) override
    {
        m_gate->pass();
        completion.settleAll(Qanat::Delivery::delivered());
    }

private:
    const std::shared_ptr<Gate> m_gate;
};

void queue(benchmark::State &state)
{
    const auto producers = int(state.range(0));
    constexpr qint64 Events = 4'000'000;
    Time::duration spent{0};
    for (auto _ : state) {
        const qint64 each = Events / producers;
        const auto finish = std::make_shared<Finish>(each * producers);
        Qanat::Queue queue(std::make_unique<CountingSink>(finish, each * producers));
        const auto write = [&queue, each] {
            // Made once, and of each producer's own, as events are.
            const Qanat::Event event(u"bench.event"_s);
            for (qint64 i = 0; i < each; ++i)
                queue.write(event);
        };
        const auto begin = Time::now();
        if (producers == 1) {
            write();
        } else {
            std::vector<std::thread> threads;
            for (int i = 0; i < producers; ++i)
                threads.emplace_back(write);
            for (std::thread &thread : threads)
                thread.join();
        }
        if (!finish->wait())
            state.SkipWithError("events are missing");
        const auto duration = Time::now() - begin;
        state.SetIterationTime(nanoseconds(duration) / 1e9);
        spent += duration;
    }
    state.counters["ns"] = nanoseconds(spent) / double(state.iterations()) / double(Events);
}

void broadcast(benchmark::State &state)
{
    const qint64 queues = state.range(0);
    const qint64 events = 200'000'000 / std::max(queues, qint64(100));
    const Qanat::Event event(u"bench.event"_s);
    Time::duration spent{0};
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(events * queues);
        Qanat::WorkerPool pool(2);
        Qanat::Broadcaster broadcaster;
        for (qint64 i = 0; i < queues; ++i)
            broadcaster.add(std::make_unique<Qanat::Queue>(std::make_unique<CountingSink>(finish, events), pool));
        const auto begin = Time::now();
        for (qint64 i = 0; i < events; ++i)
            broadcaster.write(event);
        if (!finish->wait())
            state.SkipWithError("events are missing");
        const auto duration = Time::now() - begin;
        state.SetIterationTime(nanoseconds(duration) / 1e9);
        spent += duration;
    }
    state.counters["ns"] = nanoseconds(spent) / double(state.iterations()) / double(events * queues);
}

constexpr qint64 ManyEvents = 10'000'000;

// How long each of ten million writes takes while nothing is taken out, so that every one of them stays pending.
void writeLatency(benchmark::State &state)
{
    const Qanat::Event event(u"bench.event"_s);
    std::vector<qint32> spent;
    spent.reserve(size_t(ManyEvents));
    for (auto _ : state) {
        spent.clear();
        const auto gate = std::make_shared<Gate>();
        Qanat::Queue queue(std::make_unique<GatedSink>(gate));
        queue.write(event);
        gate->waitUntilReached();
        const auto begin = Time::now();
        auto last = begin;
        for (qint64 i = 0; i < ManyEvents; ++i) {
            queue.write(event);
            const auto now = Time::now();
            spent.push_back(qint32(std::min(nanoseconds(now - last), 2e9)));
            last = now;
        }
        state.SetIterationTime(nanoseconds(last - begin) / 1e9);
        gate->open();
        queue.close().waitForFinished();
    }
    const auto over = std::count_if(spent.begin(), spent.end(), [](qint32 ns) { return ns > 100'000; });
    const auto percentile = [&spent](double fraction) {
        const auto place = spent.begin() + std::ptrdiff_t(fraction * double(spent.size() - 1));
        std::nth_element(spent.begin(), place, spent.end());
        return double(*place);
    };
    state.counters["p50_ns"] = percentile(0.5);
    state.counters["p999_ns"] = percentile(0.999);
    state.counters["worst_us"] = percentile(1.0) / 1000;
    state.counters["over_100us"] = double(over);
}

// The same work with a bare mutex and one growing vector: what a write costs at least, and what growth does to it.
void bareLatency(benchmark::State &state)
{
    const Qanat::Event event(u"bench.event"_s);
    std::vector<qint32> spent;
    spent.reserve(size_t(ManyEvents));
    for (auto _ : state) {
        spent.clear();
        std::mutex mutex;
        std::vector<Qanat::Event> pending;
        const auto begin = Time::now();
        auto last = begin;
        for (qint64 i = 0; i < ManyEvents; ++i) {
            {
                const std::lock_guard lock(mutex);
                pending.push_back(event);
            }
            const auto now = Time::now();
            spent.push_back(qint32(std::min(nanoseconds(now - last), 2e9)));
            last = now;
        }
        state.SetIterationTime(nanoseconds(last - begin) / 1e9);
    }
    const auto percentile = [&spent](double fraction) {
        const auto place = spent.begin() + std::ptrdiff_t(fraction * double(spent.size() - 1));
        std::nth_element(spent.begin(), place, spent.end());
        return double(*place);
    };
    state.counters["p50_ns"] = percentile(0.5);
    state.counters["p999_ns"] = percentile(0.999);
    state.counters["worst_us"] = percentile(1.0) / 1000;
    state.counters["over_100us"] =
        double(std::count_if(spent.begin(), spent.end(), [](qint32 ns) { return ns > 100'000; }));
}

#ifdef Q_OS_LINUX
void memoryPending(benchmark::State &state)
{
    const Qanat::Event event(u"bench.event"_s);
    double bytes = 0;
    for (auto _ : state) {
        const auto gate = std::make_shared<Gate>();
        Qanat::Queue queue(std::make_unique<GatedSink>(gate));
        queue.write(event);
        gate->waitUntilReached();
        const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        const auto begin = Time::now();
        for (qint64 i = 0; i < ManyEvents; ++i)
            queue.write(event);
        state.SetIterationTime(nanoseconds(Time::now() - begin) / 1e9);
        bytes = double(mallinfo2().uordblks + mallinfo2().hblkhd - before) / double(ManyEvents);
        gate->open();
        queue.close().waitForFinished();
    }
    state.counters["bytes"] = bytes;
}
BENCHMARK(memoryPending)->Name("memory/pending")->UseManualTime()->Iterations(1);
#endif

BENCHMARK(queue)->Name("queue")->ArgName("producers")->Arg(1)->Arg(4)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(broadcast)
    ->Name("broadcast")
    ->ArgName("queues")
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(writeLatency)->Name("write/latency")->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(bareLatency)
    ->Name("write/latency-bare-vector")
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
