// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_EVENTDETAIL_P_H
#define QANAT_WIDGETS_EVENTDETAIL_P_H

#include "Qanat/core/event.h"
#include "Qanat/widgets/eventlogmodel.h"

#include <QtWidgets/qsplitter.h>

class QPlainTextEdit;
class QTreeWidget;

namespace Qanat {

/*
 * One event in full: its JSON, and its way.
 */
class EventDetail final : public QSplitter
{
    Q_OBJECT
public:
    explicit EventDetail(QWidget *parent = nullptr);

    // An invalid event: nothing.
    void show(const Event &event, const QList<EventLogModel::Step> &way);

private:
    QPlainTextEdit *const m_json;
    QString m_shown; // There.
    QTreeWidget *const m_way;
};

} // namespace Qanat

#endif
