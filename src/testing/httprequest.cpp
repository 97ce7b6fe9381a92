// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/testing/httprequest.h"

#include "httprequest_p.h"

#include <algorithm>

namespace Qanat {

QByteArray firstHeader(const QList<HttpRequest::Header> &headers, QByteArrayView name)
{
    const auto header = std::find_if(headers.cbegin(), headers.cend(), [name](const HttpRequest::Header &candidate) {
        return name.compare(candidate.first, Qt::CaseInsensitive) == 0;
    });
    return header == headers.cend() ? QByteArray() : header->second;
}

HttpRequest::HttpRequest()
    : d(new HttpRequestData)
{
}

HttpRequest::HttpRequest(const HttpRequest &other) = default;
HttpRequest::HttpRequest(HttpRequest &&other) noexcept = default;
HttpRequest &HttpRequest::operator=(const HttpRequest &other) = default;
HttpRequest &HttpRequest::operator=(HttpRequest &&other) noexcept = default;
HttpRequest::~HttpRequest() = default;

QByteArray HttpRequest::method() const
{
    return d->method;
}
QByteArray HttpRequest::target() const
{
    return d->target;
}
QByteArray HttpRequest::version() const
{
    return d->version;
}
QList<HttpRequest::Header> HttpRequest::headers() const
{
    return d->headers;
}
QByteArray HttpRequest::body() const
{
    return d->body;
}
quint64 HttpRequest::connection() const
{
    return d->connection;
}
quint64 HttpRequest::index() const
{
    return d->index;
}
std::chrono::steady_clock::time_point HttpRequest::arrival() const
{
    return d->arrival;
}

QByteArray HttpRequest::path() const
{
    const qsizetype mark = d->target.indexOf('?');
    return mark < 0 ? d->target : d->target.left(mark);
}

QByteArray HttpRequest::query() const
{
    const qsizetype mark = d->target.indexOf('?');
    return mark < 0 ? QByteArray() : d->target.mid(mark + 1);
}

QByteArray HttpRequest::header(QByteArrayView name) const
{
    return firstHeader(d->headers, name);
}

} // namespace Qanat
