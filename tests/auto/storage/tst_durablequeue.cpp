// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/DurableQueue>
#include <Qanat/Endpoint>
#include <Qanat/Gate>
#include <Qanat/HttpReceiver>
#include <Qanat/RetryingSink>
#include <Qanat/StoredDeadLetters>

#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qdir.h>
#include <QtCore/qfile.h>
#include <QtCore/qloggingcategory.h>
#include <QtCore/qrandom.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qtemporarydir.h>

#include <sqlite3.h>

#include <cstdlib>
#include <optional>

#include <sys/stat.h>

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

// A directory for one test. What is done with its files the real disk may take its time for.
class Spool
{
public:
    [[nodiscard]] QString path() const { return m_folder.filePath(u"spool"_s); }
    [[nodiscard]] QString file(const QString &name = u"events.db"_s) const { return path() + u'/' + name; }
    [[nodiscard]] QByteArray content(const QString &name = u"events.db"_s) const
    {
        return elsewhere([&] {
            QFile content(file(name));
            return content.open(QIODevice::ReadOnly) ? content.readAll() : QByteArray();
        });
    }
    [[nodiscard]] bool put(const QString &name, const QByteArray &content) const
    {
        return elsewhere([&] {
            QFile all(file(name));
            return QDir().mkpath(path()) && all.open(QIODevice::WriteOnly) && all.write(content) == content.size()
                   && all.flush();
        });
    }
    // In place.
    [[nodiscard]] bool overwrite(const QString &name, qint64 offset, const QByteArray &content) const
    {
        return elsewhere([&] {
            QFile part(file(name));
            return part.open(QIODevice::ReadWrite) && part.size() >= offset + content.size() && part.seek(offset)
                   && part.write(content) == content.size() && part.flush();
        });
    }
    [[nodiscard]] bool resize(const QString &name, qint64 size) const
    {
        return elsewhere([&] { return QFile::resize(file(name), size); });
    }
    [[nodiscard]] bool remove(const QString &name) const
    {
        return elsewhere([&] { return QFile::remove(file(name)); });
    }
    // As a program that is killed now leaves it.
    [[nodiscard]] QString copy() const
    {
        const QString folder = path() + u"-copy"_s;
        const bool isThere = elsewhere([&] {
            return QDir().mkdir(folder) && QFile::copy(file(), folder + u"/events.db"_s)
                   && QFile::copy(file(u"events.db-wal"_s), folder + u"/events.db-wal"_s);
        });
        return isThere ? folder : QString();
    }
    // The first figure that it answers.
    [[nodiscard]] std::optional<int> execute(const char *sql) const
    {
        return elsewhere([&] {
            sqlite3 *connection = nullptr;
            std::optional<int> figure = 0;
            const auto read = [](void *result, int, char **columns, char **) {
                *static_cast<std::optional<int> *>(result) = columns[0] != nullptr ? std::atoi(columns[0]) : 0;
                return 0;
            };
            if (sqlite3_open(file().toUtf8().constData(), &connection) != SQLITE_OK
                || sqlite3_exec(connection, sql, read, &figure, nullptr) != SQLITE_OK)
                figure.reset();
            sqlite3_close(connection);
            return figure;
        });
    }
    // Brings into the file what a close in haste has left in the log.
    [[nodiscard]] bool checkpoint() const { return execute("PRAGMA wal_checkpoint(TRUNCATE)").has_value(); }
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

} // namespace

class TestDurableQueue : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void survivesAClose();
    void isClosedToOthers();
    void refusesLinks();
    void refusesAPipe_data();
    void refusesAPipe();
    void belowALink();
    void namesWhatIsWrong();
    void oneProcessAtATime();
    void everyValueComesBack();
    void theFileShrinks();
    void nothingIsReadableAfterARevocation();
    void anUnlinkedFile();
    void everyPageDamaged();
    void noDatabase();
    void anotherProgramsDatabase();
    void aNewerVersion();
    void theVersionBefore();
    void deadLettersAndMoreSurvive();
    void whatWasSetAsideGoesWithTheConsent();
    void damageKeepsThePosition();
    void behindAnEndpoint();
    void anEndWhileItIsSaved();
    void countersThatAreWrong_data();
    void countersThatAreWrong();
    void theLogIsRemoved();
    void cutOff_data();
    void cutOff();
    void aFileWithHoles();
    void damagedLog_data();
    void damagedLog();
    void aLogWithHoles();
    void aLogWithoutItsFile_data();
    void aLogWithoutItsFile();
    void damagedDeadLetters_data();
    void damagedDeadLetters();
    void aLockThatWasLeft();
    void deniedBeforeItIsOpen();
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
    // A close that has time leaves one file.
    QVERIFY(!QFile::exists(spool.file(u"events.db-wal"_s)));
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
    for (const QString &name : names)
        QVERIFY2(Spool::othersOf(spool.file(name)) == QFile::Permissions(), qPrintable(name));
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

