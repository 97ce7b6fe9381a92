// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "redaction_p.h"

#include "datapointer_p.h"
#include "eventvalue_p.h"
#include "structure_p.h"

#include <stdexcept>

using namespace Qt::StringLiterals;

namespace Qanat {

Redaction::Redaction(const QStringList &fields, QVariant replacement)
    : m_replacement(replacement.isValid() ? std::move(replacement) : QVariant(u"[redacted]"_s))
{
    for (const QString &field : fields) {
        if (!field.startsWith(u'/')) {
            m_names.insert(field.toLower());
            continue;
        }
        const auto pointer = DataPointer::parse(field);
        if (!pointer)
            throw std::invalid_argument("Transform::redaction: " + field.toStdString() + " is no JSON Pointer");
        m_pointers.append(pointer->steps());
    }
}

std::optional<QVariant> Redaction::redacted(const QVariant &value) const
{
    Depth depth;
    const std::optional<QVariant> changed = inside(value, m_pointers, depth);
    return depth.isTooDeep ? m_replacement : changed;
}

std::optional<QVariant> Redaction::member(const QString &key, const QVariant &value, const Steps &pointers,
                                          Depth &depth) const
{
    if (m_names.contains(key.toLower()))
        return m_replacement;
    Steps ahead;
    for (const QStringList &steps : pointers) {
        if (steps.first() != key)
            continue;
        if (steps.size() == 1)
            return m_replacement;
        ahead.append(steps.sliced(1));
    }
    ++depth.levels;
    std::optional<QVariant> changed = inside(value, ahead, depth);
    --depth.levels;
    return changed;
}

std::optional<QVariant> Redaction::inside(const QVariant &closed, const Steps &pointers, Depth &depth) const
{
    depth.isTooDeep = depth.isTooDeep || depth.levels > MaximumDataDepth;
    if (depth.isTooDeep)
        return std::nullopt;
    const QVariant value = DataPointer::opened(closed);
    const auto inMap = [&](auto map) -> std::optional<QVariant> {
        bool isChanged = false;
        for (auto place = map.begin(); place != map.end(); ++place) {
            if (auto changed = member(place.key(), *place, pointers, depth)) {
                *place = std::move(*changed);
                isChanged = true;
            }
        }
        return isChanged ? std::optional<QVariant>(map) : std::nullopt;
    };
    const auto inList = [&](const auto &list) -> std::optional<QVariant> {
        QVariantList changedList;
        bool isChanged = false;
        for (qsizetype i = 0; i < list.size(); ++i) {
            auto changed = member(QString::number(i), list.at(i), pointers, depth);
            isChanged = isChanged || changed;
            changedList.append(changed ? std::move(*changed) : QVariant(list.at(i)));
        }
        return isChanged ? std::optional<QVariant>(changedList) : std::nullopt;
    };
    switch (value.typeId()) {
    case QMetaType::QVariantMap:
        return inMap(value.toMap());
    case QMetaType::QVariantHash:
        return inMap(value.toHash());
    case QMetaType::QVariantList:
        return inList(value.toList());
    case QMetaType::QStringList:
        return inList(value.toStringList());
    default:
        break;
    }
    const std::optional<QVariant> parts = Structure::partsOf(value);
    return parts ? inside(*parts, pointers, depth) : std::nullopt;
}

} // namespace Qanat
