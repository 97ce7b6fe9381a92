// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "storagescenario.h"

using namespace Qt::StringLiterals;
using namespace Qanat;

using Call = FaultyDisk::Call;
using Fault = FaultyDisk::Fault;
using Survivors = FaultyDisk::Survivors;

class TestPowerCut : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { beQuietAboutFaults(); }

    void anywhere_data();
    void anywhere();
    void afterAFailedSync_data();
    void afterAFailedSync();
    void whileAFailureIsMended();
};

void TestPowerCut::anywhere_data()
{
    QTest::addColumn<int>("survivors");
    QTest::newRow("nothing else survives") << int(Survivors::None);
    QTest::newRow("the beginning survives") << int(Survivors::Beginning);
    QTest::newRow("some sectors survive") << int(Survivors::Some);
    QTest::newRow("all survives") << int(Survivors::All);
}

void TestPowerCut::anywhere()
{
    QFETCH(const int, survivors);
    int places = 0;
    for (bool wasCut = true; wasCut; ++places) {
        Spool spool;
        spool.disk().cut(places + 1);
        const auto powerIsBack = [&] {
            wasCut = spool.disk().isCut();
            if (wasCut)
                spool.restore(Survivors(survivors), quint32(places));
        };
        firstRun(spool);
        powerIsBack();
        const bool wasFirst = wasCut;
        lastRun(spool);
        if (!wasFirst)
            powerIsBack();
        spool.disk().heal();
        lastRun(spool);
        settle(spool);
        QVERIFY2(spool.ledger.complaints.isEmpty(), qPrintable(u"%1: "_s.arg(places + 1) + spool.ledger.said()));
    }
    qInfo("%d places", places - 1);
    QVERIFY(places > 20);
}

void TestPowerCut::afterAFailedSync_data()
{
    anywhere_data();
}

// The system takes for written what a failed sync has left behind: who goes on with it loses it.
void TestPowerCut::afterAFailedSync()
{
    QFETCH(const int, survivors);
    int number = 1;
    for (bool hasFailed = true; hasFailed; ++number) {
        for (const int more : {0, 1, 2}) {
            Spool spool;
            // One, or several in a row: that of the close after the first one, and so on.
            spool.disk().fail(Call::Sync, number, more == 0 ? Fault::Passing : Fault::Lasting);
            spool.disk().setMostFailures(1 + more);
            firstRun(spool, [&] { spool.disk().cut(); });
            hasFailed = spool.disk().hasFailed();
            spool.disk().heal();
            spool.restore(Survivors(survivors), quint32(number));
            lastRun(spool);
            settle(spool);
            QVERIFY2(spool.ledger.complaints.isEmpty(),
                     qPrintable(u"%1 and %2 more: "_s.arg(number).arg(more) + spool.ledger.said()));
        }
    }
    qInfo("%d places", number - 2);
    QVERIFY(number > 10);
}

// Soon after a failed sync, when the store is opened anew and sees to what has become of the last transaction.
void TestPowerCut::whileAFailureIsMended()
{
    constexpr int MostSteps = 16;
    int number = 1;
    for (bool hasFailed = true; hasFailed; ++number) {
        for (int steps = 1; steps <= MostSteps && (hasFailed || steps == 1); ++steps) {
            Spool spool;
            // That of the close fails, too, or it would leave nothing to see to.
            spool.disk().fail(Call::Sync, number, Fault::Lasting);
            spool.disk().setMostFailures(2);
            spool.disk().cutAfterFailure(steps);
            firstRun(spool, [&] { spool.disk().cut(); });
            hasFailed = spool.disk().hasFailed();
            spool.disk().heal();
            spool.restore(steps % 2 == 0 ? Survivors::All : Survivors::Some, quint32(number * MostSteps + steps));
            lastRun(spool);
            settle(spool);
            QVERIFY2(spool.ledger.complaints.isEmpty(),
                     qPrintable(u"%1 and %2 steps: "_s.arg(number).arg(steps) + spool.ledger.said()));
        }
    }
    qInfo("%d places", number - 2);
    QVERIFY(number > 10);
}

QTEST_GUILESS_MAIN(TestPowerCut)
#include "tst_powercut.moc"
