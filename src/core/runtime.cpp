// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "runtime_p.h"

#include "logging_p.h"
#include "mailbox_p.h"
#include "timer_p.h"
#include "worker_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qthread.h>

#include <algorithm>
#include <unordered_map>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

struct State
{
    std::mutex mutex;
    bool isRunning = false;
    bool isEnding = false; // end() watches by itself.
    std::unordered_map<const Mailbox *, std::weak_ptr<Mailbox>> mailboxes;
    std::vector<std::weak_ptr<Worker>> workers; // All that were not destroyed.
    std::shared_ptr<Worker> watcher;
    std::vector<QThread *> ending;
};

// Never destroyed, since static objects may still use it.
State &state()
{
    static auto *const state = new State;
    return *state;
}

// What waits in the thread that watches: for a mailbox, or for whom something is planned.
using Watches = std::unordered_map<const void *, std::unique_ptr<Timer>>;

Watches &watches()
{
    static thread_local Watches watches;
    return watches;
}

// In the thread that watches.
void startWatch(const void *key, const std::shared_ptr<Clock> &clock, std::chrono::nanoseconds due,
                std::function<void()> action)
{
    auto timer = std::make_unique<Timer>([key, action = std::move(action)] {
        const auto done = std::move(watches()[key]);
        watches().erase(key);
        action();
    });
    timer->start(clock, due);
    watches()[key] = std::move(timer);
}

class WatchTask final : public PumpTask
{
public:
    enum class Kind : quint8 { Deadline, Grace, Nothing };

    WatchTask(Kind kind, const Mailbox *key, std::weak_ptr<Mailbox> mailbox = {})
        : m_kind(kind)
        , m_key(key)
        , m_mailbox(std::move(mailbox))
    {
    }

    void run() override
    {
        const auto mailbox = m_mailbox.lock();
        std::shared_ptr<Clock> clock;
        std::optional<std::chrono::nanoseconds> due;
        if (mailbox && m_kind == Kind::Deadline) {
            // Those who closed it may come here in another order, so it says itself what holds.
            clock = mailbox->clock();
            due = mailbox->deadline();
            if (!due)
                return; // It has expired, and the grace may be running.
        } else if (mailbox && m_kind == Kind::Grace) {
            // By the system's clock, whatever the sink's clock is: it is about threads, not about the time of events.
            clock = Clock::system();
            due = clock->now() + (mailbox->hasSummedTargets() ? 3 * Runtime::Grace / 2 : Runtime::Grace);
        }
        watches().erase(m_key);
        if (!due)
            return;
        startWatch(m_key, clock, *due, [kind = m_kind, weak = m_mailbox] {
            if (const auto late = weak.lock())
                kind == Kind::Deadline ? late->expire() : late->forceClosed();
        });
    }

private:
    const Kind m_kind;
    const Mailbox *const m_key;
    const std::weak_ptr<Mailbox> m_mailbox;
};

class PlanTask final : public PumpTask
{
public:
    PlanTask(const void *key, std::shared_ptr<Clock> clock, std::chrono::nanoseconds due, std::function<void()> action)
        : m_key(key)
        , m_clock(std::move(clock))
        , m_due(due)
        , m_action(std::move(action))
    {
    }

    void run() override { startWatch(m_key, m_clock, m_due, std::move(m_action)); }

private:
    const void *const m_key;
    const std::shared_ptr<Clock> m_clock;
    const std::chrono::nanoseconds m_due;
    std::function<void()> m_action;
};

// The timers end in the thread they belong to.
class ForgetTask final : public PumpTask
{
public:
    void run() override { watches().clear(); }
};

std::shared_ptr<Worker> watcher()
{
    {
        const std::lock_guard lock(state().mutex);
        if (!state().isRunning)
            return nullptr;
        if (state().watcher)
            return state().watcher;
    }
    const auto created = Worker::create(u"qanat-watch"_s, Worker::Use::Shared);
    const std::lock_guard lock(state().mutex);
    if (state().isRunning && !state().watcher)
        state().watcher = created;
    return state().watcher;
}

bool isEnding()
{
    const std::lock_guard lock(state().mutex);
    return state().isEnding;
}

bool watch(WatchTask::Kind kind, const std::shared_ptr<Mailbox> &mailbox)
{
    const auto worker = watcher();
    if (worker)
        worker->pump()->schedule(std::make_shared<WatchTask>(kind, mailbox.get(), mailbox));
    return worker || isEnding();
}

// Threads that have ended meanwhile are destroyed; those that have not stay in the list.
void joinEnded(QDeadlineTimer deadline)
{
    std::vector<QThread *> ending;
    {
        const std::lock_guard lock(state().mutex);
        ending.swap(state().ending);
    }
    const auto isLeft = [&](QThread *thread) {
        if (thread == QThread::currentThread() || !thread->wait(deadline))
            return true;
        delete thread;
        return false;
    };
    ending.erase(std::remove_if(ending.begin(), ending.end(), std::not_fn(isLeft)), ending.end());
    const std::lock_guard lock(state().mutex);
    state().ending.insert(state().ending.end(), ending.begin(), ending.end());
}

