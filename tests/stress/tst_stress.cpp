// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What goes wrong once in many times: ends against beginnings, in many threads. After each of them the counters of all sinks
// say where every event went.

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/WorkerPool>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>

#ifdef __GLIBC__
#    include <malloc.h>
#endif

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// So many rounds of what is to be done \a full times; fewer where a sanitizer looks on. QANAT_STRESS is a percentage.
int rounds(int full)
{
    bool isNumber = false;
    const int percent = qEnvironmentVariableIntValue("QANAT_STRESS", &isNumber);
    const qint64 scaled = qint64(full) * (isNumber ? percent : 100) / 100 / (IsSanitized ? 20 : 1);
    return int(std::max(qint64(1), scaled));
}

// What a test before has let go of, a million events perhaps, glibc puts together at some free() later: 20 ms in which whoever
// called that one waits. That is to be over before a heartbeat is judged.
void settleMemory()
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// Every accepted event has an outcome, or waits.
#define QANAT_CONSERVED(sink) \
    QVERIFY2((sink).statistics().isBalanced() && (sink).statistics().pending == 0, \
             qPrintable((sink).statistics().toString()))

class CountingSink : public Sink
{
public:
    explicit CountingSink(std::shared_ptr<std::atomic<qint64>> count)
        : m_count(std::move(count))
    {
    }

protected:
    Delivery deliver(const Event &) override
    {
        m_count->fetch_add(1);
        return Delivery::delivered();
    }

private:
    const std::shared_ptr<std::atomic<qint64>> m_count;
};

// While it exists, an outcome that comes too late may be named; any other warning fails the test.
class LateOutcomes
{
public:
    LateOutcomes() { s_previous = qInstallMessageHandler(handle); }
    ~LateOutcomes() { qInstallMessageHandler(s_previous); }
    Q_DISABLE_COPY_MOVE(LateOutcomes)

private:
    static void handle(QtMsgType type, const QMessageLogContext &context, const QString &text)
    {
        if (!text.contains(u"came after the sink was closed, and is ignored"))
            s_previous(type, context, text);
    }
    static inline QtMessageHandler s_previous = nullptr;
};

// Events that say who wrote them, and as which of its own: in the order in which they have to arrive.
class OrderSink : public Sink
{
public:
    struct Seen
    {
        std::vector<qint64> next; // By writer.
        qint64 wrong = 0;
        qint64 count = 0;
    };
    explicit OrderSink(std::shared_ptr<Seen> seen)
        : m_seen(std::move(seen))
    {
    }
    static std::vector<Event> eventsOf(int writer, int count)
    {
        std::vector<Event> events;
        for (int n = 0; n < count; ++n)
            events.emplace_back(u"order"_s, QVariant(qint64(writer) << 32 | n));
        return events;
    }

protected:
    void process(const Batch &batch, Completion completion) override
    {
        for (const Event &event : batch) {
            const qint64 data = event.data().toLongLong();
            qint64 &next = m_seen->next[size_t(data >> 32)];
            // Some may be missing where they were not accepted, but none comes late or twice.
            m_seen->wrong += (data & 0xffffffff) < next;
            next = (data & 0xffffffff) + 1;
        }
        m_seen->count += batch.size();
        completion.settleAll(Delivery::delivered());
    }

private:
    const std::shared_ptr<Seen> m_seen;
};

} // namespace

class StressTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void closeAgainstWrite_data();
    void closeAgainstWrite();
    void streamsKeepTheirOrder_data();
    void streamsKeepTheirOrder();
    void oneAfterTheOtherAcrossThreads();
    void writersAndQueuesComeAndGo();
    void outcomesAgainstADeadline();
    void deadLettersComeBeforeTheEndIsTold();
    void addAndRemoveAgainstWrite();
    void unsubscribeAgainstWrite();
    void listenersDestroyedInMidDelivery();
    void listenersDestroyedInTheirThread();
    void sinksDestroyedInMidDelivery_data();
    void sinksDestroyedInMidDelivery();
    void completionsOutliveTheirSinks();
    void aMillionEventsIntoABlockedSink();
    void aMillionEventsAreDiscarded_data();
    void aMillionEventsAreDiscarded();
    void aQueueDestroyedWhileItIsWritten();
    void limitsAgainstWriters_data();
    void limitsAgainstWriters();
    void retriesAgainstFailures();
    void closingFromEverywhere();
    void theEarliestDeadlineCounts();
    void statisticsOfEverythingAllTheTime();
};

void StressTest::closeAgainstWrite_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("queue") << 0;
    QTest::newRow("queue on a pool") << 1;
    QTest::newRow("retry in a queue") << 2;
    QTest::newRow("broadcaster") << 3;
    QTest::newRow("plain") << 4;
}

