// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What happens before QCoreApplication, after it, and in several of them one after the other. There is none while the test
// functions begin and end.

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/LogSource>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/WorkerPool>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qset.h>
#include <QtCore/qthread.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

class Application
{
public:
    QCoreApplication *operator->() { return &m_application; }

private:
    static inline int s_count = 1;
    static inline char s_name[] = "tst_application";
    static inline char *s_arguments[] = {s_name, nullptr};
    QCoreApplication m_application{s_count, s_arguments};
};

// Static: what it says in the end comes after main().
class LastWords
{
public:
    ~LastWords() { qInfo("last words"); }
    Sink &sink() { return m_sink; }

private:
    RecordingSink m_sink;
    LogSource m_source{&m_sink};
};

} // namespace

// Notes the threads in which it is called.
class NotingSink final : public Sink
{
public:
    struct Threads
    {
        std::atomic<QThread *> closing{nullptr};
        std::atomic<QThread *> finish{nullptr};
        std::atomic<QThread *> deliver{nullptr};
    };

    explicit NotingSink(std::shared_ptr<Threads> threads)
        : m_threads(std::move(threads))
    {
    }

protected:
    Delivery deliver(const Event &) override
    {
        m_threads->deliver = QThread::currentThread();
        return Delivery::delivered();
    }
    void closing() override { m_threads->closing = QThread::currentThread(); }
    Delivery finish() override
    {
        m_threads->finish = QThread::currentThread();
        return Delivery::delivered();
    }

private:
    const std::shared_ptr<Threads> m_threads;
};

class ApplicationTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void whatWasMadeBeforeWaitsAndThenDelivers();
    void whatIsMadeBeforeAndNeverStartedIsDestroyed();
    void whatIsMadeBeforeWorksInItsThread();
    void closeBeforeTheApplication();
    void whenItGoesEverythingCloses();
    void whatIsPendingThenIsNamed();
    void severalLifetimes();
    void messagesBeforeAndAfter();
    void aStuckWorkerIsAbandonedAtTheDeadline();
    void aStuckWorkerIsAbandonedByTheDestructor();
    void aStuckWorkerDoesNotHoldUpTheEnd();
    void moreThan128Queues();
    void aThousandQueuesOnAPool();
};

void ApplicationTest::whatWasMadeBeforeWaitsAndThenDelivers()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    auto plain = std::make_unique<RecordingSink>();
    const auto heard = plain->recording();
    Queue queue(std::move(end));
    Broadcaster broadcaster;
    broadcaster.add(&queue);
    broadcaster.add(plain.get());
    const QList<Event> events = someEvents(100);
    for (const Event &event : events)
        QVERIFY(broadcaster.write(event));
    const QFuture<Delivery> sent = broadcaster.send(someEvent());
    QCOMPARE(recording->count(), 0);
    QCOMPARE(broadcaster.statistics().pending, 101);
    {
        const Application application;
        const HeartbeatWatch heartbeat;
        QANAT_WAIT(recording->deliveredCount() == 101 && heard->deliveredCount() == 101);
        QCOMPARE(recording->deliveredIds().mid(0, 100), idsOf(events));
        QCOMPARE(heard->deliveredIds().mid(0, 100), idsOf(events));
        QANAT_FINISH(sent);
        QVERIFY(sent.result().isSuccess());
        QVERIFY2(heartbeat.isWithin(), qPrintable(heartbeat.summary()));
        QANAT_FINISH(broadcaster.close());
    }
}

void ApplicationTest::whatIsMadeBeforeAndNeverStartedIsDestroyed()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    QFuture<Delivery> sent;
    {
        Queue queue(std::move(end));
        Broadcaster broadcaster;
        broadcaster.add(&queue);
        sent = queue.send(someEvent());
        broadcaster.write(someEvent());
        QVERIFY(!sent.isFinished());
    }
    QVERIFY(sent.isFinished());
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
    QVERIFY(recording->isDestroyed());
}

void ApplicationTest::whatIsMadeBeforeWorksInItsThread()
{
    // The target of the queue, and one that is owned by its target.
    const auto plain = std::make_shared<NotingSink::Threads>();
    const auto wrapped = std::make_shared<NotingSink::Threads>();
    Queue queue(std::make_unique<NotingSink>(plain));
    Queue retrying(std::make_unique<RetryingSink>(std::make_unique<NotingSink>(wrapped), CircuitBreaker(1, 1s)));
    Broadcaster broadcaster;
    broadcaster.add(&queue);
    broadcaster.add(&retrying);
    const Application application;
    const QFuture<Delivery> sent = broadcaster.send(someEvent());
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QANAT_FINISH(broadcaster.close());
    for (const auto &threads : {plain, wrapped}) {
        QVERIFY(threads->deliver);
        QVERIFY(threads->deliver != QThread::currentThread());
        QCOMPARE(threads->closing.load(), threads->deliver.load());
        QCOMPARE(threads->finish.load(), threads->deliver.load());
    }
}

