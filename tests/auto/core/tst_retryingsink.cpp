// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtCore/qregularexpression.h>
#include <QtCore/qset.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;
using std::chrono::nanoseconds;

namespace {

// Does what the test says, and writes down what it was asked and told.
struct Script
{
    QStringList log;
    nanoseconds wait{0};
    RetryStrategy::Verdict verdict = RetryStrategy::Verdict::Retry;
    RetryStrategy::Scope scope = RetryStrategy::Scope::Key;
    QList<Delivery> failures;
};

class ScriptedStrategy : public RetryStrategy
{
public:
    explicit ScriptedStrategy(std::shared_ptr<Script> script)
        : m_script(std::move(script))
    {
    }

    nanoseconds delay(const Attempt &attempt) override
    {
        m_script->log.append(u"delay %1"_s.arg(attempt.number));
        return m_script->wait;
    }
    Verdict failed(const Attempt &attempt, const Delivery &failure) override
    {
        m_script->log.append(u"failed %1"_s.arg(attempt.number));
        m_script->failures.append(failure);
        return m_script->verdict;
    }
    void succeeded(const Attempt &attempt) override { m_script->log.append(u"succeeded %1"_s.arg(attempt.number)); }
    Scope scope() const override { return m_script->scope; }

private:
    const std::shared_ptr<Script> m_script;
};

// A RetryingSink in the main thread, with what a test wants to hold of it.
struct Retrying
{
    template<typename Strategy>
    explicit Retrying(const Strategy &strategy, int maxInFlight = 1)
    {
        auto end = std::make_unique<RecordingSink>();
        end->setMaxInFlight(maxInFlight);
        recording = end->recording();
        sink = std::make_unique<RetryingSink>(std::move(end), strategy);
        sink->setClock(clock);
    }

    const std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<Recording> recording;
    std::unique_ptr<RetryingSink> sink;
};

// Fails so often, then delivers.
Recording::Behaviour failingFirst(int times, const Delivery &failure = passingFailure())
{
    return [times, failure](const Event &) mutable { return times-- > 0 ? failure : Delivery::delivered(); };
}

using State = RetryingSink::State;

// A wrapper that changes nothing, and counts the outcomes.
class OnLooker : public Sink
{
public:
    OnLooker(std::unique_ptr<Sink> target, std::shared_ptr<std::atomic<int>> seen)
        : m_target(adopt(std::move(target)))
        , m_seen(std::move(seen))
    {
    }

    int maxInFlight() const override { return m_target->maxInFlight(); }

protected:
    void process(const Batch &batch, Completion completion) override
    {
        forward(m_target, batch, Completion(std::move(completion), [seen = m_seen](qsizetype count, const Delivery &) {
                    *seen += int(count);
                }));
    }

private:
    Sink *const m_target;
    const std::shared_ptr<std::atomic<int>> m_seen;
};

} // namespace

class RetryingSinkTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void line23_retriedUntilDelivered();
    void line23_retriedUntilTheStrategyDrops();
    void line23_retriedUntilTheSinkCloses();
    void line24_theStrategyIsAskedAndToldOncePerAttempt();
    void line24_theNumberIsThatOfWhatFailed();
    void line24_ofACallItHearsWhatWasDeliveredAndWhatFailed();
    void line24_aPositiveAnswerIsWaitedOnce();
    void line25_aFlakySinkGetsEverything_data();
    void line25_aFlakySinkGetsEverything();
    void line26_closedEndsItAtOnce();
    void line27_closeDuringAWaitEndsTheWait_data();
    void line27_closeDuringAWaitEndsTheWait();
    void line27_closeInterruptsAnAttemptAtTheDeadline();
    void line27_closeDeliversWhatCanBeDelivered();
    void line27_whatACloseLeavesTellsWhatWasTried_data();
    void line27_whatACloseLeavesTellsWhatWasTried();
    void line27_whatWasUnderWayIsToldByTheTarget();
    void line28_aDropIsNoSuccess();
    void line29_whatCannotSucceedIsNotTriedAgain();
    void line30_attemptsAreLimited();
    void line30_ageIsLimited();
    void line30_ageEndsAWait();
    void line30_ageEndsABacklog();
    void line30_ageComesBeforeAttempts();
    void line30_whatIsGivenUpGoesToTheDeadLetters();

    void onlyWhatFailedIsTriedAgainInOrder();
    void theBreakerOpensAndProbes();
    void thePictureShowsWhatItIsAt();
    void afterTheWaitOneProbesNotAll();
    void theWallClockChangesNothing();
    void aSuspendIsNoticed();
    void retryNowEndsWaits();
    void faultsOfTheEndpointAreNotCounted();
    void aMoveDuringAWait_data();
    void aMoveDuringAWait();
    void retryAfterPausesEverything();
    void retryAfterOrTheOwnWaitWhicheverIsLonger();
    void aRefusalInFrontHidesNoWait();
    void aPauseStopsAKeyThatWaitsAlready();
    void hostileRetryAfterIsClamped();
    void aKeyThatWaitsHoldsNoSlot();
    void aWrapperThatLooksOnHoldsNoSlotEither();
    void aKeyThatWaitsLosesNothingByItself_data();
    void aKeyThatWaitsLosesNothingByItself();
    void oneCallPerKeyAndTheirOrder();
    void aPauseStopsAllKeys();
    void exponentialWaitsAreUniform();
    void handedBackWithoutTryingWaits();
    void deadLettersOfAQueue();
    void aFullDeadLetterSinkWarns();
    void aDestroyedDeadLetterSinkWarns();
    void destroyedInMidFlight();
    void wantsATargetAndAStrategy();
    void propertiesAreClamped();
};

void RetryingSinkTest::line23_retriedUntilDelivered()
{
    Retrying retrying(ExponentialBackoff(1s, 1s, 1h));
    retrying.recording->setBehaviour(failingFirst(10));
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.clock->advanceToNextDue() || sent.isFinished());
    QANAT_WAIT((void(retrying.clock->advanceToNextDue()), sent.isFinished()));
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(retrying.recording->count(), 11);
    QCOMPARE(retrying.sink->statistics().failed, 10);
    QCOMPARE(retrying.sink->statistics().retried, 10);
    QCOMPARE(retrying.sink->statistics().delivered, 1);
    QANAT_BALANCED(*retrying.sink);
}

void RetryingSinkTest::line23_retriedUntilTheStrategyDrops()
{
    const auto script = std::make_shared<Script>();
    Retrying retrying{ScriptedStrategy(script)};
    retrying.recording->setBehaviour([&, n = 0](const Event &) mutable {
        if (++n == 4)
            script->verdict = RetryStrategy::Verdict::Drop;
        return passingFailure();
    });
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_FINISH(sent);
    QCOMPARE(retrying.recording->count(), 4);
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
    // The sink goes on.
    script->verdict = RetryStrategy::Verdict::Retry;
    retrying.recording->setBehaviour({});
    const QFuture<Delivery> next = retrying.sink->send(someEvent());
    QANAT_FINISH(next);
    QVERIFY(next.result().isSuccess());
}

