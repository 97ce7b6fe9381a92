// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "eventvalue_p.h"

#include "attributerules_p.h"
#include "event_p.h"
#include "structure_p.h"
#include "text_p.h"
#include "timestamp_p.h"

#include <QtCore/qbytearraylist.h>
#include <QtCore/qcborarray.h>
#include <QtCore/qcbormap.h>
#include <QtCore/qcborvalue.h>
#include <QtCore/qfloat16.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qjsonvalue.h>
#include <QtCore/qmetatype.h>
#include <QtCore/qsequentialiterable.h>
#include <QtCore/qurl.h>
#include <QtCore/quuid.h>
#include <QtCore/qvarlengtharray.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

template<typename T>
const T &held(const QVariant &value)
{
    return *static_cast<const T *>(value.constData());
}

// Finds nothing of its own to object to.
class SilentVisitor final : public ValueVisitor
{
public:
    void visitNull() override { }
    void visitBool(bool) override { }
    void visitInteger(qint64) override { }
    void visitDouble(double) override { }
    void visitText(QStringView) override { }
    const char *visitBytes(const QByteArray &) override { return nullptr; }
    void visitDateTime(QStringView) override { }
    void visitUrl(QStringView) override { }
    void visitUuid(const QUuid &) override { }
    void beginList(qsizetype) override { }
    void endList() override { }
    void beginMap(qsizetype) override { }
    void visitKey(QStringView) override { }
    void endMap() override { }
};

QCborValue cborOfJson(const QVariant &value)
{
    switch (value.metaType().id()) {
    case QMetaType::QJsonObject:
        return QCborMap::fromJsonObject(held<QJsonObject>(value));
    case QMetaType::QJsonArray:
        return QCborArray::fromJsonArray(held<QJsonArray>(value));
    case QMetaType::QJsonDocument: {
        const auto &document = held<QJsonDocument>(value);
        if (document.isArray())
            return QCborArray::fromJsonArray(document.array());
        return document.isObject() ? QCborValue(QCborMap::fromJsonObject(document.object())) : QCborValue(nullptr);
    }
    default:
        return QCborValue::fromJsonValue(held<QJsonValue>(value));
    }
}

bool isWordCharacter(QChar c) noexcept
{
    return c == u'_' || (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || (c >= u'0' && c <= u'9');
}

} // namespace

QString printableKey(QStringView key)
{
    constexpr qsizetype longest = 40;
    const QStringView shown = key.first(std::min(key.size(), longest));
    const bool isWord = !shown.isEmpty() && std::all_of(shown.begin(), shown.end(), isWordCharacter);
    QString text;
    for (const QChar c : shown)
        text += c.category() == QChar::Other_Control || c.isSurrogate() ? QChar(u'\ufffd') : c;
    if (key.size() > longest)
        text += u'…';
    return isWord ? text : u'"' + text + u'"';
}

QString ValuePath::toString() const
{
    constexpr qsizetype shownSteps = 16;
    QVarLengthArray<const ValuePath *, 32> steps;
    for (const ValuePath *step = this; step; step = step->parent)
        steps.append(step);
    QString text;
    for (qsizetype i = steps.size() - 1; i >= 0; --i) {
        if (i == steps.size() - 1 - shownSteps) {
            text += u'…';
            break;
        }
        const ValuePath &step = *steps[i];
        if (step.index >= 0) {
            text += u'[' + QString::number(step.index) + u']';
            continue;
        }
        const QString name = printableKey(step.key);
        if (name.startsWith(u'"'))
            text += u'[' + name + u']';
        else
            text += text.isEmpty() ? name : u'.' + name;
    }
    return text;
}

ValueVisitor::~ValueVisitor() = default;

bool ValueWalker::refuse(const ValuePath &path, const QString &reason)
{
    m_errorText = path.toString() + u": "_s + reason;
    return false;
}

bool ValueWalker::enter(const ValuePath &path)
{
    return ++m_depth <= MaximumDataDepth || refuse(path, ValueFault::TooDeep);
}

bool ValueWalker::walkText(QStringView text, const ValuePath &path)
{
    if (hasLoneSurrogate(text))
        return refuse(path, ValueFault::LoneSurrogate);
    m_visitor.visitText(text);
    return true;
}

