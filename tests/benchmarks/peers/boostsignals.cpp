// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Boost.Signals2, with a queue behind a mutex for each slot: what many applications build for themselves.

#include "../measure.h"
#include "../qanat-bench.h"

#include <Qanat/Event>

#include <boost/signals2.hpp>

#include <memory>
#include <thread>

using namespace Qt::StringLiterals;

namespace Bench {

namespace {

class Queue;

// A thread, and those of its queues that have something.
class Consumer
{
public:
    Consumer()
        : m_thread([this] { run(); })
    {
    }
    ~Consumer()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_isOver = true;
        }
        m_changed.notify_one();
        m_thread.join();
    }
    Q_DISABLE_COPY_MOVE(Consumer)

    void schedule(Queue *queue)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ready.push_back(queue);
        }
        m_changed.notify_one();
    }

private:
    void run();

    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::vector<Queue *> m_ready;
    bool m_isOver = false;
    std::thread m_thread;
};

class Queue
{
public:
    Queue(Consumer &consumer, Finish &finish, qint64 expected)
        : m_consumer(consumer)
        , m_finish(finish)
        , m_expected(expected)
    {
    }

    void write(const Qanat::Event &event)
    {
        bool isFirst = false;
        {
            const std::lock_guard lock(m_mutex);
            isFirst = m_pending.empty();
            m_pending.push_back(event);
        }
        if (isFirst)
            m_consumer.schedule(this);
    }
    void empty()
    {
        std::vector<Qanat::Event> taken;
        {
            const std::lock_guard lock(m_mutex);
            taken.swap(m_pending);
        }
        m_count += qint64(taken.size());
        if (m_count == m_expected)
            m_finish.arrived(m_count);
    }

private:
    Consumer &m_consumer;
    Finish &m_finish;
    const qint64 m_expected;
    std::mutex m_mutex;
    std::vector<Qanat::Event> m_pending;
    qint64 m_count = 0;
};

void Consumer::run()
{
    std::unique_lock lock(m_mutex);
    while (true) {
        m_changed.wait(lock, [this] { return m_isOver || !m_ready.empty(); });
        if (m_ready.empty())
            return;
        std::vector<Queue *> ready;
        ready.swap(m_ready);
        lock.unlock();
        for (Queue *queue : ready)
            queue->empty();
        lock.lock();
    }
}

using Signal = boost::signals2::signal<void(const Qanat::Event &)>;

void queue(benchmark::State &state)
{
    const qint64 producers = state.range(0);
    const qint64 each = scaled(1'500'000) / producers;
    for (auto _ : state) {
        Finish finish(each * producers);
        Consumer consumer;
        Queue queue(consumer, finish, each * producers);
        Signal signal;
        signal.connect([&queue](const Qanat::Event &event) { queue.write(event); });
        const auto write = [&signal, each] {
            const Qanat::Event event(u"bench.event"_s);
            for (qint64 i = 0; i < each; ++i)
                signal(event);
        };
        const auto begin = Time::now();
        std::vector<std::thread> threads;
        for (qint64 i = 1; i < producers; ++i)
            threads.emplace_back(write);
        write();
        for (std::thread &thread : threads)
            thread.join();
        if (!finish.wait())
            state.SkipWithError("events are missing");
        note(state, Time::now() - begin, each * producers);
    }
}

void broadcast(benchmark::State &state)
{
    const qint64 queues = state.range(0);
    const qint64 events = std::max(scaled(4'000'000) / queues, qint64(2));
    const Qanat::Event event(u"bench.event"_s);
    for (auto _ : state) {
        Finish finish(events * queues);
        std::array<Consumer, 2> consumers;
        std::vector<std::unique_ptr<Queue>> all;
        Signal signal;
        for (qint64 i = 0; i < queues; ++i) {
            all.push_back(std::make_unique<Queue>(consumers[size_t(i) % 2], finish, events));
            signal.connect([to = all.back().get()](const Qanat::Event &one) { to->write(one); });
        }
        const auto begin = Time::now();
        for (qint64 i = 0; i < events; ++i)
            signal(event);
        if (!finish.wait())
            state.SkipWithError("events are missing");
        note(state, Time::now() - begin, events * queues);
    }
}

} // namespace

void registerBoost()
{
    row("peer/boost-signals2/queue", queue)->ArgName("producers")->Arg(1)->Arg(2)->Arg(4)->Arg(8);
    row("peer/boost-signals2/broadcast", broadcast)->ArgName("queues")->Arg(1)->Arg(10)->Arg(100)->Arg(1000);
}

} // namespace Bench
