// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPSINK_H
#define QANAT_HTTP_HTTPSINK_H

#include <Qanat/core/sink.h>
#include <Qanat/http/qanathttp_export.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearrayview.h>
#include <QtCore/qlist.h>
#include <QtCore/qurl.h>

#include <chrono>
#include <memory>

namespace Qanat {

class HttpSinkPrivate;

/*!
 * One attempt to POST each event to a web service over HTTP/1.1.
 *
 * \code
 * auto http = std::make_unique<HttpSink>(QUrl(u"https://example.org/hook"_s));
 * if (const auto error = http->setHeader("Authorization", "Bearer " + token); error != HttpSink::HeaderError::None)
 *     qWarning() << HttpSink::headerErrorText(error);
 * events->add(std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(http), CircuitBreaker(5, 1s))));
 * \endcode
 *
 * Events go out one by one, in order, over a connection that is kept. After a passing failure the rest of the batch is
 * handed back untried, so that the order survives the next attempt.
 *
 * **The status decides.** An answer counts from the moment its header section is complete, even if its body is then cut,
 * endless or late: a service that said 2xx has taken the event (RFC 9110, 15.3), and sending it again would only make a
 * duplicate. Only 2xx is delivered. Redirects are never followed.
 *
 * | answer | outcome |
 * |---|---|
 * | 200-299 | delivered |
 * | 408 425 429 5xx except 501 505 511, and 600-999 (RFC 9110, 15) | Unavailable, trying again can help |
 * | 1xx 3xx 401-407 411 415 421 431 451 501 505 511; not HTTP at all | Misdirected, trying again can help once somebody mended it |
 * | 410 and every other 4xx | Refused, for good |
 * | no connection, name not found, cut before the answer | Network, trying again can help |
 * | no connection, or no answer, in time | Timeout, trying again can help |
 * | TLS failed: the certificate is not trusted, or no common protocol | Security, trying again can help once somebody mended it |
 * | refused here: an event too large or not portable, a sink that is not isValid() | Refused, NotPortable or Security, for good |
 *
 * A Retry-After (RFC 9110, 10.2.3) of 3xx, 413 and every Unavailable becomes Delivery::retryAfter(), at most 24 hours; 429
 * without one waits 60 s.
 *
 * **At least once.** When a kept connection closes at the wrong moment, Qt sends the request again by itself. The body, and
 * so the event's id, is byte for byte the same then: receivers recognise duplicates by it.
 *
 * **Secrets.** Error texts name scheme, host and port, never path, query, headers, or anything the other side said.
 *
 * **Network.** Proxies, cookies, cached credentials and HTTP/2 are not used. Certificates are always checked. A name is
 * looked up by the system, which cannot be cancelled: the sink goes on without it, but the process may wait for it at its end.
 *
 * **Threads.** Properties may be set in any order, before the first write or in the sink's thread (Queue::configure()); they
 * count from the next event on. Reading them is for the same thread, static functions are safe from any. Signals are emitted
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
public:
    //! What the body of a request is.
    enum class ContentMode : quint8 {
        Structured, //!< The whole event as application/cloudevents+json (CloudEvents HTTP binding 1.0.2, section 3.2).
        Json, //!< Its data alone as application/json. An event without data is refused.
    };
    Q_ENUM(ContentMode)

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
    //! How many bytes of an answer's body are read at most: 20,000 if not set; a negative number counts as 0. A longer one
    //! costs the connection.
    [[nodiscard]] qint64 answerLimit() const;
    void setAnswerLimit(qint64 bytes);
    //!@}

    //!@{
    //! How many bytes the body of a request may have: 256 KiB if not set; a negative number counts as 0. Larger events are
    //! refused for good.
    [[nodiscard]] qint64 maximumEventSize() const;
    void setMaximumEventSize(qint64 bytes);
    //!@}

    //! Whether events can be sent at all. A sink that is not valid refuses every event for good, with errorText().
    [[nodiscard]] bool isValid() const;
    //! What is wrong with the url; empty if nothing is. Shows scheme and host at most.
    [[nodiscard]] QString errorText() const;

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
    //!@}

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
