// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_STORAGE_SPOOLFOLDER_P_H
#define QANAT_STORAGE_SPOOLFOLDER_P_H

#include "spoollock_p.h"

#include <QtCore/qstring.h>

namespace Qanat {

/*
 * The directory of a store: only its user may look into it, and only one process uses it at a time.
 */
class SpoolFolder
{
public:
    explicit SpoolFolder(const QString &path);

    [[nodiscard]] QString file(const QString &name) const { return m_path + u'/' + name; }

    // Makes it and takes it, as often as it is called. Why that is not possible, for people; empty if it is.
    [[nodiscard]] QString take();
    void release() { m_lock.release(); }

    // Room on the disk that is kept for the time when there is none. Whether it could be kept.
    bool keepReserve();
    void giveReserve();

    // What was set aside.
    void removeOld() const;
    // A name that is not yet taken, for a file that is set aside: "events-damaged-20261130T112233Z.db".
    [[nodiscard]] QString freeName(const QString &base, const QString &suffix) const;

private:
    const QString m_path;
    SpoolLock m_lock;
};

// Where a file is as long as it was and still the same one, nobody else has touched it.
struct FileState
{
    quint64 device = 0; // Both 0 where there is none.
    quint64 number = 0;
    qint64 size = 0;

    [[nodiscard]] bool exists() const { return number != 0; }
    [[nodiscard]] bool isSameFile(const FileState &other) const
    {
        return device == other.device && number == other.number;
    }
    friend bool operator==(const FileState &one, const FileState &other)
    {
        return one.isSameFile(other) && one.size == other.size;
    }
};

// What depends on the system. Errors for people; empty where there is none.
namespace FolderAccess {
// Makes the directory, or checks that it is one of this user and closes it to others.
QString prepareFolder(const QString &path);
// The same for a file in it, which is made where it is missing.
QString prepareFile(const QString &path);
// Which file is at this place.
FileState stateOf(const QString &path);
// Takes room on the disk for a file.
bool allocate(const QString &path, qint64 bytes);
// Where in a file the next byte is, from \a offset on, that somebody has written; its end where there is none.
qint64 dataFrom(const QString &path, qint64 offset);
// What was written to it outlives a power cut. Whether it does.
bool syncFile(const QString &path);
// The same for what a directory lists.
void syncFolder(const QString &path);
} // namespace FolderAccess

} // namespace Qanat

#endif
