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
    void countsWhatNobodyWants();
    void leavesWhatACloseLeftOver();
    void tellsThoseWithOneIdApart();
    void agreesWithCountingOneByOne();
};

namespace {

const Delivery refused = Delivery::dropped(Delivery::Error::Refused, u"no"_s);

Event eventOf(int number)
{
    Event event(u"t"_s);
    event.setId(QString::number(number));
    return event;
}

void read(Ledger &ledger, const Event &event, const std::vector<qsizetype> &endpoints)
{
    ledger.countRead();
    ledger.expect(event, endpoints);
}

bool isBalanced(const Totals &totals)
{
    const qint64 events = totals.read - totals.rejected;
    return events == totals.filtered + totals.delivered + totals.dropped + totals.pending
           && std::all_of(totals.endpoints.cbegin(), totals.endpoints.cend(), [&](const Totals::Endpoint &endpoint) {
                  return events == endpoint.filtered + endpoint.delivered + endpoint.dropped + endpoint.pending;
              });
}

} // namespace

void tst_RelayLedger::countsWhatAllEndpointsHave()
{
    Ledger ledger(2, Ledger::Keeping::Events, Clock::system());
    for (int i = 0; i < 9; ++i)
        read(ledger, eventOf(i), {0, 1});
    ledger.countRead();
    ledger.countRejected();
    for (int i = 0; i < 5; ++i)
        ledger.settle(0, eventOf(i), Delivery::delivered());
    QCOMPARE(ledger.totals().delivered, 0);
    QCOMPARE(ledger.totals().pending, 9);
    // In any order.
    ledger.settle(1, eventOf(8), Delivery::delivered());
    ledger.settle(1, eventOf(1), Delivery::delivered());
    ledger.settle(1, eventOf(4), Delivery::delivered());
    ledger.settle(1, eventOf(0), refused);
    ledger.settle(1, eventOf(3), refused);
    QCOMPARE(ledger.totals().delivered, 2);
    QCOMPARE(ledger.totals().dropped, 2);
    QCOMPARE(ledger.totals().pending, 5);
    QCOMPARE(ledger.totals().endpoints.at(0).delivered, 5);
    QCOMPARE(ledger.totals().endpoints.at(1).dropped, 2);
    QVERIFY(isBalanced(ledger.totals()));
}

void tst_RelayLedger::countsWhatNobodyWants()
{
    Ledger ledger(2, Ledger::Keeping::Events, Clock::system());
    read(ledger, eventOf(1), {});
    read(ledger, eventOf(2), {1});
    ledger.settle(1, eventOf(2), Delivery::delivered());
    const Totals totals = ledger.totals();
    QCOMPARE(totals.filtered, 1);
    QCOMPARE(totals.delivered, 1);
    QCOMPARE(totals.endpoints.at(0).filtered, 2);
    QCOMPARE(totals.endpoints.at(1).filtered, 1);
    QVERIFY(isBalanced(totals));
}

void tst_RelayLedger::leavesWhatACloseLeftOver()
{
    Ledger ledger(1, Ledger::Keeping::Events, Clock::system());
    for (int i = 0; i < 3; ++i)
        read(ledger, eventOf(i), {0});
    ledger.settle(0, eventOf(0), Delivery::delivered());
    ledger.settle(0, eventOf(1), Delivery::dropped(Delivery::Error::Unknown, u"?"_s));
    ledger.settle(0, eventOf(2), Delivery::dropped(Delivery::Error::Discarded, u"?"_s));
    QCOMPARE(ledger.totals().pending, 2);
    QCOMPARE(ledger.totals().dropped, 0);
}

void tst_RelayLedger::tellsThoseWithOneIdApart()
{
    Ledger ledger(2, Ledger::Keeping::Events, Clock::system());
    read(ledger, eventOf(1), {0, 1});
    read(ledger, eventOf(1), {0, 1});
    Event other = eventOf(1);
    other.setSource(u"/elsewhere"_s);
    read(ledger, other, {0});
    ledger.settle(0, eventOf(1), refused);
    ledger.settle(0, eventOf(1), Delivery::delivered());
    QCOMPARE(ledger.totals().pending, 3);
    ledger.settle(1, eventOf(1), Delivery::delivered());
    ledger.settle(1, eventOf(1), Delivery::delivered());
    QCOMPARE(ledger.totals().dropped, 1);
    QCOMPARE(ledger.totals().delivered, 1);
    ledger.settle(0, other, Delivery::delivered());
    QCOMPARE(ledger.totals().delivered, 2);
    QVERIFY(isBalanced(ledger.totals()));
}

void tst_RelayLedger::agreesWithCountingOneByOne()
{
    constexpr int Events = 2000;
    constexpr int Endpoints = 3;
    QRandomGenerator random(1);
    Ledger ledger(Endpoints, Ledger::Keeping::Events, Clock::system());
    struct Mark
    {
        int missing = 0;
        bool isDropped = false;
    };
    std::vector<Mark> marks(Events);
    std::vector<std::pair<int, qsizetype>> open; // Event and endpoint
    for (int i = 0; i < Events; ++i) {
        std::vector<qsizetype> takers;
        for (qsizetype endpoint = 0; endpoint < Endpoints; ++endpoint) {
            if (random.bounded(4) > 0) {
                takers.push_back(endpoint);
                open.emplace_back(i, endpoint);
            }
        }
        marks[static_cast<size_t>(i)].missing = static_cast<int>(takers.size());
        read(ledger, eventOf(i), takers);
    }
    const auto unwanted = std::count_if(marks.begin(), marks.end(), [](const Mark &mark) { return mark.missing == 0; });
    qint64 delivered = 0;
    qint64 dropped = 0;
    while (!open.empty()) {
        std::swap(open[random.bounded(quint32(open.size()))], open.back());
        const auto [number, endpoint] = open.back();
        open.pop_back();
        const bool isRefused = random.bounded(3) == 0;
        ledger.settle(endpoint, eventOf(number), isRefused ? refused : Delivery::delivered());
        Mark &mark = marks[static_cast<size_t>(number)];
        mark.isDropped = mark.isDropped || isRefused;
        if (--mark.missing == 0)
            ++(mark.isDropped ? dropped : delivered);
        const Totals totals = ledger.totals();
        QCOMPARE(totals.dropped, dropped);
        QCOMPARE(totals.delivered, delivered);
        QCOMPARE(totals.filtered, unwanted);
        QVERIFY(isBalanced(totals));
    }
    QCOMPARE(ledger.totals().pending, 0);
}

QTEST_GUILESS_MAIN(tst_RelayLedger)
#include "tst_relayledger.moc"
