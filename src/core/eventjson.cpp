// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// The JSON Event Format for CloudEvents 1.0.2.

#include <Qanat/core/event.h>

#include "event_p.h"
#include "eventassembler_p.h"
#include "eventvalue_p.h"
#include "jsonscanner_p.h"
#include "text_p.h"

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qlocale.h>
#include <QtCore/qurl.h>
#include <QtCore/quuid.h>
#include <QtCore/qvarlengtharray.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

// What stands for itself in a string of JSON.
constexpr std::array<bool, 128> plainCharacters()
{
    std::array<bool, 128> plain{};
    for (std::size_t c = 0x20; c < plain.size(); ++c)
        plain[c] = c != '"' && c != '\\';
    return plain;
}
constexpr std::array<bool, 128> isPlain = plainCharacters();

char *putEscaped(char *out, char16_t c)
{
    static constexpr char digits[] = "0123456789abcdef";
    *out++ = '\\';
    switch (c) {
    case u'\b':
        *out++ = 'b';
        return out;
    case u'\f':
        *out++ = 'f';
        return out;
    case u'\n':
        *out++ = 'n';
        return out;
    case u'\r':
        *out++ = 'r';
        return out;
    case u'\t':
        *out++ = 't';
        return out;
    case u'"':
    case u'\\':
        *out++ = char(c);
        return out;
    default:
        break;
    }
    for (const char digit : {'u', '0', '0', digits[c >> 4], digits[c & 0xf]})
        *out++ = digit;
    return out;
}

// Beyond ASCII.
char *putUtf8(char *out, char32_t c)
{
    if (c < 0x800) {
        *out++ = char(0xc0 | (c >> 6));
    } else {
        if (c < 0x10000) {
            *out++ = char(0xe0 | (c >> 12));
        } else {
            *out++ = char(0xf0 | (c >> 18));
            *out++ = char(0x80 | ((c >> 12) & 0x3f));
        }
        *out++ = char(0x80 | ((c >> 6) & 0x3f));
    }
    *out++ = char(0x80 | (c & 0x3f));
    return out;
}

// Writes JSON by itself, because QJsonDocument writes -0.0 as 0 and doubles beyond 2^53 as integers that are others.
class JsonWriter final : public ValueVisitor
{
public:
    JsonWriter() { m_text.resize(m_text.capacity()); }

    [[nodiscard]] QByteArray take() const { return {m_text.constData(), m_size}; }

    void member(QStringView name, QStringView text)
    {
        visitKey(name);
        visitText(text);
    }

    void optionalMember(QStringView name, const QString &text)
    {
        if (!text.isEmpty())
            member(name, text);
    }

    void visitNull() override { putToken("null"); }
    void visitBool(bool value) override { putToken(value ? "true" : "false"); }
    void visitInteger(qint64 value) override;
    void visitDouble(double value) override;
    void visitText(QStringView value) override
    {
        separate();
        putText(value);
    }
    const char *visitBytes(const QByteArray &) override { return "a byte array inside data cannot be carried by JSON"; }
    void visitDateTime(QStringView iso) override { visitText(iso); }
    void visitUrl(QStringView encoded) override { visitText(encoded); }
    void visitUuid(const QUuid &value) override { visitText(value.toString(QUuid::WithoutBraces)); }
    void beginList(qsizetype) override { putToken("["); }
    void endList() override { put(']'); }
    void beginMap(qsizetype) override { putToken("{"); }
    void endMap() override { put('}'); }
    void visitKey(QStringView key) override
    {
        separate();
        putText(key);
        put(':');
    }

private:
    void separate();
    void putText(QStringView text);
    void putToken(QByteArrayView token)
    {
        separate();
        std::copy(token.begin(), token.end(), room(token.size()));
        m_size += token.size();
    }
    void put(char c)
    {
        *room(1) = c;
        ++m_size;
    }
    // Where the next characters go, at most so many.
    char *room(qsizetype most)
    {
        if (m_size + most > m_text.size())
            m_text.resize(std::max(m_size + most, 2 * m_text.size()));
        return m_text.data() + m_size;
    }

    QVarLengthArray<char, 1024> m_text; // All of its capacity, so that what is written needs no call.
    qsizetype m_size = 0;
};

// What ends a token never is one of these three.
void JsonWriter::separate()
{
    if (m_size == 0)
        return;
    const char last = m_text[m_size - 1];
    if (last != '[' && last != '{' && last != ':')
        put(',');
}

void JsonWriter::visitInteger(qint64 value)
{
    separate();
    constexpr qsizetype MostDigits = 20;
    char *const begin = room(MostDigits);
    m_size += std::to_chars(begin, begin + MostDigits, value).ptr - begin;
}

