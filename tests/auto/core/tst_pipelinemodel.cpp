// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"
#include "storingpipeline.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/DeadLetters>
#include <Qanat/PipelineModel>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/StoredDeadLetters>
#include <Qanat/WorkerPool>

#include <QtCore/qlocale.h>
#include <QtCore/qrandom.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qsortfilterproxymodel.h>
#include <QtCore/qstringlistmodel.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>
#include <QtTest/qabstractitemmodeltester.h>

#include <algorithm>
#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

using Column = PipelineModel::Column;

namespace {

// What an Endpoint is around its queue.
class Outside : public Sink
{
public:
    explicit Outside(std::unique_ptr<Sink> inner)
        : Sink(std::move(inner), nullptr)
    {
    }
    using Sink::setActivity;
};

} // namespace

class PipelineModelTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void columnsHaveNames();
    void rolesHaveNames();
    void showsTheTree();
    void showsTheCounters();
    void showsWhatASinkIsAt();
    void showsTheLastError();
    void toolTipsAreNoMarkup();
    void sortsByValue();
    void announcesWhatChanged();
    void announcesNeighboursTogether();
    void followsNames();
    void followsTheStates();
    void rowsComeAndGo();
    void aSinkThatChangesItsPlaceIsMoved();
    void anyOrderBecomesAnyOther();
    void aNewSinkIsNotTakenForAnOldOne();
    void theSameSinkInTwoPlacesIsTwoRows();
    void rootsComeAndGo();
    void aDestroyedRootLeaves();
    void knowsTheSinksOfItsThread();
    void knowsWhatIsStored();
    void tellsWhyAStoreIsBlocked();
    void aRootDestroyedElsewhereLeaves();
    void aRootDestroyedElsewhereIsMissedByTheNextPicture();
    void aClosedRootStays();
    void whoHearsOfARowMayDestroyItsSink();
    void whoHearsOfARowMayAddAndRemoveRoots();
    void ticksAsLongAsThereAreRoots();
    void theIntervalIsAProperty();
    void aThousandSinks();
    void writesGoOnInOtherThreads();
};

namespace {

// A model that is looked at by hand only, and watched by Qt's tester.
class WatchedModel : public PipelineModel
{
public:
    WatchedModel() { setRefreshInterval(0ms); }

private:
    const QAbstractItemModelTester m_tester{this, QAbstractItemModelTester::FailureReportingMode::Fatal};
};

// The rectangles that were announced, each as "top-bottom: left-right".
class Announced
{
public:
    explicit Announced(PipelineModel &model)
        : m_spy(&model, &QAbstractItemModel::dataChanged)
    {
    }

    // Those of the display, since it was last asked.
    QStringList take()
    {
        QStringList rectangles;
        for (const QVariantList &signal : std::as_const(m_spy)) {
            const QModelIndex first = signal[0].toModelIndex();
            const QModelIndex last = signal[1].toModelIndex();
            if (signal[2].value<QList<int>>().contains(Qt::DisplayRole)) {
                rectangles.append(
                    u"%1-%2: %3-%4"_s.arg(first.row()).arg(last.row()).arg(first.column()).arg(last.column()));
            }
        }
        m_spy.clear();
        return rectangles;
    }
    bool isEmpty() const { return m_spy.isEmpty(); }

private:
    QSignalSpy m_spy;
};

QModelIndex cell(const QModelIndex &row, Column column)
{
    return row.siblingAtColumn(int(column));
}

QString textAt(const QModelIndex &row, Column column)
{
    return cell(row, column).data().toString();
}

QVariant valueAt(const QModelIndex &row, Column column)
{
    return cell(row, column).data(PipelineModel::ValueRole);
}

QStringList namesBelow(const PipelineModel &model, const QModelIndex &parent = {})
{
    QStringList names;
    for (int i = 0; i < model.rowCount(parent); ++i)
        names.append(textAt(model.index(i, 0, parent), Column::Name));
    return names;
}

std::unique_ptr<RecordingSink> namedSink(const QString &name)
{
    auto sink = std::make_unique<RecordingSink>();
    sink->setObjectName(name);
    return sink;
}

// A broadcaster, and sinks that are added to it and taken away.
class Fan
{
public:
    Fan() { broadcaster.setObjectName(u"fan"_s); }

    Sink *add(const QString &name)
    {
        sinks[name] = namedSink(name);
        broadcaster.add(sinks[name].get());
        return sinks[name].get();
    }
    void show(const QStringList &names)
    {
        for (const auto &[name, sink] : sinks)
            broadcaster.remove(sink.get());
        for (const QString &name : names) {
            if (sinks.count(name))
                broadcaster.add(sinks[name].get());
            else
                add(name);
        }
        settleCommands(broadcaster);
    }

    std::map<QString, std::unique_ptr<RecordingSink>> sinks;
    Broadcaster broadcaster;
};

QTimer *timerOf(PipelineModel &model)
{
    return model.findChild<QTimer *>();
}

} // namespace

