// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "relayprocess.h"

#include <Qanat/Event>
#include <Qanat/HttpReceiver>
#include <Qanat/WaitUntil>

#include <QtCore/qdir.h>
#include <QtCore/qdiriterator.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qset.h>
#include <QtCore/qtemporarydir.h>
#include <QtTest/qtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <numeric>

using namespace Qt::StringLiterals;
using namespace Qanat;
using namespace std::chrono_literals;

namespace {

QByteArray numberedLines(int first, int last)
{
    QByteArray lines;
    for (int i = first; i <= last; ++i)
        lines += "{\"n\":" + QByteArray::number(i) + "}\n";
    return lines;
}

QList<qint64> numbers(qint64 first, qint64 last)
{
    QList<qint64> all(last - first + 1);
    std::iota(all.begin(), all.end(), first);
    return all;
}

QJsonObject eventIn(const HttpRequest &request)
{
    return QJsonDocument::fromJson(request.body()).object();
}

QList<qint64> numbersIn(const QList<HttpRequest> &requests)
{
    QList<qint64> all;
    for (const HttpRequest &request : requests)
        all.append(eventIn(request).value("data"_L1).toObject().value("n"_L1).toInteger(-1));
    return all;
}

// `stored N`, the last one.
qint64 promised(RelayProcess &relay)
{
    const QByteArrayList lines = relay.lines();
    for (auto line = lines.crbegin(); line != lines.crend(); ++line) {
        if (line->startsWith("stored "))
            return line->mid(7).toLongLong();
    }
    return 0;
}

} // namespace

// qanat-relay --spool, and what is kept there.
class tst_RelaySpool : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();

    void goesOnInAFile();
    void anotherFileOfTheSameName();
    void anotherFileThatBeginsAlike();
    void aLastLineThatIsTooLong_data();
    void aLastLineThatIsTooLong();
    void aLineThatIsNotYetWritten();
    void namesThatBeginAlike();
    void promisesWhatIsStored();
    void leavesWhatIsStored();
    void signalsLeaveWhatIsStored();
    void endpointsDontWaitForEachOther();
    void anEndpointThatIsNew();
    void killedWhileItReadsAFile();
    void killedWhileItReadsAPipe();
    void aSecondOneIsRefused();
    void takesOverFromOneThatWasKilled();
    void tellsOfADamage_data();
    void tellsOfADamage();
    void waitsWhereTheSpoolIsFull();
    void keepsDeadLetters();
    void purgesDeadLetters();
    void wrongUsage_data();
    void wrongUsage();

private:
    [[nodiscard]] QString path(const QString &name) const { return m_folder->filePath(name); }
    [[nodiscard]] QString spool() const { return path(u"spool"_s); }
    [[nodiscard]] QString file(const QByteArray &content) const
    {
        QFile file(path(u"lines.ndjson"_s));
        return file.open(QIODevice::WriteOnly) && file.write(content) == content.size() ? file.fileName() : QString();
    }
    [[nodiscard]] QStringList toSpool(const QStringList &more = {}) const
    {
        return QStringList{u"--to"_s, m_receiver->url().toString(), u"--spool"_s, spool(), u"--backoff"_s, u"50ms"_s}
               + more;
    }
    [[nodiscard]] QStringList letters(const QStringList &more) const
    {
        return QStringList{u"dead-letters"_s, u"--spool"_s, spool()} + more;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<HttpReceiver> m_receiver;
};

void tst_RelaySpool::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
    m_receiver = std::make_unique<HttpReceiver>();
    QVERIFY(m_receiver->isListening());
}