// With the mutex.
std::vector<std::shared_ptr<Mailbox>> living()
{
    std::vector<std::shared_ptr<Mailbox>> mailboxes;
    for (const auto &[key, weak] : state().mailboxes) {
        if (auto mailbox = weak.lock())
            mailboxes.push_back(std::move(mailbox));
    }
    return mailboxes;
}

// In ~QCoreApplication: whoever still has events is told, and no thread of the library outlives the application.
void end()
{
    std::vector<std::shared_ptr<Mailbox>> mailboxes;
    std::shared_ptr<Worker> watcher;
    {
        const std::lock_guard lock(state().mutex);
        state().isRunning = false;
        state().isEnding = true;
        mailboxes = living();
        watcher.swap(state().watcher);
    }
    for (const auto &mailbox : mailboxes) {
        const qint64 left = mailbox->statistics().pending;
        if (left > 0 && mailbox->state() != PipelineNode::State::Closed && mailbox->isRoot()) {
            qCWarning(qanatSink, "%ls: %lld events were pending when the application ended",
                      qUtf16Printable(mailbox->label()), qlonglong(left));
        }
    }
    // Only now: where a target ends first, its outcomes are those of the sinks before it.
    for (const auto &mailbox : mailboxes)
        mailbox->endWithApplication();
    const QDeadlineTimer deadline(Runtime::Grace);
    for (const auto &mailbox : mailboxes) {
        if (mailbox->kind() == Mailbox::Kind::Boundary)
            mailbox->waitForRelease(std::chrono::milliseconds(std::max(qint64(0), deadline.remainingTime())));
        mailbox->forceClosed();
    }
    // One that had to be forced, but is not inside of its work, lets go now. It must be waited for: Qt crashes where a thread
    // is sent an event in the moment in which the application goes.
    const QDeadlineTimer last(Runtime::Grace);
    for (const auto &mailbox : mailboxes) {
        if (mailbox->kind() == Mailbox::Kind::Boundary && !mailbox->isWorking())
            mailbox->waitForRelease(std::chrono::milliseconds(std::max(qint64(0), last.remainingTime())));
    }
    mailboxes.clear();
    {
        const std::lock_guard lock(state().mutex);
        state().isEnding = false;
    }
    if (watcher)
        watcher->pump()->schedule(std::make_shared<ForgetTask>());
    watcher.reset();
    joinEnded(QDeadlineTimer(Runtime::Grace));
}

void begin()
{
    std::vector<std::weak_ptr<Worker>> workers;
    {
        const std::lock_guard lock(state().mutex);
        state().isRunning = true;
        workers = state().workers;
    }
    for (const auto &weak : workers) {
        const auto worker = weak.lock();
        if (!worker)
            continue;
        // Without a QCoreApplication, Qt drops what is posted, so a wake-up may be lost from between two of them.
        if (worker->isAlive())
            worker->pump()->wakeAnew();
        else
            worker->start();
    }
    Pump::current()->wakeAnew();
    qAddPostRoutine(end);
}

} // namespace

Q_COREAPP_STARTUP_FUNCTION(begin)

namespace Runtime {

bool isRunning()
{
    const std::lock_guard lock(state().mutex);
    return state().isRunning;
}

void add(const std::shared_ptr<Mailbox> &mailbox)
{
    const std::lock_guard lock(state().mutex);
    state().mailboxes.emplace(mailbox.get(), mailbox);
}

std::vector<std::shared_ptr<Mailbox>> mailboxes()
{
    const std::lock_guard lock(state().mutex);
    return living();
}

void remove(const Mailbox *mailbox)
{
    const std::lock_guard lock(state().mutex);
    state().mailboxes.erase(mailbox);
}

bool watchDeadline(const std::shared_ptr<Mailbox> &mailbox)
{
    return watch(WatchTask::Kind::Deadline, mailbox);
}

bool watchGrace(const std::shared_ptr<Mailbox> &mailbox)
{
    return watch(WatchTask::Kind::Grace, mailbox);
}

void unwatch(const Mailbox *mailbox)
{
    std::shared_ptr<Worker> worker;
    {
        const std::lock_guard lock(state().mutex);
        worker = state().watcher;
    }
    if (worker)
        worker->pump()->schedule(std::make_shared<WatchTask>(WatchTask::Kind::Nothing, mailbox));
}

bool plan(const void *key, const std::shared_ptr<Clock> &clock, std::chrono::nanoseconds due,
          std::function<void()> action)
{
    const auto worker = watcher();
    if (worker)
        worker->pump()->schedule(std::make_shared<PlanTask>(key, clock, due, std::move(action)));
    return worker != nullptr;
}

void startOrWait(const std::shared_ptr<Worker> &worker)
{
    joinEnded(QDeadlineTimer(0));
    {
        const std::lock_guard lock(state().mutex);
        auto &workers = state().workers;
        workers.erase(std::remove_if(workers.begin(), workers.end(), [](const auto &one) { return one.expired(); }),
                      workers.end());
        workers.push_back(worker);
        if (!state().isRunning)
            return;
    }
    worker->start();
}

void joinLater(QThread *thread)
{
    const std::lock_guard lock(state().mutex);
    state().ending.push_back(thread);
}

} // namespace Runtime

} // namespace Qanat
