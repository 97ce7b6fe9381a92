// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_RECORDING_H
#define QANAT_TESTING_RECORDING_H

#include <Qanat/core/delivery.h>
#include <Qanat/core/event.h>
#include <Qanat/testing/qanattesting_export.h>

#include <QtCore/qlist.h>
#include <QtCore/qstringlist.h>

#include <chrono>
#include <functional>
#include <memory>

QT_BEGIN_NAMESPACE
class QThread;
QT_END_NAMESPACE

namespace Qanat {

class RecordingPrivate;

/*!
 * What a RecordingSink saw, and how it is to behave.
 *
 * It is shared with the sink and outlives it, so a test can hand the sink to a queue, which moves it to another thread and
 * destroys it there, and still look at it. All functions may be called from any thread.
 */
class QANAT_TESTING_EXPORT Recording
{
public:
    //! What the sink does with an event that arrives. It may throw. Called in the sink's thread.
    using Behaviour = std::function<Delivery(const Event &event)>;

    //! When the sink does it.
    enum class Pace : quint8 {
        Immediate, //!< At once.
        Blocking, //!< After release(): until then its thread is blocked.
        Deferred, //!< Not at all: calls stay unsettled until settle() gives their outcome. The behaviour is not asked.
    };

    Recording();
    ~Recording();
    Q_DISABLE_COPY_MOVE(Recording)

    //! Every attempt, in order: an event that is tried twice is there twice.
    [[nodiscard]] QList<Event> events() const;
    //! The ids of events(), in order.
    [[nodiscard]] QStringList ids() const;
    //! The number of attempts.
    [[nodiscard]] qsizetype count() const;
    //! The ids of the events that were delivered, in the order of their delivery.
    [[nodiscard]] QStringList deliveredIds() const;
    //! The number of deliveredIds().
    [[nodiscard]] qsizetype deliveredCount() const;
    //! The threads in which the sink was called, each once.
    [[nodiscard]] QList<QThread *> threads() const;

    //! How often the sink was called with a batch.
    [[nodiscard]] qsizetype callCount() const;
    //! The most calls that were unsettled at the same time.
    [[nodiscard]] int maximumCalls() const;
    //! How often the sink was called while a call had not yet returned. Anything but 0 breaks the contract.
    [[nodiscard]] int reentryCount() const;
    //! How often the sink was told that the deadline of a close has come.
    [[nodiscard]] int interruptCount() const;
    //! How often the sink was told that it is closed. More than 1 breaks the contract.
    [[nodiscard]] int finishCount() const;
    //! Whether the sink was destroyed.
    [[nodiscard]] bool isDestroyed() const;
    //! Calls that wait for settle().
    [[nodiscard]] qsizetype deferredCalls() const;
    //! Whether the sink's thread is blocked and waits for release().
    [[nodiscard]] bool isBlocked() const;

    //!@{
    //! These block, without an event loop, until it is so, and return false if it was not within \a timeout. They are for
    //! sinks that work in another thread than the caller's. Those before it may not have heard of the outcome yet.
    [[nodiscard]] bool waitForCount(qsizetype count,
                                    std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
    [[nodiscard]] bool waitForDelivered(qsizetype count,
                                        std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
    [[nodiscard]] bool waitForDeferredCalls(qsizetype count,
                                            std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
    [[nodiscard]] bool waitForBlocked(std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
    [[nodiscard]] bool waitForDestroyed(std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
    //!@}

    //! None: everything is delivered, as in the beginning.
    void setBehaviour(Behaviour behaviour);
    //! The sink's last answer, to a close. Delivered if not set.
    void setFinishOutcome(const Delivery &delivery);
    //! For what arrives from now on. Another pace than Blocking lets a blocked thread go.
    void setPace(Pace pace);
    //! setPace(Pace::Blocking).
    void hold();
    //! setPace(Pace::Immediate).
    void release();
    //! setPace(Pace::Deferred).
    void defer();
    //! The outcome of the next \a count events of the oldest deferred calls; less if there are not so many. One thread at a time.
    void settle(qsizetype count, const Delivery &delivery = Delivery());
    //! The outcome of all events of the deferred calls that there are. One thread at a time.
    void settleAll(const Delivery &delivery = Delivery());
    //! Lets go of the oldest deferred call without an outcome, as a sink with a bug does.
    void loseDeferred();

private:
    friend class RecordingSink;
    const std::unique_ptr<RecordingPrivate> d;
};

} // namespace Qanat

#endif
