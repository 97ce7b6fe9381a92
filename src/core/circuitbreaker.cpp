// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/circuitbreaker.h"

#include <limits>

namespace Qanat {

CircuitBreaker::CircuitBreaker(int threshold, std::chrono::nanoseconds backoff)
    : m_backoff(std::max(backoff, std::chrono::nanoseconds(0)))
    , m_threshold(std::max(threshold, 1))
{
}

std::chrono::nanoseconds CircuitBreaker::delay(const Attempt &attempt)
{
    if (m_failures < m_threshold)
        return std::chrono::nanoseconds(0);
    return m_backoff - (attempt.now - m_lastFailure);
}

RetryStrategy::Verdict CircuitBreaker::failed(const Attempt &attempt, const Delivery &failure)
{
    if (failure.canRetry()) {
        if (m_failures < std::numeric_limits<int>::max())
            ++m_failures;
        m_lastFailure = attempt.now;
    } else {
        m_failures = 0;
    }
    return Verdict::Retry;
}

void CircuitBreaker::succeeded(const Attempt &)
{
    m_failures = 0;
}

RetryStrategy::Scope CircuitBreaker::scope() const
{
    return Scope::Endpoint;
}

} // namespace Qanat
