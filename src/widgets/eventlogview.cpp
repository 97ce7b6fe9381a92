// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/eventlogview.h"

#include "Qanat/widgets/eventlogfilter.h"
#include "Qanat/widgets/eventlogmodel.h"
#include "colours_p.h"
#include "eventdetail_p.h"
#include "lines_p.h"
#include "table_p.h"
#include "viewstate_p.h"
#include "windowvisibility_p.h"

#include <QtCore/qlocale.h>
#include <QtCore/qtimer.h>
#include <QtGui/qaction.h>
#include <QtGui/qclipboard.h>
#include <QtGui/qguiapplication.h>
#include <QtWidgets/qboxlayout.h>
#include <QtWidgets/qcheckbox.h>
#include <QtWidgets/qcombobox.h>
#include <QtWidgets/qheaderview.h>
#include <QtWidgets/qlabel.h>
#include <QtWidgets/qlineedit.h>
#include <QtWidgets/qpushbutton.h>
#include <QtWidgets/qscrollbar.h>
#include <QtWidgets/qstyleditemdelegate.h>
#include <QtWidgets/qtableview.h>

#include <algorithm>
#include <chrono>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Qanat {

using Fate = EventLogModel::Fate;

namespace {

QString grouped(qint64 number)
{
    return QLocale().toString(number);
}

// What has become of an event, in its colour.
class FateDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        const QColor colour = markColour(option->palette, markOf(Fate(index.data(EventLogModel::FateRole).toInt())));
        option->palette.setColor(QPalette::Text, colour);
    }

private:
    static Mark markOf(Fate fate)
    {
        switch (fate) {
        case Fate::Delivered:
            return Mark::Good;
        case Fate::Retrying:
            return Mark::Waiting;
        case Fate::Dropped:
            return Mark::Bad;
        case Fate::UnderWay:
        case Fate::Filtered:
        case Fate::Unknown:
            break;
        }
        return Mark::Idle;
    }
};

} // namespace

class EventLogViewPrivate
{
public:
    EventLogViewPrivate(EventLogView *view, EventLogModel *events)
        : q(view)
        , model(events)
    {
    }

    void build();
    QLineEdit *makeField(const QString &name, const QString &placeholder);
    void makeAction(const QString &name, const QString &text, QKeySequence::StandardKey key,
                    void (EventLogView::*slot)());
    void chooseFate(int entry);
    void look();
    void chooseNewest();
    void showChosen();
    void showCounts();
    void follow();
    Event eventAt(int row) const { return filter.index(row, 0).data(EventLogModel::EventRole).value<Event>(); }

    EventLogView *const q;
    EventLogModel *const model;
    EventLogFilter filter;
    QTimer typing; // Until the text is looked for.
    QLineEdit *textField = nullptr;
    QTableView *table = nullptr;
    EventDetail *detail = nullptr;
    QSplitter *parts = nullptr;
    QCheckBox *following = nullptr;
    QLabel *counts = nullptr;
};

QLineEdit *EventLogViewPrivate::makeField(const QString &name, const QString &placeholder)
{
    auto *const field = new QLineEdit(q);
    field->setObjectName(name);
    field->setPlaceholderText(placeholder);
    field->setAccessibleName(placeholder);
    field->setClearButtonEnabled(true);
    return field;
}

void EventLogViewPrivate::makeAction(const QString &name, const QString &text, QKeySequence::StandardKey key,
                                     void (EventLogView::*slot)())
{
    auto *const action = new QAction(text, q);
    action->setObjectName(name);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    QObject::connect(action, &QAction::triggered, q, slot);
    q->addAction(action);
}

void EventLogViewPrivate::look()
{
    typing.stop();
    filter.setText(textField->text());
}

void EventLogViewPrivate::chooseNewest()
{
    look();
    const int last = filter.rowCount() - 1;
    if (last < 0)
        return;
    q->setFollowing(false);
    table->selectRow(last);
    table->scrollTo(filter.index(last, 0));
    table->setFocus(Qt::OtherFocusReason);
}

