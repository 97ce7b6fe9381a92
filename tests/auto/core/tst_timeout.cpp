// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Channel>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/Timeout>

#include <QtCore/qpointer.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class TestTimeout : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void whatIsInTimeIsDelivered();
    void whatIsNotInTimeFails();
    void progressGivesTime();
    void onlyTheRestFails();
    void lateOutcomesAreIgnored();
    void isTriedAgain();
    void severalInFlight();
    void aSlowReaderHoldsUpNobody();
    void aMoveDuringTheWait();
    void closeEndsTheWait();
    void withinMayBeAnything();
};

namespace {

struct Pipeline
{
    explicit Pipeline(std::chrono::milliseconds within, int inFlight = 1)
    {
        auto end = std::make_unique<RecordingSink>();
        recording = end->recording();
        end->setMaxInFlight(inFlight);
        recording->defer();
        sink = std::make_unique<Timeout>(within, std::move(end));
        sink->setClock(clock);
    }

    const std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<Recording> recording;
    std::unique_ptr<Timeout> sink;
};

} // namespace

void TestTimeout::whatIsInTimeIsDelivered()
{
    Pipeline p(10s);
    const QFuture<Delivery> outcome = p.sink->send(Batch(someEvents(3)));
    QANAT_WAIT(p.recording->deferredCalls() == 1);
    p.clock->advance(9999ms);
    p.recording->settleAll();
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().outcome(), Delivery::Outcome::Delivered);
    QANAT_BALANCED(*p.sink);
}

void TestTimeout::whatIsNotInTimeFails()
{
    Pipeline p(10s);
    const QFuture<Delivery> outcome = p.sink->send(Batch(someEvents(3)));
    QANAT_WAIT(p.recording->deferredCalls() == 1);
    p.clock->advance(10s);
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().error(), Delivery::Error::Timeout);
    QVERIFY2(outcome.result().errorText().contains(u"10s"_s), qPrintable(outcome.result().errorText()));
    QCOMPARE(p.sink->statistics().dropped, 3);
    QANAT_BALANCED(*p.sink);
    p.recording->settleAll();
}

void TestTimeout::progressGivesTime()
{
    Pipeline p(10s);
    const QFuture<Delivery> outcome = p.sink->send(Batch(someEvents(5)));
    QANAT_WAIT(p.recording->deferredCalls() == 1);
    for (int i = 1; i <= 5; ++i) {
        p.clock->advance(9s);
        p.recording->settle(1);
        QANAT_WAIT(p.sink->statistics().pending == 5 - i);
    }
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().outcome(), Delivery::Outcome::Delivered);
}

void TestTimeout::onlyTheRestFails()
{
    Pipeline p(10s);
    p.sink->write(Batch(someEvents(5)));
    QANAT_WAIT(p.recording->deferredCalls() == 1);
    p.recording->settle(2);
    QANAT_WAIT(p.sink->statistics().delivered == 2);
    p.clock->advance(10s);
    QANAT_WAIT(p.sink->statistics().dropped == 3);
    p.recording->settleAll();
    QANAT_BALANCED(*p.sink);
}

void TestTimeout::lateOutcomesAreIgnored()
{
    Pipeline p(10s);
    const QFuture<Delivery> first = p.sink->send(someEvent());
    QANAT_WAIT(p.recording->deferredCalls() == 1);
    p.clock->advance(10s);
    QANAT_FINISH(first);
    const QFuture<Delivery> second = p.sink->send(someEvent());
    p.recording->settleAll();
    QANAT_WAIT(p.recording->deferredCalls() == 1 && p.recording->count() == 2);
    QVERIFY(!second.isFinished());
    p.recording->settleAll();
    QANAT_FINISH(second);
    QCOMPARE(second.result().outcome(), Delivery::Outcome::Delivered);
    QCOMPARE(p.sink->statistics().delivered, 1);
    QCOMPARE(p.sink->statistics().dropped, 1);
}

