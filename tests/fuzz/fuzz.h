// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_FUZZ_H
#define QANAT_TESTS_FUZZ_H

#include <QtCore/qbytearrayview.h>

#include <cstdio>
#include <cstdlib>

//! What has to hold for every input. The fuzzer keeps the input that ended the program.
#define FUZZ_CHECK(condition) \
    do { \
        if (!(condition)) \
            Qanat::Fuzz::fail(#condition, __FILE__, __LINE__); \
    } while (false)

namespace Qanat::Fuzz {

[[noreturn]] inline void fail(const char *condition, const char *file, int line)
{
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    std::abort();
}

inline QByteArrayView inputOf(const unsigned char *data, std::size_t size)
{
    return {data, qsizetype(size)};
}

//! Takes the next line from \a input, without its end. Inputs have lines so that people can read and write them.
inline QByteArrayView takeLine(QByteArrayView &input)
{
    const qsizetype end = input.indexOf('\n');
    const QByteArrayView line = end < 0 ? input : input.first(end);
    input = end < 0 ? QByteArrayView() : input.sliced(end + 1);
    return line;
}

//! Whether \a text could begin another header, or end the head.
inline bool breaksHeaders(QByteArrayView text)
{
    return text.contains('\r') || text.contains('\n') || text.contains('\0');
}

} // namespace Qanat::Fuzz

#endif