void RetryingSinkTest::line23_retriedUntilTheSinkCloses()
{
    Retrying retrying{ExponentialBackoff()};
    retrying.recording->setBehaviour(
        [n = 0](const Event &) mutable { return ++n == 5 ? Delivery::closed() : passingFailure(); });
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT((void(retrying.clock->advanceToNextDue()), sent.isFinished()));
    QVERIFY(sent.result().isClosed());
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(retrying.recording->count(), 5);
    QANAT_WAIT(retrying.sink->state() == PipelineNode::State::Closed);
}

void RetryingSinkTest::line24_theStrategyIsAskedAndToldOncePerAttempt()
{
    const auto script = std::make_shared<Script>();
    Retrying retrying{ScriptedStrategy(script)};
    retrying.recording->setBehaviour(failingFirst(2));
    // An attempt is one call, of however many events.
    const QFuture<Delivery> sent = retrying.sink->send(Batch(someEvents(3)));
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(script->log,
             QStringList({u"delay 1"_s, u"failed 1"_s, u"delay 2"_s, u"failed 2"_s, u"delay 3"_s, u"succeeded 3"_s}));
    QCOMPARE(script->failures, QList<Delivery>({passingFailure(), passingFailure()}));

    script->log.clear();
    QANAT_FINISH(retrying.sink->send(someEvent()));
    QCOMPARE(script->log, QStringList({u"delay 1"_s, u"succeeded 1"_s}));

    // It hears of a failure that cannot be mended, too.
    script->log.clear();
    retrying.recording->setBehaviour(always(permanentFailure()));
    QANAT_FINISH(retrying.sink->send(someEvent()));
    QCOMPARE(script->log, QStringList({u"delay 1"_s, u"failed 1"_s}));
}

// However events fall into batches: a strategy that gives up by number must give each of them as many tries.
void RetryingSinkTest::line24_theNumberIsThatOfWhatFailed()
{
    const auto script = std::make_shared<Script>();
    Retrying retrying{ScriptedStrategy(script)};
    // The first one fails twice, and in the call in which it is delivered the second one fails for the first time.
    retrying.recording->setBehaviour([n = 0](const Event &) mutable {
        ++n;
        return n == 3 || n > 4 ? Delivery::delivered() : passingFailure();
    });
    QANAT_FINISH(retrying.sink->send(Batch(someEvents(2))));
    QCOMPARE(script->log, QStringList({u"delay 1"_s, u"failed 1"_s, u"delay 2"_s, u"failed 2"_s, u"delay 3"_s,
                                       u"succeeded 3"_s, u"failed 1"_s, u"delay 2"_s, u"succeeded 2"_s}));
}

// Or failures would be in a row between which much was delivered.
void RetryingSinkTest::line24_ofACallItHearsWhatWasDeliveredAndWhatFailed()
{
    const auto script = std::make_shared<Script>();
    Retrying retrying{ScriptedStrategy(script)};
    retrying.recording->defer();
    retrying.sink->write(Batch(someEvents(4)));
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(1, Delivery::filtered()); // No success of the other side.
    retrying.recording->settle(3, passingFailure());
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    QCOMPARE(script->log, QStringList({u"delay 1"_s, u"failed 1"_s, u"delay 2"_s}));
    script->log.clear();
    retrying.recording->settle(2);
    retrying.recording->settle(1, passingFailure());
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    QCOMPARE(script->log, QStringList({u"succeeded 2"_s, u"failed 2"_s, u"delay 3"_s}));
    retrying.recording->settle(1);
    QANAT_WAIT(retrying.sink->statistics().delivered == 3);
    QCOMPARE(script->log.last(), u"succeeded 3"_s);
}

void RetryingSinkTest::line24_aPositiveAnswerIsWaitedOnce()
{
    for (const auto scope : {RetryStrategy::Scope::Key, RetryStrategy::Scope::Endpoint}) {
        const auto script = std::make_shared<Script>();
        script->wait = 10s;
        script->scope = scope;
        Retrying retrying{ScriptedStrategy(script)};
        const QFuture<Delivery> sent = retrying.sink->send(someEvent());
        QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + 10s);
        QCOMPARE(retrying.recording->count(), 0);
        retrying.clock->advance(10s - 1ns);
        QCoreApplication::processEvents();
        QCOMPARE(retrying.recording->count(), 0);
        QCOMPARE(script->log, QStringList{u"delay 1"_s});
        retrying.clock->advance(1ns);
        // Once: it would go on waiting if it were asked again.
        QANAT_FINISH(sent);
        QVERIFY(sent.result().isSuccess());
        QCOMPARE(script->log, QStringList({u"delay 1"_s, u"succeeded 1"_s}));
    }
}

void RetryingSinkTest::line25_aFlakySinkGetsEverything_data()
{
    QTest::addColumn<bool>("breaks");
    QTest::newRow("CircuitBreaker") << true;
    QTest::newRow("ExponentialBackoff") << false;
}

void RetryingSinkTest::line25_aFlakySinkGetsEverything()
{
    QFETCH(bool, breaks);
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    // Always, then nine times in ten.
    recording->setBehaviour([n = 0](const Event &) mutable {
        ++n;
        return n <= 50 || n % 10 ? passingFailure() : Delivery::delivered();
    });
    std::unique_ptr<RetryStrategy> strategy;
    if (breaks)
        strategy = std::make_unique<CircuitBreaker>(3, 10ms);
    else
        strategy = std::make_unique<ExponentialBackoff>();
    Queue queue(std::make_unique<RetryingSink>(std::move(end), std::move(strategy)));
    const auto clock = std::make_shared<ManualClock>();
    queue.setClock(clock);
    const QList<Event> events = someEvents(100);
    Crew crew(100, [&](int i) { queue.write(events[i]); });
    QANAT_WAIT((void(clock->advanceToNextDue()), crew.isDone() && queue.statistics().pending == 0));
    const QStringList delivered = recording->deliveredIds();
    const QStringList written = idsOf(events);
    QCOMPARE(delivered.size(), 100);
    QCOMPARE(QSet<QString>(delivered.begin(), delivered.end()), QSet<QString>(written.begin(), written.end()));
    QCOMPARE(queue.statistics().delivered, 100);
    QCOMPARE(queue.statistics().dropped, 0);
    QANAT_BALANCED(queue);
}

void RetryingSinkTest::line26_closedEndsItAtOnce()
{
    const auto script = std::make_shared<Script>();
    Retrying retrying{ScriptedStrategy(script)};
    retrying.recording->setBehaviour(
        always(Delivery::failed(Delivery::Error::Network, u"gone"_s).withCause(Delivery::closed())));
    const QFuture<Delivery> sent = retrying.sink->send(Batch(someEvents(3)));
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isClosed());
    QCOMPARE(retrying.recording->count(), 1);
    QCOMPARE(script->log, QStringList{u"delay 1"_s}); // Neither failed nor succeeded.
    QANAT_WAIT(retrying.sink->state() == PipelineNode::State::Closed);
    QCOMPARE(retrying.sink->statistics().dropped, 3);
    QANAT_BALANCED(*retrying.sink);
}

void RetryingSinkTest::line27_closeDuringAWaitEndsTheWait_data()
{
    QTest::addColumn<bool>("breaks");
    QTest::addColumn<bool>("discards");
    QTest::newRow("breaker, deadline") << true << false;
    QTest::newRow("breaker, discard") << true << true;
    QTest::newRow("backoff, deadline") << false << false;
    QTest::newRow("backoff, discard") << false << true;
}

