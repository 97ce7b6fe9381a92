// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_MEASUREMENT_H
#define QANAT_BENCHMARKS_MEASUREMENT_H

#include "figures.h"

#include <QtCore/qregularexpression.h>

// Runs qanat-bench and the program of go-events, and reads what they print. What it measures side by side runs in turn, row by
// row, because machines drift.
class Measurement
{
public:
    // The programs; \a goEvents is empty where that peer is not installed. \a scale is a percentage.
    Measurement(QString qanatBench, QString goEvents, int scale);

    // The names of all rows, those of the peers included.
    QStringList rows();
    // Measures the rows once, and the peers' rows of the same names. False if a program could not be run.
    bool run(const QString &row, Figures &figures);
    QString errorText() const { return m_errorText; }

private:
    bool runOurs(const QString &filter, Figures &figures);
    bool runGo(const QString &row, Figures &figures);
    std::optional<QByteArray> outputOf(const QString &program, const QStringList &arguments);

    const QString m_qanatBench;
    const QString m_goEvents;
    const int m_scale;
    QStringList m_rows;
    QString m_errorText;
};

#endif
