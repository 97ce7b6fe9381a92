// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_RETRYSTRATEGY_H
#define QANAT_CORE_RETRYSTRATEGY_H

#include <Qanat/core/batch.h>
#include <Qanat/core/delivery.h>
#include <Qanat/core/qanatcore_export.h>

#include <chrono>

namespace Qanat {

/*!
 * One try of a batch: one call of the sink behind a RetryingSink.
 */
struct QANAT_CORE_EXPORT Attempt
{
    //! What is to be tried. All events have the same key where the order is kept for each key.
    Batch batch;
    //! 1 for the first try of this batch. Of a failure: of the first event that it hit.
    int number = 1;
    //! The time, by the sink's clock.
    std::chrono::nanoseconds now{0};
};

/*!
 * Decides how long to wait before an attempt, and when to give up.
 *
 * A strategy belongs to one sink and is called in its thread only: it needs no lock. It must not throw.
 */
class QANAT_CORE_EXPORT RetryStrategy
{
public:
    //! What becomes of events that failed.
    enum class Verdict : quint8 { Retry, Drop };
    //! How far a wait reaches.
    enum class Scope : quint8 {
        Key, //!< A wait holds up the batch that waits, and its key.
        Endpoint, //!< A wait holds up everything. After it one attempt probes, and the others wait for its outcome.
    };

    virtual ~RetryStrategy();

    //! Asked before every attempt. A positive answer is waited once, then the attempt is made.
    [[nodiscard]] virtual std::chrono::nanoseconds delay(const Attempt &attempt) = 0;
    //! Hears of every attempt that failed, \a failure being the first that can be tried again, or else its first. *Drop* gives up what
    //! failed.
    virtual Verdict failed(const Attempt &attempt, const Delivery &failure) = 0;
    //! Hears of every attempt in which something was delivered, before failed() where something failed as well, or nothing failed.
    virtual void succeeded(const Attempt &attempt) = 0;
    //! How far the wait reaches that delay() has named last.
    [[nodiscard]] virtual Scope scope() const = 0;

protected:
    //!@{
    //! For derived classes only: nobody else can copy a part of one.
    RetryStrategy();
    RetryStrategy(const RetryStrategy &);
    RetryStrategy &operator=(const RetryStrategy &);
    //!@}
};

} // namespace Qanat

#endif
