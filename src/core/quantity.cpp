// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "quantity_p.h"

#include <algorithm>
#include <limits>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

bool isDigit(QChar c) noexcept
{
    return c >= u'0' && c <= u'9';
}

} // namespace

Failure Quantity::failure(QStringView text, QStringView reason) const
{
    constexpr qsizetype longest = 40;
    QString shown;
    for (const QChar c : text.first(std::min(text.size(), longest)))
        shown += c.isPrint() && !c.isSurrogate() ? c : QChar(u'\ufffd');
    if (text.size() > longest)
        shown += u'…';
    return {u"\"%1\" is no %2: %3 (%4)"_s.arg(shown, noun.toString(), reason.toString(), hint.toString())};
}

Result<qint64> Quantity::parse(QStringView text) const
{
    if (text.isEmpty())
        return failure(text, u"it is empty");
    if (text.startsWith(u'-'))
        return failure(text, u"it is negative");

    const auto wholeEnd = std::find_if_not(text.begin(), text.end(), isDigit);
    if (wholeEnd == text.begin())
        return failure(text, u"it does not begin with a digit");
    auto numberEnd = wholeEnd;
    if (wholeEnd != text.end() && *wholeEnd == u'.') {
        numberEnd = std::find_if_not(wholeEnd + 1, text.end(), isDigit);
        if (numberEnd == wholeEnd + 1)
            return failure(text, u"no digit follows the point");
    }
    if (numberEnd == text.end())
        return failure(text, u"it has no unit");
    const QStringView unitName = text.sliced(numberEnd - text.begin());
    const auto unit =
        std::find_if(units.begin(), units.end(), [&](const Unit &known) { return known.name == unitName; });
    if (unit == units.end())
        return failure(text, u"the unit is not known");

    qint64 number = 0;
    for (auto digit = text.begin(); digit != wholeEnd; ++digit) {
        const qint64 more = (digit->unicode() - u'0') * unit->factor;
        if (number > (most - more) / 10)
            return failure(text, tooMuch);
        number = number * 10 + more;
    }
    // The digits behind the point as a fraction in whole numbers, so that 0.05m is exact and nothing is rounded.
    qint64 numerator = 0;
    qint64 denominator = 1;
    if (wholeEnd != numberEnd) {
        auto last = numberEnd;
        while (last != wholeEnd + 1 && *(last - 1) == u'0')
            --last;
        for (auto digit = wholeEnd + 1; digit != last; ++digit) {
            // So many digits, the last of them not 0, leave no unit's share whole.
            if (denominator > std::numeric_limits<qint64>::max() / 10 / unit->factor)
                return failure(text, tooFine);
            numerator = numerator * 10 + (digit->unicode() - u'0');
            denominator *= 10;
        }
    }
    const qint64 share = numerator * unit->factor;
    if (share % denominator != 0)
        return failure(text, tooFine);
    number += share / denominator;
    if (number > most)
        return failure(text, tooMuch);
    return number;
}

QString Quantity::format(qint64 number) const
{
    const auto unit =
        std::find_if(units.begin(), units.end(), [number](const Unit &known) { return number % known.factor == 0; });
    return QString::number(number / unit->factor).append(unit->name);
}

} // namespace Qanat
