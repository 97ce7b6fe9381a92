// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/storingqueue.h"

#include "Qanat/core/queue.h"
#include "logging_p.h"
#include "runtime_p.h"
#include "sink_p.h"
#include "storingengine_p.h"
#include "worker_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// A disk may hold it up, so its thread is its own.
std::shared_ptr<Mailbox> mailboxOfItsOwn()
{
    std::shared_ptr<Worker> worker = Worker::create(u"qanat-store"_s, Worker::Use::Own);
    const std::shared_ptr<Pump> pump = worker->pump();
    auto mailbox = std::make_shared<Mailbox>(Mailbox::Kind::Boundary, pump, std::move(worker));
    mailbox->setTypeName(u"StoringQueue"_s);
    mailbox->setKeeper();
    return mailbox;
}

} // namespace

EventStore::~EventStore() = default;

StoringQueue::StoringQueue(std::unique_ptr<EventStore> store, std::unique_ptr<Sink> target, QObject *parent)
    : Sink(mailboxOfItsOwn(), parent)
    , d(std::make_shared<StoringState>(this))
{
    const std::shared_ptr<Mailbox> &mailbox = SinkAccess::mailbox(*this);
    auto queue = std::make_unique<Queue>(std::move(target));
    if (queue->state() != PipelineNode::State::Open || !store) {
        mailbox->close(std::chrono::nanoseconds(0), {});
        mailbox->forceClosed();
        return;
    }
    mailbox->addTarget(SinkAccess::mailbox(*queue));
    // Qt tells sinks by events that they are moved, and there are none without a QCoreApplication.
    Queue *const untold = QCoreApplication::instance() ? nullptr : queue.get();
    auto engine = std::make_shared<StoringEngine>(std::move(store), std::move(queue), mailbox, d);
    engine->moveToThread(mailbox->worker()->thread());
    if (untold)
        SinkAccess::arrive(*untold, mailbox->worker()->pump());
    mailbox->setConsumer(engine);
    mailbox->post([engine = engine.get()] { engine->begin(); });
}

StoringQueue::~StoringQueue()
{
    d->leave();
    SinkAccess::mailbox(*this)->leaveBoundary();
}

StoringQueue::Receipt StoringQueue::sendWithReceipt(const Event &event)
{
    return sendWithReceipt(Batch(event));
}

StoringQueue::Receipt StoringQueue::sendWithReceipt(const Batch &batch)
{
    Receipt receipt;
    receipt.delivered = SinkAccess::mailbox(*this)->send(batch, &receipt.stored);
    return receipt;
}

QFuture<Delivery> StoringQueue::flushed()
{
    const auto promise = std::make_shared<QPromise<Delivery>>();
    promise->start();
    QFuture<Delivery> future = promise->future();
    const std::shared_ptr<Mailbox> &mailbox = SinkAccess::mailbox(*this);
    const bool isAccepted = mailbox->enqueue([promise, weak = mailbox->weak_from_this()] {
        const auto owner = std::static_pointer_cast<Mailbox>(weak.lock());
        const auto engine = owner ? std::dynamic_pointer_cast<StoringEngine>(owner->consumer()) : nullptr;
        if (engine)
            engine->flush(promise);
    });
    if (!isAccepted) {
        promise->addResult(Delivery::closed());
        promise->finish();
    }
    return future;
}

QString StoringQueue::storageError() const
{
    return d->error();
}

qint64 StoringQueue::resumed() const
{
    return d->resumed();
}

bool StoringQueue::event(QEvent *event)
{
    if (event->type() != StoringState::changedEvent())
        return Sink::event(event);
    d->noteHeard();
    // What is said may bring about the end of this.
    const QPointer<StoringQueue> alive(this);
    const QString error = d->error();
    if (d->isOpened() && !std::exchange(m_saidOpened, true))
        Q_EMIT opened(d->resumed(), QPrivateSignal());
    if (alive && std::exchange(m_saidError, error) != error)
        Q_EMIT storageErrorChanged(error, QPrivateSignal());
    return true;
}

} // namespace Qanat
