// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/http/endpointconfiguration.h"

#include "Qanat/core/bytesize.h"
#include "Qanat/core/duration.h"
#include "configurationreader_p.h"
#include "endpointconfiguration_p.h"
#include "targeturl_p.h"

#include <QtCore/qfile.h>
#include <QtCore/qjsonarray.h>

#include <algorithm>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

template<typename T>
using Words = std::vector<std::pair<QString, T>>;

const Words<HttpSink::ContentMode> &contentModes()
{
    using Mode = HttpSink::ContentMode;
    static const Words<Mode> words{{u"structured"_s, Mode::Structured},
                                   {u"binary"_s, Mode::Binary},
                                   {u"batched"_s, Mode::Batched},
                                   {u"json"_s, Mode::Json}};
    return words;
}

const Words<HttpSink::Compression> &compressions()
{
    static const Words<HttpSink::Compression> words{{u"none"_s, HttpSink::Compression::None},
                                                    {u"gzip"_s, HttpSink::Compression::Gzip}};
    return words;
}

const Words<HttpSink::PlainHttp> &consents()
{
    static const Words<HttpSink::PlainHttp> words{{u"loopback"_s, HttpSink::PlainHttp::LoopbackOnly},
                                                  {u"everywhere"_s, HttpSink::PlainHttp::Everywhere}};
    return words;
}

const Words<Limits::Overflow> &overflows()
{
    static const Words<Limits::Overflow> words{{u"reject"_s, Limits::Overflow::Reject},
                                               {u"dropOldest"_s, Limits::Overflow::DropOldest},
                                               {u"wait"_s, Limits::Overflow::Wait}};
    return words;
}

const Words<AnswerProfile::Reading> &readings()
{
    using Reading = AnswerProfile::Reading;
    static const Words<Reading> words{{u"delivered"_s, Reading::Delivered},
                                      {u"passing"_s, Reading::PassingFault},
                                      {u"payload"_s, Reading::PayloadFault},
                                      {u"endpoint"_s, Reading::EndpointFault},
                                      {u"gone"_s, Reading::Gone}};
    return words;
}

template<typename T>
QString wordFor(T value, const Words<T> &words)
{
    const auto place =
        std::find_if(words.begin(), words.end(), [value](const auto &word) { return word.second == value; });
    return place == words.end() ? QString() : place->first;
}

void readHeaders(ConfigurationReader &reader, QList<HttpMessage::Header> &headers)
{
    for (const QString &name : reader.names()) {
        QString value;
        reader.read(name, value);
        const HttpMessage::Header header{name.toUtf8(), value.toUtf8()};
        const HttpSink::HeaderError error = HttpSink::checkHeader(header.first, header.second);
        if (error != HttpSink::HeaderError::None)
            reader.fail(name, HttpSink::headerErrorText(error));
        headers.append(header);
    }
}

void readCredentials(ConfigurationReader &reader, HttpSink::Credentials &credentials)
{
    QString bearer;
    QString user;
    QString password;
    reader.read(u"bearer"_s, bearer);
    reader.read(u"user"_s, user);
    reader.read(u"password"_s, password);
    if (reader.has(u"bearer"_s) && (reader.has(u"user"_s) || reader.has(u"password"_s)))
        return reader.fail(u"bearer"_s, HttpSink::tr("does not go together with user and password"));
    if (reader.has(u"user"_s) != reader.has(u"password"_s))
        return reader.fail(u"user"_s, HttpSink::tr("goes together with password"));
    if (user.contains(u':'))
        return reader.fail(u"user"_s, HttpSink::tr("has a colon, which Basic credentials cannot carry"));
    if (!reader.has(u"bearer"_s) && !reader.has(u"user"_s))
        return;
    const HttpMessage::Header header =
        reader.has(u"bearer"_s) ? HttpSink::bearer(bearer.toUtf8()) : HttpSink::basic(user, password);
    if (HttpSink::checkHeader(header.first, header.second) != HttpSink::HeaderError::None)
        return reader.fail(u"bearer"_s, HttpSink::tr("cannot be sent"));
    credentials = [header] { return QList<HttpMessage::Header>{header}; };
}

