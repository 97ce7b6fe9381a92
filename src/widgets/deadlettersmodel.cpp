// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/deadlettersmodel.h"

#include "lettersource_p.h"
#include "shortened_p.h"

#include <QtCore/qlocale.h>

using namespace Qt::StringLiterals;

namespace Qanat {

class DeadLettersModelPrivate
{
public:
    explicit DeadLettersModelPrivate(std::shared_ptr<LetterSource> letters)
        : source(std::move(letters))
    {
    }

    const std::shared_ptr<LetterSource> source;
};

DeadLettersModel::DeadLettersModel(DeadLetters *letters, QObject *parent)
    : DeadLettersModel(LetterSource::of(letters), parent)
{
}

DeadLettersModel::DeadLettersModel(StoredDeadLetters *letters, QObject *parent)
    : DeadLettersModel(LetterSource::of(letters), parent)
{
}

DeadLettersModel::DeadLettersModel(std::shared_ptr<LetterSource> source, QObject *parent)
    : QAbstractTableModel(parent)
    , d(std::make_unique<DeadLettersModelPrivate>(std::move(source)))
{
    const LetterSource *const letters = d->source.get();
    connect(letters, &LetterSource::aboutToInsert, this,
            [this](int first, int last) { beginInsertRows({}, first, last); });
    connect(letters, &LetterSource::inserted, this, [this] { endInsertRows(); });
    connect(letters, &LetterSource::aboutToRemove, this,
            [this](int first, int last) { beginRemoveRows({}, first, last); });
    connect(letters, &LetterSource::removed, this, [this] { endRemoveRows(); });
}

DeadLettersModel::~DeadLettersModel() = default;

DeadLetter DeadLettersModel::letter(int row) const
{
    return d->source->rows().value(row);
}

bool DeadLettersModel::canFetchMore(const QModelIndex &parent) const
{
    return !parent.isValid() && d->source->canFetchMore();
}

void DeadLettersModel::fetchMore(const QModelIndex &parent)
{
    if (canFetchMore(parent))
        d->source->fetchMore();
}

int DeadLettersModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(d->source->rows().size());
}

int DeadLettersModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant DeadLettersModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const DeadLetter &letter = d->source->rows().at(index.row());
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
