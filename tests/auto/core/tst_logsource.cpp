// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "messagecatcher.h"
#include "qanattest.h"

#include <Qanat/LogSink>
#include <Qanat/LogSource>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/WorkerPool>

#include <QtCore/qloggingcategory.h>
#include <QtCore/qtimer.h>

#include <array>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

Q_LOGGING_CATEGORY(testSea, "test.sea")
Q_LOGGING_CATEGORY(ownCategory, "qanat.test")

QString messageOf(const Event &event)
{
    return event.data().toMap().value(u"message"_s).toString();
}

QStringList messagesOf(const Recording &recording)
{
    QStringList messages;
    for (const Event &event : recording.events())
        messages.append(messageOf(event));
    return messages;
}

// Logs about each event that it is given.
class LoudSink : public Sink
{
public:
    LoudSink() = default;

protected:
    Delivery deliver(const Event &event) override
    {
        qWarning("heard %s", qUtf8Printable(messageOf(event)));
        return Delivery::delivered();
    }
};

// Logs between its calls, as one does that hears from the network.
class LateSink : public Sink
{
public:
    explicit LateSink(std::atomic<int> *logged)
        : m_logged(logged)
    {
    }

protected:
    Delivery deliver(const Event &) override
    {
        QTimer::singleShot(0, this, [this] {
            qWarning("later");
            ++*m_logged;
        });
        return Delivery::delivered();
    }

private:
    std::atomic<int> *const m_logged;
};

// A strategy that says what it is told.
class LoudStrategy : public RetryStrategy
{
public:
    std::chrono::nanoseconds delay(const Attempt &attempt) override
    {
        qWarning("attempt %d", attempt.number);
        return attempt.number > 1 ? 1ms : 0ms;
    }
    Verdict failed(const Attempt &, const Delivery &) override
    {
        qWarning("it failed");
        return Verdict::Retry;
    }
    void succeeded(const Attempt &) override { qWarning("it succeeded"); }
    Scope scope() const override { return Scope::Endpoint; }
};

// Says what became of its events.
class LoudWrapper : public Sink
{
public:
    explicit LoudWrapper(std::unique_ptr<Sink> target)
        : m_target(adopt(std::move(target)))
    {
    }

protected:
    void process(const Batch &batch, Completion completion) override
    {
        const auto shared = std::make_shared<Completion>(std::move(completion));
        forward(m_target, batch, Completion(batch.size(), [shared](qsizetype count, const Delivery &delivery) {
                    qWarning("an outcome");
                    shared->settle(count, delivery);
                }));
    }

private:
    Sink *const m_target;
};

// Hands on later, from a timer of its own.
class LateWrapper : public Sink
{
public:
    explicit LateWrapper(std::unique_ptr<Sink> target)
        : m_target(adopt(std::move(target)))
    {
    }

protected:
    void process(const Batch &batch, Completion completion) override
    {
        const auto shared = std::make_shared<Completion>(std::move(completion));
        QTimer::singleShot(0, this, [this, batch, shared] { forward(m_target, batch, std::move(*shared)); });
    }

private:
    Sink *const m_target;
};

QtMessageHandler currentHandler()
{
    const QtMessageHandler current = qInstallMessageHandler(nullptr);
    qInstallMessageHandler(current);
    return current;
}

// A handler of the application that is installed over that of the library.
namespace Upper {

QtMessageHandler previous = nullptr;
int heard = 0;

void handle(QtMsgType type, const QMessageLogContext &context, const QString &text)
{
    ++heard;
    if (previous)
        previous(type, context, text);
}

void install()
{
    heard = 0;
    previous = qInstallMessageHandler(handle);
}

} // namespace Upper

