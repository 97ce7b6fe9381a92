// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_MEMORYSTORE_H
#define QANAT_TESTS_MEMORYSTORE_H

#include <Qanat/EventStore>

#include <map>
#include <memory>
#include <mutex>

namespace Qanat {

// What outlives the queues of a test as a disk outlives programs, and can be told to fail. Any thread.
class MemoryDisk
{
public:
    std::map<quint64, EventStore::Row> rows() const
    {
        const std::lock_guard lock(m_mutex);
        return m_rows;
    }
    QList<EventStore::Row> deadLetters() const
    {
        const std::lock_guard lock(m_mutex);
        return m_deadLetters;
    }
    // All that have left it so far, the same ones again too.
    qint64 deadLettersRead() const
    {
        const std::lock_guard lock(m_mutex);
        return m_deadLettersRead;
    }
    // Those of a former run.
    void setDeadLetters(const QList<EventStore::Row> &letters)
    {
        const std::lock_guard lock(m_mutex);
        m_deadLetters = letters;
        m_lastLetter = letters.isEmpty() ? 0 : letters.constLast().number;
    }
    int applied() const
    {
        const std::lock_guard lock(m_mutex);
        return m_applied;
    }
    QByteArray position() const
    {
        const std::lock_guard lock(m_mutex);
        return m_position;
    }
    // The two at one moment.
    std::pair<QByteArray, QByteArray> positionAndLast() const
    {
        const std::lock_guard lock(m_mutex);
        return {m_position, m_next > 1 ? QByteArray::number(m_next - 1) : QByteArray()};
    }
    // As if all had been accepted later.
    void shiftTimes(std::chrono::milliseconds time)
    {
        const std::lock_guard lock(m_mutex);
        for (auto &[number, row] : m_rows)
            row.acceptedAt += time.count();
    }
    bool isHeld() const
    {
        const std::lock_guard lock(m_mutex);
        return m_isHeld;
    }
    int purged() const
    {
        const std::lock_guard lock(m_mutex);
        return m_purged;
    }
    bool isOpen() const
    {
        const std::lock_guard lock(m_mutex);
        return m_isOpen;
    }
    // Why nothing can be added; empty: it works. What can be removed is, unless \a removals.
    void fail(const QString &error, bool removals = true)
    {
        const std::lock_guard lock(m_mutex);
        m_error = error;
        m_refusesRemovals = removals;
    }
    // So many changes fail from now on, each without having happened.
    void failNext(int number)
    {
        const std::lock_guard lock(m_mutex);
        m_failures = number;
    }
    // Changes wait until release().
    void hold() { m_gate.lock(); }
    void release() { m_gate.unlock(); }
    // The bytes of a row are others than those that were written.
    void damage(quint64 number)
    {
        const std::lock_guard lock(m_mutex);
        m_rows[number].event = "?";
    }
    void damageLetter(qsizetype number)
    {
        const std::lock_guard lock(m_mutex);
        m_deadLetters[number - 1].event = "?";
    }

private:
    friend class MemoryStore;

