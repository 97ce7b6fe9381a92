// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "retryafter_p.h"

#include <QtCore/qdatetime.h>

#include <algorithm>
#include <array>

namespace Qanat {

using namespace std::chrono_literals;

namespace {

bool isDigit(char character) noexcept
{
    return character >= '0' && character <= '9';
}

bool areDigits(QByteArrayView text) noexcept
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), isDigit);
}

//! Digits as a number that stops growing at \a limit, however many there are.
qint64 saturatedNumber(QByteArrayView digits, qint64 limit) noexcept
{
    qint64 number = 0;
    for (const char digit : digits)
        number = std::min(number * 10 + (digit - '0'), limit);
    return number;
}

//! Month 1 to 12 by its name in IMF-fixdate, which is case-sensitive; 0 if there is none.
int monthNumber(QByteArrayView name) noexcept
{
    static constexpr std::array<QByteArrayView, 12> names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? 0 : static_cast<int>(found - names.begin()) + 1;
}

//! Reads `Sun, 06 Nov 1994 08:49:37 GMT`, as milliseconds since 1970. The day of the week is not compared.
std::optional<std::chrono::milliseconds> parseDate(QByteArrayView text)
{
    static constexpr QByteArrayView pattern = "###, 00 ### 0000 00:00:00 GMT";
    const auto fits = [](char character, char wanted) {
        return wanted == '#' || (wanted == '0' ? isDigit(character) : character == wanted);
    };
    if (!std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(), fits))
        return std::nullopt;

    const auto number = [text](qsizetype position, qsizetype length) {
        return static_cast<int>(saturatedNumber(text.sliced(position, length), 9999));
    };
    const QDate date(number(12, 4), monthNumber(text.sliced(8, 3)), number(5, 2));
    const QTime time(number(17, 2), number(20, 2), number(23, 2));
    if (!date.isValid() || !time.isValid())
        return std::nullopt;
    return QDate(1970, 1, 1).daysTo(date) * 24h + std::chrono::milliseconds(time.msecsSinceStartOfDay());
}

} // namespace

std::optional<std::chrono::milliseconds> parseRetryAfter(QByteArrayView value, std::chrono::milliseconds wallClock)
{
    value = value.trimmed();
    if (areDigits(value)) {
        constexpr qint64 limit = std::chrono::duration_cast<std::chrono::seconds>(MaximumRetryAfter).count();
        return std::chrono::seconds(saturatedNumber(value, limit));
    }
    if (const auto date = parseDate(value))
        return std::clamp<std::chrono::milliseconds>(*date - wallClock, 0ms, MaximumRetryAfter);
    return std::nullopt;
}

} // namespace Qanat
