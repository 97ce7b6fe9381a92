// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/FileSink>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/Shutdown>
#include <Qanat/TerminationSignals>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qfile.h>
#include <QtCore/qprocess.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qtemporarydir.h>
#include <QtCore/qtimer.h>

#include <thread>

#include <csignal>
#include <cstdio>

#ifdef Q_OS_UNIX
#    include <sys/types.h>
#endif

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class TestShutdown : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void closesEverything();
    void nothingToClose();
    void aSinkIsNotClosedBeforeItsBroadcaster();
    void deadLetterSinksComeLast();
    void whatTheDeadlineLeavesIsKept();
    void deadLettersInACircle();
    void theDeadlineHolds();
    void aLaterCallIsSooner();
    void manyPipelinesSideBySide();
    void atQuit();
    void atQuitThoughSomebodyExits();
    void atQuitWithListeners();
    void atQuitTellsWhatIsLeft();
    void signalsEndTheProgram_data();
    void signalsEndTheProgram();
    void aSecondSignalEndsTheWaiting();
    void onlyOneTakesTheSignals();
};

/* --- The program that the last tests start: this one --------------------------------------------------------------------- */

namespace {

constexpr int Count = 1000;

class SlowSink final : public Sink
{
protected:
    void process(const Batch &, Completion completion) override { m_kept.push_back(std::move(completion)); }

private:
    std::vector<Completion> m_kept; // Never settled.
};

void say(const char *text)
{
    std::fputs(text, stdout);
    std::fflush(stdout);
}

// Writes events and then waits in exec() for its end.
int child(QCoreApplication &application, const QString &mode, const QString &path)
{
    Broadcaster events;
    auto file = std::make_unique<Queue>(std::make_unique<FileSink>(path));
    events.add(std::move(file));
    int heard = 0;
    QObject context;
    if (mode == u"listen"_s)
        events.listen(&context, [&heard](const Event &) { ++heard; });
    if (mode == u"stuck"_s)
        events.add(std::make_unique<Queue>(std::make_unique<SlowSink>()));
    QObject::connect(&application, &QCoreApplication::aboutToQuit, [] { say("quitting\n"); });
    shutdownAtQuit(mode == u"stuck"_s ? 1h : 30s);
    quitOnTerminationSignals();
    quitOnTerminationSignals();
    // Somebody else ends the loops meanwhile.
    if (mode == u"exit"_s) {
        QObject::connect(&application, &QCoreApplication::aboutToQuit, &application,
                         [] { QTimer::singleShot(0, [] { QCoreApplication::exit(3); }); });
    }
    if (mode == u"left"_s) {
        shutdownAtQuit(20ms);
        events.add(std::make_unique<Queue>(std::make_unique<SlowSink>()));
    }
    QTimer::singleShot(0, &application, [&] {
        for (int i = 0; i < Count; ++i)
            events.write(Event(u"child"_s, i));
        say("written\n");
        if (mode != u"wait"_s && mode != u"stuck"_s)
            QCoreApplication::quit();
    });
    const int status = QCoreApplication::exec();
    if (mode == u"listen"_s)
        say(qPrintable(u"heard %1\n"_s.arg(heard)));
    return status;
}

class Child
{
public:
    explicit Child(const QString &mode)
    {
        m_process.setProcessChannelMode(QProcess::SeparateChannels);
        m_process.start(QCoreApplication::applicationFilePath(), {u"--child"_s, mode, path()});
    }
    ~Child()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    Q_DISABLE_COPY_MOVE(Child)

    bool says(const QByteArray &text)
    {
        return waitUntil([&] {
            m_output += m_process.readAllStandardOutput();
            return m_output.contains(text);
        });
    }
    bool ends()
    {
        return waitUntil([&] { return m_process.state() == QProcess::NotRunning; });
    }
    int status() const { return m_process.exitStatus() == QProcess::NormalExit ? m_process.exitCode() : -1; }
    QByteArray errors() { return m_process.readAllStandardError(); }
    qint64 id() const { return m_process.processId(); }
    QString path() const { return m_directory.filePath(u"events.ndjson"_s); }
    qsizetype delivered() const
    {
        QFile file(path());
        return file.open(QIODevice::ReadOnly) ? file.readAll().count('\n') : 0;
    }

private:
    QTemporaryDir m_directory;
    QProcess m_process;
    QByteArray m_output;
};

} // namespace

/* --- In this process --------------------------------------------------------------------------------------------------- */

