// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "faultydisk.h"

#include <QtCore/qbytearray.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>

#include <sqlite3.h>

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <utility>
#include <vector>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

constexpr qint64 SectorSize = 512;

// What happened to a file since its last sync.
struct Change
{
    quint64 order = 0; // Among the changes of all files.
    qint64 offset = 0;
    QByteArray bytes;
    qint64 truncatedTo = -1; // Where it is no write.
};

struct Content
{
    QByteArray safe;
    std::vector<Change> changes;
    qint64 size = 0; // With the changes.
};

void put(QByteArray &content, qint64 offset, const QByteArray &bytes)
{
    if (content.size() < offset + bytes.size())
        content.resize(offset + bytes.size()); // A hole reads as zeros.
    std::copy(bytes.begin(), bytes.end(), content.begin() + offset);
}

void apply(QByteArray &content, const Change &change)
{
    if (change.truncatedTo < 0)
        put(content, change.offset, change.bytes);
    else if (change.truncatedTo < content.size())
        content.truncate(change.truncatedTo);
}

} // namespace

class FaultyDisk::State
{
public:
    explicit State(const QString &path)
        : folder(path + u'/')
    {
    }

    // What a call has to do before its work: SQLITE_OK, or the code with which it fails.
    int begin(Call call, int code)
    {
        std::unique_lock lock(mutex);
        if (call == Call::Open)
            ready.wait(lock, [this] { return !isHeld; });
        if (isCut)
            return code;
        if (fault && *fault == call && countdown > 0)
            --countdown;
        if (fault && *fault == call && countdown == 0 && failuresLeft > 0) {
            --failuresLeft;
            stepsLeft = std::max(stepsLeft, std::exchange(stepsAfterFailure, 0));
            hasFailed = true;
            return code;
        }
        return SQLITE_OK;
    }
    // Of a change: whether the power goes right now.
    bool goesNow()
    {
        const bool goes = !isCut && stepsLeft > 0 && --stepsLeft == 0;
        isCut = isCut || goes;
        return goes;
    }
    [[nodiscard]] qint64 totalSize() const
    {
        qint64 total = QFileInfo(folder + u"reserve"_s).size();
        for (const auto &[name, content] : contents)
            total += content.size;
        return total;
    }

    const QString folder;
    mutable std::mutex mutex;
    std::condition_variable ready;
    std::map<QByteArray, Content> contents; // By the path.
    std::map<QByteArray, Content> remembered;
    quint64 order = 0;
    bool isHeld = false;
    bool isCut = false;
    int stepsLeft = 0; // Until the power is cut; 0: it is not.
    int stepsAfterFailure = 0;
    std::unique_ptr<Call> fault;
    int countdown = 0; // To the first failure.
    int failuresLeft = 0;
    bool hasFailed = false;
    bool wentOn = false;
    qint64 limit = -1;
    int limitCode = SQLITE_FULL;
    std::chrono::milliseconds syncTime{0};
    int syncsBegun = 0;
    int syncsEnded = 0;
    int openFiles = 0;
};

// What SQLite calls.
class FaultyVfs
{
public:
    static void add(const std::shared_ptr<FaultyDisk::State> &disk);
    static void remove(const std::shared_ptr<FaultyDisk::State> &disk);
    static const char *nameOfReal()
    {
        const std::lock_guard lock(s_mutex);
        return s_real ? s_real->zName : nullptr;
    }

private:
    using State = FaultyDisk::State;
    using Call = FaultyDisk::Call;

    // SQLite gives the memory for it, and behind it for the file of the real VFS.
    struct File
    {
        sqlite3_file base;
        std::shared_ptr<State> disk;
        QByteArray name;
        bool hasFailedSync = false;

        [[nodiscard]] sqlite3_file *real()
        {
            return reinterpret_cast<sqlite3_file *>(reinterpret_cast<char *>(this) + sizeOfFile());
        }
    };
    static constexpr size_t sizeOfFile()
    {
        return (sizeof(File) + alignof(std::max_align_t) - 1) & ~(alignof(std::max_align_t) - 1);
    }
    static File &fileOf(sqlite3_file *file) { return *reinterpret_cast<File *>(file); }
    static std::shared_ptr<State> diskOf(const char *name);

