// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// On a real disk, with real faults: where the machine cannot provide one, the test says so and is skipped.

#include "qanattest.h"

#include <Qanat/ExponentialBackoff>
#include <Qanat/FileSink>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtCore/qdir.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qprocess.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qstandardpaths.h>
#include <QtCore/qtemporarydir.h>

#include <csignal>
#include <functional>
#include <limits>
#include <utility>

#ifdef Q_OS_UNIX
#    include <sys/resource.h>
#    include <sys/stat.h>
#    include <unistd.h>
#endif
#ifdef Q_OS_LINUX
#    include <sys/mount.h>
#endif

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

constexpr QFile::Permissions OwnerOnly = QFile::ReadOwner | QFile::WriteOwner | QFile::ReadUser | QFile::WriteUser;

// A directory of the test's own, and what is in it.
class Folder
{
public:
    QString directory() const { return m_directory.path(); }
    QString file(const QString &name = u"events"_s) const { return m_directory.filePath(name); }
    QStringList files() const { return QDir(directory()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot); }

private:
    const QTemporaryDir m_directory;
};

// The exact bytes; null where there is no file.
QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(content), content.size());
}

QByteArray linesOf(const QList<Event> &events)
{
    QByteArray lines;
    for (const Event &event : events)
        lines += event.toJson().value() + '\n';
    return lines;
}

// The ids of all events in the files, in their order; what is no event is there as an empty one.
QStringList idsIn(const QStringList &paths)
{
    QStringList ids;
    for (const QString &path : paths) {
        QByteArray content = contentOf(path);
        if (!content.isEmpty() && !content.endsWith('\n'))
            ids.append(QString());
        content.chop(1);
        if (content.isEmpty())
            continue;
        for (const QByteArray &line : content.split('\n'))
            ids.append(Event::fromJson(line).value().id());
    }
    return ids;
}

// Each has the same number of bytes as a line.
QList<Event> evenEvents(qsizetype count, qsizetype payload = 10)
{
    QList<Event> events;
    for (qsizetype i = 0; i < count; ++i)
        events.append(Event(u"test.even"_s, QString(payload, u'x')));
    return events;
}

Event unportableEvent()
{
    return Event(u"test.nan"_s, std::numeric_limits<double>::quiet_NaN());
}

std::unique_ptr<RetryingSink> retrying(std::unique_ptr<FileSink> file, const std::shared_ptr<Clock> &clock)
{
    auto sink = std::make_unique<RetryingSink>(std::move(file), ExponentialBackoff());
    sink->setClock(clock);
    return sink;
}

// What comes up to a Witness, which may be gone by then.
struct Testimony
{
    QList<Delivery> outcomes;
    QList<qsizetype> runs;
    // Called after the first.
    std::function<void()> told;
};

// A wrapper that hands a whole batch on, and writes down each outcome.
class Witness : public Sink
{
public:
    explicit Witness(std::unique_ptr<Sink> target)
        : m_target(adopt(std::move(target)))
    {
    }

    const std::shared_ptr<Testimony> testimony = std::make_shared<Testimony>();

protected:
    void process(const Batch &batch, Completion completion) override
    {
        const auto shared = std::make_shared<Completion>(std::move(completion));
        const auto hear = [heard = testimony, shared](qsizetype count, const Delivery &delivery) {
            heard->runs.append(count);
            for (qsizetype i = 0; i < count; ++i)
                heard->outcomes.append(delivery);
            // Where this sink is destroyed, its own events have their outcome before those of its target.
            if (shared->remaining() > 0)
                shared->settle(count, delivery);
            if (const auto told = std::exchange(heard->told, nullptr))
                told();
        };
        forward(m_target, batch, Completion(batch.size(), hear));
    }

private:
    Sink *const m_target;
};

#ifdef Q_OS_UNIX
// No file of this process may grow beyond so many bytes: a write takes what fits, the next one fails.
class SizeLimit
{
public:
    explicit SizeLimit(rlim_t bytes)
    {
        m_handler = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &m_former);
        rlimit limited = m_former;
        limited.rlim_cur = bytes;
        m_isSet = ::setrlimit(RLIMIT_FSIZE, &limited) == 0;
    }
    ~SizeLimit() { lift(); }
    Q_DISABLE_COPY_MOVE(SizeLimit)

    bool isSet() const { return m_isSet; }
    void lift()
    {
        if (!std::exchange(m_isSet, false))
            return;
        ::setrlimit(RLIMIT_FSIZE, &m_former);
        std::signal(SIGXFSZ, m_handler);
    }

private:
    rlimit m_former = {};
    void (*m_handler)(int) = nullptr;
    bool m_isSet = false;
};
#endif

} // namespace

class FileSinkTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void eventsAreLinesInTheirOrder();
    void goesOnAtTheEndOfTheFile();
    void aHalfLineIsEnded();
    void theFileIsItsOwnersOnly();
    void propertiesAreIndependent();

    void rotatesBySize();
    void aBatchIsDividedWhereAFileIsFull();
    void anEventThatIsTooLargeIsAlone();
    void rotatesByAge();
    void theAgeOfAFileThatExistsCountsFromItsBirth();
    void aClockSetBackDoesNotStopRotation();
    void keepsNone();
    void lessAreKeptFromTheNextRotationOn();
    void aFailedRotationLosesNothing();
    void aFailedRemovalLosesNothing();

    void whatCannotBeEncodedFailsAlone();
    void nothingIsOpenedForWhatCannotBeEncoded();
    void aFullDiskThenRoomAgain_data();
    void aFullDiskThenRoomAgain();
    void aFullDeviceSaysSo();
    void aPieceThatFailsLeavesTheRestUntried();
    void whoHearsOfAnOutcomeMayDestroyTheSink();
    void aFileMovedMeanwhileIsBegunAnew();
    void aFileCutMeanwhileIsGoneOnWith();
    void noPathIsForGood();
    void aDirectoryIsRefused();
    void aMissingDirectoryMayCome();
    void aRelativePathCountsFromWhereItWasSet();
    void aLinkIsFollowed();
    void thePathMayBeChangedBehindAQueue();

    void flushesToDisk();
    void whatCannotBeFlushedIsNotDelivered();

    void closesTheFile();
    void anErrorOfClosingIsTold();
    void behindAQueueTheMainThreadGoesOn();

    // The last: from then on the thread sanitizer sees nothing of this thread.
    void survivesEveryFault_data();
    void survivesEveryFault();
};

void FileSinkTest::eventsAreLinesInTheirOrder()
{
    const Folder folder;
    QList<Event> events = someEvents(50);
    Event difficult(u"test.difficult"_s,
                    QVariantMap{{u"text"_s, u"two\nlines\r\n, \u2028, \U0001F4A7 and \"quotes\""_s},
                                {u"none"_s, QVariant::fromValue(nullptr)}});
    difficult.setSubject(u"a subject"_s);
    difficult.setExtension(u"number"_s, 7);
    events.append(difficult);
    events.append(Event(u"test.bytes"_s, QByteArray("\n\0\xff", 3)));
    FileSink sink(folder.file());
    sink.write(events[0]);
    sink.write(Batch(events.mid(1)));
    QANAT_WAIT(sink.statistics().delivered == events.size());
    const QByteArray content = contentOf(folder.file());
    QCOMPARE(content, linesOf(events));
    const QList<QByteArray> lines = content.chopped(1).split('\n');
    QCOMPARE(lines.size(), events.size());
    for (qsizetype i = 0; i < lines.size(); ++i)
        QCOMPARE(Event::fromJson(lines[i]).value(), events[i]);
    QCOMPARE(folder.files(), QStringList{u"events"_s});
    QANAT_BALANCED(sink);
}

void FileSinkTest::goesOnAtTheEndOfTheFile()
{
    const Folder folder;
    const QList<Event> events = someEvents(6);
    for (int i = 0; i < 3; ++i) {
        FileSink sink(folder.file());
        sink.write(Batch(events.mid(2 * i, 2)));
        QANAT_WAIT(sink.statistics().delivered == 2);
    }
    QCOMPARE(contentOf(folder.file()), linesOf(events));
}

void FileSinkTest::aHalfLineIsEnded()
{
    const Folder folder;
    const QList<Event> events = someEvents(3);
    write(folder.file(), linesOf({events[0]}) + "{\"specversion\":\"1.");
    FileSink sink(folder.file());
    sink.write(events[1]);
    QANAT_WAIT(sink.statistics().delivered == 1);
    sink.write(events[2]);
    QANAT_WAIT(sink.statistics().delivered == 2);
    QCOMPARE(contentOf(folder.file()), linesOf({events[0]}) + "{\"specversion\":\"1.\n" + linesOf(events.mid(1)));
}

void FileSinkTest::theFileIsItsOwnersOnly()
{
    const Folder folder;
#ifdef Q_OS_UNIX
    const mode_t former = ::umask(0);
#endif
    const QList<Event> events = evenEvents(2);
    FileSink sink(folder.file());
    sink.setMaximumFileSize(linesOf({events[0]}).size());
    sink.write(Batch(events));
    QANAT_WAIT(sink.statistics().delivered == 2);
#ifdef Q_OS_UNIX
    ::umask(former);
#endif
    QCOMPARE(QFile::permissions(folder.file()), OwnerOnly);
    QCOMPARE(QFile::permissions(folder.file(u"events.1"_s)), OwnerOnly);
    // Somebody wanted those of a file that exists.
    write(folder.file(u"shared"_s), {});
    const QFile::Permissions wanted = OwnerOnly | QFile::ReadGroup | QFile::ReadOther;
    QVERIFY(QFile::setPermissions(folder.file(u"shared"_s), wanted));
    FileSink shared(folder.file(u"shared"_s));
    shared.write(someEvent());
    QANAT_WAIT(shared.statistics().delivered == 1);
    QCOMPARE(QFile::permissions(folder.file(u"shared"_s)), wanted);
}

void FileSinkTest::propertiesAreIndependent()
{
    FileSink sink(u"one"_s);
    QCOMPARE(sink.path(), u"one"_s);
    QCOMPARE(sink.maximumFileSize(), Limits::Unlimited);
    QCOMPARE(sink.maximumFileAge(), std::chrono::milliseconds::max());
    QCOMPARE(sink.maximumFiles(), 9);
    QCOMPARE(sink.flushPolicy(), FileSink::Flush::EveryBatch);
    QSignalSpy pathChanged(&sink, &FileSink::pathChanged);
    QSignalSpy sizeChanged(&sink, &FileSink::maximumFileSizeChanged);
    QSignalSpy ageChanged(&sink, &FileSink::maximumFileAgeChanged);
    QSignalSpy filesChanged(&sink, &FileSink::maximumFilesChanged);
    QSignalSpy flushChanged(&sink, &FileSink::flushPolicyChanged);
    for (int i = 0; i < 2; ++i) {
        sink.setPath(u"two"_s);
        sink.setMaximumFileSize(-1);
        sink.setMaximumFileAge(-1ms);
        sink.setMaximumFiles(-1);
        sink.setFlushPolicy(FileSink::Flush::ToDisk);
    }
    QCOMPARE(sink.path(), u"two"_s);
    QCOMPARE(sink.maximumFileSize(), 0);
    QCOMPARE(sink.maximumFileAge(), 0ms);
    QCOMPARE(sink.maximumFiles(), 0);
    QCOMPARE(sink.flushPolicy(), FileSink::Flush::ToDisk);
    for (const QSignalSpy *spy : {&pathChanged, &sizeChanged, &ageChanged, &filesChanged, &flushChanged})
        QCOMPARE(spy->count(), 1);
}

