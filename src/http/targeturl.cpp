// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "targeturl_p.h"

#include "Qanat/http/httpsink.h"

#include <QtNetwork/qhostaddress.h>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

bool isLoopback(const QString &host)
{
    return host == "localhost"_L1 || QHostAddress(host).isLoopback();
}

Delivery refused(const QString &text)
{
    return Delivery::failed(Delivery::Error::Refused, text, Delivery::Retry::Never);
}

Delivery forbidden(const QString &text)
{
    return Delivery::failed(Delivery::Error::Security, text, Delivery::Retry::Never);
}

} // namespace

QString origin(const QUrl &url)
{
    return url.toString(QUrl::RemoveUserInfo | QUrl::RemovePath | QUrl::RemoveQuery | QUrl::RemoveFragment
                        | QUrl::FullyEncoded);
}

Delivery checkTarget(const QUrl &url, HttpSink::PlainHttp consent)
{
    if (url.isEmpty())
        return refused(HttpSink::tr("there is no URL"));
    // QUrl::errorString() would show the URL.
    if (!url.isValid())
        return refused(HttpSink::tr("the URL is malformed"));
    const QString scheme = url.scheme();
    if (scheme != "https"_L1 && scheme != "http"_L1)
        return refused(HttpSink::tr("the URL is neither http nor https"));
    if (url.host().isEmpty())
        return refused(HttpSink::tr("the URL has no host"));
    if (url.port() == 0)
        return refused(HttpSink::tr("the URL has the port 0"));
    if (!url.userInfo().isEmpty())
        return forbidden(
            HttpSink::tr("%1: a URL with a user name or password is not used, set a header instead").arg(origin(url)));
    if (scheme == "http"_L1 && consent == HttpSink::PlainHttp::LoopbackOnly && !isLoopback(url.host()))
        return forbidden(HttpSink::tr("%1: http without TLS needs consent (plainHttp)").arg(origin(url)));
    return Delivery::delivered();
}

} // namespace Qanat