    static int open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *outFlags);
    static int erase(sqlite3_vfs *vfs, const char *name, int syncFolder);
    static int access(sqlite3_vfs *vfs, const char *name, int flags, int *result);

    static int close(sqlite3_file *file);
    static int read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset);
    static int write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset);
    static int truncate(sqlite3_file *file, sqlite3_int64 size);
    static int sync(sqlite3_file *file, int flags);
    static int fileSize(sqlite3_file *file, sqlite3_int64 *size);
    static int lock(sqlite3_file *file, int level)
    {
        return fileOf(file).real()->pMethods->xLock(fileOf(file).real(), level);
    }
    static int unlock(sqlite3_file *file, int level)
    {
        return fileOf(file).real()->pMethods->xUnlock(fileOf(file).real(), level);
    }
    static int isReserved(sqlite3_file *file, int *result)
    {
        return fileOf(file).real()->pMethods->xCheckReservedLock(fileOf(file).real(), result);
    }
    static int control(sqlite3_file *file, int operation, void *argument)
    {
        return fileOf(file).real()->pMethods->xFileControl(fileOf(file).real(), operation, argument);
    }
    static int sectorSize(sqlite3_file *file)
    {
        return fileOf(file).real()->pMethods->xSectorSize(fileOf(file).real());
    }
    static int characteristics(sqlite3_file *file)
    {
        return fileOf(file).real()->pMethods->xDeviceCharacteristics(fileOf(file).real());
    }

    // Without shared memory, which an exclusive connection does without.
    static constexpr sqlite3_io_methods Methods = {
        1,       close,      read,    write,      truncate,        sync,    fileSize, lock,
        unlock,  isReserved, control, sectorSize, characteristics, nullptr, nullptr,  nullptr,
        nullptr, nullptr,    nullptr,
    };

    static inline std::mutex s_mutex;
    static inline std::vector<std::shared_ptr<State>> s_disks;
    static inline sqlite3_vfs *s_real = nullptr;
    static inline sqlite3_vfs s_vfs = {};
};

void FaultyVfs::add(const std::shared_ptr<State> &disk)
{
    const std::lock_guard lock(s_mutex);
    if (s_disks.empty()) {
        s_real = sqlite3_vfs_find(nullptr);
        s_vfs = *s_real;
        s_vfs.zName = "qanat-faulty";
        s_vfs.szOsFile = int(sizeOfFile()) + s_real->szOsFile;
        s_vfs.xOpen = open;
        s_vfs.xDelete = erase;
        s_vfs.xAccess = access;
        sqlite3_vfs_register(&s_vfs, 1);
    }
    s_disks.push_back(disk);
}

void FaultyVfs::remove(const std::shared_ptr<State> &disk)
{
    const std::lock_guard lock(s_mutex);
    s_disks.erase(std::remove(s_disks.begin(), s_disks.end(), disk), s_disks.end());
    if (s_disks.empty()) {
        sqlite3_vfs_unregister(&s_vfs);
        sqlite3_vfs_register(s_real, 1);
    }
}

std::shared_ptr<FaultyDisk::State> FaultyVfs::diskOf(const char *name)
{
    const std::lock_guard lock(s_mutex);
    for (const auto &disk : s_disks) {
        if (name && QString::fromUtf8(name).startsWith(disk->folder))
            return disk;
    }
    return {};
}