// Newer Qt's tester of models asks once for the type of pixmaps, and warns because there is no Qt Gui here. It does so before
// warnings count.
void PipelineModelTest::initTestCase()
{
    QStringListModel model({u"a"_s});
    const QAbstractItemModelTester tester(&model);
}

void PipelineModelTest::knowsTheSinksOfItsThread()
{
    DeadLetters dead;
    Broadcaster broadcaster;
    auto owned = std::make_unique<Queue>(std::make_unique<RecordingSink>());
    Queue *const queue = owned.get();
    queue->setDeadLetterSink(&dead);
    broadcaster.add(std::move(owned));
    settleCommands(broadcaster);
    PipelineModel model;
    model.addRoot(&broadcaster);
    const QModelIndex root = model.index(0, 0);
    const QModelIndex first = model.index(0, 0, root);
    QCOMPARE(model.sink(root), &broadcaster);
    QCOMPARE(root.data(PipelineModel::IdentityRole).toULongLong(), broadcaster.pipeline().identity);
    QVERIFY(broadcaster.pipeline().fansOut);
    QVERIFY(!queue->pipeline().fansOut);
    QCOMPARE(model.sink(first), queue);
    QCOMPARE(model.sink(model.index(0, 3, root)), queue); // Any column.
    QCOMPARE(model.sink(model.index(0, 0, first)), nullptr); // The target lives on the worker.
    QCOMPARE(model.sink(QModelIndex()), nullptr);
    QCOMPARE(model.deadLetterSinks(), QList<Sink *>{&dead});

    QThread elsewhere; // It need not run for that.
    RecordingSink far;
    far.moveToThread(&elsewhere);
    PipelineModel other;
    other.addRoot(&far);
    QCOMPARE(other.sink(other.index(0, 0)), nullptr);
}

void PipelineModelTest::knowsWhatIsStored()
{
    StoringPipeline plain;
    StoringPipeline inside;
    StoringPipeline far(std::make_shared<MemoryDisk>());
    StoredDeadLetters *const letters[] = {plain.queue->storedDeadLetters(), inside.queue->storedDeadLetters()};
    Broadcaster broadcaster;
    broadcaster.add(std::move(plain.queue));
    broadcaster.add(std::make_unique<Outside>(std::move(inside.queue)));
    broadcaster.add(std::make_unique<Queue>(std::move(far.queue))); // It lives on the worker.
    settleCommands(broadcaster);
    {
        StoringPipeline again;
        broadcaster.add(again.queue.get());
        settleCommands(broadcaster);
        PipelineModel model;
        model.addRoot(&broadcaster);
        model.addRoot(again.queue.get());
        // Each once, in any order.
        const QList<StoredDeadLetters *> found = model.storedDeadLetters();
        QCOMPARE(found.size(), 3);
        QCOMPARE(QSet(found.begin(), found.end()), (QSet{letters[0], letters[1], again.queue->storedDeadLetters()}));
    }
    PipelineModel model;
    model.addRoot(&broadcaster);
    QANAT_WAIT(model.storedDeadLetters().size() == 2 && model.storedDeadLetters().contains(letters[0]));
}

void PipelineModelTest::tellsWhyAStoreIsBlocked()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"the disk is on fire"_s));
    StoringPipeline p;
    StoringQueue &queue = *p.queue;
    Outside outside(std::move(p.queue));
    PipelineModel model;
    model.setRefreshInterval(std::chrono::milliseconds(0));
    model.addRoot(&outside);
    QANAT_FINISH(queue.flushed());
    p.disk->fail(u"the disk is on fire"_s);
    outside.write(someEvent());
    QANAT_WAIT(!queue.storageError().isEmpty());
    // Whatever else it may be at.
    outside.setActivity(PipelineNode::Activity::Waiting, std::chrono::nanoseconds(0), u"it is night"_s);
    QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
    model.refresh();
    const QModelIndex index = model.index(0, int(Column::Activity));
    const auto reason = [&index] { return index.data(PipelineModel::ActivityReasonRole).toString(); };
    QCOMPARE(index.data(PipelineModel::ValueRole).toInt(), int(PipelineNode::Activity::Blocked));
    QCOMPARE(reason(), u"the disk is on fire"_s);
    QVERIFY(outside.pipeline().toString().contains(u"blocked: the disk is on fire"_s));
    QVERIFY(changes.count() > 0);
    p.disk->fail({});
    QANAT_WAIT(queue.storageError().isEmpty());
    model.refresh();
    QCOMPARE(index.data(PipelineModel::ValueRole).toInt(), int(PipelineNode::Activity::Waiting));
    QCOMPARE(reason(), u"it is night"_s);
}

