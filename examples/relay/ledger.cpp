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

Ledger::Ledger(qsizetype endpoints, Keeping keeping, std::shared_ptr<Clock> clock)
    : m_keeping(keeping)
    , m_clock(std::move(clock))
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

void Ledger::expect(const Event &event, const std::vector<qsizetype> &endpoints)
{
    const std::lock_guard lock(m_mutex);
    for (qsizetype i = 0; i < m_totals.endpoints.size(); ++i) {
        if (std::find(endpoints.begin(), endpoints.end(), i) == endpoints.end())
            ++m_totals.endpoints[i].filtered;
    }
    if (endpoints.empty())
        ++m_totals.filtered;
    else if (m_keeping == Keeping::Events)
        m_entries.emplace(Key{event.id(), event.source()}, Entry{endpoints});
}

void Ledger::settle(qsizetype endpoint, const Event &event, const Delivery &outcome)
{
    if (isLeftOver(outcome))
        return;
    const std::lock_guard lock(m_mutex);
    Totals::Endpoint &totals = m_totals.endpoints[endpoint];
    if (outcome.isSuccess())
        m_lastDelivery = m_clock->now();
    if (m_keeping == Keeping::Counts)
        return;
    if (outcome.isSuccess()) {
        ++totals.delivered;
    } else {
        ++totals.dropped;
    }
    const auto [begin, end] = m_entries.equal_range(Key{event.id(), event.source()});
    for (auto entry = begin; entry != end; ++entry) {
        std::vector<qsizetype> &missing = entry->second.missing;
        const auto place = std::find(missing.begin(), missing.end(), endpoint);
        if (place == missing.end())
            continue;
        missing.erase(place);
        entry->second.isDropped = entry->second.isDropped || !outcome.isSuccess();
        if (missing.empty()) {
            ++(entry->second.isDropped ? m_totals.dropped : m_totals.delivered);
            m_entries.erase(entry);
        }
        return;
    }
}

Totals Ledger::totals() const
{
    const std::lock_guard lock(m_mutex);
    Totals totals = m_totals;
    const qint64 events = totals.read - totals.rejected;
    totals.pending = events - totals.filtered - totals.delivered - totals.dropped;
    for (Totals::Endpoint &endpoint : totals.endpoints)
        endpoint.pending = events - endpoint.filtered - endpoint.delivered - endpoint.dropped;
    return totals;
}

std::chrono::nanoseconds Ledger::lastDelivery() const
{
    const std::lock_guard lock(m_mutex);
    return m_lastDelivery;
}

} // namespace Relay
