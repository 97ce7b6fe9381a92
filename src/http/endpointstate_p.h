// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_ENDPOINTSTATE_P_H
#define QANAT_HTTP_ENDPOINTSTATE_P_H

#include <Qanat/core/delivery.h>
#include <Qanat/http/endpoint.h>

#include <QtCore/qdatetime.h>

#include <mutex>

QT_BEGIN_NAMESPACE
class QObject;
QT_END_NAMESPACE

namespace Qanat {

/*!
 * What an endpoint and its worker tell each other. Everything crosses here, under one mutex; the wake-ups carry nothing.
 * Thread-safe.
 */
class EndpointState
{
public:
    struct News
    {
        bool isHealthy = true;
        bool isDisabled = false;
        bool isPaused = false; //!< By the endpoint itself.
        Delivery blockedReason;
        QDateTime pausedUntil;
    };
    struct Orders
    {
        bool isPaused = false;
        bool changesDisabled = false; //!< Since the last look it was disabled, or enabled:
        bool isDisabled = false;
        bool retriesNow = false;
        Endpoint::Network network = Endpoint::Network::Unknown;
    };
    enum class Side : quint8 { Endpoint, Worker };

    //! Who is woken, by a QEvent of the type User; null for nobody any more.
    void setListener(Side side, QObject *listener);

    // For the worker
    template<typename Change>
    void report(Change change)
    {
        const std::lock_guard lock(m_mutex);
        change(m_news);
        wake(Side::Endpoint);
    }
    [[nodiscard]] Orders takeOrders();

    // For the endpoint
    template<typename Change>
    void order(Change change)
    {
        const std::lock_guard lock(m_mutex);
        change(m_orders);
        wake(Side::Worker);
    }
    //! What is so now. The next change wakes again.
    [[nodiscard]] News takeNews();

    // For anybody
    [[nodiscard]] News news() const;

private:
    struct Listener
    {
        QObject *object = nullptr;
        bool isTold = false;
    };
    void wake(Side side);
    Listener &listener(Side side) { return side == Side::Endpoint ? m_endpoint : m_worker; }

    mutable std::mutex m_mutex;
    Listener m_endpoint;
    Listener m_worker;
    News m_news;
    Orders m_orders;
};

} // namespace Qanat

#endif