// More handlers, one over the other, than the library has places between them.
namespace Stack {

std::array<QtMessageHandler, 70> previous;
int heard = 0;

template<size_t Number>
void handle(QtMsgType type, const QMessageLogContext &context, const QString &text)
{
    ++heard;
    previous[Number](type, context, text);
}

template<size_t... Number>
std::array<QtMessageHandler, 70> all(std::index_sequence<Number...>)
{
    return {&handle<Number>...};
}

const std::array<QtMessageHandler, 70> handlers = all(std::make_index_sequence<70>());

} // namespace Stack

} // namespace

class LogSourceTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void eachLevel_data();
    void eachLevel();
    void theContext();
    void withoutAContext();
    void whatIsWrittenIsPortable();
    void aStrangeCategory();
    void minimumLevel();
    void withoutASink();

    void thePreviousHandlerHearsEachOnce();
    void fatalGoesToThePreviousHandlerOnly();
    void aHandlerOverIt();
    void aHandlerOverItThatGoesAgain();
    void aHandlerOverItThatPassesNothingOn();
    void aHandlerThatLogs();

    void endsWithASinkThatIsClosed();
    void endsWithASinkThatIsDestroyed();
    void endsWhenItIsDestroyed();
    void severalSources();

    void theLibrarysOwnMessages();
    void circleBehindABroadcaster();
    void circleOfAPlainSink();
    void circleBehindAQueue();
    void circleOfAListener();
    void circleOfALogSink();
    void circleBetweenCalls();
    void circleOfAStrategy();
    void circleOfADirectHandover();
    void circleOfAnOutcome();
    void circleOfASignal();
    void circleOfDeadLetters();
    void circleOfTwoSources();
    void anotherPipelineIsHeard();
    void anotherPipelineOnTheSameThreadIsHeard();

    void manyThreadsWhileSourcesComeAndGo();
    void manyThreadsWhileTheSinkGoes();

    // The last: it leaves the library no place.
    void manyHandlersOverIt();
};

void LogSourceTest::eachLevel_data()
{
    QTest::addColumn<QtMsgType>("level");
    QTest::addColumn<QString>("type");
    QTest::newRow("debug") << QtDebugMsg << u"log.debug"_s;
    QTest::newRow("info") << QtInfoMsg << u"log.info"_s;
    QTest::newRow("warning") << QtWarningMsg << u"log.warning"_s;
    QTest::newRow("critical") << QtCriticalMsg << u"log.critical"_s;
}

void LogSourceTest::eachLevel()
{
    QFETCH(QtMsgType, level);
    QFETCH(QString, type);
    const MessageCatcher catcher;
    RecordingSink sink;
    const LogSource source(&sink);
    switch (level) {
    case QtDebugMsg:
        qDebug() << "high tide";
        qCDebug(testSea) << "low tide";
        break;
    case QtInfoMsg:
        qInfo() << "high tide";
        qCInfo(testSea) << "low tide";
        break;
    case QtWarningMsg:
        qWarning() << "high tide";
        qCWarning(testSea) << "low tide";
        break;
    default:
        qCritical() << "high tide";
        qCCritical(testSea) << "low tide";
    }
    QANAT_WAIT(sink.statistics().delivered == 2);
    const Event plain = sink.recording()->events()[0];
    QCOMPARE(plain.type(), type);
    QCOMPARE(plain.subject(), QString());
    QCOMPARE(plain.data().toMap().value(u"message"_s), QVariant(u"high tide"_s));
    QCOMPARE(plain.data().toMap().value(u"category"_s), QVariant(u"default"_s));
    const Event categorised = sink.recording()->events()[1];
    QCOMPARE(categorised.type(), type);
    QCOMPARE(categorised.subject(), u"test.sea"_s);
    QCOMPARE(categorised.data().toMap().value(u"message"_s), QVariant(u"low tide"_s));
    QCOMPARE(categorised.data().toMap().value(u"category"_s), QVariant(u"test.sea"_s));
    QCOMPARE(source.suppressed(), 0);
}

