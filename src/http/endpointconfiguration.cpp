// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/bytesize.h"
#include "Qanat/core/duration.h"
#include "endpointconfiguration_p.h"

#include <algorithm>
#include <array>

namespace Qanat {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

using std::chrono::milliseconds;

// A value and where it may lie; the place is that in the JSON.
template<typename T>
struct Range
{
    QStringView place;
    T value;
    T least;
    T most;

    [[nodiscard]] QString fault(QString (*text)(T)) const
    {
        if (value >= least && value <= most)
            return {};
        const QString what = value < least ? HttpSink::tr("%1 is less than %2").arg(text(value), text(least))
                                           : HttpSink::tr("%1 is more than %2").arg(text(value), text(most));
        return u"%1: %2"_s.arg(place, what);
    }
};

QString numberText(qint64 number)
{
    return QString::number(number);
}

QString sizeText(qint64 bytes)
{
    return formatByteSize(bytes);
}

QString durationText(milliseconds duration)
{
    return duration < 0ms ? HttpSink::tr("a negative duration") : formatDuration(duration);
}

// What is wrong with its numbers.
QString valueFault(const EndpointConfiguration &configuration)
{
    const EndpointConfiguration &c = configuration;
    constexpr qint64 Most = std::numeric_limits<qint64>::max();
    QStringList faults;
    for (const Range<qint64> &number : std::array<Range<qint64>, 5>{{
             {u"batch.count", c.maximumBatchCount, 1, Most},
             {u"requestsInFlight", c.requestsInFlight, 1, 6},
             {u"retry.threshold", c.breakerThreshold, 1, Most},
             {u"retry.maximumAttempts", c.maximumAttempts, 1, Most},
             {u"limits.events", c.limits.events, 1, Most},
         }})
        faults.append(number.fault(numberText));
    for (const Range<qint64> &size : std::array<Range<qint64>, 4>{{
             {u"batch.size", c.maximumBatchSize, 1, Most},
             {u"maximumEventSize", c.maximumEventSize, 1, Most},
             {u"answers.limit", c.answerLimit, 0, qint64(1) << 30},
             {u"limits.size", c.limits.bytes, 1, Most},
         }})
        faults.append(size.fault(sizeText));
    for (const Range<milliseconds> &duration : std::array<Range<milliseconds>, 9>{{
             {u"batch.linger", c.linger, 0ms, 24h},
             {u"timeouts.connect", c.connectTimeout, 1ms, 24h},
             {u"timeouts.request", c.requestTimeout, 1ms, 24h},
             {u"retry.backoff", c.backoff, 0ms, milliseconds::max()},
             {u"retry.maximumBackoff", c.maximumBackoff, c.backoff, milliseconds::max()},
             {u"retry.wait", c.breakerWait, 1ms, milliseconds::max()},
             {u"retry.maximumWait", c.maximumBreakerWait, c.breakerWait, milliseconds::max()},
             {u"retry.maximumBlockedWait", c.maximumBlockedWait, c.breakerWait, milliseconds::max()},
             {u"retry.maximumAge", c.maximumAge, 1ms, milliseconds::max()},
         }})
        faults.append(duration.fault(durationText));
    const auto first =
        std::find_if(faults.begin(), faults.end(), [](const QString &fault) { return !fault.isEmpty(); });
    return first == faults.end() ? QString() : *first;
}

} // namespace

EndpointConfiguration::EndpointConfiguration() = default;

QString EndpointConfiguration::errorText() const
{
    HttpSink sink{QUrl()};
    return configure(sink, *this);
}

// The end of a public key is all but alone in the world, and a private key has it, too: n and e of RSA, the point of a curve.
bool isKeyOf(const QSslKey &key, const QSslCertificate &certificate)
{
    constexpr qsizetype Telling = 64;
    return key.toDer().contains(certificate.publicKey().toDer().right(Telling));
}