int FaultyVfs::open(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *outFlags)
{
    File &opened = *new (file) File{{nullptr}, diskOf(name), QByteArray(name)};
    if (opened.disk) {
        if (const int code = opened.disk->begin(Call::Open, SQLITE_CANTOPEN); code != SQLITE_OK) {
            opened.~File();
            return code;
        }
    }
    const int code = s_real->xOpen(s_real, name, opened.real(), flags, outFlags);
    if (code != SQLITE_OK) {
        if (opened.real()->pMethods)
            opened.real()->pMethods->xClose(opened.real());
        opened.~File();
        return code;
    }
    opened.base.pMethods = &Methods;
    if (!opened.disk)
        return SQLITE_OK;
    const std::lock_guard lock(opened.disk->mutex);
    ++opened.disk->openFiles;
    if (opened.disk->contents.find(opened.name) == opened.disk->contents.end()) {
        QFile before(QString::fromUtf8(opened.name));
        Content content;
        if (before.open(QIODevice::ReadOnly))
            content.safe = before.readAll();
        content.size = content.safe.size();
        opened.disk->contents.emplace(opened.name, std::move(content));
    }
    return SQLITE_OK;
}

int FaultyVfs::erase(sqlite3_vfs *, const char *name, int syncFolder)
{
    const std::shared_ptr<State> disk = diskOf(name);
    if (!disk)
        return s_real->xDelete(s_real, name, syncFolder);
    if (const int code = disk->begin(Call::Delete, SQLITE_IOERR_DELETE); code != SQLITE_OK)
        return code;
    const std::lock_guard lock(disk->mutex);
    if (disk->goesNow())
        return SQLITE_IOERR_DELETE;
    disk->contents.erase(name);
    return s_real->xDelete(s_real, name, 0);
}

int FaultyVfs::access(sqlite3_vfs *, const char *name, int flags, int *result)
{
    if (const std::shared_ptr<State> disk = diskOf(name)) {
        const std::lock_guard lock(disk->mutex);
        if (disk->isCut)
            return SQLITE_IOERR_ACCESS;
    }
    return s_real->xAccess(s_real, name, flags, result);
}

int FaultyVfs::close(sqlite3_file *file)
{
    File &closed = fileOf(file);
    const int code = closed.real()->pMethods->xClose(closed.real());
    if (closed.disk) {
        const std::lock_guard lock(closed.disk->mutex);
        --closed.disk->openFiles;
    }
    closed.~File();
    return code;
}

int FaultyVfs::read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
    File &itsFile = fileOf(file);
    if (itsFile.disk) {
        if (const int code = itsFile.disk->begin(Call::Read, SQLITE_IOERR_READ); code != SQLITE_OK)
            return code;
    }
    return itsFile.real()->pMethods->xRead(itsFile.real(), to, amount, offset);
}

int FaultyVfs::write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset)
{
    File &itsFile = fileOf(file);
    if (!itsFile.disk)
        return itsFile.real()->pMethods->xWrite(itsFile.real(), from, amount, offset);
    State &disk = *itsFile.disk;
    if (const int code = disk.begin(Call::Write, SQLITE_IOERR_WRITE); code != SQLITE_OK)
        return code;
    const std::lock_guard lock(disk.mutex);
    Content &content = disk.contents[itsFile.name];
    const qint64 size = std::max(content.size, qint64(offset + amount));
    if (disk.limit >= 0 && size > content.size && disk.totalSize() + size - content.size > disk.limit) {
        disk.hasFailed = true;
        return disk.limitCode;
    }
    content.changes.push_back({disk.order++, offset, QByteArray(static_cast<const char *>(from), amount)});
    if (itsFile.hasFailedSync && itsFile.name.endsWith("-wal"))
        disk.wentOn = true;
    if (disk.goesNow())
        return SQLITE_IOERR_WRITE; // A part of it may have come to the disk.
    content.size = size;
    return itsFile.real()->pMethods->xWrite(itsFile.real(), from, amount, offset);
}

