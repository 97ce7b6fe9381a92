// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"
#include "storingpipeline.h"

#include <Qanat/Gate>
#include <Qanat/StoredDeadLetters>

#include <QtTest/qsignalspy.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

using Capacity = StoredDeadLetters::Capacity;

Delivery refusal()
{
    return Delivery::dropped(Delivery::Error::Refused, u"no such account"_s).withStatus(422).withAnswer(u"who?"_s);
}

// A queue whose target refuses all.
struct Refusing : StoringPipeline
{
    explicit Refusing(std::shared_ptr<MemoryDisk> before = std::make_shared<MemoryDisk>())
        : StoringPipeline(std::move(before))
        , letters(queue->storedDeadLetters())
    {
        recording->setBehaviour(always(refusal()));
    }
    [[nodiscard]] bool refuse(const QList<Event> &events)
    {
        const qint64 before = letters->kept();
        queue->write(Batch(events));
        return waitUntil([&] { return letters->kept() == before + events.size(); });
    }
    [[nodiscard]] QList<DeadLetter> all() const
    {
        const auto page = letters->letters(0, 1'000'000);
        return finishes(page) && page.result() ? *page.result() : QList<DeadLetter>();
    }
    StoredDeadLetters *const letters;
};

QStringList idsOfLetters(const QList<DeadLetter> &letters)
{
    QStringList ids;
    for (const DeadLetter &letter : letters)
        ids.append(letter.event.id());
    return ids;
}

} // namespace

class TestStoredDeadLetters : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void tellsAllThatIsKnown();
    void pages();
    void outliveTheProgram();
    void sendsOneAgain();
    void sendsAllAgain();
    void sendsAgainAsFarAsThereIsRoom();
    void whatComesBackIsNotSentTwice();
    void sendsAgainOnceTheDiskWorks();
    void removes();
    void keepsWithinItsCapacity();
    void purges();
    void tellsWhichAreGone();
    void goWithTheConsent();
    void tellsOfAnUnusableStore();
    void aLetterThatCannotBeRead();
    void afterAClose();
};

void TestStoredDeadLetters::tellsAllThatIsKnown()
{
    Refusing p;
    QSignalSpy changed(p.letters, &StoredDeadLetters::changed);
    p.queue->setObjectName(u"audit"_s);
    Event event = someEvent();
    event.setExtension(u"tenant"_s, u"a"_s);
    const QDateTime before = QDateTime::currentDateTimeUtc().addSecs(-1);
    QVERIFY(p.refuse({event}));
    QANAT_WAIT(changed.count() > 0);
    QCOMPARE(p.letters->count(), 1);
    const QList<DeadLetter> letters = p.all();
    QCOMPARE(letters.size(), 1);
    const DeadLetter &letter = letters.first();
    QCOMPARE(letter.event, event);
    QCOMPARE(letter.number, 1u);
    QVERIFY(letter.reason.contains(u"no such account"_s));
    QVERIFY(letter.sink.contains(u"audit"_s));
    QCOMPARE(letter.error, Delivery::Error::Refused);
    QCOMPARE(letter.status, 422);
    QCOMPARE(letter.answer, u"who?"_s);
    QVERIFY(letter.time >= before && letter.time <= QDateTime::currentDateTimeUtc());
    QCOMPARE(p.queue->statistics().dropped, 1);
}

void TestStoredDeadLetters::pages()
{
    Refusing p;
    const QList<Event> events = someEvents(250);
    QVERIFY(p.refuse(events));
    QStringList ids;
    quint64 last = 0;
    for (int page = 0; page < 4; ++page) {
        const auto next = p.letters->letters(last, 100);
        QANAT_FINISH(next);
        const QList<DeadLetter> letters = *next.result();
        QCOMPARE(letters.size(), page < 2 ? 100 : page == 2 ? 50 : 0);
        ids += idsOfLetters(letters);
        last = letters.isEmpty() ? last : letters.last().number;
    }
    QCOMPARE(ids, idsOf(events));
}

void TestStoredDeadLetters::outliveTheProgram()
{
    const auto disk = std::make_shared<MemoryDisk>();
    const QList<Event> events = someEvents(3);
    {
        Refusing first(disk);
        QVERIFY(first.refuse(events));
        QANAT_FINISH(first.queue->close());
    }
    Refusing second(disk);
    QANAT_WAIT(second.letters->count() == 3);
    QCOMPARE(idsOfLetters(second.all()), idsOf(events));
    QCOMPARE(second.letters->kept(), 0);
    QCOMPARE(second.queue->statistics().written, 0);
}

