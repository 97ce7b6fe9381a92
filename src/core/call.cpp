// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "call_p.h"

#include "mailboxsection_p.h"

namespace Qanat {

using std::chrono::nanoseconds;

void Call::settle(qsizetype count, const Delivery &delivery)
{
    settleAt({}, count, delivery);
}

void Call::settleAt(const Moment &moment, qsizetype count, const Delivery &delivery)
{
    // The clock is looked at before the mutex is taken, so that writers wait no longer than they must.
    const nanoseconds time = moment.clock == clock ? moment.time : clock->now();
    if (!isDeferred.load(std::memory_order_relaxed) && mayDefer(count, time)) {
        deferred = delivery;
        deferredAt = time;
        isDeferred.store(true, std::memory_order_release);
        return;
    }
    Mailbox::Section section(mailbox);
    if (isHere()) {
        mailbox->settleDeferred(section, this);
    } else if (isDeferred.load(std::memory_order_acquire)) {
        mailbox->warnOfExcess(section, this, count);
        return;
    }
    mailbox->settleCall(section, this, count, delivery, time);
}

qsizetype Call::remaining() const
{
    if (isHere() && isDeferred.load(std::memory_order_relaxed))
        return 0; // The thread that says so need not take the mutex.
    const std::lock_guard lock(mailbox->m_mutex);
    return isDeferred.load(std::memory_order_acquire) ? 0 : left();
}

void Call::settleAll(const Delivery &delivery)
{
    // In process() the mutex can be spared.
    const qsizetype count =
        isHere() && !isDeferred.load(std::memory_order_relaxed) ? batch.size() - position : remaining();
    if (count > 0)
        settle(count, delivery);
}

void Call::orphan()
{
    Mailbox::Section section(mailbox);
    if (isInProcess)
        isOrphan = true; // Whether it threw or forgot them is known when it has returned.
    else
        mailbox->settleCall(section, this, left(), lost(), mailbox->now());
}

} // namespace Qanat