    std::mutex m_gate;
    mutable std::mutex m_mutex;
    std::map<quint64, EventStore::Row> m_rows;
    QList<EventStore::Row> m_deadLetters;
    quint64 m_lastLetter = 0;
    qint64 m_deadLettersRead = 0;
    QByteArray m_position;
    bool m_isHeld = false;
    quint64 m_next = 1;
    qint64 m_bytes = 0;
    QString m_error;
    bool m_refusesRemovals = true;
    int m_failures = 0;
    bool m_isOpen = false;
    int m_applied = 0;
    int m_purged = 0;
};

class MemoryStore final : public EventStore
{
public:
    explicit MemoryStore(std::shared_ptr<MemoryDisk> disk)
        : m_disk(std::move(disk))
    {
    }
    Delivery open() override
    {
        const std::lock_guard lock(m_disk->m_mutex);
        if (!m_disk->m_error.isEmpty() && m_disk->m_refusesRemovals)
            return Delivery::failed(Delivery::Error::Storage, m_disk->m_error);
        m_disk->m_isOpen = true;
        return Delivery::delivered();
    }
    Contents contents() const override
    {
        const std::lock_guard lock(m_disk->m_mutex);
        Contents contents;
        contents.count = qint64(m_disk->m_rows.size());
        contents.bytes = m_disk->m_bytes;
        contents.next = m_disk->m_next;
        contents.deadLetters = m_disk->m_deadLetters.size();
        for (const Row &letter : std::as_const(m_disk->m_deadLetters))
            contents.deadLetterBytes += letter.event.size();
        contents.position = m_disk->m_position;
        contents.isHeld = m_disk->m_isHeld;
        return contents;
    }
    Delivery apply(const Changes &changes) override
    {
        const std::lock_guard gate(m_disk->m_gate);
        const std::lock_guard lock(m_disk->m_mutex);
        if (!m_disk->m_error.isEmpty() && (m_disk->m_refusesRemovals || !changes.added.isEmpty()))
            return Delivery::failed(Delivery::Error::Storage, m_disk->m_error);
        if (m_disk->m_failures > 0) {
            --m_disk->m_failures;
            return Delivery::failed(Delivery::Error::Storage, QStringLiteral("not this time"));
        }
        for (const Range &range : changes.removed) {
            const auto first = m_disk->m_rows.lower_bound(range.first);
            m_disk->m_rows.erase(first, m_disk->m_rows.lower_bound(range.first + quint64(range.count)));
        }
        m_disk->m_bytes -= changes.removedBytes;
        const auto isRemoved = [&range = changes.removedDeadLetters](const Row &letter) {
            return letter.number >= range.first && letter.number - range.first < quint64(range.count);
        };
        m_disk->m_deadLetters.removeIf(isRemoved);
        for (Row letter : changes.deadLetters) {
            letter.number = ++m_disk->m_lastLetter;
            m_disk->m_deadLetters.append(letter);
        }
        m_disk->m_position = changes.position.value_or(m_disk->m_position);
        m_disk->m_isHeld = changes.held.value_or(m_disk->m_isHeld);
        for (const Row &row : changes.added) {
            m_disk->m_rows[row.number] = row;
            m_disk->m_bytes += row.event.size();
            m_disk->m_next = row.number + 1;
        }
        ++m_disk->m_applied;
        return Delivery::delivered();
    }
    Result<QList<Row>> read(quint64 from, qsizetype events, qint64 bytes) override
    {
        const std::lock_guard lock(m_disk->m_mutex);
        if (!m_disk->m_error.isEmpty() && m_disk->m_refusesRemovals)
            return Failure{m_disk->m_error};
        QList<Row> rows;
        for (auto row = m_disk->m_rows.lower_bound(from); row != m_disk->m_rows.end() && rows.size() < events; ++row) {
            bytes -= row->second.event.size();
            if (bytes < 0 && !rows.isEmpty())
                break;
            rows.append(row->second);
        }
        return rows;
    }
    Result<QList<Row>> readDeadLetters(quint64 after, qsizetype letters, qint64 bytes) override
    {
        const std::lock_guard lock(m_disk->m_mutex);
        if (!m_disk->m_error.isEmpty() && m_disk->m_refusesRemovals)
            return Failure{m_disk->m_error};
        QList<Row> rows;
        for (const Row &letter : std::as_const(m_disk->m_deadLetters)) {
            bytes -= letter.number > after ? letter.event.size() : 0;
            if (rows.size() == letters || (bytes < 0 && !rows.isEmpty()))
                break;
            if (letter.number > after)
                rows.append(letter);
        }
        m_disk->m_deadLettersRead += rows.size();
        return rows;
    }
    Delivery purge() override
    {
        const std::lock_guard lock(m_disk->m_mutex);
        ++m_disk->m_purged;
        return Delivery::delivered();
    }
    void close() override
    {
        const std::lock_guard lock(m_disk->m_mutex);
        m_disk->m_isOpen = false;
    }

private:
    const std::shared_ptr<MemoryDisk> m_disk;
};

} // namespace Qanat

#endif
