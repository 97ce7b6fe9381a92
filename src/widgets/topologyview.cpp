// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/topologyview.h"

#include "Qanat/core/pipelinemodel.h"
#include "topologybox_p.h"

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qpointer.h>
#include <QtCore/qtimer.h>
#include <QtGui/qevent.h>
#include <QtWidgets/qgraphicsscene.h>
#include <QtWidgets/qtooltip.h>

#include <algorithm>
#include <vector>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Qanat {

class TopologyViewPrivate
{
public:
    TopologyViewPrivate(TopologyView *view, PipelineModel *pipelines)
        : q(view)
        , model(pipelines)
        , timer(view)
    {
    }

    void rebuild();
    double place(const QModelIndex &index, TopologyBox *before, int column, double top);
    TopologyBox *boxOf(const QModelIndex &index) const;
    void choose(TopologyBox *box);
    TopologyBox *neighbour(int key) const;
    void zoom(double factor);
    void applyFit();
    void describe() const;
    void updateTimer();

    TopologyView *const q;
    const QPointer<PipelineModel> model;
    QGraphicsScene scene;
    std::vector<TopologyBox *> boxes; // Of the scene; from the left, and then from above.
    TopologyBox *current = nullptr;
    QPersistentModelIndex chosen; // It stays through a rebuild.
    QTimer timer;
    std::chrono::milliseconds interval = 500ms;
    QElapsedTimer sinceLook;
    bool isFitted = true;
    bool isOutdated = true;
};

void TopologyViewPrivate::rebuild()
{
    isOutdated = false;
    current = nullptr;
    // What was there goes on as it was: its rate is that since the last look.
    QHash<QPersistentModelIndex, TopologyPicture> known;
    for (const TopologyBox *box : boxes)
        known.insert(box->index(), box->picture());
    boxes.clear();
    scene.clear();
    double top = 0;
    for (int row = 0; model && row < model->rowCount(); ++row)
        top = place(model->index(row, 0), nullptr, 0, top) + TopologyBox::RowGap;
    for (TopologyBox *box : boxes) {
        if (const auto picture = known.constFind(box->index()); picture != known.constEnd())
            box->setPicture(*picture);
    }
    scene.setSceneRect(scene.itemsBoundingRect());
    TopologyBox *const box = boxOf(chosen);
    choose(box ? box : boxes.empty() ? nullptr : boxes.front());
    applyFit();
}

// Everything behind a box stands to the right of it, and it in the middle of that. Answers where that ends.
double TopologyViewPrivate::place(const QModelIndex &index, TopologyBox *before, int column, double top)
{
    auto *const box = new TopologyBox(index, before);
    boxes.push_back(box);
    scene.addItem(box);
    double bottom = top;
    const int count = model->rowCount(index);
    std::vector<size_t> behind;
    for (int row = 0; row < count; ++row) {
        behind.push_back(boxes.size());
        bottom = place(model->index(row, 0, index), box, column + 1, bottom) + TopologyBox::RowGap;
    }
    bottom = count > 0 ? bottom - TopologyBox::RowGap : top + TopologyBox::Height;
    const double y = count > 0 ? (boxes[behind.front()]->y() + boxes[behind.back()]->y()) / 2 : top;
    box->setPos(column * (TopologyBox::Width + TopologyBox::ColumnGap), y);
    return bottom;
}

TopologyBox *TopologyViewPrivate::boxOf(const QModelIndex &index) const
{
    const QModelIndex row = index.isValid() ? index.siblingAtColumn(0) : QModelIndex();
    const auto box = std::find_if(boxes.begin(), boxes.end(),
                                  [&row](const TopologyBox *one) { return row.isValid() && one->index() == row; });
    return box == boxes.end() ? nullptr : *box;
}

void TopologyViewPrivate::choose(TopologyBox *box)
{
    if (current)
        current->setCurrent(false);
    current = box;
    if (current)
        current->setCurrent(true);
    const QModelIndex now = current ? QModelIndex(current->index()) : QModelIndex();
    const bool isNew = chosen != now;
    chosen = now;
    describe();
    if (isNew)
        Q_EMIT q->currentChanged(now, TopologyView::QPrivateSignal());
}

// For who does not see it.
void TopologyViewPrivate::describe() const
{
    if (!current) {
        q->setAccessibleDescription(TopologyView::tr("There is no pipeline."));
        return;
    }
    const TopologyPicture &picture = current->picture();
    q->setAccessibleDescription(
        TopologyView::tr("%1, %2, %3, %4 pending, %5")
            .arg(picture.name, picture.kind, picture.stateText(), picture.pendingText(), rateText(picture.rate)));
}

TopologyBox *TopologyViewPrivate::neighbour(int key) const
{
    if (!current)
        return boxes.empty() ? nullptr : boxes.front();
    if (key == Qt::Key_Left)
        return current->before();
    TopologyBox *best = nullptr;
    const auto distance = [this](const TopologyBox *box) { return std::abs(box->y() - current->y()); };
    for (TopologyBox *box : boxes) {
        const bool isThere = key == Qt::Key_Right ? box->before() == current
                             : key == Qt::Key_Up  ? box->x() == current->x() && box->y() < current->y()
                                                  : box->x() == current->x() && box->y() > current->y();
        if (isThere && (!best || distance(box) < distance(best)))
            best = box;
    }
    return best;
}

void TopologyViewPrivate::zoom(double factor)
{
    constexpr double Smallest = 0.2;
    constexpr double Largest = 4;
    isFitted = false;
    const double now = q->transform().m11();
    const double wanted = std::clamp(now * factor, Smallest, Largest);
    q->scale(wanted / now, wanted / now);
}

