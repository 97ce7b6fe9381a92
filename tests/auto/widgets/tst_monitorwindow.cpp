// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "refusingpipeline.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/DeadLetters>
#include <Qanat/DeadLettersView>
#include <Qanat/EventLogModel>
#include <Qanat/EventLogView>
#include <Qanat/Gate>
#include <Qanat/MonitorWindow>
#include <Qanat/PipelineModel>
#include <Qanat/Queue>
#include <Qanat/RatesModel>
#include <Qanat/RatesView>
#include <Qanat/RetryingSink>
#include <Qanat/TopologyView>

#include <QtCore/qregularexpression.h>
#include <QtCore/qsettings.h>
#include <QtCore/qtemporarydir.h>
#include <QtGui/qaction.h>
#include <QtGui/qclipboard.h>
#include <QtGui/qguiapplication.h>
#include <QtWidgets/qapplication.h>
#include <QtWidgets/qdialog.h>
#include <QtWidgets/qheaderview.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qlineedit.h>
#include <QtWidgets/qmenubar.h>
#include <QtWidgets/qmessagebox.h>
#include <QtWidgets/qplaintextedit.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qstatusbar.h>
#include <QtWidgets/qtableview.h>
#include <QtWidgets/qtabwidget.h>
#include <QtWidgets/qtoolbar.h>
#include <QtWidgets/qtoolbutton.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// What deletes itself when it is closed waits for the end of an event loop, which a test has not.
void deleteNow()
{
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
}

// Takes orders, as an Endpoint does.
class Service : public Sink
{
    Q_OBJECT
    Q_PROPERTY(bool paused MEMBER m_isPaused)
    Q_PROPERTY(bool disabled MEMBER m_isDisabled)
public:
    explicit Service(std::unique_ptr<Sink> inner)
        : Sink(std::move(inner), nullptr)
    {
    }

    QStringList orders;

public Q_SLOTS:
    void pause()
    {
        orders.append(u"pause"_s);
        m_isPaused = true;
    }
    void resume()
    {
        orders.append(u"resume"_s);
        m_isPaused = false;
    }
    void enable()
    {
        orders.append(u"enable"_s);
        m_isDisabled = false;
    }
    void retryNow() { orders.append(u"retryNow"_s); }

private:
    bool m_isPaused = false;
    bool m_isDisabled = true;
};

// A pipeline with a service that fails, and a log that does not; and the window as it is shown.
struct Shown
{
    explicit Shown(const QString &group = QString())
    {
        broadcaster.setObjectName(u"events"_s);
        auto target = std::make_unique<RecordingSink>();
        failing = target->recording();
        failing->setBehaviour([](const Event &) { return passingFailure().withStatus(503); });
        service = new Service(
            std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(target), CircuitBreaker(1, 1h))));
        service->setObjectName(u"hook"_s);
        service->setDeadLetterSink(&dead);
        broadcaster.add(std::unique_ptr<Sink>(service));
        auto log = std::make_unique<Queue>(std::make_unique<RecordingSink>());
        log->setObjectName(u"log"_s);
        broadcaster.add(std::move(log));
        settleCommands(broadcaster);
        window = std::make_unique<MonitorWindow>(&broadcaster);
        window->setAttribute(Qt::WA_DeleteOnClose, false);
        window->setSettingsGroup(group);
        window->resize(1280, 860);
        window->show();
        isReady = QTest::qWaitForWindowActive(window.get());
    }
    ~Shown()
    {
        window.reset();
        static_cast<void>(finishes(broadcaster.discard()));
        static_cast<void>(finishes(dead.discard()));
    }

    template<typename Type>
    [[nodiscard]] Type *part(const char *name) const
    {
        return window->findChild<Type *>(QLatin1StringView(name));
    }
    [[nodiscard]] QAction *action(const char *name) const { return part<QAction>(name); }
    void click(const char *name)
    {
        window->refresh();
        auto *const button = qobject_cast<QToolButton *>(part<QToolBar>("sinkBar")->widgetForAction(action(name)));
        QTest::mouseClick(button, Qt::LeftButton);
    }
    void choose(const QString &name)
    {
        PipelineModel *const model = window->pipelineModel();
        window->refresh();
        window->topologyView()->refresh();
        const QModelIndexList found =
            model->match(model->index(0, 0), Qt::DisplayRole, name, 1, Qt::MatchExactly | Qt::MatchRecursive);
        QVERIFY(!found.isEmpty());
        const QRect box = window->topologyView()->boxRect(found.first());
        QTest::mouseClick(window->topologyView()->viewport(), Qt::LeftButton, {}, box.center());
        QCOMPARE(window->topologyView()->currentIndex(), found.first());
    }
    [[nodiscard]] bool answer(QMessageBox::ButtonRole role)
    {
        QMessageBox *box = nullptr;
        if (!waitUntil([&] { return (box = part<QMessageBox>("question")) && box->isVisible(); }))
            return false;
        asked = box->text() + u' ' + box->informativeText();
        for (QAbstractButton *button : box->buttons()) {
            if (box->buttonRole(button) == role) {
                QTest::mouseClick(button, Qt::LeftButton);
                deleteNow();
                return !part<QMessageBox>("question");
            }
        }
        return false;
    }
    [[nodiscard]] QString text(const char *label) const { return part<QLabel>(label)->text(); }

    DeadLetters dead;
    Broadcaster broadcaster;
    Service *service = nullptr;
    std::shared_ptr<Recording> failing;
    std::unique_ptr<MonitorWindow> window;
    QString asked;
    bool isReady = false;
};

} // namespace

class MonitorWindowTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void isOneLine();
    void saysWhatWaitsAndWhy();
    void givesOrders();
    void ordersReachWhatIsBehind();
    void discardsAfterAQuestion();
    void drainsAfterAQuestion();
    void findsAnEventFromAnywhere();
    void changesTabsByKeys();
    void aBoxLeadsToItsRates();
    void showsDeadLettersAndSendsThemAgain();
    void sendsAgainToWhoGaveUp();
    void showsStoredDeadLetters();
    void saysWhyAStoreIsBlocked();
    void saysThatEventsWaitForConsent();
    void longNamesMakeNoWindowWider();
    void showsStatistics();
    void everythingIsReachableByKeyboard();
    void remembersItsLayout();
    void takingItAwayChangesNothing();
    void thePipelineMayGoFirst();
    void followsThePalette();
    void watchesOnlyWhileItIsSeen();
};

void MonitorWindowTest::initTestCase()
{
    QCoreApplication::setOrganizationName(u"Qanat tests"_s);
    QCoreApplication::setApplicationName(u"tst_monitorwindow"_s);
}

void MonitorWindowTest::isOneLine()
{
    Broadcaster broadcaster;
    settleCommands(broadcaster);
    const QPointer<MonitorWindow> window = new MonitorWindow(&broadcaster);
    window->setSettingsGroup(QString());
    window->show();
    QVERIFY(QTest::qWaitForWindowActive(window));
    QTest::keySequence(window, QKeySequence::Close);
    deleteNow();
    QVERIFY(!window);
    // Without a pipeline there is not much to see, and nothing that fails.
    MonitorWindow nothing(nullptr);
    nothing.setSettingsGroup(QString());
    nothing.show();
    nothing.refresh();
}

void MonitorWindowTest::saysWhatWaitsAndWhy()
{
    Shown s;
    s.window->refresh();
    QVERIFY(!s.part<QLabel>("trouble")->isVisible());
    s.failing->setBehaviour([](const Event &) { return permanentFailure(); });
    s.broadcaster.write(someEvent());
    QANAT_WAIT(s.service->statistics().dropped == 1);
    s.failing->setBehaviour([](const Event &) { return passingFailure().withStatus(503); });
    s.broadcaster.write(someEvent());
    QANAT_WAIT(s.failing->count() == 2);
    QANAT_WAIT((s.window->refresh(), s.part<QLabel>("trouble")->isVisible()));
    const QString text = s.text("trouble");
    // What was given up before is not why it waits.
    QVERIFY(!text.contains(permanentFailure().errorText()));
    // By the name that the user gave, with the reason and the time to the next attempt.
    QVERIFY2(text.contains(u">hook<"_s) && text.contains(u"next try in"_s)
                 && text.contains(passingFailure().errorText()),
             qPrintable(text));
    // The link is followed by the keyboard.
    s.part<QLabel>("trouble")->setFocus(Qt::TabFocusReason);
    QTest::keyClick(s.part<QLabel>("trouble"), Qt::Key_Tab);
    QTest::keyClick(s.part<QLabel>("trouble"), Qt::Key_Return);
    QCOMPARE(s.window->topologyView()->currentIndex().data().toString(), u"hook"_s);
    s.window->refresh();
    const QString detail = s.text("detail");
    QVERIFY2(detail.contains(u"hook"_s) && detail.contains(passingFailure().errorText()), qPrintable(detail));
}

