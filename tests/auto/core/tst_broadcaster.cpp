// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtCore/qregularexpression.h>
#include <QtCore/qset.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <stdexcept>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// Notes the number that an event carries, and nothing else: for very many of them.
class NumberSink : public Sink
{
public:
    explicit NumberSink(std::shared_ptr<std::vector<int>> numbers)
        : m_numbers(std::move(numbers))
    {
    }

protected:
    Delivery deliver(const Event &event) override
    {
        m_numbers->push_back(event.data().toInt());
        return Delivery::delivered();
    }

private:
    const std::shared_ptr<std::vector<int>> m_numbers;
};

// Its closing ends only when that of others has begun.
class MeetingSink : public Sink
{
public:
    struct Meeting
    {
        std::mutex mutex;
        std::condition_variable changed;
        int missing = 0;
    };

    explicit MeetingSink(std::shared_ptr<Meeting> meeting)
        : m_meeting(std::move(meeting))
    {
    }

protected:
    Delivery deliver(const Event &) override { return Delivery::delivered(); }
    Delivery finish() override
    {
        std::unique_lock lock(m_meeting->mutex);
        --m_meeting->missing;
        m_meeting->changed.notify_all();
        const bool all = m_meeting->changed.wait_for(lock, 30s, [this] { return m_meeting->missing == 0; });
        return all ? Delivery::delivered() : Delivery::dropped(Delivery::Error::Timeout, u"nobody else was closed"_s);
    }

private:
    const std::shared_ptr<Meeting> m_meeting;
};

struct Queued
{
    std::unique_ptr<Queue> queue;
    std::shared_ptr<Recording> recording;
};

Queued queued()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    return {std::make_unique<Queue>(std::move(end)), recording};
}

} // namespace

class BroadcasterTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void aDestroyedOneTellsWhatItsSinksLose();
    void itsClockIsThatOfItsSinks();
    void line07_manyWritersReachEachSinkOnceInOneOrder();
    void line08_addingTwiceChangesNothing();
    void line09_removingAnUnknownSinkSucceeds();
    void line09_aRemovedSinkReceivesNothingAndIsNotClosed();
    void line10_withoutSinksAWriteSucceeds();
    void line11_closeDeliversClosesAllAndEndsAfterThem();
    void line11_sinksCloseSideBySide();
    void line11_aDeadlineCanBeGiven();
    void line11_errorsOfClosingAreReported();
    void line12_aClosedSinkIsLetGoAndTheOthersMissNothing();
    void line13_aSinkThatFailsStaysAndTheLossIsTold();
    void line13_aSinkThatIsFullStaysAndTheLossIsTold();
    void line14_aStuckSinkDelaysNobody();
    void line14_pacedByTheSlowestItHoldsTheWriters();
    void line15_addAnswersClosedOnlyWhereItHadNoEffect();

    void worksOnAThreadOfTheLibrary();
    void ownsWhatItIsGiven();
    void aDestroyedSinkIsRemoved();
    void addAndRemoveKeepTheirPlaceInTheOrder();
    void sendTellsTheWorstOfAllSinks();
    void sendToNobodyIsFiltered();
    void slowestLosesNothing();
    void slowestGoesOnWhenTheSlowOneGoes();
    void pacingIsNotified();
    void broadcastersInARow();

    void aListenerIsCalledInItsThread();
    void aListenerGoesWithItsContext();
    void aListenerMayDestroyItsContext();
    void afterResetNothingBegins();
    void resetFromAnotherThreadTellsWhen();
    void aListenerMayResetItself();
    void aListenerDropsTheOldestAtItsLimit();
    void aListenerLeavesTimersTheirTurn();
    void aListenerThatThrowsGoesOn();
    void listenRefusesWhatMakesNoSense();
    void destroyingIsPromptWithSinksInTheSameThread();
};

void BroadcasterTest::line07_manyWritersReachEachSinkOnceInOneOrder()
{
    constexpr int Writers = 1000;
    constexpr int Each = IsSanitized ? 20 : 1000;
    constexpr int Sinks = 10;
    Broadcaster broadcaster;
    std::vector<std::shared_ptr<std::vector<int>>> seen;
    for (int i = 0; i < Sinks; ++i) {
        seen.push_back(std::make_shared<std::vector<int>>());
        seen.back()->reserve(Writers * Each);
        broadcaster.add(std::make_unique<Queue>(std::make_unique<NumberSink>(seen.back())));
    }
    std::atomic<int> refused{0};
    Crew crew(Writers, [&](int writer) {
        for (int i = 0; i < Each; ++i)
            refused += !broadcaster.write(Event(u"number"_s, writer * Each + i));
    });
    QVERIFY(crew.wait(5min));
    QCOMPARE(refused.load(), 0);
    const QFuture<CloseResult> closing = broadcaster.close(1h);
    QVERIFY(waitUntil([&] { return closing.isFinished(); }, 5min));
    QVERIFY(closing.result().isClean());
    QCOMPARE(broadcaster.statistics().delivered, Writers * Each);

    dismissHeartbeat(); // From here on the main thread computes.
    for (const auto &numbers : seen)
        QVERIFY(*numbers == *seen.front()); // One and the same order.
    std::vector<int> next(Writers, 0);
    QCOMPARE(int(seen.front()->size()), Writers * Each);
    for (const int number : *seen.front()) {
        // In the order of each writer there is neither a gap nor a repetition.
        QCOMPARE(number % Each, next[size_t(number / Each)]++);
    }
}

