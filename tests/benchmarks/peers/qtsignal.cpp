// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// A queued Qt signal for each receiver: what an application does without a library.

#include "../measure.h"
#include "../qanat-bench.h"

#include <Qanat/Event>

#include <QtCore/qobject.h>
#include <QtCore/qthread.h>

#include <memory>
#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Bench {

class Emitter : public QObject
{
    Q_OBJECT
public:
    void write(const Qanat::Event &event) { Q_EMIT happened(event); }

Q_SIGNALS:
    void happened(const Qanat::Event &event);
};

namespace {

// Counts; tells of it once for all its events, or of each.
class Receiver : public QObject
{
public:
    Receiver(std::shared_ptr<Finish> finish, qint64 expected)
        : m_finish(std::move(finish))
        , m_expected(expected)
    {
    }

    void hear(const Qanat::Event &)
    {
        if (++m_count % m_expected == 0)
            m_finish->arrived(m_expected);
    }

private:
    const std::shared_ptr<Finish> m_finish;
    const qint64 m_expected;
    qint64 m_count = 0;
};

// Receivers on so many threads.
class Audience
{
public:
    Audience(Emitter &emitter, int threads, qint64 receivers, const std::shared_ptr<Finish> &finish, qint64 expected)
    {
        for (int i = 0; i < threads; ++i) {
            m_threads.push_back(std::make_unique<QThread>());
            m_threads.back()->start();
        }
        for (qint64 i = 0; i < receivers; ++i) {
            auto *receiver = new Receiver(finish, expected);
            QThread *const thread = m_threads[size_t(i) % m_threads.size()].get();
            receiver->moveToThread(thread);
            QObject::connect(thread, &QThread::finished, receiver, &QObject::deleteLater);
            QObject::connect(&emitter, &Emitter::happened, receiver, &Receiver::hear, Qt::QueuedConnection);
        }
    }
    ~Audience()
    {
        for (const auto &thread : m_threads) {
            thread->quit();
            thread->wait();
        }
    }
    Q_DISABLE_COPY_MOVE(Audience)

private:
    std::vector<std::unique_ptr<QThread>> m_threads;
};

void queue(benchmark::State &state)
{
    const qint64 producers = state.range(0);
    const qint64 each = scaled(600'000) / producers;
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(each * producers);
        Emitter emitter;
        const Audience audience(emitter, 1, 1, finish, each * producers);
        const auto write = [&emitter, each] {
            const Qanat::Event event(u"bench.event"_s);
            for (qint64 i = 0; i < each; ++i)
                emitter.write(event);
        };
        const auto begin = Time::now();
        std::vector<std::thread> threads;
        for (qint64 i = 1; i < producers; ++i)
            threads.emplace_back(write);
        write();
        for (std::thread &thread : threads)
            thread.join();
        if (!finish->wait())
            state.SkipWithError("events are missing");
        note(state, Time::now() - begin, each * producers);
    }
}

void broadcast(benchmark::State &state)
{
    const qint64 receivers = state.range(0);
    const qint64 events = std::max(scaled(400'000) / receivers, qint64(2));
    const Qanat::Event event(u"bench.event"_s);
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(events * receivers);
        Emitter emitter;
        const Audience audience(emitter, 2, receivers, finish, events);
        const auto begin = Time::now();
        for (qint64 i = 0; i < events; ++i)
            emitter.write(event);
        if (!finish->wait())
            state.SkipWithError("events are missing");
        note(state, Time::now() - begin, events * receivers);
    }
}

void paced(benchmark::State &state)
{
    const qint64 receivers = state.range(0);
    const qint64 events = scaled(std::max(200'000 / (receivers + 20), qint64(50)));
    const Qanat::Event event(u"bench.event"_s);
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(0);
        Emitter emitter;
        const Audience audience(emitter, 2, receivers, finish, 1);
        const auto begin = Time::now();
        for (qint64 i = 0; i < events; ++i) {
            finish->expect(receivers);
            emitter.write(event);
            if (!finish->wait()) {
                state.SkipWithError("events are missing");
                break;
            }
        }
        note(state, Time::now() - begin, events);
    }
}

// From the signal to the slot in a thread that sleeps.
void wakeLatency(benchmark::State &state)
{
    const qint64 count = scaled(3000);
    const Qanat::Event event(u"bench.event"_s);
    Samples samples(count);
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(0);
        std::atomic<Time::duration> stamp{};
        Emitter emitter;
        QThread thread;
        thread.start();
        QObject receiver;
        receiver.moveToThread(&thread);
        QObject::connect(
            &emitter, &Emitter::happened, &receiver,
            [&](const Qanat::Event &) {
                stamp = Time::now().time_since_epoch();
                finish->arrived(1);
            },
            Qt::QueuedConnection);
        Time::duration all{0};
        for (qint64 i = 0; i < count; ++i) {
            std::this_thread::sleep_for(300us);
            finish->expect(1);
            const auto begin = Time::now();
            emitter.write(event);
            if (!finish->wait())
                state.SkipWithError("events are missing");
            const auto spent = stamp.load() - begin.time_since_epoch();
            samples.add(spent);
            all += spent;
        }
        thread.quit();
        thread.wait();
        note(state, all, count);
    }
    samples.report(state);
}

} // namespace

void registerQtSignal()
{
    row("peer/qt-signal/queue", queue)->ArgName("producers")->Arg(1)->Arg(2)->Arg(4)->Arg(8);
    row("peer/qt-signal/broadcast", broadcast)->ArgName("queues")->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->Arg(10000);
    row("peer/qt-signal/paced", paced)->ArgName("queues")->Arg(1)->Arg(10)->Arg(100)->Arg(1000);
    row("peer/qt-signal/wake/latency", wakeLatency);
}

} // namespace Bench

#include "qtsignal.moc"
