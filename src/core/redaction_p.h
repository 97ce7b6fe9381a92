// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_REDACTION_P_H
#define QANAT_CORE_REDACTION_P_H

#include <QtCore/qset.h>
#include <QtCore/qstringlist.h>
#include <QtCore/qvariant.h>

#include <optional>

namespace Qanat {

// Puts something else in the place of fields of a value, see Transform::redaction().
class Redaction
{
public:
    Redaction(const QStringList &fields, QVariant replacement);

    // The value without those fields; nothing where it has none of them.
    std::optional<QVariant> redacted(const QVariant &value) const;

private:
    // What of the pointers is still ahead, from a place within the value on.
    using Steps = QList<QStringList>;
    // Where one is nested too deeply, nothing is looked at any more: it may hold itself, many times over.
    struct Depth
    {
        int levels = 0;
        bool isTooDeep = false;
    };
    std::optional<QVariant> inside(const QVariant &value, const Steps &pointers, Depth &depth) const;
    std::optional<QVariant> member(const QString &key, const QVariant &value, const Steps &pointers,
                                   Depth &depth) const;

    QSet<QString> m_names; // In lower case.
    Steps m_pointers;
    QVariant m_replacement;
};

} // namespace Qanat

#endif