void LogSourceTest::theContext()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    const LogSource source(&sink);
    QMessageLogger("harbour.cpp", 42, "void Harbour::open()", "test.sea").info("ship ahoy");
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(sink.recording()->events()[0].data().toMap(), QVariantMap({{u"message"_s, u"ship ahoy"_s},
                                                                        {u"category"_s, u"test.sea"_s},
                                                                        {u"file"_s, u"harbour.cpp"_s},
                                                                        {u"line"_s, 42},
                                                                        {u"function"_s, u"void Harbour::open()"_s}}));
}

void LogSourceTest::withoutAContext()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    const LogSource source(&sink);
    QMessageLogger().info("ship ahoy");
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(sink.recording()->events()[0].data().toMap(),
             QVariantMap({{u"message"_s, u"ship ahoy"_s}, {u"category"_s, u"default"_s}}));
}

void LogSourceTest::whatIsWrittenIsPortable()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    const LogSource source(&sink);
    qCInfo(testSea) << "100 % \"quoted\"\n" << QString(QChar(0xd800)) + u"\uffff\u0001"_s << QString(QChar());
    qInfo().noquote() << QString(QChar(0xd800)) + u"sea"_s;
    QMessageLogger("h\xe9\xe9.cpp", 1, "f").info("\xff");
    QANAT_WAIT(sink.statistics().delivered == 3);
    for (const Event &event : sink.recording()->events()) {
        QVERIFY2(event.isPortable(), qPrintable(event.portabilityError()));
        QVERIFY(event.toJson());
        QVERIFY(event.toCbor());
    }
    QVERIFY(messageOf(sink.recording()->events()[1]).endsWith(u"sea"_s));
}

void LogSourceTest::aStrangeCategory()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    const LogSource source(&sink);
    QMessageLogger(nullptr, 0, nullptr, "a\tb").info("hello");
    QMessageLogger(nullptr, 0, nullptr, "").info("hello");
    QANAT_WAIT(sink.statistics().delivered == 2);
    QCOMPARE(sink.recording()->events()[0].subject(), QString());
    QCOMPARE(sink.recording()->events()[0].data().toMap().value(u"category"_s), QVariant(u"a\tb"_s));
    QCOMPARE(sink.recording()->events()[1].subject(), QString());
}

void LogSourceTest::minimumLevel()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    LogSource source(&sink);
    QCOMPARE(source.minimumLevel(), QtDebugMsg);
    QSignalSpy changed(&source, &LogSource::minimumLevelChanged);
    const auto logAll = [&](QtMsgType level) {
        source.setMinimumLevel(level);
        qDebug("debug");
        qInfo("info");
        qWarning("warning");
        qCritical("critical");
    };
    logAll(QtInfoMsg);
    logAll(QtWarningMsg);
    logAll(QtCriticalMsg);
    logAll(QtFatalMsg);
    logAll(QtDebugMsg);
    QCOMPARE(changed.size(), 5);
    source.setMinimumLevel(QtDebugMsg);
    QCOMPARE(changed.size(), 5);
    QANAT_WAIT(sink.statistics().pending == 0);
    QCOMPARE(messagesOf(*sink.recording()),
             QStringList({u"info"_s, u"warning"_s, u"critical"_s, u"warning"_s, u"critical"_s, u"critical"_s,
                          u"debug"_s, u"info"_s, u"warning"_s, u"critical"_s}));
    QCOMPARE(catcher.messages().size(), 20);
    QCOMPARE(source.suppressed(), 0);
}

void LogSourceTest::withoutASink()
{
    QTest::ignoreMessage(QtWarningMsg, "A LogSource was given no sink");
    LogSource source(nullptr);
    source.setMinimumLevel(QtInfoMsg);
    QCOMPARE(source.minimumLevel(), QtInfoMsg);
    QCOMPARE(source.suppressed(), 0);
}

/* --- The handlers ------------------------------------------------------------------------------------------------------ */