void EventLogViewPrivate::build()
{
    filter.setSourceModel(model);
    table = new QTableView(q);
    table->setObjectName(u"events"_s);
    table->setAccessibleName(EventLogView::tr("Events"));
    table->setModel(&filter);
    setUpTable(table);
    table->setItemDelegateForColumn(int(EventLogModel::Column::Fate), new FateDelegate(table));
    table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table->setContextMenuPolicy(Qt::ActionsContextMenu);
    const int letter = table->fontMetrics().averageCharWidth();
    for (const auto &[column, letters] : {std::pair(EventLogModel::Column::Time, 18),
                                          {EventLogModel::Column::Type, 26},
                                          {EventLogModel::Column::Source, 24},
                                          {EventLogModel::Column::Subject, 16},
                                          {EventLogModel::Column::Fate, 14}})
        table->setColumnWidth(int(column), letters * letter);

    auto *const bar = new QHBoxLayout;
    auto *const type = makeField(u"typeFilter"_s, EventLogView::tr("Type, such as order.*"));
    QObject::connect(type, &QLineEdit::textChanged, &filter, &EventLogFilter::setTypePattern);
    bar->addWidget(type, 2);
    auto *const source = makeField(u"sourceFilter"_s, EventLogView::tr("Source, such as /eu/**"));
    QObject::connect(source, &QLineEdit::textChanged, &filter, &EventLogFilter::setSourcePattern);
    bar->addWidget(source, 2);
    // To look through all data takes a while, and is not done for each letter of a word.
    textField = makeField(u"textFilter"_s, EventLogView::tr("Text"));
    typing.setSingleShot(true);
    typing.setInterval(200ms);
    QObject::connect(textField, &QLineEdit::textChanged, &typing, qOverload<>(&QTimer::start));
    QObject::connect(&typing, &QTimer::timeout, q, [this] { look(); });
    QObject::connect(textField, &QLineEdit::returnPressed, q, [this] { chooseNewest(); });
    bar->addWidget(textField, 3);
    auto *const fates = new QComboBox(q);
    fates->setObjectName(u"fateFilter"_s);
    fates->setAccessibleName(EventLogView::tr("Outcome"));
    fates->addItem(EventLogView::tr("All outcomes"), -1);
    for (const Fate fate :
         {Fate::UnderWay, Fate::Retrying, Fate::Delivered, Fate::Filtered, Fate::Unknown, Fate::Dropped})
        fates->addItem(EventLogModel::fateText(fate), int(fate));
    QObject::connect(fates, &QComboBox::currentIndexChanged, q,
                     [this, fates](int entry) { chooseFate(fates->itemData(entry).toInt()); });
    bar->addWidget(fates);
    auto *const pause = new QPushButton(EventLogView::tr("&Pause"), q);
    pause->setObjectName(u"pause"_s);
    pause->setCheckable(true);
    pause->setToolTip(EventLogView::tr("The rows stand still; events go on, and are counted."));
    QObject::connect(pause, &QPushButton::toggled, model, &EventLogModel::setPaused);
    QObject::connect(model, &EventLogModel::pausedChanged, pause, &QPushButton::setChecked);
    bar->addWidget(pause);
    following = new QCheckBox(EventLogView::tr("&Follow"), q);
    following->setObjectName(u"follow"_s);
    following->setChecked(true);
    QObject::connect(following, &QCheckBox::toggled, q, [this](bool isFollowing) {
        if (isFollowing)
            follow();
        Q_EMIT q->followingChanged(isFollowing, EventLogView::QPrivateSignal());
    });
    bar->addWidget(following);

    detail = new EventDetail(q);
    parts = new QSplitter(Qt::Vertical, q);
    parts->addWidget(table);
    parts->addWidget(detail);
    parts->setSizes({300, 110});
    parts->setStretchFactor(0, 1);
    parts->setChildrenCollapsible(false);
    counts = new QLabel(q);
    counts->setObjectName(u"counts"_s);
    auto *const layout = new QVBoxLayout(q);
    layout->addLayout(bar);
    layout->addWidget(parts, 1);
    layout->addWidget(counts);

    makeAction(u"find"_s, EventLogView::tr("&Find Event..."), QKeySequence::Find, &EventLogView::find);
    makeAction(u"copy"_s, EventLogView::tr("&Copy Event as JSON"), QKeySequence::Copy, &EventLogView::copy);
    makeAction(u"save"_s, EventLogView::tr("&Save Events..."), QKeySequence::Save, &EventLogView::saveAs);
    table->addActions(q->actions());

    QObject::connect(table->selectionModel(), &QItemSelectionModel::selectionChanged, q, [this] { showChosen(); });
    QObject::connect(&filter, &QAbstractItemModel::dataChanged, q,
                     [this](const QModelIndex &first, const QModelIndex &last) {
                         const QModelIndexList rows = table->selectionModel()->selectedRows();
                         if (rows.size() == 1 && rows.first().row() >= first.row() && rows.first().row() <= last.row())
                             showChosen();
                     });
    for (const auto signal : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved}) {
        QObject::connect(&filter, signal, q, [this] {
            showCounts();
            follow();
        });
    }
    // What the filter hides is counted, too.
    QObject::connect(model, &QAbstractItemModel::rowsInserted, q, [this] { showCounts(); });
    QObject::connect(&filter, &QAbstractItemModel::modelReset, q, [this] { showChosen(); });
    // What a user does, by wheel, keys or slider; not what an insertion does.
    QObject::connect(table->verticalScrollBar(), &QAbstractSlider::actionTriggered, q, [this] {
        const QScrollBar *const scrollBar = table->verticalScrollBar();
        following->setChecked(scrollBar->sliderPosition() >= scrollBar->maximum());
    });
    showCounts();
}

