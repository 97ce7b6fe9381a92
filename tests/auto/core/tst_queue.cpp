// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "messagecatcher.h"
#include "qanattest.h"

#include <Qanat/Broadcaster>
#include <Qanat/CircuitBreaker>
#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/WorkerPool>

#include <QtCore/qregularexpression.h>
#include <QtCore/qset.h>
#include <QtCore/qthread.h>

#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// As people write them who do not think of Q_OBJECT.
class WithoutMetaObject : public Sink
{
public:
    int marker = 42;

protected:
    Delivery deliver(const Event &) override { return Delivery::delivered(); }
};

class WaitsForHours : public RetryStrategy
{
public:
    std::chrono::nanoseconds delay(const Attempt &attempt) override { return attempt.number > 1 ? 1h : 0h; }
    Verdict failed(const Attempt &, const Delivery &) override { return Verdict::Retry; }
    void succeeded(const Attempt &) override { }
    Scope scope() const override { return Scope::Key; }
};

} // namespace

class QueueTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void line16_aWriteDoesNotWaitAndOrderIsKept();
    void line16_severalInFlightWhereAskedFor();
    void line17_aThousandConcurrentWritesArriveBeforeCloseEnds();
    void line17_closeOfAnEmptyQueueIsPrompt();
    void line17_writesDuringTheFlushAnswerClosed();
    void line18_aFailureDropsThatEventAlone();
    void whatIsRejectedIsNotKept();
    void aLimitTakesFromBatchesThatAreStillWritten();
    void theFirstDropIsNamed();
    void line19_anEmptyEventNeitherStopsNorCrashes();
    void line20_aQueueBeforeADeadEndpointCanBeClosed_data();
    void line20_aQueueBeforeADeadEndpointCanBeClosed();
    void line21_whenTheSinkBehindIsClosedTheQueueClosesToo();
    void line22_unboundedIsTheDefault();
    void line22_rejectsTheNewAtALimitOfEvents();
    void line22_rejectsTheNewAtALimitOfBytes();
    void line22_dropsTheOldest();
    void line22_dropsTheOldestByBytes();
    void line22_singleEventsBehindABatchStayTogether();
    void line22_aWriterWaits();
    void line22_aWriterThatWaitsIsLetGoByClose();
    void line22_aWriterThatWaitsIsLetGoByAnotherPolicy();
    void line22_nobodyWaitsOnTheLibrarysThreads();

    void worksOnAThreadOfItsOwn();
    void sharesThePool();
    void aStreamGetsItsTurnBesideABusyNeighbour();
    void configureTakesItsPlaceInTheOrder();
    void configureOfWhatIsNotThere();
    void configureNeedsNoMetaObject();
    void aFailureDuringTheCloseIsInItsResult();
    void anEventBehindCallsThatWaitIsNotForgotten();
    void refusesATargetItCannotOwn();
    void theTargetIsDestroyedInItsThread();
    void keysKeepTheirOrder();
    void lingers_untilThereAreEnough();
    void lingers_forATime();
    void lingers_notWhereSomebodyWaits();
    void lingers_notWhereManyCameFastMeanwhile();
    void lingers_notWhereTheBytesAreMany();
    void lingers_forWhatCameMeanwhile();
    void lingers_forEveryKey();
    void lingers_whileAKeyHasABacklog();
    void aPoolMayGoBeforeItsQueues();
    void saysWhatIsLostWhenItIsDestroyed();
};

void QueueTest::line16_aWriteDoesNotWaitAndOrderIsKept()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    const QList<Event> events = someEvents(1000);
    // If a write waited for the sink, this would never end.
    for (const Event &event : events)
        QVERIFY(queue.write(event));
    QANAT_WAIT(recording->isBlocked());
    QCOMPARE(recording->deliveredCount(), 0);
    QCOMPARE(queue.statistics().pending, 1000);
    recording->release();
    QANAT_WAIT(recording->deliveredCount() == 1000);
    QCOMPARE(recording->deliveredIds(), idsOf(events));
    QCOMPARE(recording->maximumCalls(), 1);
    QCOMPARE(recording->reentryCount(), 0);
    QANAT_WAIT(queue.statistics().pending == 0);
    QANAT_BALANCED(queue);
}

void QueueTest::line16_severalInFlightWhereAskedFor()
{
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(4);
    const auto recording = end->recording();
    recording->defer();
    Queue queue(std::move(end));
    for (int i = 0; i < 8; ++i)
        queue.write(eventOf(QString::number(i)));
    QANAT_WAIT(recording->deferredCalls() == 4);
    while (recording->deliveredCount() < 8) {
        QANAT_WAIT(recording->deferredCalls() > 0);
        recording->settle(1);
    }
    QCOMPARE(recording->maximumCalls(), 4);
}

