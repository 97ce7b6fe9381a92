// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"
#include "storingpipeline.h"

#include <Qanat/Broadcaster>
#include <Qanat/CircuitBreaker>
#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Filter>
#include <Qanat/Gate>
#include <Qanat/RetryingSink>
#include <Qanat/StoredDeadLetters>
#include <Qanat/StoringQueue>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

using Outcome = Delivery::Outcome;
using Pipeline = StoringPipeline;

std::unique_ptr<Sink> retrying(std::unique_ptr<Sink> target)
{
    return std::make_unique<RetryingSink>(std::move(target), CircuitBreaker(1, 1h));
}

} // namespace

class TestStoringQueue : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void storesAndDelivers();
    void goesOnWithWhatIsStored();
    void keepsTheOrder();
    void moreThanMemoryHolds();
    void tellsStoredFromDelivered();
    void aReceiptOfABatch();
    void flushedTellsWhenAllIsSafe();
    void flushedTellsNothingOfRemovals();
    void wrappersAreDoneWhenItIsStored();
    void whatNoFormatCanCarry();
    void whatIsGivenUpIsKeptAsDeadLetter();
    void deadLettersGoWhereTheUserSays();
    void aFailingStoreIsTriedAgain();
    void aFullStoreStillDelivers();
    void cannotBeOpened();
    void damagedRows();
    void closeDeliversFirst();
    void closeStoresTheRest();
    void closeWhileTheStoreFails();
    void destructorStores();
    void aDiskThatTakesLong();
    void aTargetThatCloses();
    void revocationLeavesNothing();
    void rejectsBeyondALimit();
    void dropsTheOldestBeyondALimit_data();
    void dropsTheOldestBeyondALimit();
    void keysGoOn();
    void withoutATarget();
    void aPositionIsStoredWithItsEvent();
    void aPositionPassesNothingThatWasGivenUp();
    void heldOnDisk();
    void aGateHoldsOnDisk();
    void whatIsTooOld();
    void agesOverSeveralRuns();
    void aClockThatIsWrong();
    void configuresItsTarget();
};

void TestStoringQueue::storesAndDelivers()
{
    Pipeline p;
    const QList<Event> events = someEvents(5000);
    for (const Event &event : events)
        QVERIFY(p.queue->write(event));
    QANAT_WAIT(p.recording->deliveredCount() == 5000);
    QCOMPARE(p.recording->deliveredIds(), idsOf(events));
    QANAT_WAIT(p.queue->statistics().delivered == 5000);
    QANAT_WAIT(p.disk->rows().empty());
    QCOMPARE(p.queue->statistics().stored, 0);
    QVERIFY(p.queue->statistics().latency.count() == 5000);
    QANAT_BALANCED(*p.queue);
    QANAT_FINISH(p.queue->close());
    QVERIFY(!p.disk->isOpen());
}

void TestStoringQueue::goesOnWithWhatIsStored()
{
    const auto disk = std::make_shared<MemoryDisk>();
    const QList<Event> events = someEvents(300);
    {
        Pipeline first(disk);
        first.recording->hold();
        first.queue->write(Batch(events));
        QANAT_FINISH(first.queue->flushed());
        QCOMPARE(first.queue->statistics().stored, 300);
        const auto closed = first.queue->close(0ms);
        first.recording->release();
        QANAT_FINISH(closed);
        QCOMPARE(closed.result().stored(), 300);
        QVERIFY(closed.result().isClean());
    }
    Pipeline second(disk);
    QSignalSpy opened(second.queue.get(), &StoringQueue::opened);
    QANAT_WAIT(second.recording->deliveredCount() == 300);
    QCOMPARE(second.recording->deliveredIds(), idsOf(events));
    QCOMPARE(second.recording->events(), events);
    QANAT_WAIT(opened.count() == 1);
    QCOMPARE(opened.first().first().toLongLong(), 300);
    QCOMPARE(second.queue->resumed(), 300);
    QANAT_WAIT(disk->rows().empty());
    QCOMPARE(second.queue->statistics().written, 300);
    QCOMPARE(second.queue->statistics().delivered, 300);
    QANAT_BALANCED(*second.queue);
}

void TestStoringQueue::keepsTheOrder()
{
    const auto disk = std::make_shared<MemoryDisk>();
    QList<Event> events = someEvents(100);
    {
        Pipeline first(disk);
        first.recording->hold();
        first.queue->write(Batch(events));
        QANAT_FINISH(first.queue->flushed());
        const auto closed = first.queue->discard();
        first.recording->release();
        QANAT_FINISH(closed);
    }
    Pipeline second(disk);
    for (const Event &event : someEvents(2000)) {
        events.append(event);
        second.queue->write(event);
    }
    QANAT_WAIT(second.recording->deliveredCount() == 2100);
    QCOMPARE(second.recording->deliveredIds(), idsOf(events));
}

