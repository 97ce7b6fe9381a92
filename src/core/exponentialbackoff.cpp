// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/exponentialbackoff.h"

#include <QtCore/qrandom.h>

#include <limits>

namespace Qanat {

ExponentialBackoff::ExponentialBackoff(std::chrono::nanoseconds base, std::chrono::nanoseconds factor,
                                       std::chrono::nanoseconds max)
    : m_base(std::max(base, std::chrono::nanoseconds(0)))
    , m_factor(factor.count() > 0 ? factor : DefaultFactor)
    , m_max(max.count() > 0 ? max : DefaultMax)
{
}

std::chrono::nanoseconds ExponentialBackoff::bound(int failures) const noexcept
{
    if (failures <= 0)
        return std::chrono::nanoseconds(0);
    if (m_base >= m_max)
        return m_max;
    // Compared by shifting the limit down, not the factor up, since that cannot overflow.
    const std::chrono::nanoseconds room = m_max - m_base;
    const int shift = failures - 1;
    if (shift >= 63 || m_factor.count() > (room.count() >> shift))
        return m_max;
    return m_base + std::chrono::nanoseconds(m_factor.count() << shift);
}

void ExponentialBackoff::setChance(std::function<qint64(qint64)> chance)
{
    m_chance = std::move(chance);
}

std::chrono::nanoseconds ExponentialBackoff::delay(const Attempt &attempt)
{
    const qint64 end = bound(m_failures.value(attempt.batch.orderKey())).count();
    if (end <= 0)
        return std::chrono::nanoseconds(0);
    return std::chrono::nanoseconds(m_chance ? m_chance(end) : QRandomGenerator::global()->bounded(end));
}

RetryStrategy::Verdict ExponentialBackoff::failed(const Attempt &attempt, const Delivery &failure)
{
    if (failure.canRetry()) {
        int &failures = m_failures[attempt.batch.orderKey()];
        if (failures < std::numeric_limits<int>::max())
            ++failures;
    } else {
        m_failures.remove(attempt.batch.orderKey());
    }
    return Verdict::Retry;
}

void ExponentialBackoff::succeeded(const Attempt &attempt)
{
    m_failures.remove(attempt.batch.orderKey());
}

RetryStrategy::Scope ExponentialBackoff::scope() const
{
    return Scope::Key;
}

} // namespace Qanat
