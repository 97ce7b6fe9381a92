// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HTTPANSWER_P_H
#define QANAT_TESTING_HTTPANSWER_P_H

#include "Qanat/testing/httpresponse.h"

namespace Qanat {

//! The bytes that go over the wire for one response, piece by piece.
class HttpAnswer
{
public:
    HttpAnswer() = default;
    HttpAnswer(const HttpResponse &response, const HttpRequest &request);
    //! The answer to something that was no request.
    static HttpAnswer refusal(int status);

    //! At most so many further bytes. Empty: that was all.
    QByteArray take(qsizetype maximum);
    [[nodiscard]] HttpResponse::Ending ending() const { return m_ending; }
    [[nodiscard]] HttpResponse::Pace pace() const { return m_pace; }

private:
    QByteArray m_bytes;
    qsizetype m_position = 0;
    QByteArray m_endless; // what follows m_bytes, again and again
    HttpResponse::Ending m_ending = HttpResponse::Ending::KeepAlive;
    HttpResponse::Pace m_pace;
};

} // namespace Qanat

#endif
