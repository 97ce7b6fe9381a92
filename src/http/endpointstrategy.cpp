// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "endpointstrategy_p.h"

#include "Qanat/http/endpointconfiguration.h"
#include "endpointstate_p.h"

#include <algorithm>

namespace Qanat {

using std::chrono::nanoseconds;

namespace {

// Doubled so many times, but no longer than that.
nanoseconds doubled(nanoseconds wait, int times, nanoseconds most)
{
    for (; times > 0 && wait < most; --times)
        wait *= 2;
    return std::min(wait, most);
}

} // namespace

EndpointStrategy::EndpointStrategy(const EndpointConfiguration &configuration, std::shared_ptr<EndpointState> state,
                                   std::function<std::chrono::milliseconds()> wallClock)
    : m_state(std::move(state))
    , m_wallClock(std::move(wallClock))
    , m_backoff(nanoseconds(0), configuration.backoff, configuration.maximumBackoff)
    , m_threshold(std::max(configuration.breakerThreshold, 1))
    , m_wait(std::max<nanoseconds>(configuration.breakerWait, std::chrono::milliseconds(1)))
    , m_longest(std::max<nanoseconds>(configuration.maximumBreakerWait, m_wait))
    , m_longestBlocked(std::max<nanoseconds>(configuration.maximumBlockedWait, m_wait))
{
}

nanoseconds EndpointStrategy::delay(const Attempt &attempt)
{
    if (m_openUntil > attempt.now) {
        m_scope = Scope::Endpoint;
        return m_openUntil - attempt.now;
    }
    m_scope = Scope::Key;
    return m_backoff.delay(attempt);
}

void EndpointStrategy::open(nanoseconds now, int times, nanoseconds most)
{
    m_openUntil = now + doubled(m_wait, times, most);
}

// Until when by the wall clock; null where that is not longer than what is known.
QDateTime EndpointStrategy::pauseAskedFor(nanoseconds now, std::chrono::milliseconds wait)
{
    if (now + wait <= std::max(m_pausedUntil, now))
        return {};
    m_pausedUntil = now + wait;
    return QDateTime::fromMSecsSinceEpoch((m_wallClock() + wait).count(), Qt::UTC);
}

RetryStrategy::Verdict EndpointStrategy::failed(const Attempt &attempt, const Delivery &failure)
{
    const QDateTime until = pauseAskedFor(attempt.now, failure.retryAfter());
    if (!failure.canRetry() && !until.isValid())
        return Verdict::Retry; // The service is there, and has refused an event.
    m_isTroubled = true;
    if (!failure.canRetry()) {
        m_state->report([&](EndpointState::News &news) { news.pausedUntil = until; });
        return Verdict::Retry;
    }
    const bool isFault =
        failure.error() == Delivery::Error::Misdirected || failure.error() == Delivery::Error::Security;
    if (isFault) {
        open(attempt.now, m_faults++, m_longestBlocked);
    } else {
        m_backoff.failed(attempt, failure);
        if (++m_failures >= m_threshold)
            open(attempt.now, m_failures - m_threshold, m_longest);
    }
    m_state->report([&](EndpointState::News &news) {
        news.isHealthy = news.isHealthy && m_openUntil <= attempt.now;
        if (isFault)
            news.blockedReason = failure;
        if (until.isValid())
            news.pausedUntil = until;
    });
    return Verdict::Retry;
}

void EndpointStrategy::succeeded(const Attempt &attempt)
{
    m_backoff.succeeded(attempt);
    m_failures = 0;
    m_faults = 0;
    m_openUntil = nanoseconds(0);
    // It was under way when the others were asked to wait.
    const bool isPaused = m_pausedUntil > attempt.now;
    if (!std::exchange(m_isTroubled, isPaused))
        return; // Nobody is woken for what is known.
    m_state->report([isPaused](EndpointState::News &news) {
        news.isHealthy = !news.isDisabled;
        news.blockedReason = Delivery();
        if (!isPaused)
            news.pausedUntil = QDateTime();
    });
}

} // namespace Qanat
