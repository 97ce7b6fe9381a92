// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPSINK_H
#define QANAT_HTTP_HTTPSINK_H

#include <Qanat/core/sink.h>
#include <Qanat/http/answerprofile.h>
#include <Qanat/http/httpmessage.h>
#include <Qanat/http/qanathttp_export.h>
#include <Qanat/http/webhooksecret.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearrayview.h>
#include <QtCore/qlist.h>
#include <QtCore/qurl.h>

#include <chrono>
#include <functional>
#include <memory>

QT_BEGIN_NAMESPACE
class QNetworkProxy;
class QSslCertificate;
class QSslKey;
QT_END_NAMESPACE

namespace Qanat {

class HttpSinkPrivate;

/*!
 * One attempt to POST events to a web service over HTTP/1.1.
 *
 * \code
 * auto http = std::make_unique<HttpSink>(QUrl(u"https://example.org/hook"_s));
 * if (const auto error = http->setHeader("X-Team", "audit"); error != HttpSink::HeaderError::None)
 *     qWarning() << HttpSink::headerErrorText(error);
 * http->setCredentials([store] { return QList<HttpMessage::Header>{HttpSink::bearer(store->token())}; });
 * events->add(std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(http), CircuitBreaker(5, 1s))));
 * \endcode
 *
 * Events go out one by one, or many in one request (ContentMode::Batched), in order, over a connection that is kept. After a passing failure the rest of the
 * batch is handed back untried, so that the order survives the next attempt. With more than one request in flight the order
 * is kept for each key (setOrderKey() of the sink whose intake it is, as a Queue), other keys go on.
 *
 * **The status decides**, by the AnswerProfile. An answer counts from the moment its header section is complete, even if its body is then cut,
 * endless or late: a service that said 2xx has taken the event (RFC 9110, 15.3), and sending it again would only make a
 * duplicate. Redirects are never followed.
 *
 * | answer | outcome |
 * |---|---|
 * | delivered (200-299) | delivered |
 * | a passing fault (503, 429) | Unavailable, trying again can help |
 * | a fault of the payload (400, 413) of one event | Refused, for good; with what was answered |
 * | the same of several events in one request | halves of them are sent, until the one that is refused is alone |
 * | a fault of the endpoint (302, 401, 404); ten single events refused in a row; not HTTP at all | Misdirected, trying again can help once somebody mended it |
 * | gone (410) | Gone, for good; the sink is disabled |
 * | no connection, name not found, cut before the answer | Network, trying again can help |
 * | no connection, or no answer, in time | Timeout, trying again can help |
 * | TLS failed: the certificate is not trusted, or no common protocol | Security, trying again can help once somebody mended it |
 * | refused here: an event too large or not portable, a sink that is not isValid() | Refused, NotPortable or Security, for good |
 *
 * A Retry-After (RFC 9110, 10.2.3) of 3xx, 413, 429, 503 and every Unavailable becomes Delivery::retryAfter(), at most 24 hours; 429
 * without one waits 60 s. What follows, in this batch and those under way, is then handed back untried. (The halves of
 * a request that was too large as a whole go out at once.)
 *
 * **At least once.** When a kept connection closes at the wrong moment, Qt sends the request again by itself. The body, and
 * so the event's id, is byte for byte the same then: receivers recognise duplicates by it.
 *
 * **Secrets.** Error texts name scheme, host and port, never path, query, headers, or anything the other side said. What the other
 * side said is in Delivery::answer(), where the values of headers, path and query are made unreadable if it repeats them.
 *
 * **Network.** Cookies, cached credentials and HTTP/2 are not used. Certificates are always checked, and there is no switch for that. A name is
 * looked up by the system, which cannot be cancelled: the sink goes on without it, but the process may wait for it at its end.
 *
 * **Threads.** Properties may be set in any order, before the first write or in the sink's thread (Queue::configure()); they
 * count from the next request on. Reading them is for the same thread, static functions are safe from any. Signals are emitted
 * in the thread of the setter.
 */
class QANAT_HTTP_EXPORT HttpSink : public Sink
{
    Q_OBJECT
    Q_PROPERTY(QUrl url READ url WRITE setUrl NOTIFY urlChanged)
    Q_PROPERTY(ContentMode contentMode READ contentMode WRITE setContentMode NOTIFY contentModeChanged)
    Q_PROPERTY(QList<QByteArray> headerNames READ headerNames NOTIFY headersChanged)
    Q_PROPERTY(PlainHttp plainHttp READ plainHttp WRITE setPlainHttp NOTIFY plainHttpChanged)
    Q_PROPERTY(std::chrono::milliseconds connectTimeout READ connectTimeout WRITE setConnectTimeout NOTIFY
                   connectTimeoutChanged)
    Q_PROPERTY(std::chrono::milliseconds requestTimeout READ requestTimeout WRITE setRequestTimeout NOTIFY
                   requestTimeoutChanged)
    Q_PROPERTY(qint64 answerLimit READ answerLimit WRITE setAnswerLimit NOTIFY answerLimitChanged)
    Q_PROPERTY(qint64 maximumEventSize READ maximumEventSize WRITE setMaximumEventSize NOTIFY maximumEventSizeChanged)
    Q_PROPERTY(int maximumBatchCount READ maximumBatchCount WRITE setMaximumBatchCount NOTIFY maximumBatchCountChanged)
    Q_PROPERTY(qint64 maximumBatchSize READ maximumBatchSize WRITE setMaximumBatchSize NOTIFY maximumBatchSizeChanged)
    Q_PROPERTY(int requestsInFlight READ requestsInFlight WRITE setRequestsInFlight NOTIFY requestsInFlightChanged)
    Q_PROPERTY(Compression compression READ compression WRITE setCompression NOTIFY compressionChanged)
    Q_PROPERTY(Qanat::AnswerProfile answerProfile READ answerProfile WRITE setAnswerProfile NOTIFY answerProfileChanged)
    Q_PROPERTY(bool disabled READ isDisabled NOTIFY disabledChanged)
public:
    //! What the body of a request is.
    enum class ContentMode : quint8 {
        Structured, //!< HttpMessage::structured(): the whole event as JSON.
        Binary, //!< HttpMessage::binary(): the attributes as headers, the data as the body.
        Batched, //!< HttpMessage::batched(): many events in a JSON array. Only where the service asks for it (CloudEvents 1.0.2, HTTP binding, section 3.3).
        Json, //!< HttpMessage::json(): the data alone. An event without data is refused.
        Custom, //!< What the function of setEncoder() makes.
    };
    Q_ENUM(ContentMode)

