// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "refusingpipeline.h"

#include <Qanat/DeadLetters>
#include <Qanat/DeadLettersView>

#include <QtCore/qfile.h>
#include <QtCore/qregularexpression.h>
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

// What a view has, and who works with it.
struct Worked
{
    Worked(DeadLettersView *shown, QWidget *around)
        : view(*shown)
        , window(*around)
    {
        window.resize(1000, 600);
        view.resize(window.size());
        window.show();
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

    DeadLettersView &view;
    QWidget &window;
};

// Made before, and gone after the rest.
struct Owned
{
    DeadLetters letters{10};
    QWidget ownWindow;
    DeadLettersView ownView{&letters, &ownWindow};
};
struct OwnedStored
{
    explicit OwnedStored(StoredDeadLetters *letters)
        : ownView(letters, &ownWindow)
    {
    }
    QWidget ownWindow;
    DeadLettersView ownView;
};

// Three letters of a service that did not want them, and wants them now.
struct Shown
    : private Owned
    , public Worked
{
    Shown()
        : Worked(&ownView, &ownWindow)
    {
        sink.setObjectName(u"service"_s);
        sink.setDeadLetterSink(&letters);
        sink.recording()->setBehaviour([](const Event &) { return permanentFailure().withStatus(422); });
        for (const Event &event : someEvents(3))
            sink.write(event);
        view.setTarget([this](const DeadLetter &) { return target; });
        isReady =
            waitUntil([this] { return table()->model()->rowCount() == 3 && button("sendAllAgain")->isEnabled(); });
        sink.recording()->setBehaviour([](const Event &) { return Delivery::delivered(); });
    }

    using Owned::letters;
    RecordingSink sink;
    Sink *target = &sink;
    bool isReady = false;
};

// Letters of a former run that are stored, of which a view has read the first.
struct ShownStored
    : RefusingPipeline
    , private OwnedStored
    , public Worked
{
    explicit ShownStored(const std::shared_ptr<MemoryDisk> &before)
        : RefusingPipeline(before)
        , OwnedStored(letters)
        , Worked(&ownView, &ownWindow)
    {
        isReady = waitUntil([this] { return table()->model()->rowCount() > 0 && button("sendAllAgain")->isEnabled(); });
        recording->setBehaviour({});
    }
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
    void readsStoredOnesAsTheyAreLookedAt();
    void sendsStoredOnesAgain();
    void sendsAllStoredOnesAgain();
    void removesStoredOnesAfterAQuestion();
    void exportsAllThatIsStored();
    void anExportThatEndsEarlyLeavesTheFile();
    void saysWhyAStoreCannotBeUsed();
    void saysThatTheQueueIsFull();
    void outlivesTheQueue();
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
    const Result<qint64> saved = s.view.save(path).result();
    QVERIFY2(saved, qPrintable(saved.errorText()));
    QCOMPARE(*saved, 3);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const Result<Event> event = Event::fromJson(file.readLine().trimmed());
    QVERIFY(event);
    const DeadLetter letter = DeadLetter::fromEvent(*event);
    QCOMPARE(letter.event, s.letters.letters().constFirst().event);
    QCOMPARE(letter.status, 422);
    const Result<qint64> failed = s.view.save(folder.filePath(u"none/letters"_s)).result();
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
    QANAT_WAIT(s.state().contains(u"3 letters exported"_s));
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

void DeadLettersViewTest::readsStoredOnesAsTheyAreLookedAt()
{
    ShownStored s(diskOfLetters(100'000));
    QVERIFY(s.isReady);
    QCOMPARE(s.view.storedLetters(), s.letters);
    QCOMPARE(s.view.letters(), nullptr);
    QVERIFY2(s.state().contains(QLocale().toString(100'000)), qPrintable(s.state()));
    const int before = s.table()->model()->rowCount();
    QVERIFY(before <= 200);
    s.table()->setFocus();
    QTest::keyClick(s.table(), Qt::Key_Home, Qt::ControlModifier);
    QTest::keyClick(s.table(), Qt::Key_End, Qt::ControlModifier);
    QANAT_WAIT(s.table()->model()->rowCount() > before);
    QVERIFY(s.table()->model()->rowCount() < 1000);
    s.clickRow(s.table()->rowAt(5));
    QVERIFY(s.view.findChild<QPlainTextEdit *>(u"json"_s)->toPlainText().contains(u"no such account"_s));
}

void DeadLettersViewTest::sendsStoredOnesAgain()
{
    ShownStored s(diskOfLetters(5));
    QVERIFY(s.isReady);
    QVERIFY(!s.button("sendAgain")->isEnabled());
    s.clickRow(1);
    QTest::keyClick(s.table(), Qt::Key_Down, Qt::ShiftModifier);
    QTest::mouseClick(s.button("sendAgain"), Qt::LeftButton);
    QVERIFY(!s.button("sendAllAgain")->isEnabled()); // One after the other.
    QANAT_WAIT(s.recording->deliveredCount() == 2 && s.table()->model()->rowCount() == 3);
    QANAT_WAIT(s.state().contains(u"2 letters sent again"_s));
    QCOMPARE(s.disk->deadLetters().at(1).number, 4u);
    QVERIFY(s.button("sendAllAgain")->isEnabled());
}

void DeadLettersViewTest::sendsAllStoredOnesAgain()
{
    ShownStored s(diskOfLetters(5000));
    QVERIFY(s.isReady);
    s.button("sendAllAgain")->setFocus();
    QTest::keyClick(s.button("sendAllAgain"), Qt::Key_Space);
    QANAT_WAIT(s.recording->deliveredCount() == 5000 && s.table()->model()->rowCount() == 0);
    QANAT_WAIT(s.state().contains(QLocale().toString(5000) + u" letters sent again"_s)
               && !s.button("export")->isEnabled());
    QVERIFY(!s.button("sendAllAgain")->isEnabled());
}

void DeadLettersViewTest::removesStoredOnesAfterAQuestion()
{
    ShownStored s(diskOfLetters(5));
    QVERIFY(s.isReady);
    s.clickRow(0);
    QTest::mouseClick(s.button("remove"), Qt::LeftButton);
    QVERIFY(s.answer(QMessageBox::RejectRole));
    QCOMPARE(s.letters->count(), 5);
    s.table()->selectAll();
    s.table()->setFocus();
    QTest::keyClick(s.table(), Qt::Key_Delete);
    QVERIFY(s.answer(QMessageBox::DestructiveRole));
    QANAT_WAIT(s.letters->count() == 0 && s.table()->model()->rowCount() == 0);
    QCOMPARE(s.recording->count(), 0);
}

// Also those that nobody has looked at.
void DeadLettersViewTest::exportsAllThatIsStored()
{
    const QTemporaryDir folder;
    ShownStored s(diskOfLetters(2345));
    QVERIFY(s.isReady);
    const QString path = folder.filePath(u"letters.ndjson"_s);
    const QFuture<Result<qint64>> saved = s.view.save(path);
    QVERIFY(!saved.isFinished());
    QANAT_FINISH(saved);
    QCOMPARE(*saved.result(), 2345);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray lines = file.readAll();
    QCOMPARE(lines.count('\n'), 2345);
    const Result<Event> event = Event::fromJson(lines.left(lines.indexOf('\n')));
    QVERIFY(event);
    QCOMPARE(DeadLetter::fromEvent(*event).status, 422);
    QVERIFY(s.table()->model()->rowCount() < 2345);
    const QFuture<Result<qint64>> failed = s.view.save(folder.filePath(u"none/letters"_s));
    QANAT_FINISH(failed);
    QVERIFY2(failed.result().errorText().contains(u"none/letters"_s), qPrintable(failed.result().errorText()));
}

void DeadLettersViewTest::anExportThatEndsEarlyLeavesTheFile()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"letters.ndjson"_s);
    const auto content = [&path] {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("before") == 6);
    }
    {
        ShownStored s(diskOfLetters(2345));
        QVERIFY(s.isReady);
        const QFuture<Result<qint64>> saved = s.view.save(path);
        s.queue.reset();
        QANAT_FINISH(saved);
        QVERIFY(!saved.result());
        QVERIFY2(saved.result().errorText().contains(u"closed"_s), qPrintable(saved.result().errorText()));
        QCOMPARE(content(), "before");
    }
    QFuture<Result<qint64>> canceled;
    {
        ShownStored s(diskOfLetters(2345));
        QVERIFY(s.isReady);
        canceled = s.view.save(path);
    }
    QVERIFY(canceled.isCanceled());
    QCOMPARE(content(), "before");
}

void DeadLettersViewTest::saysWhyAStoreCannotBeUsed()
{
    const QTemporaryDir folder;
    ShownStored s(diskOfLetters(5));
    QVERIFY(s.isReady);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"the disk is on fire"_s));
    s.disk->fail(u"the disk is on fire"_s);
    s.clickRow(0);
    QTest::mouseClick(s.button("remove"), Qt::LeftButton);
    QVERIFY(s.answer(QMessageBox::DestructiveRole));
    QANAT_WAIT(s.state().contains(u"cannot be removed: the disk is on fire"_s)
               && s.state().contains(u"cannot be used: the disk is on fire"_s));
    QCOMPARE(s.table()->model()->rowCount(), 5);
    QTest::mouseClick(s.button("export"), Qt::LeftButton);
    auto *const dialog = s.view.findChild<QFileDialog *>();
    QANAT_WAIT(dialog && dialog->isVisible());
    auto *const name = dialog->findChild<QLineEdit *>(u"fileNameEdit"_s);
    name->setText(folder.filePath(u"there.ndjson"_s));
    QTest::keyClick(name, Qt::Key_Return);
    QMessageBox *box = nullptr;
    QANAT_WAIT((box = s.view.findChild<QMessageBox *>(u"failure"_s)) && box->isVisible());
    QVERIFY2(box->text().contains(u"on fire"_s), qPrintable(box->text()));
    QVERIFY(!QFile::exists(folder.filePath(u"there.ndjson"_s)));
    QTest::keyClick(box, Qt::Key_Escape);
    // What could not be done is done once it works.
    s.disk->fail({});
    QANAT_WAIT(s.table()->model()->rowCount() == 4 && !s.state().contains(u"cannot be used"_s));
}

void DeadLettersViewTest::saysThatTheQueueIsFull()
{
    ShownStored s(diskOfLetters(50));
    QVERIFY(s.isReady);
    s.queue->setLimits({10, Limits::Unlimited, Limits::Overflow::Reject});
    s.recording->hold();
    QTest::mouseClick(s.button("sendAllAgain"), Qt::LeftButton);
    QANAT_WAIT(s.state().contains(u"10 letters sent again; for others there is no room"_s));
    s.table()->selectAll();
    QANAT_WAIT(s.button("sendAgain")->isEnabled());
    QTest::mouseClick(s.button("sendAgain"), Qt::LeftButton);
    QANAT_WAIT(s.state().contains(u"0 letters sent again; for others there is no room"_s));
    QCOMPARE(s.letters->count(), 40);
    s.recording->release();
    QANAT_WAIT(s.recording->deliveredCount() == 10);
}

void DeadLettersViewTest::outlivesTheQueue()
{
    ShownStored s(diskOfLetters(500));
    QVERIFY(s.isReady);
    s.table()->selectAll();
    QANAT_WAIT(s.button("sendAgain")->isEnabled());
    s.view.sendAgain();
    s.queue.reset();
    QCOMPARE(s.view.storedLetters(), nullptr);
    QCOMPARE(s.table()->model()->rowCount(), 0);
    QANAT_WAIT(s.state().contains(u"the queue is closed"_s));
    s.view.sendAllAgain();
    QANAT_WAIT(!s.button("sendAllAgain")->isEnabled() && !s.button("export")->isEnabled());
}

QTEST_MAIN(DeadLettersViewTest)

#include "tst_deadlettersview.moc"
