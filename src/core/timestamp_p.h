// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_TIMESTAMP_P_H
#define QANAT_CORE_TIMESTAMP_P_H

#include <QtCore/qdatetime.h>
#include <QtCore/qstring.h>
#include <QtCore/qstringview.h>

#include <optional>

namespace Qanat {

//! A moment, and the offset from UTC it was told with.
struct Timestamp
{
    qint64 msecs = 0; //!< Since 1970, UTC.
    int offsetSeconds = 0; //!< East of UTC; whole minutes.
    //! False if the text said more than this holds: digits below a millisecond, or a leap second.
    bool exact = true;

    /*!
     * Reads \a text by RFC 3339, section 5.6, years 0000 to 9999.
     */
    [[nodiscard]] static std::optional<Timestamp> fromText(QStringView text) noexcept;

    //! The moment of a valid QDateTime, if RFC 3339 can write it. An offset with seconds becomes UTC.
    [[nodiscard]] static std::optional<Timestamp> fromDateTime(const QDateTime &time);

    //! The text by RFC 3339, with three digits of milliseconds, and Z for UTC.
    [[nodiscard]] QString toText() const;
    //! With the offset, or in UTC where this Qt has none that wide (6.8 stops at 16 hours, RFC 3339 at 24).
    [[nodiscard]] QDateTime toDateTime() const;
};

} // namespace Qanat

#endif
