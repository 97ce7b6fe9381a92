// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HTTPREQUESTPARSER_P_H
#define QANAT_TESTING_HTTPREQUESTPARSER_P_H

#include "Qanat/testing/httprequest.h"

#include <optional>

namespace Qanat {

//! Turns the bytes of one connection into requests, one after the other, strictly by RFC 9112.
class HttpRequestParser
{
public:
    enum class Step : quint8 {
        NeedsMore, //!< Nothing more can be said before more bytes arrive.
        WantsContinue, //!< The client waits for "100 Continue" before it sends the body (RFC 9110, 10.1.1).
        Complete, //!< take() has the request.
        Malformed, //!< refusal() says why; terminal.
    };

    explicit HttpRequestParser(qsizetype maximumBodySize);

    void append(const QByteArray &bytes);
    //! Goes as far as the bytes allow.
    Step next();
    //! The complete request; next() then goes on to the one after it.
    HttpRequest take();
    //! The status to answer something malformed with.
    [[nodiscard]] int refusal() const { return m_refusal; }

private:
    enum class Stage : quint8 {
        RequestLine,
        Headers,
        Body,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        Trailers,
        Complete,
        Malformed
    };

    //! The next line without its end; nothing if it is not complete, or if it cannot be one (then the stage is
    //! Malformed).
    std::optional<QByteArrayView> takeLine(int tooLong);
    void refuse(int status);

    void readRequestLine(QByteArrayView line);
    void readHeader(QByteArrayView line);
    void readChunkSize(QByteArrayView line);
    //! Moves what there is of the body or chunk out of the buffer, and goes to \a done when it is all there.
    void readContent(Stage done);
    //! At the end of the headers: how long the body is, RFC 9112, 6.3.
    void beginBody();
    void readContentLength();

    const qsizetype m_maximumBodySize;
    QByteArray m_buffer;
    qsizetype m_position = 0; // what lies before it is read
    qsizetype m_searched = 0; // no line ends between m_position and here
    qsizetype m_headSize = 0;
    qsizetype m_remaining = 0; // of the body, or of the chunk
    Stage m_stage = Stage::RequestLine;
    bool m_wantsContinue = false;
    int m_refusal = 0;
    HttpRequest m_request;
};

} // namespace Qanat

#endif