bool ValueWalker::walkDouble(double value, const ValuePath &path)
{
    if (std::isnan(value))
        return refuse(path, ValueFault::NaN);
    if (std::isinf(value))
        return refuse(path, ValueFault::Infinity);
    m_visitor.visitDouble(value);
    return true;
}

bool ValueWalker::walkUnsigned(quint64 value, const ValuePath &path)
{
    if (value > quint64(std::numeric_limits<qint64>::max()))
        return refuse(path, ValueFault::IntegerRange);
    m_visitor.visitInteger(qint64(value));
    return true;
}

bool ValueWalker::walkEnumeration(const QVariant &value, const ValuePath &path)
{
    const QMetaType type = value.metaType();
    const bool isUnsigned = type.flags() & QMetaType::IsUnsignedEnumeration;
    const auto read = [&](auto number) {
        std::memcpy(&number, value.constData(), sizeof number);
        return number;
    };
    switch (type.sizeOf()) {
    case 1:
        m_visitor.visitInteger(isUnsigned ? qint64(read(quint8())) : qint64(read(qint8())));
        return true;
    case 2:
        m_visitor.visitInteger(isUnsigned ? qint64(read(quint16())) : qint64(read(qint16())));
        return true;
    case 4:
        m_visitor.visitInteger(isUnsigned ? qint64(read(quint32())) : qint64(read(qint32())));
        return true;
    default:
        if (isUnsigned)
            return walkUnsigned(read(quint64()), path);
        m_visitor.visitInteger(read(qint64()));
        return true;
    }
}

bool ValueWalker::walkDateTime(const QVariant &value, const ValuePath &path)
{
    const auto timestamp = Timestamp::fromDateTime(held<QDateTime>(value));
    if (!timestamp)
        return refuse(path, QT_TRANSLATE_NOOP(
                                "Qanat", "a time that is not valid or not in the years 0 to 9999 cannot be carried"));
    m_visitor.visitDateTime(timestamp->toText());
    return true;
}

bool ValueWalker::walkKey(QStringView key, const ValuePath &path)
{
    if (hasLoneSurrogate(key))
        return refuse(path, ValueFault::KeySurrogate);
    m_visitor.visitKey(key);
    return true;
}

template<typename List, typename WalkItem>
bool ValueWalker::walkList(const List &list, const ValuePath &path, WalkItem walkItem)
{
    if (!enter(path))
        return false;
    m_visitor.beginList(list.size());
    qsizetype index = 0;
    for (const auto &item : list) {
        if (!walkItem(item, ValuePath{&path, {}, index++}))
            return false;
    }
    m_visitor.endList();
    --m_depth;
    return true;
}

template<typename Map>
bool ValueWalker::walkMap(const Map &map, const ValuePath &path)
{
    if (!enter(path))
        return false;
    m_visitor.beginMap(map.size());
    for (auto it = map.cbegin(); it != map.cend(); ++it) {
        if (!walkKey(it.key(), path) || !walk(it.value(), ValuePath{&path, it.key(), -1}))
            return false;
    }
    m_visitor.endMap();
    --m_depth;
    return true;
}

bool ValueWalker::walk(const QVariant &value, const ValuePath &path)
{
    switch (value.metaType().id()) {
    case QMetaType::UnknownType:
    case QMetaType::Nullptr:
        m_visitor.visitNull();
        return true;
    case QMetaType::Bool:
        m_visitor.visitBool(held<bool>(value));
        return true;
    case QMetaType::Int:
    case QMetaType::LongLong:
    case QMetaType::Long:
    case QMetaType::Short:
    case QMetaType::SChar:
    case QMetaType::Char:
    case QMetaType::UInt:
    case QMetaType::UShort:
    case QMetaType::UChar:
        m_visitor.visitInteger(value.toLongLong());
        return true;
    case QMetaType::ULong:
    case QMetaType::ULongLong:
        return walkUnsigned(value.toULongLong(), path);
    case QMetaType::Double:
        return walkDouble(held<double>(value), path);
    case QMetaType::Float:
        return walkDouble(static_cast<double>(held<float>(value)), path);
    case QMetaType::QString:
        return walkText(held<QString>(value), path);
    case QMetaType::QChar:
        return walkText(QStringView(&held<QChar>(value), 1), path);
    case QMetaType::QByteArray: {
        const char *fault = m_visitor.visitBytes(held<QByteArray>(value));
        return !fault || refuse(path, fault);
    }
    case QMetaType::QStringList:
        return walkList(held<QStringList>(value), path,
                        [this](const QString &item, const ValuePath &at) { return walkText(item, at); });
    case QMetaType::QVariantList:
        return walkList(held<QVariantList>(value), path,
                        [this](const QVariant &item, const ValuePath &at) { return walk(item, at); });
    case QMetaType::QVariantMap:
        return walkMap(held<QVariantMap>(value), path);
    default:
        return walkOther(value, path);
    }
}