void TestTimeout::isTriedAgain()
{
    const auto clock = std::make_shared<ManualClock>();
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    RetryingSink sink(std::make_unique<Timeout>(10s, std::move(end)), ExponentialBackoff(1s, 1s, 1s));
    sink.setClock(clock);
    const QFuture<Delivery> outcome = sink.send(someEvent());
    QANAT_WAIT(recording->deferredCalls() == 1);
    recording->release(); // From now on it answers at once, but for the call that it has.
    clock->advance(10s);
    QANAT_WAIT([&] {
        clock->advanceToNextDue();
        return sink.statistics().retried == 1;
    }());
    recording->settleAll();
    QANAT_WAIT([&] {
        clock->advanceToNextDue();
        return outcome.isFinished();
    }());
    QCOMPARE(outcome.result().outcome(), Delivery::Outcome::Delivered);
    QVERIFY(recording->count() >= 2); // At least once.
}

void TestTimeout::severalInFlight()
{
    Pipeline p(10s, 3);
    const QFuture<Delivery> slow = p.sink->send(eventOf(u"a"_s));
    QANAT_WAIT(p.recording->deferredCalls() == 1);
    p.clock->advance(6s);
    const QFuture<Delivery> quick = p.sink->send(eventOf(u"b"_s));
    QANAT_WAIT(p.recording->deferredCalls() == 2);
    p.clock->advance(4s);
    QANAT_FINISH(slow);
    QCOMPARE(slow.result().error(), Delivery::Error::Timeout);
    QVERIFY(!quick.isFinished());
    p.clock->advance(5s);
    p.recording->settleAll();
    QANAT_FINISH(quick);
    QCOMPARE(quick.result().outcome(), Delivery::Outcome::Delivered);
}

void TestTimeout::aSlowReaderHoldsUpNobody()
{
    const auto clock = std::make_shared<ManualClock>();
    auto owned = std::make_unique<Channel>(2);
    const QPointer<Channel> channel(owned.get());
    Queue queue(std::make_unique<Timeout>(10s, std::move(owned)));
    queue.setClock(clock);
    for (int i = 0; i < 6; ++i)
        queue.write(Event(u"n"_s, i));
    QANAT_WAIT(channel->available() == 2);
    QANAT_WAIT([&] {
        clock->advanceToNextDue();
        return queue.statistics().pending == 0;
    }());
    QCOMPARE(queue.statistics().delivered, 2);
    QCOMPARE(queue.statistics().dropped, 4);
    QCOMPARE(queue.statistics().lastError.error(), Delivery::Error::Timeout);
    QANAT_BALANCED(queue);
}

void TestTimeout::aMoveDuringTheWait()
{
    QThread thread;
    thread.start();
    Pipeline p(10s);
    p.sink->moveToThread(&thread);
    const QFuture<Delivery> outcome = p.sink->send(Batch(someEvents(3)));
    QANAT_WAIT(p.recording->deferredCalls() == 1 && p.clock->nextDue());
    QVERIFY(moveBack(*p.sink));
    // Nothing of the wait may be left there.
    thread.quit();
    QVERIFY(thread.wait());
    QANAT_WAIT(p.clock->nextDue());
    p.clock->advance(10s);
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().error(), Delivery::Error::Timeout);
    p.recording->settleAll();
}

void TestTimeout::closeEndsTheWait()
{
    Pipeline p(1h);
    p.sink->write(Batch(someEvents(3)));
    QANAT_WAIT(p.recording->deferredCalls() == 1);
    const QFuture<CloseResult> closed = p.sink->discard();
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().left(), 3);
    QVERIFY(!p.clock->nextDue());
    p.recording->loseDeferred();
}

void TestTimeout::withinMayBeAnything()
{
    Pipeline p(std::chrono::milliseconds::max());
    QVERIFY(p.sink->within() > 24h);
    p.sink->write(someEvent());
    QANAT_WAIT(p.recording->deferredCalls() == 1);
    p.clock->advance(1h);
    p.recording->settleAll();
    QANAT_WAIT(p.sink->statistics().delivered == 1);
    p.sink->setWithin(-1s);
    QCOMPARE(p.sink->within(), 0s);
}

QTEST_GUILESS_MAIN(TestTimeout)

#include "tst_timeout.moc"
