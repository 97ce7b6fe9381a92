// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// A program that is killed at any moment has lost nothing of what it has said to be stored.

#include "deliveryaudit.h"
#include "qanattest.h"

#include <Qanat/HttpReceiver>

#include <QtCore/qhash.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qprocess.h>
#include <QtCore/qrandom.h>
#include <QtCore/qtemporarydir.h>

#include <mutex>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace {

constexpr int Patience = 120'000; // ms; only a test that fails waits so long.

// The longest time that a run has, in ms: some are over before anything was written.
constexpr int LongestRun = IsSanitized ? 1'500 : 250;

// What a durable queue hands on before it hears of the first of it, and as much again while it stores that this was delivered.
constexpr qint64 MostUnderWay = 2 * (16 * 1'024 + 1'024);

// As in tst_stress: so many, fewer where a sanitizer looks on. QANAT_STRESS is a percentage.
int rounds(int full)
{
    bool isNumber = false;
    const int percent = qEnvironmentVariableIntValue("QANAT_STRESS", &isNumber);
    return std::max(1, full * (isNumber ? percent : 100) / 100 / (IsSanitized ? 10 : 1));
}

// The outside: a web service that writes down what has arrived.
class Service
{
public:
    Service()
    {
        m_receiver.setRecording(HttpReceiver::Recording::Count);
        m_receiver.setHandler([this](const HttpRequest &request) {
            take(request.body());
            return HttpResponse::status(204);
        });
    }
    [[nodiscard]] QString url() const { return m_receiver.url().toString(); }
    // What came since this was asked the last time goes into \a audit.
    void report(DeliveryAudit &audit)
    {
        const std::lock_guard lock(m_mutex);
        for (const qint64 number : std::exchange(m_arrived, {}))
            audit.noteArrived(number);
    }
    // How many events did not have the id that they had before.
    [[nodiscard]] qint64 renamed() const
    {
        const std::lock_guard lock(m_mutex);
        return m_renamed;
    }
    [[nodiscard]] qint64 requests() const { return qint64(m_receiver.requestCount()); }

private:
    void take(const QByteArray &body)
    {
        const QJsonArray events = QJsonDocument::fromJson(body).array();
        const std::lock_guard lock(m_mutex);
        for (const QJsonValue &value : events) {
            const QJsonObject event = value.toObject();
            const qint64 number = event.value("data"_L1).toObject().value("n"_L1).toInteger(-1);
            const QString id = event.value("id"_L1).toString();
            m_arrived.append(number);
            m_renamed += m_ids.value(number, id) != id;
            m_ids.insert(number, id);
        }
    }

    mutable std::mutex m_mutex;
    QList<qint64> m_arrived;
    QHash<qint64, QString> m_ids;
    qint64 m_renamed = 0;
    HttpReceiver m_receiver; // Goes first.
};

QByteArray lines(qint64 first, qint64 last)
{
    QByteArray all;
    for (qint64 number = first; number <= last; ++number)
        all += "{\"n\":" + QByteArray::number(number) + "}\n";
    return all;
}

// qanat-relay with a spool, as somebody starts it.
class Relay : public QProcess
{
public:
    Relay(const Service &service, const QString &spool, const QStringList &more = {})
    {
        setReadChannel(StandardError);
        start(QStringLiteral(QANAT_RELAY_PROGRAM),
              QStringList{u"--to"_s, service.url(), u"--spool"_s, spool, u"--content-mode"_s, u"batched"_s,
                          u"--linger"_s, u"1ms"_s, u"--batch"_s, u"100"_s}
                  + more);
    }
    // In the middle of whatever it does; false if it had ended by itself.
    [[nodiscard]] bool killAfter(int time)
    {
        if (waitForFinished(time)) {
            m_said += readAllStandardError();
            m_said += exitStatus() == CrashExit ? "(It was killed by somebody else.)" : "(It has ended by itself.)";
            return false;
        }
        kill();
        return waitForFinished(Patience);
    }
    // `stored N`
    [[nodiscard]] qint64 promised()
    {
        m_said += readAllStandardError();
        qint64 promised = 0;
        const QByteArrayList said = m_said.split('\n');
        for (qsizetype i = 0; i + 1 < said.size(); ++i) {
            if (said.at(i).startsWith("stored "))
                promised = said.at(i).mid(7).toLongLong();
        }
        return promised;
    }
    [[nodiscard]] QByteArray said() const { return m_said; }

private:
    QByteArray m_said;
};

} // namespace

class KillTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void auditsWhatIsWrong();
    void durableQueue();
    void relayOfAFile();
    void relayOfAPipe();
};

// What never sees anything proves nothing.
void KillTest::auditsWhatIsWrong()
{
    DeliveryAudit audit;
    audit.beginRun();
    audit.noteLines("from 1\nwritten 20\nstored 12\ndelivered 1 5\ndelivered 6 7\nstored 1");
    QCOMPARE(audit.promised(), 12);
    QCOMPARE(audit.lost(), 5);
    QCOMPARE(audit.firstLost(), 8);
    QCOMPARE(audit.disordered(), 0);
    QVERIFY(!audit.isClean());
    // What was under way comes again, the rest follows; what was not promised may be missing.
    audit.beginRun();
    audit.noteLines("delivered 5 13\n");
    QVERIFY(audit.isClean());
    QCOMPARE(audit.repeated(), 3);
    audit.noteLines("from 21\nwritten 30\nstored 22\ndelivered 21 22\n");
    QVERIFY(audit.isClean());
    QCOMPARE(audit.arrived(), 15);
    QCOMPARE(audit.promised(), 14);
    // Too late.
    audit.beginRun();
    audit.noteLines("delivered 14 14\n");
    QCOMPARE(audit.disordered(), 1);
    audit.noteLines("delivered 5 5\n");
    QCOMPARE(audit.disordered(), 2);
    QCOMPARE(audit.mostRepeated(), 3);
    // Never written, or otherwise.
    audit.noteLines("delivered 31 31\nmangled 22\n");
    QCOMPARE(audit.wrong(), 2);
}

