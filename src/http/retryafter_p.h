// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_RETRYAFTER_P_H
#define QANAT_HTTP_RETRYAFTER_P_H

#include <QtCore/qbytearrayview.h>

#include <chrono>
#include <optional>

namespace Qanat {

//! The longest wait that an answer can ask for.
inline constexpr std::chrono::milliseconds MaximumRetryAfter = std::chrono::hours(24);

/*!
 * Reads a Retry-After (RFC 9110, 10.2.3): seconds, or a date in any of the three formats. How long a date is away is counted from the
 * answer's own Date, \a date, so that the clocks need not agree; where that is missing or unreadable, from \a wallClock, the time
 * since 1970. Seconds may have decimals, which some services
 * send; they are rounded up.
 *
 * The result is from 0, for dates that have passed, to MaximumRetryAfter. Nothing for what is neither of these, negative, or a
 * list.
 */
[[nodiscard]] std::optional<std::chrono::milliseconds> parseRetryAfter(QByteArrayView value, QByteArrayView date,
                                                                       std::chrono::milliseconds wallClock);

} // namespace Qanat

#endif