/* --- Rotation ---------------------------------------------------------------------------------------------------------- */

void FileSinkTest::rotatesBySize()
{
    const Folder folder;
    const QList<Event> events = evenEvents(9);
    const qint64 line = linesOf({events[0]}).size();
    FileSink sink(folder.file());
    sink.setMaximumFileSize(2 * line + line / 2);
    sink.setMaximumFiles(2);
    for (qsizetype i = 0; i < events.size(); ++i) {
        sink.write(events[i]);
        QANAT_WAIT(sink.statistics().delivered == i + 1);
    }
    // The oldest four are removed.
    QCOMPARE(folder.files(), QStringList({u"events"_s, u"events.1"_s, u"events.2"_s}));
    QCOMPARE(contentOf(folder.file(u"events.2"_s)), linesOf(events.mid(4, 2)));
    QCOMPARE(contentOf(folder.file(u"events.1"_s)), linesOf(events.mid(6, 2)));
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(8)));
}

void FileSinkTest::aBatchIsDividedWhereAFileIsFull()
{
    const Folder folder;
    const QList<Event> events = evenEvents(8);
    const qint64 line = linesOf({events[0]}).size();
    write(folder.file(), linesOf({events[0]}));
    auto file = std::make_unique<FileSink>(folder.file());
    file->setMaximumFileSize(3 * line);
    Witness sink(std::move(file));
    sink.write(Batch(events.mid(1)));
    QANAT_WAIT(sink.statistics().delivered == 7);
    QCOMPARE(sink.testimony->runs, QList<qsizetype>({2, 3, 2}));
    QCOMPARE(folder.files(), QStringList({u"events"_s, u"events.1"_s, u"events.2"_s}));
    QCOMPARE(contentOf(folder.file(u"events.2"_s)), linesOf(events.mid(0, 3)));
    QCOMPARE(contentOf(folder.file(u"events.1"_s)), linesOf(events.mid(3, 3)));
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(6)));
}

void FileSinkTest::anEventThatIsTooLargeIsAlone()
{
    const Folder folder;
    QList<Event> events = evenEvents(3);
    const qint64 line = linesOf({events[0]}).size();
    events.insert(1, evenEvents(1, 10'000).first());
    FileSink sink(folder.file());
    sink.setMaximumFileSize(3 * line);
    sink.write(Batch(events));
    QANAT_WAIT(sink.statistics().delivered == 4);
    QCOMPARE(contentOf(folder.file(u"events.2"_s)), linesOf(events.mid(0, 1)));
    QCOMPARE(contentOf(folder.file(u"events.1"_s)), linesOf(events.mid(1, 1)));
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(2)));
}

void FileSinkTest::rotatesByAge()
{
    const Folder folder;
    const auto clock = std::make_shared<ManualClock>();
    const QList<Event> events = someEvents(5);
    FileSink sink(folder.file());
    sink.setClock(clock);
    sink.setMaximumFileAge(1h);
    qint64 count = 0;
    const auto writeNext = [&] {
        sink.write(events[count++]);
        return waitUntil([&] { return sink.statistics().delivered == count; });
    };
    QVERIFY(writeNext());
    clock->advance(1h - 1ms);
    QVERIFY(writeNext());
    QCOMPARE(folder.files(), QStringList{u"events"_s});
    clock->advance(1ms);
    QVERIFY(writeNext());
    QCOMPARE(contentOf(folder.file(u"events.1"_s)), linesOf(events.mid(0, 2)));
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(2, 1)));
    // The age of the new file counts from its own begin, and however long nothing came, there is one rotation.
    clock->advance(59min);
    QVERIFY(writeNext());
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(2, 2)));
    clock->advance(1000h);
    QVERIFY(writeNext());
    QCOMPARE(folder.files(), QStringList({u"events"_s, u"events.1"_s, u"events.2"_s}));
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(4)));
}

void FileSinkTest::theAgeOfAFileThatExistsCountsFromItsBirth()
{
    const Folder folder;
    const QList<Event> events = someEvents(3);
    write(folder.file(), linesOf({events[0]}));
    const QFileInfo info(folder.file());
    const QDateTime birth = info.birthTime().isValid() ? info.birthTime() : info.lastModified();
    const auto clock = std::make_shared<ManualClock>();
    clock->setWallClock(std::chrono::milliseconds(birth.toMSecsSinceEpoch()) + 1h - 1ms);
    for (int i = 1; i < 3; ++i) {
        FileSink sink(folder.file());
        sink.setClock(clock);
        sink.setMaximumFileAge(1h);
        sink.write(events[i]);
        QANAT_WAIT(sink.statistics().delivered == 1);
        clock->advance(1ms);
    }
    QCOMPARE(contentOf(folder.file(u"events.1"_s)), linesOf(events.mid(0, 2)));
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(2)));
}

