// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/testing/contractsuite.h"

#include "Qanat/testing/manualclock.h"
#include "Qanat/testing/waituntil.h"
#include "crew_p.h"
#include "heartbeatwatch_p.h"
#include "warnings_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qset.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Qanat {

namespace {

Event madeEvent(const QString &type = u"contract.event"_s)
{
    return Event(type, QVariantMap{{u"payload"_s, u"s3cret"_s}});
}

QList<Event> madeEvents(qsizetype count)
{
    QList<Event> events;
    events.reserve(count);
    for (qsizetype i = 0; i < count; ++i)
        events.append(madeEvent());
    return events;
}

QStringList idsOf(const QList<Event> &events)
{
    QStringList ids;
    ids.reserve(events.size());
    for (const Event &event : events)
        ids.append(event.id());
    return ids;
}

template<typename T>
bool finishes(const QFuture<T> &future)
{
    return waitUntil([&future] { return future.isFinished(); });
}

bool isSettled(const Sink &sink)
{
    const Statistics statistics = sink.statistics();
    return statistics.pending == 0 && statistics.isBalanced();
}

// After a close: what is stored is safe, and stays pending.
bool isAtRest(const Sink &sink)
{
    const Statistics statistics = sink.statistics();
    return statistics.pending == statistics.stored && statistics.isBalanced();
}

} // namespace

class ContractSuitePrivate
{
public:
    ContractSubject subject() const;

    std::vector<std::pair<QString, ContractSuite::Factory>> factories;
    std::unique_ptr<HeartbeatWatch> heartbeat;
};

// That of the current row.
ContractSubject ContractSuitePrivate::subject() const
{
    QFETCH_GLOBAL(int, index);
    ContractSubject subject = factories[size_t(index)].second();
    if (!subject.arrivedIds && subject.recording)
        subject.arrivedIds = [recording = subject.recording] { return recording->deliveredIds(); };
    return subject;
}

ContractSuite::ContractSuite(QObject *parent)
    : QObject(parent)
    , d(std::make_unique<ContractSuitePrivate>())
{
}

ContractSuite::~ContractSuite() = default;

void ContractSuite::add(const QString &name, Factory factory)
{
    d->factories.emplace_back(name, std::move(factory));
}

int ContractSuite::run(int argc, char *argv[])
{
    return QTest::qExec(this, argc, argv);
}

void ContractSuite::initTestCase_data()
{
    QTest::addColumn<int>("index");
    for (size_t i = 0; i < d->factories.size(); ++i)
        QTest::newRow(qUtf8Printable(d->factories[i].first)) << int(i);
}

void ContractSuite::init()
{
    failOnUnexpectedWarnings();
    d->heartbeat = std::make_unique<HeartbeatWatch>();
}

void ContractSuite::cleanup()
{
    if (!d->heartbeat)
        return;
    const bool isWithin = d->heartbeat->isWithin();
    const QString summary = d->heartbeat->summary();
    d->heartbeat.reset();
    QVERIFY2(isWithin, qPrintable(summary));
}

void ContractSuite::acceptsWhatIsValid()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    QCOMPARE(sink.state(), PipelineNode::State::Open);

    const QList<Event> events = madeEvents(4);
    const WriteResult one = sink.write(events.first());
    QCOMPARE(one.status(), WriteResult::Status::Accepted);
    QCOMPARE(one.accepted(), 1);
    const WriteResult three = sink.write(Batch(events.mid(1)));
    QCOMPARE(three.status(), WriteResult::Status::Accepted);
    QCOMPARE(three.accepted(), 3);
    const WriteResult none = sink.write(Batch());
    QCOMPARE(none.status(), WriteResult::Status::Accepted);
    QCOMPARE(none.accepted(), 0);

    QVERIFY(waitUntil([&] { return isSettled(sink); }));
    const Statistics statistics = sink.statistics();
    QCOMPARE(statistics.written, 4);
    QCOMPARE(statistics.rejected, 0);
    QVERIFY2(statistics.delivered == 4, qPrintable(statistics.toString()));
    if (subject.arrivedIds) {
        QVERIFY(waitUntil([&] { return subject.arrivedIds().size() >= 4; }));
        QCOMPARE(subject.arrivedIds(), idsOf(events));
    }
}

