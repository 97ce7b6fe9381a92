// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_MOMENT_H
#define QANAT_TESTS_MOMENT_H

#include <QtCore/qdatetime.h>
#include <QtCore/qtimezone.h>

namespace Qanat {

// What calendar and clock show so far east of UTC. Newer Qt takes a QTimeZone for it, which in 6.4 is more than an
// offset.
inline QDateTime momentOf(QDate date, QTime time, int offsetSeconds = 0)
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    return QDateTime(date, time, QTimeZone::fromSecondsAheadOfUtc(offsetSeconds));
#else
    return QDateTime(date, time, offsetSeconds == 0 ? Qt::UTC : Qt::OffsetFromUTC, offsetSeconds);
#endif
}

} // namespace Qanat

#endif
