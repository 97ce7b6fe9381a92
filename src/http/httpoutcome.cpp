// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpoutcome_p.h"

#include "Qanat/http/httpsink.h"
#include "retryafter_p.h"

#include <optional>

namespace Qanat {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

Delivery::Error errorOfStatus(int status)
{
    switch (status) {
    case 408:
    case 425:
    case 429:
        return Delivery::Error::Unavailable;
    case 401:
    case 402:
    case 403:
    case 404:
    case 405:
    case 406:
    case 407:
    case 411:
    case 415:
    case 421:
    case 431:
    case 451:
    case 501:
    case 505:
    case 511:
        return Delivery::Error::Misdirected;
    default:
        break;
    }
    if (status >= 500)
        return Delivery::Error::Unavailable;
    return status >= 400 ? Delivery::Error::Refused : Delivery::Error::Misdirected;
}

bool heedsRetryAfter(int status, Delivery::Error error)
{
    return error == Delivery::Error::Unavailable || status == 413 || (status >= 300 && status < 400);
}

std::optional<std::chrono::milliseconds> waitAskedFor(int status, QByteArrayView retryAfter,
                                                      std::chrono::milliseconds wallClock)
{
    const auto wait = parseRetryAfter(retryAfter, wallClock);
    // Who answers *too many requests* and does not say for how long would be asked again at once.
    return !wait && status == 429 ? std::optional<std::chrono::milliseconds>(60s) : wait;
}

Delivery networkFailure(Delivery::Error error, const QString &origin, const QString &text)
{
    return Delivery::failed(error, u"%1: %2"_s.arg(origin, text));
}

} // namespace

Delivery outcomeOfStatus(int status, QByteArrayView retryAfter, std::chrono::milliseconds wallClock,
                         const QString &origin)
{
    if (status >= 200 && status < 300)
        return Delivery::delivered();

    const Delivery::Error error = errorOfStatus(status);
    const auto retry = error == Delivery::Error::Refused ? Delivery::Retry::Never : Delivery::Retry::CanHelp;
    const QString text = status >= 300 && status < 400 ? HttpSink::tr("%1 answered %2, and redirects are not followed")
                                                       : HttpSink::tr("%1 answered %2");
    Delivery failure = Delivery::failed(error, text.arg(origin).arg(status), retry).withStatus(status);
    if (!heedsRetryAfter(status, error))
        return failure;
    const auto wait = waitAskedFor(status, retryAfter, wallClock);
    return wait ? failure.withRetryAfter(*wait) : failure;
}

Delivery outcomeOfError(QNetworkReply::NetworkError error, const QString &origin)
{
    using Error = Delivery::Error;
    switch (error) {
    case QNetworkReply::ConnectionRefusedError:
        return networkFailure(Error::Network, origin, HttpSink::tr("the connection was refused"));
    case QNetworkReply::RemoteHostClosedError:
        return networkFailure(Error::Network, origin,
                              HttpSink::tr("the connection was closed before there was an answer"));
    case QNetworkReply::HostNotFoundError:
        return networkFailure(Error::Network, origin, HttpSink::tr("the name of the host was not found"));
    case QNetworkReply::TimeoutError:
        return networkFailure(Error::Timeout, origin, HttpSink::tr("the connection timed out"));
    case QNetworkReply::SslHandshakeFailedError:
        return networkFailure(Error::Security, origin,
                              HttpSink::tr("TLS failed: the other side is not trusted, or does not speak it"));
    case QNetworkReply::NoError: // With a status that is none.
    case QNetworkReply::ProtocolFailure:
    case QNetworkReply::ProtocolInvalidOperationError:
        return networkFailure(Error::Misdirected, origin, HttpSink::tr("the answer is not HTTP"));
    case QNetworkReply::ProtocolUnknownError:
        return networkFailure(Error::Security, origin, HttpSink::tr("there is no TLS on this system"));
    default:
        return networkFailure(Error::Network, origin, HttpSink::tr("the network failed"));
    }
}

} // namespace Qanat
