// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "hopper_p.h"

#include "Qanat/core/clock.h"

#include <cstddef>

namespace Qanat {

Hopper::~Hopper()
{
    empty(false, [](Event &&, std::chrono::nanoseconds) {});
}

bool Hopper::drop(Event &event) noexcept
{
    // Where it is of no use the word is left alone, or it would be counted up without end.
    quint64 state = m_state.load(std::memory_order_acquire);
    if (!isUsable(state))
        return false;
    if (m_isAway.load(std::memory_order_relaxed) && slotOf(state) > 0) {
        const std::chrono::nanoseconds since(trayOf(state)->since.load(std::memory_order_relaxed));
        if (now() - since > LongestRun)
            return false;
    }
    state = m_state.fetch_add(1, std::memory_order_acq_rel);
    if (!isUsable(state))
        return false;
    Tray &tray = *trayOf(state);
    if (slotOf(state) == 0)
        tray.since.store(now().count(), std::memory_order_relaxed);
    std::atomic<EventData *> &slot = tray.slots[place(slotOf(state))];
    EventData *found = nullptr;
    if (slot.compare_exchange_strong(found, event.d, std::memory_order_acq_rel)) {
        event.d = nullptr;
        return true;
    }
    slot.store(nullptr, std::memory_order_relaxed);
    tray.skipped.fetch_sub(1, std::memory_order_release);
    return false;
}

void Hopper::open() noexcept
{
    if (isOpen())
        return;
    if (const quint64 state = spare(nullptr))
        m_state.store(state, std::memory_order_release);
}

qsizetype Hopper::count() const noexcept
{
    const quint64 state = m_state.load(std::memory_order_relaxed);
    return trayOf(state) ? qsizetype(std::min(slotOf(state), Capacity)) : 0;
}

quint64 Hopper::spare(const Tray *current) const noexcept
{
    for (quint64 number = 1; number <= m_trays.size(); ++number) {
        const Tray *tray = m_trays[number - 1].get();
        if (tray != current && tray->skipped.load(std::memory_order_acquire) == 0)
            return number << 32U;
    }
    return 0;
}

EventData *Hopper::skippedMark() noexcept
{
    static std::max_align_t mark;
    return reinterpret_cast<EventData *>(&mark);
}

std::chrono::nanoseconds Hopper::now() const noexcept
{
    return m_clock.load(std::memory_order_acquire)->now();
}

} // namespace Qanat
