// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_HOPPER_P_H
#define QANAT_CORE_HOPPER_P_H

#include "Qanat/core/event.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>

namespace Qanat {

class Clock;

/*
 * Where writers drop single events without the mutex of the mailbox, while somebody is about to come for them. So no writer
 * ever waits for one that was interrupted with the mutex in its hands.
 *
 * There are two trays of slots. One word says which of them is in use and how many of its slots are taken: to take the next
 * one is a single addition. Emptying it puts the other tray in use and takes the events out in the order of the slots. A slot
 * whose writer was interrupted between taking and filling it is skipped: that writer finds out, and goes the long way. Since
 * its write has not returned, its event is not before any other.
 */
class Hopper
{
public:
    static constexpr quint32 Capacity = 512;
    // What is handed out soon may share a stamp; while nothing is taken out a run must not grow for hours.
    static constexpr std::chrono::nanoseconds LongestRun = std::chrono::seconds(1);

    explicit Hopper(Clock *clock)
        : m_clock(clock)
    {
    }
    ~Hopper();
    Q_DISABLE_COPY_MOVE(Hopper)

    // --- Any thread, without the mutex

    // Takes the event, or leaves it alone: it is closed, full, or its events have waited for too long to share a stamp.
    bool drop(Event &event) noexcept;

    // --- With the mutex of the mailbox

    bool isOpen() const noexcept { return trayOf(m_state.load(std::memory_order_relaxed)); }
    void open() noexcept;
    // How many events it has, those included that are being dropped.
    qsizetype count() const noexcept;
    // Calls \a take(Event &&, time of the first) for each event; is open afterwards if \a reopen says so, and it can.
    template<typename Take>
    void empty(bool reopen, Take take);
    // Whoever comes for the events is busy with something else.
    void setAway(bool isAway) noexcept { m_isAway.store(isAway, std::memory_order_relaxed); }
    void setClock(Clock *clock) noexcept { m_clock.store(clock, std::memory_order_release); }

private:
    // Neighbours are taken by writers on different processors at the same time, so they stand in different cache lines.
    static constexpr quint32 LineSize = 64;
    static constexpr quint32 PerLine = LineSize / sizeof(void *);
    static constexpr quint32 Lines = Capacity / PerLine;
    static constexpr quint32 place(quint32 slot) { return (slot % Lines) * PerLine + slot / Lines; }

    struct alignas(LineSize) Tray
    {
        std::array<std::atomic<EventData *>, Capacity> slots{};
        std::atomic<int> skipped{0}; // Whose writers have not found out yet.
        std::atomic<qint64> since{0}; // The time of the first.
    };

    // The word: in its upper half the number of the tray, 0 for closed.
    static quint32 slotOf(quint64 state) noexcept { return quint32(state); }
    Tray *trayOf(quint64 state) const noexcept
    {
        const auto number = quint32(state >> 32U);
        return number ? m_trays[number - 1].get() : nullptr;
    }
    static bool isUsable(quint64 state) noexcept { return state >> 32U && slotOf(state) < Capacity; }
    // A tray that may be put in use, as the word for it; 0 if there is none.
    quint64 spare(const Tray *current) const noexcept;
    static EventData *skippedMark() noexcept;
    std::chrono::nanoseconds now() const noexcept;

    const std::array<std::unique_ptr<Tray>, 2> m_trays{std::make_unique<Tray>(), std::make_unique<Tray>()};
    std::atomic<Clock *> m_clock;
    std::atomic<bool> m_isAway{false};
    alignas(LineSize) std::atomic<quint64> m_state{0};
};

template<typename Take>
void Hopper::empty(bool reopen, Take take)
{
    Tray *const current = trayOf(m_state.load(std::memory_order_relaxed));
    if (!current)
        return;
    const quint64 next = reopen ? spare(current) : 0;
    const quint32 count = std::min(slotOf(m_state.exchange(next, std::memory_order_acq_rel)), Capacity);
    std::chrono::nanoseconds since{0};
    for (quint32 i = 0; i < count; ++i) {
        std::atomic<EventData *> &slot = current->slots[place(i)];
        EventData *data = slot.load(std::memory_order_acquire);
        const bool isSkipped = !data && slot.compare_exchange_strong(data, skippedMark(), std::memory_order_acq_rel);
        if (i == 0)
            since = isSkipped ? now() : std::chrono::nanoseconds(current->since.load(std::memory_order_relaxed));
        if (isSkipped) {
            current->skipped.fetch_add(1, std::memory_order_relaxed);
            continue;
        }
        slot.store(nullptr, std::memory_order_relaxed);
        take(Event(data), since);
    }
    if (reopen && !next)
        open();
}

} // namespace Qanat

#endif
