// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "eventfile.h"
#include "service.h"

#include <Qanat/HttpReceiver>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qdir.h>
#include <QtCore/qelapsedtimer.h>
#include <QtCore/qlocale.h>
#include <QtCore/qprocess.h>
#include <QtCore/qtemporarydir.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

using namespace Qt::StringLiterals;
using namespace Qanat;
using namespace Demo;

namespace {

constexpr int EventCount = 10'000;
constexpr int NewsInterval = 500; // ms

void say(const QString &line = {})
{
    std::fprintf(stdout, "%s\n", qPrintable(line));
    std::fflush(stdout);
}

int fail(const QString &why)
{
    say(u"qanat-demo: "_s + why);
    return EXIT_FAILURE;
}

QString number(qint64 count)
{
    QLocale locale = QLocale::c();
    locale.setNumberOptions(QLocale::DefaultNumberOptions);
    return locale.toString(count);
}

QString news(qint64 milliseconds, const Service::State &steady, const Service::State &shaky)
{
    const QString trouble = shaky.isFailing ? u"   (failing on purpose)"_s : QString();
    return u"  %1 s   steady %2   shaky %3%4"_s.arg(static_cast<double>(milliseconds) / 1000, 5, 'f', 1)
        .arg(number(steady.arrived.size()), 6)
        .arg(number(shaky.arrived.size()), 6)
        .arg(trouble);
}

// Shows what has arrived until the relay ends.
void watch(QProcess &relay, const Service &steady, const Service &shaky)
{
    QElapsedTimer time;
    time.start();
    for (bool isRunning = true; isRunning;) {
        isRunning = !relay.waitForFinished(NewsInterval) && relay.state() != QProcess::NotRunning;
        say(news(time.elapsed(), steady.state(), shaky.state()));
    }
}

// What came against what should have.
bool check(const QString &name, const Service::State &state, const QStringList &expected)
{
    const bool isComplete = QSet<QString>(state.arrived.cbegin(), state.arrived.cend())
                            == QSet<QString>(expected.cbegin(), expected.cend());
    const bool isInOrder = state.arrived == expected;
    say(u"  %1  %2 of %3 events arrived, %4, %5; %6 requests failed on purpose, %7 events came twice"_s.arg(
        name, number(state.arrived.size()), number(expected.size()),
        isComplete ? u"none is missing"_s : u"SOME ARE MISSING"_s, isInOrder ? u"in order"_s : u"NOT IN ORDER"_s,
        number(state.failed), number(state.repeated)));
    return isComplete && isInOrder;
}

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    // Ctrl+C reaches the relay too, which then drains and ends; the rest here goes on and tidies up.
    std::signal(SIGINT, SIG_IGN);

    const QTemporaryDir folder(QDir::tempPath() + u"/qanat-demo-XXXXXX"_s);
    if (!folder.isValid())
        return fail(folder.errorString());
    say(u"Events from a file to two endpoints of a web server, one of which fails for %1 seconds."_s.arg(
        Service::FailingTime.count()));
    say();
    const Result<EventFile> file = writeEventFile(folder.filePath(u"events.jsonl"_s), EventCount);
    if (!file)
        return fail(file.errorText());
    say(u"  file     %1: %2 events, %3 bytes"_s.arg(file->path, number(file->ids.size()), number(file->bytes)));

    Service steady(Service::Kind::Steady);
    Service shaky(Service::Kind::Shaky);
    HttpReceiver server;
    server.setRecording(HttpReceiver::Recording::Count);
    server.setHandler(
        [&](const HttpRequest &request) { return (request.path() == "/shaky" ? shaky : steady).answer(request); });
    if (!server.isListening())
        return fail(u"no web server: "_s + server.errorText());
    const QString steadyUrl = server.url(u"/steady"_s).toString();
    const QString shakyUrl = server.url(u"/shaky"_s).toString();
    say(u"  server   %1"_s.arg(steadyUrl));
    say(u"           %1 answers 503 or cuts the connection at first, and now and then later"_s.arg(shakyUrl));

    // If the server went away with this program, the relay would not try for ever.
    const QStringList arguments = {
        u"--to"_s, steadyUrl, u"--to"_s, shakyUrl, u"--backoff"_s, u"100ms"_s, u"--drain-timeout"_s,
        u"20s"_s,  file->path};
    say(u"  relay    qanat-relay %1"_s.arg(arguments.join(u' ')));
    say();
    say(u"The relay reads only so far ahead of the slower endpoint: while that fails, the other one waits, too."_s);
    say();
    QProcess relay;
    relay.setProcessChannelMode(QProcess::MergedChannels);
    relay.start(QCoreApplication::applicationDirPath() + u"/qanat-relay"_s, arguments);
    if (!relay.waitForStarted())
        return fail(u"qanat-relay: "_s + relay.errorString());
    watch(relay, steady, shaky);

    say();
    const QList<QByteArray> lines = relay.readAll().trimmed().split('\n');
    for (const QByteArray &line : lines)
        say(u"  "_s + QString::fromUtf8(line));
    say();
    const bool isDelivered = relay.exitStatus() == QProcess::NormalExit && relay.exitCode() == EXIT_SUCCESS;
    const bool isSteadyComplete = check(u"steady"_s, steady.state(), file->ids);
    const bool isShakyComplete = check(u"shaky "_s, shaky.state(), file->ids);
    say();
    if (!isDelivered || !isSteadyComplete || !isShakyComplete)
        return fail(u"it did not work: qanat-relay ended with status %1"_s.arg(relay.exitCode()));
    say(u"Each of the %1 events arrived at both endpoints, in the order of the file."_s.arg(number(EventCount)));
    return EXIT_SUCCESS;
}
