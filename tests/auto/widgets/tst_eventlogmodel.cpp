// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Broadcaster>
#include <Qanat/DeadLetters>
#include <Qanat/EventLogModel>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Filter>
#include <Qanat/Matcher>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtTest/qabstractitemmodeltester.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;
using Column = EventLogModel::Column;
using Fate = EventLogModel::Fate;

namespace {

// A broadcaster with two queues, and a model of it that looks when it is told.
struct Watched
{
    explicit Watched(std::unique_ptr<Sink> second = nullptr)
    {
        auto end = std::make_unique<RecordingSink>();
        one = end->recording();
        auto queue = std::make_unique<Queue>(std::move(end));
        queue->setObjectName(u"one"_s);
        broadcaster.add(std::move(queue));
        if (second)
            broadcaster.add(std::move(second));
        settleCommands(broadcaster);
        model = std::make_unique<EventLogModel>(&broadcaster);
        model->setRefreshInterval(0ms);
        tester = std::make_unique<QAbstractItemModelTester>(model.get(),
                                                            QAbstractItemModelTester::FailureReportingMode::QtTest);
    }

    // What was taken is told after it was written down.
    [[nodiscard]] bool shows(int row, Fate fate)
    {
        return waitUntil([&] {
            model->refresh();
            return model->rowCount() > row && model->fate(row) == fate;
        });
    }
    [[nodiscard]] QString text(int row, Column column) const
    {
        return model->index(row, int(column)).data().toString();
    }

    Broadcaster broadcaster;
    std::shared_ptr<Recording> one;
    std::unique_ptr<EventLogModel> model;
    std::unique_ptr<QAbstractItemModelTester> tester;
};

} // namespace

class EventLogModelTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void showsAnEventAndItsWay();
    void itIsUnderWayUntilAllAreDone();
    void whatIsTriedAgainIsRetrying();
    void whatIsGivenUpIsDropped();
    void whatNobodyTakesIsFiltered();
    void aQueueAloneIsARoot();
    void keepsTheLatest();
    void standsStillWhilePaused();
    void looksOnlyWhileActive();
    void passesOverWhatIsTooMuch();
    void aLateWordMakesNoRow();
    void whatWasMissedIsUnknown();
    void whatIsGivenAgainMayBeDelivered();
    void sinksBehindAnotherBroadcasterHaveASay();
    void aSinkThatIsGoneIsNotWaitedFor();
    void outlivesItsRoot();
    void forgets();
    void showsHiddenCharacters();
    void hasHeadersAndRoles();
    void propertiesTellOfChanges();
};

void EventLogModelTest::showsAnEventAndItsWay()
{
    Watched w;
    Event event(u"order.paid"_s, QVariantMap{{u"total"_s, 12}});
    event.setSource(u"/shop"_s);
    event.setSubject(u"42"_s);
    w.broadcaster.write(event);
    QVERIFY(w.shows(0, Fate::Delivered));
    QANAT_WAIT((w.model->refresh(), w.model->way(0).size() == 3));
    QCOMPARE(w.model->rowCount(), 1);
    QCOMPARE(w.text(0, Column::Type), u"order.paid"_s);
    QCOMPARE(w.text(0, Column::Source), u"/shop"_s);
    QCOMPARE(w.text(0, Column::Subject), u"42"_s);
    QCOMPARE(w.text(0, Column::Fate), u"Delivered"_s);
    QCOMPARE(w.text(0, Column::Data), u"{\"total\":12}"_s);
    QCOMPARE(w.model->event(0).id(), event.id());
    QCOMPARE(w.model->passedOver(), 0);

    QStringList names;
    for (const EventLogModel::Step &step : w.model->way(0)) {
        QCOMPARE(step.outcome, Delivery::delivered());
        QVERIFY(step.time.isValid());
        QVERIFY(step.duration >= 0ns);
        names.append(step.name);
    }
    names.sort();
    QCOMPARE(names, (QStringList{u"Broadcaster"_s, u"RecordingSink"_s, u"one"_s}));
    QVERIFY(!w.model->event(1).isValid());
    QVERIFY(w.model->way(-1).isEmpty());
}

void EventLogModelTest::itIsUnderWayUntilAllAreDone()
{
    auto end = std::make_unique<RecordingSink>();
    const auto two = end->recording();
    two->defer();
    Watched w(std::make_unique<Queue>(std::move(end)));
    QSignalSpy changed(w.model.get(), &QAbstractItemModel::dataChanged);
    w.broadcaster.write(someEvent());
    QANAT_WAIT(w.one->deliveredCount() == 1 && two->deferredCalls() == 1);
    QVERIFY(w.shows(0, Fate::UnderWay));
    QCOMPARE(w.text(0, Column::Fate), u"Under way"_s);
    two->settleAll();
    QVERIFY(w.shows(0, Fate::Delivered));
    QVERIFY(!changed.isEmpty());
    QCOMPARE(w.model->rowCount(), 1);
}