void StressTest::closeAgainstWrite()
{
    QFETCH(int, kind);
    const int all = rounds(400);
    for (int round = 0; round < all; ++round) {
        const auto count = std::make_shared<std::atomic<qint64>>(0);
        auto end = std::make_unique<CountingSink>(count);
        std::unique_ptr<Sink> sink;
        switch (kind) {
        case 0:
            sink = std::make_unique<Queue>(std::move(end));
            break;
        case 1:
            sink = std::make_unique<Queue>(std::move(end), WorkerPool::shared());
            break;
        case 2:
            sink = std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(end), ExponentialBackoff()));
            break;
        case 3: {
            auto broadcaster = std::make_unique<Broadcaster>();
            broadcaster->add(std::make_unique<Queue>(std::move(end), WorkerPool::shared()));
            sink = std::move(broadcaster);
            break;
        }
        default:
            sink = std::move(end);
        }
        std::atomic<qint64> accepted{0};
        std::atomic<int> wrong{0};
        const Event event = someEvent();
        const Batch batch(QList<Event>(3, event));
        std::vector<QFuture<CloseResult>> closing(2);
        Crew crew(4, [&](int i) {
            if (i == 3) {
                closing[0] = sink->close(1h);
                closing[1] = sink->close(2h);
                return;
            }
            bool isClosed = false;
            for (int n = 0; n < 50; ++n) {
                const WriteResult one = sink->write(event);
                const WriteResult three = sink->write(batch);
                accepted += one.accepted() + three.accepted();
                wrong += (isClosed && (one || three)) || (!three && three.accepted() != 0);
                isClosed = isClosed || !one || !three;
            }
        });
        QVERIFY(crew.wait());
        for (const QFuture<CloseResult> &future : closing) {
            QANAT_FINISH(future);
            QVERIFY2(future.result().isClean(), qPrintable(future.result().worst().toString()));
        }
        QCOMPARE(wrong.load(), 0);
        QCOMPARE(count->load(), accepted.load());
        QCOMPARE(sink->statistics().delivered, accepted.load());
        QCOMPARE(sink->statistics().offered, 600);
        QANAT_CONSERVED(*sink);
    }
}

void StressTest::streamsKeepTheirOrder_data()
{
    QTest::addColumn<int>("disturbance");
    QTest::newRow("alone") << 0;
    QTest::newRow("batches between") << 1;
    QTest::newRow("commands") << 2;
    QTest::newRow("limits come and go") << 3;
    QTest::newRow("snapshots") << 4;
    QTest::newRow("closed in the middle") << 5;
    QTest::newRow("closed at once in the middle") << 6;
}

void StressTest::streamsKeepTheirOrder()
{
    QFETCH(int, disturbance);
    constexpr int Writers = 3;
    const int all = rounds(100000);
    for (int round = 0; round < rounds(20); ++round) {
        const auto seen = std::make_shared<OrderSink::Seen>();
        seen->next.resize(Writers);
        Queue queue(std::make_unique<OrderSink>(seen));
        std::atomic<qint64> accepted{0};
        std::atomic<int> writing{Writers};
        std::atomic<int> unbalanced{0};
        QFuture<CloseResult> closing;
        Crew crew(Writers + 1, [&](int i) {
            if (i < Writers) {
                qint64 taken = 0;
                const std::vector<Event> events = OrderSink::eventsOf(i, all);
                for (size_t n = 0; n < events.size(); ++n) {
                    if (disturbance == 1 && n % 1000 == 998 && n + 1 < events.size())
                        taken += queue.write(Batch(QList<Event>{events[n], events[++n]})).accepted();
                    else
                        taken += queue.write(events[n]).accepted();
                }
                accepted += taken;
                --writing;
                return;
            }
            Limits limits;
            while (writing > 0) {
                if (disturbance == 2) {
                    (void)queue.configure<OrderSink>([](OrderSink &) {});
                } else if (disturbance == 3) {
                    limits.events = limits.isUnlimited() ? 1000 : Limits::Unlimited;
                    queue.setLimits(limits);
                } else if (disturbance == 4) {
                    const Statistics statistics = queue.statistics();
                    unbalanced += !statistics.isBalanced() || statistics.pending < statistics.inFlight;
                } else if (disturbance > 4) {
                    if (queue.statistics().delivered > all / 2) {
                        closing = queue.close(disturbance == 5 ? std::chrono::milliseconds(1h) : 0ms);
                        return;
                    }
                }
                std::this_thread::yield();
            }
        });
        QVERIFY(crew.wait(5min));
        if (closing.isValid())
            QANAT_FINISH(closing);
        else
            QANAT_FINISH(queue.close(1h));
        QCOMPARE(unbalanced.load(), 0);
        QCOMPARE(seen->wrong, 0);
        QCOMPARE(queue.statistics().written, accepted.load());
        QCOMPARE(queue.statistics().offered, qint64(Writers) * all);
        QANAT_CONSERVED(queue);
        if (disturbance != 6)
            QCOMPARE(seen->count, accepted.load());
        QVERIFY(queue.statistics().delivered <= seen->count); // What was under way may have arrived.
    }
}

