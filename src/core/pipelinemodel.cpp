// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/pipelinemodel.h"

#include "Qanat/core/storingqueue.h"
#include "logging_p.h"
#include "pipelinerow_p.h"
#include "sink_p.h"
#include "storingstate_p.h"

#include <QtCore/qscopedvaluerollback.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

using namespace Qt::StringLiterals;

namespace Qanat {

using std::chrono::milliseconds;

namespace {

// Which of these numbers stay where they are, so that the fewest have to move: those of a longest run that ascends.
std::vector<bool> longestAscent(const std::vector<int> &numbers)
{
    constexpr size_t none = std::numeric_limits<size_t>::max();
    std::vector<size_t> ends; // Of the runs of each length, where the one with the smallest end has it.
    std::vector<size_t> previous(numbers.size(), none);
    for (size_t i = 0; i < numbers.size(); ++i) {
        const auto end = std::lower_bound(ends.begin(), ends.end(), numbers[i],
                                          [&numbers](size_t at, int number) { return numbers[at] < number; });
        if (end != ends.begin())
            previous[i] = *(end - 1);
        if (end == ends.end())
            ends.push_back(i);
        else
            *end = i;
    }
    std::vector<bool> stays(numbers.size(), false);
    for (size_t i = ends.empty() ? none : ends.back(); i != none; i = previous[i])
        stays[i] = true;
    return stays;
}

// Views take for rich text what looks like it, and the texts of errors come from far away.
QString asPlainToolTip(const QString &text)
{
    return text.contains(u'<') ? u"<qt>"_s + text.toHtmlEscaped() + u"</qt>"_s : text;
}

QString headerOf(PipelineModel::Column column)
{
    using Column = PipelineModel::Column;
    switch (column) {
    case Column::Name:
        return PipelineModel::tr("Name");
    case Column::Kind:
        return PipelineModel::tr("Kind");
    case Column::State:
        return PipelineModel::tr("State");
    case Column::Activity:
        return PipelineModel::tr("Activity");
    case Column::NextAttempt:
        return PipelineModel::tr("Next attempt");
    case Column::Pending:
        return PipelineModel::tr("Pending");
    case Column::Written:
        return PipelineModel::tr("Written");
    case Column::Delivered:
        return PipelineModel::tr("Delivered");
    case Column::Filtered:
        return PipelineModel::tr("Filtered");
    case Column::Dropped:
        return PipelineModel::tr("Dropped");
    case Column::Rejected:
        return PipelineModel::tr("Rejected");
    case Column::Failed:
        return PipelineModel::tr("Failed");
    case Column::Retried:
        return PipelineModel::tr("Retried");
    case Column::LatencyMedian:
        return PipelineModel::tr("Latency (median)");
    case Column::LatencyPercentile99:
        return PipelineModel::tr("Latency (99 %)");
    case Column::LastError:
        return PipelineModel::tr("Last error");
    }
    return {};
}

bool isNumeric(PipelineModel::Column column)
{
    using Column = PipelineModel::Column;
    return column >= Column::NextAttempt && column <= Column::LatencyPercentile99;
}

} // namespace

class PipelineModelPrivate
{
public:
    explicit PipelineModelPrivate(PipelineModel *model)
        : q(model)
        , timer(model)
    {
    }

    // What is known of a root is held without the sink, which may go at any time, in another thread.
    struct Root
    {
        std::shared_ptr<Mailbox> mailbox;
        QMetaObject::Connection destroyed;
    };

    std::vector<Root>::iterator find(const Sink &sink);
    std::shared_ptr<const Mailbox> mailboxOf(const QModelIndex &index) const;
    // Takes a picture. Whoever hears of a changed row may come back with other roots, or destroy one: those are seen to when
    // this is done.
    void update();
    // The roots are not those of the last picture any more.
    void changeRoots();
    void dropDestroyed();
    void updateTimer();

    PipelineRow *rowOf(const QModelIndex &index)
    {
        return index.isValid() ? static_cast<PipelineRow *>(index.internalPointer()) : &top;
    }
    QModelIndex indexOf(const PipelineRow &row, int column = 0) const
    {
        return &row == &top ? QModelIndex() : q->createIndex(row.position(), column, const_cast<PipelineRow *>(&row));
    }

