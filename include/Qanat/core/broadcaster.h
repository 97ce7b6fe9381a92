// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_BROADCASTER_H
#define QANAT_CORE_BROADCASTER_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>
#include <Qanat/core/subscription.h>

namespace Qanat {

class BroadcasterPrivate;

/*!
 * Writes each event to every sink that was added to it. All of them see one and the same order.
 *
 * It works on a thread of the library, never in the one it lives in. It hands each batch to the intake of each sink and goes
 * on, so nobody holds up anybody. A sink that is closed or destroyed is let go. What a sink does not accept otherwise (its
 * limit is reached) counts here as dropped, and the sink stays.
 *
 * For its counters *delivered* means accepted by every sink. For send() it is the worst of the final outcomes of all sinks.
 * With no sinks an event is *filtered*.
 */
class QANAT_CORE_EXPORT Broadcaster : public Sink
{
    Q_OBJECT
    Q_PROPERTY(Pacing pacing READ pacing WRITE setPacing NOTIFY pacingChanged)
public:
    enum class Pacing : quint8 {
        Free, //!< A sink that is full misses what it cannot accept.
        Slowest, //!< While a sink is full nothing more is taken, and this broadcaster's own limit holds its writers back.
    };
    Q_ENUM(Pacing)

    explicit Broadcaster(QObject *parent = nullptr);
    ~Broadcaster() override;

    /*!
     * Adds a sink for all events written after this. Adding it again changes nothing. The broadcaster does not own it, yet
     * closes it when it is closed itself. Any thread, as long as the sink exists. One that leads back here is not
     * added, with a warning. Answers *closed* where it had no effect since this or the sink is closed,
     * and *invalid* for null or the broadcaster itself.
     */
    WriteResult::Status add(Sink *sink);
    /*!
     * The same, and the sink becomes a child of the broadcaster. The broadcaster's own thread. Where the answer is not
     * *accepted*, the sink is destroyed.
     */
    WriteResult::Status add(std::unique_ptr<Sink> sink);
    /*!
     * Removes a sink: of what is written after this it gets nothing. It is not closed and can be added again. The future
     * finishes when the removal has taken its place in the order of the writes. Removing an unknown one succeeds. Any thread.
     */
    QFuture<void> remove(Sink *sink);

    /*!
     * Calls \a functor for each event in the thread of \a context, as long as both exist. Long backlogs are worked off in
     * slices of 4 ms, so that the thread's own work goes on. At the limit, 10,000 events unless said otherwise, the oldest
     * that was not yet heard is dropped. An exception fails its event only. Any thread. Without a context or a functor, and
     * on a closed broadcaster, the subscription is empty.
     */
    Subscription listen(QObject *context, std::function<void(const Event &)> functor);
    Subscription listen(QObject *context, std::function<void(const Event &)> functor, const Limits &limits);

    //! Pacing::Free if not set. Any thread.
    [[nodiscard]] Pacing pacing() const;
    //! Any thread. The signal is emitted in that thread. Takes its place in the order of the writes.
    void setPacing(Pacing pacing);

Q_SIGNALS:
    void pacingChanged(Qanat::Broadcaster::Pacing pacing, QPrivateSignal);

private:
    const std::unique_ptr<BroadcasterPrivate> d;
};

} // namespace Qanat

#endif
