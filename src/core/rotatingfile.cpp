// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "rotatingfile_p.h"

#include "logging_p.h"

#include <QtCore/qdatetime.h>
#include <QtCore/qdir.h>
#include <QtCore/qfileinfo.h>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

constexpr qint64 Unlimited = std::numeric_limits<qint64>::max();

std::chrono::milliseconds birthOf(const QString &path)
{
    const QFileInfo info(path);
    const QDateTime birth = info.birthTime();
    return std::chrono::milliseconds((birth.isValid() ? birth : info.lastModified()).toMSecsSinceEpoch());
}

// Each write to a file goes to its end, wherever somebody else cut it meanwhile. Of a device Qt warns that it has none.
QFile::OpenMode openMode(const QString &path)
{
    const auto status = Disk::statusOf(path);
    const QFile::OpenMode mode = QIODevice::ReadWrite | QIODevice::Unbuffered;
    return status && !status->isRegular ? mode : mode | QIODevice::Append;
}

// Anything but a line feed at the end is a line that a crash cut off.
bool endsInsideALine(QFile &file, qint64 size)
{
    char last = '\n';
    return size > 0 && file.seek(size - 1) && file.getChar(&last) && last != '\n';
}

} // namespace

void RotatingFile::setPath(const QString &path)
{
    closeWithWarning();
    m_path = path;
    m_absolutePath = path.isEmpty() ? QString() : QFileInfo(path).absoluteFilePath();
    m_isOverdue = false;
}

Delivery RotatingFile::prepare(std::chrono::milliseconds now, qint64 nextLine)
{
    Delivery outcome = isStillThere() ? look(now) : reopen(now);
    if (outcome.isFailure())
        return outcome;
    const bool wasDue = isDue(now, nextLine);
    m_isOverdue = wasDue && !rotate();
    if (wasDue)
        outcome = reopen(now);
    const qint64 used = m_status.size + (m_isLineOpen ? 1 : 0);
    const bool isLimited = m_status.isRegular && !m_isOverdue;
    m_room = isLimited ? std::max<qint64>(maximumSize - used, 0) : Unlimited;
    return outcome;
}

// A file that was moved away or removed by somebody else would go on taking lines that nobody finds.
bool RotatingFile::isStillThere() const
{
    if (!m_file)
        return false;
    const auto status = Disk::statusOf(m_absolutePath);
    return status && status->isSameFileAs(m_status);
}

Delivery RotatingFile::reopen(std::chrono::milliseconds now)
{
    closeWithWarning();
    if (m_path.isEmpty()) {
        return Delivery::failed(Delivery::Error::Storage, FileSink::tr("no path is set for the file"),
                                Delivery::Retry::Never);
    }
    if (QFileInfo(m_absolutePath).isDir())
        return failure(FileSink::tr("it is a directory"));

    auto file = std::make_unique<QFile>(m_absolutePath);
    if (!file->open(openMode(m_absolutePath), QFile::ReadOwner | QFile::WriteOwner))
        return failure(file->errorString());
    m_file = std::move(file);
    m_target = QFileInfo(m_absolutePath).canonicalFilePath();
    m_begun = birthOf(m_target);
    m_isNameSafe = false;
    Delivery outcome = look(now);
    m_isLineOpen = m_file && m_status.isRegular && endsInsideALine(*m_file, m_status.size);
    return outcome;
}

// Others may have cut the file, and the clock may have been set back.
Delivery RotatingFile::look(std::chrono::milliseconds now)
{
    const auto status = Disk::statusOf(m_file->handle());
    if (!status) {
        const QString reason = qt_error_string();
        m_file.reset();
        return failure(reason);
    }
    m_status = *status;
    m_begun = m_status.size == 0 ? now : std::min(m_begun, now);
    return Delivery::delivered();
}

bool RotatingFile::isDue(std::chrono::milliseconds now, qint64 nextLine) const
{
    if (!m_status.isRegular || m_status.size == 0)
        return false;
    const qint64 left = maximumSize - m_status.size - (m_isLineOpen ? 1 : 0);
    return now - m_begun >= maximumAge || nextLine > left;
}

bool RotatingFile::rotate()
{
    closeWithWarning(); // Not every system renames what is open.
    const std::error_code error = shift();
    if (error && !m_isOverdue) {
        qCWarning(qanatSink, "%ls could not be rotated and grows on: %ls", qUtf16Printable(name()),
                  qUtf16Printable(qt_error_string(error.value())));
    }
    return !error;
}

// Up to the first number that is free, from the oldest on, so that wherever it ends nothing is overwritten but the oldest.
std::error_code RotatingFile::shift() const
{
    if (maximumFiles == 0)
        return Disk::remove(m_target);
    int number = 1;
    while (number < maximumFiles && QFileInfo::exists(numbered(number)))
        ++number;
    for (; number > 1; --number) {
        if (const std::error_code error = Disk::rename(numbered(number - 1), numbered(number)))
            return error;
    }
    if (const std::error_code error = Disk::rename(m_target, numbered(1)))
        return error;
    // More may have been allowed before.
    for (qint64 surplus = qint64(maximumFiles) + 1; !Disk::remove(numbered(surplus)); ++surplus) { }
    return {};
}

QString RotatingFile::numbered(qint64 number) const
{
    return m_target + u'.' + QString::number(number);
}

Delivery RotatingFile::append(QByteArrayView lines)
{
    const bool isWritten = (!m_isLineOpen || write("\n")) && write(lines);
    Delivery outcome = isWritten ? flush() : failure(m_file->errorString());
    if (outcome.isFailure())
        cutBack();
    else
        m_isLineOpen = false;
    return outcome;
}

// A full disk takes a part first, and says so only when it is given the rest.
bool RotatingFile::write(QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const qint64 written = m_file->write(bytes.data(), bytes.size());
        if (written <= 0)
            return false;
        bytes = bytes.sliced(written);
    }
    return true;
}

Delivery RotatingFile::flush()
{
    if (flushPolicy != FileSink::Flush::ToDisk)
        return Delivery::delivered();
    std::error_code error = Disk::sync(m_file->handle());
    // Without its name the file would be gone after a power cut, whatever is in it.
    if (!error && !m_isNameSafe)
        error = Disk::syncDirectory(QFileInfo(m_target).absolutePath());
    if (error)
        return failure(qt_error_string(error.value()));
    m_isNameSafe = true;
    return Delivery::delivered();
}

// What a failed flush left in memory is not trusted either: the next try opens the file again.
void RotatingFile::cutBack()
{
    if (m_status.isRegular)
        m_file->resize(m_status.size);
    m_file.reset();
}

Delivery RotatingFile::close()
{
    if (!m_file)
        return Delivery::delivered();
    const std::unique_ptr<QFile> file = std::move(m_file);
    file->close();
    return file->error() == QFile::NoError ? Delivery::delivered() : failure(file->errorString());
}

void RotatingFile::closeWithWarning()
{
    const Delivery outcome = close();
    if (outcome.isFailure())
        qCWarning(qanatSink, "%ls", qUtf16Printable(outcome.errorText()));
}

Delivery RotatingFile::failure(const QString &reason) const
{
    return Delivery::failed(Delivery::Error::Storage, FileSink::tr("%1 could not be written: %2").arg(name(), reason));
}

// Without its directory, which may tell more than is anybody's business.
QString RotatingFile::name() const
{
    return QFileInfo(QDir::cleanPath(m_absolutePath)).fileName();
}

} // namespace Qanat