    PipelineModel *const q;
    PipelineRow top;
    std::vector<Root> roots; // In the order of their rows.
    QTimer timer;
    milliseconds interval = PipelineModel::DefaultRefreshInterval;
    bool isUpdating = false;
    bool isOutdated = false; // The roots changed meanwhile.

private:
    using Keys = std::vector<PipelineKey>;

    void follow(PipelineRow &parent, const QList<PipelineNode> &nodes);
    void removeMissing(PipelineRow &parent, const Keys &keys);
    void sort(PipelineRow &parent, const Keys &keys);
    void insertNew(PipelineRow &parent, const Keys &keys, const QList<PipelineNode> &nodes);
    void announce(const PipelineRow &parent, const std::vector<PipelineRow::Changes> &changes);
    void announce(const PipelineRow &parent, int first, int last, const PipelineRow::Changes &changes);

    void remove(PipelineRow &parent, int first, int last);
};

/* --- Roots ------------------------------------------------------------------------------------------------------------- */

std::vector<PipelineModelPrivate::Root>::iterator PipelineModelPrivate::find(const Sink &sink)
{
    const std::shared_ptr<Mailbox> &mailbox = SinkAccess::mailbox(sink);
    return std::find_if(roots.begin(), roots.end(), [&mailbox](const Root &root) { return root.mailbox == mailbox; });
}

std::shared_ptr<const Mailbox> PipelineModelPrivate::mailboxOf(const QModelIndex &index) const
{
    std::shared_ptr<const Mailbox> found;
    if (!index.isValid())
        return found;
    const quintptr identity = static_cast<const PipelineRow *>(index.internalPointer())->key().first;
    const auto isThat = [&found, identity](const Mailbox &mailbox) {
        if (mailbox.identity() != identity)
            return false;
        found = std::static_pointer_cast<const Mailbox>(mailbox.shared_from_this());
        return true;
    };
    for (const Root &root : roots) {
        if (root.mailbox->leadsTo(isThat, Mailbox::Ways::Links))
            break;
    }
    return found;
}

void PipelineModelPrivate::update()
{
    if (isUpdating)
        return;
    {
        const QScopedValueRollback guard(isUpdating, true);
        do {
            isOutdated = false;
            dropDestroyed();
            QList<PipelineNode> nodes;
            nodes.reserve(qsizetype(roots.size()));
            for (const Root &root : roots)
                nodes.append(root.mailbox->pipeline());
            follow(top, nodes);
        } while (isOutdated);
    }
    updateTimer();
}

void PipelineModelPrivate::changeRoots()
{
    isOutdated = true;
    update();
}

void PipelineModelPrivate::dropDestroyed()
{
    const auto isGone = [](const Root &root) { return !root.mailbox->hasSink(); };
    roots.erase(std::remove_if(roots.begin(), roots.end(), isGone), roots.end());
}

void PipelineModelPrivate::updateTimer()
{
    if (roots.empty() || interval == milliseconds(0))
        timer.stop();
    else if (!timer.isActive() || timer.intervalAsDuration() != interval)
        timer.start(interval);
}

/* --- The rows follow a picture ----------------------------------------------------------------------------------------- */

void PipelineModelPrivate::follow(PipelineRow &parent, const QList<PipelineNode> &nodes)
{
    const Keys keys = keysOf(nodes);
    removeMissing(parent, keys);
    sort(parent, keys);
    insertNew(parent, keys, nodes);

    std::vector<PipelineRow::Changes> changes;
    changes.reserve(keys.size());
    for (int i = 0; i < parent.childCount(); ++i)
        changes.push_back(parent.child(i)->take(nodes[i]));
    announce(parent, changes);
    for (int i = 0; i < parent.childCount(); ++i)
        follow(*parent.child(i), nodes[i].targets);
}

void PipelineModelPrivate::removeMissing(PipelineRow &parent, const Keys &keys)
{
    const std::set<PipelineKey> wanted(keys.begin(), keys.end());
    for (int last = parent.childCount() - 1; last >= 0; --last) {
        if (wanted.count(parent.child(last)->key()))
            continue;
        int first = last;
        while (first > 0 && !wanted.count(parent.child(first - 1)->key()))
            --first;
        remove(parent, first, last);
        last = first;
    }
}

// Brings those that are there into the order of the picture.
void PipelineModelPrivate::sort(PipelineRow &parent, const Keys &keys)
{
    std::map<PipelineKey, PipelineRow *> present;
    for (int i = 0; i < parent.childCount(); ++i)
        present.emplace(parent.child(i)->key(), parent.child(i));
    std::vector<PipelineRow *> rows;
    std::vector<int> positions;
    for (const PipelineKey &key : keys) {
        const auto found = present.find(key);
        if (found == present.end())
            continue;
        rows.push_back(found->second);
        positions.push_back(found->second->position());
    }

    const std::vector<bool> stays = longestAscent(positions);
    for (size_t i = 0; i < rows.size(); ++i) {
        if (stays[i])
            continue;
        const int from = rows[i]->position();
        const int to = i == 0 ? 0 : rows[i - 1]->position() + 1;
        const QModelIndex index = indexOf(parent);
        if (from == to || !q->beginMoveRows(index, from, from, index, to))
            continue;
        parent.move(from, to);
        q->endMoveRows();
    }
}

void PipelineModelPrivate::insertNew(PipelineRow &parent, const Keys &keys, const QList<PipelineNode> &nodes)
{
    const int count = int(keys.size());
    for (int first = 0; first < count; ++first) {
        const auto isNext = [&](int i) {
            return first < parent.childCount() && parent.child(first)->key() == keys[size_t(i)];
        };
        int end = first;
        std::vector<std::unique_ptr<PipelineRow>> rows;
        for (; end < count && !isNext(end); ++end)
            rows.push_back(std::make_unique<PipelineRow>(&parent, keys[size_t(end)], nodes[end]));
        if (rows.empty())
            continue;
        q->beginInsertRows(indexOf(parent), first, end - 1);
        parent.insert(first, std::move(rows));
        q->endInsertRows();
        first = end - 1;
    }
}

void PipelineModelPrivate::remove(PipelineRow &parent, int first, int last)
{
    q->beginRemoveRows(indexOf(parent), first, last);
    const auto removed = parent.remove(first, last);
    q->endRemoveRows();
}

// Neighbours of which the same has changed are announced together.
void PipelineModelPrivate::announce(const PipelineRow &parent, const std::vector<PipelineRow::Changes> &changes)
{
    for (size_t first = 0; first < changes.size();) {
        size_t end = first + 1;
        while (end < changes.size() && changes[end] == changes[first])
            ++end;
        announce(parent, int(first), int(end) - 1, changes[first]);
        first = end;
    }
}

void PipelineModelPrivate::announce(const PipelineRow &parent, int first, int last, const PipelineRow::Changes &changes)
{
    const auto announceColumns = [&](int left, int right, const QList<int> &roles) {
        Q_EMIT q->dataChanged(indexOf(*parent.child(first), left), indexOf(*parent.child(last), right), roles);
    };
    if (changes.test(PipelineRow::StatisticsBit))
        announceColumns(int(PipelineModel::Column::Name), int(PipelineModel::Column::Name),
                        {PipelineModel::StatisticsRole});
    for (int left = 0; left < PipelineModel::ColumnCount; ++left) {
        if (!changes.test(size_t(left)))
            continue;
        int right = left;
        while (right + 1 < PipelineModel::ColumnCount && changes.test(size_t(right) + 1))
            ++right;
        announceColumns(
            left, right,
            {Qt::DisplayRole, Qt::ToolTipRole, PipelineModel::ValueRole, PipelineModel::ActivityReasonRole});
        left = right;
    }
}

/* --- The model --------------------------------------------------------------------------------------------------------- */

PipelineModel::PipelineModel(QObject *parent)
    : QAbstractItemModel(parent)
    , d(std::make_unique<PipelineModelPrivate>(this))
{
    connect(&d->timer, &QTimer::timeout, this, &PipelineModel::refresh);
}

PipelineModel::~PipelineModel() = default;

void PipelineModel::addRoot(Sink *root)
{
    if (!root) {
        qCWarning(qanatSink, "A pipeline model was given no sink");
        return;
    }
    if (d->find(*root) != d->roots.end())
        return;
    SinkAccess::noteType(*root);
    const std::shared_ptr<Mailbox> mailbox = SinkAccess::mailbox(*root);
    // From another thread it comes late, and without the address: by then that may be another sink's.
    d->roots.push_back({mailbox, connect(root, &QObject::destroyed, this, [this] { d->changeRoots(); })});
    d->changeRoots();
}

void PipelineModel::removeRoot(Sink *root)
{
    if (!root)
        return;
    const auto found = d->find(*root);
    if (found == d->roots.end())
        return;
    disconnect(found->destroyed);
    d->roots.erase(found);
    d->changeRoots();
}

milliseconds PipelineModel::refreshInterval() const
{
    return d->interval;
}

void PipelineModel::setRefreshInterval(milliseconds interval)
{
    interval = std::clamp(interval, milliseconds(0), milliseconds(std::numeric_limits<int>::max()));
    if (interval == d->interval)
        return;
    d->interval = interval;
    d->updateTimer();
    Q_EMIT refreshIntervalChanged(interval, QPrivateSignal());
}

void PipelineModel::refresh()
{
    d->update();
}

Sink *PipelineModel::sink(const QModelIndex &index) const
{
    const auto mailbox = d->mailboxOf(index);
    return mailbox ? mailbox->sinkHere() : nullptr;
}

QList<Sink *> PipelineModel::deadLetterSinks() const
{
    QList<Sink *> sinks;
    // None is the one: all are visited.
    const auto visit = [&sinks](const Mailbox &mailbox) {
        const auto deadLetters = mailbox.deadLetters();
        Sink *const sink = deadLetters ? deadLetters->sinkHere() : nullptr;
        if (sink && !sinks.contains(sink))
            sinks.append(sink);
        return false;
    };
    for (const PipelineModelPrivate::Root &root : d->roots)
        root.mailbox->leadsTo(visit, Mailbox::Ways::Links);
    return sinks;
}

QList<StoredDeadLetters *> PipelineModel::storedDeadLetters() const
{
    QList<StoredDeadLetters *> letters;
    const auto visit = [&letters](const Mailbox &mailbox) {
        const auto state = mailbox.storingState();
        const auto *const queue = state ? static_cast<const StoringQueue *>(state->listenerHere()) : nullptr;
        if (queue && !letters.contains(queue->storedDeadLetters()))
            letters.append(queue->storedDeadLetters());
        return false;
    };
    for (const PipelineModelPrivate::Root &root : d->roots)
        root.mailbox->leadsTo(visit, Mailbox::Ways::Links);
    return letters;
}

QModelIndex PipelineModel::index(int row, int column, const QModelIndex &parent) const
{
    return hasIndex(row, column, parent) ? d->indexOf(*d->rowOf(parent)->child(row), column) : QModelIndex();
}

QModelIndex PipelineModel::parent(const QModelIndex &index) const
{
    return index.isValid() ? d->indexOf(*d->rowOf(index)->parent()) : QModelIndex();
}

int PipelineModel::rowCount(const QModelIndex &parent) const
{
    return parent.column() > 0 ? 0 : d->rowOf(parent)->childCount();
}

int PipelineModel::columnCount(const QModelIndex &) const
{
    return ColumnCount;
}

QVariant PipelineModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const PipelineRow &row = *d->rowOf(index);
    const auto column = Column(index.column());
    switch (role) {
    case Qt::DisplayRole:
        return row.text(column);
    case Qt::ToolTipRole:
        return asPlainToolTip(row.errorText());
    case Qt::TextAlignmentRole:
        return int((isNumeric(column) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case ValueRole:
        return row.value(column);
    case StatisticsRole:
        return QVariant::fromValue(row.statistics());
    case IdentityRole:
        return qulonglong(row.key().first);
    case ActivityReasonRole:
        return row.activityReason();
    default:
        return {};
    }
}

QVariant PipelineModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    const bool isColumn = orientation == Qt::Horizontal && section >= 0 && section < ColumnCount;
    if (!isColumn || role != Qt::DisplayRole)
        return QAbstractItemModel::headerData(section, orientation, role);
    return headerOf(Column(section));
}

QHash<int, QByteArray> PipelineModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractItemModel::roleNames();
    names.insert(ValueRole, "value"_ba);
    names.insert(StatisticsRole, "statistics"_ba);
    names.insert(IdentityRole, "identity"_ba);
    names.insert(ActivityReasonRole, "activityReason"_ba);
    return names;
}

} // namespace Qanat
