// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_TALLY_H
#define RELAY_TALLY_H

#include <Qanat/Sink>

#include <memory>

namespace Relay {

class Ledger;

/*!
 * A wrapper that changes nothing and notes every outcome of its target in the ledger.
 */
class Tally : public Qanat::Sink
{
    Q_OBJECT
public:
    //! \a endpoint is the number by which the ledger knows the target.
    Tally(std::unique_ptr<Qanat::Sink> target, std::shared_ptr<Ledger> ledger, qsizetype endpoint);

    int maxInFlight() const override;

protected:
    void process(const Qanat::Batch &batch, Qanat::Completion completion) override;

private:
    const std::shared_ptr<Ledger> m_ledger;
    const qsizetype m_endpoint;
    Qanat::Sink *const m_target;
};

} // namespace Relay

#endif