void TestDurableQueue::refusesAPipe_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"owner.lock", "events.db-wal", "events.db-journal"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

// To open one never comes back.
void TestDurableQueue::refusesAPipe()
{
    QFETCH(const QString, name);
    const Spool spool;
    QVERIFY(QDir().mkpath(spool.path()));
    QCOMPARE(::mkfifo(QFile::encodeName(spool.file(name)).constData(), 0600), 0);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(name + u": is no file"_s));
    Pipeline p(spool.path());
    QANAT_WAIT(p.queue->storageError().contains(name + u": is no file"_s));
    p.queue->write(someEvent());
    QVERIFY(QFile::remove(spool.file(name)));
    QANAT_WAIT(p.recording->deliveredCount() == 1);
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
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"no directory is named"_s));
    {
        Pipeline p{QString()};
        QANAT_WAIT(p.queue->storageError().contains(u"no directory is named"_s));
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
    elsewhere([&gate] {
        QList<Event> events;
        for (int i = 0; i < 20'000; ++i)
            events.append(Event(u"secret"_s, u"topsecret-%1"_s.arg(i)));
        gate.write(Batch(events));
    });
    QANAT_WAIT(inner->statistics().stored == 20'000);
    const auto isReadable = [&spool] {
        return spool.content().contains("topsecret") || spool.content(u"events.db-wal"_s).contains("topsecret");
    };
    QVERIFY(isReadable());
    gate.setConsent(Gate::Consent::Denied);
    QANAT_WAIT(inner->statistics().filtered > 0);
    recording->release();
    QANAT_WAIT(inner->statistics().pending == 0);
    const QDeadlineTimer deadline(30s);
    while (isReadable() && !deadline.hasExpired()) { }
    QVERIFY(!isReadable());
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
        QVERIFY(spool.remove(u"events.db"_s) && spool.remove(u"events.db-wal"_s));
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
    QVERIFY(spool.checkpoint());
    const QByteArray whole = spool.content();
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
            QVERIFY(spool.remove(other));
        QByteArray damaged = whole;
        QRandomGenerator random(quint32(page + 1));
        for (qsizetype i = 0; i < PageSize; ++i)
            damaged[page * PageSize + i] = char(random.bounded(256));
        QVERIFY(spool.put(u"events.db"_s, damaged));

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
    QVERIFY(spool.put(u"events.db"_s, QByteArray(10'000, 'x')));
    QTest::ignoreMessage(
        QtCriticalMsg,
        QRegularExpression(
            u"events.db: was damaged, and is events-damaged-.*.db now; 0 events and 0 dead letters of it could be read"_s));
    Pipeline p(spool.path());
    p.queue->write(someEvent());
    QANAT_WAIT(p.recording->deliveredCount() == 1);
    const QStringList aside = QDir(spool.path()).entryList({u"events-damaged-*.db"_s});
    QCOMPARE(aside.size(), 1);
    QCOMPARE(spool.content(aside.first()), QByteArray(10'000, 'x'));
}

// It has a name that others may use as well.
void TestDurableQueue::anotherProgramsDatabase()
{
    const Spool spool;
    QVERIFY(QDir().mkpath(spool.path()));
    QVERIFY(spool.execute("CREATE TABLE song (title TEXT); INSERT INTO song VALUES ('x')"));
    const QByteArray before = spool.content();
    {
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"events.db: is a database of another program"_s));
        Pipeline p(spool.path());
        QANAT_WAIT(p.queue->storageError().contains(u"another program"_s));
    }
    QCOMPARE(spool.content(), before);
    QVERIFY(!spool.names().contains(u"events.db-wal"_s));
}

void TestDurableQueue::aNewerVersion()
{
    const Spool spool;
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(someEvents(3)));
        QVERIFY(first.leave());
    }
    QVERIFY(spool.execute("PRAGMA user_version=99"));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"newer version"_s));
    Pipeline second(spool.path());
    QANAT_WAIT(second.queue->storageError().contains(u"newer version"_s));
    QCOMPARE(second.recording->count(), 0);
}

// As version 0.1 of the library made it before it was released.
void TestDurableQueue::theVersionBefore()
{
    const Spool spool;
    const QList<Event> events = someEvents(3);
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(events));
        QVERIFY(first.leave());
    }
    QVERIFY(spool.execute("CREATE TABLE old (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL,"
                          " next INTEGER NOT NULL);"
                          "INSERT INTO old SELECT id, count, bytes, next FROM contents;"
                          "DROP TABLE contents; ALTER TABLE old RENAME TO contents;"
                          "PRAGMA user_version=1"));
    {
        Pipeline second(spool.path());
        QANAT_WAIT(second.recording->deliveredCount() == 3);
        QCOMPARE(second.recording->deliveredIds(), idsOf(events));
        second.queue->setPosition("here");
        QANAT_FINISH(second.queue->close());
    }
    Pipeline third(spool.path());
    QANAT_FINISH(third.queue->flushed());
    QCOMPARE(third.queue->storedPosition(), "here");
    QCOMPARE(third.queue->resumed(), 0);
}