void RetryingSinkTest::line27_closeDuringAWaitEndsTheWait()
{
    QFETCH(bool, breaks);
    QFETCH(bool, discards);
    ExponentialBackoff backoff(24h, 24h, 24h);
    backoff.setChance([](qint64 end) { return end - 1; });
    Retrying retrying = breaks ? Retrying(CircuitBreaker(1, 24h)) : Retrying(backoff);
    retrying.recording->setBehaviour(always(passingFailure()));
    const QFuture<Delivery> sent = retrying.sink->send(Batch(someEvents(5)));
    QANAT_WAIT(retrying.clock->nextDue());
    QFuture<CloseResult> closing;
    if (discards) {
        closing = retrying.sink->discard(); // The clock stands still.
    } else {
        closing = retrying.sink->close(1h);
        QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + 1h);
        retrying.clock->advance(1h);
    }
    QANAT_FINISH(closing);
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Discarded);
    QCOMPARE(closing.result().left(), 5);
    QCOMPARE(closing.result().unknown(), 0);
    QCOMPARE(retrying.recording->finishCount(), 1); // The sink behind is closed.
    QCOMPARE(retrying.sink->pipeline().targets[0].state, PipelineNode::State::Closed);
    QVERIFY(!retrying.clock->advanceToNextDue()); // Nobody waits any more.
}

void RetryingSinkTest::line27_closeInterruptsAnAttemptAtTheDeadline()
{
    Retrying retrying{ExponentialBackoff()};
    retrying.recording->defer();
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    const QFuture<CloseResult> closing = retrying.sink->close(1min);
    QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + 1min);
    QCOMPARE(retrying.recording->interruptCount(), 0);
    retrying.clock->advance(1min);
    QANAT_FINISH(closing);
    QCOMPARE(retrying.recording->interruptCount(), 1);
    QCOMPARE(retrying.recording->finishCount(), 1);
    QCOMPARE(closing.result().unknown(), 1);
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Unknown);
    retrying.recording->settle(1); // Too late.
    QCOMPARE(retrying.sink->statistics().delivered, 0);
}

void RetryingSinkTest::line27_closeDeliversWhatCanBeDelivered()
{
    Retrying retrying(CircuitBreaker(1, 1min));
    retrying.recording->setBehaviour(failingFirst(2));
    const QFuture<Delivery> sent = retrying.sink->send(Batch(someEvents(5)));
    QANAT_WAIT(retrying.clock->nextDue());
    const QFuture<CloseResult> closing = retrying.sink->close(1h);
    QANAT_WAIT((void(retrying.clock->nextDue() < retrying.clock->now() + 10min && retrying.clock->advanceToNextDue()),
                closing.isFinished()));
    QVERIFY(closing.result().isClean());
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(retrying.recording->deliveredCount(), 5);
}

void RetryingSinkTest::line27_whatACloseLeavesTellsWhatWasTried_data()
{
    QTest::addColumn<bool>("isWhole");
    QTest::newRow("all was tried") << true;
    QTest::newRow("one is refused, one delivered, the rest handed back") << false;
}

// In the order of the events, each with what is known of it.
void RetryingSinkTest::line27_whatACloseLeavesTellsWhatWasTried()
{
    QFETCH(const bool, isWhole);
    Retrying retrying(ExponentialBackoff(1h, 1h, 1h));
    retrying.recording->defer();
    DeadLetters dead(100);
    const RetryingSink *const sink = retrying.sink.get();
    Queue queue(std::move(retrying.sink));
    queue.setDeadLetterSink(&dead);
    const QList<Event> events = someEvents(6);
    queue.write(Batch(events.mid(0, 4)));
    QVERIFY(retrying.recording->waitForDeferredCalls(1));
    queue.write(Batch(events.mid(4)));
    const Delivery failure = passingFailure().withStatus(503).withAnswer(u"come again"_s);
    if (isWhole) {
        retrying.recording->settle(4, failure);
    } else {
        retrying.recording->settle(1, Delivery::failed(Delivery::Error::Refused, u"no"_s, Delivery::Retry::Never));
        retrying.recording->settle(1, failure);
        retrying.recording->settle(1, Delivery::delivered());
        retrying.recording->settle(1, Delivery::untried());
    }
    QANAT_WAIT(sink->retryState() == State::BackingOff);
    queue.close(0s);
    const qsizetype left = isWhole ? 6 : 5;
    QANAT_WAIT(dead.count() == left);

    QList<Event> found;
    for (const DeadLetter &letter : dead.letters()) {
        const qsizetype position = idsOf(events).indexOf(letter.event.id());
        const bool isRefused = !isWhole && position == 0;
        const bool isTried = isWhole ? position < 4 : position == 1;
        found.append(letter.event);
        QCOMPARE(letter.error, isRefused ? Delivery::Error::Refused : Delivery::Error::Discarded);
        QCOMPARE(letter.attempts, isTried || isRefused ? 1 : 0);
        QCOMPARE(letter.status, isTried ? 503 : 0);
        QCOMPARE(letter.answer, isTried ? u"come again"_s : QString());
        QCOMPARE(letter.reason.contains(failure.errorText()), isTried);
    }
    QStringList expected = idsOf(events);
    if (!isWhole)
        expected.removeAt(2);
    QCOMPARE(idsOf(found), expected);
    QCOMPARE(queue.statistics().delivered, isWhole ? 0 : 1);
}

// The target knows best what was under way.
void RetryingSinkTest::line27_whatWasUnderWayIsToldByTheTarget()
{
    class Slow : public Sink
    {
    protected:
        void process(const Batch &, Completion completion) override
        {
            m_completion = std::move(completion);
            m_completion.setUnderWay(1);
        }

    private:
        Completion m_completion;
    };
    for (const int count : {1, 5}) {
        Queue queue(std::make_unique<RetryingSink>(std::make_unique<Slow>(), ExponentialBackoff()));
        DeadLetters dead(100);
        queue.setDeadLetterSink(&dead);
        queue.write(Batch(someEvents(count)));
        QANAT_WAIT(queue.statistics().inFlight == count);
        const QFuture<CloseResult> closing = queue.close(10ms);
        QANAT_FINISH(closing);
        QCOMPARE(closing.result().left(), count);
        QCOMPARE(closing.result().unknown(), 1);
        QANAT_WAIT(dead.count() == count);
        for (int i = 0; i < count; ++i) {
            QCOMPARE(dead.letters().at(i).error, i == 0 ? Delivery::Error::Unknown : Delivery::Error::Discarded);
            QCOMPARE(dead.letters().at(i).attempts, i == 0 ? 1 : 0);
        }
    }
}

void RetryingSinkTest::line28_aDropIsNoSuccess()
{
    const auto script = std::make_shared<Script>();
    script->verdict = RetryStrategy::Verdict::Drop;
    Retrying retrying{ScriptedStrategy(script)};
    retrying.recording->setBehaviour(always(passingFailure().withStatus(503)));
    QSignalSpy dropped(retrying.sink.get(), &Sink::dropped);
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_FINISH(sent);
    const Delivery delivery = sent.result();
    QCOMPARE(delivery.outcome(), Delivery::Outcome::Dropped);
    QVERIFY(!delivery.isSuccess());
    QVERIFY(delivery.isFailure());
    QVERIFY(!delivery.canRetry());
    QCOMPARE(delivery.error(), Delivery::Error::Expired);
    QCOMPARE(delivery.cause().error(), Delivery::Error::Unavailable);
    QCOMPARE(delivery.cause().status(), 503);
    QCOMPARE(retrying.sink->statistics().dropped, 1);
    QCOMPARE(retrying.sink->statistics().delivered, 0);
    QANAT_WAIT(dropped.size() == 1);
}

