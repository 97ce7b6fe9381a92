// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpreceivershared_p.h"

#include "httprequest_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qdebug.h>

#include <exception>

namespace Qanat {

void HttpReceiverShared::begun(QObject *server)
{
    const std::lock_guard lock(m_mutex);
    m_server = server;
    m_serverThread = std::this_thread::get_id();
}

void HttpReceiverShared::ended()
{
    const std::lock_guard lock(m_mutex);
    m_server = nullptr;
    m_state.isListening = false;
    m_changed.notify_all();
}

void HttpReceiverShared::fail(const QString &errorText)
{
    const std::lock_guard lock(m_mutex);
    m_state.errorText = errorText;
}

HttpReceiverShared::Orders HttpReceiverShared::takeOrders()
{
    const std::lock_guard lock(m_mutex);
    const Orders orders = m_orders;
    m_orders.closeConnections = false;
    return orders;
}

void HttpReceiverShared::ordersDone(quint64 ticket, const State &state)
{
    const std::lock_guard lock(m_mutex);
    m_ticketDone = ticket;
    m_state = state;
    m_changed.notify_all();
}

quint64 HttpReceiverShared::connected()
{
    const std::lock_guard lock(m_mutex);
    return ++m_connectionCount;
}

HttpRequest HttpReceiverShared::arrived(HttpRequest request, quint64 connection)
{
    request.d->connection = connection;
    request.d->arrival = std::chrono::steady_clock::now();
    const std::lock_guard lock(m_mutex);
    request.d->index = m_requestCount++;
    if (m_recording == HttpReceiver::Recording::Everything)
        m_requests.append(request);
    if (m_waiters > 0)
        m_changed.notify_all();
    return request;
}

HttpResponse HttpReceiverShared::answer(const HttpRequest &request)
{
    std::shared_ptr<const HttpReceiver::Handler> handler;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_handler)
            return {};
        handler = m_handler;
        m_handlerRuns = true;
    }

    HttpResponse response = callHandler(*handler, request);

    // Before anybody hears that the call is over: who replaced the handler may count on its captures being released.
    handler.reset();
    const std::lock_guard lock(m_mutex);
    m_handlerRuns = false;
    if (m_waiters > 0)
        m_changed.notify_all();
    return response;
}

HttpResponse HttpReceiverShared::callHandler(const HttpReceiver::Handler &handler, const HttpRequest &request) const
{
    try {
        return handler(request);
    } catch (const std::exception &exception) {
        qWarning("Qanat::HttpReceiver: the handler threw: %s", exception.what());
    } catch (...) {
        qWarning("Qanat::HttpReceiver: the handler threw");
    }
    return HttpResponse::status(500);
}

void HttpReceiverShared::malformed()
{
    const std::lock_guard lock(m_mutex);
    ++m_malformedCount;
}

void HttpReceiverShared::waitUntilBegun()
{
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_ticketDone > 0; });
}

void HttpReceiverShared::order(Wish wish)
{
    std::unique_lock lock(m_mutex);
    m_orders.wish = wish;
    awaitOrder(lock);
}

void HttpReceiverShared::orderCloseConnections()
{
    std::unique_lock lock(m_mutex);
    m_orders.closeConnections = true;
    awaitOrder(lock);
}

void HttpReceiverShared::awaitOrder(std::unique_lock<std::mutex> &lock)
{
    if (!m_server)
        return;
    const quint64 ticket = ++m_orders.ticket;
    QCoreApplication::postEvent(m_server, new QEvent(QEvent::User));
    if (isServerThread())
        return;
    m_changed.wait(lock, [this, ticket] { return m_ticketDone >= ticket || !m_server; });
}

bool HttpReceiverShared::isServerThread() const
{
    return std::this_thread::get_id() == m_serverThread;
}

void HttpReceiverShared::setHandler(HttpReceiver::Handler handler)
{
    // Declared before the lock, so that what the old one captured is destroyed outside of it: it may call back.
    auto replaced = handler ? std::make_shared<const HttpReceiver::Handler>(std::move(handler)) : nullptr;
    std::unique_lock lock(m_mutex);
    m_handler.swap(replaced);
    if (isServerThread())
        return;
    ++m_waiters;
    m_changed.wait(lock, [this] { return !m_handlerRuns; });
    --m_waiters;
}

bool HttpReceiverShared::waitForRequests(quint64 count, std::chrono::milliseconds timeout)
{
    std::unique_lock lock(m_mutex);
    ++m_waiters;
    const bool isThere = m_changed.wait_for(lock, timeout, [this, count] { return m_requestCount >= count; });
    --m_waiters;
    return isThere;
}

HttpReceiverShared::State HttpReceiverShared::state() const
{
    const std::lock_guard lock(m_mutex);
    return m_state;
}

HttpReceiver::Recording HttpReceiverShared::recording() const
{
    const std::lock_guard lock(m_mutex);
    return m_recording;
}

void HttpReceiverShared::setRecording(HttpReceiver::Recording recording)
{
    const std::lock_guard lock(m_mutex);
    m_recording = recording;
}

qsizetype HttpReceiverShared::maximumBodySize() const
{
    const std::lock_guard lock(m_mutex);
    return m_maximumBodySize;
}

void HttpReceiverShared::setMaximumBodySize(qsizetype bytes)
{
    const std::lock_guard lock(m_mutex);
    m_maximumBodySize = bytes;
}

std::optional<QSslConfiguration> HttpReceiverShared::tls() const
{
    const std::lock_guard lock(m_mutex);
    return m_tls;
}

void HttpReceiverShared::setTls(const QSslConfiguration &configuration)
{
    const std::lock_guard lock(m_mutex);
    if (configuration.isNull())
        m_tls.reset();
    else
        m_tls = configuration;
}

QList<HttpRequest> HttpReceiverShared::requests() const
{
    const std::lock_guard lock(m_mutex);
    return m_requests;
}

QList<HttpRequest> HttpReceiverShared::takeRequests()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_requests, {});
}

quint64 HttpReceiverShared::requestCount() const
{
    const std::lock_guard lock(m_mutex);
    return m_requestCount;
}

quint64 HttpReceiverShared::malformedCount() const
{
    const std::lock_guard lock(m_mutex);
    return m_malformedCount;
}

quint64 HttpReceiverShared::connectionCount() const
{
    const std::lock_guard lock(m_mutex);
    return m_connectionCount;
}

void HttpReceiverShared::clear()
{
    const std::lock_guard lock(m_mutex);
    m_requests.clear();
    m_requestCount = 0;
    m_malformedCount = 0;
}

} // namespace Qanat
