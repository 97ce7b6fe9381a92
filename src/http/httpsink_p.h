// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPSINK_P_H
#define QANAT_HTTP_HTTPSINK_P_H

#include "httpcall_p.h"
#include "httpconnections_p.h"

#include <Qanat/http/httpsink.h>

#include <QtNetwork/qnetworkproxy.h>
#include <QtNetwork/qnetworkrequest.h>
#include <QtNetwork/qsslcertificate.h>
#include <QtNetwork/qsslkey.h>

#include <optional>

namespace Qanat {

class HttpSinkPrivate
{
public:
    HttpSinkPrivate(HttpSink *sink, const QUrl &url);

    void configurationChanged();

    using CallRef = std::shared_ptr<HttpCall>;
    void begin(const Batch &events, Completion &&duty);
    //! Goes on with a call until it needs the network, or is over.
    void advance(const CallRef &call);
    //! Its request has ended.
    void conclude(const CallRef &call);
    void interrupt();
    void disable(bool disabled);
    void showActivity();
    void release();

    HttpSink *const q;

    QUrl url;
    QList<HttpMessage::Header> headers;
    HttpSink::Credentials credentials;
    HttpSink::Encoder encoder;
    QList<WebhookSecret> signingSecrets;
    QList<QSslCertificate> authorities;
    QList<QByteArray> pins;
    QSslCertificate clientCertificate;
    QSslKey clientKey;
    QNetworkProxy proxy{QNetworkProxy::NoProxy};
    AnswerProfile profile;
    std::chrono::milliseconds connectTimeout = std::chrono::seconds(15);
    std::chrono::milliseconds requestTimeout = std::chrono::seconds(30);
    qint64 answerLimit = 20'000;
    qint64 maximumEventSize = 256 * 1024;
    qint64 maximumBatchSize = 10'000'000;
    int maximumBatchCount = 512;
    int requestsInFlight = 1;
    HttpSink::ContentMode contentMode = HttpSink::ContentMode::Structured;
    HttpSink::Compression compression = HttpSink::Compression::None;
    HttpSink::PlainHttp plainHttp = HttpSink::PlainHttp::LoopbackOnly;
    bool isDisabled = false;
    bool isHeld = false;
    //! The outcome of every event if the configuration cannot be used; delivered if it can.
    Delivery configurationError;
    //! Shared with the requests under way on them. Made when the first one needs it.
    std::shared_ptr<HttpConnections> connections;

private:
    //! What becomes of the first events of a piece: a message of so many, or a failure.
    struct Encoded
    {
        HttpMessage message;
        qsizetype count = 0;
        Delivery fault;
    };

    [[nodiscard]] std::optional<Delivery> send(const CallRef &call);
    [[nodiscard]] std::optional<Delivery> post(const CallRef &call, const Batch &events, HttpMessage message);
    [[nodiscard]] bool settle(const CallRef &call, const Delivery &outcome);
    void forget(const CallRef &call);

    [[nodiscard]] qsizetype mostEvents() const;
    [[nodiscard]] Encoded encode(const Batch &events) const;
    [[nodiscard]] Encoded encodeOne(const Event &event) const;
    [[nodiscard]] Encoded encodeBatched(const Batch &events) const;
    [[nodiscard]] Encoded encodeCustom(const Batch &events) const;
    [[nodiscard]] Delivery tooLarge(qint64 size) const;

    [[nodiscard]] Delivery outcomeOf(const HttpExchange &exchange, AnswerProfile::Reading reading) const;
    [[nodiscard]] AnswerProfile::Reading readingOf(const HttpExchange &exchange, bool isSingle);
    [[nodiscard]] const QNetworkRequest &requestTemplate();
    [[nodiscard]] Result<QList<HttpMessage::Header>> askForCredentials() const;
    void sign(QNetworkRequest &request, const Batch &events, const QByteArray &body) const;

    std::vector<CallRef> calls;
    //! What all requests have in common, made when the first one needs it.
    std::optional<QNetworkRequest> request;
    //! Single events that were refused since one was delivered.
    int refusals = 0;
};

} // namespace Qanat

#endif
