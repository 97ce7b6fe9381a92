// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_QUEUE_H
#define QANAT_CORE_QUEUE_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>

#include <chrono>
#include <functional>
#include <type_traits>

namespace Qanat {

class WorkerPool;

/*!
 * The boundary between threads: accepts at once and delivers to its target on a worker thread, in order.
 *
 * The target moves to the worker, lives there and is destroyed there; from then on it is reached with configure() only.
 * A plain queue has a thread of its own, so that a target that blocks holds up nobody. Beyond 128 of those there is a
 * warning, and further ones use WorkerPool::shared().
 *
 * The queue itself stays where it was made and can have a parent there. It is unbounded unless setLimits() says otherwise.
 * When its target closes, the queue closes.
 */
class QANAT_CORE_EXPORT Queue : public Sink
{
    Q_OBJECT
public:
    //! Takes over \a target, which must have no parent and live in the current thread; else the queue is closed from the start.
    explicit Queue(std::unique_ptr<Sink> target, QObject *parent = nullptr);
    //! The same on a thread of \a pool.
    Queue(std::unique_ptr<Sink> target, WorkerPool &pool, QObject *parent = nullptr);
    ~Queue() override;

    /*!
     * Hands out what waits when it is \a events events, or half of the limit in bytes, or when the oldest of them has waited for
     * \a time by the queue's clock: so that more of them go together, where the target takes many at once. What was written one by one is put together for it. A close does not
     * wait for that, nor does what was sent, once it is the oldest: somebody waits for its outcome. 1 event, or no time, ends it, which is the
     * default. Any thread.
     */
    void setLinger(qsizetype events, std::chrono::milliseconds time);

    /*!
     * Calls \a functor with the first sink of type \a T behind this queue, in the worker's thread. It takes its place in the
     * order of the writes. Any thread. The future tells whether there is such a sink; it is canceled if the queue closes first or the
     * functor throws.
     */
    template<typename T>
    QFuture<bool> configure(std::function<void(T &)> functor)
    {
        return configureTarget(onFirst(std::move(functor)));
    }
    //! The same for any kind of sink: \a functor is called with one after the other until it answers with true.
    QFuture<bool> configureTarget(std::function<bool(Sink &)> functor);

private:
    friend class StoringQueue;
    template<typename T>
    static std::function<bool(Sink &)> onFirst(std::function<void(T &)> functor)
    {
        static_assert(std::is_base_of_v<Sink, T>, "A target is a sink");
        return [functor = std::move(functor)](Sink &sink) {
            auto *const target = dynamic_cast<T *>(&sink);
            if (target)
                functor(*target);
            return target != nullptr;
        };
    }
    static QFuture<bool> configureTarget(Mailbox &mailbox, std::function<bool(Sink &)> functor);
};

} // namespace Qanat

#endif
