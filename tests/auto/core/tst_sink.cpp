// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/ExponentialBackoff>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtCore/qdebug.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qthread.h>

#include <future>
#include <stdexcept>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// Keeps its completions for the test to do with as it likes.
class KeepingSink : public Sink
{
public:
    std::vector<Batch> batches;
    std::vector<Completion> completions;

protected:
    void process(const Batch &batch, Completion completion) override
    {
        batches.push_back(batch);
        completions.push_back(std::move(completion));
    }
};

// A wrapper as users write them.
class Wrapper : public Sink
{
public:
    explicit Wrapper(std::unique_ptr<Sink> target)
        : m_target(adopt(std::move(target)))
    {
    }
    Sink *target() const { return m_target; }
    int maxInFlight() const override { return m_target ? m_target->maxInFlight() : 1; }

protected:
    void process(const Batch &batch, Completion completion) override
    {
        forward(m_target, batch, std::move(completion));
    }

private:
    Sink *const m_target;
};

// Overrides nothing.
class LazySink : public Sink
{ };

} // namespace

class SinkTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void mayBeDestroyedByWhoHearsOfAnOutcome();
    void aLimitMayTakeAllThatAKeyHas();
    void maxInFlightMayThrow();
    void aTaskPostedWhileItLooksIsRun();
    void movedFromWithinItsWork();
    void line01_closeIsIdempotent_data();
    void line01_closeIsIdempotent();
    void line02_writeAfterCloseAnswersClosed();
    void line03_closedCountsHoweverItIsWrapped();
    void line04_showingASinkInUseIsSafeAndShowsNoSecret();
    void line05_callsFromInsideTheWorkDoNotDeadlock_data();
    void line05_callsFromInsideTheWorkDoNotDeadlock();
    void line06_anExceptionFailsItsEventAndNothingElse();

    void noMoreCallsThanMaxInFlight();
    void processIsNotReentered();
    void settlesInPartsFromOtherThreads();
    void settlingTooMuchIsClippedWithAWarning();
    void whatIsSettledStaysSoWhoeverGetsTheCompletion();
    void settlingAfterTheSinkIsGoneIsIgnoredWithAWarning();
    void whoLooksOnHearsEachPartFirst();
    void aLostCompletionIsAPassingFailure();
    void theRestIsPutBackUntried();
    void handingEverythingBackIsAFailure();
    void aPassingFailureWithoutRetryIsDropped();
    void adoptRefusesWhatItCannotOwn();
    void aWrapperPassesEverythingThrough();
    void aTargetThatClosesClosesItsWrapper();
    void theTargetIsClosedAfterTheWrapper();
    void worksInTheThreadItLivesIn();
    void movesToAnotherThreadWithItsEvents();
    void aSinkThatOverridesNothingFails();
    void anExceptionAtTheEndIsReported();
    void signalsAreCoalesced();
    void sendTellsTheWorstOfABatch();
    void limitsAreReadBack();
    void timesAreTakenAnewAfterALongPause_data();
    void timesAreTakenAnewAfterALongPause();
    void statisticsChangeWhileTheSinkHangs();
};

void SinkTest::line01_closeIsIdempotent_data()
{
    QTest::addColumn<bool>("isQueued");
    QTest::newRow("plain") << false;
    QTest::newRow("queue") << true;
}

void SinkTest::line01_closeIsIdempotent()
{
    QFETCH(bool, isQueued);
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    std::unique_ptr<Sink> sink = std::move(end);
    if (isQueued)
        sink = std::make_unique<Queue>(std::move(sink));
    sink->write(Batch(someEvents(100)));

    QList<QFuture<CloseResult>> closing;
    for (int i = 0; i < 3; ++i)
        closing.append(sink->close());
    QANAT_WAIT(closing[0].isFinished() || closing[1].isFinished() || closing[2].isFinished());
    // Each ends only when closing is complete.
    QCOMPARE(sink->state(), PipelineNode::State::Closed);
    QCOMPARE(recording->count(), 100);
    QCOMPARE(recording->finishCount(), 1);
    closing.append(sink->close());
    closing.append(sink->close(0ms));
    for (const QFuture<CloseResult> &future : closing) {
        QANAT_FINISH(future);
        QCOMPARE(future.resultCount(), 1);
        QVERIFY(future.result().isClean());
    }
    QCOMPARE(recording->finishCount(), 1);
}