// What waits is not in memory, and comes back in its order.
void TestStoringQueue::moreThanMemoryHolds()
{
    dismissHeartbeat(); // To make so many events takes long.
    Pipeline p;
    p.recording->hold();
    constexpr int Many = 60'000;
    QStringList ids;
    for (int i = 0; i < Many; ++i) {
        const Event event = someEvent();
        ids.append(event.id());
        p.queue->write(event);
    }
    QANAT_FINISH(p.queue->flushed());
    QCOMPARE(p.queue->statistics().pending, Many);
    QCOMPARE(p.queue->statistics().stored, Many);
    p.recording->release();
    QANAT_WAIT(p.recording->deliveredCount() == Many);
    QCOMPARE(p.recording->deliveredIds(), ids);
    QANAT_WAIT(p.disk->rows().empty() && p.queue->statistics().pending == 0);
    QANAT_BALANCED(*p.queue);
}

void TestStoringQueue::tellsStoredFromDelivered()
{
    Pipeline p;
    p.recording->hold();
    const StoringQueue::Receipt receipt = p.queue->sendWithReceipt(someEvent());
    QANAT_FINISH(receipt.stored);
    QCOMPARE(receipt.stored.result(), Delivery::stored());
    QVERIFY(!receipt.delivered.isFinished());
    QCOMPARE(p.disk->rows().size(), 1u);
    p.recording->release();
    QANAT_FINISH(receipt.delivered);
    QCOMPARE(receipt.delivered.result(), Delivery::delivered());
    // And without a receipt.
    const QFuture<Delivery> sent = p.queue->send(someEvent());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result(), Delivery::delivered());
}

void TestStoringQueue::aReceiptOfABatch()
{
    Pipeline p;
    p.recording->setBehaviour(
        [](const Event &event) { return event.type() == "bad"_L1 ? permanentFailure() : Delivery::delivered(); });
    QList<Event> events = someEvents(10);
    events.insert(5, Event(u"bad"_s));
    const StoringQueue::Receipt receipt = p.queue->sendWithReceipt(Batch(events));
    QANAT_FINISH(receipt.delivered);
    QCOMPARE(receipt.stored.result(), Delivery::stored());
    QCOMPARE(receipt.delivered.result().error(), permanentFailure().error());
    QANAT_WAIT(p.queue->statistics().delivered == 10 && p.queue->statistics().dropped == 1);
    QANAT_BALANCED(*p.queue);
}

void TestStoringQueue::flushedTellsWhenAllIsSafe()
{
    Pipeline p;
    QANAT_FINISH(p.queue->flushed()); // There is nothing.
    p.disk->hold();
    p.recording->hold();
    p.queue->write(someEvent());
    const QFuture<Delivery> flushed = p.queue->flushed();
    QVERIFY(!flushed.isFinished());
    p.disk->release();
    QANAT_FINISH(flushed);
    QCOMPARE(flushed.result(), Delivery::stored());
    QCOMPARE(p.disk->rows().size(), 1u);
    p.recording->release();
    QANAT_FINISH(p.queue->close());
    QCOMPARE(p.queue->flushed().result(), p.queue->send(someEvent()).result()); // Both say that it is closed.
    QVERIFY(p.queue->flushed().result().isClosed());
}

// A store that cannot take out what was delivered has lost nothing of what it has.
void TestStoringQueue::flushedTellsNothingOfRemovals()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"the disk is on fire"_s));
    Pipeline p;
    const auto clock = std::make_shared<ManualClock>();
    p.queue->setClock(clock);
    p.recording->hold();
    p.queue->write(someEvent());
    QANAT_FINISH(p.queue->flushed());
    p.disk->fail(u"the disk is on fire"_s);
    p.recording->release();
    QANAT_WAIT(!p.queue->storageError().isEmpty());
    const QFuture<Delivery> flushed = p.queue->flushed();
    QANAT_FINISH(flushed);
    QCOMPARE(flushed.result(), Delivery::stored());
    p.disk->fail({});
    QANAT_WAIT(clock->advanceToNextDue());
    QANAT_WAIT(p.disk->rows().empty());
}

