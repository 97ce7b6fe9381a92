// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/CloseResult>
#include <Qanat/Delivery>
#include <Qanat/WriteResult>

#include <QtCore/qdebug.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class DeliveryTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void successesCarryNothing();
    void failuresSayWhetherToTryAgain();
    void changesMakeCopies();
    void aSuccessIsNotChanged();
    void closedIsFoundThroughItsCauses();
    void theWorseOfTwo();
    void equality();
    void isAValueOfTheMetaObjectSystem();
    void textForPeople();
    void closeResult();
    void writeResult();
};

void DeliveryTest::successesCarryNothing()
{
    for (const Delivery &delivery : {Delivery(), Delivery::delivered(), Delivery::filtered()}) {
        QVERIFY(delivery.isSuccess());
        QVERIFY(!delivery.isFailure());
        QVERIFY(!delivery.canRetry());
        QVERIFY(!delivery.isClosed());
        QCOMPARE(delivery.error(), Delivery::Error::None);
        QCOMPARE(delivery.errorText(), QString());
        QCOMPARE(delivery.retryAfter(), 0ms);
        QCOMPARE(delivery.status(), 0);
        QCOMPARE(delivery.attempts(), 0);
    }
    QCOMPARE(Delivery().outcome(), Delivery::Outcome::Delivered);
    const Delivery untried = Delivery::untried();
    QVERIFY(!untried.isSuccess());
    QVERIFY(!untried.isFailure());
    QVERIFY(untried.canRetry());
}