void TestStoredDeadLetters::sendsOneAgain()
{
    Refusing p;
    const QList<Event> events = someEvents(3);
    QVERIFY(p.refuse(events));
    p.recording->setBehaviour({});
    const auto sent = p.letters->sendAgain(p.all().at(1).number);
    QANAT_FINISH(sent);
    QCOMPARE(*sent.result(), 1);
    QANAT_WAIT(p.recording->deliveredCount() == 1);
    QCOMPARE(p.recording->deliveredIds(), QStringList(events.at(1).id()));
    QCOMPARE(p.recording->events().constLast(), events.at(1)); // Without the marks.
    QCOMPARE(p.letters->count(), 2);
    for (const quint64 number : {quint64(2), quint64(777)}) { // One that is sent, one that never was.
        const auto none = p.letters->sendAgain(number);
        QANAT_FINISH(none);
        QCOMPARE(*none.result(), 0);
    }
    QANAT_WAIT(p.queue->statistics().delivered == 1);
    QCOMPARE(p.queue->statistics().written, 4);
    QANAT_BALANCED(*p.queue);
}

void TestStoredDeadLetters::sendsAllAgain()
{
    Refusing p;
    const QList<Event> events = someEvents(5000);
    QVERIFY(p.refuse(events));
    p.recording->setBehaviour({});
    const auto sent = p.letters->sendAllAgain();
    QANAT_FINISH(sent);
    QCOMPARE(*sent.result(), 5000);
    QANAT_WAIT(p.recording->deliveredCount() == 5000);
    QCOMPARE(p.recording->deliveredIds(), idsOf(events));
    QCOMPARE(p.letters->count(), 0);
    QANAT_WAIT(p.disk->rows().empty());
    QANAT_BALANCED(*p.queue);
}

void TestStoredDeadLetters::sendsAgainAsFarAsThereIsRoom()
{
    Refusing p;
    QVERIFY(p.refuse(someEvents(50)));
    p.queue->setLimits({20, Limits::Unlimited, Limits::Overflow::DropOldest});
    p.recording->setBehaviour({});
    p.recording->hold();
    p.queue->write(Batch(someEvents(5)));
    QANAT_FINISH(p.queue->flushed());
    const auto sent = p.letters->sendAllAgain();
    QANAT_FINISH(sent);
    QCOMPARE(*sent.result(), 15);
    QCOMPARE(p.letters->count(), 35);
    QCOMPARE(p.queue->statistics().stored, 20);
    p.recording->release();
    QANAT_WAIT(p.queue->statistics().pending == 0);
    QCOMPARE(p.queue->statistics().delivered, 20);
    QANAT_BALANCED(*p.queue);
}

void TestStoredDeadLetters::whatComesBackIsNotSentTwice()
{
    Refusing p;
    QVERIFY(p.refuse(someEvents(3000)));
    const auto sent = p.letters->sendAllAgain();
    QANAT_FINISH(sent);
    QCOMPARE(*sent.result(), 3000);
    QANAT_WAIT(p.letters->count() == 3000 && p.queue->statistics().pending == 0);
    QCOMPARE(p.recording->count(), 6000);
    QANAT_BALANCED(*p.queue);
}

void TestStoredDeadLetters::sendsAgainOnceTheDiskWorks()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"no space"_s));
    Refusing p;
    const auto clock = std::make_shared<ManualClock>();
    const QList<Event> events = someEvents(10);
    QVERIFY(p.refuse(events));
    p.recording->setBehaviour({});
    p.queue->setClock(clock);
    p.disk->fail(u"no space"_s, false);
    const auto sent = p.letters->sendAllAgain();
    QANAT_WAIT(!p.queue->storageError().isEmpty());
    QCOMPARE(p.disk->deadLetters().size(), 10); // Neither here nor there would be lost.
    QVERIFY(!sent.isFinished());
    p.disk->fail({});
    QANAT_WAIT(clock->advanceToNextDue());
    QANAT_FINISH(sent);
    QCOMPARE(*sent.result(), 10);
    QANAT_WAIT(p.recording->deliveredCount() == 10);
    QCOMPARE(p.recording->deliveredIds(), idsOf(events));
    QANAT_BALANCED(*p.queue);
}

void TestStoredDeadLetters::removes()
{
    Refusing p;
    const QList<Event> events = someEvents(5);
    QVERIFY(p.refuse(events));
    const auto one = p.letters->remove(2);
    QANAT_FINISH(one);
    QCOMPARE(*one.result(), 1);
    QCOMPARE(idsOfLetters(p.all()).size(), 4);
    QVERIFY(!idsOfLetters(p.all()).contains(events.at(1).id()));
    const auto again = p.letters->remove(2);
    QANAT_FINISH(again);
    QCOMPARE(*again.result(), 0);
    const auto rest = p.letters->clear();
    QANAT_FINISH(rest);
    QCOMPARE(*rest.result(), 4);
    QCOMPARE(p.letters->count(), 0);
    QVERIFY(p.disk->deadLetters().isEmpty());
}

void TestStoredDeadLetters::keepsWithinItsCapacity()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"the oldest are removed from now on"_s));
    Refusing p;
    p.letters->setCapacity({100});
    const QList<Event> events = someEvents(3000);
    QVERIFY(p.refuse(events));
    QANAT_WAIT(p.letters->count() == 100);
    QCOMPARE(p.letters->lost(), 2900);
    QCOMPARE(p.disk->deadLetters().size(), 100);
    QCOMPARE(idsOfLetters(p.all()), idsOf(events).mid(2900));
    QCOMPARE(p.queue->statistics().dropped, 3000);
}

