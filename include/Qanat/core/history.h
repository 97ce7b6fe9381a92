// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_HISTORY_H
#define QANAT_CORE_HISTORY_H

#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qglobal.h>

#include <chrono>
#include <limits>

namespace Qanat {

/*!
 * How much a Broadcaster remembers for listeners that come later: a plain value.
 *
 * An event is forgotten as soon as there are too many, or it is too old; the age is looked at when something is written
 * or replayed, since nothing runs in an idle broadcaster. What is remembered takes memory, and is in no counter.
 */
class QANAT_CORE_EXPORT History
{
public:
    //!@{
    //! No limit.
    static constexpr qint64 Unlimited = std::numeric_limits<qint64>::max();
    static constexpr std::chrono::milliseconds AnyAge = std::chrono::milliseconds::max();
    //!@}

    //! At most so many events; 0 remembers nothing.
    qint64 events = 0;
    //! And none that was written longer ago, by the broadcaster's clock.
    std::chrono::milliseconds age = AnyAge;

    //! Remembers nothing.
    [[nodiscard]] static History none() { return {}; }
    //! The last \a events.
    [[nodiscard]] static History last(qint64 events) { return {events, AnyAge}; }
    //! What was written within \a age, and at most \a events of it.
    [[nodiscard]] static History last(std::chrono::milliseconds age, qint64 events = Unlimited)
    {
        return {events, age};
    }

    friend bool operator==(const History &one, const History &other)
    {
        return one.events == other.events && one.age == other.age;
    }
    friend bool operator!=(const History &one, const History &other) { return !(one == other); }
};

} // namespace Qanat

#endif
