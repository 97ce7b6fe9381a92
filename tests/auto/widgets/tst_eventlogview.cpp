// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/DeadLetters>
#include <Qanat/EventLogFilter>
#include <Qanat/EventLogModel>
#include <Qanat/EventLogView>
#include <Qanat/Queue>

#include <QtCore/qfile.h>
#include <QtCore/qtemporarydir.h>
#include <QtGui/qclipboard.h>
#include <QtGui/qguiapplication.h>
#include <QtWidgets/qapplication.h>
#include <QtWidgets/qcheckbox.h>
#include <QtWidgets/qcombobox.h>
#include <QtWidgets/qheaderview.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qlineedit.h>
#include <QtWidgets/qplaintextedit.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qscrollbar.h>
#include <QtWidgets/qtableview.h>
#include <QtWidgets/qtreewidget.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// A view of a sink that refuses what is called so, as a user has it before them.
struct Shown
{
    Shown()
    {
        sink.setObjectName(u"service"_s);
        sink.setDeadLetterSink(&dead);
        sink.recording()->setBehaviour([](const Event &event) {
            return event.type() == "bad.one"_L1 ? permanentFailure() : Delivery::delivered();
        });
        model.setRefreshInterval(1ms);
        window.resize(1000, 600);
        view.resize(window.size());
        window.show();
    }

    [[nodiscard]] bool write(const QList<Event> &events)
    {
        const int before = model.rowCount();
        for (const Event &event : events)
            sink.write(event);
        return waitUntil([&] { return model.rowCount() == before + int(events.size()); });
    }
    template<typename Widget>
    [[nodiscard]] Widget *part(const char *name) const
    {
        return view.findChild<Widget *>(QLatin1StringView(name));
    }
    [[nodiscard]] QTableView *table() const { return part<QTableView>("events"); }
    void clickRow(int row)
    {
        const QRect cell = table()->visualRect(table()->model()->index(row, 1));
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, {}, cell.center());
    }
    [[nodiscard]] QStringList types() const
    {
        QStringList types;
        for (int row = 0; row < table()->model()->rowCount(); ++row)
            types.append(table()->model()->index(row, int(EventLogModel::Column::Type)).data().toString());
        return types;
    }

    DeadLetters dead{100};
    RecordingSink sink;
    EventLogModel model{&sink};
    QWidget window; // Without a layout: the offscreen platform warns of hints for sizes.
    EventLogView view{&model, &window};
};

QList<Event> threeEvents()
{
    return {Event(u"good.one"_s, u"first words"_s), Event(u"bad.one"_s), Event(u"good.two"_s, 2)};
}

} // namespace

class EventLogViewTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void showsAnEventInFull();
    void showsTheBeginningOfHugeData();
    void returnGoesToTheNewest();
    void filtersByItsFields();
    void pausesAndGoesOn();
    void followsTheNewestUntilSomebodyScrolls();
    void copiesAsJson();
    void savesWhatIsShown();
    void findsByKeyboard();
    void isActiveWhileItIsSeen();
    void remembersItsColumns();
    void namesItsPartsForWhoDoesNotSee();
};

void EventLogViewTest::showsAnEventInFull()
{
    Shown s;
    const QList<Event> events = threeEvents();
    QVERIFY(s.write(events));
    s.clickRow(1);
    QCOMPARE(s.view.selectedEvents().size(), 1);
    const QString json = s.part<QPlainTextEdit>("json")->toPlainText();
    QVERIFY2(json.contains(u"\"id\": \"%1\""_s.arg(events[1].id())), qPrintable(json));
    const auto *const way = s.part<QTreeWidget>("way");
    QCOMPARE(way->topLevelItemCount(), 1);
    QCOMPARE(way->topLevelItem(0)->text(0), u"service"_s);
    QVERIFY(way->topLevelItem(0)->text(1).contains(permanentFailure().errorText()));
    s.view.select(events[0].id());
    QVERIFY(s.part<QPlainTextEdit>("json")->toPlainText().contains(u"first words"_s));
    QCOMPARE(way->topLevelItem(0)->text(1), u"delivered"_s);
    QVERIFY(!s.view.select(u"nobody"_s));
    if (qEnvironmentVariableIsSet("QANAT_TEST_PICTURES"))
        s.view.grab().save(qEnvironmentVariable("QANAT_TEST_PICTURES") + u"/eventlog.png"_s);
    // Several are none in full.
    s.table()->selectAll();
    QCOMPARE(s.part<QPlainTextEdit>("json")->toPlainText(), QString());
    s.model.clear();
    QCOMPARE(way->topLevelItemCount(), 0);
}

