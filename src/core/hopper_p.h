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
#include <utility>
#include <vector>

namespace Qanat {

class Clock;

/*
 * Where writers drop single events without the mutex of the mailbox, while somebody is about to come for them. So no writer
 * ever waits for one that was interrupted with the mutex in its hands.
 *
 * Each thread has a chute of its own, so that no two processors fight for the memory of an event. All they share is one
 * word, which gives each event its number. Whoever empties the hopper reads that word first, and takes from the chutes what
 * has a smaller number, in the order of the numbers. An event that has its number but is not in the chute yet is late and
 * comes the next time: since its write has not returned, nothing that was taken can have been written after it.
 */
class Hopper // NOLINT(clang-analyzer-optin.performance.Padding): it keeps cache lines apart.
{
public:
    // What is handed out soon may share a stamp; while nothing is taken out a run must not grow for hours.
    static constexpr std::chrono::nanoseconds LongestRun = std::chrono::seconds(1);

    // \a isAttended: whether somebody comes within a moment, so that all that is there may share a stamp.
    Hopper(Clock *clock, const std::atomic<bool> &isAttended);
    ~Hopper();
    Q_DISABLE_COPY_MOVE(Hopper)

    // --- Any thread, without the mutex

    // Takes the event, or leaves it alone: it is closed, this thread has no chute or a full one, or the events in it have
    // waited for too long to share a stamp.
    bool drop(Event &event) noexcept;

    // --- With the mutex of the mailbox

    bool isOpen() const noexcept { return m_isOpen.load(std::memory_order_relaxed); }
    void open() noexcept;
    // What is late still comes, and has to be taken.
    void close() noexcept;
    // Gives the current thread a chute, if it has none.
    void enroll();
    // How many events it has, the late ones included.
    qsizetype count() const noexcept { return qsizetype(end() - m_takenCount); }
    // Calls \a take(Event &&, time of the first) for each event that is there.
    template<typename Take>
    void empty(Take take);
    void setClock(Clock *clock) noexcept { m_clock.store(clock, std::memory_order_release); }

private:
    static constexpr quint32 LineSize = 64;

    struct Slot
    {
        EventData *data;
        quint64 number;
    };
    // A ring with one writer, and one reader at a time. Each of them has its own cache lines.
    struct Chute
    {
        static constexpr quint32 Capacity = 2048;

        Slot &at(quint32 position) noexcept { return slots[position % Capacity]; }

        alignas(LineSize) std::atomic<quint32> tail{0};
        std::atomic<qint64> since{0}; // The time of the first.
        std::atomic<bool> isLeft{false}; // Its thread has ended.
        alignas(LineSize) std::atomic<quint32> head{0};
        std::atomic<bool> isOrphan{false}; // The hopper is gone.
        std::unique_ptr<Slot[]> slots{new Slot[Capacity]}; // Gone with the hopper.
    };
    class ThreadChutes;

    static constexpr quint64 OpenBit = quint64(1) << 63U;
    // The number that the next event gets.
    quint64 end() const noexcept
    {
        const quint64 word = m_word.load(std::memory_order_acquire);
        return isOpen() ? word & ~OpenBit : m_end;
    }
    std::chrono::nanoseconds now() const noexcept;
    std::chrono::nanoseconds firstTime() const noexcept;
    void dropLeftChutes() noexcept;

    // Read by every writer, and seldom written.
    const quint64 m_serial; // Never that of another one.
    const std::atomic<bool> &m_isAttended;
    std::atomic<Clock *> m_clock;
    std::atomic<bool> m_isOpen{false};

    alignas(LineSize) std::atomic<quint64> m_word{0};

    // With the mutex.
    alignas(LineSize) std::vector<std::shared_ptr<Chute>> m_chutes;
    size_t m_sweepAt = 8; // So many chutes.
    quint64 m_end = 0; // While it is closed.
    quint64 m_begin = 0; // What has a smaller number and was not taken is late.
    quint64 m_takenCount = 0;
    std::array<EventData *, 512> m_window{}; // From m_begin on.
};

template<typename Take>
void Hopper::empty(Take take)
{
    if (count() == 0)
        return;
    // In this order: no event gets a time after its own.
    const std::chrono::nanoseconds time = now();
    const quint64 end = this->end();
    const std::chrono::nanoseconds since = std::min(time, firstTime());
    const auto give = [&](EventData *data) {
        ++m_takenCount;
        take(Event(data), since);
    };
    do {
        const quint64 next = std::min(end, m_begin + m_window.size());
        for (const auto &chute : m_chutes) {
            const quint32 tail = chute->tail.load(std::memory_order_acquire);
            const quint32 first = chute->head.load(std::memory_order_relaxed);
            quint32 head = first;
            for (; head != tail && chute->at(head).number < next; ++head) {
                const auto [data, number] = chute->at(head);
                if (number < m_begin)
                    give(data); // It was late.
                else
                    m_window[number - m_begin] = data;
            }
            if (head == first)
                continue;
            // For what is left, or comes before its writer sees that there is room.
            chute->since.store(time.count(), std::memory_order_relaxed);
            chute->head.store(head, std::memory_order_release);
        }
        for (quint32 i = 0; m_begin < next; ++m_begin, ++i) {
            if (EventData *data = std::exchange(m_window[i], nullptr))
                give(data);
        }
    } while (m_begin < end);
    dropLeftChutes();
}

} // namespace Qanat

#endif
