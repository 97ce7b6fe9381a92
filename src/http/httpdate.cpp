// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpdate_p.h"

#include <QtCore/qdatetime.h>

#include <algorithm>
#include <array>

namespace Qanat {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

bool isDigit(char character) noexcept
{
    return character >= '0' && character <= '9';
}

// # stands for what is read later, 0 for a digit, _ for a digit or a blank, everything else for itself.
bool fits(QByteArrayView text, QByteArrayView pattern) noexcept
{
    const auto isThere = [](char character, char wanted) {
        switch (wanted) {
        case '#':
            return true;
        case '0':
            return isDigit(character);
        case '_':
            return isDigit(character) || character == ' ';
        default:
            return character == wanted;
        }
    };
    return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(), isThere);
}

int number(QByteArrayView digits) noexcept
{
    int value = 0;
    for (const char digit : digits)
        value = value * 10 + (digit == ' ' ? 0 : digit - '0');
    return value;
}

// 1 to 12 by its name, which is case-sensitive; 0 if there is none.
int monthNumber(QByteArrayView name) noexcept
{
    static constexpr std::array<QByteArrayView, 12> names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? 0 : static_cast<int>(found - names.begin()) + 1;
}

// How many characters its comma has before it, where it is a name of a day as RFC 850 spells it.
qsizetype longDayName(QByteArrayView text) noexcept
{
    static constexpr std::array<QByteArrayView, 7> names = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                            "Friday", "Saturday", "Sunday"};
    const qsizetype comma = text.indexOf(',');
    return comma > 0 && std::find(names.begin(), names.end(), text.first(comma)) != names.end() ? comma : 0;
}

std::optional<milliseconds> since1970(int year, QByteArrayView month, QByteArrayView day, QByteArrayView time)
{
    const QDate date(year, monthNumber(month), number(day));
    const QTime ofDay(number(time.first(2)), number(time.sliced(3, 2)), number(time.sliced(6, 2)));
    if (!date.isValid() || !ofDay.isValid())
        return std::nullopt;
    return QDate(1970, 1, 1).daysTo(date) * 24h + milliseconds(ofDay.msecsSinceStartOfDay());
}

// The one that is not more than fifty years ahead (RFC 9110, 5.6.7).
int yearOfTwoDigits(int digits, milliseconds now)
{
    const int thisYear =
        QDate(1970, 1, 1).addDays(std::chrono::duration_cast<std::chrono::hours>(now).count() / 24).year();
    const int year = thisYear - thisYear % 100 + digits;
    if (year > thisYear + 50)
        return year - 100;
    return year <= thisYear - 50 ? year + 100 : year;
}

} // namespace

std::optional<milliseconds> parseHttpDate(QByteArrayView text, milliseconds now)
{
    if (fits(text, "###, 00 ### 0000 00:00:00 GMT"))
        return since1970(number(text.sliced(12, 4)), text.sliced(8, 3), text.sliced(5, 2), text.sliced(17, 8));
    if (fits(text, "### ### _0 00:00:00 0000"))
        return since1970(number(text.sliced(20, 4)), text.sliced(4, 3), text.sliced(8, 2), text.sliced(11, 8));
    if (const qsizetype comma = longDayName(text); comma > 0) {
        const QByteArrayView rest = text.sliced(comma);
        if (fits(rest, ", 00-###-00 00:00:00 GMT"))
            return since1970(yearOfTwoDigits(number(rest.sliced(9, 2)), now), rest.sliced(5, 3), rest.sliced(2, 2),
                             rest.sliced(12, 8));
    }
    return std::nullopt;
}

} // namespace Qanat
