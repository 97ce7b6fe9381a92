// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/ratesview.h"

#include "Qanat/widgets/ratesmodel.h"
#include "sparklinedelegate_p.h"
#include "table_p.h"
#include "viewstate_p.h"
#include "windowvisibility_p.h"

#include <QtCore/qcoreevent.h>
#include <QtWidgets/qheaderview.h>

namespace Qanat {

using Column = RatesModel::Column;

RatesView::RatesView(RatesModel *model, QWidget *parent)
    : QTableView(parent)
{
    setModel(model);
    setAccessibleName(tr("Rates and latencies"));
    setUpTable(this);
    setSelectionMode(SingleSelection);
    setItemDelegateForColumn(int(Column::Name), new DepthDelegate(this));
    setItemDelegateForColumn(int(Column::RateHistory), new SparklineDelegate(Mark::Good, this));
    setItemDelegateForColumn(int(Column::PendingHistory), new SparklineDelegate(Mark::Waiting, this));
    const int letter = fontMetrics().averageCharWidth();
    for (const auto &[column, letters] : {std::pair(Column::Name, 28),
                                          {Column::Rate, 13},
                                          {Column::RateHistory, 24},
                                          {Column::Pending, 11},
                                          {Column::PendingHistory, 24},
                                          {Column::Median, 11},
                                          {Column::Percentile90, 11},
                                          {Column::Percentile99, 11}})
        setColumnWidth(int(column), letters * letter);
    setRowHeight();

    model->setActive(window()->isVisible());
    connect(new WindowVisibility(this), &WindowVisibility::changed, model, &RatesModel::setActive);
}

RatesView::~RatesView() = default;

QByteArray RatesView::saveState() const
{
    return sealed({horizontalHeader()->saveState()});
}

bool RatesView::restoreState(const QByteArray &state)
{
    const QByteArrayList parts = opened(state, 1);
    return !parts.isEmpty() && horizontalHeader()->restoreState(parts[0]);
}

void RatesView::changeEvent(QEvent *event)
{
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        setRowHeight();
}

void RatesView::setRowHeight()
{
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 12);
}

} // namespace Qanat
