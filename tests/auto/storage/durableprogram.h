// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_DURABLEPROGRAM_H
#define QANAT_TESTS_DURABLEPROGRAM_H

#include "faultydisk.h"
#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/DurableQueue>
#include <Qanat/RetryingSink>

#include <QtCore/qdir.h>
#include <QtCore/qhash.h>
#include <QtCore/qloggingcategory.h>
#include <QtCore/qset.h>

#include <mutex>

namespace Qanat {

// The other side of a queue: takes as many events as it is allowed to, and refuses those of the type "bad". Any thread.
class Outlet
{
public:
    // What became of an event.
    struct Outcome
    {
        Event event;
        bool isRefused = false;
    };

    // So many more may pass.
    void allow(qint64 count)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_allowed += count;
        }
        flow();
    }
    // No more may, but those for which that comes too late.
    void stop()
    {
        const std::lock_guard lock(m_mutex);
        m_allowed = 0;
    }
    // How many still may.
    [[nodiscard]] qint64 allowed() const
    {
        const std::lock_guard lock(m_mutex);
        return m_allowed;
    }
    // From now on those of the type "bad" are taken, too.
    void setLenient()
    {
        const std::lock_guard lock(m_mutex);
        m_isLenient = true;
    }
    // The next one fails in passing, as soon as it may pass; what comes with it is handed back.
    void failNext()
    {
        const std::lock_guard lock(m_mutex);
        m_failsNext = true;
    }
    // Everything that has got its outcome so far, in this order.
    [[nodiscard]] QStringList delivered() const { return idsOfThose(false); }
    [[nodiscard]] QStringList refused() const { return idsOfThose(true); }
    // How many have it.
    [[nodiscard]] qint64 count() const
    {
        const std::lock_guard lock(m_mutex);
        return qint64(m_outcomes.size());
    }
    // All but the first ones.
    [[nodiscard]] std::vector<Outcome> outcomesAfter(size_t number) const
    {
        const std::lock_guard lock(m_mutex);
        return {m_outcomes.begin() + qptrdiff(number), m_outcomes.end()};
    }

private:
    friend class OutletSink;

    [[nodiscard]] QStringList idsOfThose(bool areRefused) const
    {
        const std::lock_guard lock(m_mutex);
        QStringList ids;
        for (const Outcome &outcome : m_outcomes) {
            if (outcome.isRefused == areRefused)
                ids.append(outcome.event.id());
        }
        return ids;
    }
    void take(const Batch &batch, Completion completion)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_batch = batch;
            m_completion = std::move(completion);
            m_position = 0;
        }
        flow();
    }
    // One outcome after the other, and in one thread at a time. The last of a batch may bring the next one.
    void flow()
    {
        std::unique_lock lock(m_mutex);
        if (std::exchange(m_isFlowing, true))
            return;
        while (m_allowed > 0 && m_position < m_batch.size()) {
            --m_allowed;
            const Event event = m_batch[m_position++];
            Completion completion = std::move(m_completion);
            const bool fails = std::exchange(m_failsNext, false);
            const bool isRefused = event.type() == QLatin1String("bad") && !m_isLenient;
            const qsizetype left = m_batch.size() - m_position;
            if (fails)
                m_position = m_batch.size();
            else
                m_outcomes.push_back({event, isRefused});
            const bool isLast = m_position == m_batch.size();
            if (!isLast)
                m_completion = std::move(completion);
            Completion &its = isLast ? completion : m_completion;
            lock.unlock();
            if (fails) {
                its.settle(1, passingFailure());
                its.settle(left, Delivery::untried());
            } else {
                its.settle(1, isRefused ? permanentFailure() : Delivery::delivered());
            }
            lock.lock();
        }
        m_isFlowing = false;
    }

    mutable std::mutex m_mutex;
    Batch m_batch;
    Completion m_completion;
    qsizetype m_position = 0; // In the batch.
    qint64 m_allowed = 0;
    bool m_failsNext = false;
    bool m_isLenient = false;
    bool m_isFlowing = false;
    std::vector<Outcome> m_outcomes;
};