// Whoever writes after another's write has returned comes behind it, in whatever thread.
void StressTest::oneAfterTheOtherAcrossThreads()
{
    const int all = rounds(100000);
    const auto seen = std::make_shared<OrderSink::Seen>();
    seen->next.resize(2);
    Queue queue(std::make_unique<OrderSink>(seen));
    std::atomic<int> turn{0};
    std::atomic<qint64> accepted{0};
    Crew crew(3, [&](int i) {
        qint64 taken = 0;
        // The third only keeps the stream going.
        const std::vector<Event> events = OrderSink::eventsOf(i / 2, (i / 2 * 9 + 1) * all);
        if (i == 2) {
            for (size_t n = 0; n < events.size() && turn.load(std::memory_order_relaxed) < all; ++n)
                taken += queue.write(events[n]).accepted();
        }
        while (i < 2) {
            const int mine = turn.load(std::memory_order_acquire);
            if (mine >= all)
                break;
            if (mine % 2 != i) {
                std::this_thread::yield();
                continue;
            }
            taken += queue.write(events[size_t(mine)]).accepted();
            turn.store(mine + 1, std::memory_order_release);
        }
        accepted += taken;
    });
    QVERIFY(crew.wait(5min));
    QANAT_FINISH(queue.close(1h));
    QCOMPARE(seen->wrong, 0);
    QCOMPARE(seen->next[0], all);
    QCOMPARE(seen->count, accepted.load());
    QANAT_CONSERVED(queue);
}

// What a thread keeps for a queue, and the queue for a thread, goes with whichever of them ends last.
void StressTest::writersAndQueuesComeAndGo()
{
    constexpr int Writers = 4;
    constexpr int Each = 300;
    const int all = rounds(200);
    const auto seen = std::make_shared<OrderSink::Seen>();
    seen->next.resize(size_t(all * Writers));
    const std::vector<Event> stream = OrderSink::eventsOf(0, Each);
    Queue lasting(std::make_unique<OrderSink>(seen), WorkerPool::shared());
    for (int round = 0; round < all; ++round) {
        const auto count = std::make_shared<std::atomic<qint64>>(0);
        const auto passing = std::make_unique<Queue>(std::make_unique<CountingSink>(count), WorkerPool::shared());
        std::atomic<int> refused{0};
        // New threads write into an old queue, and this old thread into a new one.
        Crew crew(Writers, [&](int i) {
            for (const Event &event : OrderSink::eventsOf(round * Writers + i, Each))
                refused += !lasting.write(event) || !passing->write(event);
        });
        for (const Event &event : stream)
            QVERIFY(passing->write(event));
        QVERIFY(crew.wait());
        QCOMPARE(refused.load(), 0);
        QANAT_FINISH(passing->close(1h));
        QCOMPARE(count->load(), qint64(Each) * (Writers + 1));
        QANAT_CONSERVED(*passing);
    }
    QANAT_FINISH(lasting.close(1h));
    QCOMPARE(seen->wrong, 0);
    QCOMPARE(seen->count, qint64(all) * Writers * Each);
    QANAT_CONSERVED(lasting);
}

// What comes with the deadline must not overtake the outcome of the event before.
void StressTest::outcomesAgainstADeadline()
{
    const LateOutcomes allowed;
    const int all = rounds(1000);
    for (int round = 0; round < all; ++round) {
        auto end = std::make_unique<RecordingSink>();
        const auto recording = end->recording();
        recording->defer();
        auto dead = std::make_unique<RecordingSink>();
        const auto deadIds = dead->recording();
        Queue deadLetters(std::move(dead), WorkerPool::shared());
        const QList<Event> events = someEvents(2);
        {
            Queue queue(std::move(end), WorkerPool::shared());
            queue.setDeadLetterSink(&deadLetters);
            queue.write(Batch(events));
            QANAT_WAIT(recording->deferredCalls() == 1);
            QFuture<CloseResult> closing;
            Crew crew(2, [&](int i) {
                if (i == 0)
                    recording->settle(1, Delivery::delivered());
                else
                    closing = queue.close(0ms);
            });
            QVERIFY(crew.wait());
            QANAT_FINISH(closing);
            QANAT_CONSERVED(queue);
            QANAT_WAIT(deadIds->count() == queue.statistics().dropped);
        }
        QVERIFY(deadIds->ids().contains(events[1].id()));
        if (deadIds->count() == 1)
            QVERIFY(!deadIds->ids().contains(events[0].id()));
        QANAT_FINISH(deadLetters.close(1h));
    }
}

