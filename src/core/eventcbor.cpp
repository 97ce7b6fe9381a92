// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Events as a CBOR map (RFC 8949) with the members of the JSON Event Format.

#include <Qanat/core/event.h>

#include "event_p.h"
#include "eventassembler_p.h"
#include "eventvalue_p.h"
#include "text_p.h"

#include <QtCore/qcborcommon.h>
#include <QtCore/qcborstreamreader.h>
#include <QtCore/qendian.h>
#include <QtCore/qfloat16.h>
#include <QtCore/qset.h>
#include <QtCore/qstringconverter.h>
#include <QtCore/qurl.h>
#include <QtCore/quuid.h>
#include <QtCore/qvarlengtharray.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

constexpr qsizetype UuidSize = 16;

// Major types and what else a head is made of (RFC 8949, section 3).
enum class CborMajor : quint8 { Unsigned = 0, Negative = 1, Bytes = 2, Text = 3, Array = 4, Map = 5, Tag = 6 };
constexpr quint8 CborFalse = 0xf4;
constexpr quint8 CborTrue = 0xf5;
constexpr quint8 CborNull = 0xf6;
constexpr quint8 CborDouble = 0xfb;
constexpr quint8 CborEndlessMap = 0xbf;
constexpr quint8 CborBreak = 0xff;

// Writes CBOR by itself: with QCborStreamWriter, which has a device behind it, an event takes nearly four times as long.
class CborWriter final : public ValueVisitor
{
public:
    CborWriter() { m_cbor.resize(m_cbor.capacity()); }

    [[nodiscard]] QByteArray take() const { return {m_cbor.constData(), m_size}; }

    // Of an attribute; in ASCII.
    void name(QByteArrayView name) { putString(CborMajor::Text, name); }

    void member(QByteArrayView key, QStringView text)
    {
        name(key);
        visitText(text);
    }

    void optionalMember(QByteArrayView key, const QString &text)
    {
        if (!text.isEmpty())
            member(key, text);
    }

    void beginEvent() { put(CborEndlessMap); }
    void endEvent() { put(CborBreak); }

    void visitNull() override { put(CborNull); }
    void visitBool(bool value) override { put(value ? CborTrue : CborFalse); }
    void visitInteger(qint64 value) override
    {
        if (value < 0)
            putHead(CborMajor::Negative, quint64(-1 - value));
        else
            putHead(CborMajor::Unsigned, quint64(value));
    }
    void visitDouble(double value) override
    {
        quint64 bits = 0;
        std::memcpy(&bits, &value, sizeof(bits));
        put(CborDouble);
        putBigEndian(bits);
    }
    void visitText(QStringView value) override;
    const char *visitBytes(const QByteArray &value) override
    {
        putString(CborMajor::Bytes, value);
        return nullptr;
    }
    void visitDateTime(QStringView iso) override
    {
        putTag(QCborKnownTags::DateTimeString);
        visitText(iso);
    }
    void visitUrl(QStringView encoded) override
    {
        putTag(QCborKnownTags::Url);
        visitText(encoded);
    }
    void visitUuid(const QUuid &value) override
    {
        putTag(QCborKnownTags::Uuid);
        putString(CborMajor::Bytes, value.toRfc4122());
    }
    void beginList(qsizetype size) override { putHead(CborMajor::Array, quint64(size)); }
    void endList() override { }
    void beginMap(qsizetype size) override { putHead(CborMajor::Map, quint64(size)); }
    void visitKey(QStringView key) override { visitText(key); }
    void endMap() override { }

private:
    void putTag(QCborKnownTags tag) { putHead(CborMajor::Tag, quint64(tag)); }
    // In as few bytes as it can be.
    void putHead(CborMajor major, quint64 value)
    {
        constexpr quint8 oneByte = 24; // As are 25, 26 and 27 for two, four and eight.
        const quint8 kind = quint8(quint8(major) << 5);
        if (value < oneByte)
            return put(quint8(kind | value));
        if (value <= std::numeric_limits<quint8>::max()) {
            put(kind | oneByte);
            put(quint8(value));
        } else if (value <= std::numeric_limits<quint16>::max()) {
            put(kind | (oneByte + 1));
            putBigEndian(quint16(value));
        } else if (value <= std::numeric_limits<quint32>::max()) {
            put(kind | (oneByte + 2));
            putBigEndian(quint32(value));
        } else {
            put(kind | (oneByte + 3));
            putBigEndian(value);
        }
    }
    void putString(CborMajor major, QByteArrayView bytes)
    {
        putHead(major, quint64(bytes.size()));
        std::copy(bytes.begin(), bytes.end(), room(bytes.size()));
        m_size += bytes.size();
    }
    void put(quint8 byte)
    {
        *room(1) = char(byte);
        ++m_size;
    }
    template<typename Number>
    void putBigEndian(Number value)
    {
        qToBigEndian(value, room(sizeof(value)));
        m_size += qsizetype(sizeof(value));
    }
    // Where the next bytes go, at most so many.
    char *room(qsizetype most)
    {
        if (m_size + most > m_cbor.size())
            m_cbor.resize(std::max(m_size + most, 2 * m_cbor.size()));
        return m_cbor.data() + m_size;
    }

