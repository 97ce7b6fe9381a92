// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HEADERRULES_P_H
#define QANAT_HTTP_HEADERRULES_P_H

#include <QtCore/qbytearrayview.h>

namespace Qanat {

//! Whether it is a token: RFC 9110, 5.6.2.
[[nodiscard]] bool isHeaderName(QByteArrayView name) noexcept;
//! Whether it is a field-value: RFC 9110, 5.5. Empty is one. Bytes beyond ASCII are let through as obs-text.
[[nodiscard]] bool isHeaderValue(QByteArrayView value) noexcept;
//! Whether a header of this name would contradict what the sink itself says of the connection or the body.
[[nodiscard]] bool isReservedHeaderName(QByteArrayView name) noexcept;

} // namespace Qanat

#endif
