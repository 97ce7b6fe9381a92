// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// moodycamel::BlockingConcurrentQueue: the limit for one queue. It keeps no order between producers and counts nothing.

#include "../measure.h"
#include "../qanat-bench.h"

#include <Qanat/Event>

#include <blockingconcurrentqueue.h>

#include <array>
#include <thread>

using namespace Qt::StringLiterals;

namespace Bench {

namespace {

void queue(benchmark::State &state)
{
    const qint64 producers = state.range(0);
    const qint64 each = scaled(4'000'000) / producers;
    for (auto _ : state) {
        moodycamel::BlockingConcurrentQueue<Qanat::Event> queue;
        const qint64 all = each * producers;
        std::thread consumer([&queue, all] {
            std::array<Qanat::Event, 256> events;
            for (qint64 count = 0; count < all;)
                count += qint64(queue.wait_dequeue_bulk(events.begin(), events.size()));
        });
        const auto write = [&queue, each] {
            const moodycamel::ProducerToken token(queue);
            const Qanat::Event event(u"bench.event"_s);
            for (qint64 i = 0; i < each; ++i)
                queue.enqueue(token, event);
        };
        const auto begin = Time::now();
        std::vector<std::thread> threads;
        for (qint64 i = 1; i < producers; ++i)
            threads.emplace_back(write);
        write();
        for (std::thread &thread : threads)
            thread.join();
        consumer.join();
        note(state, Time::now() - begin, all);
    }
}

} // namespace

void registerMoodycamel()
{
    row("peer/moodycamel/queue", queue)->ArgName("producers")->Arg(1)->Arg(2)->Arg(4)->Arg(8);
}

} // namespace Bench
