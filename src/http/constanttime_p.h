// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_CONSTANTTIME_P_H
#define QANAT_HTTP_CONSTANTTIME_P_H

#include <QtCore/qbytearrayview.h>

namespace Qanat {

/*!
 * Whether both are the same, in a time that depends on their sizes alone: who can measure where the first difference is
 * guesses a signature byte by byte.
 */
inline bool areEqualInConstantTime(QByteArrayView one, QByteArrayView other) noexcept
{
    if (one.size() != other.size())
        return false;
    // Volatile, so that no compiler leaves the loop early.
    volatile unsigned int difference = 0;
    for (qsizetype i = 0; i < one.size(); ++i)
        difference = difference | static_cast<unsigned char>(one[i] ^ other[i]);
    return difference == 0;
}

} // namespace Qanat

#endif