void EventLogModelTest::whatIsTriedAgainIsRetrying()
{
    const auto clock = std::make_shared<ManualClock>();
    auto end = std::make_unique<RecordingSink>();
    const auto two = end->recording();
    two->setBehaviour([](const Event &) { return passingFailure(); });
    auto queue =
        std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(end), ExponentialBackoff(1s, 1s, 1s)));
    queue->setClock(clock);
    Watched w(std::move(queue));
    w.broadcaster.write(someEvent());
    QVERIFY(w.shows(0, Fate::Retrying));
    two->setBehaviour({});
    QANAT_WAIT(clock->advanceToNextDue());
    QVERIFY(w.shows(0, Fate::Delivered));
    // The attempt that failed is in its way.
    int attempts = 0;
    for (const EventLogModel::Step &step : w.model->way(0))
        attempts += step.outcome.isFailure() && step.name == "RecordingSink"_L1;
    QCOMPARE(attempts, 1);
}

void EventLogModelTest::whatIsGivenUpIsDropped()
{
    auto end = std::make_unique<RecordingSink>();
    end->recording()->setBehaviour([](const Event &) { return permanentFailure(); });
    auto queue = std::make_unique<Queue>(std::move(end));
    DeadLetters dead(10);
    queue->setDeadLetterSink(&dead);
    Watched w(std::move(queue));
    w.broadcaster.write(someEvent());
    QVERIFY(w.shows(0, Fate::Dropped));
    QCOMPARE(w.text(0, Column::Fate), u"Dropped"_s);
}

void EventLogModelTest::whatNobodyTakesIsFiltered()
{
    Broadcaster broadcaster;
    broadcaster.add(std::make_unique<Queue>(
        std::make_unique<Filter>(Matcher::type(u"wanted"_s), std::make_unique<RecordingSink>())));
    settleCommands(broadcaster);
    EventLogModel model(&broadcaster);
    broadcaster.write(Event(u"unwanted"_s));
    QANAT_WAIT(model.rowCount() == 1 && model.fate(0) == Fate::Filtered);
    broadcaster.write(Event(u"wanted"_s));
    QANAT_WAIT(model.rowCount() == 2 && model.fate(1) == Fate::Delivered);
}

void EventLogModelTest::aQueueAloneIsARoot()
{
    Queue queue(std::make_unique<RecordingSink>());
    EventLogModel model(&queue);
    queue.write(someEvent());
    QANAT_WAIT(model.rowCount() == 1 && model.fate(0) == Fate::Delivered);
    RecordingSink plain;
    EventLogModel other(&plain);
    plain.write(someEvent());
    QANAT_WAIT(other.rowCount() == 1 && other.fate(0) == Fate::Delivered);
}

void EventLogModelTest::keepsTheLatest()
{
    Watched w;
    w.model->setCapacity(5);
    const QList<Event> events = someEvents(8);
    for (const Event &event : events.mid(0, 3))
        w.broadcaster.write(event);
    QVERIFY(w.shows(2, Fate::Delivered));
    for (const Event &event : events.mid(3))
        w.broadcaster.write(event);
    QANAT_WAIT((w.model->refresh(), w.model->event(4).id() == events[7].id()));
    QCOMPARE(w.model->rowCount(), 5);
    QCOMPARE(w.model->event(0).id(), events[3].id());
    QCOMPARE(w.model->passedOver(), 0);
    w.model->setCapacity(0);
    QCOMPARE(w.model->capacity(), 1);
    QCOMPARE(w.model->rowCount(), 1);
    QCOMPARE(w.model->event(0).id(), events[7].id());
}

void EventLogModelTest::standsStillWhilePaused()
{
    auto end = std::make_unique<RecordingSink>();
    const auto two = end->recording();
    two->defer();
    Watched w(std::make_unique<Queue>(std::move(end)));
    w.broadcaster.write(someEvent());
    QVERIFY(w.shows(0, Fate::UnderWay));
    w.model->setPaused(true);
    w.broadcaster.write(Batch(someEvents(4)));
    two->release();
    two->settleAll();
    // What is there goes on.
    QVERIFY(w.shows(0, Fate::Delivered));
    QANAT_WAIT((w.model->refresh(), w.broadcaster.statistics().pending == 0));
    QCOMPARE(w.model->rowCount(), 1);
    QCOMPARE(w.model->passedOver(), 4);
    QANAT_WAIT(two->deliveredCount() == 5 && w.one->deliveredCount() == 5);
    w.model->refresh();
    w.model->setPaused(false);
    const Event last = someEvent();
    w.broadcaster.write(last);
    QVERIFY(waitUntil([&] {
        w.model->refresh();
        return w.model->event(w.model->rowCount() - 1).id() == last.id();
    }));
}

