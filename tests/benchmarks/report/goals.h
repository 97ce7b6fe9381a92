// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_GOALS_H
#define QANAT_BENCHMARKS_GOALS_H

#include "figures.h"

#include <QtCore/qstring.h>

#include <optional>

// What a row has to reach: beside a peer in the same run, or as it is.
struct Goal
{
    enum class Kind : quint8 {
        TimesFaster, // At least so many times as fast as the peer.
        TimesAsLong, // At most so many times as long as the peer takes.
        AtMost, // At most so much; there is no peer.
        AtMostMore, // At most so much more than the peer, which tells what the machine does by itself.
    };

    QString row;
    QString counter;
    QString unit;
    Kind kind;
    double bound;
    QString peer; // Empty for AtMost.
    QString peerCounter = counter;

    QString peerRow() const { return QStringLiteral("peer/") + peer + u'/' + row; }
    // How far it is reached, from the medians: 1 and more is reached. Nothing where something was not measured.
    std::optional<double> reached(const Figures &figures) const;
    // The same for the best single round.
    std::optional<double> reachedAtBest(const Figures &figures) const;
    // The ratio that people look at, that of the worst round and the best, and what it has to be.
    QString ratioText(const Figures &figures) const;
    QString rangeText(const Figures &figures) const;
    QString boundText() const;
    bool hasPeer() const { return kind != Kind::AtMost; }
    bool isRatio() const { return kind == Kind::TimesFaster || kind == Kind::TimesAsLong; }

private:
    double reachedBy(double ours, double theirs) const;
    QList<double> reachedInRounds(const Figures &figures) const;
    double ratioOf(double reached) const { return kind == Kind::TimesFaster ? reached * bound : bound / reached; }
};

QList<Goal> allGoals();

#endif