// Whoever hears that a sink is closed finds in the dead-letter sink what the close has left.
void StressTest::deadLettersComeBeforeTheEndIsTold()
{
    const int all = rounds(1000);
    DeadLetters dead(all * 10);
    for (int round = 0; round < all; ++round) {
        auto end = std::make_unique<RecordingSink>();
        end->recording()->setBehaviour(always(passingFailure()));
        Queue queue(std::make_unique<RetryingSink>(std::move(end), CircuitBreaker(1, 1h)), WorkerPool::shared());
        queue.setDeadLetterSink(&dead);
        queue.write(Batch(someEvents(3)));
        if (round % 2)
            QANAT_WAIT(queue.statistics().inFlight > 0);
        // In the thread that ends it.
        const QFuture<qint64> written =
            queue.close(round % 3 ? 0ms : 1ms).then(QtFuture::Launch::Sync, [&dead](const CloseResult &) {
                return dead.statistics().written;
            });
        QANAT_FINISH(written);
        QCOMPARE(written.result(), 3 * (round + 1));
    }
}

void StressTest::addAndRemoveAgainstWrite()
{
    const int all = rounds(20000);
    Broadcaster broadcaster;
    const auto count = std::make_shared<std::atomic<qint64>>(0);
    broadcaster.add(std::make_unique<Queue>(std::make_unique<CountingSink>(count)));
    settleCommands(broadcaster);
    std::vector<std::unique_ptr<Queue>> changing;
    const auto changingCount = std::make_shared<std::atomic<qint64>>(0);
    for (int i = 0; i < 4; ++i)
        changing.push_back(
            std::make_unique<Queue>(std::make_unique<CountingSink>(changingCount), WorkerPool::shared()));
    const Event event = someEvent();
    std::atomic<qint64> written{0};
    Crew crew(4, [&](int i) {
        for (int n = 0; n < all; ++n) {
            if (i < 2) {
                written += broadcaster.write(event).accepted();
            } else {
                Sink *const sink = changing[size_t((i - 2) * 2 + n % 2)].get();
                broadcaster.add(sink);
                broadcaster.remove(sink);
            }
        }
    });
    QVERIFY(crew.wait(5min));
    const QFuture<CloseResult> closing = broadcaster.close(1h);
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
    // The one that stayed has them all, once.
    QCOMPARE(written.load(), 2 * all);
    QCOMPARE(count->load(), written.load());
    QCOMPARE(broadcaster.statistics().delivered, written.load());
    QANAT_CONSERVED(broadcaster);
    qint64 accepted = 0;
    for (const auto &queue : changing) {
        QCOMPARE(queue->state(), PipelineNode::State::Open); // Removed, so not closed.
        QANAT_WAIT(queue->statistics().pending == 0);
        QANAT_CONSERVED(*queue);
        accepted += queue->statistics().delivered;
    }
    QCOMPARE(changingCount->load(), accepted);
}

void StressTest::unsubscribeAgainstWrite()
{
    // The main thread is under load here itself, so its heartbeat tells nothing.
    dismissHeartbeat();
    const int all = rounds(10000);
    Broadcaster broadcaster;
    std::atomic<bool> isOver{false};
    const Event event = someEvent();
    Crew writers(2, [&](int) {
        int n = 0;
        while (!isOver.load()) {
            broadcaster.write(event);
            if (++n % 64 == 0)
                std::this_thread::sleep_for(100us); // Two cores have other things to do, too.
        }
    });
    QThread thread;
    thread.start();
    auto *elsewhere = new QObject;
    elsewhere->moveToThread(&thread);
    connect(&thread, &QThread::finished, elsewhere, &QObject::deleteLater);
    int late = 0;
    std::atomic<int> lateElsewhere{0};
    for (int round = 0; round < all; ++round) {
        // Here: after reset() nothing begins.
        bool isReset = false;
        Subscription here = broadcaster.listen(this, [&late, &isReset](const Event &) { late += isReset; });
        // Elsewhere: after the future has finished nothing begins.
        const auto isResetThere = std::make_shared<std::atomic<bool>>(false);
        Subscription there = broadcaster.listen(elsewhere, [&lateElsewhere, isResetThere](const Event &) {
            lateElsewhere += isResetThere->load() ? 1 : 0;
        });
        if (round % 2 || round % 16 == 0)
            QCoreApplication::processEvents();
        if (round % 16 == 0)
            QANAT_WAIT(here.statistics().written > 0);
        here.reset();
        isReset = true;
        const QFuture<void> ended = there.reset();
        if (round % 8 == 0) {
            QANAT_FINISH(ended);
            *isResetThere = true;
        }
        QCoreApplication::processEvents();
        QVERIFY(here.statistics().isBalanced());
        QVERIFY(there.statistics().isBalanced());
    }
    isOver = true;
    QVERIFY(writers.wait());
    QANAT_FINISH(broadcaster.close(1h));
    QCOMPARE(late, 0);
    QCOMPARE(lateElsewhere.load(), 0);
    QANAT_CONSERVED(broadcaster);
    thread.quit();
    QVERIFY(thread.wait());
}

