// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "moment.h"
#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/Clock>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <chrono>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;
using std::chrono::nanoseconds;

namespace {

// A sink that waits, as only sinks can: a RetryingSink before something that is out of order.
struct Waiting
{
    explicit Waiting(std::shared_ptr<Clock> clock, nanoseconds wait)
    {
        auto end = std::make_unique<RecordingSink>();
        recording = end->recording();
        recording->setBehaviour(
            [n = 0](const Event &) mutable { return n++ == 0 ? passingFailure() : Delivery::delivered(); });
        sink = std::make_unique<RetryingSink>(std::move(end), CircuitBreaker(1, wait));
        sink->setClock(std::move(clock));
        sink->write(someEvent());
    }

    std::shared_ptr<Recording> recording;
    std::unique_ptr<Sink> sink;
};

} // namespace

class ClockTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void theSystemsClockGoesOn();
    void theSystemsWallClockIsThatOfQt();
    void waitsByTheSystemsClock();
    void aManualClockStandsStill();
    void advanceWakesThoseWhoseTimeHasCome();
    void advanceWakesOtherThreads();
    void manyWaitByOneClock();
    void nextDueIsTheEarliest();
    void aSuspendIsNoticedWhenSomebodyLooks();
    void theWallClockMovesAlone();
    void nobodyWaitsAfterTheSinkIsGone();
    void longWaitsDontOverflow();
    void noClockMeansTheSystems();
};

void ClockTest::theSystemsClockGoesOn()
{
    const auto clock = Clock::system();
    QCOMPARE(clock, Clock::system());
    nanoseconds previous = clock->now();
    for (int i = 0; i < 10000; ++i) {
        const nanoseconds now = clock->now();
        QVERIFY(now >= previous);
        previous = now;
    }
    const nanoseconds begin = clock->now();
    QANAT_WAIT(clock->now() > begin);
}

void ClockTest::theSystemsWallClockIsThatOfQt()
{
    const auto before = QDateTime::currentMSecsSinceEpoch();
    const auto time = Clock::system()->wallClock().count();
    const auto after = QDateTime::currentMSecsSinceEpoch();
    // Newer Qt rounds to the nearest millisecond, this clock down.
    QVERIFY(before - 1 <= time && time <= after);
}

void ClockTest::waitsByTheSystemsClock()
{
    const nanoseconds begin = Clock::system()->now();
    const Waiting waiting(nullptr, 50ms);
    QANAT_WAIT(waiting.recording->deliveredCount() == 1);
    QVERIFY(Clock::system()->now() - begin >= 50ms);
}

void ClockTest::aManualClockStandsStill()
{
    ManualClock clock;
    QCOMPARE(clock.now(), 1h);
    QCOMPARE(QDateTime::fromMSecsSinceEpoch(clock.wallClock().count()).toUTC(),
             momentOf(QDate(2026, 1, 1), QTime(0, 0)));
    QVERIFY(!clock.nextDue());
    QVERIFY(!clock.advanceToNextDue());
    clock.advance(90min);
    QCOMPARE(clock.now(), 150min);
    QCOMPARE(QDateTime::fromMSecsSinceEpoch(clock.wallClock().count()).toUTC().time(), QTime(1, 30));
    clock.advance(-1h);
    QCOMPARE(clock.now(), 150min);
    QVERIFY(!clock.waitForWaiter(0ms));
}

void ClockTest::advanceWakesThoseWhoseTimeHasCome()
{
    const auto clock = std::make_shared<ManualClock>();
    const Waiting waiting(clock, 10s);
    QANAT_WAIT(clock->nextDue());
    QCOMPARE(clock->nextDue(), clock->now() + 10s);
    clock->advance(10s - 1ns);
    QCoreApplication::processEvents();
    QCOMPARE(waiting.recording->count(), 1);
    clock->advance(1ns);
    QANAT_WAIT(waiting.recording->deliveredCount() == 1);
    QVERIFY(!clock->nextDue());
}

void ClockTest::advanceWakesOtherThreads()
{
    const auto clock = std::make_shared<ManualClock>();
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->setBehaviour(
        [n = 0](const Event &) mutable { return n++ == 0 ? passingFailure() : Delivery::delivered(); });
    Queue queue(std::make_unique<RetryingSink>(std::move(end), CircuitBreaker(1, 10s)));
    queue.setClock(clock);
    queue.write(someEvent());
    dismissHeartbeat(); // These block.
    QVERIFY(clock->waitForWaiter());
    clock->advance(10s);
    QVERIFY(recording->waitForDelivered(1));
}