    QVarLengthArray<char, 1024> m_cbor; // All of its capacity, so that what is written needs no call.
    qsizetype m_size = 0;
};

void CborWriter::visitText(QStringView text)
{
    const qsizetype begin = m_size;
    putHead(CborMajor::Text, quint64(text.size()));
    char *const out = room(text.size());
    char16_t all = 0;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const char16_t c = text[i].unicode();
        all |= c;
        out[i] = char(c);
    }
    if (all < 0x80) {
        m_size += text.size();
    } else { // Not as many bytes as characters.
        m_size = begin;
        putString(CborMajor::Text, text.toUtf8());
    }
}

// Ends at the first thing that is wrong: after an error the state of QCborStreamReader is not to be touched.
class CborEventReader
{
public:
    explicit CborEventReader(QByteArrayView cbor)
        : m_reader(cbor.data(), cbor.size())
        , m_size(cbor.size())
    {
    }

    [[nodiscard]] Result<Event> read();

private:
    bool readMembers(EventAssembler &assembler);
    std::optional<QVariant> readMember(const QString &name);
    std::optional<QVariant> readValue(const ValuePath &path);
    std::optional<QVariant> readUnsigned(const ValuePath &path);
    std::optional<QVariant> readNegative(const ValuePath &path);
    std::optional<QVariant> readSimple(const ValuePath &path);
    std::optional<QVariant> readTagged(const ValuePath &path);
    std::optional<QVariant> readTaggedText(QCborTag tag, const ValuePath &path);
    std::optional<QVariant> readUuid(const ValuePath &path);
    std::optional<QVariant> readList(const ValuePath &path);
    std::optional<QVariant> readMap(const ValuePath &path);
    std::optional<QString> readKey(const ValuePath &path);
    std::optional<QString> readText(const ValuePath &path);
    std::optional<QByteArray> readBytes(const ValuePath &path);
    template<typename Take>
    bool readChunks(const ValuePath &path, Take take);
    std::optional<QVariant> advanceFrom(const QVariant &value);
    bool enter(const ValuePath &path);
    bool leave(const ValuePath &path);
    [[nodiscard]] bool hasNext() { return m_reader.lastError() == QCborError::NoError && m_reader.hasNext(); }
    std::nullopt_t refuse(const ValuePath &path, const QString &reason);
    std::nullopt_t refuse(const ValuePath &path, const char *reason)
    {
        return refuse(path, QString::fromLatin1(reason));
    }
    std::nullopt_t refuseSyntax(const ValuePath &path) { return refuseSyntax(path, m_reader.lastError()); }
    std::nullopt_t refuseSyntax(const ValuePath &path, QCborError error);

    QCborStreamReader m_reader;
    qsizetype m_size;
    int m_depth = -1; // The event's own map is no level of its data.
    QString m_errorText;
};

