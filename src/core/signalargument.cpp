// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "signalargument_p.h"

#include "structure_p.h"

#include <QtCore/qabstractitemmodel.h>
#include <QtCore/qitemselectionmodel.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qrect.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

QVariant ofIndex(const QModelIndex &index)
{
    return QVariantMap{{u"row"_s, index.row()}, {u"column"_s, index.column()}};
}

QVariant ofObject(const QObject *object)
{
    if (!object)
        return QVariant::fromValue(nullptr);
    return QVariantMap{{u"class"_s, QString::fromLatin1(object->metaObject()->className())},
                       {u"objectName"_s, object->objectName()}};
}

// What it points to may be gone before anybody looks at the event: items of views, for example.
QVariant ofPointer(const QVariant &pointer)
{
    if (!*static_cast<const void *const *>(pointer.constData()))
        return QVariant::fromValue(nullptr);
    QByteArray name = pointer.metaType().name();
    name.chop(name.endsWith('*') ? 1 : 0);
    return QVariantMap{{u"class"_s, QString::fromLatin1(name.trimmed())}};
}

QVariant ofSelection(const QItemSelection &selection)
{
    QVariantList ranges;
    for (const QItemSelectionRange &range : selection) {
        ranges.append(QVariantMap{{u"top"_s, range.top()},
                                  {u"left"_s, range.left()},
                                  {u"bottom"_s, range.bottom()},
                                  {u"right"_s, range.right()}});
    }
    return ranges;
}

template<typename Point>
QVariant ofPoint(const Point &point)
{
    return QVariantMap{{u"x"_s, point.x()}, {u"y"_s, point.y()}};
}

template<typename Size>
QVariant ofSize(const Size &size)
{
    return QVariantMap{{u"width"_s, size.width()}, {u"height"_s, size.height()}};
}

template<typename Rect>
QVariant ofRect(const Rect &rect)
{
    return QVariantMap{
        {u"x"_s, rect.x()}, {u"y"_s, rect.y()}, {u"width"_s, rect.width()}, {u"height"_s, rect.height()}};
}

// Keys and fonts are gadgets for the sake of their enumerations only.
bool hasProperties(QMetaType type)
{
    return (type.flags() & QMetaType::IsGadget) && type.metaObject()->propertyCount() > 0;
}

QVariant ofList(const QVariantList &list)
{
    QVariantList values;
    for (const QVariant &item : list)
        values.append(signalArgument(item));
    return values;
}

} // namespace

QVariant signalArgument(const QVariant &value)
{
    const QMetaType type = value.metaType();
    switch (type.id()) {
    case QMetaType::QVariant:
        return signalArgument(*static_cast<const QVariant *>(value.constData()));
    case QMetaType::QModelIndex:
        return ofIndex(value.toModelIndex());
    case QMetaType::QPersistentModelIndex:
        return ofIndex(value.toPersistentModelIndex());
    case QMetaType::QPoint:
        return ofPoint(value.toPoint());
    case QMetaType::QPointF:
        return ofPoint(value.toPointF());
    case QMetaType::QSize:
        return ofSize(value.toSize());
    case QMetaType::QSizeF:
        return ofSize(value.toSizeF());
    case QMetaType::QRect:
        return ofRect(value.toRect());
    case QMetaType::QRectF:
        return ofRect(value.toRectF());
    default:
        break;
    }
    if (type.flags() & QMetaType::PointerToQObject)
        return ofObject(*static_cast<QObject *const *>(value.constData()));
    if (type.flags() & QMetaType::IsPointer)
        return ofPointer(value);
    if (type == QMetaType::fromType<QItemSelection>())
        return ofSelection(value.value<QItemSelection>());
    // Of the types of QtCore the rest is carried as it is, or by nothing.
    if (type.id() <= QMetaType::LastCoreType || (type.flags() & QMetaType::IsEnumeration) || hasProperties(type))
        return value;
    if (const std::optional<QVariant> parts = Structure::partsOf(value))
        return parts->typeId() == QMetaType::QVariantList ? ofList(parts->toList()) : value;
    // Colours and keys have a text.
    return value.canConvert<QString>() ? QVariant(value.toString()) : value;
}

} // namespace Qanat