void LogSourceTest::thePreviousHandlerHearsEachOnce()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    auto one = std::make_unique<LogSource>(&sink);
    auto two = std::make_unique<LogSource>(&sink);
    QVERIFY(!catcher.isCurrent());
    qInfo("first");
    one.reset();
    qInfo("second");
    two.reset();
    QVERIFY(catcher.isCurrent());
    qInfo("third");
    QCOMPARE(catcher.messages().size(), 3);
    QANAT_WAIT(sink.statistics().pending == 0);
    QCOMPARE(messagesOf(*sink.recording()), QStringList({u"first"_s, u"first"_s, u"second"_s}));
}

void LogSourceTest::fatalGoesToThePreviousHandlerOnly()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    const LogSource source(&sink);
    currentHandler()(QtFatalMsg, QMessageLogContext(), u"sunk"_s);
    QCOMPARE(catcher.count(u"sunk"_s), 1);
    QCOMPARE(catcher.messages()[0].type, QtFatalMsg);
    QCOMPARE(sink.statistics().offered, 0);
}

void LogSourceTest::aHandlerOverIt()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    auto source = std::make_unique<LogSource>(&sink);
    Upper::install();
    qInfo("first");
    source.reset();
    QVERIFY(currentHandler() == Upper::handle);
    qInfo("second");
    source = std::make_unique<LogSource>(&sink);
    qInfo("third");
    source.reset();
    QVERIFY(currentHandler() == Upper::handle);
    qInfo("fourth");
    QCOMPARE(Upper::heard, 4);
    for (const QString &text : {u"first"_s, u"second"_s, u"third"_s, u"fourth"_s})
        QCOMPARE(catcher.count(text), 1);
    QANAT_WAIT(sink.statistics().pending == 0);
    QCOMPARE(messagesOf(*sink.recording()), QStringList({u"first"_s, u"third"_s}));
}

void LogSourceTest::aHandlerOverItThatGoesAgain()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    for (int round = 0; round < 20; ++round) {
        auto source = std::make_unique<LogSource>(&sink);
        Upper::install();
        source.reset();
        qInstallMessageHandler(Upper::previous);
        source = std::make_unique<LogSource>(&sink);
        qInfo("hello");
        QCOMPARE(catcher.count(u"hello"_s), round + 1);
        source.reset();
        QVERIFY(catcher.isCurrent());
    }
    QANAT_WAIT(sink.statistics().delivered == 20);
}

void LogSourceTest::aHandlerOverItThatPassesNothingOn()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    auto source = std::make_unique<LogSource>(&sink);
    Upper::install();
    Upper::previous = nullptr;
    source.reset();
    source = std::make_unique<LogSource>(&sink);
    qInfo("hello");
    QCOMPARE(Upper::heard, 1);
    QCOMPARE(catcher.messages().size(), 0);
    QANAT_WAIT(sink.statistics().delivered == 1);
}

void LogSourceTest::aHandlerThatLogs()
{
    const MessageCatcher catcher;
    static QtMessageHandler top;
    static QtMessageHandler bottom;
    // It says a thing twice: through the handler that Qt calls, since Qt itself lets no message of a handler's through.
    bottom = qInstallMessageHandler([](QtMsgType type, const QMessageLogContext &context, const QString &text) {
        bottom(type, context, text);
        if (!text.startsWith(u"echo"_s))
            top(type, context, u"echo of "_s + text);
    });
    RecordingSink sink;
    const LogSource source(&sink);
    top = currentHandler();
    qInfo("hello");
    QCOMPARE(catcher.count(u"hello"_s), 1);
    QCOMPARE(catcher.count(u"echo of hello"_s), 1);
    QCOMPARE(source.suppressed(), 1);
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(messagesOf(*sink.recording()), QStringList(u"hello"_s));
}

/* --- The end ----------------------------------------------------------------------------------------------------------- */