void TestStoredDeadLetters::purges()
{
    Refusing p;
    const auto clock = std::make_shared<ManualClock>();
    p.queue->setClock(clock);
    QVERIFY(p.refuse(someEvents(10)));
    clock->advance(24h);
    const QList<Event> young = someEvents(10);
    QVERIFY(p.refuse(young));
    Capacity capacity;
    capacity.age = 12h;
    const auto old = p.letters->purge(capacity);
    QANAT_FINISH(old);
    QCOMPARE(*old.result(), 10);
    QCOMPARE(idsOfLetters(p.all()), idsOf(young));
    capacity = {};
    capacity.bytes = p.disk->deadLetters().first().event.size() * 4;
    const auto large = p.letters->purge(capacity);
    QANAT_FINISH(large);
    QCOMPARE(*large.result(), 6);
    QCOMPARE(p.letters->count(), 4);
}

// A list that follows these signals needs not read anew what it has.
void TestStoredDeadLetters::tellsWhichAreGone()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"the oldest are removed from now on"_s));
    Refusing p;
    QStringList kept;
    const auto has = [&](const QList<DeadLetter> &letters) { return kept == idsOfLetters(letters); };
    QList<DeadLetter> list;
    connect(p.letters, &StoredDeadLetters::removed, this, [&](quint64 first, quint64 last) {
        list.removeIf([=](const DeadLetter &letter) { return letter.number >= first && letter.number <= last; });
    });
    QSignalSpy changed(p.letters, &StoredDeadLetters::changed);
    const auto isFollowed = [&] {
        kept = idsOfLetters(p.all());
        return waitUntil([&] { return has(list); });
    };
    QVERIFY(p.refuse(someEvents(100)));
    list = p.all();
    QVERIFY(isFollowed());
    for (const quint64 number : {50, 51, 7, 100, 777})
        QANAT_FINISH(p.letters->remove(number));
    QVERIFY(isFollowed());
    QCOMPARE(list.size(), 96);
    p.recording->setBehaviour({});
    QANAT_FINISH(p.letters->sendAgain(20));
    QVERIFY(isFollowed());
    QCOMPARE(list.size(), 95);
    p.letters->setCapacity({60});
    QVERIFY(isFollowed());
    QCOMPARE(list.size(), 60);
    QANAT_FINISH(p.letters->sendAllAgain());
    QVERIFY(isFollowed());
    QVERIFY(list.isEmpty());
    QANAT_WAIT(changed.count() > 0);
}

void TestStoredDeadLetters::goWithTheConsent()
{
    Refusing p;
    StoringQueue *const queue = p.queue.get();
    Gate gate(std::move(p.queue));
    gate.setConsent(Gate::Consent::Granted);
    gate.write(Batch(someEvents(10)));
    QANAT_WAIT(queue->storedDeadLetters()->count() == 10);
    gate.setConsent(Gate::Consent::Denied);
    QANAT_WAIT(p.disk->purged() > 0);
    QVERIFY(p.disk->deadLetters().isEmpty());
    QCOMPARE(queue->storedDeadLetters()->count(), 0);
}

void TestStoredDeadLetters::tellsOfAnUnusableStore()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"in use by process 42"_s));
    const auto disk = std::make_shared<MemoryDisk>();
    disk->fail(u"in use by process 42"_s);
    Refusing p(disk);
    const auto page = p.letters->letters();
    const auto sent = p.letters->sendAllAgain();
    const auto removed = p.letters->clear();
    QANAT_FINISH(page);
    QVERIFY(!page.result());
    QCOMPARE(page.result().errorText(), u"in use by process 42"_s);
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().errorText(), u"in use by process 42"_s);
    QANAT_FINISH(removed);
    QCOMPARE(removed.result().errorText(), u"in use by process 42"_s);
}

void TestStoredDeadLetters::aLetterThatCannotBeRead()
{
    Refusing p;
    const QList<Event> events = someEvents(5);
    QVERIFY(p.refuse(events));
    p.disk->damageLetter(3);
    const QList<DeadLetter> letters = p.all();
    QCOMPARE(letters.size(), 5);
    QVERIFY(letters.at(2).reason.contains(u"cannot be read"_s));
    QCOMPARE(letters.at(2).error, Delivery::Error::Storage);
    p.recording->setBehaviour({});
    const auto sent = p.letters->sendAllAgain();
    QANAT_FINISH(sent);
    QCOMPARE(*sent.result(), 4);
    QANAT_WAIT(p.recording->deliveredCount() == 4);
    QCOMPARE(p.letters->count(), 1);
}

void TestStoredDeadLetters::afterAClose()
{
    Refusing p;
    QVERIFY(p.refuse(someEvents(1)));
    QANAT_FINISH(p.queue->close());
    const auto page = p.letters->letters();
    QANAT_FINISH(page);
    QVERIFY(page.isCanceled());
    QCOMPARE(p.letters->count(), 1);
}

QTEST_GUILESS_MAIN(TestStoredDeadLetters)
#include "tst_storeddeadletters.moc"