// What hands on has nothing to keep any more.
void TestStoringQueue::wrappersAreDoneWhenItIsStored()
{
    const auto disk = std::make_shared<MemoryDisk>();
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    auto queue = std::make_unique<StoringQueue>(std::make_unique<MemoryStore>(disk), std::move(end));
    StoringQueue *const inner = queue.get();
    Filter filter(Matcher(), std::move(queue));
    const QFuture<Delivery> sent = filter.send(someEvent());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result(), Delivery::stored());
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(filter.statistics().pending, 0);
    QCOMPARE(filter.statistics().delivered, 1);
    QCOMPARE(inner->statistics().pending, 1);
    QCOMPARE(inner->statistics().stored, 1);
    const auto closed = filter.close(0ms);
    recording->release();
    QANAT_FINISH(closed);
    // The release may come before the deadline.
    QCOMPARE(closed.result().stored(), qint64(disk->rows().size()));
    QVERIFY(disk->rows().size() == 1 || recording->deliveredCount() == 1);
}

void TestStoringQueue::whatNoFormatCanCarry()
{
    Pipeline p;
    QSignalSpy dropped(p.queue.get(), &Sink::dropped);
    QList<Event> events = someEvents(3);
    events.insert(1, Event(u"pointer"_s, QVariant::fromValue(static_cast<QObject *>(this))));
    const StoringQueue::Receipt receipt = p.queue->sendWithReceipt(Batch(events));
    QANAT_FINISH(receipt.stored);
    QANAT_FINISH(receipt.delivered);
    QCOMPARE(receipt.stored.result().error(), Delivery::Error::NotPortable);
    QANAT_WAIT(p.recording->deliveredCount() == 3);
    QANAT_WAIT(p.queue->statistics().delivered == 3 && p.queue->statistics().dropped == 1 && dropped.count() > 0);
    QANAT_BALANCED(*p.queue);
}

void TestStoringQueue::whatIsGivenUpIsKeptAsDeadLetter()
{
    Pipeline p;
    p.recording->setBehaviour([](const Event &) { return permanentFailure().withStatus(422); });
    const Event event = someEvent();
    p.queue->write(event);
    QANAT_WAIT(p.queue->statistics().dropped == 1 && p.disk->rows().empty());
    QCOMPARE(p.disk->deadLetters().size(), 1);
    const DeadLetter letter = DeadLetter::fromEvent(*Event::fromCbor(p.disk->deadLetters().first().event));
    QCOMPARE(letter.event, event);
    QCOMPARE(letter.status, 422);
    QVERIFY(letter.reason.contains(permanentFailure().errorText()));
    QANAT_BALANCED(*p.queue);
}

void TestStoringQueue::deadLettersGoWhereTheUserSays()
{
    DeadLetters dead;
    Pipeline p;
    p.queue->setDeadLetterSink(&dead);
    p.recording->setBehaviour([](const Event &) { return permanentFailure(); });
    p.queue->write(someEvent());
    QANAT_WAIT(dead.count() == 1);
    QCOMPARE(dead.letters().first().by, p.queue->pipeline().identity);
    QANAT_WAIT(p.disk->rows().empty());
    QVERIFY(p.disk->deadLetters().isEmpty());
}

void TestStoringQueue::aFailingStoreIsTriedAgain()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"the disk is on fire"_s));
    Pipeline p;
    QSignalSpy errors(p.queue.get(), &StoringQueue::storageErrorChanged);
    const auto clock = std::make_shared<ManualClock>();
    p.queue->setClock(clock);
    QANAT_FINISH(p.queue->flushed());
    p.disk->fail(u"the disk is on fire"_s);
    const StoringQueue::Receipt receipt = p.queue->sendWithReceipt(someEvent());
    QANAT_WAIT(errors.count() == 1);
    QCOMPARE(p.queue->storageError(), u"the disk is on fire"_s);
    QCOMPARE(p.queue->pipeline().activity, PipelineNode::Activity::Blocked);
    p.queue->write(someEvent());
    p.disk->fail({});
    QVERIFY(!receipt.stored.isFinished());
    QANAT_WAIT(clock->advanceToNextDue());
    QANAT_FINISH(receipt.stored);
    QCOMPARE(receipt.stored.result(), Delivery::stored());
    QANAT_WAIT(errors.count() == 2);
    QCOMPARE(p.queue->storageError(), QString());
    QANAT_WAIT(p.recording->deliveredCount() == 2);
    QCOMPARE(p.queue->pipeline().activity, PipelineNode::Activity::Flowing);
}

// What was delivered makes room.
void TestStoringQueue::aFullStoreStillDelivers()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"no space"_s));
    Pipeline p;
    const auto clock = std::make_shared<ManualClock>();
    p.queue->setClock(clock);
    p.recording->hold();
    p.queue->write(Batch(someEvents(10)));
    QANAT_FINISH(p.queue->flushed());
    p.disk->fail(u"no space"_s, false);
    p.queue->write(someEvent());
    QANAT_WAIT(!p.queue->storageError().isEmpty());
    p.recording->release();
    QANAT_WAIT(p.disk->rows().empty());
    QCOMPARE(p.queue->statistics().delivered, 10);
    QCOMPARE(p.queue->statistics().pending, 1);
    QCOMPARE(p.queue->statistics().stored, 0);
    p.disk->fail({});
    const QFuture<CloseResult> closed = p.queue->close();
    QANAT_WAIT(clock->advanceToNextDue());
    QANAT_FINISH(closed);
    QCOMPARE(p.queue->statistics().delivered, 11);
}