void RetryingSinkTest::line29_whatCannotSucceedIsNotTriedAgain()
{
    Retrying retrying{ExponentialBackoff()};
    RecordingSink deadLetters;
    retrying.sink->setDeadLetterSink(&deadLetters);
    const QList<Event> events = someEvents(5);
    retrying.recording->setBehaviour([bad = events[2].id()](const Event &event) {
        return event.id() == bad ? permanentFailure().withStatus(422) : Delivery::delivered();
    });
    retrying.sink->write(Batch(events));
    QANAT_WAIT(retrying.sink->statistics().pending == 0 && deadLetters.recording()->count() == 1);
    QCOMPARE(retrying.recording->ids(), idsOf(events));
    QCOMPARE(retrying.sink->statistics().delivered, 4);
    QCOMPARE(retrying.sink->statistics().dropped, 1);
    const Event dead = deadLetters.recording()->events().first();
    QCOMPARE(dead.id(), events[2].id());
    QCOMPARE(dead.extension(u"deadlettererror"_s).toString(), u"Refused"_s);
    QVERIFY(dead.extension(u"deadletterreason"_s).toString().contains(u"refused"_s));
    QCOMPARE(dead.extension(u"deadletterattempts"_s).toInt(), 1);
    QCOMPARE(dead.extension(u"deadlettersink"_s).toString(), u"RetryingSink"_s);
    QVERIFY(dead.isValid());
}

void RetryingSinkTest::line30_attemptsAreLimited()
{
    Retrying retrying{ExponentialBackoff()};
    retrying.sink->setMaximumAttempts(4);
    retrying.recording->setBehaviour(always(passingFailure()));
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT((void(retrying.clock->advanceToNextDue()), sent.isFinished()));
    QCOMPARE(retrying.recording->count(), 4);
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(sent.result().error(), Delivery::Error::Expired);
    QCOMPARE(sent.result().attempts(), 4);
    QCOMPARE(sent.result().cause().error(), Delivery::Error::Unavailable);
}

void RetryingSinkTest::line30_ageIsLimited()
{
    ExponentialBackoff strategy(1min, 1min, 1min);
    strategy.setChance([](qint64) { return std::chrono::nanoseconds(40s).count(); });
    Retrying retrying(strategy);
    retrying.sink->setMaximumAge(2min);
    retrying.recording->setBehaviour(always(passingFailure()));
    const auto begin = retrying.clock->now();
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT((void(retrying.clock->advanceToNextDue()), sent.isFinished()));
    QCOMPARE(sent.result().error(), Delivery::Error::Expired);
    QVERIFY(sent.result().errorText().contains(u"old"_s));
    QVERIFY(retrying.clock->now() - begin >= 2min);
    QCOMPARE(retrying.recording->count(), 4); // At 0, 40, 80 and 120 s.
    // The age counts from the acceptance: what has waited that long elsewhere is tried at least once.
    const QFuture<Delivery> fresh = retrying.sink->send(someEvent());
    retrying.recording->setBehaviour({});
    QANAT_WAIT((void(retrying.clock->advanceToNextDue()), fresh.isFinished()));
    QVERIFY(fresh.result().isSuccess());
}

// However long the wait for another try is: then it is tried for the last time.
void RetryingSinkTest::line30_ageEndsAWait()
{
    ExponentialBackoff strategy(24h, 24h, 24h);
    strategy.setChance([](qint64 end) { return end - 1; });
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(2);
    const auto recording = end->recording();
    recording->setBehaviour(always(passingFailure().withStatus(503)));
    auto retry = std::make_unique<RetryingSink>(std::move(end), strategy);
    retry->setMaximumAge(10min);
    Queue queue(std::move(retry));
    const auto clock = std::make_shared<ManualClock>();
    queue.setClock(clock);
    const QFuture<Delivery> first = queue.send(eventOf(u"a"_s));
    QANAT_WAIT(recording->count() == 1 && clock->nextDue());
    const QFuture<Delivery> second = queue.send(eventOf(u"a"_s));
    clock->advance(10min);
    QANAT_FINISH(first);
    QCOMPARE(first.result().error(), Delivery::Error::Expired);
    QCOMPARE(first.result().cause().status(), 503);
    QCOMPARE(first.result().attempts(), 2);
    // That of the same key does not wait for another 24 h.
    QANAT_FINISH(second);
    QCOMPARE(second.result().error(), Delivery::Error::Expired);
    QCOMPARE(second.result().attempts(), 1);
    QANAT_BALANCED(queue);
}

// One more attempt tells for all that are too old: each on its own would take as long as all waits together.
void RetryingSinkTest::line30_ageEndsABacklog()
{
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(3);
    const auto recording = end->recording();
    recording->setBehaviour(always(passingFailure().withStatus(503)));
    auto retry = std::make_unique<RetryingSink>(std::move(end), CircuitBreaker(1, 1h));
    retry->setMaximumAge(10min);
    Queue queue(std::move(retry));
    const auto clock = std::make_shared<ManualClock>();
    queue.setClock(clock);
    QList<QFuture<Delivery>> sent;
    for (int i = 0; i < 30; ++i)
        sent.append(queue.send(eventOf(QString::number(i % 5))));
    QANAT_WAIT(recording->count() == 1 && clock->nextDue());
    clock->advance(1h);
    for (int i = 0; i < 30; ++i) {
        QANAT_FINISH(sent[i]);
        QCOMPARE(sent[i].result().error(), Delivery::Error::Expired);
        QCOMPARE(sent[i].result().attempts(), i == 0 ? 2 : 0);
        QCOMPARE(sent[i].result().errorText(),
                 i == 0 ? u"given up: too old after 2 attempts"_s : u"given up: too old before it was tried"_s);
        QCOMPARE(sent[i].result().cause().status(), 503);
    }
    QCOMPARE(recording->count(), 2);
    // What is not too old waits, and is delivered when it can be.
    const QFuture<Delivery> fresh = queue.send(someEvent());
    QANAT_WAIT(clock->nextDue());
    recording->setBehaviour({});
    clock->advance(1h);
    QANAT_FINISH(fresh);
    QVERIFY(fresh.result().isSuccess());
    QANAT_BALANCED(queue);
}

void RetryingSinkTest::line30_ageComesBeforeAttempts()
{
    Retrying retrying(CircuitBreaker(1, 1h));
    retrying.sink->setMaximumAge(1h);
    retrying.sink->setMaximumAttempts(2);
    retrying.recording->setBehaviour(always(passingFailure()));
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.clock->nextDue());
    retrying.clock->advance(1h); // The second attempt, which is the last by either limit.
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Expired);
    QVERIFY2(sent.result().errorText().contains(u"too old"_s), qPrintable(sent.result().errorText()));
}

