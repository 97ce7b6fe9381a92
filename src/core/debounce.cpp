// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "debounce_p.h"

#include "mailbox_p.h"
#include "runtime_p.h"

namespace Qanat {

Debounce::Debounce(std::shared_ptr<Mailbox> mailbox, std::chrono::nanoseconds quiet)
    : m_mailbox(std::move(mailbox))
    , m_quiet(quiet)
{
}

void Debounce::offer(const Event &event)
{
    const std::shared_ptr<Clock> clock = m_mailbox->clock();
    std::optional<Event> old = event; // Destroyed without the mutex: its data may be anything.
    std::unique_lock lock(m_mutex);
    m_last.swap(old);
    m_due = clock->now() + m_quiet;
    if (std::exchange(m_isPlanned, true))
        return;
    const std::chrono::nanoseconds due = m_due;
    lock.unlock();
    if (!Runtime::plan(this, clock, due, [self = shared_from_this()] { self->look(); }))
        look();
}

void Debounce::cancel()
{
    std::optional<Event> old;
    const std::lock_guard lock(m_mutex);
    m_last.swap(old);
}

void Debounce::look()
{
    const std::shared_ptr<Clock> clock = m_mailbox->clock();
    std::unique_lock lock(m_mutex);
    const std::chrono::nanoseconds due = m_due;
    if (clock->now() < due) {
        lock.unlock();
        // The burst went on.
        if (Runtime::plan(this, clock, due, [self = shared_from_this()] { self->look(); }))
            return;
        lock.lock();
    }
    // Where nothing watches any more, the application is about to end, and there is nothing to wait for.
    m_isPlanned = false;
    const std::optional<Event> last = std::exchange(m_last, std::nullopt);
    lock.unlock();
    if (last)
        m_mailbox->write(*last);
}

} // namespace Qanat