void TestDurableQueue::deadLettersAndMoreSurvive()
{
    const Spool spool;
    const QList<Event> events = someEvents(300);
    {
        Pipeline first(spool.path());
        first.recording->setBehaviour(always(permanentFailure()));
        for (qsizetype i = 0; i < events.size(); ++i)
            first.queue->write(events.at(i), QByteArray::number(i + 1));
        QANAT_WAIT(first.queue->storedDeadLetters()->count() == 300);
        first.queue->setHeld(true);
        QANAT_FINISH(first.queue->close());
    }
    {
        Pipeline second(spool.path());
        QANAT_FINISH(second.queue->flushed());
        QCOMPARE(second.queue->storedDeadLetters()->count(), 300);
        QVERIFY(second.queue->isHeld());
        QCOMPARE(second.queue->storedPosition(), "300");
        const auto page = second.queue->storedDeadLetters()->letters(10, 5);
        QANAT_FINISH(page);
        QCOMPARE(page.result()->size(), 5);
        QCOMPARE(page.result()->first().event, events.at(10));
        const auto sent = second.queue->storedDeadLetters()->sendAllAgain();
        QANAT_FINISH(sent);
        QCOMPARE(*sent.result(), 300);
        const auto gone = second.queue->storedDeadLetters()->clear();
        QANAT_FINISH(gone);
        QCOMPARE(*gone.result(), 0);
        QANAT_FINISH(second.queue->close());
    }
    Pipeline third(spool.path());
    third.queue->setHeld(false);
    QANAT_WAIT(third.recording->deliveredCount() == 300);
    QCOMPARE(third.recording->deliveredIds(), idsOf(events));
    QCOMPARE(third.queue->storedDeadLetters()->count(), 0);
}

void TestDurableQueue::whatWasSetAsideGoesWithTheConsent()
{
    const Spool spool;
    {
        Pipeline first(spool.path());
        first.recording->setBehaviour(always(permanentFailure()));
        QVERIFY(first.queue->write(Event(u"secret"_s, u"topsecret-letter"_s)));
        QANAT_WAIT(first.queue->storedDeadLetters()->count() == 1);
        QANAT_FINISH(first.queue->close());
    }
    QVERIFY(spool.put(u"events-damaged-20260101T000000Z.db"_s, "topsecret"));
    Pipeline p(spool.path());
    DurableQueue &queue = *p.queue;
    Gate gate(std::move(p.queue));
    gate.write(Event(u"secret"_s, u"topsecret-2"_s));
    QANAT_WAIT(queue.statistics().stored == 1);
    QVERIFY(queue.isHeld());
    gate.setConsent(Gate::Consent::Denied);
    QANAT_WAIT(queue.statistics().pending == 0 && queue.storedDeadLetters()->count() == 0);
    QANAT_FINISH(gate.close());
    QCOMPARE(p.recording->count(), 0);
    for (const QString &name : spool.names())
        QVERIFY2(!spool.content(name).contains("topsecret"), qPrintable(name));
    QVERIFY(!spool.names().contains(u"events-damaged-20260101T000000Z.db"_s));
}

