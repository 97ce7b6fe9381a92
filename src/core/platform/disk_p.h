// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_DISK_P_H
#define QANAT_CORE_DISK_P_H

#include <QtCore/qstring.h>

#include <optional>
#include <system_error>

// What Qt's files do not tell, or do otherwise than a file that must not lose anything needs it.
namespace Qanat::Disk {

struct FileStatus
{
    //! Together they name a file, whatever its path. Where the system lets nobody move an open file they are 0.
    quint64 device = 0;
    quint64 node = 0;
    qint64 size = 0;
    bool isRegular = false;

    [[nodiscard]] bool isSameFileAs(const FileStatus &other) const noexcept
    {
        return device == other.device && node == other.node;
    }
};

//! Of an open file, by its descriptor. Never cached.
[[nodiscard]] std::optional<FileStatus> statusOf(int descriptor);
//! Of what a path leads to, links followed.
[[nodiscard]] std::optional<FileStatus> statusOf(const QString &path);

//! Waits until an open file is on the disk.
[[nodiscard]] std::error_code sync(int descriptor);
//! Waits until the names of the files in a directory are. A success where the system has no such thing.
[[nodiscard]] std::error_code syncDirectory(const QString &path);

//! In place of what has the new name already. Never copies.
[[nodiscard]] std::error_code rename(const QString &from, const QString &to);
[[nodiscard]] std::error_code remove(const QString &path);

} // namespace Qanat::Disk

#endif
