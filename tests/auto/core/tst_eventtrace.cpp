// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Broadcaster>
#include <Qanat/EventTrace>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Filter>
#include <Qanat/Matcher>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtCore/qhash.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// What each sink said of each event, in order, by the kind of the sink.
class Said
{
public:
    void add(const QList<EventTrace::Record> &records, const PipelineNode &root)
    {
        note(root);
        for (const EventTrace::Record &record : records) {
            for (const Event &event : record.events)
                m_said[{m_kinds.value(record.sink), event.id()}].append(record.outcome);
        }
    }
    [[nodiscard]] QList<Delivery> of(const QString &kind, const Event &event) const
    {
        return m_said.value({kind, event.id()});
    }
    [[nodiscard]] qsizetype count() const
    {
        qsizetype count = 0;
        for (const QList<Delivery> &outcomes : m_said)
            count += outcomes.size();
        return count;
    }

private:
    void note(const PipelineNode &node)
    {
        m_kinds.insert(node.identity, node.kind);
        for (const PipelineNode &target : node.targets)
            note(target);
    }

    QHash<quintptr, QString> m_kinds;
    QHash<std::pair<QString, QString>, QList<Delivery>> m_said;
};

} // namespace

class EventTraceTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void notesEachOutcomeOfEachSink();
    void notesWhenAndHowLong();
    void keepsTheBeginning();
    void followsWhatIsAddedLater();
    void severalSeeTheSame();
    void endsWithoutATrace();
    void changesNothing();
    void mayBeginAndEndWhileOthersWrite();
};

void EventTraceTest::notesEachOutcomeOfEachSink()
{
    const auto clock = std::make_shared<ManualClock>();
    auto end = std::make_unique<RecordingSink>();
    end->recording()->setBehaviour([tries = 0](const Event &event) mutable {
        if (event.type() == "refused"_L1)
            return Delivery::failed(Delivery::Error::Refused, u"no"_s, Delivery::Retry::Never);
        return tries++ == 0 ? passingFailure() : Delivery::delivered();
    });
    auto retry = std::make_unique<RetryingSink>(std::move(end), ExponentialBackoff(1s, 1s, 1s));
    auto filter = std::make_unique<Filter>(!Matcher::type(u"unwanted"_s), std::move(retry));
    Queue queue(std::move(filter));
    queue.setClock(clock);
    EventTrace trace(&queue);
    const QList<Event> events{Event(u"wanted"_s), Event(u"unwanted"_s), Event(u"refused"_s)};
    queue.write(Batch(events));
    QANAT_WAIT((void(clock->advanceToNextDue()), queue.statistics().pending == 0));

    // It is noted a moment after it is counted.
    Said said;
    QANAT_WAIT((said.add(trace.take(), queue.pipeline()), said.count() == 11));
    QCOMPARE(trace.lost(), 0);
    const QList<Delivery> attempts = said.of(u"RecordingSink"_s, events[0]);
    QCOMPARE(attempts.size(), 2);
    QCOMPARE(attempts[0].error(), passingFailure().error());
    QVERIFY(attempts[1].isSuccess());
    for (const QString &sink : {u"RetryingSink"_s, u"Filter"_s, u"Queue"_s}) {
        QCOMPARE(said.of(sink, events[0]), QList<Delivery>{Delivery::delivered()});
        QCOMPARE(said.of(sink, events[2]).size(), 1);
        QCOMPARE(said.of(sink, events[2])[0].error(), Delivery::Error::Refused);
        QCOMPARE(said.of(sink, events[2])[0].attempts() > 0, true);
    }
    QCOMPARE(said.of(u"Queue"_s, events[1]), QList<Delivery>{Delivery::filtered()});
    QCOMPARE(said.of(u"RetryingSink"_s, events[1]), QList<Delivery>());
    QVERIFY(trace.take().isEmpty());
}

void EventTraceTest::notesWhenAndHowLong()
{
    const auto clock = std::make_shared<ManualClock>();
    RecordingSink sink;
    sink.setClock(clock);
    sink.recording()->defer();
    EventTrace trace(&sink);
    sink.write(someEvent());
    QANAT_WAIT(sink.recording()->deferredCalls() == 1);
    clock->advance(1500ms);
    sink.recording()->settleAll();
    const QList<EventTrace::Record> records = trace.take();
    QCOMPARE(records.size(), 1);
    QCOMPARE(records[0].duration, 1500ms);
    QCOMPARE(records[0].time, clock->wallClock());
}

