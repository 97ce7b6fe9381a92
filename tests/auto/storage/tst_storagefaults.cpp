// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "storagescenario.h"

#include <QtCore/qscopeguard.h>
#include <QtCore/qtimer.h>

#include <sqlite3.h>

#ifdef Q_OS_UNIX
#    include <csignal>
#    include <sys/resource.h>
#endif

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

using Call = FaultyDisk::Call;
using Fault = FaultyDisk::Fault;

class TestStorageFaults : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { beQuietAboutFaults(); }

    void withoutFaults();
    void everyCallFails_data();
    void everyCallFails();
    void fullDiskMakesRoomByDelivering_data();
    void fullDiskMakesRoomByDelivering();
    void fullDiskThenRoom();
    void aLimitOfTheSystem();
    void aLockedDatabase();
    void slowSyncs();
};

void TestStorageFaults::withoutFaults()
{
    Spool spool;
    firstRun(spool);
    lastRun(spool);
    settle(spool);
    QVERIFY2(spool.ledger.complaints.isEmpty(), qPrintable(spool.ledger.said()));
    for (const Ledger::Entry &entry : std::as_const(spool.ledger.entries)) {
        QVERIFY(entry.isStored && !entry.isUnsure);
        QCOMPARE(entry.delivered + entry.refused, 1);
    }
}

void TestStorageFaults::everyCallFails_data()
{
    QTest::addColumn<int>("call");
    QTest::addColumn<int>("fault");
    const auto add = [](const char *name, Call call) {
        QTest::addRow("%s, once", name) << int(call) << int(Fault::Passing);
        QTest::addRow("%s, until the next run", name) << int(call) << int(Fault::Lasting);
    };
    add("write", Call::Write);
    add("sync", Call::Sync);
    add("open", Call::Open);
    add("read", Call::Read);
    add("truncate", Call::Truncate);
    add("delete", Call::Delete);
}

void TestStorageFaults::everyCallFails()
{
    QFETCH(const int, call);
    QFETCH(const int, fault);
    int number = 1;
    for (bool hasFailed = true; hasFailed; ++number) {
        Spool spool;
        spool.disk().fail(Call(call), number, Fault(fault));
        firstRun(spool);
        hasFailed = spool.disk().hasFailed();
        if (hasFailed)
            spool.disk().heal();
        lastRun(spool);
        hasFailed = hasFailed || spool.disk().hasFailed();
        spool.disk().heal();
        lastRun(spool);
        settle(spool);
        QVERIFY(!spool.disk().wentOnAfterAFailedSync());
        QVERIFY2(spool.ledger.complaints.isEmpty(), qPrintable(u"%1: "_s.arg(number) + spool.ledger.said()));
    }
    qInfo("%d places", number - 2);
    QVERIFY(number > 2);
}