void LogSourceTest::endsWithASinkThatIsClosed()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    const LogSource source(&sink);
    qInfo("first");
    QANAT_FINISH(sink.close());
    qInfo("second");
    qInfo("third");
    QVERIFY(catcher.isCurrent());
    QCOMPARE(messagesOf(*sink.recording()), QStringList(u"first"_s));
    QCOMPARE(sink.statistics().rejected, 1); // It was then that it noticed.
    QCOMPARE(catcher.messages().size(), 3);
    RecordingSink other;
    const LogSource next(&other);
    qInfo("fourth");
    QANAT_WAIT(other.statistics().delivered == 1);
    QCOMPARE(catcher.messages().size(), 4);
}

void LogSourceTest::endsWithASinkThatIsDestroyed()
{
    const MessageCatcher catcher;
    auto sink = std::make_unique<RecordingSink>();
    RecordingSink other;
    const auto recording = sink->recording();
    const LogSource source(sink.get());
    const LogSource another(&other);
    qInfo("first");
    QANAT_WAIT(sink->statistics().delivered == 1);
    sink.reset();
    qInfo("second");
    QANAT_WAIT(other.statistics().delivered == 2);
    QCOMPARE(recording->count(), 1);
    QCOMPARE(catcher.messages().size(), 2);
}

void LogSourceTest::endsWhenItIsDestroyed()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    {
        const LogSource source(&sink);
        qInfo("first");
    }
    qInfo("second");
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(sink.statistics().offered, 1);
    auto *parent = new QObject;
    new LogSource(&sink, parent);
    qInfo("third");
    delete parent;
    qInfo("fourth");
    QANAT_WAIT(sink.statistics().delivered == 2);
    QCOMPARE(sink.statistics().offered, 2);
    QCOMPARE(catcher.messages().size(), 4);
}

void LogSourceTest::severalSources()
{
    const MessageCatcher catcher;
    RecordingSink all;
    RecordingSink grave;
    const LogSource source(&all);
    LogSource strict(&grave);
    strict.setMinimumLevel(QtCriticalMsg);
    qInfo("hello");
    qCritical("ouch");
    QANAT_WAIT(all.statistics().delivered == 2 && grave.statistics().delivered == 1);
    QCOMPARE(grave.recording()->ids(), all.recording()->ids().mid(1));
    QCOMPARE(catcher.messages().size(), 2);
}

/* --- Circles ----------------------------------------------------------------------------------------------------------- */

void LogSourceTest::theLibrarysOwnMessages()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    LogSource source(&sink);
    QTest::ignoreMessage(QtWarningMsg, "ours");
    QTest::ignoreMessage(QtWarningMsg, "ours");
    qCWarning(ownCategory, "ours");
    QCOMPARE(source.suppressed(), 1);
    source.setMinimumLevel(QtCriticalMsg);
    qCWarning(ownCategory, "ours");
    QCOMPARE(source.suppressed(), 1); // It was not for the circle that it became none.
    QCOMPARE(sink.statistics().offered, 0);
    QCOMPARE(catcher.count(u"ours"_s), 2);
}

void LogSourceTest::circleBehindABroadcaster()
{
    const MessageCatcher catcher;
    Broadcaster broadcaster;
    LoudSink sink;
    broadcaster.add(&sink);
    settleCommands(broadcaster);
    const LogSource source(&broadcaster);
    qInfo("hello");
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(source.suppressed(), 1);
    QCOMPARE(broadcaster.statistics().offered, 1);
    QCOMPARE(catcher.count(u"heard hello"_s), 1);
    // Removed, it is one like any other.
    QANAT_FINISH(broadcaster.remove(&sink));
    sink.write(someEvent());
    QANAT_WAIT(broadcaster.statistics().offered == 2);
    QCOMPARE(source.suppressed(), 1);
}

void LogSourceTest::circleOfAPlainSink()
{
    const MessageCatcher catcher;
    LoudSink sink;
    const LogSource source(&sink);
    qInfo("hello");
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(source.suppressed(), 1);
    QCOMPARE(sink.statistics().offered, 1);
}

