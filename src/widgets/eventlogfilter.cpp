// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/widgets/eventlogfilter.h"

#include "Qanat/core/matcher.h"

#include <algorithm>

namespace Qanat {

namespace {

using MakeMatcher = Matcher (*)(const QString &pattern);

// What a user writes, without the dots and slashes that a pattern would mind.
struct Pattern
{
    void set(const QString &text, MakeMatcher make)
    {
        written = text;
        wanted = text.trimmed();
        hasWildcards = wanted.contains(u'*');
        matcher = hasWildcards ? make(wanted) : Matcher();
    }
    [[nodiscard]] bool accepts(const Event &event, const QString &value) const
    {
        return hasWildcards ? matcher.matches(event) : value.contains(wanted, Qt::CaseInsensitive);
    }

    QString written;
    QString wanted; // Without blanks around it.
    Matcher matcher;
    bool hasWildcards = false;
};

} // namespace

class EventLogFilterPrivate
{
public:
    [[nodiscard]] bool hasText(const Event &event) const;

    Pattern type;
    Pattern source;
    QString text;
    QSet<EventLogModel::Fate> fates;
};

bool EventLogFilterPrivate::hasText(const Event &event) const
{
    const auto has = [this](const QString &value) { return value.contains(text, Qt::CaseInsensitive); };
    if (text.isEmpty() || has(event.id()) || has(event.subject()))
        return true;
    const QVariantMap extensions = event.extensions();
    if (std::any_of(extensions.begin(), extensions.end(),
                    [&has](const QVariant &value) { return has(value.toString()); }))
        return true;
    constexpr qint64 Longest = 1024 * 1024;
    if (event.estimatedSize() > Longest)
        return false;
    const Result<QByteArray> json = event.dataToJson();
    return json && has(QString::fromUtf8(*json));
}

EventLogFilter::EventLogFilter(QObject *parent)
    : QSortFilterProxyModel(parent)
    , d(std::make_unique<EventLogFilterPrivate>())
{
    setSortRole(EventLogModel::ValueRole);
}

EventLogFilter::~EventLogFilter() = default;

QString EventLogFilter::typePattern() const
{
    return d->type.written;
}

void EventLogFilter::setTypePattern(const QString &pattern)
{
    if (d->type.written == pattern)
        return;
    d->type.set(pattern, &Matcher::type);
    invalidateFilter();
    Q_EMIT typePatternChanged(pattern, QPrivateSignal());
}

QString EventLogFilter::sourcePattern() const
{
    return d->source.written;
}

void EventLogFilter::setSourcePattern(const QString &pattern)
{
    if (d->source.written == pattern)
        return;
    d->source.set(pattern, &Matcher::source);
    invalidateFilter();
    Q_EMIT sourcePatternChanged(pattern, QPrivateSignal());
}

QString EventLogFilter::text() const
{
    return d->text;
}

void EventLogFilter::setText(const QString &text)
{
    if (d->text == text)
        return;
    d->text = text;
    invalidateFilter();
    Q_EMIT textChanged(text, QPrivateSignal());
}

QSet<EventLogModel::Fate> EventLogFilter::fates() const
{
    return d->fates;
}

void EventLogFilter::setFates(const QSet<EventLogModel::Fate> &fates)
{
    if (d->fates == fates)
        return;
    d->fates = fates;
    invalidateFilter();
    Q_EMIT fatesChanged(QPrivateSignal());
}

bool EventLogFilter::filterAcceptsRow(int row, const QModelIndex &parent) const
{
    const QModelIndex index = sourceModel()->index(row, 0, parent);
    const auto event = index.data(EventLogModel::EventRole).value<Event>();
    const auto fate = EventLogModel::Fate(index.data(EventLogModel::FateRole).toInt());
    return (d->fates.isEmpty() || d->fates.contains(fate)) && d->type.accepts(event, event.type())
           && d->source.accepts(event, event.source()) && d->hasText(event);
}

} // namespace Qanat
