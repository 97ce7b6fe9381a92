// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <monitor/panel.h>
#include <monitor/pipeline.h>
#include <monitor/ratesource.h>
#include <monitor/receiver.h>

#include <Qanat/Endpoint>
#include <Qanat/MonitorWindow>
#include <Qanat/PipelineModel>
#include <Qanat/TopologyView>

#include <QtCore/qtemporarydir.h>
#include <QtGui/qaction.h>
#include <QtGui/qclipboard.h>
#include <QtGui/qguiapplication.h>
#include <QtWidgets/qapplication.h>
#include <QtWidgets/qdockwidget.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qlineedit.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qradiobutton.h>
#include <QtWidgets/qslider.h>
#include <QtWidgets/qtableview.h>

using namespace Qt::StringLiterals;
using namespace Qanat;
using namespace Monitor;

namespace {

// The program as it is after its start, and a user with a mouse and a keyboard whose actions are counted: a click, a key, or a text that is
// typed into what has the focus.
struct User
{
    User()
    {
        window.setAttribute(Qt::WA_DeleteOnClose, false);
        window.setSettingsGroup(QString());
        auto *const dock = new QDockWidget(&window);
        dock->setWidget(new Panel(pipeline.events(), &rate, &receiver, nullptr));
        window.addDockWidget(Qt::LeftDockWidgetArea, dock);
        window.resize(1440, 900);
        window.show();
        isReady = QTest::qWaitForWindowActive(&window);
    }
    ~User()
    {
        rate.setRate(0);
        static_cast<void>(finishes(pipeline.events()->discard()));
        static_cast<void>(finishes(pipeline.deadLetters()->discard()));
    }

    template<typename Widget>
    [[nodiscard]] Widget *part(const char *name) const
    {
        return window.findChild<Widget *>(QLatin1StringView(name));
    }
    void click(QWidget *widget)
    {
        ++actions;
        QPoint point = widget->rect().center();
        // A radio button is taken by its mark or its text, wherever it ends.
        if (auto *const radio = qobject_cast<QRadioButton *>(widget))
            point = QPoint(radio->sizeHint().width() / 2, point.y());
        QTest::mouseClick(widget, Qt::LeftButton, {}, point);
    }
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {})
    {
        ++actions;
        QWidget *const focus = QApplication::focusWidget();
        QTest::keyClick(focus ? focus : &window, key, modifiers);
    }
    // A text and Return.
    void type(const QString &text)
    {
        ++actions;
        QTest::keyClicks(QApplication::focusWidget(), text);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    }
    [[nodiscard]] QString trouble() const
    {
        const auto *const label = part<QLabel>("trouble");
        return label->isVisible() ? label->text() : QString();
    }

    const QTemporaryDir folder;
    Receiver receiver;
    Pipeline pipeline{{receiver.url(), receiver.batchUrl(), folder.filePath(u"orders.ndjson"_s)}};
    RateSource rate{pipeline.events()};
    MonitorWindow window{pipeline.events()};
    int actions = 0;
    bool isReady = false;
};

} // namespace

class MonitorTasksTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void makeAnEvent();
    void makeAThousandASecond();
    void breakTheReceiver_data();
    void breakTheReceiver();
    void findWhichEndpointWaitsAndWhy();
    void healItAndSeeTheBacklogArrive();
    void findAnEventByItsTextAndCopyIt();
    void theSliderGoesFromNothingToAHundredThousand();
    void pauseAndResumeAnEndpoint();
    void refusedEventsAreDeadLetters();
};

void MonitorTasksTest::makeAnEvent()
{
    User user;
    user.click(user.part<QPushButton>("placeOrder"));
    QCOMPARE(user.actions, 1);
    QANAT_WAIT(user.receiver.singles() == 1 && user.receiver.batched() == 1);
    QANAT_WAIT(user.part<QTableView>("events")->model()->rowCount() == 1);
    QVERIFY(user.part<QLabel>("heard")); // And the listener.
    QANAT_WAIT(user.part<QLabel>("heard")->text().contains(u"order.placed"_s));
}

void MonitorTasksTest::makeAThousandASecond()
{
    User user;
    user.click(user.part<QPushButton>("rate1000"));
    QCOMPARE(user.actions, 1);
    QCOMPARE(user.rate.rate(), 1000);
    QANAT_WAIT(user.receiver.batched() > 500);
    QCOMPARE(user.part<QLabel>("rateLabel")->text(), u"1,000/s"_s);
}

void MonitorTasksTest::breakTheReceiver_data()
{
    QTest::addColumn<QByteArray>("button");
    QTest::addColumn<Receiver::Condition>("condition");
    QTest::newRow("slow") << QByteArray("slow") << Receiver::Condition::Slow;
    QTest::newRow("refusing") << QByteArray("refusing") << Receiver::Condition::Refusing;
    QTest::newRow("failing") << QByteArray("failing") << Receiver::Condition::Failing;
    QTest::newRow("unreachable") << QByteArray("unreachable") << Receiver::Condition::Unreachable;
}

void MonitorTasksTest::breakTheReceiver()
{
    QFETCH(QByteArray, button);
    QFETCH(Receiver::Condition, condition);
    User user;
    user.click(user.part<QRadioButton>(button.constData()));
    QCOMPARE(user.actions, 1);
    QCOMPARE(user.receiver.condition(), condition);
    user.click(user.part<QRadioButton>("healthy"));
    QCOMPARE(user.receiver.condition(), Receiver::Condition::Healthy);
}