QByteArray contentOf(ConfigurationReader &reader, const QString &name)
{
    QString fileName;
    reader.read(name, fileName);
    if (!reader.has(name))
        return {};
    // A file may have no end.
    constexpr qint64 Longest = 1024 * 1024;
    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly)) {
        reader.fail(name, HttpSink::tr("\"%1\" cannot be read: %2").arg(fileName, file.errorString()));
        return {};
    }
    const QByteArray content = file.read(Longest + 1);
    if (content.size() > Longest)
        reader.fail(name, HttpSink::tr("\"%1\" is larger than 1 MiB").arg(fileName));
    return content;
}

void readTls(ConfigurationReader &reader, EndpointConfiguration &configuration)
{
    const QByteArray authorities = contentOf(reader, u"authorities"_s);
    configuration.certificateAuthorities = QSslCertificate::fromData(authorities);
    if (reader.has(u"authorities"_s) && configuration.certificateAuthorities.isEmpty())
        reader.fail(u"authorities"_s, HttpSink::tr("there is no certificate in the file"));
    QStringList pins;
    reader.read(u"pinnedKeys"_s, pins);
    for (const QString &pin : std::as_const(pins)) {
        const auto decoded = QByteArray::fromBase64Encoding(pin.toLatin1(), QByteArray::AbortOnBase64DecodingErrors);
        if (!decoded || (*decoded).size() != 32)
            reader.fail(u"pinnedKeys"_s,
                        HttpSink::tr("a pinned key is the SHA-256 of a public key, 32 bytes in base64"));
        configuration.pinnedKeys.append(*decoded);
    }
    const QByteArray certificate = contentOf(reader, u"certificate"_s);
    const QByteArray key = contentOf(reader, u"key"_s);
    if (reader.has(u"certificate"_s) != reader.has(u"key"_s))
        return reader.fail(u"certificate"_s, HttpSink::tr("goes together with key"));
    if (!reader.has(u"certificate"_s))
        return;
    configuration.clientCertificate = QSslCertificate(certificate);
    if (configuration.clientCertificate.isNull())
        reader.fail(u"certificate"_s, HttpSink::tr("there is no certificate in the file"));
    for (const QSsl::KeyAlgorithm algorithm : {QSsl::Rsa, QSsl::Ec}) {
        if (configuration.clientKey.isNull())
            configuration.clientKey = QSslKey(key, algorithm);
    }
    if (configuration.clientKey.isNull())
        reader.fail(u"key"_s, HttpSink::tr("there is no private key in the file, or it has a passphrase"));
    else if (!configuration.clientCertificate.isNull()
             && !isKeyOf(configuration.clientKey, configuration.clientCertificate))
        reader.fail(u"key"_s, HttpSink::tr("is not that of the certificate"));
}

void readProxy(ConfigurationReader &reader, QNetworkProxy &proxy)
{
    QString text;
    reader.read(u"proxy"_s, text);
    if (text.isEmpty() || text == "none"_L1)
        return;
    if (text == "system"_L1) {
        proxy = QNetworkProxy(QNetworkProxy::DefaultProxy);
        return;
    }
    const QUrl url(text, QUrl::StrictMode);
    const bool isSocks = url.scheme() == "socks5"_L1;
    if ((!isSocks && url.scheme() != "http"_L1) || url.host().isEmpty() || url.port() <= 0) {
        reader.fail(u"proxy"_s, HttpSink::tr("is neither none, system, http://host:port nor socks5://host:port"));
        return;
    }
    proxy = QNetworkProxy(isSocks ? QNetworkProxy::Socks5Proxy : QNetworkProxy::HttpProxy, url.host(),
                          quint16(url.port()), url.userName(), url.password());
}

