// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// To be preloaded: the write-ahead log of a database is never synchronised, and is said to be, as with synchronous=NORMAL. With
// that something must be lost in a power cut, or the rig that cuts the power does not see what it is for.

#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <string_view>

namespace {

bool isLog(int descriptor)
{
    char link[64];
    std::snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    char path[PATH_MAX];
    const ssize_t length = ::readlink(link, path, sizeof(path));
    const std::string_view name(path, length > 0 ? size_t(length) : 0);
    constexpr std::string_view End = "-wal";
    return name.size() > End.size() && name.substr(name.size() - End.size()) == End;
}

} // namespace

extern "C" {

__attribute__((visibility("default"))) int fsync(int descriptor)
{
    return isLog(descriptor) ? 0 : int(::syscall(SYS_fsync, descriptor));
}

__attribute__((visibility("default"))) int fdatasync(int descriptor)
{
    return isLog(descriptor) ? 0 : int(::syscall(SYS_fdatasync, descriptor));
}

} // extern "C"
