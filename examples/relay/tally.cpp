// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "tally.h"

#include "ledger.h"

#include <Qanat/Batch>
#include <Qanat/Completion>

using namespace Qanat;

namespace Relay {

Tally::Tally(std::unique_ptr<Sink> target, std::shared_ptr<Ledger> ledger, qsizetype endpoint)
    : m_ledger(std::move(ledger))
    , m_endpoint(endpoint)
    , m_target(adopt(std::move(target)))
{
}

int Tally::maxInFlight() const
{
    return m_target->maxInFlight();
}

void Tally::process(const Batch &batch, Completion completion)
{
    auto upstream = std::make_shared<Completion>(std::move(completion));
    forward(m_target, batch,
            Completion(batch.size(),
                       [ledger = m_ledger, endpoint = m_endpoint, upstream](qsizetype count, const Delivery &outcome) {
                           ledger->settle(endpoint, count, outcome);
                           upstream->settle(count, outcome);
                       }));
}

} // namespace Relay