void KillTest::durableQueue()
{
    const QTemporaryDir folder;
    const QString spool = folder.filePath(u"spool"_s);
    const QString said = folder.filePath(u"said"_s);
    const QString delivered = folder.filePath(u"delivered"_s);
    DeliveryAudit audit;
    const auto begin = [&](QProcess &writer, const QStringList &options) {
        QFile::remove(delivered);
        writer.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        writer.setStandardOutputFile(said);
        writer.start(QStringLiteral(QANAT_DURABLE_WRITER), options + QStringList{spool, delivered});
        return writer.waitForStarted(Patience);
    };
    // One that was killed early has not come to that file.
    const auto take = [&] {
        audit.beginRun();
        return audit.noteFile(said) && (!QFile::exists(delivered) || audit.noteFile(delivered));
    };

    const int all = rounds(200);
    for (int round = 0; round < all; ++round) {
        const int length = QRandomGenerator::global()->bounded(LongestRun);
        QProcess writer;
        QVERIFY(begin(writer, {u"--from"_s, QString::number(audit.written() + 1)}));
        QVERIFY2(!writer.waitForFinished(length), "It has ended by itself.");
        writer.kill();
        QVERIFY(writer.waitForFinished(Patience));
        QVERIFY(take());
        const QByteArray figures = "round " + QByteArray::number(round) + ": " + audit.toString().toUtf8();
        QVERIFY2(audit.disordered() == 0 && audit.wrong() == 0, figures.constData());
        QVERIFY2(audit.mostRepeated() <= MostUnderWay, figures.constData());
    }
    QProcess last;
    QVERIFY(begin(last, {u"--verify"_s}));
    QVERIFY(last.waitForFinished(Patience));
    QCOMPARE(last.exitStatus(), QProcess::NormalExit);
    QCOMPARE(last.exitCode(), 0);
    QVERIFY(take());
    qInfo("killed %d times: %s; at most %lld repeated at once", all, qPrintable(audit.toString()),
          static_cast<long long>(audit.mostRepeated()));
    QVERIFY2(audit.isClean(), qPrintable(audit.toString()));
    QVERIFY(audit.promised() > 0);
}

void KillTest::relayOfAFile()
{
    const QTemporaryDir folder;
    const QString spool = folder.filePath(u"spool"_s);
    const QString name = folder.filePath(u"lines.ndjson"_s);
    Service service;
    DeliveryAudit audit;
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly));
    qint64 count = 0;
    const int all = rounds(200);
    for (int round = 0; round < all; ++round) {
        // It grows as long as it is read.
        QVERIFY(file.write(lines(count + 1, count + 500)) > 0 && file.flush());
        count += 500;
        audit.beginRun();
        audit.noteWritten(count);
        Relay relay(service, spool, {name});
        QVERIFY(relay.waitForStarted(Patience));
        static_cast<void>(relay.killAfter(QRandomGenerator::global()->bounded(LongestRun)));
        service.report(audit);
        QVERIFY2(audit.wrong() == 0 && audit.mostRepeated() <= MostUnderWay, qPrintable(audit.toString()));
    }
    audit.beginRun();
    Relay last(service, spool, {name});
    QVERIFY(last.waitForFinished(Patience));
    QCOMPARE(last.exitCode(), 0);
    service.report(audit);
    audit.notePromised(1, count);
    qInfo("killed %d times: %s; at most %lld repeated at once", all, qPrintable(audit.toString()),
          static_cast<long long>(audit.mostRepeated()));
    QCOMPARE(audit.arrived(), count);
    QCOMPARE(audit.lost(), 0);
    QCOMPARE(audit.wrong(), 0);
    QCOMPARE(service.renamed(), 0);
}

void KillTest::relayOfAPipe()
{
    const QTemporaryDir folder;
    const QString spool = folder.filePath(u"spool"_s);
    Service service;
    DeliveryAudit audit;
    const int all = rounds(200);
    for (int round = 0; round < all; ++round) {
        Relay relay(service, spool);
        QVERIFY(relay.waitForStarted(Patience));
        const qint64 before = audit.written();
        audit.beginRun();
        audit.noteWritten(before + 2000);
        relay.write(lines(before + 1, before + 2000));
        QVERIFY2(relay.killAfter(QRandomGenerator::global()->bounded(LongestRun)), relay.said().constData());
        if (const qint64 promised = relay.promised(); promised > 0)
            audit.notePromised(before + 1, before + promised);
        service.report(audit);
        QVERIFY2(audit.wrong() == 0 && audit.mostRepeated() <= MostUnderWay, qPrintable(audit.toString()));
    }
    audit.beginRun();
    Relay last(service, spool);
    last.closeWriteChannel();
    QVERIFY(last.waitForFinished(Patience));
    QCOMPARE(last.exitCode(), 0);
    service.report(audit);
    qInfo("killed %d times: %s; at most %lld repeated at once", all, qPrintable(audit.toString()),
          static_cast<long long>(audit.mostRepeated()));
    QVERIFY(audit.promised() > 0);
    QCOMPARE(audit.lost(), 0);
    QCOMPARE(audit.wrong(), 0);
    QCOMPARE(service.renamed(), 0);
}

QTEST_GUILESS_MAIN(KillTest)
#include "tst_kill.moc"
