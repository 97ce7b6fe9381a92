// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "spoollock_p.h"

#include <QtCore/qdir.h>

#include <windows.h>

namespace Qanat {

void SpoolLock::release()
{
    if (m_handle != -1)
        ::CloseHandle(HANDLE(m_handle));
    m_handle = -1;
}

// An open file cannot be removed there.
bool SpoolLock::isHeld() const
{
    return m_handle != -1;
}

// Others may only read it.
SpoolLock::Outcome SpoolLock::acquire(QString *reason)
{
    const QString path = QDir::toNativeSeparators(m_path);
    m_handle = qintptr(::CreateFileW(reinterpret_cast<const wchar_t *>(path.utf16()), GENERIC_READ | GENERIC_WRITE,
                                     FILE_SHARE_READ, nullptr, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr));
    if (m_handle != -1)
        return Outcome::Held;
    const DWORD error = ::GetLastError();
    *reason = qt_error_string(int(error));
    return error == ERROR_SHARING_VIOLATION ? Outcome::HeldByAnother : Outcome::Failed;
}

void SpoolLock::write(const QByteArray &content) const
{
    DWORD written = 0;
    if (::WriteFile(HANDLE(m_handle), content.constData(), DWORD(content.size()), &written, nullptr))
        ::SetEndOfFile(HANDLE(m_handle));
}

} // namespace Qanat
