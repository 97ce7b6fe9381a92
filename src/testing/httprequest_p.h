// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HTTPREQUEST_P_H
#define QANAT_TESTING_HTTPREQUEST_P_H

#include "Qanat/testing/httprequest.h"

namespace Qanat {

class HttpRequestData : public QSharedData
{
public:
    QByteArray method;
    QByteArray target;
    QByteArray version;
    QList<HttpRequest::Header> headers;
    QByteArray body;
    quint64 connection = 0;
    quint64 index = 0;
    std::chrono::steady_clock::time_point arrival;
};

//! The value of the first of \a headers with this \a name in any case; null if there is none.
QByteArray firstHeader(const QList<HttpRequest::Header> &headers, QByteArrayView name);

} // namespace Qanat

#endif
