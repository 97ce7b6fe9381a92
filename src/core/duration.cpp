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
    const auto number = [duration](double unit) { return QLocale().toString(double(duration.count()) / unit, 'g', 3); };
    if (duration < std::chrono::milliseconds(1))
        return QCoreApplication::translate("Qanat::Duration", "%1 µs").arg(number(1e3));
    if (duration < std::chrono::seconds(1))
        return QCoreApplication::translate("Qanat::Duration", "%1 ms").arg(number(1e6));
    if (duration < std::chrono::minutes(1))
        return QCoreApplication::translate("Qanat::Duration", "%1 s").arg(number(1e9));
    return QCoreApplication::translate("Qanat::Duration", "%1 min").arg(number(60e9));
}

} // namespace Qanat
