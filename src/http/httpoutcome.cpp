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

Delivery::Error errorOf(AnswerProfile::Reading reading)
{
    switch (reading) {
    case AnswerProfile::Reading::Delivered:
        return Delivery::Error::None;
    case AnswerProfile::Reading::PassingFault:
        return Delivery::Error::Unavailable;
    case AnswerProfile::Reading::PayloadFault:
        return Delivery::Error::Refused;
    case AnswerProfile::Reading::EndpointFault:
        return Delivery::Error::Misdirected;
    case AnswerProfile::Reading::Gone:
        return Delivery::Error::Gone;
    }
    Q_UNREACHABLE();
}

QString textOf(const HttpAnswer &answer, AnswerProfile::Reading reading)
{
    if (reading == AnswerProfile::Reading::Gone)
        return HttpSink::tr("%1 answered %2: it wants no more events");
    return answer.status >= 300 && answer.status < 400 ? HttpSink::tr("%1 answered %2, and redirects are not followed")
                                                       : HttpSink::tr("%1 answered %2");
}

bool heedsRetryAfter(int status, Delivery::Error error)
{
    return error == Delivery::Error::Unavailable || status == 413 || status == 429 || status == 503
           || (status >= 300 && status < 400);
}

std::optional<std::chrono::milliseconds> waitAskedFor(const HttpAnswer &answer, std::chrono::milliseconds wallClock)
{
    const auto wait = parseRetryAfter(answer.retryAfter, answer.date, wallClock);
    // Who answers *too many requests* and does not say for how long would be asked again at once.
    return !wait && answer.status == 429 ? std::optional<std::chrono::milliseconds>(60s) : wait;
}

Delivery networkFailure(Delivery::Error error, const QString &origin, const QString &text)
{
    return Delivery::failed(error, u"%1: %2"_s.arg(origin, text));
}

} // namespace

Delivery outcomeOfAnswer(const HttpAnswer &answer, AnswerProfile::Reading reading, std::chrono::milliseconds wallClock,
                         const QString &origin)
{
    const Delivery::Error error = errorOf(reading);
    if (error == Delivery::Error::None)
        return Delivery::delivered();
    const bool isFinal = error == Delivery::Error::Refused || error == Delivery::Error::Gone;
    const Delivery failure = Delivery::failed(error, textOf(answer, reading).arg(origin).arg(answer.status),
                                              isFinal ? Delivery::Retry::Never : Delivery::Retry::CanHelp)
                                 .withStatus(answer.status);
    if (!heedsRetryAfter(answer.status, error))
        return failure;
    const auto wait = waitAskedFor(answer, wallClock);
    return wait ? failure.withRetryAfter(*wait) : failure;
}

Delivery outcomeOfError(QNetworkReply::NetworkError error, const QString &origin, const QString &distrust)
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
        return networkFailure(
            Error::Security, origin,
            distrust.isEmpty() ? HttpSink::tr(
                "TLS failed: the other side does not speak it, or no version from 1.2 on, or refuses this one")
                               : HttpSink::tr("TLS failed, its certificate is not trusted: %1").arg(distrust));
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