void MonitorWindowTest::givesOrders()
{
    Shown s;
    s.choose(u"events"_s);
    QVERIFY(!s.action("pause")->isEnabled());
    s.choose(u"hook"_s);
    QVERIFY(s.action("pause")->isEnabled());
    QVERIFY(!s.action("resume")->isEnabled());
    s.click("pause");
    QVERIFY(!s.action("pause")->isEnabled());
    s.click("resume");
    s.click("enable");
    QVERIFY(!s.action("enable")->isEnabled());
    s.click("retryNow");
    QCOMPARE(s.service->orders, (QStringList{u"pause"_s, u"resume"_s, u"enable"_s, u"retryNow"_s}));
    s.choose(u"log"_s);
    QVERIFY(!s.action("pause")->isEnabled());
    QVERIFY(!s.action("retryNow")->isEnabled());
    QVERIFY(s.action("drain")->isEnabled());
}

void MonitorWindowTest::ordersReachWhatIsBehind()
{
    Shown s;
    s.choose(u"RetryingSink"_s);
    s.click("pause");
    QCOMPARE(s.service->orders, QStringList{u"pause"_s});
}

void MonitorWindowTest::discardsAfterAQuestion()
{
    Shown s;
    for (const Event &event : someEvents(3))
        s.broadcaster.write(event);
    QANAT_WAIT(s.service->statistics().pending == 3);
    s.choose(u"hook"_s);
    s.click("discard");
    QVERIFY(s.answer(QMessageBox::RejectRole));
    QVERIFY2(s.asked.contains(u"hook"_s) && s.asked.contains(u"3"_s), qPrintable(s.asked));
    QCOMPARE(s.service->statistics().pending, 3);
    s.click("discard");
    QVERIFY(s.answer(QMessageBox::DestructiveRole));
    QANAT_WAIT(s.window->statusBar()->currentMessage().contains(u"3 events were dropped"_s));
    QANAT_WAIT(s.dead.count() == 3);
    // It is gone from the pipeline, and the window goes on.
    QANAT_WAIT((s.window->refresh(), s.window->pipelineModel()->rowCount(s.window->pipelineModel()->index(0, 0)) == 1));
}

void MonitorWindowTest::drainsAfterAQuestion()
{
    Shown s;
    s.choose(u"log"_s);
    s.click("drain");
    QVERIFY(s.answer(QMessageBox::DestructiveRole));
    QANAT_WAIT(s.window->statusBar()->currentMessage().contains(u"nothing was left"_s));
}

void MonitorWindowTest::findsAnEventFromAnywhere()
{
    Shown s;
    s.broadcaster.write(Event(u"order.paid"_s, u"the needle"_s));
    for (const Event &event : someEvents(20))
        s.broadcaster.write(event);
    auto *const table = s.part<QTableView>("events");
    QANAT_WAIT(table->model()->rowCount() == 21);
    s.part<QTabWidget>("tabs")->setCurrentIndex(1);
    s.window->topologyView()->setFocus();
    QTest::keyClick(s.window->topologyView(), Qt::Key_F, Qt::ControlModifier);
    QWidget *const field = QApplication::focusWidget();
    QCOMPARE(field, s.part<QLineEdit>("textFilter"));
    QTest::keyClicks(field, u"NEEDLE"_s);
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(table->model()->rowCount(), 1);
    QCOMPARE(QApplication::focusWidget(), table);
    QTest::keyClick(table, Qt::Key_C, Qt::ControlModifier);
    const Result<Event> copied = Event::fromJson(QGuiApplication::clipboard()->text().trimmed().toUtf8());
    QVERIFY(copied);
    QCOMPARE(copied->data().toString(), u"the needle"_s);
}

