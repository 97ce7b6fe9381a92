// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_CIRCUITBREAKER_H
#define QANAT_CORE_CIRCUITBREAKER_H

#include <Qanat/core/retrystrategy.h>

namespace Qanat {

/*!
 * Stops trying for a while after a number of failures in a row, then lets one attempt probe.
 *
 * Fewer failures than the threshold bring no wait. At the threshold the wait is the backoff, less the time that has passed
 * since the last failure. One more failure after it begins the wait again; one success ends it all. Failures that another
 * try cannot mend are answers of a service that is there: they don't count. It never gives up by itself.
 */
class QANAT_CORE_EXPORT CircuitBreaker : public RetryStrategy
{
public:
    //! A \a threshold below 1 counts as 1, a negative \a backoff as zero.
    CircuitBreaker(int threshold, std::chrono::nanoseconds backoff);

    //! How many failures in a row open it.
    [[nodiscard]] int threshold() const noexcept { return m_threshold; }
    //! How long it then stays open.
    [[nodiscard]] std::chrono::nanoseconds backoff() const noexcept { return m_backoff; }
    //! Failures in a row so far.
    [[nodiscard]] int failures() const noexcept { return m_failures; }

    std::chrono::nanoseconds delay(const Attempt &attempt) override;
    Verdict failed(const Attempt &attempt, const Delivery &failure) override;
    void succeeded(const Attempt &attempt) override;
    //! Scope::Endpoint.
    Scope scope() const override;

private:
    std::chrono::nanoseconds m_backoff;
    std::chrono::nanoseconds m_lastFailure{0};
    int m_threshold;
    int m_failures = 0;
};

} // namespace Qanat

#endif