void FileSinkTest::aClockSetBackDoesNotStopRotation()
{
    const Folder folder;
    const auto clock = std::make_shared<ManualClock>();
    FileSink sink(folder.file());
    sink.setClock(clock);
    sink.setMaximumFileAge(1h);
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 1);
    clock->setWallClock(clock->wallClock() - std::chrono::hours(24 * 365));
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 2);
    QCOMPARE(folder.files(), QStringList{u"events"_s});
    clock->advance(1h);
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 3);
    QCOMPARE(folder.files(), QStringList({u"events"_s, u"events.1"_s}));
}

void FileSinkTest::keepsNone()
{
    const Folder folder;
    const QList<Event> events = evenEvents(3);
    FileSink sink(folder.file());
    sink.setMaximumFileSize(linesOf({events[0]}).size());
    sink.setMaximumFiles(0);
    sink.write(Batch(events));
    QANAT_WAIT(sink.statistics().delivered == 3);
    QCOMPARE(folder.files(), QStringList{u"events"_s});
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(2)));
}

void FileSinkTest::lessAreKeptFromTheNextRotationOn()
{
    const Folder folder;
    const QList<Event> events = evenEvents(8);
    FileSink sink(folder.file());
    sink.setMaximumFileSize(linesOf({events[0]}).size());
    sink.write(Batch(events.mid(0, 6)));
    QANAT_WAIT(sink.statistics().delivered == 6);
    QCOMPARE(folder.files().size(), 6);
    // Somebody took one away: those that are older stay where they are.
    QVERIFY(QFile::remove(folder.file(u"events.2"_s)));
    sink.write(events[6]);
    QANAT_WAIT(sink.statistics().delivered == 7);
    QCOMPARE(idsIn({folder.file(u"events.5"_s), folder.file(u"events.4"_s), folder.file(u"events.3"_s),
                    folder.file(u"events.2"_s), folder.file(u"events.1"_s), folder.file()}),
             idsOf(events.mid(0, 3) + events.mid(4, 3)));
    sink.setMaximumFiles(2);
    sink.write(events[7]);
    QANAT_WAIT(sink.statistics().delivered == 8);
    QCOMPARE(folder.files(), QStringList({u"events"_s, u"events.1"_s, u"events.2"_s}));
    QCOMPARE(idsIn({folder.file(u"events.2"_s), folder.file(u"events.1"_s), folder.file()}), idsOf(events.mid(5)));
}

void FileSinkTest::aFailedRotationLosesNothing()
{
    const Folder folder;
    const QList<Event> events = evenEvents(6);
    // Nothing can take the name of a directory, not even for root.
    QVERIFY(QDir().mkpath(folder.file(u"events.1/inside"_s)));
    FileSink sink(folder.file());
    sink.setMaximumFileSize(2 * linesOf({events[0]}).size());
    sink.setMaximumFiles(1);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"^events could not be rotated and grows on: ."_s));
    sink.write(Batch(events.mid(0, 4)));
    QANAT_WAIT(sink.statistics().delivered == 4);
    // Said once, tried each time.
    sink.write(events[4]);
    QANAT_WAIT(sink.statistics().delivered == 5);
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(0, 5)));
    QVERIFY(QDir(folder.file(u"events.1"_s)).removeRecursively());
    sink.write(events[5]);
    QANAT_WAIT(sink.statistics().delivered == 6);
    QCOMPARE(contentOf(folder.file(u"events.1"_s)), linesOf(events.mid(0, 5)));
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(5)));
    QCOMPARE(sink.statistics().dropped, 0);
}

