// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "worker_p.h"

#include "Qanat/core/workerpool.h"
#include "logging_p.h"
#include "platform/workerdispatcher_p.h"
#include "runtime_p.h"

#include <QtCore/qthread.h>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Qanat {

class WorkerThread final : public QThread
{
public:
    explicit WorkerThread(std::shared_ptr<Pump> pump)
        : m_pump(std::move(pump))
    {
    }

    // The dispatcher belongs to the thread once that runs, and to nobody if it never does: so it is made here.
    void begin()
    {
        const WorkerDispatcher made = WorkerDispatcher::create(m_pump.get());
        m_waker = made.waker;
        if (made.dispatcher)
            setEventDispatcher(made.dispatcher);
        start();
    }

protected:
    void run() override
    {
        m_pump->attach(m_waker);
        exec();
        m_pump->retire();
    }

private:
    const std::shared_ptr<Pump> m_pump;
    PumpWaker *m_waker = nullptr;
};

namespace {

std::atomic<int> ownWorkers{0};

// Ends the thread's event loop from inside, so that what was scheduled before is done, and it is not lost on a thread that
// has not begun yet.
class QuitTask final : public PumpTask
{
public:
    void run() override { QThread::currentThread()->quit(); }
};

} // namespace

Worker::Worker(const QString &name, Use use)
    : m_name(name)
    , m_use(use)
    , m_pump(std::make_shared<Pump>(Pump::Thread::Library))
    , m_thread(new WorkerThread(m_pump))
{
    m_thread->setObjectName(name);
    if (m_use == Use::Own)
        ++ownWorkers;
}

std::shared_ptr<Worker> Worker::create(const QString &name, Use use)
{
    const std::shared_ptr<Worker> worker(new Worker(name, use));
    Runtime::startOrWait(worker);
    return worker;
}

Worker::~Worker()
{
    if (m_use == Use::Own)
        --ownWorkers;
    if (!m_thread->isRunning() && !m_thread->isFinished()) {
        delete m_thread;
        return;
    }
    m_pump->schedule(std::make_shared<QuitTask>());
    Runtime::joinLater(m_thread);
}

QThread *Worker::thread() const
{
    return m_thread;
}

bool Worker::isAlive() const
{
    return m_thread->isRunning();
}

void Worker::start()
{
    m_thread->begin();
}

int Worker::ownCount()
{
    return ownWorkers.load();
}

class WorkerPoolPrivate
{
public:
    std::mutex mutex;
    QString name;
    std::vector<std::weak_ptr<Worker>> workers;
};

WorkerPool::WorkerPool(int threads, const QString &name)
    : d(std::make_shared<WorkerPoolPrivate>())
{
    d->name = name.isEmpty() ? u"qanat-pool"_s : name;
    d->workers.resize(size_t(std::clamp(threads, 1, 64)));
}

WorkerPool::~WorkerPool() = default;

int WorkerPool::threadCount() const
{
    return int(d->workers.size());
}

WorkerPool &WorkerPool::shared()
{
    // Never destroyed, since static objects may still use it. Its threads end with the last sink that uses them.
    static auto *const pool = new WorkerPool(std::clamp(QThread::idealThreadCount(), 2, 8));
    return *pool;
}

std::shared_ptr<Worker> WorkerPoolAccess::worker(WorkerPool &pool)
{
    const std::lock_guard lock(pool.d->mutex);
    auto &workers = pool.d->workers;
    const auto least = std::min_element(workers.begin(), workers.end(), [](const auto &one, const auto &other) {
        return one.use_count() < other.use_count();
    });
    std::shared_ptr<Worker> worker = least->lock();
    if (!worker) {
        worker =
            Worker::create(pool.d->name + u'-' + QString::number(least - workers.begin() + 1), Worker::Use::Shared);
        *least = worker;
    }
    return worker;
}

} // namespace Qanat