void QueueTest::line17_aThousandConcurrentWritesArriveBeforeCloseEnds()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->setBehaviour([](const Event &) {
        std::this_thread::sleep_for(1ms); // This is what the sink takes, nobody waits for anything by it.
        return Delivery::delivered();
    });
    recording->setFinishOutcome(Delivery::dropped(Delivery::Error::Other, u"the disk is full"_s));
    Queue queue(std::move(end));
    const QList<Event> events = someEvents(1000);
    std::atomic<int> refused{0};
    Crew crew(1000, [&](int i) { refused += !queue.write(events[i]); });
    QVERIFY(crew.wait());
    QCOMPARE(refused.load(), 0);
    const QFuture<CloseResult> closing = queue.close(1h);
    QANAT_FINISH(closing);
    QCOMPARE(recording->count(), 1000);
    const QStringList arrived = recording->deliveredIds();
    const QStringList written = idsOf(events);
    QCOMPARE(QSet<QString>(arrived.begin(), arrived.end()), QSet<QString>(written.begin(), written.end()));
    QCOMPARE(recording->finishCount(), 1);
    QCOMPARE(closing.result().worst().errorText(), u"the disk is full"_s);
    QCOMPARE(closing.result().left(), 0);
    QCOMPARE(queue.statistics().delivered, 1000);
    QANAT_BALANCED(queue);
}

void QueueTest::line17_closeOfAnEmptyQueueIsPrompt()
{
    // Its clock stands still, so that it waits for nothing.
    Queue queue(std::make_unique<RecordingSink>());
    queue.setClock(std::make_shared<ManualClock>());
    const QFuture<CloseResult> closing = queue.close(1h);
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
}

void QueueTest::line17_writesDuringTheFlushAnswerClosed()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    queue.write(Batch(someEvents(100)));
    QANAT_WAIT(recording->isBlocked());
    const QFuture<CloseResult> closing = queue.close(1h);
    QCOMPARE(queue.state(), PipelineNode::State::Closing);
    QCOMPARE(queue.write(someEvent()).status(), WriteResult::Status::Closed);
    QVERIFY(!closing.isFinished());
    recording->release();
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
    QCOMPARE(recording->deliveredCount(), 100);
}

void QueueTest::line18_aFailureDropsThatEventAlone()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::move(end));
    QSignalSpy dropped(&queue, &Sink::dropped);
    const QList<Event> events = someEvents(10);
    recording->setBehaviour([bad = events[3].id()](const Event &event) {
        return event.id() == bad ? permanentFailure() : Delivery::delivered();
    });
    queue.write(Batch(events));
    QANAT_WAIT(queue.statistics().pending == 0);
    QCOMPARE(recording->ids(), idsOf(events));
    QCOMPARE(queue.statistics().delivered, 9);
    QCOMPARE(queue.statistics().dropped, 1);
    QCOMPARE(queue.statistics().lastError.error(), Delivery::Error::Refused);
    QANAT_WAIT(dropped.size() == 1);
    QCOMPARE(dropped[0][0].toLongLong(), 1);
    QCOMPARE(dropped[0][1].value<Delivery>().errorText(), u"refused"_s);
}

void QueueTest::whatIsRejectedIsNotKept()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    Queue queue(std::move(end));
    queue.setLimits({10, Limits::Unlimited, Limits::Overflow::Reject});
    const auto data = std::make_shared<int>();
    for (int i = 0; i < 10; ++i)
        queue.write(Batch(eventsSharing(data, 500)));
    QANAT_WAIT(recording->deferredCalls() == 1);
    QVERIFY2(data.use_count() <= 50, qPrintable(QString::number(data.use_count())));
    QANAT_FINISH(queue.discard());
}

// Under a limit a broadcaster hands on a part of what has come: memory that its writer goes on filling while the queue looks at it.
void QueueTest::aLimitTakesFromBatchesThatAreStillWritten()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::move(end));
    queue.setLimits({1000000, Limits::Unlimited, Limits::Overflow::Reject});
    Broadcaster broadcaster;
    broadcaster.add(&queue);
    broadcaster.setLimits({64, Limits::Unlimited, Limits::Overflow::Wait});
    constexpr int Count = IsSanitized ? 20000 : 100000;
    std::atomic<int> accepted{0};
    Crew writer(1, [&](int) {
        for (int i = 0; i < Count; ++i)
            accepted += broadcaster.write(someEvent()) == WriteResult::Status::Accepted;
    });
    QVERIFY(writer.wait());
    QCOMPARE(accepted.load(), Count);
    QANAT_WAIT(recording->deliveredCount() == Count);
    QANAT_BALANCED(queue);
}

void QueueTest::theFirstDropIsNamed()
{
    const MessageCatcher catcher;
    const auto named = [&catcher](const QString &name) {
        return catcher.count(
            u"Queue \"%1\": 1 events failed: refused (Refused); further drops are only counted, where neither "
            "dropped() is connected nor a dead-letter sink is set"_s.arg(name));
    };
    DeadLetters dead;
    for (const QString &name : {u"unheard"_s, u"heard"_s, u"buried"_s}) {
        auto end = std::make_unique<RecordingSink>();
        end->recording()->setBehaviour(always(permanentFailure()));
        Queue queue(std::move(end));
        queue.setObjectName(name);
        std::optional<QSignalSpy> dropped;
        if (name == u"heard")
            dropped.emplace(&queue, &Sink::dropped);
        if (name == u"buried")
            queue.setDeadLetterSink(&dead);
        queue.write(someEvent());
        QANAT_WAIT(queue.statistics().dropped == 1);
        queue.write(someEvent());
        QANAT_FINISH(queue.send(someEvent())); // Its caller hears of it.
        QCOMPARE(queue.statistics().dropped, 3);
        QCOMPARE(named(name), name == u"unheard" ? 1 : 0);
    }
}