void SinkTest::line02_writeAfterCloseAnswersClosed()
{
    RecordingSink sink;
    const QFuture<CloseResult> closing = sink.close();
    QCOMPARE(sink.write(someEvent()).status(), WriteResult::Status::Closed);
    QANAT_FINISH(closing);
    QCOMPARE(sink.write(someEvent()).status(), WriteResult::Status::Closed);
    QCOMPARE(sink.write(Batch(someEvents(3))).status(), WriteResult::Status::Closed);
    QCOMPARE(sink.write(Batch(someEvents(3))).accepted(), 0);
    QCOMPARE(sink.write(Event()).status(), WriteResult::Status::Closed);
    QCOMPARE(sink.recording()->count(), 0);
    QANAT_BALANCED(sink);
}

void SinkTest::line03_closedCountsHoweverItIsWrapped()
{
    const Delivery wrapped =
        Delivery::failed(Delivery::Error::Network, u"the connection was cut"_s)
            .withCause(Delivery::failed(Delivery::Error::Other, u"by its owner"_s).withCause(Delivery::closed()));
    QVERIFY(wrapped.isClosed());
    QVERIFY(wrapped.asDropped().isClosed());
    QVERIFY(!passingFailure().withCause(permanentFailure()).isClosed());

    Broadcaster broadcaster;
    auto closing = std::make_unique<RecordingSink>();
    const auto tried = closing->recording();
    tried->setBehaviour(always(wrapped));
    auto queue =
        std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(closing), ExponentialBackoff(1h, 1h, 1h)));
    const Queue *watched = queue.get();
    broadcaster.add(std::move(queue));
    auto other = std::make_unique<RecordingSink>();
    const auto heard = other->recording();
    broadcaster.add(std::move(other));

    broadcaster.write(someEvent());
    QANAT_WAIT(watched->state() == PipelineNode::State::Closed);
    QCOMPARE(tried->count(), 1);
    broadcaster.write(someEvent());
    QANAT_WAIT(heard->count() == 2);
    QCOMPARE(broadcaster.state(), PipelineNode::State::Open);
    QANAT_WAIT(broadcaster.pipeline().targets.size() == 1);
}

void SinkTest::line04_showingASinkInUseIsSafeAndShowsNoSecret()
{
    Broadcaster broadcaster;
    auto end = std::make_unique<RecordingSink>();
    end->setObjectName(u"archive"_s);
    end->recording()->setBehaviour(
        [n = 0](const Event &) mutable { return ++n % 3 == 0 ? permanentFailure() : Delivery::delivered(); });
    const auto recording = end->recording();
    broadcaster.add(std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(end), ExponentialBackoff())));
    settleCommands(broadcaster);

    std::atomic<bool> isOver{false};
    std::atomic<int> leaks{0};
    std::atomic<int> shown{0};
    Crew watchers(2, [&](int) {
        do {
            QString text = broadcaster.pipeline().toString();
            QDebug(&text) << broadcaster.statistics() << broadcaster.statistics().lastError << &broadcaster;
            leaks += text.contains(u"s3cret"_s);
            ++shown;
        } while (!isOver.load());
    });
    const QString text = broadcaster.pipeline().toString();
    for (const QString &name : {u"Broadcaster"_s, u"Queue"_s, u"RetryingSink"_s, u"RecordingSink \"archive\""_s})
        QVERIFY2(text.contains(name), qPrintable(text));
    for (int i = 0; i < 500; ++i)
        broadcaster.write(someEvent());
    QANAT_WAIT(recording->count() == 500 && shown.load() > 10);
    QANAT_FINISH(broadcaster.close());
    isOver = true;
    QVERIFY(watchers.wait());
    QCOMPARE(leaks.load(), 0);
}

void SinkTest::line05_callsFromInsideTheWorkDoNotDeadlock_data()
{
    QTest::addColumn<bool>("isQueued");
    QTest::newRow("plain") << false;
    QTest::newRow("queue") << true;
}