void tst_RelaySpool::goesOnInAFile()
{
    const QString name = file(numberedLines(1, 50) + "no json\n\n" + numberedLines(51, 100));
    RelayProcess first;
    QVERIFY(first.run(toSpool({name})));
    QCOMPARE(first.exitCode(), 1); // For the line that is none.
    QVERIFY(first.errorOutput().contains("lines.ndjson:51: not JSON"));
    QCOMPARE(first.total("delivered"), 100);
    // There is more now.
    QFile more(name);
    QVERIFY(more.open(QIODevice::Append) && more.write(numberedLines(101, 120) + "nor this\n") > 0);
    more.close();
    RelayProcess second;
    QVERIFY(second.run(toSpool({name})));
    QVERIFY(second.errorOutput().contains("goes on after line 102"));
    QVERIFY(second.errorOutput().contains("lines.ndjson:123: not JSON"));
    QCOMPARE(second.total("read"), 21);
    QCOMPARE(numbersIn(m_receiver->requests()), numbers(1, 120));
    // And nothing more.
    RelayProcess third;
    QVERIFY(third.run(toSpool({name})));
    QCOMPARE(third.exitCode(), 0);
    QCOMPARE(third.total("read"), 0);
    QCOMPARE(m_receiver->requestCount(), 120u);
}

void tst_RelaySpool::anotherFileOfTheSameName()
{
    RelayProcess first;
    QVERIFY(first.run(toSpool({file(numberedLines(1, 50))})));
    QVERIFY(QFile::remove(path(u"lines.ndjson"_s)));
    RelayProcess second;
    QVERIFY(second.run(toSpool({file(numberedLines(1000, 1100))})));
    QVERIFY(second.errorOutput().contains("is not the file that it was"));
    QCOMPARE(second.total("delivered"), 101);
    QCOMPARE(numbersIn(m_receiver->requests()), numbers(1, 50) + numbers(1000, 1100));
}

// A log that begins with the same words each day.
void tst_RelaySpool::anotherFileThatBeginsAlike()
{
    const QByteArray head = '"' + QByteArray(3000, 'x') + "\"\n";
    RelayProcess first;
    QVERIFY(first.run(toSpool({file(head + numberedLines(1, 50))})));
    RelayProcess second;
    QVERIFY(second.run(toSpool({file(head + numberedLines(201, 300))})));
    QVERIFY(second.errorOutput().contains("is not the file that it was"));
    QCOMPARE(second.total("delivered"), 101);
    QCOMPARE(numbersIn(m_receiver->requests()).mid(52), numbers(201, 300));
}

void tst_RelaySpool::aLastLineThatIsTooLong_data()
{
    QTest::addColumn<qsizetype>("size");
    QTest::newRow("a little") << qsizetype(1536 * 1024);
    QTest::newRow("much") << qsizetype(5 * 1024 * 1024);
}

void tst_RelaySpool::aLastLineThatIsTooLong()
{
    QFETCH(const qsizetype, size);
    // The name of what may be longer is no way in.
    const QString name = file("1\n\"deadletter" + QByteArray(size, 'x') + "\"\n");
    RelayProcess first;
    QVERIFY(first.run(toSpool({name})));
    QCOMPARE(first.exitCode(), 1);
    QVERIFY(first.errorOutput().contains("lines.ndjson:2: the line is longer than 1 MiB"));
    RelayProcess second;
    QVERIFY(second.run(toSpool({name})));
    QCOMPARE(second.exitCode(), 0);
    QCOMPARE(second.total("rejected"), 0);
    QCOMPARE(m_receiver->requests().size(), 1);
}

void tst_RelaySpool::aLineThatIsNotYetWritten()
{
    const auto append = [this](const QByteArray &text) {
        QFile more(path(u"lines.ndjson"_s));
        return more.open(QIODevice::Append) && more.write(text) == text.size();
    };
    const QString name = file("{\"n\":1}\n{\"n\":15");
    RelayProcess first;
    QVERIFY(first.run(toSpool({name})));
    QCOMPARE(first.exitCode(), 1);
    QVERIFY(first.errorOutput().contains("lines.ndjson:2: the last line has no end yet"));
    QVERIFY(append("04}\n12"));
    RelayProcess second;
    QVERIFY(second.run(toSpool({name})));
    QVERIFY(append("3\n{\"n\":7}"));
    // One that is whole needs no end.
    RelayProcess third;
    QVERIFY(third.run(toSpool({name})));
    QCOMPARE(third.exitCode(), 0);
    RelayProcess fourth;
    QVERIFY(append("\n{\"n\":8}\nbad\n"));
    QVERIFY(fourth.run(toSpool({name})));
    QVERIFY(fourth.errorOutput().contains("lines.ndjson:6: not JSON"));
    const QList<HttpRequest> requests = m_receiver->requests();
    QCOMPARE(numbersIn(requests), QList<qint64>({1, 1504, -1, 7, 8}));
    QCOMPARE(eventIn(requests.at(2)).value("data"_L1).toInteger(), 123);
}

