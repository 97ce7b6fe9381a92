// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Filter>
#include <Qanat/Gate>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtCore/qthread.h>

#include <atomic>
#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class TestGate : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void holdsUntilGranted();
    void holdsUpToALimit();
    void discardsUntilGranted();
    void deniedIsFiltered();
    void revocationDiscardsWhatIsHeld();
    void revocationReachesTheQueueBehind();
    void revocationReachesWhatWaitsForAnotherTry();
    void whatIsUnderWayIsNotTriedAgain();
    void revocationKeepsCommandsInOrder();
    void revocationReachesKeysInFlight();
    void grantedAgain();
    void nothingOfItBecomesADeadLetter();
    void closeDoesNotWaitForAnAnswer();
    void closeDeliversWhatWasGranted();
    void behindAQueue();
    void limitsOfHoldingComeAndGo();
    void limitsSetWhileItHoldsComeLater();
    void revocationOvertakesAWrapperAtWork();
    void mayBeDestroyedByWhoHearsOfIt();
    void propertiesTell();
    void changesFromOtherThreads();
    void revocationOfManyHoldsUpNobody();
    void closeOfAQueueBeforeItDoesNotWait();
    void ofManyKeysTheOldestIsDropped();
};

namespace {

// A gate before a queue, whose sink is blocked or fails, as told.
struct Pipeline
{
    explicit Pipeline(const std::function<std::unique_ptr<Sink>(std::unique_ptr<Sink>)> &wrap = {})
    {
        auto end = std::make_unique<RecordingSink>();
        recording = end->recording();
        std::unique_ptr<Sink> target = std::move(end);
        if (wrap)
            target = wrap(std::move(target));
        auto owned = std::make_unique<Queue>(std::move(target));
        queue = owned.get();
        gate = std::make_unique<Gate>(std::move(owned));
    }

    std::shared_ptr<Recording> recording;
    Queue *queue = nullptr;
    std::unique_ptr<Gate> gate;
};

} // namespace

void TestGate::holdsUntilGranted()
{
    Pipeline p;
    const QList<Event> events = someEvents(5);
    for (const Event &event : events)
        p.gate->write(event);
    QANAT_WAIT(p.gate->statistics().inFlight > 0);
    QCOMPARE(p.gate->statistics().pending, 5);
    QCOMPARE(p.queue->statistics().offered, 0);
    QCOMPARE(p.gate->pipeline().activity, PipelineNode::Activity::Paused);
    QVERIFY(p.gate->pipeline().activityReason.contains(u"consent"_s));
    p.gate->setConsent(Gate::Consent::Granted);
    QCOMPARE(p.gate->pipeline().activity, PipelineNode::Activity::Flowing);
    QCOMPARE(p.gate->pipeline().activityReason, QString());
    const Event live = someEvent();
    p.gate->write(live);
    QANAT_WAIT(p.recording->count() == 6);
    QCOMPARE(p.recording->ids(), idsOf(events + QList<Event>{live}));
    QANAT_WAIT(p.gate->statistics().delivered == 6);
    QANAT_BALANCED(*p.gate);
}

void TestGate::holdsUpToALimit()
{
    Pipeline p;
    QCOMPARE(p.gate->holdLimits().events, Gate::DefaultHoldLimit);
    p.gate->setHoldLimits({10, Limits::Unlimited, Limits::Overflow::DropOldest});
    const QList<Event> events = someEvents(100);
    for (const Event &event : events)
        p.gate->write(event);
    QCOMPARE(p.gate->statistics().pending, 10);
    QCOMPARE(p.gate->statistics().dropped, 90);
    p.gate->setConsent(Gate::Consent::Granted);
    QANAT_WAIT(p.recording->count() == 10);
    QCOMPARE(p.recording->ids().last(), events.last().id());
}

void TestGate::discardsUntilGranted()
{
    Pipeline p;
    p.gate->write(someEvent());
    QANAT_WAIT(p.gate->statistics().inFlight == 1);
    p.gate->setWhileUndecided(Gate::Undecided::Discard);
    p.gate->write(someEvent());
    QANAT_WAIT(p.gate->statistics().filtered == 2);
    p.gate->setConsent(Gate::Consent::Granted);
    p.gate->write(someEvent());
    QANAT_WAIT(p.recording->count() == 1);
}

