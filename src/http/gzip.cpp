// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "gzip_p.h"

#include <limits>

#include <zlib.h>

namespace Qanat {

namespace {

// What zlib needs for it, a quarter of a megabyte: to get that from the system for each request takes longer than to compress.
class Deflater
{
public:
    Deflater()
    {
        constexpr int GzipHeader = 16; // Added to the size of the window.
        constexpr int MemoryLevel = 8; // That of zlib itself.
        // JSON shrinks to a tenth at the least effort, and with more of it the worker would do little else.
        m_isGood =
            deflateInit2(&m_stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + GzipHeader, MemoryLevel, Z_DEFAULT_STRATEGY)
            == Z_OK;
    }
    ~Deflater()
    {
        if (m_isGood)
            deflateEnd(&m_stream);
    }
    Q_DISABLE_COPY_MOVE(Deflater)

    // Ready for something new; null where it cannot be.
    z_stream *restarted() { return m_isGood && deflateReset(&m_stream) == Z_OK ? &m_stream : nullptr; }

private:
    z_stream m_stream{};
    bool m_isGood = false;
};

} // namespace

QByteArray gzipped(const QByteArray &bytes)
{
    if (bytes.size() > std::numeric_limits<uInt>::max() / 2)
        return {};
    static thread_local Deflater deflater;
    z_stream *const restarted = deflater.restarted();
    if (!restarted)
        return {};
    z_stream &stream = *restarted;
    QByteArray result(qsizetype(deflateBound(&stream, uLong(bytes.size()))), Qt::Uninitialized);
    stream.next_in = reinterpret_cast<z_const Bytef *>(const_cast<char *>(bytes.constData()));
    stream.avail_in = uInt(bytes.size());
    stream.next_out = reinterpret_cast<Bytef *>(result.data());
    stream.avail_out = uInt(result.size());
    const bool isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    result.truncate(isWhole ? qsizetype(stream.total_out) : 0);
    return isWhole ? result : QByteArray();
}

} // namespace Qanat