void QueueTest::line19_anEmptyEventNeitherStopsNorCrashes()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::move(end));
    QCOMPARE(queue.write(Event()).status(), WriteResult::Status::Invalid);
    QCOMPARE(queue.write(Batch{Event(), someEvent()}).status(), WriteResult::Status::Invalid);
    QCOMPARE(queue.write(Event(u"without.data"_s)).status(), WriteResult::Status::Accepted);
    QCOMPARE(queue.write(Batch()).accepted(), 0);
    QCOMPARE(queue.write(someEvent()).status(), WriteResult::Status::Accepted);
    QANAT_WAIT(recording->deliveredCount() == 2);
    QCOMPARE(queue.state(), PipelineNode::State::Open);
}

void QueueTest::line20_aQueueBeforeADeadEndpointCanBeClosed_data()
{
    QTest::addColumn<bool>("discards");
    QTest::newRow("with a deadline") << false;
    QTest::newRow("discarding") << true;
}

void QueueTest::line20_aQueueBeforeADeadEndpointCanBeClosed()
{
    QFETCH(bool, discards);
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->setBehaviour(always(passingFailure()));
    Queue queue(std::make_unique<RetryingSink>(std::move(end), CircuitBreaker(1, 24h)));
    const auto clock = std::make_shared<ManualClock>();
    queue.setClock(clock);
    const QFuture<Delivery> sent = queue.send(someEvent());
    queue.write(Batch(someEvents(99)));
    QANAT_WAIT(clock->nextDue()); // The breaker has opened.
    QFuture<CloseResult> closing;
    if (discards) {
        closing = queue.discard();
    } else {
        closing = queue.close(1h);
        QANAT_WAIT(clock->nextDue() == clock->now() + 1h);
        QVERIFY(!closing.isFinished());
        clock->advance(1h);
    }
    QANAT_FINISH(closing);
    QANAT_FINISH(sent);
    QCOMPARE(closing.result().left(), 100);
    QCOMPARE(closing.result().unknown(), 0); // They all waited.
    QCOMPARE(sent.result().error(), Delivery::Error::Discarded);
    QCOMPARE(queue.statistics().dropped, 100);
    QANAT_BALANCED(queue);
    QCOMPARE(recording->finishCount(), 1);
}

void QueueTest::line21_whenTheSinkBehindIsClosedTheQueueClosesToo()
{
    Broadcaster broadcaster;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Sink *const inner = end.get();
    auto queue = std::make_unique<Queue>(std::move(end));
    Queue *const closing = queue.get();
    auto other = std::make_unique<RecordingSink>();
    const auto heard = other->recording();
    QCOMPARE(broadcaster.add(std::move(queue)), WriteResult::Status::Accepted);
    QCOMPARE(broadcaster.add(std::move(other)), WriteResult::Status::Accepted);
    broadcaster.write(someEvent());
    QANAT_WAIT(recording->count() == 1);
    // By itself, not through the queue.
    QVERIFY(inner != nullptr);
    recording->setBehaviour(always(Delivery::closed()));
    broadcaster.write(someEvent());
    QANAT_WAIT(closing->state() == PipelineNode::State::Closed);
    QANAT_WAIT(broadcaster.pipeline().targets.size() == 1);
    for (int i = 0; i < 10; ++i)
        QVERIFY(broadcaster.write(someEvent()));
    QANAT_WAIT(heard->count() == 12);
    QCOMPARE(broadcaster.state(), PipelineNode::State::Open);
    QCOMPARE(broadcaster.statistics().delivered, 12);
}

void QueueTest::line22_unboundedIsTheDefault()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    QVERIFY(queue.limits().isUnlimited());
    const Event event = someEvent();
    const Batch batch(QList<Event>(1000, event));
    for (int i = 0; i < 100; ++i) {
        QCOMPARE(queue.write(batch).accepted(), 1000);
        QCoreApplication::processEvents();
    }
    QCOMPARE(queue.statistics().pending, 100000);
    recording->release();
    QANAT_FINISH(queue.discard());
    QANAT_BALANCED(queue);
}

void QueueTest::line22_rejectsTheNewAtALimitOfEvents()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    Limits limits;
    limits.events = 10;
    queue.setLimits(limits);
    QSignalSpy overflowed(&queue, &Sink::overflowed);
    const QList<Event> events = someEvents(12);
    for (const Event &event : events.mid(0, 10))
        QCOMPARE(queue.write(event).status(), WriteResult::Status::Accepted);
    // What was handed out and has no outcome counts too, so this does not depend on the worker.
    QCOMPARE(queue.write(events[10]).status(), WriteResult::Status::Full);
    QCOMPARE(queue.write(events[11]).status(), WriteResult::Status::Full);
    QCOMPARE(queue.statistics().pending, 10); // The depth can be watched.
    QCOMPARE(queue.statistics().rejected, 2);
    QANAT_WAIT(overflowed.size() == 1);
    const QFuture<Delivery> sent = queue.send(someEvent());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Full);
    recording->release();
    QANAT_WAIT(recording->deliveredCount() == 10);
    QCOMPARE(recording->deliveredIds(), idsOf(events.mid(0, 10)));
    QANAT_WAIT(queue.statistics().pending == 0);
    QVERIFY(queue.write(someEvent()));
    QANAT_BALANCED(queue);
}