void LogSourceTest::circleBehindAQueue()
{
    const MessageCatcher catcher;
    Broadcaster broadcaster;
    Queue queue(std::make_unique<LoudSink>());
    broadcaster.add(&queue);
    settleCommands(broadcaster);
    const LogSource source(&broadcaster);
    for (int i = 0; i < 100; ++i)
        qInfo("hello");
    QANAT_WAIT(queue.statistics().delivered == 100);
    QCOMPARE(source.suppressed(), 100);
    QCOMPARE(broadcaster.statistics().offered, 100);
    QCOMPARE(catcher.count(u"heard hello"_s), 100);
}

void LogSourceTest::circleOfAListener()
{
    const MessageCatcher catcher;
    Broadcaster broadcaster;
    int heard = 0;
    const Subscription subscription = broadcaster.listen(this, [&heard](const Event &event) {
        ++heard;
        qWarning("heard %s", qUtf8Printable(messageOf(event)));
    });
    settleCommands(broadcaster);
    const LogSource source(&broadcaster);
    qInfo("hello");
    QANAT_WAIT(heard == 1 && source.suppressed() == 1);
    QCOMPARE(broadcaster.statistics().offered, 1);
    // Its thread is not excluded.
    qInfo("again");
    QANAT_WAIT(heard == 2 && source.suppressed() == 2);
    QCOMPARE(broadcaster.statistics().offered, 2);
}

void LogSourceTest::circleOfALogSink()
{
    const MessageCatcher catcher;
    Broadcaster broadcaster;
    broadcaster.add(std::make_unique<LogSink>("test.log"));
    broadcaster.add(std::make_unique<Queue>(std::make_unique<LogSink>("test.log"), WorkerPool::shared()));
    settleCommands(broadcaster);
    const LogSource source(&broadcaster);
    qInfo("hello");
    QANAT_WAIT(source.suppressed() == 2);
    broadcaster.write(someEvent());
    QANAT_WAIT(source.suppressed() == 4);
    QCOMPARE(broadcaster.statistics().offered, 2);
    QCOMPARE(catcher.messages().size(), 5);
}

void LogSourceTest::circleBetweenCalls()
{
    const MessageCatcher catcher;
    std::atomic<int> logged{0};
    Broadcaster broadcaster;
    Queue queue(std::make_unique<LateSink>(&logged));
    broadcaster.add(&queue);
    settleCommands(broadcaster);
    const LogSource source(&broadcaster);
    qInfo("hello");
    QANAT_WAIT(logged.load() == 1);
    QCOMPARE(source.suppressed(), 1);
    QCOMPARE(broadcaster.statistics().offered, 1);
    // A thread of the library that works for others only.
    std::atomic<int> loggedElsewhere{0};
    Queue another(std::make_unique<LateSink>(&loggedElsewhere));
    another.write(someEvent());
    QANAT_WAIT(loggedElsewhere.load() == 1 && logged.load() == 2);
    QCOMPARE(source.suppressed(), 2);
    QCOMPARE(broadcaster.statistics().offered, 2);
}

void LogSourceTest::circleOfAStrategy()
{
    const MessageCatcher catcher;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    int attempts = 0;
    recording->setBehaviour(
        [&attempts](const Event &) { return ++attempts % 3 ? passingFailure() : Delivery::delivered(); });
    // In this thread, where it waits in a timer.
    RetryingSink sink(std::move(end), std::make_unique<LoudStrategy>());
    const LogSource source(&sink);
    qInfo("hello");
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(attempts, 3);
    QCOMPARE(sink.statistics().offered, 1);
    QCOMPARE(source.suppressed(), catcher.messages().size() - 1);
    QCOMPARE(catcher.count(u"it failed"_s), 2);
    QCOMPARE(catcher.count(u"it succeeded"_s), 1);
}

void LogSourceTest::circleOfADirectHandover()
{
    const MessageCatcher catcher;
    LateWrapper sink(std::make_unique<LoudSink>());
    const LogSource source(&sink);
    qInfo("hello");
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(source.suppressed(), 1);
    QCOMPARE(sink.statistics().offered, 1);
}