namespace {

constexpr qint64 Reserve = 8 * 1024 * 1024;

QList<Event> largeEvents(qsizetype count)
{
    QList<Event> events;
    for (qsizetype i = 0; i < count; ++i)
        events.append(Event(u"large"_s, QByteArray(50'000, char('a' + i % 26))));
    return events;
}

// Until the store says that it cannot go on.
void fill(DurableProgram &program)
{
    constexpr int Most = 2000;
    for (int i = 0; i < Most && !program.isFailing(); ++i) {
        program.send(largeEvents(10));
        const QFuture<Delivery> flushed = program.queue->flushed();
        static_cast<void>(waitUntil([&] { return flushed.isFinished() || program.isFailing(); }));
        lookAt(flushed);
    }
}

} // namespace

void TestStorageFaults::fullDiskMakesRoomByDelivering_data()
{
    QTest::addColumn<int>("code");
    QTest::newRow("it is full") << SQLITE_FULL;
    QTest::newRow("full for this user") << SQLITE_IOERR_WRITE; // What SQLite makes of a quota.
}

// There is never more room than in the beginning.
void TestStorageFaults::fullDiskMakesRoomByDelivering()
{
    QFETCH(const int, code);
    Spool spool;
    spool.disk().setLimit(Reserve + 4 * 1024 * 1024, code);
    {
        DurableProgram program(spool.disk(), spool.path(), spool.ledger);
        fill(program);
        QVERIFY(program.isFailing());
        program.setPatient();
        const qint64 stored = program.queue->statistics().stored;
        QVERIFY(stored > 0);
        program.send(someEvents(5)); // It goes on accepting.
        QVERIFY(program.deliver(stored));
        program.send(someEvents(5));
        QVERIFY(program.flush());
        QVERIFY(program.waitFor([&] { return !program.isFailing(); }));
        fill(program);
        program.end();
    }
    {
        // Also for a program that finds it full.
        DurableProgram program(spool.disk(), spool.path(), spool.ledger);
        program.setPatient();
        QVERIFY(program.deliverAll());
        program.send(someEvents(5));
        QVERIFY(program.flush());
        program.end();
    }
    lastRun(spool);
    settle(spool);
    QVERIFY2(spool.ledger.complaints.isEmpty(), qPrintable(spool.ledger.said()));
}

void TestStorageFaults::fullDiskThenRoom()
{
    Spool spool;
    spool.disk().setLimit(Reserve + 2 * 1024 * 1024);
    {
        DurableProgram program(spool.disk(), spool.path(), spool.ledger);
        fill(program);
        QVERIFY(program.isFailing());
        spool.disk().heal();
        program.setPatient();
        QVERIFY(program.flush());
        program.end();
    }
    // A program that ends while there is no room says what it could not store.
    spool.disk().setLimit(spool.disk().size());
    {
        DurableProgram program(spool.disk(), spool.path(), spool.ledger);
        program.send(largeEvents(20));
        QVERIFY(!program.flush());
        program.end();
    }
    spool.disk().heal();
    lastRun(spool);
    settle(spool);
    QVERIFY2(spool.ledger.complaints.isEmpty(), qPrintable(spool.ledger.said()));
    qint64 dropped = 0;
    for (const Ledger::Entry &entry : std::as_const(spool.ledger.entries))
        dropped += entry.isDropped;
    QCOMPARE(dropped, 20);
}

// The real system, with a limit for each file: what is stored is delivered, and as soon as it is lifted all goes on.
void TestStorageFaults::aLimitOfTheSystem()
{
#ifdef Q_OS_UNIX
    struct rlimit before = {};
    QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = ::signal(SIGXFSZ, SIG_IGN);
    const auto restore = qScopeGuard([&] {
        ::setrlimit(RLIMIT_FSIZE, &before);
        ::signal(SIGXFSZ, handler);
    });
    struct rlimit limit = before;
    limit.rlim_cur = rlim_t(Reserve + 1024 * 1024);
    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    Spool spool;
    {
        DurableProgram program(spool.disk(), spool.path(), spool.ledger);
        fill(program);
        QVERIFY(program.isFailing());
        program.setPatient();
        const qint64 stored = program.queue->statistics().stored;
        QVERIFY(stored > 0);
        QVERIFY(program.deliver(10));
        program.send(someEvents(5));
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
        QVERIFY(program.flush());
        QVERIFY(program.waitFor([&] { return !program.isFailing(); }));
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &limit), 0);
        fill(program);
        program.end();
    }
    {
        // A program that finds it so.
        DurableProgram program(spool.disk(), spool.path(), spool.ledger);
        program.setPatient();
        const QFuture<Delivery> flushed = program.queue->flushed();
        QANAT_FINISH(flushed);
        QVERIFY(program.deliver(10));
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
        QVERIFY(program.deliverAll());
        program.end();
    }
    lastRun(spool);
    settle(spool);
    QVERIFY2(spool.ledger.complaints.isEmpty(), qPrintable(spool.ledger.said()));
#else
    QSKIP("Files have no limit here.");
#endif
}

void TestStorageFaults::aLockedDatabase()
{
    Spool spool;
    {
        DurableProgram program(spool.disk(), spool.path(), spool.ledger);
        program.send(someEvents(10));
        QVERIFY(program.flush());
        program.end();
    }
    // The other program waits for the disk as well.
    sqlite3 *other = nullptr;
    const auto close = qScopeGuard([&] { elsewhere([&] { sqlite3_close(std::exchange(other, nullptr)); }); });
    int result = SQLITE_OK;
    elsewhere([&] {
        result = sqlite3_open_v2((spool.path() + u"/events.db"_s).toUtf8().constData(), &other, SQLITE_OPEN_READWRITE,
                                 FaultyDisk::nameOfRealVfs());
        if (result == SQLITE_OK)
            result = sqlite3_exec(other, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE", nullptr, nullptr, nullptr);
    });
    QCOMPARE(result, SQLITE_OK);
    {
        DurableProgram program(spool.disk(), spool.path(), spool.ledger);
        QVERIFY(program.waitFor([&] { return program.queue->storageError().contains(u"locked"_s); }));
        program.send(someEvents(5));
        QVERIFY(!program.flush());
        QCOMPARE(program.outlet->count(), 0);
        elsewhere([&] { result = sqlite3_close(std::exchange(other, nullptr)); });
        QCOMPARE(result, SQLITE_OK);
        program.setPatient();
        QVERIFY(program.flush());
        QVERIFY(program.waitFor([&] { return !program.isFailing(); }));
        QCOMPARE(program.queue->resumed(), 10);
        QVERIFY(program.deliverAll());
        program.end();
    }
    lastRun(spool);
    settle(spool);
    QVERIFY2(spool.ledger.complaints.isEmpty(), qPrintable(spool.ledger.said()));
}

namespace {

// Delivers one event with each tick of a timer.
class TickingSink final : public Sink
{
public:
    explicit TickingSink(std::shared_ptr<std::atomic<int>> delivered)
        : m_delivered(std::move(delivered))
    {
    }

protected:
    void process(const Batch &batch, Completion completion) override
    {
        m_completion = std::move(completion);
        m_left = batch.size();
        m_timer.setTimerType(Qt::PreciseTimer);
        if (!m_timer.isActive()) {
            QObject::connect(&m_timer, &QTimer::timeout, this, &TickingSink::tick, Qt::UniqueConnection);
            m_timer.start(5ms);
        }
    }

private:
    void tick()
    {
        if (m_left == 0)
            return;
        --m_left;
        ++*m_delivered;
        if (m_left > 0)
            m_completion.settle(1, Delivery::delivered());
        else
            std::exchange(m_completion, {}).settle(1, Delivery::delivered());
    }

    const std::shared_ptr<std::atomic<int>> m_delivered;
    Completion m_completion;
    qsizetype m_left = 0;
    QTimer m_timer{this};
};

} // namespace

void TestStorageFaults::slowSyncs()
{
    Spool spool;
    const auto delivered = std::make_shared<std::atomic<int>>(0);
    DurableQueue queue(spool.path(), std::make_unique<TickingSink>(delivered));
    queue.write(Batch(someEvents(1000)));
    QANAT_FINISH(queue.flushed());
    spool.disk().setSyncTime(2s);
    const int before = spool.disk().syncsEnded();
    const QFuture<Delivery> stored = queue.sendWithReceipt(someEvent()).stored;
    QANAT_WAIT(spool.disk().syncsBegun() > before);
    const int deliveredBefore = *delivered;
    // The heartbeat sees whether one of them waits.
    for (int i = 0; i < 1000; ++i)
        QVERIFY(queue.write(someEvent()));
    QANAT_WAIT(*delivered >= deliveredBefore + 50);
    QCOMPARE(spool.disk().syncsEnded(), before); // All of that during one sync.
    QVERIFY(!stored.isFinished());
    QANAT_WAIT(spool.disk().syncsEnded() > before);
    QANAT_FINISH(stored);
    QCOMPARE(stored.result(), Delivery::stored());
    spool.disk().heal();
    const QFuture<CloseResult> closed = queue.close(0ms);
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().stored(), queue.statistics().stored);
    QCOMPARE(queue.statistics().written, 2001);
    QCOMPARE(queue.statistics().dropped, 0);
    QANAT_BALANCED(queue);
}

QTEST_GUILESS_MAIN(TestStorageFaults)
#include "tst_storagefaults.moc"