std::nullopt_t CborEventReader::refuse(const ValuePath &path, const QString &reason)
{
    // The first reason is the one; what follows from it is none.
    if (m_errorText.isEmpty())
        m_errorText = path.toString() + u": "_s + reason;
    return std::nullopt;
}

std::nullopt_t CborEventReader::refuseSyntax(const ValuePath &path, QCborError error)
{
    const QString reason = error == QCborError::NoError ? Text::tr("ends too early") : error.toString();
    return refuse(path, Text::tr("not CBOR, at byte %1: %2").arg(m_reader.currentOffset()).arg(reason));
}

std::optional<QVariant> CborEventReader::advanceFrom(const QVariant &value)
{
    m_reader.next();
    return value;
}

Result<Event> CborEventReader::read()
{
    const ValuePath whole{nullptr, u"event", -1};
    if (m_reader.isTag() && m_reader.toTag() == QCborTag(QCborKnownTags::Signature))
        m_reader.next();
    if (m_reader.lastError() != QCborError::NoError) {
        refuseSyntax(whole);
        return Failure{m_errorText};
    }
    if (!m_reader.isMap())
        return Failure{Text::tr("not an event: not a CBOR map")};

    EventAssembler assembler;
    if (!readMembers(assembler))
        return Failure{m_errorText};
    if (m_reader.currentOffset() != m_size)
        return Failure{Text::tr("not CBOR: %1 bytes follow the event").arg(m_size - m_reader.currentOffset())};
    return assembler.finish();
}

bool CborEventReader::readMembers(EventAssembler &assembler)
{
    const ValuePath whole{nullptr, u"event", -1};
    QSet<QString> names;
    if (!enter(whole))
        return false;
    while (hasNext()) {
        const auto name = readKey(whole);
        if (!name)
            return false;
        if (names.contains(*name)) {
            refuse({nullptr, *name, -1}, ValueFault::DuplicateKey);
            return false;
        }
        names.insert(*name);
        auto value = readMember(*name);
        if (!value)
            return false;
        if (!assembler.add(*name, std::move(*value))) {
            m_errorText = assembler.errorText();
            return false;
        }
    }
    return leave(whole);
}

std::optional<QVariant> CborEventReader::readMember(const QString &name)
{
    // The attribute's text is kept to the letter, so it must not become a QDateTime on its way.
    if (name == "time"_L1 && m_reader.isTag() && m_reader.toTag() == QCborTag(QCborKnownTags::DateTimeString))
        m_reader.next();
    return readValue({nullptr, name, -1});
}

std::optional<QVariant> CborEventReader::readValue(const ValuePath &path)
{
    switch (m_reader.type()) {
    case QCborStreamReader::UnsignedInteger:
        return readUnsigned(path);
    case QCborStreamReader::NegativeInteger:
        return readNegative(path);
    case QCborStreamReader::ByteArray:
        return readBytes(path);
    case QCborStreamReader::String:
        return readText(path);
    case QCborStreamReader::Array:
        return readList(path);
    case QCborStreamReader::Map:
        return readMap(path);
    case QCborStreamReader::Tag:
        return readTagged(path);
    case QCborStreamReader::SimpleType:
        return readSimple(path);
    case QCborStreamReader::Float16:
        return advanceFrom(static_cast<double>(static_cast<float>(m_reader.toFloat16())));
    case QCborStreamReader::Float:
        return advanceFrom(static_cast<double>(m_reader.toFloat()));
    case QCborStreamReader::Double:
        return advanceFrom(m_reader.toDouble());
    case QCborStreamReader::Invalid:
        break;
    }
    return refuseSyntax(path);
}

std::optional<QVariant> CborEventReader::readUnsigned(const ValuePath &path)
{
    const quint64 value = m_reader.toUnsignedInteger();
    if (value > quint64(std::numeric_limits<qint64>::max()))
        return refuse(path, ValueFault::IntegerRange);
    return advanceFrom(qint64(value));
}