void LogSourceTest::circleOfAnOutcome()
{
    const MessageCatcher catcher;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    LoudWrapper sink(std::move(end));
    const LogSource source(&sink);
    qInfo("hello");
    QANAT_WAIT(recording->deferredCalls() == 1);
    recording->settleAll();
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(catcher.count(u"an outcome"_s), 1);
    QCOMPARE(source.suppressed(), 1);
    QCOMPARE(sink.statistics().offered, 1);
}

void LogSourceTest::circleOfASignal()
{
    const MessageCatcher catcher;
    Broadcaster broadcaster;
    auto added = std::make_unique<RecordingSink>();
    Sink &sink = *added;
    broadcaster.add(std::move(added));
    settleCommands(broadcaster);
    int told = 0;
    connect(&sink, &Sink::drained, this, [&told] {
        ++told;
        qWarning("drained");
    });
    const LogSource source(&broadcaster);
    qInfo("hello");
    QANAT_WAIT(told == 1);
    QCOMPARE(source.suppressed(), 1);
    QCOMPARE(broadcaster.statistics().offered, 1);
}

void LogSourceTest::circleOfDeadLetters()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    sink.recording()->setBehaviour(always(permanentFailure()));
    LoudSink deadLetters;
    sink.setDeadLetterSink(&deadLetters);
    // What goes in a circle is looked through once.
    deadLetters.setDeadLetterSink(&sink);
    const LogSource source(&sink);
    qInfo("hello");
    QANAT_WAIT(deadLetters.statistics().delivered == 1);
    QCOMPARE(source.suppressed(), 1);
    QCOMPARE(sink.statistics().offered, 1);
}

void LogSourceTest::circleOfTwoSources()
{
    const MessageCatcher catcher;
    LoudSink one;
    LoudSink other;
    const LogSource source(&one);
    const LogSource another(&other);
    qInfo("hello");
    QANAT_WAIT(one.statistics().delivered == 1 && other.statistics().delivered == 1);
    QCOMPARE(source.suppressed(), 2);
    QCOMPARE(another.suppressed(), 2);
    QCOMPARE(one.statistics().offered, 1);
    QCOMPARE(other.statistics().offered, 1);
    QCOMPARE(catcher.messages().size(), 3);
}

void LogSourceTest::anotherPipelineIsHeard()
{
    const MessageCatcher catcher;
    Broadcaster broadcaster;
    broadcaster.add(std::make_unique<LogSink>("test.log"));
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    broadcaster.add(std::make_unique<Queue>(std::move(end)));
    settleCommands(broadcaster);
    const LogSource source(&broadcaster);
    Broadcaster pipeline;
    pipeline.add(std::make_unique<LoudSink>());
    pipeline.add(std::make_unique<Queue>(std::make_unique<LoudSink>()));
    pipeline.listen(this, [](const Event &) { qWarning("listened"); });
    pipeline.write(someEvent());
    QANAT_WAIT(recording->count() == 3 && source.suppressed() == 3);
    QCOMPARE(messagesOf(*recording).count(u"heard "_s), 2);
    QCOMPARE(messagesOf(*recording).count(u"listened"_s), 1);
    QCOMPARE(broadcaster.statistics().offered, 3);
}

void LogSourceTest::anotherPipelineOnTheSameThreadIsHeard()
{
    const MessageCatcher catcher;
    WorkerPool pool(1);
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::move(end), pool);
    const LogSource source(&queue);
    Queue loud(std::make_unique<LoudSink>(), pool);
    loud.write(someEvent());
    QANAT_WAIT(recording->count() == 1);
    QCOMPARE(source.suppressed(), 0);
    QCOMPARE(recording->threads().size(), 1);
}

/* --- Many threads ------------------------------------------------------------------------------------------------------ */

