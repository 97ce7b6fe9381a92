// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_LEDGER_H
#define RELAY_LEDGER_H

#include <Qanat/Delivery>
#include <Qanat/Event>

#include <QtCore/qlist.h>
#include <QtCore/qstring.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace Qanat {
class Clock;
}

namespace Relay {

/*!
 * The totals of a run. Always: read = rejected + filtered + delivered + dropped + pending, and the same for each endpoint without
 * what was rejected.
 */
struct Totals
{
    struct Endpoint
    {
        qint64 filtered = 0;
        qint64 delivered = 0;
        qint64 dropped = 0;
        qint64 pending = 0;
    };

    qint64 read = 0; //!< Lines that are not empty.
    qint64 rejected = 0; //!< Those that hold no event.
    qint64 filtered = 0; //!< Events that no endpoint wants.
    qint64 delivered = 0; //!< Events that all endpoints have that want them.
    qint64 dropped = 0; //!< Events that every endpoint is done with, and at least one gave up for good.
    qint64 pending = 0; //!< Events that were read and that at least one endpoint is not done with.
    QList<Endpoint> endpoints;
};

//! Whether this says that a close came first: nobody gave the event up, it just was not its turn any more.
[[nodiscard]] bool isLeftOver(const Qanat::Delivery &outcome);

/*!
 * Counts what becomes of the events at all endpoints together.
 *
 * Where there is a spool, which may hold millions of them, it keeps no events: it counts what was read and who wants it, and
 * the queues count the rest.
 *
 * An event is known by its source and id, which CloudEvents want to be unique (1.0.2, section 3.1). Several that have the same are
 * told apart by which endpoints are done with them. Beside the counters it keeps what some endpoint is not done with yet; limits
 * upstream keep that small. All functions may be called from any thread.
 */
class Ledger
{
public:
    enum class Keeping : quint8 { Events, Counts };

    Ledger(qsizetype endpoints, Keeping keeping, std::shared_ptr<Qanat::Clock> clock);

    void countRead();
    void countRejected();
    //! From here on the endpoints with these numbers have to say what became of \a event.
    void expect(const Qanat::Event &event, const std::vector<qsizetype> &endpoints);
    //! The outcome of \a event at \a endpoint. What was only left over at a close stays pending.
    void settle(qsizetype endpoint, const Qanat::Event &event, const Qanat::Delivery &outcome);

    [[nodiscard]] Totals totals() const;
    //! When an endpoint took an event the last time, by the clock; at first the time when this was made.
    [[nodiscard]] std::chrono::nanoseconds lastDelivery() const;

private:
    struct Key
    {
        QString id;
        QString source;
        friend bool operator==(const Key &one, const Key &other)
        {
            return one.id == other.id && one.source == other.source;
        }
    };
    struct KeyHash
    {
        size_t operator()(const Key &key) const { return qHashMulti(0, key.id, key.source); }
    };
    struct Entry
    {
        std::vector<qsizetype> missing; // Endpoints
        bool isDropped = false;
    };

    mutable std::mutex m_mutex;
    const Keeping m_keeping;
    const std::shared_ptr<Qanat::Clock> m_clock;
    std::chrono::nanoseconds m_lastDelivery;
    Totals m_totals; // Without what is pending, which follows from the rest.
    std::unordered_multimap<Key, Entry, KeyHash> m_entries;
};

} // namespace Relay

#endif
