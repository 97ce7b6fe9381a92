// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/testing/httpresponse.h"

namespace Qanat {

class HttpResponseData : public QSharedData
{
public:
    HttpResponse::Content content = HttpResponse::Content::Answer;
    HttpResponse::Ending ending = HttpResponse::Ending::KeepAlive;
    int statusCode = 204;
    QByteArray body;
    QList<HttpRequest::Header> headers;
    std::chrono::milliseconds delay{0};
    HttpResponse::Pace pace;
    std::optional<qsizetype> cutAfter;
};

HttpResponse::HttpResponse()
    : d(new HttpResponseData)
{
}

HttpResponse::HttpResponse(Content content, Ending ending)
    : HttpResponse()
{
    d->content = content;
    d->ending = ending;
    d->statusCode = 200;
}

HttpResponse::HttpResponse(const HttpResponse &other) = default;
HttpResponse::HttpResponse(HttpResponse &&other) noexcept = default;
HttpResponse &HttpResponse::operator=(const HttpResponse &other) = default;
HttpResponse &HttpResponse::operator=(HttpResponse &&other) noexcept = default;
HttpResponse::~HttpResponse() = default;

HttpResponse HttpResponse::status(int code, const QByteArray &body)
{
    HttpResponse response;
    response.d->statusCode = code;
    response.d->body = body;
    return response;
}

HttpResponse HttpResponse::reset()
{
    return {Content::Nothing, Ending::Reset};
}

HttpResponse HttpResponse::closeWithoutAnswer()
{
    return {Content::Nothing, Ending::Disconnect};
}

HttpResponse HttpResponse::never()
{
    return {Content::Nothing, Ending::Hang};
}

HttpResponse HttpResponse::cut(qsizetype bytes)
{
    HttpResponse response(Content::Answer, Ending::Disconnect);
    response.d->cutAfter = bytes;
    return response;
}

HttpResponse HttpResponse::drip(qsizetype bytes, std::chrono::milliseconds interval)
{
    return status(200, QByteArray(1000, 'x')).withPace(bytes, interval);
}

HttpResponse HttpResponse::flood()
{
    return {Content::EndlessBody, Ending::Close};
}

HttpResponse HttpResponse::endlessHeaders()
{
    return {Content::EndlessHeaders, Ending::Close};
}

HttpResponse HttpResponse::raw(const QByteArray &bytes)
{
    return HttpResponse(Content::Raw, Ending::KeepAlive).withBody(bytes);
}

HttpResponse HttpResponse::withBody(const QByteArray &body) const
{
    HttpResponse changed(*this);
    changed.d->body = body;
    return changed;
}

HttpResponse HttpResponse::withHeader(const QByteArray &name, const QByteArray &value) const
{
    HttpResponse changed(*this);
    changed.d->headers.append({name, value});
    return changed;
}

HttpResponse HttpResponse::withDelay(std::chrono::milliseconds delay) const
{
    HttpResponse changed(*this);
    changed.d->delay = delay;
    return changed;
}

HttpResponse HttpResponse::withPace(qsizetype bytes, std::chrono::milliseconds interval) const
{
    HttpResponse changed(*this);
    changed.d->pace = {bytes, interval};
    return changed;
}

HttpResponse HttpResponse::withEnding(Ending ending) const
{
    HttpResponse changed(*this);
    changed.d->ending = ending;
    return changed;
}

int HttpResponse::statusCode() const
{
    return d->statusCode;
}
QByteArray HttpResponse::body() const
{
    return d->body;
}
QList<HttpRequest::Header> HttpResponse::headers() const
{
    return d->headers;
}
std::chrono::milliseconds HttpResponse::delay() const
{
    return d->delay;
}
HttpResponse::Pace HttpResponse::pace() const
{
    return d->pace;
}
HttpResponse::Content HttpResponse::content() const
{
    return d->content;
}
HttpResponse::Ending HttpResponse::ending() const
{
    return d->ending;
}
std::optional<qsizetype> HttpResponse::cutAfter() const
{
    return d->cutAfter;
}

} // namespace Qanat