void TestStoringQueue::cannotBeOpened()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"in use by process 42"_s));
    const auto disk = std::make_shared<MemoryDisk>();
    disk->fail(u"in use by process 42"_s);
    Pipeline p(disk);
    const QList<Event> events = someEvents(20);
    for (const Event &event : events)
        p.queue->write(event);
    QANAT_WAIT(p.queue->storageError() == "in use by process 42"_L1);
    QCOMPARE(p.recording->count(), 0);
    disk->fail({});
    QANAT_FINISH(p.queue->close());
    QCOMPARE(p.recording->deliveredIds(), idsOf(events));
}

void TestStoringQueue::damagedRows()
{
    const auto disk = std::make_shared<MemoryDisk>();
    {
        Pipeline first(disk);
        first.queue->setHeld(true);
        first.queue->write(Batch(someEvents(20)));
        QANAT_FINISH(first.queue->flushed());
        QANAT_FINISH(first.queue->discard());
    }
    disk->damage(7);
    disk->damage(20);
    Pipeline second(disk);
    QSignalSpy dropped(second.queue.get(), &Sink::dropped);
    second.queue->setHeld(false); // Not read before somebody listens.
    QANAT_WAIT(second.recording->deliveredCount() == 18);
    QANAT_WAIT(second.queue->statistics().delivered == 18 && second.queue->statistics().dropped == 2
               && dropped.count() > 0);
    QCOMPARE(second.queue->statistics().lastError.error(), Delivery::Error::Storage);
    QANAT_BALANCED(*second.queue);
    QANAT_WAIT(disk->rows().empty());
}

void TestStoringQueue::closeDeliversFirst()
{
    Pipeline p;
    p.recording->hold();
    p.queue->write(Batch(someEvents(3000)));
    const QFuture<CloseResult> closed = p.queue->close(1h);
    QVERIFY(!closed.isFinished());
    p.recording->release();
    QANAT_FINISH(closed);
    QVERIFY(closed.result().isClean());
    QCOMPARE(closed.result().stored(), 0);
    QCOMPARE(p.recording->deliveredCount(), 3000);
    QVERIFY(p.disk->rows().empty());
}

void TestStoringQueue::closeStoresTheRest()
{
    Pipeline p(std::make_shared<MemoryDisk>(), retrying);
    p.recording->setBehaviour(always(passingFailure()));
    const QFuture<Delivery> sent = p.queue->send(someEvent());
    QANAT_WAIT(p.recording->count() == 1);
    p.queue->write(Batch(someEvents(500)));
    const QFuture<CloseResult> closed = p.queue->discard();
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().stored(), 501);
    QCOMPARE(closed.result().left(), 0);
    QVERIFY(closed.result().isClean());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result(), Delivery::stored());
    QCOMPARE(p.disk->rows().size(), 501u);
    QCOMPARE(p.queue->statistics().pending, 501);
    QCOMPARE(p.queue->statistics().stored, 501);
    QANAT_BALANCED(*p.queue);
}

void TestStoringQueue::closeWhileTheStoreFails()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"no space"_s));
    Pipeline p;
    QANAT_FINISH(p.queue->flushed());
    p.disk->fail(u"no space"_s);
    const StoringQueue::Receipt receipt = p.queue->sendWithReceipt(someEvent());
    p.queue->write(Batch(someEvents(4)));
    QANAT_WAIT(!p.queue->storageError().isEmpty());
    const QFuture<Delivery> flushed = p.queue->flushed();
    const QFuture<CloseResult> closed = p.queue->close(0ms);
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().left(), 5);
    QCOMPARE(closed.result().stored(), 0);
    QCOMPARE(receipt.stored.result().error(), Delivery::Error::Storage);
    QCOMPARE(receipt.delivered.result().error(), Delivery::Error::Storage);
    QANAT_FINISH(flushed);
    QVERIFY(flushed.result().isFailure());
    QCOMPARE(p.queue->statistics().dropped, 5);
    QANAT_BALANCED(*p.queue);
}

void TestStoringQueue::destructorStores()
{
    dismissHeartbeat(); // It waits.
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"events were pending when it was destroyed"_s));
    const auto disk = std::make_shared<MemoryDisk>();
    {
        Pipeline p(disk, retrying);
        p.recording->setBehaviour(always(passingFailure()));
        for (int i = 0; i < 2000; ++i)
            p.queue->write(someEvent());
    }
    QCOMPARE(disk->rows().size(), 2000u);
    QVERIFY(!disk->isOpen());
}

