// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pagescan_p.h"

#include "spoolfolder_p.h"

#include <QtCore/qendian.h>
#include <QtCore/qfile.h>
#include <QtCore/qmap.h>

#include <algorithm>
#include <memory>
#include <optional>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

constexpr qsizetype HeaderSize = 100; // Of the file, at the beginning of page 1.
constexpr qsizetype LeafHeaderSize = 8;
constexpr quint8 TableLeaf = 0x0d;
constexpr qsizetype LogHeaderSize = 32;
constexpr qsizetype FrameHeaderSize = 24;
constexpr qsizetype MostColumns = 16;
constexpr qint64 LargestRow = 1'000'000'000; // SQLITE_MAX_LENGTH

quint32 bigEndian32(QByteArrayView bytes, qsizetype offset)
{
    return qFromBigEndian<quint32>(bytes.data() + offset);
}

quint16 bigEndian16(QByteArrayView bytes, qsizetype offset)
{
    return qFromBigEndian<quint16>(bytes.data() + offset);
}

bool isPageSize(qint64 size)
{
    return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

// The checksums of a log: that of each frame goes on from the one before (section 4.2).
struct LogSum
{
    quint32 first = 0;
    quint32 second = 0;

    void add(QByteArrayView bytes, bool isBigEndian)
    {
        // The words are not where words may be.
        const qsizetype count = bytes.size() / 8 * 2;
        const std::unique_ptr<quint32[]> words(new quint32[size_t(count)]);
        if (isBigEndian)
            qFromBigEndian<quint32>(bytes.data(), count, words.get());
        else
            qFromLittleEndian<quint32>(bytes.data(), count, words.get());
        for (qsizetype i = 0; i < count; i += 2) {
            first += words[size_t(i)] + second;
            second += words[size_t(i) + 1] + first;
        }
    }
    static LogSum at(QByteArrayView bytes, qsizetype offset)
    {
        return {bigEndian32(bytes, offset), bigEndian32(bytes, offset + 4)};
    }
    friend bool operator==(const LogSum &one, const LogSum &other)
    {
        return one.first == other.first && one.second == other.second;
    }
};

struct LogHeader
{
    qint64 pageSize = 4096;
    bool isBigEndian = false;
    bool isSound = false;
    QByteArray salts; // Those of the first frame where it is damaged itself.
    LogSum sum;

    // Leaves the file behind it.
    explicit LogHeader(QFile &log)
    {
        const QByteArray header = log.read(LogHeaderSize);
        if (header.size() < LogHeaderSize)
            return;
        constexpr quint32 Magic = 0x377f0682;
        const qint64 size = bigEndian32(header, 8);
        isBigEndian = bigEndian32(header, 0) == (Magic | 1);
        sum = LogSum::at(header, 24);
        LogSum its;
        its.add(QByteArrayView(header).first(24), isBigEndian);
        isSound = (bigEndian32(header, 0) & ~1U) == Magic && isPageSize(size) && its == sum;
        if (isSound)
            pageSize = size;
        salts = isSound ? header.mid(16, 8) : log.peek(FrameHeaderSize).mid(8, 8);
    }
};

// A number of one to nine bytes (section 1.6); nothing where the bytes end before.
std::optional<qint64> takeVarint(QByteArrayView bytes, qsizetype *offset)
{
    quint64 value = 0;
    for (int i = 0; i < 9; ++i) {
        if (*offset >= bytes.size())
            return {};
        const auto byte = quint8(bytes[(*offset)++]);
        if (i == 8)
            return qint64(value << 8 | byte);
        value = value << 7 | (byte & 0x7f);
        if (!(byte & 0x80))
            return qint64(value);
    }
    return {};
}

// From one frame of a log to the next one, past holes, which are as large as somebody says.
class FrameWalk
{
public:
    FrameWalk(const QFile &log, qint64 frameSize)
        : m_log(log)
        , m_frameSize(frameSize)
    {
    }

    [[nodiscard]] qint64 offset() const { return m_offset; }
    [[nodiscard]] bool hasFrame() const { return m_offset + m_frameSize <= m_log.size(); }
    void goOn(bool wasOfUse)
    {
        m_offset += m_frameSize;
        m_useless = wasOfUse ? 0 : m_useless + 1;
        // To look for the end of a hole takes longer than to pass some frames.
        constexpr int Many = 256;
        if (m_useless % Many != 0 || wasOfUse)
            return;
        const qint64 data = FolderAccess::dataFrom(m_log.fileName(), m_offset);
        m_offset = data >= m_log.size() ? m_log.size() : m_offset + (data - m_offset) / m_frameSize * m_frameSize;
    }

private:
    const QFile &m_log;
    const qint64 m_frameSize;
    qint64 m_offset = LogHeaderSize;
    int m_useless = 0; // In a row.
};

// The pages of a database: those of its log come first.
class Pages
{
public:
    explicit Pages(const QString &file)
        : m_file(file)
        , m_log(file + u"-wal"_s)
    {
        const bool hasFile = m_file.open(QIODevice::ReadOnly);
        const QByteArray header = hasFile ? m_file.read(HeaderSize) : QByteArray();
        if (header.size() >= 18) {
            const qint64 size = bigEndian16(header, 16) == 1 ? 65536 : bigEndian16(header, 16);
            if (isPageSize(size))
                m_pageSize = size;
        }
        if (m_log.open(QIODevice::ReadOnly))
            readLog();
        if (hasFile)
            m_count = quint32(std::min(m_file.size() / m_pageSize, qint64(0xfffffffe)));
        if (!m_frames.isEmpty())
            m_count = std::max(m_count, m_frames.lastKey());
    }

    [[nodiscard]] quint32 count() const { return m_count; }
    [[nodiscard]] qint64 bytes() const { return m_count * m_pageSize; }
    // The next one after \a number that may hold something: the holes of a file are as large as somebody says.
    [[nodiscard]] quint32 next(quint32 number) const
    {
        const qint64 data = FolderAccess::dataFrom(m_file.fileName(), number * m_pageSize);
        const quint32 ofFile = data < m_file.size() ? quint32(data / m_pageSize) + 1 : m_count + 1;
        const auto frame = m_frames.upperBound(number);
        return frame == m_frames.cend() ? ofFile : std::min(ofFile, frame.key());
    }
    [[nodiscard]] QByteArray page(quint32 number)
    {
        const auto frame = m_frames.constFind(number);
        QFile &file = frame == m_frames.cend() ? m_file : m_log;
        const qint64 offset = frame == m_frames.cend() ? qint64(number - 1) * m_pageSize : *frame;
        if (number == 0 || !file.isOpen() || !file.seek(offset))
            return {};
        QByteArray bytes = file.read(m_pageSize);
        return bytes.size() == m_pageSize ? bytes : QByteArray();
    }

private:
    // What was committed since the log began anew, also behind what is damaged.
    void readLog()
    {
        const LogHeader header(m_log);
        if (header.salts.size() < 8)
            return;
        m_pageSize = header.pageSize;
        QMap<quint32, qint64> open;
        FrameWalk walk(m_log, FrameHeaderSize + m_pageSize);
        while (walk.hasFrame()) {
            const qint64 offset = walk.offset();
            const QByteArray frame = m_log.seek(offset) ? m_log.read(FrameHeaderSize) : QByteArray();
            const bool isOfThisLog = frame.size() == FrameHeaderSize && frame.mid(8, 8) == header.salts;
            walk.goOn(isOfThisLog);
            if (!isOfThisLog)
                continue;
            open.insert(bigEndian32(frame, 0), offset + FrameHeaderSize);
            if (bigEndian32(frame, 4) != 0) // A commit.
                m_frames.insert(std::exchange(open, {}));
        }
    }

    QFile m_file;
    QFile m_log;
    qint64 m_pageSize = 4096;
    quint32 m_count = 0;
    QMap<quint32, qint64> m_frames; // Where in the log.
};

// The payload of a cell, with what of it stands on other pages (section 1.6).
QByteArray payloadOf(Pages &pages, QByteArrayView page, qsizetype offset, qint64 size)
{
    const qint64 usable = page.size();
    const qint64 most = usable - 35;
    qint64 local = size;
    if (size > most) {
        const qint64 least = (usable - 12) * 32 / 255 - 23;
        const qint64 wanted = least + (size - least) % (usable - 4);
        local = wanted <= most ? wanted : least;
    }
    if (offset + local + (local < size ? 4 : 0) > page.size())
        return {};
    QByteArray payload = page.sliced(offset, local).toByteArray();
    quint32 next = local < size ? bigEndian32(page, offset + local) : 0;
    while (payload.size() < size) {
        const QByteArray more = pages.page(next);
        if (more.isEmpty())
            return {};
        payload += QByteArrayView(more).sliced(4, std::min(size - payload.size(), qint64(more.size() - 4)));
        next = bigEndian32(more, 0);
    }
    return payload;
}

std::optional<PageScan::Value> valueOf(QByteArrayView record, qsizetype *offset, qint64 type)
{
    PageScan::Value value;
    value.isInteger = type < 12;
    if (type == 0 || type == 8 || type == 9) { // Null, which the column of the rowid has, 0 and 1.
        value.integer = type == 9;
        return value;
    }
    if (type == 7 || type == 10 || type == 11 || (type >= 12 && type % 2 != 0))
        return {}; // Real numbers and text are in no table.
    const qint64 size = type == 6 ? 8 : type == 5 ? 6 : type < 5 ? type : (type - 12) / 2;
    if (size > record.size() - *offset)
        return {};
    const QByteArrayView bytes = record.sliced(*offset, size);
    *offset += size;
    if (!value.isInteger) {
        value.bytes = bytes.toByteArray();
        return value;
    }
    quint64 integer = quint8(bytes[0]) & 0x80 ? ~quint64(0) : 0;
    for (const char byte : bytes)
        integer = integer << 8 | quint8(byte);
    value.integer = qint64(integer);
    return value;
}

// The columns of a record (section 2.1).
std::optional<QList<PageScan::Value>> columnsOf(QByteArrayView record)
{
    qsizetype offset = 0;
    const std::optional<qint64> headerSize = takeVarint(record, &offset);
    if (!headerSize || *headerSize < offset || *headerSize > record.size())
        return {};
    QList<qint64> types;
    while (offset < *headerSize) {
        const std::optional<qint64> type = takeVarint(record, &offset);
        if (!type || *type < 0 || types.size() >= MostColumns)
            return {};
        types.append(*type);
    }
    QList<PageScan::Value> columns;
    for (const qint64 type : std::as_const(types)) {
        std::optional<PageScan::Value> value = valueOf(record, &offset, type);
        if (!value)
            return {};
        columns.append(*std::move(value));
    }
    return columns;
}

} // namespace

