// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/http/httpsink.h"

#include "Qanat/core/clock.h"
#include "Qanat/core/duration.h"
#include "Qanat/http/webhooksignature.h"
#include "gzip_p.h"
#include "headerrules_p.h"
#include "httpoutcome_p.h"
#include "httpsink_p.h"
#include "percentencoding_p.h"
#include "targeturl_p.h"

#include <QtCore/qcryptographichash.h>
#include <QtCore/qpointer.h>
#include <QtNetwork/qsslconfiguration.h>

#include <algorithm>
#include <exception>

namespace Qanat {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

std::chrono::milliseconds clampedTimeout(std::chrono::milliseconds timeout)
{
    return std::clamp<std::chrono::milliseconds>(timeout, 1ms, 24h);
}

Delivery refusal(Delivery::Error error, const QString &text)
{
    return Delivery::failed(error, text, Delivery::Retry::Never);
}

// Of a message: its own headers, which may say what belongs to the body.
bool isHeaderOfMessage(const HttpMessage::Header &header)
{
    const auto is = [&header](QByteArrayView name) { return name.compare(header.first, Qt::CaseInsensitive) == 0; };
    return isHeaderName(header.first) && isHeaderValue(header.second)
           && (is("content-type") || is("content-encoding") || !isReservedHeaderName(header.first));
}

// The same for the same events, however often they are sent, and another one for any others.
QByteArray messageId(const Batch &events)
{
    if (events.size() == 1)
        return percentEncoded(events.at(0).id());
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (const Event &event : events) {
        for (const QString &part : {event.source(), event.id()}) {
            const QByteArray utf8 = part.toUtf8();
            hash.addData(QByteArray::number(utf8.size()) + ':' + utf8);
        }
    }
    return "batch_" + hash.result().toHex().first(40);
}

} // namespace

HttpSinkPrivate::HttpSinkPrivate(HttpSink *sink, const QUrl &target)
    : q(sink)
    , url(target)
{
    configurationChanged();
}

void HttpSinkPrivate::configurationChanged()
{
    configurationError = checkTarget(url, plainHttp);
    if (!configurationError.isFailure() && contentMode == HttpSink::ContentMode::Custom && !encoder)
        configurationError = refusal(Delivery::Error::Refused, HttpSink::tr("there is no encoder"));
    const auto isNull = [](const WebhookSecret &secret) { return secret.isNull(); };
    if (!configurationError.isFailure() && std::any_of(signingSecrets.begin(), signingSecrets.end(), isNull))
        configurationError = refusal(Delivery::Error::Security, HttpSink::tr("one of the signing secrets is null"));
    request.reset();
}

/* --- A call ------------------------------------------------------------------------------------------------------------ */

void HttpSink::process(const Batch &batch, Completion completion)
{
    d->begin(batch, std::move(completion));
}

void HttpSinkPrivate::begin(const Batch &events, Completion &&duty)
{
    const auto call = std::make_shared<HttpCall>(events, std::move(duty));
    calls.push_back(call);
    advance(call);
}

// A loop, so that a batch of refusals costs no depth.
void HttpSinkPrivate::advance(const CallRef &call)
{
    while (!call->isOver() && !call->isVoid()) {
        // (Whoever heard of the last outcome may have released the sink, and with it this call.)
        if (call->exchange)
            return;
        if (isHeld) {
            call->setUnderWay(false);
            return;
        }
        const std::optional<Delivery> refusal = send(call);
        if (!refusal || !settle(call, *refusal))
            return;
    }
    forget(call);
}

void HttpSinkPrivate::forget(const CallRef &call)
{
    calls.erase(std::remove(calls.begin(), calls.end(), call), calls.end());
}

//! Gives the piece under way its outcome. Whether the call goes on; if not, it is forgotten, and this may be gone.
bool HttpSinkPrivate::settle(const CallRef &call, const Delivery &outcome)
{
    // What asks for a wait asks it of everybody.
    if (outcome.retryAfter() > 0ms) {
        for (const CallRef &any : calls)
            any->isLastPiece = true;
    }
    if (outcome.canRetry() || call->isLastPiece) {
        forget(call);
        call->settleLast(outcome);
        return false;
    }
    const QPointer<HttpSink> sink(q);
    const bool goesOn = HttpCall::settlePiece(call, outcome);
    if (!sink)
        return false;
    if (!goesOn)
        forget(call);
    return goesOn;
}