int FaultyVfs::truncate(sqlite3_file *file, sqlite3_int64 size)
{
    File &itsFile = fileOf(file);
    if (!itsFile.disk)
        return itsFile.real()->pMethods->xTruncate(itsFile.real(), size);
    State &disk = *itsFile.disk;
    if (const int code = disk.begin(Call::Truncate, SQLITE_IOERR_TRUNCATE); code != SQLITE_OK)
        return code;
    const std::lock_guard lock(disk.mutex);
    Content &content = disk.contents[itsFile.name];
    content.changes.push_back({disk.order++, 0, {}, size});
    if (disk.goesNow())
        return SQLITE_IOERR_TRUNCATE;
    content.size = std::min(content.size, qint64(size));
    return itsFile.real()->pMethods->xTruncate(itsFile.real(), size);
}

int FaultyVfs::sync(sqlite3_file *file, int flags)
{
    File &itsFile = fileOf(file);
    if (!itsFile.disk)
        return itsFile.real()->pMethods->xSync(itsFile.real(), flags);
    State &disk = *itsFile.disk;
    int code = disk.begin(Call::Sync, SQLITE_IOERR_FSYNC);
    std::unique_lock lock(disk.mutex);
    ++disk.syncsBegun;
    if (code == SQLITE_OK && disk.syncTime.count() > 0) {
        const auto end = std::chrono::steady_clock::now() + disk.syncTime;
        disk.ready.wait_until(lock, end, [&disk] { return disk.syncTime.count() == 0; });
    }
    ++disk.syncsEnded;
    if (disk.isCut || disk.goesNow())
        return SQLITE_IOERR_FSYNC;
    Content &content = disk.contents[itsFile.name];
    for (const Change &change : content.changes) {
        if (code == SQLITE_OK)
            apply(content.safe, change);
    }
    content.changes.clear();
    itsFile.hasFailedSync = itsFile.hasFailedSync || code != SQLITE_OK;
    return code;
}

int FaultyVfs::fileSize(sqlite3_file *file, sqlite3_int64 *size)
{
    File &itsFile = fileOf(file);
    if (itsFile.disk) {
        const std::lock_guard lock(itsFile.disk->mutex);
        if (itsFile.disk->isCut)
            return SQLITE_IOERR_FSTAT;
    }
    return itsFile.real()->pMethods->xFileSize(itsFile.real(), size);
}

FaultyDisk::FaultyDisk(const QString &folder)
    : d(std::make_shared<State>(QFileInfo(QFileInfo(folder).absolutePath()).canonicalFilePath() + u'/'
                                + QFileInfo(folder).fileName()))
{
    FaultyVfs::add(d);
}

FaultyDisk::~FaultyDisk()
{
    FaultyVfs::remove(d);
}

const char *FaultyDisk::nameOfRealVfs()
{
    return FaultyVfs::nameOfReal();
}

void FaultyDisk::fail(Call call, int number, Fault fault)
{
    const std::lock_guard lock(d->mutex);
    d->fault = std::make_unique<Call>(call);
    d->failuresLeft = fault == Fault::Passing ? 1 : std::numeric_limits<int>::max();
    d->countdown = number;
    d->hasFailed = false;
}

bool FaultyDisk::hasFailed() const
{
    const std::lock_guard lock(d->mutex);
    return d->hasFailed;
}

bool FaultyDisk::wentOnAfterAFailedSync() const
{
    const std::lock_guard lock(d->mutex);
    return d->wentOn;
}

void FaultyDisk::setMostFailures(int number)
{
    const std::lock_guard lock(d->mutex);
    d->failuresLeft = number;
}

void FaultyDisk::heal()
{
    const std::lock_guard lock(d->mutex);
    d->fault.reset();
    d->hasFailed = false;
    d->stepsLeft = 0;
    d->stepsAfterFailure = 0;
    d->limit = -1;
    d->syncTime = std::chrono::milliseconds(0);
    d->ready.notify_all();
}

void FaultyDisk::setLimit(qint64 bytes, int code)
{
    const std::lock_guard lock(d->mutex);
    d->limitCode = code == 0 ? SQLITE_FULL : code;
    d->limit = bytes;
}

qint64 FaultyDisk::size() const
{
    const std::lock_guard lock(d->mutex);
    return d->totalSize();
}

