// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "topologybox_p.h"

#include "Qanat/core/pipelinemodel.h"
#include "Qanat/widgets/topologyview.h"
#include "shortened_p.h"

#include <QtCore/qlocale.h>
#include <QtGui/qfontmetrics.h>
#include <QtGui/qpainter.h>
#include <QtGui/qpainterpath.h>
#include <QtWidgets/qstyleoption.h>
#include <QtWidgets/qwidget.h>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace Qanat {

using Activity = PipelineNode::Activity;
using Column = PipelineModel::Column;
using State = PipelineNode::State;

namespace {

QVariant valueOf(const QModelIndex &row, Column column)
{
    return row.siblingAtColumn(int(column)).data(PipelineModel::ValueRole);
}

QString textOf(const QModelIndex &row, Column column)
{
    return row.siblingAtColumn(int(column)).data().toString();
}

} // namespace

QString rateText(double rate)
{
    return TopologyView::tr("%1/s").arg(QLocale().toString(qRound64(rate)));
}

TopologyPicture TopologyPicture::of(const QModelIndex &index)
{
    TopologyPicture picture;
    picture.name = textOf(index, Column::Name);
    picture.kind = textOf(index, Column::Kind);
    picture.state = State(valueOf(index, Column::State).toInt());
    picture.activity = Activity(valueOf(index, Column::Activity).toInt());
    picture.nextAttempt = std::chrono::nanoseconds(valueOf(index, Column::NextAttempt).toLongLong());
    picture.reason = index.data(PipelineModel::ActivityReasonRole).toString();
    picture.statistics = index.data(PipelineModel::StatisticsRole).value<Statistics>();
    // What waits for a sink behind that does not get on does not flow.
    const QAbstractItemModel *const model = index.model();
    if (picture.activity == Activity::Flowing && picture.statistics.pending > 0 && model
        && model->rowCount(index) == 1) {
        const TopologyPicture behind = of(model->index(0, 0, index));
        picture.activity = behind.activity;
        picture.nextAttempt = behind.nextAttempt;
        picture.reason = behind.reason;
    }
    return picture;
}

QString TopologyPicture::stateText() const
{
    if (state == State::Closed)
        return TopologyView::tr("closed");
    if (state == State::Closing)
        return TopologyView::tr("closing");
    const auto withTime = [this](const QString &plain, const QString &timed) {
        const double seconds = double(nextAttempt.count()) / 1e9;
        return seconds >= 0.05 ? timed.arg(QLocale().toString(seconds, 'f', seconds < 10 ? 1 : 0)) : plain;
    };
    switch (activity) {
    case Activity::Flowing:
        return statistics.pending == 0 && rate < 0.5 ? TopologyView::tr("idle") : TopologyView::tr("flowing");
    case Activity::BackingOff:
        return withTime(TopologyView::tr("backing off"), TopologyView::tr("backing off, next try in %1 s"));
    case Activity::Waiting:
        return withTime(TopologyView::tr("waiting"), TopologyView::tr("waiting, next try in %1 s"));
    case Activity::Probing:
        return TopologyView::tr("probing");
    case Activity::Blocked:
        return withTime(TopologyView::tr("blocked"), TopologyView::tr("blocked, next try in %1 s"));
    case Activity::Paused:
        return TopologyView::tr("paused");
    case Activity::Disabled:
        return TopologyView::tr("disabled");
    }
    return {};
}

QString TopologyPicture::pendingText() const
{
    const QString pending = QLocale().toString(statistics.pending);
    return statistics.stored > 0
               ? TopologyView::tr("%1 (%2 stored)", "how many are pending, and how many of these are on a disk")
                     .arg(pending, QLocale().toString(statistics.stored))
               : pending;
}

