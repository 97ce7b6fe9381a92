// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "call_p.h"

#include "mailboxsection_p.h"

namespace Qanat {

using std::chrono::nanoseconds;

void Call::settle(qsizetype count, const Delivery &delivery)
{
    // The clock is looked at before the mutex is taken, so that writers wait no longer than they must.
    const nanoseconds time = clock->now();
    if (!deferred && mayDefer(count, time)) {
        deferred = delivery;
        return;
    }
    Mailbox::Section section(mailbox.get());
    if (isHere())
        mailbox->settleDeferred(section, this, time);
    mailbox->settleCall(section, this, count, delivery, time);
}

qsizetype Call::remaining() const
{
    if (isHere() && deferred)
        return 0;
    const std::lock_guard lock(mailbox->m_mutex);
    return left();
}

void Call::settleAll(const Delivery &delivery)
{
    if (!(isHere() && deferred) && batch.size() > position)
        settle(batch.size() - position, delivery);
}

void Call::orphan()
{
    Mailbox::Section section(mailbox.get());
    if (isInProcess)
        isOrphan = true; // Whether it threw or forgot them is known when it has returned.
    else
        mailbox->settleCall(section, this, left(), lost(), mailbox->now());
}

} // namespace Qanat