// The deadline is kept, and nobody waits for the disk.
void TestStoringQueue::aDiskThatTakesLong()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"does not come back"_s));
    const auto disk = std::make_shared<MemoryDisk>();
    Pipeline p(disk);
    QANAT_FINISH(p.queue->flushed());
    disk->hold();
    p.queue->write(Batch(someEvents(3)));
    QANAT_WAIT(p.queue->statistics().inFlight == 3);
    p.queue->write(Batch(someEvents(4)));
    const QFuture<CloseResult> closed = p.queue->close(0ms);
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().left(), 7);
    QCOMPARE(closed.result().unknown(), 3); // They may be stored.
    QANAT_BALANCED(*p.queue);
    disk->release();
}

void TestStoringQueue::aTargetThatCloses()
{
    Pipeline p;
    p.recording->setBehaviour(
        [](const Event &event) { return event.type() == "last"_L1 ? Delivery::closed() : Delivery::delivered(); });
    QSignalSpy closed(p.queue.get(), &Sink::closed);
    p.queue->write(someEvent());
    p.queue->write(Event(u"last"_s));
    p.queue->write(Batch(someEvents(2)));
    QANAT_WAIT(closed.count() == 1);
    QANAT_BALANCED(*p.queue);
    QCOMPARE(p.queue->statistics().delivered, 1);
    QCOMPARE(p.disk->rows().size(), 3u);
    QCOMPARE(p.queue->statistics().stored, 3);
}