    //! What is done to the body of a request.
    enum class Compression : quint8 {
        None, //!< It goes out as it is.
        Gzip, //!< RFC 1952, with the header `Content-Encoding: gzip`. Not every service takes that.
    };
    Q_ENUM(Compression)

    //! Makes the body of a request, and headers that describe it. Called in the sink's thread, once for each request.
    using Encoder = std::function<Result<HttpMessage>(const Batch &events)>;
    //! Names the headers that prove who is asking, for one attempt. Called in the sink's thread before each one.
    using Credentials = std::function<QList<HttpMessage::Header>()>;

    //! Where http without TLS may go to: everybody on the way can read and change it.
    enum class PlainHttp : quint8 {
        LoopbackOnly, //!< To localhost, 127.0.0.0/8 and ::1.
        Everywhere, //!< The application consents to it.
    };
    Q_ENUM(PlainHttp)

    //! Why a header is not accepted.
    enum class HeaderError : quint8 {
        None, //!< It is.
        InvalidName, //!< The name is not a token (RFC 9110, 5.1 and 5.6.2).
        ReservedName, //!< The name belongs to the connection or to the body, which are the sink's.
        InvalidValue, //!< The value has CR, LF, NUL or another control character, or blanks at an end (RFC 9110, 5.5).
    };
    Q_ENUM(HeaderError)

    //! Nothing is connected before the first event. isValid() tells whether \a url will do.
    explicit HttpSink(const QUrl &url, QObject *parent = nullptr);
    //! Aborts what is under way: it may have arrived.
    ~HttpSink() override;

    //!@{
    //! Where the events go to: http or https, with a host, without user name and password.
    [[nodiscard]] QUrl url() const;
    void setUrl(const QUrl &url);
    //!@}

    //!@{
    //! ContentMode::Structured if not set.
    [[nodiscard]] ContentMode contentMode() const;
    void setContentMode(ContentMode mode);
    //!@}