void BroadcasterTest::line08_addingTwiceChangesNothing()
{
    Broadcaster broadcaster;
    Queued one = queued();
    QCOMPARE(broadcaster.add(one.queue.get()), WriteResult::Status::Accepted);
    QCOMPARE(broadcaster.add(one.queue.get()), WriteResult::Status::Accepted);
    broadcaster.write(someEvent());
    QCOMPARE(broadcaster.add(one.queue.get()), WriteResult::Status::Accepted);
    broadcaster.write(someEvent());
    settleCommands(broadcaster);
    QCOMPARE(broadcaster.pipeline().targets.size(), 1);
    const QFuture<CloseResult> closing = broadcaster.close();
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
    QCOMPARE(one.recording->count(), 2);
    QCOMPARE(one.recording->finishCount(), 1);
}

void BroadcasterTest::line09_removingAnUnknownSinkSucceeds()
{
    Broadcaster broadcaster;
    Queued one = queued();
    QANAT_FINISH(broadcaster.remove(one.queue.get()));
    QANAT_FINISH(broadcaster.remove(nullptr));
    QCOMPARE(one.queue->state(), PipelineNode::State::Open);
    QANAT_FINISH(broadcaster.close());
    QANAT_FINISH(broadcaster.remove(one.queue.get()));
}

void BroadcasterTest::line09_aRemovedSinkReceivesNothingAndIsNotClosed()
{
    Broadcaster broadcaster;
    Queued one = queued();
    Queued other = queued();
    broadcaster.add(one.queue.get());
    broadcaster.add(other.queue.get());
    const QList<Event> events = someEvents(3);
    broadcaster.write(events[0]);
    QANAT_FINISH(broadcaster.remove(one.queue.get()));
    broadcaster.write(events[1]);
    QANAT_WAIT(other.recording->count() == 2);
    QCOMPARE(one.queue->state(), PipelineNode::State::Open);
    QVERIFY(one.queue->statistics().written == 1);

    QCOMPARE(broadcaster.add(one.queue.get()), WriteResult::Status::Accepted);
    broadcaster.write(events[2]);
    QANAT_FINISH(broadcaster.close());
    QCOMPARE(one.recording->ids(), idsOf({events[0], events[2]}));
    QCOMPARE(other.recording->ids(), idsOf(events));
    QCOMPARE(one.queue->state(), PipelineNode::State::Closed);
    QCOMPARE(one.recording->finishCount(), 1);
}

void BroadcasterTest::line10_withoutSinksAWriteSucceeds()
{
    Broadcaster broadcaster;
    QCOMPARE(broadcaster.write(someEvent()).status(), WriteResult::Status::Accepted);
    QCOMPARE(broadcaster.write(Batch(someEvents(3))).accepted(), 3);
    QANAT_WAIT(broadcaster.statistics().filtered == 4);
    QANAT_BALANCED(broadcaster);
}

void BroadcasterTest::line11_closeDeliversClosesAllAndEndsAfterThem()
{
    Broadcaster broadcaster;
    std::vector<Queued> sinks;
    for (int i = 0; i < 5; ++i) {
        sinks.push_back(queued());
        sinks.back().recording->hold();
        broadcaster.add(sinks.back().queue.get());
    }
    RecordingSink plain;
    broadcaster.add(&plain);
    broadcaster.write(Batch(someEvents(100)));
    const QFuture<CloseResult> closing = broadcaster.close(1h);
    QCOMPARE(broadcaster.write(someEvent()).status(), WriteResult::Status::Closed);
    for (const Queued &sink : sinks) {
        QANAT_WAIT(sink.recording->isBlocked());
        QVERIFY(!closing.isFinished());
        sink.recording->release();
    }
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
    for (const Queued &sink : sinks) {
        QCOMPARE(sink.recording->deliveredCount(), 100);
        QCOMPARE(sink.recording->finishCount(), 1);
        QCOMPARE(sink.queue->state(), PipelineNode::State::Closed);
    }
    QCOMPARE(plain.recording()->deliveredCount(), 100);
    QCOMPARE(plain.state(), PipelineNode::State::Closed);
}