void MonitorWindowTest::changesTabsByKeys()
{
    Shown s;
    auto *const tabs = s.part<QTabWidget>("tabs");
    for (const Qt::Key key : {Qt::Key_2, Qt::Key_3, Qt::Key_1}) {
        QTest::keyClick(s.window.get(), key, Qt::ControlModifier);
        QCOMPARE(tabs->currentIndex(), key - Qt::Key_1);
    }
    const double before = s.window->topologyView()->transform().m11();
    QTest::keyClick(s.window.get(), Qt::Key_Plus, Qt::ControlModifier);
    QVERIFY(s.window->topologyView()->transform().m11() > before);
    QTest::keyClick(s.window.get(), Qt::Key_0, Qt::ControlModifier);
    QCOMPARE(s.window->topologyView()->transform().m11(), before);
}

void MonitorWindowTest::aBoxLeadsToItsRates()
{
    Shown s;
    s.choose(u"log"_s);
    s.window->topologyView()->setFocus();
    QTest::keyClick(s.window->topologyView(), Qt::Key_Return);
    QCOMPARE(s.part<QTabWidget>("tabs")->currentWidget(), s.window->ratesView());
    const QModelIndexList rows = s.window->ratesView()->selectionModel()->selectedRows();
    QCOMPARE(rows.size(), 1);
    QCOMPARE(rows.first().data().toString(), u"log"_s);
}

void MonitorWindowTest::showsDeadLettersAndSendsThemAgain()
{
    Shown s;
    s.failing->setBehaviour([](const Event &) { return permanentFailure(); });
    s.broadcaster.write(someEvent());
    QANAT_WAIT(s.dead.count() == 1);
    s.window->refresh();
    auto *const tabs = s.part<QTabWidget>("tabs");
    QCOMPARE(tabs->count(), 3);
    QVERIFY2(tabs->tabText(2).contains(u"(1)"_s), qPrintable(tabs->tabText(2)));
    QTest::keyClick(s.window.get(), Qt::Key_3, Qt::ControlModifier);
    s.failing->setBehaviour([](const Event &) { return Delivery::delivered(); });
    QANAT_WAIT(s.part<QPushButton>("sendAllAgain")->isEnabled());
    QTest::mouseClick(s.part<QPushButton>("sendAllAgain"), Qt::LeftButton);
    // To the one that gave it up, and to nobody else.
    QANAT_WAIT(s.service->statistics().delivered == 1 && s.dead.count() == 0);
    QCOMPARE(s.broadcaster.statistics().written, 1);
    s.window->refresh();
    QVERIFY(!tabs->tabText(2).contains(u'('));
}

// Of several with one name.
void MonitorWindowTest::sendsAgainToWhoGaveUp()
{
    DeadLetters dead;
    Broadcaster broadcaster;
    std::shared_ptr<Recording> recordings[2];
    for (std::shared_ptr<Recording> &recording : recordings) {
        auto end = std::make_unique<RecordingSink>();
        recording = end->recording();
        auto queue = std::make_unique<Queue>(std::move(end));
        queue->setDeadLetterSink(&dead);
        broadcaster.add(std::move(queue));
    }
    settleCommands(broadcaster);
    recordings[1]->setBehaviour([](const Event &) { return permanentFailure(); });
    MonitorWindow window(&broadcaster);
    window.setAttribute(Qt::WA_DeleteOnClose, false);
    window.setSettingsGroup(QString());
    window.show();
    for (const Event &event : someEvents(3))
        broadcaster.write(event);
    QANAT_WAIT(dead.count() == 3 && recordings[0]->count() == 3);
    recordings[1]->setBehaviour([](const Event &) { return Delivery::delivered(); });
    window.refresh();
    auto *const view = window.findChild<DeadLettersView *>(u"letters"_s);
    view->sendAllAgain();
    QANAT_WAIT(recordings[1]->count() == 6 && dead.count() == 0);
    QCOMPARE(recordings[0]->count(), 3);
}

