// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPOUTCOME_P_H
#define QANAT_HTTP_HTTPOUTCOME_P_H

#include <Qanat/core/delivery.h>

#include <QtCore/qbytearrayview.h>
#include <QtNetwork/qnetworkreply.h>

#include <chrono>

namespace Qanat {

/*!
 * What an answer with \a status means, by the table in HttpSink. \a retryAfter is the header as it came, null without one;
 * \a origin is what may be shown of the URL.
 */
[[nodiscard]] Delivery outcomeOfStatus(int status, QByteArrayView retryAfter, std::chrono::milliseconds wallClock,
                                       const QString &origin);

//! What it means that no answer came because of \a error.
[[nodiscard]] Delivery outcomeOfError(QNetworkReply::NetworkError error, const QString &origin);

} // namespace Qanat

#endif
