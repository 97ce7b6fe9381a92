// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_EXPONENTIALBACKOFF_H
#define QANAT_CORE_EXPONENTIALBACKOFF_H

#include <Qanat/core/retrystrategy.h>

#include <QtCore/qhash.h>

#include <functional>

namespace Qanat {

/*!
 * Waits longer after each failure, by chance ("full jitter"), so that many clients don't come back at the same moment.
 *
 * Fresh, and after a success, it does not wait. After n failures in a row the wait is uniform in
 * [0, min(max, base + factor * 2^(n-1))). Failures are counted for each key on its own. It never gives up by itself.
 */
class QANAT_CORE_EXPORT ExponentialBackoff : public RetryStrategy
{
public:
    //!@{
    //! What the constructor takes where nothing else is said.
    static constexpr std::chrono::nanoseconds DefaultBase = std::chrono::seconds(1);
    static constexpr std::chrono::nanoseconds DefaultFactor = std::chrono::seconds(1);
    static constexpr std::chrono::nanoseconds DefaultMax = std::chrono::seconds(20);
    //!@}

    //! A factor or max that is not positive means its default, a negative base zero.
    explicit ExponentialBackoff(std::chrono::nanoseconds base = DefaultBase,
                                std::chrono::nanoseconds factor = DefaultFactor,
                                std::chrono::nanoseconds max = DefaultMax);

    //! The end of the range after \a failures in a row. It never shrinks as failures grow, and never overflows.
    [[nodiscard]] std::chrono::nanoseconds bound(int failures) const noexcept;
    //! Where chance comes from: a function that answers uniformly within [0, end). For tests.
    void setChance(std::function<qint64(qint64 end)> chance);

    std::chrono::nanoseconds delay(const Attempt &attempt) override;
    Verdict failed(const Attempt &attempt, const Delivery &failure) override;
    void succeeded(const Attempt &attempt) override;
    //! Scope::Key.
    Scope scope() const override;

private:
    std::chrono::nanoseconds m_base;
    std::chrono::nanoseconds m_factor;
    std::chrono::nanoseconds m_max;
    QHash<quint64, int> m_failures;
    std::function<qint64(qint64)> m_chance;
};

} // namespace Qanat

#endif
