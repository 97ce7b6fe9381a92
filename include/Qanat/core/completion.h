// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_COMPLETION_H
#define QANAT_CORE_COMPLETION_H

#include <Qanat/core/delivery.h>
#include <Qanat/core/qanatcore_export.h>

#include <functional>

namespace Qanat {

class CompletionState;

/*!
 * The duty to give each event of a batch its outcome.
 *
 * Sink::process() gets one with each batch. It may be settled there, or kept and settled later, from any thread (one at
 * a time), in as many parts as one likes, in the order of the batch. The call is over when all its events are settled.
 *
 * It holds shared state and never a pointer to a sink, so it may outlive everybody: settling after the caller is gone
 * does nothing, settling too much is clipped with a warning. Destroyed early, it settles the rest as a passing failure.
 * So no bug loses events.
 */
class QANAT_CORE_EXPORT Completion
{
public:
    //! Hears of each part: the next \a count events have this outcome.
    using Handler = std::function<void(qsizetype count, const Delivery &delivery)>;

    //! Nobody waits: settling does nothing.
    Completion() noexcept;
    /*!
     * For wrappers: the completion of \a count events that calls \a handler for each part, in order, in the thread that
     * settles it. The handler must not throw.
     */
    Completion(qsizetype count, Handler handler);
    /*!
     * For wrappers that only look on: the duty of \a upstream, and \a observer hears of each part before it does, in order, in the
     * thread that settles it. The observer must not throw; what it settles here itself comes behind. While this is parked,
     * \a upstream is.
     */
    Completion(Completion upstream, Handler observer);
    //!@{
    //! Hands the duty on. What this one had still to settle is settled as by the destructor; \a other is left without a duty.
    Completion(Completion &&other) noexcept;
    Completion &operator=(Completion &&other) noexcept;
    //!@}
    ~Completion();
    Q_DISABLE_COPY(Completion)

    //! The outcome of the next \a count events. Final upstream. Safe from any thread, one at a time.
    void settle(qsizetype count, const Delivery &delivery);
    //! The outcome of all that are left.
    void settleAll(const Delivery &delivery);
    //! How many events have no outcome yet. 0 after a close that did not wait any longer.
    [[nodiscard]] qsizetype remaining() const;

    /*!
     * Of the events without an outcome only the next \a count are under way, until this is called again or some of them have theirs:
     * should a close not wait any longer, they may have arrived (Delivery::Error::Unknown), and the others have not
     * (Delivery::Error::Discarded). Where nobody says so, all are taken to be under way. Any thread.
     */
    void setUnderWay(qsizetype count);

    //!@{
    /*!
     * The call does nothing until resume(): it waits for another try. Where the order is kept for each key, other keys
     * may use its place meanwhile. What waits at a deadline is known not to be in flight.
     */
    void park();
    void resume();
    //!@}

private:
    friend class CompletionAccess;
    explicit Completion(CompletionState *state) noexcept;

    CompletionState *m_state = nullptr;
};

} // namespace Qanat

#endif