void StressTest::listenersDestroyedInMidDelivery()
{
    // The main thread is under load here itself, so its heartbeat tells nothing.
    dismissHeartbeat();
    const int all = rounds(60000);
    Broadcaster broadcaster;
    std::atomic<bool> isOver{false};
    const Batch batch(QList<Event>(5, someEvent()));
    Crew writers(2, [&](int) {
        while (!isOver.load()) {
            broadcaster.write(batch);
            std::this_thread::sleep_for(50us);
        }
    });
    qint64 heard = 0;
    int destroyedWithin = 0;
    for (int round = 0; round < all; ++round) {
        auto *context = new QObject;
        const bool fromWithin = round % 3 == 0;
        Subscription subscription = broadcaster.listen(context, [&, context, fromWithin, n = 0](const Event &) mutable {
            ++heard;
            if (fromWithin && ++n == 2) {
                ++destroyedWithin;
                delete context; // While it is delivered to.
            }
        });
        const QPointer<QObject> guard(context);
        if (round % 50 == 0)
            QANAT_WAIT(!subscription.isActive() || subscription.statistics().delivered > 0);
        else if (round % 5 == 0)
            QCoreApplication::processEvents();
        delete guard.data();
        QVERIFY(!subscription.isActive());
        const Statistics statistics = subscription.statistics();
        QVERIFY2(statistics.isBalanced() && statistics.pending == 0, qPrintable(statistics.toString()));
    }
    isOver = true;
    QVERIFY(writers.wait());
    QANAT_FINISH(broadcaster.close(1h));
    QANAT_CONSERVED(broadcaster);
    QVERIFY(heard > 0);
    QVERIFY(destroyedWithin > 0);
}

void StressTest::listenersDestroyedInTheirThread()
{
    const int all = rounds(10000);
    Broadcaster broadcaster;
    QThread thread;
    thread.start();
    std::atomic<bool> isOver{false};
    const Event event = someEvent();
    Crew writers(1, [&](int) {
        while (!isOver.load()) {
            broadcaster.write(event);
            std::this_thread::sleep_for(20us);
        }
    });
    std::atomic<qint64> heard{0};
    QList<Subscription> subscriptions;
    for (int round = 0; round < all; ++round) {
        auto *context = new QObject;
        context->moveToThread(&thread);
        subscriptions.append(broadcaster.listen(context, [&heard](const Event &) { ++heard; }));
        context->deleteLater();
        if (round % 20 == 0) {
            QCoreApplication::processEvents();
            QANAT_WAIT(!subscriptions.last().isActive());
        }
    }
    isOver = true;
    QVERIFY(writers.wait());
    for (const Subscription &subscription : subscriptions) {
        QANAT_WAIT(!subscription.isActive() && subscription.statistics().pending == 0);
        QVERIFY(subscription.statistics().isBalanced());
    }
    QANAT_FINISH(broadcaster.close(1h));
    QANAT_CONSERVED(broadcaster);
    thread.quit();
    QVERIFY(thread.wait());
}

void StressTest::sinksDestroyedInMidDelivery_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("plain") << 0;
    QTest::newRow("queue on a pool") << 1;
    QTest::newRow("retry in a queue on a pool") << 2;
}

void StressTest::sinksDestroyedInMidDelivery()
{
    QFETCH(int, kind);
    // A destructor waits for its worker, so the main thread is held up here by design.
    dismissHeartbeat();
    const int all = rounds(kind == 0 ? 20000 : 5000);
    Broadcaster broadcaster;
    const auto stays = std::make_shared<std::atomic<qint64>>(0);
    broadcaster.add(std::make_unique<Queue>(std::make_unique<CountingSink>(stays)));
    settleCommands(broadcaster);
    std::atomic<bool> isOver{false};
    std::atomic<qint64> written{0};
    const Batch batch(QList<Event>(5, someEvent()));
    Crew writers(2, [&](int) {
        while (!isOver.load()) {
            written += broadcaster.write(batch).accepted();
            std::this_thread::sleep_for(50us);
        }
    });
    WorkerPool pool(2);
    const auto count = std::make_shared<std::atomic<qint64>>(0);
    for (int round = 0; round < all; ++round) {
        std::unique_ptr<Sink> sink = std::make_unique<CountingSink>(count);
        if (kind == 2)
            sink = std::make_unique<RetryingSink>(std::move(sink), CircuitBreaker(1, 1s));
        if (kind > 0)
            sink = std::make_unique<Queue>(std::move(sink), pool);
        broadcaster.add(sink.get());
        const QFuture<Delivery> sent = sink->send(batch);
        if (round % 20 == 0)
            QANAT_WAIT(sink->statistics().written > 5);
        sink.reset();
        QVERIFY(sent.isFinished());
        QCOMPARE(sent.resultCount(), 1);
        if (round % 10 == 0)
            QCoreApplication::processEvents();
    }
    isOver = true;
    QVERIFY(writers.wait());
    QANAT_FINISH(broadcaster.close(1h));
    QCOMPARE(stays->load(), written.load());
    QANAT_CONSERVED(broadcaster);
    QCOMPARE(broadcaster.statistics().written, written.load());
}

