// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/filesink.h"

#include "Qanat/core/clock.h"
#include "rotatingfile_p.h"

#include <QtCore/qbytearray.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace Qanat {

namespace {

// A batch as lines in one buffer. An event that has no line keeps its place with the reason.
class Lines
{
public:
    explicit Lines(const Batch &batch);

    qsizetype count() const { return qsizetype(m_lines.size()); }
    // The next position from \a begin on that has a line; count() if none has.
    qsizetype nextLine(qsizetype begin) const;
    // Where the piece that begins there ends, of at most so many bytes, yet of one line at least.
    qsizetype pieceEnd(qsizetype begin, qint64 room) const;
    QByteArrayView bytes(qsizetype begin, qsizetype end) const;
    // Gives a piece its outcomes: \a written for what has lines.
    void settle(qsizetype begin, qsizetype end, const Delivery &written, Completion &completion) const;

private:
    struct Line
    {
        qsizetype end;
        Delivery refusal;
    };
    qsizetype start(qsizetype position) const { return position > 0 ? m_lines[size_t(position - 1)].end : 0; }

    QByteArray m_bytes;
    std::vector<Line> m_lines;
};

Lines::Lines(const Batch &batch)
{
    m_lines.reserve(size_t(batch.size()));
    for (const Event &event : batch) {
        const Result<QByteArray> json = event.toJson();
        if (json)
            m_bytes.append(*json).append('\n');
        const auto error = event.isValid() ? Delivery::Error::NotPortable : Delivery::Error::Invalid;
        m_lines.push_back({m_bytes.size(), json ? Delivery::delivered()
                                                : Delivery::failed(error, json.errorText(), Delivery::Retry::Never)});
    }
}

qsizetype Lines::nextLine(qsizetype begin) const
{
    while (begin < count() && m_lines[size_t(begin)].refusal.isFailure())
        ++begin;
    return begin;
}

qsizetype Lines::pieceEnd(qsizetype begin, qint64 room) const
{
    qsizetype end = std::min(nextLine(begin) + 1, count());
    while (end < count() && m_lines[size_t(end)].end - start(begin) <= room)
        ++end;
    return end;
}

QByteArrayView Lines::bytes(qsizetype begin, qsizetype end) const
{
    return QByteArrayView(m_bytes).sliced(start(begin), start(end) - start(begin));
}

void Lines::settle(qsizetype begin, qsizetype end, const Delivery &written, Completion &completion) const
{
    while (begin < end) {
        const Delivery &refusal = m_lines[size_t(begin)].refusal;
        const Delivery &outcome = refusal.isFailure() ? refusal : written;
        const qsizetype first = begin++;
        while (begin < end && m_lines[size_t(begin)].refusal == refusal)
            ++begin;
        completion.settle(begin - first, outcome);
    }
}

} // namespace

class FileSinkPrivate
{
public:
    RotatingFile file;
};

FileSink::FileSink(const QString &path, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<FileSinkPrivate>())
{
    d->file.setPath(path);
}

FileSink::~FileSink() = default;

QString FileSink::path() const
{
    return d->file.path();
}

void FileSink::setPath(const QString &path)
{
    if (d->file.path() == path)
        return;
    d->file.setPath(path);
    Q_EMIT pathChanged(QPrivateSignal());
}

qint64 FileSink::maximumFileSize() const
{
    return d->file.maximumSize;
}

void FileSink::setMaximumFileSize(qint64 bytes)
{
    bytes = std::max<qint64>(bytes, 0);
    if (std::exchange(d->file.maximumSize, bytes) != bytes)
        Q_EMIT maximumFileSizeChanged(QPrivateSignal());
}

std::chrono::milliseconds FileSink::maximumFileAge() const
{
    return d->file.maximumAge;
}

void FileSink::setMaximumFileAge(std::chrono::milliseconds age)
{
    age = std::max(age, std::chrono::milliseconds(0));
    if (std::exchange(d->file.maximumAge, age) != age)
        Q_EMIT maximumFileAgeChanged(QPrivateSignal());
}

int FileSink::maximumFiles() const
{
    return d->file.maximumFiles;
}

void FileSink::setMaximumFiles(int count)
{
    count = std::max(count, 0);
    if (std::exchange(d->file.maximumFiles, count) != count)
        Q_EMIT maximumFilesChanged(QPrivateSignal());
}

FileSink::Flush FileSink::flushPolicy() const
{
    return d->file.flushPolicy;
}

void FileSink::setFlushPolicy(Flush policy)
{
    if (std::exchange(d->file.flushPolicy, policy) != policy)
        Q_EMIT flushPolicyChanged(QPrivateSignal());
}

void FileSink::process(const Batch &batch, Completion completion)
{
    const Lines lines(batch);
    // Whoever hears of an outcome may close or destroy the sink: then nothing remains.
    for (qsizetype begin = 0; begin < lines.count() && completion.remaining() > 0;) {
        const qsizetype line = lines.nextLine(begin);
        if (line == lines.count()) {
            lines.settle(begin, line, Delivery::delivered(), completion);
            return;
        }
        Delivery outcome = d->file.prepare(clock()->wallClock(), lines.bytes(line, line + 1).size());
        // A file that cannot be opened takes nothing of all that is left.
        qsizetype end = lines.count();
        if (outcome.isSuccess()) {
            end = lines.pieceEnd(begin, d->file.room());
            outcome = d->file.append(lines.bytes(begin, end));
        }
        lines.settle(begin, end, outcome, completion);
        if (outcome.isFailure()) {
            completion.settleAll(Delivery::untried());
            return;
        }
        begin = end;
    }
}

Delivery FileSink::finish()
{
    return d->file.close();
}

} // namespace Qanat