void SinkTest::line05_callsFromInsideTheWorkDoNotDeadlock()
{
    QFETCH(bool, isQueued);
    Broadcaster broadcaster;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    std::unique_ptr<Sink> top = std::move(end);
    if (isQueued)
        top = std::make_unique<Queue>(std::move(top));
    Sink *const sink = top.get();
    RecordingSink late;
    const auto lateRecording = late.recording();
    QFuture<void> removed;
    QFuture<CloseResult> closing;
    QFuture<CloseResult> closingAll;
    std::atomic<int> answers{0}; // An event is recorded before this is.

    recording->setBehaviour([&](const Event &event) {
        if (event.type() == u"write"_s) {
            broadcaster.write(someEvent());
            sink->write(someEvent());
            sink->setLimits(sink->limits());
            (void)sink->statistics();
            (void)broadcaster.pipeline();
        } else if (event.type() == u"add"_s) {
            broadcaster.add(&late);
            ++answers;
        } else if (event.type() == u"remove"_s) {
            removed = broadcaster.remove(&late);
            ++answers;
        } else if (event.type() == u"close"_s) {
            closing = sink->close();
            closingAll = broadcaster.close();
            ++answers;
        }
        return Delivery::delivered();
    });
    broadcaster.add(std::move(top));
    broadcaster.write(someEvent(u"write"_s));
    QANAT_WAIT(recording->count() == 3);
    broadcaster.write(someEvent(u"add"_s));
    QANAT_WAIT(recording->count() == 4 && answers.load() == 1);
    broadcaster.write(someEvent());
    QANAT_WAIT(lateRecording->count() == 1 && recording->count() == 5);
    broadcaster.write(someEvent(u"remove"_s));
    QANAT_WAIT(recording->count() == 6 && answers.load() == 2);
    QANAT_FINISH(removed);
    broadcaster.write(someEvent());
    QANAT_WAIT(recording->count() == 7);
    QVERIFY(lateRecording->count() <= 2); // Removed in the order of the writes.
    broadcaster.write(someEvent(u"close"_s));
    QANAT_WAIT(recording->count() == 8 && answers.load() == 3);
    QANAT_FINISH(closing);
    QANAT_FINISH(closingAll);
    QCOMPARE(sink->state(), PipelineNode::State::Closed);
    QCOMPARE(broadcaster.state(), PipelineNode::State::Closed);
    QCOMPARE(late.state(), PipelineNode::State::Open);
    recording->setBehaviour({});
}

void SinkTest::line06_anExceptionFailsItsEventAndNothingElse()
{
    Broadcaster broadcaster;
    auto throwing = std::make_unique<RecordingSink>();
    const auto thrown = throwing->recording();
    thrown->setBehaviour([](const Event &event) -> Delivery {
        if (event.type() == u"bad"_s)
            throw std::runtime_error("a reason");
        return Delivery::delivered();
    });
    auto queue = std::make_unique<Queue>(std::move(throwing));
    const Queue *sink = queue.get();
    broadcaster.add(std::move(queue));
    auto quiet = std::make_unique<RecordingSink>();
    const auto heard = quiet->recording();
    broadcaster.add(std::move(quiet));
    QObject context;
    int listened = 0;
    const Subscription subscription = broadcaster.listen(&context, [&](const Event &event) {
        ++listened;
        if (event.type() == u"bad"_s)
            throw 42;
    });

    QList<Event> events = someEvents(10);
    events[4].setType(u"bad"_s);
    const QFuture<Delivery> bad = broadcaster.send(Batch(events));
    QANAT_FINISH(bad);
    QCOMPARE(bad.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(bad.result().error(), Delivery::Error::Exception);
    QANAT_WAIT(heard->count() == 10 && listened == 10 && thrown->count() == 10);
    QCOMPARE(thrown->deliveredCount(), 9);
    QANAT_WAIT(sink->statistics().pending == 0);
    QCOMPARE(sink->statistics().dropped, 1);
    QVERIFY(sink->statistics().lastError.errorText().contains(u"a reason"_s));
    QANAT_WAIT(subscription.statistics().pending == 0);
    QCOMPARE(subscription.statistics().delivered, 9);
    QCOMPARE(subscription.statistics().dropped, 1);
    QVERIFY(subscription.isActive());
    QCOMPARE(sink->state(), PipelineNode::State::Open);

    // A process() that throws: what it had not settled goes on.
    class ThrowingProcess : public Sink
    {
    public:
        QStringList ids;

    protected:
        void process(const Batch &batch, Completion completion) override
        {
            ids.append(batch.first().id());
            if (batch.first().type() == u"bad"_s)
                throw std::runtime_error("out of process");
            completion.settle(1, Delivery::delivered());
            completion.settleAll(Delivery::untried());
        }
    } process;
    process.write(Batch(events));
    QANAT_WAIT(process.statistics().pending == 0);
    QCOMPARE(process.ids, idsOf(events));
    QCOMPARE(process.statistics().delivered, 9);
    QCOMPARE(process.statistics().dropped, 1);
    QCOMPARE(process.statistics().lastError.error(), Delivery::Error::Exception);
}

void SinkTest::noMoreCallsThanMaxInFlight()
{
    RecordingSink sink;
    sink.setMaxInFlight(3);
    const auto recording = sink.recording();
    recording->defer();
    for (int i = 0; i < 40; ++i)
        sink.write(eventOf(QString::number(i % 8)));
    QANAT_WAIT(recording->deferredCalls() == 3);
    while (sink.statistics().pending > 0) {
        QANAT_WAIT(recording->deferredCalls() > 0);
        recording->settle(1);
        QVERIFY(recording->deferredCalls() <= 3);
    }
    QCOMPARE(recording->maximumCalls(), 3);
    QCOMPARE(recording->deliveredCount(), 40);
    QCOMPARE(recording->reentryCount(), 0);
}

void SinkTest::processIsNotReentered()
{
    RecordingSink sink;
    const auto recording = sink.recording();
    int depth = 0;
    int deepest = 0;
    recording->setBehaviour([&](const Event &event) {
        deepest = std::max(deepest, ++depth);
        if (event.type() == u"nest"_s) {
            sink.write(someEvent());
            QEventLoop loop;
            QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
            loop.exec();
        }
        --depth;
        return Delivery::delivered();
    });
    for (int i = 0; i < 20; ++i)
        sink.write(someEvent(i % 5 ? u"test.event"_s : u"nest"_s));
    QANAT_WAIT(recording->deliveredCount() == 24);
    QCOMPARE(recording->reentryCount(), 0);
    QCOMPARE(deepest, 1);
}

void SinkTest::settlesInPartsFromOtherThreads()
{
    RecordingSink sink;
    const auto recording = sink.recording();
    recording->defer();
    const QFuture<Delivery> sent = sink.send(Batch(someEvents(100)));
    QANAT_WAIT(recording->deferredCalls() == 1);
    std::mutex turn;
    Crew crew(4, [&](int i) {
        for (int n = 0; n < 25; ++n) {
            const std::lock_guard lock(turn); // One at a time.
            recording->settle(1, i % 2 ? Delivery::delivered() : Delivery::filtered());
        }
    });
    QVERIFY(crew.wait());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Delivered);
    const Statistics statistics = sink.statistics();
    QCOMPARE(statistics.delivered, 50);
    QCOMPARE(statistics.filtered, 50);
    QVERIFY(statistics.isBalanced());
    QCOMPARE(statistics.inFlight, 0);
}