void TestDurableQueue::damageKeepsThePosition()
{
    const Spool spool;
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(someEvents(500)));
        first.queue->setPosition("500");
        first.queue->setHeld(true);
        QVERIFY(first.leave());
    }
    QVERIFY(spool.checkpoint());
    // The page of the root of the events, whichever that is.
    const std::optional<int> page = spool.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'event'");
    QVERIFY(page && spool.overwrite(u"events.db"_s, (*page - 1) * 4096, QByteArray(4096, '?')));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"malformed"_s));
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(u"was damaged.*500 events"_s));
    Pipeline second(spool.path());
    second.queue->write(someEvent());
    QANAT_FINISH(second.queue->flushed());
    QCOMPARE(second.queue->storedPosition(), "500");
    QVERIFY(second.queue->isHeld());
    second.queue->setHeld(false);
    QANAT_WAIT(second.recording->deliveredCount() == 501);
}

// The whole chain for a web service, on disk.
void TestDurableQueue::behindAnEndpoint()
{
    const Spool spool;
    HttpReceiver receiver;
    QVERIFY(receiver.isListening());
    EndpointConfiguration configuration;
    configuration.url = receiver.url();
    const auto onDisk = [&spool](std::unique_ptr<Sink> target) {
        return std::make_unique<DurableQueue>(spool.path(), std::move(target));
    };
    {
        Endpoint endpoint(configuration, onDisk);
        endpoint.pause();
        endpoint.write(Batch(someEvents(20)));
        QANAT_WAIT(endpoint.statistics().stored == 20);
        QANAT_FINISH(endpoint.discard());
    }
    Endpoint endpoint(configuration, onDisk);
    QANAT_WAIT(endpoint.statistics().delivered == 20);
    QCOMPARE(receiver.requestCount(), 20u);
    // A gate before it holds on disk.
    QANAT_FINISH(endpoint.close());
    auto gated = std::make_unique<Endpoint>(configuration, onDisk);
    Endpoint &inner = *gated;
    Gate gate(std::move(gated));
    gate.write(someEvent());
    QANAT_WAIT(inner.statistics().stored == 1);
    QCOMPARE(receiver.requestCount(), 20u);
    gate.setConsent(Gate::Consent::Granted);
    QANAT_WAIT(receiver.requestCount() == 21);
}

// What was made so far of a damaged file is not taken for the whole.
void TestDurableQueue::anEndWhileItIsSaved()
{
    const Spool spool;
    const QList<Event> events = someEvents(300);
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(events));
        first.queue->setHeld(true);
        QVERIFY(first.leave());
    }
    QVERIFY(spool.checkpoint());
    // As an end leaves it before the last step: one that is empty, and one that is garbage.
    for (const QByteArray &rest : {QByteArray(), QByteArray(5000, 'x')}) {
        QVERIFY(spool.put(u"events.db-fresh"_s, rest));
        QVERIFY(spool.overwrite(u"events.db"_s, 0, "garbagegarbage!!"));
        QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(u"was damaged.*300 events"_s));
        Pipeline next(spool.path());
        QANAT_FINISH(next.queue->flushed());
        QCOMPARE(next.queue->resumed(), 300);
        QANAT_FINISH(next.queue->close());
        QVERIFY(spool.checkpoint());
        QVERIFY(!QFile::exists(spool.file(u"events.db-fresh"_s)));
    }
    // And after the step before the last.
    QVERIFY(elsewhere([&] { return QFile::rename(spool.file(), spool.file(u"events.db-fresh"_s)); }));
    Pipeline last(spool.path());
    last.queue->setHeld(false);
    QANAT_WAIT(last.recording->deliveredCount() == 300);
    QCOMPARE(last.recording->deliveredIds(), idsOf(events));
}

void TestDurableQueue::countersThatAreWrong_data()
{
    QTest::addColumn<QByteArray>("position");
    QTest::newRow("with a position") << QByteArray("there");
    QTest::newRow("without a position") << QByteArray();
}

