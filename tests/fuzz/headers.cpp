// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What may become a header. Input: the name or the user, and the value or the password.

#include "fuzz.h"
#include "headerrules_p.h"
#include "percentencoding_p.h"

#include <Qanat/HttpSink>

#include <algorithm>

using namespace Qanat;

namespace {

bool isSendable(const HttpMessage::Header &header)
{
    return HttpSink::checkHeader(header.first, header.second) == HttpSink::HeaderError::None;
}

void checkEncoding(const QString &text)
{
    const QByteArray encoded = percentEncoded(text);
    FUZZ_CHECK(std::all_of(encoded.begin(), encoded.end(), [](char c) { return c > ' ' && c <= '~' && c != '"'; }));
    FUZZ_CHECK(isHeaderValue(encoded));
    FUZZ_CHECK(percentDecoded(encoded) == text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *data, std::size_t size)
{
    QByteArrayView input = Fuzz::inputOf(data, size);
    const QByteArray name = Fuzz::takeLine(input).toByteArray();
    const QByteArray value = input.toByteArray();

    if (isSendable({name, value})) {
        FUZZ_CHECK(!Fuzz::breaksHeaders(name) && !Fuzz::breaksHeaders(value));
        FUZZ_CHECK(!name.isEmpty() && !name.contains(':') && !name.contains(' '));
        FUZZ_CHECK(value.trimmed() == value);
        FUZZ_CHECK(name.toLower() != "host" && name.toLower() != "content-length"
                   && name.toLower() != "transfer-encoding");
    }
    const HttpMessage::Header bearer = HttpSink::bearer(value);
    FUZZ_CHECK(!isSendable(bearer) || !Fuzz::breaksHeaders(bearer.second));
    // Base64 can always be sent.
    FUZZ_CHECK(isSendable(HttpSink::basic(QString::fromUtf8(name), QString::fromUtf8(value))));

    checkEncoding(QString::fromUtf8(value));
    if (const auto decoded = percentDecoded(value)) {
        FUZZ_CHECK(decoded->isValidUtf16());
        checkEncoding(*decoded);
    }
    return 0;
}