void FileSinkTest::aFailedRemovalLosesNothing()
{
    const Folder folder;
#ifdef Q_OS_UNIX
    if (::geteuid() == 0)
        QSKIP("Root may write to a directory that is read-only");
    const QList<Event> events = evenEvents(3);
    FileSink sink(folder.file());
    sink.setMaximumFileSize(linesOf({events[0]}).size());
    sink.setMaximumFiles(0);
    sink.write(events[0]);
    QANAT_WAIT(sink.statistics().delivered == 1);
    QVERIFY(QFile::setPermissions(folder.directory(), QFile::ReadOwner | QFile::ExeOwner));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"^events could not be rotated and grows on: ."_s));
    sink.write(Batch(events.mid(1)));
    QANAT_WAIT(sink.statistics().delivered == 3);
    QVERIFY(QFile::setPermissions(folder.directory(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
    QCOMPARE(contentOf(folder.file()), linesOf(events));
#else
    QSKIP("It takes the permissions of a directory");
#endif
}

/* --- Failures ---------------------------------------------------------------------------------------------------------- */

void FileSinkTest::whatCannotBeEncodedFailsAlone()
{
    const Folder folder;
    const QList<Event> good = someEvents(5);
    Witness sink(std::make_unique<FileSink>(folder.file()));
    sink.write(Batch({unportableEvent(), good[0], good[1], unportableEvent(), unportableEvent(), good[2], good[3],
                      good[4], unportableEvent()}));
    QANAT_WAIT(sink.statistics().pending == 0);
    QCOMPARE(sink.testimony->runs, QList<qsizetype>({1, 2, 2, 3, 1}));
    QCOMPARE(sink.statistics().delivered, 5);
    QCOMPARE(sink.statistics().dropped, 4);
    for (const int position : {0, 3, 4, 8}) {
        QCOMPARE(sink.testimony->outcomes[position].error(), Delivery::Error::NotPortable);
        QVERIFY(!sink.testimony->outcomes[position].canRetry());
        QVERIFY(sink.testimony->outcomes[position].errorText().contains(u"NaN"_s));
    }
    QCOMPARE(contentOf(folder.file()), linesOf(good));
    QANAT_BALANCED(sink);
}

void FileSinkTest::nothingIsOpenedForWhatCannotBeEncoded()
{
    const Folder folder;
    FileSink sink(folder.file());
    sink.write(unportableEvent());
    QANAT_WAIT(sink.statistics().dropped == 1);
    QCOMPARE(folder.files(), QStringList());
}

void FileSinkTest::aFullDiskThenRoomAgain_data()
{
    QTest::addColumn<bool>("isMounted");
    QTest::newRow("the file may not grow") << false;
    QTest::newRow("the file system is full") << true;
}

void FileSinkTest::aFullDiskThenRoomAgain()
{
    const Folder folder;
#ifdef Q_OS_LINUX
    QFETCH(const bool, isMounted);
    constexpr qsizetype Payload = 10'000;
    constexpr qint64 Room = 256 * 1024;
    const QString directory = folder.file(u"disk"_s);
    QVERIFY(QDir().mkpath(directory));
    const QByteArray mountPoint = QFile::encodeName(directory);
    if (isMounted && ::mount("none", mountPoint.constData(), "tmpfs", 0, "size=256k") != 0)
        QSKIP("Nothing can be mounted here");
    const auto unmount = qScopeGuard([&] {
        if (isMounted)
            ::umount2(mountPoint.constData(), MNT_DETACH);
    });
    SizeLimit limit(isMounted ? RLIM_INFINITY : rlim_t(Room));
    const QString filler = directory + u"/filler"_s;
    if (isMounted)
        write(filler, QByteArray(100'000, 'x'));

    const QString file = directory + u"/events"_s;
    const QList<Event> events = evenEvents(50, Payload);
    const qint64 line = linesOf({events[0]}).size();
    const auto clock = std::make_shared<ManualClock>();
    const auto sink = retrying(std::make_unique<FileSink>(file), clock);
    for (qsizetype i = 0; i < 10; ++i) {
        sink->write(events[i]);
        QANAT_WAIT(sink->statistics().delivered == i + 1);
    }
    sink->write(Batch(events.mid(10, 20)));
    QANAT_WAIT(clock->nextDue());
    // Nothing of what failed stays.
    QCOMPARE(contentOf(file), linesOf(events.mid(0, 10)));
    const Delivery failure = sink->statistics().lastError;
    QCOMPARE(failure.error(), Delivery::Error::Storage);
    QVERIFY(failure.canRetry());
    QVERIFY2(failure.errorText().startsWith(u"events could not be written: "_s), qPrintable(failure.errorText()));
    for (int i = 0; i < 3; ++i) {
        const qint64 failed = sink->statistics().failed;
        QVERIFY(clock->advanceToNextDue());
        QANAT_WAIT(sink->statistics().failed > failed && clock->nextDue());
        QCOMPARE(QFileInfo(file).size(), 10 * line);
    }

    limit.lift();
    if (isMounted) {
        QCOMPARE(::mount("none", mountPoint.constData(), "tmpfs", MS_REMOUNT, "size=4m"), 0);
        QVERIFY(QFile::remove(filler));
    }
    sink->write(Batch(events.mid(30)));
    QANAT_WAIT((void(clock->advanceToNextDue()), sink->statistics().pending == 0));
    QCOMPARE(contentOf(file), linesOf(events));
    QCOMPARE(sink->statistics().delivered, events.size());
    QANAT_BALANCED(*sink);
#else
    QSKIP("It takes a disk that can be filled");
#endif
}

void FileSinkTest::aFullDeviceSaysSo()
{
    if (!QFile::exists(u"/dev/full"_s))
        QSKIP("There is no /dev/full");
    FileSink sink(u"/dev/full"_s);
    sink.setMaximumFileSize(1);
    const QFuture<Delivery> sent = sink.send(Batch(someEvents(3)));
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Storage);
    QCOMPARE(sent.result().errorText(), u"full could not be written: "_s + qt_error_string(ENOSPC));
    QCOMPARE(sink.statistics().dropped, 3);
}

void FileSinkTest::aPieceThatFailsLeavesTheRestUntried()
{
    const Folder folder;
#ifdef Q_OS_UNIX
    const QList<Event> events = evenEvents(4, 150'000);
    const qint64 line = linesOf({events[0]}).size();
    auto file = std::make_unique<FileSink>(folder.file());
    file->setMaximumFileSize(2 * line);
    Witness sink(std::move(file));
    SizeLimit limit(rlim_t(line + line / 2));
    if (!limit.isSet())
        QSKIP("The size of files cannot be limited");
    sink.write(Batch(events));
    QANAT_WAIT(sink.statistics().pending == 0);
    limit.lift();
    // The first two are given up, since nobody tries again here; the others were put back and had a try of their own.
    QCOMPARE(sink.testimony->runs, QList<qsizetype>({2, 2, 2}));
    for (const int position : {0, 1, 4, 5})
        QCOMPARE(sink.testimony->outcomes[position].error(), Delivery::Error::Storage);
    for (const int position : {2, 3})
        QCOMPARE(sink.testimony->outcomes[position].outcome(), Delivery::Outcome::Untried);
    QCOMPARE(sink.statistics().dropped, 4);
    QCOMPARE(contentOf(folder.file()), QByteArray());
#else
    QSKIP("It takes a limit for files");
#endif
}

void FileSinkTest::whoHearsOfAnOutcomeMayDestroyTheSink()
{
    const Folder folder;
    const QList<Event> events = evenEvents(3);
    auto file = std::make_unique<FileSink>(folder.file());
    file->setMaximumFileSize(linesOf({events[0]}).size());
    auto sink = std::make_unique<Witness>(std::move(file));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"pending when it was destroyed"_s));
    sink->testimony->told = [&sink] { sink.reset(); };
    const QFuture<Delivery> sent = sink->send(Batch(events));
    QANAT_FINISH(sent);
    QVERIFY(!sink);
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Dropped);
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(0, 1)));
}

