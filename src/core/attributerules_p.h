// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_ATTRIBUTERULES_P_H
#define QANAT_CORE_ATTRIBUTERULES_P_H

#include <QtCore/qstringview.h>
#include <QtCore/qvariant.h>

namespace Qanat {

/*
 * The rules of CloudEvents 1.0.2, section 3, for values of attributes. Each answers why the value is refused, as the end of
 * a sentence that begins with the attribute's name ("is empty"), or null where it is allowed.
 */
namespace AttributeRules {

//! The type String of section 3.1.1.
[[nodiscard]] const char *faultInText(QStringView text) noexcept;
//! The same text with a blank for each character that a String cannot hold.
[[nodiscard]] QString replacingFaults(const QString &text);
//! A String that is not empty.
[[nodiscard]] const char *faultInRequiredText(QStringView text) noexcept;
//! A URI reference (RFC 3986, section 4.1); characters beyond ASCII are let through, as in an IRI.
[[nodiscard]] const char *faultInUriReference(QStringView text) noexcept;
//! A URI with a scheme (RFC 3986, section 3).
[[nodiscard]] const char *faultInUri(QStringView text) noexcept;
//! A media type (RFC 2046; RFC 9110, section 8.3.1). ASCII only, because it becomes a header.
[[nodiscard]] const char *faultInMediaType(QStringView text) noexcept;
//! The name of an extension.
[[nodiscard]] const char *faultInExtensionName(QStringView name) noexcept;
//! The value of an extension.
[[nodiscard]] const char *faultInExtensionValue(const QVariant &value);

} // namespace AttributeRules

//! Whether a surrogate stands alone in \a text, which UTF-8 cannot carry.
[[nodiscard]] bool hasLoneSurrogate(QStringView text) noexcept;

} // namespace Qanat

#endif
