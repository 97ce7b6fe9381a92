// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_DATAPOINTER_P_H
#define QANAT_CORE_DATAPOINTER_P_H

#include <QtCore/qstringlist.h>
#include <QtCore/qvariant.h>

#include <optional>

namespace Qanat {

// A JSON Pointer (RFC 6901) into the data of an event.
class DataPointer
{
public:
    // Nothing where the text is no pointer: it is empty, or begins with a slash, and a tilde is followed by 0 or 1.
    static std::optional<DataPointer> parse(QStringView text);

    // The value there, if there is one. Goes through maps, lists, the types of QtJson and QtCbor, and the properties of gadgets.
    std::optional<QVariant> find(const QVariant &data) const;
    const QStringList &steps() const { return m_steps; }

    // What is in the way of a walk: a QJsonObject as a QVariantMap, and the like.
    static QVariant opened(const QVariant &value);

private:
    QStringList m_steps;
};

} // namespace Qanat

#endif