void tst_RelaySpool::namesThatBeginAlike()
{
    const QString begin = QString(u'\u30b5').repeated(40);
    const QString lines = file(numberedLines(1, 5));
    for (const QString &name : {begin + u"a"_s, begin + u"b"_s}) {
        QFile config(path(u"config.json"_s));
        QVERIFY(config.open(QIODevice::WriteOnly));
        const QJsonObject endpoint{{u"name"_s, name}, {u"url"_s, m_receiver->url().toString()}};
        config.write(QJsonDocument(QJsonObject{{u"endpoints"_s, QJsonArray{endpoint}}}).toJson());
        config.close();
        RelayProcess relay;
        QVERIFY(relay.run({u"--config"_s, config.fileName(), u"--spool"_s, spool(), lines}));
        QCOMPARE(relay.total("delivered"), 5);
    }
    QCOMPARE(QDir(spool()).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size(), 2);
}

void tst_RelaySpool::promisesWhatIsStored()
{
    m_receiver->setResponse(HttpResponse::status(503));
    RelayProcess relay;
    QVERIFY(relay.begin(toSpool()));
    relay.write(numberedLines(1, 5));
    QVERIFY(waitUntil([&] { return promised(relay) == 5; }, 60s));
    relay.write("nonsense\n" + numberedLines(6, 10));
    QVERIFY(waitUntil([&] { return promised(relay) == 11; }, 60s));
    relay.kill();
    QVERIFY(relay.waitForFinished(RelayProcess::Patience));
    m_receiver->setResponse(HttpResponse::status(204));
    m_receiver->clear();
    RelayProcess second;
    QVERIFY(second.run(toSpool()));
    QCOMPARE(second.exitCode(), 0);
    QCOMPARE(second.total("resumed"), 10);
    QCOMPARE(second.total("delivered"), 10);
    QCOMPARE(numbersIn(m_receiver->requests()), numbers(1, 10));
}

void tst_RelaySpool::leavesWhatIsStored()
{
    m_receiver->setResponse(HttpResponse::status(503));
    const QString name = file(numberedLines(1, 3000));
    RelayProcess first;
    QVERIFY(first.run(toSpool({u"--drain-timeout"_s, u"300ms"_s, u"--spool-ok"_s, name})));
    QCOMPARE(first.exitCode(), 0);
    QVERIFY(first.errorOutput().contains("what is left stays in the spool"));
    QCOMPARE(first.total("stored"), first.total("pending"));
    RelayProcess second;
    QVERIFY(second.run(toSpool({u"--drain-timeout"_s, u"300ms"_s, name})));
    QCOMPARE(second.exitCode(), 1);
    QCOMPARE(second.total("stored"), 3000);
    m_receiver->setResponse(HttpResponse::status(204));
    m_receiver->clear();
    RelayProcess third;
    QVERIFY(third.run(toSpool({name})));
    QCOMPARE(third.exitCode(), 0);
    QCOMPARE(third.total("resumed"), 3000);
    QCOMPARE(third.total("stored"), 0);
    QCOMPARE(numbersIn(m_receiver->requests()), numbers(1, 3000));
}