void readAnswers(ConfigurationReader &reader, EndpointConfiguration &configuration)
{
    QString profile;
    reader.read(u"profile"_s, profile);
    if (!profile.isEmpty()) {
        const Result<AnswerProfile> named = AnswerProfile::named(profile);
        if (named)
            configuration.answerProfile = *named;
        else
            reader.fail(u"profile"_s, named.errorText());
    }
    reader.readSize(u"limit"_s, configuration.answerLimit);
    int refusals = configuration.answerProfile.refusalLimit();
    reader.read(u"refusalLimit"_s, refusals);
    configuration.answerProfile = configuration.answerProfile.withRefusalLimit(refusals);
    ConfigurationReader &exceptions = reader.part(u"readings"_s);
    for (const QString &status : exceptions.names()) {
        AnswerProfile::Reading reading{};
        exceptions.readWord(status, reading, readings());
        bool isNumber = false;
        const int number = status.toInt(&isNumber);
        if (!isNumber || number < 100 || number > 999 || status != QString::number(number))
            exceptions.fail(status, HttpSink::tr("is no status: it is a number from 100 to 999"));
        configuration.answerProfile = configuration.answerProfile.withReading(number, reading);
    }
}

void readRetry(ConfigurationReader &reader, EndpointConfiguration &configuration)
{
    reader.readDuration(u"backoff"_s, configuration.backoff);
    reader.readDuration(u"maximumBackoff"_s, configuration.maximumBackoff);
    reader.read(u"threshold"_s, configuration.breakerThreshold);
    reader.readDuration(u"wait"_s, configuration.breakerWait);
    reader.readDuration(u"maximumWait"_s, configuration.maximumBreakerWait);
    reader.readDuration(u"maximumBlockedWait"_s, configuration.maximumBlockedWait);
    reader.readDuration(u"maximumAge"_s, configuration.maximumAge);
    reader.read(u"maximumAttempts"_s, configuration.maximumAttempts);
}

void readSecrets(ConfigurationReader &reader, QList<WebhookSecret> &secrets)
{
    QStringList texts;
    reader.read(u"signingSecrets"_s, texts);
    for (const QString &text : std::as_const(texts)) {
        const Result<WebhookSecret> secret = WebhookSecret::fromText(text.toLatin1());
        if (!secret)
            reader.fail(u"signingSecrets"_s, secret.errorText());
        secrets.append(*secret);
    }
}

} // namespace

Result<EndpointConfiguration> EndpointConfiguration::fromJson(const QJsonObject &object)
{
    EndpointConfiguration configuration;
    ConfigurationReader reader(object);
    reader.read(u"name"_s, configuration.name);
    QString url;
    reader.read(u"url"_s, url);
    configuration.url = QUrl(url, QUrl::StrictMode);
    reader.readWord(u"contentMode"_s, configuration.contentMode, contentModes());
    reader.readWord(u"compression"_s, configuration.compression, compressions());
    ConfigurationReader &batch = reader.part(u"batch"_s);
    batch.read(u"count"_s, configuration.maximumBatchCount);
    batch.readSize(u"size"_s, configuration.maximumBatchSize);
    batch.readDuration(u"linger"_s, configuration.linger);
    reader.readSize(u"maximumEventSize"_s, configuration.maximumEventSize);
    reader.read(u"requestsInFlight"_s, configuration.requestsInFlight);
    reader.read(u"orderKey"_s, configuration.orderKey);
    if (const QString fault = orderKeyFault(configuration.orderKey); !fault.isEmpty())
        reader.fail(u"orderKey"_s, fault);
    readHeaders(reader.part(u"headers"_s), configuration.headers);
    readCredentials(reader.part(u"credentials"_s), configuration.credentials);
    readSecrets(reader, configuration.signingSecrets);
    reader.readWord(u"plainHttp"_s, configuration.plainHttp, consents());
    readTls(reader.part(u"tls"_s), configuration);
    readProxy(reader, configuration.proxy);
    ConfigurationReader &timeouts = reader.part(u"timeouts"_s);
    timeouts.readDuration(u"connect"_s, configuration.connectTimeout);
    timeouts.readDuration(u"request"_s, configuration.requestTimeout);
    readAnswers(reader.part(u"answers"_s), configuration);
    readRetry(reader.part(u"retry"_s), configuration);
    ConfigurationReader &limits = reader.part(u"limits"_s);
    limits.read(u"events"_s, configuration.limits.events);
    limits.readSize(u"size"_s, configuration.limits.bytes);
    limits.readWord(u"overflow"_s, configuration.limits.overflow, overflows());
    if (const Delivery fault = checkTarget(configuration.url, configuration.plainHttp); fault.isFailure())
        reader.fail(u"url"_s, fault.errorText());
    QString error = reader.finish();
    if (error.isEmpty())
        error = configuration.errorText();
    if (!error.isEmpty())
        return Failure{error};
    return configuration;
}