//! Sends the next piece, or answers why that is not even tried.
std::optional<Delivery> HttpSinkPrivate::send(const CallRef &call)
{
    for (;;) {
        const Batch piece = call->nextPiece(mostEvents());
        if (configurationError.isFailure())
            return configurationError;
        if (isDisabled)
            return refusal(Delivery::Error::Gone,
                           HttpSink::tr("%1 is disabled: it wants no more events").arg(origin(url)));
        Encoded encoded = encode(piece);
        if (encoded.count == 0) {
            call->split(HttpCall::Other::IsUnknown);
            continue;
        }
        call->shorten(encoded.count);
        if (encoded.fault.isFailure())
            return encoded.fault;
        return post(call, piece.mid(0, encoded.count), std::move(encoded.message));
    }
}

std::optional<Delivery> HttpSinkPrivate::post(const CallRef &call, const Batch &events, HttpMessage message)
{
    const Result<QList<HttpMessage::Header>> proofs = askForCredentials();
    if (!proofs)
        return Delivery::failed(Delivery::Error::Misdirected, proofs.errorText());

    QNetworkRequest attempt = requestTemplate();
    QByteArray body = message.body();
    for (const auto &[name, value] : message.headers())
        attempt.setRawHeader(name, value);
    if (compression == HttpSink::Compression::Gzip && message.header("Content-Encoding").isNull()) {
        if (const QByteArray smaller = gzipped(body); !smaller.isNull()) {
            body = smaller;
            attempt.setRawHeader("Content-Encoding", "gzip");
        }
    }
    for (const auto &[name, value] : *proofs)
        attempt.setRawHeader(name, value);
    sign(attempt, events, body);

    call->setUnderWay(true);
    if (!connections)
        connections = std::make_shared<HttpConnections>(q, proxy);
    HttpBounds bounds{connectTimeout, requestTimeout, answerLimit, pins};
    call->exchange = std::make_unique<HttpExchange>(
        connections, attempt, body, std::move(bounds),
        [this, call = call.get()] { conclude(call->shared_from_this()); }, q);
    return std::nullopt;
}

void HttpSinkPrivate::conclude(const CallRef &call)
{
    std::unique_ptr<HttpExchange> exchange = std::move(call->exchange);
    const bool isSingle = call->pieceSize() == 1;
    const AnswerProfile::Reading reading = readingOf(*exchange, isSingle);
    const Delivery outcome = outcomeOf(*exchange, reading);
    const int status = exchange->status();
    const int repeats = std::max(exchange->sendCount() - 1, 0);
    if (exchange->areConnectionsSpoilt() && exchange->connections() == connections)
        connections.reset();
    exchange.reset();

    const QPointer<HttpSink> sink(q);
    const auto tell = [&sink](int one) {
        if (!sink)
            return;
        sink->countAnswer(one);
        Q_EMIT sink->answered(one, HttpSink::QPrivateSignal());
    };
    for (int i = 0; i < repeats; ++i)
        tell(0);
    tell(status);
    if (!sink)
        return;
    if (outcome.error() == Delivery::Error::Refused && !isSingle) {
        // What is too large as a whole says nothing about its halves.
        call->split(status == 413 ? HttpCall::Other::IsUnknown : HttpCall::Other::IsRefusedThen);
        advance(call);
        return;
    }
    if (outcome.error() == Delivery::Error::Gone) {
        disable(true);
        if (!sink)
            return;
    }
    if (settle(call, outcome))
        advance(call);
}

void HttpSinkPrivate::interrupt()
{
    const std::vector<CallRef> left = std::exchange(calls, {});
    for (const CallRef &call : left) {
        const std::unique_ptr<HttpExchange> exchange = std::move(call->exchange);
        if (!exchange) {
            call->settleRest(Delivery::untried());
            continue;
        }
        call->settleLast(Delivery::failed(
            Delivery::Error::Unknown,
            HttpSink::tr("%1: ended before there was an answer, it may have arrived").arg(origin(exchange->url()))));
    }
}

void HttpSinkPrivate::release()
{
    if (!std::exchange(isHeld, false))
        return;
    showActivity();
    const QPointer<HttpSink> sink(q);
    const std::vector<CallRef> held = calls;
    for (const CallRef &call : held) {
        // Whoever hears of an outcome may have destroyed or held the sink.
        if (!sink || isHeld)
            return;
        if (!call->exchange)
            advance(call);
    }
}

void HttpSinkPrivate::showActivity()
{
    using Activity = PipelineNode::Activity;
    q->setActivity(isDisabled ? Activity::Disabled : isHeld ? Activity::Paused : Activity::Flowing);
}