void ApplicationTest::closeBeforeTheApplication()
{
    // Nobody would ever come to deliver it: the close ends all the same.
    Queue queue(std::make_unique<RecordingSink>());
    queue.write(someEvent());
    const QFuture<CloseResult> closing = queue.discard();
    const Application application;
    QANAT_FINISH(closing);
    QCOMPARE(queue.write(someEvent()).status(), WriteResult::Status::Closed);
    QCOMPARE(queue.statistics().pending, 0);
}

void ApplicationTest::whenItGoesEverythingCloses()
{
    std::unique_ptr<Queue> queue;
    std::unique_ptr<Broadcaster> broadcaster;
    std::unique_ptr<RecordingSink> plain;
    std::shared_ptr<Recording> recording;
    {
        const Application application;
        auto end = std::make_unique<RecordingSink>();
        recording = end->recording();
        queue = std::make_unique<Queue>(std::move(end));
        plain = std::make_unique<RecordingSink>();
        broadcaster = std::make_unique<Broadcaster>();
        broadcaster->add(queue.get());
        broadcaster->add(plain.get());
        broadcaster->write(Batch(someEvents(10)));
        QANAT_WAIT(recording->deliveredCount() == 10 && plain->statistics().delivered == 10);
        QANAT_WAIT(queue->statistics().pending == 0 && broadcaster->statistics().pending == 0);
    }
    QVERIFY(recording->isDestroyed()); // In its thread, before that ended.
    for (Sink *sink : std::initializer_list<Sink *>{queue.get(), broadcaster.get(), plain.get()}) {
        QCOMPARE(sink->state(), PipelineNode::State::Closed);
        QCOMPARE(sink->write(someEvent()).status(), WriteResult::Status::Closed);
        const QFuture<Delivery> sent = sink->send(someEvent());
        QVERIFY(sent.isFinished());
        QVERIFY(sent.result().isClosed());
        const QFuture<CloseResult> closing = sink->close();
        QVERIFY(closing.isFinished());
        QANAT_BALANCED(*sink);
    }
}

void ApplicationTest::whatIsPendingThenIsNamed()
{
    std::unique_ptr<RecordingSink> plain;
    QFuture<Delivery> sent;
    {
        const Application application;
        plain = std::make_unique<RecordingSink>();
        plain->setObjectName(u"archive"_s);
        plain->write(Batch(someEvents(2)));
        sent = plain->send(someEvent());
        QTest::ignoreMessage(QtWarningMsg,
                             QRegularExpression(u"\"archive\": 3 events were pending when the application ended"_s));
    }
    QVERIFY(sent.isFinished());
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(plain->statistics().dropped, 3);
    QCOMPARE(plain->state(), PipelineNode::State::Closed);
    QANAT_BALANCED(*plain);
}

void ApplicationTest::severalLifetimes()
{
    std::vector<std::unique_ptr<Sink>> survivors;
    for (int round = 0; round < (IsSanitized ? 5 : 20); ++round) {
        auto early = std::make_unique<RecordingSink>();
        const auto earlyRecording = early->recording();
        auto queue = std::make_unique<Queue>(std::move(early));
        queue->write(someEvent());
        {
            const Application application;
            auto late = std::make_unique<RecordingSink>();
            const auto lateRecording = late->recording();
            auto broadcaster = std::make_unique<Broadcaster>();
            broadcaster->add(queue.get());
            broadcaster->add(
                std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(late), CircuitBreaker(1, 1s))));
            int heard = 0;
            QObject context;
            broadcaster->listen(&context, [&heard](const Event &) { ++heard; });
            const QFuture<Delivery> sent = broadcaster->send(Batch(someEvents(10)));
            QANAT_FINISH(sent);
            QVERIFY(sent.result().isSuccess());
            QCOMPARE(lateRecording->count(), 10);
            QCOMPARE(earlyRecording->count(), 11);
            QCOMPARE(heard, 10);
            QANAT_WAIT(queue->statistics().pending == 0 && broadcaster->statistics().pending == 0);
            survivors.push_back(std::move(broadcaster));
            survivors.push_back(std::move(queue));
        }
        for (const auto &sink : survivors)
            QCOMPARE(sink->write(someEvent()).status(), WriteResult::Status::Closed);
    }
}

void ApplicationTest::messagesBeforeAndAfter()
{
    static LastWords lastWords;
    Sink &sink = lastWords.sink();
    qInfo("before");
    QCOMPARE(sink.statistics().pending, 1);
    {
        const Application application;
        qInfo("meanwhile");
        QANAT_WAIT(sink.statistics().delivered == 2);
    }
    qInfo("after");
    qInfo("and again");
    QCOMPARE(sink.statistics().rejected, 1);
    QCOMPARE(sink.statistics().delivered, 2);
}

