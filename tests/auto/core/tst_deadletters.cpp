// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/WorkerPool>

#include <QtCore/qregularexpression.h>

#include <thread>

using namespace Qt::StringLiterals;
using namespace Qanat;

class TestDeadLetters : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void keepsWhatWasGivenUp();
    void keepsTheLastOfTooMany();
    void readsWhatWasKeptElsewhere();
    void canBeKeptElsewhere();
    void sendsAgain();
    void whatIsNotAcceptedStays();
    void whatFailsAgainComesBack();
    void removesAndClears();
    void tellsOfChanges();
    void ofSeveralSinks();
    void twoSinksMayBeEachOthers();
    void throughABroadcasterTheyDoNotMultiply();
    void whatIsGivenUpDoesNotWait();
};

void TestDeadLetters::keepsWhatWasGivenUp()
{
    DeadLetters dead;
    auto end = std::make_unique<RecordingSink>();
    const Delivery failure = permanentFailure().withStatus(422).withAnswer(u"no such key"_s);
    end->recording()->setBehaviour(always(failure));
    auto retry = std::make_unique<RetryingSink>(std::move(end), ExponentialBackoff());
    retry->setObjectName(u"audit"_s);
    retry->setDeadLetterSink(&dead);
    Queue queue(std::move(retry));
    Event event = someEvent();
    event.setExtension(u"mine"_s, u"kept"_s);
    queue.write(event);
    QANAT_WAIT(dead.count() == 1);
    const DeadLetter letter = dead.letters().first();
    QCOMPARE(letter.number, 1U);
    QCOMPARE(letter.event, event);
    QCOMPARE(letter.sink, u"RetryingSink \"audit\""_s);
    QCOMPARE(letter.error, permanentFailure().error());
    QVERIFY2(letter.reason.contains(permanentFailure().errorText()), qPrintable(letter.reason));
    QCOMPARE(letter.attempts, 1);
    QCOMPARE(letter.status, 422);
    QCOMPARE(letter.answer, u"no such key"_s);
    QVERIFY(letter.time.isValid());
    QCOMPARE(dead.statistics().delivered, 1);
}

void TestDeadLetters::keepsTheLastOfTooMany()
{
    DeadLetters dead(3);
    QCOMPARE(dead.capacity(), 3);
    QTest::ignoreMessage(
        QtWarningMsg, "DeadLetters: more than 3 dead letters: the oldest are lost from now on, and lost() counts them");
    const QList<Event> events = someEvents(5);
    dead.write(Batch(events));
    QANAT_WAIT(dead.statistics().delivered == 5);
    QCOMPARE(dead.count(), 3);
    QCOMPARE(dead.lost(), 2);
    const QList<DeadLetter> letters = dead.letters();
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(letters[i].event.id(), events[i + 2].id());
        QCOMPARE(letters[i].number, quint64(i + 3));
        QCOMPARE(letters[i].error, Delivery::Error::None);
    }
}

void TestDeadLetters::readsWhatWasKeptElsewhere()
{
    auto end = std::make_unique<RecordingSink>();
    end->recording()->setBehaviour(always(permanentFailure().withStatus(422).withAnswer(u"no such key"_s)));
    Queue queue(std::move(end));
    RecordingSink dead;
    queue.setDeadLetterSink(&dead);
    const Event event = someEvent();
    queue.write(event);
    QANAT_WAIT(dead.recording()->events().size() == 1);
    // As it comes out of a file.
    const Result<Event> read = Event::fromJson(dead.recording()->events().constFirst().toJson().value());
    QVERIFY(read);
    const DeadLetter letter = DeadLetter::fromEvent(*read);
    QCOMPARE(letter.event, event);
    QCOMPARE(letter.status, 422);
    QCOMPARE(letter.answer, u"no such key"_s);
    QCOMPARE(letter.error, permanentFailure().error());
    QVERIFY(!letter.reason.isEmpty() && !letter.sink.isEmpty());
    // What nobody gave up has nothing to tell.
    QCOMPARE(DeadLetter::fromEvent(event).event, event);
    QCOMPARE(DeadLetter::fromEvent(event).error, Delivery::Error::None);
}

