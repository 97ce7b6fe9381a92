// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Everything at once, over and over: whoever writes meets whoever closes, removes and destroys. In each test the events are
// counted afterwards: what was accepted has exactly one outcome.

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/WorkerPool>

#include <QtCore/qthread.h>

#include <future>

using namespace Qanat;
using namespace std::chrono_literals;

namespace {

// More by the environment, less where every access is watched.
int rounds(int count)
{
    static const int factor = std::max(1, qEnvironmentVariableIntValue("QANAT_STRESS"));
    return std::max(3, count * factor / (IsSanitized ? 10 : 1));
}

// Counts what it was given, beyond its own end.
class Tally final : public Sink
{
public:
    explicit Tally(std::shared_ptr<std::atomic<qint64>> count)
        : m_count(std::move(count))
    {
    }

protected:
    Delivery deliver(const Event &) override
    {
        ++*m_count;
        return Delivery::delivered();
    }

private:
    const std::shared_ptr<std::atomic<qint64>> m_count;
};

// Keeps its thread until the gate opens.
class GatedTally final : public Sink
{
public:
    GatedTally(std::shared_ptr<std::atomic<qint64>> count, std::shared_future<void> gate)
        : m_count(std::move(count))
        , m_gate(std::move(gate))
    {
    }

protected:
    Delivery deliver(const Event &) override
    {
        ++*m_count;
        m_gate.wait();
        return Delivery::delivered();
    }

private:
    const std::shared_ptr<std::atomic<qint64>> m_count;
    const std::shared_future<void> m_gate;
};

std::shared_ptr<std::atomic<qint64>> counter()
{
    return std::make_shared<std::atomic<qint64>>(0);
}

} // namespace

class StressTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void closeAgainstWrite();
    void discardAgainstWrite();
    void addAndRemoveAgainstWrite();
    void sinksDestroyedInMidDelivery();
    void listenersDestroyedInMidDelivery();
    void resetAgainstWrite();
    void aMillionIntoABlockedSink();
    void retriesAgainstClose();
    void manyQueuesOnAPool();
};

void StressTest::closeAgainstWrite()
{
    for (int round = 0; round < rounds(200); ++round) {
        const auto count = counter();
        Queue queue(std::make_unique<Tally>(count));
        std::atomic<qint64> accepted{0};
        std::atomic<int> begun{0};
        Crew writers(3, [&](int) {
            for (;;) {
                const WriteResult result = queue.write(someEvent());
                accepted += result.accepted();
                if (result == WriteResult::Status::Closed)
                    return;
                ++begun;
            }
        });
        QANAT_WAIT(begun > 10);
        const auto closed = queue.close();
        QANAT_FINISH(closed);
        QVERIFY(writers.wait());
        QVERIFY(closed.result().isClean());
        QCOMPARE(count->load(), accepted.load());
        QCOMPARE(queue.statistics().delivered, accepted.load());
        QANAT_BALANCED(queue);
    }
}

void StressTest::discardAgainstWrite()
{
    for (int round = 0; round < rounds(200); ++round) {
        const auto count = counter();
        Queue queue(std::make_unique<Tally>(count));
        std::atomic<qint64> accepted{0};
        std::atomic<int> begun{0};
        Crew writers(3, [&](int) {
            for (;;) {
                const WriteResult result = queue.write(someEvent());
                accepted += result.accepted();
                if (result == WriteResult::Status::Closed)
                    return;
                ++begun;
            }
        });
        QANAT_WAIT(begun > 10);
        const auto closed = queue.discard();
        QANAT_FINISH(closed);
        QVERIFY(writers.wait());
        const Statistics statistics = queue.statistics();
        QVERIFY(statistics.isBalanced());
        QCOMPARE(statistics.pending, 0);
        QCOMPARE(statistics.written, accepted.load());
        QCOMPARE(statistics.dropped, closed.result().left());
        QCOMPARE(statistics.delivered + statistics.dropped, accepted.load());
    }
}