void TestGate::deniedIsFiltered()
{
    Pipeline p;
    p.gate->setConsent(Gate::Consent::Denied);
    const QFuture<Delivery> outcome = p.gate->send(someEvent());
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().outcome(), Delivery::Outcome::Filtered);
    QCOMPARE(p.recording->count(), 0);
}

void TestGate::revocationDiscardsWhatIsHeld()
{
    Pipeline p;
    const QFuture<Delivery> outcome = p.gate->send(Batch(someEvents(3)));
    p.gate->write(Batch(someEvents(5000)));
    QANAT_WAIT(p.gate->statistics().inFlight > 0);
    p.gate->setConsent(Gate::Consent::Denied);
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().outcome(), Delivery::Outcome::Filtered);
    QANAT_WAIT(p.gate->statistics().filtered == 5003);
    QCOMPARE(p.gate->statistics().pending, 0);
    QCOMPARE(p.queue->statistics().offered, 0);
}

void TestGate::revocationReachesTheQueueBehind()
{
    Pipeline p;
    p.gate->setConsent(Gate::Consent::Granted);
    p.recording->hold();
    p.gate->write(someEvent());
    QANAT_WAIT(p.recording->isBlocked());
    const QFuture<Delivery> outcome = p.queue->send(Batch(someEvents(100)));
    p.gate->write(Batch(someEvents(50)));
    QCOMPARE(p.queue->statistics().pending, 101);
    p.gate->setConsent(Gate::Consent::Denied);
    p.recording->release();
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().outcome(), Delivery::Outcome::Filtered);
    QANAT_WAIT(p.queue->statistics().pending == 0);
    QCOMPARE(p.recording->count(), 1);
    QCOMPARE(p.queue->statistics().filtered, 100);
    QANAT_BALANCED(*p.queue);
    QANAT_WAIT(p.gate->statistics().pending == 0);
    QANAT_BALANCED(*p.gate);
}

void TestGate::revocationReachesWhatWaitsForAnotherTry()
{
    for (const bool isBreaker : {true, false}) {
        const auto clock = std::make_shared<ManualClock>();
        Pipeline p([&](std::unique_ptr<Sink> end) -> std::unique_ptr<Sink> {
            if (isBreaker)
                return std::make_unique<RetryingSink>(std::move(end), CircuitBreaker(1, 10s));
            return std::make_unique<RetryingSink>(std::move(end), ExponentialBackoff(10s, 10s, 20s));
        });
        p.gate->setClock(clock);
        p.gate->setConsent(Gate::Consent::Granted);
        p.recording->setBehaviour(always(passingFailure()));
        const QFuture<Delivery> outcome = p.gate->send(Batch(someEvents(3)));
        QANAT_WAIT(clock->nextDue());
        const qsizetype before = p.recording->count();
        p.gate->setConsent(Gate::Consent::Denied);
        QANAT_FINISH(outcome);
        QCOMPARE(outcome.result().outcome(), Delivery::Outcome::Filtered);
        clock->advance(1h);
        p.gate->setConsent(Gate::Consent::Granted);
        p.recording->setBehaviour({});
        clock->advance(1h);
        const QFuture<Delivery> next = p.gate->send(someEvent());
        QANAT_WAIT([&] {
            clock->advanceToNextDue();
            return next.isFinished();
        }());
        QCOMPARE(next.result().outcome(), Delivery::Outcome::Delivered);
        QCOMPARE(p.recording->count(), before + 1);
        QANAT_BALANCED(*p.gate);
    }
}

void TestGate::whatIsUnderWayIsNotTriedAgain()
{
    const auto clock = std::make_shared<ManualClock>();
    Pipeline p(
        [](std::unique_ptr<Sink> end) { return std::make_unique<RetryingSink>(std::move(end), ExponentialBackoff()); });
    p.gate->setClock(clock);
    p.gate->setConsent(Gate::Consent::Granted);
    p.recording->defer();
    const QFuture<Delivery> outcome = p.gate->send(Batch(someEvents(3)));
    QANAT_WAIT(p.recording->deferredCalls() == 1);
    p.gate->setConsent(Gate::Consent::Denied);
    // The worker has taken note of it when it has come to this.
    QANAT_FINISH(p.queue->configure<RetryingSink>([](RetryingSink &) {}));
    p.recording->settle(1);
    p.recording->settleAll(passingFailure());
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().outcome(), Delivery::Outcome::Delivered); // One has arrived.
    QCOMPARE(p.recording->count(), 3);
    QCOMPARE(p.queue->statistics().delivered, 1);
    QCOMPARE(p.queue->statistics().filtered, 2);
    QVERIFY(!clock->nextDue());
}

