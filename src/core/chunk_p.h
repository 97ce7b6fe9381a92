// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_CHUNK_P_H
#define QANAT_CORE_CHUNK_P_H

#include "Qanat/core/batch.h"

#include <atomic>

namespace Qanat {

/*
 * The memory of a run of events. Slots are filled one after the other, by one owner at a time; those that are filled are
 * never moved. Batches refer to a range of slots and keep the chunk alive.
 */
struct Chunk
{
    static constexpr quint32 Capacity = 2048;
    static constexpr quint32 SmallCapacity = 16;

    static Chunk *create(quint32 capacity);
    void ref(int count = 1) noexcept { m_references.fetch_add(count, std::memory_order_relaxed); }
    void deref(int count = 1) noexcept
    {
        if (m_references.fetch_sub(count, std::memory_order_acq_rel) == count)
            destroy();
    }

    Event *events() noexcept { return reinterpret_cast<Event *>(this + 1); }
    bool isFull() const noexcept { return used() == capacity; }
    // The slots that are filled. Only its owner finds the last word; to others it is an estimate.
    quint32 used() const noexcept { return m_used.load(std::memory_order_relaxed); }
    template<typename AnEvent>
    void append(AnEvent &&event)
    {
        const quint32 slot = used();
        new (events() + slot) Event(std::forward<AnEvent>(event));
        m_used.store(slot + 1, std::memory_order_relaxed);
    }

    // Nanoseconds by the clock of the first sink that accepted it; 0 before.
    std::atomic<qint64> acceptedAt{0};
    // All events were found valid, so no other intake has to look at them.
    std::atomic<bool> isChecked{false};
    const quint32 capacity;

private:
    class Tally;

    explicit Chunk(quint32 size)
        : capacity(size)
    {
    }
    void destroy() noexcept;

    std::atomic<quint32> m_used{0};
    std::atomic<int> m_references{1};
};

static_assert(sizeof(Chunk) % alignof(Event) == 0);

// What the library itself may do with batches.
class BatchBuilder
{
public:
    // A batch of the slots from \a first to \a last; takes over a reference to the chunk.
    static Batch adopt(Chunk *chunk, quint32 first, quint32 last, quint64 key = 0)
    {
        Batch batch;
        batch.m_chunk = chunk;
        batch.m_begin = chunk->events() + first;
        batch.m_end = chunk->events() + last;
        batch.m_key = key;
        return batch;
    }
    static Chunk *chunk(const Batch &batch) { return batch.m_chunk; }
    // Without a reference of its own, so it has to be forgotten before it is destroyed.
    static Batch borrow(const Batch &batch)
    {
        Batch borrowed;
        borrowed.m_chunk = batch.m_chunk;
        borrowed.m_begin = batch.m_begin;
        borrowed.m_end = batch.m_end;
        borrowed.m_key = batch.m_key;
        return borrowed;
    }
    static void forget(const Batch &borrowed) { const_cast<Batch &>(borrowed).m_chunk = nullptr; }
    // Whether it keeps all events of \a part.
    static bool isPart(const Batch &batch, const Batch &part) { return batch.m_chunk == part.m_chunk; }
    // The slot behind the end was filled.
    static void extend(Batch &batch) { ++batch.m_end; }
    static void dropFirst(Batch &batch, qsizetype count) { batch.m_begin += count; }
    static void setKey(Batch &batch, quint64 key) { batch.m_key = key; }
    // What is kept for long must not keep much else in memory: a small part of a large chunk becomes one of its own.
    static Batch compacted(const Batch &batch)
    {
        constexpr quint32 Large = 64;
        constexpr qsizetype Share = 4;
        if (!batch.m_chunk || batch.m_chunk->used() <= Large
            || batch.size() * Share >= qsizetype(batch.m_chunk->used()))
            return batch;
        return batch.withEvents(QList<Event>(batch.begin(), batch.end()));
    }
    // Takes an event out, which no other batch covers.
    static Event release(Batch &batch, qsizetype index)
    {
        return std::exchange(const_cast<Event &>(batch.m_begin[index]), Event());
    }
};

// So many references to the events of one batch, which are counted in one go: to count each costs as much as a fetch from
// another processor.
class BatchShares
{
public:
    BatchShares(const Batch &batch, size_t count)
        : m_batch(batch)
        , m_left(int(count))
    {
        BatchBuilder::chunk(m_batch)->ref(m_left);
    }
    ~BatchShares()
    {
        if (m_left > 0)
            BatchBuilder::chunk(m_batch)->deref(m_left);
    }
    Q_DISABLE_COPY_MOVE(BatchShares)

    // All from \a position on.
    Batch take(qsizetype position)
    {
        if (m_left == 0)
            return m_batch.mid(position);
        --m_left;
        Chunk *const chunk = BatchBuilder::chunk(m_batch);
        const qsizetype begin = m_batch.begin() - chunk->events();
        return BatchBuilder::adopt(chunk, quint32(begin + position), quint32(begin + m_batch.size()),
                                   m_batch.orderKey());
    }

private:
    const Batch m_batch;
    int m_left;
};

} // namespace Qanat

#endif
