// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_PLATFORM_FORKCOUNT_P_H
#define QANAT_CORE_PLATFORM_FORKCOUNT_P_H

#include <QtCore/qglobal.h>

#include <atomic>

#ifdef Q_OS_UNIX
#    include <pthread.h>
#endif

namespace Qanat {

//! How often this process and its ancestors forked since the first countForks().
inline std::atomic<quint32> forkCount{0};

//! Begins to count; further calls change nothing. Where there is no fork, the count stays.
inline void countForks()
{
#ifdef Q_OS_UNIX
    [[maybe_unused]] static const int registered =
        pthread_atfork(nullptr, nullptr, [] { forkCount.fetch_add(1, std::memory_order_relaxed); });
#endif
}

} // namespace Qanat

#endif
