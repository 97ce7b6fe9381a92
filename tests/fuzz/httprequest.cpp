// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What the receiver of the tests reads from a connection. Input: the bytes, with line feeds alone at the ends of lines.

#include "fuzz.h"
#include "httprequestparser_p.h"

using namespace Qanat;

namespace {

constexpr qsizetype MaximumBodySize = 1000;

struct Reading
{
    QList<HttpRequest> requests;
    int refusal = 0;
};

Reading read(const QByteArray &bytes, qsizetype pieceSize)
{
    Reading reading;
    HttpRequestParser parser(MaximumBodySize);
    for (qsizetype i = 0; i < bytes.size(); i += pieceSize) {
        parser.append(bytes.mid(i, pieceSize));
        for (auto step = parser.next(); step != HttpRequestParser::Step::NeedsMore; step = parser.next()) {
            if (step == HttpRequestParser::Step::Malformed) {
                reading.refusal = parser.refusal();
                return reading;
            }
            if (step == HttpRequestParser::Step::Complete)
                reading.requests.append(parser.take());
        }
    }
    return reading;
}

bool areSame(const HttpRequest &one, const HttpRequest &other)
{
    return one.method() == other.method() && one.target() == other.target() && one.version() == other.version()
           && one.headers() == other.headers() && one.body() == other.body();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *data, std::size_t size)
{
    const QByteArray input = Fuzz::inputOf(data, size).toByteArray();
    QByteArray bytes = input;
    bytes.replace('\n', "\r\n");
    for (const QByteArray &stream : {bytes, input}) {
        const Reading whole = read(stream, stream.size());
        for (const HttpRequest &request : whole.requests) {
            FUZZ_CHECK(!request.method().isEmpty() && !request.target().isEmpty());
            FUZZ_CHECK(request.body().size() <= MaximumBodySize);
            for (const auto &[name, value] : request.headers())
                FUZZ_CHECK(!Fuzz::breaksHeaders(name) && !Fuzz::breaksHeaders(value));
        }
        // The network cuts where it likes.
        for (const qsizetype pieceSize : {1, 7}) {
            const Reading pieces = read(stream, pieceSize);
            FUZZ_CHECK(pieces.refusal == whole.refusal);
            FUZZ_CHECK(std::equal(pieces.requests.begin(), pieces.requests.end(), whole.requests.begin(),
                                  whole.requests.end(), areSame));
        }
    }
    return 0;
}