// What is rare in events.
bool ValueWalker::walkOther(const QVariant &value, const ValuePath &path)
{
    const QMetaType type = value.metaType();
    switch (type.id()) {
    case QMetaType::QVariantHash: {
        // Sorted: an event is the same bytes whenever it is written.
        const auto &hash = held<QVariantHash>(value);
        QVariantMap sorted;
        for (auto it = hash.cbegin(); it != hash.cend(); ++it)
            sorted.insert(it.key(), it.value());
        return walkMap(sorted, path);
    }
    case QMetaType::QByteArrayList:
        return walkList(held<QByteArrayList>(value), path,
                        [this](const QByteArray &item, const ValuePath &at) { return walk(QVariant(item), at); });
    case QMetaType::QDateTime:
        return walkDateTime(value, path);
    case QMetaType::QDate: {
        const QString text = held<QDate>(value).toString(Qt::ISODate);
        return text.isEmpty() ? refuse(
                   path, QT_TRANSLATE_NOOP("Qanat",
                                           "a date that is not valid or not in the years 0 to 9999 cannot be carried"))
                              : walkText(text, path);
    }
    case QMetaType::QTime: {
        const QString text = held<QTime>(value).toString(Qt::ISODateWithMs);
        return text.isEmpty()
                   ? refuse(path, QT_TRANSLATE_NOOP("Qanat", "a time of day that is not valid cannot be carried"))
                   : walkText(text, path);
    }
    case QMetaType::QUrl: {
        const auto &url = held<QUrl>(value);
        if (!url.isValid() && !url.isEmpty())
            return refuse(path, QT_TRANSLATE_NOOP("Qanat", "a URL that is not valid cannot be carried"));
        m_visitor.visitUrl(url.toString(QUrl::FullyEncoded));
        return true;
    }
    case QMetaType::QUuid:
        m_visitor.visitUuid(held<QUuid>(value));
        return true;
    case QMetaType::QVariant:
        return walk(held<QVariant>(value), path);
    case QMetaType::QJsonValue:
    case QMetaType::QJsonObject:
    case QMetaType::QJsonArray:
    case QMetaType::QJsonDocument:
        return walkCbor(cborOfJson(value), path);
    case QMetaType::QCborValue:
        return walkCbor(held<QCborValue>(value), path);
    case QMetaType::QCborMap:
        return walkCbor(QCborValue(held<QCborMap>(value)), path);
    case QMetaType::QCborArray:
        return walkCbor(QCborValue(held<QCborArray>(value)), path);
    case QMetaType::QCborSimpleType:
        return walkCbor(QCborValue(held<QCborSimpleType>(value)), path);
    default:
        break;
    }
    if (type == QMetaType::fromType<qfloat16>())
        return walkDouble(static_cast<double>(static_cast<float>(held<qfloat16>(value))), path);
    if (type.flags() & QMetaType::IsEnumeration)
        return walkEnumeration(value, path);
    std::optional<QVariant> parts;
    try {
        parts = Structure::partsOf(value);
    } catch (...) {
        return refuse(path, Text::tr("an exception left a property of type %1").arg(QLatin1StringView(type.name())));
    }
    if (parts) {
        // A gadget that gives out itself would go on for ever; the depth ends that.
        return walk(*parts, path);
    }
    return refuse(path, Text::tr("a value of type %1 cannot be carried").arg(QLatin1StringView(type.name())));
}

