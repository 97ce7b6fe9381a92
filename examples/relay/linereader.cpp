// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "linereader.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace Relay {

namespace {
constexpr qsizetype PieceSize = 64 * 1024;
constexpr QByteArrayView ByteOrderMark = "\xef\xbb\xbf";
} // namespace

LineReader::LineReader(int input, int stop, const Start &start)
    : m_forgotten(start.offset)
    , m_number(start.line)
    , m_input(input)
    , m_stop(stop)
{
}

LineReader::Item LineReader::next()
{
    m_line = {};
    for (;;) {
        const char *data = m_buffer.constData();
        if (const void *found =
                std::memchr(data + m_searched, '\n', static_cast<size_t>(m_buffer.size() - m_searched))) {
            const qsizetype end = static_cast<const char *>(found) - data;
            if (!std::exchange(m_isPassing, false))
                return takeLine(end, end + 1);
            m_begin = m_searched = end + 1;
            m_isTerminated = true;
            continue;
        }
        m_searched = m_buffer.size();
        if (m_isPassing) {
            m_begin = m_searched;
        } else if (m_searched - m_begin > MaximumLength + 1) { // With the CR that may end it.
            m_isPassing = true;
            return takeLine(m_searched, m_searched);
        }
        switch (fill()) {
        case Fill::More:
            break;
        case Fill::End:
            if (m_begin == m_buffer.size())
                return Item::End;
            return takeLine(m_buffer.size(), m_buffer.size());
        case Fill::Stopped:
            return Item::Stopped;
        case Fill::Failed:
            return Item::Failed;
        }
    }
}

LineReader::Item LineReader::takeLine(qsizetype end, qsizetype next)
{
    QByteArrayView line(m_buffer.constData() + m_begin, end - m_begin);
    m_isTerminated = next > end;
    m_begin = next;
    m_searched = next;
    ++m_number;
    if (line.endsWith('\r'))
        line.chop(1);
    if (line.size() > MaximumLength)
        return Item::TooLong;
    if (m_number == 1 && line.startsWith(ByteOrderMark))
        line = line.sliced(ByteOrderMark.size());
    m_line = line;
    return Item::Line;
}

LineReader::Fill LineReader::fill()
{
    forgetConsumed();
    for (;;) {
        std::array<pollfd, 2> descriptors = {{{m_stop, POLLIN, 0}, {m_input, POLLIN, 0}}};
        if (::poll(descriptors.data(), descriptors.size(), -1) < 0) {
            if (errno == EINTR)
                continue;
            m_errorText = qt_error_string(errno);
            return Fill::Failed;
        }
        if (descriptors[0].revents)
            return Fill::Stopped;

        const qsizetype size = m_buffer.size();
        m_buffer.resize(size + PieceSize);
        const ssize_t count = ::read(m_input, m_buffer.data() + size, PieceSize);
        const int error = errno;
        m_buffer.resize(size + qMax<qsizetype>(count, 0));
        if (count > 0)
            return Fill::More;
        if (count == 0)
            return Fill::End;
        if (error != EINTR && error != EAGAIN) {
            m_errorText = qt_error_string(error);
            return Fill::Failed;
        }
    }
}

void LineReader::forgetConsumed()
{
    m_buffer.remove(0, m_begin);
    m_forgotten += m_begin;
    m_searched -= m_begin;
    m_begin = 0;
    // One long line must not cost its memory for the rest of the run.
    if (m_buffer.capacity() > 16 * PieceSize && m_buffer.size() < PieceSize)
        m_buffer.squeeze();
}

} // namespace Relay