QJsonObject EndpointConfiguration::toJson() const
{
    const auto duration = [](std::chrono::milliseconds value) { return formatDuration(value); };
    QJsonObject object{
        {u"name"_s, name},
        {u"url"_s, origin(url)},
        {u"compression"_s, wordFor(compression, compressions())},
        {u"batch"_s, QJsonObject{{u"count"_s, maximumBatchCount},
                                 {u"size"_s, formatByteSize(maximumBatchSize)},
                                 {u"linger"_s, duration(linger)}}},
        {u"maximumEventSize"_s, formatByteSize(maximumEventSize)},
        {u"requestsInFlight"_s, requestsInFlight},
        {u"plainHttp"_s, wordFor(plainHttp, consents())},
        {u"timeouts"_s,
         QJsonObject{{u"connect"_s, duration(connectTimeout)}, {u"request"_s, duration(requestTimeout)}}},
        {u"retry"_s, QJsonObject{{u"backoff"_s, duration(backoff)},
                                 {u"maximumBackoff"_s, duration(maximumBackoff)},
                                 {u"threshold"_s, breakerThreshold},
                                 {u"wait"_s, duration(breakerWait)},
                                 {u"maximumWait"_s, duration(maximumBreakerWait)},
                                 {u"maximumBlockedWait"_s, duration(maximumBlockedWait)},
                                 {u"maximumAge"_s, duration(maximumAge)},
                                 {u"maximumAttempts"_s, maximumAttempts}}},
    };
    if (const QString mode = wordFor(contentMode, contentModes()); !mode.isEmpty() && !encoder)
        object.insert(u"contentMode"_s, mode);
    if (!orderKey.isEmpty())
        object.insert(u"orderKey"_s, orderKey);
    QJsonObject names;
    for (const auto &header : headers)
        names.insert(QString::fromUtf8(header.first), QJsonValue::Null);
    if (!names.isEmpty())
        object.insert(u"headers"_s, names);
    QJsonObject exceptions;
    const AnswerProfile basis = AnswerProfile::named(answerProfile.name()).value();
    for (int status = 100; status < 1000; ++status) {
        if (const auto reading = answerProfile.reading(status); reading != basis.reading(status))
            exceptions.insert(QString::number(status), wordFor(reading, readings()));
    }
    QJsonObject answers{{u"profile"_s, answerProfile.name()},
                        {u"limit"_s, formatByteSize(answerLimit)},
                        {u"refusalLimit"_s, answerProfile.refusalLimit()}};
    if (!exceptions.isEmpty())
        answers.insert(u"readings"_s, exceptions);
    object.insert(u"answers"_s, answers);
    QJsonObject most{{u"overflow"_s, wordFor(limits.overflow, overflows())}};
    if (limits.events != Limits::Unlimited)
        most.insert(u"events"_s, limits.events);
    if (limits.bytes != Limits::Unlimited)
        most.insert(u"size"_s, formatByteSize(limits.bytes));
    object.insert(u"limits"_s, most);
    return object;
}

} // namespace Qanat
