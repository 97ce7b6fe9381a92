// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/DeadLetters>
#include <Qanat/DeadLettersView>

#include <QtCore/qfile.h>
#include <QtCore/qtemporarydir.h>
#include <QtWidgets/qabstractitemview.h>
#include <QtWidgets/qfiledialog.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qlineedit.h>
#include <QtWidgets/qmessagebox.h>
#include <QtWidgets/qplaintextedit.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qtableview.h>
#include <QtWidgets/qtreewidget.h>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace {

// What deletes itself when it is closed waits for the end of an event loop, which a test has not.
void deleteNow()
{
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
}

// Three letters of a service that did not want them, and wants them now.
struct Shown
{
    Shown()
    {
        sink.setObjectName(u"service"_s);
        sink.setDeadLetterSink(&letters);
        sink.recording()->setBehaviour([](const Event &) { return permanentFailure().withStatus(422); });
        for (const Event &event : someEvents(3))
            sink.write(event);
        window.resize(1000, 600);
        view.resize(window.size());
        view.setTarget([this](const DeadLetter &) { return target; });
        window.show();
        isReady =
            waitUntil([this] { return table()->model()->rowCount() == 3 && button("sendAllAgain")->isEnabled(); });
        sink.recording()->setBehaviour([](const Event &) { return Delivery::delivered(); });
    }

    [[nodiscard]] QTableView *table() const { return view.findChild<QTableView *>(u"letters"_s); }
    [[nodiscard]] QPushButton *button(const char *name) const
    {
        return view.findChild<QPushButton *>(QLatin1StringView(name));
    }
    [[nodiscard]] QString state() const { return view.findChild<QLabel *>(u"state"_s)->text(); }
    void clickRow(int row)
    {
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, {},
                          table()->visualRect(table()->model()->index(row, 1)).center());
        static_cast<void>(waitUntil([this] { return button("sendAgain")->isEnabled(); }));
    }
    // Answers the question that is shown, by its button.
    [[nodiscard]] bool answer(QMessageBox::ButtonRole role)
    {
        QMessageBox *box = nullptr;
        if (!waitUntil([&] { return (box = view.findChild<QMessageBox *>(u"question"_s)) && box->isVisible(); }))
            return false;
        for (QAbstractButton *button : box->buttons()) {
            if (box->buttonRole(button) == role) {
                QTest::mouseClick(button, Qt::LeftButton);
                deleteNow();
                return !view.findChild<QMessageBox *>(u"question"_s);
            }
        }
        return false;
    }

    DeadLetters letters{10};
    RecordingSink sink;
    Sink *target = &sink;
    QWidget window;
    DeadLettersView view{&letters, &window};
    bool isReady = false;
};

} // namespace

class DeadLettersViewTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void showsALetterInFull();
    void sendsOneAgain();
    void sendsAllAgain();
    void saysWhyItCannotSend();
    void removesAfterAQuestion();
    void exports();
    void asksForTheFile();
    void remembersItsLayout();
    void outlivesTheLetters();
};

void DeadLettersViewTest::showsALetterInFull()
{
    Shown s;
    QVERIFY(s.isReady);
    QVERIFY(!s.button("sendAgain")->isEnabled());
    s.clickRow(1);
    QVERIFY(s.button("sendAgain")->isEnabled());
    const QString json = s.view.findChild<QPlainTextEdit *>(u"json"_s)->toPlainText();
    QVERIFY(json.contains(s.letters.letters().at(1).event.id()));
    QVERIFY(json.contains(u"deadletterreason"_s));
    const QTreeWidgetItem *const step = s.view.findChild<QTreeWidget *>(u"way"_s)->topLevelItem(0);
    QCOMPARE(step->text(1), u"given up: "_s + permanentFailure().errorText() + u" (Refused, status 422)"_s);
    QCOMPARE(step->text(3), QString());
    if (const QByteArray folder = qgetenv("QANAT_TEST_PICTURES"); !folder.isEmpty())
        s.window.grab().save(QString::fromLocal8Bit(folder) + u"/deadletters.png"_s);
}

void DeadLettersViewTest::sendsOneAgain()
{
    Shown s;
    QVERIFY(s.isReady);
    const QString id = s.letters.letters().at(1).event.id();
    s.clickRow(1);
    QTest::mouseClick(s.button("sendAgain"), Qt::LeftButton);
    QANAT_WAIT(s.sink.statistics().delivered == 1 && s.table()->model()->rowCount() == 2);
    QCOMPARE(s.sink.recording()->events().constLast().id(), id);
    QVERIFY2(s.state().contains(u"sent again"_s), qPrintable(s.state()));
}

