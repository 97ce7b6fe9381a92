// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_BROADCASTER_H
#define QANAT_CORE_BROADCASTER_H

#include <Qanat/core/history.h>
#include <Qanat/core/listenoptions.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>
#include <Qanat/core/subscription.h>

#include <type_traits>

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
    //! What is done while a sink is full.
    enum class Pacing : quint8 {
        Free, //!< A sink that is full misses what it cannot accept.
        Slowest, //!< While a sink is full nothing more is taken, and this broadcaster's own limit holds its writers back.
    };
    Q_ENUM(Pacing)

    //! Without sinks. What is written before QCoreApplication exists waits for it.
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
     *
     * \a options are limits, a matcher or a replay of the history(), or several of them, see ListenOptions.
     */
    Subscription listen(QObject *context, std::function<void(const Event &)> functor,
                        const ListenOptions &options = {});
    /*!
     * The same for events that carry a \a T: those whose data holds one, and those of the type Event::typeOf<T>(), as they come
     * from another process. \a functor takes the value, or the value and the event. All others are *filtered*. An event of
     * that type whose data is no \a T is *dropped* as invalid.
     *
     * \code
     * events->listen<DocumentRenamed>(this, [this](const DocumentRenamed &renamed) { setTitle(renamed.to); });
     * \endcode
     */
    template<typename T, typename Functor>
    Subscription listen(QObject *context, Functor functor, const ListenOptions &options = {})
    {
        return listenAnswering(
            context,
            [functor = std::move(functor), type = Event::typeOf<T>()](const Event &event) mutable {
                if (event.data().metaType() != QMetaType::fromType<T>() && event.type() != type)
                    return Delivery::filtered();
                const Result<T> value = event.value<T>();
                if (!value)
                    return Delivery::failed(Delivery::Error::Invalid, value.errorText(), Delivery::Retry::Never);
                if constexpr (std::is_invocable_v<Functor &, const T &, const Event &>)
                    functor(*value, event);
                else
                    functor(*value);
                return Delivery::delivered();
            },
            options);
    }

    //!@{
    /*!
     * How much is remembered for listeners that come later; nothing if not set. Any thread. A change takes its place in the
     * order of the writes.
     */
    [[nodiscard]] History history() const;
    void setHistory(const History &history);
    //!@}

    //! Pacing::Free if not set. Any thread.
    [[nodiscard]] Pacing pacing() const;
    //! Any thread. The signal is emitted in that thread. Takes its place in the order of the writes.
    void setPacing(Pacing pacing);

Q_SIGNALS:
    //! Emitted in the thread of the setter.
    void pacingChanged(Qanat::Broadcaster::Pacing pacing, QPrivateSignal);

private:
    Subscription listenAnswering(QObject *context, std::function<Delivery(const Event &)> functor,
                                 const ListenOptions &options);

    const std::unique_ptr<BroadcasterPrivate> d;
};

} // namespace Qanat

#endif