void EventLogViewTest::showsTheBeginningOfHugeData()
{
    Shown s;
    QVERIFY(s.write({Event(u"good.one"_s, QString(2'000'000, u'x'))}));
    const QModelIndex cell = s.table()->model()->index(0, int(EventLogModel::Column::Data));
    QVERIFY2(cell.data().toString().contains(u"iB"_s), qPrintable(cell.data().toString().left(100)));
    s.clickRow(0);
    const QString json = s.part<QPlainTextEdit>("json")->toPlainText();
    QVERIFY(json.size() < 21'000);
    QVERIFY2(json.contains(u"can be copied"_s), qPrintable(json.right(100)));
    s.view.copy();
    QVERIFY(QGuiApplication::clipboard()->text().size() > 2'000'000);
}

void EventLogViewTest::returnGoesToTheNewest()
{
    Shown s;
    QVERIFY(
        s.write({Event(u"good.one"_s, u"needle 1"_s), Event(u"good.two"_s, u"needle 2"_s), Event(u"good.three"_s)}));
    s.view.find();
    QTest::keyClicks(s.part<QLineEdit>("textFilter"), u"needle"_s);
    QTest::keyClick(s.part<QLineEdit>("textFilter"), Qt::Key_Return);
    QCOMPARE(s.view.selectedEvents().size(), 1);
    QCOMPARE(s.view.selectedEvents().constFirst().data().toString(), u"needle 2"_s);
    QVERIFY(!s.view.isFollowing());
}

void EventLogViewTest::filtersByItsFields()
{
    Shown s;
    QVERIFY(s.write(threeEvents()));
    auto *const type = s.part<QLineEdit>("typeFilter");
    QTest::keyClicks(type, u"good.*"_s);
    QCOMPARE(s.types(), (QStringList{u"good.one"_s, u"good.two"_s}));
    QCOMPARE(s.part<QLabel>("counts")->text(), u"2 of 3 events"_s);
    QTest::keyClicks(s.part<QLineEdit>("textFilter"), u"WORDS"_s);
    QCOMPARE(s.types().size(), 2); // The data are looked through when the word is complete.
    QANAT_WAIT(s.types() == QStringList{u"good.one"_s});
    type->clear();
    s.part<QLineEdit>("textFilter")->clear();
    QANAT_WAIT(s.types().size() == 3);
    auto *const fates = s.part<QComboBox>("fateFilter");
    fates->setFocus();
    QTest::keyClick(fates, Qt::Key_End); // The last: dropped.
    QCOMPARE(s.types(), QStringList{u"bad.one"_s});
    QTest::keyClick(fates, Qt::Key_Home);
    QCOMPARE(s.types().size(), 3);
    QTest::keyClicks(s.part<QLineEdit>("sourceFilter"), u"/nowhere/*"_s);
    QCOMPARE(s.types().size(), 0);
}

void EventLogViewTest::pausesAndGoesOn()
{
    Shown s;
    QVERIFY(s.write(threeEvents()));
    auto *const pause = s.part<QPushButton>("pause");
    QTest::mouseClick(pause, Qt::LeftButton);
    QVERIFY(s.model.isPaused());
    for (const Event &event : threeEvents())
        s.sink.write(event);
    QANAT_WAIT(s.sink.statistics().pending == 0 && s.model.passedOver() == 3);
    QCOMPARE(s.model.rowCount(), 3);
    QTest::keyClick(pause, Qt::Key_Space);
    QVERIFY(!s.model.isPaused());
    QVERIFY(s.write(threeEvents()));
    QCOMPARE(s.part<QLabel>("counts")->text(), u"6 of 6 events, 3 passed over"_s);
}

void EventLogViewTest::followsTheNewestUntilSomebodyScrolls()
{
    Shown s;
    QVERIFY(s.write(someEvents(200)));
    QScrollBar *const scrollBar = s.table()->verticalScrollBar();
    QVERIFY(scrollBar->maximum() > 0);
    QANAT_WAIT(scrollBar->value() == scrollBar->maximum());
    s.table()->setFocus();
    QTest::keyClick(scrollBar, Qt::Key_Home);
    QVERIFY(!s.view.isFollowing());
    QVERIFY(s.write(someEvents(10)));
    QCOMPARE(scrollBar->value(), 0);
    QTest::keyClick(scrollBar, Qt::Key_End);
    QVERIFY(s.view.isFollowing());
    s.view.setFollowing(false);
    QSignalSpy following(&s.view, &EventLogView::followingChanged);
    QTest::keyClick(s.part<QCheckBox>("follow"), Qt::Key_Space);
    QVERIFY(s.view.isFollowing());
    QCOMPARE(following.size(), 1);
    QVERIFY(s.write(someEvents(10)));
    QANAT_WAIT(scrollBar->value() == scrollBar->maximum());
}

void EventLogViewTest::copiesAsJson()
{
    Shown s;
    const QList<Event> events = threeEvents();
    QVERIFY(s.write(events));
    QGuiApplication::clipboard()->setText(u"before"_s);
    s.view.copy(); // Nothing is chosen.
    QCOMPARE(QGuiApplication::clipboard()->text(), u"before"_s);
    s.clickRow(2);
    QTest::keyClick(s.table(), Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QGuiApplication::clipboard()->text().toUtf8(), events[2].toJson().value() + '\n');
    s.table()->selectAll();
    QTest::keyClick(s.table(), Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QGuiApplication::clipboard()->text().toUtf8(), EventLogView::toLines(events));
}

void EventLogViewTest::savesWhatIsShown()
{
    Shown s;
    const QList<Event> events = threeEvents();
    QVERIFY(s.write(events));
    s.view.filter()->setTypePattern(u"good.**"_s);
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"events.ndjson"_s);
    const Result<qsizetype> saved = s.view.save(path);
    QVERIFY2(saved, qPrintable(saved.errorText()));
    QCOMPARE(*saved, 2);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), EventLogView::toLines({events[0], events[2]}));
    const Result<qsizetype> nowhere = s.view.save(folder.filePath(u"missing/events.ndjson"_s));
    QVERIFY(!nowhere);
    QVERIFY2(nowhere.errorText().contains(u"missing/events.ndjson: "_s), qPrintable(nowhere.errorText()));
}

