// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "spoollock_p.h"

#include "spoolfolder_p.h"

#include "Qanat/storage/durablequeue.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qsysinfo.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// One that was not written by this library is not read whole.
constexpr qint64 LongestSignature = 4096;

} // namespace

SpoolLock::SpoolLock(const QString &path)
    : m_path(path)
{
}

QString SpoolLock::take()
{
    if (isHeld())
        return {};
    release();
    QString reason = FolderAccess::prepareFile(m_path);
    const Outcome outcome = reason.isEmpty() ? acquire(&reason) : Outcome::Failed;
    if (outcome == Outcome::HeldByAnother)
        return owner();
    if (outcome == Outcome::Failed)
        return DurableQueue::tr("%1: cannot be locked: %2").arg(m_path, reason);
    const QString application = QFileInfo(QCoreApplication::applicationFilePath()).fileName();
    write(QByteArray::number(QCoreApplication::applicationPid()) + '\n' + application.toUtf8() + '\n'
          + QSysInfo::machineHostName().toUtf8() + '\n');
    return {};
}

QString SpoolLock::owner() const
{
    const QString folder = QFileInfo(m_path).path();
    QFile file(m_path);
    const QByteArrayList lines =
        file.open(QIODevice::ReadOnly) ? file.read(LongestSignature).split('\n') : QByteArrayList();
    // It is there before this is written.
    if (lines.size() < 4 || lines.constFirst().toLongLong() <= 0)
        return DurableQueue::tr("%1: in use by another process").arg(folder);
    return DurableQueue::tr("%1: in use by process %2 (%3) on %4")
        .arg(folder, QString::number(lines.at(0).toLongLong()), QString::fromUtf8(lines.at(1)),
             QString::fromUtf8(lines.at(2)));
}

} // namespace Qanat