void EventTraceTest::keepsTheBeginning()
{
    RecordingSink sink;
    EventTrace trace(&sink, 5);
    const QList<Event> events = someEvents(20);
    sink.write(Batch(events.mid(0, 4)));
    QANAT_WAIT(sink.statistics().delivered == 4);
    sink.write(Batch(events.mid(4, 3)));
    QANAT_WAIT(sink.statistics().delivered == 7);
    QStringList ids;
    for (const EventTrace::Record &record : trace.take()) {
        for (const Event &event : record.events)
            ids.append(event.id());
    }
    QCOMPARE(ids, idsOf(events.mid(0, 5)));
    QCOMPARE(trace.lost(), 2);
    sink.write(Batch(events.mid(7)));
    QANAT_WAIT(sink.statistics().delivered == 20);
    const QList<EventTrace::Record> records = trace.take();
    QCOMPARE(idsOf(QList<Event>(records.constFirst().events.begin(), records.constFirst().events.end())),
             idsOf(events.mid(7, 5)));
    QCOMPARE(trace.lost(), 2 + 8);
}

void EventTraceTest::followsWhatIsAddedLater()
{
    Broadcaster broadcaster;
    broadcaster.setObjectName(u"root"_s);
    EventTrace trace(&broadcaster);
    Queue queue(std::make_unique<RecordingSink>());
    broadcaster.add(&queue);
    const Event event = someEvent();
    broadcaster.write(event);
    QANAT_WAIT(queue.statistics().delivered == 1);
    Said said;
    QANAT_WAIT((said.add(trace.take(), broadcaster.pipeline()), said.count() == 3));
    for (const QString &sink : {u"Broadcaster"_s, u"Queue"_s, u"RecordingSink"_s})
        QCOMPARE(said.of(sink, event), QList<Delivery>{Delivery::delivered()});
}

void EventTraceTest::severalSeeTheSame()
{
    RecordingSink sink;
    EventTrace one(&sink);
    {
        EventTrace other(&sink);
        sink.write(someEvent());
        QANAT_WAIT(sink.statistics().delivered == 1);
        QCOMPARE(other.take().size(), 1);
    }
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 2);
    QCOMPARE(one.take().size(), 2);
}

void EventTraceTest::endsWithoutATrace()
{
    EventTrace nothing(nullptr);
    QVERIFY(nothing.take().isEmpty());
    auto sink = std::make_unique<RecordingSink>();
    auto trace = std::make_unique<EventTrace>(sink.get());
    const Event event = someEvent();
    sink->write(event);
    QANAT_WAIT(sink->statistics().delivered == 1);
    sink.reset();
    QCOMPARE(trace->take().size(), 1);
    trace.reset();

    // One that was removed is let go as well.
    Broadcaster broadcaster;
    Queue queue(std::make_unique<RecordingSink>());
    broadcaster.add(&queue);
    settleCommands(broadcaster);
    trace = std::make_unique<EventTrace>(&broadcaster);
    QANAT_FINISH(broadcaster.remove(&queue));
    queue.write(someEvent());
    QANAT_WAIT(queue.statistics().delivered == 1);
    QANAT_WAIT(!trace->take().isEmpty());
    trace.reset();
    queue.write(someEvent());
    QANAT_WAIT(queue.statistics().delivered == 2);
}

// The same events, outcomes and counters with it and without it.
void EventTraceTest::changesNothing()
{
    for (const bool isTraced : {false, true}) {
        Broadcaster broadcaster;
        auto end = std::make_unique<RecordingSink>();
        const auto recording = end->recording();
        Queue queue(std::move(end));
        broadcaster.add(&queue);
        settleCommands(broadcaster);
        std::unique_ptr<EventTrace> trace;
        if (isTraced)
            trace = std::make_unique<EventTrace>(&broadcaster, 100);
        const QList<Event> events = someEvents(5000);
        Crew writer(1, [&](int) {
            for (const Event &event : events)
                broadcaster.write(event);
        });
        QVERIFY(writer.wait());
        QANAT_WAIT(recording->deliveredCount() == events.size());
        QCOMPARE(recording->deliveredIds(), idsOf(events));
        QANAT_BALANCED(queue);
        // Nobody takes them: no more than that is kept.
        qsizetype kept = 0;
        if (trace) {
            for (const EventTrace::Record &record : trace->take())
                kept += record.events.size();
            QVERIFY(trace->lost() > 0);
        }
        QCOMPARE(kept, isTraced ? 100 : 0);
    }
}

void EventTraceTest::mayBeginAndEndWhileOthersWrite()
{
    Broadcaster broadcaster;
    std::atomic<bool> isOver{false};
    Crew crew(3, [&](int number) {
        while (!isOver) {
            if (number == 0) {
                broadcaster.write(someEvent());
            } else if (number == 1) {
                Queue queue(std::make_unique<RecordingSink>());
                broadcaster.add(&queue);
                queue.write(someEvent());
                broadcaster.remove(&queue).waitForFinished();
            } else {
                EventTrace trace(&broadcaster, 50);
                static_cast<void>(trace.take());
            }
        }
    });
    QANAT_WAIT(broadcaster.statistics().written > 2000);
    isOver = true;
    QVERIFY(crew.wait());
    QANAT_WAIT(broadcaster.statistics().pending == 0);
    QANAT_BALANCED(broadcaster);
}

QTEST_GUILESS_MAIN(EventTraceTest)

#include "tst_eventtrace.moc"
