// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HTTPRESPONSE_H
#define QANAT_TESTING_HTTPRESPONSE_H

#include <Qanat/testing/httprequest.h>
#include <Qanat/testing/qanattesting_export.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qlist.h>
#include <QtCore/qobjectdefs.h>
#include <QtCore/qshareddata.h>

#include <chrono>
#include <optional>

namespace Qanat {

class HttpResponseData;

/*!
 * What an HttpReceiver does with a request: a proper answer, or one of the ways to misbehave. A value.
 *
 * The static functions make the usual ones. Each `with` function returns a changed copy, and they combine freely:
 * \code
 * HttpResponse::status(503, "not now").withHeader("Retry-After", "2").withDelay(50ms)
 * HttpResponse::cut(20).withEnding(HttpResponse::Ending::Reset)
 * HttpResponse::flood().withPace(1, 300ms)
 * \endcode
 *
 * What the receiver adds by itself, unless a header of that name was given: Content-Length (not for 1xx, 204 and
 * endless bodies) and `Connection: close` where it will close. It sends no Date: a test that needs one gives it.
 * Reading and copying is safe from any thread.
 */
class QANAT_TESTING_EXPORT HttpResponse
{
    Q_GADGET
public:
    //! What goes over the wire.
    enum class Content : quint8 {
        Answer, //!< Status line, headers and body.
        Raw, //!< The body alone, byte for byte: whatever a broken server might send.
        EndlessBody, //!< Status line and headers, then a body that never ends.
        EndlessHeaders, //!< A status line, then headers that never end.
        Nothing, //!< Not one byte.
    };
    Q_ENUM(Content)

    //! What becomes of the connection when the content is out.
    enum class Ending : quint8 {
        KeepAlive, //!< It waits for the next request, if the client wants that too; else as Close.
        Close, //!< Announced by `Connection: close`; what the client still sends is thrown away (RFC 9112, 9.6).
        Disconnect, //!< Closed without a word.
        Reset, //!< Cut with an RST packet.
        Hang, //!< Left open, silent for ever. The receiver reads no further request from it.
    };
    Q_ENUM(Ending)

    //! At most so many bytes at a time, and so long between them.
    struct Pace
    {
        qsizetype bytes = 0; //!< 0: as fast as the client takes them.
        std::chrono::milliseconds interval{0}; //!< Between two pieces.
    };

    //! 204 without a body.
    HttpResponse();
    //!@{
    //! Copying counts a reference. What was moved from can be assigned to or destroyed, no more.
    HttpResponse(const HttpResponse &other);
    HttpResponse(HttpResponse &&other) noexcept;
    HttpResponse &operator=(const HttpResponse &other);
    HttpResponse &operator=(HttpResponse &&other) noexcept;
    //!@}
    ~HttpResponse();

    //! A proper answer. \a code is sent as it is, be it sensible or not.
    [[nodiscard]] static HttpResponse status(int code, const QByteArray &body = {});
    //! Reads the request, then cuts the connection with an RST packet.
    [[nodiscard]] static HttpResponse reset();
    //! Reads the request, then closes the connection. QNetworkAccessManager may send such a request again by itself.
    [[nodiscard]] static HttpResponse closeWithoutAnswer();
    //! Reads the request and never says anything; the connection stays open.
    [[nodiscard]] static HttpResponse never();
    //! A 200 of which only the first \a bytes are sent, counted from the status line; its Content-Length promises more.
    //! Then the connection is closed.
    [[nodiscard]] static HttpResponse cut(qsizetype bytes);
    //! A 200 with a body of 1000 bytes that comes \a bytes at a time (its head too), one such piece every \a interval.
    [[nodiscard]] static HttpResponse drip(qsizetype bytes, std::chrono::milliseconds interval);
    //! A 200 whose body goes on as fast as the client reads, until it closes the connection.
    [[nodiscard]] static HttpResponse flood();
    //! A 200 whose headers go on as fast as the client reads, until it closes the connection.
    [[nodiscard]] static HttpResponse endlessHeaders();
    //! Exactly these bytes; then the connection is kept. Empty bytes are no answer at all.
    [[nodiscard]] static HttpResponse raw(const QByteArray &bytes);

    //! With this content in the place of what was there; Content-Length follows it.
    [[nodiscard]] HttpResponse withBody(const QByteArray &body) const;
    //! Adds a header; with the same name again there are two. Nothing is validated: a broken server can be had.
    [[nodiscard]] HttpResponse withHeader(const QByteArray &name, const QByteArray &value) const;
    //! Nothing is sent or closed before \a delay has passed since the request was read. It blocks no other connection.
    [[nodiscard]] HttpResponse withDelay(std::chrono::milliseconds delay) const;
    //! \a bytes at a time, every \a interval. The first piece comes at once.
    [[nodiscard]] HttpResponse withPace(qsizetype bytes, std::chrono::milliseconds interval) const;
    //! What becomes of the connection then.
    [[nodiscard]] HttpResponse withEnding(Ending ending) const;

    //!@{
    //! What was given; of other contents than Content::Answer it may mean nothing.
    [[nodiscard]] int statusCode() const;
    [[nodiscard]] QByteArray body() const;
    //!@}
    //! Those that were given, without what the receiver adds.
    [[nodiscard]] QList<HttpRequest::Header> headers() const;
    //!@{
    //! How it is sent, see the function `with` that name, and Content.
    [[nodiscard]] std::chrono::milliseconds delay() const;
    [[nodiscard]] Pace pace() const;
    [[nodiscard]] Content content() const;
    [[nodiscard]] Ending ending() const;
    //!@}
    //! How many bytes of the answer are sent; nothing if all of them are.
    [[nodiscard]] std::optional<qsizetype> cutAfter() const;

private:
    HttpResponse(Content content, Ending ending);
    QSharedDataPointer<HttpResponseData> d;
};

} // namespace Qanat

#endif
