// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/DurableQueue>
#include <Qanat/Gate>
#include <Qanat/RetryingSink>

#include <QtCore/qdir.h>
#include <QtCore/qfile.h>
#include <QtCore/qloggingcategory.h>
#include <QtCore/qrandom.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qtemporarydir.h>

#include <sqlite3.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

struct Pipeline
{
    explicit Pipeline(const QString &folder)
    {
        auto end = std::make_unique<RecordingSink>();
        recording = end->recording();
        queue = std::make_unique<DurableQueue>(folder, std::move(end));
    }

    // Stores, and does not deliver.
    [[nodiscard]] bool fill(const QList<Event> &events)
    {
        recording->hold();
        queue->write(Batch(events));
        const QFuture<Delivery> flushed = queue->flushed();
        return finishes(flushed) && flushed.result() == Delivery::stored();
    }
    [[nodiscard]] bool leave()
    {
        const QFuture<CloseResult> closed = queue->discard();
        recording->release();
        return finishes(closed);
    }

    std::shared_ptr<Recording> recording;
    std::unique_ptr<DurableQueue> queue;
};

// A directory for one test.
class Spool
{
public:
    [[nodiscard]] QString path() const { return m_folder.filePath(u"spool"_s); }
    [[nodiscard]] QString file(const QString &name = u"events.db"_s) const { return path() + u'/' + name; }
    [[nodiscard]] QStringList names() const { return QDir(path()).entryList(QDir::Files, QDir::Name); }
    [[nodiscard]] static QFile::Permissions othersOf(const QString &file)
    {
        return QFile::permissions(file)
               & (QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther | QFile::WriteOther
                  | QFile::ExeOther);
    }

private:
    const QTemporaryDir m_folder;
};

QByteArray contentOf(const QString &name)
{
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class TestDurableQueue : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void survivesAClose();
    void isClosedToOthers();
    void refusesLinks();
    void belowALink();
    void namesWhatIsWrong();
    void oneProcessAtATime();
    void everyValueComesBack();
    void theFileShrinks();
    void nothingIsReadableAfterARevocation();
    void anUnlinkedFile();
    void everyPageDamaged();
    void noDatabase();
    void aNewerVersion();
};

void TestDurableQueue::survivesAClose()
{
    const Spool spool;
    QList<Event> events = someEvents(3000);
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(events));
        QVERIFY(first.leave());
    }
    Pipeline second(spool.path());
    for (const Event &event : someEvents(100)) {
        events.append(event);
        second.queue->write(event);
    }
    QANAT_WAIT(second.recording->deliveredCount() == 3100);
    QCOMPARE(second.recording->events(), events);
    QCOMPARE(second.queue->resumed(), 3000);
    QANAT_FINISH(second.queue->close());
    QCOMPARE(second.queue->statistics().delivered, 3100);
    // Nothing comes twice.
    Pipeline third(spool.path());
    QANAT_FINISH(third.queue->close());
    QCOMPARE(third.recording->count(), 0);
    QCOMPARE(third.queue->statistics().written, 0);
}

void TestDurableQueue::isClosedToOthers()
{
    const Spool spool;
    Pipeline p(spool.path());
    QVERIFY(p.fill(someEvents(10)));
    QCOMPARE(Spool::othersOf(spool.path()), QFile::Permissions());
    const QStringList names = spool.names();
    QVERIFY(names.contains(u"events.db"_s) && names.contains(u"events.db-wal"_s));
    for (const QString &name : names) {
        if (name != "owner.lock"_L1) // Which process it is may be read by who may look into the directory: nobody.
            QVERIFY2(Spool::othersOf(spool.file(name)) == QFile::Permissions(), qPrintable(name));
    }
    p.recording->release();
    QANAT_FINISH(p.queue->close());
}

void TestDurableQueue::refusesLinks()
{
    const Spool spool;
    const QTemporaryDir elsewhere;
    QVERIFY(QFile::link(elsewhere.path(), spool.path()));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"is a link"_s));
    {
        Pipeline p(spool.path());
        QANAT_WAIT(p.queue->storageError().contains(u"is a link"_s));
    }
    QVERIFY(QFile::remove(spool.path()));
    QVERIFY(QDir().mkpath(spool.path()));
    QVERIFY(QFile::link(elsewhere.filePath(u"other.db"_s), spool.file()));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"is a link"_s));
    Pipeline p(spool.path());
    QANAT_WAIT(p.queue->storageError().contains(u"events.db: is a link"_s));
    QVERIFY(QDir(elsewhere.path()).isEmpty());
    // As soon as it is gone, all is well.
    p.queue->write(someEvent());
    QVERIFY(QFile::remove(spool.file()));
    QANAT_WAIT(p.recording->deliveredCount() == 1);
    QANAT_WAIT(p.queue->storageError().isEmpty());
}

