// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_PERCENTENCODING_P_H
#define QANAT_HTTP_PERCENTENCODING_P_H

#include <QtCore/qbytearray.h>
#include <QtCore/qstring.h>

#include <optional>

namespace Qanat {

// Values of attributes in headers: HTTP Protocol Binding for CloudEvents 1.0.2, section 3.1.3.2.

//! Blanks, quotes, percent signs and what is not printable ASCII as `%XX` of its UTF-8. Lone surrogates must not be in it.
[[nodiscard]] QByteArray percentEncoded(const QString &text);
//! The text of a header, where quotes around it are taken off first. Nothing where what comes out is not UTF-8.
[[nodiscard]] std::optional<QString> percentDecoded(QByteArrayView value);

} // namespace Qanat

#endif