void BroadcasterTest::line11_sinksCloseSideBySide()
{
    const auto meeting = std::make_shared<MeetingSink::Meeting>();
    meeting->missing = 4;
    Broadcaster broadcaster;
    for (int i = 0; i < 4; ++i)
        broadcaster.add(std::make_unique<Queue>(std::make_unique<MeetingSink>(meeting)));
    const QFuture<CloseResult> closing = broadcaster.close(1h);
    QANAT_FINISH(closing);
    QVERIFY2(closing.result().isClean(), qPrintable(closing.result().worst().toString()));
}

void BroadcasterTest::line11_aDeadlineCanBeGiven()
{
    Broadcaster broadcaster;
    Queued stuck = queued();
    Queued fine = queued();
    stuck.recording->defer();
    broadcaster.add(stuck.queue.get());
    broadcaster.add(fine.queue.get());
    settleCommands(broadcaster);
    const auto clock = std::make_shared<ManualClock>();
    broadcaster.setClock(clock);
    broadcaster.write(Batch(someEvents(10)));
    QANAT_WAIT(stuck.recording->deferredCalls() == 1 && fine.recording->count() == 10);
    const QFuture<CloseResult> closing = broadcaster.close(1min);
    QANAT_WAIT(fine.queue->state() == PipelineNode::State::Closed);
    QANAT_WAIT(clock->nextDue() == clock->now() + 1min);
    QVERIFY(!closing.isFinished());
    clock->advance(1min);
    QANAT_FINISH(closing);
    QCOMPARE(closing.result().left(), 10);
    QCOMPARE(closing.result().unknown(), 10);
    QCOMPARE(stuck.queue->state(), PipelineNode::State::Closed);
    QCOMPARE(fine.recording->deliveredCount(), 10);
    QANAT_BALANCED(*stuck.queue);
}

void BroadcasterTest::line11_errorsOfClosingAreReported()
{
    Broadcaster broadcaster;
    Queued bad = queued();
    Queued good = queued();
    bad.recording->setFinishOutcome(Delivery::dropped(Delivery::Error::Other, u"not flushed"_s));
    broadcaster.add(good.queue.get());
    broadcaster.add(bad.queue.get());
    const QFuture<CloseResult> closing = broadcaster.close();
    QANAT_FINISH(closing);
    QCOMPARE(closing.result().worst().errorText(), u"not flushed"_s);
    QCOMPARE(closing.result().left(), 0);
}

void BroadcasterTest::line12_aClosedSinkIsLetGoAndTheOthersMissNothing()
{
    Broadcaster broadcaster;
    std::vector<Queued> sinks;
    for (int i = 0; i < 5; ++i) {
        sinks.push_back(queued());
        broadcaster.add(sinks.back().queue.get());
    }
    const QList<Event> events = someEvents(30);
    broadcaster.write(Batch(events.mid(0, 10)));
    for (const Queued &sink : sinks)
        QANAT_WAIT(sink.recording->count() == 10);
    // One answers closed when it is written to, one while it works.
    QANAT_FINISH(sinks[1].queue->close());
    sinks[3].recording->setBehaviour(always(Delivery::closed()));
    broadcaster.write(Batch(events.mid(10, 10)));
    QANAT_WAIT(sinks[3].queue->state() == PipelineNode::State::Closed);
    const QFuture<Delivery> last = broadcaster.send(Batch(events.mid(20)));
    QANAT_FINISH(last);
    QVERIFY2(last.result().isSuccess(), qPrintable(last.result().toString()));
    for (const size_t i : {0, 2, 4})
        QCOMPARE(sinks[i].recording->deliveredIds(), idsOf(events));
    QCOMPARE(sinks[1].recording->count(), 10);
    QANAT_WAIT(broadcaster.pipeline().targets.size() == 3);
    QANAT_WAIT(broadcaster.statistics().pending == 0);
    QCOMPARE(broadcaster.statistics().delivered, 30);
}

void BroadcasterTest::line13_aSinkThatFailsStaysAndTheLossIsTold()
{
    Broadcaster broadcaster;
    Queued failing = queued();
    Queued fine = queued();
    failing.recording->setBehaviour(always(permanentFailure()));
    QSignalSpy dropped(failing.queue.get(), &Sink::dropped);
    broadcaster.add(failing.queue.get());
    broadcaster.add(fine.queue.get());
    const QFuture<Delivery> sent = broadcaster.send(someEvent());
    QCOMPARE(broadcaster.write(someEvent()).status(), WriteResult::Status::Accepted);
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Refused);
    QANAT_WAIT(failing.queue->statistics().dropped == 2 && fine.recording->deliveredCount() == 2);
    qint64 told = 0;
    QANAT_WAIT([&] {
        told = 0;
        for (const QList<QVariant> &signal : dropped)
            told += signal[0].toLongLong();
        return told == 2;
    }());
    failing.recording->setBehaviour({});
    broadcaster.write(someEvent());
    QANAT_WAIT(failing.recording->deliveredCount() == 1);
    QCOMPARE(broadcaster.pipeline().targets.size(), 2);
}

