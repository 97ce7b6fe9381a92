// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/http/httpmessage.h"

#include "Qanat/http/httpsink.h"
#include "jsonarray_p.h"
#include "percentencoding_p.h"

#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qstringconverter.h>
#include <QtCore/qurl.h>

#include <algorithm>
#include <optional>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

constexpr QByteArrayView AttributePrefix = "ce-";

QByteArrayView mediaType(QByteArrayView contentType)
{
    const qsizetype parameters = contentType.indexOf(';');
    return (parameters < 0 ? contentType : contentType.first(parameters)).trimmed();
}

bool isNamed(QByteArrayView one, QByteArrayView other)
{
    return one.compare(other, Qt::CaseInsensitive) == 0;
}

bool isJson(QByteArrayView type)
{
    const auto endsWith = [type](QByteArrayView end) {
        return type.size() > end.size() && isNamed(type.last(end.size()), end);
    };
    return type.isEmpty() || endsWith("/json") || endsWith("+json");
}

bool isText(QByteArrayView type)
{
    static constexpr QByteArrayView text = "text/";
    return type.size() > text.size() && isNamed(type.first(text.size()), text);
}

// CloudEvents 1.0.2, section 3.1.1, has the canonical text of each type.
QString canonicalText(const QVariant &value)
{
    switch (value.metaType().id()) {
    case QMetaType::QByteArray:
        return QString::fromLatin1(value.toByteArray().toBase64());
    case QMetaType::QUrl:
        return value.toUrl().toString(QUrl::FullyEncoded);
    case QMetaType::QDateTime: {
        Event event;
        event.setTime(value.toDateTime());
        return event.timeText();
    }
    default:
        return value.toString(); // A bool becomes true or false.
    }
}

QList<HttpMessage::Header> attributeHeaders(const Event &event)
{
    QList<HttpMessage::Header> headers;
    const auto add = [&headers](const QString &name, const QString &value) {
        headers.emplace_back(AttributePrefix.toByteArray() + name.toLatin1(), percentEncoded(value));
    };
    const auto addOptional = [&add](const QString &name, const QString &value) {
        if (!value.isEmpty())
            add(name, value);
    };
    add(u"specversion"_s, u"1.0"_s);
    add(u"id"_s, event.id());
    add(u"source"_s, event.source());
    add(u"type"_s, event.type());
    addOptional(u"subject"_s, event.subject());
    addOptional(u"time"_s, event.timeText());
    addOptional(u"dataschema"_s, event.dataSchema());
    const QVariantMap extensions = event.extensions();
    for (auto it = extensions.cbegin(); it != extensions.cend(); ++it)
        add(it.key(), canonicalText(it.value()));
    return headers;
}

struct Content
{
    QByteArray type;
    QByteArray body;
};

Result<Content> contentOf(const Event &event)
{
    const QVariant data = event.data();
    const QByteArray type = event.dataContentType().toLatin1();
    if (!data.isValid())
        return Content{type, {}};
    if (data.metaType().id() == QMetaType::QByteArray)
        return Content{type.isEmpty() ? QByteArrayLiteral("application/octet-stream") : type, data.toByteArray()};
    if (!isJson(mediaType(type))) {
        // It says as well what a content type forbids that is neither of these.
        const Result<QByteArray> json = event.toJson();
        if (!json)
            return Failure{json.errorText()};
        return Content{type, data.toString().toUtf8()};
    }
    const Result<QByteArray> json = event.dataToJson();
    if (!json)
        return Failure{json.errorText()};
    return Content{type.isEmpty() ? QByteArrayLiteral("application/json") : type, *json};
}

Result<HttpMessage> message(const Result<QByteArray> &body, const QByteArray &type)
{
    if (!body)
        return Failure{body.errorText()};
    return HttpMessage({{"Content-Type", type}}, *body);
}

Result<QVariant> dataOf(QByteArrayView type, const QByteArray &body)
{
    if (body.isEmpty())
        return QVariant();
    if (isJson(type))
        return Event::dataFromJson(body);
    if (isText(type)) {
        // To the byte: neither a character that is cut nor a byte order mark is left out.
        using Flag = QStringConverter::Flag;
        QStringDecoder decoder(QStringDecoder::Utf8, Flag::Stateless | Flag::ConvertInitialBom);
        const QString text = decoder(body);
        if (!decoder.hasError())
            return QVariant(text);
    }
    return QVariant(body);
}