void RetryingSinkTest::line30_whatIsGivenUpGoesToTheDeadLetters()
{
    Retrying retrying{ExponentialBackoff()};
    retrying.sink->setMaximumAttempts(2);
    // Any sink.
    auto end = std::make_unique<RecordingSink>();
    const auto dead = end->recording();
    Queue deadLetters(std::move(end));
    retrying.sink->setDeadLetterSink(&deadLetters);
    retrying.recording->setBehaviour(always(passingFailure()));
    const QList<Event> events = someEvents(3);
    retrying.sink->write(Batch(events));
    QANAT_WAIT((void(retrying.clock->advanceToNextDue()), dead->count() == 3));
    QCOMPARE(dead->ids(), idsOf(events));
    for (const Event &event : dead->events()) {
        QCOMPARE(event.extension(u"deadlettererror"_s).toString(), u"Unavailable"_s);
        QCOMPARE(event.extension(u"deadletterattempts"_s).toInt(), 2);
        QVERIFY(event.extension(u"deadletterreason"_s).toString().contains(u"out of order for a while"_s));
        QCOMPARE(event.data(), events.first().data());
    }
    QCOMPARE(retrying.sink->statistics().dropped, 3);
    QANAT_BALANCED(*retrying.sink);
}

void RetryingSinkTest::onlyWhatFailedIsTriedAgainInOrder()
{
    Retrying retrying(CircuitBreaker(1000, 1s));
    retrying.recording->defer();
    const QList<Event> events = someEvents(6);
    const QFuture<Delivery> sent = retrying.sink->send(Batch(events));
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(1);
    retrying.recording->settle(1, passingFailure());
    retrying.recording->settle(1, permanentFailure());
    retrying.recording->settle(1, Delivery::filtered());
    retrying.recording->settle(2, Delivery::untried());
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    QCOMPARE(retrying.recording->ids().mid(6), idsOf({events[1], events[4], events[5]}));
    retrying.recording->settle(3);
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Refused);
    QCOMPARE(retrying.sink->statistics().delivered, 4);
    QCOMPARE(retrying.sink->statistics().filtered, 1);
    QCOMPARE(retrying.sink->statistics().dropped, 1);
    QCOMPARE(retrying.sink->statistics().failed, 1);
    QANAT_BALANCED(*retrying.sink);
}

void RetryingSinkTest::theBreakerOpensAndProbes()
{
    Retrying retrying(CircuitBreaker(3, 10s));
    QList<State> states;
    connect(retrying.sink.get(), &RetryingSink::retryStateChanged, this, [&](State state) { states.append(state); });
    retrying.recording->setBehaviour(always(passingFailure()));
    QCOMPARE(retrying.sink->retryState(), State::Flowing);
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    // Below the threshold nothing waits.
    QANAT_WAIT(retrying.recording->count() == 3 && retrying.clock->nextDue());
    QCOMPARE(retrying.clock->nextDue(), retrying.clock->now() + 10s);
    QCOMPARE(retrying.sink->retryState(), State::Open);
    retrying.recording->defer();
    retrying.clock->advance(10s);
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    QCOMPARE(retrying.sink->retryState(), State::Probing);
    // One more failure arms it again.
    retrying.recording->settle(1, passingFailure());
    QANAT_WAIT(retrying.sink->retryState() == State::Open);
    QCOMPARE(retrying.clock->nextDue(), retrying.clock->now() + 10s);
    retrying.recording->release();
    retrying.recording->setBehaviour({});
    retrying.clock->advance(10s);
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(retrying.sink->retryState(), State::Flowing);
    QCOMPARE(states, QList<State>({State::Open, State::Probing, State::Open, State::Probing, State::Flowing}));
    QCOMPARE(retrying.recording->count(), 5);
}

void RetryingSinkTest::thePictureShowsWhatItIsAt()
{
    using Activity = PipelineNode::Activity;
    Retrying retrying(CircuitBreaker(1, 10s));
    retrying.recording->defer();
    QCOMPARE(retrying.sink->pipeline().activity, Activity::Flowing);
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settleAll(passingFailure());
    QANAT_WAIT(retrying.sink->pipeline().activity == Activity::Waiting);
    QCOMPARE(retrying.sink->pipeline().nextAttempt, 10s);
    retrying.clock->advance(4s);
    QCOMPARE(retrying.sink->pipeline().nextAttempt, 6s);
    QVERIFY(retrying.sink->pipeline().toString().contains(u"[open, waiting]"_s));
    retrying.sink->retryNow();
    QANAT_WAIT(retrying.sink->pipeline().activity == Activity::Probing);
    QCOMPARE(retrying.sink->pipeline().nextAttempt, 0s);
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settleAll();
    QANAT_FINISH(sent);
    QANAT_WAIT(retrying.sink->pipeline().activity == Activity::Flowing);

    Retrying keys(ExponentialBackoff(5s, 5s, 5s));
    keys.recording->setBehaviour(always(passingFailure()));
    keys.sink->write(someEvent());
    QANAT_WAIT(keys.sink->pipeline().activity == Activity::BackingOff);
    QCOMPARE(keys.sink->pipeline().nextAttempt, keys.clock->nextDue().value() - keys.clock->now());
    keys.sink->discard();
    QANAT_WAIT(keys.sink->state() == PipelineNode::State::Closed);
    QCOMPARE(keys.sink->pipeline().activity, Activity::Flowing);
}

void RetryingSinkTest::afterTheWaitOneProbesNotAll()
{
    Retrying retrying(CircuitBreaker(1, 10s), 6);
    retrying.recording->defer();
    for (int i = 0; i < 6; ++i)
        retrying.sink->write(eventOf(QString::number(i)));
    QANAT_WAIT(retrying.recording->deferredCalls() == 6);
    for (int i = 0; i < 6; ++i)
        retrying.recording->settle(1, passingFailure());
    QANAT_WAIT(retrying.sink->retryState() == State::Open);
    retrying.clock->advance(10s);
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    // The others wait for its outcome, however long.
    retrying.clock->advance(1h);
    QCoreApplication::processEvents();
    QCoreApplication::processEvents();
    QCOMPARE(retrying.recording->deferredCalls(), 1);
    QCOMPARE(retrying.recording->callCount(), 7);
    // It fails: again one.
    retrying.recording->settle(1, passingFailure());
    QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + 10s);
    retrying.clock->advance(10s);
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    QCOMPARE(retrying.recording->callCount(), 8);
    // It succeeds: all.
    retrying.recording->settle(1);
    QANAT_WAIT(retrying.recording->deferredCalls() == 5);
    retrying.recording->settleAll();
    QANAT_WAIT(retrying.sink->statistics().delivered == 6);
    QCOMPARE(retrying.sink->retryState(), State::Flowing);
}

void RetryingSinkTest::theWallClockChangesNothing()
{
    for (const auto asked : {0s, 20s}) { // By the breaker alone, and by a Retry-After.
        Retrying retrying(CircuitBreaker(1, 10s));
        retrying.recording->setBehaviour(failingFirst(1, passingFailure().withRetryAfter(asked)));
        const QFuture<Delivery> sent = retrying.sink->send(someEvent());
        QANAT_WAIT(retrying.clock->nextDue());
        const auto wait = std::max(asked, 10s);
        for (const auto jump : {std::chrono::hours(24 * 3650), std::chrono::hours(-24 * 3650)}) {
            retrying.clock->setWallClock(retrying.clock->wallClock() + jump);
            QCoreApplication::processEvents();
            QCOMPARE(retrying.recording->count(), 1);
            QCOMPARE(retrying.clock->nextDue(), retrying.clock->now() + wait);
        }
        retrying.clock->advance(wait);
        QANAT_FINISH(sent);
        QVERIFY(sent.result().isSuccess());
    }
}

