// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "endpointoptions.h"

#include "linereader.h"

#include <Qanat/Event>

#include <QtCore/qfile.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsonobject.h>

#include <algorithm>
#include <optional>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Relay {

namespace {

// What can be read in a line can also be sent: numbers may be written out, and an event has attributes.
constexpr qint64 LargestEvent = 2 * LineReader::MaximumLength;

// Enough to keep an endpoint busy, and little enough to hold for each of many.
constexpr qint64 MostEvents = 1000;
constexpr qint64 MostBytes = 16 * 1024 * 1024;

// For what is hardly a URL: without what may be a password or a token.
QString withoutSecrets(const QString &text)
{
    const QString head = text.section(u'?', 0, 0).section(u'#', 0, 0);
    const QString address = head.contains(u'@') ? u"..."_s + head.section(u'@', -1) : head;
    // The path may be one.
    return address.section(u'/', 0, address.contains("://"_L1) ? 2 : 0);
}

QString shownUrl(const QString &text, const QUrl &url)
{
    return url.isValid() && !url.host().isEmpty() ? originOf(url) : withoutSecrets(text);
}

Result<QByteArray> contentOf(const QString &fileName)
{
    if (fileName.isEmpty())
        return Failure{u"the name of the file is empty"_s};
    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly))
        return Failure{fileName + u": "_s + file.errorString()};
    constexpr qint64 Most = 1024 * 1024;
    const QByteArray content = file.read(Most + 1);
    if (content.size() > Most)
        return Failure{fileName + u": it is larger than 1 MiB"_s};
    return content;
}

// What is wrong at a place in a file of endpoints.
Failure wrong(const QString &place, const QString &what)
{
    return Failure{place + u": "_s + what};
}

// One of CloudEvents' own that a Matcher knows, or an extension, which is for events to say.
bool isAttributeName(const QString &name)
{
    static const QStringList own{u"id"_s,        u"type"_s, u"source"_s, u"subject"_s, u"time"_s, u"datacontenttype"_s,
                                 u"dataschema"_s};
    Event event(u"t"_s);
    event.setExtension(name, true);
    return own.contains(name) || event.isValid();
}

// Any of the values of a member, each as \a matcherOf makes one of it.
template<typename MatcherOf>
Result<Matcher> anyOf(const QJsonValue &values, const QString &place, MatcherOf matcherOf)
{
    const QJsonArray list = values.isArray() ? values.toArray() : QJsonArray{values};
    if (list.isEmpty())
        return wrong(place, u"an empty list matches nothing"_s);
    std::optional<Matcher> any;
    for (const QJsonValue &value : list) {
        if (!value.isString() && !value.isDouble() && !value.isBool())
            return wrong(place, u"is neither a text, a number, a truth value nor a list of these"_s);
        const Matcher one = matcherOf(value);
        any = any ? *any || one : one;
    }
    return *any;
}

Result<Matcher> readFilter(const QJsonValue &filter, const QString &place)
{
    Matcher all;
    if (filter.isUndefined())
        return all;
    if (!filter.isObject())
        return wrong(place, u"is not an object"_s);
    const QJsonObject object = filter.toObject();
    for (auto member = object.begin(); member != object.end(); ++member) {
        const QString memberPlace = place + u'.' + member.key();
        if (member.key() == "types"_L1 || member.key() == "sources"_L1) {
            const bool isType = member.key() == "types"_L1;
            const QJsonArray patterns =
                member.value().isArray() ? member.value().toArray() : QJsonArray{member.value()};
            const auto isPattern = [](const QJsonValue &value) { return !value.toString().isEmpty(); };
            if (!std::all_of(patterns.begin(), patterns.end(), isPattern))
                return wrong(memberPlace, u"is not a list of patterns, which are texts"_s);
            const Result<Matcher> any = anyOf(member.value(), memberPlace, [isType](const QJsonValue &pattern) {
                return isType ? Matcher::type(pattern.toString()) : Matcher::source(pattern.toString());
            });
            if (!any)
                return Failure{any.errorText()};
            all = all && *any;
            continue;
        }
        if (member.key() != "attributes"_L1)
            return wrong(memberPlace, u"is not known here: it is types, sources or attributes"_s);
        if (!member.value().isObject())
            return wrong(memberPlace, u"is not an object"_s);
        const QJsonObject attributes = member.value().toObject();
        for (auto attribute = attributes.begin(); attribute != attributes.end(); ++attribute) {
            const QString name = attribute.key();
            const QString attributePlace = memberPlace + u'.' + name;
            if (!isAttributeName(name))
                return wrong(attributePlace,
                             u"is no attribute of events: their names have lower-case letters and digits only"_s);
            const Result<Matcher> any = anyOf(attribute.value(), attributePlace, [&name](const QJsonValue &value) {
                return Matcher::attribute(name, value.toVariant());
            });
            if (!any)
                return Failure{any.errorText()};
            all = all && *any;
        }
    }
    return all;
}

