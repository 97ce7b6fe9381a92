// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/eventlogmodel.h"

#include "Qanat/core/eventtrace.h"
#include "Qanat/core/sink.h"
#include "eventlog_p.h"
#include "shortened_p.h"

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qlocale.h>
#include <QtCore/qpointer.h>
#include <QtCore/qtimer.h>

#include <algorithm>

namespace Qanat {

using std::chrono::milliseconds;

namespace {

// As much as a reader can follow, and little enough to be no burden for the thread of the application.
constexpr qsizetype MostNewRows = 300;
// Of all sinks together, between two looks.
constexpr qsizetype Traced = 5'000;

QString firstWordsOf(const Event &event)
{
    constexpr qint64 Longest = 256 * 1024;
    if (!event.data().isValid())
        return {};
    // It is made anew each time that it is painted.
    if (event.estimatedSize() > Longest)
        return EventLogModel::tr("%1 in memory").arg(QLocale().formattedDataSize(event.estimatedSize()));
    const Result<QByteArray> json = event.dataToJson();
    if (!json)
        return json.errorText();
    return shortened(QString::fromUtf8(json->left(4 * LongestText)));
}

} // namespace

class EventLogModelPrivate
{
public:
    EventLogModelPrivate(EventLogModel *model, Sink *sink)
        : q(model)
        , root(sink)
        , timer(model)
    {
        const Statistics statistics = sink ? sink->statistics() : Statistics();
        before = written = statistics.written;
    }

    void watch();
    void look();
    void notePipeline(const QList<EventTrace::Record> &records);
    void noteGap();
    void take(const QList<EventTrace::Record> &records);
    void announce(const QSet<qint64> &changed);
    void trim();

    EventLogModel *const q;
    const QPointer<Sink> root;
    std::unique_ptr<EventTrace> trace; // While it is active.
    qint64 lost = 0; // By the trace.
    QList<EventTrace::Record> early; // Words of events that have no row yet.
    EventLog log;
    qsizetype visible = 0; // Its first rows, which are those of the model.
    QTimer timer;
    QElapsedTimer sincePipeline;
    milliseconds interval = EventLogModel::DefaultRefreshInterval;
    int capacity = EventLogModel::DefaultCapacity;
    bool isActive = false;
    bool isPaused = false;
    qint64 before = 0; // What was written before there was a model,
    qint64 written = 0; // and until the last look.
    qint64 shown = 0; // Events that have got a row.
};

void EventLogModelPrivate::watch()
{
    const bool isWatching = isActive && root;
    if (!isWatching && trace) {
        trace.reset();
        noteGap();
    } else if (isWatching && !trace) {
        trace = std::make_unique<EventTrace>(root, Traced);
        lost = 0;
    }
    if (isWatching && interval > milliseconds(0))
        timer.start(interval);
    else
        timer.stop();
}

void EventLogModelPrivate::look()
{
    if (root)
        written = root->statistics().written;
    const QList<EventTrace::Record> records = trace ? trace->take() : QList<EventTrace::Record>();
    if (records.isEmpty())
        return;
    notePipeline(records);
    take(records);
    // Whoever heard of a row may have ended it.
    const qint64 lostNow = trace ? trace->lost() : lost;
    if (std::exchange(lost, lostNow) != lostNow)
        noteGap();
}

// Names, and who has to say a last word: not each time, since there may be thousands of sinks.
void EventLogModelPrivate::notePipeline(const QList<EventTrace::Record> &records)
{
    constexpr std::chrono::seconds LongEnough(1);
    const auto isNew = [this](const EventTrace::Record &record) { return !log.knows(record.sink); };
    if (!root)
        return;
    if (sincePipeline.isValid() && !sincePipeline.hasExpired(std::chrono::milliseconds(LongEnough).count())
        && std::none_of(records.begin(), records.end(), isNew))
        return;
    sincePipeline.start();
    announce(log.setPipeline(root->pipeline()));
}

// Of the rows that wait for words some may never come.
void EventLogModelPrivate::noteGap()
{
    early.clear();
    announce(log.noteGap());
}

void EventLogModelPrivate::take(const QList<EventTrace::Record> &records)
{
    // What is new is put in at once: until it is counted, no view sees it.
    const qint64 firstNew = log.first() + visible;
    QSet<qint64> changed;
    // A late word of an event that has no row, or none any more, tells only a part, and makes none. But who is on another thread may have
    // been quicker than who handed it on. So those come first that make rows, and words that found none
    // get a second chance with the next records.
    const QList<EventTrace::Record> late = std::exchange(early, {});
    const auto note = [&](const EventTrace::Record &record, bool makesRows) {
        bool isKnown = false;
        for (const Event &event : record.events) {
            const bool wantsRows = makesRows && !isPaused && log.size() - visible < MostNewRows;
            const auto number =
                log.note(record, event, wantsRows ? EventLog::NewRows::Wanted : EventLog::NewRows::Unwanted);
            isKnown = isKnown || number;
            if (number && *number < firstNew)
                changed.insert(*number);
        }
        return isKnown;
    };
    for (const EventTrace::Record &record : records) {
        if (log.makesRows(record.sink))
            note(record, true);
    }
    for (const EventTrace::Record &record : late)
        note(record, false);
    for (const EventTrace::Record &record : records) {
        if (!log.makesRows(record.sink) && !note(record, false))
            early.append(record);
    }
    if (const qsizetype added = log.size() - visible; added > 0) {
        q->beginInsertRows({}, int(visible), int(log.size() - 1));
        visible = log.size();
        shown += added;
        q->endInsertRows();
    }
    announce(changed);
    trim();
}

// Neighbours together, and no more rows than have changed: whoever filters looks at each of them again.
void EventLogModelPrivate::announce(const QSet<qint64> &changed)
{
    QList<qint64> numbers(changed.begin(), changed.end());
    std::sort(numbers.begin(), numbers.end());
    for (qsizetype first = 0; first < numbers.size();) {
        qsizetype last = first;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1)
            ++last;
        Q_EMIT q->dataChanged(q->index(int(numbers[first] - log.first()), 0),
                              q->index(int(numbers[last] - log.first()), EventLogModel::ColumnCount - 1));
        first = last + 1;
    }
}

