// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_WORKERPOOL_H
#define QANAT_CORE_WORKERPOOL_H

#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qglobal.h>
#include <QtCore/qstring.h>

#include <memory>

namespace Qanat {

class WorkerPoolPrivate;

/*!
 * Threads that queues share. A queue that joins one keeps its thread for life.
 *
 * A sink that blocks on a shared thread delays its neighbours there: give it a queue with a thread of its own.
 *
 * The threads start when the first queue joins and QCoreApplication exists. The pool may be destroyed before its queues:
 * the threads end when the last of them is gone. All functions are safe from any thread.
 */
class QANAT_CORE_EXPORT WorkerPool
{
public:
    //! \a threads is clamped to 1 .. 64; \a name is shown by debuggers.
    explicit WorkerPool(int threads, const QString &name = {});
    ~WorkerPool();
    Q_DISABLE_COPY_MOVE(WorkerPool)

    //! How many threads it has, started or not.
    [[nodiscard]] int threadCount() const;
    //! The library's own pool, for broadcasters and whatever never blocks: as many threads as processors, 2 to 8.
    [[nodiscard]] static WorkerPool &shared();

private:
    friend class WorkerPoolAccess;
    const std::shared_ptr<WorkerPoolPrivate> d;
};

} // namespace Qanat

#endif
