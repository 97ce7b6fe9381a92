// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HTTPREQUEST_H
#define QANAT_TESTING_HTTPREQUEST_H

#include <Qanat/testing/qanattesting_export.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearrayview.h>
#include <QtCore/qlist.h>
#include <QtCore/qshareddata.h>

#include <chrono>
#include <utility>

namespace Qanat {

class HttpRequestData;

/*!
 * A request as an HttpReceiver read it from the wire: a value.
 *
 * Reading and copying is safe from any thread, as with every implicitly shared value of Qt.
 */
class QANAT_TESTING_EXPORT HttpRequest
{
public:
    //! Name and value. The name as it was spelt, the value without blanks around it.
    using Header = std::pair<QByteArray, QByteArray>;

    //! A request that never arrived: everything is empty.
    HttpRequest();
    //!@{
    //! Copying counts a reference. What was moved from can be assigned to or destroyed, no more.
    HttpRequest(const HttpRequest &other);
    HttpRequest(HttpRequest &&other) noexcept;
    HttpRequest &operator=(const HttpRequest &other);
    HttpRequest &operator=(HttpRequest &&other) noexcept;
    //!@}
    ~HttpRequest();

    //! As it was spelt: "POST".
    [[nodiscard]] QByteArray method() const;
    //! The request target as it stands on the wire, still percent-encoded: "/hook?key=a%20b".
    [[nodiscard]] QByteArray target() const;
    //! The target up to the query, still percent-encoded.
    [[nodiscard]] QByteArray path() const;
    //! What follows the first question mark of the target, still percent-encoded. Null if there is none.
    [[nodiscard]] QByteArray query() const;
    //! "HTTP/1.1" or "HTTP/1.0".
    [[nodiscard]] QByteArray version() const;

    //! All header fields in the order of the wire, with repetitions. Trailer fields of a chunked body are not among
    //! them.
    [[nodiscard]] QList<Header> headers() const;
    //! The value of the first header with this name in any case. Null if there is none; empty if it has no value.
    [[nodiscard]] QByteArray header(QByteArrayView name) const;

    //! The content: chunks are put together, a content encoding such as gzip is left as it is.
    [[nodiscard]] QByteArray body() const;

    //! The number of the connection that it came in on. The first one that a receiver accepted is 1.
    [[nodiscard]] quint64 connection() const;
    //! Its place among all requests, from 0, in the order in which the receiver had read them to their ends.
    [[nodiscard]] quint64 index() const;
    //! When the receiver had read it to its end.
    [[nodiscard]] std::chrono::steady_clock::time_point arrival() const;

private:
    friend class HttpRequestParser;
    friend class HttpReceiverShared;
    QSharedDataPointer<HttpRequestData> d;
};

} // namespace Qanat

#endif