void EventLogViewTest::findsByKeyboard()
{
    Shown s;
    QVERIFY(s.write(threeEvents()));
    s.window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&s.window));
    s.table()->setFocus();
    QTest::keyClick(s.table(), Qt::Key_F, Qt::ControlModifier);
    auto *const text = s.part<QLineEdit>("textFilter");
    QVERIFY(text->hasFocus());
    QTest::keyClicks(text, u"first"_s);
    QANAT_WAIT(s.types() == QStringList{u"good.one"_s});
    // Each part can be reached, and left.
    QSet<QWidget *> reached;
    for (int i = 0; i < 30; ++i) {
        reached.insert(QApplication::focusWidget());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
    }
    for (const char *name :
         {"typeFilter", "sourceFilter", "textFilter", "fateFilter", "pause", "follow", "events", "json", "way"})
        QVERIFY2(reached.contains(s.part<QWidget>(name)), name);
}

void EventLogViewTest::isActiveWhileItIsSeen()
{
    Shown s;
    QVERIFY(s.model.isActive());
    s.window.hide();
    QVERIFY(!s.model.isActive());
    s.window.show();
    QVERIFY(s.model.isActive());
}

void EventLogViewTest::remembersItsColumns()
{
    QByteArray state;
    {
        Shown s;
        s.table()->setColumnWidth(1, 321);
        s.table()->horizontalHeader()->moveSection(0, 2);
        state = s.view.saveState();
    }
    Shown s;
    QVERIFY(s.view.restoreState(state));
    QCOMPARE(s.table()->columnWidth(1), 321);
    QCOMPARE(s.table()->horizontalHeader()->visualIndex(0), 2);
    QVERIFY(!s.view.restoreState("nonsense"));
    QVERIFY(!s.view.restoreState({}));
}

void EventLogViewTest::namesItsPartsForWhoDoesNotSee()
{
    const Shown s;
    for (const char *name : {"typeFilter", "sourceFilter", "textFilter", "fateFilter", "events", "json", "way"})
        QVERIFY2(!s.part<QWidget>(name)->accessibleName().isEmpty(), name);
}

QTEST_MAIN(EventLogViewTest)

#include "tst_eventlogview.moc"
