// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPSINK_P_H
#define QANAT_HTTP_HTTPSINK_P_H

#include <Qanat/http/httpsink.h>

#include <QtCore/qdeadlinetimer.h>
#include <QtNetwork/qnetworkrequest.h>

#include <optional>
#include <utility>

QT_BEGIN_NAMESPACE
class QNetworkAccessManager;
class QNetworkReply;
class QTimer;
QT_END_NAMESPACE

namespace Qanat {

class HttpSinkPrivate
{
public:
    //! What ended a request. QNetworkReply has one error for all that its user does to it.
    enum class Cause : quint8 { Network, ConnectTimeout, RequestTimeout };

    HttpSinkPrivate(HttpSink *sink, const QUrl &url);

    void configurationChanged();

    void begin(const Batch &events, Completion &&duty);
    void advance();
    [[nodiscard]] Delivery attempt(const Event &event);
    void post(const QByteArray &body);
    [[nodiscard]] bool settle(const Delivery &outcome);
    [[nodiscard]] Completion putAway();

    void requestSent();
    void readAnswer();
    void reviewDeadlines();
    void concludeLater();
    void conclude(Cause cause);
    void endRequest();
    void interrupt();
    void releaseNetwork();
    void releaseManager();

    [[nodiscard]] Delivery outcome(Cause cause) const;
    [[nodiscard]] const QNetworkRequest &requestTemplate();
    [[nodiscard]] QNetworkAccessManager *networkManager();

    HttpSink *const q;

    QUrl url;
    QList<std::pair<QByteArray, QByteArray>> headers;
    std::chrono::milliseconds connectTimeout = std::chrono::seconds(15);
    std::chrono::milliseconds requestTimeout = std::chrono::seconds(30);
    qint64 answerLimit = 20'000;
    qint64 maximumEventSize = 256 * 1024;
    HttpSink::ContentMode contentMode = HttpSink::ContentMode::Structured;
    HttpSink::PlainHttp plainHttp = HttpSink::PlainHttp::LoopbackOnly;
    //! The outcome of every event if the configuration cannot be used; delivered if it can.
    Delivery configurationError;
    //! What all requests have in common, made when the first one needs it.
    std::optional<QNetworkRequest> request;

    // The batch under way.
    Batch batch;
    Completion completion;
    qsizetype position = 0;

    // The request under way. The manager and the timer are children of the sink: they live in its thread.
    QNetworkAccessManager *manager = nullptr;
    QTimer *timer = nullptr;
    QNetworkReply *reply = nullptr;
    //! Tells a late call that belongs to an earlier request.
    quint64 requestNumber = 0;
    QDeadlineTimer connectDeadline;
    QDeadlineTimer requestDeadline;
    qint64 answerSize = 0;
    bool isSent = false;
    bool isStopping = false;
    //! The last thing known of the manager's thread is that an answer did not come.
    bool isStuckPossible = false;
};

} // namespace Qanat

#endif
