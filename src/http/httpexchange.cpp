// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpexchange_p.h"

#include "httpconnections_p.h"
#include "secretscrubber_p.h"

#include <QtCore/qcryptographichash.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkrequest.h>
#include <QtNetwork/qsslcertificate.h>
#include <QtNetwork/qsslconfiguration.h>
#include <QtNetwork/qsslerror.h>
#include <QtNetwork/qsslkey.h>

#include <algorithm>
#include <array>

namespace Qanat {

namespace {

// A header that tells nobody anything: what the library itself, or the event, has put there.
bool isPublic(const QByteArray &name)
{
    static constexpr QByteArrayView attributes = "ce-";
    static constexpr std::array<QByteArrayView, 8> names = {"accept-encoding",   "accept-language",  "content-encoding",
                                                            "content-type",      "user-agent",       "webhook-id",
                                                            "webhook-timestamp", "webhook-signature"};
    const QByteArray lower = name.toLower();
    return lower.startsWith(attributes) || std::find(names.begin(), names.end(), lower) != names.end();
}

} // namespace

HttpExchange::HttpExchange(std::shared_ptr<HttpConnections> connections, const QNetworkRequest &request,
                           const QByteArray &body, HttpBounds bounds, std::function<void()> done, QObject *parent)
    : QObject(parent)
    , m_connections(std::move(connections))
    , m_bounds(std::move(bounds))
    , m_done(std::move(done))
    , m_timer(this)
    , m_connectDeadline(m_bounds.connect, Qt::PreciseTimer)
    , m_requestDeadline(m_bounds.request, Qt::PreciseTimer)
    // Not post(): where there is no Content-Type, as of an event without data, that sends one of Qt's own choice.
    , m_reply(m_connections->manager().sendCustomRequest(request, "POST", body))
{
    connect(m_reply, &QNetworkReply::requestSent, this, &HttpExchange::requestSent);
    connect(m_reply, &QNetworkReply::encrypted, this, &HttpExchange::checkKey);
    connect(m_reply, &QNetworkReply::sslErrors, this, [this](const QList<QSslError> &errors) {
        for (const QSslError &error : errors)
            m_distrust.append(error.errorString());
    });
    connect(m_reply, &QNetworkReply::readyRead, this, &HttpExchange::readAnswer);
    connect(m_reply, &QNetworkReply::finished, this, [this] {
        readAnswer();
        conclude(End::Reply);
    });
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &HttpExchange::reviewDeadlines);
    m_timer.start(std::min(m_bounds.connect, m_bounds.request));
}

HttpExchange::~HttpExchange()
{
    if (isStuckPossible())
        m_connections->giveUp();
    // Not abort(), which emits finished() from within, and makes Qt 6.4 warn of an error that is on its way already.
    delete m_reply;
}

QString HttpExchange::answer() const
{
    if (m_answer.isEmpty())
        return {};
    SecretScrubber scrubber;
    const QNetworkRequest request = m_reply->request();
    scrubber.add(request.url());
    const QList<QByteArray> names = request.rawHeaderList();
    for (const QByteArray &name : names) {
        if (!isPublic(name))
            scrubber.addCredentials(request.rawHeader(name));
    }
    return scrubber.scrubbed(m_answer);
}

bool HttpExchange::areConnectionsSpoilt() const
{
    // Qt takes an interim answer for the final one, which would then pass for the answer to the next request.
    const int answered = status();
    return isStuckPossible() || (answered >= 100 && answered < 200);
}

// Qt's thread may not come back. An answer that was long enough does not keep it busy: the buffer is full.
bool HttpExchange::isStuckPossible() const
{
    return !m_reply->isFinished() && (!m_isOver || m_end != End::Reply);
}

int HttpExchange::status() const
{
    return m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
}

void HttpExchange::requestSent()
{
    m_isSent = true;
    ++m_sendCount;
    // Counting alone would not do: while this thread is busy, Qt's own takes in all that a hostile server sends. Before
    // this signal Qt ignores the limit.
    m_reply->setReadBufferSize(m_bounds.answer + 1);
}

// Nothing has been sent on the connection: Qt's thread waits for the end of this.
void HttpExchange::checkKey()
{
    if (m_bounds.pins.isEmpty())
        return;
    const QByteArray key = m_reply->sslConfiguration().peerCertificate().publicKey().toDer();
    if (m_bounds.pins.contains(QCryptographicHash::hash(key, QCryptographicHash::Sha256)))
        return;
    m_end = End::OtherKey;
    m_reply->abort();
}

void HttpExchange::readAnswer()
{
    if (!m_reply->isOpen()) // It was aborted.
        return;
    m_answer += m_reply->read(std::min(m_bounds.answer + 1 - m_answer.size(), m_reply->bytesAvailable()));
    if (m_answer.size() <= m_bounds.answer)
        return;
    m_answer.truncate(m_bounds.answer);
    conclude(End::Reply);
}

// QNetworkRequest's own timeout starts anew with each byte that arrives.
void HttpExchange::reviewDeadlines()
{
    if (m_requestDeadline.hasExpired()) {
        conclude(End::RequestTimeout);
    } else if (!m_isSent && m_connectDeadline.hasExpired()) {
        conclude(End::ConnectTimeout);
    } else {
        const QDeadlineTimer &next = m_isSent ? m_requestDeadline : std::min(m_connectDeadline, m_requestDeadline);
        m_timer.start(std::chrono::ceil<std::chrono::milliseconds>(next.remainingTimeAsDuration()));
    }
}

// Later: nothing may be destroyed by who hears of it while the reply is at work.
void HttpExchange::conclude(End end)
{
    if (std::exchange(m_isOver, true))
        return;
    if (m_end == End::Reply)
        m_end = end;
    m_timer.stop();
    QMetaObject::invokeMethod(
        this,
        [this] {
            const auto done = m_done; // It may destroy this.
            done();
        },
        Qt::QueuedConnection);
}

} // namespace Qanat