QString configure(HttpSink &sink, const EndpointConfiguration &configuration)
{
    for (const auto &[name, value] : configuration.headers) {
        const HttpSink::HeaderError error = sink.setHeader(name, value);
        if (error != HttpSink::HeaderError::None)
            return u"headers: "_s + HttpSink::headerErrorText(error);
    }
    for (const QByteArray &key : configuration.pinnedKeys) {
        if (key.size() != 32)
            return u"pinnedKeys: "_s + HttpSink::tr("a pinned key is the SHA-256 of a public key, which has 32 bytes");
    }
    if (const QString fault = orderKeyFault(configuration.orderKey); !fault.isEmpty())
        return u"orderKey: "_s + fault;
    if (const QString fault = valueFault(configuration); !fault.isEmpty())
        return fault;
    const bool hasTls = !configuration.certificateAuthorities.isEmpty() || !configuration.pinnedKeys.isEmpty()
                        || !configuration.clientCertificate.isNull();
    if (hasTls && configuration.url.scheme() == "http"_L1)
        return u"tls: "_s + HttpSink::tr("is of no use with an http URL");
    if (configuration.clientCertificate.isNull() != configuration.clientKey.isNull())
        return u"tls.certificate: "_s + HttpSink::tr("goes together with key");
    if (!configuration.clientKey.isNull() && !isKeyOf(configuration.clientKey, configuration.clientCertificate))
        return u"tls.key: "_s + HttpSink::tr("is not that of the certificate");
    sink.setContentMode(configuration.contentMode);
    if (configuration.encoder)
        sink.setEncoder(configuration.encoder);
    sink.setCompression(configuration.compression);
    sink.setMaximumBatchCount(configuration.maximumBatchCount);
    sink.setMaximumBatchSize(configuration.maximumBatchSize);
    sink.setMaximumEventSize(configuration.maximumEventSize);
    sink.setRequestsInFlight(configuration.requestsInFlight);
    sink.setCredentials(configuration.credentials);
    sink.setSigningSecrets(configuration.signingSecrets);
    sink.setPlainHttp(configuration.plainHttp);
    sink.setCertificateAuthorities(configuration.certificateAuthorities);
    sink.setPinnedKeys(configuration.pinnedKeys);
    sink.setClientCertificate(configuration.clientCertificate, configuration.clientKey);
    sink.setProxy(configuration.proxy);
    sink.setConnectTimeout(configuration.connectTimeout);
    sink.setRequestTimeout(configuration.requestTimeout);
    sink.setAnswerLimit(configuration.answerLimit);
    sink.setAnswerProfile(configuration.answerProfile);
    sink.setUrl(configuration.url);
    return sink.isValid() ? QString() : u"url: "_s + sink.errorText();
}

bool carriesMany(const EndpointConfiguration &configuration)
{
    return configuration.encoder || configuration.contentMode == HttpSink::ContentMode::Batched
           || configuration.contentMode == HttpSink::ContentMode::Custom;
}

QString orderKeyFault(const QString &name)
{
    // What is the name of an extension is for events to say.
    Event event(u"t"_s);
    if (!name.isEmpty() && name != "source"_L1 && name != "subject"_L1 && name != "type"_L1)
        event.setExtension(name, true);
    return event.isValid() ? QString()
                           : HttpSink::tr("is neither source, subject, type nor the name of an extension attribute");
}

std::function<QString(const Event &)> orderKeyOf(const EndpointConfiguration &configuration)
{
    const QString name = configuration.orderKey;
    if (name.isEmpty())
        return {};
    if (name == "source"_L1)
        return [](const Event &event) { return event.source(); };
    if (name == "subject"_L1)
        return [](const Event &event) { return event.subject(); };
    if (name == "type"_L1)
        return [](const Event &event) { return event.type(); };
    return [name](const Event &event) { return event.extension(name).toString(); };
}

} // namespace Qanat
