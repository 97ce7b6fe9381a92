// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_LINEREADER_H
#define RELAY_LINEREADER_H

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearrayview.h>
#include <QtCore/qstring.h>

namespace Relay {

/*!
 * Cuts what a descriptor gives into lines, holding no more in memory than one line.
 *
 * A line ends with LF or CR LF; the last one may go without. A byte order mark at the very beginning is not part of it.
 */
class LineReader
{
public:
    //! A longer line is passed over, and never held in memory as a whole.
    static constexpr qsizetype MaximumLength = 4 * 1024 * 1024;

    enum class Item : quint8 {
        Line, //!< There is a line().
        TooLong, //!< There is one, beyond MaximumLength; what is left of it is passed over.
        End, //!< There is nothing more.
        Stopped, //!< The descriptor \a stop became readable before the end.
        Failed, //!< Reading failed, see errorText().
    };

    //! Where reading begins.
    struct Start
    {
        qint64 offset = 0; //!< In bytes from the beginning of the input, which stands there.
        qint64 line = 0; //!< So many lines come before it.
    };

    //! Reads \a input until \a stop becomes readable. Both stay the caller's.
    LineReader(int input, int stop, const Start &start);
    LineReader(int input, int stop)
        : LineReader(input, stop, Start())
    {
    }

    //! Waits for the next line.
    [[nodiscard]] Item next();
    //! The line, until next() is called again.
    [[nodiscard]] QByteArrayView line() const { return m_line; }
    //! Whether it has an end: the last one of an input may have none, since it is not yet written. Of one that is too long it is known
    //! when next() is called again.
    [[nodiscard]] bool isTerminated() const { return m_isTerminated; }
    //! The number of the line that next() spoke of last; the first has number 1.
    [[nodiscard]] qint64 number() const { return m_number; }
    //! Where the input is behind that line, in bytes from its beginning. Not to be asked of one that is too long.
    [[nodiscard]] qint64 offset() const { return m_forgotten + m_begin; }
    //! Why reading failed.
    [[nodiscard]] QString errorText() const { return m_errorText; }

private:
    enum class Fill : quint8 { More, End, Stopped, Failed };
    [[nodiscard]] Fill fill();
    [[nodiscard]] Item takeLine(qsizetype end, qsizetype next);
    void forgetConsumed();

    QByteArray m_buffer;
    QByteArrayView m_line;
    QString m_errorText;
    qsizetype m_begin = 0; // Where the current line begins in the buffer.
    qsizetype m_searched = 0; // Before this the current line has no end.
    qint64 m_forgotten = 0; // What came before the buffer.
    qint64 m_number = 0;
    int m_input;
    int m_stop;
    bool m_isTerminated = false;
    bool m_isPassing = false; // The rest of a line that was too long.
};

} // namespace Relay

#endif
