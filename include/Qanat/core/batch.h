// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_BATCH_H
#define QANAT_CORE_BATCH_H

#include <Qanat/core/event.h>
#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qlist.h>

#include <chrono>
#include <initializer_list>
#include <utility>
#include <vector>

namespace Qanat {

struct Chunk;

/*!
 * A shared, immutable run of events: what flows through the pipes.
 *
 * Copying a batch, or taking a part of it, copies one reference and no event. Reading is safe from any thread.
 */
class QANAT_CORE_EXPORT Batch
{
public:
    //! No events.
    Batch() noexcept = default;
    //!@{
    //! Of events in this order, which nobody has accepted yet.
    explicit Batch(const Event &event);
    Batch(std::initializer_list<Event> events);
    explicit Batch(const QList<Event> &events);
    //!@}
    //!@{
    //! What was moved from is empty.
    Batch(const Batch &other) noexcept;
    Batch(Batch &&other) noexcept
        : m_chunk(std::exchange(other.m_chunk, nullptr))
        , m_begin(std::exchange(other.m_begin, nullptr))
        , m_end(std::exchange(other.m_end, nullptr))
        , m_key(std::exchange(other.m_key, 0))
    {
    }
    Batch &operator=(const Batch &other) noexcept;
    Batch &operator=(Batch &&other) noexcept
    {
        Batch moved(std::move(other));
        std::swap(m_chunk, moved.m_chunk);
        std::swap(m_begin, moved.m_begin);
        std::swap(m_end, moved.m_end);
        std::swap(m_key, moved.m_key);
        return *this;
    }
    //!@}
    ~Batch()
    {
        if (m_chunk)
            release();
    }

    //!@{
    //! How many events this part has.
    [[nodiscard]] qsizetype size() const noexcept { return m_end - m_begin; }
    [[nodiscard]] bool isEmpty() const noexcept { return m_begin == m_end; }
    //!@}
    //!@{
    //! The events, to walk through as long as this batch or a copy of it exists.
    [[nodiscard]] const Event *begin() const noexcept { return m_begin; }
    [[nodiscard]] const Event *end() const noexcept { return m_end; }
    //!@}
    //! \a index must lie within 0 and size() - 1.
    [[nodiscard]] const Event &at(qsizetype index) const
    {
        Q_ASSERT(index >= 0 && index < size());
        return m_begin[index];
    }
    //!@{
    //! As at().
    [[nodiscard]] const Event &operator[](qsizetype index) const { return at(index); }
    [[nodiscard]] const Event &first() const { return at(0); }
    //!@}

    //! The part that begins at \a position, clipped to what there is; it shares the events.
    [[nodiscard]] Batch mid(qsizetype position, qsizetype count) const;
    //! All from \a position on.
    [[nodiscard]] Batch mid(qsizetype position) const { return mid(position, size() - position); }
    //! The events at \a positions, accepted when this batch was and with its key.
    [[nodiscard]] Batch pick(const std::vector<qsizetype> &positions) const;
    //! Other events in the place of these, accepted when this batch was and with its key.
    [[nodiscard]] Batch withEvents(const QList<Event> &events) const;

    //! When the first of the events was accepted, by the Clock of the sink that did; zero before that.
    [[nodiscard]] std::chrono::nanoseconds acceptedAt() const noexcept;
    //! A number for the key that all events share, where a queue keeps the order for each key; 0 where there is none.
    [[nodiscard]] quint64 orderKey() const noexcept { return m_key; }

private:
    friend class BatchBuilder;
    void release() noexcept;

    Chunk *m_chunk = nullptr;
    const Event *m_begin = nullptr;
    const Event *m_end = nullptr;
    quint64 m_key = 0;
};

} // namespace Qanat

Q_DECLARE_TYPEINFO(Qanat::Batch, Q_RELOCATABLE_TYPE);

#endif