void TestDurableQueue::countersThatAreWrong()
{
    QFETCH(QByteArray, position);
    const Spool spool;
    const QList<Event> before = someEvents(100);
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(before));
        first.queue->setHeld(true);
        if (!position.isEmpty())
            first.queue->setPosition(position);
        QVERIFY(first.leave());
    }
    QVERIFY(spool.execute("UPDATE contents SET next = next & ~64"));
    const QList<Event> after = someEvents(50);
    {
        Pipeline second(spool.path());
        QVERIFY(second.fill(after));
        QCOMPARE(second.queue->storedPosition(), QByteArray()); // It cannot be trusted.
        QVERIFY(second.leave());
    }
    Pipeline third(spool.path());
    third.queue->setHeld(false);
    QANAT_WAIT(third.recording->deliveredCount() == 150);
    QCOMPARE(third.recording->deliveredIds(), idsOf(before + after));
}

void TestDurableQueue::theLogIsRemoved()
{
    const Spool spool;
    QStringList ids;
    {
        Pipeline p(spool.path());
        const QList<Event> events = someEvents(600);
        QVERIFY(p.fill(events));
        ids = idsOf(events);
        QVERIFY(spool.remove(u"events.db-wal"_s));
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"was removed or replaced"_s));
        const Event last = someEvent();
        ids.append(last.id());
        const StoringQueue::Receipt receipt = p.queue->sendWithReceipt(last);
        QANAT_FINISH(receipt.stored);
        QCOMPARE(receipt.stored.result(), Delivery::stored());
        Pipeline next(spool.copy());
        QANAT_WAIT(next.recording->deliveredCount() == 601);
        QCOMPARE(next.recording->deliveredIds(), ids);
        QVERIFY(p.leave());
    }
}

void TestDurableQueue::cutOff_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("rest");
    QTest::addColumn<int>("events"); // Twice.
    QTest::addColumn<int>("size");
    QTest::newRow("log") << u"events.db-wal"_s << 0 << 300 << 10;
    QTest::newRow("half of the log") << u"events.db-wal"_s << 50'000 << 300 << 10;
    QTest::newRow("large log") << u"events.db-wal"_s << 50'000 << 900 << 6000; // Not all of it is in memory.
    QTest::newRow("file") << u"events.db"_s << 4096 << 900 << 6000;
    QTest::newRow("all of the file") << u"events.db"_s << 0 << 900 << 6000;
}

// By somebody else, while it is open. What can be read goes on, the rest is counted, and what comes after it is safe.
void TestDurableQueue::cutOff()
{
    QFETCH(const QString, name);
    QFETCH(const int, rest);
    QFETCH(const int, events);
    QFETCH(const int, size);
    const Spool spool;
    Pipeline p(spool.path());
    const QByteArray data(size, 'x');
    for (int i = 0; i < 2; ++i) {
        QList<Event> some;
        for (int j = 0; j < events; ++j)
            some.append(Event(u"large"_s, data));
        QVERIFY(p.fill(some));
    }
    QLoggingCategory::setFilterRules(
        u"qanat.storage.critical=false\nqanat.sink=false"_s); // It depends on what is left.
    const auto talk = qScopeGuard([] { QLoggingCategory::setFilterRules({}); });
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"was changed by somebody"_s));
    QVERIFY(spool.resize(name, rest));
    const Event last = someEvent();
    const StoringQueue::Receipt receipt = p.queue->sendWithReceipt(last);
    QANAT_FINISH(receipt.stored);
    QCOMPARE(receipt.stored.result(), Delivery::stored());
    {
        Pipeline next(spool.copy());
        QANAT_WAIT(next.recording->deliveredCount() > 0 && next.queue->statistics().pending == 0);
        QVERIFY(next.recording->deliveredIds().contains(last.id()));
        // The second half is in the log, or in the file.
        QVERIFY(next.recording->deliveredCount() > events && next.recording->deliveredCount() <= 2 * events + 1);
        QANAT_FINISH(next.queue->close());
    }
    p.recording->release();
    QANAT_WAIT(p.queue->statistics().pending == 0);
    const Statistics statistics = p.queue->statistics();
    QVERIFY(statistics.isBalanced());
    QCOMPARE(statistics.delivered + statistics.dropped, 2 * events + 1);
    QCOMPARE(statistics.delivered, p.recording->deliveredCount());
    QANAT_FINISH(p.queue->close());
}

