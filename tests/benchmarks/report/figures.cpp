// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "figures.h"

#include <algorithm>

void Figures::add(const QString &row, const QString &counter, double value)
{
    m_values[row][counter].append(value);
}

void Figures::addError(const QString &row, const QString &text)
{
    m_errors.append(row + QStringLiteral(": ") + text);
}

QList<double> Figures::values(const QString &row, const QString &counter) const
{
    return m_values.value(row).value(counter);
}

std::optional<double> Figures::median(const QString &row, const QString &counter) const
{
    QList<double> sorted = values(row, counter);
    if (sorted.isEmpty())
        return std::nullopt;
    std::sort(sorted.begin(), sorted.end());
    const qsizetype half = sorted.size() / 2;
    return sorted.size() % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

QStringList Figures::counters(const QString &row) const
{
    QStringList names = m_values.value(row).keys();
    names.sort();
    return names;
}
