// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/gate.h"

#include "mailbox_p.h"
#include "sink_p.h"
#include "text_p.h"

#include <QtCore/qpointer.h>

#include <deque>
#include <mutex>

namespace Qanat {

class GatePrivate
{
public:
    // With the mutex.
    Gate::Way way() const
    {
        if (consent == Gate::Consent::Granted)
            return Gate::Way::Through;
        if (consent == Gate::Consent::Undecided && policy == Gate::Undecided::Hold)
            return storesBehind() ? Gate::Way::Through : isClosing ? Gate::Way::Discard : Gate::Way::Hold;
        return Gate::Way::Discard;
    }

    // What comes waits for the user, here or behind.
    bool isUndecided() const
    {
        const std::lock_guard lock(mutex);
        return consent == Gate::Consent::Undecided && policy == Gate::Undecided::Hold;
    }

    // A queue that stores keeps events better than a gate, and holds them there.
    bool storesBehind() const { return behind && behind->isKeeper(); }

    // After a change. What is stored was written with a consent, or is held: only a denial discards it.
    void tellBehind()
    {
        if (!storesBehind())
            return;
        const std::lock_guard lock(mutex);
        if (consent != Gate::Consent::Denied)
            behind->hold(consent == Gate::Consent::Undecided);
    }

    Gate::Way wayNow() const
    {
        const std::lock_guard lock(mutex);
        return way();
    }

    // After a change, with the mutex: the limits of holding come and go with it.
    void exchangeLimits(Mailbox &mailbox)
    {
        const bool mustHold = way() == Gate::Way::Hold;
        if (mustHold == isHolding)
            return;
        isHolding = mustHold;
        mailbox.setOtherLimits(mustHold ? std::optional(holdLimits) : std::nullopt);
    }

    struct Held
    {
        Batch batch;
        Completion completion;
    };

    mutable std::mutex mutex;
    Gate::Consent consent = Gate::Consent::Undecided;
    Gate::Undecided policy = Gate::Undecided::Hold;
    Limits holdLimits = {Gate::DefaultHoldLimit, Limits::Unlimited, Limits::Overflow::DropOldest};
    bool isHolding = false;
    bool isClosing = false;

    std::shared_ptr<Mailbox> behind; // The target's.

    // Only the sink's thread:
    Sink *target = nullptr;
    std::deque<Held> held;
};

Gate::Gate(std::unique_ptr<Sink> target, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<GatePrivate>())
{
    d->target = adopt(std::move(target));
    if (d->target)
        d->behind = SinkAccess::mailbox(*d->target);
    d->exchangeLimits(*SinkAccess::mailbox(*this));
    d->tellBehind();
    showWay();
    if (!d->target)
        discard();
}

Gate::~Gate() = default;

Gate::Consent Gate::consent() const
{
    const std::lock_guard lock(d->mutex);
    return d->consent;
}

void Gate::setConsent(Consent consent)
{
    {
        const std::lock_guard lock(d->mutex);
        if (std::exchange(d->consent, consent) == consent)
            return;
        d->exchangeLimits(*SinkAccess::mailbox(*this));
    }
    d->tellBehind();
    showWay();
    if (consent == Consent::Denied)
        SinkAccess::mailbox(*this)->withdraw();
    else
        post([this] { review(); });
    Q_EMIT consentChanged(consent, QPrivateSignal());
}

Gate::Undecided Gate::whileUndecided() const
{
    const std::lock_guard lock(d->mutex);
    return d->policy;
}

void Gate::setWhileUndecided(Undecided policy)
{
    {
        const std::lock_guard lock(d->mutex);
        if (std::exchange(d->policy, policy) == policy)
            return;
        d->exchangeLimits(*SinkAccess::mailbox(*this));
    }
    showWay();
    post([this] { review(); });
    Q_EMIT whileUndecidedChanged(policy, QPrivateSignal());
}

Limits Gate::holdLimits() const
{
    const std::lock_guard lock(d->mutex);
    return d->holdLimits;
}

void Gate::setHoldLimits(const Limits &limits)
{
    const std::lock_guard lock(d->mutex);
    d->holdLimits = limits;
    if (d->isHolding)
        SinkAccess::mailbox(*this)->setOtherLimits(limits);
}

void Gate::showWay()
{
    if (d->isUndecided())
        setActivity(PipelineNode::Activity::Paused, std::chrono::nanoseconds(0),
                    Text::tr("it is not yet decided whether there is consent"));
    else
        setActivity(PipelineNode::Activity::Flowing);
}

int Gate::maxInFlight() const
{
    // While it holds, one is enough: of what waits behind it the oldest can still be dropped.
    return d->target && d->wayNow() != Way::Hold ? d->target->maxInFlight() : 1;
}

void Gate::process(const Batch &batch, Completion completion)
{
    const Gate::Way way = d->wayNow();
    if (way != Gate::Way::Hold && d->held.empty()) {
        pass(way, batch, std::move(completion));
        return;
    }
    // What waits for an answer is known not to be under way.
    completion.park();
    d->held.push_back({batch, std::move(completion)});
    review();
}

void Gate::pass(Gate::Way way, const Batch &batch, Completion completion)
{
    if (way == Gate::Way::Through)
        forward(d->target, batch, std::move(completion));
    else
        completion.settleAll(Delivery::filtered());
}

// Does with what is held what the consent says now.
void Gate::review()
{
    while (!d->held.empty()) {
        const Gate::Way way = d->wayNow();
        if (way == Gate::Way::Hold)
            return;
        GatePrivate::Held next = std::move(d->held.front());
        d->held.pop_front();
        next.completion.resume();
        const QPointer<Gate> alive(this);
        pass(way, next.batch, std::move(next.completion));
        if (!alive)
            return;
    }
}

void Gate::closing()
{
    {
        // The limits of holding are of no use any more: nothing is accepted.
        const std::lock_guard lock(d->mutex);
        d->isClosing = true;
    }
    review();
}

void Gate::withdraw()
{
    for (GatePrivate::Held &one : std::exchange(d->held, {}))
        one.completion.settleAll(Delivery::filtered());
}

void Gate::interrupt()
{
    d->held.clear();
}

} // namespace Qanat
