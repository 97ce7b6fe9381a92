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
    const auto note = [ledger = m_ledger, endpoint = m_endpoint, batch,
                       next = qsizetype(0)](qsizetype count, const Delivery &outcome) mutable {
        for (const qsizetype end = next + count; next < end; ++next)
            ledger->settle(endpoint, batch[next], outcome);
    };
    forward(m_target, batch, Completion(std::move(completion), note));
}

} // namespace Relay
