// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "gzip_p.h"

#include <limits>

#include <zlib.h>

namespace Qanat {

QByteArray gzipped(const QByteArray &bytes)
{
    constexpr int GzipHeader = 16; // Added to the size of the window.
    constexpr int MemoryLevel = 8; // That of zlib itself.
    if (bytes.size() > std::numeric_limits<uInt>::max() / 2)
        return {};
    z_stream stream{};
    // JSON shrinks to a tenth at the least effort, and with more of it the worker would do little else.
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + GzipHeader, MemoryLevel, Z_DEFAULT_STRATEGY)
        != Z_OK)
        return {};
    QByteArray result(qsizetype(deflateBound(&stream, uLong(bytes.size()))), Qt::Uninitialized);
    stream.next_in = reinterpret_cast<z_const Bytef *>(const_cast<char *>(bytes.constData()));
    stream.avail_in = uInt(bytes.size());
    stream.next_out = reinterpret_cast<Bytef *>(result.data());
    stream.avail_out = uInt(result.size());
    const bool isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    result.truncate(isWhole ? qsizetype(stream.total_out) : 0);
    deflateEnd(&stream);
    return isWhole ? result : QByteArray();
}

} // namespace Qanat
