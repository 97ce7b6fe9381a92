// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HTTPSERVER_P_H
#define QANAT_TESTING_HTTPSERVER_P_H

#include <QtNetwork/qtcpserver.h>
#include <QtNetwork/qtcpsocket.h>

#include <memory>

namespace Qanat {

class HttpReceiverShared;

//! Accepts connections and carries out the orders of the callers, in the receiver's thread.
class HttpServer : public QTcpServer
{
    Q_OBJECT
public:
    HttpServer(quint16 port, std::shared_ptr<HttpReceiverShared> shared);
    ~HttpServer() override;

protected:
    bool event(QEvent *event) override;
    void incomingConnection(qintptr descriptor) override;

private:
    void carryOutOrders();
    void closeConnections();
    //! Returns why it does not listen; empty if it does.
    QString startListening();

    const quint16 m_wantedPort;
    const std::shared_ptr<HttpReceiverShared> m_shared;
    // Bound to the port and never connected: nobody else is given the port while the server is stopped. A port that
    // is merely unused may be taken for an outgoing connection, even for one to this very port, which then talks to
    // itself.
    QTcpSocket m_reservation;
};

} // namespace Qanat

#endif
