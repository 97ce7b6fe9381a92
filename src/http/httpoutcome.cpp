// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpoutcome_p.h"

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

Delivery networkFailure(Delivery::Error error, const QString &origin, QLatin1StringView text)
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
    const QString text =
        status >= 300 && status < 400 ? u"%1 answered %2, and redirects are not followed"_s : u"%1 answered %2"_s;
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
        return networkFailure(Error::Network, origin, "the connection was refused"_L1);
    case QNetworkReply::RemoteHostClosedError:
        return networkFailure(Error::Network, origin, "the connection was closed before there was an answer"_L1);
    case QNetworkReply::HostNotFoundError:
        return networkFailure(Error::Network, origin, "the name of the host was not found"_L1);
    case QNetworkReply::TimeoutError:
        return networkFailure(Error::Timeout, origin, "the connection timed out"_L1);
    case QNetworkReply::SslHandshakeFailedError:
        return networkFailure(Error::Security, origin,
                              "TLS failed: the other side is not trusted, or does not speak it"_L1);
    case QNetworkReply::NoError: // With a status that is none.
    case QNetworkReply::ProtocolFailure:
    case QNetworkReply::ProtocolInvalidOperationError:
        return networkFailure(Error::Misdirected, origin, "the answer is not HTTP"_L1);
    case QNetworkReply::ProtocolUnknownError:
        return networkFailure(Error::Security, origin, "there is no TLS on this system"_L1);
    default:
        return networkFailure(Error::Network, origin, "the network failed"_L1);
    }
}

} // namespace Qanat
