// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/queue.h"

#include "Qanat/core/workerpool.h"
#include "logging_p.h"
#include "runtime_p.h"
#include "sink_p.h"
#include "worker_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// What lives on the worker: it owns the target there.
class QueueEngine final
    : public QObject
    , public Consumer
{
public:
    explicit QueueEngine(std::unique_ptr<Sink> target)
        : m_target(target.release())
        , m_intake(SinkAccess::mailbox(*m_target))
    {
        m_target->setParent(this);
    }

    int maxInFlight() const override { return m_target->maxInFlight(); }
    void process(const Batch &batch, Completion completion) override
    {
        m_intake->forward(batch, std::move(completion), Mailbox::Handover::Direct);
    }
    Sink *target() const { return m_target; }

private:
    Sink *const m_target;
    const std::shared_ptr<Mailbox> m_intake; // Its own.
};

std::shared_ptr<Worker> ownWorker()
{
    static std::atomic<bool> isWarned{false};
    if (Worker::ownCount() < Worker::MostOwn)
        return Worker::create(u"qanat-queue"_s, Worker::Use::Own);
    if (!isWarned.exchange(true)) {
        qCWarning(qanatWorker, "More than %d queues want a thread of their own: further ones share a pool",
                  Worker::MostOwn);
    }
    return WorkerPoolAccess::worker(WorkerPool::shared());
}

std::shared_ptr<Mailbox> mailboxOn(std::shared_ptr<Worker> worker)
{
    const std::shared_ptr<Pump> pump = worker->pump();
    auto mailbox = std::make_shared<Mailbox>(Mailbox::Kind::Boundary, pump, std::move(worker));
    mailbox->setTypeName(u"Queue"_s);
    return mailbox;
}

void start(const std::shared_ptr<Mailbox> &mailbox, std::unique_ptr<Sink> target)
{
    if (!target || target->parent() || target->thread() != QThread::currentThread()) {
        qCWarning(qanatSink,
                  "A queue wants a target of its own that lives in the current thread: with %ls it is closed at once",
                  qUtf16Printable(target ? SinkAccess::label(*target) : u"none"_s));
        if (target)
            target->parent() ? void(target.release()) : target.release()->deleteLater();
        mailbox->close(std::chrono::nanoseconds(0), {});
        mailbox->forceClosed();
        return;
    }
    SinkAccess::noteType(*target);
    mailbox->addTarget(SinkAccess::mailbox(*target));
    // Qt tells them that they are moved by events, and there are none without a QCoreApplication.
    QList<Sink *> untold;
    if (!QCoreApplication::instance())
        untold = target->findChildren<Sink *>() << target.get();
    auto engine = std::make_shared<QueueEngine>(std::move(target));
    engine->moveToThread(mailbox->worker()->thread());
    for (const Sink *sink : std::as_const(untold))
        SinkAccess::arrive(*sink, mailbox->worker()->pump());
    mailbox->setConsumer(std::move(engine));
}

} // namespace

Queue::Queue(std::unique_ptr<Sink> target, QObject *parent)
    : Sink(mailboxOn(ownWorker()), parent)
{
    start(SinkAccess::mailbox(*this), std::move(target));
}

Queue::Queue(std::unique_ptr<Sink> target, WorkerPool &pool, QObject *parent)
    : Sink(mailboxOn(WorkerPoolAccess::worker(pool)), parent)
{
    start(SinkAccess::mailbox(*this), std::move(target));
}

Queue::~Queue()
{
    SinkAccess::mailbox(*this)->leaveBoundary();
}

void Queue::setLinger(qsizetype events, std::chrono::milliseconds time)
{
    // Longer than the nanoseconds can hold is for ever.
    constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);
    SinkAccess::mailbox(*this)->setGathering(events, std::min(time, longest));
}

QFuture<bool> Queue::configureTarget(std::function<bool(Sink &)> functor)
{
    return configureTarget(*SinkAccess::mailbox(*this), std::move(functor));
}

QFuture<bool> Queue::configureTarget(Mailbox &mailbox, std::function<bool(Sink &)> functor)
{
    const auto promise = std::make_shared<QPromise<bool>>();
    promise->start();
    mailbox.enqueue([promise, functor = std::move(functor), weak = mailbox.weak_from_this()] {
        const auto owner = std::static_pointer_cast<Mailbox>(weak.lock());
        const auto engine = owner ? std::dynamic_pointer_cast<QueueEngine>(owner->consumer()) : nullptr;
        Sink *sink = engine ? engine->target() : nullptr;
        // Wrappers own their targets, so the way down is that of the children.
        while (sink && !functor(*sink)) {
            const QList<Sink *> targets = sink->findChildren<Sink *>(Qt::FindDirectChildrenOnly);
            sink = targets.isEmpty() ? nullptr : targets.first();
        }
        promise->addResult(sink != nullptr);
        promise->finish();
    });
    return promise->future();
}

} // namespace Qanat
