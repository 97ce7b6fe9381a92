// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/DeadLettersModel>
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
    QCOMPARE(DeadLettersModel(nullptr).rowCount(), 0);
}

QTEST_MAIN(DeadLettersModelTest)

#include "tst_deadlettersmodel.moc"
