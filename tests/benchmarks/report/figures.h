// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_FIGURES_H
#define QANAT_BENCHMARKS_FIGURES_H

#include <QtCore/qhash.h>
#include <QtCore/qlist.h>
#include <QtCore/qstring.h>

#include <optional>

// What was measured: for each row and counter one value of each round.
class Figures
{
public:
    void add(const QString &row, const QString &counter, double value);
    // What is wrong with a row, in its own words.
    void addError(const QString &row, const QString &text);

    bool has(const QString &row) const { return m_values.contains(row); }
    QList<double> values(const QString &row, const QString &counter) const;
    std::optional<double> median(const QString &row, const QString &counter) const;
    // The counters of a row, sorted.
    QStringList counters(const QString &row) const;
    const QStringList &errors() const { return m_errors; }

private:
    QHash<QString, QHash<QString, QList<double>>> m_values;
    QStringList m_errors;
};

#endif