void ContractSuite::refusesWhatIsInvalid()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    const WriteResult result = sink.write(Event());
    QCOMPARE(result.status(), WriteResult::Status::Invalid);
    QCOMPARE(result.accepted(), 0);

    const QFuture<Delivery> sent = sink.send(Event());
    QVERIFY(finishes(sent));
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(sent.result().error(), Delivery::Error::Invalid);

    const Statistics statistics = sink.statistics();
    QCOMPARE(statistics.offered, 2);
    QCOMPARE(statistics.rejected, 2);
    QCOMPARE(statistics.written, 0);
    QVERIFY(statistics.isBalanced());
}

void ContractSuite::acceptsABatchUpToAPrefix()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    const QList<Event> valid = madeEvents(3);
    const WriteResult result = sink.write(Batch{valid[0], valid[1], Event(), valid[2]});
    QCOMPARE(result.status(), WriteResult::Status::Invalid);
    QCOMPARE(result.accepted(), 2);
    QVERIFY(waitUntil([&] { return isSettled(sink); }));
    const Statistics statistics = sink.statistics();
    QCOMPARE(statistics.offered, 4);
    QCOMPARE(statistics.rejected, 2);
    QCOMPARE(statistics.delivered, 2);
    if (subject.arrivedIds) {
        QVERIFY(waitUntil([&] { return subject.arrivedIds().size() >= 2; }));
        QCOMPARE(subject.arrivedIds(), idsOf(valid.mid(0, 2)));
    }
}

void ContractSuite::refusesWhatIsFull()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    // A batch is looked at as one, so nothing is taken out meanwhile.
    Limits limits;
    limits.events = 2;
    sink.setLimits(limits);
    const WriteResult rejected = sink.write(Batch(madeEvents(3)));
    QCOMPARE(rejected.status(), WriteResult::Status::Full);
    QCOMPARE(rejected.accepted(), 2);
    QVERIFY(waitUntil([&] { return isSettled(sink); }));

    // Nobody waits in the thread of the application.
    limits.overflow = Limits::Overflow::Wait;
    sink.setLimits(limits);
    const WriteResult impatient = sink.write(Batch(madeEvents(3)));
    QCOMPARE(impatient.status(), WriteResult::Status::Full);
    QCOMPARE(impatient.accepted(), 2);
    QVERIFY(waitUntil([&] { return isSettled(sink); }));

    limits.overflow = Limits::Overflow::DropOldest;
    sink.setLimits(limits);
    const qint64 before = sink.statistics().dropped;
    const WriteResult dropping = sink.write(Batch(madeEvents(5)));
    QCOMPARE(dropping.status(), WriteResult::Status::Accepted);
    QCOMPARE(dropping.accepted(), 5);
    QCOMPARE(sink.statistics().dropped - before, 3);
    QVERIFY(waitUntil([&] { return isSettled(sink); }));

    limits.overflow = Limits::Overflow::Reject;
    limits.events = Limits::Unlimited;
    limits.bytes = 1;
    sink.setLimits(limits);
    QCOMPARE(sink.write(madeEvent()).status(), WriteResult::Status::Full);

    sink.setLimits(Limits());
    QCOMPARE(sink.write(Batch(madeEvents(3))).accepted(), 3);
    QVERIFY(waitUntil([&] { return isSettled(sink); }));
    const Statistics statistics = sink.statistics();
    QCOMPARE(statistics.rejected, 3);
    QCOMPARE(statistics.delivered, 9);
}

void ContractSuite::answersClosedAfterClose()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    QCOMPARE(sink.write(madeEvent()).accepted(), 1);
    const QFuture<CloseResult> closing = sink.close();
    // From the moment of the call, not only when it is complete.
    QCOMPARE(sink.write(madeEvent()).status(), WriteResult::Status::Closed);
    QVERIFY(finishes(closing));
    QCOMPARE(sink.state(), PipelineNode::State::Closed);
    QCOMPARE(sink.write(madeEvent()).status(), WriteResult::Status::Closed);
    QCOMPARE(sink.write(Batch(madeEvents(2))).status(), WriteResult::Status::Closed);
    QCOMPARE(sink.write(Event()).status(), WriteResult::Status::Closed);
    const Statistics statistics = sink.statistics();
    QCOMPARE(statistics.written, 1);
    QCOMPARE(statistics.rejected, 5);
    QCOMPARE(statistics.delivered, 1);
    QVERIFY(statistics.isBalanced());
}