void SinkTest::settlingTooMuchIsClippedWithAWarning()
{
    KeepingSink sink;
    sink.write(Batch(someEvents(3)));
    QANAT_WAIT(sink.completions.size() == 1);
    sink.completions[0].settle(1, Delivery::delivered());
    QCOMPARE(sink.completions[0].remaining(), 2);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"settled for 5 events more than it had"_s));
    sink.completions[0].settle(7, Delivery::delivered());
    QCOMPARE(sink.completions[0].remaining(), 0);
    sink.completions[0].settleAll(Delivery::delivered()); // Nothing is left, nothing is too much.
    sink.completions[0].settle(0, Delivery::delivered());
    QCOMPARE(sink.statistics().delivered, 3);
    QCOMPARE(sink.statistics().pending, 0);
    QANAT_BALANCED(sink);

    // The same for a wrapper's own completion.
    qsizetype heard = 0;
    Completion completion(2, [&heard](qsizetype count, const Delivery &) { heard += count; });
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"settled for 1 events more than it had"_s));
    completion.settle(3, Delivery::delivered());
    QCOMPARE(heard, 2);

    // And for one that nobody waits for.
    Completion nobody;
    nobody.settle(3, Delivery::delivered());
    QCOMPARE(nobody.remaining(), 0);
}

void SinkTest::aLimitMayTakeAllThatAKeyHas()
{
    RecordingSink sink;
    sink.setMaxInFlight(2);
    sink.recording()->defer();
    Limits limits;
    limits.events = 4;
    limits.overflow = Limits::Overflow::DropOldest;
    sink.setLimits(limits);
    sink.write(Batch(QList<Event>{eventOf(u"a"_s), eventOf(u"b"_s), eventOf(u"c"_s), eventOf(u"d"_s)}));
    QANAT_WAIT(sink.recording()->deferredCalls() == 2);
    const Event last = eventOf(u"e"_s);
    sink.write(last);
    sink.recording()->settleAll();
    QANAT_WAIT(sink.recording()->deferredCalls() == 2);
    sink.recording()->settleAll();
    QANAT_WAIT(sink.statistics().pending == 0);
    QCOMPARE(sink.statistics().dropped, 1);
    QCOMPARE(sink.recording()->deliveredIds().last(), last.id());
    QANAT_BALANCED(sink);
}

void SinkTest::maxInFlightMayThrow()
{
    class Throwing : public Sink
    {
    protected:
        int maxInFlight() const override { throw std::runtime_error("none"); }
        Delivery deliver(const Event &) override { return Delivery::delivered(); }
    };
    Throwing sink;
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"an exception left maxInFlight\\(\\): 1 is used"_s));
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 1);
}

