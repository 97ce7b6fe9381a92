// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/PipelineModel>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/TopologyView>

#include <QtGui/qevent.h>
#include <QtGui/qpalette.h>
#include <QtWidgets/qgraphicsitem.h>
#include <QtWidgets/qtooltip.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// A broadcaster with a queue that flows, and one that waits for its service; and a view of them that is shown.
struct Shown
{
    Shown()
    {
        broadcaster.setObjectName(u"events"_s);
        auto log = std::make_unique<RecordingSink>();
        good = log->recording();
        add(u"log"_s, std::move(log));
        auto hook = std::make_unique<RecordingSink>();
        bad = hook->recording();
        bad->setBehaviour([](const Event &) { return passingFailure().withStatus(503); });
        add(u"hook <b>"_s, std::make_unique<RetryingSink>(std::move(hook), CircuitBreaker(1, 10s)));
        settleCommands(broadcaster);
        broadcaster.setClock(clock);
        model.addRoot(&broadcaster);
        model.setRefreshInterval(0ms);
        view = std::make_unique<TopologyView>(&model);
        view->resize(1100, 420);
        view->show();
    }

    void add(const QString &name, std::unique_ptr<Sink> target)
    {
        auto queue = std::make_unique<Queue>(std::move(target));
        queue->setObjectName(name);
        queue->setClock(clock);
        broadcaster.add(std::move(queue));
    }
    void look()
    {
        model.refresh();
        view->refresh();
    }
    [[nodiscard]] QModelIndex queue(int row) const { return model.index(row, 0, model.index(0, 0)); }
    [[nodiscard]] QString name() const { return view->currentIndex().data().toString(); }
    // What is shown where the mouse rests on a box.
    [[nodiscard]] QString toolTip(const QModelIndex &index) const
    {
        const QPoint place = view->boxRect(index).center();
        QHelpEvent help(QEvent::ToolTip, place, view->viewport()->mapToGlobal(place));
        QCoreApplication::sendEvent(view->viewport(), &help);
        return QToolTip::text();
    }
    void press(int key) { QTest::keyClick(view.get(), Qt::Key(key)); }

    const std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    Broadcaster broadcaster;
    PipelineModel model;
    std::shared_ptr<Recording> good;
    std::shared_ptr<Recording> bad;
    std::unique_ptr<TopologyView> view;
};

// Whether a colour is somewhere in a rectangle.
bool hasColour(const QImage &image, const QRect &where, const QColor &colour)
{
    for (int y = where.top(); y <= where.bottom(); ++y) {
        for (int x = where.left(); x <= where.right(); ++x) {
            if (image.valid(x, y) && image.pixelColor(x, y).rgb() == colour.rgb())
                return true;
        }
    }
    return false;
}

} // namespace

class TopologyViewTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void showsABoxForEachSink();
    void goesFromBoxToBoxByKeys();
    void choosesByMouse();
    void zoomsAndFits();
    void showsWhatASinkIsAt_data();
    void showsWhatASinkIsAt();
    void tellsWhoDoesNotSee();
    void followsThePipeline();
    void outlivesTheModel();
};

void TopologyViewTest::showsABoxForEachSink()
{
    Shown s;
    const QModelIndex root = s.model.index(0, 0);
    const QRect all = s.view->viewport()->rect();
    for (const QModelIndex &index : {root, s.queue(0), s.queue(1), s.model.index(0, 0, s.queue(1))}) {
        const QRect box = s.view->boxRect(index);
        QVERIFY(all.contains(box));
        QVERIFY(s.view->itemAt(box.center()));
        const QString tip = s.toolTip(index);
        QVERIFY2(tip.contains(index.data().toString().toHtmlEscaped()), qPrintable(tip));
    }
    // From the left to the right, and none over another.
    QVERIFY(s.view->boxRect(root).right() < s.view->boxRect(s.queue(0)).left());
    QVERIFY(s.view->boxRect(s.queue(0)).bottom() < s.view->boxRect(s.queue(1)).top());
    QVERIFY(s.view->boxRect(QModelIndex()).isEmpty());
}

void TopologyViewTest::goesFromBoxToBoxByKeys()
{
    Shown s;
    QSignalSpy current(s.view.get(), &TopologyView::currentChanged);
    QSignalSpy activated(s.view.get(), &TopologyView::activated);
    QCOMPARE(s.name(), u"events"_s);
    s.press(Qt::Key_Right);
    QCOMPARE(s.name(), u"log"_s);
    s.press(Qt::Key_Down);
    QCOMPARE(s.name(), u"hook <b>"_s);
    s.press(Qt::Key_Down); // There is nothing below.
    QCOMPARE(s.name(), u"hook <b>"_s);
    s.press(Qt::Key_Right);
    QCOMPARE(s.name(), u"RetryingSink"_s);
    s.press(Qt::Key_Left);
    s.press(Qt::Key_Up);
    QCOMPARE(s.name(), u"log"_s);
    QCOMPARE(current.size(), 5);
    s.press(Qt::Key_Return);
    QCOMPARE(activated.size(), 1);
    QCOMPARE(activated[0][0].toModelIndex(), s.queue(0));
}