void DeadLettersViewTest::sendsAllAgain()
{
    Shown s;
    QVERIFY(s.isReady);
    QStringList ids;
    for (const DeadLetter &letter : s.letters.letters())
        ids.append(letter.event.id());
    s.button("sendAllAgain")->setFocus();
    QTest::keyClick(s.button("sendAllAgain"), Qt::Key_Space);
    QANAT_WAIT(s.sink.statistics().delivered == 3 && s.table()->model()->rowCount() == 0);
    QStringList arrived;
    for (const Event &event : s.sink.recording()->events().mid(3))
        arrived.append(event.id());
    QCOMPARE(arrived, ids);
    QANAT_WAIT(!s.button("sendAllAgain")->isEnabled());
    QVERIFY(!s.button("export")->isEnabled());
}

void DeadLettersViewTest::saysWhyItCannotSend()
{
    Shown s;
    QVERIFY(s.isReady);
    s.target = nullptr;
    QTest::mouseClick(s.button("sendAllAgain"), Qt::LeftButton);
    QVERIFY2(s.state().contains(u"nobody to take it"_s), qPrintable(s.state()));
    RecordingSink closed;
    QANAT_FINISH(closed.discard());
    s.target = &closed;
    QTest::mouseClick(s.button("sendAllAgain"), Qt::LeftButton);
    QVERIFY2(s.state().contains(u"it is closed"_s), qPrintable(s.state()));
    QCOMPARE(s.letters.count(), 3);
}

void DeadLettersViewTest::removesAfterAQuestion()
{
    Shown s;
    QVERIFY(s.isReady);
    s.clickRow(0);
    QTest::mouseClick(s.button("remove"), Qt::LeftButton);
    QVERIFY(s.answer(QMessageBox::RejectRole));
    QCOMPARE(s.letters.count(), 3);
    const QString kept = s.letters.letters().at(1).event.id();
    s.table()->setFocus();
    QTest::keyClick(s.table(), Qt::Key_Delete);
    QVERIFY(s.answer(QMessageBox::DestructiveRole));
    QCOMPARE(s.letters.count(), 2);
    QCOMPARE(s.letters.letters().constFirst().event.id(), kept);
}

void DeadLettersViewTest::exports()
{
    const QTemporaryDir folder;
    Shown s;
    QVERIFY(s.isReady);
    const QString path = folder.filePath(u"letters.ndjson"_s);
    const Result<qsizetype> saved = s.view.save(path);
    QVERIFY2(saved, qPrintable(saved.errorText()));
    QCOMPARE(*saved, 3);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const Result<Event> event = Event::fromJson(file.readLine().trimmed());
    QVERIFY(event);
    const DeadLetter letter = DeadLetter::fromEvent(*event);
    QCOMPARE(letter.event, s.letters.letters().constFirst().event);
    QCOMPARE(letter.status, 422);
    const Result<qsizetype> failed = s.view.save(folder.filePath(u"none/letters"_s));
    QVERIFY(!failed);
    QVERIFY2(failed.errorText().contains(u"none/letters"_s), qPrintable(failed.errorText()));
}

void DeadLettersViewTest::asksForTheFile()
{
    const QTemporaryDir folder;
    Shown s;
    QVERIFY(s.isReady);
    QTest::mouseClick(s.button("export"), Qt::LeftButton);
    QFileDialog *dialog = nullptr;
    QANAT_WAIT((dialog = s.view.findChild<QFileDialog *>()) && dialog->isVisible());
    const QString path = folder.filePath(u"there.ndjson"_s);
    auto *const name = dialog->findChild<QLineEdit *>(u"fileNameEdit"_s);
    QVERIFY(name);
    name->setText(path);
    QTest::keyClick(name, Qt::Key_Return);
    QANAT_WAIT(QFile::exists(path));
}

void DeadLettersViewTest::remembersItsLayout()
{
    QByteArray state;
    {
        Shown s;
        s.table()->setColumnWidth(1, 321);
        state = s.view.saveState();
    }
    Shown s;
    QVERIFY(s.view.restoreState(state));
    QCOMPARE(s.table()->columnWidth(1), 321);
    QVERIFY(!s.view.restoreState("nonsense"));
}

void DeadLettersViewTest::outlivesTheLetters()
{
    QWidget window;
    auto letters = std::make_unique<DeadLetters>();
    DeadLettersView view(letters.get(), &window);
    letters->write(someEvent());
    QANAT_WAIT(view.findChild<QTableView *>(u"letters"_s)->model()->rowCount() == 1);
    letters.reset();
    QCOMPARE(view.letters(), nullptr);
    view.sendAllAgain();
    QCOMPARE(view.findChild<QTableView *>(u"letters"_s)->model()->rowCount(), 0);
}

QTEST_MAIN(DeadLettersViewTest)

#include "tst_deadlettersview.moc"