void TestGate::revocationKeepsCommandsInOrder()
{
    Pipeline p;
    p.gate->setConsent(Gate::Consent::Granted);
    p.recording->hold();
    p.gate->write(someEvent());
    QANAT_WAIT(p.recording->isBlocked());
    p.queue->write(Batch(someEvents(10)));
    const QFuture<bool> configured = p.queue->configure<RecordingSink>([](RecordingSink &) {});
    p.queue->write(Batch(someEvents(10)));
    p.gate->setConsent(Gate::Consent::Denied);
    p.recording->release();
    QANAT_FINISH(configured);
    QVERIFY(configured.result());
    QANAT_WAIT(p.queue->statistics().filtered == 20);
    QCOMPARE(p.recording->count(), 1);
}

void TestGate::revocationReachesKeysInFlight()
{
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(4);
    const auto recording = end->recording();
    recording->defer();
    auto owned = std::make_unique<Queue>(std::move(end));
    Queue *const queue = owned.get();
    Gate gate(std::move(owned));
    gate.setConsent(Gate::Consent::Granted);
    for (int i = 0; i < 100; ++i)
        queue->write(eventOf(QString::number(i % 10)));
    QANAT_WAIT(recording->deferredCalls() == 4);
    QCOMPARE(queue->statistics().pending, 100);
    gate.setConsent(Gate::Consent::Denied);
    QANAT_FINISH(queue->configure<RecordingSink>([](RecordingSink &) {}));
    const qsizetype underWay = recording->count();
    QCOMPARE(queue->statistics().filtered, 100 - underWay);
    recording->settleAll();
    QANAT_WAIT(queue->statistics().pending == 0 && gate.statistics().pending == 0);
    QCOMPARE(queue->statistics().delivered, underWay);
    QCOMPARE(recording->count(), underWay);
    // And on it goes, with the same keys.
    recording->release();
    gate.setConsent(Gate::Consent::Granted);
    for (int i = 0; i < 100; ++i)
        gate.write(eventOf(QString::number(i % 10)));
    QANAT_WAIT(queue->statistics().delivered == underWay + 100 && gate.statistics().pending == 0);
    QANAT_BALANCED(*queue);
    QANAT_BALANCED(gate);
}

void TestGate::grantedAgain()
{
    Pipeline p;
    for (int i = 0; i < 10; ++i) {
        p.gate->setConsent(Gate::Consent::Denied);
        p.gate->write(someEvent());
        p.gate->setConsent(Gate::Consent::Undecided);
        p.gate->setConsent(Gate::Consent::Granted);
        const qsizetype before = p.recording->count();
        const Event event = someEvent();
        p.gate->write(event);
        QANAT_WAIT(p.recording->count() > before && p.recording->ids().last() == event.id());
    }
    QANAT_BALANCED(*p.gate);
}

void TestGate::nothingOfItBecomesADeadLetter()
{
    DeadLetters dead;
    Pipeline p;
    p.gate->setDeadLetterSink(&dead);
    p.queue->setDeadLetterSink(&dead);
    p.gate->setConsent(Gate::Consent::Granted);
    p.recording->hold();
    p.gate->write(Batch(someEvents(10)));
    QANAT_WAIT(p.recording->isBlocked());
    p.gate->write(Batch(someEvents(10)));
    p.queue->write(Batch(someEvents(10)));
    p.gate->setConsent(Gate::Consent::Denied);
    p.recording->release();
    QANAT_WAIT(p.gate->statistics().pending == 0);
    QCOMPARE(p.gate->statistics().dropped, 0);
    QCOMPARE(dead.statistics().offered, 0);
}

void TestGate::closeDoesNotWaitForAnAnswer()
{
    Pipeline p;
    p.gate->write(Batch(someEvents(100)));
    QANAT_WAIT(p.gate->statistics().inFlight > 0);
    const QFuture<CloseResult> closed = p.gate->close(1h);
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().left(), 0);
    QCOMPARE(p.gate->statistics().filtered, 100);
    QCOMPARE(p.recording->count(), 0);
}