void EventLogModelTest::looksOnlyWhileActive()
{
    Watched w;
    w.model->setActive(false);
    w.broadcaster.write(someEvent());
    QANAT_WAIT(w.one->deliveredCount() == 1 && w.broadcaster.statistics().pending == 0);
    w.model->refresh();
    QCOMPARE(w.model->rowCount(), 0);
    QCOMPARE(w.model->passedOver(), 1);
    w.model->setActive(true);
    w.model->setRefreshInterval(1ms);
    w.broadcaster.write(someEvent());
    QANAT_WAIT(w.model->rowCount() == 1 && w.model->fate(0) == Fate::Delivered);
}

void EventLogModelTest::passesOverWhatIsTooMuch()
{
    constexpr int Events = 3000;
    Watched w;
    const QList<Event> events = someEvents(Events);
    w.broadcaster.write(Batch(events));
    QANAT_WAIT(w.one->deliveredCount() == Events);
    QANAT_WAIT((w.model->refresh(), w.model->rowCount() > 0));
    QVERIFY(w.model->rowCount() < Events);
    QCOMPARE(w.model->passedOver() + w.model->rowCount(), Events);
    QANAT_BALANCED(w.broadcaster);
}

namespace {

// A queue that is slow: it says nothing before it is told to.
struct Slow
{
    Slow()
    {
        auto end = std::make_unique<RecordingSink>();
        recording = end->recording();
        recording->defer();
        queue = std::make_unique<Queue>(std::move(end));
        queue->setObjectName(u"slow"_s);
    }

    std::unique_ptr<Queue> queue;
    std::shared_ptr<Recording> recording;
};

} // namespace

void EventLogModelTest::aLateWordMakesNoRow()
{
    Slow slow;
    Watched w(std::move(slow.queue));
    w.model->setCapacity(5);
    const QList<Event> events = someEvents(20);
    for (const Event &event : events)
        w.broadcaster.write(event);
    const QString newest = events.constLast().id();
    QANAT_WAIT((w.model->refresh(), w.model->rowCount() == 5 && w.model->event(4).id() == newest));
    // Those that are forgotten are not shown again, half known.
    QANAT_WAIT((slow.recording->settleAll(), slow.recording->deliveredCount() == 20));
    QVERIFY(w.shows(4, Fate::Delivered));
    QCOMPARE(w.model->rowCount(), 5);
    QCOMPARE(w.model->event(4).id(), newest);
    QCOMPARE(w.model->passedOver(), 0);
}

void EventLogModelTest::whatWasMissedIsUnknown()
{
    Slow slow;
    Watched w(std::move(slow.queue));
    w.broadcaster.write(someEvent());
    QVERIFY(w.shows(0, Fate::UnderWay));
    w.model->setActive(false);
    QCOMPARE(w.model->fate(0), Fate::Unknown);
    QANAT_WAIT((slow.recording->settleAll(), slow.recording->deliveredCount() == 1));
    w.model->setActive(true);
    w.model->refresh();
    QCOMPARE(w.model->fate(0), Fate::Unknown);
    QCOMPARE(w.text(0, Column::Fate), u"Unknown"_s);
    // What comes then is watched as before.
    w.broadcaster.write(someEvent());
    QVERIFY(w.shows(1, Fate::UnderWay));
    QANAT_WAIT((slow.recording->settleAll(), slow.recording->deliveredCount() == 2));
    QVERIFY(w.shows(1, Fate::Delivered));
}

void EventLogModelTest::whatIsGivenAgainMayBeDelivered()
{
    DeadLetters dead;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->setBehaviour([](const Event &) { return permanentFailure(); });
    auto owned = std::make_unique<Queue>(std::move(end));
    Queue *const queue = owned.get();
    queue->setDeadLetterSink(&dead);
    Watched w(std::move(owned));
    w.broadcaster.write(someEvent());
    QVERIFY(w.shows(0, Fate::Dropped));
    QANAT_WAIT(dead.count() == 1);
    recording->setBehaviour([](const Event &) { return Delivery::delivered(); });
    QCOMPARE(dead.sendAllAgain(queue), 1);
    QVERIFY(w.shows(0, Fate::Delivered));
}

