// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Queue>
#include <Qanat/Statistics>

#include <QtCore/qdebug.h>

#include <functional>
#include <limits>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;
using std::chrono::nanoseconds;

class StatisticsTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void balance();
    void areEqualInEverything();
    void text();
    void bucketsGrow();
    void eachLatencyFallsIntoItsBucket();
    void aBoundBelongsToItsBucket();
    void percentiles();
    void since();
    void sum();
    void answersAreCountedByStatus();
    void extremes();
    void latencyIsThatOfTheClock();
    void countsBytesOnlyWhereLimited();
    void attemptsStandOutsideTheBalance();
};

void StatisticsTest::balance()
{
    Statistics statistics;
    QVERIFY(statistics.isBalanced());
    statistics.offered = 10;
    QVERIFY(!statistics.isBalanced());
    statistics.rejected = 3;
    statistics.written = 7;
    QVERIFY(!statistics.isBalanced());
    statistics.delivered = 4;
    statistics.filtered = 1;
    statistics.dropped = 1;
    statistics.pending = 1;
    QVERIFY(statistics.isBalanced());
    statistics.failed = 100;
    statistics.retried = 50;
    QVERIFY(statistics.isBalanced());
}

void StatisticsTest::areEqualInEverything()
{
    QVERIFY(Statistics() == Statistics());
    const auto differs = [](const std::function<void(Statistics &)> &change) {
        Statistics changed;
        change(changed);
        return changed != Statistics() && !(changed == Statistics());
    };
    for (const auto counter :
         {&Statistics::offered, &Statistics::rejected, &Statistics::written, &Statistics::delivered,
          &Statistics::filtered, &Statistics::dropped, &Statistics::pending, &Statistics::pendingBytes,
          &Statistics::inFlight, &Statistics::failed, &Statistics::retried})
        QVERIFY(differs([counter](Statistics &statistics) { statistics.*counter = 1; }));
    QVERIFY(differs([](Statistics &statistics) { statistics.lastError = passingFailure(); }));
    QVERIFY(differs([](Statistics &statistics) { statistics.latency.record(1ms, 1); }));
}

void StatisticsTest::text()
{
    Statistics statistics;
    statistics.written = 1234;
    statistics.lastError = passingFailure();
    QVERIFY(statistics.toString().contains(u"1234"_s));
    QVERIFY(statistics.toString().contains(u"out of order for a while"_s));
    QString debug;
    QDebug(&debug) << statistics;
    QVERIFY(debug.contains(statistics.toString()));
}

void StatisticsTest::bucketsGrow()
{
    nanoseconds previous{0};
    for (int bucket = 0; bucket < LatencyHistogram::BucketCount; ++bucket) {
        const nanoseconds bound = LatencyHistogram::upperBound(bucket);
        QVERIFY(bound > previous);
        // Half an octave, so a figure is wrong by half at most.
        if (bucket > 0 && bucket < LatencyHistogram::BucketCount - 1)
            QVERIFY(bound.count() <= previous.count() + previous.count() / 2 + 1);
        previous = bound;
    }
    QCOMPARE(previous, nanoseconds::max());
}

void StatisticsTest::eachLatencyFallsIntoItsBucket()
{
    for (nanoseconds latency = 1ns; latency < 1000h; latency += latency / 7 + 1ns) {
        LatencyHistogram histogram;
        histogram.record(latency, 1);
        int found = -1;
        for (int bucket = 0; bucket < LatencyHistogram::BucketCount; ++bucket) {
            if (histogram.countAt(bucket) > 0)
                found = bucket;
        }
        QVERIFY(found >= 0);
        QVERIFY2(latency <= LatencyHistogram::upperBound(found), qPrintable(QString::number(latency.count())));
        if (found > 0)
            QVERIFY2(latency >= LatencyHistogram::upperBound(found - 1), qPrintable(QString::number(latency.count())));
    }
}

void StatisticsTest::aBoundBelongsToItsBucket()
{
    for (int bucket = 0; bucket < LatencyHistogram::BucketCount - 1; ++bucket) {
        LatencyHistogram histogram;
        histogram.record(LatencyHistogram::upperBound(bucket), 1);
        histogram.record(LatencyHistogram::upperBound(bucket) + 1ns, 1);
        QCOMPARE(histogram.countAt(bucket), 1);
        QCOMPARE(histogram.countAt(bucket + 1), 1);
    }
}

void StatisticsTest::percentiles()
{
    LatencyHistogram histogram;
    QCOMPARE(histogram.percentile(0.5), 0ns);
    histogram.record(1ms, 90);
    histogram.record(100ms, 9);
    histogram.record(10s, 1);
    QCOMPARE(histogram.count(), 100);
    const auto about = [](nanoseconds value, nanoseconds wanted) { return value >= wanted && value <= wanted * 3 / 2; };
    QVERIFY(about(histogram.percentile(0.0), 1ms));
    QVERIFY(about(histogram.percentile(0.5), 1ms));
    QVERIFY(about(histogram.percentile(0.9), 1ms));
    QVERIFY(about(histogram.percentile(0.95), 100ms));
    QVERIFY(about(histogram.percentile(0.99), 100ms));
    QVERIFY(about(histogram.percentile(1.0), 10s));
    QCOMPARE(histogram.percentile(-1.0), histogram.percentile(0.0));
    QCOMPARE(histogram.percentile(2.0), histogram.percentile(1.0));
}

