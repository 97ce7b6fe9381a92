// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "structure_p.h"

#include "datapointer_p.h"
#include "eventvalue_p.h"

#include <QtCore/qassociativeiterable.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qdatetime.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qsequentialiterable.h>
#include <QtCore/qurl.h>
#include <QtCore/quuid.h>

#include <cmath>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

bool isGadget(QMetaType type)
{
    return (type.flags() & QMetaType::IsGadget) && type.metaObject();
}

bool isInteger(int type)
{
    switch (type) {
    case QMetaType::Int:
    case QMetaType::UInt:
    case QMetaType::LongLong:
    case QMetaType::ULongLong:
    case QMetaType::Long:
    case QMetaType::ULong:
    case QMetaType::Short:
    case QMetaType::UShort:
    case QMetaType::Char:
    case QMetaType::SChar:
    case QMetaType::UChar:
        return true;
    default:
        return false;
    }
}

bool isReal(int type)
{
    return type == QMetaType::Double || type == QMetaType::Float;
}

// What a value is called by people who see it in JSON.
QString kindOf(const QVariant &value)
{
    const int type = value.typeId();
    if (!value.isValid() || type == QMetaType::Nullptr)
        return QCoreApplication::translate("Qanat::Event", "nothing");
    if (type == QMetaType::Bool)
        return QCoreApplication::translate("Qanat::Event", "a truth value");
    if (isInteger(type) || isReal(type))
        return QCoreApplication::translate("Qanat::Event", "a number");
    if (type == QMetaType::QString)
        return QCoreApplication::translate("Qanat::Event", "a text");
    if (type == QMetaType::QVariantList || type == QMetaType::QStringList)
        return QCoreApplication::translate("Qanat::Event", "a list");
    if (type == QMetaType::QVariantMap || type == QMetaType::QVariantHash)
        return QCoreApplication::translate("Qanat::Event", "a map");
    return QString::fromLatin1(value.metaType().name());
}

Failure mismatch(const QVariant &data, QMetaType wanted, const ValuePath &path)
{
    return {QCoreApplication::translate("Qanat::Event", "%1: %2 cannot be taken as %3")
                .arg(path.toString(), kindOf(data), QString::fromLatin1(wanted.name()))};
}

Result<QVariant> toGadget(const QVariant &data, QMetaType wanted, const ValuePath &path)
{
    if (data.typeId() != QMetaType::QVariantMap)
        return mismatch(data, wanted, path);
    const QVariantMap parts = data.toMap();
    const QMetaObject *const meta = wanted.metaObject();
    QVariant made(wanted);
    for (int i = 0; i < meta->propertyCount(); ++i) {
        const QMetaProperty property = meta->property(i);
        const QString name = QString::fromUtf8(property.name());
        const auto part = parts.constFind(name);
        if (part == parts.constEnd() || !property.isWritable())
            continue;
        const Result<QVariant> value = Structure::fromParts(*part, property.metaType(), ValuePath{&path, name, -1});
        if (!value)
            return value;
        property.writeOnGadget(made.data(), *value);
    }
    return made;
}

// Two integers of any types are the same number where these are.
std::pair<bool, quint64> signAndBits(const QVariant &integer)
{
    const bool isHuge = integer.typeId() == QMetaType::ULongLong || integer.typeId() == QMetaType::ULong;
    const bool isNegative = !isHuge && integer.toLongLong() < 0;
    return {isNegative, isHuge ? integer.toULongLong() : quint64(integer.toLongLong())};
}

Result<QVariant> toNumber(const QVariant &data, QMetaType wanted, const ValuePath &path)
{
    const int from = data.typeId();
    if (!isInteger(from) && !isReal(from))
        return mismatch(data, wanted, path);
    QVariant number = data;
    if (isReal(wanted.id())) {
        number.convert(wanted);
        if (std::isfinite(data.toDouble()) && !std::isfinite(number.toDouble()))
            return mismatch(data, wanted, path);
        return number;
    }
    // 2.0 is the integer 2 to JSON.
    if (isReal(from)) {
        const double real = data.toDouble();
        if (real != std::floor(real) || std::abs(real) > 9007199254740992.0)
            return mismatch(data, wanted, path);
        number = qlonglong(real);
    }
    const auto before = signAndBits(number);
    number.convert(wanted);
    if (signAndBits(number) != before)
        return mismatch(data, wanted, path);
    return number;
}

QMetaType integerOfSize(qsizetype size, bool isUnsigned)
{
    switch (size) {
    case 1:
        return isUnsigned ? QMetaType::fromType<quint8>() : QMetaType::fromType<qint8>();
    case 2:
        return isUnsigned ? QMetaType::fromType<quint16>() : QMetaType::fromType<qint16>();
    case 4:
        return isUnsigned ? QMetaType::fromType<quint32>() : QMetaType::fromType<qint32>();
    default:
        return isUnsigned ? QMetaType::fromType<quint64>() : QMetaType::fromType<qint64>();
    }
}