void EventLogModelTest::sinksBehindAnotherBroadcasterHaveASay()
{
    Slow slow;
    auto hub = std::make_unique<Broadcaster>();
    hub->add(std::move(slow.queue));
    settleCommands(*hub);
    Watched w(std::move(hub));
    w.broadcaster.write(someEvent());
    QANAT_WAIT((w.model->refresh(), w.one->deliveredCount() == 1 && w.model->rowCount() == 1));
    QVERIFY(w.shows(0, Fate::UnderWay));
    QANAT_WAIT((slow.recording->settleAll(), slow.recording->deliveredCount() == 1));
    QVERIFY(w.shows(0, Fate::Delivered));
}

void EventLogModelTest::aSinkThatIsGoneIsNotWaitedFor()
{
    Slow slow;
    Queue *const queue = slow.queue.get();
    Watched w;
    w.broadcaster.add(queue);
    settleCommands(w.broadcaster);
    w.model->clear();
    w.broadcaster.write(someEvent());
    QVERIFY(w.shows(0, Fate::UnderWay));
    w.broadcaster.remove(queue);
    settleCommands(w.broadcaster);
    QANAT_WAIT((w.broadcaster.write(someEvent()), w.model->refresh(), w.model->fate(0) == Fate::Unknown));
    slow.recording->settleAll();
}

void EventLogModelTest::outlivesItsRoot()
{
    auto sink = std::make_unique<RecordingSink>();
    EventLogModel model(sink.get());
    sink->write(someEvent());
    QANAT_WAIT(model.rowCount() == 1);
    sink.reset();
    model.refresh();
    model.setActive(false);
    model.setActive(true);
    QCOMPARE(model.rowCount(), 1);
    EventLogModel nothing(nullptr);
    nothing.refresh();
    QCOMPARE(nothing.rowCount(), 0);
}

void EventLogModelTest::forgets()
{
    Watched w;
    w.broadcaster.write(someEvent());
    QVERIFY(w.shows(0, Fate::Delivered));
    w.model->clear();
    QCOMPARE(w.model->rowCount(), 0);
    w.broadcaster.write(someEvent());
    QVERIFY(w.shows(0, Fate::Delivered));
    QCOMPARE(w.model->passedOver(), 0);
}

// A text that others send must not look like another one.
void EventLogModelTest::showsHiddenCharacters()
{
    Watched w;
    Event event(u"t.\u202Eexe.gpj"_s, u"a\u2066b"_s);
    event.setSubject(u"\u05E9\u05DC\u05D5\u05DD, \u00E9t\u00E9"_s);
    w.broadcaster.write(event);
    QVERIFY(w.shows(0, Fate::Delivered));
    QCOMPARE(w.text(0, Column::Type), u"t.\\u202eexe.gpj"_s);
    QCOMPARE(w.text(0, Column::Subject), event.subject());
    QCOMPARE(w.text(0, Column::Data), u"\"a\\u2066b\""_s);
}

void EventLogModelTest::hasHeadersAndRoles()
{
    Watched w;
    QStringList headers;
    for (int column = 0; column < EventLogModel::ColumnCount; ++column)
        headers.append(w.model->headerData(column, Qt::Horizontal).toString());
    QCOMPARE(headers, (QStringList{u"Time"_s, u"Type"_s, u"Source"_s, u"Subject"_s, u"Outcome"_s, u"Data"_s}));
    const Event event = someEvent();
    w.broadcaster.write(event);
    QVERIFY(w.shows(0, Fate::Delivered));
    const QModelIndex cell = w.model->index(0, int(Column::Time));
    QCOMPARE(cell.data(EventLogModel::ValueRole).toDateTime(), event.time());
    QCOMPARE(cell.data(EventLogModel::EventRole).value<Event>().id(), event.id());
    QCOMPARE(cell.data(EventLogModel::FateRole).toInt(), int(Fate::Delivered));
    QCOMPARE(w.model->roleNames().value(EventLogModel::FateRole), "fate");
}

void EventLogModelTest::propertiesTellOfChanges()
{
    EventLogModel model(nullptr);
    QSignalSpy active(&model, &EventLogModel::activeChanged);
    QSignalSpy paused(&model, &EventLogModel::pausedChanged);
    QSignalSpy capacity(&model, &EventLogModel::capacityChanged);
    QVERIFY(model.isActive());
    model.setActive(false);
    model.setActive(false);
    model.setPaused(true);
    model.setPaused(true);
    model.setCapacity(7);
    model.setCapacity(7);
    QCOMPARE(active.size(), 1);
    QCOMPARE(paused.size(), 1);
    QCOMPARE(capacity.size(), 1);
    QCOMPARE(EventLogModel(nullptr).capacity(), EventLogModel::DefaultCapacity);
    QCOMPARE(EventLogModel(nullptr).refreshInterval(), EventLogModel::DefaultRefreshInterval);
}

QTEST_MAIN(EventLogModelTest)

#include "tst_eventlogmodel.moc"