void SinkTest::movedFromWithinItsWork()
{
    class Moving : public Sink
    {
    public:
        explicit Moving(QThread *thread)
            : m_target(thread)
        {
        }
        std::atomic<int> elsewhere{0};

    protected:
        void process(const Batch &, Completion completion) override
        {
            elsewhere += QThread::currentThread() != thread();
            if (thread() != m_target)
                moveToThread(m_target);
            completion.settleAll(Delivery::delivered());
        }

    private:
        QThread *const m_target;
    };
    QThread other;
    other.start();
    auto *sink = new Moving(&other);
    for (int i = 0; i < 100; ++i)
        sink->write(Batch(someEvents(3)));
    QANAT_WAIT(sink->statistics().delivered == 300);
    QCOMPARE(sink->elsewhere.load(), 0);
    sink->deleteLater();
    other.quit();
    QVERIFY(other.wait());
}

void SinkTest::whatIsSettledStaysSoWhoeverGetsTheCompletion()
{
    // Settles all there is, as it happens, and gives the rest to another thread.
    class GenerousSink : public Sink
    {
    public:
        qsizetype left = -1;

    protected:
        void process(const Batch &batch, Completion completion) override
        {
            completion.settle(batch.size(), Delivery::delivered());
            Crew other(1, [&](int) {
                left = completion.remaining();
                completion.settleAll(Delivery::dropped(Delivery::Error::Other, u"too late"_s));
            });
            (void)other.wait();
        }
    };
    GenerousSink sink;
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().pending == 0);
    QCOMPARE(sink.left, 0);
    QCOMPARE(sink.statistics().delivered, 1);
}

void SinkTest::settlingAfterTheSinkIsGoneIsIgnoredWithAWarning()
{
    std::vector<Completion> kept;
    QFuture<Delivery> sent;
    {
        KeepingSink sink;
        sent = sink.send(someEvent());
        QANAT_WAIT(sink.completions.size() == 1);
        kept = std::move(sink.completions);
    }
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Unknown);
    QCOMPARE(kept[0].remaining(), 0);
    QTest::ignoreMessage(QtWarningMsg, "Sink: an outcome for 1 events came after the sink was closed, and is ignored");
    Crew crew(1, [&](int) { kept[0].settle(1, Delivery::delivered()); });
    QVERIFY(crew.wait());
    QCOMPARE(sent.result().error(), Delivery::Error::Unknown);
}

void SinkTest::whoLooksOnHearsEachPartFirst()
{
    QList<QPair<qsizetype, bool>> heard; // How many, and whether they were delivered.
    QList<QPair<qsizetype, bool>> seen;
    std::unique_ptr<Completion> observed;
    observed = std::make_unique<Completion>(Completion(3,
                                                       [&](qsizetype count, const Delivery &delivery) {
                                                           heard.append({count, delivery.isSuccess()});
                                                       }),
                                            [&](qsizetype count, const Delivery &delivery) {
                                                QCOMPARE(heard.size(), seen.size());
                                                seen.append({count, delivery.isSuccess()});
                                                // What it brings about itself comes behind.
                                                if (seen.size() == 1)
                                                    observed->settleAll(permanentFailure());
                                            });
    QCOMPARE(observed->remaining(), 3);
    observed->settle(1, Delivery::delivered());
    const QList<QPair<qsizetype, bool>> expected{{1, true}, {2, false}};
    QCOMPARE(seen, expected);
    QCOMPARE(heard, expected);
    QCOMPARE(observed->remaining(), 0);
}

void SinkTest::aLostCompletionIsAPassingFailure()
{
    KeepingSink sink;
    const QFuture<Delivery> sent = sink.send(Batch(someEvents(3)));
    QANAT_WAIT(sink.completions.size() == 1);
    sink.completions[0].settle(1, Delivery::delivered());
    sink.completions.clear();
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Lost);
    QCOMPARE(sink.statistics().delivered, 1);
    QCOMPARE(sink.statistics().dropped, 2);

    // It is passing: with a retry nothing is lost.
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    RetryingSink retrying(std::move(end), ExponentialBackoff());
    const auto clock = std::make_shared<ManualClock>();
    retrying.setClock(clock);
    const QFuture<Delivery> again = retrying.send(someEvent());
    QANAT_WAIT(recording->deferredCalls() == 1);
    recording->release();
    recording->loseDeferred();
    QANAT_WAIT(clock->advanceToNextDue() || again.isFinished());
    QANAT_FINISH(again);
    QVERIFY(again.result().isSuccess());
    QCOMPARE(recording->count(), 2);
}

