// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "handedrun_p.h"

#include "chunk_p.h"
#include "mailbox_p.h"

namespace Qanat {

namespace {

// Some events of a run.
class HandedPart final : public CompletionState
{
public:
    HandedPart(StateRef<HandedRun> run, std::vector<qsizetype> positions)
        : m_run(std::move(run))
        , m_positions(std::move(positions))
    {
    }

    void settle(qsizetype count, const Delivery &delivery) override
    {
        qsizetype next = m_next.load(std::memory_order_relaxed);
        const qsizetype end = std::min(next + count, qsizetype(m_positions.size()));
        while (next < end) {
            const qsizetype from = m_positions[size_t(next)];
            qsizetype length = 1;
            while (next + length < end && m_positions[size_t(next + length)] == from + length)
                ++length;
            next += length;
            m_next.store(next, std::memory_order_release);
            m_run->tell(from, length, delivery);
        }
    }
    qsizetype remaining() const override
    {
        return qsizetype(m_positions.size()) - m_next.load(std::memory_order_acquire);
    }
    bool keeps(const Batch &events) const override { return m_run->keeps(events); }
    bool triesAgain() const override { return false; }

private:
    const StateRef<HandedRun> m_run;
    const std::vector<qsizetype> m_positions;
    std::atomic<qsizetype> m_next{0};
};

} // namespace

OutcomeBox::OutcomeBox(std::weak_ptr<Mailbox> owner, std::function<void()> take)
    : m_owner(std::move(owner))
    , m_take(std::move(take))
{
}

void OutcomeBox::add(Entry entry)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_isClosed)
            return;
        m_entries.push_back(std::move(entry));
        if (m_entries.size() > 1)
            return;
    }
    if (const auto owner = m_owner.lock())
        owner->post(m_take);
}

std::vector<OutcomeBox::Entry> OutcomeBox::takeAll()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_entries, {});
}

void OutcomeBox::close()
{
    std::vector<Entry> entries;
    const std::lock_guard lock(m_mutex);
    m_isClosed = true;
    entries.swap(m_entries);
}

HandedRun::HandedRun(std::shared_ptr<OutcomeBox> box, Run itsRun)
    : run(std::move(itsRun))
    , m_box(std::move(box))
{
}

void HandedRun::settle(qsizetype count, const Delivery &delivery)
{
    const qsizetype from = m_position.load(std::memory_order_relaxed);
    count = std::min(count, run.batch.size() - from);
    if (count <= 0)
        return;
    m_position.store(from + count, std::memory_order_release);
    tell(from, count, delivery);
}

CompletionRef HandedRun::part(const std::vector<qsizetype> &positions)
{
    return CompletionRef(new HandedPart(StateRef<HandedRun>::share(this), positions));
}

bool HandedRun::keeps(const Batch &events) const
{
    return BatchBuilder::isPart(run.batch, events);
}

void HandedRun::tell(qsizetype from, qsizetype count, const Delivery &delivery)
{
    m_box->add({StateRef<HandedRun>::share(this), from, count, delivery});
}

} // namespace Qanat