void TopologyViewTest::choosesByMouse()
{
    Shown s;
    QSignalSpy activated(s.view.get(), &TopologyView::activated);
    const QPoint place = s.view->boxRect(s.queue(1)).center();
    QTest::mouseClick(s.view->viewport(), Qt::LeftButton, {}, place);
    QCOMPARE(s.view->currentIndex(), s.queue(1));
    QTest::mouseDClick(s.view->viewport(), Qt::LeftButton, {}, place);
    QCOMPARE(activated.size(), 1);
    s.view->setCurrentIndex(s.model.index(0, 3, s.model.index(0, 0)));
    QCOMPARE(s.view->currentIndex(), s.queue(0));
}

void TopologyViewTest::zoomsAndFits()
{
    Shown s;
    const int width = s.view->boxRect(s.queue(0)).width();
    s.press(Qt::Key_Plus);
    QVERIFY(s.view->boxRect(s.queue(0)).width() > width);
    for (int i = 0; i < 50; ++i)
        s.press(Qt::Key_Minus);
    QVERIFY(s.view->boxRect(s.queue(0)).width() < width);
    QVERIFY(s.view->boxRect(s.queue(0)).width() > 10);
    s.press(Qt::Key_0);
    QCOMPARE(s.view->boxRect(s.queue(0)).width(), width);
    // It goes on being seen as a whole.
    s.view->resize(500, 200);
    QVERIFY(s.view->viewport()->rect().contains(s.view->boxRect(s.model.index(0, 0))));
    QVERIFY(s.view->viewport()->rect().contains(s.view->boxRect(s.queue(1))));
}

void TopologyViewTest::showsWhatASinkIsAt_data()
{
    QTest::addColumn<bool>("isDark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void TopologyViewTest::showsWhatASinkIsAt()
{
    QFETCH(const bool, isDark);
    Shown s;
    QPalette palette;
    palette.setColor(QPalette::Base, isDark ? QColor(30, 32, 36) : QColor(Qt::white));
    palette.setColor(QPalette::Text, isDark ? QColor(Qt::white) : QColor(Qt::black));
    s.view->setPalette(palette);
    s.view->fit();
    s.broadcaster.write(Batch(someEvents(20)));
    const QModelIndex retry = s.model.index(0, 0, s.queue(1));
    QANAT_WAIT((s.model.refresh(),
                retry.siblingAtColumn(int(PipelineModel::Column::Activity)).data().toString() == "Waiting"_L1));
    QANAT_WAIT(s.good->deliveredCount() == 20);
    s.look();
    const QImage image = s.view->viewport()->grab().toImage();
    const QColor waiting = QColor::fromString(isDark ? "#f0a93b"_L1 : "#9a5b00"_L1);
    QVERIFY(hasColour(image, s.view->boxRect(retry), waiting));
    QVERIFY(!hasColour(image, s.view->boxRect(s.queue(0)), waiting));
    // And what waits for it does not flow.
    QVERIFY(hasColour(image, s.view->boxRect(s.queue(1)), waiting));
    const QString tip = s.toolTip(retry);
    QVERIFY2(tip.contains(u"waiting, next try in 10 s"_s) && tip.contains(u"503"_s), qPrintable(tip));
    if (qEnvironmentVariableIsSet("QANAT_TEST_PICTURES"))
        s.view->grab().save(qEnvironmentVariable("QANAT_TEST_PICTURES")
                            + (isDark ? u"/topology-dark.png"_s : u"/topology-light.png"_s));
}

void TopologyViewTest::tellsWhoDoesNotSee()
{
    Shown s;
    QCOMPARE(s.view->accessibleName(), u"Pipeline"_s);
    s.view->setCurrentIndex(s.queue(1));
    const QString description = s.view->accessibleDescription();
    QVERIFY2(description.startsWith(u"hook <b>, Queue, idle, 0 pending"_s), qPrintable(description));
    QVERIFY(!TopologyView(nullptr).accessibleDescription().isEmpty());
}

void TopologyViewTest::followsThePipeline()
{
    Shown s;
    s.view->setCurrentIndex(s.queue(1));
    auto late = std::make_unique<RecordingSink>();
    late->setObjectName(u"late"_s);
    s.broadcaster.add(std::move(late));
    settleCommands(s.broadcaster);
    s.look();
    QCOMPARE(s.model.rowCount(s.model.index(0, 0)), 3);
    QVERIFY(!s.view->boxRect(s.queue(2)).isEmpty());
    QCOMPARE(s.name(), u"hook <b>"_s); // The choice stays.
    s.model.removeRoot(&s.broadcaster);
    s.look();
    QVERIFY(!s.view->currentIndex().isValid());
    QVERIFY(s.view->scene()->items().isEmpty());
}

void TopologyViewTest::outlivesTheModel()
{
    RecordingSink sink;
    auto model = std::make_unique<PipelineModel>();
    model->addRoot(&sink);
    TopologyView view(model.get());
    view.show();
    QVERIFY(view.currentIndex().isValid());
    model.reset();
    view.refresh();
    QVERIFY(!view.currentIndex().isValid());
    QTest::keyClick(&view, Qt::Key_Right);
}

QTEST_MAIN(TopologyViewTest)

#include "tst_topologyview.moc"
