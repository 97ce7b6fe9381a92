// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_STORAGE_SPOOLLOCK_P_H
#define QANAT_STORAGE_SPOOLLOCK_P_H

#include <QtCore/qstring.h>

namespace Qanat {

/*
 * A file that one owner at a time holds. The system lets go of it when the process ends, however it ends. What is written in the file is
 * for people, and nothing goes by it: a process may be killed while it writes that. (A QLockFile goes by it, and such a one keeps the next
 * process out.)
 *
 * The file stays where it is: who removes it may take it from the next owner, and a full disk may not give it back.
 */
class SpoolLock
{
public:
    explicit SpoolLock(const QString &path);
    ~SpoolLock() { release(); }
    Q_DISABLE_COPY_MOVE(SpoolLock)

    // Takes it, as often as it is called, also where somebody has removed it. Why that is not possible, for people; empty if it is.
    [[nodiscard]] QString take();

    // What depends on the system.
    void release();

private:
    [[nodiscard]] QString owner() const;

    // As above.
    enum class Outcome { Held, HeldByAnother, Failed };
    [[nodiscard]] bool isHeld() const;
    [[nodiscard]] Outcome acquire(QString *reason);
    void write(const QByteArray &content) const;

    const QString m_path;
    qintptr m_handle = -1;
};

} // namespace Qanat

#endif