void BroadcasterTest::line13_aSinkThatIsFullStaysAndTheLossIsTold()
{
    Broadcaster broadcaster;
    QSignalSpy dropped(&broadcaster, &Sink::dropped);
    Queued full = queued();
    Queued fine = queued();
    full.recording->hold();
    Limits limits;
    limits.events = 10;
    full.queue->setLimits(limits);
    broadcaster.add(full.queue.get());
    broadcaster.add(fine.queue.get());
    const QList<Event> events = someEvents(25);
    QCOMPARE(broadcaster.write(Batch(events)).accepted(), 25);
    QANAT_WAIT(fine.recording->deliveredCount() == 25 && broadcaster.statistics().pending == 0);
    QCOMPARE(fine.recording->deliveredIds(), idsOf(events));
    QCOMPARE(broadcaster.statistics().delivered, 10);
    QCOMPARE(broadcaster.statistics().dropped, 15);
    QCOMPARE(broadcaster.statistics().lastError.error(), Delivery::Error::Full);
    QANAT_WAIT(!dropped.isEmpty());
    full.recording->release();
    QANAT_WAIT(full.queue->statistics().pending == 0);
    QCOMPARE(full.recording->deliveredIds(), idsOf(events.mid(0, 10)));
    broadcaster.write(events.last());
    QANAT_WAIT(full.recording->deliveredCount() == 11);
    QANAT_BALANCED(broadcaster);
}

void BroadcasterTest::line14_aStuckSinkDelaysNobody()
{
    Broadcaster broadcaster;
    Queued stuck = queued();
    Queued fine = queued();
    stuck.recording->hold();
    broadcaster.add(stuck.queue.get());
    broadcaster.add(fine.queue.get());
    const QList<Event> events = someEvents(1000);
    for (const Event &event : events)
        QVERIFY(broadcaster.write(event));
    QANAT_WAIT(fine.recording->deliveredCount() == 1000);
    QCOMPARE(stuck.recording->deliveredCount(), 0);
    QANAT_WAIT(broadcaster.statistics().pending == 0);
    stuck.recording->release();
    QANAT_WAIT(stuck.recording->deliveredCount() == 1000);
    QCOMPARE(stuck.recording->deliveredIds(), idsOf(events));
}

void BroadcasterTest::line14_pacedByTheSlowestItHoldsTheWriters()
{
    Broadcaster broadcaster;
    broadcaster.setPacing(Broadcaster::Pacing::Slowest);
    Queued stuck = queued();
    Queued fine = queued();
    stuck.recording->hold();
    Limits limits;
    limits.events = 10;
    stuck.queue->setLimits(limits);
    broadcaster.setLimits(limits);
    broadcaster.add(stuck.queue.get());
    broadcaster.add(fine.queue.get());
    QList<Event> accepted;
    // At most ten wait in the sink, and ten before it.
    for (int i = 0; i < 1000 && accepted.size() < 20; ++i) {
        const Event event = someEvent();
        if (broadcaster.write(event))
            accepted.append(event);
        else
            QCoreApplication::processEvents();
    }
    QANAT_WAIT(stuck.queue->statistics().pending == 10);
    QVERIFY(accepted.size() <= 20);
    QANAT_WAIT([&] {
        const Event event = someEvent();
        const WriteResult result = broadcaster.write(event);
        if (result)
            accepted.append(event);
        return result == WriteResult::Status::Full;
    }());
    stuck.recording->release();
    QANAT_WAIT(stuck.recording->deliveredCount() == accepted.size()
               && fine.recording->deliveredCount() == accepted.size());
    QCOMPARE(stuck.recording->deliveredIds(), idsOf(accepted));
    QCOMPARE(fine.recording->deliveredIds(), idsOf(accepted));
    QCOMPARE(broadcaster.statistics().dropped, 0);
    QANAT_BALANCED(broadcaster);
}

void BroadcasterTest::line15_addAnswersClosedOnlyWhereItHadNoEffect()
{
    Broadcaster broadcaster;
    Queued one = queued();
    QCOMPARE(broadcaster.add(one.queue.get()), WriteResult::Status::Accepted);
    QCOMPARE(broadcaster.add(nullptr), WriteResult::Status::Invalid);
    QCOMPARE(broadcaster.add(&broadcaster), WriteResult::Status::Invalid);
    QANAT_FINISH(broadcaster.close());
    QCOMPARE(one.recording->finishCount(), 1);

    Queued late = queued();
    QCOMPARE(broadcaster.add(late.queue.get()), WriteResult::Status::Closed);
    QCOMPARE(late.queue->state(), PipelineNode::State::Open);
    QVERIFY(late.queue->write(someEvent()));
    QANAT_WAIT(late.recording->count() == 1);
    auto owned = std::make_unique<RecordingSink>();
    const auto recording = owned->recording();
    QCOMPARE(broadcaster.add(std::move(owned)), WriteResult::Status::Closed);
    QVERIFY(recording->isDestroyed());
    QVERIFY(!broadcaster.listen(this, [](const Event &) {}).isActive());

    // Each add either takes effect or says closed, whenever the close comes.
    for (int round = 0; round < 50; ++round) {
        Broadcaster closing;
        Queued racing = queued();
        WriteResult::Status status = WriteResult::Status::Full;
        Crew crew(2, [&](int i) {
            if (i)
                closing.close();
            else
                status = closing.add(racing.queue.get());
        });
        QVERIFY(crew.wait());
        QANAT_FINISH(closing.close());
        const bool hadEffect = racing.queue->state() != PipelineNode::State::Open;
        QCOMPARE(status, hadEffect ? WriteResult::Status::Accepted : WriteResult::Status::Closed);
    }
}

