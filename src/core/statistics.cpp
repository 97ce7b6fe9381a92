// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/statistics.h"

#include <QtCore/qdebug.h>
#include <QtCore/qnumeric.h>

#include <cmath>
#include <limits>
#include <numeric>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// The first bucket ends at 1 us, each further octave has two; the last ends nowhere. A bound belongs to the bucket below.
constexpr qint64 FirstBound = 1000;

int bucketOf(std::chrono::nanoseconds latency) noexcept
{
    if (latency.count() <= FirstBound)
        return 0;
    const qint64 above = latency.count() - 1;
    const auto units = quint64(above / FirstBound);
    const int octave = 63 - int(qCountLeadingZeroBits(units));
    const bool upperHalf = octave > 0 ? ((units >> (octave - 1)) & 1) : (above % FirstBound) * 2 >= FirstBound;
    return std::min(1 + octave * 2 + (upperHalf ? 1 : 0), LatencyHistogram::BucketCount - 1);
}

} // namespace

void LatencyHistogram::record(std::chrono::nanoseconds latency, qint64 count) noexcept
{
    m_counts[size_t(bucketOf(latency))] += count;
    // A clock that was set back takes nothing away.
    qint64 sum = 0;
    if (qMulOverflow(std::max(qint64(latency.count()), qint64(0)), count, &sum)
        || qAddOverflow(sum, qint64(m_sum.count()), &sum))
        sum = std::numeric_limits<qint64>::max();
    m_sum = std::chrono::nanoseconds(sum);
}

LatencyHistogram LatencyHistogram::since(const LatencyHistogram &before) const noexcept
{
    LatencyHistogram difference = *this;
    for (size_t bucket = 0; bucket < m_counts.size(); ++bucket)
        difference.m_counts[bucket] = std::max(m_counts[bucket] - before.m_counts[bucket], qint64(0));
    difference.m_sum = std::max(m_sum - before.m_sum, std::chrono::nanoseconds(0));
    return difference;
}

qint64 LatencyHistogram::count() const noexcept
{
    return std::accumulate(m_counts.begin(), m_counts.end(), qint64(0));
}

std::chrono::nanoseconds LatencyHistogram::upperBound(int bucket) noexcept
{
    if (bucket <= 0)
        return std::chrono::nanoseconds(FirstBound);
    if (bucket >= BucketCount - 1)
        return std::chrono::nanoseconds::max();
    const int octave = (bucket - 1) / 2;
    const bool upperHalf = (bucket - 1) % 2;
    const qint64 base = FirstBound << octave;
    return std::chrono::nanoseconds(upperHalf ? 2 * base : base + base / 2);
}

std::chrono::nanoseconds LatencyHistogram::percentile(double fraction) const noexcept
{
    const qint64 total = count();
    if (total == 0)
        return std::chrono::nanoseconds(0);
    const auto wanted = std::max(qint64(1), qint64(std::ceil(qBound(0.0, fraction, 1.0) * double(total))));
    qint64 seen = 0;
    for (int bucket = 0; bucket < BucketCount; ++bucket) {
        seen += m_counts[size_t(bucket)];
        if (seen >= wanted)
            return upperBound(bucket);
    }
    return upperBound(BucketCount - 1);
}

QString Statistics::toString() const
{
    QString line = u"written %1 = delivered %2 + filtered %3 + dropped %4 + pending %5; rejected %6"_s.arg(written)
                       .arg(delivered)
                       .arg(filtered)
                       .arg(dropped)
                       .arg(pending)
                       .arg(rejected);
    if (failed || retried)
        line += u"; attempts failed %1, retried %2"_s.arg(failed).arg(retried);
    if (lastError.isFailure())
        line += u"; last error: "_s + lastError.toString();
    return line;
}

bool Statistics::equals(const Statistics &other) const
{
    return offered == other.offered && rejected == other.rejected && written == other.written
           && delivered == other.delivered && filtered == other.filtered && dropped == other.dropped
           && pending == other.pending && pendingBytes == other.pendingBytes && inFlight == other.inFlight
           && stored == other.stored && failed == other.failed && retried == other.retried && answers == other.answers
           && lastError == other.lastError && latency == other.latency;
}

QDebug operator<<(QDebug debug, const Statistics &statistics)
{
    const QDebugStateSaver saver(debug);
    debug.nospace().noquote() << "Statistics(" << statistics.toString() << ')';
    return debug;
}

} // namespace Qanat