// Of the directories above it links are followed: a home directory may be one.
void TestDurableQueue::belowALink()
{
    const QTemporaryDir folder;
    QVERIFY(QDir(folder.path()).mkdir(u"real"_s));
    QVERIFY(QFile::link(folder.filePath(u"real"_s), folder.filePath(u"link"_s)));
    Pipeline p(folder.filePath(u"link/spool"_s));
    p.queue->write(someEvent());
    QANAT_WAIT(p.recording->deliveredCount() == 1);
    QVERIFY(QFile::exists(folder.filePath(u"real/spool/events.db"_s)));
}

void TestDurableQueue::namesWhatIsWrong()
{
    const QTemporaryDir folder;
    QFile file(folder.filePath(u"file"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"file: is no directory"_s));
    {
        Pipeline p(file.fileName());
        QANAT_WAIT(p.queue->storageError().contains(u"is no directory"_s));
    }
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"cannot be made"_s));
    Pipeline p(file.fileName() + u"/deeper/spool"_s);
    QANAT_WAIT(p.queue->storageError().contains(u"the directory %1/deeper cannot be made"_s.arg(file.fileName())));
    p.queue->write(someEvent());
    const QFuture<CloseResult> closed = p.queue->close(0ms);
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().left(), 1);
}

void TestDurableQueue::oneProcessAtATime()
{
    const Spool spool;
    auto first = std::make_unique<Pipeline>(spool.path());
    QVERIFY(first->fill(someEvents(5)));
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(u"in use by process %1"_s.arg(QCoreApplication::applicationPid())));
    Pipeline second(spool.path());
    QANAT_WAIT(second.queue->storageError().contains(u"in use by process"_s));
    second.queue->write(someEvent());
    QCOMPARE(second.recording->count(), 0);
    QVERIFY(first->leave());
    first.reset();
    QANAT_WAIT(second.recording->deliveredCount() == 6);
    QCOMPARE(second.queue->resumed(), 5);
}

void TestDurableQueue::everyValueComesBack()
{
    const Spool spool;
    QVariantMap values{{u"text"_s, u"\u00e9t\u00e9 \U0001F30A"_s},
                       {u"none"_s, QVariant::fromValue(nullptr)},
                       {u"number"_s, 1.5},
                       {u"whole"_s, std::numeric_limits<qint64>::min()},
                       {u"bytes"_s, QByteArray("\0\xff\r\n", 4)},
                       {u"list"_s, QVariantList{1, true, QString()}}};
    Event event(u"values"_s, values);
    event.setSubject(u"s"_s);
    event.setExtension(u"ext"_s, 7);
    Event large(u"large"_s, QByteArray(3'000'000, 'x'));
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill({event, large, Event(u"empty"_s)}));
        QVERIFY(first.leave());
    }
    Pipeline second(spool.path());
    QANAT_WAIT(second.recording->deliveredCount() == 3);
    QCOMPARE(second.recording->events().at(0), event);
    QCOMPARE(second.recording->events().at(1), large);
}

void TestDurableQueue::theFileShrinks()
{
    const Spool spool;
    Pipeline p(spool.path());
    QList<Event> events;
    for (int i = 0; i < 5000; ++i)
        events.append(Event(u"large"_s, QByteArray(2000, char('a' + i % 26))));
    QVERIFY(p.fill(events));
    QVERIFY(QFileInfo(spool.file()).size() + QFileInfo(spool.file(u"events.db-wal"_s)).size() > 10'000'000);
    p.recording->release();
    QANAT_WAIT(p.queue->statistics().pending == 0);
    QANAT_WAIT(QFileInfo(spool.file()).size() < 100'000 && QFileInfo(spool.file(u"events.db-wal"_s)).size() < 100'000);
}

