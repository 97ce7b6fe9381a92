// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "eventdetail_p.h"

#include "Qanat/core/duration.h"
#include "shortened_p.h"

#include <QtCore/qjsondocument.h>
#include <QtCore/qlocale.h>
#include <QtGui/qfontdatabase.h>
#include <QtGui/qtextoption.h>
#include <QtWidgets/qheaderview.h>
#include <QtWidgets/qplaintextedit.h>
#include <QtWidgets/qtreewidget.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// What is longer than a person reads would hold up the thread of the application.
QString jsonOf(const Event &event)
{
    constexpr qsizetype Longest = 20'000;
    const Result<QByteArray> json = event.toJson();
    if (!json)
        return json.errorText();
    if (json->size() <= Longest)
        return visible(QString::fromUtf8(QJsonDocument::fromJson(*json).toJson(QJsonDocument::Indented)), Lines::Kept);
    return visible(QString::fromUtf8(json->left(Longest)), Lines::Kept) + u'\n'
           + EventDetail::tr("... and %1 more; the whole of it can be copied and saved.")
                 .arg(QLocale().formattedDataSize(json->size() - Longest));
}

QString outcomeText(const Delivery &outcome)
{
    switch (outcome.outcome()) {
    case Delivery::Outcome::Delivered:
        return EventDetail::tr("delivered");
    case Delivery::Outcome::Filtered:
        return EventDetail::tr("filtered");
    case Delivery::Outcome::Untried:
        return EventDetail::tr("handed back");
    case Delivery::Outcome::Stored:
        return EventDetail::tr("stored");
    case Delivery::Outcome::Failed:
        return EventDetail::tr("failed: %1").arg(visible(outcome.errorText()));
    case Delivery::Outcome::Dropped:
        return EventDetail::tr("given up: %1").arg(visible(outcome.errorText()));
    }
    return {};
}

} // namespace

EventDetail::EventDetail(QWidget *parent)
    : QSplitter(Qt::Horizontal, parent)
    , m_json(new QPlainTextEdit(this))
    , m_way(new QTreeWidget(this))
{
    m_json->setObjectName(u"json"_s);
    m_json->setReadOnly(true);
    m_json->setTabChangesFocus(true);
    // To look for words in a long line takes seconds.
    m_json->setWordWrapMode(QTextOption::WrapAnywhere);
    m_json->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_json->setAccessibleName(tr("The event as JSON"));
    m_json->setPlaceholderText(tr("Choose an event to see it in full."));
    m_way->setObjectName(u"way"_s);
    m_way->setAccessibleName(tr("The way of the event"));
    m_way->setHeaderLabels({tr("Sink"), tr("Outcome"), tr("At"), tr("Took")});
    m_way->setRootIsDecorated(false);
    m_way->setUniformRowHeights(true);
    m_way->header()->setSectionResizeMode(1, QHeaderView::Stretch);
    m_way->header()->setStretchLastSection(false);
    setChildrenCollapsible(false);
    setSizes({500, 500});
}

void EventDetail::show(const Event &event, const QList<EventLogModel::Step> &way)
{
    // What somebody reads is not moved for nothing.
    const QString json = event.isValid() ? jsonOf(event) : QString();
    if (m_shown != json) {
        m_shown = json;
        m_json->setPlainText(json);
    }
    m_way->clear();
    for (const EventLogModel::Step &step : way) {
        auto *const item = new QTreeWidgetItem(m_way);
        item->setText(0, shortened(step.name));
        item->setText(1, outcomeText(step.outcome));
        item->setToolTip(1, u"<qt>"_s + outcomeText(step.outcome).toHtmlEscaped() + u"</qt>"_s);
        item->setText(2, QLocale().toString(step.time.toLocalTime().time(), tr("HH:mm:ss.zzz")));
        if (step.duration.count() > 0) // Of a dead letter it is not known.
            item->setText(3, durationText(step.duration));
        item->setTextAlignment(3, Qt::AlignRight | Qt::AlignVCenter);
    }
}

} // namespace Qanat
