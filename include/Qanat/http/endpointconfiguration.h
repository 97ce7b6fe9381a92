// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_ENDPOINTCONFIGURATION_H
#define QANAT_HTTP_ENDPOINTCONFIGURATION_H

#include <Qanat/core/limits.h>
#include <Qanat/http/answerprofile.h>
#include <Qanat/http/httpmessage.h>
#include <Qanat/http/httpsink.h>
#include <Qanat/http/qanathttp_export.h>
#include <Qanat/http/webhooksecret.h>

#include <QtCore/qjsonobject.h>
#include <QtCore/qlist.h>
#include <QtCore/qstring.h>
#include <QtCore/qurl.h>
#include <QtNetwork/qnetworkproxy.h>
#include <QtNetwork/qsslcertificate.h>
#include <QtNetwork/qsslkey.h>

#include <chrono>
#include <limits>

namespace Qanat {

/*!
 * What an Endpoint is made from: a value. Everything but the url has a default that is good for most services.
 */
class QANAT_HTTP_EXPORT EndpointConfiguration
{
public:
    //! The defaults, without a url.
    EndpointConfiguration();

    //! Names it, for people and in metrics: objectName() of the endpoint.
    QString name;
    //! Where the events go to, see HttpSink::setUrl().
    QUrl url;

    //!@{
    //! What a request is, see the properties of HttpSink of these names.
    HttpSink::ContentMode contentMode = HttpSink::ContentMode::Structured;
    HttpSink::Encoder encoder; //!< Set: ContentMode::Custom.
    HttpSink::Compression compression = HttpSink::Compression::None;
    int maximumBatchCount = 512;
    qint64 maximumBatchSize = 10'000'000;
    qint64 maximumEventSize = 256 * 1024;
    //!@}
    //! How long an event may wait for others to go in the same request, where requests have several, see Queue::setLinger().
    std::chrono::milliseconds linger = std::chrono::seconds(1);

    //!@{
    //! How many requests are under way at most, 1 to 6; with more than one the order is kept for each key.
    int requestsInFlight = 1;
    //! The attribute of an event that is its key: `source`, `subject`, `type` or an extension. Empty: source and subject together.
    QString orderKey;
    //!@}

    //!@{
    //! Who is asking, see HttpSink: headers for every request, and functions and keys. None of them is ever shown or stored.
    QList<HttpMessage::Header> headers;
    HttpSink::Credentials credentials;
    QList<WebhookSecret> signingSecrets;
    //!@}

    //!@{
    //! Whom it talks to, see HttpSink.
    HttpSink::PlainHttp plainHttp = HttpSink::PlainHttp::LoopbackOnly;
    QList<QSslCertificate> certificateAuthorities;
    QList<QByteArray> pinnedKeys;
    QSslCertificate clientCertificate;
    QSslKey clientKey;
    QNetworkProxy proxy{QNetworkProxy::NoProxy};
    //!@}

    //!@{
    //! How long an answer is waited for, how much of it is read, and what it means, see HttpSink.
    std::chrono::milliseconds connectTimeout = std::chrono::seconds(15);
    std::chrono::milliseconds requestTimeout = std::chrono::seconds(30);
    qint64 answerLimit = 20'000;
    AnswerProfile answerProfile;
    //!@}

    //!@{
    //! After a passing fault the wait is by chance from nothing up to this, doubled with each further one up to the maximum ("full jitter").
    std::chrono::milliseconds backoff = std::chrono::seconds(1);
    std::chrono::milliseconds maximumBackoff = std::chrono::minutes(5);
    //!@}
    //!@{
    //! After so many failures in a row nothing is tried for a while, doubled with each further one up to the maximum; then one attempt
    //! probes. Faults of the endpoint do that at once, and have a maximum of their own.
    int breakerThreshold = 5;
    std::chrono::milliseconds breakerWait = std::chrono::seconds(1);
    std::chrono::milliseconds maximumBreakerWait = std::chrono::minutes(5);
    std::chrono::milliseconds maximumBlockedWait = std::chrono::hours(1);
    //!@}
    //!@{
    //! When an event is given up, see RetryingSink: by its age, and by how often it was tried.
    std::chrono::milliseconds maximumAge = std::chrono::hours(72);
    int maximumAttempts = std::numeric_limits<int>::max();
    //!@}

    //! How much the queue in memory holds: 10,000 events and 16 MiB; then the oldest is dropped. One that the application makes has
    //! limits of its own.
    Limits limits{10'000, 16 * 1024 * 1024, Limits::Overflow::DropOldest};

    /*!
     * Reads a configuration: all members but `url` are optional, durations have units (parseDuration()) and so have sizes (parseByteSize()).
     *
     * \code
     * {
     *   "name": "audit",
     *   "url": "https://example.org/hook",
     *   "contentMode": "structured",                        // or binary, batched, json
     *   "compression": "none",                              // or gzip
     *   "batch": { "count": 512, "size": "10MB", "linger": "1s" },
     *   "maximumEventSize": "256KiB",
     *   "requestsInFlight": 1,
     *   "orderKey": "tenant",
     *   "headers": { "X-Team": "audit" },
     *   "credentials": { "bearer": "..." },                 // or "user" and "password"
     *   "signingSecrets": [ "whsec_..." ],
     *   "plainHttp": "loopback",                            // or everywhere
     *   "tls": { "authorities": "ca.pem", "pinnedKeys": [ "base64" ], "certificate": "client.pem", "key": "client.key" },
     *   "proxy": "none",                                    // or system, http://host:port, socks5://host:port
     *   "timeouts": { "connect": "15s", "request": "30s" },
     *   "answers": { "profile": "default", "limit": "20kB", "refusalLimit": 10,
     *                "readings": { "409": "delivered" } },
     *   "retry": { "backoff": "1s", "maximumBackoff": "5m", "threshold": 5, "wait": "1s", "maximumWait": "5m",
     *              "maximumBlockedWait": "1h", "maximumAge": "3d", "maximumAttempts": 20 },
     *   "limits": { "events": 10000, "size": "16MiB", "overflow": "dropOldest" }    // or reject, wait
     * }
     * \endcode
     *
     * The first thing that is wrong is named with its place: `batch.linger: "5" is no duration: ...`; so is a member that nobody knows.
     * Values that may be secret are not shown. Files are read at once, in the current thread. Functions (encoder, credentials) are the
     * application's to set.
     */
    [[nodiscard]] static Result<EndpointConfiguration> fromJson(const QJsonObject &object);
    /*!
     * The same members, to be shown or compared: without secrets. So of the url there is only its origin, of headers only the
     * names with null for their values, and nothing of credentials, secrets, certificates and keys; reading it back fails there, and names
     * what is missing.
     */
    [[nodiscard]] QJsonObject toJson() const;

    //! What is wrong with it, at its place in the JSON, as `url: ...`; empty if nothing is. Shows no secrets.
    [[nodiscard]] QString errorText() const;
};

} // namespace Qanat

#endif
