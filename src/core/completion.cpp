// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "completion_p.h"

#include "logging_p.h"
#include "text_p.h"

#include <deque>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// How a completion made of others waits.
struct Wait
{
    std::function<void(const Outlook &)> begin;
    std::function<void()> end;
};

class HandlerState final : public CompletionState
{
public:
    HandlerState(qsizetype count, Completion::Handler handler, Wait wait = {})
        : m_handler(std::move(handler))
        , m_wait(std::move(wait))
        , m_remaining(count)
    {
    }

    void settle(qsizetype count, const Delivery &delivery) override
    {
        // One at a time, even where a deadline comes while the last part is being told. Mutexes of this kind are only ever
        // taken upwards, from a target to its wrapper, and no mailbox is held meanwhile.
        const std::lock_guard lock(m_mutex);
        const qsizetype remaining = m_remaining.load(std::memory_order_relaxed);
        const qsizetype taken = std::clamp(count, qsizetype(0), remaining);
        m_remaining.store(remaining - taken, std::memory_order_release);
        if (taken < count)
            qCWarning(qanatSink, "A completion was settled for %lld events more than it had", qlonglong(count - taken));
        if (taken > 0)
            m_handler(taken, delivery);
    }

    qsizetype remaining() const override { return m_remaining.load(std::memory_order_acquire); }
    bool triesAgain() const override { return true; }
    void park(const Outlook &outlook) override
    {
        if (m_wait.begin)
            m_wait.begin(outlook);
    }
    void resume() override
    {
        if (m_wait.end)
            m_wait.end();
    }

private:
    std::recursive_mutex m_mutex; // A handler may bring about the next part.
    const Completion::Handler m_handler;
    const Wait m_wait;
    std::atomic<qsizetype> m_remaining;
};

} // namespace

CompletionState::~CompletionState() = default;

void CompletionState::settleAll(const Delivery &delivery)
{
    if (const qsizetype count = remaining())
        settle(count, delivery);
}

void CompletionState::settleAt(const Moment &, qsizetype count, const Delivery &delivery)
{
    settle(count, delivery);
}

bool CompletionState::keeps(const Batch &) const
{
    return false;
}

bool CompletionState::waitsForTheEnd() const
{
    return false;
}

void CompletionState::noteStored(qsizetype) { }

CompletionRef CompletionState::part(const std::vector<qsizetype> &)
{
    return {};
}

void CompletionState::foresee(const Outlook &) { }

void CompletionState::park(const Outlook &) { }

void CompletionState::resume() { }

void CompletionState::orphan()
{
    settle(remaining(), lost());
}

Delivery CompletionState::lost()
{
    return Delivery::failed(Delivery::Error::Lost, Text::tr("a sink let go of the event without an outcome"));
}

Delivery CompletionState::discarded()
{
    return Delivery::dropped(Delivery::Error::Discarded,
                             Text::tr("the sink was closed before the event was delivered"));
}

Delivery CompletionState::unknown()
{
    return Delivery::dropped(Delivery::Error::Unknown,
                             Text::tr("the sink was closed while the event was under way: it may have arrived"));
}

Completion::Completion() noexcept = default;

Completion::Completion(qsizetype count, Handler handler)
    : m_state(new HandlerState(count, std::move(handler)))
{
}

Completion::Completion(Completion upstream, Handler observer)
{
    struct Observed
    {
        Completion upstream;
        Handler observer;
        std::deque<std::pair<qsizetype, Delivery>> parts;
        bool isTelling = false;
    };
    const qsizetype count = upstream.remaining();
    const auto observed = std::make_shared<Observed>(Observed{std::move(upstream), std::move(observer), {}, false});
    m_state =
        new HandlerState(count,
                         [observed](qsizetype settled, const Delivery &delivery) {
                             // What the observer itself brings about comes behind.
                             observed->parts.emplace_back(settled, delivery);
                             if (std::exchange(observed->isTelling, true))
                                 return;
                             while (!observed->parts.empty()) {
                                 const auto [next, outcome] = observed->parts.front();
                                 observed->parts.pop_front();
                                 observed->observer(next, outcome);
                                 observed->upstream.settle(next, outcome);
                             }
                             observed->isTelling = false;
                         },
                         {[observed](const Outlook &outlook) { CompletionAccess::park(observed->upstream, outlook); },
                          [observed] { observed->upstream.resume(); }});
}

Completion::Completion(CompletionState *state) noexcept
    : m_state(state)
{
}

Completion::Completion(Completion &&other) noexcept
    : m_state(std::exchange(other.m_state, nullptr))
{
}

Completion &Completion::operator=(Completion &&other) noexcept
{
    Completion moved(std::move(other));
    std::swap(m_state, moved.m_state);
    return *this;
}