void StatisticsTest::since()
{
    LatencyHistogram histogram;
    histogram.record(1ms, 90);
    const LatencyHistogram before = histogram;
    QCOMPARE(histogram.since(before).count(), 0);
    histogram.record(100ms, 10);
    const LatencyHistogram recent = histogram.since(before);
    QCOMPARE(recent.count(), 10);
    QCOMPARE(recent.sum(), 1s);
    QVERIFY(recent.percentile(0.01) >= 100ms);
    // Of something else it makes no negative numbers.
    QCOMPARE(before.since(histogram).count(), 0);
    QCOMPARE(before.since(histogram).sum(), 0ns);
}

void StatisticsTest::answersAreCountedByStatus()
{
    class Answering final : public Sink
    {
    public:
        using Sink::countAnswer;
    };
    Answering sink;
    QVERIFY(sink.statistics().answers.isEmpty());
    sink.countAnswer(204);
    const Statistics before = sink.statistics();
    sink.countAnswer(204);
    sink.countAnswer(0);
    QCOMPARE(before.answers, (QMap<int, qint64>{{204, 1}}));
    QCOMPARE(sink.statistics().answers, (QMap<int, qint64>{{0, 1}, {204, 2}}));
    QVERIFY(before != sink.statistics());
}

void StatisticsTest::sum()
{
    LatencyHistogram histogram;
    QCOMPARE(histogram.sum(), 0ns);
    histogram.record(3ms, 2);
    histogram.record(5ns, 1);
    QCOMPARE(histogram.sum(), 6000005ns);
    histogram.record(-1h, 7); // The clock was set back.
    QCOMPARE(histogram.sum(), 6000005ns);
    histogram.record(nanoseconds::max() - 6000005ns, 1);
    QCOMPARE(histogram.sum(), nanoseconds::max());
    histogram.record(1ns, 1);
    QCOMPARE(histogram.sum(), nanoseconds::max());
    LatencyHistogram other;
    other.record(nanoseconds::max() / 2, 3);
    QCOMPARE(other.sum(), nanoseconds::max());
}

void StatisticsTest::extremes()
{
    LatencyHistogram histogram;
    histogram.record(0ns, 1);
    histogram.record(-5ns, 1);
    histogram.record(nanoseconds::max(), 1);
    QCOMPARE(histogram.countAt(0), 2);
    QCOMPARE(histogram.count(), 3);
}

void StatisticsTest::latencyIsThatOfTheClock()
{
    RecordingSink sink;
    const auto clock = std::make_shared<ManualClock>();
    sink.setClock(clock);
    sink.recording()->defer();
    sink.write(Batch(someEvents(3)));
    QVERIFY(waitUntil([&] { return sink.recording()->deferredCalls() == 1; }));
    clock->advance(10s);
    sink.recording()->settle(3);
    const LatencyHistogram latency = sink.statistics().latency;
    QCOMPARE(latency.count(), 3);
    QVERIFY(latency.percentile(0.5) >= 10s);
    QVERIFY(latency.percentile(0.5) <= 15s);
}

void StatisticsTest::countsBytesOnlyWhereLimited()
{
    RecordingSink sink;
    sink.recording()->defer();
    const Event event = someEvent();
    sink.write(event);
    QCOMPARE(sink.statistics().pendingBytes, 0);
    Limits limits;
    limits.bytes = 1000000;
    sink.setLimits(limits);
    QCOMPARE(sink.statistics().pendingBytes, event.estimatedSize()); // What is there already counts.
    sink.write(event);
    QCOMPARE(sink.statistics().pendingBytes, 2 * event.estimatedSize());
    QVERIFY(waitUntil([&] { return sink.recording()->deferredCalls() > 0; }));
    QCOMPARE(sink.statistics().pendingBytes, 2 * event.estimatedSize());
    sink.setLimits(Limits());
    QCOMPARE(sink.statistics().pendingBytes, 0);
    sink.setLimits(limits);
    while (sink.statistics().pending > 0) {
        QVERIFY(waitUntil([&] { return sink.recording()->deferredCalls() > 0; }));
        sink.recording()->settle(1);
    }
    QCOMPARE(sink.statistics().pendingBytes, 0);
}

void StatisticsTest::attemptsStandOutsideTheBalance()
{
    RecordingSink sink;
    sink.recording()->setBehaviour(always(passingFailure()));
    sink.write(Batch(someEvents(4)));
    QVERIFY(waitUntil([&] { return sink.statistics().pending == 0; }));
    QCOMPARE(sink.statistics().failed, 4);
    QCOMPARE(sink.statistics().dropped, 4);
    QCOMPARE(sink.statistics().lastError, passingFailure());
    QVERIFY(sink.statistics().isBalanced());
}

QTEST_GUILESS_MAIN(StatisticsTest)
#include "tst_statistics.moc"
