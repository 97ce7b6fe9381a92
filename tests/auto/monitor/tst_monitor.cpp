// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <QtCore/qfile.h>
#include <QtCore/qprocess.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qstandardpaths.h>
#include <QtCore/qtemporarydir.h>
#include <QtGui/qimage.h>

#include <csignal>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace {

constexpr int LongEnough = 60'000; // ms

struct Run
{
    int status = -1;
    QString output;
    QString errors;
};

QProcessEnvironment withoutDisplay()
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const QString &name : {u"DISPLAY"_s, u"WAYLAND_DISPLAY"_s, u"QT_QPA_PLATFORM"_s})
        environment.remove(name);
    return environment;
}

void start(QProcess &process, const QStringList &arguments, const QProcessEnvironment &environment = withoutDisplay())
{
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(QANAT_MONITOR_PROGRAM), arguments);
}

Run resultOf(QProcess &process)
{
    Run run;
    if (!process.waitForFinished(LongEnough) || process.exitStatus() != QProcess::NormalExit)
        return run;
    run.status = process.exitCode();
    run.output = QString::fromUtf8(process.readAllStandardOutput());
    run.errors = QString::fromUtf8(process.readAllStandardError());
    return run;
}

Run monitor(const QStringList &arguments, const QByteArray &input = {})
{
    QProcess process;
    start(process, arguments);
    process.write(input);
    process.closeWriteChannel();
    return resultOf(process);
}

// Something is drawn: not all is of one colour.
bool isPicture(const QImage &image)
{
    QSet<QRgb> colours;
    for (int y = 0; y < image.height(); y += 3) {
        for (int x = 0; x < image.width(); x += 3)
            colours.insert(image.pixel(x, y));
    }
    return colours.size() > 20;
}

} // namespace

class MonitorTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void runsWithoutADisplay();
    void opensAWindow();
    void readsStandardInput();
    void followsAFile();
    void goesToAnotherWebService();
    void goesOnWithASpool();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();
    void saysWhatItCanDo();
    void endsBySignal();
};

void MonitorTest::runsWithoutADisplay()
{
    const QTemporaryDir folder;
    const QString picture = folder.filePath(u"window.png"_s);
    const Run run = monitor({u"--screenshot"_s, picture});
    QVERIFY2(run.status == 0, qPrintable(run.output + run.errors));
    QVERIFY2(run.output.contains(u"no display"_s), qPrintable(run.output));
    QVERIFY2(run.output.contains(u"The totals balance."_s), qPrintable(run.output));
    QVERIFY2(run.output.contains(picture), qPrintable(run.output));
    const QImage image(picture);
    QVERIFY(image.width() >= 1000 && isPicture(image));
    // A picture that cannot be written is no success.
    const Run failed = monitor({u"--screenshot"_s, u"/dev/full"_s});
    QCOMPARE(failed.status, 1);
    QVERIFY2(failed.errors.contains(u"/dev/full cannot be written"_s), qPrintable(failed.errors));
}

