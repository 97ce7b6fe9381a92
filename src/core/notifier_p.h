// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_NOTIFIER_P_H
#define QANAT_CORE_NOTIFIER_P_H

#include "Qanat/core/delivery.h"
#include "pump_p.h"
#include "timer_p.h"

#include <atomic>

namespace Qanat {

class Sink;

/*
 * Brings a sink's signals from where things happen into the thread where the sink lives: coalesced, and only those that
 * somebody is connected to.
 */
class Notifier final : public PumpTask
{
public:
    enum Signal : unsigned {
        Dropped = 1,
        Overflowed = 2,
        Drained = 4,
        Changed = 8,
        Closed = 16,
    };

    explicit Notifier(Sink *sink);

    // Any thread.
    unsigned wanted() const { return m_wanted.load(std::memory_order_relaxed); }
    void want(unsigned signal);
    void raise(unsigned signals);
    void addDropped(qint64 count, const Delivery &last);
    // The sink, where it lives in the current thread.
    Sink *sinkHere();

    // The sink's thread. After detach() nothing is emitted until attach(), which is for the thread it then runs in.
    void detach();
    void attach(const std::shared_ptr<Pump> &pump);
    void leave();
    void run() override;

private:
    void emitNow();

    std::atomic<unsigned> m_wanted{0};
    std::mutex m_mutex;
    std::shared_ptr<Pump> m_pump;
    unsigned m_raised = 0;
    bool m_isScheduled = false;
    qint64 m_droppedCount = 0;
    Delivery m_lastDropped;

    // Only the sink's thread:
    Sink *m_sink;
    std::unique_ptr<Timer> m_pause;
    std::chrono::nanoseconds m_lastTime{0};
};

} // namespace Qanat

#endif
