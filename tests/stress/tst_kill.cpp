// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// A program that is killed at any moment has lost nothing of what it has said to be stored.

#include "deliveryaudit.h"
#include "qanattest.h"

#include <QtCore/qprocess.h>
#include <QtCore/qrandom.h>
#include <QtCore/qtemporarydir.h>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace {

constexpr int Patience = 120'000; // ms; only a test that fails waits so long.

// The longest time that a run has, in ms: some are over before anything was written.
constexpr int LongestRun = IsSanitized ? 1'500 : 250;

// What a durable queue hands on before it hears of the first of it, and as much again while it stores that this was delivered.
constexpr qint64 MostUnderWay = 2 * (4'096 + 1'024);

// As in tst_stress: so many, fewer where a sanitizer looks on. QANAT_STRESS is a percentage.
int rounds(int full)
{
    bool isNumber = false;
    const int percent = qEnvironmentVariableIntValue("QANAT_STRESS", &isNumber);
    return std::max(1, full * (isNumber ? percent : 100) / 100 / (IsSanitized ? 10 : 1));
}

} // namespace

class KillTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void auditsWhatIsWrong();
    void durableQueue();
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

QTEST_GUILESS_MAIN(KillTest)
#include "tst_kill.moc"