void TopologyViewPrivate::applyFit()
{
    if (!isFitted || boxes.empty())
        return;
    q->resetTransform();
    const QRectF all = scene.sceneRect();
    const QSizeF room = q->viewport()->size();
    // Small pipelines are not blown up.
    const double factor = std::min({room.width() / all.width(), room.height() / all.height(), 1.0});
    if (factor > 0)
        q->scale(factor, factor);
    q->centerOn(all.center());
}

void TopologyViewPrivate::updateTimer()
{
    if (q->isVisible() && interval > 0ms)
        timer.start(interval);
    else
        timer.stop();
}

TopologyView::TopologyView(PipelineModel *model, QWidget *parent)
    : QGraphicsView(parent)
    , d(std::make_unique<TopologyViewPrivate>(this, model))
{
    setScene(&d->scene);
    setAccessibleName(tr("Pipeline"));
    setRenderHint(QPainter::Antialiasing);
    setDragMode(ScrollHandDrag);
    setTransformationAnchor(AnchorUnderMouse);
    setFocusPolicy(Qt::StrongFocus);
    connect(&d->timer, &QTimer::timeout, this, &TopologyView::refresh);
    if (model) {
        const auto note = [this] { d->isOutdated = true; };
        connect(model, &QAbstractItemModel::rowsInserted, this, note);
        connect(model, &QAbstractItemModel::rowsRemoved, this, note);
        connect(model, &QAbstractItemModel::rowsMoved, this, note);
        connect(model, &QAbstractItemModel::modelReset, this, note);
        connect(model, &QObject::destroyed, this, [this] { d->rebuild(); });
    }
    d->rebuild();
}

TopologyView::~TopologyView()
{
    setScene(nullptr);
}

QModelIndex TopologyView::currentIndex() const
{
    return d->chosen;
}

void TopologyView::setCurrentIndex(const QModelIndex &index)
{
    if (d->isOutdated)
        d->rebuild();
    if (TopologyBox *const box = d->boxOf(index)) {
        ensureVisible(box);
        d->choose(box);
    }
}

std::chrono::milliseconds TopologyView::refreshInterval() const
{
    return d->interval;
}

void TopologyView::setRefreshInterval(std::chrono::milliseconds interval)
{
    d->interval = std::max(interval, 0ms);
    d->updateTimer();
}

QRect TopologyView::boxRect(const QModelIndex &index) const
{
    const TopologyBox *const box = d->boxOf(index);
    return box ? mapFromScene(box->mapRectToScene(box->frame())).boundingRect() : QRect();
}

void TopologyView::zoomIn()
{
    d->zoom(1.25);
}

void TopologyView::zoomOut()
{
    d->zoom(0.8);
}

void TopologyView::fit()
{
    d->isFitted = true;
    d->applyFit();
}

void TopologyView::refresh()
{
    // A rate is that between two looks, so what it looks at is as of now, whoever else takes pictures.
    if (d->model)
        d->model->refresh();
    if (d->isOutdated)
        d->rebuild();
    const std::chrono::nanoseconds passed(d->sinceLook.isValid() ? d->sinceLook.nsecsElapsed() : 0);
    d->sinceLook.start();
    for (TopologyBox *box : d->boxes)
        box->look(passed);
    d->describe();
}

void TopologyView::keyPressEvent(QKeyEvent *event)
{
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (TopologyBox *const box = d->neighbour(event->key())) {
            d->choose(box);
            ensureVisible(box);
        }
        return;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        return zoomIn();
    case Qt::Key_Minus:
        return zoomOut();
    case Qt::Key_0:
        return fit();
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (d->current)
            Q_EMIT activated(d->chosen, QPrivateSignal());
        return;
    default:
        QGraphicsView::keyPressEvent(event);
    }
}

void TopologyView::mousePressEvent(QMouseEvent *event)
{
    if (auto *const box = static_cast<TopologyBox *>(itemAt(event->position().toPoint())))
        d->choose(box);
    QGraphicsView::mousePressEvent(event);
}

void TopologyView::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (itemAt(event->position().toPoint()) && d->current)
        Q_EMIT activated(d->chosen, QPrivateSignal());
    event->accept();
}

void TopologyView::wheelEvent(QWheelEvent *event)
{
    if (!event->modifiers().testFlag(Qt::ControlModifier)) {
        QGraphicsView::wheelEvent(event);
        return;
    }
    event->angleDelta().y() > 0 ? zoomIn() : zoomOut();
    event->accept();
}

void TopologyView::resizeEvent(QResizeEvent *event)
{
    QGraphicsView::resizeEvent(event);
    d->applyFit();
}

void TopologyView::showEvent(QShowEvent *event)
{
    QGraphicsView::showEvent(event);
    d->sinceLook.invalidate();
    refresh();
    d->updateTimer();
}

void TopologyView::hideEvent(QHideEvent *event)
{
    QGraphicsView::hideEvent(event);
    d->updateTimer();
}

// Made when somebody asks for it: there may be thousands of boxes.
bool TopologyView::viewportEvent(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QGraphicsView::viewportEvent(event);
    auto *const help = static_cast<QHelpEvent *>(event);
    const auto *const box = static_cast<TopologyBox *>(itemAt(help->pos()));
    QToolTip::showText(help->globalPos(), box ? box->picture().toolTip() : QString(), viewport());
    return true;
}

void TopologyView::changeEvent(QEvent *event)
{
    QGraphicsView::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        viewport()->update();
}

} // namespace Qanat