void ContractSuite::closeIsIdempotent()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    QSignalSpy closed(&sink, &Sink::closed);
    sink.write(madeEvent());
    const QFuture<CloseResult> first = sink.close();
    const QFuture<CloseResult> second = sink.close();
    QVERIFY(waitUntil([&] { return first.isFinished() || second.isFinished(); }));
    QCOMPARE(sink.state(), PipelineNode::State::Closed);
    QVERIFY(finishes(first));
    QVERIFY(finishes(second));
    const QFuture<CloseResult> third = sink.close();
    QVERIFY(finishes(third));
    const QFuture<CloseResult> fourth = sink.discard();
    QVERIFY(finishes(fourth));
    for (const QFuture<CloseResult> &future : {first, second, third, fourth}) {
        QCOMPARE(future.resultCount(), 1);
        QVERIFY2(future.result().isClean(), qPrintable(future.result().worst().toString()));
    }
    QVERIFY(waitUntil([&] { return !closed.isEmpty(); }));
    QCOMPARE(closed.size(), 1);
    if (subject.recording)
        QCOMPARE(subject.recording->finishCount(), 1);
}

void ContractSuite::laterCloseOnlyTightensTheDeadline()
{
    for (const auto &[first, second] : {std::pair(1min, 60min), std::pair(60min, 1min)}) {
        const ContractSubject subject = d->subject();
        if (!subject.recording)
            QSKIP("It takes a RecordingSink to keep an event in flight");
        Sink &sink = *subject.sink;
        const auto clock = std::make_shared<ManualClock>();
        sink.setClock(clock);
        subject.recording->defer();
        sink.write(madeEvent());
        QVERIFY(waitUntil([&] { return subject.recording->deferredCalls() == 1; }));

        const QFuture<CloseResult> one = sink.close(first);
        const QFuture<CloseResult> other = sink.close(second);
        QVERIFY(waitUntil([&] {
            const auto due = clock->nextDue();
            return due && *due == clock->now() + 1min;
        }));
        clock->advance(1min - 1ns);
        QVERIFY(!one.isFinished());
        QVERIFY(!other.isFinished());
        clock->advance(1ns);
        QVERIFY(finishes(one));
        QVERIFY(finishes(other));
        QCOMPARE(one.result().left() + one.result().stored(), 1);
        QCOMPARE(one.result().unknown(), one.result().left());
        QCOMPARE(one.result().isClean(), one.result().left() == 0);
        QVERIFY(isAtRest(sink));
        // Nobody listens any more.
        subject.recording->settleAll();
    }
}

void ContractSuite::closeDeliversWhatWasAccepted()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    const QList<Event> events = madeEvents(200);
    QCOMPARE(sink.write(Batch(events.mid(0, 150))).accepted(), 150);
    for (const Event &event : events.mid(150))
        QCOMPARE(sink.write(event).accepted(), 1);
    const QFuture<CloseResult> closing = sink.close(24h);
    QVERIFY(finishes(closing));
    QVERIFY2(closing.result().isClean(), qPrintable(closing.result().worst().toString()));
    const Statistics statistics = sink.statistics();
    QCOMPARE(statistics.delivered, 200);
    QCOMPARE(statistics.pending, 0);
    QVERIFY(statistics.isBalanced());
    if (subject.arrivedIds)
        QCOMPARE(subject.arrivedIds(), idsOf(events));
}

void ContractSuite::closeAlwaysEnds()
{
    const ContractSubject subject = d->subject();
    if (!subject.recording)
        QSKIP("It takes a RecordingSink that never settles");
    Sink &sink = *subject.sink;
    const auto clock = std::make_shared<ManualClock>();
    sink.setClock(clock);
    subject.recording->defer();
    QList<QFuture<Delivery>> sent;
    for (int i = 0; i < 3; ++i)
        sent.append(sink.send(madeEvent()));
    QVERIFY(waitUntil([&] { return subject.recording->deferredCalls() > 0; }));
    const QFuture<CloseResult> closing = sink.close(1h);
    QVERIFY(waitUntil([&] { return clock->nextDue().has_value(); }));
    QVERIFY(!closing.isFinished());
    clock->advance(1h);
    QVERIFY(finishes(closing));
    QCOMPARE(closing.result().left() + closing.result().stored(), 3);
    QVERIFY(closing.result().unknown() + closing.result().stored() >= 1);
    for (const QFuture<Delivery> &future : sent) {
        QVERIFY(finishes(future));
        const Delivery outcome = future.result();
        const bool isLeft =
            outcome.outcome() == Delivery::Outcome::Dropped
            && (outcome.error() == Delivery::Error::Unknown || outcome.error() == Delivery::Error::Discarded);
        QVERIFY2(isLeft || outcome == Delivery::stored(), qPrintable(outcome.toString()));
    }
    QVERIFY(isAtRest(sink));
    QVERIFY(waitUntil([&] { return subject.recording->interruptCount() == 1; }));
    QCOMPARE(subject.recording->finishCount(), 1);
    subject.recording->settleAll(); // Changes nothing any more.
    QVERIFY(isAtRest(sink));
}