void QueueTest::line22_rejectsTheNewAtALimitOfBytes()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    const Event event = someEvent();
    Limits limits;
    limits.bytes = 3 * event.estimatedSize() + 1;
    queue.setLimits(limits);
    for (int i = 0; i < 3; ++i)
        QCOMPARE(queue.write(event).status(), WriteResult::Status::Accepted);
    QCOMPARE(queue.write(event).status(), WriteResult::Status::Full);
    QCOMPARE(queue.statistics().pendingBytes, 3 * event.estimatedSize());
    recording->release();
    QANAT_WAIT(queue.statistics().pending == 0);
    QCOMPARE(queue.statistics().pendingBytes, 0);
    QVERIFY(queue.write(event));
}

void QueueTest::line22_dropsTheOldest()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    Limits limits;
    limits.events = 10;
    limits.overflow = Limits::Overflow::DropOldest;
    queue.setLimits(limits);
    QSignalSpy dropped(&queue, &Sink::dropped);
    const Event first = someEvent();
    queue.write(first);
    QANAT_WAIT(recording->isBlocked()); // In flight: it cannot be dropped.
    const QFuture<Delivery> oldest = queue.send(someEvent());
    const QList<Event> events = someEvents(100);
    for (const Event &event : events)
        QVERIFY(queue.write(event));
    QCOMPARE(queue.statistics().pending, 10);
    QCOMPARE(queue.statistics().dropped, 92);
    QANAT_FINISH(oldest);
    QCOMPARE(oldest.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(oldest.result().error(), Delivery::Error::Full);
    recording->release();
    QANAT_WAIT(recording->deliveredCount() == 10);
    QCOMPARE(recording->deliveredIds(), QStringList(first.id()) + idsOf(events.mid(91)));
    QANAT_BALANCED(queue);
    qint64 told = 0;
    QANAT_WAIT([&] {
        told = 0;
        for (const QList<QVariant> &signal : dropped)
            told += signal[0].toLongLong();
        return told == 92;
    }());
}

void QueueTest::line22_dropsTheOldestByBytes()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    const Event event = someEvent();
    Limits limits;
    limits.bytes = 10 * event.estimatedSize();
    limits.overflow = Limits::Overflow::DropOldest;
    queue.setLimits(limits);
    for (int i = 0; i < 100; ++i)
        QVERIFY(queue.write(someEvent()));
    QVERIFY(queue.statistics().pending >= 5);
    QVERIFY(queue.statistics().pendingBytes <= limits.bytes);
    // One that would not fit alone is refused, and takes nobody else's place.
    const qint64 pending = queue.statistics().pending;
    QCOMPARE(queue.write(Event(u"large"_s, QByteArray(100000, 'x'))).status(), WriteResult::Status::Full);
    QCOMPARE(queue.statistics().pending, pending);
    recording->release();
    QANAT_WAIT(queue.statistics().pending == 0);
    QCOMPARE(queue.statistics().pendingBytes, 0);
    QANAT_BALANCED(queue);
}

void QueueTest::line22_singleEventsBehindABatchStayTogether()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    Limits limits;
    limits.events = 10000;
    queue.setLimits(limits);
    queue.write(someEvent());
    QANAT_WAIT(recording->isBlocked());
    queue.write(Batch(someEvents(2)));
    for (const Event &event : someEvents(1000))
        QVERIFY(queue.write(event));
    recording->release();
    QANAT_WAIT(recording->count() == 1003);
    QVERIFY(recording->callCount() < 10);
}

void QueueTest::line22_aWriterWaits()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    Limits limits;
    limits.events = 10;
    limits.overflow = Limits::Overflow::Wait;
    queue.setLimits(limits);
    const QList<Event> events = someEvents(1000);
    QSignalSpy overflowed(&queue, &Sink::overflowed);
    std::atomic<int> accepted{0};
    Crew writer(1, [&](int) {
        for (const Event &event : events)
            accepted += queue.write(event) ? 1 : 0;
    });
    QANAT_WAIT(overflowed.size() == 1); // It waits.
    QCOMPARE(accepted.load(), 10);
    // Not so the thread of the application.
    QCOMPARE(queue.write(someEvent()).status(), WriteResult::Status::Full);
    recording->release();
    QVERIFY(writer.wait());
    QCOMPARE(accepted.load(), 1000);
    QANAT_WAIT(recording->deliveredCount() == 1000);
    QCOMPARE(recording->deliveredIds(), idsOf(events));
    QANAT_BALANCED(queue);
}

void QueueTest::line22_aWriterThatWaitsIsLetGoByAnotherPolicy()
{
    for (const Limits::Overflow policy : {Limits::Overflow::Reject, Limits::Overflow::DropOldest}) {
        auto end = std::make_unique<RecordingSink>();
        const auto recording = end->recording();
        recording->hold();
        Queue queue(std::move(end));
        queue.setLimits({5, Limits::Unlimited, Limits::Overflow::Wait});
        QSignalSpy overflowed(&queue, &Sink::overflowed);
        std::atomic<int> accepted{0};
        Crew writer(1, [&](int) {
            for (int i = 0; i < 6; ++i)
                accepted += queue.write(someEvent()) ? 1 : 0;
        });
        QANAT_WAIT(overflowed.size() == 1); // It waits.
        queue.setLimits({5, Limits::Unlimited, policy});
        QVERIFY(writer.wait());
        QCOMPARE(accepted.load(), policy == Limits::Overflow::Reject ? 5 : 6);
        recording->release();
        QANAT_FINISH(queue.close());
        QANAT_BALANCED(queue);
    }
}

