// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// moodycamel::ConcurrentQueue: the limit for one queue. It keeps no order between producers and counts nothing. Who empties it
// rests as long as Qanat's worker does: one that waits for each event would be woken for each.

#include "../measure.h"
#include "../qanat-bench.h"

#include <Qanat/Event>

#include <concurrentqueue.h>

#include <array>
#include <thread>

using namespace Qt::StringLiterals;

namespace Bench {

namespace {

constexpr std::chrono::microseconds Rest(50);

void queue(benchmark::State &state)
{
    const qint64 producers = state.range(0);
    const qint64 each = scaled(4'000'000) / producers;
    for (auto _ : state) {
        moodycamel::ConcurrentQueue<Qanat::Event> queue;
        const qint64 all = each * producers;
        std::thread consumer([&queue, all] {
            std::array<Qanat::Event, 256> events;
            moodycamel::ConsumerToken token(queue);
            for (qint64 count = 0; count < all;) {
                const size_t taken = queue.try_dequeue_bulk(token, events.begin(), events.size());
                count += qint64(taken);
                if (taken == 0)
                    std::this_thread::sleep_for(Rest);
            }
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