// Also of a queue that is inside of another object, as that of an Endpoint.
void MonitorWindowTest::showsStoredDeadLetters()
{
    Shown s;
    auto *const tabs = s.part<QTabWidget>("tabs");
    RefusingPipeline plain(diskOfLetters(1234));
    auto inside = std::make_unique<RefusingPipeline>(diskOfLetters(2));
    plain.queue->setObjectName(u"billing"_s);
    auto *const outside = new Service(std::move(inside->queue));
    outside->setObjectName(u"audit"_s);
    s.broadcaster.add(std::move(plain.queue));
    s.broadcaster.add(std::unique_ptr<Sink>(outside));
    settleCommands(s.broadcaster);
    const auto tab = [tabs](const QString &text) {
        for (int i = 2; i < tabs->count(); ++i) {
            if (tabs->tabText(i) == text)
                return i;
        }
        return -1;
    };
    QANAT_WAIT((s.window->refresh(), tabs->count() == 5 && tab(u"Dead Letters of audit (2)"_s) > 0));
    QVERIFY(tab(u"Dead Letters of billing (%1)"_s.arg(QLocale().toString(1234))) > 0);
    QVERIFY(tab(u"Dead &Letters"_s) > 0);
    tabs->setCurrentIndex(tab(u"Dead Letters of audit (2)"_s));
    auto *const view = qobject_cast<DeadLettersView *>(tabs->currentWidget());
    QCOMPARE(view->storedLetters(), inside->letters);
    auto *const all = view->findChild<QPushButton *>(u"sendAllAgain"_s);
    QANAT_WAIT(all->isEnabled());
    inside->recording->setBehaviour({});
    QTest::mouseClick(all, Qt::LeftButton);
    QANAT_WAIT(inside->recording->deliveredCount() == 2);
    QANAT_WAIT((s.window->refresh(), tab(u"Dead Letters of audit"_s) > 0));
    if (const QByteArray folder = qgetenv("QANAT_TEST_PICTURES"); !folder.isEmpty()) {
        tabs->setCurrentIndex(tab(u"Dead Letters of billing (%1)"_s.arg(QLocale().toString(1234))));
        auto *const table = tabs->currentWidget()->findChild<QTableView *>(u"letters"_s);
        QANAT_WAIT(table->model()->rowCount() >= 100);
        table->selectRow(2);
        QCoreApplication::processEvents();
        s.window->grab().save(QString::fromLocal8Bit(folder) + u"/window-stored.png"_s);
    }
    // It goes with its queue.
    QANAT_FINISH(outside->discard());
    QANAT_WAIT((s.window->refresh(), tabs->count() == 4));
    QCOMPARE(tab(u"Dead Letters of audit"_s), -1);
}

void MonitorWindowTest::saysWhyAStoreIsBlocked()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"the disk is on fire"_s));
    StoringPipeline p;
    p.queue->setObjectName(u"audit"_s);
    p.recording->hold();
    p.queue->write(Batch(someEvents(3)));
    QANAT_FINISH(p.queue->flushed());
    MonitorWindow window(p.queue.get());
    window.setAttribute(Qt::WA_DeleteOnClose, false);
    window.setSettingsGroup(QString());
    window.show();
    window.topologyView()->setCurrentIndex(window.pipelineModel()->index(0, 0));
    window.refresh();
    const auto text = [&window](const QString &name) { return window.findChild<QLabel *>(name)->text(); };
    QVERIFY2(text(u"detail"_s).contains(u"Pending 3 (3 stored)"_s), qPrintable(text(u"detail"_s)));
    QVERIFY(window.topologyView()->accessibleDescription().contains(u"3 (3 stored) pending"_s));
    QCOMPARE(window.ratesView()->model()->index(0, int(RatesModel::Column::Pending)).data(Qt::ToolTipRole).toString(),
             u"3 of them are stored, and outlive the program"_s);
    p.disk->fail(u"the disk is on fire"_s);
    p.queue->write(someEvent());
    QANAT_WAIT(!p.queue->storageError().isEmpty());
    window.refresh();
    const QString trouble = text(u"trouble"_s);
    QVERIFY2(trouble.contains(u">audit<"_s) && trouble.contains(u"blocked"_s)
                 && trouble.contains(u"the disk is on fire"_s),
             qPrintable(trouble));
    QVERIFY(text(u"detail"_s).contains(u"the disk is on fire"_s));
    p.disk->fail({});
    QANAT_WAIT(p.queue->storageError().isEmpty());
    p.recording->release();
    QANAT_WAIT((window.refresh(), !window.findChild<QLabel *>(u"trouble"_s)->isVisible()));
}

void MonitorWindowTest::saysThatEventsWaitForConsent()
{
    StoringPipeline p;
    Gate gate(std::move(p.queue));
    gate.setObjectName(u"consent"_s);
    MonitorWindow window(&gate);
    window.setAttribute(Qt::WA_DeleteOnClose, false);
    window.setSettingsGroup(QString());
    window.show();
    gate.write(someEvent());
    window.refresh();
    const auto *const trouble = window.findChild<QLabel *>(u"trouble"_s);
    QVERIFY2(trouble->text().contains(u">consent<"_s) && trouble->text().contains(u"paused"_s)
                 && trouble->text().contains(u"whether there is consent"_s),
             qPrintable(trouble->text()));
    gate.setConsent(Gate::Consent::Granted);
    QANAT_WAIT((window.refresh(), !trouble->isVisible()));
}