void tst_RelaySpool::signalsLeaveWhatIsStored()
{
    m_receiver->setResponse(HttpResponse::status(503));
    for (const bool isEnough : {true, false}) {
        RelayProcess relay;
        QVERIFY(relay.begin(toSpool(isEnough ? QStringList{u"--spool-ok"_s} : QStringList())));
        relay.write(numberedLines(1, 3));
        QVERIFY(waitUntil([&] { return promised(relay) == 3; }, 60s));
        QVERIFY(relay.endAtOnce(SIGTERM));
        QCOMPARE(relay.total("stored"), isEnough ? 3 : 6);
        // Of a pipe nobody knows what is left in it.
        QCOMPARE(relay.exitCode(), 128 + SIGTERM);
    }
    RelayProcess relay;
    const QString name = file(numberedLines(1, 10));
    m_receiver->clear();
    QVERIFY(relay.begin(toSpool({u"--spool-ok"_s, name})));
    QVERIFY(waitUntil([&] { return m_receiver->requestCount() > 0; }, 60s));
    QVERIFY(relay.endAtOnce(SIGTERM));
    QCOMPARE(relay.exitCode(), 0);
}

void tst_RelaySpool::endpointsDontWaitForEachOther()
{
    HttpReceiver dead;
    dead.setResponse(HttpResponse::status(503));
    RelayProcess first;
    QVERIFY(first.run(toSpool({u"--to"_s, dead.url(u"/dead"_s).toString(), u"--drain-timeout"_s, u"1s"_s}),
                      numberedLines(1, 5000)));
    QCOMPARE(first.exitCode(), 1);
    QCOMPARE(first.endpoint(0).value("delivered"_L1).toInteger(), 5000);
    QCOMPARE(first.endpoint(1).value("stored"_L1).toInteger(), 5000);
    dead.setResponse(HttpResponse::status(204));
    dead.clear();
    RelayProcess second;
    QVERIFY(second.run(toSpool({u"--to"_s, dead.url(u"/dead"_s).toString()})));
    QCOMPARE(second.exitCode(), 0);
    QCOMPARE(numbersIn(dead.requests()), numbers(1, 5000));
    QCOMPARE(m_receiver->requestCount(), 5000u);
}

void tst_RelaySpool::anEndpointThatIsNew()
{
    const QString name = file(numberedLines(1, 20));
    RelayProcess first;
    QVERIFY(first.run(toSpool({name})));
    HttpReceiver other;
    RelayProcess second;
    QVERIFY(second.run(toSpool({u"--to"_s, other.url(u"/new"_s).toString(), name})));
    QCOMPARE(second.exitCode(), 0);
    QCOMPARE(numbersIn(other.requests()), numbers(1, 20));
    QCOMPARE(m_receiver->requestCount(), 20u);
    RelayProcess third;
    QVERIFY(third.run(toSpool({name})));
    QVERIFY(third.errorOutput().contains("belongs to an endpoint that there is not in this run"));
}

// What a crash at any moment may do is in the stress tests; these are some of those moments.
void tst_RelaySpool::killedWhileItReadsAFile()
{
    constexpr int Lines = 3000;
    const QString name = file(numberedLines(1, Lines));
    for (int round = 0;; ++round) {
        RelayProcess relay;
        QVERIFY(relay.begin(toSpool({name})));
        const quint64 before = m_receiver->requestCount();
        const bool isKilled =
            round < 8
            && waitUntil(
                [&] { return m_receiver->requestCount() > before + 100 || relay.state() == QProcess::NotRunning; },
                60s);
        if (isKilled && relay.state() != QProcess::NotRunning) {
            relay.kill();
            QVERIFY(relay.waitForFinished(RelayProcess::Patience));
            continue;
        }
        QVERIFY(relay.state() == QProcess::NotRunning || relay.waitForEnd());
        QCOMPARE(relay.exitCode(), 0);
        break;
    }
    // Each is there, the first time in its order, and with one id.
    QHash<qint64, QString> ids;
    QList<qint64> order;
    const QList<HttpRequest> requests = m_receiver->requests();
    const QList<qint64> all = numbersIn(requests);
    for (qsizetype i = 0; i < all.size(); ++i) {
        const QString id = eventIn(requests.at(i)).value("id"_L1).toString();
        if (!ids.contains(all.at(i)))
            order.append(all.at(i));
        QCOMPARE(ids.value(all.at(i), id), id);
        ids.insert(all.at(i), id);
    }
    QCOMPARE(order, numbers(1, Lines));
}