void PipelineModelTest::columnsHaveNames()
{
    WatchedModel model;
    QCOMPARE(model.columnCount(), PipelineModel::ColumnCount);
    QSet<QString> names;
    for (int column = 0; column < PipelineModel::ColumnCount; ++column)
        names.insert(model.headerData(column, Qt::Horizontal).toString());
    QCOMPARE(names.size(), PipelineModel::ColumnCount);
    QVERIFY(!names.contains(QString()));
    QCOMPARE(model.headerData(int(Column::LastError), Qt::Horizontal).toString(), u"Last error"_s);
}

void PipelineModelTest::rolesHaveNames()
{
    const QHash<int, QByteArray> names = WatchedModel().roleNames();
    QCOMPARE(names.value(Qt::DisplayRole), "display"_ba);
    QCOMPARE(names.value(PipelineModel::ValueRole), "value"_ba);
    QCOMPARE(names.value(PipelineModel::StatisticsRole), "statistics"_ba);
    QCOMPARE(names.value(PipelineModel::IdentityRole), "identity"_ba);
    QCOMPARE(names.value(PipelineModel::ActivityReasonRole), "activityReason"_ba);
}

void PipelineModelTest::showsTheTree()
{
    Broadcaster broadcaster;
    broadcaster.setObjectName(u"events"_s);
    auto queue = std::make_unique<Queue>(std::make_unique<RetryingSink>(namedSink(u"hook"_s), CircuitBreaker(1, 1s)));
    queue->setObjectName(u"audit"_s);
    broadcaster.add(std::move(queue));
    broadcaster.listen(this, [](const Event &) {});
    settleCommands(broadcaster);

    WatchedModel model;
    QCOMPARE(model.rowCount(), 0);
    model.addRoot(&broadcaster);
    QCOMPARE(namesBelow(model), QStringList(u"events"_s));
    const QModelIndex root = model.index(0, 0);
    QCOMPARE(textAt(root, Column::Kind), u"Broadcaster"_s);
    QCOMPARE(namesBelow(model, root), QStringList({u"audit"_s, u"Listener"_s}));
    const QModelIndex audit = model.index(0, 0, root);
    QCOMPARE(textAt(audit, Column::Kind), u"Queue"_s);
    QCOMPARE(textAt(audit, Column::State), u"Open"_s);
    QCOMPARE(audit.parent(), root);
    const QModelIndex retry = model.index(0, 0, audit);
    QCOMPARE(textAt(retry, Column::Name), u"RetryingSink"_s); // It has no name of its own.
    const QModelIndex hook = model.index(0, 0, retry);
    QCOMPARE(textAt(hook, Column::Name), u"hook"_s);
    QCOMPARE(model.rowCount(hook), 0);
    QVERIFY(!model.hasChildren(hook));
}

void PipelineModelTest::showsTheCounters()
{
    RecordingSink sink;
    const auto clock = std::make_shared<ManualClock>();
    sink.setClock(clock);
    sink.recording()->defer();
    WatchedModel model;
    model.addRoot(&sink);
    const QModelIndex row = model.index(0, 0);
    QCOMPARE(valueAt(row, Column::Written), QVariant(qint64(0)));
    QCOMPARE(valueAt(row, Column::LatencyMedian), QVariant(qint64(0)));
    QCOMPARE(textAt(row, Column::LatencyMedian), QString());

    sink.write(Batch(someEvents(2000)));
    sink.write(Event());
    QANAT_WAIT(sink.recording()->deferredCalls() == 1);
    clock->advance(10ms);
    sink.recording()->settle(1000);
    sink.recording()->settle(1, Delivery::filtered());
    sink.recording()->settle(1, permanentFailure());
    QCOMPARE(valueAt(row, Column::Written), QVariant(qint64(0))); // A picture is a picture.
    model.refresh();
    const Statistics statistics = sink.statistics();
    QCOMPARE(valueAt(row, Column::Name).toString(), u"RecordingSink"_s);
    QCOMPARE(valueAt(row, Column::Written), QVariant(qint64(2000)));
    QCOMPARE(textAt(row, Column::Written), QLocale().toString(2000));
    QCOMPARE(valueAt(row, Column::Pending), QVariant(statistics.pending));
    QCOMPARE(valueAt(row, Column::Delivered), QVariant(qint64(1000)));
    QCOMPARE(valueAt(row, Column::Filtered), QVariant(qint64(1)));
    QCOMPARE(valueAt(row, Column::Dropped), QVariant(qint64(1)));
    QCOMPARE(valueAt(row, Column::Rejected), QVariant(qint64(1)));
    QCOMPARE(valueAt(row, Column::Failed), QVariant(statistics.failed));
    QCOMPARE(valueAt(row, Column::Retried), QVariant(qint64(0)));
    QCOMPARE(valueAt(row, Column::State), QVariant(int(PipelineNode::State::Open)));
    QCOMPARE(valueAt(row, Column::LatencyMedian), QVariant(qint64(statistics.latency.percentile(0.5).count())));
    QCOMPARE(valueAt(row, Column::LatencyPercentile99), QVariant(qint64(statistics.latency.percentile(0.99).count())));
    QCOMPARE(textAt(row, Column::LatencyMedian), u"12.3 ms"_s);
    for (int column = 0; column < PipelineModel::ColumnCount; ++column)
        QVERIFY(row.siblingAtColumn(column).data(PipelineModel::StatisticsRole).value<Statistics>() == statistics);

    clock->advance(100h);
    sink.recording()->settle(998);
    model.refresh();
    QCOMPARE(textAt(row, Column::LatencyPercentile99), u"over 35.8 min"_s);
}