// It takes no more time than what is in it.
void TestDurableQueue::aFileWithHoles()
{
    const Spool spool;
    const QList<Event> events = someEvents(50);
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(events));
        QVERIFY(first.leave());
    }
    QVERIFY(spool.checkpoint());
    QVERIFY(spool.overwrite(u"events.db"_s, 0, QByteArray(16, 'x')));
    constexpr qint64 TebiByte = qint64(1) << 40;
    if (!spool.resize(u"events.db"_s, TebiByte))
        QSKIP("No file can be as large as that here");
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(u"was damaged.*50 events"_s));
    Pipeline second(spool.path());
    QANAT_WAIT(second.recording->deliveredCount() == 50);
    QCOMPARE(second.recording->deliveredIds(), idsOf(events));
}

void TestDurableQueue::damagedLog_data()
{
    QTest::addColumn<int>("offset");
    QTest::newRow("the header") << 16;
    QTest::newRow("the salt of a frame") << 32 + 20 * 4120 + 10;
    QTest::newRow("the checksum of a frame") << 32 + 20 * 4120 + 18;
    QTest::newRow("a page") << 32 + 20 * 4120 + 3000;
}

// SQLite ends at the first frame that is damaged, as after a cut of the power; but what was stored after that is known to be safe.
void TestDurableQueue::damagedLog()
{
    QFETCH(const int, offset);
    const Spool spool;
    {
        Pipeline first(spool.path());
        for (int i = 0; i < 20; ++i)
            QVERIFY(first.fill(someEvents(20)));
        QVERIFY(first.leave());
    }
    const QByteArray log = spool.content(u"events.db-wal"_s);
    QVERIFY(log.size() > offset);
    QVERIFY(spool.overwrite(u"events.db-wal"_s, offset, QByteArray(1, char(log.at(offset) ^ 0x55))));
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(u"was damaged, and is events-damaged"_s));
    QLoggingCategory::setFilterRules(u"qanat.sink=false"_s); // It may have been of no use.
    const auto talk = qScopeGuard([] { QLoggingCategory::setFilterRules({}); });
    Pipeline second(spool.path());
    QANAT_FINISH(second.queue->flushed());
    QANAT_WAIT(second.queue->statistics().pending == 0);
    const Statistics statistics = second.queue->statistics();
    QCOMPARE(statistics.delivered + statistics.dropped, 400);
    QCOMPARE(second.queue->resumed(), 400);
    QCOMPARE(statistics.delivered, second.recording->deliveredCount());
    QVERIFY2(statistics.delivered > 350, qPrintable(statistics.toString()));
}

// What comes behind its end is neither read nor written.
void TestDurableQueue::aLogWithHoles()
{
    const Spool spool;
    const QList<Event> events = someEvents(50);
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(events));
        QVERIFY(first.leave());
    }
    constexpr qint64 TebiByte = qint64(1) << 40;
    if (!spool.resize(u"events.db-wal"_s, TebiByte))
        QSKIP("No file can be as large as that here");
    Pipeline second(spool.path());
    QANAT_WAIT(second.recording->deliveredCount() == 50);
    QCOMPARE(second.recording->deliveredIds(), idsOf(events));
    QANAT_FINISH(second.queue->close());
}

void TestDurableQueue::aLogWithoutItsFile_data()
{
    QTest::addColumn<bool>("isRemoved");
    QTest::newRow("removed") << true;
    QTest::newRow("emptied") << false;
}

// SQLite would remove it.
void TestDurableQueue::aLogWithoutItsFile()
{
    QFETCH(const bool, isRemoved);
    const Spool spool;
    const QList<Event> events = someEvents(100);
    {
        Pipeline first(spool.path());
        QVERIFY(first.fill(events));
        QVERIFY(first.leave());
    }
    QVERIFY(QFile::exists(spool.file(u"events.db-wal"_s)));
    QVERIFY(isRemoved ? spool.remove(u"events.db"_s) : spool.resize(u"events.db"_s, 0));
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(u"was damaged, .* 100 events"_s));
    Pipeline second(spool.path());
    QANAT_WAIT(second.recording->deliveredCount() == 100);
    QCOMPARE(second.recording->deliveredIds(), idsOf(events));
    QCOMPARE(second.queue->statistics().dropped, 0);
    QANAT_FINISH(second.queue->close());
}

