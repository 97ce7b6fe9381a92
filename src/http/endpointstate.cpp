// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "endpointstate_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>

namespace Qanat {

void EndpointState::setListener(Side side, QObject *object)
{
    const std::lock_guard lock(m_mutex);
    listener(side) = {object, false};
    if (object)
        wake(side);
}

// With the mutex, which is also what a listener's destructor waits for.
void EndpointState::wake(Side side)
{
    Listener &told = listener(side);
    if (told.object && !std::exchange(told.isTold, true))
        QCoreApplication::postEvent(told.object, new QEvent(QEvent::User));
}

EndpointState::Orders EndpointState::takeOrders()
{
    const std::lock_guard lock(m_mutex);
    m_worker.isTold = false;
    const Orders orders = m_orders;
    m_orders.changesDisabled = false;
    m_orders.retriesNow = false;
    return orders;
}

EndpointState::News EndpointState::takeNews()
{
    const std::lock_guard lock(m_mutex);
    m_endpoint.isTold = false;
    return m_news;
}

EndpointState::News EndpointState::news() const
{
    const std::lock_guard lock(m_mutex);
    return m_news;
}

} // namespace Qanat
