// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_ROTATINGFILE_P_H
#define QANAT_CORE_ROTATINGFILE_P_H

#include "Qanat/core/delivery.h"
#include "Qanat/core/filesink.h"
#include "platform/disk_p.h"

#include <QtCore/qbytearrayview.h>
#include <QtCore/qfile.h>
#include <QtCore/qstring.h>

#include <chrono>
#include <limits>
#include <memory>
#include <system_error>

namespace Qanat {

/*
 * A file of whole lines that is renamed and begun anew when it is too large or too old.
 *
 * It is open only between a success and the next failure: after a failure it is closed, and the next try opens it again. All
 * failures are passing ones but that of a path that was never set.
 */
class RotatingFile
{
public:
    QString path() const { return m_path; }
    void setPath(const QString &path);

    // Opens the file, after a rotation where it is too old or the next line does not fit.
    Delivery prepare(std::chrono::milliseconds now, qint64 nextLine);
    // How many bytes of lines fit into the file as prepare() left it.
    qint64 room() const { return m_room; }
    // Appends whole lines and flushes them. All of them are in the file, or none.
    Delivery append(QByteArrayView lines);
    Delivery close();

    qint64 maximumSize = std::numeric_limits<qint64>::max();
    std::chrono::milliseconds maximumAge = std::chrono::milliseconds::max();
    int maximumFiles = 9;
    FileSink::Flush flushPolicy = FileSink::Flush::EveryBatch;

private:
    bool isStillThere() const;
    Delivery reopen(std::chrono::milliseconds now);
    Delivery look(std::chrono::milliseconds now);
    bool isDue(std::chrono::milliseconds now, qint64 nextLine) const;
    bool rotate();
    std::error_code shift() const;
    QString numbered(qint64 number) const;
    bool write(QByteArrayView bytes);
    Delivery flush();
    void cutBack();
    void closeWithWarning();
    Delivery failure(const QString &reason) const;
    QString name() const;

    QString m_path; // As it was set.
    QString m_absolutePath;
    QString m_target; // Where links lead to.
    std::unique_ptr<QFile> m_file; // Null while it is closed. Made in the thread that uses it.
    Disk::FileStatus m_status; // As of the last look.
    std::chrono::milliseconds m_begun{0};
    qint64 m_room = 0;
    bool m_isLineOpen = false; // The last line has no end.
    bool m_isNameSafe = false; // The directory was flushed, too.
    bool m_isOverdue = false; // The last rotation failed.
};

} // namespace Qanat

#endif
