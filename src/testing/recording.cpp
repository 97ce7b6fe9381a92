// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "recording_p.h"

#include <QtCore/qthread.h>

#include <algorithm>

namespace Qanat {

using std::chrono::milliseconds;

/* --- The sink's side --------------------------------------------------------------------------------------------------- */

// With the mutex.
void RecordingPrivate::note(const Event &event)
{
    events.append(event);
    if (!threads.contains(QThread::currentThread()))
        threads.append(QThread::currentThread());
}

// With the mutex.
void RecordingPrivate::noteDelivered(const Batch &batch)
{
    for (const Event &event : batch)
        deliveredIds.append(event.id());
}

Delivery RecordingPrivate::arrive(const Event &event)
{
    std::shared_ptr<const Recording::Behaviour> behave;
    {
        std::unique_lock lock(mutex);
        note(event);
        behave = behaviour;
        ++blockedCount;
        changed.notify_all();
        changed.wait(lock, [this] { return pace != Recording::Pace::Blocking; });
        --blockedCount;
    }
    const Delivery delivery = behave ? (*behave)(event) : Delivery::delivered();
    if (delivery.outcome() == Delivery::Outcome::Delivered)
        change([&] { deliveredIds.append(event.id()); });
    return delivery;
}

bool RecordingPrivate::beginCall(const Batch &batch, Completion &completion)
{
    bool atOnce = true;
    change([&] {
        ++callCount;
        reentryCount += depth++ > 0;
        maximumCalls = std::max(maximumCalls, ++unsettledCalls);
        atOnce = pace != Recording::Pace::Deferred;
        if (atOnce)
            return;
        for (const Event &event : batch)
            note(event);
        DeferredCall call;
        call.batch = batch;
        call.completion = std::move(completion);
        deferred.push_back(std::move(call));
        --depth;
    });
    return atOnce;
}

void RecordingPrivate::endCall()
{
    change([this] {
        --depth;
        --unsettledCalls;
    });
}

void RecordingPrivate::interrupted()
{
    change([this] { ++interruptCount; });
}

Delivery RecordingPrivate::finished()
{
    Delivery outcome;
    change([&] {
        ++finishCount;
        outcome = finishOutcome;
    });
    return outcome;
}

void RecordingPrivate::destroyed()
{
    change([this] { isDestroyed = true; });
}

/* --- The test's side --------------------------------------------------------------------------------------------------- */

Recording::Recording()
    : d(std::make_unique<RecordingPrivate>())
{
}

Recording::~Recording() = default;

QList<Event> Recording::events() const
{
    const std::lock_guard lock(d->mutex);
    return d->events;
}

QStringList Recording::ids() const
{
    QStringList ids;
    for (const Event &event : events())
        ids.append(event.id());
    return ids;
}

qsizetype Recording::count() const
{
    const std::lock_guard lock(d->mutex);
    return d->events.size();
}

QStringList Recording::deliveredIds() const
{
    const std::lock_guard lock(d->mutex);
    return d->deliveredIds;
}

qsizetype Recording::deliveredCount() const
{
    const std::lock_guard lock(d->mutex);
    return d->deliveredIds.size();
}

QList<QThread *> Recording::threads() const
{
    const std::lock_guard lock(d->mutex);
    return d->threads;
}

qsizetype Recording::callCount() const
{
    const std::lock_guard lock(d->mutex);
    return d->callCount;
}

int Recording::maximumCalls() const
{
    const std::lock_guard lock(d->mutex);
    return d->maximumCalls;
}

int Recording::reentryCount() const
{
    const std::lock_guard lock(d->mutex);
    return d->reentryCount;
}

int Recording::interruptCount() const
{
    const std::lock_guard lock(d->mutex);
    return d->interruptCount;
}

int Recording::finishCount() const
{
    const std::lock_guard lock(d->mutex);
    return d->finishCount;
}

bool Recording::isDestroyed() const
{
    const std::lock_guard lock(d->mutex);
    return d->isDestroyed;
}

qsizetype Recording::deferredCalls() const
{
    const std::lock_guard lock(d->mutex);
    return qsizetype(d->deferred.size());
}

bool Recording::isBlocked() const
{
    const std::lock_guard lock(d->mutex);
    return d->blockedCount > 0;
}

bool Recording::waitForCount(qsizetype count, milliseconds timeout) const
{
    return d->waitFor(timeout, [&] { return d->events.size() >= count; });
}

bool Recording::waitForDelivered(qsizetype count, milliseconds timeout) const
{
    return d->waitFor(timeout, [&] { return d->deliveredIds.size() >= count; });
}

bool Recording::waitForDeferredCalls(qsizetype count, milliseconds timeout) const
{
    return d->waitFor(timeout, [&] { return qsizetype(d->deferred.size()) >= count; });
}

bool Recording::waitForBlocked(milliseconds timeout) const
{
    return d->waitFor(timeout, [this] { return d->blockedCount > 0; });
}

bool Recording::waitForDestroyed(milliseconds timeout) const
{
    return d->waitFor(timeout, [this] { return d->isDestroyed; });
}

void Recording::setBehaviour(Behaviour behaviour)
{
    std::shared_ptr<const Behaviour> shared;
    if (behaviour)
        shared = std::make_shared<const Behaviour>(std::move(behaviour));
    d->change([&] { d->behaviour.swap(shared); });
}

void Recording::setFinishOutcome(const Delivery &delivery)
{
    d->change([&] { d->finishOutcome = delivery; });
}

void Recording::setPace(Pace pace)
{
    d->change([&] { d->pace = pace; });
}

void Recording::hold()
{
    setPace(Pace::Blocking);
}

void Recording::release()
{
    setPace(Pace::Immediate);
}

void Recording::defer()
{
    setPace(Pace::Deferred);
}

void Recording::settle(qsizetype count, const Delivery &delivery)
{
    while (count > 0) {
        RecordingPrivate::DeferredCall call;
        qsizetype part = 0;
        {
            const std::lock_guard lock(d->mutex);
            if (d->deferred.empty())
                return;
            call = std::move(d->deferred.front());
            d->deferred.pop_front();
            part = std::min(count, call.batch.size() - call.position);
            if (delivery.outcome() == Delivery::Outcome::Delivered)
                d->noteDelivered(call.batch.mid(call.position, part));
            call.position += part;
            // Before it is told: the next call may come at once.
            if (call.position == call.batch.size())
                --d->unsettledCalls;
        }
        d->changed.notify_all();
        if (call.completion.remaining() > 0) // Not closed meanwhile.
            call.completion.settle(part, delivery);
        count -= part;
        if (call.position < call.batch.size())
            d->change([&] { d->deferred.push_front(std::move(call)); });
    }
}

void Recording::settleAll(const Delivery &delivery)
{
    qsizetype left = 0;
    {
        const std::lock_guard lock(d->mutex);
        for (const RecordingPrivate::DeferredCall &call : d->deferred)
            left += call.batch.size() - call.position;
    }
    settle(left, delivery);
}

void Recording::loseDeferred()
{
    RecordingPrivate::DeferredCall lost;
    d->change([&] {
        if (d->deferred.empty())
            return;
        lost = std::move(d->deferred.front());
        d->deferred.pop_front();
        --d->unsettledCalls;
    });
}

} // namespace Qanat
