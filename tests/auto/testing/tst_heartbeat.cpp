// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/Heartbeat>
#include <Qanat/WaitUntil>

#include <QtTest/qtest.h>

#include <QtCore/qregularexpression.h>
#include <QtCore/qthread.h>

#include <memory>
#include <thread>

using namespace std::chrono_literals;
using namespace Qt::StringLiterals;
using Qanat::Heartbeat;
using Qanat::waitUntil;

namespace {

//! Keeps the thread from its event loop until the control thread has beaten so often.
void blockForControlBeats(const Heartbeat &heartbeat, quint64 count)
{
    const quint64 end = heartbeat.controlBeats() + count;
    while (heartbeat.controlBeats() < end)
        std::this_thread::yield();
}

} // namespace

class HeartbeatTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void beatsWithTheLoop();
    void seesABlockedLoop();
    void countsAGapThatStillLasts();
    void forgetsOnRestart();
    void keepsTheFiguresAfterStop();
    void watchesTheThreadWhereItWasMade();
    void comparesWithTheControl();
};

void HeartbeatTest::beatsWithTheLoop()
{
    const Heartbeat heartbeat;
    QVERIFY(waitUntil([&] { return heartbeat.beats() >= 20; }));
    QVERIFY(waitUntil([&] { return heartbeat.controlBeats() >= 20; }));
    QVERIFY(heartbeat.worstGap() > 0ns);
    QVERIFY(heartbeat.controlWorstGap() > 0ns);
}

void HeartbeatTest::seesABlockedLoop()
{
    const Heartbeat heartbeat;
    QVERIFY(waitUntil([&] { return heartbeat.beats() > 0; }));
    // In this time the control thread has its own worst gap and some 29 others: the excess is those.
    blockForControlBeats(heartbeat, 30);
    QVERIFY(waitUntil([&] { return heartbeat.beats() > 1; }));
    QVERIFY2(!heartbeat.isWithin(), qPrintable(heartbeat.summary()));
    QVERIFY(heartbeat.worstGap() > heartbeat.controlWorstGap());
}

void HeartbeatTest::countsAGapThatStillLasts()
{
    const Heartbeat heartbeat;
    blockForControlBeats(heartbeat, 30);
    QCOMPARE(heartbeat.beats(), quint64(0));
    QVERIFY2(!heartbeat.isWithin(), qPrintable(heartbeat.summary()));
}

void HeartbeatTest::forgetsOnRestart()
{
    Heartbeat heartbeat;
    blockForControlBeats(heartbeat, 30);
    const auto blocked = heartbeat.worstGap();
    const quint64 controlBeats = heartbeat.controlBeats();
    heartbeat.restart();
    QVERIFY(heartbeat.worstGap() < blocked);
    QVERIFY(heartbeat.controlBeats() < controlBeats);
    QVERIFY(waitUntil([&] { return heartbeat.beats() > 0; }));
}

void HeartbeatTest::keepsTheFiguresAfterStop()
{
    Heartbeat heartbeat;
    blockForControlBeats(heartbeat, 30);
    heartbeat.stop();
    const QString summary = heartbeat.summary();
    const auto excess = heartbeat.worstExcess();
    QCOMPARE(excess, heartbeat.worstGap() - heartbeat.controlWorstGap());

    // Another one beats meanwhile, so the time has passed for certain.
    const Heartbeat other;
    QVERIFY(waitUntil([&] { return other.beats() > 10; }));
    QCOMPARE(heartbeat.summary(), summary);

    heartbeat.restart();
    QVERIFY(waitUntil([&] { return heartbeat.beats() > 0 && heartbeat.controlBeats() > 0; }));
    heartbeat.stop();
    heartbeat.stop();
    QVERIFY(heartbeat.summary() != summary);
}

void HeartbeatTest::watchesTheThreadWhereItWasMade()
{
    quint64 beats = 0;
    const std::unique_ptr<QThread> thread(QThread::create([&beats] {
        const Heartbeat heartbeat;
        QVERIFY(waitUntil([&] { return heartbeat.beats() >= 5; }));
        beats = heartbeat.beats();
    }));
    thread->start();
    QVERIFY(thread->wait()); // this thread's own loop does not turn
    QVERIFY(beats >= 5);
}

void HeartbeatTest::comparesWithTheControl()
{
    Heartbeat heartbeat;
    QVERIFY(waitUntil([&] { return heartbeat.beats() > 0; }));
    blockForControlBeats(heartbeat, 30);
    heartbeat.stop();
    const auto excess = heartbeat.worstExcess();
    QVERIFY(excess > 0ns);
    QVERIFY(heartbeat.isWithin(excess));
    QVERIFY(!heartbeat.isWithin(excess - 1ns));
}

QTEST_GUILESS_MAIN(HeartbeatTest)

#include "tst_heartbeat.moc"