void tst_RelaySpool::killedWhileItReadsAPipe()
{
    qint64 next = 1;
    QSet<qint64> promises;
    for (int round = 0; round < 8; ++round) {
        RelayProcess relay;
        QVERIFY(relay.begin(toSpool()));
        const qint64 first = next;
        relay.write(numberedLines(int(next), int(next + 499)));
        next += 500;
        QVERIFY(waitUntil([&] { return promised(relay) > 50 * round; }, 60s));
        relay.kill();
        QVERIFY(relay.waitForFinished(RelayProcess::Patience));
        for (qint64 i = 0; i < promised(relay); ++i)
            promises.insert(first + i);
    }
    RelayProcess last;
    QVERIFY(last.run(toSpool()));
    QCOMPARE(last.exitCode(), 0);
    const QList<qint64> all = numbersIn(m_receiver->requests());
    const QSet<qint64> arrived(all.begin(), all.end());
    QVERIFY(arrived.contains(promises));
}

void tst_RelaySpool::aSecondOneIsRefused()
{
    RelayProcess first;
    QVERIFY(first.begin(toSpool()));
    first.write(numberedLines(1, 1));
    QVERIFY(waitUntil([&] { return promised(first) == 1; }, 60s));
    RelayProcess second;
    QVERIFY(second.run(toSpool(), numberedLines(2, 2)));
    QCOMPARE(second.exitCode(), 1);
    QVERIFY(second.lines().last().contains("in use by process " + QByteArray::number(first.processId())));
    QCOMPARE(second.lines().size(), 1);
    RelayProcess command;
    QVERIFY(command.run(letters({u"list"_s})));
    QCOMPARE(command.exitCode(), 1);
    QVERIFY(command.errorOutput().contains("in use by process " + QByteArray::number(first.processId())));
    first.closeWriteChannel();
    QVERIFY(first.waitForEnd());
    QCOMPARE(numbersIn(m_receiver->requests()), numbers(1, 1));
}

void tst_RelaySpool::takesOverFromOneThatWasKilled()
{
    RelayProcess first;
    QVERIFY(first.begin(toSpool()));
    first.write(numberedLines(1, 1));
    QVERIFY(waitUntil([&] { return promised(first) == 1; }, 60s));
    first.kill();
    QVERIFY(first.waitForFinished(RelayProcess::Patience));
    RelayProcess second;
    QVERIFY(second.run(toSpool()));
    QCOMPARE(second.exitCode(), 0);
}

void tst_RelaySpool::tellsOfADamage_data()
{
    QTest::addColumn<bool>("isLookedAtFirst");
    QTest::newRow("the next run") << false;
    QTest::newRow("a look") << true;
}

