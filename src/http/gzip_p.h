// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_GZIP_P_H
#define QANAT_HTTP_GZIP_P_H

#include <QtCore/qbytearray.h>

namespace Qanat {

//! The bytes as RFC 1952 compresses them; the same ones each time. Null where memory does not suffice.
[[nodiscard]] QByteArray gzipped(const QByteArray &bytes);

} // namespace Qanat

#endif
