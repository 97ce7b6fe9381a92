// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/PipelineModel>
#include <Qanat/Queue>
#include <Qanat/RatesModel>

#include <QtTest/qabstractitemmodeltester.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;
using Column = RatesModel::Column;

namespace {

// A queue in a broadcaster, and what is known of them at each tick of a clock.
struct Watched
{
    Watched()
    {
        broadcaster.setObjectName(u"events"_s);
        add(u"log"_s);
        settleCommands(broadcaster);
        broadcaster.setClock(clock);
        pipeline.setRefreshInterval(0ms);
        pipeline.addRoot(&broadcaster);
        rates.setSampleInterval(0ms);
        rates.setClock(clock);
        rates.sample();
    }

    void add(const QString &name)
    {
        auto queue = std::make_unique<Queue>(std::make_unique<RecordingSink>());
        queue->setObjectName(name);
        queue->setClock(clock);
        broadcaster.add(std::move(queue));
    }
    [[nodiscard]] bool deliver(int count)
    {
        const qint64 before = delivered;
        delivered += count;
        broadcaster.write(Batch(someEvents(count)));
        return before + count == delivered && waitUntil([&] {
                   const QList<PipelineNode> queues = broadcaster.pipeline().targets;
                   return std::all_of(queues.begin(), queues.end(),
                                      [](const PipelineNode &queue) {
                                          return queue.statistics.pending == 0
                                                 && queue.targets.first().statistics.pending == 0;
                                      })
                          && queues.first().statistics.delivered == delivered;
               });
    }
    void tick(std::chrono::milliseconds time = 1s)
    {
        clock->advance(time);
        rates.sample();
    }
    [[nodiscard]] QVariant value(int row, Column column, int role = RatesModel::ValueRole) const
    {
        return rates.index(row, int(column)).data(role);
    }
    [[nodiscard]] QList<double> history(int row, Column column) const
    {
        return value(row, column, RatesModel::HistoryRole).value<QList<double>>();
    }

    const std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    Broadcaster broadcaster;
    PipelineModel pipeline;
    RatesModel rates{&pipeline};
    const QAbstractItemModelTester tester{&rates, QAbstractItemModelTester::FailureReportingMode::QtTest};
    qint64 delivered = 0;
};

} // namespace

class RatesModelTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void showsTheSinksInTheirOrder();
    void measuresRates();
    void aHistoryGoesBackTwoMinutes();
    void latenciesAreThoseOfTheLastTwoMinutes();
    void showsAnswers();
    void sinksComeAndGo();
    void beginsAnewWhenItIsActiveAgain();
    void looksByItself();
    void outlivesThePipeline();
};

void RatesModelTest::showsTheSinksInTheirOrder()
{
    const Watched w;
    QCOMPARE(w.rates.rowCount(), 3);
    QCOMPARE(w.value(0, Column::Name).toString(), u"events"_s);
    QCOMPARE(w.value(1, Column::Name).toString(), u"log"_s);
    QCOMPARE(w.value(2, Column::Name).toString(), u"RecordingSink"_s);
    for (int row = 0; row < 3; ++row)
        QCOMPARE(w.value(row, Column::Rate, RatesModel::DepthRole).toInt(), row);
    QCOMPARE(w.rates.pipelineIndex(1).data().toString(), u"log"_s);
    QVERIFY(!w.rates.pipelineIndex(3).isValid());
    for (int column = 0; column < RatesModel::ColumnCount; ++column)
        QVERIFY(!w.rates.headerData(column, Qt::Horizontal).toString().isEmpty());
}

void RatesModelTest::measuresRates()
{
    Watched w;
    QVERIFY(w.deliver(300));
    w.tick(2s);
    QCOMPARE(w.value(1, Column::Rate).toDouble(), 150.0);
    QCOMPARE(w.value(1, Column::Rate, Qt::DisplayRole).toString(), u"150"_s);
    w.tick();
    QCOMPARE(w.value(1, Column::Rate).toDouble(), 0.0);
    QCOMPARE(w.history(1, Column::RateHistory), (QList<double>{150, 0}).mid(0, 2));
    QVERIFY(w.value(1, Column::RateHistory, Qt::ToolTipRole).toString().contains(u"150"_s));
    QCOMPARE(w.history(1, Column::PendingHistory).constLast(), 0.0);
}

