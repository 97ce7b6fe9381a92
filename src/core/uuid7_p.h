// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_UUID7_P_H
#define QANAT_CORE_UUID7_P_H

#include <QtCore/qglobal.h>
#include <QtCore/qstring.h>
#include <QtCore/qstringview.h>

#include <array>
#include <optional>

namespace Qanat {

//! The 16 octets of a UUID in network order.
using UuidBytes = std::array<uchar, 16>;

//! A fresh UUID and the moment it was made.
struct Uuid7
{
    UuidBytes bytes;
    qint64
        wallClockMSecs; //!< Since 1970 UTC, as the clock said it: the UUID's own may run ahead of a clock that stepped back.
};

/*!
 * Makes a UUIDv7 (RFC 9562, section 5.7). Any thread, no lock; reads the clock once.
 *
 * The bits after the millisecond are a 26 bit counter that begins at random in each millisecond (section 6.2, method 1),
 * and 48 random bits. In one thread each id is greater than the one before; when the wall clock steps back, the
 * millisecond stays and the counter goes on.
 */
[[nodiscard]] Uuid7 makeUuid7();

//! The same by another clock than the system's.
[[nodiscard]] Uuid7 makeUuid7At(qint64 wallClockMSecs);

//! The 36 characters of RFC 9562, section 4, in lower case.
[[nodiscard]] QString uuidToText(const UuidBytes &bytes);

//! The UUID that uuidToText() writes as exactly \a text, if there is one.
[[nodiscard]] std::optional<UuidBytes> uuidFromText(QStringView text) noexcept;

} // namespace Qanat

#endif
