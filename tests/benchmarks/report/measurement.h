// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_MEASUREMENT_H
#define QANAT_BENCHMARKS_MEASUREMENT_H

#include "figures.h"

#include <QtCore/qregularexpression.h>

// Runs qanat-bench and the program of go-events, and reads what they print. What it measures side by side runs in turn, row by
// row, because machines drift, and in each round another side begins, because what ran before leaves its traces.
class Measurement
{
public:
    // The programs; \a goEvents is empty where that peer is not installed.
    Measurement(QString qanatBench, QString goEvents);

    // The names of all rows, those of the peers included.
    QStringList rows();
    // Measures a row once, and the peers' rows of the same name; one after another, beginning with another one for each
    // \a round. \a scale says how many of the usual events, in percent. False if a program could not be run.
    bool run(const QString &row, int round, int scale, Figures &figures);
    QString errorText() const { return m_errorText; }

private:
    bool runOurs(const QString &name, Figures &figures);
    bool hasGo(const QString &row) const;
    bool runGo(const QString &row, Figures &figures);
    std::optional<QByteArray> outputOf(const QString &program, const QStringList &arguments);

    const QString m_qanatBench;
    const QString m_goEvents;
    int m_scale = 100;
    QStringList m_rows;
    QString m_errorText;
};

#endif
