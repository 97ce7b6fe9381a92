// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_STORINGENGINE_P_H
#define QANAT_CORE_STORINGENGINE_P_H

#include "Qanat/core/eventstore.h"
#include "Qanat/core/sink.h"
#include "Qanat/core/storeddeadletters.h"
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
 *
 * Its functions for the dead letters in the store are in storingletters.cpp.
 */
class StoringEngine final
    : public QObject
    , public Consumer
{
public:
    StoringEngine(std::unique_ptr<EventStore> store, std::unique_ptr<Sink> target,
                  const std::shared_ptr<Mailbox> &mailbox, std::shared_ptr<StoringState> state);
    ~StoringEngine() override;

    using LettersPromise = std::shared_ptr<QPromise<Result<QList<DeadLetter>>>>;
    using CountPromise = std::shared_ptr<QPromise<Result<qint64>>>;

    // That of a queue, as long as it works.
    static std::shared_ptr<StoringEngine> of(const std::weak_ptr<Mailbox> &mailbox);

    void begin();
    void flush(const std::shared_ptr<QPromise<Delivery>> &promise);
    void notePosition(const QByteArray &position);
    void setMaximumAge(std::chrono::milliseconds age);
    void setLinger(qsizetype events, std::chrono::milliseconds time);

    void listLetters(quint64 after, qsizetype most, const LettersPromise &promise);
    void sendLettersAgain(const EventStore::Range &range, const CountPromise &promise);
    void removeLetters(const EventStore::Range &range, const CountPromise &promise);
    void purgeLetters(const StoredDeadLetters::Capacity &capacity, const CountPromise &promise);
    void setLetterCapacity(const StoredDeadLetters::Capacity &capacity);

    int maxInFlight() const override { return MostRuns; }
    void process(const Batch &batch, Completion completion) override;
    void closing() override;
    void withdraw() override;
    void interrupt() override;
    void hold(bool isHeld) override;
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
    // Dead letters that are events again with the next transaction.
    struct Returning
    {
        CountPromise promise;
        qint64 before = 0; // How many were before these.
        qint64 count = 0;
        qint64 bytes = 0;
        quint64 next = 0; // Greater than their numbers.
        QString error = {}; // Why the others cannot be read.
    };

    // How much is stored in one transaction at most, how much waits in memory when it is stored, and how much is handed on at once.
    static constexpr int MostRuns = 64;
    static constexpr qsizetype MostOfTransaction = 16 * 1024;
    static constexpr qint64 BytesOfTransaction = 4 * 1024 * 1024;
    static constexpr qsizetype MostReady = 32 * 1024;
    static constexpr qint64 BytesReady = 8 * 1024 * 1024;
    static constexpr qsizetype MostHanded = MostOfTransaction;
    static constexpr qint64 BytesHanded = 8 * 1024 * 1024;

    [[nodiscard]] bool open();
    bool commit();
    bool applyChanges();
    bool apply(const EventStore::Changes &changes);
    void noteArrivals(std::deque<Arrival> arrivals);
    void noteReady(const Batch &batch, quint64 first, std::vector<qint64> bytes);
    void noteLost();
    void tidy();
    void giveUpArrivals(const Delivery &reason);
    void finishFlushes(const Delivery &outcome);
    void withdrawStored(quint64 end);
    void deliver();
    void handOut();
    [[nodiscard]] bool makeReady();
    [[nodiscard]] quint64 firstWaiting() const;
    [[nodiscard]] bool isGathering();
    std::optional<Run> nextRun(qsizetype most);
    std::optional<Run> nextRuns(qsizetype most);
    std::deque<Run> readable(const QList<EventStore::Row> &rows, quint64 end);
    bool hand(Run run);
    void keepLimits();
    void keepAge();
    void watchAge();
    void takeOutcomes();
    void settleRange(const Run &run, qsizetype from, qsizetype count, const Delivery &delivery);
    void settle(const Run &run, qsizetype from, qsizetype count, const Delivery &delivery);
    void keepDeadLetters(const Batch &batch, quint64 first, const Delivery &delivery);
    void remove(quint64 first, qsizetype count, qint64 bytes);
    void noteFailure(const QString &text);
    void noteSuccess();
    void noteHeld(bool isHeld);
    void showActivity();
    [[nodiscard]] qint64 wallClock() const;

    [[nodiscard]] Result<QList<EventStore::Row>> readLetters(quint64 after, qsizetype most);
    [[nodiscard]] bool sendSomeAgain(EventStore::Range *range, qint64 *left);
    void noteReturned();
    void giveUpReturning(const Delivery &reason);
    void noteLetters();
    void keepLetterCapacity();
    [[nodiscard]] Result<qint64> removeOldLetters(const StoredDeadLetters::Capacity &capacity);

    const std::unique_ptr<EventStore> m_store;
    const std::shared_ptr<Mailbox> m_behind; // The intake of the queue that delivers.
    const std::weak_ptr<Mailbox> m_owner;
    Mailbox *const m_mailbox; // It exists as long as its consumer does.
    const std::shared_ptr<StoringState> m_state;
    const std::shared_ptr<OutcomeBox> m_outcomes;
    std::unique_ptr<Timer> m_again; // Of the worker's thread.
    std::unique_ptr<Timer> m_aging; // The same.
    std::unique_ptr<Timer> m_gathering; // The same.
    std::unique_ptr<Timer> m_tidying; // The same.

    Delivery m_failure;
    std::optional<Delivery> m_givenUp; // Why something was, at the end: no position that comes after it may be stored.
    std::optional<std::chrono::nanoseconds> m_maximumAge;
    qsizetype m_lingerCount = 1;
    std::chrono::nanoseconds m_lingerTime{0};
    std::optional<bool> m_heldWish; // What was said before it was known what the store says.
    bool m_isOpen = false;
    bool m_wasOpen = false;
    bool m_isFailing = false;
    bool m_isStuck = false; // Not even what is delivered can leave it.
    bool m_isClosing = false;
    bool m_isInterrupted = false;
    bool m_isBehindClosed = false;
    bool m_isHeld = false;
    bool m_mustPurge = false;
    bool m_mustWithdraw = false; // As soon as it is open.

    std::deque<Arrival> m_arrivals;
    qsizetype m_arrivalCount = 0;
    qint64 m_arrivalBytes = 0;
    EventStore::Changes m_changes; // For the next transaction.
    quint64 m_next = 1; // The number of the next event that comes.
    quint64 m_nextStored = 1; // One more than the last that is stored.

    std::deque<Run> m_ready; // Stored, in memory, and not yet handed on.
    qsizetype m_readyCount = 0;
    qint64 m_readyBytes = 0;
    quint64 m_nextRead = 1; // All before it that were not handed on are ready.
    qsizetype m_handedCount = 0;
    qint64 m_handedBytes = 0;

    std::map<quint64, CompletionRef> m_waiting; // Who wants to hear of the outcome of an event.
    std::deque<std::shared_ptr<QPromise<Delivery>>> m_flushes; // Of all that has arrived.

    std::optional<Returning> m_returning;
    StoredDeadLetters::Capacity m_letterCapacity;
    qint64 m_lettersKept = 0; // Since this began.
    qint64 m_lettersLost = 0;
    qint64 m_lettersAdded = 0; // By the next transaction.
};

} // namespace Qanat

#endif
