// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "spoolfolder_p.h"
#include "spoollock_p.h"

#include <QtCore/qfile.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Qanat {

void SpoolLock::release()
{
    if (m_handle >= 0)
        ::close(int(m_handle));
    m_handle = -1;
}

bool SpoolLock::isHeld() const
{
    struct stat status = {};
    if (m_handle < 0 || ::fstat(int(m_handle), &status) != 0)
        return false;
    return FolderAccess::stateOf(m_path).isSameFile({quint64(status.st_dev), quint64(status.st_ino), 0});
}

// Each opening has a lock of its own, also within a process.
SpoolLock::Outcome SpoolLock::acquire(QString *reason)
{
    m_handle = ::open(QFile::encodeName(m_path).constData(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (m_handle >= 0 && ::flock(int(m_handle), LOCK_EX | LOCK_NB) == 0) {
        if (isHeld())
            return Outcome::Held;
        errno = ENOENT; // Somebody has removed it in between.
    }
    const int error = errno;
    release();
    *reason = qt_error_string(error);
    return error == EWOULDBLOCK ? Outcome::HeldByAnother : Outcome::Failed;
}

// It is not emptied before: a full disk would not give back what it had. That this may fail is of no account.
void SpoolLock::write(const QByteArray &content) const
{
    if (::pwrite(int(m_handle), content.constData(), size_t(content.size()), 0) == content.size())
        static_cast<void>(::ftruncate(int(m_handle), content.size()) == 0);
}

} // namespace Qanat