void StressTest::completionsOutliveTheirSinks()
{
    const LateOutcomes allowed;
    dismissHeartbeat();
    const int all = rounds(2000);
    for (int round = 0; round < all; ++round) {
        auto end = std::make_unique<RecordingSink>();
        end->setMaxInFlight(1 + round % 4);
        const auto recording = end->recording();
        recording->defer();
        std::unique_ptr<Sink> sink = std::move(end);
        if (round % 2)
            sink = std::make_unique<RetryingSink>(std::move(sink), ExponentialBackoff());
        if (round % 3)
            sink = std::make_unique<Queue>(std::move(sink), WorkerPool::shared());
        QList<QFuture<Delivery>> sent;
        for (int i = 0; i < 4; ++i)
            sent.append(sink->send(eventOf(QString::number(i))));
        QANAT_WAIT(recording->deferredCalls() > 0);
        // In another thread, and here the end comes.
        std::thread settling([&] {
            recording->settle(1);
            recording->settle(1, passingFailure());
            recording->settleAll(Delivery::untried());
        });
        sink.reset();
        settling.join();
        recording->settleAll();
        for (const QFuture<Delivery> &future : sent) {
            QANAT_FINISH(future);
            QCOMPARE(future.resultCount(), 1);
        }
    }
}

void StressTest::aMillionEventsIntoABlockedSink()
{
    const int each = rounds(250000);
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue stuck(std::move(end));
    Broadcaster broadcaster;
    broadcaster.add(&stuck);
    const auto count = std::make_shared<std::atomic<qint64>>(0);
    broadcaster.add(std::make_unique<Queue>(std::make_unique<CountingSink>(count)));
    settleCommands(broadcaster);
    const Event event = someEvent();
    Crew writers(4, [&](int) {
        for (int i = 0; i < each; ++i)
            broadcaster.write(event);
    });
    QVERIFY(writers.wait(5min));
    QANAT_WAIT(count->load() == 4 * each);
    QANAT_WAIT(stuck.statistics().written == 4 * each);
    QCOMPARE(stuck.statistics().pending, 4 * each);
    QVERIFY(stuck.statistics().isBalanced());
    recording->setBehaviour({});
    const QFuture<CloseResult> closing = broadcaster.discard();
    recording->release();
    QANAT_FINISH(closing);
    QANAT_WAIT(stuck.state() == PipelineNode::State::Closed);
    QANAT_CONSERVED(stuck);
    QANAT_CONSERVED(broadcaster);
    QCOMPARE(stuck.statistics().delivered + stuck.statistics().dropped, 4 * each);
}

void StressTest::aMillionEventsAreDiscarded_data()
{
    QTest::addColumn<bool>("isQueue");
    QTest::addColumn<bool>("hasDeadLetters");
    QTest::addColumn<bool>("isBatch");
    QTest::newRow("queue") << true << false << false;
    QTest::newRow("queue with dead letters") << true << true << false;
    QTest::newRow("plain") << false << false << false;
    QTest::newRow("plain with dead letters") << false << true << false;
    QTest::newRow("one batch, with dead letters") << true << true << true;
}

// Whoever does it, here the GUI's thread as its heartbeat says, does not wait until all of them were seen to.
void StressTest::aMillionEventsAreDiscarded()
{
    QFETCH(bool, isQueue);
    QFETCH(bool, hasDeadLetters);
    QFETCH(bool, isBatch);
    // A batch is let go of in one go, by whoever is the last to have it: a million would take longer than the heartbeat allows.
    const qint64 all = rounds(isBatch ? 100000 : 1000000);
    const auto count = std::make_shared<std::atomic<qint64>>(0);
    // In this thread, so that it shows if they are marked in one go.
    CountingSink deadLetters(count);
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    std::unique_ptr<Sink> sink = std::move(end);
    if (isQueue)
        sink = std::make_unique<Queue>(std::move(sink), WorkerPool::shared());
    if (hasDeadLetters)
        sink->setDeadLetterSink(&deadLetters);
    Crew maker(1, [&](int) {
        settleMemory();
        QList<Event> events;
        for (qint64 n = 0; n < all; ++n) {
            if (isBatch)
                events.append(Event(u"to.be.discarded"_s));
            else
                sink->write(Event(u"to.be.discarded"_s));
        }
        if (isBatch)
            sink->write(Batch(std::exchange(events, {})));
    });
    QVERIFY(maker.wait());
    QCOMPARE(sink->statistics().written, all);
    QANAT_WAIT(recording->deferredCalls() == 1);
    const QFuture<CloseResult> closing = sink->discard();
    QCOMPARE(sink->statistics().dropped, all);
    QANAT_FINISH(closing);
    QCOMPARE(closing.result().left(), all);
    QANAT_CONSERVED(*sink);
    QANAT_WAIT(count->load() == (hasDeadLetters ? all : 0));
    sink.reset();
    QANAT_FINISH(deadLetters.close(1h));
    QANAT_CONSERVED(deadLetters);
}

