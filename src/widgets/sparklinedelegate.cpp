// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "sparklinedelegate_p.h"

#include "Qanat/widgets/ratesmodel.h"

#include <QtGui/qpainter.h>
#include <QtGui/qpainterpath.h>
#include <QtWidgets/qapplication.h>

#include <algorithm>

namespace Qanat {

namespace {

// The cell without its text: background, selection and focus.
void paintCell(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index)
{
    QStyleOptionViewItem cell = option;
    const QVariant background = index.data(Qt::BackgroundRole);
    if (background.isValid())
        cell.backgroundBrush = background.value<QBrush>();
    const QStyle *const style = cell.widget ? cell.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &cell, painter, cell.widget);
}

int indentOf(const QStyleOptionViewItem &option, const QModelIndex &index)
{
    return index.data(RatesModel::DepthRole).toInt() * option.fontMetrics.averageCharWidth() * 2;
}

} // namespace

SparklineDelegate::SparklineDelegate(Mark mark, QObject *parent)
    : QStyledItemDelegate(parent)
    , m_mark(mark)
{
}

void SparklineDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    paintCell(painter, option, index);
    const auto numbers = index.data(RatesModel::HistoryRole).value<QList<double>>();
    if (numbers.size() < 2)
        return;
    const QRectF room = QRectF(option.rect).adjusted(4, 4, -4, -4);
    const double most = std::max(*std::max_element(numbers.begin(), numbers.end()), 1.0);
    // The newest stands at the right, and a history that is not yet full begins in the middle.
    const double step = room.width() / (RatesModel::SampleCount - 1);
    const auto pointOf = [&](qsizetype i) {
        return QPointF(room.right() - double(numbers.size() - 1 - i) * step,
                       room.bottom() - numbers[i] / most * room.height());
    };
    QPainterPath line(pointOf(0));
    for (qsizetype i = 1; i < numbers.size(); ++i)
        line.lineTo(pointOf(i));
    QPainterPath area = line;
    area.lineTo(room.right(), room.bottom());
    area.lineTo(pointOf(0).x(), room.bottom());

    const bool isSelected = option.state & QStyle::State_Selected;
    const QColor colour =
        isSelected ? option.palette.color(QPalette::HighlightedText) : markColour(option.palette, m_mark);
    QColor faint = colour;
    faint.setAlphaF(0.2F);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->fillPath(area, faint);
    painter->setPen(QPen(colour, 1.2));
    painter->drawPath(line);
    painter->restore();
}

void DepthDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    paintCell(painter, option, index);
    QStyleOptionViewItem moved = option;
    moved.rect.adjust(indentOf(option, index), 0, 0, 0);
    // What lies below is painted.
    moved.state &= ~QStyle::State_HasFocus;
    QStyledItemDelegate::paint(painter, moved, index);
}

QSize DepthDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    return QStyledItemDelegate::sizeHint(option, index) + QSize(indentOf(option, index), 0);
}

} // namespace Qanat