    /*!
     * Makes it ContentMode::Custom, where an encoder is needed: \a encoder is asked for each request, with up to maximumBatchCount() events. Where it fails, or throws, for
     * several of them it is asked for halves of them, so that only the event that it cannot encode is refused. The same events must
     * come out byte for byte the same each time.
     */
    void setEncoder(Encoder encoder);

    //!@{
    //! How many events a request carries at most where it carries several: 512 if not set; at least 1.
    [[nodiscard]] int maximumBatchCount() const;
    void setMaximumBatchCount(int events);
    //!@}

    //!@{
    /*!
     * How many bytes its body may have then, before compression: 10 MB if not set; a negative number counts as 0. One event alone is
     * sent all the same, if maximumEventSize() allows it.
     *
     * QNetworkAccessManager hands bodies to the system in pieces of 16 KiB and leaves Nagle's algorithm on, so where a body has more
     * (after compression) the last piece may wait for the other side's delayed acknowledgement, 40 ms on Linux. On a fast line to a
     * near service smaller requests, or compressed ones, do more.
     */
    [[nodiscard]] qint64 maximumBatchSize() const;
    void setMaximumBatchSize(qint64 bytes);
    //!@}

    //!@{
    //! How many requests are under way at most: 1, which keeps the order, if not set; 1 to 6, as many as Qt has connections for a host.
    [[nodiscard]] int requestsInFlight() const;
    void setRequestsInFlight(int requests);
    //!@}

    //!@{
    //! Compression::None if not set.
    [[nodiscard]] Compression compression() const;
    void setCompression(Compression compression);
    //!@}

    //!@{
    //! How answers are read.
    [[nodiscard]] AnswerProfile answerProfile() const;
    void setAnswerProfile(const AnswerProfile &profile);
    //!@}

    /*!
     * Sends the header \a name with \a value with every request, in place of an earlier one of that name in any case. What
     * is not accepted changes nothing, and the answer says why.
     *
     * Reserved are Host, Content-Type, -Length, -Encoding and -Range, Accept-Encoding, Expect and what is meant for one hop
     * (Connection, Transfer-Encoding, TE, Trailer, Upgrade, Keep-Alive and Proxy-*; RFC 9110, 7.6.1).
     */
    [[nodiscard]] HeaderError setHeader(const QByteArray &name, const QByteArray &value);
    //! The header of that name in any case of its letters; an unknown one changes nothing.
    void removeHeader(QByteArrayView name);
    //! The names of all headers set, as they were spelt. The values cannot be read back: they may be secrets.
    [[nodiscard]] QList<QByteArray> headerNames() const;

    //! Asks \a credentials before each attempt for headers that go with those of setHeader(), and win: tokens expire. An answer with a header that cannot
    //! be sent, or an exception, is a failure like that of a wrong password; the text names no value. None: no such headers.
    void setCredentials(Credentials credentials);
    //! `Authorization: Bearer ...` (RFC 6750, 2.1). Any thread.
    [[nodiscard]] static HttpMessage::Header bearer(const QByteArray &token);
    //! `Authorization: Basic ...` (RFC 7617), in UTF-8; \a user has no colon in it. Any thread.
    [[nodiscard]] static HttpMessage::Header basic(const QString &user, const QString &password);

    /*!
     * Signs each request by the Standard Webhooks specification, with each of \a secrets, so that keys can be rotated; none: no
     * signature. The id of a request with one event is the event's; that of one with many is made from all of theirs. It is the same in each
     * attempt, the time and the signature are new.
     */
    void setSigningSecrets(const QList<WebhookSecret> &secrets);

    /*!
     * Trusts the servers whose certificates these authorities have signed, in the place of the system's; none: the system's.
     * There is no way to trust everybody.
     */
    void setCertificateAuthorities(const QList<QSslCertificate> &authorities);
    //! Trusts, of those, only servers with one of these public keys: the SHA-256 of their SubjectPublicKeyInfo (RFC 7469, 2.4), 32
    //! bytes each; none: all. A request to another one is never sent.
    void setPinnedKeys(const QList<QByteArray> &hashes);
    //! Shows \a certificate to servers that ask for one, with its private \a key. Null: none.
    void setClientCertificate(const QSslCertificate &certificate, const QSslKey &key);