void ApplicationTest::aStuckWorkerIsAbandonedAtTheDeadline()
{
    const Application application;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    auto queue = std::make_unique<Queue>(std::move(end));
    queue->setObjectName(u"stuck"_s);
    const auto clock = std::make_shared<ManualClock>();
    queue->setClock(clock);
    const QFuture<Delivery> sent = queue->send(someEvent());
    queue->write(Batch(someEvents(9)));
    QANAT_WAIT(recording->isBlocked());
    QFuture<CloseResult> closing;
    {
        const HeartbeatWatch heartbeat;
        closing = queue->close(1h);
        QANAT_WAIT(clock->nextDue() == clock->now() + 1h);
        QTest::ignoreMessage(QtWarningMsg,
                             QRegularExpression(u"Queue \"stuck\": its thread .*qanat-queue.* does not come back"_s));
        clock->advance(1h);
        QANAT_FINISH(sent);
        QCOMPARE(sent.result().error(), Delivery::Error::Unknown);
        QANAT_FINISH(closing);
        QVERIFY2(heartbeat.isWithin(), qPrintable(heartbeat.summary()));
    }
    QCOMPARE(closing.result().left(), 10);
    QVERIFY(closing.result().unknown() >= 1);
    QVERIFY(!closing.result().isClean());
    QCOMPARE(queue->state(), PipelineNode::State::Closed);
    QANAT_BALANCED(*queue);
    QCOMPARE(queue->statistics().dropped, 10);
    queue.reset();
    // What it does when it comes back is void.
    recording->release();
    QANAT_WAIT(recording->isDestroyed());
}

void ApplicationTest::aStuckWorkerIsAbandonedByTheDestructor()
{
    const Application application;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    auto queue = std::make_unique<Queue>(std::move(end));
    queue->setObjectName(u"stuck"_s);
    const QFuture<Delivery> sent = queue->send(someEvent());
    QANAT_WAIT(recording->isBlocked());
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(u"Queue \"stuck\": its thread .*qanat-queue.* does not come back"_s));
    queue.reset();
    QVERIFY(sent.isFinished());
    QCOMPARE(sent.result().error(), Delivery::Error::Unknown);
    QVERIFY(!recording->isDestroyed());
    recording->release();
    QANAT_WAIT(recording->isDestroyed());
}

void ApplicationTest::aStuckWorkerDoesNotHoldUpTheEnd()
{
    std::shared_ptr<Recording> recording;
    std::unique_ptr<Queue> queue;
    {
        const Application application;
        auto end = std::make_unique<RecordingSink>();
        recording = end->recording();
        recording->hold();
        queue = std::make_unique<Queue>(std::move(end));
        queue->setObjectName(u"stuck"_s);
        queue->write(Batch(someEvents(5)));
        QANAT_WAIT(recording->isBlocked());
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"5 events were pending when the application ended"_s));
        QTest::ignoreMessage(QtWarningMsg,
                             QRegularExpression(u"Queue \"stuck\": its thread .*qanat-queue.* does not come back"_s));
    }
    QCOMPARE(queue->state(), PipelineNode::State::Closed);
    QCOMPARE(queue->statistics().dropped, 5);
    QANAT_BALANCED(*queue);
    recording->release();
    queue.reset();
    // The thread ends by itself; the process must not end before it while a sanitizer looks.
    QVERIFY(recording->waitForDestroyed());
}

void ApplicationTest::moreThan128Queues()
{
    const Application application;
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"More than 128 queues want a thread of their own"_s));
    std::vector<std::unique_ptr<Queue>> queues;
    std::vector<std::shared_ptr<Recording>> recordings;
    for (int i = 0; i < 150; ++i) {
        auto end = std::make_unique<RecordingSink>();
        recordings.push_back(end->recording());
        queues.push_back(std::make_unique<Queue>(std::move(end))); // One warning, not 22.
    }
    QSet<QThread *> threads;
    for (const auto &queue : queues)
        queue->write(someEvent());
    for (const auto &recording : recordings) {
        QANAT_WAIT(recording->count() == 1);
        threads.insert(recording->threads().first());
    }
    QVERIFY(threads.size() > 100); // Those that other tests left stuck count, too.
    QVERIFY(threads.size() <= 128 + WorkerPool::shared().threadCount());
    QList<QFuture<CloseResult>> closing;
    for (const auto &queue : queues)
        closing.append(queue->close());
    for (const QFuture<CloseResult> &future : closing)
        QANAT_FINISH(future);
    queues.clear();
}

void ApplicationTest::aThousandQueuesOnAPool()
{
    const Application application;
    WorkerPool pool(4);
    Broadcaster broadcaster;
    std::vector<std::shared_ptr<Recording>> recordings;
    constexpr int Count = IsSanitized ? 200 : 1000;
    for (int i = 0; i < Count; ++i) {
        auto end = std::make_unique<RecordingSink>();
        recordings.push_back(end->recording());
        broadcaster.add(std::make_unique<Queue>(std::move(end), pool));
    }
    const QFuture<Delivery> sent = broadcaster.send(Batch(someEvents(3)));
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QSet<QThread *> threads;
    for (const auto &recording : recordings) {
        QCOMPARE(recording->deliveredCount(), 3);
        threads.insert(recording->threads().first());
    }
    QCOMPARE(threads.size(), 4);
    const QFuture<CloseResult> closing = broadcaster.close();
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
}

QTEST_APPLESS_MAIN(ApplicationTest)
#include "tst_application.moc"
