// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_RETRYINGSINK_H
#define QANAT_CORE_RETRYINGSINK_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/retrystrategy.h>
#include <Qanat/core/sink.h>

#include <type_traits>

namespace Qanat {

class RetryingSinkPrivate;

/*!
 * Tries again what failed in passing, until it is delivered, the strategy gives up, a limit is reached or the target closes.
 *
 * What is delivered, and what another try cannot mend, is settled at once; only the rest is tried again, in order. A target
 * that answers *closed* ends it: the strategy is not told, and this sink closes, too. A Delivery::retryAfter() of the target
 * pauses everything for at least that long.
 *
 * It does not wait in a thread: waits are timers, and a close ends them.
 */
class QANAT_CORE_EXPORT RetryingSink : public Sink
{
    Q_OBJECT
public:
    //! What stands in the way of the events.
    enum class State : quint8 {
        Flowing, //!< Nothing stands in the way.
        BackingOff, //!< Something waits for its next try.
        Open, //!< Everything waits: the breaker is open, or the other side asked for a pause.
        Probing, //!< One attempt is under way after such a wait, the rest waits for its outcome.
    };
    Q_ENUM(State)

    /*!
     * Takes over both. The target has to live in this thread, without a parent of its own, and moves with this sink; the
     * strategy is called in the sink's thread only. Where one of them is missing, or the target cannot be owned, the sink is
     * closed from the start, with a warning.
     */
    RetryingSink(std::unique_ptr<Sink> target, std::unique_ptr<RetryStrategy> strategy, QObject *parent = nullptr);
    //! The same with a strategy given as a value.
    template<typename Strategy, std::enable_if_t<std::is_base_of_v<RetryStrategy, Strategy>, int> = 0>
    RetryingSink(std::unique_ptr<Sink> target, const Strategy &strategy, QObject *parent = nullptr)
        : RetryingSink(std::move(target), std::make_unique<Strategy>(strategy), parent)
    {
    }
    ~RetryingSink() override;

    //!@{
    //! How often an event is tried at most, 1 at least; no limit by default. An attempt that fails by what is not the event's fault
    //! (Delivery::Error::Misdirected, Security) is not its last. To be set in the sink's thread, or before the first write.
    [[nodiscard]] int maximumAttempts() const;
    void setMaximumAttempts(int attempts);
    //!@}
    //!@{
    //! How old an event may become, counted from its first acceptance by any sink; no limit by default. One that is too
    //! old is given up when an attempt has failed since: its own, which does not wait until the wait of its key has ended, or, where all
    //! wait for the endpoint, that of any. To be set as the above.
    [[nodiscard]] std::chrono::milliseconds maximumAge() const;
    void setMaximumAge(std::chrono::milliseconds age);
    //!@}

    //! What it does now. Any thread.
    [[nodiscard]] State retryState() const;
    //! Ends the waits that the strategy has asked for: there is reason to believe that the next try succeeds, as a network that is
    //! back. What the other side has asked for (Delivery::retryAfter()) is waited for all the same. The sink's thread.
    void retryNow();

    int maxInFlight() const override;

Q_SIGNALS:
    //! Emitted in the sink's thread.
    void retryStateChanged(Qanat::RetryingSink::State state, QPrivateSignal);

protected:
    //! For waits that go on when the sink is moved to another thread.
    bool event(QEvent *event) override;
    void process(const Batch &batch, Completion completion) override;
    void withdraw() override;
    void interrupt() override;

private:
    friend class RetryingSinkPrivate;
    const std::unique_ptr<RetryingSinkPrivate> d;
};

} // namespace Qanat

#endif
