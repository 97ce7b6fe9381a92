// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_PIPELINE_H
#define RELAY_PIPELINE_H

#include "options.h"

#include <Qanat/Broadcaster>
#include <Qanat/CloseResult>
#include <Qanat/Event>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtCore/qfuture.h>
#include <QtCore/qobject.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

namespace Relay {

class Ledger;

/*!
 * What the events flow through: a broadcaster that goes as fast as its slowest endpoint, and for each of these
 * a queue, the tally, the retries with their circuit breaker, and HTTP.
 */
class Pipeline : public QObject
{
    Q_OBJECT
public:
    //! How an endpoint fares, beside the totals in the ledger.
    struct EndpointState
    {
        QString name; //!< How messages call it: the origin, and a number where several have the same.
        QString origin; //!< Scheme, host and port.
        Qanat::RetryingSink::State state = Qanat::RetryingSink::State::Flowing;
        qint64 failed = 0; //!< Attempts.
        qint64 retried = 0; //!< Attempts, too.
        Qanat::Delivery lastError;
    };

    Pipeline(const Options &options, const std::shared_ptr<Ledger> &ledger);

    //! Hands an event to all endpoints. Waits while too much is pending; not for the main thread. One thread at a time.
    Qanat::WriteResult write(const Qanat::Event &event);
    //! Delivers what was written, for so long at most. A later call can only make it shorter.
    QFuture<Qanat::CloseResult> close(std::chrono::milliseconds within) { return m_events.close(within); }

    //! Whether all endpoints are closed, and everything that they dropped was told.
    [[nodiscard]] bool isClosed() const { return m_closedCount == m_endpoints.size(); }
    //! How they fare now. The thread of this object.
    [[nodiscard]] QList<EndpointState> endpoints();

Q_SIGNALS:
    //! \a count events were given up for good at the endpoint of that \a name, the last one as \a last says. Coalesced.
    void dropped(const QString &name, qint64 count, const Qanat::Delivery &last);
    //! isClosed() has become true.
    void closed();

private:
    struct Endpoint
    {
        QString name;
        QString origin;
        Qanat::Queue *queue; // Owned by the broadcaster.
        Qanat::Delivery lastError; // Of an attempt.
        std::shared_ptr<std::atomic<Qanat::RetryingSink::State>> state;
    };

    void setLimits(qint64 bytes);
    void addEndpoint(qsizetype index, const Options &options, const std::shared_ptr<Ledger> &ledger);

    std::vector<Endpoint> m_endpoints;
    size_t m_closedCount = 0;
    qint64 m_bytes = 0; // The limit; what write() changes.
    Qanat::Broadcaster m_events;
};

//! Why something failed, with the failure behind it.
[[nodiscard]] QString reasonOf(const Qanat::Delivery &delivery);

} // namespace Relay

#endif