void TestStoringQueue::revocationLeavesNothing()
{
    dismissHeartbeat(); // To make so many events takes long.
    const auto disk = std::make_shared<MemoryDisk>();
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    auto queue = std::make_unique<StoringQueue>(std::make_unique<MemoryStore>(disk), std::move(end));
    StoringQueue *const inner = queue.get();
    Gate gate(std::move(queue));
    gate.setConsent(Gate::Consent::Granted);
    recording->hold();
    for (int i = 0; i < 30; ++i)
        gate.write(Batch(someEvents(1000)));
    QANAT_WAIT(inner->statistics().stored == 30'000);
    gate.setConsent(Gate::Consent::Denied);
    QANAT_WAIT(inner->statistics().filtered > 0);
    recording->release();
    QANAT_WAIT(inner->statistics().pending == 0);
    QANAT_WAIT(disk->purged() > 0);
    QVERIFY(disk->rows().empty());
    QVERIFY(recording->deliveredCount() <= 1024); // What was under way.
    QANAT_BALANCED(*inner);
}

void TestStoringQueue::rejectsBeyondALimit()
{
    Pipeline p;
    p.recording->hold();
    p.queue->setLimits({100, Limits::Unlimited, Limits::Overflow::Reject});
    p.queue->write(Batch(someEvents(90)));
    QANAT_FINISH(p.queue->flushed());
    const WriteResult full = p.queue->write(Batch(someEvents(20)));
    QCOMPARE(full.status(), WriteResult::Status::Full);
    QCOMPARE(full.accepted(), 10);
    p.recording->release();
    QANAT_WAIT(p.queue->statistics().pending == 0);
    QVERIFY(p.queue->write(someEvent()));
    // By bytes.
    p.recording->hold();
    p.queue->setLimits({Limits::Unlimited, 10'000, Limits::Overflow::Reject});
    while (p.queue->write(someEvent())) { }
    QVERIFY(p.queue->statistics().pendingBytes <= 10'000);
    p.recording->release();
    QANAT_WAIT(p.queue->statistics().pending == 0);
    QCOMPARE(p.queue->statistics().pendingBytes, 0);
    QANAT_BALANCED(*p.queue);
}

void TestStoringQueue::dropsTheOldestBeyondALimit_data()
{
    QTest::addColumn<int>("limit");
    QTest::newRow("large") << 10'000;
    QTest::newRow("less than is handed on at once without a limit") << 100;
}

void TestStoringQueue::dropsTheOldestBeyondALimit()
{
    QFETCH(const int, limit);
    dismissHeartbeat(); // To make so many events takes long.
    const auto disk = std::make_shared<MemoryDisk>();
    Pipeline p(disk);
    p.recording->hold();
    p.queue->setLimits({limit, Limits::Unlimited, Limits::Overflow::DropOldest});
    QStringList ids;
    for (int i = 0; i < 25; ++i) {
        const Batch batch(someEvents(limit / 10));
        for (const Event &event : batch)
            ids.append(event.id());
        QVERIFY(p.queue->write(batch));
        QANAT_FINISH(p.queue->flushed());
        QVERIFY(p.queue->statistics().stored <= limit);
    }
    QCOMPARE(p.queue->statistics().dropped, limit * 3 / 2);
    QANAT_WAIT(disk->deadLetters().size() == limit * 3 / 2);
    p.recording->release();
    QANAT_WAIT(p.recording->deliveredCount() == limit);
    // What had been handed on is delivered, and of the others the latest.
    QCOMPARE(p.recording->deliveredIds().constLast(), ids.constLast());
    QANAT_WAIT(disk->rows().empty() && p.queue->statistics().pending == 0);
    QANAT_BALANCED(*p.queue);
}

// A key that has to wait keeps others neither from being delivered nor from leaving the store.
void TestStoringQueue::keysGoOn()
{
    const auto disk = std::make_shared<MemoryDisk>();
    const auto waiting = [](std::unique_ptr<Sink> target) {
        return std::make_unique<RetryingSink>(std::move(target), ExponentialBackoff(1h, 1h, 1h));
    };
    Pipeline p(disk, waiting, 4);
    p.recording->setBehaviour(
        [](const Event &event) { return event.subject() == "bad"_L1 ? passingFailure() : Delivery::delivered(); });
    QList<Event> events;
    for (int i = 0; i < 40; ++i)
        events.append(eventOf(i % 4 == 0 ? u"bad"_s : u"good%1"_s.arg(i % 4)));
    p.queue->write(Batch(events));
    QANAT_WAIT(p.queue->statistics().delivered == 30);
    QANAT_WAIT(disk->rows().size() == 10);
    QANAT_BALANCED(*p.queue);
}

void TestStoringQueue::withoutATarget()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"A queue wants a target of its own"_s));
    StoringQueue queue(std::make_unique<MemoryStore>(std::make_shared<MemoryDisk>()), nullptr);
    QCOMPARE(queue.state(), PipelineNode::State::Closed);
    QVERIFY(!queue.write(someEvent()));
}

void TestStoringQueue::aPositionIsStoredWithItsEvent()
{
    const auto disk = std::make_shared<MemoryDisk>();
    {
        Pipeline first(disk);
        first.recording->hold();
        QANAT_FINISH(first.queue->flushed());
        for (int i = 1; i <= 5000; ++i) {
            QVERIFY(first.queue->write(someEvent(), QByteArray::number(i)));
            // Whenever it is: so many events as the position says, and no other number.
            const auto [position, last] = disk->positionAndLast();
            QCOMPARE(position, last);
        }
        QANAT_FINISH(first.queue->flushed());
        QCOMPARE(first.queue->storedPosition(), "5000");
        first.queue->setPosition("5001");
        QANAT_FINISH(first.queue->flushed());
        QCOMPARE(disk->position(), "5001");
        const auto closed = first.queue->discard();
        first.recording->release();
        QANAT_FINISH(closed);
    }
    Pipeline second(disk);
    QSignalSpy opened(second.queue.get(), &StoringQueue::opened);
    QANAT_WAIT(opened.count() == 1);
    QCOMPARE(second.queue->storedPosition(), "5001");
    QANAT_WAIT(second.recording->deliveredCount() == 5000);
    // What cannot be stored is not passed.
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"no space"_s));
    disk->fail(u"no space"_s);
    second.queue->write(someEvent(), "5002");
    QANAT_WAIT(!second.queue->storageError().isEmpty());
    QANAT_FINISH(second.queue->discard());
    QCOMPARE(second.queue->storedPosition(), "5001");
    QCOMPARE(disk->position(), "5001");
}

// The store fails for a moment while the queue is closed: what comes later could be stored, and would have the source pass the rest.
void TestStoringQueue::aPositionPassesNothingThatWasGivenUp()
{
    // Whichever of the transactions that one is.
    constexpr int Most = 6;
    for (int failures = 1; failures <= Most; ++failures) {
        StoringPipeline pipeline;
        pipeline.queue->setHeld(true); // Nothing is delivered.
        QANAT_FINISH(pipeline.queue->flushed());
        const std::shared_ptr<MemoryDisk> disk = pipeline.disk;
        disk->hold();
        pipeline.queue->write(someEvent()); // The worker waits with it.
        disk->failNext(failures);
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"not this time"_s));
        for (int i = 1; i <= 300; ++i)
            QVERIFY(pipeline.queue->write(someEvent(), QByteArray::number(i)));
        pipeline.queue->setPosition("301");
        const QFuture<CloseResult> closed = pipeline.queue->discard();
        disk->release();
        QANAT_FINISH(closed);
        const qint64 position = disk->position().toLongLong();
        QVERIFY2(qint64(disk->rows().size()) >= std::min(position, qint64(300)),
                 qPrintable(u"%1: %2, of %3"_s.arg(failures).arg(position).arg(disk->rows().size())));
    }
}