LogScan LogScan::of(const QString &file)
{
    LogScan scan;
    QFile log(file + u"-wal"_s);
    if (!log.open(QIODevice::ReadOnly))
        return scan;
    const LogHeader header(log);
    const qint64 size = FrameHeaderSize + header.pageSize;
    bool isWhole = header.isSound;
    bool endsTransaction = false; // The frame before did.
    LogSum sum = header.sum;
    FrameWalk walk(log, size);
    while (walk.hasFrame()) {
        // What was written when the log was begun the last time, or was not used yet, is most of it, and is not summed up.
        const QByteArray start = log.seek(walk.offset()) ? log.peek(FrameHeaderSize) : QByteArray();
        if (start.size() == FrameHeaderSize && start.mid(8, 8) != header.salts) {
            isWhole = false;
            endsTransaction = false;
            sum = LogSum::at(start, 16);
            walk.goOn(isWhole);
            continue;
        }
        const QByteArray frame = log.read(size);
        if (frame.size() < size)
            break;
        sum.add(QByteArrayView(frame).first(8), header.isBigEndian);
        sum.add(QByteArrayView(frame).sliced(FrameHeaderSize), header.isBigEndian);
        const LogSum its = LogSum::at(frame, 16);
        const bool follows = sum == its;
        isWhole = isWhole && follows;
        if (!isWhole && follows && endsTransaction) {
            scan.isBroken = true;
            break;
        }
        endsTransaction = bigEndian32(frame, 4) != 0;
        sum = its;
        walk.goOn(isWhole);
        if (isWhole)
            scan.size = walk.offset();
    }
    return scan;
}