void HttpSinkPrivate::disable(bool disabled)
{
    const bool isNew = std::exchange(isDisabled, disabled) != disabled;
    showActivity();
    if (isNew)
        Q_EMIT q->disabledChanged(disabled, HttpSink::QPrivateSignal());
}

/* --- What goes out ----------------------------------------------------------------------------------------------------- */

qsizetype HttpSinkPrivate::mostEvents() const
{
    switch (contentMode) {
    case HttpSink::ContentMode::Batched:
    case HttpSink::ContentMode::Custom:
        return maximumBatchCount;
    default:
        return 1;
    }
}

//! Where nothing comes out of several events, the count is 0: halves of them may do.
HttpSinkPrivate::Encoded HttpSinkPrivate::encode(const Batch &events) const
{
    switch (contentMode) {
    case HttpSink::ContentMode::Batched:
        return encodeBatched(events);
    case HttpSink::ContentMode::Custom:
        return encodeCustom(events);
    default:
        return encodeOne(events.at(0));
    }
}

HttpSinkPrivate::Encoded HttpSinkPrivate::encodeOne(const Event &event) const
{
    const Result<HttpMessage> message = contentMode == HttpSink::ContentMode::Binary ? HttpMessage::binary(event)
                                        : contentMode == HttpSink::ContentMode::Json ? HttpMessage::json(event)
                                                                                     : HttpMessage::structured(event);
    if (!message)
        return {{}, 1, refusal(Delivery::Error::NotPortable, message.errorText())};
    if (message->body().size() > maximumEventSize)
        return {{}, 1, tooLarge(message->body().size())};
    return {*message, 1, {}};
}

HttpSinkPrivate::Encoded HttpSinkPrivate::encodeBatched(const Batch &events) const
{
    QByteArray body = "[";
    qsizetype count = 0;
    for (const Event &event : events) {
        const Result<QByteArray> json = event.toJson();
        const bool isFirst = count == 0;
        if (isFirst && !json)
            return {{}, 1, refusal(Delivery::Error::NotPortable, json.errorText())};
        if (isFirst && json->size() > maximumEventSize)
            return {{}, 1, tooLarge(json->size())};
        // Its turn comes, alone.
        if (!json || json->size() > maximumEventSize)
            break;
        if (!isFirst && body.size() + json->size() + 2 > maximumBatchSize)
            break;
        if (!isFirst)
            body += ',';
        body += *json;
        ++count;
    }
    body += ']';
    return {HttpMessage({{"Content-Type", "application/cloudevents-batch+json; charset=utf-8"}}, body), count, {}};
}

HttpSinkPrivate::Encoded HttpSinkPrivate::encodeCustom(const Batch &events) const
{
    const bool isSingle = events.size() == 1;
    const auto refuse = [isSingle](const Delivery &fault) { return Encoded{{}, isSingle ? 1 : 0, fault}; };
    QString text;
    try {
        const Result<HttpMessage> message = encoder(events);
        if (!message)
            return refuse(refusal(Delivery::Error::NotPortable, message.errorText()));
        const qint64 size = message->body().size();
        if (size > (isSingle ? maximumEventSize : maximumBatchSize))
            return refuse(tooLarge(size));
        const auto &all = message->headers();
        if (std::all_of(all.begin(), all.end(), isHeaderOfMessage))
            return {*message, events.size(), {}};
        text = HttpSink::tr("the encoder made a header that cannot be sent");
    } catch (const std::exception &error) {
        text = HttpSink::tr("an exception left the encoder: %1").arg(QString::fromLocal8Bit(error.what()));
    } catch (...) {
        text = HttpSink::tr("an exception left the encoder");
    }
    return refuse(refusal(Delivery::Error::Exception, text));
}

Delivery HttpSinkPrivate::tooLarge(qint64 size) const
{
    return refusal(Delivery::Error::Refused,
                   HttpSink::tr("the event has %1 bytes, and at most %2 are sent").arg(size).arg(maximumEventSize));
}

Result<QList<HttpMessage::Header>> HttpSinkPrivate::askForCredentials() const
{
    if (!credentials)
        return QList<HttpMessage::Header>();
    // Nothing of what it says may be shown.
    try {
        const QList<HttpMessage::Header> proofs = credentials();
        const auto isSendable = [](const HttpMessage::Header &header) {
            return HttpSink::checkHeader(header.first, header.second) == HttpSink::HeaderError::None;
        };
        if (std::all_of(proofs.begin(), proofs.end(), isSendable))
            return proofs;
        return Failure{HttpSink::tr("%1: the credentials have a header that cannot be sent").arg(origin(url))};
    } catch (...) {
        return Failure{HttpSink::tr("%1: an exception left the function for the credentials").arg(origin(url))};
    }
}