Completion::~Completion()
{
    if (!m_state)
        return;
    if (m_state->remaining() > 0)
        m_state->orphan();
    m_state->deref();
}

void Completion::settle(qsizetype count, const Delivery &delivery)
{
    // Whoever hears of it may destroy this.
    const CompletionRef state = CompletionRef::share(m_state);
    if (state && count > 0)
        state->settle(count, delivery);
}

void Completion::settleAll(const Delivery &delivery)
{
    const CompletionRef state = CompletionRef::share(m_state);
    if (state)
        state->settleAll(delivery);
}

qsizetype Completion::remaining() const
{
    return m_state ? m_state->remaining() : 0;
}

void Completion::setUnderWay(qsizetype count)
{
    const qsizetype left = remaining();
    count = std::clamp(count, qsizetype(0), left);
    if (left > 0)
        m_state->foresee({{count, CompletionState::unknown()}, {left - count, CompletionState::discarded()}});
}

void Completion::park()
{
    if (m_state)
        m_state->park({});
}

void Completion::resume()
{
    if (m_state)
        m_state->resume();
}

Ledger::Ledger(Completion upstream, qsizetype count, int voices)
    : m_upstream(std::move(upstream))
    , m_entries(size_t(count), Entry{Delivery::filtered(), voices})
    , m_voices(voices)
{
}

void Ledger::settle(qsizetype position, qsizetype count, const Delivery &delivery)
{
    std::unique_lock lock(m_mutex);
    for (qsizetype i = position; i < position + count; ++i) {
        Entry &entry = m_entries.at(size_t(i));
        entry.delivery = m_voices == 1 ? delivery : Delivery::worse(entry.delivery, delivery);
        --entry.missing;
    }
    handOn(lock);
}

void Ledger::dismissVoice()
{
    std::unique_lock lock(m_mutex);
    for (Entry &entry : m_entries)
        --entry.missing;
    handOn(lock);
}

// One at a time, and without the lock while others are called: what comes meanwhile is handed on by the same caller.
void Ledger::handOn(std::unique_lock<std::mutex> &lock)
{
    if (m_isHandingOn)
        return;
    m_isHandingOn = true;
    while (m_next < m_entries.size() && m_entries[m_next].missing <= 0) {
        const Delivery delivery = m_entries[m_next].delivery;
        qsizetype count = 0;
        while (m_next < m_entries.size() && m_entries[m_next].missing <= 0 && m_entries[m_next].delivery == delivery) {
            ++m_next;
            ++count;
        }
        lock.unlock();
        m_upstream.settle(count, delivery);
        lock.lock();
    }
    m_isHandingOn = false;
}

Completion Ledger::part(qsizetype position, qsizetype count)
{
    return Completion(count,
                      [ledger = shared_from_this(), position](qsizetype settled, const Delivery &delivery) mutable {
                          ledger->settle(position, settled, delivery);
                          position += settled;
                      });
}

Completion Ledger::part(std::vector<qsizetype> positions)
{
    const auto count = qsizetype(positions.size());
    return Completion(count, partHandler(std::move(positions)));
}

Completion Ledger::onlyPart(std::vector<qsizetype> positions)
{
    const auto count = qsizetype(positions.size());
    Wait wait{[ledger = shared_from_this(), positions](const Outlook &outlook) { ledger->park(positions, outlook); },
              [ledger = shared_from_this()] { ledger->resume(); }};
    return CompletionAccess::adopt(new HandlerState(count, partHandler(std::move(positions)), std::move(wait)));
}

void Ledger::park(const std::vector<qsizetype> &positions, const Outlook &outlook)
{
    Outlook whole;
    {
        const std::lock_guard lock(m_mutex);
        std::vector<Delivery> outcomes(m_entries.size(), CompletionState::discarded());
        auto position = positions.end();
        for (const auto &[count, delivery] : outlook)
            position -= count;
        for (const auto &[count, delivery] : outlook) {
            for (qsizetype i = 0; i < count; ++i)
                outcomes[size_t(*position++)] = delivery;
        }
        for (size_t i = m_next; i < m_entries.size(); ++i)
            whole.emplace_back(1, m_entries[i].missing > 0 ? outcomes[i] : m_entries[i].delivery);
    }
    CompletionAccess::park(m_upstream, whole);
}

Completion::Handler Ledger::partHandler(std::vector<qsizetype> positions)
{
    return [ledger = shared_from_this(), positions = std::move(positions),
            next = size_t(0)](qsizetype settled, const Delivery &delivery) mutable {
        while (settled > 0) {
            // Neighbours go together.
            qsizetype run = 1;
            while (run < settled && positions[next + size_t(run)] == positions[next] + run)
                ++run;
            ledger->settle(positions[next], run, delivery);
            next += size_t(run);
            settled -= run;
        }
    };
}

} // namespace Qanat
