// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "refusingpipeline.h"

#include <Qanat/DeadLettersModel>
#include <Qanat/Gate>
#include <Qanat/Queue>

#include <QtCore/qregularexpression.h>
#include <QtTest/qabstractitemmodeltester.h>

using namespace Qt::StringLiterals;
using namespace Qanat;
using Column = DeadLettersModel::Column;

class DeadLettersModelTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void showsALetter();
    void followsTheLetters();
    void keepsTheRowOfALetter();
    void outlivesTheLetters();
    void readsWhatIsStoredByPages();
    void followsWhatIsStored();
    void keepsTheRowOfAStoredLetter();
    void followsItsEnd();
    void whatIsStoredMayGoWhileItIsRead();
    void readsAgainWhatCouldNotBeRead();
    void goesWithTheConsent();
};

void DeadLettersModelTest::showsALetter()
{
    DeadLetters letters;
    RecordingSink sink;
    sink.setObjectName(u"service"_s);
    sink.setDeadLetterSink(&letters);
    sink.recording()->setBehaviour(
        [](const Event &) { return permanentFailure().withStatus(422).withAnswer(u"<b>no</b>"_s); });
    DeadLettersModel model(&letters);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    sink.write(Event(u"order.paid"_s));
    QANAT_WAIT(model.rowCount() == 1);
    const auto text = [&model](Column column) { return model.index(0, int(column)).data().toString(); };
    QCOMPARE(text(Column::Type), u"order.paid"_s);
    QVERIFY(text(Column::Sink).contains(u"service"_s));
    QVERIFY(text(Column::Reason).contains(permanentFailure().errorText()));
    QCOMPARE(text(Column::Status), u"422"_s);
    QCOMPARE(text(Column::Attempts), QString()); // Nobody counted.
    QVERIFY(!text(Column::Time).isEmpty());
    const QModelIndex cell = model.index(0, int(Column::Status));
    QCOMPARE(cell.data(DeadLettersModel::ValueRole), QVariant(422));
    QCOMPARE(cell.data(DeadLettersModel::NumberRole).toULongLong(), letters.letters().constFirst().number);
    QCOMPARE(cell.data(Qt::ToolTipRole).toString(), u"<qt>&lt;b&gt;no&lt;/b&gt;</qt>"_s);
    QCOMPARE(model.letter(0).event.type(), u"order.paid"_s);
    QCOMPARE(model.letter(1).number, 0u);
    for (int column = 0; column < DeadLettersModel::ColumnCount; ++column)
        QVERIFY(!model.headerData(column, Qt::Horizontal).toString().isEmpty());
}

void DeadLettersModelTest::followsTheLetters()
{
    DeadLetters letters(50);
    DeadLettersModel model(&letters);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const auto isTrue = [&] {
        QStringList shown;
        for (int row = 0; row < model.rowCount(); ++row)
            shown.append(model.letter(row).event.id());
        QStringList kept;
        for (const DeadLetter &letter : letters.letters())
            kept.append(letter.event.id());
        return shown == kept;
    };
    letters.write(Batch(someEvents(20)));
    QANAT_WAIT(model.rowCount() == 20 && isTrue());
    // From the middle, both ends, and several at once.
    for (const int place : {10, 11, 12, 0, 19}) {
        QVERIFY(letters.remove(model.letter(place).number));
        letters.write(someEvent());
    }
    QANAT_WAIT(letters.count() == 20 && isTrue());
    // One that is not accepted comes back to its place.
    RecordingSink full;
    full.setLimits({1, Limits::Unlimited, Limits::Overflow::Reject});
    full.recording()->defer();
    full.write(someEvent());
    QCOMPARE(letters.sendAgain(model.letter(7).number, &full), WriteResult::Status::Full);
    QANAT_WAIT(letters.count() == 20 && isTrue());
    // Beyond the capacity the oldest go.
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"more than 50 dead letters"_s));
    letters.write(Batch(someEvents(50)));
    QANAT_WAIT(model.rowCount() == 50 && letters.lost() == 20 && isTrue());
    QCOMPARE(letters.clear(), 50);
    QANAT_WAIT(model.rowCount() == 0);
    full.recording()->settleAll();
}

