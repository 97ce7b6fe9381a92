// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/deadlettersmodel.h"

#include "shortened_p.h"

#include <QtCore/qlocale.h>
#include <QtCore/qpointer.h>
#include <QtCore/qtimer.h>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Qanat {

class DeadLettersModelPrivate
{
public:
    DeadLettersModelPrivate(DeadLettersModel *model, DeadLetters *source)
        : q(model)
        , letters(source)
        , rows(source ? source->letters() : QList<DeadLetter>())
    {
        timer.setSingleShot(true);
    }

    void follow();

    // Not for each letter of a flood.
    void followSoon()
    {
        constexpr int Pause = 100; // ms
        if (!timer.isActive())
            timer.start(Pause);
    }

    DeadLettersModel *const q;
    QTimer timer;
    const QPointer<DeadLetters> letters;
    QList<DeadLetter> rows; // By their numbers.
};

void DeadLettersModelPrivate::follow()
{
    const QList<DeadLetter> now = letters ? letters->letters() : QList<DeadLetter>();
    const auto isBefore = [](const DeadLetter &one, const DeadLetter &other) { return one.number < other.number; };
    const auto has = [&](const QList<DeadLetter> &list, const DeadLetter &letter) {
        return std::binary_search(list.begin(), list.end(), letter, isBefore);
    };
    // Neighbours go together.
    for (qsizetype last = rows.size() - 1; last >= 0; --last) {
        if (has(now, rows[last]))
            continue;
        qsizetype first = last;
        while (first > 0 && !has(now, rows[first - 1]))
            --first;
        q->beginRemoveRows({}, int(first), int(last));
        rows.remove(first, last - first + 1);
        q->endRemoveRows();
        last = first;
    }
    for (qsizetype first = 0; first < now.size(); ++first) {
        if (first < rows.size() && rows[first].number == now[first].number)
            continue;
        qsizetype end = first + 1;
        while (end < now.size() && (first >= rows.size() || now[end].number < rows[first].number))
            ++end;
        q->beginInsertRows({}, int(first), int(end - 1));
        for (qsizetype i = first; i < end; ++i)
            rows.insert(i, now[i]);
        q->endInsertRows();
        first = end - 1;
    }
}

DeadLettersModel::DeadLettersModel(DeadLetters *letters, QObject *parent)
    : QAbstractTableModel(parent)
    , d(std::make_unique<DeadLettersModelPrivate>(this, letters))
{
    if (!letters)
        return;
    connect(letters, &DeadLetters::changed, this, [this] { d->followSoon(); });
    connect(&d->timer, &QTimer::timeout, this, [this] { d->follow(); });
    connect(letters, &QObject::destroyed, this, [this] { d->follow(); });
}

DeadLettersModel::~DeadLettersModel() = default;

DeadLetter DeadLettersModel::letter(int row) const
{
    return d->rows.value(row);
}

int DeadLettersModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(d->rows.size());
}

int DeadLettersModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant DeadLettersModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const DeadLetter &letter = d->rows.at(index.row());
    if (role == NumberRole)
        return letter.number;
    // What the service said, which may be anything.
    if (role == Qt::ToolTipRole && !letter.answer.isEmpty())
        return QString(u"<qt>"_s + letter.answer.left(2000).toHtmlEscaped() + u"</qt>"_s);
    const bool isValue = role == ValueRole;
    if (role != Qt::DisplayRole && !isValue)
        return {};
    const auto number = [isValue](int value) {
        return isValue ? QVariant(value) : QVariant(value != 0 ? QLocale().toString(value) : QString());
    };
    switch (Column(index.column())) {
    case Column::Time:
        return isValue ? QVariant(letter.time)
                       : QVariant(QLocale().toString(letter.time.toLocalTime(), QLocale::ShortFormat));
    case Column::Type:
        return isValue ? letter.event.type() : shortened(letter.event.type());
    case Column::Sink:
        return isValue ? letter.sink : shortened(letter.sink);
    case Column::Reason:
        return isValue ? letter.reason : shortened(letter.reason);
    case Column::Attempts:
        return number(letter.attempts);
    case Column::Status:
        return number(letter.status);
    }
    return {};
}

QVariant DeadLettersModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return QAbstractTableModel::headerData(section, orientation, role);
    switch (Column(section)) {
    case Column::Time:
        return tr("Given up");
    case Column::Type:
        return tr("Type");
    case Column::Sink:
        return tr("By");
    case Column::Reason:
        return tr("Reason");
    case Column::Attempts:
        return tr("Attempts");
    case Column::Status:
        return tr("Status");
    }
    return {};
}

QHash<int, QByteArray> DeadLettersModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractTableModel::roleNames();
    names.insert(ValueRole, "value");
    names.insert(NumberRole, "number");
    return names;
}

} // namespace Qanat
