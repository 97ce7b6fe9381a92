// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_REPLAY_H
#define QANAT_CORE_REPLAY_H

#include <Qanat/core/history.h>
#include <Qanat/core/qanatcore_export.h>

#include <chrono>

namespace Qanat {

/*!
 * How much of a broadcaster's History a new listener hears before the live events: a plain value. The limits of the listener hold
 * for it, too, by default 10,000 events: a longer replay wants ListenOptions::limits to be larger.
 *
 * \code
 * events->setHistory(History::last(1000));
 * events->listen(this, [this](const Event &event) { m_log->append(event); }, Replay::last(100));
 * \endcode
 */
class QANAT_CORE_EXPORT Replay
{
public:
    //! At most so many events.
    qint64 events = 0;
    //! And none that was written longer ago, by the broadcaster's clock.
    std::chrono::milliseconds age = History::AnyAge;

    //! Live events only.
    [[nodiscard]] static Replay none() { return {}; }
    //! All that the broadcaster remembers.
    [[nodiscard]] static Replay all() { return {History::Unlimited, History::AnyAge}; }
    //! The last \a events.
    [[nodiscard]] static Replay last(qint64 events) { return {events, History::AnyAge}; }
    //! What was written within \a age.
    [[nodiscard]] static Replay last(std::chrono::milliseconds age) { return {History::Unlimited, age}; }
};

} // namespace Qanat

#endif