void ClockTest::manyWaitByOneClock()
{
    const auto clock = std::make_shared<ManualClock>();
    std::vector<std::unique_ptr<Waiting>> waiting;
    for (int i = 1; i <= 20; ++i)
        waiting.push_back(std::make_unique<Waiting>(clock, std::chrono::seconds(i)));
    for (const auto &one : waiting)
        QANAT_WAIT(one->recording->count() == 1);
    for (size_t i = 0; i < waiting.size(); ++i) {
        QANAT_WAIT(clock->nextDue() == clock->now() + 1s);
        clock->advance(1s);
        QANAT_WAIT(waiting[i]->recording->deliveredCount() == 1);
        if (i + 1 < waiting.size())
            QCOMPARE(waiting[i + 1]->recording->deliveredCount(), 0);
    }
}

void ClockTest::nextDueIsTheEarliest()
{
    const auto clock = std::make_shared<ManualClock>();
    const Waiting later(clock, 20s);
    QANAT_WAIT(clock->nextDue() == clock->now() + 20s);
    const Waiting sooner(clock, 10s);
    QANAT_WAIT(clock->nextDue() == clock->now() + 10s);
    QVERIFY(clock->advanceToNextDue());
    QANAT_WAIT(sooner.recording->deliveredCount() == 1);
    QCOMPARE(clock->nextDue(), clock->now() + 10s);
    QVERIFY(clock->advanceToNextDue());
    QANAT_WAIT(later.recording->deliveredCount() == 1);
}

void ClockTest::aSuspendIsNoticedWhenSomebodyLooks()
{
    const auto clock = std::make_shared<ManualClock>();
    const Waiting waiting(clock, 30ms);
    QANAT_WAIT(clock->nextDue());
    clock->suspend(8h); // Nobody is told.
    QANAT_WAIT(waiting.recording->deliveredCount() == 1);
}

void ClockTest::theWallClockMovesAlone()
{
    const auto clock = std::make_shared<ManualClock>();
    const Waiting waiting(clock, 10s);
    QANAT_WAIT(clock->nextDue());
    const nanoseconds before = clock->now();
    clock->setWallClock(0ms);
    QCOMPARE(clock->wallClock(), 0ms);
    QCOMPARE(clock->now(), before);
    QCoreApplication::processEvents();
    QCOMPARE(waiting.recording->count(), 1);
    QCOMPARE(clock->nextDue(), before + 10s);
}

void ClockTest::nobodyWaitsAfterTheSinkIsGone()
{
    const auto clock = std::make_shared<ManualClock>();
    {
        const Waiting waiting(clock, 10s);
        QANAT_WAIT(clock->nextDue());
    }
    QVERIFY(!clock->nextDue());
    clock->advance(1h);
    QCoreApplication::processEvents();
}

void ClockTest::longWaitsDontOverflow()
{
    const auto clock = std::make_shared<ManualClock>();
    const Waiting waiting(clock, std::chrono::hours(24 * 36500));
    QANAT_WAIT(clock->nextDue());
    QCOMPARE(*clock->nextDue() - clock->now(), nanoseconds(std::chrono::hours(24 * 36500)));
    clock->advance(std::chrono::hours(24 * 36500));
    QANAT_WAIT(waiting.recording->deliveredCount() == 1);

    // A deadline without end is none.
    RecordingSink sink;
    sink.setClock(clock);
    sink.recording()->defer();
    sink.write(someEvent());
    QANAT_WAIT(sink.recording()->deferredCalls() == 1);
    const QFuture<CloseResult> closing = sink.close(std::chrono::milliseconds::max());
    QCoreApplication::processEvents();
    QVERIFY(!clock->nextDue());
    QVERIFY(!closing.isFinished());
    sink.recording()->settle(1);
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
}

void ClockTest::noClockMeansTheSystems()
{
    RecordingSink sink;
    sink.setClock(std::make_shared<ManualClock>());
    sink.setClock(nullptr);
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 1);
}

QTEST_GUILESS_MAIN(ClockTest)
#include "tst_clock.moc"
