// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_WORKER_P_H
#define QANAT_CORE_WORKER_P_H

#include "pump_p.h"

#include <QtCore/qstring.h>

#include <atomic>

QT_BEGIN_NAMESPACE
class QThread;
QT_END_NAMESPACE

namespace Qanat {

class WorkerPool;
class WorkerThread;

/*
 * A thread of the library with a pump. It starts when QCoreApplication exists, and ends when nobody holds it any more. It is
 * never terminated: one that does not come back is left alone.
 */
class Worker
{
public:
    enum class Use : quint8 { Own, Shared };
    static std::shared_ptr<Worker> create(const QString &name, Use use);
    ~Worker();
    Q_DISABLE_COPY_MOVE(Worker)

    const std::shared_ptr<Pump> &pump() const { return m_pump; }
    QThread *thread() const;
    QString name() const { return m_name; }
    // Whether tasks are, or will be, run.
    bool isAlive() const;
    void start();

    // How many queues have a thread of their own, and the most that may.
    static constexpr int MostOwn = 128;
    static int ownCount();

private:
    Worker(const QString &name, Use use);

    const QString m_name;
    const Use m_use;
    const std::shared_ptr<Pump> m_pump;
    WorkerThread *const m_thread;
};

class WorkerPoolAccess
{
public:
    // The least used worker of the pool.
    static std::shared_ptr<Worker> worker(WorkerPool &pool);
};

} // namespace Qanat

#endif
