// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_HANDEDRUN_P_H
#define QANAT_CORE_HANDEDRUN_P_H

#include "completion_p.h"

#include <functional>

namespace Qanat {

class HandedRun;
class Mailbox;

// Outcomes on their way from the thread of the delivery into that of the store. Thread-safe.
class OutcomeBox
{
public:
    struct Entry
    {
        StateRef<HandedRun> run;
        qsizetype from;
        qsizetype count;
        Delivery delivery;
    };

    // \a take is called in the thread of \a owner where something has come, as long as its consumer exists.
    OutcomeBox(std::weak_ptr<Mailbox> owner, std::function<void()> take);

    void add(Entry entry);
    [[nodiscard]] std::vector<Entry> takeAll();
    // Nobody will take them any more. (The entries hold what holds this.)
    void close();

private:
    const std::weak_ptr<Mailbox> m_owner;
    const std::function<void()> m_take;
    std::mutex m_mutex;
    std::vector<Entry> m_entries;
    bool m_isClosed = false;
};

/*
 * Stored events that were handed to the target. Their outcomes may come in any order, so that one that has to wait does not keep
 * those that are delivered in the store.
 */
class HandedRun final : public CompletionState
{
public:
    // Events with their numbers in the store and their sizes there.
    struct Run
    {
        Batch batch;
        std::vector<quint64> numbers;
        std::vector<qint64> bytes;
    };

    HandedRun(std::shared_ptr<OutcomeBox> box, Run itsRun);

    void settle(qsizetype count, const Delivery &delivery) override;
    qsizetype remaining() const override { return run.batch.size() - m_position.load(std::memory_order_acquire); }
    CompletionRef part(const std::vector<qsizetype> &positions) override;
    bool keeps(const Batch &events) const override;
    // Whoever is behind tries again as often as is wanted; what it says is the end.
    bool triesAgain() const override { return false; }

    void tell(qsizetype from, qsizetype count, const Delivery &delivery);

    const Run run;

private:
    const std::shared_ptr<OutcomeBox> m_box;
    std::atomic<qsizetype> m_position{0};
};

} // namespace Qanat

#endif