void BroadcasterTest::worksOnAThreadOfTheLibrary()
{
    // Its own thread does not turn its loop here, and the events arrive all the same.
    Broadcaster broadcaster;
    Queued one = queued();
    broadcaster.add(one.queue.get());
    broadcaster.write(Batch(someEvents(10)));
    dismissHeartbeat();
    QVERIFY(one.recording->waitForDelivered(10));
}

void BroadcasterTest::ownsWhatItIsGiven()
{
    auto broadcaster = std::make_unique<Broadcaster>();
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Sink *const sink = end.get();
    QCOMPARE(broadcaster->add(std::move(end)), WriteResult::Status::Accepted);
    QCOMPARE(sink->parent(), broadcaster.get());
    QCOMPARE(broadcaster->add(std::unique_ptr<Sink>()), WriteResult::Status::Invalid);
    QANAT_FINISH(broadcaster->close());
    broadcaster.reset();
    QVERIFY(recording->isDestroyed());

    Broadcaster other;
    QObject parent;
    auto *child = new RecordingSink(&parent);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"so Broadcaster cannot own it"_s));
    QCOMPARE(other.add(std::unique_ptr<Sink>(child)), WriteResult::Status::Invalid);
    QCOMPARE(child->parent(), &parent);
}

void BroadcasterTest::aDestroyedSinkIsRemoved()
{
    Broadcaster broadcaster;
    Queued one = queued();
    Queued other = queued();
    broadcaster.add(one.queue.get());
    broadcaster.add(other.queue.get());
    broadcaster.write(someEvent());
    QANAT_WAIT(other.recording->count() == 1);
    one.queue.reset();
    broadcaster.write(someEvent());
    QANAT_WAIT(other.recording->count() == 2);
    QANAT_WAIT(broadcaster.pipeline().targets.size() == 1);
    // The sink has it before the broadcaster counts it.
    QANAT_WAIT(broadcaster.statistics().delivered == 2);
}

void BroadcasterTest::addAndRemoveKeepTheirPlaceInTheOrder()
{
    Broadcaster broadcaster;
    Queued one = queued();
    QStringList expected;
    QFuture<void> removed;
    for (int round = 0; round < 100; ++round) {
        broadcaster.write(someEvent());
        broadcaster.add(one.queue.get());
        const QList<Event> events = someEvents(3);
        broadcaster.write(Batch(events));
        expected += idsOf(events);
        removed = broadcaster.remove(one.queue.get());
        broadcaster.write(someEvent());
    }
    QANAT_FINISH(removed);
    QANAT_WAIT(one.recording->count() == 300);
    QCOMPARE(one.recording->ids(), expected);
    QANAT_WAIT(broadcaster.statistics().pending == 0);
    QCOMPARE(broadcaster.statistics().filtered, 200);
    QCOMPARE(broadcaster.statistics().delivered, 300);
}

void BroadcasterTest::sendTellsTheWorstOfAllSinks()
{
    Broadcaster broadcaster;
    Queued delivering = queued();
    Queued filtering = queued();
    Queued slow = queued();
    filtering.recording->setBehaviour(always(Delivery::filtered()));
    slow.recording->defer();
    broadcaster.add(delivering.queue.get());
    broadcaster.add(filtering.queue.get());
    broadcaster.add(slow.queue.get());
    const QFuture<Delivery> one = broadcaster.send(someEvent());
    QANAT_WAIT(slow.recording->deferredCalls() == 1 && delivering.recording->deliveredCount() == 1);
    QVERIFY(!one.isFinished()); // The final outcome, of all of them.
    slow.recording->settle(1, Delivery::filtered());
    QANAT_FINISH(one);
    QCOMPARE(one.result().outcome(), Delivery::Outcome::Delivered);

    const QFuture<Delivery> two = broadcaster.send(Batch(someEvents(3)));
    QANAT_WAIT(slow.recording->deferredCalls() == 1);
    slow.recording->settle(1);
    slow.recording->settle(1, permanentFailure());
    slow.recording->settle(1);
    QANAT_FINISH(two);
    QCOMPARE(two.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(two.result().error(), Delivery::Error::Refused);

    QANAT_FINISH(broadcaster.remove(delivering.queue.get()));
    QANAT_FINISH(broadcaster.remove(slow.queue.get()));
    const QFuture<Delivery> three = broadcaster.send(someEvent());
    QANAT_FINISH(three);
    QCOMPARE(three.result().outcome(), Delivery::Outcome::Filtered);
}

void BroadcasterTest::sendToNobodyIsFiltered()
{
    Broadcaster broadcaster;
    const QFuture<Delivery> sent = broadcaster.send(Batch(someEvents(2)));
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Filtered);
}

