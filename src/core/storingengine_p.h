// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_STORINGENGINE_P_H
#define QANAT_CORE_STORINGENGINE_P_H

#include "Qanat/core/eventstore.h"
#include "Qanat/core/sink.h"
#include "handedrun_p.h"
#include "mailbox_p.h"
#include "storingstate_p.h"
#include "timer_p.h"

#include <QtCore/qobject.h>
#include <QtCore/qpromise.h>

#include <deque>
#include <map>
#include <optional>

namespace Qanat {

/*
 * What of a StoringQueue lives on its worker: it brings events into the store, hands those that are stored to the target behind, in
 * their order, and takes out of the store what has its outcome.
 *
 * What was just stored is handed on from memory as long as not too much waits; all else is read from the store again.
 */
class StoringEngine final
    : public QObject
    , public Consumer
{
public:
    StoringEngine(std::unique_ptr<EventStore> store, std::unique_ptr<Sink> target,
                  const std::shared_ptr<Mailbox> &mailbox, std::shared_ptr<StoringState> state);
    ~StoringEngine() override;

    void begin();
    void flush(const std::shared_ptr<QPromise<Delivery>> &promise);

    int maxInFlight() const override { return MostRuns; }
    void process(const Batch &batch, Completion completion) override;
    void withdraw() override;
    void interrupt() override;
    Delivery finish() override;

private:
    // Accepted, encoded, and not yet stored.
    struct Arrival
    {
        Batch batch;
        Completion completion;
        quint64 first; // The number of its first event that can be stored.
        std::vector<qint64> bytes; // Of each event; -1 where it cannot be stored.
        std::vector<Delivery> refusals; // Of those, in their order.
    };
    using Run = HandedRun::Run;

    // How much is stored in one transaction at most, how much waits in memory when it is stored, and how much is handed on at once.
    static constexpr int MostRuns = 64;
    static constexpr qsizetype MostOfTransaction = 16 * 1024;
    static constexpr qint64 BytesOfTransaction = 4 * 1024 * 1024;
    static constexpr qsizetype MostFresh = 32 * 1024;
    static constexpr qint64 BytesFresh = 8 * 1024 * 1024;
    static constexpr qsizetype MostHanded = MostOfTransaction;
    static constexpr qint64 BytesHanded = 8 * 1024 * 1024;

    [[nodiscard]] bool open();
    bool commit();
    bool applyChanges();
    bool apply(const EventStore::Changes &changes);
    void noteArrivals(std::deque<Arrival> arrivals);
    void noteFresh(const Batch &batch, quint64 first, std::vector<qint64> bytes);
    void noteLost();
    void giveUpArrivals(const Delivery &reason);
    void finishFlushes(const Delivery &outcome);
    void deliver();
    std::optional<Run> nextRun(qsizetype most);
    Run nextFresh(qsizetype most);
    Run readable(const QList<EventStore::Row> &rows, quint64 end);
    bool hand(Run run);
    void keepLimits();
    void takeOutcomes();
    void settleRange(const Run &run, qsizetype from, qsizetype count, const Delivery &delivery);
    void settle(const Run &run, qsizetype from, qsizetype count, const Delivery &delivery);
    void keepDeadLetters(const Batch &batch, quint64 first, const Delivery &delivery);
    void remove(quint64 first, qsizetype count, qint64 bytes);
    void noteFailure(const QString &text);
    void noteSuccess();
    [[nodiscard]] qint64 wallClock() const;

    const std::unique_ptr<EventStore> m_store;
    Sink *const m_target; // A queue.
    const std::shared_ptr<Mailbox> m_behind; // Its intake.
    const std::weak_ptr<Mailbox> m_owner;
    Mailbox *const m_mailbox; // It exists as long as its consumer does.
    const std::shared_ptr<StoringState> m_state;
    const std::shared_ptr<OutcomeBox> m_outcomes;
    std::unique_ptr<Timer> m_again; // Of the worker's thread.

    Delivery m_failure;
    bool m_isOpen = false;
    bool m_wasOpen = false;
    bool m_isFailing = false;
    bool m_isInterrupted = false;
    bool m_isBehindClosed = false;
    bool m_mustPurge = false;

    std::deque<Arrival> m_arrivals;
    qsizetype m_arrivalCount = 0;
    qint64 m_arrivalBytes = 0;
    EventStore::Changes m_changes; // For the next transaction.
    quint64 m_next = 1; // The number of the next event that comes.
    quint64 m_nextStored = 1; // One more than the last that is stored.

    std::deque<Run> m_fresh; // Stored, in memory, and not yet handed on.
    qsizetype m_freshCount = 0;
    qint64 m_freshBytes = 0;
    quint64 m_nextHanded = 1; // All before it were handed on.
    qsizetype m_handedCount = 0;
    qint64 m_handedBytes = 0;

    std::map<quint64, CompletionRef> m_waiting; // Who wants to hear of the outcome of an event.
    std::deque<std::shared_ptr<QPromise<Delivery>>> m_flushes; // Of all that has arrived.
};

} // namespace Qanat

#endif