void SinkTest::theRestIsPutBackUntried()
{
    KeepingSink sink;
    const QList<Event> events = someEvents(5);
    sink.write(Batch(events));
    QANAT_WAIT(sink.completions.size() == 1);
    sink.write(someEvent()); // It comes behind those that are put back.
    sink.completions[0].settle(2, Delivery::delivered());
    sink.completions[0].settle(3, Delivery::untried());
    QANAT_WAIT(sink.completions.size() == 2);
    QCOMPARE(sink.batches[1].size(), 3);
    QCOMPARE(sink.batches[1].first().id(), events[2].id());
    QCOMPARE(sink.statistics().failed, 0);
    QCOMPARE(sink.statistics().pending, 4);
    QANAT_BALANCED(sink);
    sink.completions[1].settleAll(Delivery::delivered());
    QANAT_WAIT(sink.completions.size() == 3);
    sink.completions[2].settleAll(Delivery::delivered());
    QCOMPARE(sink.statistics().delivered, 6);
    QCOMPARE(sink.statistics().written, 6);
}

void SinkTest::handingEverythingBackIsAFailure()
{
    KeepingSink sink;
    const QFuture<Delivery> sent = sink.send(Batch(someEvents(2)));
    QANAT_WAIT(sink.completions.size() == 1);
    sink.completions[0].settleAll(Delivery::untried());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(sink.statistics().dropped, 2);
    QANAT_BALANCED(sink);
}

void SinkTest::aPassingFailureWithoutRetryIsDropped()
{
    RecordingSink sink;
    sink.recording()->setBehaviour(
        [n = 0](const Event &) mutable { return ++n == 2 ? passingFailure() : Delivery::delivered(); });
    QSignalSpy dropped(&sink, &Sink::dropped);
    const QList<Event> events = someEvents(4);
    sink.write(Batch(events));
    QANAT_WAIT(sink.statistics().pending == 0);
    // The order is kept, each is tried once, and the neighbours go on.
    QCOMPARE(sink.recording()->ids(), idsOf(events));
    QCOMPARE(sink.statistics().delivered, 3);
    QCOMPARE(sink.statistics().dropped, 1);
    QCOMPARE(sink.statistics().failed, 1);
    QANAT_WAIT(dropped.size() == 1);
    QCOMPARE(dropped[0][0].toLongLong(), 1);
    QCOMPARE(dropped[0][1].value<Delivery>().error(), Delivery::Error::Unavailable);
}

void SinkTest::adoptRefusesWhatItCannotOwn()
{
    QObject parent;
    auto *owned = new RecordingSink(&parent);
    QTest::ignoreMessage(QtWarningMsg, "RecordingSink has a parent, so no other sink can own it");
    Wrapper one{std::unique_ptr<Sink>(owned)};
    QCOMPARE(one.target(), nullptr);
    QCOMPARE(owned->parent(), &parent);

    QThread thread;
    thread.start();
    auto elsewhere = std::make_unique<RecordingSink>();
    const auto recording = elsewhere->recording();
    elsewhere->moveToThread(&thread);
    QTest::ignoreMessage(QtWarningMsg, "RecordingSink lives in another thread, so no sink of this one can own it");
    Wrapper two(std::move(elsewhere));
    QCOMPARE(two.target(), nullptr);
    QANAT_WAIT(recording->isDestroyed());
    thread.quit();
    QVERIFY(thread.wait());

    QTest::ignoreMessage(QtWarningMsg, "A sink was given no target");
    Wrapper three(nullptr);
    QCOMPARE(three.target(), nullptr);
    // Without a target events have an outcome all the same.
    const QFuture<Delivery> sent = three.send(someEvent());
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isClosed());
}

void SinkTest::aWrapperPassesEverythingThrough()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Wrapper outer(std::make_unique<Wrapper>(std::move(end)));
    QCOMPARE(outer.target()->parent(), &outer);
    recording->setBehaviour([](const Event &event) -> Delivery {
        if (event.type() == u"throw"_s)
            throw 1;
        return event.type() == u"refuse"_s ? permanentFailure() : Delivery::delivered();
    });
    const QList<Event> events = {someEvent(), someEvent(u"throw"_s), someEvent(), someEvent(u"refuse"_s), someEvent()};
    outer.write(Batch(events));
    QANAT_WAIT(outer.statistics().pending == 0);
    QCOMPARE(recording->ids(), idsOf(events));
    QCOMPARE(outer.statistics().delivered, 3);
    QCOMPARE(outer.statistics().dropped, 2);
    QCOMPARE(outer.target()->statistics().delivered, 3);
    QANAT_BALANCED(*outer.target());

    // The target keeps its own intake: somebody else may write to it, and it is not called twice at once.
    recording->setBehaviour({});
    recording->defer();
    outer.target()->write(someEvent());
    const QFuture<Delivery> sent = outer.send(someEvent());
    QANAT_WAIT(recording->deferredCalls() == 1);
    QCOMPARE(recording->maximumCalls(), 1);
    recording->settle(1);
    QANAT_WAIT(recording->deferredCalls() == 1);
    recording->settle(1);
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(recording->maximumCalls(), 1);
    QCOMPARE(recording->reentryCount(), 0);
}