void TestGate::closeDeliversWhatWasGranted()
{
    Pipeline p;
    p.gate->write(Batch(someEvents(100)));
    p.gate->setConsent(Gate::Consent::Granted);
    QANAT_FINISH(p.gate->close(1h));
    QCOMPARE(p.recording->count(), 100);
}

void TestGate::behindAQueue()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::make_unique<Gate>(std::move(end)));
    queue.write(Batch(someEvents(5)));
    QANAT_WAIT(queue.statistics().inFlight == 5);
    QANAT_FINISH(queue.configure<Gate>([](Gate &gate) { gate.setConsent(Gate::Consent::Granted); }));
    QANAT_WAIT(recording->count() == 5);
    // Where nobody answers, a close does not wait for that.
    QANAT_FINISH(queue.configure<Gate>([](Gate &gate) { gate.setConsent(Gate::Consent::Undecided); }));
    queue.write(Batch(someEvents(5)));
    QANAT_WAIT(queue.statistics().inFlight == 5);
    const QFuture<CloseResult> closed = queue.close(1h);
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().left(), 0);
    QCOMPARE(queue.statistics().filtered, 5);
}

void TestGate::limitsOfHoldingComeAndGo()
{
    Pipeline p;
    QCOMPARE(p.gate->limits().events, Gate::DefaultHoldLimit);
    p.gate->setHoldLimits({7, Limits::Unlimited, Limits::Overflow::Reject});
    QCOMPARE(p.gate->limits().events, 7);
    p.gate->setConsent(Gate::Consent::Granted);
    QVERIFY(p.gate->limits().isUnlimited());
    p.gate->setLimits({50, Limits::Unlimited, Limits::Overflow::Reject});
    p.gate->setConsent(Gate::Consent::Undecided);
    QCOMPARE(p.gate->limits().events, 7);
    p.gate->setConsent(Gate::Consent::Denied);
    QCOMPARE(p.gate->limits().events, 50);
}

void TestGate::limitsSetWhileItHoldsComeLater()
{
    Pipeline p;
    p.gate->setLimits({5, Limits::Unlimited, Limits::Overflow::Reject});
    QCOMPARE(p.gate->limits().events, Gate::DefaultHoldLimit);
    p.gate->setConsent(Gate::Consent::Granted);
    QCOMPARE(p.gate->limits().events, 5);
}

// What a wrapper between has in its hands goes on into the queue behind only after that was told of the revocation.
void TestGate::revocationOvertakesAWrapperAtWork()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    auto last = std::make_unique<Queue>(std::move(end));
    Queue *const queue = last.get();
    std::atomic<bool> isAtWork{false};
    std::atomic<bool> mayGoOn{false};
    auto filter = std::make_unique<Filter>(
        [&](const Event &event) {
            if (event.type() == u"slow"_s) {
                isAtWork = true;
                while (!mayGoOn)
                    std::this_thread::yield();
            }
            return true;
        },
        std::move(last));
    Gate gate(std::make_unique<Queue>(std::move(filter)));
    gate.setConsent(Gate::Consent::Granted);
    gate.write(someEvent());
    QANAT_WAIT(recording->isBlocked());
    queue->write(someEvent());
    const QFuture<Delivery> outcome = gate.send(someEvent(u"slow"_s));
    QANAT_WAIT(isAtWork.load() || recording->count() > 1 || gate.statistics().pending == 2);
    recording->release();
    QANAT_WAIT(isAtWork.load());
    recording->hold();
    gate.setConsent(Gate::Consent::Denied);
    mayGoOn = true;
    QANAT_WAIT(queue->statistics().written == 3);
    recording->release();
    QANAT_FINISH(outcome);
    QANAT_WAIT(gate.statistics().pending == 0);
    QANAT_BALANCED(gate);
    QANAT_BALANCED(*queue);
}

void TestGate::mayBeDestroyedByWhoHearsOfIt()
{
    auto *const gate = new Gate(std::make_unique<RecordingSink>());
    bool isGone = false;
    gate->send(someEvent()).then(this, [&](const Delivery &) {
        delete gate;
        isGone = true;
    });
    for (int i = 0; i < 5; ++i)
        gate->write(someEvent());
    QANAT_WAIT(gate->statistics().inFlight > 0);
    gate->setConsent(Gate::Consent::Granted);
    QANAT_WAIT(isGone);
}

