// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_CLOSERESULT_H
#define QANAT_CORE_CLOSERESULT_H

#include <Qanat/core/delivery.h>
#include <Qanat/core/qanatcore_export.h>

namespace Qanat {

/*!
 * How a close ended.
 */
class QANAT_CORE_EXPORT CloseResult
{
    Q_GADGET
    Q_PROPERTY(qint64 left READ left)
    Q_PROPERTY(qint64 unknown READ unknown)
    Q_PROPERTY(qint64 stored READ stored)
public:
    //! A clean one.
    CloseResult() = default;
    //! \a unknown is a part of \a left; \a stored is not.
    CloseResult(const Delivery &worst, qint64 left, qint64 unknown, qint64 stored = 0)
        : m_worst(worst)
        , m_left(left)
        , m_unknown(unknown)
        , m_stored(stored)
    {
    }

    //! The worst error of closing this sink and those behind it, and of the events that were dropped since close() was called;
    //! delivered if there was none.
    [[nodiscard]] const Delivery &worst() const noexcept { return m_worst; }
    //! How many accepted events were dropped because the deadline came first, those of unknown() included.
    [[nodiscard]] qint64 left() const noexcept { return m_left; }
    //! How many of them were in flight: they may have arrived.
    [[nodiscard]] qint64 unknown() const noexcept { return m_unknown; }
    //! How many durable queues keep for the next run.
    [[nodiscard]] qint64 stored() const noexcept { return m_stored; }
    //! Whether nothing was lost: all that was pending was delivered or is stored, and nothing failed since close() was called. What was
    //! dropped before that is in Sink::statistics().
    [[nodiscard]] bool isClean() const noexcept { return m_left == 0 && !m_worst.isFailure(); }

private:
    Delivery m_worst;
    qint64 m_left = 0;
    qint64 m_unknown = 0;
    qint64 m_stored = 0;
};

} // namespace Qanat

#endif
