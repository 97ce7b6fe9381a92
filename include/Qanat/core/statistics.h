// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_STATISTICS_H
#define QANAT_CORE_STATISTICS_H

#include <Qanat/core/delivery.h>
#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qmap.h>

#include <array>
#include <chrono>

QT_BEGIN_NAMESPACE
class QDebug;
QT_END_NAMESPACE

namespace Qanat {

/*!
 * How long events took, from their acceptance by a sink to their outcome there, in buckets that grow by half octaves.
 *
 * The time is stamped once for each run of events, so an event's figure is that of the first of its run.
 */
class QANAT_CORE_EXPORT LatencyHistogram
{
public:
    //! Two for each doubling of the time.
    static constexpr int BucketCount = 64;

    //! Counts \a count events that took \a latency.
    void record(std::chrono::nanoseconds latency, qint64 count) noexcept;

    //! What was counted since \a before, an older picture of the same histogram.
    [[nodiscard]] LatencyHistogram since(const LatencyHistogram &before) const noexcept;

    //! How many events were counted.
    [[nodiscard]] qint64 count() const noexcept;
    //! All times together; where that is more than fits, the greatest value.
    [[nodiscard]] std::chrono::nanoseconds sum() const noexcept { return m_sum; }
    //! How many events fell into \a bucket, which must lie within 0 and BucketCount - 1.
    [[nodiscard]] qint64 countAt(int bucket) const { return m_counts.at(static_cast<size_t>(bucket)); }
    //! The longest time that falls into \a bucket; the last bucket has no end and answers the greatest value.
    [[nodiscard]] static std::chrono::nanoseconds upperBound(int bucket) noexcept;
    //! The time that \a fraction (0 to 1) of the events did not exceed, as the bound of a bucket; zero without events.
    [[nodiscard]] std::chrono::nanoseconds percentile(double fraction) const noexcept;

    friend bool operator==(const LatencyHistogram &one, const LatencyHistogram &other) noexcept
    {
        return one.m_sum == other.m_sum && one.m_counts == other.m_counts;
    }
    friend bool operator!=(const LatencyHistogram &one, const LatencyHistogram &other) noexcept
    {
        return !(one == other);
    }

private:
    std::array<qint64, BucketCount> m_counts = {};
    std::chrono::nanoseconds m_sum{0};
};

/*!
 * A snapshot of a sink's counters, taken under one lock. In each snapshot
 *
 *     offered = rejected + written
 *     written = delivered + filtered + dropped + pending
 *
 * The counters begin with the sink and are never reset. What a StoringQueue finds stored when it begins counts as offered and written. In a sink inside a RetryingSink each attempt counts as an event of
 * its own, and one that failed as dropped; what it hands back untried is no longer counted.
 */
class QANAT_CORE_EXPORT Statistics
{
public:
    qint64 offered = 0; //!< Events that somebody tried to write.
    qint64 rejected = 0; //!< Not accepted: closed, full or invalid.
    qint64 written = 0; //!< Accepted.
    //! The other side has taken them. Of a Broadcaster: handed to its sinks, which count for themselves.
    qint64 delivered = 0;
    qint64 filtered = 0; //!< Nobody wanted them: a success, too.
    qint64 dropped = 0; //!< Final failures.
    qint64 pending = 0; //!< Accepted and without an outcome yet; counted, not derived.
    qint64 pendingBytes = 0; //!< An estimate; 0 where no limit by bytes is set.
    qint64 inFlight = 0; //!< Those of the pending that were handed out for delivery.
    qint64 stored = 0; //!< Those of the pending that a StoringQueue keeps safe: they outlive the program.

    //! Of a RetryingSink the attempts that failed, one for each batch that it tried; of others the events that failed, in
    //! passing or for good. Outside the balance.
    qint64 failed = 0;
    qint64 retried = 0; //!< Attempts that a RetryingSink made after a failure. Outside the balance.

    //! How many requests have ended with which status of the other side's protocol; 0 where there was no answer. Outside the balance.
    QMap<int, qint64> answers;

    Delivery lastError; //!< The last failure; delivered if there was none.
    LatencyHistogram latency; //!< From the acceptance to the outcome.

    //! Whether both equations hold.
    [[nodiscard]] bool isBalanced() const noexcept
    {
        return offered == rejected + written && written == delivered + filtered + dropped + pending;
    }
    //! One line for people.
    [[nodiscard]] QString toString() const;

    friend bool operator==(const Statistics &one, const Statistics &other) { return one.equals(other); }
    friend bool operator!=(const Statistics &one, const Statistics &other) { return !one.equals(other); }

private:
    bool equals(const Statistics &other) const;
};

//! Shows what toString() answers.
QANAT_CORE_EXPORT QDebug operator<<(QDebug debug, const Statistics &statistics);

} // namespace Qanat

Q_DECLARE_METATYPE(Qanat::Statistics)

#endif