void TestGate::propertiesTell()
{
    Gate gate(std::make_unique<RecordingSink>());
    QSignalSpy consent(&gate, &Gate::consentChanged);
    QSignalSpy policy(&gate, &Gate::whileUndecidedChanged);
    gate.setConsent(Gate::Consent::Undecided);
    gate.setWhileUndecided(Gate::Undecided::Hold);
    QCOMPARE(consent.size() + policy.size(), 0);
    gate.setConsent(Gate::Consent::Granted);
    gate.setWhileUndecided(Gate::Undecided::Discard);
    QCOMPARE(consent.size(), 1);
    QCOMPARE(policy.size(), 1);
    QCOMPARE(gate.consent(), Gate::Consent::Granted);
    QCOMPARE(gate.whileUndecided(), Gate::Undecided::Discard);
}

void TestGate::changesFromOtherThreads()
{
    constexpr int Count = IsSanitized ? 20000 : 200000;
    Pipeline p;
    std::atomic<bool> isOver{false};
    std::thread fickle([&] {
        const Gate::Consent answers[] = {Gate::Consent::Granted, Gate::Consent::Denied, Gate::Consent::Undecided};
        for (int i = 0; !isOver; ++i) {
            p.gate->setConsent(answers[i % 3]);
            std::this_thread::yield();
        }
    });
    std::thread writer([&] {
        for (int i = 0; i < Count; ++i)
            p.gate->write(someEvent());
        isOver = true;
    });
    QANAT_WAIT(isOver.load());
    fickle.join();
    writer.join();
    p.gate->setConsent(Gate::Consent::Granted);
    QANAT_FINISH(p.gate->close());
    const Statistics statistics = p.gate->statistics();
    QCOMPARE(statistics.pending, 0);
    QCOMPARE(statistics.offered, Count);
    QCOMPARE(statistics.delivered, p.recording->count());
    QVERIFY2(statistics.isBalanced(), qPrintable(statistics.toString()));
}

void TestGate::revocationOfManyHoldsUpNobody()
{
    constexpr int Many = 300000;
    Pipeline p;
    p.gate->setHoldLimits(Limits());
    const auto data = std::make_shared<int>();
    std::thread writer([&] {
        for (int i = 0; i < Many; ++i)
            p.gate->write(Event(u"test.event"_s, QVariant::fromValue(data)));
    });
    QANAT_WAIT(p.gate->statistics().written == Many);
    writer.join();
    p.gate->setConsent(Gate::Consent::Denied);
    QANAT_WAIT(data.use_count() == 1);
    QCOMPARE(p.gate->statistics().filtered, Many);
    QANAT_BALANCED(*p.gate);
}

void TestGate::closeOfAQueueBeforeItDoesNotWait()
{
    DeadLetters dead;
    Queue queue(std::make_unique<Gate>(std::make_unique<RecordingSink>()));
    queue.setDeadLetterSink(&dead);
    queue.write(Batch(someEvents(5)));
    QANAT_WAIT(queue.statistics().inFlight == 5);
    const QFuture<CloseResult> closing = queue.close(1h);
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
    QCOMPARE(queue.statistics().filtered, 5);
    QCOMPARE(dead.statistics().offered, 0);
}

void TestGate::ofManyKeysTheOldestIsDropped()
{
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(4);
    const auto recording = end->recording();
    Gate gate(std::move(end));
    gate.setHoldLimits({100, Limits::Unlimited, Limits::Overflow::DropOldest});
    QList<Event> events;
    for (int i = 0; i < 1000; ++i) {
        events.append(eventOf(QString::number(i)));
        QVERIFY(gate.write(events.last()));
        if (i % 50 == 0)
            QCoreApplication::processEvents();
    }
    QCOMPARE(gate.statistics().dropped, 900);
    gate.setConsent(Gate::Consent::Granted);
    QANAT_WAIT(recording->count() == 100);
    QVERIFY(recording->ids().contains(events.last().id()));
}

QTEST_GUILESS_MAIN(TestGate)

#include "tst_gate.moc"