void FileSinkTest::aFileMovedMeanwhileIsBegunAnew()
{
    const Folder folder;
    const QList<Event> events = someEvents(4);
    FileSink sink(folder.file());
    sink.write(events[0]);
    QANAT_WAIT(sink.statistics().delivered == 1);
    if (!QFile::rename(folder.file(), folder.file(u"moved"_s)))
        QSKIP("The system does not move a file that is open");
    sink.write(events[1]);
    QANAT_WAIT(sink.statistics().delivered == 2);
    QCOMPARE(contentOf(folder.file(u"moved"_s)), linesOf(events.mid(0, 1)));
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(1, 1)));
    QCOMPARE(QFile::permissions(folder.file()), OwnerOnly);
    QVERIFY(QFile::remove(folder.file()));
    sink.write(events[2]);
    QANAT_WAIT(sink.statistics().delivered == 3);
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(2, 1)));
    // Moved away, and another one in its place.
    QVERIFY(QFile::rename(folder.file(), folder.file(u"moved again"_s)));
    write(folder.file(), "other\n");
    sink.write(events[3]);
    QANAT_WAIT(sink.statistics().delivered == 4);
    QCOMPARE(contentOf(folder.file()), "other\n" + linesOf(events.mid(3)));
    QCOMPARE(contentOf(folder.file(u"moved again"_s)), linesOf(events.mid(2, 1)));
}

void FileSinkTest::aFileCutMeanwhileIsGoneOnWith()
{
    const Folder folder;
    const QList<Event> events = evenEvents(4);
    FileSink sink(folder.file());
    sink.setMaximumFileSize(2 * linesOf({events[0]}).size());
    sink.write(Batch(events.mid(0, 2)));
    QANAT_WAIT(sink.statistics().delivered == 2);
    // As logrotate does with copytruncate.
    QVERIFY(QFile::resize(folder.file(), 0));
    sink.write(Batch(events.mid(2)));
    QANAT_WAIT(sink.statistics().delivered == 4);
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(2)));
    QCOMPARE(folder.files(), QStringList{u"events"_s});
}

void FileSinkTest::noPathIsForGood()
{
    const Folder folder;
    FileSink sink{QString()};
    const QFuture<Delivery> sent = sink.send(someEvent());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Storage);
    QVERIFY(!sent.result().canRetry());
    QCOMPARE(sent.result().errorText(), u"no path is set for the file"_s);
    sink.setPath(folder.file());
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 1);
}

void FileSinkTest::aDirectoryIsRefused()
{
    const Folder folder;
    for (const QString &wrong : {folder.directory(), folder.directory() + u'/'}) {
        const auto clock = std::make_shared<ManualClock>();
        const auto sink = retrying(std::make_unique<FileSink>(wrong), clock);
        sink->write(someEvent());
        QANAT_WAIT(clock->nextDue());
        const Delivery failure = sink->statistics().lastError;
        QCOMPARE(failure.error(), Delivery::Error::Storage);
        QCOMPARE(failure.errorText(),
                 QFileInfo(folder.directory()).fileName() + u" could not be written: it is a directory"_s);
        QVERIFY(!failure.errorText().contains(QDir::tempPath()));
    }
}

void FileSinkTest::aMissingDirectoryMayCome()
{
    const Folder folder;
    const QString file = folder.file(u"later/events"_s);
    const auto clock = std::make_shared<ManualClock>();
    const auto sink = retrying(std::make_unique<FileSink>(file), clock);
    const QList<Event> events = someEvents(3);
    sink->write(Batch(events));
    QANAT_WAIT(clock->nextDue());
    QCOMPARE(sink->statistics().lastError.errorText(), u"events could not be written: "_s + qt_error_string(ENOENT));
    QVERIFY(QDir().mkpath(folder.file(u"later"_s)));
    QVERIFY(clock->advanceToNextDue());
    QANAT_WAIT(sink->statistics().delivered == 3);
    QCOMPARE(contentOf(file), linesOf(events));
}

void FileSinkTest::aRelativePathCountsFromWhereItWasSet()
{
    const Folder folder;
    const QString former = QDir::currentPath();
    QVERIFY(QDir::setCurrent(folder.directory()));
    FileSink sink(u"events"_s);
    QVERIFY(QDir::setCurrent(former));
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 1);
    QCOMPARE(sink.path(), u"events"_s);
    QCOMPARE(folder.files(), QStringList{u"events"_s});
}

