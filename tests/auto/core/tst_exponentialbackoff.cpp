// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/ExponentialBackoff>

#include <limits>

using namespace std::chrono_literals;
using namespace Qanat;
using std::chrono::nanoseconds;

class ExponentialBackoffTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void freshAndAfterASuccessItIsZero();
    void theBoundFollowsTheFormula();
    void theBoundNeverShrinksNorOverflows_data();
    void theBoundNeverShrinksNorOverflows();
    void defaults();
    void chanceIsAskedForTheBound();
    void withoutAChanceItStaysWithinTheBound();
    void permanentFailuresDontCount();
    void neverGivesUp();
};

void ExponentialBackoffTest::freshAndAfterASuccessItIsZero()
{
    ExponentialBackoff backoff(1s, 1s, 20s);
    backoff.setChance([](qint64 end) { return end - 1; });
    const Attempt attempt{Batch(someEvent()), 1, 1h};
    QCOMPARE(backoff.scope(), RetryStrategy::Scope::Key);
    QCOMPARE(backoff.bound(0), 0ns);
    QCOMPARE(backoff.bound(-1), 0ns);
    QCOMPARE(backoff.delay(attempt), 0ns);
    (void)backoff.failed(attempt, passingFailure());
    QCOMPARE(backoff.delay(attempt), 2s - 1ns);
    backoff.succeeded(attempt);
    QCOMPARE(backoff.delay(attempt), 0ns);
}

void ExponentialBackoffTest::theBoundFollowsTheFormula()
{
    const ExponentialBackoff backoff(1s, 1s, 20s);
    QCOMPARE(backoff.bound(1), 2s);
    QCOMPARE(backoff.bound(2), 3s);
    QCOMPARE(backoff.bound(3), 5s);
    QCOMPARE(backoff.bound(4), 9s);
    QCOMPARE(backoff.bound(5), 17s);
    QCOMPARE(backoff.bound(6), 20s);
    QCOMPARE(backoff.bound(7), 20s);
    const ExponentialBackoff base0(0ns, 1ms, 1h);
    QCOMPARE(base0.bound(1), 1ms);
    QCOMPARE(base0.bound(11), 1024ms);
}

void ExponentialBackoffTest::theBoundNeverShrinksNorOverflows_data()
{
    QTest::addColumn<qint64>("base");
    QTest::addColumn<qint64>("factor");
    QTest::addColumn<qint64>("max");
    const qint64 most = std::numeric_limits<qint64>::max();
    const qint64 second = nanoseconds(1s).count();
    QTest::newRow("defaults") << second << second << 20 * second;
    QTest::newRow("base 0") << qint64(0) << second << 20 * second;
    QTest::newRow("base 0, smallest factor, largest max") << qint64(0) << qint64(1) << most;
    QTest::newRow("everything largest") << most << most << most;
    QTest::newRow("largest factor") << qint64(0) << most << most;
    QTest::newRow("factor just beyond the half") << qint64(1) << most / 2 + 1 << most;
    QTest::newRow("smallest") << qint64(0) << qint64(1) << qint64(1);
    QTest::newRow("base beyond max") << 30 * second << second << 20 * second;
}

void ExponentialBackoffTest::theBoundNeverShrinksNorOverflows()
{
    QFETCH(qint64, base);
    QFETCH(qint64, factor);
    QFETCH(qint64, max);
    const ExponentialBackoff backoff{nanoseconds(base), nanoseconds(factor), nanoseconds(max)};
    nanoseconds previous{0};
    for (int n = 0; n <= 10000; ++n) {
        const nanoseconds bound = backoff.bound(n);
        QVERIFY2(bound >= previous, qPrintable(QString::number(n)));
        QVERIFY(bound.count() <= max);
        if (n > 0 && n < 50) {
            // The same without a shift: in 128 bits nothing overflows here.
            const long double exact = std::min<long double>(static_cast<long double>(max),
                                                            static_cast<long double>(base)
                                                                + static_cast<long double>(factor)
                                                                      * static_cast<long double>(1LL << (n - 1)));
            QVERIFY(std::abs(exact - static_cast<long double>(bound.count())) <= 1.0L);
        }
        previous = bound;
    }
    QCOMPARE(previous.count(), max);
    QCOMPARE(backoff.bound(std::numeric_limits<int>::max()).count(), max);
}

void ExponentialBackoffTest::defaults()
{
    QCOMPARE(ExponentialBackoff::DefaultBase, 1s);
    QCOMPARE(ExponentialBackoff::DefaultFactor, 1s);
    QCOMPARE(ExponentialBackoff::DefaultMax, 20s);
    for (const ExponentialBackoff &backoff :
         {ExponentialBackoff(), ExponentialBackoff(1s, 0s, 0s), ExponentialBackoff(1s, -3s, -3s)}) {
        QCOMPARE(backoff.bound(1), 2s);
        QCOMPARE(backoff.bound(100), 20s);
    }
    const ExponentialBackoff negative(-5s);
    QCOMPARE(negative.bound(1), 1s);
}

void ExponentialBackoffTest::chanceIsAskedForTheBound()
{
    ExponentialBackoff backoff(1s, 1s, 20s);
    QList<qint64> asked;
    backoff.setChance([&asked](qint64 end) {
        asked.append(end);
        return qint64(7);
    });
    const Attempt attempt{Batch(someEvent()), 1, 1h};
    (void)backoff.failed(attempt, passingFailure());
    QCOMPARE(backoff.delay(attempt), 7ns);
    (void)backoff.failed(attempt, passingFailure());
    QCOMPARE(backoff.delay(attempt), 7ns);
    QCOMPARE(asked, QList<qint64>({nanoseconds(2s).count(), nanoseconds(3s).count()}));
}

void ExponentialBackoffTest::withoutAChanceItStaysWithinTheBound()
{
    ExponentialBackoff backoff(0ns, 1s, 1s);
    const Attempt attempt{Batch(someEvent()), 1, 1h};
    (void)backoff.failed(attempt, passingFailure());
    int lower = 0;
    for (int i = 0; i < 2000; ++i) {
        const nanoseconds delay = backoff.delay(attempt);
        QVERIFY(delay >= 0ns);
        QVERIFY(delay < 1s);
        lower += delay < 500ms;
    }
    // Uniform: half of them within a range that by chance is left once in 10^19 runs.
    QVERIFY2(lower > 800 && lower < 1200, qPrintable(QString::number(lower)));
}

void ExponentialBackoffTest::permanentFailuresDontCount()
{
    ExponentialBackoff backoff;
    const Attempt attempt{Batch(someEvent()), 1, 1h};
    (void)backoff.failed(attempt, passingFailure());
    QCOMPARE(backoff.failed(attempt, permanentFailure()), RetryStrategy::Verdict::Retry);
    QCOMPARE(backoff.delay(attempt), 0ns);
}

void ExponentialBackoffTest::neverGivesUp()
{
    ExponentialBackoff backoff;
    const Attempt attempt{Batch(someEvent()), 1, 1h};
    for (int i = 0; i < 10000; ++i)
        QCOMPARE(backoff.failed(attempt, passingFailure()), RetryStrategy::Verdict::Retry);
    QVERIFY(backoff.delay(attempt) < 20s);
}

QTEST_GUILESS_MAIN(ExponentialBackoffTest)
#include "tst_exponentialbackoff.moc"