bool ValueWalker::walkCborMap(const QCborMap &map, const ValuePath &path)
{
    if (!enter(path))
        return false;
    m_visitor.beginMap(map.size());
    for (const auto item : map) {
        if (!item.first.isString())
            return refuse(path, QT_TRANSLATE_NOOP("Qanat", "a map with keys that are not strings cannot be carried"));
        const QString key = item.first.toString();
        if (!walkKey(key, path) || !walkCbor(item.second, ValuePath{&path, key, -1}))
            return false;
    }
    m_visitor.endMap();
    --m_depth;
    return true;
}

bool ValueWalker::walkCbor(const QCborValue &value, const ValuePath &path)
{
    switch (value.type()) {
    case QCborValue::Null:
        m_visitor.visitNull();
        return true;
    case QCborValue::False:
    case QCborValue::True:
        m_visitor.visitBool(value.isTrue());
        return true;
    case QCborValue::Integer:
        m_visitor.visitInteger(value.toInteger());
        return true;
    case QCborValue::Double:
        return walkDouble(value.toDouble(), path);
    case QCborValue::String:
        return walkText(value.toString(), path);
    case QCborValue::ByteArray:
        return walk(value.toByteArray(), path);
    case QCborValue::Array:
        return walkList(value.toArray(), path,
                        [this](const QCborValue &item, const ValuePath &at) { return walkCbor(item, at); });
    case QCborValue::Map:
        return walkCborMap(value.toMap(), path);
    case QCborValue::DateTime:
        return walk(value.toDateTime(), path);
    case QCborValue::Url:
        return walk(value.toUrl(), path);
    case QCborValue::Uuid:
        return walk(value.toUuid(), path);
    case QCborValue::Undefined:
        return refuse(path, QT_TRANSLATE_NOOP("Qanat", "an undefined value cannot be carried"));
    case QCborValue::Tag:
        return refuse(path, Text::tr("a value with the CBOR tag %1 cannot be carried").arg(quint64(value.tag())));
    case QCborValue::RegularExpression:
        return refuse(path, QT_TRANSLATE_NOOP("Qanat", "a regular expression cannot be carried"));
    default:
        return refuse(path, QT_TRANSLATE_NOOP("Qanat", "an unassigned simple value of CBOR cannot be carried"));
    }
}

QString findPortabilityFault(const QVariant &data)
{
    SilentVisitor visitor;
    ValueWalker walker(visitor);
    walker.walk(data, ValuePath{nullptr, u"data", -1});
    return walker.errorText();
}

namespace {

// The header of Qt's containers, and what malloc adds to each block.
constexpr qsizetype BlockOverhead = 16 + 16;
// A node of std::map, on which QMap stands, besides key and value.
constexpr qsizetype MapNodeOverhead = 32 + 16;

qsizetype estimateText(const QString &text)
{
    return text.isEmpty() ? 0 : BlockOverhead + text.size() * qsizetype(sizeof(QChar));
}

// Adds up what values hold on the heap, besides their QVariant. Nothing of the user's is called: what gadgets give out is not
// asked for, they count as they are.
class Estimate
{
public:
    qsizetype ofMap(const QVariantMap &map);
    qsizetype ofValue(const QVariant &value);

private:
    // Values may hold each other many times over, and deeper ones than this are refused where they leave the process: neither
    // must keep who writes.
    bool enter() { return --m_budget > 0 && m_depth <= MaximumDataDepth; }

    qsizetype ofCbor(const QCborValue &value);
    qsizetype ofOther(const QVariant &value);
    template<typename List, typename OfItem>
    qsizetype ofItems(const List &list, OfItem ofItem);