void TestStoringQueue::heldOnDisk()
{
    const auto disk = std::make_shared<MemoryDisk>();
    {
        Pipeline first(disk);
        first.queue->setHeld(true);
        QANAT_WAIT(first.queue->isHeld());
        QCOMPARE(first.queue->pipeline().activity, PipelineNode::Activity::Paused);
        QVERIFY(first.queue->pipeline().activityReason.contains(u"held"_s));
        first.queue->write(Batch(someEvents(10)));
        QANAT_FINISH(first.queue->flushed());
        // There is nothing that a close could wait for.
        const QFuture<CloseResult> closed = first.queue->close(1h);
        QANAT_FINISH(closed);
        QCOMPARE(closed.result().stored(), 10);
        QVERIFY(closed.result().isClean());
        QCOMPARE(first.recording->count(), 0);
    }
    Pipeline second(disk);
    QSignalSpy changes(second.queue.get(), &StoringQueue::heldChanged);
    second.queue->write(someEvent());
    QANAT_FINISH(second.queue->flushed());
    QVERIFY(second.queue->isHeld());
    QCOMPARE(second.recording->count(), 0);
    QANAT_WAIT(changes.size() == 1);
    QCOMPARE(changes.at(0).at(0), QVariant(true));
    second.queue->setHeld(false);
    QANAT_WAIT(second.recording->deliveredCount() == 11);
    QANAT_WAIT(changes.size() == 2);
    QCOMPARE(changes.at(1).at(0), QVariant(false));
    QCOMPARE(second.queue->pipeline().activity, PipelineNode::Activity::Flowing);
    QCOMPARE(second.queue->pipeline().activityReason, QString());
    QANAT_FINISH(second.queue->close());
    QVERIFY(!disk->isHeld());
    QANAT_BALANCED(*second.queue);
}

void TestStoringQueue::aGateHoldsOnDisk()
{
    const auto disk = std::make_shared<MemoryDisk>();
    const auto run = [&disk](const std::function<void(Gate &, StoringQueue &, Recording &)> &use) {
        Pipeline p(disk);
        StoringQueue &queue = *p.queue;
        Gate gate(std::move(p.queue));
        use(gate, queue, *p.recording);
        QANAT_FINISH(gate.close());
    };
    run([](Gate &gate, StoringQueue &queue, Recording &recording) {
        gate.write(Batch(someEvents(20)));
        QANAT_WAIT(queue.statistics().stored == 20);
        // For those who look at it nothing leaves, wherever it waits.
        QCOMPARE(gate.pipeline().activity, PipelineNode::Activity::Paused);
        QVERIFY(gate.pipeline().activityReason.contains(u"consent"_s));
        QCOMPARE(gate.statistics().pending, 0);
        QCOMPARE(recording.count(), 0);
    });
    QCOMPARE(disk->rows().size(), 20u);
    // Nobody has answered yet, and there are new ones.
    run([](Gate &gate, StoringQueue &queue, Recording &recording) {
        QVERIFY(gate.write(someEvent()));
        QANAT_WAIT(queue.statistics().stored == 21);
        gate.setWhileUndecided(Gate::Undecided::Discard);
        QVERIFY(gate.write(someEvent()));
        QANAT_WAIT(gate.statistics().filtered == 1);
        QCOMPARE(queue.statistics().stored, 21);
        QCOMPARE(recording.count(), 0);
        gate.setConsent(Gate::Consent::Granted);
        QCOMPARE(gate.pipeline().activity, PipelineNode::Activity::Flowing);
        QANAT_WAIT(recording.deliveredCount() == 21);
    });
    run([&disk](Gate &gate, StoringQueue &queue, Recording &recording) {
        gate.write(Batch(someEvents(30)));
        QANAT_WAIT(queue.statistics().stored == 30);
        gate.setConsent(Gate::Consent::Denied);
        QANAT_WAIT(disk->purged() > 0);
        QCOMPARE(recording.count(), 0);
        QCOMPARE(queue.statistics().filtered, 30);
        QVERIFY(disk->rows().empty());
    });
}