void SinkTest::aTargetThatClosesClosesItsWrapper()
{
    auto end = std::make_unique<RecordingSink>();
    end->recording()->setBehaviour(always(Delivery::closed()));
    Wrapper wrapper(std::make_unique<Wrapper>(std::move(end)));
    QSignalSpy closed(&wrapper, &Sink::closed);
    const QFuture<Delivery> sent = wrapper.send(Batch(someEvents(3)));
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isClosed());
    QANAT_WAIT(closed.size() == 1);
    QCOMPARE(wrapper.state(), PipelineNode::State::Closed);
    QCOMPARE(wrapper.write(someEvent()).status(), WriteResult::Status::Closed);
    QANAT_BALANCED(wrapper);
}

void SinkTest::theTargetIsClosedAfterTheWrapper()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->setFinishOutcome(Delivery::dropped(Delivery::Error::Other, u"the file could not be closed"_s));
    Wrapper wrapper(std::make_unique<Wrapper>(std::move(end)));
    wrapper.write(Batch(someEvents(10)));
    const QFuture<CloseResult> closing = wrapper.close();
    QANAT_FINISH(closing);
    QCOMPARE(recording->count(), 10);
    QCOMPARE(recording->finishCount(), 1);
    QCOMPARE(wrapper.target()->state(), PipelineNode::State::Closed);
    QVERIFY(!closing.result().isClean());
    QCOMPARE(closing.result().left(), 0);
    QCOMPARE(closing.result().worst().errorText(), u"the file could not be closed"_s);
}

void SinkTest::worksInTheThreadItLivesIn()
{
    RecordingSink sink;
    Crew crew(4, [&](int) {
        for (int i = 0; i < 50; ++i)
            sink.write(someEvent());
    });
    QVERIFY(crew.wait());
    QANAT_WAIT(sink.recording()->count() == 200);
    QCOMPARE(sink.recording()->threads(), QList<QThread *>{thread()});
}

void SinkTest::movesToAnotherThreadWithItsEvents()
{
    QThread thread;
    thread.start();
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    auto *wrapper = new Wrapper(std::move(end));
    wrapper->write(Batch(someEvents(100)));
    wrapper->moveToThread(&thread);
    wrapper->write(Batch(someEvents(100)));
    QANAT_WAIT(recording->count() == 200);
    QCOMPARE(recording->threads(), QList<QThread *>{&thread});
    const QFuture<CloseResult> closing = wrapper->close();
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
    QCOMPARE(wrapper->statistics().delivered, 200);
    connect(&thread, &QThread::finished, wrapper, &QObject::deleteLater);
    thread.quit();
    QANAT_WAIT(thread.isFinished());
    QVERIFY(thread.wait());
    QVERIFY(recording->isDestroyed());
}

void SinkTest::aSinkThatOverridesNothingFails()
{
    LazySink sink;
    const QFuture<Delivery> sent = sink.send(someEvent());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
    QVERIFY(sent.result().errorText().contains(u"deliver()"_s));
    QCOMPARE(sink.maxInFlight(), 1);
}

void SinkTest::anExceptionAtTheEndIsReported()
{
    class Throwing : public Sink
    {
    protected:
        Delivery finish() override { throw std::runtime_error("no"); }
        Delivery deliver(const Event &) override { return Delivery::delivered(); }
    } sink;
    const QFuture<CloseResult> closing = sink.close();
    QANAT_FINISH(closing);
    QCOMPARE(sink.state(), PipelineNode::State::Closed);
    QCOMPARE(closing.result().worst().error(), Delivery::Error::Exception);
}

void SinkTest::signalsAreCoalesced()
{
    RecordingSink sink;
    QSignalSpy changed(&sink, &Sink::statisticsChanged);
    QSignalSpy drained(&sink, &Sink::drained);
    QSignalSpy dropped(&sink, &Sink::dropped);
    QSignalSpy overflowed(&sink, &Sink::overflowed);
    QSignalSpy closed(&sink, &Sink::closed);
    sink.recording()->setBehaviour(always(permanentFailure()));
    Limits limits;
    limits.events = 1000;
    sink.setLimits(limits);
    sink.write(Batch(someEvents(1001)));
    QANAT_WAIT(!drained.isEmpty() && !changed.isEmpty() && !overflowed.isEmpty());
    qint64 count = 0;
    QANAT_WAIT(sink.statistics().pending == 0);
    QANAT_FINISH(sink.close());
    QANAT_WAIT(closed.size() == 1);
    for (const QList<QVariant> &signal : dropped)
        count += signal[0].toLongLong();
    QCOMPARE(count, 1000);
    // Never one per event. How many it takes depends on how long the thousand took.
    QVERIFY(dropped.size() < 100);
    QVERIFY(changed.size() < 100);
    QCOMPARE(overflowed.size(), 1);
}

