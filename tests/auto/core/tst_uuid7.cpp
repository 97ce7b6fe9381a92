// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "uuid7_p.h"

#include <QtCore/QRegularExpression>
#include <QtCore/QUuid>
#include <QtCore/qendian.h>
#include <QtTest/QTest>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#ifdef Q_OS_UNIX
#    include <sys/wait.h>
#    include <unistd.h>
#endif

using namespace Qanat;
using namespace Qt::StringLiterals;

namespace {

qint64 msecsOf(const UuidBytes &bytes)
{
    return qint64(qFromBigEndian<quint64>(bytes.data()) >> 16);
}

qint64 wallClock()
{
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

} // namespace

class TestUuid7 : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void hasVersionAndVariant();
    void hasTheTime();
    void increasesInOneThread();
    void increasesWhenTheClockStepsBack();
    void increasesWhenOneMillisecondIsUsedUp();
    void isUniqueAcrossThreads();
    void isUniqueAcrossFork();
    void textIsReadAgain();
    void otherTextIsNone_data();
    void otherTextIsNone();
};

void TestUuid7::hasVersionAndVariant()
{
    for (int i = 0; i < 10000; ++i) {
        const Uuid7 made = makeUuid7();
        QCOMPARE(made.bytes[6] >> 4, 7);
        QCOMPARE(made.bytes[8] >> 6, 0b10);
    }
    const QUuid uuid(uuidToText(makeUuid7().bytes));
    QCOMPARE(uuid.variant(), QUuid::DCE);
    QCOMPARE(int(uuid.data3 >> 12), 7);
}

void TestUuid7::hasTheTime()
{
    // In a thread of its own: no other test has moved its millisecond on.
    std::thread([] {
        for (int i = 0; i < 10000; ++i) {
            const qint64 before = wallClock();
            const Uuid7 made = makeUuid7();
            const qint64 after = wallClock();
            QVERIFY(made.wallClockMSecs >= before && made.wallClockMSecs <= after);
            QVERIFY(msecsOf(made.bytes) >= before && msecsOf(made.bytes) <= after);
        }
    }).join();
    const Uuid7 known = makeUuid7At(0x0123456789ab);
    QCOMPARE(known.wallClockMSecs, qint64(0x0123456789ab));
    QVERIFY(msecsOf(known.bytes) >= 0x0123456789ab);
}

void TestUuid7::increasesInOneThread()
{
    UuidBytes last = makeUuid7().bytes;
    for (int i = 0; i < 1000000; ++i) {
        const UuidBytes next = makeUuid7().bytes;
        if (!(last < next))
            QFAIL(qPrintable(uuidToText(last) + u" then "_s + uuidToText(next)));
        last = next;
    }
}

void TestUuid7::increasesWhenTheClockStepsBack()
{
    std::thread([] {
        constexpr qint64 now = 1700000000000;
        UuidBytes last = makeUuid7At(now).bytes;
        for (const qint64 step : {0, -1, -3600000, 0, 5, 4, 1000000, -5}) {
            for (int i = 0; i < 1000; ++i) {
                const Uuid7 next = makeUuid7At(now + step);
                QVERIFY(last < next.bytes);
                QCOMPARE(next.wallClockMSecs, now + step);
                last = next.bytes;
            }
        }
        // The clock is followed again once it has caught up.
        QCOMPARE(msecsOf(makeUuid7At(now + 1000001).bytes), now + 1000001);
    }).join();
}

void TestUuid7::increasesWhenOneMillisecondIsUsedUp()
{
    std::thread([] {
        constexpr qint64 now = 1700000000000;
        constexpr int most = (1 << 26) + 1;
        UuidBytes last = makeUuid7At(now).bytes;
        int made = 0;
        while (msecsOf(last) == now && made < most) {
            const UuidBytes next = makeUuid7At(now).bytes;
            if (!(last < next))
                QFAIL("not greater");
            last = next;
            ++made;
        }
        QVERIFY(made >= 1 << 25);
        QCOMPARE(msecsOf(last), now + 1);
    }).join();
}

void TestUuid7::isUniqueAcrossThreads()
{
    constexpr std::size_t threads = 8;
    constexpr std::size_t each = 100000;
    std::vector<UuidBytes> ids(threads * each);
    std::vector<std::thread> makers;
    makers.reserve(threads);
    for (std::size_t t = 0; t < threads; ++t) {
        makers.emplace_back([&ids, t] {
            // One millisecond for all: only counter and random bits can differ.
            for (std::size_t i = 0; i < each; ++i)
                ids[t * each + i] = makeUuid7At(1700000000000).bytes;
        });
    }
    for (std::thread &maker : makers)
        maker.join();
    std::sort(ids.begin(), ids.end());
    QVERIFY(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

void TestUuid7::isUniqueAcrossFork()
{
#ifdef Q_OS_UNIX
    constexpr std::size_t count = 100;
    const qint64 now = wallClock() + 1000;
    (void)makeUuid7();
    const auto makeAll = [now] {
        std::vector<UuidBytes> ids;
        for (std::size_t i = 0; i < count; ++i)
            ids.push_back(makeUuid7At(now + qint64(i)).bytes);
        return ids;
    };

    int ends[2];
    QCOMPARE(pipe(ends), 0);
    const pid_t child = fork();
    QVERIFY(child >= 0);
    if (child == 0) {
        const auto ids = makeAll();
        const auto size = ssize_t(ids.size() * sizeof(UuidBytes));
        _exit(write(ends[1], ids.data(), std::size_t(size)) == size ? 0 : 1);
    }
    close(ends[1]);
    std::vector<UuidBytes> ids = makeAll();
    std::vector<UuidBytes> ofChild(count);
    const ssize_t received = read(ends[0], ofChild.data(), count * sizeof(UuidBytes));
    close(ends[0]);
    int status = -1;
    QCOMPARE(waitpid(child, &status, 0), child);
    QCOMPARE(status, 0);
    QCOMPARE(received, ssize_t(count * sizeof(UuidBytes)));
    ids.insert(ids.end(), ofChild.begin(), ofChild.end());
    std::sort(ids.begin(), ids.end());
    QVERIFY(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
#else
    QSKIP("There is no fork here.");
#endif
}

void TestUuid7::textIsReadAgain()
{
    for (int i = 0; i < 1000; ++i) {
        const UuidBytes bytes = makeUuid7().bytes;
        const QString text = uuidToText(bytes);
        QCOMPARE(text, QUuid(text).toString(QUuid::WithoutBraces));
        QVERIFY(uuidFromText(text) == bytes);
    }
}

void TestUuid7::otherTextIsNone_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << QString();
    QTest::newRow("upper case") << u"0189EAB0-1234-7abc-8def-0123456789ab"_s;
    QTest::newRow("braces") << u"{0189eab0-1234-7abc-8def-0123456789ab}"_s;
    QTest::newRow("no dashes") << u"0189eab012347abc8def0123456789ab"_s;
    QTest::newRow("dash elsewhere") << u"0189eab-01234-7abc-8def-0123456789ab"_s;
    QTest::newRow("dash for a digit") << u"0189eab0-1234-7abc-8def-0123456789a-"_s;
    QTest::newRow("not hexadecimal") << u"0189eab0-1234-7abc-8def-0123456789ag"_s;
    QTest::newRow("too long") << u"0189eab0-1234-7abc-8def-0123456789abc"_s;
}

void TestUuid7::otherTextIsNone()
{
    QFETCH(QString, text);
    QVERIFY(!uuidFromText(text));
}

QTEST_GUILESS_MAIN(TestUuid7)
#include "tst_uuid7.moc"
