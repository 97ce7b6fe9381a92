// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "ledger.h"

#include <Qanat/Clock>

#include <algorithm>

using namespace Qanat;

namespace Relay {

bool isLeftOver(const Delivery &outcome)
{
    switch (outcome.error()) {
    case Delivery::Error::Closed:
    case Delivery::Error::Discarded:
    case Delivery::Error::Unknown:
    case Delivery::Error::Lost:
        return true;
    default:
        return outcome.outcome() == Delivery::Outcome::Untried;
    }
}

Ledger::Ledger(qsizetype endpoints, std::shared_ptr<Clock> clock)
    : m_clock(std::move(clock))
    , m_lastDelivery(m_clock->now())
{
    m_totals.endpoints.resize(endpoints);
}

void Ledger::countRead()
{
    const std::lock_guard lock(m_mutex);
    ++m_totals.read;
}

void Ledger::countRejected()
{
    const std::lock_guard lock(m_mutex);
    ++m_totals.rejected;
}

void Ledger::settle(qsizetype endpoint, qint64 count, const Delivery &outcome)
{
    if (isLeftOver(outcome))
        return;
    const std::lock_guard lock(m_mutex);
    Totals::Endpoint &totals = m_totals.endpoints[endpoint];
    if (outcome.isSuccess()) {
        totals.delivered += count;
        m_lastDelivery = m_clock->now();
    } else {
        const qint64 place = totals.delivered + totals.dropped;
        markDropped(place, place + count);
        totals.dropped += count;
    }
    advance();
}

// Adds places to those that are there, joining what touches or overlaps.
void Ledger::markDropped(qint64 begin, qint64 end)
{
    auto next = m_dropped.upper_bound(begin);
    if (next != m_dropped.begin()) {
        const auto before = std::prev(next);
        if (before->second >= begin) {
            begin = before->first;
            end = std::max(end, before->second);
            m_dropped.erase(before);
        }
    }
    while (next != m_dropped.end() && next->first <= end) {
        end = std::max(end, next->second);
        next = m_dropped.erase(next);
    }
    m_dropped.emplace(begin, end);
}

// Forgets the places before \a end and returns how many they were.
qint64 Ledger::takeDropped(qint64 end)
{
    qint64 count = 0;
    while (!m_dropped.empty() && m_dropped.begin()->first < end) {
        const auto [first, last] = *m_dropped.begin();
        m_dropped.erase(m_dropped.begin());
        count += std::min(last, end) - first;
        if (last > end)
            m_dropped.emplace(end, last);
    }
    return count;
}

void Ledger::advance()
{
    const auto place = [](const Totals::Endpoint &endpoint) { return endpoint.delivered + endpoint.dropped; };
    const auto slowest =
        std::min_element(m_totals.endpoints.cbegin(), m_totals.endpoints.cend(),
                         [&](const auto &one, const auto &other) { return place(one) < place(other); });
    const qint64 done = place(*slowest);
    const qint64 dropped = takeDropped(done);
    m_totals.dropped += dropped;
    m_totals.delivered += done - m_done - dropped;
    m_done = done;
}

Totals Ledger::totals() const
{
    const std::lock_guard lock(m_mutex);
    Totals totals = m_totals;
    const qint64 events = totals.read - totals.rejected;
    totals.pending = events - totals.delivered - totals.dropped;
    for (Totals::Endpoint &endpoint : totals.endpoints)
        endpoint.pending = events - endpoint.delivered - endpoint.dropped;
    return totals;
}

std::chrono::nanoseconds Ledger::lastDelivery() const
{
    const std::lock_guard lock(m_mutex);
    return m_lastDelivery;
}

} // namespace Relay
