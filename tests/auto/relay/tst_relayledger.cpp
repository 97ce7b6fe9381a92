// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "ledger.h"

#include <Qanat/Clock>

#include <QtCore/qrandom.h>
#include <QtCore/qregularexpression.h>
#include <QtTest/qtest.h>

#include <algorithm>
#include <vector>

using namespace Qt::StringLiterals;
using namespace Qanat;
using Relay::Ledger;
using Relay::Totals;

class tst_RelayLedger : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void countsWhatAllEndpointsHave();
    void leavesWhatACloseLeftOver();
    void agreesWithCountingOneByOne();
};

namespace {

const Delivery refused = Delivery::dropped(Delivery::Error::Refused, u"no"_s);

void read(Ledger &ledger, int count)
{
    for (int i = 0; i < count; ++i)
        ledger.countRead();
}

bool isBalanced(const Totals &totals)
{
    const auto holds = [&](qint64 delivered, qint64 dropped, qint64 pending) {
        return totals.read == totals.rejected + delivered + dropped + pending;
    };
    return holds(totals.delivered, totals.dropped, totals.pending)
           && std::all_of(totals.endpoints.cbegin(), totals.endpoints.cend(), [&](const Totals::Endpoint &endpoint) {
                  return holds(endpoint.delivered, endpoint.dropped, endpoint.pending);
              });
}

} // namespace

void tst_RelayLedger::countsWhatAllEndpointsHave()
{
    Ledger ledger(2, Clock::system());
    read(ledger, 10);
    ledger.countRejected();
    ledger.settle(0, 5, Delivery::delivered());
    QCOMPARE(ledger.totals().delivered, 0);
    QCOMPARE(ledger.totals().pending, 9);
    ledger.settle(1, 2, Delivery::delivered());
    ledger.settle(1, 2, refused);
    QCOMPARE(ledger.totals().delivered, 2);
    QCOMPARE(ledger.totals().dropped, 2);
    QCOMPARE(ledger.totals().pending, 5);
    QCOMPARE(ledger.totals().endpoints.at(0).delivered, 5);
    QCOMPARE(ledger.totals().endpoints.at(1).dropped, 2);
    QVERIFY(isBalanced(ledger.totals()));
}

void tst_RelayLedger::leavesWhatACloseLeftOver()
{
    Ledger ledger(1, Clock::system());
    read(ledger, 3);
    ledger.settle(0, 1, Delivery::delivered());
    ledger.settle(0, 1, Delivery::dropped(Delivery::Error::Unknown, u"?"_s));
    ledger.settle(0, 1, Delivery::dropped(Delivery::Error::Discarded, u"?"_s));
    QCOMPARE(ledger.totals().pending, 2);
    QCOMPARE(ledger.totals().dropped, 0);
}

void tst_RelayLedger::agreesWithCountingOneByOne()
{
    constexpr int events = 2000;
    constexpr int endpoints = 3;
    QRandomGenerator random(1);
    Ledger ledger(endpoints, Clock::system());
    read(ledger, events);
    std::vector<std::vector<bool>> isDropped(endpoints);

    for (;;) {
        const qsizetype endpoint = random.bounded(endpoints);
        std::vector<bool> &own = isDropped.at(static_cast<size_t>(endpoint));
        const int count = std::min(random.bounded(1, 20), events - static_cast<int>(own.size()));
        const bool isRefused = random.bounded(3) == 0;
        ledger.settle(endpoint, count, isRefused ? refused : Delivery::delivered());
        own.insert(own.end(), static_cast<size_t>(count), isRefused);

        const auto shorter = [](const auto &one, const auto &other) { return one.size() < other.size(); };
        const size_t done = std::min_element(isDropped.cbegin(), isDropped.cend(), shorter)->size();
        qint64 dropped = 0;
        for (size_t i = 0; i < done; ++i)
            dropped +=
                std::any_of(isDropped.cbegin(), isDropped.cend(), [i](const auto &all) { return all[i]; }) ? 1 : 0;
        const Totals totals = ledger.totals();
        QCOMPARE(totals.dropped, dropped);
        QCOMPARE(totals.delivered, static_cast<qint64>(done) - dropped);
        QVERIFY(isBalanced(totals));
        if (done == events)
            break;
    }
    QCOMPARE(ledger.totals().pending, 0);
}

QTEST_GUILESS_MAIN(tst_RelayLedger)
#include "tst_relayledger.moc"