void TestShutdown::closesEverything()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::move(end));
    RecordingSink plain;
    Broadcaster events;
    events.add(&plain);
    queue.write(Batch(someEvents(1000)));
    events.write(Batch(someEvents(1000)));
    const QFuture<CloseResult> done = shutdown();
    QANAT_FINISH(done);
    QVERIFY(done.result().isClean());
    for (const Sink *sink : std::initializer_list<Sink *>{&queue, &plain, &events})
        QCOMPARE(sink->state(), PipelineNode::State::Closed);
    QCOMPARE(recording->deliveredCount(), 1000);
    QCOMPARE(plain.recording()->deliveredCount(), 1000);
}

void TestShutdown::nothingToClose()
{
    const QFuture<CloseResult> done = shutdown();
    QANAT_FINISH(done);
    QVERIFY(done.result().isClean());
    QANAT_FINISH(shutdown(std::chrono::milliseconds::max()));
    QANAT_FINISH(shutdown(-1ms));
}

void TestShutdown::aSinkIsNotClosedBeforeItsBroadcaster()
{
    for (int i = 0; i < 100; ++i) {
        Queue queue(std::make_unique<RecordingSink>());
        Broadcaster inner;
        Broadcaster outer;
        inner.add(&queue);
        outer.add(&inner);
        outer.write(Batch(someEvents(10)));
        const QFuture<CloseResult> done = shutdown();
        QANAT_FINISH(done);
        QCOMPARE(queue.statistics().delivered, 10);
        QCOMPARE(outer.statistics().delivered, 10);
    }
}

void TestShutdown::deadLetterSinksComeLast()
{
    auto deadEnd = std::make_unique<RecordingSink>();
    const auto dead = deadEnd->recording();
    Queue last(std::move(deadEnd));
    auto end = std::make_unique<RecordingSink>();
    end->recording()->setBehaviour(always(permanentFailure()));
    Queue queue(std::move(end));
    queue.setDeadLetterSink(&last);
    queue.write(Batch(someEvents(1000)));
    QANAT_FINISH(shutdown());
    QCOMPARE(dead->deliveredCount(), 1000);
}

void TestShutdown::whatTheDeadlineLeavesIsKept()
{
    constexpr int All = 200;
    auto end = std::make_unique<RecordingSink>();
    const auto kept = end->recording();
    // Like a slow disk: all of it takes longer than the deadline.
    kept->setBehaviour([](const Event &) {
        std::this_thread::sleep_for(1ms);
        return Delivery::delivered();
    });
    Queue dead(std::move(end));
    Queue away(std::make_unique<SlowSink>());
    away.setDeadLetterSink(&dead);
    away.write(Batch(someEvents(All)));
    const QFuture<CloseResult> future = shutdown(10ms);
    QANAT_FINISH(future);
    QCOMPARE(kept->count(), All);
    QCOMPARE(future.result().left(), All);
}

void TestShutdown::deadLettersInACircle()
{
    Queue one(std::make_unique<RecordingSink>());
    Queue other(std::make_unique<RecordingSink>());
    one.setDeadLetterSink(&other);
    other.setDeadLetterSink(&one);
    one.write(Batch(someEvents(10)));
    QANAT_FINISH(shutdown());
    QCOMPARE(one.state(), PipelineNode::State::Closed);
    QCOMPARE(other.state(), PipelineNode::State::Closed);
    QCOMPARE(one.statistics().delivered, 10);
}

void TestShutdown::theDeadlineHolds()
{
    auto end = std::make_unique<RecordingSink>();
    end->recording()->defer();
    Queue stuck(std::move(end));
    Queue other(std::make_unique<RecordingSink>());
    stuck.write(Batch(someEvents(5)));
    other.write(Batch(someEvents(5)));
    QANAT_WAIT(stuck.statistics().inFlight == 5);
    const QFuture<CloseResult> done = shutdown(20ms);
    QANAT_FINISH(done);
    QCOMPARE(done.result().left(), 5);
    QCOMPARE(done.result().unknown(), 5);
    QCOMPARE(other.statistics().delivered, 5);
}

void TestShutdown::aLaterCallIsSooner()
{
    auto end = std::make_unique<RecordingSink>();
    end->recording()->defer();
    Queue stuck(std::move(end));
    stuck.write(someEvent());
    QANAT_WAIT(stuck.statistics().inFlight == 1);
    const QFuture<CloseResult> first = shutdown(1h);
    const QFuture<CloseResult> second = shutdown(0ms);
    QANAT_FINISH(second);
    QANAT_FINISH(first);
    QCOMPARE(first.result().left(), 1);
}