void QueueTest::line22_aWriterThatWaitsIsLetGoByClose()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    Queue queue(std::move(end));
    Limits limits;
    limits.events = 1;
    limits.overflow = Limits::Overflow::Wait;
    queue.setLimits(limits);
    QSignalSpy overflowed(&queue, &Sink::overflowed);
    std::atomic<int> closed{0};
    Crew writers(4, [&](int) {
        for (int i = 0; i < 2; ++i)
            closed += queue.write(someEvent()) == WriteResult::Status::Closed;
    });
    QANAT_WAIT(!overflowed.isEmpty() && queue.statistics().pending == 1);
    const QFuture<CloseResult> closing = queue.close(1h);
    QVERIFY(writers.wait());
    QCOMPARE(closed.load(), 7);
    recording->release();
    QANAT_FINISH(closing);
    QCOMPARE(recording->deliveredCount(), 1);
    QANAT_BALANCED(queue);
}

void QueueTest::line22_nobodyWaitsOnTheLibrarysThreads()
{
    auto end = std::make_unique<RecordingSink>();
    const auto held = end->recording();
    held->hold();
    Queue full(std::move(end));
    Limits limits;
    limits.events = 1;
    limits.overflow = Limits::Overflow::Wait;
    full.setLimits(limits);
    full.write(someEvent());
    auto writing = std::make_unique<RecordingSink>();
    const auto recording = writing->recording();
    std::atomic<bool> isFull{false};
    recording->setBehaviour([&](const Event &event) {
        isFull = full.write(event) == WriteResult::Status::Full;
        return Delivery::delivered();
    });
    Queue queue(std::move(writing));
    queue.write(someEvent());
    QANAT_WAIT(recording->deliveredCount() == 1);
    QVERIFY(isFull.load());
    held->release();
    QANAT_FINISH(queue.close());
}

void QueueTest::worksOnAThreadOfItsOwn()
{
    auto one = std::make_unique<RecordingSink>();
    auto other = std::make_unique<RecordingSink>();
    const auto first = one->recording();
    const auto second = other->recording();
    Queue queue(std::move(one));
    Queue inner(std::make_unique<Queue>(std::move(other)));
    queue.write(Batch(someEvents(10)));
    inner.write(Batch(someEvents(10)));
    QANAT_WAIT(first->count() == 10 && second->count() == 10);
    QCOMPARE(first->threads().size(), 1);
    QCOMPARE(second->threads().size(), 1);
    QVERIFY(first->threads() != second->threads());
    QVERIFY(!first->threads().contains(thread()));
    QCOMPARE(queue.thread(), thread());
}

void QueueTest::sharesThePool()
{
    WorkerPool pool(2, u"test"_s);
    QCOMPARE(pool.threadCount(), 2);
    std::vector<std::unique_ptr<Queue>> queues;
    std::vector<std::shared_ptr<Recording>> recordings;
    for (int i = 0; i < 20; ++i) {
        auto end = std::make_unique<RecordingSink>();
        recordings.push_back(end->recording());
        queues.push_back(std::make_unique<Queue>(std::move(end), pool));
    }
    for (int n = 0; n < 10; ++n) {
        for (const auto &queue : queues)
            queue->write(someEvent());
    }
    QSet<QThread *> threads;
    for (const auto &recording : recordings) {
        QANAT_WAIT(recording->count() == 10);
        QCOMPARE(recording->threads().size(), 1); // For life.
        threads.insert(recording->threads().first());
    }
    QCOMPARE(threads.size(), 2);
    for (const auto &queue : queues)
        QANAT_FINISH(queue->close());
}

// Whoever leaves a stream alone for a moment must come back to it, whatever else there is to do in the thread.
void QueueTest::aStreamGetsItsTurnBesideABusyNeighbour()
{
    // Writes a new event for each that it gets, so that there is always one more.
    class EndlessSink : public Sink
    {
    public:
        std::atomic<Queue *> queue{nullptr};

    protected:
        Delivery deliver(const Event &event) override
        {
            queue.load()->write(event);
            return Delivery::delivered();
        }
    };
    WorkerPool pool(1);
    auto endless = std::make_unique<EndlessSink>();
    EndlessSink *const sink = endless.get();
    Queue neighbour(std::move(endless), pool);
    sink->queue = &neighbour;
    auto end = std::make_unique<RecordingSink>();
    Queue queue(std::move(end), pool);
    neighbour.write(someEvent());
    QANAT_WAIT(neighbour.statistics().delivered > 0);
    const Event event = someEvent();
    constexpr qint64 All = 20000;
    for (qint64 n = 0; n < All; ++n)
        QVERIFY(queue.write(event));
    QANAT_WAIT(queue.statistics().delivered == All);
    const qint64 before = neighbour.statistics().delivered;
    QANAT_WAIT(neighbour.statistics().delivered > before);
    QANAT_FINISH(neighbour.close());
}