void TestStoringQueue::whatIsTooOld()
{
    Pipeline p(std::make_shared<MemoryDisk>(), retrying);
    const auto clock = std::make_shared<ManualClock>();
    p.queue->setClock(clock);
    QANAT_FINISH(p.queue->flushed());
    p.queue->setMaximumAge(24h);
    p.queue->setHeld(true);
    QANAT_WAIT(p.queue->isHeld());
    p.queue->write(Batch(someEvents(10)));
    QANAT_FINISH(p.queue->flushed());
    clock->advance(12h);
    const Event young = someEvent();
    p.queue->write(young);
    QANAT_FINISH(p.queue->flushed());
    clock->advance(12h);
    QANAT_WAIT(p.queue->statistics().dropped == 10);
    QCOMPARE(p.queue->statistics().lastError.error(), Delivery::Error::Expired);
    QANAT_WAIT(p.queue->storedDeadLetters()->count() == 10);
    p.queue->setHeld(false);
    QANAT_WAIT(p.recording->deliveredCount() == 1);
    QCOMPARE(p.recording->deliveredIds(), QStringList(young.id()));
    QANAT_BALANCED(*p.queue);
}

// Each event has its own age, also where many are read at once.
void TestStoringQueue::agesOverSeveralRuns()
{
    const auto disk = std::make_shared<MemoryDisk>();
    const auto clock = std::make_shared<ManualClock>();
    QStringList ids;
    {
        Pipeline first(disk);
        first.queue->setClock(clock);
        first.queue->setHeld(true);
        for (int i = 0; i < 50; ++i) {
            const Event event = someEvent();
            ids.append(event.id());
            first.queue->write(event);
            QANAT_FINISH(first.queue->flushed());
            clock->advance(1h);
        }
        QANAT_FINISH(first.queue->discard());
    }
    Pipeline second(disk);
    QANAT_FINISH(second.queue->flushed());
    second.queue->setClock(clock);
    second.queue->setMaximumAge(std::chrono::minutes(20 * 60 + 30));
    QANAT_WAIT(second.queue->statistics().dropped == 30);
    clock->advance(2h);
    QANAT_WAIT(second.queue->statistics().dropped == 32);
    second.queue->setHeld(false);
    QANAT_WAIT(second.recording->deliveredCount() == 18);
    QCOMPARE(second.recording->deliveredIds(), ids.mid(32));
    QANAT_BALANCED(*second.queue);
}

void TestStoringQueue::aClockThatIsWrong()
{
    const auto disk = std::make_shared<MemoryDisk>();
    {
        Pipeline first(disk);
        first.queue->setHeld(true);
        first.queue->write(Batch(someEvents(5)));
        QANAT_FINISH(first.queue->flushed());
        QANAT_FINISH(first.queue->discard());
    }
    // Ten years back: they are no younger than now, and so never too old too early.
    disk->shiftTimes(24h * 3650);
    {
        Pipeline second(disk);
        second.queue->setMaximumAge(24h);
        QANAT_FINISH(second.queue->flushed());
        QCOMPARE(second.queue->statistics().dropped, 0);
        QCOMPARE(second.queue->statistics().stored, 5);
        QANAT_FINISH(second.queue->discard());
    }
    // A thousand years ahead.
    disk->shiftTimes(-24h * 365 * 1000);
    Pipeline third(disk);
    QANAT_FINISH(third.queue->flushed());
    QCOMPARE(third.queue->statistics().stored, 5);
    third.queue->setMaximumAge(24h);
    QANAT_WAIT(third.queue->statistics().dropped == 5);
    QANAT_WAIT(third.queue->storedDeadLetters()->count() == 5);
}

void TestStoringQueue::configuresItsTarget()
{
    Pipeline p(std::make_shared<MemoryDisk>(), retrying);
    const QFuture<bool> found =
        p.queue->configure<RetryingSink>([](RetryingSink &sink) { sink.setMaximumAttempts(1); });
    QANAT_FINISH(found);
    QVERIFY(found.result());
    p.recording->setBehaviour(always(passingFailure()));
    p.queue->write(someEvent());
    QANAT_WAIT(p.queue->statistics().dropped == 1);
    // Several go together.
    Pipeline together;
    const auto clock = std::make_shared<ManualClock>();
    together.queue->setClock(clock);
    together.queue->setLinger(3, 1h);
    for (int i = 0; i < 3; ++i)
        together.queue->write(someEvent());
    QANAT_WAIT(together.recording->deliveredCount() == 3);
    QCOMPARE(together.recording->callCount(), 1);
    // Nobody waits for more once it is closed, or somebody waits for it.
    QANAT_FINISH(together.queue->send(someEvent()));
    together.queue->write(someEvent());
    QANAT_FINISH(together.queue->flushed());
    QCOMPARE(together.recording->deliveredCount(), 4);
    QANAT_WAIT(clock->advanceToNextDue());
    QANAT_WAIT(together.recording->deliveredCount() == 5);
    together.queue->write(someEvent());
    QANAT_FINISH(together.queue->flushed());
    QANAT_FINISH(together.queue->close());
    QCOMPARE(together.recording->deliveredCount(), 6);
}

QTEST_GUILESS_MAIN(TestStoringQueue)
#include "tst_storingqueue.moc"