void TestDeadLetters::canBeKeptElsewhere()
{
    DeadLetters dead;
    RecordingSink sink;
    sink.setDeadLetterSink(&dead);
    sink.recording()->setBehaviour(
        [](const Event &) { return permanentFailure().withStatus(422).withAnswer(u"no"_s); });
    const Event event = someEvent();
    sink.write(event);
    QANAT_WAIT(dead.count() == 1);
    const DeadLetter letter = dead.letters().constFirst();
    QCOMPARE(letter.by, sink.pipeline().identity);
    const DeadLetter again = DeadLetter::fromEvent(letter.toEvent());
    QCOMPARE(again.by, 0u);
    QCOMPARE(again.event, event);
    QCOMPARE(again.sink, letter.sink);
    QCOMPARE(again.reason, letter.reason);
    QCOMPARE(again.error, letter.error);
    QCOMPARE(again.attempts, letter.attempts);
    QCOMPARE(again.status, 422);
    QCOMPARE(again.answer, u"no"_s);
    // A reason of several lines is one that an attribute can hold.
    DeadLetter wordy = letter;
    wordy.reason = u"line 1\nline 2"_s;
    wordy.sink = u"a\tsink"_s;
    QVERIFY(wordy.toEvent().isValid());
    QCOMPARE(DeadLetter::fromEvent(wordy.toEvent()).reason, u"line 1 line 2"_s);
    // Of one that was written directly nothing is known.
    DeadLetter bare;
    bare.event = event;
    QCOMPARE(DeadLetter::fromEvent(bare.toEvent()).error, Delivery::Error::None);
    QCOMPARE(DeadLetter::fromEvent(bare.toEvent()).reason, QString());
}

void TestDeadLetters::sendsAgain()
{
    DeadLetters dead;
    const QList<Event> events = someEvents(4);
    dead.write(Batch(events));
    QANAT_WAIT(dead.count() == 4);
    RecordingSink sink;
    QCOMPARE(dead.sendAgain(2, &sink), WriteResult::Status::Accepted);
    QCOMPARE(dead.count(), 3);
    QCOMPARE(dead.sendAgain(2, &sink), WriteResult::Status::Invalid);
    QCOMPARE(dead.sendAgain(1, nullptr), WriteResult::Status::Invalid);
    QCOMPARE(dead.sendAgain(1, &dead), WriteResult::Status::Invalid);
    QCOMPARE(dead.sendAllAgain(&sink), 3);
    QCOMPARE(dead.count(), 0);
    QANAT_WAIT(sink.recording()->count() == 4);
    const QStringList ids = idsOf(events);
    QCOMPARE(sink.recording()->ids(), (QStringList{ids[1], ids[0], ids[2], ids[3]}));
}

void TestDeadLetters::whatIsNotAcceptedStays()
{
    DeadLetters dead;
    const QList<Event> events = someEvents(3);
    dead.write(Batch(events));
    QANAT_WAIT(dead.count() == 3);
    RecordingSink small;
    small.recording()->defer();
    small.setLimits({1, Limits::Unlimited, Limits::Overflow::Reject});
    QCOMPARE(dead.sendAllAgain(&small), 1);
    QCOMPARE(dead.sendAgain(3, &small), WriteResult::Status::Full);
    RecordingSink closed;
    QANAT_FINISH(closed.close());
    QCOMPARE(dead.sendAgain(2, &closed), WriteResult::Status::Closed);
    QCOMPARE(dead.sendAllAgain(&closed), 0);
    const QList<DeadLetter> letters = dead.letters();
    QCOMPARE(letters.size(), 2);
    QCOMPARE(letters[0].number, 2U);
    QCOMPARE(letters[1].number, 3U);
    QANAT_WAIT(small.recording()->deferredCalls() == 1);
    small.recording()->settleAll();
}

void TestDeadLetters::whatFailsAgainComesBack()
{
    DeadLetters dead;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->setBehaviour(always(permanentFailure()));
    Queue queue(std::move(end));
    queue.setDeadLetterSink(&dead);
    const QList<Event> events = someEvents(3);
    queue.write(Batch(events));
    QANAT_WAIT(dead.count() == 3);
    QCOMPARE(dead.sendAllAgain(&queue), 3);
    QANAT_WAIT(dead.statistics().delivered == 6);
    QCOMPARE(dead.count(), 3);
    recording->setBehaviour({});
    QCOMPARE(dead.sendAllAgain(&queue), 3);
    QANAT_WAIT(recording->deliveredCount() == 3);
    QCOMPARE(recording->deliveredIds(), idsOf(events));
    QCOMPARE(dead.count(), 0);
    QANAT_BALANCED(queue);
}

void TestDeadLetters::removesAndClears()
{
    DeadLetters dead;
    dead.write(Batch(someEvents(3)));
    QANAT_WAIT(dead.count() == 3);
    QVERIFY(dead.remove(1));
    QVERIFY(!dead.remove(1));
    QVERIFY(!dead.remove(17));
    QCOMPARE(dead.clear(), 2);
    QCOMPARE(dead.clear(), 0);
}

