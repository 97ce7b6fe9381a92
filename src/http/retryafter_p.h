// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_RETRYAFTER_P_H
#define QANAT_HTTP_RETRYAFTER_P_H

#include <QtCore/qbytearrayview.h>

#include <chrono>
#include <optional>

namespace Qanat {

//! The longest wait that another side can ask for.
inline constexpr std::chrono::milliseconds MaximumRetryAfter = std::chrono::hours(24);

/*!
 * How long a Retry-After (RFC 9110, 10.2.3) asks to wait: whole seconds, or a date in the preferred format (5.6.7) that is
 * compared with \a wallClock, in milliseconds since 1970. At most MaximumRetryAfter; zero for a date in the past; nothing
 * if it cannot be read. Safe against hostile input.
 */
[[nodiscard]] std::optional<std::chrono::milliseconds> parseRetryAfter(QByteArrayView value,
                                                                       std::chrono::milliseconds wallClock);

} // namespace Qanat

#endif
