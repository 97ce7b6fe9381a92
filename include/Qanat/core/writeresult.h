// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_WRITERESULT_H
#define QANAT_CORE_WRITERESULT_H

#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qobjectdefs.h>

QT_BEGIN_NAMESPACE
class QDebug;
QT_END_NAMESPACE

namespace Qanat {

/*!
 * The answer to a write, given at once: whether the events were accepted, or why not.
 *
 * A batch is accepted up to a prefix: accepted() is its length, and status() says why the rest was not.
 */
class QANAT_CORE_EXPORT WriteResult
{
    Q_GADGET
public:
    //! Whether events were accepted, and why not.
    enum class Status : quint8 {
        Accepted,
        Closed, //!< The sink is closed or closing. It accepts nothing any more.
        Full, //!< A limit was reached.
        Invalid, //!< The event is invalid, see Event::errorText().
    };
    Q_ENUM(Status)

    //! The first \a accepted events were accepted; \a status says why no more were, or that all were.
    constexpr WriteResult(Status status, qsizetype accepted) noexcept
        : m_accepted(accepted)
        , m_status(status)
    {
    }

    //! Accepted, or why not everything was.
    [[nodiscard]] constexpr Status status() const noexcept { return m_status; }
    //! How many events, from the first on, were accepted.
    [[nodiscard]] constexpr qsizetype accepted() const noexcept { return m_accepted; }
    //! Whether everything was accepted.
    constexpr explicit operator bool() const noexcept { return m_status == Status::Accepted; }

    friend constexpr bool operator==(WriteResult result, Status status) noexcept { return result.m_status == status; }
    friend constexpr bool operator!=(WriteResult result, Status status) noexcept { return result.m_status != status; }

private:
    qsizetype m_accepted;
    Status m_status;
};

//! The status, and how many were accepted where not everything was.
QANAT_CORE_EXPORT QDebug operator<<(QDebug debug, WriteResult result);

} // namespace Qanat

#endif