void BroadcasterTest::slowestLosesNothing()
{
    Broadcaster broadcaster;
    broadcaster.setPacing(Broadcaster::Pacing::Slowest);
    QCOMPARE(broadcaster.pacing(), Broadcaster::Pacing::Slowest);
    std::vector<Queued> sinks;
    Limits limits;
    limits.events = 7;
    for (int i = 0; i < 3; ++i) {
        sinks.push_back(queued());
        limits.events += 6;
        sinks.back().queue->setLimits(limits);
        broadcaster.add(sinks.back().queue.get());
    }
    const QList<Event> events = someEvents(2000);
    broadcaster.write(Batch(events.mid(0, 1000)));
    const QFuture<Delivery> sent = broadcaster.send(Batch(events.mid(1000)));
    QANAT_FINISH(sent);
    QVERIFY2(sent.result().isSuccess(), qPrintable(sent.result().toString()));
    for (const Queued &sink : sinks) {
        QANAT_WAIT(sink.recording->deliveredCount() == 2000);
        QCOMPARE(sink.recording->deliveredIds(), idsOf(events));
        QCOMPARE(sink.queue->statistics().dropped, 0);
    }
    QCOMPARE(broadcaster.statistics().dropped, 0);
}

void BroadcasterTest::slowestGoesOnWhenTheSlowOneGoes()
{
    Broadcaster broadcaster;
    broadcaster.setPacing(Broadcaster::Pacing::Slowest);
    Queued stuck = queued();
    Queued removed = queued();
    Queued fine = queued();
    stuck.recording->defer();
    removed.recording->defer();
    Limits limits;
    limits.events = 1;
    stuck.queue->setLimits(limits);
    removed.queue->setLimits(limits);
    broadcaster.add(stuck.queue.get());
    broadcaster.add(removed.queue.get());
    broadcaster.add(fine.queue.get());
    broadcaster.write(Batch(someEvents(10)));
    QANAT_WAIT(stuck.queue->statistics().pending == 1 && removed.queue->statistics().pending == 1);
    QANAT_FINISH(broadcaster.remove(removed.queue.get()));
    broadcaster.write(Batch(someEvents(10)));
    stuck.queue.reset();
    QANAT_WAIT(fine.recording->deliveredCount() == 20);
    QANAT_WAIT(broadcaster.statistics().pending == 0);
    QANAT_BALANCED(broadcaster);
}

void BroadcasterTest::pacingIsNotified()
{
    Broadcaster broadcaster;
    QSignalSpy changed(&broadcaster, &Broadcaster::pacingChanged);
    QCOMPARE(broadcaster.pacing(), Broadcaster::Pacing::Free);
    broadcaster.setPacing(Broadcaster::Pacing::Slowest);
    broadcaster.setPacing(Broadcaster::Pacing::Slowest);
    QCOMPARE(changed.size(), 1);
}

void BroadcasterTest::broadcastersInARow()
{
    Broadcaster first;
    auto inner = std::make_unique<Broadcaster>();
    Queued one = queued();
    Queued other = queued();
    inner->add(one.queue.get());
    inner->add(other.queue.get());
    first.add(std::move(inner));
    const QList<Event> events = someEvents(100);
    const QFuture<Delivery> sent = first.send(Batch(events));
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(one.recording->deliveredIds(), idsOf(events));
    QCOMPARE(other.recording->deliveredIds(), idsOf(events));
    const QFuture<CloseResult> closing = first.close();
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
    QCOMPARE(one.queue->state(), PipelineNode::State::Closed);
}

void BroadcasterTest::aListenerIsCalledInItsThread()
{
    Broadcaster broadcaster;
    QThread worker;
    worker.start();
    auto *elsewhere = new QObject;
    elsewhere->moveToThread(&worker);
    connect(&worker, &QThread::finished, elsewhere, &QObject::deleteLater);
    std::atomic<QThread *> there{nullptr};
    QThread *here = nullptr;
    QStringList heard;
    broadcaster.listen(this, [&](const Event &event) {
        here = QThread::currentThread();
        heard.append(event.id());
    });
    broadcaster.listen(elsewhere, [&](const Event &) { there = QThread::currentThread(); });
    const QList<Event> events = someEvents(100);
    for (const Event &event : events)
        broadcaster.write(event);
    QANAT_WAIT(heard.size() == 100 && there.load());
    QCOMPARE(heard, idsOf(events));
    QCOMPARE(here, thread());
    QCOMPARE(there.load(), &worker);
    QANAT_FINISH(broadcaster.close());
    worker.quit();
    QVERIFY(worker.wait());
}

