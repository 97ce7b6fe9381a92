// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/CircuitBreaker>

using namespace std::chrono_literals;
using namespace Qanat;
using std::chrono::nanoseconds;

namespace {

Attempt at(nanoseconds now)
{
    Attempt attempt;
    attempt.now = now;
    return attempt;
}

} // namespace

class CircuitBreakerTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void belowTheThresholdNothingWaits();
    void atTheThresholdTheWaitShrinksWithTime();
    void oneMoreFailureArmsItAgain();
    void oneSuccessResetsIt();
    void permanentFailuresDontCount();
    void neverGivesUp();
    void clampsItsArguments();
};

void CircuitBreakerTest::belowTheThresholdNothingWaits()
{
    CircuitBreaker breaker(5, 10s);
    QCOMPARE(breaker.scope(), RetryStrategy::Scope::Endpoint);
    QCOMPARE(breaker.threshold(), 5);
    QCOMPARE(breaker.backoff(), 10s);
    for (int i = 0; i < 4; ++i) {
        QCOMPARE(breaker.delay(at(1h)), 0ns);
        QCOMPARE(breaker.failed(at(1h), passingFailure()), RetryStrategy::Verdict::Retry);
    }
    QCOMPARE(breaker.failures(), 4);
    QCOMPARE(breaker.delay(at(1h)), 0ns);
}

void CircuitBreakerTest::atTheThresholdTheWaitShrinksWithTime()
{
    CircuitBreaker breaker(2, 10s);
    (void)breaker.failed(at(1h), passingFailure());
    (void)breaker.failed(at(1h), passingFailure());
    QCOMPARE(breaker.delay(at(1h)), 10s);
    QCOMPARE(breaker.delay(at(1h + 3s)), 7s);
    QCOMPARE(breaker.delay(at(1h + 10s - 1ns)), 1ns);
    QVERIFY(breaker.delay(at(1h + 10s)) <= 0ns);
    QVERIFY(breaker.delay(at(100h)) <= 0ns);
}

void CircuitBreakerTest::oneMoreFailureArmsItAgain()
{
    CircuitBreaker breaker(2, 10s);
    (void)breaker.failed(at(1h), passingFailure());
    (void)breaker.failed(at(1h), passingFailure());
    QVERIFY(breaker.delay(at(1h + 20s)) <= 0ns);
    (void)breaker.failed(at(1h + 20s), passingFailure());
    QCOMPARE(breaker.delay(at(1h + 20s)), 10s);
}

void CircuitBreakerTest::oneSuccessResetsIt()
{
    CircuitBreaker breaker(2, 10s);
    (void)breaker.failed(at(1h), passingFailure());
    (void)breaker.failed(at(1h), passingFailure());
    breaker.succeeded(at(1h));
    QCOMPARE(breaker.failures(), 0);
    QCOMPARE(breaker.delay(at(1h)), 0ns);
    (void)breaker.failed(at(1h), passingFailure());
    QCOMPARE(breaker.delay(at(1h)), 0ns);
}

void CircuitBreakerTest::permanentFailuresDontCount()
{
    CircuitBreaker breaker(2, 10s);
    (void)breaker.failed(at(1h), passingFailure());
    // It answers, so the service is there.
    QCOMPARE(breaker.failed(at(1h), permanentFailure()), RetryStrategy::Verdict::Retry);
    QCOMPARE(breaker.failures(), 0);
}

void CircuitBreakerTest::neverGivesUp()
{
    CircuitBreaker breaker(1, 1s);
    for (int i = 0; i < 100000; ++i)
        QCOMPARE(breaker.failed(at(1h), passingFailure()), RetryStrategy::Verdict::Retry);
    QCOMPARE(breaker.delay(at(1h)), 1s);
}

void CircuitBreakerTest::clampsItsArguments()
{
    CircuitBreaker breaker(0, -5s);
    QCOMPARE(breaker.threshold(), 1);
    QCOMPARE(breaker.backoff(), 0ns);
    (void)breaker.failed(at(1h), passingFailure());
    QCOMPARE(breaker.delay(at(1h)), 0ns);
}

QTEST_GUILESS_MAIN(CircuitBreakerTest)
#include "tst_circuitbreaker.moc"
