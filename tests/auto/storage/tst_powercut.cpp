// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "storagescenario.h"
#include "storeimage.h"

#include <Qanat/StoredDeadLetters>

#include <array>

using namespace Qt::StringLiterals;
using namespace Qanat;

using Call = FaultyDisk::Call;
using Fault = FaultyDisk::Fault;
using Survivors = FaultyDisk::Survivors;

namespace {

// One of the ways in which the power may come back.
struct Return
{
    Survivors survivors;
    quint32 seed;
};
constexpr std::array<Return, 6> Returns = {{{Survivors::None, 0},
                                            {Survivors::Beginning, 1},
                                            {Survivors::Beginning, 2},
                                            {Survivors::Some, 1},
                                            {Survivors::Some, 2},
                                            {Survivors::All, 0}}};

// Where the power was cut, and which of the ways.
QString nameOf(int place, const Return &way)
{
    return u"place %1, survivors %2, seed %3: "_s.arg(place).arg(int(way.survivors)).arg(way.seed);
}

} // namespace

class TestPowerCut : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { beQuietAboutFaults(); }

    void anywhere();
    void whereDeadLettersAreSentAgain();
    void afterAFailedSync();
    void whileAFailureIsMended();

private:
    // Ends the last run in each of the ways.
    void goOn(Spool &spool, int place);
};

void TestPowerCut::goOn(Spool &spool, int place)
{
    const Ledger before = spool.ledger;
    spool.disk().remember();
    for (const Return &way : Returns) {
        spool.restore(before, way.survivors, quint32(place) * 16 + way.seed);
        lastRun(spool);
        settle(spool);
        QVERIFY2(spool.ledger.complaints.isEmpty(), qPrintable(nameOf(place, way) + spool.ledger.said()));
    }
}

void TestPowerCut::anywhere()
{
    int place = 1;
    for (bool wasCut = true; wasCut; ++place) {
        Spool spool;
        spool.disk().cut(place);
        firstRun(spool);
        // Or that of the run after it.
        if (!spool.disk().isCut())
            lastRun(spool);
        wasCut = spool.disk().isCut();
        if (wasCut)
            goOn(spool, place);
        if (QTest::currentTestFailed())
            return;
    }
    qInfo("%d places", place - 2);
    QVERIFY(place > 20);
}

namespace {

// What a program says and hears in a run with dead letters and positions.
struct LetterStory
{
    QStringList written; // Each with a position: 1 for the first, and so on.
    qsizetype stored = 0; // So many of them were said to be.
    qint64 storedPosition = 0;
    QStringList delivered;
    QStringList complaints;

    void expect(bool isSo, const QString &what)
    {
        if (!isSo)
            complaints.append(what);
    }
};

void tellLetters(Spool &spool, LetterStory *story)
{
    DurableProgram program(spool.disk(), spool.path(), spool.ledger);
    const auto write = [&](const QList<Event> &events) {
        for (const Event &event : events) {
            story->written.append(event.id());
            program.queue->write(event, QByteArray::number(story->written.size()));
        }
        const QFuture<Delivery> flushed = program.queue->flushed();
        if (program.waitFor([&] { return flushed.isFinished(); }) && flushed.result() == Delivery::stored())
            story->stored = story->written.size();
    };
    write(withBadOnes(12, 3));
    program.deliver(12);
    write(someEvents(5));
    const auto again = program.queue->storedDeadLetters()->sendAllAgain();
    program.waitFor([&] { return again.isFinished(); });
    lookAt(again);
    program.outlet->setLenient();
    write(someEvents(5));
    program.deliver(7); // Of those that came back, too.
    write(someEvents(2));
    story->storedPosition = program.queue->storedPosition().toLongLong();
    const QFuture<CloseResult> closed = program.queue->discard();
    story->expect(finishes(closed), u"the close does not end"_s);
    story->delivered = program.outlet->delivered();
    program.queue.reset();
}

void compare(const StoreImage &image, LetterStory *story)
{
    QSet<QString> kept;
    for (const QList<StoreImage::Row> &rows : {image.events, image.letters}) {
        for (const StoreImage::Row &row : rows) {
            story->expect(!kept.contains(row.id), u"an event is there twice"_s);
            kept.insert(row.id);
        }
    }
    story->expect(image.areCountsRight, u"the store has miscounted"_s);
    story->expect(image.position >= story->storedPosition, u"the position went back"_s);
    for (qsizetype i = 0; i < story->written.size(); ++i) {
        const QString &id = story->written.at(i);
        const bool isThere = kept.contains(id) || story->delivered.contains(id);
        story->expect(isThere || i >= story->stored, u"stored, and lost"_s);
        story->expect(isThere || i >= image.position, u"the position is ahead of its events"_s);
    }
}

// All of it is delivered, and so are the dead letters in the end.
void endLetters(Spool &spool, const StoreImage &image, LetterStory *story)
{
    DurableProgram program(spool.disk(), spool.path(), spool.ledger);
    program.outlet->setLenient();
    const auto again = program.queue->storedDeadLetters()->sendAllAgain();
    program.waitFor([&] { return again.isFinished(); });
    story->expect(*again.result() == image.letters.size(), u"not all are sent again"_s);
    program.deliverAll();
    story->expect(program.queue->resumed() == image.events.size(), u"others are there"_s);
    story->expect(program.queue->storedPosition().toLongLong() == image.position, u"the position is another"_s);
    QStringList kept;
    for (const QList<StoreImage::Row> &rows : {image.events, image.letters}) {
        for (const StoreImage::Row &row : rows)
            kept.append(row.id);
    }
    story->expect(program.outlet->delivered() == kept, u"others are delivered"_s);
    const QFuture<CloseResult> closed = program.queue->discard();
    story->expect(finishes(closed), u"the close does not end"_s);
    story->expect(closed.result().stored() == 0, u"something is left"_s);
    program.queue.reset();
}

} // namespace