void BroadcasterTest::aListenerGoesWithItsContext()
{
    Broadcaster broadcaster;
    auto context = std::make_unique<QObject>();
    int heard = 0;
    const Subscription subscription = broadcaster.listen(context.get(), [&](const Event &) { ++heard; });
    QVERIFY(subscription.isActive());
    broadcaster.write(someEvent());
    QANAT_WAIT(heard == 1);
    broadcaster.write(Batch(someEvents(10)));
    context.reset();
    QVERIFY(!subscription.isActive());
    QANAT_WAIT(broadcaster.statistics().pending == 0 && broadcaster.pipeline().targets.isEmpty());
    QCOMPARE(heard, 1);
    QVERIFY(subscription.statistics().isBalanced());
    QCOMPARE(subscription.statistics().pending, 0);
}

void BroadcasterTest::aListenerMayDestroyItsContext()
{
    Broadcaster broadcaster;
    auto *context = new QObject;
    int heard = 0;
    const Subscription subscription = broadcaster.listen(context, [&](const Event &) {
        if (++heard == 3)
            delete context;
    });
    broadcaster.write(Batch(someEvents(10)));
    QANAT_WAIT(!subscription.isActive());
    broadcaster.write(someEvent());
    QANAT_WAIT(broadcaster.statistics().pending == 0);
    QCOMPARE(heard, 3);
    QCOMPARE(subscription.statistics().pending, 0);
    QVERIFY(subscription.statistics().isBalanced());
}

void BroadcasterTest::afterResetNothingBegins()
{
    Broadcaster broadcaster;
    int heard = 0;
    Subscription subscription = broadcaster.listen(this, [&](const Event &) { ++heard; });
    settleCommands(broadcaster);
    broadcaster.write(Batch(someEvents(1000)));
    QANAT_WAIT(subscription.statistics().written == 1000);
    const QFuture<void> ended = subscription.reset();
    const int before = heard;
    QVERIFY(!subscription.isActive());
    broadcaster.write(Batch(someEvents(10)));
    QANAT_FINISH(ended);
    QANAT_WAIT(broadcaster.statistics().pending == 0);
    QCOMPARE(heard, before);
    QVERIFY(subscription.statistics().isBalanced());
    QANAT_FINISH(subscription.reset()); // Once more changes nothing.
    QANAT_FINISH(Subscription().reset());
}

void BroadcasterTest::resetFromAnotherThreadTellsWhen()
{
    Broadcaster broadcaster;
    QThread worker;
    worker.start();
    auto *context = new QObject;
    context->moveToThread(&worker);
    connect(&worker, &QThread::finished, context, &QObject::deleteLater);
    std::atomic<int> heard{0};
    Subscription subscription = broadcaster.listen(context, [&](const Event &) { ++heard; });
    for (int i = 0; i < 200; ++i)
        broadcaster.write(Batch(someEvents(5)));
    QANAT_WAIT(heard.load() > 0);
    QANAT_FINISH(subscription.reset());
    const int before = heard.load();
    broadcaster.write(Batch(someEvents(10)));
    QANAT_FINISH(broadcaster.close());
    QCOMPARE(heard.load(), before);
    worker.quit();
    QVERIFY(worker.wait());
}

void BroadcasterTest::aListenerMayResetItself()
{
    Broadcaster broadcaster;
    Subscription subscription;
    int heard = 0;
    subscription = broadcaster.listen(this, [&](const Event &) {
        if (++heard == 4)
            subscription.reset();
    });
    broadcaster.write(Batch(someEvents(10)));
    QANAT_WAIT(heard == 4 && broadcaster.statistics().pending == 0 && broadcaster.pipeline().targets.isEmpty());
    QCOMPARE(heard, 4);
}

void BroadcasterTest::aListenerDropsTheOldestAtItsLimit()
{
    Broadcaster broadcaster;
    QStringList heard;
    Limits limits;
    limits.events = 10;
    limits.overflow = Limits::Overflow::DropOldest;
    const Subscription subscription = broadcaster.listen(
        this, [&](const Event &event) { heard.append(event.id()); }, limits);
    settleCommands(broadcaster);
    const QList<Event> events = someEvents(100);
    // This thread hears nothing meanwhile.
    dismissHeartbeat();
    for (const Event &event : events)
        broadcaster.write(event);
    QANAT_WAIT(heard.size() >= 10 || broadcaster.statistics().pending == 0);
    QANAT_WAIT(subscription.statistics().written == 100 && subscription.statistics().pending == 0);
    QCOMPARE(subscription.statistics().delivered + subscription.statistics().dropped, 100);
    QCOMPARE(subscription.statistics().delivered, heard.size());
    QCOMPARE(heard.last(), events.last().id());
    // Its intake took them all, which the broadcaster's worker may be about to note.
    QANAT_WAIT(broadcaster.statistics().pending == 0);
    QCOMPARE(broadcaster.statistics().delivered, 100);
    QVERIFY(std::is_sorted(heard.begin(), heard.end())); // The ids grow in one thread.
}

