// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "goals.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace {

QString numberText(double ratio)
{
    return QString::number(ratio, 'f', ratio < 10 ? 2 : 0);
}

} // namespace

QList<Goal> allGoals()
{
    using Kind = Goal::Kind;
    const QString ns = u"ns"_s;
    const QString p50 = u"p50_ns"_s;
    const auto faster = [&ns](const QString &row, const QString &peer, double times) {
        return Goal{row, ns, ns, Kind::TimesFaster, times, peer};
    };
    return {
        faster(u"queue/producers:1"_s, u"go-events"_s, 5),
        faster(u"queue/producers:1"_s, u"qt-signal"_s, 30),
        {u"queue/producers:1"_s, ns, ns, Kind::TimesAsLong, 3, u"moodycamel"_s},
        faster(u"queue/producers:4"_s, u"go-events"_s, 5),
        faster(u"broadcast/queues:10"_s, u"go-events"_s, 15),
        faster(u"broadcast/queues:100"_s, u"go-events"_s, 100),
        faster(u"broadcast/queues:1000"_s, u"go-events"_s, 200),
        faster(u"broadcast/queues:10000"_s, u"go-events"_s, 50),
        faster(u"look/queues:10"_s, u"go-events"_s, 5),
        faster(u"look/queues:100"_s, u"go-events"_s, 10),
        faster(u"look/queues:1000"_s, u"go-events"_s, 10),
        faster(u"paced/queues:1000"_s, u"go-events"_s, 1),
        {u"paced/queues:1"_s, ns, ns, Kind::TimesAsLong, 1.3, u"condition"_s},
        faster(u"chain"_s, u"go-events"_s, 3),
        faster(u"event/make"_s, u"quuid"_s, 10),
        {u"event/make-map"_s, ns, ns, Kind::TimesAsLong, 2.2, u"map"_s},
        {u"write/latency"_s, p50, ns, Kind::TimesAsLong, 2, u"bare-vector"_s},
        {u"write/latency"_s, u"p999_ns"_s, ns, Kind::TimesAsLong, 4, u"bare-vector"_s},
        {u"write/latency"_s, u"over_100us_per_million"_s, u"in a million"_s, Kind::AtMostMore, 1, u"nothing"_s},
        {u"write/idle"_s, p50, ns, Kind::TimesAsLong, 1.5, u"condition"_s},
        {u"wake/latency"_s, p50, ns, Kind::TimesAsLong, 1, u"qt-signal"_s},
        faster(u"http/requests/inflight:1"_s, u"bare-qnam"_s, 0.9),
        faster(u"http/requests/inflight:6"_s, u"bare-qnam"_s, 0.9),
        {u"http/requests/inflight:1"_s, u"cpu_ns"_s, ns, Kind::TimesAsLong, 1.1, u"bare-qnam"_s},
        {u"http/requests/inflight:6"_s, u"cpu_ns"_s, ns, Kind::TimesAsLong, 1.1, u"bare-qnam"_s},
        faster(u"http/batched/inflight:6"_s, u"go-events"_s, 15),
        {u"http/batched/inflight:1"_s, ns, ns, Kind::AtMost, 10'000, {}},
        {u"http/batched/inflight:6"_s, ns, ns, Kind::AtMost, 10'000, {}},
        {u"http/encode"_s, ns, ns, Kind::TimesAsLong, 0.35, u"qjson"_s},
        {u"http/memory"_s, u"bytes"_s, u"bytes"_s, Kind::AtMost, 2, {}},
        faster(u"storage/burst"_s, u"bare-sqlite"_s, 0.8),
        {u"storage/burst"_s, ns, ns, Kind::AtMost, 4000, {}},
        {u"storage/alone"_s, p50, ns, Kind::TimesAsLong, 1.2, u"fdatasync"_s},
        {u"storage/deliver"_s, ns, ns, Kind::AtMost, 6667, {}},
        {u"storage/deliver"_s, u"file_per_backlog"_s, u"bytes"_s, Kind::AtMost, 1.2, {}},
        {u"storage/deliver"_s, u"left_mb"_s, u"MB"_s, Kind::AtMost, 1, {}},
        {u"storage/start"_s, u"first_ms"_s, u"ms"_s, Kind::AtMost, 300, {}},
        {u"storage/start"_s, u"most_mb"_s, u"MB"_s, Kind::AtMostMore, 50, u"empty"_s},
        {u"storage/slow-disk"_s, u"p99_ns"_s, ns, Kind::TimesAsLong, 1.2, u"queue"_s},
        {u"storage/slow-disk"_s, u"worst_us"_s, u"us"_s, Kind::AtMostMore, 1000, u"queue"_s},
        faster(u"monitor/saturated"_s, u"unwatched"_s, 0.95),
        {u"memory/pending"_s, u"bytes"_s, u"bytes"_s, Kind::AtMost, 16, {}},
        {u"memory/pending-fresh"_s, u"bytes"_s, u"bytes"_s, Kind::AtMost, 250, {}},
        {u"idle"_s, u"switches"_s, u"switches"_s, Kind::AtMost, 0, {}},
    };
}

double Goal::reachedBy(double ours, double theirs) const
{
    switch (kind) {
    case Kind::TimesFaster:
        return theirs / ours / bound;
    case Kind::TimesAsLong:
        return theirs * bound / ours;
    case Kind::AtMost:
    case Kind::AtMostMore:
        break;
    }
    const double most = kind == Kind::AtMostMore ? theirs + bound : bound;
    return ours <= most ? 1 : most / ours;
}

std::optional<double> Goal::reached(const Figures &figures) const
{
    const std::optional<double> ours = figures.median(row, counter);
    const std::optional<double> theirs = hasPeer() ? figures.median(peerRow(), peerCounter) : std::optional(0.0);
    if (!ours || !theirs)
        return std::nullopt;
    return reachedBy(*ours, *theirs);
}

QList<double> Goal::reachedInRounds(const Figures &figures) const
{
    const QList<double> ours = figures.values(row, counter);
    const QList<double> theirs = hasPeer() ? figures.values(peerRow(), peerCounter) : ours;
    QList<double> reached;
    for (qsizetype i = 0; i < std::min(ours.size(), theirs.size()); ++i)
        reached.append(reachedBy(ours[i], theirs[i]));
    return reached;
}

std::optional<double> Goal::reachedAtBest(const Figures &figures) const
{
    const QList<double> reached = reachedInRounds(figures);
    if (reached.isEmpty())
        return std::nullopt;
    return *std::max_element(reached.begin(), reached.end());
}

QString Goal::ratioText(const Figures &figures) const
{
    const std::optional<double> value = reached(figures);
    if (!value || !isRatio())
        return u"-"_s;
    return numberText(ratioOf(*value)) + u" x"_s;
}

QString Goal::rangeText(const Figures &figures) const
{
    const QList<double> reached = reachedInRounds(figures);
    if (reached.isEmpty() || !isRatio())
        return u"-"_s;
    const auto [worst, best] = std::minmax_element(reached.begin(), reached.end());
    return numberText(ratioOf(*worst)) + u" - "_s + numberText(ratioOf(*best));
}

QString Goal::boundText() const
{
    const QString number = QString::number(bound);
    switch (kind) {
    case Kind::TimesFaster:
        return u"at least %1 x as fast"_s.arg(number);
    case Kind::TimesAsLong:
        return u"at most %1 x as long"_s.arg(number);
    case Kind::AtMostMore:
        return u"at most %1 more"_s.arg(number);
    case Kind::AtMost:
        break;
    }
    return u"at most "_s + number;
}