void RetryingSinkTest::aSuspendIsNoticed()
{
    Retrying retrying(CircuitBreaker(1, 20ms));
    retrying.recording->setBehaviour(failingFirst(1));
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.clock->nextDue());
    // Nobody is told. It finds out when it looks, which after so short a wait is soon.
    retrying.clock->suspend(8h);
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
}

void RetryingSinkTest::retryNowEndsWaits()
{
    Retrying retrying(CircuitBreaker(1, 1h));
    retrying.recording->setBehaviour(failingFirst(1));
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.sink->retryState() == State::Open);
    retrying.sink->retryNow();
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());

    // What the other side has asked for is waited for all the same.
    retrying.recording->setBehaviour(failingFirst(1, passingFailure().withRetryAfter(5min)));
    const QFuture<Delivery> asked = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.sink->retryState() == State::Open);
    retrying.sink->retryNow();
    QCOMPARE(retrying.clock->nextDue(), retrying.clock->now() + 5min);
    retrying.clock->advance(5min);
    QANAT_FINISH(asked);
    QVERIFY(asked.result().isSuccess());
    // Where nothing waits there is nothing to do.
    retrying.sink->retryNow();
    QCOMPARE(retrying.sink->retryState(), State::Flowing);
}

void RetryingSinkTest::faultsOfTheEndpointAreNotCounted()
{
    Retrying retrying(CircuitBreaker(1000, 1s));
    retrying.sink->setMaximumAttempts(3);
    retrying.recording->setBehaviour(
        failingFirst(20, Delivery::failed(Delivery::Error::Misdirected, u"wrong password"_s)));
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(retrying.recording->callCount(), 21);
    retrying.recording->setBehaviour(always(passingFailure()));
    const QFuture<Delivery> given = retrying.sink->send(someEvent());
    QANAT_FINISH(given);
    QCOMPARE(given.result().attempts(), 3);
}

void RetryingSinkTest::aMoveDuringAWait_data()
{
    QTest::addColumn<bool>("isPaused");
    QTest::newRow("of a key") << false;
    QTest::newRow("of the endpoint") << true;
}

void RetryingSinkTest::aMoveDuringAWait()
{
    QFETCH(const bool, isPaused);
    QThread thread;
    thread.start();
    Retrying retrying(ExponentialBackoff(1s, 1s));
    const Delivery failure = isPaused ? passingFailure().withRetryAfter(1s) : passingFailure();
    retrying.recording->setBehaviour(failingFirst(1, failure));
    retrying.sink->moveToThread(&thread);
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.clock->nextDue());
    QVERIFY(moveBack(*retrying.sink));
    // Nothing of the wait may be left there.
    thread.quit();
    QVERIFY(thread.wait());
    QANAT_WAIT(retrying.clock->nextDue());
    retrying.clock->advance(ExponentialBackoff::DefaultMax);
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(retrying.recording->threads(), (QList<QThread *>{&thread, this->thread()}));
}

void RetryingSinkTest::retryAfterPausesEverything()
{
    Retrying retrying{CircuitBreaker(100, 1s)};
    retrying.recording->setBehaviour(failingFirst(1, passingFailure().withRetryAfter(30s)));
    const QFuture<Delivery> first = retrying.sink->send(someEvent());
    const QFuture<Delivery> second = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + 30s);
    QCOMPARE(retrying.sink->retryState(), State::Open);
    retrying.clock->advance(30s - 1ns);
    QCoreApplication::processEvents();
    QCOMPARE(retrying.recording->count(), 1);
    retrying.clock->advance(1ns);
    QANAT_FINISH(first);
    QANAT_FINISH(second);
    QVERIFY(first.result().isSuccess());
    QVERIFY(second.result().isSuccess());
}

void RetryingSinkTest::retryAfterOrTheOwnWaitWhicheverIsLonger()
{
    for (const auto asked : {3s, 30s}) {
        Retrying retrying{CircuitBreaker(1, 10s)};
        retrying.recording->setBehaviour(failingFirst(1, passingFailure().withRetryAfter(asked)));
        const QFuture<Delivery> sent = retrying.sink->send(someEvent());
        QANAT_WAIT(retrying.clock->nextDue());
        QCOMPARE(retrying.clock->nextDue(), retrying.clock->now() + std::max(asked, 10s));
        retrying.clock->advance(std::max(asked, 10s));
        QANAT_FINISH(sent);
        QVERIFY(sent.result().isSuccess());
    }
}

// A call may end in several failures: what is to be waited for may come from any of them.
void RetryingSinkTest::aRefusalInFrontHidesNoWait()
{
    // The wait that the strategy wants for what is tried again,
    Retrying retrying{CircuitBreaker(1, 10s)};
    retrying.recording->defer();
    retrying.sink->write(Batch(someEvents(2)));
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(1, permanentFailure());
    retrying.recording->settle(1, passingFailure());
    QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + 10s);
    // what the other side asks for with it,
    retrying.clock->advance(10s);
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(1);
    QANAT_WAIT(retrying.sink->statistics().pending == 0);
    retrying.sink->write(Batch(someEvents(2)));
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(1, permanentFailure());
    retrying.recording->settle(1, passingFailure().withRetryAfter(30s));
    QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + 30s);
    // and what it asks for with a refusal.
    retrying.clock->advance(30s);
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(1);
    QANAT_WAIT(retrying.sink->statistics().pending == 0);
    retrying.sink->write(Batch(someEvents(3)));
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(1, permanentFailure());
    retrying.recording->settle(1, permanentFailure().withRetryAfter(60s));
    retrying.recording->settle(1, Delivery::untried());
    QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + 60s);
    QCOMPARE(retrying.recording->deferredCalls(), 0);
    retrying.recording->release();
    retrying.clock->advance(60s);
    QANAT_WAIT(retrying.sink->statistics().pending == 0);
    QCOMPARE(retrying.sink->statistics().delivered, 3);
    QCOMPARE(retrying.sink->statistics().dropped, 4);
}

void RetryingSinkTest::aPauseStopsAKeyThatWaitsAlready()
{
    ExponentialBackoff strategy(1min, 1min, 1min);
    strategy.setChance([](qint64) { return nanoseconds(10s).count(); });
    Retrying retrying{strategy, 2};
    retrying.recording->defer();
    retrying.sink->write(eventOf(u"waits"_s));
    retrying.sink->write(eventOf(u"asks for a pause"_s));
    QANAT_WAIT(retrying.recording->deferredCalls() == 2);
    retrying.recording->settle(1, passingFailure());
    QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + 10s);
    // Nothing of it is left to wait.
    retrying.recording->settle(1, permanentFailure().withRetryAfter(1h));
    QANAT_WAIT(retrying.sink->statistics().dropped == 1);
    retrying.clock->advance(10s);
    QANAT_WAIT(retrying.clock->nextDue() == retrying.clock->now() + (1h - 10s));
    QCOMPARE(retrying.recording->callCount(), 2);
    retrying.recording->release();
    retrying.clock->advance(1h - 10s);
    QANAT_WAIT(retrying.sink->statistics().delivered == 1);
}

