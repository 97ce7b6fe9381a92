// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_HTTPMESSAGE_H
#define QANAT_HTTP_HTTPMESSAGE_H

#include <Qanat/core/batch.h>
#include <Qanat/core/event.h>
#include <Qanat/core/result.h>
#include <Qanat/http/qanathttp_export.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearrayview.h>
#include <QtCore/qlist.h>

#include <utility>

namespace Qanat {

/*!
 * Events as HTTP carries them: headers and a body. A value.
 *
 * The formats are those of the HTTP Protocol Binding for CloudEvents 1.0.2 (sections 3.1 to 3.3), and a plain one. An application
 * that receives events reads any of the three with toEvents():
 *
 * \code
 * const Result<QList<Event>> events = HttpMessage(headers, body).toEvents();
 * \endcode
 *
 * All functions are safe from any thread.
 */
class QANAT_HTTP_EXPORT HttpMessage
{
public:
    //! Name and value.
    using Header = std::pair<QByteArray, QByteArray>;

    //! Nothing at all.
    HttpMessage() = default;
    //! As it was received, or is to be sent: with a Content-Type among the headers, unless the body is empty.
    HttpMessage(const QList<Header> &headers, const QByteArray &body)
        : m_headers(headers)
        , m_body(body)
    {
    }

    //! The whole event as JSON: `application/cloudevents+json`. Fails where Event::toJson() does.
    [[nodiscard]] static Result<HttpMessage> structured(const Event &event);
    /*!
     * The attributes as headers with the prefix `ce-`, percent-encoded as section 3.1.3.2 says, and the data as the body. Data that is bytes, or
     * text of a content type that is not JSON, becomes the body as it is; else the body is the data as JSON, and
     * `application/json` its type where the event names none. Fails where the data cannot be carried.
     */
    [[nodiscard]] static Result<HttpMessage> binary(const Event &event);
    //! All events as a JSON array: `application/cloudevents-batch+json`. Fails where Event::toJson() does for one of them.
    [[nodiscard]] static Result<HttpMessage> batched(const Batch &events);
    //! The data alone as JSON: `application/json`. Fails where Event::dataToJson() does.
    [[nodiscard]] static Result<HttpMessage> json(const Event &event);

    //! All headers.
    [[nodiscard]] const QList<Header> &headers() const noexcept { return m_headers; }
    //! The value of the first header with this name in any case; null if there is none.
    [[nodiscard]] QByteArray header(QByteArrayView name) const;
    //! What follows the headers.
    [[nodiscard]] const QByteArray &body() const noexcept { return m_body; }

    /*!
     * The events of a message in the structured, batched or binary format, told apart by its Content-Type (section 3), of which
     * there must not be two. With the rules of Event::fromJson(); the error names what is wrong, and of a batch where. Safe
     * against hostile input.
     */
    [[nodiscard]] Result<QList<Event>> toEvents() const;

    friend bool operator==(const HttpMessage &one, const HttpMessage &other)
    {
        return one.m_headers == other.m_headers && one.m_body == other.m_body;
    }
    friend bool operator!=(const HttpMessage &one, const HttpMessage &other) { return !(one == other); }

private:
    QList<Header> m_headers;
    QByteArray m_body;
};

} // namespace Qanat

#endif