void StressTest::addAndRemoveAgainstWrite()
{
    WorkerPool pool(2);
    const auto stays = counter();
    const auto comes = counter();
    Broadcaster broadcaster;
    broadcaster.add(std::make_unique<Queue>(std::make_unique<Tally>(stays), pool));
    Queue guest(std::make_unique<Tally>(comes), pool);
    std::atomic<bool> stop{false};
    std::atomic<qint64> written{0};
    Crew writers(2, [&](int) {
        while (!stop)
            written += broadcaster.write(someEvent()).accepted();
    });
    for (int round = 0; round < rounds(500); ++round) {
        QCOMPARE(broadcaster.add(&guest), WriteResult::Status::Accepted);
        QCOMPARE(broadcaster.add(&guest), WriteResult::Status::Accepted);
        const auto removed = broadcaster.remove(&guest);
        QANAT_FINISH(removed);
        // Whatever it has now, it gets nothing more.
        const qint64 offered = guest.statistics().offered;
        QCOMPARE(guest.statistics().offered, offered);
    }
    stop = true;
    QVERIFY(writers.wait());
    const auto closed = broadcaster.close();
    QANAT_FINISH(closed);
    QCOMPARE(stays->load(), written.load());
    QANAT_FINISH(guest.close());
    QCOMPARE(comes->load(), guest.statistics().written);
    QANAT_BALANCED(broadcaster);
}

void StressTest::sinksDestroyedInMidDelivery()
{
    WorkerPool pool(2);
    const auto stays = counter();
    Broadcaster broadcaster;
    broadcaster.add(std::make_unique<Queue>(std::make_unique<Tally>(stays), pool));
    std::atomic<bool> stop{false};
    std::atomic<qint64> written{0};
    Crew writers(2, [&](int) {
        while (!stop)
            written += broadcaster.write(someEvent()).accepted();
    });
    for (int round = 0; round < rounds(1000); ++round) {
        const auto count = counter();
        auto queue = std::make_unique<Queue>(std::make_unique<Tally>(count), pool);
        auto plain = std::make_unique<Tally>(counter());
        broadcaster.add(queue.get());
        broadcaster.add(plain.get());
        if (round % 3 == 0)
            QANAT_WAIT(count->load() > 0);
        plain.reset();
        queue.reset();
        const qint64 last = count->load();
        QCOMPARE(count->load(), last); // Its target was destroyed before the destructor returned.
    }
    stop = true;
    QVERIFY(writers.wait());
    QANAT_FINISH(broadcaster.close());
    QCOMPARE(stays->load(), written.load());
    QANAT_BALANCED(broadcaster);
}

void StressTest::listenersDestroyedInMidDelivery()
{
    Broadcaster broadcaster;
    std::atomic<bool> stop{false};
    QThread thread;
    thread.start();
    Crew writers(1, [&](int) {
        while (!stop) {
            broadcaster.write(someEvent());
            std::this_thread::yield();
        }
    });
    // Here, where they are called, also by what is called ...
    for (int round = 0; round < rounds(3000); ++round) {
        auto *context = new QObject;
        bool isGone = false;
        connect(context, &QObject::destroyed, this, [&isGone] { isGone = true; });
        broadcaster.listen(context, [context, round, &isGone](const Event &) {
            if (isGone)
                qFatal("a listener was called after its end");
            if (round % 2 == 0)
                delete context;
        });
        if (round % 2 == 0)
            QANAT_WAIT(isGone);
        else
            delete context;
    }
    // ... and in another thread.
    for (int round = 0; round < rounds(1000); ++round) {
        auto *context = new QObject;
        context->moveToThread(&thread);
        const auto heard = counter();
        broadcaster.listen(context, [heard](const Event &) { ++*heard; });
        if (round % 3 == 0)
            QANAT_WAIT(heard->load() > 0);
        context->deleteLater();
    }
    stop = true;
    QVERIFY(writers.wait());
    QANAT_FINISH(broadcaster.close());
    thread.quit();
    QVERIFY(thread.wait());
    QANAT_BALANCED(broadcaster);
}

