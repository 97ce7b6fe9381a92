// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_SPARKLINEDELEGATE_P_H
#define QANAT_WIDGETS_SPARKLINEDELEGATE_P_H

#include "colours_p.h"

#include <QtWidgets/qstyleditemdelegate.h>

namespace Qanat {

/*
 * Draws RatesModel::HistoryRole as a line, from zero to its greatest number.
 */
class SparklineDelegate final : public QStyledItemDelegate
{
    Q_OBJECT
public:
    SparklineDelegate(Mark mark, QObject *parent);

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;

private:
    const Mark m_mark;
};

/*
 * Moves the name of a sink to the right by its depth.
 */
class DepthDelegate final : public QStyledItemDelegate
{
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
};

} // namespace Qanat

#endif