QString TopologyPicture::toolTip() const
{
    const auto row = [](const QString &label, const QString &value) {
        return u"<tr><td>%1&nbsp;&nbsp;</td><td align=\"right\">%2</td></tr>"_s.arg(label.toHtmlEscaped(),
                                                                                    value.toHtmlEscaped());
    };
    const auto count = [](qint64 number) { return QLocale().toString(number); };
    QString text = u"<qt><b>%1</b> (%2), %3<table>"_s.arg(shortened(name).toHtmlEscaped(), kind.toHtmlEscaped(),
                                                          stateText().toHtmlEscaped());
    text += row(TopologyView::tr("Pending"), pendingText());
    text += row(TopologyView::tr("Delivered"), count(statistics.delivered));
    text += row(TopologyView::tr("Filtered"), count(statistics.filtered));
    text += row(TopologyView::tr("Dropped"), count(statistics.dropped));
    text += row(TopologyView::tr("Rejected"), count(statistics.rejected));
    text += row(TopologyView::tr("Failed attempts"), count(statistics.failed));
    text += u"</table>"_s;
    if (!reason.isEmpty())
        text += u"<p>"_s + shortened(reason).toHtmlEscaped() + u"</p>"_s;
    if (statistics.lastError.isFailure())
        text += TopologyView::tr("Last error: %1").arg(shortened(statistics.lastError.toString())).toHtmlEscaped();
    return text + u"</qt>"_s;
}

Mark TopologyPicture::mark() const
{
    if (state == State::Closed)
        return Mark::Idle;
    switch (activity) {
    case Activity::Flowing:
        return statistics.pending == 0 && rate < 0.5 ? Mark::Idle : Mark::Good;
    case Activity::BackingOff:
    case Activity::Waiting:
    case Activity::Probing:
        return Mark::Waiting;
    case Activity::Paused:
        return Mark::Paused;
    case Activity::Blocked:
    case Activity::Disabled:
        return Mark::Bad;
    }
    return Mark::Idle;
}

TopologyBox::TopologyBox(const QModelIndex &index, TopologyBox *before)
    : m_index(index)
    , m_before(before)
    , m_picture(TopologyPicture::of(index))
{
}

void TopologyBox::look(std::chrono::nanoseconds passed)
{
    if (!m_index.isValid())
        return;
    TopologyPicture now = TopologyPicture::of(m_index);
    if (passed.count() > 0) {
        const Statistics &before = m_picture.statistics;
        const auto perSecond = [passed](qint64 count) {
            return double(std::max<qint64>(count, 0)) * 1e9 / double(passed.count());
        };
        now.inRate = perSecond(now.statistics.written - before.written);
        now.rate = perSecond(now.statistics.delivered + now.statistics.filtered - before.delivered - before.filtered);
    }
    m_picture = now;
    update();
}

void TopologyBox::setCurrent(bool isCurrent)
{
    m_isCurrent = isCurrent;
    setZValue(isCurrent ? 1 : 0);
    update();
}

// What is lost behind it is lost here, too; what is only tried again there is not.
bool TopologyBox::isOuter() const
{
    return !m_before || !m_before->m_before || m_index.model()->rowCount(m_index.parent()) > 1;
}

double TopologyBox::pipeWidth() const
{
    return m_picture.inRate < 0.5 ? 1.5 : 2 + 2 * std::log10(1 + m_picture.inRate);
}

QRectF TopologyBox::boundingRect() const
{
    constexpr double Margin = 16; // The widest pipe.
    QRectF bounds = frame();
    if (m_before)
        bounds |= QRectF(mapFromItem(m_before, QPointF(Width, Height / 2)), QSizeF(1, 1));
    return bounds.adjusted(-Margin, -Margin, Margin, Margin);
}

// For the mouse: the box, not the pipe.
QPainterPath TopologyBox::shape() const
{
    QPainterPath path;
    path.addRect(frame());
    return path;
}

void TopologyBox::paintPipe(QPainter *painter, const QPalette &palette) const
{
    const QPointF from = mapFromItem(m_before, QPointF(Width, Height / 2));
    const QPointF to(0, Height / 2);
    const double bend = (to.x() - from.x()) / 2;
    QPainterPath path(from);
    path.cubicTo(from + QPointF(bend, 0), to - QPointF(bend, 0), to);
    QColor colour = markColour(palette, m_picture.mark());
    colour.setAlphaF(0.75F);
    QPen pen(colour, pipeWidth(), Qt::SolidLine, Qt::FlatCap);
    // Nothing gets through.
    if (m_picture.activity > Activity::BackingOff || m_picture.state == State::Closed)
        pen.setDashPattern({2, 1.5});
    painter->setPen(pen);
    painter->setBrush(Qt::NoBrush);
    painter->drawPath(path);
}

