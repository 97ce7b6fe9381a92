// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_RECORDING_P_H
#define QANAT_TESTING_RECORDING_P_H

#include "Qanat/core/batch.h"
#include "Qanat/core/completion.h"
#include "Qanat/testing/recording.h"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace Qanat {

class RecordingPrivate
{
public:
    struct DeferredCall
    {
        Batch batch;
        qsizetype position = 0;
        Completion completion;
    };

    // The sink's side, in the sink's thread.
    Delivery arrive(const Event &event);
    // Whether the call is to be settled at once; else it was taken over.
    bool beginCall(const Batch &batch, Completion &completion);
    void endCall();
    void interrupted();
    Delivery finished();
    void destroyed();

    template<typename Condition>
    bool waitFor(std::chrono::milliseconds timeout, Condition condition) const
    {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, timeout, condition);
    }
    template<typename Change>
    void change(Change apply)
    {
        {
            const std::lock_guard lock(mutex);
            apply();
        }
        changed.notify_all();
    }
    void note(const Event &event);
    void noteDelivered(const Batch &batch);

    mutable std::mutex mutex;
    mutable std::condition_variable changed;

    QList<Event> events;
    QStringList deliveredIds;
    QList<QThread *> threads;
    qsizetype callCount = 0;
    int unsettledCalls = 0;
    int maximumCalls = 0;
    int depth = 0;
    int reentryCount = 0;
    int interruptCount = 0;
    int finishCount = 0;
    int blockedCount = 0;
    bool isDestroyed = false;

    std::shared_ptr<const Recording::Behaviour> behaviour; // Shared, so that it can count.
    Recording::Pace pace = Recording::Pace::Immediate;
    Delivery finishOutcome;
    std::deque<DeferredCall> deferred;
};

} // namespace Qanat

#endif
