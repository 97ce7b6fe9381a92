// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What Qt promises of a thread with an event loop holds on the library's threads, too: sinks live there, with timers, sockets and
// queued calls of their own.

#include "qanattest.h"

#include <Qanat/Queue>

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qpointer.h>
#include <QtCore/qprocess.h>
#include <QtCore/qsocketnotifier.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <atomic>

#ifdef Q_OS_UNIX
#    include <unistd.h>
#endif

using namespace std::chrono_literals;
using namespace Qt::StringLiterals;
using namespace Qanat;

class WorkerThreadTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void timersFire();
    void timersEndWithTheirObject();
    void timersCanBeAskedFor();
    void manyTimersAndAFlood();
    void queuedCallsArrive();
    void loopsInsideOfATask();
    void processesAreHeard();
#ifdef Q_OS_UNIX
    void socketsAreWatched();
    void aNotifierMayGoWhileOthersAreTold();
#endif
};

namespace {

// A queue, and a way into its thread.
struct Inside
{
    Inside()
    {
        auto end = std::make_unique<RecordingSink>();
        recording = end->recording();
        queue = std::make_unique<Queue>(std::move(end));
    }
    // Calls it there, and waits for it.
    template<typename Function>
    bool run(Function function)
    {
        return finishes(queue->configure<RecordingSink>(function));
    }

    std::shared_ptr<Recording> recording;
    std::unique_ptr<Queue> queue;
};

} // namespace

// Its slot is called by its name: how else a functor gets to another thread is compiled in here, while the mutex that it passes
// under is inside of QtCore, where TSan does not see it.
class CallCounter : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;
    std::atomic<int> count{0};
    std::atomic<bool> isThere{true};

public Q_SLOTS:
    void note()
    {
        isThere = isThere && QThread::currentThread() == thread();
        ++count;
    }
};

void WorkerThreadTest::timersFire()
{
    Inside inside;
    std::atomic<int> count{0};
    std::atomic<bool> isSingle{false};
    std::atomic<bool> isInOrder{true};
    QVERIFY(inside.run([&](RecordingSink &sink) {
        auto *timer = new QTimer(&sink);
        QObject::connect(timer, &QTimer::timeout, timer, [&, timer] {
            if (++count == 5)
                timer->stop();
        });
        timer->start(1ms);
        QTimer::singleShot(30ms, &sink, [&] { isSingle = true; });
        QTimer::singleShot(0, &sink, [&] { isInOrder = !isSingle; });
    }));
    QANAT_WAIT(count == 5 && isSingle);
    QVERIFY(isInOrder);
    inside.queue->write(someEvent());
    QANAT_WAIT(inside.recording->count() == 1);
    QCOMPARE(count.load(), 5);
}

void WorkerThreadTest::timersEndWithTheirObject()
{
    Inside inside;
    std::atomic<int> count{0};
    QVERIFY(inside.run([&](RecordingSink &) {
        auto *object = new QObject;
        auto *timer = new QTimer(object);
        auto *neighbour = new QTimer(object);
        const auto fired = [&, object] {
            ++count;
            delete object;
        };
        QObject::connect(timer, &QTimer::timeout, qApp, fired, Qt::DirectConnection);
        QObject::connect(neighbour, &QTimer::timeout, qApp, fired, Qt::DirectConnection);
        timer->start(1ms);
        neighbour->start(1ms);
    }));
    QANAT_WAIT(count == 1);
    std::atomic<bool> isLater{false};
    QVERIFY(inside.run([&](RecordingSink &sink) { QTimer::singleShot(20ms, &sink, [&] { isLater = true; }); }));
    QANAT_WAIT(isLater.load());
    QCOMPARE(count.load(), 1);
}

void WorkerThreadTest::timersCanBeAskedFor()
{
    Inside inside;
    int remaining = -1;
    qsizetype registered = 0;
    qsizetype after = -1;
    QVERIFY(inside.run([&](RecordingSink &) {
        QTimer timer;
        timer.start(1h);
        remaining = timer.remainingTime();
        registered = QAbstractEventDispatcher::instance()->registeredTimers(&timer).size();
        timer.stop();
        after = QAbstractEventDispatcher::instance()->registeredTimers(&timer).size();
    }));
    QVERIFY2(remaining > 3'500'000 && remaining <= 3'600'000, qPrintable(QString::number(remaining)));
    QCOMPARE(registered, 1);
    QCOMPARE(after, 0);
}

// Neither starves the other.
void WorkerThreadTest::manyTimersAndAFlood()
{
    Inside inside;
    std::atomic<int> count{0};
    QVERIFY(inside.run([&](RecordingSink &sink) {
        for (int i = 0; i < 50; ++i) {
            auto *timer = new QTimer(&sink);
            QObject::connect(timer, &QTimer::timeout, timer, [&] { ++count; });
            timer->start(std::chrono::milliseconds(1 + i % 7));
        }
    }));
    constexpr int Events = IsSanitized ? 2000 : 20000;
    std::thread writer([&] {
        for (int i = 0; i < Events; ++i)
            inside.queue->write(someEvent());
    });
    QANAT_WAIT(inside.recording->count() == Events && count > 500);
    writer.join();
}

