// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_COMPLETION_P_H
#define QANAT_CORE_COMPLETION_P_H

#include "Qanat/core/batch.h"
#include "Qanat/core/completion.h"
#include "moment_p.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace Qanat {

// What the next so many events become where a close does not wait any longer; of the rest nothing is known.
using Outlook = std::vector<std::pair<qsizetype, Delivery>>;

// A reference that, unlike a Completion, settles nothing when it goes.
template<typename State>
class StateRef
{
public:
    StateRef() = default;
    // Takes over a reference.
    explicit StateRef(State *state) noexcept
        : m_state(state)
    {
    }
    static StateRef share(State *state) noexcept
    {
        if (state)
            state->ref();
        return StateRef(state);
    }
    StateRef(const StateRef &other) noexcept
        : m_state(other.m_state)
    {
        if (m_state)
            m_state->ref();
    }
    StateRef(StateRef &&other) noexcept
        : m_state(std::exchange(other.m_state, nullptr))
    {
    }
    StateRef &operator=(StateRef other) noexcept
    {
        std::swap(m_state, other.m_state);
        return *this;
    }
    ~StateRef()
    {
        if (m_state)
            m_state->deref();
    }
    State *get() const noexcept { return m_state; }
    State *operator->() const noexcept { return m_state; }
    State &operator*() const noexcept { return *m_state; }
    explicit operator bool() const noexcept { return m_state; }

private:
    State *m_state = nullptr;
};

// What a completion stands for. Thread-safe.
class CompletionState
{
public:
    // In the order of the batch.
    virtual void settle(qsizetype count, const Delivery &delivery) = 0;
    // The same, just now.
    virtual void settleAt(const Moment &moment, qsizetype count, const Delivery &delivery);
    virtual void settleAll(const Delivery &delivery);
    virtual qsizetype remaining() const = 0;
    virtual void foresee(const Outlook &outlook);
    virtual void park(const Outlook &outlook);
    virtual void resume();
    // The completion was destroyed with events left.
    virtual void orphan();
    // Whether it keeps those events as long as it exists.
    virtual bool keeps(const Batch &batch) const;
    // Whether it waits for what becomes of the events in the end, where others are content with *stored*.
    virtual bool waitsForTheEnd() const;
    // The next so many of them are stored.
    virtual void noteStored(qsizetype count);
    // One for the events at these positions alone, where their outcomes need not come in order.
    virtual StateRef<CompletionState> part(const std::vector<qsizetype> &positions);
    // Whether *untried* and passing failures are handed to somebody who will try again; else the outcome is final.
    virtual bool triesAgain() const = 0;

    void ref() noexcept { m_references.fetch_add(1, std::memory_order_relaxed); }
    void deref() noexcept
    {
        if (m_references.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

    static Delivery lost();
    // By a close: it was not its turn yet; it may have arrived.
    static Delivery discarded();
    static Delivery unknown();

protected:
    explicit CompletionState(int references = 1)
        : m_references(references)
    {
    }
    virtual ~CompletionState();
    Q_DISABLE_COPY_MOVE(CompletionState)

private:
    std::atomic<int> m_references;
};

using CompletionRef = StateRef<CompletionState>;

class CompletionAccess
{
public:
    static Completion wrap(const CompletionRef &ref)
    {
        if (ref)
            ref->ref();
        return Completion(ref.get());
    }
    // Takes over a reference.
    static Completion adopt(CompletionState *state) { return Completion(state); }
    static CompletionState *state(const Completion &completion) { return completion.m_state; }
    static void park(const Completion &completion, const Outlook &outlook)
    {
        if (completion.m_state)
            completion.m_state->park(outlook);
    }
    // The duty goes over to whoever takes the reference.
    static CompletionRef take(Completion &&completion)
    {
        return CompletionRef(std::exchange(completion.m_state, nullptr));
    }
};

/*
 * Gathers outcomes that come in any order and hands them on in the order of the batch. Where several have a say in each
 * event (the sinks of a broadcaster), the worst of their outcomes counts, once all have spoken. Thread-safe.
 */
class Ledger : public std::enable_shared_from_this<Ledger>
{
public:
    Ledger(Completion upstream, qsizetype count, int voices = 1);

    void settle(qsizetype position, qsizetype count, const Delivery &delivery);
    // A completion for \a count events from \a position on, or for those at \a positions.
    Completion part(qsizetype position, qsizetype count);
    Completion part(std::vector<qsizetype> positions);
    // The same where nobody else has a part: while it is parked, so is what the outcomes are for.
    Completion onlyPart(std::vector<qsizetype> positions);
    // One of the voices will not be heard.
    void dismissVoice();
    // With the outlook for the last of \a positions.
    void park(const std::vector<qsizetype> &positions, const Outlook &outlook);
    void resume() { m_upstream.resume(); }

private:
    struct Entry
    {
        Delivery delivery;
        int missing;
    };
    void handOn(std::unique_lock<std::mutex> &lock);
    Completion::Handler partHandler(std::vector<qsizetype> positions);

    std::mutex m_mutex;
    Completion m_upstream;
    std::vector<Entry> m_entries;
    size_t m_next = 0;
    const int m_voices;
    bool m_isHandingOn = false;
};

} // namespace Qanat

#endif
