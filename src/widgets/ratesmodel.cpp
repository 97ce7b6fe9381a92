// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/ratesmodel.h"

#include "Qanat/core/clock.h"
#include "Qanat/core/duration.h"
#include "Qanat/core/pipelinemodel.h"
#include "Qanat/core/statistics.h"

#include <QtCore/qlocale.h>
#include <QtCore/qpointer.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <deque>
#include <vector>

using namespace Qt::StringLiterals;

namespace Qanat {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

// A histogram is kept for each so many looks: latencies need not be known to the second, and all would take much memory.
constexpr int LooksPerMark = 10;

QString textOf(const QMap<int, qint64> &answers)
{
    QStringList parts;
    for (auto answer = answers.begin(); answer != answers.end(); ++answer)
        parts.append(RatesModel::tr("%1: %2", "status, requests")
                         .arg(answer.key() == 0 ? RatesModel::tr("none") : QString::number(answer.key()),
                              QLocale().toString(*answer)));
    return parts.join(u"  ");
}

// Numbers stand to the right, and so does what they are called.
int alignmentOf(RatesModel::Column column)
{
    using Column = RatesModel::Column;
    const bool isNumber = column == Column::Rate || column == Column::Pending
                          || (column >= Column::Median && column <= Column::Percentile99);
    return int((isNumber ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
}

} // namespace

class RatesModelPrivate
{
public:
    // What is known of a sink in one place.
    struct Series
    {
        explicit Series(const QModelIndex &place, int depthOfPlace)
            : index(place)
            , depth(depthOfPlace)
        {
        }

        void look(nanoseconds passed);
        void forget();
        [[nodiscard]] qint64 percentile(double fraction) const { return qint64(recent.percentile(fraction).count()); }

        QPersistentModelIndex index;
        int depth;
        bool isKnown = false; // There was a look before.
        Statistics last;
        QList<double> rates;
        QList<double> pending;
        std::deque<LatencyHistogram> marks; // The oldest is that of two minutes ago.
        int sinceMark = 0;
        LatencyHistogram recent;
    };

    RatesModelPrivate(RatesModel *model, PipelineModel *source)
        : q(model)
        , pipeline(source)
        , timer(model)
    {
    }

    void rebuild();
    void add(const QModelIndex &parent, int depth, std::vector<Series> &found);
    void updateTimer();
    QString text(const Series &one, RatesModel::Column column) const;
    QVariant value(const Series &one, RatesModel::Column column) const;

    RatesModel *const q;
    const QPointer<PipelineModel> pipeline;
    std::vector<Series> series;
    QTimer timer;
    milliseconds interval = RatesModel::DefaultSampleInterval;
    std::shared_ptr<Clock> clock = Clock::system();
    nanoseconds lastLook{0};
    bool isActive = false;
    bool isOutdated = true; // There are other sinks than before.
};

void RatesModelPrivate::Series::look(nanoseconds passed)
{
    const Statistics before = std::exchange(last, index.data(PipelineModel::StatisticsRole).value<Statistics>());
    const auto append = [](QList<double> &list, double number) {
        if (list.size() >= RatesModel::SampleCount)
            list.removeFirst();
        list.append(number);
    };
    if (isKnown && passed > nanoseconds(0))
        append(rates, double(std::max<qint64>(last.delivered - before.delivered, 0)) * 1e9 / double(passed.count()));
    append(pending, double(last.pending));
    if (!isKnown || ++sinceMark >= LooksPerMark) {
        sinceMark = 0;
        marks.push_back(last.latency);
        if (int(marks.size()) > RatesModel::SampleCount / LooksPerMark)
            marks.pop_front();
    }
    isKnown = true;
    recent = last.latency.since(marks.front());
}

void RatesModelPrivate::Series::forget()
{
    *this = Series(index, depth);
}

void RatesModelPrivate::add(const QModelIndex &parent, int depth, std::vector<Series> &found)
{
    for (int row = 0; row < pipeline->rowCount(parent); ++row) {
        const QModelIndex index = pipeline->index(row, 0, parent);
        const auto known =
            std::find_if(series.begin(), series.end(), [&index](const Series &one) { return one.index == index; });
        if (known == series.end()) {
            found.emplace_back(index, depth);
        } else {
            found.push_back(std::move(*known));
            known->index = QPersistentModelIndex();
        }
        add(index, depth + 1, found);
    }
}

// Sinks come and go seldom, and never many times in a second.
void RatesModelPrivate::rebuild()
{
    isOutdated = false;
    q->beginResetModel();
    std::vector<Series> found;
    if (pipeline)
        add(QModelIndex(), 0, found);
    series = std::move(found);
    q->endResetModel();
}

void RatesModelPrivate::updateTimer()
{
    if (isActive && interval > milliseconds(0))
        timer.start(interval);
    else
        timer.stop();
}

RatesModel::RatesModel(PipelineModel *pipeline, QObject *parent)
    : QAbstractTableModel(parent)
    , d(std::make_unique<RatesModelPrivate>(this, pipeline))
{
    connect(&d->timer, &QTimer::timeout, this, &RatesModel::sample);
    if (pipeline) {
        const auto note = [this] { d->isOutdated = true; };
        connect(pipeline, &QAbstractItemModel::rowsInserted, this, note);
        connect(pipeline, &QAbstractItemModel::rowsRemoved, this, note);
        connect(pipeline, &QAbstractItemModel::rowsMoved, this, note);
        connect(pipeline, &QAbstractItemModel::modelReset, this, note);
        connect(pipeline, &QObject::destroyed, this, [this] { d->rebuild(); });
    }
    setActive(true);
}

RatesModel::~RatesModel() = default;

bool RatesModel::isActive() const
{
    return d->isActive;
}

void RatesModel::setActive(bool active)
{
    if (d->isActive == active)
        return;
    d->isActive = active;
    if (active) {
        for (RatesModelPrivate::Series &one : d->series)
            one.forget();
        sample();
    }
    d->updateTimer();
    Q_EMIT activeChanged(active, QPrivateSignal());
}

milliseconds RatesModel::sampleInterval() const
{
    return d->interval;
}

void RatesModel::setSampleInterval(milliseconds interval)
{
    d->interval = std::max(interval, milliseconds(0));
    d->updateTimer();
}

void RatesModel::setClock(const std::shared_ptr<Clock> &clock)
{
    d->clock = clock ? clock : Clock::system();
    d->lastLook = d->clock->now();
}

QModelIndex RatesModel::pipelineIndex(int row) const
{
    return row >= 0 && row < rowCount() ? QModelIndex(d->series[size_t(row)].index) : QModelIndex();
}

int RatesModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(d->series.size());
}

int RatesModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QString RatesModelPrivate::text(const Series &one, RatesModel::Column column) const
{
    using Column = RatesModel::Column;
    const auto latency = [&one](double fraction) {
        return one.recent.count() > 0 ? durationText(one.recent.percentile(fraction)) : QString();
    };
    switch (column) {
    case Column::Name:
        return one.index.data().toString();
    case Column::Rate:
        return one.rates.isEmpty() ? QString() : QLocale().toString(qRound64(one.rates.constLast()));
    case Column::Pending:
        return QLocale().toString(one.last.pending);
    case Column::Median:
        return latency(0.5);
    case Column::Percentile90:
        return latency(0.9);
    case Column::Percentile99:
        return latency(0.99);
    case Column::Answers:
        return textOf(one.last.answers);
    case Column::RateHistory:
    case Column::PendingHistory:
        break;
    }
    return {};
}

QVariant RatesModelPrivate::value(const Series &one, RatesModel::Column column) const
{
    using Column = RatesModel::Column;
    switch (column) {
    case Column::Rate:
        return one.rates.isEmpty() ? 0.0 : one.rates.constLast();
    case Column::Pending:
        return one.last.pending;
    case Column::Median:
        return one.percentile(0.5);
    case Column::Percentile90:
        return one.percentile(0.9);
    case Column::Percentile99:
        return one.percentile(0.99);
    default:
        return text(one, column);
    }
}

QVariant RatesModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const RatesModelPrivate::Series &one = d->series[size_t(index.row())];
    const auto column = Column(index.column());
    switch (role) {
    case Qt::DisplayRole:
        return d->text(one, column);
    case ValueRole:
        return d->value(one, column);
    case HistoryRole:
        if (column == Column::RateHistory)
            return QVariant::fromValue(one.rates);
        return column == Column::PendingHistory ? QVariant::fromValue(one.pending) : QVariant();
    case DepthRole:
        return one.depth;
    case Qt::TextAlignmentRole:
        return alignmentOf(column);
    case Qt::ToolTipRole:
        if (column == Column::Pending && one.last.stored > 0)
            return tr("%1 of them are stored, and outlive the program").arg(QLocale().toString(one.last.stored));
        if (column == Column::RateHistory && !one.rates.isEmpty())
            return tr("Events per second that were delivered in the last two minutes, %1 at most")
                .arg(QLocale().toString(qRound64(*std::max_element(one.rates.begin(), one.rates.end()))));
        if (column == Column::PendingHistory && !one.pending.isEmpty())
            return tr("Events that were pending in the last two minutes, %1 at most")
                .arg(QLocale().toString(qRound64(*std::max_element(one.pending.begin(), one.pending.end()))));
        if (column == Column::Answers && !one.last.answers.isEmpty())
            return tr("Requests by the status that was answered, since the beginning: %1")
                .arg(textOf(one.last.answers));
        return {};
    default:
        return {};
    }
}

QVariant RatesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole)
        return alignmentOf(Column(section));
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return QAbstractTableModel::headerData(section, orientation, role);
    switch (Column(section)) {
    case Column::Name:
        return tr("Sink");
    case Column::Rate:
        return tr("Delivered/s");
    case Column::RateHistory:
    case Column::PendingHistory:
        return tr("2 minutes");
    case Column::Pending:
        return tr("Pending");
    case Column::Median:
        return tr("Median");
    case Column::Percentile90:
        return tr("90 %");
    case Column::Percentile99:
        return tr("99 %");
    case Column::Answers:
        return tr("Answers");
    }
    return {};
}

QHash<int, QByteArray> RatesModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractTableModel::roleNames();
    names.insert(ValueRole, "value");
    names.insert(HistoryRole, "history");
    names.insert(DepthRole, "depth");
    return names;
}

void RatesModel::sample()
{
    if (d->pipeline)
        d->pipeline->refresh();
    if (d->isOutdated)
        d->rebuild();
    const nanoseconds now = d->clock->now();
    const nanoseconds passed = now - std::exchange(d->lastLook, now);
    for (RatesModelPrivate::Series &one : d->series)
        one.look(passed);
    if (!d->series.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

} // namespace Qanat