void MonitorWindowTest::longNamesMakeNoWindowWider()
{
    Shown s;
    const int before = s.window->minimumSizeHint().width();
    s.service->setObjectName(QString(2000, u'n'));
    s.failing->setBehaviour(
        [](const Event &) { return Delivery::failed(Delivery::Error::Unavailable, QString(2000, u'e')); });
    s.broadcaster.write(someEvent());
    QANAT_WAIT((s.window->refresh(), s.part<QLabel>("trouble")->isVisible()));
    s.window->topologyView()->setCurrentIndex(
        s.window->pipelineModel()->index(0, 0, s.window->pipelineModel()->index(0, 0)));
    s.window->refresh();
    QCoreApplication::processEvents();
    QVERIFY2(s.window->minimumSizeHint().width() <= before + 10,
             qPrintable(QString::number(s.window->minimumSizeHint().width())));
    QVERIFY(s.text("trouble").size() < 1000);
}

void MonitorWindowTest::showsStatistics()
{
    Shown s;
    s.action("statistics")->trigger();
    auto *const dialog = s.part<QDialog>("statistics");
    QVERIFY(dialog && dialog->isVisible());
    auto *const text = dialog->findChild<QPlainTextEdit *>();
    QVERIFY(text->toPlainText().contains(u"qanat_events_written_total{sink=\"events\""_s));
    s.broadcaster.write(someEvent());
    QANAT_WAIT(s.broadcaster.statistics().written == 1);
    QTest::mouseClick(dialog->findChild<QPushButton *>(u"refresh"_s), Qt::LeftButton);
    QVERIFY(text->toPlainText().contains(u"path=\"events\"} 1"_s));
    QTest::mouseClick(dialog->findChild<QPushButton *>(u"copy"_s), Qt::LeftButton);
    QCOMPARE(QGuiApplication::clipboard()->text(), text->toPlainText());
    QTest::keyClick(dialog, Qt::Key_Escape);
    deleteNow();
    QVERIFY(!s.part<QDialog>("statistics"));
}

void MonitorWindowTest::everythingIsReachableByKeyboard()
{
    Shown s;
    s.broadcaster.write(someEvent());
    QANAT_WAIT(s.part<QTableView>("events")->model()->rowCount() == 1);
    for (int tab = 0; tab < 3; ++tab) {
        QTest::keyClick(s.window.get(), Qt::Key(Qt::Key_1 + tab), Qt::ControlModifier);
        // What has the focus in turn, as somebody presses Tab.
        QSet<QWidget *> reached;
        for (int i = 0; i < 60 && QApplication::focusWidget(); ++i) {
            reached.insert(QApplication::focusWidget());
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        }
        for (QWidget *widget : s.window->findChildren<QWidget *>()) {
            // Tool buttons are the menu's actions; scroll bars and headers belong to views that have keys of their own.
            const bool isControl = qobject_cast<QAbstractButton *>(widget) || qobject_cast<QLineEdit *>(widget)
                                   || qobject_cast<QAbstractItemView *>(widget) || qobject_cast<TopologyView *>(widget);
            if (!isControl || !widget->isVisible() || !widget->isEnabled() || qobject_cast<QToolButton *>(widget)
                || qobject_cast<QHeaderView *>(widget) || qobject_cast<QHeaderView *>(widget->parentWidget())
                || widget->metaObject()->className() == QByteArrayView("QTableCornerButton"))
                continue;
            QVERIFY2(reached.contains(widget),
                     qPrintable(widget->objectName() + u' ' + QString::fromLatin1(widget->metaObject()->className())));
            const auto *const button = qobject_cast<QAbstractButton *>(widget);
            QVERIFY2(!widget->accessibleName().isEmpty() || (button && !button->text().isEmpty()),
                     qPrintable(widget->objectName()));
        }
    }
    // Each tool button stands in a menu, too, with a letter to press.
    QSet<QAction *> inMenus;
    for (const QAction *menu : s.window->menuBar()->actions()) {
        QVERIFY(menu->text().contains(u'&'));
        for (QAction *action : menu->menu()->actions()) {
            inMenus.insert(action);
            QVERIFY2(action->isSeparator() || action->text().contains(u'&'), qPrintable(action->text()));
        }
    }
    for (QAction *action : s.part<QToolBar>("sinkBar")->actions())
        QVERIFY2(inMenus.contains(action), qPrintable(action->text()));
}

