// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/core/duration.h>

#include "quantity_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qlocale.h>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

const Quantity &durations()
{
    static const Quantity quantity{u"duration",
                                   u"a number and one of the units ms, s, m, h, d, such as 250ms or 1.5s",
                                   u"it is finer than a millisecond",
                                   u"it is longer than 36500d",
                                   {{u"d", 86400000}, {u"h", 3600000}, {u"m", 60000}, {u"s", 1000}, {u"ms", 1}},
                                   36500 * qint64(86400000)};
    return quantity;
}

} // namespace

Result<std::chrono::milliseconds> parseDuration(QStringView text)
{
    const Result<qint64> msecs = durations().parse(text);
    if (!msecs)
        return Failure{msecs.errorText()};
    return std::chrono::milliseconds(*msecs);
}

QString formatDuration(std::chrono::milliseconds duration)
{
    return duration.count() == 0 ? u"0s"_s : durations().format(duration.count());
}

QString durationText(std::chrono::nanoseconds duration)
{
    // Three digits, but never with an exponent: what would round up to a thousand belongs to the next unit.
    const auto number = [duration](double unit) {
        const double value = double(duration.count()) / unit;
        return value < 999.5 ? QLocale().toString(value, 'g', 3) : QLocale().toString(value, 'f', 0);
    };
    constexpr double Microsecond = 1e3;
    constexpr double Millisecond = 1e6;
    constexpr double Second = 1e9;
    constexpr double Minute = 60e9;
    const auto isBelow = [duration](double limit) { return double(duration.count()) < limit; };
    if (isBelow(999.5 * Microsecond))
        return QCoreApplication::translate("Qanat::Duration", "%1 µs").arg(number(Microsecond));
    if (isBelow(999.5 * Millisecond))
        return QCoreApplication::translate("Qanat::Duration", "%1 ms").arg(number(Millisecond));
    if (isBelow(59.95 * Second))
        return QCoreApplication::translate("Qanat::Duration", "%1 s").arg(number(Second));
    return QCoreApplication::translate("Qanat::Duration", "%1 min").arg(number(Minute));
}

} // namespace Qanat
