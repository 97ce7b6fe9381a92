// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/ByteSize>

#include <QtTest/qtest.h>

using namespace Qanat;
using namespace Qt::StringLiterals;

class TestByteSize : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void reads_data();
    void reads();
    void refuses_data();
    void refuses();
    void isReadAgain();
};

void TestByteSize::reads_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("bytes");
    QTest::newRow("bytes") << u"512B"_s << qint64(512);
    QTest::newRow("kB") << u"20kB"_s << qint64(20'000);
    QTest::newRow("KiB") << u"256KiB"_s << qint64(262'144);
    QTest::newRow("MB") << u"10MB"_s << qint64(10'000'000);
    QTest::newRow("MiB") << u"16MiB"_s << qint64(16'777'216);
    QTest::newRow("GB") << u"3GB"_s << qint64(3'000'000'000);
    QTest::newRow("GiB") << u"1GiB"_s << qint64(1'073'741'824);
    QTest::newRow("fraction") << u"1.5MiB"_s << qint64(1'572'864);
    QTest::newRow("fraction, not a binary one") << u"0.001kB"_s << qint64(1);
    QTest::newRow("small fraction") << u"0.000000001GB"_s << qint64(1);
    QTest::newRow("zero") << u"0B"_s << qint64(0);
    QTest::newRow("most") << u"576460752303423487B"_s << qint64(576460752303423487);
}

void TestByteSize::reads()
{
    QFETCH(QString, text);
    QFETCH(qint64, bytes);
    const auto size = parseByteSize(text);
    QVERIFY2(size, qPrintable(size.errorText()));
    QCOMPARE(*size, bytes);
}

void TestByteSize::refuses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("reason");
    QTest::newRow("empty") << QString() << u"it is empty"_s;
    QTest::newRow("no unit") << u"20"_s << u"it has no unit"_s;
    QTest::newRow("another case") << u"20KB"_s << u"the unit is not known"_s;
    QTest::newRow("negative") << u"-1B"_s << u"it is negative"_s;
    QTest::newRow("blank") << u"1 kB"_s << u"the unit is not known"_s;
    QTest::newRow("part of a byte") << u"0.5B"_s << u"it is finer than a byte"_s;
    QTest::newRow("part of a byte, long") << u"0.00000000000000000000001GiB"_s << u"it is finer than a byte"_s;
    QTest::newRow("one too many") << u"576460752303423488B"_s << u"it is too large"_s;
    QTest::newRow("huge") << QString(4000, u'9') + u"GiB"_s << u"it is too large"_s;
}

void TestByteSize::refuses()
{
    QFETCH(QString, text);
    QFETCH(QString, reason);
    const auto size = parseByteSize(text);
    QVERIFY(!size);
    QVERIFY2(size.errorText().contains(u"is no size: "_s + reason), qPrintable(size.errorText()));
}

void TestByteSize::isReadAgain()
{
    QCOMPARE(formatByteSize(0), u"0B"_s);
    QCOMPARE(formatByteSize(1000), u"1kB"_s);
    QCOMPARE(formatByteSize(1024), u"1KiB"_s);
    QCOMPARE(formatByteSize(1001), u"1001B"_s);
    for (const qint64 bytes : {qint64(1), qint64(999), qint64(10'000'000), qint64(3) << 30, qint64(1'234'567'890'123)})
        QCOMPARE(parseByteSize(formatByteSize(bytes)).value(), bytes);
}

QTEST_GUILESS_MAIN(TestByteSize)

#include "tst_bytesize.moc"
