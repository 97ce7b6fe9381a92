// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// How long one write takes, and how soon its event is there.

#include "qanat-bench.h"
#include "sinks.h"

#include <Qanat/Queue>

#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Bench {

namespace {

constexpr qint64 ManyEvents = 10'000'000;
constexpr qint64 Wakes = 3000;
// Until whoever was woken has done its work and sleeps again.
constexpr std::chrono::microseconds Pause(300);

template<typename Write>
void timeEach(benchmark::State &state, Samples &samples, qint64 count, Write write)
{
    const auto begin = Time::now();
    auto last = begin;
    for (qint64 i = 0; i < count; ++i) {
        write();
        const auto now = Time::now();
        samples.add(now - last);
        last = now;
    }
    note(state, last - begin, count);
}

// How long each of ten million writes takes while nothing is taken out, so that every one of them stays pending.
void writeLatency(benchmark::State &state)
{
    const Qanat::Event event(u"bench.event"_s);
    const qint64 count = scaled(ManyEvents);
    Samples samples(count);
    for (auto _ : state) {
        const auto gate = std::make_shared<Gate>();
        Qanat::Queue queue(std::make_unique<GatedSink>(gate));
        queue.write(event);
        gate->waitUntilReached();
        timeEach(state, samples, count, [&] { queue.write(event); });
        gate->open();
        queue.close().waitForFinished();
    }
    samples.reportHistogram(state);
    samples.report(state);
}

// The same work with a bare mutex and one growing vector: what a write costs at least, and what growth does to it.
void bareLatency(benchmark::State &state)
{
    const Qanat::Event event(u"bench.event"_s);
    const qint64 count = scaled(ManyEvents);
    Samples samples(count);
    for (auto _ : state) {
        std::mutex mutex;
        std::vector<Qanat::Event> pending;
        timeEach(state, samples, count, [&] {
            const std::lock_guard lock(mutex);
            pending.push_back(event);
        });
    }
    samples.reportHistogram(state);
    samples.report(state);
}

// Nothing, for as long as the writes take: how often the machine itself is late.
void nothingLatency(benchmark::State &state)
{
    const qint64 count = scaled(ManyEvents);
    Samples samples(count);
    for (auto _ : state) {
        timeEach(state, samples, count, [] {
            auto time = Time::now(); // Once more, which is about as long as a write.
            benchmark::DoNotOptimize(time);
        });
    }
    samples.report(state);
}

// A write whose worker sleeps, and has to be woken.
void writeIdle(benchmark::State &state)
{
    const Qanat::Event event(u"bench.event"_s);
    const qint64 count = scaled(Wakes);
    Samples samples(count);
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(0);
        Qanat::Queue queue(std::make_unique<TellingSink>(finish));
        Time::duration all{0};
        for (qint64 i = 0; i < count; ++i) {
            std::this_thread::sleep_for(Pause);
            finish->expect(1);
            const auto begin = Time::now();
            queue.write(event);
            const auto spent = Time::now() - begin;
            samples.add(spent);
            all += spent;
            if (!finish->wait())
                state.SkipWithError("events are missing");
        }
        note(state, all, count);
        queue.close().waitForFinished();
    }
    samples.report(state);
}

// The same with a bare condition variable.
void bareIdle(benchmark::State &state)
{
    const qint64 count = scaled(Wakes);
    Samples samples(count);
    for (auto _ : state) {
        Finish finish(0);
        std::mutex mutex;
        std::condition_variable condition;
        qint64 pending = 0;
        std::thread worker([&] {
            std::unique_lock lock(mutex);
            for (qint64 done = 0; done < count; ++done) {
                condition.wait(lock, [&] { return pending > 0; });
                --pending;
                lock.unlock();
                finish.arrived(1);
                lock.lock();
            }
        });
        Time::duration all{0};
        for (qint64 i = 0; i < count; ++i) {
            std::this_thread::sleep_for(Pause);
            finish.expect(1);
            const auto begin = Time::now();
            {
                const std::lock_guard lock(mutex);
                ++pending;
            }
            condition.notify_one();
            const auto spent = Time::now() - begin;
            samples.add(spent);
            all += spent;
            if (!finish.wait())
                state.SkipWithError("events are missing");
        }
        worker.join();
        note(state, all, count);
    }
    samples.report(state);
}

// When its event came.
class StampingSink final : public Qanat::Sink
{
public:
    StampingSink(std::shared_ptr<Finish> finish, std::shared_ptr<std::atomic<Time::duration>> stamp)
        : m_finish(std::move(finish))
        , m_stamp(std::move(stamp))
    {
    }

protected:
    void process(const Qanat::Batch &, Qanat::Completion completion) override
    {
        m_stamp->store(Time::now().time_since_epoch());
        completion.settleAll(Qanat::Delivery::delivered());
        m_finish->arrived(1);
    }

private:
    const std::shared_ptr<Finish> m_finish;
    const std::shared_ptr<std::atomic<Time::duration>> m_stamp;
};

// From the write to process() on a worker that sleeps.
void wakeLatency(benchmark::State &state)
{
    const Qanat::Event event(u"bench.event"_s);
    const qint64 count = scaled(Wakes);
    Samples samples(count);
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(0);
        const auto stamp = std::make_shared<std::atomic<Time::duration>>();
        Qanat::Queue queue(std::make_unique<StampingSink>(finish, stamp));
        Time::duration all{0};
        for (qint64 i = 0; i < count; ++i) {
            std::this_thread::sleep_for(Pause);
            finish->expect(1);
            const auto begin = Time::now();
            queue.write(event);
            if (!finish->wait())
                state.SkipWithError("events are missing");
            const auto spent = stamp->load() - begin.time_since_epoch();
            samples.add(spent);
            all += spent;
        }
        note(state, all, count);
        queue.close().waitForFinished();
    }
    samples.report(state);
}

} // namespace

void registerLatency()
{
    row("write/latency", writeLatency);
    row("peer/bare-vector/write/latency", bareLatency);
    row("write/idle", writeIdle);
    row("peer/nothing/write/latency", nothingLatency);
    row("peer/condition/write/idle", bareIdle);
    row("wake/latency", wakeLatency);
}

} // namespace Bench
