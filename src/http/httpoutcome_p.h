// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPOUTCOME_P_H
#define QANAT_HTTP_HTTPOUTCOME_P_H

#include <Qanat/core/delivery.h>
#include <Qanat/http/answerprofile.h>

#include <QtCore/qbytearray.h>
#include <QtNetwork/qnetworkreply.h>

#include <chrono>

namespace Qanat {

//! What of an answer counts.
struct HttpAnswer
{
    int status = 0;
    QByteArray retryAfter; //!< The header as it came; null without one.
    QByteArray date; //!< The same.
};

/*!
 * What an answer means by \a reading, by the table in HttpSink. \a wallClock is the time since 1970; \a origin is what may be shown
 * of the URL.
 */
[[nodiscard]] Delivery outcomeOfAnswer(const HttpAnswer &answer, AnswerProfile::Reading reading,
                                       std::chrono::milliseconds wallClock, const QString &origin);

//! What it means that no answer came because of \a error; \a distrust is what is wrong with the certificate of the other side.
[[nodiscard]] Delivery outcomeOfError(QNetworkReply::NetworkError error, const QString &origin,
                                      const QString &distrust);

} // namespace Qanat

#endif