void TestShutdown::manyPipelinesSideBySide()
{
    std::vector<std::unique_ptr<Queue>> queues;
    std::vector<std::shared_ptr<Recording>> recordings;
    for (int i = 0; i < 50; ++i) {
        auto end = std::make_unique<RecordingSink>();
        recordings.push_back(end->recording());
        end->recording()->hold();
        queues.push_back(std::make_unique<Queue>(std::move(end)));
        queues.back()->write(someEvent());
        // The event loop has its turn between two threads that are made.
        QANAT_WAIT(recordings.back()->isBlocked());
    }
    const QFuture<CloseResult> done = shutdown();
    // All of them are closing before the first is done.
    for (const auto &queue : queues)
        QCOMPARE(queue->state(), PipelineNode::State::Closing);
    for (const auto &recording : recordings)
        recording->release();
    QANAT_FINISH(done);
    QVERIFY(done.result().isClean());
}

/* --- In a process of its own ------------------------------------------------------------------------------------------- */

void TestShutdown::atQuit()
{
    Child child(u"quit"_s);
    QVERIFY(child.ends());
    QCOMPARE(child.status(), 0);
    QCOMPARE(child.delivered(), Count);
    QCOMPARE(child.errors(), QByteArray());
}

void TestShutdown::atQuitThoughSomebodyExits()
{
    Child child(u"exit"_s);
    QVERIFY(child.ends());
    QCOMPARE(child.delivered(), Count);
    QCOMPARE(child.errors(), QByteArray());
}

void TestShutdown::atQuitWithListeners()
{
    Child child(u"listen"_s);
    QVERIFY(child.says("heard 1000\n"));
    QVERIFY(child.ends());
    QCOMPARE(child.delivered(), Count);
    QCOMPARE(child.errors(), QByteArray());
}

void TestShutdown::atQuitTellsWhatIsLeft()
{
    Child child(u"left"_s);
    QVERIFY(child.ends());
    QCOMPARE(child.status(), 0);
    const QByteArray errors = child.errors();
    // Those of the sink that never answers, and perhaps others.
    const QRegularExpression warning(
        u"^qanat.sink: [1-9]\\d{3} events were not delivered before the application ended"_s);
    QVERIFY2(QString::fromUtf8(errors).contains(warning), errors.constData());
}

void TestShutdown::signalsEndTheProgram_data()
{
    QTest::addColumn<int>("number");
    QTest::newRow("SIGTERM") << SIGTERM;
    QTest::newRow("SIGINT") << SIGINT;
}

void TestShutdown::signalsEndTheProgram()
{
#ifndef Q_OS_UNIX
    QSKIP("Signals cannot be sent here");
#else
    QFETCH(const int, number);
    Child child(u"wait"_s);
    QVERIFY(child.says("written\n"));
    ::kill(pid_t(child.id()), number);
    QVERIFY(child.ends());
    QCOMPARE(child.status(), 128 + number);
    QCOMPARE(child.delivered(), Count);
    QCOMPARE(child.errors(), QByteArray());
#endif
}

void TestShutdown::aSecondSignalEndsTheWaiting()
{
#ifndef Q_OS_UNIX
    QSKIP("Signals cannot be sent here");
#else
    Child child(u"stuck"_s);
    QVERIFY(child.says("written\n"));
    ::kill(pid_t(child.id()), SIGTERM);
    QVERIFY(child.says("quitting\n"));
    QANAT_WAIT(child.delivered() == Count);
    ::kill(pid_t(child.id()), SIGINT);
    QVERIFY(child.ends());
    QCOMPARE(child.status(), 128 + SIGTERM);
#endif
}

void TestShutdown::onlyOneTakesTheSignals()
{
#ifdef Q_OS_UNIX
    {
        TerminationSignals signalsOfThis;
        QTest::ignoreMessage(QtWarningMsg,
                             "There is another TerminationSignals in this process: this one does nothing");
        TerminationSignals second;
        QSignalSpy received(&signalsOfThis, &TerminationSignals::received);
        QSignalSpy none(&second, &TerminationSignals::received);
        ::raise(SIGTERM);
        QANAT_WAIT(received.size() == 1);
        QCOMPARE(received.first().first().toInt(), SIGTERM);
        QCOMPARE(none.size(), 0);
    }
    ::raise(SIGINT); // Ignored from now on.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
#endif
}

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() == 4 && arguments[1] == u"--child"_s)
        return child(application, arguments[2], arguments[3]);
    TestShutdown test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_shutdown.moc"