// Whoever comes to know of it says so, and the sums hold.
void tst_RelaySpool::tellsOfADamage()
{
    QFETCH(const bool, isLookedAtFirst);
    m_receiver->setResponse(HttpResponse::status(503));
    RelayProcess first;
    QVERIFY(first.begin(toSpool()));
    for (int i = 0; i < 20; ++i) {
        first.write(numberedLines(20 * i + 1, 20 * i + 20));
        QVERIFY(waitUntil([&] { return promised(first) == 20 * i + 20; }, 60s));
    }
    first.kill();
    QVERIFY(first.waitForFinished(RelayProcess::Patience));
    QDirIterator files(m_folder->path(), {u"events.db-wal"_s}, QDir::Files, QDirIterator::Subdirectories);
    QVERIFY(files.hasNext());
    QFile log(files.next());
    QVERIFY(log.open(QIODevice::ReadWrite) && log.seek(60'000) && log.write(QByteArray(80'000, '\x55')) == 80'000);
    log.close();
    m_receiver->setResponse(HttpResponse::status(204));
    qint64 lost = 0;
    if (isLookedAtFirst) {
        RelayProcess look;
        QVERIFY(look.run(letters({u"list"_s})));
        QCOMPARE(look.exitCode(), 1);
        QVERIFY(look.errorOutput().contains("was damaged, and is events-damaged-"));
        const QRegularExpressionMatch match =
            QRegularExpression(u": (\\d+) events are lost: "_s).match(QString::fromUtf8(look.errorOutput()));
        QVERIFY2(match.hasMatch(), look.errorOutput().constData());
        lost = match.captured(1).toLongLong();
    }
    RelayProcess second;
    QVERIFY(second.run(toSpool()));
    QCOMPARE(second.exitCode(), isLookedAtFirst ? 0 : 1);
    QCOMPARE(second.errorOutput().contains("was damaged, and is events-damaged-"), !isLookedAtFirst);
    QCOMPARE(second.total("resumed"), 400 - lost);
    QCOMPARE(second.total("delivered") + second.total("dropped"), 400 - lost);
    QCOMPARE(second.total("pending"), 0);
    QVERIFY(second.total("dropped") + lost > 0 && second.total("delivered") > 100);
}

void tst_RelaySpool::waitsWhereTheSpoolIsFull()
{
    m_receiver->setResponse(HttpResponse::status(503));
    RelayProcess relay;
    QVERIFY(relay.run(toSpool({u"--spool-limit"_s, u"20kB"_s, u"--drain-timeout"_s, u"1s"_s, u"--stats"_s}),
                      numberedLines(1, 5000)));
    QCOMPARE(relay.exitCode(), 1);
    QVERIFY(relay.totals().value("unread"_L1).toBool());
    QVERIFY(relay.total("stored") > 10 && relay.total("stored") < 1000);
    // The one that waited to be written was read from the pipe, and was not promised.
    QCOMPARE(relay.total("pending"), relay.total("stored") + 1);
    QCOMPARE(promised(relay), relay.total("stored"));
}

void tst_RelaySpool::keepsDeadLetters()
{
    m_receiver->setResponse(HttpResponse::status(422));
    RelayProcess relay;
    QVERIFY(relay.run(toSpool(), numberedLines(1, 5)));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(relay.total("dropped"), 5);
    QCOMPARE(relay.total("deadLettered"), 5);
    const QStringList ids = [this] {
        QStringList all;
        const QList<HttpRequest> requests = m_receiver->requests();
        for (const HttpRequest &request : requests)
            all.append(eventIn(request).value("id"_L1).toString());
        return all;
    }();

    RelayProcess list;
    QVERIFY(list.run(letters({u"list"_s})));
    QCOMPARE(list.exitCode(), 0);
    const QByteArrayList lines = list.readAllStandardOutput().split('\n');
    QCOMPARE(lines.size(), 6);
    const QByteArrayList fields = lines.at(2).split('\t');
    QCOMPARE(fields.size(), 8);
    QCOMPARE(fields.at(1), "3");
    QCOMPARE(fields.at(3), "qanat.line");
    QCOMPARE(QString::fromUtf8(fields.at(4)), ids.at(2));
    QCOMPARE(fields.at(6), "422");
    QVERIFY(fields.at(7).contains("answered 422"));

    RelayProcess exported;
    QVERIFY(exported.run(letters({u"export"_s})));
    const Result<Event> event = Event::fromJson(exported.readAllStandardOutput().split('\n').first());
    QVERIFY(event);
    QCOMPARE(event->id(), ids.first());
    QCOMPARE(event->extension(u"deadletterstatus"_s).toInt(), 422);

    RelayProcess retry;
    QVERIFY(retry.run(letters({u"retry"_s, u"2"_s, u"4"_s})));
    QCOMPARE(retry.exitCode(), 0);
    RelayProcess missing;
    QVERIFY(missing.run(letters({u"retry"_s, u"2"_s})));
    QCOMPARE(missing.exitCode(), 1);
    QVERIFY(missing.errorOutput().contains("there is no dead letter 2"));
    m_receiver->setResponse(HttpResponse::status(204));
    m_receiver->clear();
    RelayProcess again;
    QVERIFY(again.run(toSpool()));
    QCOMPARE(again.exitCode(), 0);
    QCOMPARE(again.total("resumed"), 2);
    QCOMPARE(numbersIn(m_receiver->requests()), QList<qint64>({2, 4}));
    QCOMPARE(eventIn(m_receiver->requests().first()).value("id"_L1).toString(), ids.at(1));
    RelayProcess rest;
    QVERIFY(rest.run(letters({u"retry"_s})));
    QVERIFY(rest.readAllStandardOutput().contains(": 3 sent again"));
}