class OutletSink final : public Sink
{
public:
    explicit OutletSink(std::shared_ptr<Outlet> outlet)
        : m_outlet(std::move(outlet))
    {
    }

protected:
    void process(const Batch &batch, Completion completion) override { m_outlet->take(batch, std::move(completion)); }

private:
    const std::shared_ptr<Outlet> m_outlet;
};

// What became of each event, over all runs of the program.
class Ledger
{
public:
    struct Entry
    {
        int delivered = 0;
        int refused = 0;
        bool isStored = false; // It was said to be.
        bool isDropped = false; // It was said to be, for another reason than a refusal.
        bool isUnsure = false; // When a program ended, the store may not have known its outcome.
    };

    QHash<QString, Entry> entries;
    QStringList order; // As they were written.
    QStringList complaints;

    void expect(bool isSo, const QString &what)
    {
        if (!isSo)
            complaints.append(what);
    }
    // Each complaint once.
    [[nodiscard]] QString said() const
    {
        const QSet<QString> kinds(complaints.begin(), complaints.end());
        QStringList texts;
        for (const QString &kind : kinds)
            texts.append(QStringLiteral("%1 x %2").arg(complaints.count(kind)).arg(kind));
        return texts.join(QStringLiteral("; "));
    }
};

// One run of a program, whose queue keeps its events on a disk. Its clock moves only where the store has to be tried again.
class DurableProgram
{
public:
    DurableProgram(FaultyDisk &disk, const QString &folder, Ledger &ledger)
        : m_disk(disk)
        , m_folder(folder)
        , m_ledger(ledger)
    {
        // The clock comes before the first failure.
        disk.holdOpening();
        queue = std::make_unique<DurableQueue>(
            folder, std::make_unique<RetryingSink>(std::make_unique<OutletSink>(outlet),
                                                   CircuitBreaker(1, std::chrono::hours(1))));
        queue->setClock(clock);
        disk.release();
    }

    void send(const QList<Event> &events)
    {
        for (const Event &event : events) {
            m_ledger.order.append(event.id());
            m_ledger.entries.insert(event.id(), {});
        }
        m_sent.push_back({idsOf(events), queue->sendWithReceipt(Batch(events))});
    }