void QueueTest::configureTakesItsPlaceInTheOrder()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::make_unique<RetryingSink>(std::move(end), ExponentialBackoff()));
    queue.write(Batch(someEvents(10)));
    qsizetype before = -1;
    QThread *where = nullptr;
    const QFuture<bool> configured = queue.configure<RecordingSink>([&](RecordingSink &sink) {
        before = sink.recording()->count();
        where = QThread::currentThread();
    });
    queue.write(Batch(someEvents(10)));
    QANAT_FINISH(configured);
    QVERIFY(configured.result());
    QCOMPARE(before, 10);
    QANAT_WAIT(recording->count() == 20);
    QCOMPARE(recording->threads(), QList<QThread *>{where});
    const QFuture<bool> retrying =
        queue.configure<RetryingSink>([](RetryingSink &sink) { sink.setMaximumAttempts(3); });
    QANAT_FINISH(retrying);
    QVERIFY(retrying.result());
}

void QueueTest::saysWhatIsLostWhenItIsDestroyed()
{
    QTest::ignoreMessage(QtWarningMsg, "Queue \"audit\": 3 events were pending when it was destroyed");
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    Queue queue(std::move(end));
    queue.setObjectName(u"audit"_s);
    queue.write(Batch(someEvents(3)));
    QANAT_WAIT(recording->deferredCalls() == 1);
}

void QueueTest::configureNeedsNoMetaObject()
{
    Queue queue(std::make_unique<RetryingSink>(std::make_unique<WithoutMetaObject>(), ExponentialBackoff()));
    std::atomic<int> marker{0};
    const QFuture<bool> found =
        queue.configure<WithoutMetaObject>([&](WithoutMetaObject &sink) { marker = sink.marker; });
    QANAT_FINISH(found);
    QVERIFY(found.result());
    QCOMPARE(marker.load(), 42);
    Queue other(std::make_unique<RecordingSink>());
    const QFuture<bool> none = other.configure<WithoutMetaObject>([&](WithoutMetaObject &) { marker = 0; });
    QANAT_FINISH(none);
    QVERIFY(!none.result());
    QCOMPARE(marker.load(), 42);
}

void QueueTest::aFailureDuringTheCloseIsInItsResult()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->setBehaviour(always(permanentFailure()));
    Queue queue(std::move(end));
    queue.write(someEvent());
    QANAT_WAIT(queue.statistics().dropped == 1); // Before the close, so it does not count.
    recording->setBehaviour({});
    recording->hold();
    queue.write(someEvent());
    QANAT_WAIT(recording->isBlocked());
    recording->setBehaviour(always(permanentFailure()));
    queue.write(someEvent());
    const QFuture<CloseResult> closing = queue.close(1h);
    recording->release();
    QANAT_FINISH(closing);
    QVERIFY(!closing.result().isClean());
    QCOMPARE(closing.result().left(), 0);
    QCOMPARE(closing.result().worst().errorText(), permanentFailure().errorText());
}

void QueueTest::anEventBehindCallsThatWaitIsNotForgotten()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    end->setMaxInFlight(3);
    recording->setBehaviour(
        [](const Event &event) { return event.subject() == u"last"_s ? Delivery::delivered() : passingFailure(); });
    recording->hold();
    Queue queue(std::make_unique<RetryingSink>(std::move(end), std::make_unique<WaitsForHours>()));
    queue.write(eventOf(u"first"_s));
    QANAT_WAIT(recording->isBlocked());
    // So many that they count as a stream, on three keys: those take all that may be in flight.
    for (int i = 0; i < 16; ++i)
        queue.write(eventOf(u"second"_s));
    for (int i = 0; i < 64; ++i)
        queue.write(eventOf(u"third"_s));
    recording->release();
    QANAT_WAIT(recording->count() == 3);
    QANAT_WAIT(queue.pipeline().targets[0].statistics.failed == 3);
    queue.write(eventOf(u"last"_s));
    QANAT_WAIT(recording->deliveredCount() == 1);
    QANAT_BALANCED(queue);
}

void QueueTest::configureOfWhatIsNotThere()
{
    Queue queue(std::make_unique<RecordingSink>());
    const QFuture<bool> none = queue.configure<RetryingSink>([](RetryingSink &) {});
    QANAT_FINISH(none);
    QVERIFY(!none.result());
    QANAT_FINISH(queue.close());
    const QFuture<bool> late = queue.configure<RecordingSink>([](RecordingSink &) {});
    QANAT_FINISH(late);
    QVERIFY(late.isCanceled());
}

void QueueTest::refusesATargetItCannotOwn()
{
    const QRegularExpression warning(u"A queue wants a target of its own"_s);
    QTest::ignoreMessage(QtWarningMsg, warning);
    Queue none(nullptr);
    QCOMPARE(none.write(someEvent()).status(), WriteResult::Status::Closed);
    QCOMPARE(none.state(), PipelineNode::State::Closed);
    QANAT_FINISH(none.close());

    QObject parent;
    auto *owned = new RecordingSink(&parent);
    QTest::ignoreMessage(QtWarningMsg, warning);
    Queue queue{std::unique_ptr<Sink>(owned)};
    QCOMPARE(owned->parent(), &parent);
    QCOMPARE(queue.write(someEvent()).status(), WriteResult::Status::Closed);
}

