// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpanswer_p.h"

#include "httprequest_p.h"

#include <algorithm>

namespace Qanat {

namespace {

constexpr qsizetype EndlessBlock = 64 * 1024;

QByteArray reasonPhrase(int status)
{
    switch (status) {
    case 100:
        return "Continue";
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 303:
        return "See Other";
    case 304:
        return "Not Modified";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 413:
        return "Content Too Large";
    case 417:
        return "Expectation Failed";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return {}; // RFC 9112, 4: it may be empty
    }
}

void appendHeader(QByteArray &head, QByteArrayView name, QByteArrayView value)
{
    head.append(name).append(": ").append(value).append("\r\n");
}

QByteArray statusLine(int status)
{
    return "HTTP/1.1 " + QByteArray::number(status) + ' ' + reasonPhrase(status) + "\r\n";
}

//! Whether the client will send another request on this connection: RFC 9112, 9.3.
bool clientKeepsConnection(const HttpRequest &request)
{
    const QByteArray connection = request.header("Connection").toLower();
    return request.version() == "HTTP/1.1" ? !connection.contains("close") : connection.contains("keep-alive");
}

bool forbidsContentLength(int status)
{
    return status < 200 || status == 204; // RFC 9110, 8.6
}

QByteArray endlessHeaderBlock()
{
    QByteArray block;
    for (int number = 0; block.size() < EndlessBlock; ++number)
        appendHeader(block, "X-Endless-" + QByteArray::number(number), "and so on and so on");
    return block;
}

} // namespace

HttpAnswer::HttpAnswer(const HttpResponse &response, const HttpRequest &request)
    : m_ending(response.ending())
    , m_pace(response.pace())
{
    using Content = HttpResponse::Content;
    if (m_ending == HttpResponse::Ending::KeepAlive && !clientKeepsConnection(request))
        m_ending = HttpResponse::Ending::Close;

    const Content content = response.content();
    if (content == Content::Nothing)
        return;
    if (content == Content::Raw) {
        m_bytes = response.body();
        return;
    }

    QByteArray body = response.body();
    if (response.cutAfter()) // more than can be sent, so that it is cut in any case
        body.append(QByteArray(std::max<qsizetype>(*response.cutAfter(), 0) + 1, 'x'));

    m_bytes = statusLine(response.statusCode());
    const QList<HttpRequest::Header> headers = response.headers();
    for (const HttpRequest::Header &header : headers)
        appendHeader(m_bytes, header.first, header.second);
    if (content == Content::EndlessHeaders) {
        m_endless = endlessHeaderBlock();
        return;
    }
    if (content == Content::Answer && !forbidsContentLength(response.statusCode())
        && firstHeader(headers, "Content-Length").isNull() && firstHeader(headers, "Transfer-Encoding").isNull())
        appendHeader(m_bytes, "Content-Length", QByteArray::number(body.size()));
    if (m_ending == HttpResponse::Ending::Close && firstHeader(headers, "Connection").isNull())
        appendHeader(m_bytes, "Connection", "close");
    m_bytes.append("\r\n");

    if (content == Content::EndlessBody)
        m_endless = QByteArray(EndlessBlock, 'x');
    if (request.method() != "HEAD")
        m_bytes.append(body);
    if (response.cutAfter())
        m_bytes.truncate(std::max<qsizetype>(*response.cutAfter(), 0));
}

HttpAnswer HttpAnswer::refusal(int status)
{
    return HttpAnswer(HttpResponse::status(status).withEnding(HttpResponse::Ending::Close), HttpRequest());
}

QByteArray HttpAnswer::take(qsizetype maximum)
{
    if (m_position == m_bytes.size()) {
        m_bytes = m_endless;
        m_position = 0;
    }
    if (m_position == 0 && m_bytes.size() <= maximum)
        return std::exchange(m_bytes, QByteArray());
    QByteArray piece = m_bytes.mid(m_position, maximum);
    m_position += piece.size();
    return piece;
}

} // namespace Qanat
