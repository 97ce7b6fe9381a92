// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/http/httpsink.h"

#include "Qanat/core/clock.h"
#include "Qanat/core/duration.h"
#include "headerrules_p.h"
#include "httpoutcome_p.h"
#include "httpsink_p.h"
#include "targeturl_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkproxy.h>
#include <QtNetwork/qnetworkreply.h>

#include <algorithm>
#include <array>
#include <future>
#include <system_error>
#include <thread>

namespace Qanat {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

std::chrono::milliseconds clampedTimeout(std::chrono::milliseconds timeout)
{
    return std::clamp<std::chrono::milliseconds>(timeout, 1ms, 24h);
}

bool isPassingFailure(const Delivery &outcome)
{
    return outcome.outcome() == Delivery::Outcome::Failed && outcome.canRetry();
}

/*!
 * Deletes a manager whose thread may not come back: while headers come in faster than Qt 6.4 reads them, it does nothing
 * else, and the manager's destructor waits 5 s for it. This thread need not.
 */
void deleteElsewhere(QNetworkAccessManager *manager)
{
    manager->setParent(nullptr);
    manager->moveToThread(nullptr);
    try {
        std::promise<void> promise;
        const std::future<void> deleted = promise.get_future();
        std::thread([manager, promise = std::move(promise)]() mutable {
            delete manager;
            promise.set_value();
        }).detach();
        // As a rule it takes a moment only, and then nothing is under way any more when the process ends.
        const bool isMainThread =
            QCoreApplication::instance() && QCoreApplication::instance()->thread() == QThread::currentThread();
        deleted.wait_for(isMainThread ? 5ms : 200ms);
    } catch (const std::system_error &) {
        delete manager; // There are no more threads to be had.
    }
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
    request.reset();
}

void HttpSinkPrivate::begin(const Batch &events, Completion &&duty)
{
    batch = events;
    completion = std::move(duty);
    position = 0;
    advance();
}

//! Goes on to the next event that needs the network. A loop, so that a batch of refusals costs no depth.
void HttpSinkPrivate::advance()
{
    while (position < batch.size()) {
        // A close that waits no longer has given everybody an outcome.
        if (completion.remaining() == 0) {
            static_cast<void>(putAway());
            return;
        }
        const Delivery refusal = attempt(batch.at(position));
        if (!refusal.isFailure() || !settle(refusal))
            return;
    }
}

//! Sends the event, or answers why that is not even tried.
Delivery HttpSinkPrivate::attempt(const Event &event)
{
    if (configurationError.isFailure())
        return configurationError;

    const Result<QByteArray> body =
        contentMode == HttpSink::ContentMode::Structured ? event.toJson() : event.dataToJson();
    if (!body)
        return Delivery::failed(Delivery::Error::NotPortable, body.errorText(), Delivery::Retry::Never);
    if (body->size() > maximumEventSize) {
        return Delivery::failed(
            Delivery::Error::Refused,
            HttpSink::tr("the event has %1 bytes, and at most %2 are sent").arg(body->size()).arg(maximumEventSize),
            Delivery::Retry::Never);
    }
    post(*body);
    return Delivery::delivered();
}

void HttpSinkPrivate::post(const QByteArray &body)
{
    isSent = false;
    answerSize = 0;
    connectDeadline = QDeadlineTimer(connectTimeout, Qt::PreciseTimer);
    requestDeadline = QDeadlineTimer(requestTimeout, Qt::PreciseTimer);

    reply = networkManager()->post(requestTemplate(), body);
    isStopping = false;
    ++requestNumber;
    QObject::connect(reply, &QNetworkReply::requestSent, q, [this] { requestSent(); });
    QObject::connect(reply, &QNetworkReply::readyRead, q, [this] { readAnswer(); });
    QObject::connect(reply, &QNetworkReply::finished, q, [this] { concludeLater(); });
    timer->start(std::min(connectTimeout, requestTimeout));
}

void HttpSinkPrivate::requestSent()
{
    isSent = true;
    // Counting alone would not do: while this thread is busy, Qt's own takes in all that a hostile server sends. Before
    // this signal Qt ignores the limit.
    reply->setReadBufferSize(answerLimit + 1);
}

//! Gives the current event its outcome. Returns whether the sink goes on with the next one.
bool HttpSinkPrivate::settle(const Delivery &outcome)
{
    ++position;
    if (position < batch.size() && !isPassingFailure(outcome)) {
        const QPointer<HttpSink> sink(q);
        completion.settle(1, outcome);
        // Whoever hears of the outcome may have destroyed or closed the sink.
        return sink && position < batch.size();
    }
    // Settling the last event may bring the next batch at once: by then this one is put away.
    Completion last = putAway();
    last.settle(1, outcome);
    last.settleAll(Delivery::untried());
    return false;
}

//! Forgets the batch under way, and hands out the duty to settle what is left of it.
Completion HttpSinkPrivate::putAway()
{
    batch = Batch();
    position = 0;
    return std::exchange(completion, Completion());
}

//! The body of an answer says nothing that counts: it is counted and thrown away.
void HttpSinkPrivate::readAnswer()
{
    std::array<char, 4096> scratch;
    for (qint64 size = 1; size > 0 && answerSize <= answerLimit;) {
        size = reply->read(scratch.data(), scratch.size());
        answerSize += std::max<qint64>(size, 0);
    }
    if (answerSize > answerLimit)
        concludeLater();
}

//! QNetworkRequest's own timeout starts anew with each byte that arrives.
void HttpSinkPrivate::reviewDeadlines()
{
    if (requestDeadline.hasExpired()) {
        conclude(Cause::RequestTimeout);
    } else if (!isSent && connectDeadline.hasExpired()) {
        conclude(Cause::ConnectTimeout);
    } else {
        const QDeadlineTimer &next = isSent ? requestDeadline : std::min(connectDeadline, requestDeadline);
        timer->start(std::chrono::ceil<std::chrono::milliseconds>(next.remainingTimeAsDuration()));
    }
}

//! For signals of the reply: nothing may be settled, nor this sink be destroyed by who hears of it, while the reply is at
//! work.
void HttpSinkPrivate::concludeLater()
{
    if (std::exchange(isStopping, true))
        return;
    QMetaObject::invokeMethod(
        q,
        [this, number = requestNumber] {
            if (reply && number == requestNumber)
                conclude(Cause::Network);
        },
        Qt::QueuedConnection);
}

void HttpSinkPrivate::conclude(Cause cause)
{
    const Delivery result = outcome(cause);
    // Qt takes an interim answer for the final one, which would then pass for the answer to the next request.
    const bool isInterim = result.status() >= 100 && result.status() < 200;
    endRequest();
    if (isInterim)
        manager->clearConnectionCache();
    // Qt's thread may still be reading what this server never ceases to send, and hear of nothing else.
    if (isStuckPossible && cause != Cause::Network)
        releaseManager();
    if (settle(result))
        advance();
}

//! Ends the request under way, whatever its state.
void HttpSinkPrivate::endRequest()
{
    timer->stop();
    isStuckPossible = !reply->isFinished();
    // Not abort(), which emits finished() from within, and makes Qt 6.4 warn of an error that is on its way already.
    delete std::exchange(reply, nullptr);
}

void HttpSinkPrivate::interrupt()
{
    const bool isInFlight = reply != nullptr;
    const QString where = isInFlight ? origin(reply->request().url()) : QString();
    if (isInFlight)
        endRequest();
    Completion left = putAway();
    if (isInFlight) {
        left.settle(
            1, Delivery::failed(Delivery::Error::Unknown,
                                HttpSink::tr("%1: ended before there was an answer, it may have arrived").arg(where)));
    }
    left.settleAll(Delivery::untried());
}

void HttpSinkPrivate::releaseNetwork()
{
    delete std::exchange(timer, nullptr);
    releaseManager();
}

void HttpSinkPrivate::releaseManager()
{
    QNetworkAccessManager *released = std::exchange(manager, nullptr);
    if (released && isStuckPossible)
        deleteElsewhere(released);
    else
        delete released;
}

Delivery HttpSinkPrivate::outcome(Cause cause) const
{
    const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (status >= 200 && status < 300)
        return Delivery::delivered();
    const QString where = origin(reply->request().url());
    if (status != 0)
        return outcomeOfStatus(status, reply->rawHeader("Retry-After"), q->clock()->wallClock(), where);

    switch (cause) {
    case Cause::ConnectTimeout:
        return Delivery::failed(Delivery::Error::Timeout,
                                HttpSink::tr("%1: no connection within %2").arg(where, formatDuration(connectTimeout)));
    case Cause::RequestTimeout:
        return Delivery::failed(Delivery::Error::Timeout,
                                HttpSink::tr("%1: no answer within %2").arg(where, formatDuration(requestTimeout)));
    case Cause::Network:
        break;
    }
    return outcomeOfError(reply->error(), where);
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
    request->setRawHeader("Content-Type", contentMode == HttpSink::ContentMode::Structured
                                              ? QByteArrayLiteral("application/cloudevents+json; charset=utf-8")
                                              : QByteArrayLiteral("application/json"));
    // Without it Qt asks for compressed answers, and inflates what a hostile server sends.
    request->setRawHeader("Accept-Encoding", "identity");
    // Without these two Qt sends the user's language, and calls itself a browser.
    request->setRawHeader("Accept-Language", "*");
    request->setRawHeader("User-Agent", "Qanat/" QANAT_VERSION);
    for (const auto &[name, value] : std::as_const(headers))
        request->setRawHeader(name, value);
    return *request;
}

QNetworkAccessManager *HttpSinkPrivate::networkManager()
{
    if (!manager) {
        manager = new QNetworkAccessManager(q);
        // Without it the environment's http_proxy gets to see every header.
        manager->setProxy(QNetworkProxy(QNetworkProxy::NoProxy));
    }
    if (!timer) {
        timer = new QTimer(q);
        timer->setTimerType(Qt::PreciseTimer);
        timer->setSingleShot(true);
        QObject::connect(timer, &QTimer::timeout, q, [this] { reviewDeadlines(); });
    }
    return manager;
}

HttpSink::HttpSink(const QUrl &url, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<HttpSinkPrivate>(this, url))
{
}

HttpSink::~HttpSink()
{
    d->interrupt();
    d->releaseNetwork();
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
    bytes = std::max<qint64>(bytes, 0);
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

bool HttpSink::isValid() const
{
    return !d->configurationError.isFailure();
}

QString HttpSink::errorText() const
{
    return d->configurationError.errorText();
}

void HttpSink::process(const Batch &batch, Completion completion)
{
    d->begin(batch, std::move(completion));
}

void HttpSink::interrupt()
{
    d->interrupt();
}

Delivery HttpSink::finish()
{
    d->releaseNetwork();
    return Delivery::delivered();
}

} // namespace Qanat
