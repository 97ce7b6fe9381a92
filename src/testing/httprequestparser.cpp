// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httprequestparser_p.h"

#include "httprequest_p.h"

#include <algorithm>
#include <limits>

namespace Qanat {

namespace {

constexpr qsizetype MaximumHeadSize = 64 * 1024;
constexpr qsizetype MaximumChunkLine = 4 * 1024;

bool isTokenCharacter(char c)
{
    // RFC 9110, 5.6.2
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (c != '\0' && QByteArrayView("!#$%&'*+-.^_`|~").contains(c));
}

bool isToken(QByteArrayView text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), isTokenCharacter);
}

bool isFieldValue(QByteArrayView text)
{
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<uchar>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}

//! Digits of this base and nothing else, neither sign nor blank. What overflows is the largest number.
std::optional<qsizetype> readNumber(QByteArrayView digits, int base)
{
    const QByteArrayView allowed = base == 16 ? QByteArrayView("0123456789abcdefABCDEF") : QByteArrayView("0123456789");
    if (digits.isEmpty()
        || !std::all_of(digits.begin(), digits.end(), [allowed](char c) { return c != '\0' && allowed.contains(c); }))
        return std::nullopt;
    bool fits = false;
    const qlonglong number = digits.toLongLong(&fits, base);
    return fits && number <= std::numeric_limits<qsizetype>::max() ? static_cast<qsizetype>(number)
                                                                   : std::numeric_limits<qsizetype>::max();
}

qsizetype countHeaders(const QList<HttpRequest::Header> &headers, QByteArrayView name)
{
    return std::count_if(headers.cbegin(), headers.cend(), [name](const HttpRequest::Header &header) {
        return name.compare(header.first, Qt::CaseInsensitive) == 0;
    });
}

} // namespace

HttpRequestParser::HttpRequestParser(qsizetype maximumBodySize)
    : m_maximumBodySize(maximumBodySize)
{
}

void HttpRequestParser::append(const QByteArray &bytes)
{
    if (m_position == m_buffer.size()) {
        m_buffer = bytes;
    } else {
        m_buffer.remove(0, m_position);
        m_buffer.append(bytes);
    }
    m_searched -= m_position;
    m_position = 0;
}

HttpRequest HttpRequestParser::take()
{
    m_stage = Stage::RequestLine;
    m_headSize = 0;
    return std::exchange(m_request, HttpRequest());
}

HttpRequestParser::Step HttpRequestParser::next()
{
    for (;;) {
        const bool isHead = m_stage <= Stage::Headers || m_stage == Stage::Trailers;
        switch (m_stage) {
        case Stage::Complete:
            return Step::Complete;
        case Stage::Malformed:
            return Step::Malformed;
        case Stage::Body:
        case Stage::ChunkData:
            if (m_position == m_buffer.size()) {
                return std::exchange(m_wantsContinue, false) ? Step::WantsContinue : Step::NeedsMore;
            }
            readContent(m_stage == Stage::Body ? Stage::Complete : Stage::ChunkEnd);
            continue;
        case Stage::ChunkSize:
            if (m_wantsContinue && m_position == m_buffer.size()) {
                m_wantsContinue = false;
                return Step::WantsContinue;
            }
            break;
        default:
            break;
        }

        const auto line = takeLine(isHead ? 431 : 400);
        if (!line) {
            if (m_stage == Stage::Malformed)
                continue;
            return Step::NeedsMore;
        }
        switch (m_stage) {
        case Stage::RequestLine:
            readRequestLine(*line);
            break;
        case Stage::Headers:
            if (line->isEmpty())
                beginBody();
            else
                readHeader(*line);
            break;
        case Stage::ChunkSize:
            readChunkSize(*line);
            break;
        case Stage::ChunkEnd:
            if (line->isEmpty())
                m_stage = Stage::ChunkSize;
            else
                refuse(400);
            break;
        case Stage::Trailers:
            if (line->isEmpty())
                m_stage = Stage::Complete;
            break;
        default:
            Q_UNREACHABLE();
        }
    }
}

std::optional<QByteArrayView> HttpRequestParser::takeLine(int tooLong)
{
    const qsizetype limit =
        m_stage == Stage::ChunkSize || m_stage == Stage::ChunkEnd ? MaximumChunkLine : MaximumHeadSize - m_headSize;
    const qsizetype end = m_buffer.indexOf('\n', std::max(m_searched, m_position));
    const qsizetype length = (end < 0 ? m_buffer.size() : end + 1) - m_position;
    if (length > limit) {
        refuse(tooLong);
        return std::nullopt;
    }
    if (end < 0) {
        m_searched = m_buffer.size();
        return std::nullopt;
    }
    const QByteArrayView line = QByteArrayView(m_buffer).sliced(m_position, length - 1);
    // A bare line feed may end a line for a lenient recipient (RFC 9112, 2.2). No client of ours may need one.
    if (!line.endsWith('\r') || line.chopped(1).contains('\r')) {
        refuse(400);
        return std::nullopt;
    }
    m_position = end + 1;
    m_searched = m_position;
    if (m_stage == Stage::RequestLine || m_stage == Stage::Headers || m_stage == Stage::Trailers)
        m_headSize += length;
    return line.chopped(1);
}