void SinkTest::sendTellsTheWorstOfABatch()
{
    RecordingSink sink;
    sink.recording()->setBehaviour([n = 0](const Event &) mutable {
        switch (n++) {
        case 0:
            return Delivery::filtered();
        case 2:
            return permanentFailure();
        default:
            return Delivery::delivered();
        }
    });
    const QFuture<Delivery> worst = sink.send(Batch(someEvents(4)));
    const QFuture<Delivery> fine = sink.send(someEvent());
    QANAT_FINISH(worst);
    QANAT_FINISH(fine);
    QCOMPARE(worst.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(worst.result().error(), Delivery::Error::Refused);
    QCOMPARE(fine.result().outcome(), Delivery::Outcome::Delivered);
    QCOMPARE(sink.statistics().filtered, 1);
}

void SinkTest::limitsAreReadBack()
{
    RecordingSink sink;
    QVERIFY(sink.limits().isUnlimited());
    Limits limits;
    limits.events = 0;
    limits.bytes = 4096;
    limits.overflow = Limits::Overflow::DropOldest;
    sink.setLimits(limits);
    QCOMPARE(sink.limits().events, 1); // With less nothing would ever pass.
    QCOMPARE(sink.limits().bytes, 4096);
    QCOMPARE(sink.limits().overflow, Limits::Overflow::DropOldest);
}

void SinkTest::timesAreTakenAnewAfterALongPause_data()
{
    QTest::addColumn<bool>("isQueue");
    QTest::newRow("plain") << false;
    QTest::newRow("queue") << true;
}

// While nobody comes for the events, they must not all get the time of the first.
void SinkTest::timesAreTakenAnewAfterALongPause()
{
    QFETCH(bool, isQueue);
    const auto clock = std::make_shared<ManualClock>();
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    std::unique_ptr<Sink> sink = std::move(end);
    std::promise<void> gate;
    std::atomic<bool> isHeld{!isQueue};
    if (isQueue) {
        auto queue = std::make_unique<Queue>(std::move(sink));
        (void)queue->configure<RecordingSink>([&](RecordingSink &) {
            isHeld = true;
            gate.get_future().wait();
        });
        sink = std::move(queue);
    }
    sink->setClock(clock);
    QANAT_WAIT(isHeld.load());
    for (int n = 0; n < 1000; ++n)
        sink->write(someEvent());
    clock->advance(3s);
    for (int n = 0; n < 1000; ++n)
        sink->write(someEvent());
    gate.set_value();
    QANAT_WAIT(sink->statistics().delivered == 2000);
    const LatencyHistogram latency = sink->statistics().latency;
    QVERIFY(latency.percentile(0.49) < 1s);
    QVERIFY(latency.percentile(0.51) >= 3s);
}

void SinkTest::statisticsChangeWhileTheSinkHangs()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    Queue queue(std::move(end));
    const auto write = [&](int count) {
        for (int n = 0; n < count; ++n)
            queue.write(someEvent());
    };
    write(400);
    QANAT_WAIT(recording->deferredCalls() == 1);
    write(400);
    qint64 shown = 0;
    connect(&queue, &Sink::statisticsChanged, this, [&] { shown = queue.statistics().written; });
    write(400);
    QANAT_WAIT(shown == 1200);
    write(400);
    QANAT_WAIT(shown == 1600);
    recording->defer();
    recording->settleAll();
    QANAT_FINISH(queue.discard());
}

// Asked how many calls may be in flight, it has the mutex of its intake released; what comes then must not be forgotten.
class AskedSink final : public Sink
{
public:
    int maxInFlight() const override
    {
        if (++m_asked == 2)
            const_cast<AskedSink *>(this)->post([this] { isRun = true; }); // As another thread could.
        return 1;
    }
    void begin()
    {
        post([] {});
    }

    mutable std::atomic<bool> isRun{false};

private:
    mutable int m_asked = 0;
};

void SinkTest::aTaskPostedWhileItLooksIsRun()
{
    AskedSink sink;
    sink.begin();
    QANAT_WAIT(sink.isRun.load());
}

void SinkTest::mayBeDestroyedByWhoHearsOfAnOutcome()
{
    for (int count = 1; count <= 3; ++count) {
        auto *const sink = new RecordingSink;
        bool isGone = false;
        sink->send(someEvent()).then(this, [&](const Delivery &) {
            delete sink;
            isGone = true;
        });
        for (int i = 1; i < count; ++i)
            sink->send(someEvent());
        if (count == 1)
            sink->close();
        QANAT_WAIT(isGone);
    }
}

QTEST_GUILESS_MAIN(SinkTest)
#include "tst_sink.moc"
