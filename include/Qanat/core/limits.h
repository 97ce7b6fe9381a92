// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_LIMITS_H
#define QANAT_CORE_LIMITS_H

#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qobjectdefs.h>

#include <limits>

namespace Qanat {

/*!
 * How much a sink's intake holds, and what happens when that is reached.
 *
 * What was handed out for delivery and has no outcome yet counts too. At most half of the limit is handed out at once, so
 * that a limit can always be kept by dropping the oldest.
 */
class QANAT_CORE_EXPORT Limits
{
    Q_GADGET
public:
    //! What happens where a limit is reached.
    enum class Overflow : quint8 {
        Reject, //!< The new event is not accepted: the writer gets *full*.
        DropOldest, //!< The oldest that waits is dropped for the new one.
        Wait, //!< The writer waits for room. On the GUI thread and on the library's own threads it gets *full*.
    };
    Q_ENUM(Overflow)

    //! No limit.
    static constexpr qint64 Unlimited = std::numeric_limits<qint64>::max();

    //! The most events that are pending; below 1 counts as 1, and so does the limit by bytes.
    qint64 events = Unlimited;
    //! The most bytes that are pending, by Event::estimatedSize(). Bytes are only counted where this is set.
    qint64 bytes = Unlimited;
    //! What happens where one of them is reached.
    Overflow overflow = Overflow::Reject;

    //! Whether it is limited neither by events nor by bytes.
    [[nodiscard]] bool isUnlimited() const noexcept { return events == Unlimited && bytes == Unlimited; }
};

} // namespace Qanat

#endif
