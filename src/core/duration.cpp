// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/core/duration.h>

#include <algorithm>
#include <iterator>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

struct Unit
{
    QStringView name;
    qint64 msecs;
};

// From the largest to the smallest.
constexpr Unit units[] = {
    {u"d", 86400000}, {u"h", 3600000}, {u"m", 60000}, {u"s", 1000}, {u"ms", 1},
};

constexpr qint64 LongestMSecs = 36500 * qint64(86400000);

bool isDigit(QChar c) noexcept
{
    return c >= u'0' && c <= u'9';
}

Failure failure(QStringView text, QStringView reason)
{
    constexpr qsizetype longest = 40;
    QString shown;
    for (const QChar c : text.first(std::min(text.size(), longest)))
        shown += c.isPrint() && !c.isSurrogate() ? c : QChar(u'\ufffd');
    if (text.size() > longest)
        shown += u'…';
    return {u"\"%1\" is no duration: %2 (a number and one of the units ms, s, m, h, d, such as 250ms or 1.5s)"_s.arg(
        shown, reason.toString())};
}

} // namespace

Result<std::chrono::milliseconds> parseDuration(QStringView text)
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
        std::find_if(std::begin(units), std::end(units), [&](const Unit &known) { return known.name == unitName; });
    if (unit == std::end(units))
        return failure(text, u"the unit is not known");

    qint64 msecs = 0;
    for (auto digit = text.begin(); digit != wholeEnd; ++digit) {
        msecs = msecs * 10 + (digit->unicode() - u'0') * unit->msecs;
        if (msecs > LongestMSecs)
            return failure(text, u"it is longer than 36500d");
    }
    // The digits behind the point as a fraction in whole numbers, so that 0.05m is exact and nothing is rounded.
    qint64 numerator = 0;
    qint64 denominator = 1;
    if (wholeEnd != numberEnd) {
        auto last = numberEnd;
        while (last != wholeEnd + 1 && *(last - 1) == u'0')
            --last;
        for (auto digit = wholeEnd + 1; digit != last; ++digit) {
            // With more than ten digits, the last of them not 0, no unit's share is whole: 86400000 = 2^10 * 3^3 * 5^5.
            if (denominator >= 10000000000)
                return failure(text, u"it is finer than a millisecond");
            numerator = numerator * 10 + (digit->unicode() - u'0');
            denominator *= 10;
        }
    }
    // At most 86400000 * 10^10, which fits.
    const qint64 share = numerator * unit->msecs;
    if (share % denominator != 0)
        return failure(text, u"it is finer than a millisecond");
    msecs += share / denominator;
    if (msecs > LongestMSecs)
        return failure(text, u"it is longer than 36500d");
    return std::chrono::milliseconds(msecs);
}

QString formatDuration(std::chrono::milliseconds duration)
{
    const qint64 msecs = duration.count();
    if (msecs == 0)
        return u"0s"_s;
    const auto unit = std::find_if(std::begin(units), std::end(units),
                                   [msecs](const Unit &known) { return msecs % known.msecs == 0; });
    return QString::number(msecs / unit->msecs).append(unit->name);
}

} // namespace Qanat