void DeliveryTest::failuresSayWhetherToTryAgain()
{
    const Delivery passing = Delivery::failed(Delivery::Error::Network, u"cut"_s);
    QVERIFY(passing.isFailure());
    QVERIFY(passing.canRetry());
    QCOMPARE(passing.outcome(), Delivery::Outcome::Failed);
    QCOMPARE(passing.error(), Delivery::Error::Network);
    QCOMPARE(passing.errorText(), u"cut"_s);
    const Delivery permanent = Delivery::failed(Delivery::Error::Refused, u"no"_s, Delivery::Retry::Never);
    QVERIFY(permanent.isFailure());
    QVERIFY(!permanent.canRetry());
    const Delivery dropped = Delivery::dropped(Delivery::Error::Expired, u"old"_s);
    QCOMPARE(dropped.outcome(), Delivery::Outcome::Dropped);
    QVERIFY(!dropped.canRetry());
    QCOMPARE(passing.asDropped().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(passing.asDropped().error(), Delivery::Error::Network);
    QVERIFY(!passing.asDropped().canRetry());
    QVERIFY(passing.canRetry());
}

void DeliveryTest::changesMakeCopies()
{
    const Delivery failure = Delivery::failed(Delivery::Error::Unavailable, u"later"_s);
    const Delivery changed = failure.withRetryAfter(5s).withStatus(503).withAttempts(3).withCause(Delivery::closed());
    QCOMPARE(changed.retryAfter(), 5s);
    QCOMPARE(changed.status(), 503);
    QCOMPARE(changed.attempts(), 3);
    QCOMPARE(changed.cause(), Delivery::closed());
    QCOMPARE(changed.errorText(), u"later"_s);
    QCOMPARE(failure.retryAfter(), 0ms);
    QCOMPARE(failure.status(), 0);
    QCOMPARE(failure.attempts(), 0);
    QVERIFY(failure.cause().isSuccess());
    QCOMPARE(changed.withAnswer(u"no such key"_s).answer(), u"no such key"_s);
    QCOMPARE(changed.answer(), QString());
    QVERIFY(changed.withAnswer(u"x"_s) != changed);
    // What the other side said may be anything: it becomes what an attribute of an event can hold.
    QCOMPARE(changed.withAnswer(u"a\n\x7f\u0085\xfdd0é😀"_s + QChar(0xd800) + u'b').answer(), u"a    é😀 b"_s);
    // Changing a copy leaves what it was copied from.
    const Delivery again = changed.withStatus(500);
    QCOMPARE(again.cause(), Delivery::closed());
    QCOMPARE(changed.status(), 503);
}

void DeliveryTest::aSuccessIsNotChanged()
{
    QCOMPARE(Delivery().withStatus(204).withAttempts(2).withRetryAfter(1s).withCause(Delivery::closed()), Delivery());
    QCOMPARE(Delivery::filtered().asDropped(), Delivery::filtered());
    QCOMPARE(Delivery::untried().asDropped().outcome(), Delivery::Outcome::Untried);
}

void DeliveryTest::closedIsFoundThroughItsCauses()
{
    QVERIFY(Delivery::closed().isClosed());
    QVERIFY(!Delivery::closed().canRetry());
    Delivery wrapped = Delivery::closed();
    for (int i = 0; i < 20; ++i)
        wrapped = Delivery::failed(Delivery::Error::Other, u"around it"_s).withCause(wrapped);
    QVERIFY(wrapped.isClosed());
    QVERIFY(!passingFailure().withCause(permanentFailure()).isClosed());
}

void DeliveryTest::theWorseOfTwo()
{
    // A disk that fails is not hidden by what others refused.
    const Delivery disk = Delivery::failed(Delivery::Error::Storage, u"the disk is full"_s);
    const QList<Delivery> byBadness = {Delivery::filtered(),
                                       Delivery::delivered(),
                                       Delivery::stored(),
                                       Delivery::untried(),
                                       passingFailure(),
                                       disk,
                                       permanentFailure().asDropped(),
                                       disk.asDropped()};
    for (qsizetype i = 0; i < byBadness.size(); ++i) {
        for (qsizetype j = 0; j < byBadness.size(); ++j)
            QCOMPARE(Delivery::worse(byBadness[i], byBadness[j]), byBadness[std::max(i, j)]);
    }
}

void DeliveryTest::equality()
{
    QCOMPARE(passingFailure(), passingFailure());
    QVERIFY(passingFailure() != permanentFailure());
    QVERIFY(passingFailure() != passingFailure().asDropped());
    QVERIFY(passingFailure() != passingFailure().withStatus(1));
    QVERIFY(passingFailure() != passingFailure().withCause(permanentFailure()));
    QVERIFY(Delivery::delivered() != Delivery::filtered());
    Delivery moved = passingFailure();
    const Delivery target = std::move(moved);
    QCOMPARE(target, passingFailure());
}

void DeliveryTest::isAValueOfTheMetaObjectSystem()
{
    const QVariant variant = QVariant::fromValue(passingFailure());
    QCOMPARE(variant.value<Delivery>(), passingFailure());
}

void DeliveryTest::textForPeople()
{
    QCOMPARE(Delivery().toString(), u"delivered"_s);
    const QString text = passingFailure().withStatus(503).withAttempts(2).withCause(permanentFailure()).toString();
    for (const QString &part :
         {u"failed"_s, u"out of order for a while"_s, u"Unavailable"_s, u"503"_s, u"2"_s, u"refused"_s})
        QVERIFY2(text.contains(part), qPrintable(text));
    QVERIFY(!text.contains(u'\n'));
    QString debug;
    QDebug(&debug) << passingFailure();
    QVERIFY(debug.contains(u"out of order for a while"_s));
}

void DeliveryTest::closeResult()
{
    QVERIFY(CloseResult().isClean());
    QVERIFY(!CloseResult(Delivery(), 1, 0).isClean());
    QVERIFY(!CloseResult(permanentFailure(), 0, 0).isClean());
    const CloseResult result(permanentFailure(), 5, 2);
    QCOMPARE(result.left(), 5);
    QCOMPARE(result.unknown(), 2);
    QCOMPARE(result.worst(), permanentFailure());
}

void DeliveryTest::writeResult()
{
    constexpr WriteResult accepted(WriteResult::Status::Accepted, 3);
    QVERIFY(bool(accepted));
    QVERIFY(accepted == WriteResult::Status::Accepted);
    constexpr WriteResult full(WriteResult::Status::Full, 2);
    QVERIFY(!full);
    QVERIFY(full != WriteResult::Status::Accepted);
    QString text;
    QDebug(&text) << accepted << full;
    QCOMPARE(text.trimmed(), u"Qanat::WriteResult(Accepted) Qanat::WriteResult(Full, 2 accepted)"_s);
    QCOMPARE(full.accepted(), 2);
}

QTEST_GUILESS_MAIN(DeliveryTest)
#include "tst_delivery.moc"
