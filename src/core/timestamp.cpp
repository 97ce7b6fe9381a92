// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "timestamp_p.h"

#include <QtCore/qtimezone.h>

namespace Qanat {

namespace {

constexpr qint64 MSecsPerDay = 86400000;
constexpr qint64 DaysPerEra = 146097;
constexpr qint64 DaysToEpoch = 719468; // from 0000-03-01 to 1970-01-01

struct CivilDate
{
    int year;
    int month;
    int day;
};

// QDate has no year 0, RFC 3339 has: hence the proleptic Gregorian calendar by Howard Hinnant's "chrono-compatible
// low-level date algorithms". Years of the computation begin in March.
constexpr qint64 daysSinceEpoch(CivilDate date) noexcept
{
    const qint64 year = date.month <= 2 ? date.year - 1 : date.year;
    const qint64 era = (year >= 0 ? year : year - 399) / 400;
    const qint64 yearOfEra = year - era * 400;
    const qint64 dayOfYear = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
    const qint64 dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * DaysPerEra + dayOfEra - DaysToEpoch;
}

constexpr CivilDate dateOfDay(qint64 day) noexcept
{
    day += DaysToEpoch;
    const qint64 era = (day >= 0 ? day : day - (DaysPerEra - 1)) / DaysPerEra;
    const qint64 dayOfEra = day - era * DaysPerEra;
    const qint64 yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
    const qint64 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    const qint64 shiftedMonth = (5 * dayOfYear + 2) / 153;
    const qint64 month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
    const qint64 year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
    return {int(year), int(month), int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)};
}

constexpr qint64 FirstMSec = daysSinceEpoch({0, 1, 1}) * MSecsPerDay;
constexpr qint64 EndMSec = daysSinceEpoch({10000, 1, 1}) * MSecsPerDay;

constexpr bool isWritable(qint64 localMSecs) noexcept
{
    return localMSecs >= FirstMSec && localMSecs < EndMSec;
}

constexpr int daysInMonth(int year, int month) noexcept
{
    if (month == 2)
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Takes a text apart from its beginning; the first thing that is not there makes all of it fail.
class Cursor
{
public:
    explicit Cursor(QStringView text) noexcept
        : m_rest(text)
    {
    }

    int number(int digits, int least, int most) noexcept
    {
        int value = 0;
        for (int i = 0; i < digits; ++i) {
            if (!atDigit())
                return fail();
            value = value * 10 + takeDigit();
        }
        return value >= least && value <= most ? value : fail();
    }

    char16_t oneOf(QStringView characters) noexcept
    {
        if (m_rest.isEmpty() || !characters.contains(m_rest.front()))
            return static_cast<char16_t>(fail());
        return take().unicode();
    }

    [[nodiscard]] bool atDigit() const noexcept
    {
        return !m_rest.isEmpty() && m_rest.front() >= u'0' && m_rest.front() <= u'9';
    }
    [[nodiscard]] bool at(char16_t c) const noexcept { return !m_rest.isEmpty() && m_rest.front() == c; }
    int takeDigit() noexcept { return take().unicode() - u'0'; }
    [[nodiscard]] bool isGood() const noexcept { return !m_failed; }
    [[nodiscard]] bool isAtEnd() const noexcept { return m_rest.isEmpty(); }

private:
    QChar take() noexcept
    {
        const QChar first = m_rest.front();
        m_rest = m_rest.sliced(1);
        return first;
    }

    int fail() noexcept
    {
        m_failed = true;
        m_rest = {};
        return 0;
    }

    QStringView m_rest;
    bool m_failed = false;
};

struct Fraction
{
    int msecs = 0;
    bool exact = true;
};

Fraction takeFraction(Cursor &cursor) noexcept
{
    Fraction fraction;
    if (!cursor.at(u'.'))
        return fraction;
    cursor.oneOf(u".");
    fraction.msecs = cursor.number(1, 0, 9) * 100;
    for (int weight = 10; cursor.atDigit(); weight /= 10) {
        const int digit = cursor.takeDigit();
        fraction.msecs += digit * weight;
        if (weight == 0 && digit != 0)
            fraction.exact = false;
    }
    return fraction;
}

int takeOffset(Cursor &cursor) noexcept
{
    const char16_t sign = cursor.oneOf(u"Zz+-");
    if (sign != u'+' && sign != u'-')
        return 0;
    const int hours = cursor.number(2, 0, 23);
    cursor.oneOf(u":");
    const int minutes = cursor.number(2, 0, 59);
    const int seconds = (hours * 60 + minutes) * 60;
    return sign == u'-' ? -seconds : seconds;
}

QChar *putNumber(QChar *out, int value, int digits) noexcept
{
    for (int i = digits - 1; i >= 0; --i) {
        out[i] = static_cast<char16_t>(u'0' + value % 10);
        value /= 10;
    }
    return out + digits;
}

} // namespace

std::optional<Timestamp> Timestamp::fromText(QStringView text) noexcept
{
    Cursor cursor(text);
    CivilDate date{};
    date.year = cursor.number(4, 0, 9999);
    cursor.oneOf(u"-");
    date.month = cursor.number(2, 1, 12);
    cursor.oneOf(u"-");
    date.day = cursor.number(2, 1, daysInMonth(date.year, date.month));
    cursor.oneOf(u"Tt");
    const int hour = cursor.number(2, 0, 23);
    cursor.oneOf(u":");
    const int minute = cursor.number(2, 0, 59);
    cursor.oneOf(u":");
    const int second = cursor.number(2, 0, 60);
    const Fraction fraction = takeFraction(cursor);
    const int offset = takeOffset(cursor);
    if (!cursor.isGood() || !cursor.isAtEnd())
        return std::nullopt;

    Timestamp timestamp;
    timestamp.offsetSeconds = offset;
    timestamp.exact = fraction.exact && second != 60;
    timestamp.msecs = daysSinceEpoch(date) * MSecsPerDay + ((hour * 60 + minute) * 60 + second) * qint64(1000)
                      + fraction.msecs - offset * qint64(1000);
    // Leap seconds are inserted at the end of a day of UTC (RFC 3339, section 5.7).
    if (second == 60 && (timestamp.msecs - fraction.msecs) % MSecsPerDay != 0)
        return std::nullopt;
    return timestamp;
}

std::optional<Timestamp> Timestamp::fromDateTime(const QDateTime &time)
{
    if (!time.isValid())
        return std::nullopt;
    Timestamp timestamp;
    timestamp.msecs = time.toMSecsSinceEpoch();
    const int offset = time.offsetFromUtc();
    if (offset % 60 == 0)
        timestamp.offsetSeconds = offset;
    // Checked first, because the sum could overflow.
    if (timestamp.msecs < FirstMSec - MSecsPerDay || timestamp.msecs > EndMSec + MSecsPerDay)
        return std::nullopt;
    if (!isWritable(timestamp.msecs + timestamp.offsetSeconds * qint64(1000)))
        return std::nullopt;
    return timestamp;
}

QString Timestamp::toText() const
{
    const qint64 local = msecs + offsetSeconds * qint64(1000);
    const qint64 day = local >= 0 ? local / MSecsPerDay : -((MSecsPerDay - 1 - local) / MSecsPerDay);
    const int ofDay = int(local - day * MSecsPerDay);
    const CivilDate date = dateOfDay(day);

    QString text(offsetSeconds == 0 ? 24 : 29, Qt::Uninitialized);
    QChar *out = text.data();
    out = putNumber(out, date.year, 4);
    *out++ = u'-';
    out = putNumber(out, date.month, 2);
    *out++ = u'-';
    out = putNumber(out, date.day, 2);
    *out++ = u'T';
    out = putNumber(out, ofDay / 3600000, 2);
    *out++ = u':';
    out = putNumber(out, ofDay / 60000 % 60, 2);
    *out++ = u':';
    out = putNumber(out, ofDay / 1000 % 60, 2);
    *out++ = u'.';
    out = putNumber(out, ofDay % 1000, 3);
    if (offsetSeconds == 0) {
        *out = u'Z';
        return text;
    }
    const int minutes = qAbs(offsetSeconds) / 60;
    *out++ = offsetSeconds < 0 ? u'-' : u'+';
    out = putNumber(out, minutes / 60, 2);
    *out++ = u':';
    putNumber(out, minutes % 60, 2);
    return text;
}

QDateTime Timestamp::toDateTime() const
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    const QTimeZone zone = QTimeZone::fromSecondsAheadOfUtc(offsetSeconds);
    return QDateTime::fromMSecsSinceEpoch(msecs, zone.isValid() ? zone : QTimeZone(QTimeZone::UTC));
#else
    return QDateTime::fromMSecsSinceEpoch(msecs, offsetSeconds == 0 ? Qt::UTC : Qt::OffsetFromUTC, offsetSeconds);
#endif
}

} // namespace Qanat
