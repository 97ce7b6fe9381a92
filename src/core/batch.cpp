// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "chunk_p.h"

#include "hotpath_p.h"

#include <array>
#include <new>

namespace Qanat {

namespace {

// The memory of one small chunk. Those are made and let go of by turns, in different threads, where each event wakes somebody
// up; an allocator finds out of the way what one thread gave back and another one wants.
std::atomic<void *> spareMemory{nullptr};

} // namespace

QANAT_HOT_PATH Chunk *Chunk::create(quint32 capacity)
{
    void *memory = capacity == SmallCapacity ? spareMemory.exchange(nullptr, std::memory_order_acquire) : nullptr;
    if (!memory)
        memory = ::operator new(sizeof(Chunk) + size_t(capacity) * sizeof(Event));
    return new (memory) Chunk(capacity);
}

/*
 * Lets go of events, and of the same one many times at once: each time costs as much as a fetch from another processor. A few
 * threads may repeat one each, so it remembers as many.
 */
class Chunk::Tally
{
public:
    ~Tally()
    {
        for (const Entry &entry : m_entries)
            settle(entry);
    }

    void add(EventData *data) noexcept
    {
        for (Entry &entry : m_entries) {
            if (entry.data == data) {
                ++entry.count;
                return;
            }
        }
        m_next = (m_next + 1) % m_entries.size();
        settle(std::exchange(m_entries[m_next], Entry{data, 1}));
    }

private:
    struct Entry
    {
        EventData *data = nullptr;
        int count = 0;
    };
    static void settle(const Entry &entry) noexcept
    {
        if (entry.data)
            Event::release(entry.data, entry.count);
    }

    std::array<Entry, 4> m_entries{};
    size_t m_next = 0;
};

void Chunk::destroy() noexcept
{
    {
        Tally tally;
        for (quint32 i = 0; i < used(); ++i)
            tally.add(events()[i].d);
    }
    const bool isSmall = capacity == SmallCapacity;
    this->~Chunk();
    ::operator delete(isSmall ? spareMemory.exchange(this, std::memory_order_acq_rel) : this);
}

namespace {

template<typename Range>
Chunk *chunkOf(const Range &events)
{
    Chunk *chunk = Chunk::create(quint32(events.size()));
    for (const Event &event : events)
        chunk->append(event);
    return chunk;
}

} // namespace

Batch::Batch(const Event &event)
    : Batch({event})
{
}

Batch::Batch(std::initializer_list<Event> events)
    : Batch(BatchBuilder::adopt(chunkOf(events), 0, quint32(events.size())))
{
}

Batch::Batch(const QList<Event> &events)
    : Batch(BatchBuilder::adopt(chunkOf(events), 0, quint32(events.size())))
{
}

Batch::Batch(const Batch &other) noexcept
    : m_chunk(other.m_chunk)
    , m_begin(other.m_begin)
    , m_end(other.m_end)
    , m_key(other.m_key)
{
    if (m_chunk)
        m_chunk->ref();
}

Batch &Batch::operator=(const Batch &other) noexcept
{
    if (this != &other)
        *this = Batch(other);
    return *this;
}

void Batch::release() noexcept
{
    m_chunk->deref();
}

Batch Batch::mid(qsizetype position, qsizetype count) const
{
    Batch part = *this;
    part.m_begin += qBound(qsizetype(0), position, size());
    part.m_end = part.m_begin + qBound(qsizetype(0), count, part.size());
    return part;
}

Batch Batch::pick(const std::vector<qsizetype> &positions) const
{
    QList<Event> events;
    events.reserve(qsizetype(positions.size()));
    for (const qsizetype position : positions)
        events.append(at(position));
    return withEvents(events);
}

Batch Batch::withEvents(const QList<Event> &events) const
{
    Batch batch(events);
    batch.m_key = m_key;
    batch.m_chunk->acceptedAt.store(acceptedAt().count(), std::memory_order_relaxed);
    return batch;
}

std::chrono::nanoseconds Batch::acceptedAt() const noexcept
{
    return std::chrono::nanoseconds(m_chunk ? m_chunk->acceptedAt.load(std::memory_order_relaxed) : 0);
}

} // namespace Qanat