void FaultyDisk::setSyncTime(std::chrono::milliseconds time)
{
    const std::lock_guard lock(d->mutex);
    d->syncTime = time;
    d->ready.notify_all();
}

int FaultyDisk::syncsBegun() const
{
    const std::lock_guard lock(d->mutex);
    return d->syncsBegun;
}

int FaultyDisk::syncsEnded() const
{
    const std::lock_guard lock(d->mutex);
    return d->syncsEnded;
}

void FaultyDisk::holdOpening()
{
    const std::lock_guard lock(d->mutex);
    d->isHeld = true;
}

void FaultyDisk::release()
{
    const std::lock_guard lock(d->mutex);
    d->isHeld = false;
    d->ready.notify_all();
}

void FaultyDisk::cut(int number)
{
    const std::lock_guard lock(d->mutex);
    d->stepsLeft = number;
    d->isCut = number == 0;
    d->ready.notify_all();
}

void FaultyDisk::cutAfterFailure(int number)
{
    const std::lock_guard lock(d->mutex);
    d->stepsAfterFailure = number;
}

bool FaultyDisk::isCut() const
{
    const std::lock_guard lock(d->mutex);
    return d->isCut;
}

int FaultyDisk::openFiles() const
{
    const std::lock_guard lock(d->mutex);
    return d->openFiles;
}

void FaultyDisk::remember()
{
    const std::lock_guard lock(d->mutex);
    d->remembered = d->contents;
}

void FaultyDisk::goBack()
{
    const std::lock_guard lock(d->mutex);
    Q_ASSERT(d->openFiles == 0);
    for (const auto &[name, content] : d->contents) {
        if (d->remembered.find(name) == d->remembered.end())
            QFile::remove(QString::fromUtf8(name));
    }
    d->contents = d->remembered;
    d->isCut = true;
}

void FaultyDisk::restore(Survivors survivors, quint32 seed)
{
    const std::lock_guard lock(d->mutex);
    Q_ASSERT(d->openFiles == 0);
    std::mt19937 random(seed);
    std::vector<std::pair<Content *, Change>> changes;
    for (auto &[name, content] : d->contents) {
        for (Change &change : content.changes)
            changes.emplace_back(&content, std::move(change));
        content.changes.clear();
    }
    std::sort(changes.begin(), changes.end(),
              [](const auto &one, const auto &other) { return one.second.order < other.second.order; });
    const size_t first = survivors == Survivors::None                            ? 0
                         : survivors == Survivors::Beginning && !changes.empty() ? random() % changes.size()
                                                                                 : changes.size();
    for (size_t i = 0; i < first; ++i) {
        auto &[content, change] = changes[i];
        if (survivors != Survivors::Some) {
            apply(content->safe, change);
        } else if (change.truncatedTo >= 0) {
            if (random() % 2 == 0)
                apply(content->safe, change);
        } else {
            for (qint64 at = 0; at < change.bytes.size(); at += SectorSize) {
                const QByteArray sector = change.bytes.mid(at, SectorSize);
                const quint32 fate = random() % 16;
                if (fate < 8)
                    put(content->safe, change.offset + at, sector);
                else if (fate == 8) // Torn.
                    put(content->safe, change.offset + at, sector.left(qsizetype(random() % SectorSize)));
            }
        }
    }
    if (survivors == Survivors::Beginning && first < changes.size() && changes[first].second.truncatedTo < 0) {
        const auto &[content, change] = changes[first];
        put(content->safe, change.offset, change.bytes.left(qsizetype(random() % size_t(change.bytes.size() + 1))));
    }
    for (auto &[name, content] : d->contents) {
        QFile file(QString::fromUtf8(name));
        if (!file.open(QIODevice::ReadWrite) || !file.resize(content.safe.size())
            || file.write(content.safe) != content.safe.size())
            qFatal("%s cannot be written", name.constData());
        content.size = content.safe.size();
    }
    d->isCut = false;
    d->stepsLeft = 0;
}

} // namespace Qanat