void StressTest::aQueueDestroyedWhileItIsWritten()
{
    // A pointer to what is destroyed may be used by nobody. A broadcaster has none, so this is the way it happens: the
    // writers know the broadcaster, and its queues come and go while they write.
    dismissHeartbeat();
    const int all = rounds(2000);
    for (int round = 0; round < all; ++round) {
        Broadcaster broadcaster;
        broadcaster.setPacing(round % 2 ? Broadcaster::Pacing::Slowest : Broadcaster::Pacing::Free);
        const auto count = std::make_shared<std::atomic<qint64>>(0);
        auto queue = std::make_unique<Queue>(std::make_unique<CountingSink>(count), WorkerPool::shared());
        Limits limits;
        limits.events = 8;
        if (round % 3 == 0)
            queue->setLimits(limits);
        broadcaster.add(queue.get());
        const Batch batch(QList<Event>(5, someEvent()));
        std::atomic<int> begun{0};
        std::vector<QFuture<Delivery>> sent(20);
        Crew writers(2, [&](int i) {
            for (int n = 0; n < 20; ++n) {
                if (i == 0)
                    sent[size_t(n)] = broadcaster.send(batch);
                else
                    broadcaster.write(batch);
                ++begun;
            }
        });
        QANAT_WAIT(begun.load() > round % 40);
        queue.reset();
        QVERIFY(writers.wait());
        for (const QFuture<Delivery> &future : sent)
            QANAT_FINISH(future);
        QANAT_WAIT(broadcaster.statistics().pending == 0);
        QANAT_CONSERVED(broadcaster);
        QCOMPARE(broadcaster.statistics().written, 200);
    }
}

void StressTest::limitsAgainstWriters_data()
{
    QTest::addColumn<int>("overflow");
    QTest::newRow("reject") << int(Limits::Overflow::Reject);
    QTest::newRow("drop oldest") << int(Limits::Overflow::DropOldest);
    QTest::newRow("wait") << int(Limits::Overflow::Wait);
}

void StressTest::limitsAgainstWriters()
{
    QFETCH(int, overflow);
    const int each = rounds(20000);
    for (const int inFlight : {1, 6}) {
        const auto count = std::make_shared<std::atomic<qint64>>(0);
        auto end = std::make_unique<RecordingSink>();
        end->setMaxInFlight(inFlight);
        end->recording()->setBehaviour([count](const Event &) {
            count->fetch_add(1);
            return Delivery::delivered();
        });
        Queue queue(std::move(end));
        Limits limits;
        limits.events = 100;
        limits.bytes = 200 * someEvent().estimatedSize();
        limits.overflow = Limits::Overflow(overflow);
        queue.setLimits(limits);
        BalanceSampler sampler(queue);
        std::atomic<qint64> accepted{0};
        Crew writers(4, [&](int i) {
            const Event event = eventOf(QString::number(i));
            const Batch batch(QList<Event>(7, event));
            for (int n = 0; n < each / 8; ++n)
                accepted += queue.write(event).accepted() + queue.write(batch).accepted();
        });
        QVERIFY(writers.wait(5min));
        QANAT_FINISH(queue.close(1h));
        sampler.stop();
        QCOMPARE(sampler.unbalanced(), 0);
        const Statistics statistics = queue.statistics();
        QCOMPARE(statistics.written, accepted.load());
        QCOMPARE(statistics.offered, 4 * qint64(each / 8) * 8);
        QCOMPARE(statistics.delivered, count->load());
        QCOMPARE(statistics.pendingBytes, 0);
        if (Limits::Overflow(overflow) == Limits::Overflow::Wait)
            QCOMPARE(statistics.rejected, 0);
        if (Limits::Overflow(overflow) == Limits::Overflow::DropOldest)
            QCOMPARE(statistics.rejected, 0);
        else
            QCOMPARE(statistics.dropped, 0);
        QANAT_CONSERVED(queue);
    }
}

