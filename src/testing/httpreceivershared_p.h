// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HTTPRECEIVERSHARED_P_H
#define QANAT_TESTING_HTTPRECEIVERSHARED_P_H

#include "Qanat/testing/httpreceiver.h"

#include <QtNetwork/qsslconfiguration.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace Qanat {

//! What the callers of an HttpReceiver and its thread have in common. Everything crosses here, under one mutex;
//! wake-ups carry nothing.
class HttpReceiverShared
{
public:
    enum class Wish : quint8 { Listen, Stop };

    // For the server's thread

    //! The server takes orders from now on. The first one is there already: to listen.
    void begun(QObject *server);
    //! The thread turns no loop any more: nobody needs to wait for it.
    void ended();
    //! The orders since the last call.
    struct Orders
    {
        Wish wish = Wish::Listen;
        bool closeConnections = false;
        quint64 ticket = 1;
    };
    Orders takeOrders();
    //! How things stand after the orders.
    struct State
    {
        quint16 port = 0;
        bool isListening = false;
        QString errorText;
    };
    void ordersDone(quint64 ticket, const State &state);

    //! Counts a connection and returns its number.
    quint64 connected();
    //! Numbers and records a request.
    HttpRequest arrived(HttpRequest request, quint64 connection);
    //! Asks the handler.
    HttpResponse answer(const HttpRequest &request);
    void malformed();

    // For callers in any thread

    //! Returns when the first order is carried out.
    void waitUntilBegun();
    //! Instead of everything else: no server will ever begin.
    void fail(const QString &errorText);
    //! Returns when the order is carried out; at once if called by the server's own thread.
    void order(Wish wish);
    void orderCloseConnections();
    void setHandler(HttpReceiver::Handler handler);
    bool waitForRequests(quint64 count, std::chrono::milliseconds timeout);

    [[nodiscard]] State state() const;
    [[nodiscard]] HttpReceiver::Recording recording() const;
    void setRecording(HttpReceiver::Recording recording);
    [[nodiscard]] qsizetype maximumBodySize() const;
    void setMaximumBodySize(qsizetype bytes);
    [[nodiscard]] std::optional<QSslConfiguration> tls() const;
    void setTls(const QSslConfiguration &configuration);
    [[nodiscard]] QList<HttpRequest> requests() const;
    QList<HttpRequest> takeRequests();
    [[nodiscard]] quint64 requestCount() const;
    [[nodiscard]] quint64 malformedCount() const;
    [[nodiscard]] quint64 connectionCount() const;
    void clear();

private:
    void awaitOrder(std::unique_lock<std::mutex> &lock);
    [[nodiscard]] bool isServerThread() const;
    [[nodiscard]] HttpResponse callHandler(const HttpReceiver::Handler &handler, const HttpRequest &request) const;

    mutable std::mutex m_mutex;
    std::condition_variable m_changed;

    QObject *m_server = nullptr; // while it turns its loop
    std::thread::id m_serverThread;
    State m_state;
    Orders m_orders;
    quint64 m_ticketDone = 0;

    std::shared_ptr<const HttpReceiver::Handler> m_handler;
    bool m_handlerRuns = false;
    HttpReceiver::Recording m_recording = HttpReceiver::Recording::Everything;
    qsizetype m_maximumBodySize = qsizetype(64) * 1024 * 1024;

    std::optional<QSslConfiguration> m_tls;

    QList<HttpRequest> m_requests;
    quint64 m_requestCount = 0;
    quint64 m_malformedCount = 0;
    quint64 m_connectionCount = 0;
    int m_waiters = 0;
};

} // namespace Qanat

#endif