    int m_budget = 1'000'000;
    int m_depth = 0;
};

template<typename List, typename OfItem>
qsizetype Estimate::ofItems(const List &list, OfItem ofItem)
{
    qsizetype size = BlockOverhead;
    ++m_depth;
    for (const auto &item : list) {
        if (!enter())
            break;
        size += ofItem(item);
    }
    --m_depth;
    return size;
}

// A value of QtCbor, or of QtJson, which stands on it, takes an element of 16 bytes, and what is behind it.
qsizetype Estimate::ofCbor(const QCborValue &value)
{
    constexpr qsizetype Element = 16;
    constexpr qsizetype TextHeader = 8;
    switch (value.type()) {
    case QCborValue::String:
        return Element + TextHeader + value.toString().size() * qsizetype(sizeof(QChar));
    case QCborValue::ByteArray:
        return Element + TextHeader + value.toByteArray().size();
    case QCborValue::Array:
        return Element + ofItems(value.toArray(), [this](const QCborValue &item) { return ofCbor(item); });
    case QCborValue::Map:
        return Element
               + ofItems(value.toMap(), [this](const auto &item) { return ofCbor(item.first) + ofCbor(item.second); });
    default:
        return Element;
    }
}

qsizetype Estimate::ofMap(const QVariantMap &map)
{
    return ofItems(map.asKeyValueRange(), [this](const auto &item) {
        return MapNodeOverhead + qsizetype(sizeof(QString) + sizeof(QVariant)) + estimateText(item.first)
               + ofValue(item.second);
    });
}

qsizetype Estimate::ofValue(const QVariant &value)
{
    switch (value.metaType().id()) {
    case QMetaType::QString:
        return estimateText(held<QString>(value));
    case QMetaType::QByteArray:
        return BlockOverhead + held<QByteArray>(value).size();
    case QMetaType::QStringList:
        return ofItems(held<QStringList>(value),
                       [](const QString &item) { return qsizetype(sizeof(QString)) + estimateText(item); });
    case QMetaType::QVariantList:
        return ofItems(held<QVariantList>(value),
                       [this](const QVariant &item) { return qsizetype(sizeof(QVariant)) + ofValue(item); });
    case QMetaType::QVariantMap:
        return ofMap(held<QVariantMap>(value));
    case QMetaType::QVariantHash:
        return ofItems(held<QVariantHash>(value).asKeyValueRange(), [this](const auto &item) {
            return 2 * qsizetype(sizeof(QString) + sizeof(QVariant)) + estimateText(item.first) + ofValue(item.second);
        });
    case QMetaType::QJsonObject:
    case QMetaType::QJsonArray:
    case QMetaType::QJsonDocument:
    case QMetaType::QJsonValue:
        return ofCbor(cborOfJson(value));
    case QMetaType::QCborValue:
        return ofCbor(held<QCborValue>(value));
    case QMetaType::QCborArray:
        return ofCbor(held<QCborArray>(value));
    case QMetaType::QCborMap:
        return ofCbor(held<QCborMap>(value));
    default:
        return ofOther(value);
    }
}

qsizetype Estimate::ofOther(const QVariant &value)
{
    const QMetaType type = value.metaType();
    const qsizetype inside = qsizetype(sizeof(void *)) * 3;
    const qsizetype size = type.sizeOf() > inside ? BlockOverhead + type.sizeOf() : 0;
    // What a container of another type has are its items, and those may be of any type.
    if (type.id() < QMetaType::User || !QMetaType::canView(type, QMetaType::fromType<QSequentialIterable>()))
        return size;
    const auto list = value.value<QSequentialIterable>();
    const QMetaType itemType = list.metaContainer().valueMetaType();
    const bool isKnown = itemType == QMetaType::fromType<QString>() || itemType == QMetaType::fromType<QByteArray>()
                         || itemType == QMetaType::fromType<QVariantMap>();
    if (!isKnown)
        return size + BlockOverhead + list.size() * itemType.sizeOf();
    return size + ofItems(list, [this, &itemType](const QVariant &item) { return itemType.sizeOf() + ofValue(item); });
}

} // namespace

qsizetype estimateEventSize(const EventData &event)
{
    Estimate estimate;
    qsizetype size = qsizetype(sizeof(EventData)) + BlockOverhead / 2 + estimateText(event.id)
                     + estimateText(event.type) + estimateText(event.source) + estimate.ofValue(event.data);
    if (const EventDetails *details = event.details.get()) {
        size += qsizetype(sizeof(EventDetails)) + BlockOverhead / 2 + estimateText(details->subject)
                + estimateText(details->dataContentType) + estimateText(details->dataSchema)
                + estimateText(details->timeText) + estimate.ofMap(details->extensions);
    }
    return size;
}

} // namespace Qanat