void EventLogViewPrivate::chooseFate(int fate)
{
    filter.setFates(fate < 0 ? QSet<Fate>() : QSet<Fate>{Fate(fate)});
    showCounts();
}

void EventLogViewPrivate::showChosen()
{
    const QModelIndexList rows = table->selectionModel()->selectedRows();
    const QModelIndex row = rows.size() == 1 ? filter.mapToSource(rows.first()) : QModelIndex();
    detail->show(row.isValid() ? model->event(row.row()) : Event(),
                 row.isValid() ? model->way(row.row()) : QList<EventLogModel::Step>());
    showCounts();
}

void EventLogViewPrivate::showCounts()
{
    QString text = EventLogView::tr("%1 of %2 events").arg(grouped(filter.rowCount()), grouped(model->rowCount()));
    if (model->passedOver() > 0)
        text += EventLogView::tr(", %1 passed over").arg(grouped(model->passedOver()));
    if (counts->text() != text)
        counts->setText(text);
}

void EventLogViewPrivate::follow()
{
    if (following->isChecked())
        table->scrollToBottom();
}

EventLogView::EventLogView(EventLogModel *model, QWidget *parent)
    : QWidget(parent)
    , d(std::make_unique<EventLogViewPrivate>(this, model))
{
    d->build();
    model->setActive(window()->isVisible());
    connect(new WindowVisibility(this), &WindowVisibility::changed, model, &EventLogModel::setActive);
}

EventLogView::~EventLogView() = default;

EventLogFilter *EventLogView::filter() const
{
    return &d->filter;
}

bool EventLogView::isFollowing() const
{
    return d->following->isChecked();
}

void EventLogView::setFollowing(bool following)
{
    d->following->setChecked(following);
}

QList<Event> EventLogView::selectedEvents() const
{
    QModelIndexList rows = d->table->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end());
    QList<Event> events;
    for (const QModelIndex &row : std::as_const(rows))
        events.append(d->eventAt(row.row()));
    return events;
}

bool EventLogView::select(const QString &id)
{
    for (int row = d->filter.rowCount() - 1; row >= 0; --row) {
        if (d->eventAt(row).id() != id)
            continue;
        setFollowing(false);
        d->table->selectRow(row);
        d->table->scrollTo(d->filter.index(row, 0));
        return true;
    }
    return false;
}

QByteArray EventLogView::toLines(const QList<Event> &events)
{
    return Qanat::toLines(events);
}

Result<qsizetype> EventLogView::save(const QString &fileName) const
{
    QList<Event> events;
    for (int row = 0; row < d->filter.rowCount(); ++row)
        events.append(d->eventAt(row));
    return saveLines(events, fileName);
}

void EventLogView::find()
{
    d->textField->setFocus(Qt::ShortcutFocusReason);
    d->textField->selectAll();
}

void EventLogView::copy()
{
    if (const QList<Event> events = selectedEvents(); !events.isEmpty())
        QGuiApplication::clipboard()->setText(QString::fromUtf8(toLines(events)));
}

void EventLogView::saveAs()
{
    askForFile(this, tr("Save Events"), u"events.ndjson"_s,
               [this](const QString &fileName) { return save(fileName).errorText(); });
}

QByteArray EventLogView::saveState() const
{
    return sealed({d->table->horizontalHeader()->saveState(), d->parts->saveState(), d->detail->saveState()});
}

bool EventLogView::restoreState(const QByteArray &state)
{
    const QByteArrayList parts = opened(state, 3);
    return !parts.isEmpty() && d->table->horizontalHeader()->restoreState(parts[0]) && d->parts->restoreState(parts[1])
           && d->detail->restoreState(parts[2]);
}

void EventLogView::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    d->follow();
}

} // namespace Qanat