void QueueTest::theTargetIsDestroyedInItsThread()
{
    class Watched : public RecordingSink
    {
    public:
        explicit Watched(std::atomic<QThread *> &where)
            : m_where(where)
        {
        }
        ~Watched() override { m_where = QThread::currentThread(); }

    private:
        std::atomic<QThread *> &m_where;
    };
    std::atomic<QThread *> where{nullptr};
    auto end = std::make_unique<Watched>(where);
    const auto recording = end->recording();
    {
        Queue queue(std::move(end));
        queue.write(someEvent());
        QANAT_WAIT(recording->count() == 1);
    }
    QVERIFY(recording->isDestroyed()); // It was waited for.
    QCOMPARE(QList<QThread *>{where.load()}, recording->threads());
}

void QueueTest::keysKeepTheirOrder()
{
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(6);
    const auto recording = end->recording();
    recording->defer();
    Queue queue(std::move(end));
    queue.setOrderKey([](const Event &event) { return event.type(); });
    QList<Event> events;
    QHash<QString, QStringList> written;
    for (int i = 0; i < 200; ++i) {
        events.append(someEvent(u"key%1"_s.arg(i % 9)));
        written[events.last().type()].append(events.last().id());
    }
    for (const Event &event : events)
        queue.write(event);
    while (recording->deliveredCount() < 200) {
        QANAT_WAIT(recording->deferredCalls() > 0);
        recording->settle(1);
    }
    QVERIFY(recording->maximumCalls() <= 6);
    QHash<QString, QStringList> seen;
    for (const Event &event : recording->events())
        seen[event.type()].append(event.id());
    QCOMPARE(seen, written);
}

namespace {

// A queue that hands out ten events, or what an hour has brought.
struct Lingering
{
    explicit Lingering(int maxInFlight = 1)
    {
        auto end = std::make_unique<RecordingSink>();
        end->setMaxInFlight(maxInFlight);
        recording = end->recording();
        queue = std::make_unique<Queue>(std::move(end));
        queue->setClock(clock);
        queue->setLinger(10, 1h);
    }

    const std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<Recording> recording;
    std::unique_ptr<Queue> queue;
};

} // namespace

void QueueTest::lingers_untilThereAreEnough()
{
    Lingering l;
    for (int i = 0; i < 9; ++i)
        l.queue->write(someEvent());
    QANAT_WAIT(l.clock->nextDue());
    QCOMPARE(l.recording->callCount(), 0);
    l.queue->write(someEvent());
    QANAT_WAIT(l.recording->count() == 10);
    QCOMPARE(l.recording->callCount(), 1);
    // As much goes at once as is wanted, the rest gathers anew; and in the order of the writes.
    const QList<Event> events = someEvents(25);
    l.queue->write(Batch(events.mid(0, 3)));
    for (const Event &event : events.mid(3, 4))
        l.queue->write(event);
    l.queue->write(Batch(events.mid(7)));
    QANAT_WAIT(l.recording->count() == 30);
    QANAT_WAIT(l.clock->nextDue());
    QCOMPARE(l.recording->callCount(), 3);
    QCOMPARE(idsOf(l.recording->events().mid(10)), idsOf(events.mid(0, 20)));
    QCOMPARE(l.queue->statistics().pending, 5);
    l.queue->setLinger(1, 1h);
    QANAT_WAIT(l.recording->count() == 35);
    QANAT_BALANCED(*l.queue);
}

void QueueTest::lingers_forATime()
{
    Lingering l;
    Broadcaster broadcaster;
    broadcaster.add(l.queue.get());
    settleCommands(broadcaster);
    for (int i = 0; i < 3; ++i) {
        broadcaster.write(someEvent());
        QANAT_WAIT(l.queue->statistics().pending == i + 1);
    }
    // Counted from the first of them.
    QANAT_WAIT(l.clock->nextDue());
    QCOMPARE(l.clock->nextDue(), l.clock->now() + 1h);
    l.clock->advance(30min);
    l.queue->write(someEvent());
    l.clock->advance(30min);
    QANAT_WAIT(l.recording->count() == 4);
    QCOMPARE(l.recording->callCount(), 1);
    // And anew.
    l.queue->write(someEvent());
    QANAT_WAIT(l.clock->nextDue() && *l.clock->nextDue() == l.clock->now() + 1h);
    const QFuture<CloseResult> closing = l.queue->close();
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
    QCOMPARE(l.recording->count(), 5);
}

void QueueTest::lingers_notWhereSomebodyWaits()
{
    Lingering l;
    const QFuture<Delivery> sent = l.queue->send(someEvent());
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    // A command keeps its place.
    l.queue->write(someEvent());
    const QFuture<bool> configured = l.queue->configure<RecordingSink>([](RecordingSink &) {});
    QANAT_WAIT(l.clock->nextDue());
    QVERIFY(!configured.isFinished());
    l.clock->advance(1h);
    QANAT_FINISH(configured);
    QCOMPARE(l.recording->count(), 2);
    // What is left is dropped at the deadline, as ever.
    l.queue->write(someEvent());
    l.queue.reset();
    QVERIFY(l.recording->isDestroyed());
}