void PipelineModelTest::showsTheLastError()
{
    RecordingSink sink;
    WatchedModel model;
    model.addRoot(&sink);
    const QModelIndex row = model.index(0, 0);
    QCOMPARE(textAt(row, Column::LastError), QString());
    QCOMPARE(row.data(Qt::ToolTipRole).toString(), QString());
    QCOMPARE(valueAt(row, Column::LastError), QVariant(int(Delivery::Error::None)));
    sink.recording()->setBehaviour(always(permanentFailure()));
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().pending == 0);
    model.refresh();
    QCOMPARE(textAt(row, Column::LastError), sink.statistics().lastError.toString());
    QCOMPARE(row.data(Qt::ToolTipRole).toString(), u"refused"_s);
    QCOMPARE(valueAt(row, Column::LastError), QVariant(int(Delivery::Error::Refused)));
}

void PipelineModelTest::toolTipsAreNoMarkup()
{
    RecordingSink sink;
    sink.recording()->setBehaviour(
        always(Delivery::dropped(Delivery::Error::Refused, u"<img src='file:///etc/hosts'> & more"_s)));
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().pending == 0);
    WatchedModel model;
    model.addRoot(&sink);
    QCOMPARE(model.index(0, 0).data(Qt::ToolTipRole).toString(),
             u"<qt>&lt;img src='file:///etc/hosts'&gt; &amp; more</qt>"_s);
}

void PipelineModelTest::sortsByValue()
{
    Fan fan;
    fan.show({u"a"_s, u"b"_s, u"c"_s});
    fan.sinks[u"a"_s]->write(Batch(someEvents(9)));
    fan.sinks[u"b"_s]->write(Batch(someEvents(100)));
    fan.sinks[u"c"_s]->write(Batch(someEvents(20)));
    WatchedModel model;
    model.addRoot(&fan.broadcaster);
    QSortFilterProxyModel proxy;
    proxy.setSourceModel(&model);
    proxy.setSortRole(PipelineModel::ValueRole);
    proxy.sort(int(Column::Written));
    const QModelIndex root = proxy.index(0, 0);
    const auto nameAt = [&](int row) { return proxy.index(row, 0, root).data().toString(); };
    QCOMPARE(QStringList({nameAt(0), nameAt(1), nameAt(2)}), QStringList({u"a"_s, u"c"_s, u"b"_s}));
    fan.sinks[u"a"_s]->write(Batch(someEvents(1000)));
    model.refresh();
    QCOMPARE(QStringList({nameAt(0), nameAt(1), nameAt(2)}), QStringList({u"c"_s, u"b"_s, u"a"_s}));
}