void WorkerThreadTest::queuedCallsArrive()
{
    Inside inside;
    QPointer<CallCounter> object;
    QVERIFY(inside.run([&](RecordingSink &sink) { object = new CallCounter(&sink); }));
    for (int i = 0; i < 1000; ++i)
        QVERIFY(QMetaObject::invokeMethod(object.data(), "note", Qt::QueuedConnection));
    QANAT_WAIT(object->count == 1000);
    QVERIFY(object->isThere);
    object->deleteLater();
    QANAT_WAIT(object.isNull());
}

void WorkerThreadTest::loopsInsideOfATask()
{
    Inside inside;
    int fired = 0;
    QVERIFY(inside.run([&](RecordingSink &) {
        QEventLoop loop;
        QTimer timer;
        QObject::connect(&timer, &QTimer::timeout, &loop, [&] {
            if (++fired == 3)
                loop.quit();
        });
        timer.start(1ms);
        loop.exec();
        // A loop that is told to end before it begins to wait.
        QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
        loop.exec();
    }));
    QCOMPARE(fired, 3);
    inside.queue->write(someEvent());
    QANAT_WAIT(inside.recording->count() == 1);
}

void WorkerThreadTest::processesAreHeard()
{
    if (IsSanitized)
        QSKIP("The thread sanitizer ends a process that forks in a thread");
    Inside inside;
    std::atomic<bool> isFinished{false};
    QByteArray output;
    QVERIFY(inside.run([&](RecordingSink &sink) {
        auto *process = new QProcess(&sink);
        QObject::connect(process, &QProcess::finished, process, [&, process] {
            output = process->readAllStandardOutput();
            isFinished = true;
        });
        process->start(u"cmake"_s, {u"-E"_s, u"echo"_s, u"heard"_s});
    }));
    for (int i = 0; i < 100; ++i)
        inside.queue->write(someEvent());
    QANAT_WAIT(isFinished.load());
    QVERIFY(inside.run([&](RecordingSink &) { QCOMPARE(output.trimmed(), QByteArray("heard")); }));
    QANAT_WAIT(inside.recording->count() == 100);
}

#ifdef Q_OS_UNIX

void WorkerThreadTest::socketsAreWatched()
{
    Inside inside;
    std::array<int, 2> ends{};
    QCOMPARE(::pipe(ends.data()), 0);
    std::atomic<int> read{0};
    QVERIFY(inside.run([&](RecordingSink &sink) {
        auto *notifier = new QSocketNotifier(ends[0], QSocketNotifier::Read, &sink);
        QObject::connect(notifier, &QSocketNotifier::activated, &sink, [&] {
            char byte = 0;
            read += int(::read(ends[0], &byte, 1));
        });
        QTimer::singleShot(1h, &sink, [] {});
    }));
    // Both what is watched and what is written wakes it up, in turn.
    for (int i = 1; i <= 200; ++i) {
        QCOMPARE(::write(ends[1], "x", 1), 1);
        QANAT_WAIT(read == i);
        inside.queue->write(someEvent());
        QANAT_WAIT(inside.recording->count() == i);
    }
    QANAT_FINISH(inside.queue->close());
    QANAT_WAIT(inside.recording->isDestroyed());
    ::close(ends[0]);
    ::close(ends[1]);
}

void WorkerThreadTest::aNotifierMayGoWhileOthersAreTold()
{
    Inside inside;
    std::array<int, 2> ends{};
    QCOMPARE(::pipe(ends.data()), 0);
    std::atomic<int> told{0};
    QVERIFY(inside.run([&](RecordingSink &sink) {
        auto *both = new QObject(&sink);
        for (int i = 0; i < 2; ++i) {
            auto *notifier = new QSocketNotifier(::dup(ends[0]), QSocketNotifier::Read, both);
            QObject::connect(notifier, &QSocketNotifier::activated, &sink, [&told, both, notifier] {
                ++told;
                notifier->setEnabled(false);
                const auto all = both->findChildren<QSocketNotifier *>();
                for (QSocketNotifier *other : all) {
                    ::close(int(other->socket()));
                    if (other != notifier)
                        delete other;
                }
            });
        }
        QCOMPARE(::write(ends[1], "x", 1), 1);
    }));
    QANAT_WAIT(told == 1);
    inside.queue->write(someEvent());
    QANAT_WAIT(inside.recording->count() == 1);
    QCOMPARE(told.load(), 1);
    ::close(ends[0]);
    ::close(ends[1]);
}

#endif

QTEST_GUILESS_MAIN(WorkerThreadTest)

#include "tst_workerthread.moc"