void JsonWriter::visitDouble(double value)
{
    // Up to here every whole number is a double, so that no reader takes it for another one.
    constexpr double lastExact = 9007199254740992.0;
    const bool isNegativeZero = value == 0.0 && std::signbit(value);
    if (isNegativeZero)
        return putToken("-0.0");
    if (std::fabs(value) <= lastExact && std::trunc(value) == value)
        return visitInteger(static_cast<qint64>(value));
    QByteArray text = QByteArray::number(value, 'g', QLocale::FloatingPointShortest);
    // The shortest digits of a large double, read as an integer, are another number.
    if (!text.contains('.') && !text.contains('e'))
        text += ".0";
    putToken(text);
}

// The walk has seen that no surrogate stands alone.
void JsonWriter::putText(QStringView text)
{
    put('"');
    // In pieces: the room for what is all escapes is six times as long.
    constexpr qsizetype Piece = 256;
    constexpr qsizetype MostForOne = 6;
    for (qsizetype i = 0; i < text.size();) {
        const qsizetype end = std::min(i + Piece, text.size());
        char *const begin = room(Piece * MostForOne);
        char *out = begin;
        for (; i < end; ++i) {
            const char16_t c = text[i].unicode();
            if (c < 0x80 && isPlain[c]) {
                *out++ = char(c);
            } else if (c < 0x80) {
                out = putEscaped(out, c);
            } else if (QChar::isHighSurrogate(c) && i + 1 < text.size()) {
                ++i;
                out = putUtf8(out, QChar::surrogateToUcs4(c, text[i].unicode()));
            } else {
                out = putUtf8(out, c);
            }
        }
        m_size += out - begin;
    }
    put('"');
}

void writeExtension(JsonWriter &writer, const QString &name, const QVariant &value)
{
    writer.visitKey(name);
    switch (value.metaType().id()) {
    case QMetaType::Bool:
        return writer.visitBool(value.toBool());
    case QMetaType::Int:
        return writer.visitInteger(value.toInt());
    case QMetaType::QByteArray:
        return writer.visitText(QString::fromLatin1(value.toByteArray().toBase64()));
    case QMetaType::QUrl:
        return writer.visitText(value.toUrl().toString(QUrl::FullyEncoded));
    case QMetaType::QDateTime:
        if (const auto timestamp = Timestamp::fromDateTime(value.toDateTime()))
            writer.visitText(timestamp->toText());
        return;
    default:
        writer.visitText(value.toString());
    }
}

void writeAttributes(JsonWriter &writer, const Event &event)
{
    writer.member(u"specversion", u"1.0");
    writer.member(u"id", event.id());
    writer.member(u"source", event.source());
    writer.member(u"type", event.type());
    writer.optionalMember(u"subject", event.subject());
    writer.optionalMember(u"time", event.timeText());
    writer.optionalMember(u"datacontenttype", event.dataContentType());
    writer.optionalMember(u"dataschema", event.dataSchema());
    const QVariantMap extensions = event.extensions();
    for (auto it = extensions.cbegin(); it != extensions.cend(); ++it)
        writeExtension(writer, it.key(), it.value());
}

bool isJson(QStringView contentType)
{
    const qsizetype parameters = contentType.indexOf(u';');
    const QStringView type = (parameters < 0 ? contentType : contentType.first(parameters)).trimmed();
    return type.endsWith(u"/json", Qt::CaseInsensitive) || type.endsWith(u"+json", Qt::CaseInsensitive);
}

// JSON Event Format 1.0.2, section 3.1.1: what is not JSON by its content type is a string, or bytes.
QString contentTypeFault(const QString &contentType, const QVariant &data)
{
    const int type = data.metaType().id();
    const bool isText = type == QMetaType::QString || type == QMetaType::QChar || type == QMetaType::QByteArray;
    if (!data.isValid() || isText || contentType.isEmpty() || isJson(contentType))
        return {};
    return Text::tr("data: neither text nor bytes, and datacontenttype does not say JSON");
}

Failure syntaxFailure(const QJsonParseError &error, qsizetype shift)
{
    return {Text::tr("not JSON, at byte %1: %2")
                .arg(std::max<qsizetype>(error.offset - shift, 0))
                .arg(error.errorString())};
}

// QJsonDocument leaves U+FEFF out where a text begins with it, and two names can become one.
QByteArray withEscapedMarks(const QByteArray &json)
{
    static constexpr QByteArrayView mark = "\"\xef\xbb\xbf";
    return json.contains(mark) ? QByteArray(json).replace(mark, "\"\\ufeff") : json;
}