void ContractSuite::discardGivesEverythingAnOutcome()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    const QFuture<Delivery> sent = sink.send(madeEvent());
    QCOMPARE(sink.write(Batch(madeEvents(300))).accepted(), 300);
    const QFuture<CloseResult> closing = sink.discard();
    QVERIFY(finishes(closing));
    QVERIFY(finishes(sent));
    const Statistics statistics = sink.statistics();
    QCOMPARE(statistics.written, 301);
    QCOMPARE(statistics.pending, statistics.stored);
    QVERIFY2(statistics.isBalanced(), qPrintable(statistics.toString()));
    QCOMPARE(closing.result().isClean(), closing.result().left() == 0);
}

void ContractSuite::sendHasOneOutcome()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    QList<QFuture<Delivery>> sent;
    for (const Event &event : madeEvents(10))
        sent.append(sink.send(event));
    sent.append(sink.send(Batch(madeEvents(10))));
    sent.append(sink.send(Batch()));
    for (const QFuture<Delivery> &future : sent) {
        QVERIFY(finishes(future));
        QCOMPARE(future.resultCount(), 1);
        QVERIFY2(future.result().isSuccess(), qPrintable(future.result().toString()));
    }
    // Cancelling withdraws nothing.
    QFuture<Delivery> cancelled = sink.send(madeEvent());
    cancelled.cancel();
    QVERIFY(waitUntil([&] { return isSettled(sink); }));
    QCOMPARE(sink.statistics().delivered, 21);
}

void ContractSuite::sendAfterCloseIsDroppedAsClosed()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    QVERIFY(finishes(sink.close()));
    for (const QFuture<Delivery> &future : {sink.send(madeEvent()), sink.send(Batch(madeEvents(2)))}) {
        QVERIFY(finishes(future));
        QCOMPARE(future.result().outcome(), Delivery::Outcome::Dropped);
        QVERIFY(future.result().isClosed());
    }
}

void ContractSuite::balanceHoldsInEverySnapshot()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    BalanceSampler sampler(sink);
    Crew writers(2, [&sink](int) {
        for (int i = 0; i < 100; ++i) {
            sink.write(madeEvent());
            sink.write(Batch{madeEvent(), madeEvent()});
            sink.write(Event());
        }
    });
    QVERIFY(writers.wait());
    QVERIFY(waitUntil([&] { return sampler.samples() > 100; }));
    QVERIFY(finishes(sink.close()));
    sampler.stop();
    QCOMPARE(sampler.unbalanced(), 0);
    const Statistics statistics = sink.statistics();
    QCOMPARE(statistics.offered, 800);
    QCOMPARE(statistics.rejected, 200);
    QCOMPARE(statistics.delivered, 600);
}

void ContractSuite::manyWritersKeepTheirOrder()
{
    constexpr int Writers = 8;
    constexpr int Each = 50;
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    std::vector<QList<Event>> events;
    for (int i = 0; i < Writers; ++i)
        events.push_back(madeEvents(Each));
    std::atomic<int> refused{0};
    Crew writers(Writers, [&](int writer) {
        for (const Event &event : events[size_t(writer)])
            refused += !sink.write(event);
    });
    QVERIFY(writers.wait());
    QCOMPARE(refused.load(), 0);
    QVERIFY(finishes(sink.close()));
    QCOMPARE(sink.statistics().delivered, Writers * Each);
    if (!subject.arrivedIds)
        QSKIP("What arrived cannot be seen: only the counters were looked at");
    const QStringList arrived = subject.arrivedIds();
    QCOMPARE(arrived.size(), Writers * Each);
    QCOMPARE(QSet<QString>(arrived.begin(), arrived.end()).size(), Writers * Each);
    for (const QList<Event> &written : events) {
        const QStringList ids = idsOf(written);
        const QSet<QString> own(ids.begin(), ids.end());
        QStringList seen;
        for (const QString &id : arrived) {
            if (own.contains(id))
                seen.append(id);
        }
        QCOMPARE(seen, ids);
    }
}

