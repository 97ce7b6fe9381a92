// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "datapointer_p.h"

#include "structure_p.h"

#include <QtCore/qcborarray.h>
#include <QtCore/qcbormap.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>

namespace Qanat {

namespace {

// RFC 6901, section 4: digits without leading zeros.
std::optional<qsizetype> indexOf(const QString &step)
{
    const auto isDigit = [](QChar character) { return character >= u'0' && character <= u'9'; };
    if (step.isEmpty() || !std::all_of(step.begin(), step.end(), isDigit) || (step.size() > 1 && step.front() == u'0'))
        return std::nullopt;
    bool fits = false;
    const qlonglong index = step.toLongLong(&fits);
    return fits ? std::optional(qsizetype(index)) : std::nullopt;
}

std::optional<QVariant> childOf(const QVariant &parent, const QString &step)
{
    const QVariant value = DataPointer::opened(parent);
    const auto inMap = [&step](const auto &map) {
        const auto place = map.constFind(step);
        return place == map.constEnd() ? std::nullopt : std::optional<QVariant>(*place);
    };
    const auto inList = [&step](const auto &list) -> std::optional<QVariant> {
        const auto index = indexOf(step);
        return index && *index < list.size() ? std::optional<QVariant>(list.at(*index)) : std::nullopt;
    };
    switch (value.typeId()) {
    case QMetaType::QVariantMap:
        return inMap(*static_cast<const QVariantMap *>(value.constData()));
    case QMetaType::QVariantHash:
        return inMap(*static_cast<const QVariantHash *>(value.constData()));
    case QMetaType::QVariantList:
        return inList(*static_cast<const QVariantList *>(value.constData()));
    case QMetaType::QStringList:
        return inList(*static_cast<const QStringList *>(value.constData()));
    case QMetaType::QByteArrayList:
        return inList(*static_cast<const QByteArrayList *>(value.constData()));
    default:
        break;
    }
    const std::optional<QVariant> parts = Structure::partsOf(value);
    return parts ? childOf(*parts, step) : std::nullopt;
}

} // namespace

std::optional<DataPointer> DataPointer::parse(QStringView text)
{
    DataPointer pointer;
    if (text.isEmpty())
        return pointer;
    if (text.front() != u'/')
        return std::nullopt;
    const auto steps = text.sliced(1).split(u'/');
    for (const QStringView step : steps) {
        QString key;
        for (qsizetype i = 0; i < step.size(); ++i) {
            if (step[i] != u'~') {
                key += step[i];
                continue;
            }
            ++i;
            if (i == step.size() || (step[i] != u'0' && step[i] != u'1'))
                return std::nullopt;
            key += step[i] == u'0' ? u'~' : u'/';
        }
        pointer.m_steps.append(key);
    }
    return pointer;
}

std::optional<QVariant> DataPointer::find(const QVariant &data) const
{
    if (!data.isValid())
        return std::nullopt;
    std::optional<QVariant> value = data;
    for (const QString &step : m_steps) {
        value = childOf(*value, step);
        if (!value)
            return std::nullopt;
    }
    return opened(*value);
}

QVariant DataPointer::opened(const QVariant &value)
{
    switch (value.typeId()) {
    case QMetaType::QJsonValue:
        return value.toJsonValue().toVariant();
    case QMetaType::QJsonObject:
        return value.toJsonObject().toVariantMap();
    case QMetaType::QJsonArray:
        return value.toJsonArray().toVariantList();
    case QMetaType::QJsonDocument:
        return value.toJsonDocument().toVariant();
    case QMetaType::QCborValue:
        return qvariant_cast<QCborValue>(value).toVariant();
    case QMetaType::QCborMap:
        return qvariant_cast<QCborMap>(value).toVariantMap();
    case QMetaType::QCborArray:
        return qvariant_cast<QCborArray>(value).toVariantList();
    default:
        return value;
    }
}

} // namespace Qanat