void TestDurableQueue::damagedDeadLetters_data()
{
    QTest::addColumn<bool>("isSentAgain");
    QTest::newRow("listed") << false;
    QTest::newRow("sent again") << true;
}

// Nobody reads them before they are asked for.
void TestDurableQueue::damagedDeadLetters()
{
    QFETCH(const bool, isSentAgain);
    const Spool spool;
    {
        Pipeline first(spool.path());
        first.recording->setBehaviour(always(permanentFailure()));
        for (const Event &event : someEvents(100))
            first.queue->write(event);
        QANAT_WAIT(first.queue->storedDeadLetters()->count() == 100);
        QANAT_FINISH(first.queue->close());
    }
    QVERIFY(spool.checkpoint());
    const qsizetype size = spool.content().size();
    QVERIFY(size > 40'000);
    QVERIFY(spool.overwrite(u"events.db"_s, size - 16'384, QByteArray(8192, '\x55')));
    Pipeline second(spool.path());
    second.recording->setBehaviour(always(permanentFailure()));
    QANAT_FINISH(second.queue->flushed());
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(u"was damaged, .* dead letters .* could be read"_s));
    qint64 count = 0;
    if (isSentAgain) {
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"malformed"_s));
        const QFuture<Result<qint64>> sent = second.queue->storedDeadLetters()->sendAllAgain();
        QANAT_FINISH(sent);
        QVERIFY2(sent.result(), qPrintable(sent.result().errorText()));
        count = *sent.result();
        QANAT_WAIT(second.recording->count() == count);
        const QStringList ids = second.recording->ids();
        QCOMPARE(QSet<QString>(ids.cbegin(), ids.cend()).size(), count);
    } else {
        for (quint64 last = 0;;) {
            const QFuture<Result<QList<DeadLetter>>> letters = second.queue->storedDeadLetters()->letters(last, 1000);
            QANAT_FINISH(letters);
            QVERIFY2(letters.result(), qPrintable(letters.result().errorText()));
            if (letters.result()->isEmpty())
                break;
            last = letters.result()->constLast().number;
            count += letters.result()->size();
        }
        QCOMPARE(second.queue->storedDeadLetters()->count(), count);
    }
    QVERIFY2(count > 50 && count < 100, qPrintable(QString::number(count)));
    QANAT_FINISH(second.queue->close());
}

// A kill may come at any moment; only a process that is there keeps others out.
void TestDurableQueue::aLockThatWasLeft()
{
    const QByteArray ofThisProcess = QByteArray::number(QCoreApplication::applicationPid()) + '\n'
                                     + QFileInfo(QCoreApplication::applicationFilePath()).fileName().toUtf8() + '\n'
                                     + QSysInfo::machineHostName().toUtf8() + '\n';
    for (const QByteArray &content : {QByteArray(), QByteArray("hello\n"), ofThisProcess, ofThisProcess.left(10)}) {
        const Spool spool;
        QVERIFY(spool.put(u"owner.lock"_s, content));
        Pipeline p(spool.path());
        p.queue->write(someEvent());
        QANAT_WAIT(p.recording->deliveredCount() == 1);
    }
}

void TestDurableQueue::deniedBeforeItIsOpen()
{
    const Spool spool;
    auto first = std::make_unique<Pipeline>(spool.path());
    QVERIFY(first->fill({Event(u"secret"_s, u"topsecret"_s)}));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"in use by process"_s));
    Pipeline second(spool.path());
    DurableQueue &queue = *second.queue;
    Gate gate(std::move(second.queue));
    QANAT_WAIT(!queue.storageError().isEmpty());
    gate.setConsent(Gate::Consent::Denied);
    QVERIFY(first->leave());
    first.reset();
    QANAT_WAIT(queue.storageError().isEmpty() && queue.statistics().filtered == 1);
    gate.setConsent(Gate::Consent::Granted);
    QANAT_FINISH(gate.close());
    QCOMPARE(second.recording->count(), 0);
    for (const QString &name : spool.names())
        QVERIFY2(!spool.content(name).contains("topsecret"), qPrintable(name));
}

QTEST_GUILESS_MAIN(TestDurableQueue)
#include "tst_durablequeue.moc"
