// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HTTPRECEIVER_H
#define QANAT_TESTING_HTTPRECEIVER_H

#include <Qanat/testing/httprequest.h>
#include <Qanat/testing/httpresponse.h>
#include <Qanat/testing/qanattesting_export.h>

#include <QtCore/qlist.h>
#include <QtCore/qobject.h>
#include <QtCore/qstring.h>
#include <QtCore/qurl.h>

#include <chrono>
#include <functional>
#include <memory>

QT_BEGIN_NAMESPACE
class QSslConfiguration;
QT_END_NAMESPACE

namespace Qanat {

class HttpReceiverPrivate;

/*!
 * The other side of a test: a web server (HTTP/1.1, 127.0.0.1 only) that writes down what really arrives on the wire,
 * and misbehaves when told to.
 *
 * It works in a thread of its own, so it answers while the thread of the test blocks or is busy. Every function may be
 * called from any thread, also from the handler unless it says otherwise.
 *
 * It reads as RFC 9112 wants it, strictly: what is malformed is answered with a 4xx or 5xx, counted by
 * malformedCount() and neither recorded nor shown to the handler. On one connection the next request is read when the
 * answer before it is out.
 *
 * The object itself is destroyed in the thread where it lives, with all its connections. That waits for a handler that
 * is still running.
 */
class QANAT_TESTING_EXPORT HttpReceiver : public QObject
{
    Q_OBJECT
public:
    //! What is kept of the requests.
    enum class Recording : quint8 {
        Everything, //!< Each request as a whole. The default.
        Count, //!< Their number alone: for long runs.
    };
    Q_ENUM(Recording)

    //! Answers a request. Called in the receiver's thread, one call at a time: while it runs, nothing else is answered.
    //! If it throws, the client gets a 500 and there is a warning.
    using Handler = std::function<HttpResponse(const HttpRequest &request)>;

    //! Listens at once, on a port that is free. It needs a QCoreApplication; isListening() tells whether it worked.
    explicit HttpReceiver(QObject *parent = nullptr);
    //! The same on this \a port; 0 takes one that is free.
    explicit HttpReceiver(quint16 port, QObject *parent = nullptr);
    ~HttpReceiver() override;

    //! The port, also while the receiver is stopped: it remains reserved. 0 if it could not be had in the first place.
    [[nodiscard]] quint16 port() const;
    //! "http://127.0.0.1:port" and \a path, which may have a query; with TLS "https".
    [[nodiscard]] QUrl url(const QString &path = QStringLiteral("/")) const;

    //! Whether connections are accepted on port().
    [[nodiscard]] bool isListening() const;
    //! Why it does not listen. Empty if it does, or was stopped.
    [[nodiscard]] QString errorText() const;

    //! Makes the port dead: when this returns, connections are refused and those that were there are closed. In the
    //! handler it takes effect only after the handler returned.
    void stop();
    //! Brings the same port back to life; returns whether it listens. In the handler it takes effect only after the
    //! handler returned, and the answer is what holds until then.
    bool start();
    //! Closes the connections that there are, and goes on listening. In the handler: after the handler returned.
    void closeConnections();

    //! From now on \a handler answers. None: 204 for every request, as in the beginning. When this returns, a call of
    //! the handler before has ended and what it captured is released (not so if called from the handler itself).
    void setHandler(Handler handler);
    //! From now on every request is answered like this.
    void setResponse(const HttpResponse &response);

    //!@{
    //! From now on this is kept of each request. What was recorded before stays.
    void setRecording(Recording recording);
    [[nodiscard]] Recording recording() const;
    //!@}

    //!@{
    //! Longer bodies are refused with 413. 64 MiB if not set; for connections made from now on.
    void setMaximumBodySize(qsizetype bytes);
    [[nodiscard]] qsizetype maximumBodySize() const;
    //!@}

    /*!
     * Connections that are made from now on speak TLS, as \a configuration says: with its local certificate and private key, and
     * where its peer verify mode is VerifyPeer only with clients whose certificate its authorities have signed. A null one ends that.
     */
    void setTls(const QSslConfiguration &configuration);

    //! What was recorded, in the order of arrival. A request is there before the handler is called with it.
    [[nodiscard]] QList<HttpRequest> requests() const;
    //! The same, and forgets the requests, but not their number.
    [[nodiscard]] QList<HttpRequest> takeRequests();
    //! How many requests arrived since the beginning or clear().
    [[nodiscard]] quint64 requestCount() const;
    //! How many times something arrived that was not HTTP, or beyond the limits, since the beginning or clear().
    [[nodiscard]] quint64 malformedCount() const;
    //! How many connections were accepted since the beginning.
    [[nodiscard]] quint64 connectionCount() const;
    //! Forgets the requests and begins to count anew, HttpRequest::index() included.
    void clear();

    //! Blocks until requestCount() is at least \a count; returns false if that was not so within \a timeout. It runs
    //! no event loop. Not from the handler, which it would wait for.
    [[nodiscard]] bool waitForRequests(quint64 count,
                                       std::chrono::milliseconds timeout = std::chrono::seconds(10)) const;

private:
    const std::unique_ptr<HttpReceiverPrivate> d;
};

} // namespace Qanat

#endif