void TopologyBox::paint(QPainter *painter, const QStyleOptionGraphicsItem *, QWidget *widget)
{
    const QPalette palette = widget ? widget->palette() : QPalette();
    const QColor mark = markColour(palette, m_picture.mark());
    // Of very many nobody can read one: what can be seen is where something is wrong.
    constexpr double Readable = 0.3;
    if (QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter->worldTransform()) < Readable) {
        painter->setRenderHint(QPainter::Antialiasing, false);
        painter->fillRect(frame(), m_isCurrent ? palette.color(QPalette::Highlight) : mark);
        if (m_before) {
            painter->setPen(QPen(mark, 0));
            painter->drawLine(mapFromItem(m_before, QPointF(Width, Height / 2)), QPointF(0, Height / 2));
        }
        return;
    }
    painter->setRenderHint(QPainter::Antialiasing);
    if (m_before)
        paintPipe(painter, palette);

    QPainterPath outline;
    outline.addRoundedRect(frame(), 6, 6);
    // Seen on light and on dark.
    QColor edge = palette.color(QPalette::Text);
    edge.setAlphaF(0.35F);
    painter->setPen(m_isCurrent ? QPen(palette.color(QPalette::Highlight), 2.5) : QPen(edge, 1));
    painter->setBrush(palette.color(QPalette::Base));
    painter->drawPath(outline);
    painter->save();
    painter->setClipPath(outline);
    painter->fillRect(QRectF(0, 0, 5, Height), mark);
    painter->restore();

    const QRectF inner = frame().adjusted(14, 8, -10, -8);
    const QFont plain = widget ? widget->font() : QFont();
    QFont bold = plain;
    bold.setBold(true);
    QFont small = plain;
    small.setPointSizeF(plain.pointSizeF() * 0.85);
    const auto write = [&](const QFont &font, const QColor &colour, Qt::Alignment alignment, const QString &text,
                           double room) {
        painter->setFont(font);
        painter->setPen(colour);
        const QString shown = QFontMetricsF(font).elidedText(text, Qt::ElideRight, room);
        painter->drawText(inner, int(alignment), shown);
    };
    const QColor text = palette.color(QPalette::Text);
    QColor faint = text;
    faint.setAlphaF(0.7F);
    const QString rate = m_picture.rate >= 0.5 ? rateText(m_picture.rate) : QString();
    const double rateRoom = QFontMetricsF(small).horizontalAdvance(rate);
    write(bold, text, Qt::AlignTop | Qt::AlignLeft, shortened(m_picture.name), inner.width() - rateRoom - 6);
    write(small, faint, Qt::AlignTop | Qt::AlignRight, rate, rateRoom + 2);
    const QString pending = m_picture.statistics.pending > 0
                                ? TopologyView::tr("%1 pending").arg(QLocale().toString(m_picture.statistics.pending))
                                : QString();
    const double pendingRoom = QFontMetricsF(small).horizontalAdvance(pending);
    // One without a name is called by its kind already.
    const QString kind = m_picture.kind == m_picture.name ? QString() : m_picture.kind;
    write(small, faint, Qt::AlignVCenter | Qt::AlignLeft, kind, inner.width() - pendingRoom - 6);
    write(small, text, Qt::AlignVCenter | Qt::AlignRight, pending, pendingRoom + 2);
    const QString dropped = m_picture.statistics.dropped > 0 && isOuter()
                                ? TopologyView::tr("%1 dropped").arg(QLocale().toString(m_picture.statistics.dropped))
                                : QString();
    const double droppedRoom = QFontMetricsF(small).horizontalAdvance(dropped);
    write(small, mark, Qt::AlignBottom | Qt::AlignLeft, m_picture.stateText(), inner.width() - droppedRoom - 6);
    write(small, markColour(palette, Mark::Bad), Qt::AlignBottom | Qt::AlignRight, dropped, droppedRoom + 2);
}

} // namespace Qanat