std::optional<QVariant> CborEventReader::readNegative(const ValuePath &path)
{
    constexpr quint64 most = quint64(1) << 63;
    // The absolute value; 2^64 is told as 0.
    const quint64 absolute = quint64(m_reader.toNegativeInteger());
    if (absolute == 0 || absolute > most)
        return refuse(path, ValueFault::IntegerRange);
    return advanceFrom(-qint64(absolute - 1) - 1);
}

std::optional<QVariant> CborEventReader::readSimple(const ValuePath &path)
{
    switch (m_reader.toSimpleType()) {
    case QCborSimpleType::False:
        return advanceFrom(false);
    case QCborSimpleType::True:
        return advanceFrom(true);
    case QCborSimpleType::Null:
        return advanceFrom(QVariant::fromValue(nullptr));
    case QCborSimpleType::Undefined:
        return refuse(path, "an undefined value cannot be carried");
    }
    return refuse(path, "an unassigned simple value of CBOR cannot be carried");
}

std::optional<QVariant> CborEventReader::readTagged(const ValuePath &path)
{
    const QCborTag tag = m_reader.toTag();
    m_reader.next();
    if (tag == QCborTag(QCborKnownTags::DateTimeString) || tag == QCborTag(QCborKnownTags::Url))
        return readTaggedText(tag, path);
    if (tag == QCborTag(QCborKnownTags::Uuid))
        return readUuid(path);
    return refuse(path, Text::tr("a value with the CBOR tag %1 cannot be carried").arg(quint64(tag)));
}

std::optional<QVariant> CborEventReader::readTaggedText(QCborTag tag, const ValuePath &path)
{
    if (!m_reader.isString())
        return refuse(path, "has a CBOR tag for text, and is none");
    const auto text = readText(path);
    if (!text)
        return std::nullopt;
    if (tag == QCborTag(QCborKnownTags::Url)) {
        const QUrl url(*text, QUrl::StrictMode);
        if (!url.isValid() && !text->isEmpty())
            return refuse(path, "has the CBOR tag of a URI, and is none");
        return url;
    }
    const auto timestamp = Timestamp::fromText(*text);
    if (!timestamp)
        return refuse(path, "has the CBOR tag of a time, and is none by RFC 3339");
    // What a QDateTime cannot hold stays text, so that nothing is lost.
    const QDateTime time = timestamp->toDateTime();
    const bool isHeld = timestamp->exact && time.offsetFromUtc() == timestamp->offsetSeconds;
    return isHeld ? QVariant(time) : QVariant(*text);
}

std::optional<QVariant> CborEventReader::readUuid(const ValuePath &path)
{
    if (!m_reader.isByteArray())
        return refuse(path, "has the CBOR tag of a UUID, and is none");
    const auto bytes = readBytes(path);
    if (!bytes)
        return std::nullopt;
    if (bytes->size() != UuidSize)
        return refuse(path, "has the CBOR tag of a UUID, and is none");
    return QUuid::fromRfc4122(*bytes);
}

bool CborEventReader::enter(const ValuePath &path)
{
    if (++m_depth > MaximumDataDepth) {
        refuse(path, ValueFault::TooDeep);
        return false;
    }
    m_reader.enterContainer();
    return true;
}

bool CborEventReader::leave(const ValuePath &path)
{
    if (m_reader.lastError() != QCborError::NoError || !m_reader.leaveContainer()) {
        refuseSyntax(path);
        return false;
    }
    --m_depth;
    return true;
}

std::optional<QVariant> CborEventReader::readList(const ValuePath &path)
{
    // Never reserved by the length that the text claims.
    QVariantList list;
    if (!enter(path))
        return std::nullopt;
    while (hasNext()) {
        auto item = readValue({&path, {}, list.size()});
        if (!item)
            return std::nullopt;
        list.append(std::move(*item));
    }
    if (!leave(path))
        return std::nullopt;
    return list;
}

