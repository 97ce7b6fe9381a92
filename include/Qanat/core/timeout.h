// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_TIMEOUT_H
#define QANAT_CORE_TIMEOUT_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>

#include <chrono>
#include <memory>

namespace Qanat {

class TimeoutPrivate;

/*!
 * Does not wait for ever for a target that is slow or stuck: what has no outcome in time is a passing failure.
 *
 * \code
 * // A reader that takes nothing for ten seconds misses events, and holds up nobody.
 * auto queue = std::make_unique<Queue>(std::make_unique<Timeout>(10s, std::make_unique<Channel>(100)));
 * \endcode
 *
 * The time begins when a batch is handed to the target, and anew with each outcome: a target that goes on, however slowly, has
 * no failure. What comes too late is ignored: such an event may have arrived. The target is not interrupted, and what was handed
 * to it stays in its intake, also when it is tried again: give it limits where that matters.
 *
 * It waits by timers in the sink's thread, so a target that blocks that very thread, in deliver(), cannot be timed out: put a
 * Queue between.
 */
class QANAT_CORE_EXPORT Timeout : public Sink
{
    Q_OBJECT
public:
    /*!
     * Takes over \a target, which must have no parent and live in the current thread; else the sink is closed from the start.
     * \a within is by the sink's clock; a negative one counts as zero.
     */
    Timeout(std::chrono::milliseconds within, std::unique_ptr<Sink> target, QObject *parent = nullptr);
    ~Timeout() override;

    //! The sink's thread.
    [[nodiscard]] std::chrono::milliseconds within() const;
    //! From the next batch on. The sink's thread, or before the first write.
    void setWithin(std::chrono::milliseconds within);

    //! As many as its target. The sink's thread.
    int maxInFlight() const override;

protected:
    //! For waits that go on when the sink is moved to another thread.
    bool event(QEvent *event) override;
    void process(const Batch &batch, Completion completion) override;
    void interrupt() override;

private:
    friend class TimeoutPrivate;
    const std::unique_ptr<TimeoutPrivate> d;
};

} // namespace Qanat

#endif
