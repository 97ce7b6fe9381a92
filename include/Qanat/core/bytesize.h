// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_BYTESIZE_H
#define QANAT_CORE_BYTESIZE_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/result.h>

#include <QtCore/qstring.h>
#include <QtCore/qstringview.h>

namespace Qanat {

/*!
 * Reads a number of bytes as people write it in configuration and on command lines: a number and a unit, `512B`, `20kB`, `1.5MiB`.
 * Those with an i are powers of 1024, the others of 1000 (IEC 80000-13).
 *
 * The unit is mandatory, as in parseDuration(). Refused are signs, blanks, parts of a byte, and more than 2^59 bytes. The error
 * names the input and the units. Any thread.
 */
QANAT_CORE_EXPORT Result<qint64> parseByteSize(QStringView text);

//! The number of bytes with the largest unit that needs no fraction: `10MB`, `256KiB`, `20kB`, `0B`. parseByteSize() reads it. Any thread.
[[nodiscard]] QANAT_CORE_EXPORT QString formatByteSize(qint64 bytes);

} // namespace Qanat

#endif