// The attributes as a structured event without data, which says what is wrong with them.
Result<Event> eventOfHeaders(const QList<HttpMessage::Header> &headers)
{
    QJsonObject members;
    for (const auto &[name, value] : headers) {
        if (isNamed(name, "content-type")) {
            members.insert(u"datacontenttype"_s, QString::fromLatin1(value));
            continue;
        }
        if (name.size() <= AttributePrefix.size() || !isNamed(name.first(AttributePrefix.size()), AttributePrefix))
            continue;
        const QString attribute = QString::fromLatin1(name.sliced(AttributePrefix.size())).toLower();
        // What is no attribute in this mode, and would be taken for one. Extensions may begin with these letters.
        if (attribute == "data"_L1 || attribute == "data_base64"_L1 || attribute == "datacontenttype"_L1)
            return Failure{HttpSink::tr("the header ce-%1 is not allowed").arg(attribute)};
        if (members.contains(attribute))
            return Failure{HttpSink::tr("the header ce-%1 is there twice").arg(attribute)};
        const std::optional<QString> text = percentDecoded(value);
        if (!text)
            return Failure{HttpSink::tr("the header ce-%1 is not UTF-8").arg(attribute)};
        members.insert(attribute, *text);
    }
    return Event::fromJson(QJsonDocument(members).toJson(QJsonDocument::Compact));
}

} // namespace

Result<HttpMessage> HttpMessage::structured(const Event &event)
{
    return message(event.toJson(), "application/cloudevents+json; charset=utf-8");
}

Result<HttpMessage> HttpMessage::binary(const Event &event)
{
    if (!event.isValid())
        return Failure{event.errorText()};
    const Result<Content> content = contentOf(event);
    if (!content)
        return Failure{content.errorText()};
    QList<Header> headers = attributeHeaders(event);
    if (!content->type.isEmpty())
        headers.emplace_back("Content-Type", content->type);
    return HttpMessage(headers, content->body);
}

Result<HttpMessage> HttpMessage::batched(const Batch &events)
{
    QByteArray body = "[";
    for (const Event &event : events) {
        const Result<QByteArray> json = event.toJson();
        if (!json)
            return Failure{json.errorText()};
        if (body.size() > 1)
            body += ',';
        body += *json;
    }
    body += ']';
    return message(body, "application/cloudevents-batch+json; charset=utf-8");
}

Result<HttpMessage> HttpMessage::json(const Event &event)
{
    return message(event.dataToJson(), "application/json");
}

QByteArray HttpMessage::header(QByteArrayView name) const
{
    const auto place = std::find_if(m_headers.begin(), m_headers.end(),
                                    [name](const Header &header) { return isNamed(name, header.first); });
    return place == m_headers.end() ? QByteArray() : place->second;
}

Result<QList<Event>> HttpMessage::toEvents() const
{
    const auto isContentType = [](const Header &header) { return isNamed(header.first, "Content-Type"); };
    // Which of two is meant, others could see differently.
    if (std::count_if(m_headers.begin(), m_headers.end(), isContentType) > 1)
        return Failure{HttpSink::tr("the header content-type is there twice")};
    const QByteArray contentType = header("Content-Type");
    const QByteArrayView type = mediaType(contentType);
    if (isNamed(type, "application/cloudevents+json")) {
        const Result<Event> event = Event::fromJson(m_body);
        if (!event)
            return Failure{event.errorText()};
        return QList<Event>{*event};
    }
    if (isNamed(type, "application/cloudevents-batch+json")) {
        const std::optional<QList<QByteArrayView>> items = itemsOfJsonArray(m_body);
        if (!items)
            return Failure{HttpSink::tr("not a JSON array")};
        QList<Event> events;
        events.reserve(items->size());
        for (const QByteArrayView item : *items) {
            const Result<Event> event = Event::fromJson(item);
            if (!event)
                return Failure{HttpSink::tr("event %1: %2").arg(events.size() + 1).arg(event.errorText())};
            events.append(*event);
        }
        return events;
    }
    static constexpr QByteArrayView others = "application/cloudevents";
    if (type.size() >= others.size() && isNamed(type.first(others.size()), others))
        return Failure{HttpSink::tr("the format %1 is not known").arg(QString::fromLatin1(type))};

    const Result<Event> attributes = eventOfHeaders(m_headers);
    if (!attributes)
        return Failure{attributes.errorText()};
    const Result<QVariant> data = dataOf(type, m_body);
    if (!data)
        return Failure{data.errorText()};
    Event event = *attributes;
    event.setData(*data);
    return QList<Event>{event};
}

} // namespace Qanat