void HttpSinkPrivate::sign(QNetworkRequest &attempt, const Batch &events, const QByteArray &body) const
{
    if (signingSecrets.isEmpty())
        return;
    const QByteArray id = messageId(events);
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(q->clock()->wallClock());
    attempt.setRawHeader("webhook-id", id);
    attempt.setRawHeader("webhook-timestamp", QByteArray::number(qint64(now.count())));
    attempt.setRawHeader("webhook-signature", WebhookSignature::value(signingSecrets, id, now, body));
}

const QNetworkRequest &HttpSinkPrivate::requestTemplate()
{
    if (request)
        return *request;

    request.emplace(url);
    request->setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    request->setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    request->setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    request->setAttribute(QNetworkRequest::AuthenticationReuseAttribute, QNetworkRequest::Manual);
    request->setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    request->setAttribute(QNetworkRequest::CacheSaveControlAttribute, false);
    request->setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    // Without it Qt asks for compressed answers, and inflates what a hostile server sends.
    request->setRawHeader("Accept-Encoding", "identity");
    // Without these two Qt sends the user's language, and calls itself a browser.
    request->setRawHeader("Accept-Language", "*");
    request->setRawHeader("User-Agent", "Qanat/" QANAT_VERSION);
    for (const auto &[name, value] : std::as_const(headers))
        request->setRawHeader(name, value);

    if (url.scheme() == "https"_L1) {
        QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
        // Whatever the application has made of its default.
        tls.setPeerVerifyMode(QSslSocket::VerifyPeer);
        tls.setProtocol(QSsl::TlsV1_2OrLater);
        if (!authorities.isEmpty())
            tls.setCaCertificates(authorities);
        if (!clientCertificate.isNull()) {
            tls.setLocalCertificate(clientCertificate);
            tls.setPrivateKey(clientKey);
        }
        request->setSslConfiguration(tls);
    }
    return *request;
}

/* --- What comes back --------------------------------------------------------------------------------------------------- */

AnswerProfile::Reading HttpSinkPrivate::readingOf(const HttpExchange &exchange, bool isSingle)
{
    using Reading = AnswerProfile::Reading;
    const int status = exchange.status();
    const Reading reading = status == 0 ? Reading::PassingFault : profile.reading(status);
    if (reading == Reading::Delivered)
        refusals = 0;
    if (reading != Reading::PayloadFault || !isSingle)
        return reading;
    // So many that are all to blame themselves are less likely than a service that does not understand any.
    ++refusals;
    return profile.refusalLimit() > 0 && refusals >= profile.refusalLimit() ? Reading::EndpointFault : reading;
}

Delivery HttpSinkPrivate::outcomeOf(const HttpExchange &exchange, AnswerProfile::Reading reading) const
{
    const QString where = origin(exchange.url());
    if (const int status = exchange.status(); status != 0) {
        const HttpAnswer answer{status, exchange.header("Retry-After"), exchange.header("Date")};
        const bool areTooMany = reading == AnswerProfile::Reading::EndpointFault
                                && profile.reading(status) == AnswerProfile::Reading::PayloadFault;
        const QString who =
            areTooMany ? HttpSink::tr("%1, after %2 refusals in a row,").arg(where).arg(refusals) : where;
        const Delivery outcome = outcomeOfAnswer(answer, reading, q->clock()->wallClock(), who);
        return outcome.isFailure() ? outcome.withAnswer(exchange.answer()) : outcome;
    }
    switch (exchange.end()) {
    case HttpExchange::End::ConnectTimeout:
        return Delivery::failed(Delivery::Error::Timeout,
                                HttpSink::tr("%1: no connection within %2").arg(where, formatDuration(connectTimeout)));
    case HttpExchange::End::RequestTimeout:
        return Delivery::failed(Delivery::Error::Timeout,
                                HttpSink::tr("%1: no answer within %2").arg(where, formatDuration(requestTimeout)));
    case HttpExchange::End::OtherKey:
        return Delivery::failed(Delivery::Error::Security,
                                HttpSink::tr("%1: its public key is none of those that are pinned").arg(where));
    case HttpExchange::End::Reply:
        break;
    }
    return outcomeOfError(exchange.error(), where, exchange.distrust());
}