void PipelineModelTest::showsWhatASinkIsAt()
{
    const auto clock = std::make_shared<ManualClock>();
    auto end = std::make_unique<RecordingSink>();
    end->recording()->setBehaviour([](const Event &) { return passingFailure(); });
    RetryingSink sink(std::move(end), CircuitBreaker(1, 10s));
    sink.setClock(clock);
    WatchedModel model;
    model.addRoot(&sink);
    const QModelIndex row = model.index(0, 0);
    QCOMPARE(textAt(row, Column::Activity), u"Flowing"_s);
    QCOMPARE(textAt(row, Column::NextAttempt), QString());
    sink.write(someEvent());
    QANAT_WAIT(sink.pipeline().activity == PipelineNode::Activity::Waiting);
    Announced announced(model);
    model.refresh();
    QCOMPARE(textAt(row, Column::Activity), u"Waiting"_s);
    QCOMPARE(valueAt(row, Column::Activity), QVariant(int(PipelineNode::Activity::Waiting)));
    QCOMPARE(textAt(row, Column::NextAttempt), u"10 s"_s);
    QVERIFY(announced.take().contains(u"0-0: %1-%2"_s.arg(int(Column::Activity)).arg(int(Column::Written))));
    clock->advance(2500ms);
    model.refresh();
    QCOMPARE(valueAt(row, Column::NextAttempt), QVariant(qint64(7'500'000'000)));
    QCOMPARE(announced.take(), QStringList(u"0-0: %1-%1"_s.arg(int(Column::NextAttempt))));
}

void PipelineModelTest::announcesWhatChanged()
{
    RecordingSink sink;
    sink.recording()->defer();
    WatchedModel model;
    model.addRoot(&sink);
    Announced announced(model);
    model.refresh();
    QVERIFY(announced.isEmpty());

    sink.write(Batch(someEvents(4)));
    QANAT_WAIT(sink.recording()->deferredCalls() == 1);
    model.refresh();
    QCOMPARE(announced.take(), QStringList(u"0-0: %1-%2"_s.arg(int(Column::Pending)).arg(int(Column::Written))));
    sink.recording()->settle(1, Delivery::filtered());
    model.refresh();
    const QString latencies = u"0-0: %1-%2"_s.arg(int(Column::LatencyMedian)).arg(int(Column::LatencyPercentile99));
    QCOMPARE(announced.take(), QStringList({u"0-0: %1-%1"_s.arg(int(Column::Pending)),
                                            u"0-0: %1-%1"_s.arg(int(Column::Filtered)), latencies}));
    model.refresh();
    QVERIFY(announced.isEmpty());

    // What no column shows is announced for the statistics alone.
    Limits limits;
    limits.bytes = 1000000;
    sink.setLimits(limits);
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    model.refresh();
    QCOMPARE(changed.size(), 1);
    QCOMPARE(changed[0][0].toModelIndex(), model.index(0, int(Column::Name)));
    QCOMPARE(changed[0][1].toModelIndex(), model.index(0, int(Column::Name)));
    QCOMPARE(changed[0][2].value<QList<int>>(), QList<int>{PipelineModel::StatisticsRole});
}

void PipelineModelTest::announcesNeighboursTogether()
{
    Fan fan;
    fan.show({u"a"_s, u"b"_s, u"c"_s, u"d"_s, u"e"_s});
    for (const auto &[name, sink] : fan.sinks)
        sink->recording()->defer();
    WatchedModel model;
    model.addRoot(&fan.broadcaster);
    Announced announced(model);
    for (const QString &name : {u"a"_s, u"b"_s, u"c"_s, u"e"_s}) {
        fan.sinks[name]->write(someEvent());
        QANAT_WAIT(fan.sinks[name]->recording()->deferredCalls() == 1);
    }
    model.refresh();
    const QString columns = u"%1-%2"_s.arg(int(Column::Pending)).arg(int(Column::Written));
    QCOMPARE(announced.take(), QStringList({u"0-2: "_s + columns, u"4-4: "_s + columns}));
}

void PipelineModelTest::followsNames()
{
    RecordingSink sink;
    WatchedModel model;
    model.addRoot(&sink);
    Announced announced(model);
    sink.setObjectName(u"audit"_s);
    model.refresh();
    QCOMPARE(announced.take(), QStringList(u"0-0: 0-0"_s));
    QCOMPARE(namesBelow(model), QStringList(u"audit"_s));
}

void PipelineModelTest::followsTheStates()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    auto queue = std::make_unique<Queue>(std::move(end));
    Queue *const inner = queue.get();
    Broadcaster broadcaster;
    broadcaster.add(std::move(queue));
    settleCommands(broadcaster);
    WatchedModel model;
    model.addRoot(&broadcaster);
    const QPersistentModelIndex row = model.index(0, 0, model.index(0, 0));
    inner->write(someEvent());
    QANAT_WAIT(recording->deferredCalls() == 1);
    const QFuture<CloseResult> closing = inner->close(1h);
    model.refresh();
    QCOMPARE(textAt(row, Column::State), u"Closing"_s);
    QCOMPARE(valueAt(row, Column::State), QVariant(int(PipelineNode::State::Closing)));
    recording->settle(1);
    QANAT_FINISH(closing);
    // The broadcaster lets go of it.
    QANAT_WAIT((model.refresh(), !row.isValid()));
    QCOMPARE(model.rowCount(model.index(0, 0)), 0);
}

void PipelineModelTest::rowsComeAndGo()
{
    Fan fan;
    fan.show({u"a"_s, u"b"_s, u"c"_s, u"d"_s});
    WatchedModel model;
    model.addRoot(&fan.broadcaster);
    const QModelIndex root = model.index(0, 0);
    const QPersistentModelIndex b = model.index(1, 0, root);
    const QPersistentModelIndex d = model.index(3, int(Column::Written), root);
    QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
    QSignalSpy removed(&model, &QAbstractItemModel::rowsRemoved);
    QSignalSpy moved(&model, &QAbstractItemModel::rowsMoved);
    fan.show({u"x"_s, u"y"_s, u"b"_s, u"d"_s, u"z"_s});
    model.refresh();
    QCOMPARE(namesBelow(model, root), QStringList({u"x"_s, u"y"_s, u"b"_s, u"d"_s, u"z"_s}));
    QCOMPARE(removed.size(), 2); // a, and c
    QCOMPARE(inserted.size(), 2); // x and y, and z
    QCOMPARE(moved.size(), 0);
    QCOMPARE(b.row(), 2);
    QCOMPARE(textAt(b, Column::Name), u"b"_s);
    QCOMPARE(d.row(), 3);
    QCOMPARE(d.column(), int(Column::Written));
    fan.show({});
    model.refresh();
    QCOMPARE(removed.size(), 3);
    QCOMPARE(model.rowCount(root), 0);
    QVERIFY(!b.isValid());
}

void PipelineModelTest::aSinkThatChangesItsPlaceIsMoved()
{
    Fan fan;
    fan.show({u"a"_s, u"b"_s, u"c"_s, u"d"_s});
    WatchedModel model;
    model.addRoot(&fan.broadcaster);
    const QModelIndex root = model.index(0, 0);
    const QPersistentModelIndex a = model.index(0, 0, root);
    QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
    QSignalSpy removed(&model, &QAbstractItemModel::rowsRemoved);
    QSignalSpy moved(&model, &QAbstractItemModel::rowsMoved);
    // Taken away and added again between two pictures.
    fan.broadcaster.remove(fan.sinks[u"a"_s].get());
    fan.broadcaster.add(fan.sinks[u"a"_s].get());
    settleCommands(fan.broadcaster);
    model.refresh();
    QCOMPARE(namesBelow(model, root), QStringList({u"b"_s, u"c"_s, u"d"_s, u"a"_s}));
    QCOMPARE(moved.size(), 1);
    QCOMPARE(inserted.size() + removed.size(), 0);
    QCOMPARE(a.row(), 3);
    fan.show({u"a"_s, u"b"_s, u"c"_s, u"d"_s});
    model.refresh();
    QCOMPARE(moved.size(), 2);
    QCOMPARE(a.row(), 0);
}

void PipelineModelTest::anyOrderBecomesAnyOther()
{
    dismissHeartbeat(); // The tester looks at everything, again and again.
    Fan fan;
    WatchedModel model;
    model.addRoot(&fan.broadcaster);
    const QModelIndex root = model.index(0, 0);
    QRandomGenerator random(2026);
    QStringList all;
    for (int i = 0; i < 12; ++i)
        all.append(QString::number(i));
    std::map<QString, QPersistentModelIndex> selected;
    for (int round = 0; round < 100; ++round) {
        std::shuffle(all.begin(), all.end(), random);
        const QStringList shown = all.first(random.bounded(all.size() + 1));
        fan.show(shown);
        model.refresh();
        QCOMPARE(namesBelow(model, root), shown);
        // Those who are still shown are still selected, wherever they are now.
        for (const auto &[name, index] : selected) {
            QCOMPARE(index.isValid(), shown.contains(name));
            if (index.isValid())
                QCOMPARE(QModelIndex(index), model.index(int(shown.indexOf(name)), 0, root));
        }
        selected.clear();
        for (int row = 0; row < shown.size(); ++row)
            selected[shown[row]] = model.index(row, 0, root);
    }
}

void PipelineModelTest::aNewSinkIsNotTakenForAnOldOne()
{
    Fan fan;
    WatchedModel model;
    model.addRoot(&fan.broadcaster);
    const QModelIndex root = model.index(0, 0);
    // What is freed is soon used again.
    for (int round = 0; round < 20; ++round) {
        fan.show({u"a"_s});
        model.refresh();
        const QPersistentModelIndex old = model.index(0, 0, root);
        QVERIFY(old.isValid());
        fan.show({});
        fan.sinks.clear();
        fan.show({u"a"_s});
        model.refresh();
        QVERIFY(!old.isValid());
    }
}

void PipelineModelTest::theSameSinkInTwoPlacesIsTwoRows()
{
    Queue shared(std::make_unique<RecordingSink>());
    Broadcaster one;
    Broadcaster other;
    one.add(&shared);
    other.add(&shared);
    settleCommands(one);
    settleCommands(other);
    WatchedModel model;
    model.addRoot(&one);
    model.addRoot(&other);
    model.addRoot(&shared);
    const QModelIndex first = model.index(0, 0, model.index(0, 0));
    const QModelIndex second = model.index(0, 0, model.index(1, 0));
    const QModelIndex third = model.index(2, 0);
    QVERIFY(first != second);
    shared.write(Batch(someEvents(5)));
    QANAT_WAIT(shared.statistics().delivered == 5);
    model.refresh();
    for (const QModelIndex &row : {first, second, third})
        QCOMPARE(valueAt(row, Column::Delivered), QVariant(qint64(5)));
    other.remove(&shared);
    settleCommands(other);
    model.refresh();
    QCOMPARE(model.rowCount(model.index(1, 0)), 0);
    QCOMPARE(model.rowCount(model.index(0, 0)), 1);
}

void PipelineModelTest::rootsComeAndGo()
{
    RecordingSink one;
    RecordingSink other;
    one.setObjectName(u"one"_s);
    other.setObjectName(u"other"_s);
    WatchedModel model;
    QTest::ignoreMessage(QtWarningMsg, "A pipeline model was given no sink");
    model.addRoot(nullptr);
    model.removeRoot(nullptr);
    model.removeRoot(&one);
    model.addRoot(&one);
    model.addRoot(&other);
    model.addRoot(&one);
    QCOMPARE(namesBelow(model), QStringList({u"one"_s, u"other"_s}));
    const QPersistentModelIndex row = model.index(1, 0);
    model.removeRoot(&one);
    QCOMPARE(namesBelow(model), QStringList(u"other"_s));
    QCOMPARE(row.row(), 0);
    model.addRoot(&one);
    QCOMPARE(namesBelow(model), QStringList({u"other"_s, u"one"_s}));
}

void PipelineModelTest::aDestroyedRootLeaves()
{
    WatchedModel model;
    auto queue = std::make_unique<Queue>(std::make_unique<RecordingSink>());
    RecordingSink sink;
    model.addRoot(queue.get());
    model.addRoot(&sink);
    queue.reset();
    QCOMPARE(namesBelow(model), QStringList(u"RecordingSink"_s));
    {
        // One that is no root any more is not missed.
        RecordingSink passing;
        model.addRoot(&passing);
        model.removeRoot(&passing);
    }
    QCOMPARE(model.rowCount(), 1);
}

void PipelineModelTest::aRootDestroyedElsewhereLeaves()
{
    WatchedModel model;
    for (int round = 0; round < 20; ++round) {
        QThread thread;
        thread.start();
        auto *sink = new RecordingSink;
        sink->moveToThread(&thread);
        model.addRoot(sink);
        QCOMPARE(model.rowCount(), 1);
        sink->deleteLater();
        QANAT_WAIT(model.rowCount() == 0);
        thread.quit();
        QVERIFY(thread.wait());
    }
}

void PipelineModelTest::aRootDestroyedElsewhereIsMissedByTheNextPicture()
{
    WatchedModel model;
    auto *sink = new Queue(std::make_unique<RecordingSink>());
    model.addRoot(sink);
    std::thread([sink] { delete sink; }).join();
    // Nobody has told this thread's event loop yet.
    model.refresh();
    QCOMPARE(model.rowCount(), 0);
}

void PipelineModelTest::aClosedRootStays()
{
    Queue queue(std::make_unique<RecordingSink>());
    WatchedModel model;
    model.addRoot(&queue);
    QANAT_FINISH(queue.close());
    model.refresh();
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(textAt(model.index(0, 0), Column::State), u"Closed"_s);
}

void PipelineModelTest::whoHearsOfARowMayDestroyItsSink()
{
    Fan fan;
    fan.show({u"a"_s, u"b"_s});
    auto other = std::make_unique<Broadcaster>();
    other->add(fan.sinks[u"a"_s].get());
    settleCommands(*other);
    WatchedModel model;
    model.addRoot(&fan.broadcaster);
    model.addRoot(other.get());
    connect(&model, &QAbstractItemModel::dataChanged, this, [&] {
        other.reset();
        model.refresh(); // Is one of them already.
    });
    fan.sinks[u"a"_s]->write(someEvent());
    QANAT_WAIT(fan.sinks[u"a"_s]->statistics().delivered == 1);
    model.refresh();
    QCOMPARE(namesBelow(model), QStringList(u"fan"_s));
    disconnect(&model, &QAbstractItemModel::dataChanged, this, nullptr);
}

void PipelineModelTest::whoHearsOfARowMayAddAndRemoveRoots()
{
    RecordingSink one;
    RecordingSink other;
    one.setObjectName(u"one"_s);
    other.setObjectName(u"other"_s);
    WatchedModel model;
    connect(&model, &QAbstractItemModel::rowsInserted, this, [&] {
        model.addRoot(&other);
        model.removeRoot(&one);
    });
    model.addRoot(&one);
    QCOMPARE(namesBelow(model), QStringList(u"other"_s));
    disconnect(&model, &QAbstractItemModel::rowsInserted, this, nullptr);
}

void PipelineModelTest::ticksAsLongAsThereAreRoots()
{
    PipelineModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    QVERIFY(!timerOf(model)->isActive());
    auto sink = std::make_unique<RecordingSink>();
    model.addRoot(sink.get());
    QVERIFY(timerOf(model)->isActive());
    QCOMPARE(timerOf(model)->intervalAsDuration(), PipelineModel::DefaultRefreshInterval);
    model.setRefreshInterval(1ms);
    sink->write(someEvent());
    QANAT_WAIT(valueAt(model.index(0, 0), Column::Delivered) == QVariant(qint64(1)));
    model.setRefreshInterval(0ms);
    QVERIFY(!timerOf(model)->isActive());
    model.setRefreshInterval(1h);
    QVERIFY(timerOf(model)->isActive());
    model.removeRoot(sink.get());
    QVERIFY(!timerOf(model)->isActive());
    model.addRoot(sink.get());
    QVERIFY(timerOf(model)->isActive());
    sink.reset();
    QVERIFY(!timerOf(model)->isActive());
}

void PipelineModelTest::theIntervalIsAProperty()
{
    PipelineModel model;
    QSignalSpy changed(&model, &PipelineModel::refreshIntervalChanged);
    QCOMPARE(model.refreshInterval(), 500ms);
    model.setRefreshInterval(500ms);
    QCOMPARE(changed.size(), 0);
    QVERIFY(model.setProperty("refreshInterval", QVariant::fromValue(std::chrono::milliseconds(2s))));
    QCOMPARE(model.refreshInterval(), 2s);
    QCOMPARE(changed.size(), 1);
    model.setRefreshInterval(-1s);
    QCOMPARE(model.refreshInterval(), 0ms);
    // Longer than a timer can count.
    model.setRefreshInterval(std::chrono::hours(24 * 365));
    QVERIFY(model.refreshInterval() > 24h * 24);
    RecordingSink sink;
    model.addRoot(&sink);
    QVERIFY(timerOf(model)->isActive());
}

void PipelineModelTest::aThousandSinks()
{
    dismissHeartbeat(); // The tester looks at everything, again and again.
    constexpr int Count = 1000;
    Fan fan;
    QStringList names;
    for (int i = 0; i < Count; ++i)
        names.append(u"%1"_s.arg(i, 4, 10, QChar(u'0')));
    fan.show(names);
    WatchedModel model;
    model.addRoot(&fan.broadcaster);
    const QModelIndex root = model.index(0, 0);
    QCOMPARE(namesBelow(model, root), names);
    const QPersistentModelIndex selected = model.index(500, 0, root);

    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    fan.broadcaster.write(Batch(someEvents(3)));
    QANAT_WAIT(std::all_of(fan.sinks.begin(), fan.sinks.end(),
                           [](const auto &entry) { return entry.second->statistics().delivered == 3; }));
    model.refresh();
    for (int row = 0; row < Count; ++row)
        QCOMPARE(valueAt(model.index(row, 0, root), Column::Delivered), QVariant(qint64(3)));
    changed.clear();
    model.refresh();
    QCOMPARE(changed.size(), 0);

    QSignalSpy moved(&model, &QAbstractItemModel::rowsMoved);
    std::rotate(names.begin(), names.begin() + 3, names.end());
    fan.show(names);
    model.refresh();
    QCOMPARE(namesBelow(model, root), names);
    QCOMPARE(moved.size(), 3);
    QCOMPARE(selected.row(), 497);
    fan.show(names.first(1));
    model.refresh();
    QVERIFY(!selected.isValid());
    QCOMPARE(model.rowCount(root), 1);
}

void PipelineModelTest::writesGoOnInOtherThreads()
{
    WorkerPool pool(2);
    Broadcaster broadcaster;
    // Sinks are added in the order of the writes, which must not run away.
    Limits limits;
    limits.events = 1000;
    broadcaster.setLimits(limits);
    WatchedModel model;
    model.addRoot(&broadcaster);
    const QModelIndex root = model.index(0, 0);
    std::atomic<bool> isOver{false};
    Crew writers(2, [&](int) {
        while (!isOver.load())
            broadcaster.write(Batch(someEvents(5)));
    });
    const auto end = qScopeGuard([&isOver] { isOver = true; });
    int unbalanced = 0;
    for (int round = 0; round < 30; ++round) {
        auto kept = std::make_unique<Queue>(std::make_unique<RecordingSink>(), pool);
        auto closed = std::make_unique<Queue>(std::make_unique<RecordingSink>(), pool);
        broadcaster.add(kept.get());
        broadcaster.add(closed.get());
        QANAT_WAIT((model.refresh(), model.rowCount(root) == 2));
        const QPersistentModelIndex row = model.index(0, 0, root);
        const QFuture<CloseResult> closing = closed->discard();
        QANAT_WAIT((model.refresh(), valueAt(row, Column::Delivered).toLongLong() > 0));
        const auto statistics = row.data(PipelineModel::StatisticsRole).value<Statistics>();
        unbalanced += !statistics.isBalanced();
        QANAT_FINISH(closing);
        QANAT_WAIT((model.refresh(), model.rowCount(root) == 1));
        QCOMPARE(row.row(), 0);
        QANAT_FINISH(kept->discard());
        QANAT_WAIT((model.refresh(), model.rowCount(root) == 0));
    }
    isOver = true;
    QVERIFY(writers.wait());
    QANAT_FINISH(broadcaster.discard());
    QCOMPARE(unbalanced, 0);
}

QTEST_GUILESS_MAIN(PipelineModelTest)
#include "tst_pipelinemodel.moc"