std::optional<QVariant> CborEventReader::readMap(const ValuePath &path)
{
    QVariantMap map;
    if (!enter(path))
        return std::nullopt;
    while (hasNext()) {
        const auto key = readKey(path);
        if (!key)
            return std::nullopt;
        const ValuePath place{&path, *key, -1};
        if (map.contains(*key))
            return refuse(place, ValueFault::DuplicateKey);
        const auto value = readValue(place);
        if (!value)
            return std::nullopt;
        map.insert(*key, *value);
    }
    if (!leave(path))
        return std::nullopt;
    return map;
}

std::optional<QString> CborEventReader::readKey(const ValuePath &path)
{
    if (m_reader.type() == QCborStreamReader::Invalid)
        return refuseSyntax(path);
    if (!m_reader.isString())
        return refuse(path, "a map with keys that are not strings cannot be carried");
    return readText(path);
}

template<typename Take>
bool CborEventReader::readChunks(const ValuePath &path, Take take)
{
    for (;;) {
        const qsizetype size = m_reader.currentStringChunkSize();
        // Memory is taken for what is there only, not for what the length claims.
        if (size > m_size - m_reader.currentOffset()) {
            refuse(path, Text::tr("not CBOR, at byte %1: ends too early").arg(m_reader.currentOffset()));
            return false;
        }
        QByteArray chunk(std::max<qsizetype>(size, 0), Qt::Uninitialized);
        const auto read = m_reader.readStringChunk(chunk.data(), chunk.size());
        if (read.status == QCborStreamReader::EndOfString)
            return true;
        if (read.status == QCborStreamReader::Error) {
            refuseSyntax(path);
            return false;
        }
        if (!take(chunk))
            return false;
    }
}

// By its bytes: QCborStreamReader leaves U+FEFF out where a chunk begins with it.
std::optional<QString> CborEventReader::readText(const ValuePath &path)
{
    using Flag = QStringConverter::Flag;
    QString text;
    const bool isRead = readChunks(path, [&](const QByteArray &chunk) {
        QStringDecoder decoder(QStringDecoder::Utf8, Flag::Stateless | Flag::ConvertInitialBom);
        const QString part = decoder(chunk);
        if (decoder.hasError())
            refuseSyntax(path, QCborError{QCborError::InvalidUtf8String});
        text += part;
        return !decoder.hasError();
    });
    return isRead ? std::optional(text) : std::nullopt;
}

std::optional<QByteArray> CborEventReader::readBytes(const ValuePath &path)
{
    QByteArray bytes;
    const bool isRead = readChunks(path, [&bytes](const QByteArray &chunk) {
        bytes += chunk;
        return true;
    });
    return isRead ? std::optional(bytes) : std::nullopt;
}

void writeExtension(CborWriter &writer, const QString &name, const QVariant &value)
{
    writer.visitKey(name);
    // All that an extension may be can be carried, so nothing is refused here.
    ValueWalker(writer).walk(value, ValuePath{nullptr, name, -1});
}

} // namespace

Result<QByteArray> Event::toCbor() const
{
    if (!isValid())
        return Failure{errorText()};
    CborWriter writer;
    writer.beginEvent();
    writer.member("specversion", u"1.0");
    writer.member("id", id());
    writer.member("source", source());
    writer.member("type", type());
    writer.optionalMember("subject", subject());
    if (d->timeMSecs != EventData::NoTime) {
        writer.name("time");
        writer.visitDateTime(timeText());
    }
    writer.optionalMember("datacontenttype", dataContentType());
    writer.optionalMember("dataschema", dataSchema());
    const QVariantMap extensionMap = extensions();
    for (auto it = extensionMap.cbegin(); it != extensionMap.cend(); ++it)
        writeExtension(writer, it.key(), it.value());
    if (d->data.isValid()) {
        writer.name("data");
        ValueWalker walker(writer);
        if (!walker.walk(d->data, ValuePath{nullptr, u"data", -1}))
            return Failure{walker.errorText()};
    }
    writer.endEvent();
    return writer.take();
}

Result<Event> Event::fromCbor(QByteArrayView cbor)
{
    return CborEventReader(cbor).read();
}

} // namespace Qanat
