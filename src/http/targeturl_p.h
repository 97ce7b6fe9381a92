// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_TARGETURL_P_H
#define QANAT_HTTP_TARGETURL_P_H

#include <Qanat/http/httpsink.h>

#include <QtCore/qstring.h>
#include <QtCore/qurl.h>

namespace Qanat {

//! All of a URL that may be shown: scheme, host and port. Everything else in it can be a secret.
[[nodiscard]] QString origin(const QUrl &url);

//! The outcome of every event for a URL that cannot be used; delivered if it can.
[[nodiscard]] Delivery checkTarget(const QUrl &url, HttpSink::PlainHttp consent);

} // namespace Qanat

#endif
