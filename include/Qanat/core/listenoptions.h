// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_LISTENOPTIONS_H
#define QANAT_CORE_LISTENOPTIONS_H

#include <Qanat/core/limits.h>
#include <Qanat/core/matcher.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/replay.h>

namespace Qanat {

/*!
 * How Broadcaster::listen() listens: a plain value, made of what differs from the usual.
 *
 * \code
 * ListenOptions options = Matcher::type(u"ui.**"_s);
 * options.replay = Replay::last(100);
 * events->listen(this, [this](const Event &event) { show(event); }, options);
 * \endcode
 */
class QANAT_CORE_EXPORT ListenOptions
{
public:
    //! How many events wait for a listener by default; beyond that the oldest is dropped.
    static constexpr qint64 DefaultLimit = 10000;

    //! Everything that is live, with the default limit.
    ListenOptions() = default;
    //! The usual but for this. Implicit, so that listen() takes it in the place of options.
    ListenOptions(const Limits &only)
        : limits(only)
    {
    }
    //! The usual but for this. Implicit, so that listen() takes it in the place of options.
    ListenOptions(const Matcher &only)
        : matcher(only)
    {
    }
    //! The usual but for this. Implicit, so that listen() takes it in the place of options.
    ListenOptions(const Replay &only)
        : replay(only)
    {
    }

    //! Of the listener's intake.
    Limits limits = {DefaultLimit, Limits::Unlimited, Limits::Overflow::DropOldest};
    //! What the listener hears; the rest is *filtered*. Asked in the listener's thread.
    Matcher matcher;
    //! What it hears of the past.
    Replay replay;
};

} // namespace Qanat

#endif
