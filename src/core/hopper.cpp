// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "hopper_p.h"

#include "Qanat/core/clock.h"

namespace Qanat {

using std::chrono::nanoseconds;

namespace {

std::atomic<quint64> lastSerial{0};

} // namespace

// The chutes of a thread, each of which belongs to the hopper, too: either may end first.
class Hopper::ThreadChutes
{
public:
    ~ThreadChutes()
    {
        m_cache = {};
        m_stage = Stage::Over;
        for (const auto &[serial, chute] : m_chutes)
            chute->isLeft.store(true, std::memory_order_release);
    }

    // Null where there is none.
    static Chute *find(quint64 serial) noexcept
    {
        const Cached &cached = m_cache[serial % m_cache.size()];
        return cached.serial == serial ? cached.chute : look(serial);
    }
    static std::shared_ptr<Chute> make(quint64 serial);

private:
    enum class Stage : quint8 { Unused, Used, Over };
    struct Cached
    {
        quint64 serial = 0;
        Chute *chute = nullptr;
    };
    static Chute *look(quint64 serial) noexcept;
    static ThreadChutes &list();

    std::vector<std::pair<quint64, std::shared_ptr<Chute>>> m_chutes;
    // What this thread used last is found without a look at the list. These two need no destructor, so they are there until
    // the thread has ended, and cost no guard.
    static thread_local std::array<Cached, 8> m_cache;
    static thread_local Stage m_stage;
};

thread_local std::array<Hopper::ThreadChutes::Cached, 8> Hopper::ThreadChutes::m_cache{};
thread_local Hopper::ThreadChutes::Stage Hopper::ThreadChutes::m_stage = Stage::Unused;

Hopper::ThreadChutes &Hopper::ThreadChutes::list()
{
    thread_local ThreadChutes chutes;
    m_stage = Stage::Used;
    return chutes;
}

Hopper::Chute *Hopper::ThreadChutes::look(quint64 serial) noexcept
{
    if (m_stage != Stage::Used)
        return nullptr;
    const auto &chutes = list().m_chutes;
    const auto place =
        std::find_if(chutes.begin(), chutes.end(), [serial](const auto &one) { return one.first == serial; });
    if (place == chutes.end())
        return nullptr;
    m_cache[serial % m_cache.size()] = {serial, place->second.get()};
    return place->second.get();
}

std::shared_ptr<Hopper::Chute> Hopper::ThreadChutes::make(quint64 serial)
{
    // What is written while the objects of a thread are destroyed goes the long way.
    if (m_stage == Stage::Over)
        return nullptr;
    auto &chutes = list().m_chutes;
    const auto isOrphan = [](const auto &one) { return one.second->isOrphan.load(std::memory_order_acquire); };
    m_cache = {};
    chutes.erase(std::remove_if(chutes.begin(), chutes.end(), isOrphan), chutes.end());
    return chutes.emplace_back(serial, std::make_shared<Chute>()).second;
}

Hopper::Hopper(Clock *clock, const std::atomic<bool> &isAttended)
    : m_serial(lastSerial.fetch_add(1, std::memory_order_relaxed) + 1)
    , m_isAttended(isAttended)
    , m_clock(clock)
{
}

Hopper::~Hopper()
{
    empty([](Event &&, nanoseconds) {});
    for (const auto &chute : m_chutes) {
        chute->slots.reset();
        chute->isOrphan.store(true, std::memory_order_release);
    }
}

bool Hopper::drop(Event &event) noexcept
{
    // While it is closed the word is left alone: to add to it costs those who do as much as the mutex.
    if (!m_isOpen.load(std::memory_order_relaxed))
        return false;
    Chute *const chute = ThreadChutes::find(m_serial);
    if (!chute)
        return false;
    const quint32 tail = chute->tail.load(std::memory_order_relaxed);
    const quint32 held = tail - chute->head.load(std::memory_order_acquire);
    // Where nobody comes for them, one of those who write has to take them out now and then: a few, so that no write pays for
    // many others.
    constexpr quint32 Few = 256;
    const bool isAttended = m_isAttended.load(std::memory_order_relaxed);
    if (held >= (isAttended ? Chute::Capacity : Few))
        return false;
    if (held == 0)
        chute->since.store(now().count(), std::memory_order_relaxed);
    else if (!isAttended && now() - nanoseconds(chute->since.load(std::memory_order_relaxed)) > LongestRun)
        return false;
    const quint64 word = m_word.fetch_add(1, std::memory_order_acq_rel);
    if (!(word & OpenBit))
        return false;
    chute->at(tail) = {std::exchange(event.d, nullptr), word & ~OpenBit};
    chute->tail.store(tail + 1, std::memory_order_release);
    return true;
}

void Hopper::open() noexcept
{
    if (isOpen())
        return;
    m_word.store(OpenBit | m_end, std::memory_order_release);
    m_isOpen.store(true, std::memory_order_relaxed);
}

void Hopper::close() noexcept
{
    if (!isOpen())
        return;
    m_end = m_word.exchange(0, std::memory_order_acq_rel) & ~OpenBit;
    m_isOpen.store(false, std::memory_order_relaxed);
}

void Hopper::enroll()
{
    if (ThreadChutes::find(m_serial))
        return;
    if (m_chutes.size() >= m_sweepAt) {
        dropLeftChutes();
        m_sweepAt = std::max(size_t(8), 2 * m_chutes.size());
    }
    if (auto chute = ThreadChutes::make(m_serial))
        m_chutes.push_back(std::move(chute));
}

nanoseconds Hopper::firstTime() const noexcept
{
    nanoseconds first = nanoseconds::max();
    for (const auto &chute : m_chutes) {
        if (chute->tail.load(std::memory_order_acquire) != chute->head.load(std::memory_order_relaxed))
            first = std::min(first, nanoseconds(chute->since.load(std::memory_order_relaxed)));
    }
    return first;
}

void Hopper::dropLeftChutes() noexcept
{
    const auto isEmpty = [](const std::shared_ptr<Chute> &chute) {
        // In this order: what its thread did last is seen with the mark.
        return chute->isLeft.load(std::memory_order_acquire)
               && chute->tail.load(std::memory_order_relaxed) == chute->head.load(std::memory_order_relaxed);
    };
    m_chutes.erase(std::remove_if(m_chutes.begin(), m_chutes.end(), isEmpty), m_chutes.end());
}

nanoseconds Hopper::now() const noexcept
{
    return m_clock.load(std::memory_order_acquire)->now();
}

} // namespace Qanat