void StressTest::retriesAgainstFailures()
{
    const int each = rounds(5000);
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(6);
    const auto recording = end->recording();
    const auto delivered = std::make_shared<std::atomic<qint64>>(0);
    recording->setBehaviour([delivered, n = 0](const Event &) mutable {
        switch (++n % 7) {
        case 0:
            return passingFailure();
        case 3:
            return permanentFailure();
        case 5:
            throw 5;
        default:
            delivered->fetch_add(1);
            return Delivery::delivered();
        }
    });
    ExponentialBackoff strategy;
    strategy.setChance([](qint64) { return qint64(0); });
    Queue queue(std::make_unique<RetryingSink>(std::move(end), strategy));
    BalanceSampler sampler(queue);
    Crew writers(4, [&](int i) {
        for (int n = 0; n < each; ++n)
            queue.write(eventOf(QString::number(i * 3 + n % 3)));
    });
    QVERIFY(writers.wait(5min));
    const QFuture<CloseResult> closing = queue.close(1h);
    QVERIFY(waitUntil([&] { return closing.isFinished(); }, 5min));
    sampler.stop();
    QCOMPARE(sampler.unbalanced(), 0);
    QCOMPARE(closing.result().left(), 0);
    QCOMPARE(queue.statistics().written, 4 * each);
    QCOMPARE(queue.statistics().delivered, delivered->load());
    QANAT_CONSERVED(queue);
    QCOMPARE(recording->reentryCount(), 0);
}

void StressTest::closingFromEverywhere()
{
    const int all = rounds(500);
    for (int round = 0; round < all; ++round) {
        Broadcaster broadcaster;
        auto end = std::make_unique<RecordingSink>();
        const auto recording = end->recording();
        auto queue = std::make_unique<Queue>(std::move(end), WorkerPool::shared());
        Queue *const inner = queue.get();
        broadcaster.add(std::move(queue));
        QObject context;
        Subscription subscription = broadcaster.listen(&context, [&](const Event &) { broadcaster.close(1h); });
        if (round % 2)
            recording->setBehaviour(always(Delivery::closed()));
        std::vector<QFuture<CloseResult>> closing(4);
        Crew crew(4, [&](int i) {
            for (int n = 0; n < 10; ++n)
                broadcaster.write(someEvent());
            closing[size_t(i)] = i == 0 ? inner->discard() : i == 1 ? inner->close(1h) : broadcaster.close(1h);
            if (i == 2)
                subscription.reset();
        });
        QVERIFY(crew.wait());
        for (const QFuture<CloseResult> &future : closing)
            QANAT_FINISH(future);
        QCOMPARE(broadcaster.state(), PipelineNode::State::Closed);
        QCOMPARE(inner->state(), PipelineNode::State::Closed);
        QVERIFY(recording->finishCount() <= 1);
        QANAT_CONSERVED(broadcaster);
        QANAT_CONSERVED(*inner);
        QVERIFY(subscription.statistics().isBalanced());
    }
}

// Two threads close at once: the later of the two calls may be that with the later deadline.
void StressTest::theEarliestDeadlineCounts()
{
    const int all = rounds(500);
    for (int round = 0; round < all; ++round) {
        auto end = std::make_unique<RecordingSink>();
        const auto recording = end->recording();
        recording->defer();
        Queue queue(std::move(end), WorkerPool::shared());
        const auto clock = std::make_shared<ManualClock>();
        queue.setClock(clock);
        queue.write(someEvent());
        QANAT_WAIT(recording->deferredCalls() == 1);
        std::vector<QFuture<CloseResult>> closing(2);
        Crew crew(2, [&](int i) { closing[size_t(i)] = queue.close(i == round % 2 ? 1min : 60min); });
        QVERIFY(crew.wait());
        clock->advance(1min);
        for (const QFuture<CloseResult> &future : closing) {
            QANAT_FINISH(future);
            QCOMPARE(future.result().left(), 1);
        }
    }
}

void StressTest::statisticsOfEverythingAllTheTime()
{
    const int each = rounds(20000);
    Broadcaster broadcaster;
    auto retrying = std::make_unique<RetryingSink>(std::make_unique<RecordingSink>(), CircuitBreaker(3, 1s));
    auto queue = std::make_unique<Queue>(std::move(retrying));
    Queue *const watched = queue.get();
    broadcaster.add(std::move(queue));
    settleCommands(broadcaster);
    BalanceSampler one(broadcaster);
    BalanceSampler other(*watched);
    std::atomic<bool> isOver{false};
    std::atomic<int> unbalanced{0};
    Crew walkers(1, [&](int) {
        while (!isOver.load()) {
            const PipelineNode top = broadcaster.pipeline();
            for (const PipelineNode *node = &top; node;
                 node = node->targets.isEmpty() ? nullptr : &node->targets.first())
                unbalanced += !node->statistics.isBalanced();
        }
    });
    Crew writers(2, [&](int) {
        for (int n = 0; n < each; ++n)
            broadcaster.write(someEvent());
    });
    QVERIFY(writers.wait(5min));
    QANAT_FINISH(broadcaster.close(1h));
    isOver = true;
    QVERIFY(walkers.wait());
    one.stop();
    other.stop();
    QCOMPARE(one.unbalanced(), 0);
    QCOMPARE(other.unbalanced(), 0);
    QCOMPARE(unbalanced.load(), 0);
    QCOMPARE(watched->statistics().delivered, 2 * each);
    QANAT_CONSERVED(broadcaster);
    QANAT_CONSERVED(*watched);
}

QTEST_GUILESS_MAIN(StressTest)
#include "tst_stress.moc"