void LogSourceTest::manyThreadsWhileSourcesComeAndGo()
{
    constexpr int Threads = 8;
    constexpr int Each = 300;
    const MessageCatcher catcher;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    auto passing = std::make_unique<RecordingSink>();
    const auto passed = passing->recording();
    Queue queue(std::move(end));
    Queue other(std::move(passing));
    Crew crew(Threads + 2, [&](int thread) {
        if (thread >= Threads) {
            // The place among the handlers is taken and left all the time.
            for (int i = 0; i < 500; ++i) {
                LogSource source(&other);
                source.setMinimumLevel(i % 2 ? QtInfoMsg : QtWarningMsg);
                std::this_thread::yield();
            }
            return;
        }
        for (int i = 0; i < Each; ++i)
            qCInfo(testSea, "%d/%d", thread, i);
    });
    QVERIFY(crew.wait());
    QVERIFY(catcher.isCurrent());
    QCOMPARE(catcher.messages().size(), Threads * Each);
    {
        const LogSource source(&queue);
        Crew again(Threads + 1, [&](int thread) {
            if (thread == Threads) {
                for (int i = 0; i < 500; ++i)
                    const LogSource passingBy(&other);
                return;
            }
            for (int i = 0; i < Each; ++i)
                qCInfo(testSea, "%d/%d", thread, i);
        });
        QVERIFY(again.wait());
        QCOMPARE(source.suppressed(), 0);
    }
    QVERIFY(catcher.isCurrent());
    QANAT_WAIT(queue.statistics().pending == 0 && other.statistics().pending == 0);
    QCOMPARE(recording->count(), Threads * Each);
    QCOMPARE(catcher.messages().size(), 2 * Threads * Each);
    QVERIFY(passed->count() <= 3 * Threads * Each);
    for (int thread = 0; thread < Threads; ++thread) {
        QStringList own;
        for (const QString &message : messagesOf(*recording)) {
            if (message.startsWith(QString::number(thread) + u'/'))
                own.append(message);
        }
        QCOMPARE(own.size(), Each);
        for (int i = 0; i < Each; ++i)
            QCOMPARE(own[i], u"%1/%2"_s.arg(thread).arg(i));
    }
}

void LogSourceTest::manyThreadsWhileTheSinkGoes()
{
    constexpr int Threads = 4;
    const MessageCatcher catcher;
    std::atomic<bool> isOver{false};
    std::atomic<int> logged{0};
    {
        Crew crew(Threads, [&](int) {
            while (!isOver.load()) {
                qInfo("hello");
                ++logged;
                std::this_thread::sleep_for(100us);
            }
        });
        dismissHeartbeat(); // A destructor may wait for a worker.
        for (int round = 0; round < 30; ++round) {
            auto broadcaster = std::make_unique<Broadcaster>();
            broadcaster->add(std::make_unique<Queue>(std::make_unique<LoudSink>(), WorkerPool::shared()));
            broadcaster->add(std::make_unique<LogSink>("test.log"));
            const LogSource source(broadcaster.get());
            QANAT_WAIT(broadcaster->statistics().delivered > 5);
            broadcaster.reset();
        }
        isOver = true;
        QVERIFY(crew.wait());
    }
    QCOMPARE(catcher.count(u"hello"_s), logged.load());
    QVERIFY(catcher.isCurrent());
}

void LogSourceTest::manyHandlersOverIt()
{
    const MessageCatcher catcher;
    RecordingSink sink;
    Stack::heard = 0;
    int expected = 0;
    for (size_t i = 0; i < Stack::handlers.size(); ++i) {
        auto source = std::make_unique<LogSource>(&sink);
        Stack::previous[i] = qInstallMessageHandler(Stack::handlers[i]);
        const QString text = QString::number(i);
        qInfo().noquote() << text;
        source.reset();
        expected += int(i) + 1;
        QCOMPARE(catcher.count(text), 1);
        QCOMPARE(Stack::heard, expected);
    }
    QANAT_WAIT(sink.statistics().pending == 0);
    QCOMPARE(sink.statistics().delivered, qint64(Stack::handlers.size()));
}

QTEST_GUILESS_MAIN(LogSourceTest)
#include "tst_logsource.moc"