    // Whether it comes true; not if the store fails for good, unless this run is patient.
    bool waitFor(const std::function<bool()> &condition)
    {
        int tries = 0;
        bool holds = false;
        const bool hasEnded = waitUntil([&] {
            holds = condition();
            if (!holds && (isFailing() || m_isRetrying) && clock->advanceToNextDue())
                ++tries;
            return holds || (tries >= m_mostTries && isFailing());
        });
        m_ledger.expect(hasEnded, QStringLiteral("waited in vain: ") + queue->storageError() + u' '
                                      + queue->statistics().toString());
        return holds;
    }
    // All that was written is said to be stored.
    bool flush()
    {
        const qsizetype sent = qsizetype(m_sent.size());
        const QFuture<Delivery> flushed = queue->flushed();
        if (!waitFor([&] { return flushed.isFinished(); }) || flushed.result() != Delivery::stored())
            return false;
        for (qsizetype i = 0; i < sent; ++i) {
            for (const QString &id : std::as_const(m_sent[size_t(i)].ids))
                m_ledger.entries[id].isStored = true;
        }
        return true;
    }
    // The outlet has taken so many more, and the queue knows.
    bool deliver(qint64 count)
    {
        const Statistics before = queue->statistics();
        m_goal = std::max(m_goal, before.delivered + before.dropped) + count;
        outlet->allow(count);
        return waitFor([&] {
            const Statistics now = queue->statistics();
            return now.delivered + now.dropped >= m_goal || now.pending == 0;
        });
    }
    bool deliverAll()
    {
        outlet->allow(1'000'000'000);
        m_isRetrying = true;
        flush(); // It is open then.
        return waitFor([&] { return queue->statistics().pending == 0 && !isFailing(); });
    }
    // It is known that the store will work again.
    void setPatient() { m_mostTries = std::numeric_limits<int>::max(); }
    [[nodiscard]] bool isFailing() const { return !queue->storageError().isEmpty(); }

    // Ends it at once, and enters what became of the events.
    void end()
    {
        const bool wasFailing = isFailing();
        const QFuture<CloseResult> closed = queue->discard();
        m_ledger.expect(finishes(closed), QStringLiteral("the close does not end"));
        if (!closed.isFinished())
            return;
        const bool isSure = !wasFailing && closed.result().worst().error() != Delivery::Error::Storage;
        const Statistics statistics = queue->statistics();
        m_ledger.expect(statistics.isBalanced(), statistics.toString());
        m_ledger.expect(statistics.stored == statistics.pending && closed.result().stored() == statistics.pending,
                        QStringLiteral("stored: ") + statistics.toString());
        const QStringList delivered = outlet->delivered();
        const QStringList refused = outlet->refused();
        m_ledger.expect(QSet<QString>(delivered.begin(), delivered.end()).size() == delivered.size(),
                        QStringLiteral("delivered twice in one run"));
        m_ledger.expect(statistics.delivered <= delivered.size(), QStringLiteral("delivered without a delivery"));
        // Of what was under way when it was closed the queue does not know the outcome.
        for (qsizetype i = 0; i < delivered.size(); ++i)
            enter(delivered.at(i), isSure && i < statistics.delivered).delivered++;
        for (const QString &id : refused)
            enter(id, isSure).refused++;
        checkOrder(delivered);
        for (const Sent &sent : m_sent)
            enterReceipt(sent, isSure);
        const QStringList files = QDir(m_folder).entryList(QDir::Files);
        for (const QString &file : files)
            m_ledger.expect(!file.contains(u'-') || file == QLatin1String("events.db-wal")
                                || file == QLatin1String("events.db-journal"),
                            QStringLiteral("there is ") + file);
        queue.reset();
        m_ledger.expect(m_disk.openFiles() == 0, QStringLiteral("files are still open"));
    }

    const std::shared_ptr<Outlet> outlet = std::make_shared<Outlet>();
    const std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::unique_ptr<DurableQueue> queue;

private:
    struct Sent
    {
        QStringList ids;
        StoringQueue::Receipt receipt;
    };

    Ledger::Entry &enter(const QString &id, bool isSure)
    {
        m_ledger.expect(m_ledger.entries.contains(id), QStringLiteral("an event that nobody has written"));
        Ledger::Entry &entry = m_ledger.entries[id];
        m_ledger.expect(entry.delivered + entry.refused == 0 || entry.isUnsure, QStringLiteral("delivered again"));
        entry.isUnsure = entry.isUnsure || !isSure;
        return entry;
    }
    void enterReceipt(const Sent &sent, bool isSure)
    {
        const bool isTold = sent.receipt.stored.isFinished() && sent.receipt.delivered.isFinished();
        m_ledger.expect(isTold, QStringLiteral("a receipt has not finished"));
        if (!isTold)
            return;
        const Delivery stored = sent.receipt.stored.result();
        for (const QString &id : sent.ids) {
            Ledger::Entry &entry = m_ledger.entries[id];
            if (stored == Delivery::stored()) {
                entry.isStored = true;
            } else {
                // A disk that fails until the end may have kept what it said it had not.
                entry.isDropped = true;
                entry.isUnsure = entry.isUnsure || !isSure;
            }
            m_ledger.expect(!(entry.isStored && entry.isDropped), QStringLiteral("stored and not stored"));
            if (sent.receipt.delivered.result() == Delivery::delivered())
                m_ledger.expect(entry.delivered > 0, QStringLiteral("said to be delivered"));
        }
        m_ledger.expect(stored.outcome() == Delivery::Outcome::Stored || stored.isFailure(),
                        QStringLiteral("a receipt says ") + stored.toString());
    }
    void checkOrder(const QStringList &delivered)
    {
        qsizetype place = -1;
        for (const QString &id : delivered) {
            const qsizetype next = m_ledger.order.indexOf(id, place + 1);
            m_ledger.expect(next > place, QStringLiteral("the order is another"));
            if (next < 0)
                return;
            place = next;
        }
    }

    FaultyDisk &m_disk;
    const QString m_folder;
    Ledger &m_ledger;
    std::vector<Sent> m_sent;
    qint64 m_goal = 0;
    int m_mostTries = 3;
    bool m_isRetrying = false;
};

} // namespace Qanat

#endif