void TestDeadLetters::tellsOfChanges()
{
    DeadLetters dead;
    QSignalSpy changed(&dead, &DeadLetters::changed);
    for (const Event &event : someEvents(100))
        dead.write(event);
    QANAT_WAIT(!changed.isEmpty() && dead.count() == 100);
    QVERIFY(changed.size() < 50);
    const qsizetype before = changed.size();
    dead.clear();
    QANAT_WAIT(changed.size() > before);
}

void TestDeadLetters::ofSeveralSinks()
{
    DeadLetters dead;
    std::vector<std::unique_ptr<Queue>> queues;
    for (const QString &name : {u"a"_s, u"b"_s}) {
        auto end = std::make_unique<RecordingSink>();
        end->recording()->setBehaviour(always(permanentFailure()));
        queues.push_back(std::make_unique<Queue>(std::move(end)));
        queues.back()->setObjectName(name);
        queues.back()->setDeadLetterSink(&dead);
    }
    const Event event = someEvent();
    for (const auto &queue : queues)
        queue->write(event);
    QANAT_WAIT(dead.count() == 2);
    QStringList sinks;
    for (const DeadLetter &letter : dead.letters())
        sinks.append(letter.sink);
    sinks.sort();
    QCOMPARE(sinks, (QStringList{u"Queue \"a\""_s, u"Queue \"b\""_s}));
}

void TestDeadLetters::twoSinksMayBeEachOthers()
{
    std::vector<std::unique_ptr<Queue>> queues;
    std::vector<std::shared_ptr<Recording>> recordings;
    for (const QString &name : {u"a"_s, u"b"_s}) {
        auto end = std::make_unique<RecordingSink>();
        end->recording()->setBehaviour(always(permanentFailure()));
        recordings.push_back(end->recording());
        queues.push_back(std::make_unique<Queue>(std::move(end)));
        queues.back()->setObjectName(name);
    }
    queues[0]->setDeadLetterSink(queues[1].get());
    queues[1]->setDeadLetterSink(queues[0].get());
    QTest::ignoreMessage(
        QtWarningMsg,
        "Queue \"b\": dead letters of Queue \"a\" had come back there, or were given up by too many: they, "
        "and further ones, are dropped for good and only counted");
    queues[0]->write(someEvent());
    QANAT_WAIT(queues[1]->statistics().dropped == 2);
    QANAT_FINISH(queues[0]->close());
    QANAT_FINISH(queues[1]->close());
    QCOMPARE(recordings[0]->count(), 2);
    QCOMPARE(recordings[1]->count(), 1);
    QANAT_BALANCED(*queues[0]);
    QANAT_BALANCED(*queues[1]);
}

void TestDeadLetters::throughABroadcasterTheyDoNotMultiply()
{
    constexpr int Count = 6;
    Broadcaster events;
    std::vector<std::unique_ptr<Queue>> queues;
    for (int i = 0; i < Count; ++i) {
        auto end = std::make_unique<RecordingSink>();
        end->recording()->setBehaviour(always(permanentFailure()));
        queues.push_back(std::make_unique<Queue>(std::move(end), WorkerPool::shared()));
        queues.back()->setDeadLetterSink(&events);
        events.add(queues.back().get());
    }
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(u"^Broadcaster: dead letters of Queue had come back there"_s));
    events.write(someEvent());
    // Each event is given up by three at most, one after the other: 1 + 6 + 6 * 5 + 6 * 5 * 4.
    constexpr qint64 All = 1 + 6 + 30 + 120;
    QANAT_WAIT(events.statistics().delivered == All && events.statistics().pending == 0);
    for (const auto &queue : queues)
        QANAT_WAIT(queue->statistics().dropped == All);
    QANAT_WAIT(events.statistics().pending == 0);
    QCOMPARE(events.statistics().delivered, All);
    QANAT_BALANCED(events);
}

void TestDeadLetters::whatIsGivenUpDoesNotWait()
{
    auto stuck = std::make_unique<RecordingSink>();
    stuck->recording()->defer();
    Queue dead(std::move(stuck));
    dead.setLimits({1, Limits::Unlimited, Limits::Overflow::Wait});
    dead.write(someEvent());
    auto end = std::make_unique<RecordingSink>();
    end->recording()->defer();
    Queue queue(std::move(end));
    queue.setDeadLetterSink(&dead);
    queue.write(Batch(someEvents(3)));
    QTest::ignoreMessage(QtWarningMsg, "Queue: 3 events were not accepted by the dead-letter sink");
    // In a thread that may wait elsewhere.
    std::thread closing([&queue] { queue.discard(); });
    closing.join();
    QANAT_FINISH(queue.close());
    QCOMPARE(queue.statistics().dropped, 3);
    QANAT_FINISH(dead.discard());
}

QTEST_GUILESS_MAIN(TestDeadLetters)

#include "tst_deadletters.moc"
