// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/AnswerProfile>

#include <QtTest/qtest.h>

using namespace Qt::StringLiterals;
using Qanat::AnswerProfile;
using Reading = AnswerProfile::Reading;

class TestAnswerProfile : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readings_data();
    void readings();
    void everyStatusHasOne();
    void names();
    void exceptions();
    void refusalLimits();
    void equality();
};

void TestAnswerProfile::readings_data()
{
    QTest::addColumn<QString>("profile");
    QTest::addColumn<QList<int>>("statuses");
    QTest::addColumn<Reading>("reading");

    // As docs/contract.md says, "Delivery over HTTP".
    const QList<int> endpoint{100, 101, 300, 301, 302, 304, 307, 308, 399, 401, 402, 403,
                              404, 405, 406, 407, 411, 415, 421, 431, 451, 501, 505, 511};
    QTest::newRow("default, delivered") << u"default"_s << QList<int>{200, 201, 204, 250, 299} << Reading::Delivered;
    QTest::newRow("default, passing") << u"default"_s
                                      << QList<int>{408, 425, 429, 500, 502, 503, 504, 506, 510, 599, 600, 999}
                                      << Reading::PassingFault;
    QTest::newRow("default, payload") << u"default"_s
                                      << QList<int>{400, 409, 412, 413, 414, 416, 417, 418, 422, 426, 499}
                                      << Reading::PayloadFault;
    QTest::newRow("default, endpoint") << u"default"_s << endpoint << Reading::EndpointFault;
    QTest::newRow("default, gone") << u"default"_s << QList<int>{410} << Reading::Gone;
    QTest::newRow("otlp, delivered") << u"otlp"_s << QList<int>{200, 202, 299} << Reading::Delivered;
    QTest::newRow("otlp, passing") << u"otlp"_s << QList<int>{429, 502, 503, 504} << Reading::PassingFault;
    QTest::newRow("otlp, payload") << u"otlp"_s << QList<int>{400, 401, 404, 408, 410, 413, 500, 501, 505, 599}
                                   << Reading::PayloadFault;
    QTest::newRow("otlp, endpoint") << u"otlp"_s << QList<int>{100, 302, 307} << Reading::EndpointFault;
    QTest::newRow("webhooks, delivered") << u"standard-webhooks"_s << QList<int>{200, 204, 299} << Reading::Delivered;
    QTest::newRow("webhooks, passing") << u"standard-webhooks"_s
                                       << QList<int>{100, 301, 302, 400, 401, 404, 413, 422, 429, 500, 503, 511}
                                       << Reading::PassingFault;
    QTest::newRow("webhooks, gone") << u"standard-webhooks"_s << QList<int>{410} << Reading::Gone;
}

void TestAnswerProfile::readings()
{
    QFETCH(const QString, profile);
    QFETCH(const QList<int>, statuses);
    QFETCH(const Reading, reading);
    const auto named = AnswerProfile::named(profile);
    QVERIFY(named);
    for (const int status : statuses)
        QVERIFY2(named->reading(status) == reading, qPrintable(QString::number(status)));
}

void TestAnswerProfile::everyStatusHasOne()
{
    for (const QString &name : AnswerProfile::names()) {
        const AnswerProfile profile = AnswerProfile::named(name).value();
        for (int status = 100; status < 1000; ++status)
            QCOMPARE(profile.reading(status) == Reading::Delivered, status >= 200 && status < 300);
        // What no server should send is no success.
        for (const int status : {-1, 0, 1, 99, 1000, 20000})
            QVERIFY(profile.reading(status) != Reading::Delivered);
    }
}

void TestAnswerProfile::names()
{
    QCOMPARE(AnswerProfile::names(), (QStringList{u"default"_s, u"otlp"_s, u"standard-webhooks"_s}));
    for (const QString &name : AnswerProfile::names())
        QCOMPARE(AnswerProfile::named(name)->name(), name);
    QCOMPARE(AnswerProfile().name(), u"default"_s);
    QCOMPARE(AnswerProfile::otlp(), AnswerProfile::named(u"otlp"_s).value());
    QCOMPARE(AnswerProfile::standardWebhooks(), AnswerProfile::named(u"standard-webhooks"_s).value());
    const auto unknown = AnswerProfile::named(u"OTLP"_s);
    QVERIFY(!unknown);
    QVERIFY2(unknown.errorText().contains(u"default, otlp, standard-webhooks"_s), qPrintable(unknown.errorText()));
}

void TestAnswerProfile::exceptions()
{
    const AnswerProfile basis;
    const AnswerProfile changed = basis.withReading(409, Reading::Delivered)
                                      .withReading(500, Reading::PayloadFault)
                                      .withReading(200, Reading::Gone);
    QCOMPARE(changed.reading(409), Reading::Delivered);
    QCOMPARE(changed.reading(500), Reading::PayloadFault);
    QCOMPARE(changed.reading(200), Reading::Gone);
    QCOMPARE(changed.reading(201), Reading::Delivered);
    QCOMPARE(changed.name(), u"default"_s);
    QCOMPARE(basis.reading(409), Reading::PayloadFault);
    QCOMPARE(basis.withReading(99, Reading::Delivered).withReading(1000, Reading::Delivered), basis);
}

void TestAnswerProfile::refusalLimits()
{
    QCOMPARE(AnswerProfile().refusalLimit(), 10);
    QCOMPARE(AnswerProfile::otlp().refusalLimit(), 0);
    QCOMPARE(AnswerProfile::standardWebhooks().refusalLimit(), 0);
    QCOMPARE(AnswerProfile().withRefusalLimit(3).refusalLimit(), 3);
    QCOMPARE(AnswerProfile().withRefusalLimit(-1).refusalLimit(), 0);
}

void TestAnswerProfile::equality()
{
    QCOMPARE(AnswerProfile(), AnswerProfile());
    QVERIFY(AnswerProfile() != AnswerProfile::otlp());
    QVERIFY(AnswerProfile() != AnswerProfile().withRefusalLimit(3));
    QVERIFY(AnswerProfile() != AnswerProfile().withReading(409, Reading::Delivered));
    QCOMPARE(AnswerProfile().withReading(409, Reading::Delivered),
             AnswerProfile().withReading(409, Reading::Delivered));
}

QTEST_GUILESS_MAIN(TestAnswerProfile)

#include "tst_answerprofile.moc"