// With a real X server, where there is one to be had.
void MonitorTest::opensAWindow()
{
    const QString server = QStandardPaths::findExecutable(u"Xvfb"_s);
    if (server.isEmpty())
        QSKIP("Xvfb is not installed");
    QTemporaryDir folder;
    QProcess x;
    x.setStandardErrorFile(folder.filePath(u"x.log"_s));
    // It takes a number that is free, and writes it to standard output.
    x.start(server, {u"-displayfd"_s, u"1"_s, u"-screen"_s, u"0"_s, u"1500x950x24"_s, u"-nolisten"_s, u"tcp"_s,
                     u"-fbdir"_s, folder.path()});
    QVERIFY(x.waitForReadyRead(LongEnough));
    QProcessEnvironment environment = withoutDisplay();
    environment.insert(u"DISPLAY"_s, u':' + QString::fromLatin1(x.readAllStandardOutput().trimmed()));
    environment.insert(u"XDG_CONFIG_HOME"_s, folder.path());
    // Two things that only a real display brings are not ours: libxkbcommon-x11 copies parts of a reply with strndup(),
    // which are not terminated and need not be (the strict checks take that for an overflow), and libdbus leaks.
    environment.insert(u"ASAN_OPTIONS"_s,
                       environment.value(u"ASAN_OPTIONS"_s) + u":strict_string_checks=0:detect_leaks=0"_s);

    QProcess process;
    start(process, {}, environment);
    QVERIFY(process.waitForStarted());
    // The memory of its screen, which is a picture in the format XWD: as long as there is no window it is of one colour.
    const QString screen = folder.filePath(u"Xvfb_screen0"_s);
    const auto isShown = [&screen] {
        QFile file(screen);
        if (!file.open(QIODevice::ReadOnly))
            return false;
        const QByteArray bytes = file.readAll();
        if (bytes.size() < 1500 * 950 * 4)
            return false;
        const QImage image(reinterpret_cast<const uchar *>(bytes.constData()) + bytes.size() - 1500 * 950 * 4, 1500,
                           950, QImage::Format_RGB32);
        if (!isPicture(image))
            return false;
        if (const QByteArray pictures = qgetenv("QANAT_TEST_PICTURES"); !pictures.isEmpty())
            image.save(QString::fromLocal8Bit(pictures) + u"/monitor-x11.png"_s);
        return true;
    };
    const auto isShownOrEnded = [&] { return process.state() != QProcess::Running || isShown(); };
    QVERIFY(waitUntil(isShownOrEnded, std::chrono::seconds(30)));
    QVERIFY2(process.state() == QProcess::Running, process.readAllStandardError().constData());
    ::kill(pid_t(process.processId()), SIGTERM);
    const Run run = resultOf(process);
    QCOMPARE(run.status, 128 + SIGTERM);
    QVERIFY2(run.output.contains(u"The totals balance."_s), qPrintable(run.output + run.errors));
    x.terminate();
    QVERIFY(x.waitForFinished(LongEnough));
}

void MonitorTest::readsStandardInput()
{
    const QTemporaryDir folder;
    const QString file = folder.filePath(u"orders.ndjson"_s);
    const Run run = monitor({u"--follow"_s, u"-"_s, u"--file"_s, file, u"--screenshot"_s, folder.filePath(u"p.png"_s)},
                            "{\"specversion\":\"1.0\",\"id\":\"x1\",\"source\":\"/t\",\"type\":\"order.read\"}\nbad\n");
    QVERIFY2(run.status == 0, qPrintable(run.output + run.errors));
    QVERIFY2(run.errors.contains(u"standard input:2: "_s), qPrintable(run.errors));
    QFile written(file);
    QVERIFY(written.open(QIODevice::ReadOnly));
    QVERIFY(written.readAll().contains("\"id\":\"x1\""));
}

void MonitorTest::followsAFile()
{
    const QTemporaryDir folder;
    const QString orders = folder.filePath(u"orders.ndjson"_s);
    QFile input(folder.filePath(u"input.jsonl"_s));
    QVERIFY(input.open(QIODevice::WriteOnly));
    for (int i = 0; i < 1000; ++i)
        input.write("{\"specversion\":\"1.0\",\"id\":\"i" + QByteArray::number(i)
                    + "\",\"source\":\"/t\",\"type\":\"order.read\"}\n");
    input.close();
    const Run run =
        monitor({u"--follow"_s, input.fileName(), u"--file"_s, orders, u"--screenshot"_s, folder.filePath(u"p.png"_s)});
    QVERIFY2(run.status == 0, qPrintable(run.output + run.errors));
    QFile written(orders);
    QVERIFY(written.open(QIODevice::ReadOnly));
    QCOMPARE(written.readAll().count("order.read"), 1000);
}

void MonitorTest::goesToAnotherWebService()
{
    const QTemporaryDir folder;
    // Nobody listens there: nothing is delivered, and it ends all the same.
    QProcess process;
    start(process, {u"--endpoint"_s, u"http://127.0.0.1:9/hook"_s, u"--screenshot"_s, folder.filePath(u"p.png"_s)});
    QVERIFY(process.waitForReadyRead(LongEnough));
    QTRY_VERIFY_WITH_TIMEOUT((process.waitForReadyRead(100), QFile::exists(folder.filePath(u"p.png"_s))), LongEnough);
    process.terminate();
    const Run run = resultOf(process);
    QCOMPARE(run.status, 128 + SIGTERM);
}