Result<EndpointOptions> readEndpoint(const QJsonValue &value, const QString &place)
{
    if (!value.isObject())
        return wrong(place, u"is not an object"_s);
    QJsonObject object = value.toObject();
    const Result<Matcher> wanted = readFilter(object.take("filter"_L1), place + u".filter"_s);
    if (!wanted)
        return Failure{wanted.errorText()};
    const Result<EndpointConfiguration> configuration = EndpointConfiguration::fromJson(object);
    if (!configuration)
        return Failure{place + u'.' + configuration.errorText()};
    EndpointOptions options;
    const Limits limits = options.configuration.limits;
    options.configuration = *configuration;
    options.wanted = *wanted;
    // What is dropped to make room would have been read for nothing, so that is no choice here.
    const QJsonObject own = object.value("limits"_L1).toObject();
    if (own.contains("overflow"_L1) && configuration->limits.overflow != Limits::Overflow::Wait)
        return wrong(place + u".limits.overflow"_s, u"is always \"wait\" here: the reader is held back"_s);
    options.configuration.limits.overflow = Limits::Overflow::Wait;
    if (!own.contains("events"_L1))
        options.configuration.limits.events = limits.events;
    // A line that can be read can be sent, unless the file says otherwise.
    if (!object.contains("maximumEventSize"_L1))
        options.configuration.maximumEventSize = LargestEvent;
    return options;
}

} // namespace

EndpointOptions::EndpointOptions()
{
    configuration.limits = {MostEvents, MostBytes, Limits::Overflow::Wait};
    configuration.maximumEventSize = LargestEvent;
    configuration.maximumBatchCount = MostEvents / 2; // No more is ever handed out at once.
}

Result<QList<WebhookSecret>> readSigningSecrets(const QString &file)
{
    const Result<QByteArray> content = contentOf(file);
    if (!content)
        return Failure{content.errorText()};
    QList<WebhookSecret> secrets;
    const QByteArrayList lines = content->split('\n');
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const QByteArray line = lines.at(i).trimmed();
        if (line.isEmpty())
            continue;
        const Result<WebhookSecret> secret = WebhookSecret::fromText(line);
        if (!secret)
            return Failure{u"%1:%2: %3"_s.arg(file).arg(i + 1).arg(secret.errorText())};
        secrets.append(*secret);
    }
    if (secrets.isEmpty())
        return Failure{file + u": there is no secret in it"_s};
    return secrets;
}

Result<QList<EndpointOptions>> readEndpoints(const QString &file)
{
    const Result<QByteArray> content = contentOf(file);
    if (!content)
        return Failure{content.errorText()};
    // The same rules as for events: no name twice, no number that is not kept.
    const Result<QVariant> json = Event::dataFromJson(*content);
    if (!json) {
        // The whole is the file's here, and no event's data.
        const QString text = json.errorText();
        return wrong(file, text.startsWith("data."_L1)    ? text.sliced(5)
                           : text.startsWith("data: "_L1) ? text.sliced(6)
                                                          : text);
    }
    const QJsonValue root = QJsonValue::fromVariant(*json);
    const QString shape = u"is not {\"endpoints\": [{\"url\": ...}, ...]}"_s;
    if (!root.isObject())
        return wrong(file, shape);
    const QJsonObject object = root.toObject();
    for (auto member = object.begin(); member != object.end(); ++member) {
        if (member.key() != "endpoints"_L1)
            return wrong(file, member.key() + u" is not known here"_s);
    }
    const QJsonArray list = object.value("endpoints"_L1).toArray();
    if (list.isEmpty())
        return wrong(file, shape);
    QList<EndpointOptions> endpoints;
    for (qsizetype i = 0; i < list.size(); ++i) {
        const Result<EndpointOptions> endpoint = readEndpoint(list.at(i), u"endpoints[%1]"_s.arg(i));
        if (!endpoint)
            return wrong(file, endpoint.errorText());
        endpoints.append(*endpoint);
    }
    return endpoints;
}

Result<QUrl> parseEndpoint(const QString &text, HttpSink::PlainHttp consent)
{
    const QUrl url(text, QUrl::StrictMode);
    // A sink knows what it can use.
    HttpSink sink(url);
    sink.setPlainHttp(HttpSink::PlainHttp::Everywhere);
    if (!sink.isValid())
        return Failure{u"'%1': %2"_s.arg(shownUrl(text, url), sink.errorText())};
    sink.setPlainHttp(consent);
    if (!sink.isValid())
        return Failure{
            u"'%1': plain http to another host can be read on the way; --allow-plain-http consents to it"_s.arg(
                shownUrl(text, url))};
    return url;
}

Result<HttpMessage::Header> parseHeader(const QString &text)
{
    const QByteArray field = text.toUtf8();
    const qsizetype colon = field.indexOf(':');
    if (colon < 0)
        return Failure{u"a header is written 'Name: value', and here is no colon"_s};
    const QByteArray name = field.first(colon);
    // Only the blanks around it: trimmed() would hide a line break.
    QByteArrayView value = QByteArrayView(field).sliced(colon + 1);
    while (value.startsWith(' ') || value.startsWith('\t'))
        value = value.sliced(1);
    while (value.endsWith(' ') || value.endsWith('\t'))
        value.chop(1);
    const HttpSink::HeaderError error = HttpSink::checkHeader(name, value);
    if (error != HttpSink::HeaderError::None)
        return Failure{u"'%1': %2"_s.arg(QString::fromUtf8(name), HttpSink::headerErrorText(error))};
    return HttpMessage::Header(name, value.toByteArray());
}

QString originOf(const QUrl &url)
{
    return url.toString(QUrl::RemoveUserInfo | QUrl::RemovePath | QUrl::RemoveQuery | QUrl::RemoveFragment
                        | QUrl::FullyEncoded);
}

} // namespace Relay