void PageScan::scan(const QString &file, const std::function<void(const Row &row)> &visit)
{
    Pages pages(file);
    for (quint32 number = 1, next = 1; number <= pages.count(); number = next) {
        const QByteArray page = pages.page(number);
        const qsizetype header = number == 1 ? HeaderSize : 0;
        const quint8 type = page.isEmpty() ? 0 : quint8(page[header]);
        next = type == 0 ? pages.next(number) : number + 1;
        if (type != TableLeaf)
            continue;
        const qsizetype cells =
            std::min(qsizetype(bigEndian16(page, header + 3)), (page.size() - header - LeafHeaderSize) / 2);
        for (qsizetype cell = 0; cell < cells; ++cell) {
            qsizetype offset = bigEndian16(page, header + LeafHeaderSize + 2 * cell);
            const std::optional<qint64> size = takeVarint(page, &offset);
            const std::optional<qint64> rowid = takeVarint(page, &offset);
            if (!size || !rowid || *size <= 0 || *size > std::min(pages.bytes(), LargestRow))
                continue;
            const QByteArray payload = payloadOf(pages, page, offset, *size);
            if (payload.size() != *size)
                continue;
            if (std::optional<QList<Value>> columns = columnsOf(payload))
                visit({*rowid, *std::move(columns)});
        }
    }
}

} // namespace Qanat
