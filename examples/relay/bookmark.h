// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_BOOKMARK_H
#define RELAY_BOOKMARK_H

#include <Qanat/Result>

#include <QtCore/qbytearray.h>
#include <QtCore/qstring.h>

#include <optional>

namespace Relay {

/*!
 * A place in a file that is read, to go on there in another run: a value that becomes text and back.
 *
 * It knows the file by its name, by its first bytes and by those before the place: one that was replaced by another is read from its
 * beginning.
 */
class Bookmark
{
public:
    //! At the beginning of \a file, which is open as \a descriptor; nothing where that cannot be gone back in, as a pipe.
    [[nodiscard]] static std::optional<Bookmark> atBeginning(const QString &file, int descriptor);
    //! What toText() gave; nothing where it is something else.
    [[nodiscard]] static std::optional<Bookmark> fromText(const QByteArray &text);

    //! The same file, behind a line with the number \a line that ends at \a offset.
    void moveTo(qint64 offset, qint64 line);
    //! For StoringQueue::write().
    [[nodiscard]] QByteArray toText() const;

    //! Whether it is a place in the file that \a other is a place in, and what was read there is still the same.
    [[nodiscard]] bool isIn(const Bookmark &other) const;
    //! Whether both name the same file, whatever is in it now.
    [[nodiscard]] bool hasNameOf(const Bookmark &other) const { return m_file == other.m_file; }

    [[nodiscard]] qint64 offset() const { return m_offset; }
    [[nodiscard]] qint64 line() const { return m_line; }

private:
    [[nodiscard]] QByteArray digestOf(qint64 offset, qint64 size) const;

    int m_descriptor = -1;
    QString m_file;
    qint64 m_offset = 0;
    qint64 m_line = 0;
    qint64 m_headSize = 0;
    QByteArray m_head; // A digest of the first bytes.
    QByteArray m_tail; // One of the last bytes before the offset.
};

} // namespace Relay

#endif
