// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPEXCHANGE_P_H
#define QANAT_HTTP_HTTPEXCHANGE_P_H

#include <QtCore/qbytearray.h>
#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qobject.h>
#include <QtCore/qtimer.h>
#include <QtNetwork/qnetworkreply.h>

#include <chrono>
#include <functional>
#include <memory>

QT_BEGIN_NAMESPACE
class QNetworkRequest;
QT_END_NAMESPACE

namespace Qanat {

class HttpConnections;

//! How much of an exchange is waited for, and read.
struct HttpBounds
{
    std::chrono::milliseconds connect;
    std::chrono::milliseconds request;
    qint64 answer = 0; //!< Bytes of the body.
    QList<QByteArray>
        pins; //!< SHA-256 of the public keys that are trusted; empty: all that the certificates are good for.
};

/*!
 * One request and its answer. It lives as long as the request is of interest: its end aborts what is under way.
 */
class HttpExchange final : public QObject
{
public:
    //! What ended it. QNetworkReply has one error for all that its user does to it.
    enum class End : quint8 { Reply, ConnectTimeout, RequestTimeout, OtherKey };

    /*!
     * Sends it. \a done is called once, in this thread and not from within: when the answer is there, or there is none in time, or as
     * much of it was read as is wanted. It may destroy this.
     */
    HttpExchange(std::shared_ptr<HttpConnections> connections, const QNetworkRequest &request, const QByteArray &body,
                 HttpBounds bounds, std::function<void()> done, QObject *parent);
    ~HttpExchange() override;

    [[nodiscard]] End end() const { return m_end; }
    //! How often Qt has sent it: once more, by itself, where a connection that was kept from before is cut before the answer.
    [[nodiscard]] int sendCount() const { return m_sendCount; }
    //! 0 without an answer.
    [[nodiscard]] int status() const;
    [[nodiscard]] QByteArray header(const QByteArray &name) const { return m_reply->rawHeader(name); }
    //! Of its body what was read, without what it repeats of the request that others must not see.
    [[nodiscard]] QString answer() const;
    [[nodiscard]] QNetworkReply::NetworkError error() const { return m_reply->error(); }
    //! What is wrong with the certificate of the other side, for people; empty where nothing is known.
    [[nodiscard]] QString distrust() const { return m_distrust.join(u"; "); }
    [[nodiscard]] QUrl url() const { return m_reply->url(); }
    [[nodiscard]] const std::shared_ptr<HttpConnections> &connections() const { return m_connections; }
    //! Nothing new may be sent on them.
    [[nodiscard]] bool areConnectionsSpoilt() const;

private:
    void requestSent();
    void checkKey();
    void readAnswer();
    void reviewDeadlines();
    void conclude(End end);
    [[nodiscard]] bool isStuckPossible() const;

    const std::shared_ptr<HttpConnections> m_connections;
    const HttpBounds m_bounds;
    const std::function<void()> m_done;
    QTimer m_timer;
    QDeadlineTimer m_connectDeadline;
    QDeadlineTimer m_requestDeadline;
    QNetworkReply *m_reply = nullptr;
    QByteArray m_answer;
    QStringList m_distrust;
    End m_end = End::Reply;
    int m_sendCount = 0;
    bool m_isSent = false;
    bool m_isOver = false;
};

} // namespace Qanat

#endif
