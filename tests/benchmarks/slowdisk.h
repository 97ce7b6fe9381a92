// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_SLOWDISK_H
#define QANAT_BENCHMARKS_SLOWDISK_H

#include <QtCore/qglobal.h>

#include <chrono>

namespace Bench {

// While it exists, every file that SQLite opens is on a disk that takes its time for each sync, once it was told to.
class SlowDisk
{
public:
    SlowDisk();
    ~SlowDisk();
    Q_DISABLE_COPY_MOVE(SlowDisk)

    void setSyncTime(std::chrono::milliseconds time);
    // How many syncs took so long.
    [[nodiscard]] int slowSyncs() const;
};

} // namespace Bench

#endif