void QueueTest::lingers_forWhatCameMeanwhile()
{
    Lingering l;
    l.recording->defer();
    l.queue->write(Batch(someEvents(10)));
    QANAT_WAIT(l.recording->deferredCalls() == 1);
    // Nobody is woken for these: there is no slot.
    for (int i = 0; i < 3; ++i)
        l.queue->write(someEvent());
    l.recording->settleAll();
    QANAT_WAIT(l.clock->nextDue());
    l.clock->advance(1h);
    QANAT_WAIT(l.recording->deferredCalls() == 1);
    l.recording->settleAll();
    QANAT_WAIT(l.queue->statistics().delivered == 13);
}

void QueueTest::lingers_forEveryKey()
{
    Lingering l(4);
    QList<Event> events;
    for (int i = 0; i < 8; ++i) {
        events.append(someEvent());
        events.last().setSubject(QString::number(i % 4));
        l.queue->write(events.last());
    }
    QANAT_WAIT(l.clock->nextDue());
    QCOMPARE(l.recording->callCount(), 0);
    l.clock->advance(1h);
    QANAT_WAIT(l.recording->count() == 8);
    QCOMPARE(l.recording->callCount(), 4);
    // Of one key as much goes at once as is wanted, too.
    l.queue->write(Batch(someEvents(13)));
    for (const Event &event : someEvents(12))
        l.queue->write(event);
    QANAT_WAIT(l.recording->count() == 28);
    QANAT_WAIT(l.clock->nextDue());
    QCOMPARE(l.recording->callCount(), 6);
    l.clock->advance(1h);
    QANAT_WAIT(l.recording->count() == 33);
    QCOMPARE(l.recording->callCount(), 7);
    QANAT_BALANCED(*l.queue);
}

// What waits for a call of its key is not in the way of the others' gathering.
void QueueTest::lingers_whileAKeyHasABacklog()
{
    Lingering l(4);
    l.recording->defer();
    const auto writeThree = [&l](const QString &subject) {
        for (int i = 0; i < 3; ++i) {
            Event event = someEvent();
            event.setSubject(subject);
            l.queue->write(event);
        }
    };
    writeThree(u"stuck"_s);
    QANAT_WAIT(l.clock->nextDue());
    l.clock->advance(1h);
    QANAT_WAIT(l.recording->deferredCalls() == 1);
    writeThree(u"stuck"_s);
    writeThree(u"one"_s);
    QANAT_WAIT(l.clock->nextDue());
    l.clock->advance(1h);
    QANAT_WAIT(l.recording->deferredCalls() == 2);
    writeThree(u"other"_s);
    QANAT_WAIT(l.clock->nextDue());
    QCOMPARE(l.recording->count(), 6);
    l.clock->advance(1h);
    QANAT_WAIT(l.recording->deferredCalls() == 3);
    QCOMPARE(l.recording->count(), 9);
    // Those have waited long enough.
    l.recording->settle(3);
    QANAT_WAIT(l.recording->count() == 12);
    QCOMPARE(l.recording->callCount(), 4);
    l.recording->settleAll();
    QANAT_WAIT(l.queue->statistics().delivered == 12);
    QANAT_BALANCED(*l.queue);
}

void QueueTest::aPoolMayGoBeforeItsQueues()
{
    auto pool = std::make_unique<WorkerPool>(1);
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::move(end), *pool);
    queue.write(someEvent());
    pool.reset();
    queue.write(someEvent());
    QANAT_WAIT(recording->count() == 2);
    const QFuture<CloseResult> closing = queue.close();
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
}

// Or a limit would be reached while the sink is idle.
void QueueTest::lingers_notWhereTheBytesAreMany()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::move(end));
    queue.setClock(std::make_shared<ManualClock>());
    const qint64 size = someEvent().estimatedSize();
    queue.setLimits({1000, 10 * size, Limits::Overflow::DropOldest});
    queue.setLinger(500, 1h);
    for (int i = 0; i < 100; ++i) {
        queue.write(someEvent());
        QANAT_WAIT(queue.statistics().pendingBytes < 5 * size);
    }
    QVERIFY(recording->count() > 90);
    QCOMPARE(queue.statistics().dropped, 0);
    QVERIFY(recording->callCount() < 30); // They did go together.
    QANAT_FINISH(queue.close());
    QCOMPARE(recording->count(), 100);
}

void QueueTest::lingers_notWhereManyCameFastMeanwhile()
{
    constexpr int Events = 10000;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    Queue queue(std::move(end));
    // It stands still: whoever waits for its time waits for ever.
    queue.setClock(std::make_shared<ManualClock>());
    queue.setLinger(50, 1h);
    for (int round = 0; round < 5; ++round) {
        Crew writer(1, [&](int) {
            for (int i = 0; i < Events; ++i)
                queue.write(someEvent());
        });
        QVERIFY(writer.wait());
        QANAT_WAIT([&] {
            recording->settleAll();
            return queue.statistics().pending == 0;
        }());
    }
    QANAT_BALANCED(queue);
}

QTEST_GUILESS_MAIN(QueueTest)
#include "tst_queue.moc"