void BroadcasterTest::aListenerLeavesTimersTheirTurn()
{
    Broadcaster broadcaster;
    int heard = 0;
    int ticks = 0;
    QTimer timer;
    connect(&timer, &QTimer::timeout, this, [&] { ++ticks; });
    // Each event takes a while, so that they all take many slices.
    const Subscription subscription = broadcaster.listen(
        this,
        [&](const Event &) {
            const auto end = std::chrono::steady_clock::now() + 1ms;
            while (std::chrono::steady_clock::now() < end) { }
            ++heard;
        },
        Limits());
    timer.start(0);
    broadcaster.write(Batch(someEvents(100)));
    QANAT_WAIT(heard > 0);
    const int before = ticks;
    QANAT_WAIT(heard == 100);
    QVERIFY2(ticks - before >= 5, qPrintable(QString::number(ticks - before)));
}

void BroadcasterTest::aListenerThatThrowsGoesOn()
{
    Broadcaster broadcaster;
    int heard = 0;
    const Subscription subscription = broadcaster.listen(this, [&](const Event &) {
        if (++heard % 2)
            throw std::runtime_error("odd");
    });
    broadcaster.write(Batch(someEvents(10)));
    QANAT_WAIT(heard == 10 && subscription.statistics().pending == 0);
    QCOMPARE(subscription.statistics().delivered, 5);
    QCOMPARE(subscription.statistics().dropped, 5);
    QCOMPARE(subscription.statistics().lastError.error(), Delivery::Error::Exception);
}

void BroadcasterTest::listenRefusesWhatMakesNoSense()
{
    Broadcaster broadcaster;
    QVERIFY(!broadcaster.listen(nullptr, [](const Event &) {}).isActive());
    QVERIFY(!broadcaster.listen(this, {}).isActive());
    QVERIFY(!Subscription().isActive());
    QCOMPARE(Subscription().statistics().written, 0);
}

void BroadcasterTest::destroyingIsPromptWithSinksInTheSameThread()
{
    // A destructor waits for the worker, and must not wait for what only its own thread could do: if it did, all of these
    // would take the whole grace.
    dismissHeartbeat();
    std::chrono::steady_clock::duration shortest = 1h;
    for (int i = 0; i < 10; ++i) {
        RecordingSink plain;
        auto broadcaster = std::make_unique<Broadcaster>();
        broadcaster->add(&plain);
        broadcaster->add(std::make_unique<RecordingSink>());
        broadcaster->listen(this, [](const Event &) {});
        broadcaster->write(Batch(someEvents(10)));
        QANAT_WAIT(plain.recording()->count() == 10);
        const auto begin = std::chrono::steady_clock::now();
        broadcaster.reset();
        shortest = std::min(shortest, std::chrono::steady_clock::now() - begin);
        QANAT_WAIT(plain.state() == PipelineNode::State::Closed);
    }
    QVERIFY(shortest < 250ms);
}

// Its queues are closed before they are destroyed, so it is now that somebody has to tell.
void BroadcasterTest::aDestroyedOneTellsWhatItsSinksLose()
{
    auto inner = std::make_unique<Broadcaster>();
    auto end = std::make_unique<RecordingSink>();
    end->recording()->defer();
    auto owned = std::make_unique<Queue>(std::move(end));
    Queue *const queue = owned.get();
    queue->setObjectName(u"audit"_s);
    inner->add(std::move(owned));
    auto outer = std::make_unique<Broadcaster>();
    outer->setObjectName(u"events"_s);
    outer->add(std::move(inner));
    outer->write(Batch(someEvents(1000)));
    QANAT_WAIT(queue->statistics().inFlight == 1000);
    QTest::ignoreMessage(QtWarningMsg,
                         "Queue \"audit\": 1000 events were pending when Broadcaster \"events\" was destroyed");
    outer.reset();
}

void BroadcasterTest::itsClockIsThatOfItsSinks()
{
    for (const bool isClockFirst : {true, false}) {
        const auto clock = std::make_shared<ManualClock>();
        auto end = std::make_unique<RecordingSink>();
        const auto recording = end->recording();
        recording->setBehaviour(always(passingFailure()));
        Broadcaster events;
        if (isClockFirst)
            events.setClock(clock);
        events.add(std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(end), CircuitBreaker(1, 1h))));
        if (!isClockFirst)
            events.setClock(clock);
        events.write(someEvent());
        QVERIFY(clock->waitForWaiter());
        QANAT_FINISH(events.discard());
    }
}

QTEST_GUILESS_MAIN(BroadcasterTest)
#include "tst_broadcaster.moc"
