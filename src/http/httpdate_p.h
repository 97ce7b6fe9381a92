// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPDATE_P_H
#define QANAT_HTTP_HTTPDATE_P_H

#include <QtCore/qbytearrayview.h>

#include <chrono>
#include <optional>

namespace Qanat {

/*!
 * Reads a date in any of the three formats of RFC 9110, 5.6.7, as milliseconds since 1970: `Sun, 06 Nov 1994 08:49:37 GMT`,
 * `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`. \a now tells which century the second one means. The name of the
 * day is not compared with the date.
 */
[[nodiscard]] std::optional<std::chrono::milliseconds> parseHttpDate(QByteArrayView text,
                                                                     std::chrono::milliseconds now);

} // namespace Qanat

#endif