void DeadLettersModelTest::keepsTheRowOfALetter()
{
    DeadLetters letters;
    DeadLettersModel model(&letters);
    letters.write(Batch(someEvents(10)));
    QANAT_WAIT(model.rowCount() == 10);
    const QPersistentModelIndex fifth = model.index(5, 0);
    const quint64 number = model.letter(5).number;
    letters.remove(model.letter(2).number);
    letters.write(someEvent());
    QANAT_WAIT(model.rowCount() == 10 && fifth.row() == 4);
    QCOMPARE(fifth.data(DeadLettersModel::NumberRole).toULongLong(), number);
    letters.remove(number);
    QANAT_WAIT(!fifth.isValid());
}

void DeadLettersModelTest::outlivesTheLetters()
{
    auto letters = std::make_unique<DeadLetters>();
    DeadLettersModel model(letters.get());
    letters->write(someEvent());
    QANAT_WAIT(model.rowCount() == 1);
    letters.reset();
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(DeadLettersModel(static_cast<DeadLetters *>(nullptr)).rowCount(), 0);
}

// Those of a former run, so many that nobody wants to see them all.
void DeadLettersModelTest::readsWhatIsStoredByPages()
{
    RefusingPipeline p(diskOfLetters(100'000));
    QANAT_WAIT(p.letters->count() == 100'000);
    DeadLettersModel model(p.letters);
    QCOMPARE(model.rowCount(), 0); // The GUI thread waits for nothing.
    QANAT_WAIT(model.rowCount() == 100);
    QVERIFY(model.canFetchMore());
    const QPersistentModelIndex first = model.index(0, 0);
    model.fetchMore();
    model.fetchMore(); // Of those that come already.
    QANAT_WAIT(model.rowCount() == 200);
    QCOMPARE(first.row(), 0);
    for (int row = 0; row < 200; ++row)
        QCOMPARE(model.index(row, 0).data(DeadLettersModel::NumberRole).toInt(), row + 1);
    QCOMPARE(model.index(7, int(Column::Status)).data().toString(), u"422"_s);
    QVERIFY(model.canFetchMore());
    QVERIFY(!model.canFetchMore(model.index(0, 0)));
    // What goes while most of it is not known is none of those that are shown.
    QANAT_FINISH(p.letters->remove(50'000));
    QANAT_FINISH(p.letters->remove(150));
    QANAT_WAIT(model.rowCount() == 199);
    QCOMPARE(p.disk->deadLettersRead(), 200);
}

void DeadLettersModelTest::followsWhatIsStored()
{
    RefusingPipeline p;
    DeadLettersModel model(p.letters);
    // It asks for whatever there is to be fetched.
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const auto isTrue = [&] {
        QList<quint64> shown;
        for (int row = 0; row < model.rowCount(); ++row)
            shown.append(model.letter(row).number);
        QList<quint64> kept;
        for (const EventStore::Row &letter : p.disk->deadLetters())
            kept.append(letter.number);
        return shown == kept;
    };
    QVERIFY(p.refuse(20));
    QANAT_WAIT(model.rowCount() == 20 && isTrue());
    // From the middle, both ends, and several at once.
    for (const quint64 number : {10, 11, 12, 1, 20})
        QANAT_FINISH(p.letters->remove(number));
    QVERIFY(p.refuse(5));
    QANAT_WAIT(model.rowCount() == 20 && isTrue());
    // It comes back as a new one.
    QANAT_FINISH(p.letters->sendAgain(7));
    QANAT_WAIT(p.letters->kept() == 26 && isTrue());
    // Beyond the capacity the oldest go.
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"the oldest are removed from now on"_s));
    p.letters->setCapacity({30});
    QVERIFY(p.refuse(300));
    QANAT_WAIT(p.letters->count() == 30 && isTrue());
    QANAT_FINISH(p.letters->clear());
    QVERIFY(p.refuse(3));
    QANAT_WAIT(model.rowCount() == 3 && isTrue());
}

void DeadLettersModelTest::keepsTheRowOfAStoredLetter()
{
    RefusingPipeline p;
    QVERIFY(p.refuse(10));
    DeadLettersModel model(p.letters);
    QANAT_WAIT(model.rowCount() == 10);
    const QPersistentModelIndex fifth = model.index(5, 0);
    QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    QANAT_FINISH(p.letters->remove(3));
    QVERIFY(p.refuse(1));
    QANAT_WAIT(model.rowCount() == 10 && fifth.row() == 4);
    QCOMPARE(fifth.data(DeadLettersModel::NumberRole).toULongLong(), 6u);
    // Nothing was read for a second time.
    QCOMPARE(p.disk->deadLettersRead(), 11);
    QCOMPARE(resets.count(), 0);
    QANAT_FINISH(p.letters->remove(6));
    QANAT_WAIT(!fifth.isValid());
}

// Who has seen all that there is sees what comes; who has not is not flooded.
void DeadLettersModelTest::followsItsEnd()
{
    RefusingPipeline p(diskOfLetters(150));
    DeadLettersModel model(p.letters);
    QANAT_WAIT(model.rowCount() == 100);
    QVERIFY(p.refuse(1));
    QANAT_WAIT(p.letters->count() == 151);
    model.fetchMore();
    QANAT_WAIT(model.rowCount() == 151);
    QVERIFY(!model.canFetchMore());
    QVERIFY(p.refuse(2));
    QANAT_WAIT(model.rowCount() == 153);
    QVERIFY(p.refuse(500));
    QANAT_WAIT(model.rowCount() >= 253 && model.canFetchMore());
}

void DeadLettersModelTest::whatIsStoredMayGoWhileItIsRead()
{
    {
        RefusingPipeline p(diskOfLetters(500));
        QANAT_WAIT(p.letters->count() == 500);
        DeadLettersModel model(p.letters);
        QANAT_WAIT(model.rowCount() == 100);
        model.fetchMore();
        p.queue.reset();
        QCOMPARE(model.rowCount(), 0);
        QVERIFY(!model.canFetchMore());
        model.fetchMore();
        QCoreApplication::processEvents();
        QCOMPARE(model.rowCount(), 0);
    }
    {
        // It is closed: what is known stays.
        RefusingPipeline p(diskOfLetters(500));
        QANAT_WAIT(p.letters->count() == 500);
        DeadLettersModel model(p.letters);
        QANAT_WAIT(model.rowCount() == 100);
        QANAT_FINISH(p.queue->close());
        model.fetchMore();
        QANAT_WAIT(!model.canFetchMore());
        QCOMPARE(model.rowCount(), 100);
    }
    {
        RefusingPipeline p(diskOfLetters(500));
        QANAT_WAIT(p.letters->count() == 500);
        const auto model = std::make_unique<DeadLettersModel>(p.letters);
    }
    QCOMPARE(DeadLettersModel(static_cast<StoredDeadLetters *>(nullptr)).rowCount(), 0);
}

void DeadLettersModelTest::readsAgainWhatCouldNotBeRead()
{
    RefusingPipeline p(diskOfLetters(500));
    QANAT_WAIT(p.letters->count() == 500);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"the disk is on fire"_s));
    p.disk->fail(u"the disk is on fire"_s);
    DeadLettersModel model(p.letters);
    QSignalSpy rows(&model, &QAbstractItemModel::rowsInserted);
    const auto page = p.letters->letters();
    QANAT_FINISH(page);
    QVERIFY(!page.result());
    p.disk->fail({});
    QANAT_WAIT(model.rowCount() == 100);
    QCOMPARE(rows.count(), 1);
}

void DeadLettersModelTest::goesWithTheConsent()
{
    RefusingPipeline p(diskOfLetters(500));
    Gate gate(std::move(p.queue));
    gate.setConsent(Gate::Consent::Granted);
    DeadLettersModel model(p.letters);
    QANAT_WAIT(model.rowCount() == 100);
    model.fetchMore(); // It may come before or after.
    gate.setConsent(Gate::Consent::Denied);
    QANAT_WAIT(p.letters->count() == 0 && model.rowCount() == 0 && !model.canFetchMore());
    gate.setConsent(Gate::Consent::Granted);
    gate.write(someEvent());
    QANAT_WAIT(model.rowCount() == 1);
}

QTEST_MAIN(DeadLettersModelTest)

#include "tst_deadlettersmodel.moc"
