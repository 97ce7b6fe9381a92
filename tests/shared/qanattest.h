// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_QANATTEST_H
#define QANAT_TESTS_QANATTEST_H

#include "crew_p.h"
#include "heartbeatwatch_p.h"

#include <Qanat/Broadcaster>
#include <Qanat/Event>
#include <Qanat/ManualClock>
#include <Qanat/RecordingSink>
#include <Qanat/Sink>
#include <Qanat/WaitUntil>

#include <QtCore/qfuture.h>
#include <QtCore/qobject.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <chrono>
#include <future>
#include <memory>

// Runs the event loop until it is so; a test that waits in vain says for what. (QTRY_VERIFY is no choice: that of newer Qt
// narrows a duration to int, which is an error here.)
#define QANAT_WAIT(...) QVERIFY2(Qanat::waitUntil([&] { return bool(__VA_ARGS__); }), "Waited in vain: " #__VA_ARGS__)
#define QANAT_FINISH(future) QVERIFY2(Qanat::finishes(future), "It did not finish: " #future)
#define QANAT_BALANCED(sink) QVERIFY2((sink).statistics().isBalanced(), qPrintable((sink).statistics().toString()))

namespace Qanat {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool IsSanitized = true;
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
constexpr bool IsSanitized = true;
#    else
constexpr bool IsSanitized = false;
#    endif
#else
constexpr bool IsSanitized = false;
#endif

// A warning fails the test, whoever gives it.
class QanatTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
};

// The same, and a heartbeat runs in the main thread.
class ThreadedTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();

protected:
    // For a test that has to block its own thread: nothing is measured in it.
    void dismissHeartbeat() { m_heartbeat.reset(); }
    // For one that comes to such a place in the end: what was measured so far is judged.
    void endHeartbeat() { cleanup(); }

private:
    std::unique_ptr<HeartbeatWatch> m_heartbeat;
};

// Looking at the result is what the thread sanitizer sees; isFinished() happens inside of Qt, where it does not look. To find out that a
// report of it is to be suppressed takes it a fraction of a second, in the thread that has seen the race.
template<typename T>
void lookAt(const QFuture<T> &future)
{
    if constexpr (!std::is_void_v<T>) {
        if (future.isFinished() && future.resultCount() > 0)
            static_cast<void>(future.result());
    }
}

template<typename T>
bool finishes(const QFuture<T> &future)
{
    if (!waitUntil([&future] { return future.isFinished(); }))
        return false;
    lookAt(future);
    return true;
}

// What a test itself does, with the real disk for one, may take long, which is not held against what is tested.
template<typename Work>
auto elsewhere(const Work &work)
{
    auto done = std::async(std::launch::async, work);
    static_cast<void>(waitUntil([&] { return done.wait_for(std::chrono::seconds(0)) == std::future_status::ready; },
                                std::chrono::minutes(5)));
    return done.get();
}

// An event with a payload that nobody may show.
Event someEvent(const QString &type = QStringLiteral("test.event"));
QList<Event> someEvents(qsizetype count);
// With data that all of them share, so that a look at its owners tells how many of them exist.
QList<Event> eventsSharing(const std::shared_ptr<int> &data, qsizetype count);
// Of one key, where the order is kept for each key.
Event eventOf(const QString &key);
QStringList idsOf(const QList<Event> &events);

// The behaviour of a sink that always answers so.
Recording::Behaviour always(const Delivery &delivery);
// The answers of a sink that is out of order for a while, and for good.
Delivery passingFailure();
Delivery permanentFailure();

// Moves a sink from the thread where it lives into the current one, and waits for that. False if it does not happen.
bool moveBack(Sink &sink);

// What was written so far to a broadcaster's commands has taken effect, added sinks are there.
void settleCommands(Broadcaster &broadcaster);

} // namespace Qanat

#endif
