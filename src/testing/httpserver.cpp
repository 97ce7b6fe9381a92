// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpserver_p.h"

#include "httpconnection_p.h"
#include "httpreceivershared_p.h"

#include <QtCore/qcoreevent.h>
#include <QtNetwork/qnetworkproxy.h>

namespace Qanat {

HttpServer::HttpServer(quint16 port, std::shared_ptr<HttpReceiverShared> shared)
    : m_wantedPort(port)
    , m_shared(std::move(shared))
{
    setListenBacklogSize(1024);
    setProxy(QNetworkProxy::NoProxy); // Or listening asks the system for its proxies.
    m_shared->begun(this);
    carryOutOrders();
}

HttpServer::~HttpServer()
{
    closeConnections();
}

bool HttpServer::event(QEvent *event)
{
    if (event->type() != QEvent::User)
        return QTcpServer::event(event);
    carryOutOrders();
    return true;
}

void HttpServer::carryOutOrders()
{
    const HttpReceiverShared::Orders orders = m_shared->takeOrders();
    QString errorText;
    if (orders.wish == HttpReceiverShared::Wish::Stop) {
        close();
        closeConnections();
    } else {
        errorText = startListening();
    }
    if (orders.closeConnections)
        closeConnections();
    m_shared->ordersDone(orders.ticket, {m_reservation.localPort(), isListening(), errorText});
}

QString HttpServer::startListening()
{
    if (m_reservation.state() != QAbstractSocket::BoundState
        && !m_reservation.bind(QHostAddress::LocalHost, m_wantedPort, QAbstractSocket::ReuseAddressHint))
        return m_reservation.errorString();
    if (!isListening() && !listen(QHostAddress::LocalHost, m_reservation.localPort()))
        return errorString();
    return {};
}

void HttpServer::closeConnections()
{
    qDeleteAll(findChildren<HttpConnection *>(QString(), Qt::FindDirectChildrenOnly));
}

void HttpServer::incomingConnection(qintptr descriptor)
{
    new HttpConnection(descriptor, m_shared, this); // deletes itself
}

} // namespace Qanat