void TestDurableQueue::nothingIsReadableAfterARevocation()
{
    const Spool spool;
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->hold();
    auto queue = std::make_unique<DurableQueue>(spool.path(), std::move(end));
    DurableQueue *const inner = queue.get();
    Gate gate(std::move(queue));
    gate.setConsent(Gate::Consent::Granted);
    QList<Event> events;
    for (int i = 0; i < 20'000; ++i)
        events.append(Event(u"secret"_s, u"topsecret-%1"_s.arg(i)));
    gate.write(Batch(events));
    QANAT_WAIT(inner->statistics().stored == 20'000);
    const auto isReadable = [&spool] {
        return contentOf(spool.file()).contains("topsecret")
               || contentOf(spool.file(u"events.db-wal"_s)).contains("topsecret");
    };
    QVERIFY(isReadable());
    gate.setConsent(Gate::Consent::Denied);
    QANAT_WAIT(inner->statistics().filtered > 0);
    recording->release();
    QANAT_WAIT(inner->statistics().pending == 0);
    QANAT_WAIT(!isReadable());
    QANAT_FINISH(gate.close());
    QVERIFY(!isReadable());
}

// Whoever holds a file that has no name any more would store for nobody.
void TestDurableQueue::anUnlinkedFile()
{
    const Spool spool;
    QStringList ids;
    {
        Pipeline p(spool.path());
        const QList<Event> events = someEvents(6000);
        QVERIFY(p.fill(events));
        ids = idsOf(events);
        QVERIFY(QFile::remove(spool.file()) && QFile::remove(spool.file(u"events.db-wal"_s)));
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"was removed or replaced"_s));
        const StoringQueue::Receipt receipt = p.queue->sendWithReceipt(someEvent());
        QANAT_FINISH(receipt.stored);
        QCOMPARE(receipt.stored.result(), Delivery::stored());
        QVERIFY(QFile::exists(spool.file()));
        QVERIFY(p.leave());
        QANAT_BALANCED(*p.queue);
    }
    Pipeline second(spool.path());
    QANAT_WAIT(second.recording->deliveredCount() == 6001);
    QCOMPARE(second.recording->deliveredIds().mid(0, 6000), ids);
}

void TestDurableQueue::everyPageDamaged()
{
    const Spool spool;
    const QList<Event> events = someEvents(400);
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(events));
        QVERIFY(first.leave());
    }
    const QByteArray whole = contentOf(spool.file());
    const QSet<QString> known = [&events] {
        const QStringList ids = idsOf(events);
        return QSet<QString>(ids.begin(), ids.end());
    }();
    // What is said of it depends on the page.
    QLoggingCategory::setFilterRules(u"qanat.storage=false\nqanat.sink=false"_s);
    const auto talk = qScopeGuard([] { QLoggingCategory::setFilterRules({}); });
    constexpr qsizetype PageSize = 4096;
    QVERIFY(whole.size() > 10 * PageSize);
    for (qsizetype page = 0; page * PageSize < whole.size(); ++page) {
        for (const auto &other : QDir(spool.path()).entryList({u"events*"_s}, QDir::Files))
            QVERIFY(QFile::remove(spool.file(other)));
        QByteArray damaged = whole;
        QRandomGenerator random(quint32(page + 1));
        for (qsizetype i = 0; i < PageSize; ++i)
            damaged[page * PageSize + i] = char(random.bounded(256));
        QFile file(spool.file());
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(damaged) == damaged.size());
        file.close();

        Pipeline second(spool.path());
        const StoringQueue::Receipt last = second.queue->sendWithReceipt(someEvent());
        QANAT_FINISH(last.delivered);
        QCOMPARE(last.delivered.result(), Delivery::delivered());
        QANAT_FINISH(second.queue->close());
        QANAT_BALANCED(*second.queue);
        const QStringList ids = second.recording->deliveredIds().mid(0, second.recording->deliveredCount() - 1);
        const QSet<QString> delivered(ids.begin(), ids.end());
        QCOMPARE(delivered.size(), ids.size()); // None twice.
        QVERIFY(known.contains(delivered));
        const qint64 lost = second.queue->statistics().dropped;
        QVERIFY2(ids.size() + lost == 400, qPrintable(u"page %1: %2 and %3"_s.arg(page).arg(ids.size()).arg(lost)));
        QVERIFY2(lost <= 40, qPrintable(u"page %1: %2 lost"_s.arg(page).arg(lost)));
    }
}

void TestDurableQueue::noDatabase()
{
    const Spool spool;
    QVERIFY(QDir().mkpath(spool.path()));
    QFile file(spool.file());
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(QByteArray(10'000, 'x')) == 10'000);
    file.close();
    Pipeline p(spool.path());
    p.queue->write(someEvent());
    QANAT_WAIT(p.recording->deliveredCount() == 1);
    const QStringList aside = QDir(spool.path()).entryList({u"events-damaged-*.db"_s});
    QCOMPARE(aside.size(), 1);
    QCOMPARE(contentOf(spool.file(aside.first())), QByteArray(10'000, 'x'));
}

void TestDurableQueue::aNewerVersion()
{
    const Spool spool;
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(someEvents(3)));
        QVERIFY(first.leave());
    }
    sqlite3 *connection = nullptr;
    QCOMPARE(sqlite3_open(spool.file().toUtf8().constData(), &connection), SQLITE_OK);
    QCOMPARE(sqlite3_exec(connection, "PRAGMA user_version=99", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(connection);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"newer version"_s));
    Pipeline second(spool.path());
    QANAT_WAIT(second.queue->storageError().contains(u"newer version"_s));
    QCOMPARE(second.recording->count(), 0);
}

QTEST_GUILESS_MAIN(TestDurableQueue)
#include "tst_durablequeue.moc"