void FileSinkTest::aLinkIsFollowed()
{
    const Folder folder;
#ifdef Q_OS_UNIX
    QVERIFY(QDir().mkpath(folder.file(u"elsewhere"_s)));
    // To what is not there yet.
    QVERIFY(QFile::link(folder.file(u"elsewhere/real"_s), folder.file()));
    const QList<Event> events = evenEvents(3);
    FileSink sink(folder.file());
    sink.setMaximumFileSize(2 * linesOf({events[0]}).size());
    sink.write(Batch(events));
    QANAT_WAIT(sink.statistics().delivered == 3);
    QVERIFY(QFileInfo(folder.file()).isSymLink());
    QCOMPARE(folder.files(), QStringList({u"elsewhere"_s, u"events"_s}));
    QCOMPARE(contentOf(folder.file(u"elsewhere/real.1"_s)), linesOf(events.mid(0, 2)));
    QCOMPARE(contentOf(folder.file(u"elsewhere/real"_s)), linesOf(events.mid(2)));
#else
    QSKIP("It takes symbolic links");
#endif
}

void FileSinkTest::thePathMayBeChangedBehindAQueue()
{
    const Folder folder;
    const QList<Event> events = someEvents(2);
    Queue queue(std::make_unique<FileSink>(folder.file()));
    queue.write(events[0]);
    const QFuture<bool> changed =
        queue.configure<FileSink>([other = folder.file(u"other"_s)](FileSink &sink) { sink.setPath(other); });
    queue.write(events[1]);
    QANAT_FINISH(changed);
    QVERIFY(changed.result());
    QANAT_WAIT(queue.statistics().delivered == 2);
    QCOMPARE(contentOf(folder.file()), linesOf(events.mid(0, 1)));
    QCOMPARE(contentOf(folder.file(u"other"_s)), linesOf(events.mid(1)));
}

/* --- Flushing ---------------------------------------------------------------------------------------------------------- */

void FileSinkTest::flushesToDisk()
{
    const Folder folder;
    dismissHeartbeat(); // This thread waits for the disk.
    const QList<Event> events = evenEvents(5);
    FileSink sink(folder.file());
    sink.setFlushPolicy(FileSink::Flush::ToDisk);
    sink.setMaximumFileSize(2 * linesOf({events[0]}).size());
    const QFuture<Delivery> sent = sink.send(Batch(events));
    QANAT_FINISH(sent);
    QVERIFY2(sent.result().isSuccess(), qPrintable(sent.result().toString()));
    QCOMPARE(idsIn({folder.file(u"events.2"_s), folder.file(u"events.1"_s), folder.file()}), idsOf(events));
}

void FileSinkTest::whatCannotBeFlushedIsNotDelivered()
{
#ifdef Q_OS_LINUX
    // It takes everything, and has no disk.
    const auto clock = std::make_shared<ManualClock>();
    auto file = std::make_unique<FileSink>(u"/dev/null"_s);
    file->setFlushPolicy(FileSink::Flush::ToDisk);
    FileSink *const null = file.get();
    const auto sink = retrying(std::move(file), clock);
    sink->write(Batch(someEvents(3)));
    QANAT_WAIT(clock->nextDue());
    QCOMPARE(sink->statistics().delivered, 0);
    QCOMPARE(sink->statistics().lastError.errorText(), u"null could not be written: "_s + qt_error_string(EINVAL));
    null->setFlushPolicy(FileSink::Flush::EveryBatch);
    QVERIFY(clock->advanceToNextDue());
    QANAT_WAIT(sink->statistics().delivered == 3);
#else
    QSKIP("It takes a /dev/null that cannot be flushed");
#endif
}

/* --- Closing ----------------------------------------------------------------------------------------------------------- */

void FileSinkTest::closesTheFile()
{
    const Folder folder;
    FileSink unused(folder.file(u"unused"_s));
    const QFuture<CloseResult> nothing = unused.close();
    QANAT_FINISH(nothing);
    QVERIFY(nothing.result().isClean());
    QCOMPARE(folder.files(), QStringList());

    const QList<Event> events = someEvents(100);
    FileSink sink(folder.file());
    sink.write(Batch(events));
    const QFuture<CloseResult> closed = sink.close();
    QANAT_FINISH(closed);
    QVERIFY(closed.result().isClean());
    QCOMPARE(contentOf(folder.file()), linesOf(events));
#ifdef Q_OS_LINUX
    for (const QFileInfo &open : QDir(u"/proc/self/fd"_s).entryInfoList(QDir::Files))
        QVERIFY(open.symLinkTarget() != folder.file());
#endif
}

void FileSinkTest::anErrorOfClosingIsTold()
{
    const Folder folder;
#ifdef Q_OS_LINUX
    FileSink sink(folder.file());
    sink.write(someEvent());
    QANAT_WAIT(sink.statistics().delivered == 1);
    // Somebody closes it behind the sink's back.
    int descriptor = -1;
    for (const QFileInfo &open : QDir(u"/proc/self/fd"_s).entryInfoList(QDir::Files)) {
        if (open.symLinkTarget() == QFileInfo(folder.file()).canonicalFilePath())
            descriptor = open.fileName().toInt();
    }
    QVERIFY(descriptor > 2);
    QCOMPARE(::close(descriptor), 0);
    const QFuture<CloseResult> closed = sink.close();
    QANAT_FINISH(closed);
    QVERIFY(!closed.result().isClean());
    QCOMPARE(closed.result().worst().error(), Delivery::Error::Storage);
    QCOMPARE(closed.result().worst().errorText(), u"events could not be written: "_s + qt_error_string(EBADF));
#else
    QSKIP("It takes the descriptors in /proc");
#endif
}