void HttpRequestParser::refuse(int status)
{
    m_refusal = status;
    m_stage = Stage::Malformed;
}

void HttpRequestParser::readRequestLine(QByteArrayView line)
{
    // An empty line before a request is to be ignored: RFC 9112, 2.2.
    if (line.isEmpty())
        return;
    const qsizetype first = line.indexOf(' ');
    const qsizetype second = line.indexOf(' ', first + 1);
    if (first < 0 || second < 0)
        return refuse(400);
    const QByteArrayView method = line.first(first);
    const QByteArrayView target = line.sliced(first + 1, second - first - 1);
    const QByteArrayView version = line.sliced(second + 1);
    const bool targetIsVisible = std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!isToken(method) || target.isEmpty() || !targetIsVisible)
        return refuse(400);
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return refuse(version.startsWith("HTTP/") ? 505 : 400);
    m_request.d->method = method.toByteArray();
    m_request.d->target = target.toByteArray();
    m_request.d->version = version.toByteArray();
    m_stage = Stage::Headers;
}

void HttpRequestParser::readHeader(QByteArrayView line)
{
    const qsizetype colon = line.indexOf(':');
    if (colon < 0 || !isToken(line.first(colon)))
        return refuse(400);
    if (!isFieldValue(line.sliced(colon + 1)))
        return refuse(400);
    const QByteArrayView value = line.sliced(colon + 1).trimmed();
    // Without a value it is empty and not null, which would be the answer for a header that is not there.
    m_request.d->headers.append(
        {line.first(colon).toByteArray(), value.isEmpty() ? QByteArray("") : value.toByteArray()});
}

void HttpRequestParser::beginBody()
{
    const QList<HttpRequest::Header> headers = m_request.d->headers;
    const bool isModern = m_request.d->version == "HTTP/1.1";
    if (isModern && countHeaders(headers, "Host") != 1)
        return refuse(400);

    if (countHeaders(headers, "Transfer-Encoding") > 0) {
        // With a Content-Length too somebody may be smuggling: RFC 9112, 6.1.
        if (!isModern || countHeaders(headers, "Content-Length") > 0)
            return refuse(400);
        const QByteArray coding = firstHeader(headers, "Transfer-Encoding");
        if (countHeaders(headers, "Transfer-Encoding") > 1 || coding.compare("chunked", Qt::CaseInsensitive) != 0)
            return refuse(501);
        m_stage = Stage::ChunkSize;
    } else {
        readContentLength();
    }

    const QByteArray expectation = firstHeader(headers, "Expect");
    if (m_stage == Stage::Malformed || expectation.isNull())
        return;
    if (expectation.compare("100-continue", Qt::CaseInsensitive) != 0)
        return refuse(417);
    m_wantsContinue = isModern && m_stage != Stage::Complete;
}

void HttpRequestParser::readContentLength()
{
    std::optional<qsizetype> length;
    for (const HttpRequest::Header &header : std::as_const(m_request.d->headers)) {
        if (header.first.compare("Content-Length", Qt::CaseInsensitive) != 0)
            continue;
        const auto number = readNumber(header.second, 10);
        if (!number || (length && *length != *number))
            return refuse(400);
        length = number;
    }
    m_remaining = length.value_or(0);
    if (m_remaining > m_maximumBodySize)
        return refuse(413);
    m_stage = m_remaining > 0 ? Stage::Body : Stage::Complete;
}

void HttpRequestParser::readChunkSize(QByteArrayView line)
{
    // What follows a semicolon is an extension, to be ignored: RFC 9112, 7.1.1.
    const qsizetype semicolon = line.indexOf(';');
    const auto size = readNumber((semicolon < 0 ? line : line.first(semicolon)).trimmed(), 16);
    if (!size)
        return refuse(400);
    if (*size > m_maximumBodySize - m_request.d->body.size())
        return refuse(413);
    m_remaining = *size;
    m_stage = m_remaining > 0 ? Stage::ChunkData : Stage::Trailers;
}

void HttpRequestParser::readContent(Stage done)
{
    const qsizetype there = std::min(m_remaining, m_buffer.size() - m_position);
    m_request.d->body.append(m_buffer.constData() + m_position, there);
    m_position += there;
    m_searched = m_position;
    m_remaining -= there;
    m_wantsContinue = false;
    if (m_remaining == 0)
        m_stage = done;
}

} // namespace Qanat