void RatesModelTest::aHistoryGoesBackTwoMinutes()
{
    Watched w;
    for (int second = 0; second < 200; ++second)
        w.tick();
    QCOMPARE(w.history(1, Column::RateHistory).size(), RatesModel::SampleCount);
    QCOMPARE(w.history(1, Column::PendingHistory).size(), RatesModel::SampleCount);
}

void RatesModelTest::latenciesAreThoseOfTheLastTwoMinutes()
{
    Watched w;
    QCOMPARE(w.value(1, Column::Median, Qt::DisplayRole).toString(), QString());
    QVERIFY(w.deliver(10));
    w.tick();
    QVERIFY(w.value(1, Column::Median).toLongLong() > 0);
    QVERIFY(!w.value(1, Column::Percentile99, Qt::DisplayRole).toString().isEmpty());
    QVERIFY(w.value(1, Column::Percentile90).toLongLong() >= w.value(1, Column::Median).toLongLong());
    for (int second = 0; second < 130; ++second)
        w.tick();
    QCOMPARE(w.value(1, Column::Median).toLongLong(), 0);
    QCOMPARE(w.value(1, Column::Median, Qt::DisplayRole).toString(), QString());
}

void RatesModelTest::showsAnswers()
{
    class Answering final : public Sink
    {
    public:
        using Sink::countAnswer;
    };
    Answering sink;
    PipelineModel pipeline;
    pipeline.setRefreshInterval(0ms);
    pipeline.addRoot(&sink);
    RatesModel rates(&pipeline);
    sink.countAnswer(0);
    sink.countAnswer(503);
    sink.countAnswer(503);
    rates.sample();
    const QString text = rates.index(0, int(Column::Answers)).data().toString();
    QVERIFY2(text.contains(u"503: 2"_s) && text.contains(u"none: 1"_s), qPrintable(text));
}

void RatesModelTest::sinksComeAndGo()
{
    Watched w;
    QVERIFY(w.deliver(100));
    w.tick();
    w.add(u"hook"_s);
    settleCommands(w.broadcaster);
    w.tick();
    QCOMPARE(w.rates.rowCount(), 5);
    // What is known of the others is kept.
    QCOMPARE(w.history(1, Column::RateHistory), (QList<double>{100, 0}));
    QVERIFY(w.history(3, Column::RateHistory).isEmpty());
    QANAT_FINISH(w.broadcaster.close());
    w.tick();
    QCOMPARE(w.value(0, Column::Name).toString(), u"events"_s);
}

void RatesModelTest::beginsAnewWhenItIsActiveAgain()
{
    Watched w;
    QVERIFY(w.deliver(100));
    w.tick();
    w.rates.setActive(false);
    QVERIFY(w.deliver(1000));
    w.clock->advance(1h);
    w.rates.setActive(true);
    QVERIFY(w.history(1, Column::RateHistory).isEmpty());
    w.tick();
    QCOMPARE(w.value(1, Column::Rate).toDouble(), 0.0);
}

void RatesModelTest::looksByItself()
{
    Watched w;
    w.rates.setSampleInterval(1ms);
    QSignalSpy spy(&w.rates, &QAbstractItemModel::dataChanged);
    QANAT_WAIT(spy.count() > 3);
    w.rates.setActive(false);
    QVERIFY(!w.rates.isActive());
}

void RatesModelTest::outlivesThePipeline()
{
    auto pipeline = std::make_unique<PipelineModel>();
    RecordingSink sink;
    pipeline->addRoot(&sink);
    RatesModel rates(pipeline.get());
    QCOMPARE(rates.rowCount(), 1);
    pipeline.reset();
    QCOMPARE(rates.rowCount(), 0);
    rates.sample();
    QCOMPARE(RatesModel(nullptr).rowCount(), 0);
}

QTEST_MAIN(RatesModelTest)

#include "tst_ratesmodel.moc"