// Parses the text and finds what QJsonDocument passes over. \a shift is how many bytes of it are not the caller's.
Result<QJsonDocument> parse(const QByteArray &text, QStringView rootName, qsizetype shift)
{
    const QByteArray json = withEscapedMarks(text);
    QJsonParseError error;
    QJsonDocument document = QJsonDocument::fromJson(json, &error);
    // After an illegal number the scanner knows better what is wrong with it, and where.
    if (error.error == QJsonParseError::NoError || error.error == QJsonParseError::IllegalNumber) {
        const QString fault = JsonScanner(json, rootName).findFault();
        if (!fault.isEmpty())
            return Failure{fault};
    }
    if (error.error != QJsonParseError::NoError)
        return syntaxFailure(error, shift);
    return document;
}

bool isBlank(QByteArrayView text) noexcept
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
}

Result<QByteArray> bytesOfBase64(const QJsonValue &value)
{
    if (!value.isString())
        return Failure{Text::tr("data_base64 is not a string")};
    const QByteArray encoded = value.toString().toUtf8();
    QByteArray bytes = QByteArray::fromBase64(encoded);
    // QByteArray takes more for base64 than RFC 4648 does, even with AbortOnBase64DecodingErrors.
    if (bytes.toBase64() != encoded)
        return Failure{Text::tr("data_base64 is not base64")};
    return bytes;
}

} // namespace

Result<QByteArray> Event::toJson() const
{
    if (!isValid())
        return Failure{errorText()};
    const QString fault = contentTypeFault(dataContentType(), d->data);
    if (!fault.isEmpty())
        return Failure{fault};
    JsonWriter writer;
    writer.beginMap(0);
    writeAttributes(writer, *this);
    if (d->data.metaType().id() == QMetaType::QByteArray) {
        writer.member(u"data_base64", QString::fromLatin1(d->data.toByteArray().toBase64()));
    } else if (d->data.isValid()) {
        writer.visitKey(u"data");
        ValueWalker walker(writer);
        if (!walker.walk(d->data, ValuePath{nullptr, u"data", -1}))
            return Failure{walker.errorText()};
    }
    writer.endMap();
    return writer.take();
}

Result<QByteArray> Event::dataToJson() const
{
    if (!d || !d->data.isValid())
        return Failure{Text::tr("the event has no data")};
    JsonWriter writer;
    ValueWalker walker(writer);
    if (!walker.walk(d->data, ValuePath{nullptr, u"data", -1}))
        return Failure{walker.errorText()};
    return writer.take();
}

Result<Event> Event::fromJson(QByteArrayView json)
{
    if (isBlank(json))
        return Failure{Text::tr("not JSON: nothing is there")};
    const auto document = parse(QByteArray::fromRawData(json.data(), json.size()), {}, 0);
    if (!document)
        return Failure{document.errorText()};
    if (!document->isObject())
        return Failure{Text::tr("not an event: not a JSON object")};

    EventAssembler assembler;
    const QJsonObject members = document->object();
    for (auto it = members.constBegin(); it != members.constEnd(); ++it) {
        const QJsonValue value = it.value();
        if (it.key() != "data_base64"_L1) {
            if (!assembler.add(it.key(), value.toVariant()))
                return Failure{assembler.errorText()};
            continue;
        }
        if (value.isNull())
            continue;
        const auto bytes = bytesOfBase64(value);
        if (!bytes)
            return Failure{bytes.errorText()};
        if (!assembler.addData(*bytes))
            return Failure{assembler.errorText()};
    }
    auto event = assembler.finish();
    const QString fault = event ? contentTypeFault(event->dataContentType(), event->d->data) : QString();
    if (!fault.isEmpty())
        return Failure{fault};
    return event;
}

Result<QVariant> Event::dataFromJson(QByteArrayView json)
{
    if (isBlank(json))
        return Failure{Text::tr("not JSON: nothing is there")};
    // QJsonDocument holds lists and maps only.
    QByteArray list;
    list.reserve(json.size() + 2);
    list += '[';
    list += json;
    list += ']';
    const auto document = parse(list, u"data", 1);
    if (!document)
        return Failure{document.errorText()};
    const QJsonArray items = document->array();
    if (items.size() != 1)
        return Failure{Text::tr("not one JSON value")};
    QVariant data = items.at(0).toVariant();
    const QString fault = findPortabilityFault(data);
    if (!fault.isEmpty())
        return Failure{fault};
    return data;
}

} // namespace Qanat