HttpSink::HttpSink(const QUrl &url, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<HttpSinkPrivate>(this, url))
{
}

HttpSink::~HttpSink()
{
    d->interrupt();
}

QUrl HttpSink::url() const
{
    return d->url;
}

void HttpSink::setUrl(const QUrl &url)
{
    if (d->url == url)
        return;
    d->url = url;
    d->configurationChanged();
    Q_EMIT urlChanged(QPrivateSignal());
}

HttpSink::ContentMode HttpSink::contentMode() const
{
    return d->contentMode;
}

void HttpSink::setContentMode(ContentMode mode)
{
    if (d->contentMode == mode)
        return;
    d->contentMode = mode;
    d->configurationChanged();
    Q_EMIT contentModeChanged(QPrivateSignal());
}

HttpSink::HeaderError HttpSink::setHeader(const QByteArray &name, const QByteArray &value)
{
    const HeaderError error = checkHeader(name, value);
    if (error != HeaderError::None)
        return error;

    const auto isNamed = [&name](const auto &header) { return header.first.compare(name, Qt::CaseInsensitive) == 0; };
    d->headers.removeIf(isNamed);
    // To QNetworkRequest a null value means no header, an empty one is one.
    d->headers.emplace_back(name, value.isNull() ? QByteArray("") : value);
    d->configurationChanged();
    Q_EMIT headersChanged(QPrivateSignal());
    return HeaderError::None;
}

void HttpSink::removeHeader(QByteArrayView name)
{
    const auto isNamed = [name](const auto &header) { return name.compare(header.first, Qt::CaseInsensitive) == 0; };
    if (d->headers.removeIf(isNamed) == 0)
        return;
    d->configurationChanged();
    Q_EMIT headersChanged(QPrivateSignal());
}

QList<QByteArray> HttpSink::headerNames() const
{
    QList<QByteArray> names;
    names.reserve(d->headers.size());
    for (const auto &header : std::as_const(d->headers))
        names.append(header.first);
    return names;
}

HttpSink::HeaderError HttpSink::checkHeader(QByteArrayView name, QByteArrayView value)
{
    if (!isHeaderName(name))
        return HeaderError::InvalidName;
    if (isReservedHeaderName(name))
        return HeaderError::ReservedName;
    return isHeaderValue(value) ? HeaderError::None : HeaderError::InvalidValue;
}

QString HttpSink::headerErrorText(HeaderError error)
{
    switch (error) {
    case HeaderError::None:
        break;
    case HeaderError::InvalidName:
        return HttpSink::tr("the name of a header has letters, digits and !#$%&'*+-.^_`|~ only");
    case HeaderError::ReservedName:
        return HttpSink::tr("this header belongs to the connection or the body and cannot be set");
    case HeaderError::InvalidValue:
        return HttpSink::tr(
            "the value of a header has no line breaks or control characters, and no blanks at its ends");
    }
    return {};
}

HttpSink::PlainHttp HttpSink::plainHttp() const
{
    return d->plainHttp;
}

void HttpSink::setPlainHttp(PlainHttp consent)
{
    if (d->plainHttp == consent)
        return;
    d->plainHttp = consent;
    d->configurationChanged();
    Q_EMIT plainHttpChanged(QPrivateSignal());
}

std::chrono::milliseconds HttpSink::connectTimeout() const
{
    return d->connectTimeout;
}

void HttpSink::setConnectTimeout(std::chrono::milliseconds timeout)
{
    timeout = clampedTimeout(timeout);
    if (std::exchange(d->connectTimeout, timeout) != timeout)
        Q_EMIT connectTimeoutChanged(QPrivateSignal());
}

std::chrono::milliseconds HttpSink::requestTimeout() const
{
    return d->requestTimeout;
}

void HttpSink::setRequestTimeout(std::chrono::milliseconds timeout)
{
    timeout = clampedTimeout(timeout);
    if (std::exchange(d->requestTimeout, timeout) != timeout)
        Q_EMIT requestTimeoutChanged(QPrivateSignal());
}

qint64 HttpSink::answerLimit() const
{
    return d->answerLimit;
}

void HttpSink::setAnswerLimit(qint64 bytes)
{
    constexpr qint64 most = qint64(1) << 30;
    bytes = std::clamp<qint64>(bytes, 0, most);
    if (std::exchange(d->answerLimit, bytes) != bytes)
        Q_EMIT answerLimitChanged(QPrivateSignal());
}