void FileSinkTest::behindAQueueTheMainThreadGoesOn()
{
    const Folder folder;
    constexpr qsizetype Count = 20'000;
    auto file = std::make_unique<FileSink>(folder.file());
    file->setMaximumFileSize(1024 * 1024);
    file->setMaximumFiles(1000);
    file->setFlushPolicy(FileSink::Flush::ToDisk);
    Queue queue(std::move(file));
    QStringList written;
    written.reserve(Count);
    for (qsizetype i = 0; i < Count;) {
        // As much as an application does between two turns of its loop.
        for (const qsizetype end = std::min(i + 100, Count); i < end; ++i) {
            const Event event = someEvent();
            written.append(event.id());
            queue.write(event);
        }
        QCoreApplication::processEvents();
    }
    const QFuture<CloseResult> closed = queue.close();
    QANAT_FINISH(closed);
    QVERIFY(closed.result().isClean());
    QCOMPARE(queue.statistics().delivered, Count);
    dismissHeartbeat(); // From here on it is only looked at.
    QStringList all;
    for (qsizetype i = folder.files().size() - 1; i > 0; --i)
        all.append(folder.file(u"events."_s + QString::number(i)));
    QVERIFY(all.size() > 1);
    QCOMPARE(idsIn(all + QStringList{folder.file()}), written);
    QANAT_BALANCED(queue);
}

/* --- Every fault ------------------------------------------------------------------------------------------------------- */

void FileSinkTest::survivesEveryFault_data()
{
    QTest::addColumn<QString>("call");
    QTest::addColumn<QString>("error");
    QTest::addColumn<int>("number");
    for (int number = 1; number <= 4; ++number) {
        for (const char *call : {"write", "fsync", "openat", "rename"}) {
            for (const char *error : {"EIO", "ENOSPC"}) {
                QTest::addRow("%s of %s %d", error, call, number)
                    << QString::fromLatin1(call) << QString::fromLatin1(error) << number;
            }
        }
    }
}

// The system itself lets the nth call fail, in a second run of this function.
void FileSinkTest::survivesEveryFault()
{
    const Folder folder;
    QFETCH(const QString, call);
    QFETCH(const QString, error);
    QFETCH(const int, number);
    constexpr const char *Variable = "QANAT_TEST_FAULTY_FILE";
    if (qEnvironmentVariableIsEmpty(Variable)) {
        const QString strace = QStandardPaths::findExecutable(u"strace"_s);
        if (strace.isEmpty())
            QSKIP("There is no strace");
        QProcess run;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QString::fromLatin1(Variable), folder.file());
        // Nobody else may trace what is traced.
        environment.insert(u"ASAN_OPTIONS"_s, u"detect_leaks=0"_s);
        run.setProcessEnvironment(environment);
        run.setProcessChannelMode(QProcess::MergedChannels);
        const QString inject = u"inject=%1:error=%2:when=%3"_s.arg(call, error).arg(number);
        run.start(strace, {u"-f"_s, u"-qq"_s, u"-P"_s, folder.file(), u"-P"_s, folder.file(u"events.1"_s), u"-e"_s,
                           u"trace=openat,write,fsync,rename"_s, u"-e"_s, inject, u"-o"_s, folder.file(u"trace"_s),
                           QCoreApplication::applicationFilePath(),
                           u"survivesEveryFault:"_s + QString::fromUtf8(QTest::currentDataTag())});
        QANAT_WAIT(run.state() == QProcess::NotRunning);
        const QByteArray output = run.readAll();
        const QByteArray trace = contentOf(folder.file(u"trace"_s));
        if (!QFile::exists(folder.file()))
            QSKIP("Nothing can be traced here");
        const qsizetype injected = trace.indexOf("INJECTED");
        QVERIFY2(injected >= 0, trace.constData());
        // Whatever failed, the file is opened again before anything more is written.
        QVERIFY2(trace.indexOf("openat(", injected) < trace.indexOf("write(", injected), trace.constData());
        QVERIFY2(run.exitStatus() == QProcess::NormalExit && run.exitCode() == 0, output.constData());
        return;
    }

    dismissHeartbeat();
    const QString file = qEnvironmentVariable(Variable);
    const QList<Event> events = evenEvents(20);
    const auto clock = std::make_shared<ManualClock>();
    auto target = std::make_unique<FileSink>(file);
    target->setFlushPolicy(FileSink::Flush::ToDisk);
    target->setMaximumFileSize(3 * linesOf({events[0]}).size());
    const auto sink = retrying(std::move(target), clock);
    if (call == u"rename"_s)
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"^events could not be rotated"_s));
    for (qsizetype i = 0; i < events.size(); ++i) {
        sink->write(events[i]);
        QANAT_WAIT((void(clock->advanceToNextDue()), sink->statistics().delivered == i + 1));
    }
    // Everything is there, once, in its order, and only what failed was tried again.
    QStringList all;
    for (int i = 9; i > 0; --i)
        all.append(file + u'.' + QString::number(i));
    QCOMPARE(idsIn(all + QStringList{file}), idsOf(events));
    QCOMPARE(sink->statistics().failed, call == u"rename"_s ? 0 : 1);
    QANAT_BALANCED(*sink);
}

QTEST_GUILESS_MAIN(FileSinkTest)
#include "tst_filesink.moc"