void tst_RelaySpool::purgesDeadLetters()
{
    m_receiver->setResponse(HttpResponse::status(422));
    RelayProcess relay;
    QVERIFY(relay.run(toSpool(), numberedLines(1, 5)));
    const auto purged = [this](const QStringList &arguments) {
        RelayProcess purge;
        if (!purge.run(letters(QStringList{u"purge"_s} + arguments)) || purge.exitCode() != 0)
            return QByteArray("failed");
        return purge.readAllStandardOutput().trimmed().split(' ').at(1);
    };
    QCOMPARE(purged({u"--older-than"_s, u"1h"_s}), "0");
    QCOMPARE(purged({u"3"_s}), "1");
    QCOMPARE(purged({u"--keep"_s, u"1kB"_s}), "2");
    QCOMPARE(purged({u"--older-than"_s, u"1ms"_s}), "2");
    QCOMPARE(purged({u"--all"_s}), "0");
}

void tst_RelaySpool::wrongUsage_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("message");
    const QString to = u"http://127.0.0.1:9"_s;
    QTest::newRow("a file") << QStringList{u"--to"_s, to, u"--spool"_s, u"/etc/passwd"_s}
                            << u"--spool: /etc/passwd is no directory"_s;
    QTest::newRow("nowhere") << QStringList{u"--to"_s, to, u"--spool"_s, u"/proc/none/there"_s}
                             << u"--spool: /proc/none/there cannot be made: No such file or directory"_s;
    QTest::newRow("empty") << QStringList{u"--to"_s, to, u"--spool"_s, QString()}
                           << u"--spool: the name of the directory is empty"_s;
    QTest::newRow("alike") << QStringList{u"--to"_s, to, u"--to"_s, to, u"--spool"_s, u"SPOOL"_s}
                           << u"--spool: two endpoints have the same name, or the same URL and no name"_s;
    QTest::newRow("no spool") << QStringList{u"--to"_s, to, u"--spool-ok"_s} << u"--spool-ok: only with --spool"_s;
    QTest::newRow("no unit") << QStringList{u"--to"_s, to, u"--spool"_s, u"SPOOL"_s, u"--spool-limit"_s, u"5"_s}
                             << u"--spool-limit:"_s;
    QTest::newRow("no verb") << QStringList{u"dead-letters"_s, u"--spool"_s, u"SPOOL"_s}
                             << u"--spool: SPOOL is no directory"_s;
    QTest::newRow("no DIR") << QStringList{u"dead-letters"_s, u"list"_s} << u"--spool DIR is missing"_s;
}

void tst_RelaySpool::wrongUsage()
{
    QFETCH(QStringList, arguments);
    QFETCH(QString, message);
    arguments.replaceInStrings(u"SPOOL"_s, spool());
    message.replace(u"SPOOL"_s, spool());
    RelayProcess relay;
    QVERIFY(relay.run(arguments));
    QCOMPARE(relay.exitCode(), 2);
    QVERIFY2(relay.errorOutput().startsWith("qanat-relay: " + message.toUtf8()), relay.errorOutput().constData());
    QCOMPARE(relay.lines().size(), 1);
    QVERIFY(!QFileInfo::exists(spool()));
}

QTEST_GUILESS_MAIN(tst_RelaySpool)
#include "tst_relayspool.moc"