// An event or a dead letter, and never both or none; and a source that goes on at the position passes nothing.
void TestPowerCut::whereDeadLettersAreSentAgain()
{
    int place = 1;
    for (bool wasCut = true; wasCut; ++place) {
        Spool spool;
        LetterStory told;
        spool.disk().cut(place);
        tellLetters(spool, &told);
        wasCut = spool.disk().isCut();
        spool.disk().remember();
        for (const Return &way : Returns) {
            LetterStory story = told;
            std::unique_ptr<StoreImage> image;
            spool.restore({}, way.survivors, quint32(place) * 16 + way.seed);
            elsewhere([&] { image = std::make_unique<StoreImage>(spool.path()); });
            compare(*image, &story);
            endLetters(spool, *image, &story);
            story.complaints.append(spool.ledger.complaints);
            QVERIFY2(story.complaints.isEmpty(), qPrintable(nameOf(place, way) + story.complaints.join(u"; "_s)));
        }
    }
    qInfo("%d places", place - 2);
    QVERIFY(place > 20);
}

// The system takes for written what a failed sync has left behind: who goes on with it loses it.
void TestPowerCut::afterAFailedSync()
{
    int number = 1;
    for (bool hasFailed = true; hasFailed; ++number) {
        for (const int more : {0, 1, 2}) {
            Spool spool;
            // One, or several in a row: that of the close after the first one, and so on.
            spool.disk().fail(Call::Sync, number, more == 0 ? Fault::Passing : Fault::Lasting);
            spool.disk().setMostFailures(1 + more);
            firstRun(spool, [&] { spool.disk().cut(); });
            hasFailed = spool.disk().hasFailed();
            goOn(spool, number * 3 + more);
            if (QTest::currentTestFailed())
                return;
        }
    }
    qInfo("%d places", number - 2);
    QVERIFY(number > 10);
}

// Soon after a failed sync, when the store is opened anew and sees to what has become of the last transaction.
void TestPowerCut::whileAFailureIsMended()
{
    constexpr int MostSteps = 16;
    int number = 1;
    for (bool hasFailed = true; hasFailed; ++number) {
        for (int steps = 1; steps <= MostSteps && (hasFailed || steps == 1); ++steps) {
            Spool spool;
            // That of the close fails, too, or it would leave nothing to see to.
            spool.disk().fail(Call::Sync, number, Fault::Lasting);
            spool.disk().setMostFailures(2);
            spool.disk().cutAfterFailure(steps);
            firstRun(spool, [&] { spool.disk().cut(); });
            hasFailed = spool.disk().hasFailed();
            spool.disk().heal();
            spool.restore(steps % 2 == 0 ? Survivors::All : Survivors::Some, quint32(number * MostSteps + steps));
            lastRun(spool);
            settle(spool);
            QVERIFY2(spool.ledger.complaints.isEmpty(),
                     qPrintable(u"%1 and %2 steps: "_s.arg(number).arg(steps) + spool.ledger.said()));
        }
    }
    qInfo("%d places", number - 2);
    QVERIFY(number > 10);
}

QTEST_GUILESS_MAIN(TestPowerCut)
#include "tst_powercut.moc"