void RetryingSinkTest::hostileRetryAfterIsClamped()
{
    Retrying retrying{CircuitBreaker(100, 1s)};
    retrying.recording->setBehaviour(
        failingFirst(1, passingFailure().withRetryAfter(std::chrono::milliseconds::max())));
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    QANAT_WAIT(retrying.clock->nextDue());
    QCOMPARE(retrying.clock->nextDue(), retrying.clock->now() + 24h);
    retrying.clock->advance(24h);
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
}

void RetryingSinkTest::aKeyThatWaitsHoldsNoSlot()
{
    ExponentialBackoff strategy(1h, 1h, 1h);
    strategy.setChance([](qint64 end) { return end - 1; });
    for (const bool isQueued : {false, true}) {
        auto end = std::make_unique<RecordingSink>();
        end->setMaxInFlight(6);
        const auto recording = end->recording();
        recording->defer();
        std::unique_ptr<Sink> sink = std::make_unique<RetryingSink>(std::move(end), strategy);
        if (isQueued)
            sink = std::make_unique<Queue>(std::move(sink));
        const auto clock = std::make_shared<ManualClock>();
        sink->setClock(clock);
        const QFuture<Delivery> waiting = sink->send(eventOf(u"waits"_s));
        sink->write(eventOf(u"waits"_s));
        QANAT_WAIT(recording->deferredCalls() == 1);
        recording->settle(1, passingFailure());
        QANAT_WAIT(clock->nextDue());
        for (int i = 0; i < 7; ++i)
            sink->write(eventOf(QString::number(i)));
        // All six slots are free for the others.
        QANAT_WAIT(recording->deferredCalls() == 6);
        for (const Event &event : recording->events().mid(1))
            QVERIFY(event.subject() != u"waits"_s);
        while (recording->deliveredCount() < 7) {
            QANAT_WAIT(recording->deferredCalls() > 0);
            recording->settle(1);
        }
        QVERIFY(!waiting.isFinished());
        QCOMPARE(recording->maximumCalls(), 6);
        QVERIFY(clock->advanceToNextDue());
        QANAT_WAIT(recording->deferredCalls() == 1);
        recording->settle(1);
        QANAT_FINISH(waiting);
        QANAT_WAIT(recording->deferredCalls() == 1);
        recording->settle(1);
        QANAT_WAIT(sink->statistics().delivered == 9);
        QANAT_BALANCED(*sink);
    }
}

void RetryingSinkTest::aWrapperThatLooksOnHoldsNoSlotEither()
{
    ExponentialBackoff strategy(1h, 1h, 1h);
    strategy.setChance([](qint64 end) { return end - 1; });
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(2);
    const auto recording = end->recording();
    recording->defer();
    const auto seen = std::make_shared<std::atomic<int>>(0);
    Queue queue(std::make_unique<OnLooker>(std::make_unique<RetryingSink>(std::move(end), strategy), seen));
    const auto clock = std::make_shared<ManualClock>();
    queue.setClock(clock);
    queue.write(eventOf(u"waits"_s));
    queue.write(eventOf(u"waits, too"_s));
    QANAT_WAIT(recording->deferredCalls() == 2);
    recording->settle(1, passingFailure());
    recording->settle(1, passingFailure());
    queue.write(eventOf(u"goes on"_s));
    QANAT_WAIT(recording->deferredCalls() == 1);
    recording->settle(1);
    QANAT_WAIT(queue.statistics().delivered == 1);
    QCOMPARE(seen->load(), 1);
    QVERIFY(clock->advanceToNextDue());
    QANAT_WAIT(recording->deferredCalls() == 2);
    recording->settleAll();
    QANAT_WAIT(queue.statistics().delivered == 3);
    QCOMPARE(seen->load(), 3);
    QANAT_BALANCED(queue);
}

void RetryingSinkTest::aKeyThatWaitsLosesNothingByItself_data()
{
    QTest::addColumn<int>("overflow");
    QTest::newRow("wait") << int(Limits::Overflow::Wait);
    QTest::newRow("reject") << int(Limits::Overflow::Reject);
}

// What was accepted stays where only those who write are held back or turned away: all events may have one key.
void RetryingSinkTest::aKeyThatWaitsLosesNothingByItself()
{
    QFETCH(int, overflow);
    ExponentialBackoff strategy(1h, 1h, 1h);
    strategy.setChance([](qint64 end) { return end - 1; });
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(6);
    const auto recording = end->recording();
    recording->defer();
    Queue queue(std::make_unique<RetryingSink>(std::move(end), strategy));
    queue.setLimits({10, Limits::Unlimited, Limits::Overflow(overflow)});
    const auto clock = std::make_shared<ManualClock>();
    queue.setClock(clock);
    queue.write(eventOf(u"waits"_s));
    QANAT_WAIT(recording->deferredCalls() == 1);
    recording->settle(1, passingFailure());
    QANAT_WAIT(clock->nextDue());
    for (int i = 0; i < 9; ++i)
        QCOMPARE(queue.write(eventOf(u"waits"_s)).accepted(), 1);
    QCOMPARE(queue.write(eventOf(u"waits"_s)).accepted(), 0);
    recording->setBehaviour(always(Delivery::delivered()));
    QVERIFY(clock->advanceToNextDue());
    QANAT_WAIT([&] {
        recording->settleAll();
        return queue.statistics().pending == 0;
    }());
    QCOMPARE(queue.statistics().delivered, 10);
    QCOMPARE(queue.statistics().dropped, 0);
    QANAT_BALANCED(queue);
}

void RetryingSinkTest::oneCallPerKeyAndTheirOrder()
{
    constexpr int Keys = 9;
    constexpr int Events = 360;
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(6);
    const auto recording = end->recording();
    recording->defer();
    Queue queue(std::make_unique<RetryingSink>(std::move(end), ExponentialBackoff()));
    const auto clock = std::make_shared<ManualClock>();
    queue.setClock(clock);
    QHash<QString, QStringList> written;
    for (int i = 0; i < Events; ++i) {
        const Event event = eventOf(QString::number(i % Keys));
        written[event.subject()].append(event.id());
        queue.write(event);
    }
    int n = 0;
    QANAT_WAIT([&] {
        if (recording->deferredCalls() > 0)
            recording->settle(1, ++n % 4 ? Delivery::delivered() : passingFailure());
        (void)clock->advanceToNextDue();
        return queue.statistics().delivered == Events;
    }());
    QVERIFY(recording->maximumCalls() <= 6);
    QCOMPARE(queue.statistics().dropped, 0);
    QHash<QString, QString> keys;
    for (auto key = written.cbegin(); key != written.cend(); ++key) {
        for (const QString &id : key.value())
            keys.insert(id, key.key());
    }
    QHash<QString, QStringList> delivered;
    for (const QString &id : recording->deliveredIds())
        delivered[keys.value(id)].append(id);
    for (auto key = written.cbegin(); key != written.cend(); ++key) {
        QCOMPARE(delivered.value(key.key()).size(), key.value().size());
        QCOMPARE(QSet<QString>(delivered[key.key()].begin(), delivered[key.key()].end()).size(), key.value().size());
    }
}

