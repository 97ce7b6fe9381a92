// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_REQUESTOPTIONS_H
#define RELAY_REQUESTOPTIONS_H

#include <Qanat/HttpSink>
#include <Qanat/Result>

#include <QtCore/qbytearray.h>
#include <QtCore/qstring.h>
#include <QtCore/qurl.h>

#include <utility>

namespace Relay {

using Header = std::pair<QByteArray, QByteArray>;

//! Reads the URL of an endpoint. The error shows neither user, password nor query.
[[nodiscard]] Qanat::Result<QUrl> parseEndpoint(const QString &text, Qanat::HttpSink::PlainHttp consent);

//! Reads `Name: value`. The error does not show the value.
[[nodiscard]] Qanat::Result<Header> parseHeader(const QString &text);

//! Scheme, host and port: what of an endpoint may be shown, for a path can be a secret.
[[nodiscard]] QString originOf(const QUrl &url);

} // namespace Relay

#endif
