// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/core/duration.h>

#include <QtCore/QLocale>
#include <QtCore/QRegularExpression>
#include <QtTest/QTest>

using namespace Qanat;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

class TestDuration : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void reads_data();
    void reads();
    void refuses_data();
    void refuses();
    void formats_data();
    void formats();
    void formatIsReadAgain();
    void textIsForPeople();
};

void TestDuration::textIsForPeople()
{
    const QLocale before;
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    QCOMPARE(durationText(0ns), u"0 µs"_s);
    QCOMPARE(durationText(1'234ns), u"1.23 µs"_s);
    QCOMPARE(durationText(999'400ns), u"999 µs"_s);
    QCOMPARE(durationText(999'999ns), u"1 ms"_s);
    QCOMPARE(durationText(1ms), u"1 ms"_s);
    QCOMPARE(durationText(12'345us), u"12.3 ms"_s);
    QCOMPARE(durationText(59s), u"59 s"_s);
    QCOMPARE(durationText(90s), u"1.5 min"_s);
    QCOMPARE(durationText(48h), u"2,880 min"_s);
    QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
    QCOMPARE(durationText(1'500us), u"1,5 ms"_s);
    QLocale::setDefault(before);
}

void TestDuration::reads_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("msecs");

    QTest::newRow("milliseconds") << u"250ms"_s << qint64(250);
    QTest::newRow("seconds") << u"5s"_s << qint64(5000);
    QTest::newRow("minutes") << u"2m"_s << qint64(120000);
    QTest::newRow("hours") << u"1h"_s << qint64(3600000);
    QTest::newRow("days") << u"7d"_s << qint64(604800000);
    QTest::newRow("zero") << u"0s"_s << qint64(0);
    QTest::newRow("leading zeros") << u"007ms"_s << qint64(7);
    QTest::newRow("fraction") << u"1.5s"_s << qint64(1500);
    QTest::newRow("fraction, not a binary one") << u"0.001s"_s << qint64(1);
    QTest::newRow("fraction of a minute") << u"0.05m"_s << qint64(3000);
    QTest::newRow("longest fraction") << u"0.0009765625d"_s << qint64(84375);
    QTest::newRow("zeros behind") << u"1.50000000000000000000s"_s << qint64(1500);
    QTest::newRow("whole with a point") << u"3.0ms"_s << qint64(3);
    QTest::newRow("longest") << u"36500d"_s << qint64(36500) * 86400000;
}

void TestDuration::reads()
{
    QFETCH(QString, text);
    QFETCH(qint64, msecs);
    const auto duration = parseDuration(text);
    QVERIFY2(duration, qPrintable(duration.errorText()));
    QCOMPARE(duration->count(), msecs);
    QVERIFY(duration.errorText().isEmpty());
}

void TestDuration::refuses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("reason");

    QTest::newRow("empty") << QString() << u"it is empty"_s;
    QTest::newRow("no unit") << u"5"_s << u"it has no unit"_s;
    QTest::newRow("no unit behind a fraction") << u"1.5"_s << u"it has no unit"_s;
    QTest::newRow("negative") << u"-5s"_s << u"it is negative"_s;
    QTest::newRow("plus") << u"+5s"_s << u"does not begin with a digit"_s;
    QTest::newRow("unit alone") << u"s"_s << u"does not begin with a digit"_s;
    QTest::newRow("point first") << u".5s"_s << u"does not begin with a digit"_s;
    QTest::newRow("point last") << u"5.s"_s << u"no digit follows the point"_s;
    QTest::newRow("two points") << u"1.2.3s"_s << u"the unit is not known"_s;
    QTest::newRow("comma") << u"1,5s"_s << u"the unit is not known"_s;
    QTest::newRow("unknown unit") << u"5min"_s << u"the unit is not known"_s;
    QTest::newRow("upper case") << u"5S"_s << u"the unit is not known"_s;
    QTest::newRow("microseconds") << u"5us"_s << u"the unit is not known"_s;
    QTest::newRow("blank between") << u"5 s"_s << u"the unit is not known"_s;
    QTest::newRow("blank before") << u" 5s"_s << u"does not begin with a digit"_s;
    QTest::newRow("blank behind") << u"5s "_s << u"the unit is not known"_s;
    QTest::newRow("two") << u"1h30m"_s << u"the unit is not known"_s;
    QTest::newRow("exponent") << u"1e3s"_s << u"the unit is not known"_s;
    QTest::newRow("hexadecimal") << u"0x10s"_s << u"the unit is not known"_s;
    QTest::newRow("digits of another script") << u"٥s"_s << u"does not begin with a digit"_s;
    QTest::newRow("infinite") << u"infs"_s << u"does not begin with a digit"_s;
    QTest::newRow("too fine") << u"1.5ms"_s << u"it is finer than a millisecond"_s;
    QTest::newRow("too fine for this unit") << u"0.0009765625h"_s << u"it is finer than a millisecond"_s;
    QTest::newRow("too fine by digits") << u"0.00000000001d"_s << u"it is finer than a millisecond"_s;
    QTest::newRow("too fine after many zeros")
        << u"1.00000000000000000000000000000000001s"_s << u"it is finer than a millisecond"_s;
    QTest::newRow("too long") << u"36501d"_s << u"it is longer than 36500d"_s;
    QTest::newRow("too long by a fraction") << u"36500.5d"_s << u"it is longer than 36500d"_s;
    QTest::newRow("overflow") << u"9223372036854775808ms"_s << u"it is longer than 36500d"_s;
    QTest::newRow("overflow of everything") << QString(1000, u'9') + u'd' << u"it is longer than 36500d"_s;
}

void TestDuration::refuses()
{
    QFETCH(QString, text);
    QFETCH(QString, reason);
    const auto duration = parseDuration(text);
    QVERIFY(!duration);
    QCOMPARE(duration.value(), 0ms);
    QVERIFY2(duration.errorText().contains(reason), qPrintable(duration.errorText()));
    QVERIFY2(duration.errorText().contains(u'"' + text.left(40)), qPrintable(duration.errorText()));
    QVERIFY2(duration.errorText().contains(u"ms, s, m, h, d"_s), qPrintable(duration.errorText()));
    QVERIFY(duration.errorText().size() < 200);
}

void TestDuration::formats_data()
{
    QTest::addColumn<qint64>("msecs");
    QTest::addColumn<QString>("text");

    QTest::newRow("zero") << qint64(0) << u"0s"_s;
    QTest::newRow("milliseconds") << qint64(1001) << u"1001ms"_s;
    QTest::newRow("seconds") << qint64(90000) << u"90s"_s;
    QTest::newRow("minutes") << qint64(120000) << u"2m"_s;
    QTest::newRow("hours") << qint64(36) * 3600000 << u"36h"_s;
    QTest::newRow("days") << qint64(2) * 86400000 << u"2d"_s;
    QTest::newRow("negative") << qint64(-1500) << u"-1500ms"_s;
    QTest::newRow("most negative") << std::numeric_limits<qint64>::min() << u"-9223372036854775808ms"_s;
}

void TestDuration::formats()
{
    QFETCH(qint64, msecs);
    QFETCH(QString, text);
    QCOMPARE(formatDuration(std::chrono::milliseconds(msecs)), text);
}

void TestDuration::formatIsReadAgain()
{
    for (qint64 msecs = 0; msecs < 36500 * qint64(86400000); msecs = msecs * 3 + 7) {
        for (const qint64 rounded : {msecs, msecs / 1000 * 1000, msecs / 60000 * 60000, msecs / 86400000 * 86400000}) {
            const std::chrono::milliseconds duration(rounded);
            const auto read = parseDuration(formatDuration(duration));
            QVERIFY2(read, qPrintable(read.errorText()));
            QCOMPARE(*read, duration);
        }
    }
}

QTEST_GUILESS_MAIN(TestDuration)
#include "tst_duration.moc"
