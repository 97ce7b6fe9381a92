// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_DURATION_H
#define QANAT_CORE_DURATION_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/result.h>

#include <QtCore/qstring.h>
#include <QtCore/qstringview.h>

#include <chrono>

namespace Qanat {

/*!
 * Reads a duration as people write it in configuration and on command lines: a number and a unit, `250ms`, `1.5s`, `2m`,
 * `1h`, `7d`.
 *
 * The unit is mandatory: a bare number means seconds to one and milliseconds to another. Refused are signs, blanks, what is
 * finer than a millisecond (nothing is rounded), and more than 36500d, so that adding a duration to a clock's time cannot
 * overflow. The error names the input and the units. Any thread.
 */
QANAT_CORE_EXPORT Result<std::chrono::milliseconds> parseDuration(QStringView text);

//! The duration with the largest unit that needs no fraction: `90s`, `2m`, `1001ms`, `0s`. parseDuration() reads it. Any thread.
//! The same duration as parseDuration() reads it. Any thread.
[[nodiscard]] QANAT_CORE_EXPORT QString formatDuration(std::chrono::milliseconds duration);
//! For people, in their language, with three digits: "1.23 ms", "2 min". Any thread.
[[nodiscard]] QANAT_CORE_EXPORT QString durationText(std::chrono::nanoseconds duration);

} // namespace Qanat

#endif