void MonitorTasksTest::findWhichEndpointWaitsAndWhy()
{
    User user;
    user.click(user.part<QRadioButton>("failing"));
    user.click(user.part<QPushButton>("rate10"));
    // It is said at once, without being asked.
    QANAT_WAIT(user.trouble().contains(u">hook<"_s) && user.trouble().contains(u"answered 503"_s));
    QCOMPARE(user.actions, 2);
}

void MonitorTasksTest::healItAndSeeTheBacklogArrive()
{
    User user;
    user.click(user.part<QRadioButton>("failing"));
    for (const Event &event : someEvents(500))
        user.pipeline.events()->write(event);
    QANAT_WAIT(user.trouble().contains(u">hook<"_s));
    QVERIFY(user.pipeline.hook()->statistics().pending > 400);
    user.actions = 0;
    user.click(user.part<QRadioButton>("healthy"));
    QCOMPARE(user.actions, 1);
    QANAT_WAIT(user.pipeline.hook()->statistics().pending == 0 && user.pipeline.batches()->statistics().pending == 0);
    QCOMPARE(user.receiver.singles(), user.pipeline.events()->statistics().written);
    QCOMPARE(user.receiver.batched(), user.pipeline.events()->statistics().written);
    QANAT_WAIT(user.trouble().isEmpty());
    QCOMPARE(user.pipeline.deadLetters()->count(), 0);
    QVERIFY(user.pipeline.isBalanced());
}

void MonitorTasksTest::findAnEventByItsTextAndCopyIt()
{
    User user;
    user.part<QLineEdit>("text")->setFocus();
    user.type(u"The Needle"_s);
    user.click(user.part<QPushButton>("rate1000"));
    QANAT_WAIT(user.part<QTableView>("events")->model()->rowCount() > 300);
    user.actions = 0;
    user.press(Qt::Key_F, Qt::ControlModifier);
    user.type(u"needle"_s);
    user.press(Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(user.actions, 3);
    const Result<Event> copied = Event::fromJson(QGuiApplication::clipboard()->text().trimmed().toUtf8());
    QVERIFY2(copied, qPrintable(QGuiApplication::clipboard()->text()));
    QCOMPARE(copied->type(), u"note.written"_s);
    QCOMPARE(copied->data().toString(), u"The Needle"_s);
}

void MonitorTasksTest::theSliderGoesFromNothingToAHundredThousand()
{
    User user;
    auto *const slider = user.part<QSlider>("rate");
    QCOMPARE(user.rate.rate(), 0);
    slider->setFocus();
    QTest::keyClick(slider, Qt::Key_Right);
    QCOMPARE(user.rate.rate(), 1);
    QTest::keyClick(slider, Qt::Key_End);
    QCOMPARE(user.rate.rate(), RateSource::MaximumRate);
    QTest::keyClick(slider, Qt::Key_Home);
    QCOMPARE(user.rate.rate(), 0);
    for (const int rate : {0, 1, 10, 100, 500, 1000, 10'000, 100'000})
        QCOMPARE(Panel::rateAt(Panel::positionOf(rate)), rate);
    for (int position = 1; position <= slider->maximum(); ++position)
        QVERIFY(Panel::rateAt(position) >= Panel::rateAt(position - 1));
    // The signal of a widget became an event, once for the whole movement.
    QANAT_WAIT(user.receiver.singles() > 0);
    // What it stopped at stays so.
    user.click(user.part<QPushButton>("rate0"));
    QCOMPARE(user.rate.rate(), 0);
}

void MonitorTasksTest::pauseAndResumeAnEndpoint()
{
    User user;
    user.window.refresh();
    user.window.topologyView()->refresh();
    const PipelineModel *const items = user.window.pipelineModel();
    const QModelIndexList found =
        items->match(items->index(0, 0), Qt::DisplayRole, u"hook"_s, 1, Qt::MatchExactly | Qt::MatchRecursive);
    QVERIFY(!found.isEmpty());
    user.window.topologyView()->setCurrentIndex(found.first());
    user.window.findChild<QAction *>(u"pause"_s)->trigger();
    QANAT_WAIT(user.pipeline.hook()->isPaused());
    user.click(user.part<QPushButton>("placeOrder"));
    QANAT_WAIT(user.receiver.batched() == 1 && user.trouble().contains(u"paused"_s));
    QCOMPARE(user.receiver.singles(), 0);
    user.window.findChild<QAction *>(u"resume"_s)->trigger();
    QANAT_WAIT(user.receiver.singles() == 1);
}

void MonitorTasksTest::refusedEventsAreDeadLetters()
{
    User user;
    user.click(user.part<QRadioButton>("refusing"));
    user.click(user.part<QPushButton>("cancelOrder"));
    // Those of both endpoints, with that of the radio button.
    QANAT_WAIT(user.pipeline.deadLetters()->count() == 4);
    user.click(user.part<QRadioButton>("healthy"));
    user.press(Qt::Key_3, Qt::ControlModifier);
    user.window.refresh();
    QANAT_WAIT(user.part<QPushButton>("sendAllAgain") && user.part<QPushButton>("sendAllAgain")->isEnabled());
    user.click(user.part<QPushButton>("sendAllAgain"));
    QANAT_WAIT(user.pipeline.deadLetters()->count() == 0);
    const qint64 written = user.pipeline.events()->statistics().written;
    QANAT_WAIT(user.receiver.singles() == written && user.receiver.batched() == written);
}

QTEST_MAIN(MonitorTasksTest)

#include "tst_monitortasks.moc"
