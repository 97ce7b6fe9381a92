// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_ENDPOINTSTRATEGY_P_H
#define QANAT_HTTP_ENDPOINTSTRATEGY_P_H

#include <Qanat/core/exponentialbackoff.h>
#include <Qanat/core/retrystrategy.h>

#include <QtCore/qdatetime.h>

#include <functional>
#include <memory>

namespace Qanat {

class Clock;
class EndpointConfiguration;
class EndpointState;

/*!
 * How an endpoint waits: each key by an exponential backoff, and all of them while a circuit breaker is open, which faults of
 * the endpoint open at once.
 */
class EndpointStrategy final : public RetryStrategy
{
public:
    //! \a wallClock says what time it is, since 1970.
    EndpointStrategy(const EndpointConfiguration &configuration, std::shared_ptr<EndpointState> state,
                     std::function<std::chrono::milliseconds()> wallClock);

    std::chrono::nanoseconds delay(const Attempt &attempt) override;
    Verdict failed(const Attempt &attempt, const Delivery &failure) override;
    void succeeded(const Attempt &attempt) override;
    Scope scope() const override { return m_scope; }

private:
    [[nodiscard]] QDateTime pauseAskedFor(std::chrono::nanoseconds now, std::chrono::milliseconds wait);
    void open(std::chrono::nanoseconds now, int times, std::chrono::nanoseconds most);

    const std::shared_ptr<EndpointState> m_state;
    const std::function<std::chrono::milliseconds()> m_wallClock;
    ExponentialBackoff m_backoff;
    const int m_threshold;
    const std::chrono::nanoseconds m_wait;
    const std::chrono::nanoseconds m_longest;
    const std::chrono::nanoseconds m_longestBlocked;
    std::chrono::nanoseconds m_openUntil{0};
    std::chrono::nanoseconds m_pausedUntil{0};
    int m_failures = 0; // In a row.
    int m_faults = 0; // Of the endpoint, the same.
    Scope m_scope = Scope::Key;
    bool m_isTroubled = false; // Something has failed since the last success.
};

} // namespace Qanat

#endif
