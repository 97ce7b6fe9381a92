// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef FORMULA_H
#define FORMULA_H

#include <QList>
#include <QMetaType>
#include <QVariant>

#include <functional>
#include <optional>

// A cell by its zero-based row and column; its name is "A1" and so on.
struct CellAddress
{
    Q_GADGET
    Q_PROPERTY(int row MEMBER row)
    Q_PROPERTY(int column MEMBER column)
    Q_PROPERTY(QString name READ name)

public:
    int row = 0;
    int column = 0;

    QString name() const { return columnName(column) + QString::number(row + 1); }
    static QString columnName(int column);
    static std::optional<CellAddress> fromName(const QString &name);

    friend bool operator==(const CellAddress &a, const CellAddress &b)
    {
        return a.row == b.row && a.column == b.column;
    }
};

// Formulas are texts like "=SUM(A1:B3)" or "=A1*2".
namespace Formula {

struct Result
{
    double value = 0;
    QString error; // empty when all went well
};

// Gives the value of a cell, or sets the error.
using Lookup = std::function<QVariant(const CellAddress &cell, QString *error)>;

inline bool isFormula(const QString &text)
{
    return text.startsWith(u'=');
}
Result evaluate(const QString &formula, const Lookup &lookup);

} // namespace Formula

#endif
