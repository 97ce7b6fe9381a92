// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/storingqueue.h"

#include "Qanat/core/queue.h"
#include "Qanat/core/storeddeadletters.h"
#include "event_p.h"
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

void EventStore::hurry() { }

bool EventStore::tidy()
{
    return false;
}

StoringQueue::StoringQueue(std::unique_ptr<EventStore> store, std::unique_ptr<Sink> target, QObject *parent)
    : Sink(mailboxOfItsOwn(), parent)
    , d(std::make_shared<StoringState>(this))
    , m_deadLetters(new StoredDeadLetters(this, SinkAccess::mailbox(*this), d))
{
    const std::shared_ptr<Mailbox> &mailbox = SinkAccess::mailbox(*this);
    mailbox->setStoringState(d);
    auto queue = std::make_unique<Queue>(std::move(target));
    if (queue->state() != PipelineNode::State::Open || !store) {
        mailbox->close(std::chrono::nanoseconds(0), {});
        mailbox->forceClosed();
        return;
    }
    m_behind = SinkAccess::mailbox(*queue);
    mailbox->addTarget(m_behind);
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

WriteResult StoringQueue::write(const Event &event, const QByteArray &position)
{
    Event marked = event;
    EventData::notePosition(marked, position);
    return write(std::move(marked));
}

void StoringQueue::setPosition(const QByteArray &position)
{
    const std::shared_ptr<Mailbox> &mailbox = SinkAccess::mailbox(*this);
    mailbox->enqueue([position, weak = std::weak_ptr<Mailbox>(mailbox)] {
        if (const auto engine = StoringEngine::of(weak))
            engine->notePosition(position);
    });
}

QByteArray StoringQueue::storedPosition() const
{
    return d->position();
}

void StoringQueue::setHeld(bool isHeld)
{
    SinkAccess::mailbox(*this)->hold(isHeld);
}

bool StoringQueue::isHeld() const
{
    return d->isHeld();
}

void StoringQueue::setMaximumAge(std::chrono::milliseconds age)
{
    const std::shared_ptr<Mailbox> &mailbox = SinkAccess::mailbox(*this);
    mailbox->post([age, weak = std::weak_ptr<Mailbox>(mailbox)] {
        if (const auto engine = StoringEngine::of(weak))
            engine->setMaximumAge(age);
    });
}

void StoringQueue::setLinger(qsizetype events, std::chrono::milliseconds time)
{
    const std::shared_ptr<Mailbox> &mailbox = SinkAccess::mailbox(*this);
    mailbox->post([events, time, weak = std::weak_ptr<Mailbox>(mailbox)] {
        if (const auto engine = StoringEngine::of(weak))
            engine->setLinger(events, time);
    });
}

QFuture<bool> StoringQueue::configureTarget(std::function<bool(Sink &)> functor)
{
    // One that is closed cancels the future.
    return Queue::configureTarget(m_behind ? *m_behind : *SinkAccess::mailbox(*this), std::move(functor));
}

StoredDeadLetters *StoringQueue::storedDeadLetters() const
{
    return m_deadLetters;
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
    const bool isAccepted = mailbox->enqueue([promise, weak = std::weak_ptr<Mailbox>(mailbox)] {
        if (const auto engine = StoringEngine::of(weak))
            engine->flush(promise);
    });
    if (!isAccepted) {
        promise->addResult(Delivery::closed().asDropped());
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
    const bool isHeld = d->isHeld();
    if (d->isOpened() && !std::exchange(m_saidOpened, true))
        Q_EMIT opened(d->resumed(), QPrivateSignal());
    if (alive && std::exchange(m_saidError, error) != error)
        Q_EMIT storageErrorChanged(error, QPrivateSignal());
    if (alive && std::exchange(m_saidHeld, isHeld) != isHeld)
        Q_EMIT heldChanged(isHeld, QPrivateSignal());
    if (!alive)
        return true;
    for (const auto &[first, last] : d->takeRemovedLetters()) {
        if (alive)
            Q_EMIT m_deadLetters->removed(first, last, {});
    }
    if (alive && d->takeNewsOfDeadLetters())
        Q_EMIT m_deadLetters->changed({});
    return true;
}

} // namespace Qanat