void ContractSuite::writesFromInsideDoNotDeadlock()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    qint64 expected = 1;
    if (subject.recording) {
        // In the thread of the sink, while it works.
        expected = 3;
        subject.recording->setBehaviour([&sink](const Event &event) {
            if (event.type() == u"contract.first"_s) {
                sink.write(madeEvent());
                sink.write(Batch(madeEvent()));
                (void)sink.statistics();
                (void)sink.pipeline();
                sink.setLimits(sink.limits());
            }
            return Delivery::delivered();
        });
    }
    // In the thread where it lives, while it tells something.
    int fromSlot = 0;
    connect(&sink, &Sink::drained, this, [&] {
        if (fromSlot++ == 0) {
            sink.write(madeEvent());
            (void)sink.statistics();
        }
    });
    sink.write(madeEvent(u"contract.first"_s));
    QVERIFY(waitUntil([&] { return sink.statistics().delivered == expected + 1 && isSettled(sink); }));

    QFuture<CloseResult> closing;
    if (subject.recording) {
        std::atomic<bool> isCalled{false};
        subject.recording->setBehaviour([&](const Event &) {
            if (!isCalled.exchange(true))
                closing = sink.close();
            return Delivery::delivered();
        });
        const QFuture<Delivery> last = sink.send(madeEvent());
        QVERIFY(finishes(last));
        QVERIFY(last.result().isSuccess());
    } else {
        closing = sink.close();
    }
    QVERIFY(finishes(closing));
    QVERIFY(closing.result().isClean());
    disconnect(&sink, nullptr, this, nullptr);
    if (subject.recording)
        subject.recording->setBehaviour({});
}

void ContractSuite::anExceptionFailsItsEventOnly()
{
    const ContractSubject subject = d->subject();
    if (!subject.recording)
        QSKIP("It takes a RecordingSink that throws");
    Sink &sink = *subject.sink;
    subject.recording->setBehaviour([](const Event &event) -> Delivery {
        if (event.type() == u"contract.exception"_s)
            throw std::runtime_error("thrown by the test");
        if (event.type() == u"contract.number"_s)
            throw 1;
        return Delivery::delivered();
    });
    const QStringList types = {u"contract.event"_s, u"contract.exception"_s, u"contract.event"_s, u"contract.number"_s,
                               u"contract.event"_s};
    QList<QFuture<Delivery>> sent;
    for (const QString &type : types)
        sent.append(sink.send(madeEvent(type)));
    for (qsizetype i = 0; i < types.size(); ++i) {
        QVERIFY(finishes(sent[i]));
        const Delivery delivery = sent[i].result();
        if (types[i] == u"contract.event"_s) {
            QVERIFY2(delivery.isSuccess(), qPrintable(delivery.toString()));
        } else {
            QCOMPARE(delivery.outcome(), Delivery::Outcome::Dropped);
            QCOMPARE(delivery.error(), Delivery::Error::Exception);
        }
    }
    QCOMPARE(sink.state(), PipelineNode::State::Open);
    QCOMPARE(subject.recording->count(), 5);
}

void ContractSuite::destroyingInMidFlight()
{
    // A destructor may wait for a worker.
    d->heartbeat.reset();
    for (int round = 0; round < 20; ++round) {
        ContractSubject subject = d->subject();
        if (subject.recording && round % 2)
            subject.recording->defer();
        const QFuture<Delivery> sent = subject.sink->send(madeEvent());
        subject.sink->write(Batch(madeEvents(20)));
        if (round % 4 > 1 && subject.recording)
            QVERIFY(waitUntil([&] { return subject.recording->count() > 0; }));
        subject.sink.reset();
        if (subject.recording)
            subject.recording->settleAll();
        QVERIFY(finishes(sent));
        QCOMPARE(sent.resultCount(), 1);
        QVERIFY(sent.result().isSuccess() || sent.result().outcome() == Delivery::Outcome::Dropped);
        QCoreApplication::processEvents();
    }
}

void ContractSuite::canBeShownWhileItWorks()
{
    const ContractSubject subject = d->subject();
    Sink &sink = *subject.sink;
    sink.setObjectName(u"on trial"_s);
    std::atomic<bool> isOver{false};
    std::atomic<int> shown{0};
    std::atomic<int> leaks{0};
    Crew watchers(2, [&](int) {
        do {
            const QString text = sink.pipeline().toString() + sink.statistics().toString();
            leaks += text.contains(u"s3cret"_s) || !text.contains(u"on trial"_s);
            ++shown;
        } while (!isOver.load());
    });
    for (int i = 0; i < 100; ++i)
        sink.write(madeEvent());
    QVERIFY(waitUntil([&] { return isSettled(sink) && shown.load() > 2; }));
    QVERIFY(finishes(sink.close()));
    isOver = true;
    QVERIFY(watchers.wait());
    QCOMPARE(leaks.load(), 0);
}

} // namespace Qanat
