// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_LEDGER_H
#define RELAY_LEDGER_H

#include <Qanat/Delivery>

#include <QtCore/qlist.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>

namespace Qanat {
class Clock;
}

namespace Relay {

/*!
 * The totals of a run. Always: read = rejected + delivered + dropped + pending, and the same for each endpoint.
 */
struct Totals
{
    struct Endpoint
    {
        qint64 delivered = 0;
        qint64 dropped = 0;
        qint64 pending = 0;
    };

    qint64 read = 0; //!< Lines that are not empty.
    qint64 rejected = 0; //!< Those that hold no event.
    qint64 delivered = 0; //!< Events that all endpoints have.
    qint64 dropped = 0; //!< Events that every endpoint is done with, and at least one gave up for good.
    qint64 pending = 0; //!< Events that were read and that at least one endpoint is not done with.
    QList<Endpoint> endpoints;
};

//! Whether this says that a close came first: nobody gave the event up, it just was not its turn any more.
[[nodiscard]] bool isLeftOver(const Qanat::Delivery &outcome);

/*!
 * Counts what becomes of the events at all endpoints together.
 *
 * Each endpoint settles the events in the order in which they were read, so an event is known by its place. Beside the
 * counters it keeps only the places of dropped events that some endpoint is not done with yet; limits upstream
 * keep the endpoints close together. All functions may be called from any thread.
 */
class Ledger
{
public:
    Ledger(qsizetype endpoints, std::shared_ptr<Qanat::Clock> clock);

    void countRead();
    void countRejected();
    //! The outcome of the next \a count events at \a endpoint. What was only left over at a close stays pending.
    void settle(qsizetype endpoint, qint64 count, const Qanat::Delivery &outcome);

    [[nodiscard]] Totals totals() const;
    //! When an endpoint took an event the last time, by the clock; at first the time when this was made.
    [[nodiscard]] std::chrono::nanoseconds lastDelivery() const;

private:
    using Places = std::map<qint64, qint64>; // From the first, to the one behind the last.

    void markDropped(qint64 begin, qint64 end);
    [[nodiscard]] qint64 takeDropped(qint64 end);
    void advance();

    mutable std::mutex m_mutex;
    const std::shared_ptr<Qanat::Clock> m_clock;
    std::chrono::nanoseconds m_lastDelivery;
    Totals m_totals; // Without what is pending, which follows from the rest.
    qint64 m_done = 0; // So many events, from the first on, all endpoints are done with.
    Places m_dropped; // Behind m_done.
};

} // namespace Relay

#endif
