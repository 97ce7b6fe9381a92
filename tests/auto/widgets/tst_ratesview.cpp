// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/PipelineModel>
#include <Qanat/RatesModel>
#include <Qanat/RatesView>

#include <QtGui/qimage.h>
#include <QtWidgets/qheaderview.h>
#include <QtWidgets/qtabwidget.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;
using Column = RatesModel::Column;

class RatesViewTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void drawsHistories();
    void isActiveWhileItsWindowIsSeen();
    void remembersItsColumns();
};

void RatesViewTest::drawsHistories()
{
    const auto clock = std::make_shared<ManualClock>();
    RecordingSink sink;
    PipelineModel pipeline;
    pipeline.addRoot(&sink);
    RatesModel rates(&pipeline);
    rates.setClock(clock);
    RatesView view(&rates);
    rates.setSampleInterval(0ms);
    view.resize(1000, 200);
    view.show();
    const auto drawn = [&] {
        const QRect cell = view.visualRect(rates.index(0, int(Column::RateHistory)));
        const QImage image = view.viewport()->grab(cell).toImage();
        int points = 0;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x)
                points += image.pixelColor(x, y) != image.pixelColor(0, 0);
        }
        return points;
    };
    clock->advance(1s);
    rates.sample();
    const int before = drawn();
    for (int second = 0; second < 60; ++second) {
        for (const Event &event : someEvents(second % 7))
            sink.write(event);
        QANAT_WAIT(sink.statistics().pending == 0);
        clock->advance(1s);
        rates.sample();
    }
    QVERIFY2(drawn() > before + 50, qPrintable(QString::number(drawn())));
    // A selected row is drawn, too.
    view.selectRow(0);
    QVERIFY(drawn() > 50);
    if (const QByteArray folder = qgetenv("QANAT_TEST_PICTURES"); !folder.isEmpty())
        view.grab().save(QString::fromLocal8Bit(folder) + u"/rates.png"_s);
}

void RatesViewTest::isActiveWhileItsWindowIsSeen()
{
    PipelineModel pipeline;
    RatesModel rates(&pipeline);
    QTabWidget tabs;
    auto *const view = new RatesView(&rates);
    QVERIFY(!rates.isActive());
    tabs.addTab(new QWidget, u"other"_s);
    tabs.addTab(view, u"rates"_s);
    tabs.resize(600, 300);
    tabs.show();
    // Behind another tab: what it will show has to be watched now.
    QVERIFY(!view->isVisible());
    QVERIFY(rates.isActive());
    tabs.hide();
    QVERIFY(!rates.isActive());
    tabs.show();
    QVERIFY(rates.isActive());
    view->setParent(nullptr);
    QVERIFY(!rates.isActive());
    delete view;
}

void RatesViewTest::remembersItsColumns()
{
    RatesModel rates(nullptr);
    QByteArray state;
    {
        RatesView view(&rates);
        view.setColumnWidth(1, 234);
        view.horizontalHeader()->moveSection(0, 3);
        state = view.saveState();
    }
    RatesView view(&rates);
    QVERIFY(view.restoreState(state));
    QCOMPARE(view.columnWidth(1), 234);
    QCOMPARE(view.horizontalHeader()->visualIndex(0), 3);
    QVERIFY(!view.restoreState("nonsense"));
    QVERIFY(!view.accessibleName().isEmpty());
}

QTEST_MAIN(RatesViewTest)

#include "tst_ratesview.moc"
