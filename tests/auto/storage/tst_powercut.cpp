// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "storagescenario.h"

using namespace Qt::StringLiterals;
using namespace Qanat;

using Survivors = FaultyDisk::Survivors;

class TestPowerCut : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { beQuietAboutFaults(); }

    void anywhere_data();
    void anywhere();
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

QTEST_GUILESS_MAIN(TestPowerCut)
#include "tst_powercut.moc"