void StressTest::resetAgainstWrite()
{
    Broadcaster broadcaster;
    std::atomic<bool> stop{false};
    Crew writers(1, [&](int) {
        while (!stop) {
            broadcaster.write(someEvent());
            std::this_thread::yield();
        }
    });
    for (int round = 0; round < rounds(3000); ++round) {
        bool isReset = false;
        int heard = 0;
        Subscription subscription = broadcaster.listen(this, [&](const Event &) {
            if (isReset)
                qFatal("a listener was called after it was reset in its thread");
            ++heard;
        });
        if (round % 3 == 0)
            QANAT_WAIT(heard > 0);
        subscription.reset();
        isReset = true;
        QVERIFY(!subscription.isActive());
        QVERIFY(subscription.statistics().isBalanced());
        QCoreApplication::sendPostedEvents();
    }
    stop = true;
    QVERIFY(writers.wait());
    QANAT_FINISH(broadcaster.close());
}

void StressTest::aMillionIntoABlockedSink()
{
    const int events = IsSanitized ? 100'000 : 1'000'000;
    const auto count = counter();
    std::promise<void> gate;
    Queue queue(std::make_unique<GatedTally>(count, gate.get_future().share()));
    queue.write(someEvent());
    QANAT_WAIT(count->load() == 1);
    const Event event = someEvent();
    Crew writers(4, [&](int) {
        for (int i = 0; i < events / 4; ++i)
            queue.write(event);
    });
    QVERIFY(writers.wait());
    QCOMPARE(queue.statistics().pending, events + 1);
    QANAT_BALANCED(queue);
    gate.set_value();
    const auto closed = queue.close();
    QANAT_FINISH(closed);
    QVERIFY(closed.result().isClean());
    QCOMPARE(queue.statistics().delivered, events + 1);
    QCOMPARE(count->load(), events + 1);
}

void StressTest::retriesAgainstClose()
{
    for (int round = 0; round < rounds(200); ++round) {
        auto sink = std::make_unique<RecordingSink>();
        const auto recording = sink->recording();
        const auto attempts = counter();
        recording->setBehaviour([attempts](const Event &) {
            return ++*attempts % 3 == 0 ? Delivery::delivered() : passingFailure();
        });
        Queue queue(std::make_unique<RetryingSink>(std::move(sink), CircuitBreaker(2, 100us)));
        std::atomic<qint64> accepted{0};
        Crew writers(2, [&](int) {
            for (int i = 0; i < 50; ++i)
                accepted += queue.write(someEvent()).accepted();
        });
        if (round % 2 == 0)
            QVERIFY(writers.wait());
        const auto closed = queue.close(round % 4 < 2 ? 30s : 0s);
        QANAT_FINISH(closed);
        QVERIFY(writers.wait());
        const Statistics statistics = queue.statistics();
        QVERIFY2(statistics.isBalanced(), qPrintable(statistics.toString()));
        QCOMPARE(statistics.pending, 0);
        QCOMPARE(statistics.written, accepted.load());
        QCOMPARE(statistics.dropped, closed.result().left());
    }
}

void StressTest::manyQueuesOnAPool()
{
    const int queues = rounds(1000);
    WorkerPool pool(2);
    const auto count = counter();
    Broadcaster broadcaster;
    for (int i = 0; i < queues; ++i)
        broadcaster.add(std::make_unique<Queue>(std::make_unique<Tally>(count), pool));
    constexpr int Events = 300;
    Crew writers(3, [&](int) {
        for (int i = 0; i < Events / 3; ++i)
            broadcaster.write(someEvent());
    });
    QVERIFY(writers.wait());
    const auto closed = broadcaster.close();
    QANAT_FINISH(closed);
    QVERIFY(closed.result().isClean());
    QCOMPARE(count->load(), qint64(Events) * queues);
}

QTEST_GUILESS_MAIN(StressTest)
#include "tst_stress.moc"