qint64 HttpSink::maximumEventSize() const
{
    return d->maximumEventSize;
}

void HttpSink::setMaximumEventSize(qint64 bytes)
{
    bytes = std::max<qint64>(bytes, 0);
    if (std::exchange(d->maximumEventSize, bytes) != bytes)
        Q_EMIT maximumEventSizeChanged(QPrivateSignal());
}

void HttpSink::setEncoder(Encoder encoder)
{
    d->encoder = std::move(encoder);
    d->configurationChanged();
    setContentMode(ContentMode::Custom);
}

int HttpSink::maximumBatchCount() const
{
    return d->maximumBatchCount;
}

void HttpSink::setMaximumBatchCount(int events)
{
    events = std::max(events, 1);
    if (std::exchange(d->maximumBatchCount, events) != events)
        Q_EMIT maximumBatchCountChanged(QPrivateSignal());
}

qint64 HttpSink::maximumBatchSize() const
{
    return d->maximumBatchSize;
}

void HttpSink::setMaximumBatchSize(qint64 bytes)
{
    bytes = std::max<qint64>(bytes, 0);
    if (std::exchange(d->maximumBatchSize, bytes) != bytes)
        Q_EMIT maximumBatchSizeChanged(QPrivateSignal());
}

int HttpSink::requestsInFlight() const
{
    return d->requestsInFlight;
}

void HttpSink::setRequestsInFlight(int requests)
{
    constexpr int most = 6; // Qt has no more connections for one host.
    requests = std::clamp(requests, 1, most);
    if (std::exchange(d->requestsInFlight, requests) != requests)
        Q_EMIT requestsInFlightChanged(QPrivateSignal());
}

HttpSink::Compression HttpSink::compression() const
{
    return d->compression;
}

void HttpSink::setCompression(Compression compression)
{
    if (std::exchange(d->compression, compression) != compression)
        Q_EMIT compressionChanged(QPrivateSignal());
}

AnswerProfile HttpSink::answerProfile() const
{
    return d->profile;
}

void HttpSink::setAnswerProfile(const AnswerProfile &profile)
{
    if (d->profile == profile)
        return;
    d->profile = profile;
    Q_EMIT answerProfileChanged(QPrivateSignal());
}

void HttpSink::setCredentials(Credentials credentials)
{
    d->credentials = std::move(credentials);
}

HttpMessage::Header HttpSink::bearer(const QByteArray &token)
{
    return {"Authorization", "Bearer " + token};
}

HttpMessage::Header HttpSink::basic(const QString &user, const QString &password)
{
    return {"Authorization", "Basic " + (user + u':' + password).toUtf8().toBase64()};
}

void HttpSink::setSigningSecrets(const QList<WebhookSecret> &secrets)
{
    d->signingSecrets = secrets;
    d->configurationChanged();
}

void HttpSink::setCertificateAuthorities(const QList<QSslCertificate> &authorities)
{
    d->authorities = authorities;
    d->configurationChanged();
    // A connection that stands was trusted by other rules.
    d->connections.reset();
}

void HttpSink::setPinnedKeys(const QList<QByteArray> &hashes)
{
    d->pins = hashes;
    d->connections.reset();
}

void HttpSink::setClientCertificate(const QSslCertificate &certificate, const QSslKey &key)
{
    d->clientCertificate = certificate;
    d->clientKey = key;
    d->configurationChanged();
    d->connections.reset();
}

void HttpSink::setProxy(const QNetworkProxy &proxy)
{
    d->proxy = proxy;
    d->connections.reset();
}

bool HttpSink::isDisabled() const
{
    return d->isDisabled;
}

void HttpSink::disable()
{
    d->disable(true);
}

void HttpSink::enable()
{
    d->disable(false);
}

bool HttpSink::isHeld() const
{
    return d->isHeld;
}

void HttpSink::hold()
{
    d->isHeld = true;
    d->showActivity();
}

void HttpSink::release()
{
    d->release();
}

bool HttpSink::isValid() const
{
    return !d->configurationError.isFailure();
}

QString HttpSink::errorText() const
{
    return d->configurationError.errorText();
}

int HttpSink::maxInFlight() const
{
    return d->requestsInFlight;
}

void HttpSink::interrupt()
{
    d->interrupt();
}

Delivery HttpSink::finish()
{
    d->connections.reset();
    return Delivery::delivered();
}

} // namespace Qanat