    //! The way out: none (QNetworkProxy::NoProxy) if not set; DefaultProxy means the one that the system says for the url, which it may have to
    //! look up. What the application or the environment has set for everybody does not count.
    void setProxy(const QNetworkProxy &proxy);

    //! What setHeader() would answer. Any thread.
    [[nodiscard]] static HeaderError checkHeader(QByteArrayView name, QByteArrayView value);
    //! The error in words, without name and value; empty for None. Any thread.
    [[nodiscard]] static QString headerErrorText(HeaderError error);

    //!@{
    //! PlainHttp::LoopbackOnly if not set.
    [[nodiscard]] PlainHttp plainHttp() const;
    void setPlainHttp(PlainHttp consent);
    //!@}

    //!@{
    //! The longest time until a connection stands, with name look-up and TLS, and takes the request: 15 s if not set. Clamped to 1 ms .. 24 h.
    [[nodiscard]] std::chrono::milliseconds connectTimeout() const;
    void setConnectTimeout(std::chrono::milliseconds timeout);
    //!@}

    //!@{
    //! The longest time for a request as a whole, up to the last byte of its answer: 30 s if not set. Clamped to 1 ms .. 24 h.
    [[nodiscard]] std::chrono::milliseconds requestTimeout() const;
    void setRequestTimeout(std::chrono::milliseconds timeout);
    //!@}

    //!@{
    //! How many bytes of an answer's body are read, and kept of a failure, at most: 20,000 if not set; clamped to 0 .. 1 GiB.
    //! A longer one costs the connection.
    [[nodiscard]] qint64 answerLimit() const;
    void setAnswerLimit(qint64 bytes);
    //!@}

    //!@{
    //! How many bytes the body of a request may have: 256 KiB if not set; a negative number counts as 0. Larger events are
    //! refused for good.
    [[nodiscard]] qint64 maximumEventSize() const;
    void setMaximumEventSize(qint64 bytes);
    //!@}

    //! Whether the service said that it wants no more events, or disable() was called: every event is refused for good, as Gone.
    [[nodiscard]] bool isDisabled() const;
    //!@{
    //! Only the application enables it again. The sink's thread.
    void disable();
    void enable();
    //!@}

    //! Whether hold() was called, and not release().
    [[nodiscard]] bool isHeld() const;
    //!@{
    //! Sends nothing more until it is released; what is under way goes on. Events wait meanwhile, as if each took long. The sink's thread.
    void hold();
    void release();
    //!@}

    //! Whether events can be sent at all. A sink that is not valid refuses every event for good, with errorText().
    [[nodiscard]] bool isValid() const;
    //! What is wrong with the url; empty if nothing is. Shows scheme and host at most.
    [[nodiscard]] QString errorText() const;

    //! requestsInFlight().
    int maxInFlight() const override;

Q_SIGNALS:
    //!@{
    //! The property has another value.
    void urlChanged(QPrivateSignal);
    void contentModeChanged(QPrivateSignal);
    void headersChanged(QPrivateSignal);
    void plainHttpChanged(QPrivateSignal);
    void connectTimeoutChanged(QPrivateSignal);
    void requestTimeoutChanged(QPrivateSignal);
    void answerLimitChanged(QPrivateSignal);
    void maximumEventSizeChanged(QPrivateSignal);
    void maximumBatchCountChanged(QPrivateSignal);
    void maximumBatchSizeChanged(QPrivateSignal);
    void requestsInFlightChanged(QPrivateSignal);
    void compressionChanged(QPrivateSignal);
    void answerProfileChanged(QPrivateSignal);
    //!@}
    //! A request has ended, answered with that status; 0 where there was no answer, and for each time that Qt by itself has sent one again.
    //! Emitted before the outcome of its events is told, in the sink's thread.
    void answered(int status, QPrivateSignal);
    //! It was disabled, also by an answer, or enabled. In the sink's thread.
    void disabledChanged(bool isDisabled, QPrivateSignal);

protected:
    void process(const Batch &batch, Completion completion) override;
    void interrupt() override;
    Delivery finish() override;

private:
    friend class HttpSinkPrivate;
    const std::unique_ptr<HttpSinkPrivate> d;
};

} // namespace Qanat

#endif