Result<QVariant> toEnumeration(const QVariant &data, QMetaType wanted, const ValuePath &path)
{
    QVariant number = data;
    if (data.typeId() == QMetaType::QString && wanted.metaObject()) {
        // The name of an enumeration's type ends with its own.
        const QByteArray name(wanted.name());
        const int index = wanted.metaObject()->indexOfEnumerator(name.mid(name.lastIndexOf(':') + 1).constData());
        bool isKey = false;
        const int value =
            wanted.metaObject()->enumerator(index).keysToValue(data.toString().toUtf8().constData(), &isKey);
        if (!isKey)
            return mismatch(data, wanted, path);
        number = value;
    }
    if (!isInteger(number.typeId()))
        return mismatch(data, wanted, path);
    // Through an integer of its width, since a conversion to it cuts off what does not fit.
    const bool isUnsigned = wanted.flags() & QMetaType::IsUnsignedEnumeration;
    const Result<QVariant> fitting = toNumber(number, integerOfSize(wanted.sizeOf(), isUnsigned), path);
    if (!fitting || !number.convert(wanted))
        return mismatch(data, wanted, path);
    return number;
}

Result<QVariant> toList(const QVariant &data, QMetaType wanted, const ValuePath &path)
{
    if (data.typeId() != QMetaType::QVariantList && data.typeId() != QMetaType::QStringList)
        return mismatch(data, wanted, path);
    QVariant made(wanted);
    QSequentialIterable list = made.view<QSequentialIterable>();
    const QMetaType itemType = list.metaContainer().valueMetaType();
    qsizetype index = 0;
    const QVariantList items = data.toList();
    for (const QVariant &item : items) {
        const Result<QVariant> value = Structure::fromParts(item, itemType, ValuePath{&path, {}, index++});
        if (!value)
            return value;
        list.addValue(*value);
    }
    return made;
}

Result<QVariant> toMap(const QVariant &data, QMetaType wanted, const ValuePath &path)
{
    if (data.typeId() != QMetaType::QVariantMap && data.typeId() != QMetaType::QVariantHash)
        return mismatch(data, wanted, path);
    QVariant made(wanted);
    QAssociativeIterable map = made.view<QAssociativeIterable>();
    const QMetaType itemType = map.metaContainer().mappedMetaType();
    const QVariantMap items = data.toMap();
    for (auto item = items.cbegin(); item != items.cend(); ++item) {
        const Result<QVariant> value = Structure::fromParts(*item, itemType, ValuePath{&path, item.key(), -1});
        if (!value)
            return value;
        map.setValue(item.key(), *value);
    }
    return made;
}

// Times, URLs and what else is a text to JSON.
Result<QVariant> fromText(const QVariant &data, QMetaType wanted, const ValuePath &path)
{
    QVariant made = data;
    if (data.typeId() != QMetaType::QString || !made.convert(wanted))
        return mismatch(data, wanted, path);
    const bool isEmpty = data.toString().isEmpty();
    const bool isRead = [&] {
        switch (wanted.id()) {
        case QMetaType::QDateTime:
            return made.toDateTime().isValid();
        case QMetaType::QDate:
            return made.toDate().isValid();
        case QMetaType::QTime:
            return made.toTime().isValid();
        case QMetaType::QUrl:
            return isEmpty || made.toUrl().isValid();
        case QMetaType::QUuid:
            return isEmpty || QUuid(data.toString()).toString(QUuid::WithoutBraces) == data.toString().toLower();
        default:
            return true;
        }
    }();
    if (!isRead)
        return mismatch(data, wanted, path);
    return made;
}

} // namespace

std::optional<QVariant> Structure::partsOf(const QVariant &value)
{
    const QMetaType type = value.metaType();
    if (isGadget(type)) {
        QVariantMap parts;
        for (int i = 0; i < type.metaObject()->propertyCount(); ++i) {
            const QMetaProperty property = type.metaObject()->property(i);
            parts.insert(QString::fromUtf8(property.name()), property.readOnGadget(value.constData()));
        }
        return parts.isEmpty() ? std::nullopt : std::optional<QVariant>(parts);
    }
    // Those of Qt itself are known to whoever asks.
    if (type.id() < QMetaType::User)
        return std::nullopt;
    if (QMetaType::canView(type, QMetaType::fromType<QSequentialIterable>())) {
        QVariantList items;
        const auto list = value.value<QSequentialIterable>();
        for (const QVariant &item : list)
            items.append(item);
        return items;
    }
    if (QMetaType::canView(type, QMetaType::fromType<QAssociativeIterable>())) {
        const auto map = value.value<QAssociativeIterable>();
        if (map.metaContainer().keyMetaType() != QMetaType::fromType<QString>()
            || !map.metaContainer().mappedMetaType().isValid())
            return std::nullopt;
        QVariantMap items;
        for (auto item = map.constBegin(); item != map.constEnd(); ++item)
            items.insert(item.key().toString(), item.value());
        return items;
    }
    return std::nullopt;
}

Result<QVariant> Structure::fromParts(const QVariant &closed, QMetaType wanted, const ValuePath &path)
{
    if (closed.metaType() == wanted || wanted == QMetaType::fromType<QVariant>())
        return closed;
    const QVariant data = DataPointer::opened(closed);
    if (data.metaType() == wanted)
        return data;
    if (isGadget(wanted))
        return toGadget(data, wanted, path);
    if (wanted.flags() & QMetaType::IsEnumeration)
        return toEnumeration(data, wanted, path);
    if (isInteger(wanted.id()) || isReal(wanted.id()))
        return toNumber(data, wanted, path);
    if (wanted.id() == QMetaType::QString || wanted.id() == QMetaType::Bool)
        return mismatch(data, wanted, path);
    if (QMetaType::canView(wanted, QMetaType::fromType<QSequentialIterable>()))
        return toList(data, wanted, path);
    if (QMetaType::canView(wanted, QMetaType::fromType<QAssociativeIterable>()))
        return toMap(data, wanted, path);
    return fromText(data, wanted, path);
}

} // namespace Qanat