void MonitorWindowTest::remembersItsLayout()
{
    const QTemporaryDir folder;
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, folder.path());
    {
        Shown s(u"Monitor/Test"_s);
        s.part<QTableView>("events")->setColumnWidth(1, 321);
        s.window->ratesView()->setColumnWidth(0, 234);
        s.window->refresh();
        s.part<QTableView>("letters")->setColumnWidth(1, 123);
        s.window->close();
    }
    {
        Shown s(u"Monitor/Test"_s);
        QCOMPARE(s.part<QTableView>("events")->columnWidth(1), 321);
        QCOMPARE(s.window->ratesView()->columnWidth(0), 234);
        QCOMPARE(s.part<QTableView>("letters")->columnWidth(1), 123);
        QCOMPARE(s.window->settingsGroup(), u"Monitor/Test"_s);
    }
    const Shown other(u"Other"_s);
    QVERIFY(other.part<QTableView>("events")->columnWidth(1) != 321);
}

void MonitorWindowTest::takingItAwayChangesNothing()
{
    Shown s;
    s.failing->setBehaviour([](const Event &) { return Delivery::delivered(); });
    for (const Event &event : someEvents(100))
        s.broadcaster.write(event);
    s.window.reset();
    for (const Event &event : someEvents(100))
        s.broadcaster.write(event);
    QANAT_WAIT(s.service->statistics().delivered == 200);
    QANAT_BALANCED(s.broadcaster);
}

void MonitorWindowTest::thePipelineMayGoFirst()
{
    auto broadcaster = std::make_unique<Broadcaster>();
    settleCommands(*broadcaster);
    MonitorWindow window(broadcaster.get());
    window.setAttribute(Qt::WA_DeleteOnClose, false);
    window.setSettingsGroup(QString());
    window.show();
    broadcaster->write(someEvent());
    QANAT_WAIT(broadcaster->statistics().pending == 0);
    broadcaster.reset();
    window.refresh();
    window.showStatistics();
    QVERIFY(window.findChild<QLabel *>(u"totals"_s)->text().contains(u"gone"_s));
    QCOMPARE(window.pipelineModel()->rowCount(), 0);
}

void MonitorWindowTest::followsThePalette()
{
    Shown s;
    s.broadcaster.write(someEvent());
    QANAT_WAIT((s.window->refresh(), s.part<QLabel>("trouble")->isVisible()));
    const QByteArray folder = qgetenv("QANAT_TEST_PICTURES");
    const QString light = s.text("trouble");
    const QPalette before = QApplication::palette();
    QPalette dark(QColor(0x2b2d31));
    dark.setColor(QPalette::Base, QColor(0x1e1f22));
    QApplication::setPalette(dark);
    QCoreApplication::processEvents();
    s.window->refresh();
    QVERIFY(s.text("trouble").contains(u"#f0a93b"_s));
    if (!folder.isEmpty())
        s.window->grab().save(QString::fromLocal8Bit(folder) + u"/window-dark.png"_s);
    QApplication::setPalette(before);
    QCoreApplication::processEvents();
    s.window->refresh();
    QVERIFY(s.text("trouble").contains(u"#9a5b00"_s));
    if (!folder.isEmpty())
        s.window->grab().save(QString::fromLocal8Bit(folder) + u"/window-light.png"_s);
}

void MonitorWindowTest::watchesOnlyWhileItIsSeen()
{
    Shown s;
    auto *const log = s.window->findChild<EventLogModel *>();
    auto *const rates = s.window->findChild<RatesModel *>();
    QVERIFY(log->isActive() && rates->isActive());
    s.part<QTabWidget>("tabs")->setCurrentIndex(2);
    QVERIFY(log->isActive() && rates->isActive());
    s.window->hide();
    QVERIFY(!log->isActive() && !rates->isActive());
}

QTEST_MAIN(MonitorWindowTest)

#include "tst_monitorwindow.moc"
