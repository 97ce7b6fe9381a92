// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "slowdisk.h"

#include <sqlite3.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

namespace Bench {

namespace {

// What SQLite knows of a file is a pointer to such functions: those of the real disk but for one, behind which stands the real one.
struct Methods
{
    sqlite3_io_methods methods;
    int (*realSync)(sqlite3_file *, int);
};
static_assert(std::is_standard_layout_v<Methods>);

std::atomic<int> syncTime{0}; // In milliseconds.
std::atomic<int> slowCount{0};
sqlite3_vfs *realDisk = nullptr;
sqlite3_vfs slowDisk;

int sync(sqlite3_file *file, int flags)
{
    if (const int time = syncTime; time > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(time));
        ++slowCount;
    }
    return reinterpret_cast<const Methods *>(file->pMethods)->realSync(file, flags);
}

int open(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *outFlags)
{
    static std::mutex mutex;
    static std::map<const sqlite3_io_methods *, Methods> known;
    const int code = realDisk->xOpen(realDisk, name, file, flags, outFlags);
    if (!file->pMethods)
        return code;
    const std::lock_guard lock(mutex);
    const auto place = known.try_emplace(file->pMethods, Methods{*file->pMethods, file->pMethods->xSync}).first;
    place->second.methods.xSync = sync;
    file->pMethods = &place->second.methods;
    return code;
}

} // namespace

SlowDisk::SlowDisk()
{
    realDisk = sqlite3_vfs_find(nullptr);
    slowDisk = *realDisk;
    slowDisk.zName = "qanat-bench-slow";
    slowDisk.xOpen = open;
    sqlite3_vfs_register(&slowDisk, 1);
    slowCount = 0;
}

SlowDisk::~SlowDisk()
{
    setSyncTime(std::chrono::milliseconds(0));
    sqlite3_vfs_register(realDisk, 1);
    sqlite3_vfs_unregister(&slowDisk);
}

void SlowDisk::setSyncTime(std::chrono::milliseconds time)
{
    syncTime = int(time.count());
}

int SlowDisk::slowSyncs() const
{
    return slowCount;
}

} // namespace Bench
