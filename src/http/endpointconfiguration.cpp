// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "endpointconfiguration_p.h"

namespace Qanat {

using namespace Qt::StringLiterals;

EndpointConfiguration::EndpointConfiguration() = default;

QString EndpointConfiguration::errorText() const
{
    HttpSink sink{QUrl()};
    return configure(sink, *this);
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
    return sink.errorText();
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