void RetryingSinkTest::aPauseStopsAllKeys()
{
    Retrying retrying{ExponentialBackoff(), 6};
    retrying.recording->defer();
    retrying.sink->write(eventOf(u"first"_s));
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(1, passingFailure().withRetryAfter(1h));
    QANAT_WAIT(retrying.sink->retryState() == State::Open);
    for (int i = 0; i < 5; ++i)
        retrying.sink->write(eventOf(QString::number(i)));
    QCoreApplication::processEvents();
    QCoreApplication::processEvents();
    QCOMPARE(retrying.recording->callCount(), 1);
    retrying.clock->advance(1h);
    QANAT_WAIT(retrying.recording->deferredCalls() == 1); // The probe.
    retrying.recording->settle(1);
    QANAT_WAIT(retrying.recording->deferredCalls() == 5);
    retrying.recording->settleAll();
    QANAT_WAIT(retrying.sink->statistics().delivered == 6);
}

void RetryingSinkTest::exponentialWaitsAreUniform()
{
    ExponentialBackoff strategy(1s, 1s, 20s);
    QList<qint64> ends;
    strategy.setChance([&ends](qint64 end) {
        ends.append(end);
        return end / 2;
    });
    Retrying retrying(strategy);
    retrying.recording->setBehaviour(failingFirst(6));
    const QFuture<Delivery> sent = retrying.sink->send(someEvent());
    const auto begin = retrying.clock->now();
    QANAT_WAIT((void(retrying.clock->advanceToNextDue()), sent.isFinished()));
    QList<qint64> expected;
    nanoseconds sum{0};
    for (const auto bound : {2s, 3s, 5s, 9s, 17s, 20s}) {
        expected.append(nanoseconds(bound).count());
        sum += nanoseconds(bound) / 2;
    }
    QCOMPARE(ends, expected);
    QCOMPARE(retrying.clock->now() - begin, sum);
}

void RetryingSinkTest::handedBackWithoutTryingWaits()
{
    const auto script = std::make_shared<Script>();
    Retrying retrying{ScriptedStrategy(script)};
    retrying.recording->defer();
    const QFuture<Delivery> sent = retrying.sink->send(Batch(someEvents(2)));
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(2, Delivery::untried());
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    QCOMPARE(script->log, QStringList({u"delay 1"_s, u"failed 1"_s, u"delay 2"_s}));
    retrying.recording->settle(2);
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
}

void RetryingSinkTest::deadLettersOfAQueue()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    ExponentialBackoff strategy;
    strategy.setChance([](qint64) { return qint64(0); });
    auto retrying = std::make_unique<RetryingSink>(std::move(end), strategy);
    retrying->setMaximumAttempts(1);
    RecordingSink deadLetters;
    retrying->setDeadLetterSink(&deadLetters);
    Queue queue(std::move(retrying));
    queue.setDeadLetterSink(&deadLetters); // Both: an event goes there once.
    recording->setBehaviour(always(passingFailure()));
    queue.write(Batch(someEvents(5)));
    QANAT_WAIT(queue.statistics().dropped == 5);
    QANAT_WAIT(deadLetters.recording()->count() >= 5);
    QCoreApplication::processEvents();
    QCOMPARE(deadLetters.recording()->count(), 5);
    QCOMPARE(deadLetters.recording()->threads(), QList<QThread *>{thread()});

    // What is left at a close that does not wait goes there, too.
    queue.setDeadLetterSink(nullptr);
    recording->defer();
    queue.write(Batch(someEvents(5)));
    QANAT_WAIT(recording->deferredCalls() == 1);
    QANAT_FINISH(queue.discard());
    QANAT_WAIT(deadLetters.recording()->count() == 10);
}

void RetryingSinkTest::aFullDeadLetterSinkWarns()
{
    Retrying retrying{ExponentialBackoff()};
    RecordingSink deadLetters;
    Limits limits;
    limits.events = 1;
    deadLetters.setLimits(limits);
    retrying.sink->setDeadLetterSink(&deadLetters);
    retrying.recording->setBehaviour(always(permanentFailure()));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"3 events were not accepted by the dead-letter sink"_s));
    retrying.recording->defer();
    retrying.sink->write(Batch(someEvents(4)));
    QANAT_WAIT(retrying.recording->deferredCalls() == 1);
    retrying.recording->settle(4, permanentFailure());
    QANAT_WAIT(retrying.sink->statistics().dropped == 4);
    QANAT_WAIT(deadLetters.recording()->count() == 1);
}

void RetryingSinkTest::aDestroyedDeadLetterSinkWarns()
{
    Retrying retrying{ExponentialBackoff()};
    {
        RecordingSink deadLetters;
        retrying.sink->setDeadLetterSink(&deadLetters);
    }
    retrying.recording->setBehaviour(always(permanentFailure()));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"1 events were not accepted by the dead-letter sink"_s));
    QANAT_FINISH(retrying.sink->send(someEvent()));
    retrying.sink->setDeadLetterSink(nullptr);
    QANAT_FINISH(retrying.sink->send(someEvent()));
}

void RetryingSinkTest::destroyedInMidFlight()
{
    dismissHeartbeat();
    for (int round = 0; round < 20; ++round) {
        Retrying retrying{CircuitBreaker(round % 3 + 1, 1h), 1 + round % 2 * 5};
        if (round % 2)
            retrying.recording->defer();
        else
            retrying.recording->setBehaviour(always(passingFailure()));
        const QFuture<Delivery> sent = retrying.sink->send(someEvent());
        retrying.sink->write(Batch(someEvents(10)));
        QANAT_WAIT(retrying.recording->count() > 0);
        retrying.sink.reset();
        retrying.recording->settleAll(passingFailure());
        QANAT_FINISH(sent);
        QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
        retrying.clock->advance(2h);
        QCoreApplication::processEvents();
    }
}

void RetryingSinkTest::wantsATargetAndAStrategy()
{
    const QRegularExpression warning(u"wants a target and a strategy"_s);
    QTest::ignoreMessage(QtWarningMsg, warning);
    RetryingSink one(std::make_unique<RecordingSink>(), std::unique_ptr<RetryStrategy>());
    QCOMPARE(one.write(someEvent()).status(), WriteResult::Status::Closed);
    QTest::ignoreMessage(QtWarningMsg, "A sink was given no target");
    QTest::ignoreMessage(QtWarningMsg, warning);
    RetryingSink other(nullptr, CircuitBreaker(1, 1s));
    QCOMPARE(other.write(someEvent()).status(), WriteResult::Status::Closed);
    QANAT_FINISH(one.close());
    QANAT_FINISH(other.close());
}

void RetryingSinkTest::propertiesAreClamped()
{
    Retrying retrying{ExponentialBackoff(), 6};
    QCOMPARE(retrying.sink->maxInFlight(), 6); // Its target's.
    QCOMPARE(retrying.sink->maximumAttempts(), std::numeric_limits<int>::max());
    QCOMPARE(retrying.sink->maximumAge(), std::chrono::milliseconds::max());
    retrying.sink->setMaximumAttempts(0);
    QCOMPARE(retrying.sink->maximumAttempts(), 1);
    retrying.sink->setMaximumAge(5s);
    QCOMPARE(retrying.sink->maximumAge(), 5s);
}

QTEST_GUILESS_MAIN(RetryingSinkTest)
#include "tst_retryingsink.moc"
