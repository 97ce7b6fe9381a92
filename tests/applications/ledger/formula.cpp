// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "formula.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QStringList>

#include <algorithm>
#include <numeric>

QString CellAddress::columnName(int column)
{
    QString name;
    for (int rest = column + 1; rest > 0; rest = (rest - 1) / 26)
        name.prepend(QChar(u'A' + (rest - 1) % 26));
    return name;
}

std::optional<CellAddress> CellAddress::fromName(const QString &name)
{
    static const QRegularExpression pattern(QStringLiteral("^([A-Z]{1,2})([1-9][0-9]{0,4})$"));
    const QRegularExpressionMatch match = pattern.match(name.toUpper());
    if (!match.hasMatch())
        return std::nullopt;
    int column = 0;
    for (const QChar letter : match.captured(1))
        column = column * 26 + (letter.unicode() - u'A' + 1);
    return CellAddress{match.captured(2).toInt() - 1, column - 1};
}

namespace {

class Parser
{
    Q_DECLARE_TR_FUNCTIONS(Formula)

public:
    Parser(const QString &text, const Formula::Lookup &lookup)
        : m_lookup(lookup)
    {
        static const QRegularExpression token(QStringLiteral("[0-9]*\\.?[0-9]+|[A-Za-z]+[0-9]*|\\S"));
        for (auto it = token.globalMatch(text); it.hasNext();)
            m_tokens.append(it.next().captured().toUpper());
    }

    Formula::Result run()
    {
        const double value = sum();
        if (m_next < m_tokens.size())
            fail(tr("unexpected '%1'").arg(peek()));
        return {value, m_error};
    }

private:
    QString peek(int ahead = 0) const { return m_tokens.value(m_next + ahead); }

    bool accept(QChar symbol)
    {
        const bool found = peek() == symbol;
        m_next += found ? 1 : 0;
        return found;
    }

    double fail(const QString &reason)
    {
        if (m_error.isEmpty())
            m_error = reason;
        m_next = m_tokens.size();
        return 0;
    }

    double sum()
    {
        double value = product();
        while (peek() == u'+' || peek() == u'-')
            value += accept(u'-') ? -product() : (accept(u'+'), product());
        return value;
    }

    double product()
    {
        double value = factor();
        while (peek() == u'*' || peek() == u'/') {
            const bool divide = !accept(u'*') && accept(u'/');
            const double other = factor();
            if (divide && other == 0)
                return fail(tr("division by zero"));
            value = divide ? value / other : value * other;
        }
        return value;
    }

    double factor()
    {
        if (++m_depth > 100)
            return fail(tr("nested too deeply"));
        const double value = accept(u'-') ? -factor() : primary();
        --m_depth;
        return value;
    }

    double primary()
    {
        if (m_next >= m_tokens.size())
            return fail(tr("the formula is incomplete"));
        const QString token = m_tokens.at(m_next++);
        bool isNumber = false;
        const double number = token.toDouble(&isNumber);
        if (isNumber)
            return number;
        if (token == u'(') {
            const double value = sum();
            return accept(u')') ? value : fail(tr("missing ')'"));
        }
        if (accept(u'('))
            return function(token);
        const auto cell = CellAddress::fromName(token);
        if (!cell)
            return fail(tr("unexpected '%1'").arg(token));
        const QVariant value = look(*cell);
        if (value.typeId() == QMetaType::QString)
            return fail(tr("%1 is not a number").arg(token));
        return value.toDouble();
    }

    double function(const QString &name)
    {
        QList<double> numbers;
        do {
            const auto first = CellAddress::fromName(peek());
            const auto last = CellAddress::fromName(peek(2));
            if (!first || !last || peek(1) != u':') {
                numbers.append(sum());
                continue;
            }
            m_next += 3;
            const auto [top, bottom] = std::minmax(first->row, last->row);
            const auto [left, right] = std::minmax(first->column, last->column);
            if ((bottom - top + 1.0) * (right - left + 1.0) > 100000)
                return fail(tr("the range is too large"));
            for (int row = top; row <= bottom; ++row) {
                for (int column = left; column <= right; ++column) {
                    const QVariant value = look({row, column});
                    if (value.typeId() == QMetaType::Double)
                        numbers.append(value.toDouble());
                }
            }
        } while (accept(u','));
        if (!accept(u')'))
            return fail(tr("missing ')'"));

        const double total = std::accumulate(numbers.cbegin(), numbers.cend(), 0.0);
        if (name == QLatin1String("SUM"))
            return total;
        if (name == QLatin1String("COUNT"))
            return static_cast<double>(numbers.size());
        if (name == QLatin1String("AVERAGE"))
            return numbers.isEmpty() ? fail(tr("average of nothing")) : total / static_cast<double>(numbers.size());
        return fail(tr("unknown function %1").arg(name));
    }

    QVariant look(const CellAddress &cell)
    {
        QString error;
        QVariant value = m_lookup(cell, &error);
        if (!error.isEmpty())
            fail(error);
        return value;
    }

    const Formula::Lookup &m_lookup;
    QStringList m_tokens;
    qsizetype m_next = 0;
    int m_depth = 0;
    QString m_error;
};

} // namespace

Formula::Result Formula::evaluate(const QString &formula, const Lookup &lookup)
{
    return Parser(formula.mid(1), lookup).run();
}