void EventLogModelPrivate::trim()
{
    const qsizetype excess = log.excess(capacity);
    if (excess <= 0)
        return;
    q->beginRemoveRows({}, 0, int(excess - 1));
    log.dropFirst(excess);
    visible -= excess;
    q->endRemoveRows();
}

EventLogModel::EventLogModel(Sink *root, QObject *parent)
    : QAbstractTableModel(parent)
    , d(std::make_unique<EventLogModelPrivate>(this, root))
{
    connect(&d->timer, &QTimer::timeout, this, &EventLogModel::refresh);
    setActive(true);
}

EventLogModel::~EventLogModel() = default;

bool EventLogModel::isActive() const
{
    return d->isActive;
}

void EventLogModel::setActive(bool active)
{
    if (d->isActive == active)
        return;
    refresh();
    d->isActive = active;
    d->watch();
    Q_EMIT activeChanged(active, QPrivateSignal());
}

bool EventLogModel::isPaused() const
{
    return d->isPaused;
}

void EventLogModel::setPaused(bool paused)
{
    if (d->isPaused == paused)
        return;
    refresh();
    d->isPaused = paused;
    Q_EMIT pausedChanged(paused, QPrivateSignal());
}

int EventLogModel::capacity() const
{
    return d->capacity;
}

void EventLogModel::setCapacity(int events)
{
    events = std::max(events, 1);
    if (std::exchange(d->capacity, events) == events)
        return;
    d->trim();
    Q_EMIT capacityChanged(events, QPrivateSignal());
}

milliseconds EventLogModel::refreshInterval() const
{
    return d->interval;
}

void EventLogModel::setRefreshInterval(milliseconds interval)
{
    d->interval = std::max(interval, milliseconds(0));
    d->watch();
}

qint64 EventLogModel::passedOver() const
{
    return std::max(d->written - d->before - d->shown, qint64(0));
}

Event EventLogModel::event(int row) const
{
    return row >= 0 && row < d->log.size() ? d->log.at(row).event : Event();
}

QList<EventLogModel::Step> EventLogModel::way(int row) const
{
    return row >= 0 && row < d->log.size() ? d->log.at(row).steps : QList<Step>();
}

EventLogModel::Fate EventLogModel::fate(int row) const
{
    return row >= 0 && row < d->log.size() ? d->log.at(row).fate : Fate::UnderWay;
}

QString EventLogModel::fateText(Fate fate)
{
    switch (fate) {
    case Fate::UnderWay:
        return tr("Under way");
    case Fate::Retrying:
        return tr("Retrying");
    case Fate::Delivered:
        return tr("Delivered");
    case Fate::Filtered:
        return tr("Filtered");
    case Fate::Dropped:
        return tr("Dropped");
    case Fate::Unknown:
        return tr("Unknown");
    }
    return {};
}

int EventLogModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(d->visible);
}

int EventLogModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant EventLogModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const EventLog::Row &row = d->log.at(index.row());
    if (role == EventRole)
        return QVariant::fromValue(row.event);
    if (role == FateRole)
        return int(row.fate);
    const bool isValue = role == ValueRole;
    if (role != Qt::DisplayRole && !isValue)
        return {};
    switch (Column(index.column())) {
    case Column::Time: {
        const QDateTime time = row.event.time();
        return isValue ? QVariant(time) : QVariant(QLocale().toString(time.toLocalTime().time(), tr("HH:mm:ss.zzz")));
    }
    case Column::Type:
        return isValue ? row.event.type() : shortened(row.event.type());
    case Column::Source:
        return isValue ? row.event.source() : shortened(row.event.source());
    case Column::Subject:
        return isValue ? row.event.subject() : shortened(row.event.subject());
    case Column::Fate:
        return isValue ? QVariant(int(row.fate)) : QVariant(fateText(row.fate));
    case Column::Data:
        return firstWordsOf(row.event);
    }
    return {};
}

QVariant EventLogModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return QAbstractTableModel::headerData(section, orientation, role);
    switch (Column(section)) {
    case Column::Time:
        return tr("Time");
    case Column::Type:
        return tr("Type");
    case Column::Source:
        return tr("Source");
    case Column::Subject:
        return tr("Subject");
    case Column::Fate:
        return tr("Outcome");
    case Column::Data:
        return tr("Data");
    }
    return {};
}

QHash<int, QByteArray> EventLogModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractTableModel::roleNames();
    names.insert(ValueRole, "value");
    names.insert(EventRole, "event");
    names.insert(FateRole, "fate");
    return names;
}

void EventLogModel::refresh()
{
    d->look();
}

void EventLogModel::clear()
{
    if (d->log.size() == 0)
        return;
    beginResetModel();
    d->log.dropFirst(d->log.size());
    d->visible = 0;
    endResetModel();
}

} // namespace Qanat
