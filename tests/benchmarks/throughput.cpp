// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// How many events go through: queues, broadcasters, chains.

#include "qanat-bench.h"
#include "sinks.h"

#include <Qanat/Broadcaster>
#include <Qanat/CircuitBreaker>
#include <Qanat/Filter>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/WorkerPool>

#include <QtCore/qcoreapplication.h>

#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Bench {

namespace {

void queue(benchmark::State &state)
{
    const qint64 producers = state.range(0);
    const qint64 each = scaled(4'000'000) / producers;
    for (auto _ : state) {
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
            for (qint64 i = 0; i < producers; ++i)
                threads.emplace_back(write);
            for (std::thread &thread : threads)
                thread.join();
        }
        if (!finish->wait())
            state.SkipWithError("events are missing");
        note(state, Time::now() - begin, each * producers);
        queue.close().waitForFinished();
    }
}

template<typename End>
void broadcastTo(benchmark::State &state, int threads)
{
    const qint64 queues = state.range(0);
    // As many as go-events gets. A tenth comes before, so that each queue has worked once.
    const qint64 events = std::max(scaled(20'000'000) / std::max(queues, qint64(20)), qint64(10));
    const qint64 warmUp = std::max(events / 10, qint64(1));
    const Qanat::Event event(u"bench.event"_s);
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(warmUp * queues);
        Qanat::WorkerPool pool(threads);
        Qanat::Broadcaster broadcaster;
        for (qint64 i = 0; i < queues; ++i)
            broadcaster.add(std::make_unique<Qanat::Queue>(std::make_unique<End>(finish, events, warmUp), pool));
        for (qint64 i = 0; i < warmUp; ++i)
            broadcaster.write(event);
        if (!finish->wait())
            state.SkipWithError("events are missing");
        finish->expect(events * queues);
        const auto begin = Time::now();
        for (qint64 i = 0; i < events; ++i)
            broadcaster.write(event);
        if (!finish->wait())
            state.SkipWithError("events are missing");
        note(state, Time::now() - begin, events * queues);
        broadcaster.close().waitForFinished();
    }
}

void broadcast(benchmark::State &state)
{
    broadcastTo<CountingSink>(state, state.range(0) > 1000 ? 8 : 2);
}

// Where each sink looks at the type of each event.
void look(benchmark::State &state)
{
    broadcastTo<LookingSink>(state, 2);
}

// The next event is written only when all have the last.
void paced(benchmark::State &state)
{
    const qint64 queues = state.range(0);
    const qint64 events = scaled(std::max(400'000 / (queues + 20), qint64(50)));
    const Qanat::Event event(u"bench.event"_s);
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(0);
        Qanat::WorkerPool pool(2);
        Qanat::Broadcaster broadcaster;
        for (qint64 i = 0; i < queues; ++i)
            broadcaster.add(std::make_unique<Qanat::Queue>(std::make_unique<TellingSink>(finish), pool));
        const auto writeOne = [&] {
            finish->expect(queues);
            broadcaster.write(event);
            return finish->wait();
        };
        bool isComplete = writeOne();
        const auto begin = Time::now();
        for (qint64 i = 0; i < events && isComplete; ++i)
            isComplete = writeOne();
        if (!isComplete)
            state.SkipWithError("events are missing");
        note(state, Time::now() - begin, events);
        broadcaster.close().waitForFinished();
    }
}

// A broadcaster, a filter that lets all pass, a queue, and a retry that has nothing to do. The filter works in the thread
// where it lives, which is this one, so another one writes.
void chain(benchmark::State &state)
{
    const qint64 events = scaled(2'000'000);
    const Qanat::Event event(u"bench.event"_s);
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(events);
        auto retry = std::make_unique<Qanat::RetryingSink>(std::make_unique<CountingSink>(finish, events),
                                                           Qanat::CircuitBreaker(5, 1s));
        Qanat::Broadcaster broadcaster;
        broadcaster.add(std::make_unique<Qanat::Filter>(Qanat::Matcher::type(u"bench.event"_s),
                                                        std::make_unique<Qanat::Queue>(std::move(retry))));
        broadcaster.remove(nullptr).waitForFinished();
        bool isComplete = false;
        Time::duration spent{0};
        const auto begin = Time::now();
        std::thread writer([&] {
            for (qint64 i = 0; i < events; ++i)
                broadcaster.write(event);
            isComplete = finish->wait();
            spent = Time::now() - begin;
            broadcaster.close().waitForFinished();
            QMetaObject::invokeMethod(qApp, &QCoreApplication::quit, Qt::QueuedConnection);
        });
        QCoreApplication::exec();
        writer.join();
        if (!isComplete)
            state.SkipWithError("events are missing");
        note(state, spent, events);
    }
}

} // namespace

void registerThroughput()
{
    row("queue", queue)->ArgName("producers")->Arg(1)->Arg(2)->Arg(4)->Arg(8);
    row("broadcast", broadcast)->ArgName("queues")->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->Arg(10000);
    row("look", look)->ArgName("queues")->Arg(10)->Arg(100)->Arg(1000);
    row("paced", paced)->ArgName("queues")->Arg(1)->Arg(10)->Arg(100)->Arg(1000);
    row("chain", chain);
}

} // namespace Bench