void MonitorTest::goesOnWithASpool()
{
    const QTemporaryDir folder;
    const QString spool = folder.filePath(u"spool"_s);
    QProcess process;
    start(process, {u"--spool"_s, spool, u"--endpoint"_s, u"http://127.0.0.1:9/hook"_s, u"--screenshot"_s,
                    folder.filePath(u"p.png"_s)});
    QVERIFY(process.waitForReadyRead(LongEnough));
    QTRY_VERIFY_WITH_TIMEOUT((process.waitForReadyRead(100), QFile::exists(folder.filePath(u"p.png"_s))), LongEnough);
    process.terminate();
    const Run first = resultOf(process);
    QCOMPARE(first.status, 128 + SIGTERM);
    QVERIFY2(first.output.contains(u"The totals balance."_s), qPrintable(first.output));
    // The next run has a web service that works, and gets what was left.
    const Run second = monitor({u"--spool"_s, spool, u"--screenshot"_s, folder.filePath(u"q.png"_s)});
    QVERIFY2(second.status == 0, qPrintable(second.output + second.errors));
    const QRegularExpressionMatch match =
        QRegularExpression(u"file: ([0-9,]+) of .*hook: ([0-9,]+) of"_s, QRegularExpression::DotMatchesEverythingOption)
            .match(second.output);
    const auto number = [&match](int group) { return match.captured(group).remove(u',').toLongLong(); };
    QVERIFY2(match.hasMatch(), qPrintable(second.output));
    QVERIFY2(number(2) > number(1), qPrintable(second.output));
}

void MonitorTest::namesWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("error");
    QTest::newRow("unknown option") << QStringList{u"--nonsense"_s} << u"nonsense"_s;
    QTest::newRow("a word") << QStringList{u"words"_s} << u"\"words\" is no option"_s;
    QTest::newRow("no file") << QStringList{u"--follow"_s, u"/nonexistent/f"_s}
                             << u"--follow: /nonexistent/f: No such"_s;
    QTest::newRow("a directory") << QStringList{u"--follow"_s, u"/tmp"_s} << u"--follow: /tmp is a directory"_s;
    QTest::newRow("no spool") << QStringList{u"--spool"_s, u"/dev/null"_s} << u"--spool: /dev/null is no directory"_s;
    QTest::newRow("empty") << QStringList{u"--file"_s, QString()} << u"--file: the value is empty"_s;
    QTest::newRow("no directory") << QStringList{u"--file"_s, u"/nonexistent/f"_s}
                                  << u"--file: /nonexistent/f: there is no directory /nonexistent"_s;
    QTest::newRow("no picture") << QStringList{u"--screenshot"_s, u"/tmp"_s} << u"--screenshot: /tmp is a directory"_s;
    QTest::newRow("no URL") << QStringList{u"--endpoint"_s, u"ftp://x"_s} << u"--endpoint: \"ftp://x\" is no http"_s;
    QTest::newRow("missing value") << QStringList{u"--endpoint"_s} << u"endpoint"_s;
}

void MonitorTest::namesWhatIsWrong()
{
    QFETCH(QStringList, arguments);
    QFETCH(QString, error);
    const Run run = monitor(arguments);
    QCOMPARE(run.status, 2);
    QVERIFY2(run.errors.startsWith(u"qanat-monitor: "_s) && run.errors.contains(error), qPrintable(run.errors));
    QCOMPARE(run.errors.trimmed().count(u'\n'), 0);
    QCOMPARE(run.output, QString());
}

void MonitorTest::saysWhatItCanDo()
{
    const Run help = monitor({u"--help"_s});
    QCOMPARE(help.status, 0);
    for (const QString &option : {u"--follow"_s, u"--endpoint"_s, u"--file"_s, u"--dark"_s, u"--screenshot"_s})
        QVERIFY2(help.output.contains(option), qPrintable(option));
    const Run version = monitor({u"--version"_s});
    QCOMPARE(version.status, 0);
    QVERIFY(version.output.startsWith(u"qanat-monitor "_s));
}

void MonitorTest::endsBySignal()
{
    const QTemporaryDir folder;
    QProcess process;
    start(process, {u"--screenshot"_s, folder.filePath(u"p.png"_s)});
    QVERIFY(process.waitForReadyRead(LongEnough));
    ::kill(pid_t(process.processId()), SIGINT);
    const Run run = resultOf(process);
    QCOMPARE(run.status, 128 + SIGINT);
    QVERIFY2(run.output.contains(u"The totals balance."_s), qPrintable(run.output + run.errors));
}

QTEST_GUILESS_MAIN(MonitorTest)

#include "tst_monitor.moc"
