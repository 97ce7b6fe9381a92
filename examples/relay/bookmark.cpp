// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "bookmark.h"

#include <QtCore/qcryptographichash.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace Relay {

namespace {

// By so many bytes a file is known, and the place in it.
constexpr qint64 HeadSize = 1024;
constexpr qint64 TailSize = 256;

} // namespace

std::optional<Bookmark> Bookmark::atBeginning(const QString &file, int descriptor)
{
    struct stat status = {};
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    Bookmark bookmark;
    bookmark.m_descriptor = descriptor;
    bookmark.m_file = QFileInfo(file).canonicalFilePath();
    return bookmark;
}

std::optional<Bookmark> Bookmark::fromText(const QByteArray &text)
{
    const QJsonObject object = QJsonDocument::fromJson(text).object();
    Bookmark bookmark;
    bookmark.m_file = object.value("file"_L1).toString();
    bookmark.m_offset = object.value("offset"_L1).toInteger(-1);
    bookmark.m_line = object.value("line"_L1).toInteger(-1);
    bookmark.m_headSize = object.value("headSize"_L1).toInteger(-1);
    bookmark.m_head = object.value("head"_L1).toString().toLatin1();
    bookmark.m_tail = object.value("tail"_L1).toString().toLatin1();
    const bool isSound = !bookmark.m_file.isEmpty() && bookmark.m_offset >= 0 && bookmark.m_line >= 0
                         && bookmark.m_headSize >= 0 && bookmark.m_headSize <= std::min(bookmark.m_offset, HeadSize);
    return isSound ? std::optional(bookmark) : std::nullopt;
}

void Bookmark::moveTo(qint64 offset, qint64 line)
{
    m_offset = offset;
    m_line = line;
    const qint64 tail = std::min(offset, TailSize);
    m_tail = digestOf(offset - tail, tail);
    const qint64 size = std::min(offset, HeadSize);
    if (size == m_headSize)
        return;
    m_head = digestOf(0, size);
    m_headSize = size;
}

QByteArray Bookmark::toText() const
{
    return QJsonDocument(QJsonObject{{u"file"_s, m_file},
                                     {u"head"_s, QString::fromLatin1(m_head)},
                                     {u"headSize"_s, m_headSize},
                                     {u"line"_s, m_line},
                                     {u"offset"_s, m_offset},
                                     {u"tail"_s, QString::fromLatin1(m_tail)}})
        .toJson(QJsonDocument::Compact);
}

bool Bookmark::isIn(const Bookmark &other) const
{
    struct stat status = {};
    const qint64 tail = std::min(m_offset, TailSize);
    return hasNameOf(other) && ::fstat(other.m_descriptor, &status) == 0 && status.st_size >= m_offset
           && other.digestOf(0, m_headSize) == m_head
           && (m_offset == 0 || other.digestOf(m_offset - tail, tail) == m_tail);
}

QByteArray Bookmark::digestOf(qint64 offset, qint64 size) const
{
    QByteArray bytes(size, Qt::Uninitialized);
    const ssize_t count = ::pread(m_descriptor, bytes.data(), size_t(size), off_t(offset));
    bytes.resize(std::max<ssize_t>(count, 0));
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

} // namespace Relay
