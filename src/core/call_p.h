// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_CALL_P_H
#define QANAT_CORE_CALL_P_H

#include "chunk_p.h"
#include "mailbox_p.h"

#include <optional>

namespace Qanat {

// One call of the consumer. Its fields are guarded by the mutex of the mailbox.
class Call final : public CompletionState
{
public:
    // It begins with three references: for those in flight, for whoever calls, and for the completion.
    Call(Mailbox *owner, const Clock *time, Batch events, std::chrono::nanoseconds accepted, CompletionRef up,
         CompletionRef lends)
        : CompletionState(3)
        , mailbox(owner)
        , clock(time)
        , lender(std::move(lends))
        , batch(std::move(events))
        , stamp(accepted)
        , upstream(std::move(up))
        , m_owner(owner->shared_from_this())
    {
    }
    ~Call() override
    {
        if (lender)
            BatchBuilder::forget(batch);
    }

    void settle(qsizetype count, const Delivery &delivery) override;
    void settleAt(const Moment &moment, qsizetype count, const Delivery &delivery) override;
    void settleAll(const Delivery &delivery) override;
    qsizetype remaining() const override;
    void foresee(const Outlook &ifClosed) override { mailbox->foreseeCall(this, ifClosed); }
    void park(const Outlook &ifClosed) override { mailbox->parkCall(this, ifClosed); }
    void resume() override { mailbox->resumeCall(this); }
    void orphan() override;
    bool triesAgain() const override { return true; }
    bool keeps(const Batch &events) const override { return BatchBuilder::isPart(batch, events); }

    qsizetype left() const { return isOver ? 0 : batch.size() - position; }
    // A whole batch that is settled within process() is accounted when that has returned, which takes the mutex once less;
    // but not where it took long, since somebody may wait for it.
    bool mayDefer(qsizetype count, std::chrono::nanoseconds time) const
    {
        constexpr std::chrono::nanoseconds Longest = std::chrono::milliseconds(2);
        return isHere() && position == 0 && count == batch.size() && time - processBegin < Longest;
    }
    bool isHere() const { return processThread.load(std::memory_order_relaxed) == threadTag(); }
    static const void *threadTag()
    {
        static thread_local const char tag = 0;
        return &tag;
    }

    Mailbox *const mailbox;
    const Clock *const clock; // The mailbox keeps all that it ever had.
    // Where the one above has the same events, they are only borrowed: to count a reference costs as much as a fetch from another
    // processor, and this is done for each sink.
    const CompletionRef lender;
    const Batch batch;
    const std::chrono::nanoseconds stamp;
    CompletionRef upstream; // Until it has heard of the last event.
    qsizetype position = 0; // Written only by who has the completion, which therefore may read it without the mutex.
    // The thread that is in process(), which alone defers an outcome.
    std::atomic<const void *> processThread{nullptr};
    std::chrono::nanoseconds processBegin{0};
    Delivery deferred;
    std::chrono::nanoseconds deferredAt{0};
    // Also for other threads, which may get the completion before process() has returned.
    std::atomic<bool> isDeferred{false};
    // Outcomes that wait for one that is just being told.
    std::vector<std::pair<qsizetype, Delivery>> untold;
    Outlook outlook; // Of its last events.
    bool isTelling = false;
    bool isParked = false;
    bool isInProcess = false;
    bool isOrphan = false;
    bool isOver = false; // Settled, or void since nobody waits any more.

private:
    const std::shared_ptr<PumpTask> m_owner; // The mailbox.
};

} // namespace Qanat

#endif
