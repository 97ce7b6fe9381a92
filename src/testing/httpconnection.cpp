// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpconnection_p.h"

#include "httpreceivershared_p.h"
#include "platform/socket_p.h"

#include <QtNetwork/qsslconfiguration.h>
#include <QtNetwork/qsslsocket.h>

#include <optional>

namespace Qanat {

using namespace std::chrono_literals;

namespace {

constexpr qsizetype BlockSize = 64 * 1024;
constexpr qint64 MaximumUnsent = 256 * 1024; // of a client that doesn't read: no more is made than this
constexpr qint64 MaximumUnread = 1024 * 1024; // then the client has to wait
constexpr auto LingerTime = 2s;

std::unique_ptr<QTcpSocket> makeSocket(const std::optional<QSslConfiguration> &tls)
{
    if (!tls)
        return std::make_unique<QTcpSocket>();
    auto socket = std::make_unique<QSslSocket>();
    socket->setSslConfiguration(*tls);
    return socket;
}

} // namespace

HttpConnection::HttpConnection(qintptr descriptor, std::shared_ptr<HttpReceiverShared> shared, QObject *parent)
    : QObject(parent)
    , m_shared(std::move(shared))
    , m_number(m_shared->connected())
    , m_socket(makeSocket(m_shared->tls()))
    , m_parser(m_shared->maximumBodySize())
{
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &HttpConnection::onTimeout);
    connect(m_socket.get(), &QTcpSocket::readyRead, this, &HttpConnection::onReadyRead);
    connect(m_socket.get(), &QTcpSocket::bytesWritten, this, &HttpConnection::onBytesWritten);
    connect(m_socket.get(), &QTcpSocket::disconnected, this, &HttpConnection::onDisconnected);

    m_socket->setReadBufferSize(MaximumUnread);
    if (!m_socket->setSocketDescriptor(descriptor)) {
        onDisconnected();
        return;
    }
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    if (auto *const encrypted = qobject_cast<QSslSocket *>(m_socket.get()))
        encrypted->startServerEncryption();
}

HttpConnection::~HttpConnection()
{
    m_socket->disconnect(this);
    m_socket->abort();
}

void HttpConnection::onReadyRead()
{
    switch (m_phase) {
    case Phase::Reading:
        work();
        m_socket->flush();
        break;
    case Phase::Hanging:
    case Phase::Lingering:
        // Left in the buffer it would fill it, and then the end of the connection would go unnoticed.
        m_socket->skip(m_socket->bytesAvailable());
        break;
    default:
        break;
    }
}

void HttpConnection::onBytesWritten()
{
    if (!hasRoom())
        return;
    // No flush in here: this signal is not sent again from within, and then nobody would hear that there is room.
    switch (m_phase) {
    case Phase::Reading:
        work();
        break;
    case Phase::Sending:
        if (!m_timer.isActive()) {
            send();
            work();
        }
        break;
    case Phase::Finishing:
        finish();
        break;
    default:
        break;
    }
}

void HttpConnection::onTimeout()
{
    switch (m_phase) {
    case Phase::Delaying:
        m_phase = Phase::Sending;
        [[fallthrough]];
    case Phase::Sending:
        send();
        work();
        m_socket->flush();
        break;
    case Phase::Lingering:
        m_socket->abort();
        break;
    default:
        break;
    }
}

void HttpConnection::onDisconnected()
{
    m_phase = Phase::Over;
    m_timer.stop();
    deleteLater();
}

void HttpConnection::work()
{
    while (m_phase == Phase::Reading && hasRoom()) {
        if (m_socket->bytesAvailable() > 0)
            m_parser.append(m_socket->readAll());
        switch (m_parser.next()) {
        case HttpRequestParser::Step::Complete:
            respond();
            break;
        case HttpRequestParser::Step::WantsContinue:
            m_socket->write("HTTP/1.1 100 Continue\r\n\r\n");
            break;
        case HttpRequestParser::Step::Malformed:
            refuse();
            break;
        case HttpRequestParser::Step::NeedsMore:
            return;
        }
    }
}

void HttpConnection::respond()
{
    const HttpRequest request = m_shared->arrived(m_parser.take(), m_number);
    const HttpResponse response = m_shared->answer(request);
    m_answer = HttpAnswer(response, request);
    if (response.delay() > 0ms) {
        m_phase = Phase::Delaying;
        startTimer(response.delay());
    } else {
        m_phase = Phase::Sending;
        send();
    }
}

void HttpConnection::refuse()
{
    m_shared->malformed();
    m_answer = HttpAnswer::refusal(m_parser.refusal());
    m_phase = Phase::Sending;
    send();
}

void HttpConnection::send()
{
    const HttpResponse::Pace pace = m_answer.pace();
    const bool isPaced = pace.bytes > 0;
    while (hasRoom()) {
        const QByteArray piece = m_answer.take(isPaced ? pace.bytes : BlockSize);
        if (piece.isEmpty()) {
            answered();
            return;
        }
        m_socket->write(piece);
        if (isPaced)
            break;
    }
    if (isPaced)
        startTimer(pace.interval);
}

void HttpConnection::answered()
{
    if (m_answer.ending() == HttpResponse::Ending::KeepAlive) {
        m_phase = Phase::Reading;
    } else {
        m_phase = Phase::Finishing;
        m_socket->flush();
        finish();
    }
}

void HttpConnection::finish()
{
    // The flush may have found the connection broken, and then it is over already.
    if (m_phase != Phase::Finishing || m_socket->bytesToWrite() > 0)
        return;
    switch (m_answer.ending()) {
    case HttpResponse::Ending::Disconnect:
        m_socket->disconnectFromHost();
        break;
    case HttpResponse::Ending::Reset:
        Socket::resetOnClose(m_socket->socketDescriptor());
        m_socket->abort();
        break;
    case HttpResponse::Ending::Hang:
        m_phase = Phase::Hanging;
        onReadyRead();
        break;
    case HttpResponse::Ending::KeepAlive:
    case HttpResponse::Ending::Close:
        m_phase = Phase::Lingering;
        Socket::endWriting(m_socket->socketDescriptor());
        startTimer(LingerTime);
        onReadyRead();
        break;
    }
}

void HttpConnection::startTimer(std::chrono::milliseconds delay)
{
    m_timer.start(delay);
}

bool HttpConnection::hasRoom() const
{
    return m_socket->bytesToWrite() < MaximumUnsent;
}

} // namespace Qanat
