// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "relayprocess.h"

#include <Qanat/Event>
#include <Qanat/HttpMessage>
#include <Qanat/HttpReceiver>
#include <Qanat/WaitUntil>
#include <Qanat/WebhookSignature>

#include <QtCore/qregularexpression.h>
#include <QtCore/qset.h>
#include <QtCore/qstandardpaths.h>
#include <QtCore/qtemporarydir.h>
#include <QtNetwork/qsslcertificate.h>
#include <QtNetwork/qsslconfiguration.h>
#include <QtNetwork/qsslkey.h>
#include <QtTest/qtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <numeric>

#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace Qanat;
using namespace std::chrono_literals;

namespace {

#ifdef QANAT_WITH_SANITIZERS
constexpr bool HasSanitizers = true;
constexpr int ManyLines = 4'000;
#else
constexpr bool HasSanitizers = false;
constexpr int ManyLines = 20'000;
#endif

constexpr std::chrono::milliseconds Patience(RelayProcess::Patience);

// What the program holds at most: its limits, and the lines that are on their way between them.
constexpr qint64 MostHeld = 3'000;

QByteArray numberedLines(int count)
{
    QByteArray lines;
    for (int i = 1; i <= count; ++i)
        lines += "{\"n\":" + QByteArray::number(i) + "}\n";
    return lines;
}

QList<qint64> numbersUpTo(qint64 count)
{
    QList<qint64> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
}

// What numberedLines() became on the wire.
QJsonObject eventIn(const HttpRequest &request)
{
    return QJsonDocument::fromJson(request.body()).object();
}

qint64 numberIn(const HttpRequest &request)
{
    return eventIn(request).value("data"_L1).toObject().value("n"_L1).toInteger(-1);
}

// The numbers in the order of their first arrival.
QList<qint64> firstArrivals(const QList<HttpRequest> &requests)
{
    QList<qint64> numbers;
    QSet<qint64> known;
    for (const HttpRequest &request : requests) {
        const qint64 number = numberIn(request);
        if (!known.contains(number)) {
            known.insert(number);
            numbers.append(number);
        }
    }
    return numbers;
}

} // namespace

class tst_Relay : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void helpAndVersion();
    void wrongUsage_data();
    void wrongUsage();
    void wrongUsageNamesNoSecrets();
    void standardInputIsClosed();

    void deliversInOrder();
    void readsAFile();
    void readsLinesOfAllKinds();
    void keepsCloudEvents();
    void keepsNumbersExact();
    void namesBadLines();
    void passesOverALineThatIsTooLong();
    void sendsHeaders();

    void survivesFailures();
    void survivesATimeout();
    void countsWhatIsRefused();
    void givesUpAfterTheMostAttempts();
    void givesUpAfterTheGreatestAge();
    void servesSeveralEndpoints();
    void countsWhatAllEndpointsHave();

    void speaksEachFormat_data();
    void speaksEachFormat();
    void putsManyInARequest();
    void signs();
    void keepsTheOrderOfEachKey();
    void readsAnswersByProfile();
    void trustsAnAuthority();
    void keepsDeadLetters();
    void keepsWhatIsLeftAsDeadLetters();
    void tellsThatDeadLettersAreLost();
    void endsBySignalWhileDeadLettersWait();
    void endsForWhoWantsNoMore();
    void readsEndpointsFromAFile();
    void showsNoSecrets();
    void wrongEndpoints_data();
    void wrongEndpoints();

    void endsAtAStandstill();
    void endsAtAStandstillWhileHeldBack();
    void goesOnWhileSomethingIsDelivered();
    void holdsTheReaderBack();
    void printsStatistics();
    void showsProgressOnATerminal();

    void endsBySignal_data();
    void endsBySignal();
    void drainsAfterASignal();
    void drainsForAWhile();
    void endsBySignalWithoutInput();
    void endsBySignalBeforeAPipeIsOpened();
    void survivesAFullDisk();
    void survivesAClosedPipe();

private:
    [[nodiscard]] QString writeFile(const QByteArray &content, const QString &name = u"events.jsonl"_s);
    [[nodiscard]] QStringList to(const HttpReceiver &server) const { return {u"--to"_s, server.url().toString()}; }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void tst_Relay::init()
{
    QTest::failOnWarning(QRegularExpression(u".*"_s));
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
}

void tst_Relay::cleanup()
{
    m_folder.reset();
}

QString tst_Relay::writeFile(const QByteArray &content, const QString &name)
{
    QFile file(m_folder->filePath(name));
    return file.open(QIODevice::WriteOnly) && file.write(content) == content.size() ? file.fileName() : QString();
}

void tst_Relay::helpAndVersion()
{
    RelayProcess help;
    QVERIFY(help.run({u"--help"_s}));
    QCOMPARE(help.exitCode(), 0);
    QCOMPARE(help.errorOutput(), QByteArray());
    const QByteArray text = help.readAllStandardOutput();
    for (const char *option :
         {"--to",           "--type",      "--source",    "--header",        "--threshold",    "--backoff",
          "--max-attempts", "--max-age",   "--timeout",   "--drain-timeout", "--stats",        "--allow-plain-http",
          "--help",         "--version",   "--config",    "--dead-letter",   "--content-mode", "--batch",
          "--linger",       "--in-flight", "--order-key", "--sign-key-file", "--profile",      "--ca",
          "--gzip"})
        QVERIFY2(text.contains(option), option);

    RelayProcess version;
    QVERIFY(version.run({u"--version"_s}));
    QCOMPARE(version.exitCode(), 0);
    QVERIFY(QRegularExpression(u"^qanat-relay \\d+\\.\\d+\\.\\d+\\n$"_s)
                .match(QString::fromUtf8(version.readAllStandardOutput()))
                .hasMatch());
}

void tst_Relay::wrongUsage_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("named");
    const QStringList good = {u"--to"_s, u"http://127.0.0.1:1/"_s};
    const auto row = [&](const char *name, const QStringList &arguments, const QString &named) {
        QTest::newRow(name) << good + arguments << named;
    };
    QTest::newRow("no endpoint") << QStringList() << u"--to"_s;
    QTest::newRow("no endpoint, a file") << QStringList{u"/dev/null"_s} << u"--to"_s;
    row("ftp", {u"--to"_s, u"ftp://x"_s}, u"ftp://x"_s);
    row("no scheme", {u"--to"_s, u"example.org"_s}, u"example.org"_s);
    row("empty URL", {u"--to"_s, QString()}, u"--to"_s);
    row("no host", {u"--to"_s, u"http:///x"_s}, u"host"_s);
    row("malformed URL", {u"--to"_s, u"http://[::1/"_s}, u"--to"_s);
    row("plain http to another host", {u"--to"_s, u"http://192.0.2.1/"_s}, u"--allow-plain-http"_s);
    row("plain http to a name", {u"--to"_s, u"http://example.org/"_s}, u"--allow-plain-http"_s);
    row("backoff without unit", {u"--backoff"_s, u"5"_s}, u"--backoff"_s);
    row("backoff of nothing", {u"--backoff"_s, u"0s"_s}, u"--backoff"_s);
    row("backoff below zero", {u"--backoff=-5s"_s}, u"--backoff"_s);
    row("timeout of words", {u"--timeout"_s, u"soon"_s}, u"--timeout"_s);
    row("timeout beyond a day", {u"--timeout"_s, u"25h"_s}, u"--timeout"_s);
    row("drain timeout without unit", {u"--drain-timeout"_s, u"3"_s}, u"--drain-timeout"_s);
    row("age without unit", {u"--max-age"_s, u"3"_s}, u"--max-age"_s);
    row("unknown option", {u"--frobnicate"_s}, u"frobnicate"_s);
    row("unknown letter", {u"-x"_s}, u"'x'"_s);
    row("value is missing", {u"--type"_s}, u"--type"_s);
    row("value too many", {u"--stats=yes"_s}, u"--stats"_s);
    row("threshold 0", {u"--threshold"_s, u"0"_s}, u"--threshold"_s);
    row("threshold of words", {u"--threshold"_s, u"five"_s}, u"--threshold"_s);
    row("attempts 0", {u"--max-attempts"_s, u"0"_s}, u"--max-attempts"_s);
    row("header with a line break", {u"--header"_s, u"X: a\r\nY: b"_s}, u"--header"_s);
    row("header with a line break at its end", {u"--header"_s, u"X: a\n"_s}, u"--header"_s);
    row("header name with a line break", {u"--header"_s, u"X\nY: b"_s}, u"--header"_s);
    row("header without colon", {u"--header"_s, u"X"_s}, u"colon"_s);
    row("header without name", {u"--header"_s, u": a"_s}, u"--header"_s);
    row("header of the body", {u"--header"_s, u"Content-Length: 5"_s}, u"Content-Length"_s);
    row("empty type", {u"--type"_s, QString()}, u"--type"_s);
    row("type with a line break", {u"--type"_s, u"a\nb"_s}, u"--type"_s);
    row("source that is no URI", {u"--source"_s, u"a b"_s}, u"--source"_s);
    row("content mode that is none", {u"--content-mode"_s, u"yaml"_s}, u"--content-mode: \"yaml\""_s);
    row("empty content mode", {u"--content-mode"_s, QString()}, u"--content-mode"_s);
    row("batch of words", {u"--content-mode"_s, u"batched"_s, u"--batch"_s, u"many"_s}, u"--batch: "_s);
    row("batch 0", {u"--content-mode"_s, u"batched"_s, u"--batch"_s, u"0"_s}, u"--batch: "_s);
    row("batch 501", {u"--content-mode"_s, u"batched"_s, u"--batch"_s, u"501"_s}, u"--batch: 501 is more than 500"_s);
    row("batch without batches", {u"--batch"_s, u"10"_s}, u"--content-mode batched"_s);
    row("linger without batches", {u"--linger"_s, u"10ms"_s}, u"--content-mode batched"_s);
    row("linger without unit", {u"--content-mode"_s, u"batched"_s, u"--linger"_s, u"10"_s}, u"--linger: "_s);
    row("7 in flight", {u"--in-flight"_s, u"7"_s}, u"--in-flight: "_s);
    row("profile that is none", {u"--profile"_s, u"lenient"_s}, u"--profile: "_s);
    row("authority that is not there", {u"--ca"_s, u"/nonexistent.pem"_s}, u"--ca: \"/nonexistent.pem\""_s);
    row("authority that is none", {u"--ca"_s, u"/proc/version"_s}, u"--ca: "_s);
    row("keys that are not there", {u"--sign-key-file"_s, u"/nonexistent.key"_s},
        u"--sign-key-file: /nonexistent.key"_s);
    row("keys that are none", {u"--sign-key-file"_s, u"/proc/version"_s}, u"--sign-key-file: /proc/version:1: "_s);
    row("no keys", {u"--sign-key-file"_s, u"/dev/null"_s}, u"no secret"_s);
    row("dead letters nowhere", {u"--dead-letter"_s, u"/nonexistent/dead"_s}, u"--dead-letter: /nonexistent/dead"_s);
    row("dead letters without a name", {u"--dead-letter"_s, QString()}, u"--dead-letter: "_s);
    row("key without others", {u"--order-key"_s, u"type"_s}, u"--in-flight"_s);
    row("key that no event has", {u"--order-key"_s, u"Tenant"_s}, u"--order-key: "_s);
    row("config without a name", {u"--config"_s, QString()}, u"--config"_s);
    row("two ways to say where to", {u"--config"_s, u"/dev/null"_s}, u"--to does not go with it"_s);
    QTest::newRow("what FILE says") << QStringList{u"--config"_s, u"/dev/null"_s, u"--gzip"_s} << u"--gzip does not"_s;
    QTest::newRow("config that is not there")
        << QStringList{u"--config"_s, u"/nonexistent.json"_s} << u"--config: /nonexistent.json"_s;
    row("missing file", {u"/nonexistent/events\n.jsonl"_s}, u"/nonexistent/events"_s);
    row("directory", {u"/"_s}, u"directory"_s);
    row("two files", {u"/dev/null"_s, u"/dev/zero"_s}, u"/dev/zero"_s);
}

void tst_Relay::wrongUsage()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, named);
    RelayProcess relay;
    QVERIFY(relay.run(arguments, "{}\n"));
    const QByteArray message = relay.errorOutput();
    QCOMPARE(relay.exitCode(), 2);
    QVERIFY2(message.startsWith("qanat-relay: ") && message.endsWith('\n') && message.count('\n') == 1
                 && !message.contains('\r'),
             message.constData());
    QVERIFY2(message.contains(named.toUtf8()), message.constData());
    QCOMPARE(relay.readAllStandardOutput(), QByteArray());
}

void tst_Relay::wrongUsageNamesNoSecrets()
{
    for (const QStringList &arguments : {
             QStringList{u"--to"_s, u"https://user:hunter2@example.org/"_s},
             QStringList{u"--to"_s, u"https://user:hunter2@exa mple.org/"_s},
             QStringList{u"--to"_s, u"ftp://example.org/?token=hunter2"_s},
             QStringList{u"--to"_s, u"http://example.org/hunter2"_s},
             QStringList{u"--to"_s, u"http://127.0.0.1/"_s, u"--header"_s, u"Authorization: hunter2\n"_s},
             QStringList{u"--to"_s, u"http://127.0.0.1/"_s, u"--header"_s, u"hunter2"_s},
             QStringList{u"--to"_s, u"http://127.0.0.1/"_s, u"--sign-key-file"_s, writeFile("whsec_hunter2\n")},
             QStringList{u"--config"_s,
                         writeFile(R"({"endpoints":[{"url":"https://u:hunter2@x/hunter2?hunter2","headers":)"
                                   R"({"A":"hunter2\n"},"credentials":{"bearer":"hunter2","user":"hunter2"},)"
                                   R"("signingSecrets":["whsec_hunter2"]}]})",
                                   u"secret.json"_s)},
         }) {
        RelayProcess relay;
        QVERIFY(relay.run(arguments));
        QCOMPARE(relay.exitCode(), 2);
        QVERIFY2(!relay.errorOutput().contains("hunter2"), relay.errorOutput().constData());
    }
}

void tst_Relay::standardInputIsClosed()
{
    RelayProcess relay;
    relay.setChildProcessModifier([] { ::close(STDIN_FILENO); });
    QVERIFY(relay.run({u"--to"_s, u"http://127.0.0.1:1/"_s}));
    QCOMPARE(relay.exitCode(), 2);
    QVERIFY2(relay.errorOutput().contains("standard input is closed"), relay.errorOutput().constData());
}

void tst_Relay::deliversInOrder()
{
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.run(to(server), numberedLines(ManyLines)));
    QCOMPARE(relay.exitCode(), 0);
    QCOMPARE(relay.total("read"), ManyLines);
    QCOMPARE(relay.total("delivered"), ManyLines);
    QCOMPARE(relay.total("rejected"), 0);
    QCOMPARE(relay.total("dropped"), 0);
    QCOMPARE(relay.total("pending"), 0);
    QCOMPARE(relay.totals().value("unread"_L1), QJsonValue(false));
    QCOMPARE(relay.endpoint(0).value("delivered"_L1).toInteger(), ManyLines);
    QCOMPARE(relay.lines().size(), 1);
    QCOMPARE(relay.readAllStandardOutput(), QByteArray());
    QVERIFY(firstArrivals(server.requests()) == numbersUpTo(ManyLines));
    const HttpRequest request = server.requests().constFirst();
    QCOMPARE(request.method(), QByteArray("POST"));
    QVERIFY(request.header("Content-Type").startsWith("application/cloudevents+json"));
}

void tst_Relay::readsAFile()
{
    HttpReceiver server;
    const QString file = writeFile(numberedLines(10));
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{file}));
    QCOMPARE(relay.exitCode(), 0);
    QCOMPARE(firstArrivals(server.takeRequests()), numbersUpTo(10));

    RelayProcess dash;
    QVERIFY(dash.run(to(server) + QStringList{u"-"_s}, numberedLines(3)));
    QCOMPARE(dash.exitCode(), 0);
    QCOMPARE(firstArrivals(server.takeRequests()), numbersUpTo(3));
}

void tst_Relay::readsLinesOfAllKinds()
{
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.run(
        to(server) + QStringList{u"--type"_s, u"my.type"_s, u"--source"_s, u"urn:mine"_s},
        "\xef\xbb\xbf{\"a\":1}\r\n\n \t\r\n[1,2]\n\"text\"\n null \ntrue\n-0.5\n{\"b\\\\\":\"specversion\"}\n\"end\""));
    QCOMPARE(relay.exitCode(), 0);
    QCOMPARE(relay.total("read"), 8);
    QCOMPARE(relay.total("delivered"), 8);

    QList<QJsonValue> data;
    QSet<QString> ids;
    const QList<HttpRequest> requests = server.requests();
    for (const HttpRequest &request : requests) {
        const QJsonObject event = eventIn(request);
        QCOMPARE(event.value("specversion"_L1), QJsonValue(u"1.0"_s));
        QCOMPARE(event.value("type"_L1), QJsonValue(u"my.type"_s));
        QCOMPARE(event.value("source"_L1), QJsonValue(u"urn:mine"_s));
        QVERIFY(event.contains("data"_L1));
        data.append(event.value("data"_L1));
        ids.insert(event.value("id"_L1).toString());
    }
    QCOMPARE(ids.size(), 8);
    const QList<QJsonValue> expected = {QJsonObject{{u"a"_s, 1}},
                                        QJsonArray{1, 2},
                                        u"text"_s,
                                        QJsonValue::Null,
                                        true,
                                        -0.5,
                                        QJsonObject{{u"b\\"_s, u"specversion"_s}},
                                        u"end"_s};
    QCOMPARE(data, expected);
}

void tst_Relay::keepsCloudEvents()
{
    const QByteArray event =
        R"({"specversion":"1.0","id":"my-id","type":"t","source":"/s","time":"2020-01-01T00:00:00.123456Z",)"
        R"("myextension":"x","data":{"n":9007199254740993}})";
    const QByteArray hidden = R"({"spec\u0076ersion":"1.0","id":"hidden","type":"t","source":"/s"})";
    const QByteArray nested = R"({"data":{"specversion":"1.0","id":"nested"}})";
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.run(to(server), event + '\n' + hidden + '\n' + nested + '\n'));
    QCOMPARE(relay.exitCode(), 0);
    const QList<HttpRequest> requests = server.requests();
    QCOMPARE(requests.size(), 3);
    const Result<Event> sent = Event::fromJson(event);
    const Result<Event> arrived = Event::fromJson(requests.at(0).body());
    QVERIFY(sent && arrived);
    QCOMPARE(*arrived, *sent);
    QCOMPARE(eventIn(requests.at(1)).value("id"_L1), QJsonValue(u"hidden"_s));
    QCOMPARE(eventIn(requests.at(2)).value("type"_L1), QJsonValue(u"qanat.line"_s));
    QCOMPARE(eventIn(requests.at(2)).value("source"_L1), QJsonValue(u"/qanat-relay"_s));
}

void tst_Relay::keepsNumbersExact()
{
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.run(to(server),
                      "9223372036854775807\n[-9223372036854775808, 9007199254740993]\n18446744073709551616\n1e999\n"));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(relay.total("delivered"), 2);
    QCOMPARE(relay.total("rejected"), 2);
    const QList<HttpRequest> requests = server.requests();
    QCOMPARE(requests.size(), 2);
    QVERIFY(requests.at(0).body().contains("9223372036854775807"));
    QVERIFY(requests.at(1).body().contains("[-9223372036854775808,9007199254740993]"));
}

void tst_Relay::namesBadLines()
{
    const QByteArray deep = QByteArray(600, '[') + QByteArray(600, ']');
    const QString file = writeFile("{\"n\":1}\n"
                                   "{\"n\":\n"
                                   "\n"
                                   "{\"n\":2} x\n"
                                   "\"\xff\"\n"
                                   "{\"specversion\":\"1.0\",\"id\":\"x\"}\n"
                                   "{\"specversion\":\"0.3\",\"id\":\"x\",\"type\":\"t\",\"source\":\"/\"}\n"
                                   "{\"n\":1,\"n\":2}\n"
                                   + deep
                                   + "\n"
                                     "NaN\n"
                                     "{\"n\":2}\n");
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{file}));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(firstArrivals(server.requests()), numbersUpTo(2));
    QCOMPARE(relay.total("read"), 10);
    QCOMPARE(relay.total("rejected"), 8);
    QCOMPARE(relay.total("delivered"), 2);

    QByteArrayList lines = relay.lines();
    lines.removeLast();
    const QList<int> bad = {2, 4, 5, 6, 7, 8, 9, 10};
    QCOMPARE(lines.size(), bad.size());
    for (qsizetype i = 0; i < bad.size(); ++i) {
        const QByteArray start = "qanat-relay: " + file.toUtf8() + ':' + QByteArray::number(bad.at(i)) + ": ";
        QVERIFY2(lines.at(i).startsWith(start) && lines.at(i).size() > start.size(), lines.at(i).constData());
    }
}

void tst_Relay::passesOverALineThatIsTooLong()
{
    const QByteArray longLine = '"' + QByteArray(40 * 1024 * 1024, 'x') + '"';
    const QString file = writeFile("{\"n\":1}\n" + longLine + "\n{\"n\":2}\n");
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.begin(to(server) + QStringList{u"--stats"_s, file}));
    QVERIFY(relay.waitForEnd());
    QCOMPARE(relay.exitCode(), 1);
    QVERIFY2(relay.lines().first().contains(":2: the line is longer than 1 MiB"), relay.lines().first().constData());
    QCOMPARE(relay.total("rejected"), 1);
    QCOMPARE(firstArrivals(server.requests()), numbersUpTo(2));

    RelayProcess hardly;
    QVERIFY(hardly.run(to(server), '"' + QByteArray(1024 * 1024 - 1, 'x') + "\"\n"));
    QCOMPARE(hardly.total("rejected"), 1);

    // And one that is just not too long arrives whole.
    server.clear();
    const QByteArray longest = '"' + QByteArray(1024 * 1024 - 2, 'y') + '"';
    RelayProcess second;
    QVERIFY(second.run(to(server), longest + '\n'));
    QVERIFY2(second.exitCode() == 0, second.errorOutput().constData());
    QVERIFY(server.requests().constFirst().body().contains(longest));
}

void tst_Relay::sendsHeaders()
{
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.run(to(server)
                          + QStringList{u"--header"_s, u"Authorization: Bearer hunter2"_s, u"--header"_s, u"X-Empty:"_s,
                                        u"--header"_s, u"X-Text:\t a: b "_s},
                      "1\n"));
    QCOMPARE(relay.exitCode(), 0);
    const HttpRequest request = server.requests().constFirst();
    QCOMPARE(request.header("Authorization"), QByteArray("Bearer hunter2"));
    QCOMPARE(request.header("X-Text"), QByteArray("a: b"));
    QVERIFY(!request.header("X-Empty").isNull());
    QVERIFY(!relay.errorOutput().contains("hunter2"));
}

// A service that answers 503 for a while, and cuts and resets connections now and then.
void tst_Relay::survivesFailures()
{
    constexpr int lines = 2'000;
    HttpReceiver server;
    std::atomic<int> requests = 0;
    server.setHandler([&](const HttpRequest &) {
        const int number = requests++;
        if (number < 8)
            return HttpResponse::status(503);
        switch (number % 50) {
        case 10:
            return HttpResponse::reset();
        case 20:
            return HttpResponse::closeWithoutAnswer();
        case 30:
            return HttpResponse::cut(10);
        case 40:
            return HttpResponse::status(503);
        default:
            return HttpResponse();
        }
    });
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{u"--backoff"_s, u"10ms"_s}, numberedLines(lines)));
    QVERIFY2(relay.exitCode() == 0, relay.errorOutput().constData());
    QCOMPARE(relay.total("delivered"), lines);
    QVERIFY(relay.endpoint(0).value("failed"_L1).toInteger() >= 8);
    QVERIFY(relay.endpoint(0).value("retried"_L1).toInteger() >= 8);

    const QList<HttpRequest> arrived = server.requests();
    QVERIFY(arrived.size() > lines);
    QVERIFY(firstArrivals(arrived) == numbersUpTo(lines));
    QHash<qint64, QByteArray> bodies;
    QSet<QString> ids;
    for (const HttpRequest &request : arrived) {
        // Not the id alone: the whole body is the same at each attempt.
        const qint64 number = numberIn(request);
        QVERIFY(!bodies.contains(number) || bodies.value(number) == request.body());
        bodies.insert(number, request.body());
        ids.insert(eventIn(request).value("id"_L1).toString());
    }
    QCOMPARE(ids.size(), lines);
}

void tst_Relay::survivesATimeout()
{
    HttpReceiver server;
    std::atomic<int> requests = 0;
    server.setHandler([&](const HttpRequest &) { return requests++ == 0 ? HttpResponse::never() : HttpResponse(); });
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{u"--timeout"_s, u"200ms"_s}, numberedLines(3)));
    QCOMPARE(relay.exitCode(), 0);
    QCOMPARE(firstArrivals(server.requests()), numbersUpTo(3));
    QVERIFY(relay.endpoint(0).value("error"_L1).toString().contains("200ms"_L1));
}

void tst_Relay::countsWhatIsRefused()
{
    HttpReceiver server;
    server.setHandler([](const HttpRequest &request) {
        return numberIn(request) % 2
                   ? HttpResponse::status(204)
                   : HttpResponse::status(400).withBody("no even\n\x1b numbers" + QByteArray(500, 'x'));
    });
    RelayProcess relay;
    QVERIFY(relay.run(to(server), numberedLines(100)));
    QCOMPARE(relay.exitCode(), 1);
    // With what the service said, in one line that a terminal can show.
    QVERIFY2(relay.lines().first().contains("and said: no even") && relay.lines().first().size() < 500,
             relay.lines().first().constData());
    QVERIFY(!relay.lines().first().contains('\x1b'));
    QCOMPARE(relay.total("delivered"), 50);
    QCOMPARE(relay.total("dropped"), 50);
    QCOMPARE(relay.total("pending"), 0);
    QCOMPARE(server.requestCount(), 100U);
    QVERIFY2(relay.lines().first().contains("given up") && relay.lines().first().contains("400"),
             relay.lines().first().constData());
}

void tst_Relay::givesUpAfterTheMostAttempts()
{
    HttpReceiver server;
    server.setResponse(HttpResponse::status(503));
    RelayProcess relay;
    QVERIFY(
        relay.run(to(server) + QStringList{u"--max-attempts"_s, u"3"_s, u"--backoff"_s, u"1ms"_s}, numberedLines(4)));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(relay.total("dropped"), 4);
    QHash<qint64, int> attempts;
    const QList<HttpRequest> requests = server.requests();
    for (const HttpRequest &request : requests)
        ++attempts[numberIn(request)];
    for (qint64 number = 1; number <= 4; ++number)
        QCOMPARE(attempts.value(number), 3);
}

void tst_Relay::givesUpAfterTheGreatestAge()
{
    HttpReceiver server;
    server.setResponse(HttpResponse::status(503));
    RelayProcess relay;
    QVERIFY(
        relay.run(to(server) + QStringList{u"--max-age"_s, u"300ms"_s, u"--backoff"_s, u"20ms"_s}, numberedLines(4)));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(relay.total("dropped"), 4);
}

void tst_Relay::servesSeveralEndpoints()
{
    constexpr int lines = 3'000;
    HttpReceiver steady;
    HttpReceiver shaky;
    std::atomic<int> requests = 0;
    shaky.setHandler([&](const HttpRequest &) {
        const int number = requests++;
        return number < 20 || number % 100 == 0 ? HttpResponse::status(503) : HttpResponse();
    });
    RelayProcess relay;
    // The same one twice is two endpoints.
    QVERIFY(
        relay.run(to(steady) + to(shaky) + to(shaky) + QStringList{u"--backoff"_s, u"10ms"_s}, numberedLines(lines)));
    QVERIFY2(relay.exitCode() == 0, relay.errorOutput().constData());
    QCOMPARE(relay.total("delivered"), lines);
    QCOMPARE(relay.totals().value("endpoints"_L1).toArray().size(), 3);
    for (int i = 0; i < 3; ++i)
        QCOMPARE(relay.endpoint(i).value("delivered"_L1).toInteger(), lines);
    QCOMPARE(relay.endpoint(0).value("to"_L1).toString(), u"http://127.0.0.1:%1"_s.arg(steady.port()));
    QCOMPARE(relay.endpoint(1).value("to"_L1).toString(), u"http://127.0.0.1:%1"_s.arg(shaky.port()));
    QVERIFY(firstArrivals(steady.requests()) == numbersUpTo(lines));
}

void tst_Relay::countsWhatAllEndpointsHave()
{
    HttpReceiver all;
    HttpReceiver some;
    some.setHandler(
        [](const HttpRequest &request) { return HttpResponse::status(numberIn(request) % 10 ? 204 : 422); });
    HttpReceiver others;
    others.setHandler(
        [](const HttpRequest &request) { return HttpResponse::status(numberIn(request) % 4 ? 204 : 422); });
    RelayProcess relay;
    QVERIFY(relay.run(to(all) + to(some) + to(others), numberedLines(100)));
    QCOMPARE(relay.exitCode(), 1);
    // 10 by the second, 25 by the third, 5 of them by both.
    QCOMPARE(relay.total("delivered"), 70);
    QCOMPARE(relay.total("dropped"), 30);
    QCOMPARE(relay.endpoint(0).value("delivered"_L1).toInteger(), 100);
    QCOMPARE(relay.endpoint(1).value("dropped"_L1).toInteger(), 10);
    QCOMPARE(relay.endpoint(2).value("dropped"_L1).toInteger(), 25);
}

void tst_Relay::speaksEachFormat_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QByteArray>("contentType");
    QTest::newRow("structured") << u"structured"_s << QByteArray("application/cloudevents+json");
    QTest::newRow("binary") << u"binary"_s << QByteArray("application/json");
    QTest::newRow("batched") << u"batched"_s << QByteArray("application/cloudevents-batch+json");
    QTest::newRow("json") << u"json"_s << QByteArray("application/json");
}

void tst_Relay::speaksEachFormat()
{
    QFETCH(const QString, mode);
    QFETCH(const QByteArray, contentType);
    const QByteArray line = R"({"specversion":"1.0","id":"1","type":"t","source":"/s","subject":"Euro €",)"
                            R"("datacontenttype":"application/json","data":{"n":1}})";
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{u"--content-mode"_s, mode}, line + '\n'));
    QVERIFY2(relay.exitCode() == 0, relay.errorOutput().constData());
    const HttpRequest request = server.requests().constFirst();
    QVERIFY2(request.header("Content-Type").startsWith(contentType), request.header("Content-Type").constData());
    if (mode == "json"_L1) {
        QCOMPARE(request.body(), QByteArray(R"({"n":1})"));
        return;
    }
    const Result<QList<Event>> events = HttpMessage(request.headers(), request.body()).toEvents();
    QVERIFY2(events, qPrintable(events.errorText()));
    QCOMPARE(*events, QList<Event>{Event::fromJson(line).value()});

    server.clear();
    RelayProcess zipped;
    QVERIFY(zipped.run(to(server) + QStringList{u"--content-mode"_s, mode, u"--gzip"_s}, line + '\n'));
    QCOMPARE(server.requests().constFirst().header("Content-Encoding"), QByteArray("gzip"));
    QVERIFY(server.requests().constFirst().body().startsWith("\x1f\x8b"));
}

void tst_Relay::putsManyInARequest()
{
    constexpr int Lines = 1000;
    constexpr int Most = 100;
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.run(to(server)
                          + QStringList{u"--content-mode"_s, u"batched"_s, u"--batch"_s, QString::number(Most),
                                        u"--linger"_s, u"60s"_s},
                      numberedLines(Lines)));
    QVERIFY2(relay.exitCode() == 0, relay.errorOutput().constData());
    QCOMPARE(relay.total("delivered"), Lines);
    QCOMPARE(server.requestCount(), quint64(Lines / Most));
    QList<qint64> numbers;
    const QList<HttpRequest> requests = server.requests();
    for (const HttpRequest &request : requests) {
        const Result<QList<Event>> events = HttpMessage(request.headers(), request.body()).toEvents();
        QVERIFY(events);
        QCOMPARE(events->size(), Most);
        for (const Event &event : *events)
            numbers.append(event.data().toMap().value(u"n"_s).toLongLong());
    }
    QCOMPARE(numbers, numbersUpTo(Lines));
    QCOMPARE(relay.endpoint(0).value("answers"_L1).toObject().value("204"_L1).toInteger(), Lines / Most);
}

void tst_Relay::signs()
{
    const QList<WebhookSecret> secrets{WebhookSecret::generate(), WebhookSecret::generate()};
    const QString keys = writeFile(secrets.at(0).text() + "\n\n" + secrets.at(1).text(), u"keys"_s);
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{u"--sign-key-file"_s, keys}, "1\n"));
    QCOMPARE(relay.exitCode(), 0);
    const HttpRequest request = server.requests().constFirst();
    const auto now = std::chrono::seconds(QDateTime::currentSecsSinceEpoch());
    for (const WebhookSecret &secret : secrets)
        QCOMPARE(WebhookSignature::verify({secret}, request.headers(), request.body(), now),
                 WebhookSignature::Verdict::Valid);
    QVERIFY(!relay.errorOutput().contains(secrets.at(0).text()));
}

// One key fails for a while: the others go on, and each has its own order.
void tst_Relay::keepsTheOrderOfEachKey()
{
    constexpr int Keys = 8;
    constexpr int Lines = 400;
    QByteArray lines;
    for (int i = 0; i < Lines; ++i)
        lines += QByteArray(R"({"specversion":"1.0","type":"t","source":"/s","id":"%i","tenant":"%t","data":{"n":%i}})")
                     .replace("%i", QByteArray::number(i))
                     .replace("%t", QByteArray::number(i % Keys))
                 + '\n';
    HttpReceiver server;
    std::atomic<int> others = 0;
    server.setHandler([&](const HttpRequest &request) {
        if (numberIn(request) % Keys == 0)
            return HttpResponse::status(others < Lines * (Keys - 1) / Keys ? 503 : 204);
        ++others;
        return HttpResponse();
    });
    RelayProcess relay;
    QVERIFY(relay.run(to(server)
                          + QStringList{u"--in-flight"_s, u"6"_s, u"--order-key"_s, u"tenant"_s, u"--threshold"_s,
                                        u"1000000"_s, u"--backoff"_s, u"10ms"_s},
                      lines));
    QVERIFY2(relay.exitCode() == 0, relay.errorOutput().constData());
    QCOMPARE(relay.total("delivered"), Lines);
    QHash<qint64, qint64> last;
    for (const qint64 number : firstArrivals(server.requests())) {
        QVERIFY(number > last.value(number % Keys, -1));
        last[number % Keys] = number;
    }
}

void tst_Relay::readsAnswersByProfile()
{
    HttpReceiver server;
    std::atomic<int> requests = 0;
    server.setHandler([&](const HttpRequest &) { return HttpResponse::status(requests++ < 2 ? 400 : 204); });
    RelayProcess relay;
    QVERIFY(
        relay.run(to(server) + QStringList{u"--profile"_s, u"standard-webhooks"_s, u"--backoff"_s, u"1ms"_s}, "1\n"));
    QCOMPARE(relay.exitCode(), 0);
    QCOMPARE(server.requestCount(), 3U);
}

void tst_Relay::trustsAnAuthority()
{
    if (QStandardPaths::findExecutable(u"openssl"_s).isEmpty())
        QSKIP("the program openssl is not installed, which makes the certificate");
    const QString key = m_folder->filePath(u"key.pem"_s);
    const QString certificate = m_folder->filePath(u"certificate.pem"_s);
    QVERIFY(
        std::system(qPrintable(u"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext "
                               "subjectAltName=IP:127.0.0.1 -keyout %1 -out %2 2> /dev/null"_s.arg(key, certificate)))
        == 0);
    QFile keyFile(key);
    QVERIFY(keyFile.open(QIODevice::ReadOnly));
    QSslConfiguration tls;
    tls.setLocalCertificate(QSslCertificate::fromPath(certificate).value(0));
    tls.setPrivateKey(QSslKey(&keyFile, QSsl::Rsa));
    HttpReceiver server;
    server.setTls(tls);
    const QStringList target{u"--to"_s, u"https://127.0.0.1:%1/"_s.arg(server.port())};

    RelayProcess stranger;
    QVERIFY(stranger.run(target + QStringList{u"--drain-timeout"_s, u"300ms"_s}, "1\n"));
    QCOMPARE(stranger.exitCode(), 1);
    QCOMPARE(server.requestCount(), 0U);
    QCOMPARE(stranger.endpoint(0).value("state"_L1), QJsonValue(u"blocked"_s));
    QVERIFY2(stranger.errorOutput().contains("nothing gets through until somebody mends that"),
             stranger.errorOutput().constData());

    RelayProcess relay;
    QVERIFY(relay.run(target + QStringList{u"--ca"_s, certificate}, "1\n"));
    QVERIFY2(relay.exitCode() == 0, relay.errorOutput().constData());
    QCOMPARE(server.requestCount(), 1U);
}

void tst_Relay::keepsDeadLetters()
{
    HttpReceiver server;
    server.setHandler([](const HttpRequest &request) {
        return numberIn(request) % 2 ? HttpResponse() : HttpResponse::status(422).withBody("no such thing");
    });
    const QString dead = m_folder->filePath(u"dead.ndjson"_s);
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{u"--dead-letter"_s, dead}, numberedLines(9)));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(relay.total("dropped"), 4);
    QCOMPARE(relay.totals().value("deadLetters"_L1).toObject(), (QJsonObject{{u"written"_s, 4}, {u"lost"_s, 0}}));
    QFile file(dead);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
    const QByteArrayList lines = file.readAll().trimmed().split('\n');
    QCOMPARE(lines.size(), 4);
    const QJsonObject letter = QJsonDocument::fromJson(lines.constFirst()).object();
    QCOMPARE(letter.value("deadletterstatus"_L1), QJsonValue(422));
    QCOMPARE(letter.value("deadletteranswer"_L1), QJsonValue(u"no such thing"_s));
    QVERIFY(letter.value("deadletterreason"_L1).toString().contains("422"_L1));
    QVERIFY(letter.value("deadlettersink"_L1).toString().contains("127.0.0.1"_L1));

    // Another run reads them, and what the service then gets has nothing of their story.
    const QList<HttpRequest> refused = server.takeRequests();
    server.setHandler(nullptr);
    RelayProcess again;
    QVERIFY(again.run(to(server) + QStringList{dead}));
    QCOMPARE(again.exitCode(), 0);
    QCOMPARE(firstArrivals(server.requests()), (QList<qint64>{2, 4, 6, 8}));
    QCOMPARE(server.requests().constFirst().body(), refused.at(1).body());

    // The longest line, too.
    const QByteArray longest = '"' + QByteArray(1024 * 1024 - 2, 'y') + '"';
    server.setResponse(HttpResponse::status(413));
    RelayProcess large;
    QVERIFY(large.run(to(server) + QStringList{u"--dead-letter"_s, m_folder->filePath(u"large"_s)}, longest + '\n'));
    QCOMPARE(large.total("dropped"), 1);
    server.setHandler(nullptr);
    RelayProcess largeAgain;
    QVERIFY(largeAgain.run(to(server) + QStringList{m_folder->filePath(u"large"_s)}));
    QCOMPARE(largeAgain.exitCode(), 0);

    // A filter sees the story.
    server.clear();
    const QByteArray filtered = R"({"endpoints":[{"url":")" + server.url().toEncoded()
                                + R"(","filter":{"attributes":{"deadletterstatus":422}}}]})";
    RelayProcess some;
    QVERIFY(some.run({u"--config"_s, writeFile(filtered, u"filtered.json"_s), dead}));
    QCOMPARE(some.total("delivered"), 4);
    QVERIFY(!server.requests().constFirst().body().contains("deadletter"));

    RelayProcess circle;
    QVERIFY(circle.run(to(server) + QStringList{u"--dead-letter"_s, dead, dead}));
    QCOMPARE(circle.exitCode(), 2);
    QVERIFY2(circle.errorOutput().contains("is what is read"), circle.errorOutput().constData());
}

void tst_Relay::keepsWhatIsLeftAsDeadLetters()
{
    HttpReceiver server;
    server.stop();
    const QString dead = m_folder->filePath(u"dead.ndjson"_s);
    RelayProcess relay;
    QVERIFY(relay.run(
        to(server) + QStringList{u"--drain-timeout"_s, u"300ms"_s, u"--backoff"_s, u"1h"_s, u"--dead-letter"_s, dead},
        numberedLines(100)));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(relay.total("pending"), 100);
    QFile file(dead);
    QVERIFY(file.open(QIODevice::ReadOnly));
    // In order, and what was tried with the reason.
    const QByteArrayList lines = file.readAll().trimmed().split('\n');
    QCOMPARE(lines.size(), 100);
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const QJsonObject letter = QJsonDocument::fromJson(lines.at(i)).object();
        QCOMPARE(letter.value("data"_L1).toObject().value("n"_L1), QJsonValue(i + 1));
        QCOMPARE(letter.value("deadletterattempts"_L1).toInt() > 0, i == 0);
        QCOMPARE(letter.value("deadletterreason"_L1).toString().contains("refused"_L1), i == 0);
    }

    // The one that is being written when the run ends has been read as well.
    const QString more = m_folder->filePath(u"more.ndjson"_s);
    RelayProcess heldBack;
    QVERIFY(heldBack.run(
        to(server)
        + QStringList{u"--drain-timeout"_s, u"300ms"_s, u"--dead-letter"_s, more, writeFile(numberedLines(5000))}));
    QCOMPARE(heldBack.totals().value("unread"_L1), QJsonValue(true));
    QFile moreFile(more);
    QVERIFY(moreFile.open(QIODevice::ReadOnly));
    QCOMPARE(moreFile.readAll().count('\n'), heldBack.total("read"));
}

void tst_Relay::tellsThatDeadLettersAreLost()
{
    HttpReceiver server;
    server.setResponse(HttpResponse::status(400));
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{u"--dead-letter"_s, u"/dev/full"_s}, "1\n"));
    QCOMPARE(relay.exitCode(), 1);
    QVERIFY2(relay.errorOutput().contains("/dev/full: 1 dead letter is lost: "), relay.errorOutput().constData());
    QCOMPARE(relay.totals().value("deadLetters"_L1).toObject(), (QJsonObject{{u"written"_s, 0}, {u"lost"_s, 1}}));
}

// A second signal ends the wait for a full disk as well, and the totals are told.
void tst_Relay::endsBySignalWhileDeadLettersWait()
{
    HttpReceiver server;
    server.setResponse(HttpResponse::status(503));
    RelayProcess relay;
    QVERIFY(relay.begin(to(server) + QStringList{u"--dead-letter"_s, u"/dev/full"_s}));
    relay.write(numberedLines(50));
    QVERIFY(relay.waitForBytesWritten(RelayProcess::Patience));
    QVERIFY(server.waitForRequests(1, 60s));
    QVERIFY(relay.endAtOnce(SIGTERM));
    QCOMPARE(relay.exitCode(), 143);
    QCOMPARE(relay.total("delivered"), 0);
    QVERIFY(relay.total("read") > 0);
    QVERIFY2(relay.errorOutput().contains("are lost: "), relay.errorOutput().constData());
}

void tst_Relay::endsForWhoWantsNoMore()
{
    HttpReceiver server;
    server.setResponse(HttpResponse::status(410));
    RelayProcess relay;
    QVERIFY(relay.begin(to(server) + QStringList{u"--stats"_s}));
    relay.write(numberedLines(50));
    QVERIFY(waitUntil([&] { return relay.errorOutput().contains("it wants no more events"); }, Patience));
    relay.closeWriteChannel();
    QVERIFY(relay.waitForEnd());
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(relay.total("dropped"), 50);
    QCOMPARE(server.requestCount(), 1U);
    QCOMPARE(relay.endpoint(0).value("state"_L1), QJsonValue(u"disabled"_s));
}

void tst_Relay::readsEndpointsFromAFile()
{
    HttpReceiver orders;
    HttpReceiver european;
    HttpReceiver tenants;
    const QByteArray config = QByteArray(R"({"endpoints": [
        {"name": "orders", "url": "URL1", "filter": {"types": ["shop.order.*"]}, "contentMode": "binary",
         "headers": {"Authorization": "Bearer hunter2"}},
        {"name": "european", "url": "URL2", "filter": {"sources": ["/eu/**"], "types": ["shop.**"]},
         "contentMode": "batched", "batch": {"linger": "10ms"}},
        {"url": "URL3", "filter": {"attributes": {"tenant": ["a", "b"], "level": 3}}, "requestsInFlight": 6}]})")
                                  .replace("URL1", orders.url().toEncoded())
                                  .replace("URL2", european.url().toEncoded())
                                  .replace("URL3", tenants.url().toEncoded());
    const auto line = [](int id, const char *type, const char *source, const char *more = "") {
        return QByteArray(R"({"specversion":"1.0","id":")") + QByteArray::number(id) + R"(","type":")" + type
               + R"(","source":")" + source + "\"" + more + "}\n";
    };
    const QByteArray lines = line(1, "shop.order.new", "/us/1") + line(2, "shop.visit", "/eu/de/2")
                             + line(3, "shop.order.new", "/eu/3", R"(,"tenant":"b","level":3)")
                             + line(4, "mail.sent", "/eu/4", R"(,"tenant":"b","level":4)")
                             + line(5, "mail.sent", "/us/5");
    RelayProcess relay;
    QVERIFY(relay.run({u"--config"_s, writeFile(config, u"endpoints.json"_s)}, lines));
    QVERIFY2(relay.exitCode() == 0, relay.errorOutput().constData());
    const auto idsAt = [](const HttpReceiver &server) {
        QStringList ids;
        const QList<HttpRequest> requests = server.requests();
        for (const HttpRequest &request : requests) {
            const QList<Event> events = HttpMessage(request.headers(), request.body()).toEvents().value();
            for (const Event &event : events)
                ids.append(event.id());
        }
        return ids;
    };
    QCOMPARE(idsAt(orders), (QStringList{u"1"_s, u"3"_s}));
    QCOMPARE(orders.requests().constFirst().header("Authorization"), QByteArray("Bearer hunter2"));
    QCOMPARE(idsAt(european), (QStringList{u"2"_s, u"3"_s}));
    QCOMPARE(idsAt(tenants), QStringList{u"3"_s});
    QCOMPARE(relay.total("read"), 5);
    QCOMPARE(relay.total("filtered"), 2);
    QCOMPARE(relay.total("delivered"), 3);
    QCOMPARE(relay.endpoint(0).value("name"_L1), QJsonValue(u"orders"_s));
    QCOMPARE(relay.endpoint(2).value("filtered"_L1).toInteger(), 4);
    QVERIFY(!relay.errorOutput().contains("hunter2"));
}

// Wherever a secret stands, and whatever a server does with it: nothing that is printed or kept has it.
void tst_Relay::showsNoSecrets()
{
    const QByteArray canary = "canary-7f3a";
    const auto echo = [](int status) {
        return [status](const HttpRequest &request) {
            QByteArray all = request.target();
            for (const auto &[name, value] : request.headers())
                all += '\n' + name + ": " + value;
            return HttpResponse::status(status).withHeader("Location", request.target()).withBody(all);
        };
    };
    HttpReceiver refusing;
    refusing.setHandler(echo(400));
    HttpReceiver failing;
    failing.setHandler(echo(503));
    HttpReceiver moved;
    moved.setHandler(echo(302));
    HttpReceiver forbidding;
    forbidding.setHandler(echo(401));
    HttpReceiver silent;
    silent.stop();
    const QByteArray key = (canary + "-canary-7f3a-canary-7f3a").toBase64();
    QByteArrayList endpoints;
    const auto add = [&](const char *scheme, const HttpReceiver &server, const char *credentials) {
        endpoints.append(R"({"url":")" + QByteArray(scheme) + "://127.0.0.1:" + QByteArray::number(server.port()) + "/"
                         + canary + "?token=" + canary + R"(","headers":{"X-Token":")" + canary + R"("},"credentials":)"
                         + credentials + R"(,"signingSecrets":["whsec_)" + key + R"("],"retry":{"wait":"10ms"}})");
    };
    for (const HttpReceiver *server : {&refusing, &failing, &moved, &forbidding, &silent})
        add("http", *server, R"({"bearer":"canary-7f3a"})");
    add("http", refusing, R"({"user":"canary-7f3a","password":"canary-7f3a"})");
    add("https", refusing, R"({"bearer":"canary-7f3a"})"); // Where nobody speaks TLS.
    const QString dead = m_folder->filePath(u"dead.ndjson"_s);

    RelayProcess relay;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"QT_LOGGING_RULES"_s, u"qanat.*=true"_s);
    relay.setProcessEnvironment(environment);
    QVERIFY(relay.run({u"--config"_s, writeFile("{\"endpoints\":[" + endpoints.join(',') + "]}", u"endpoints.json"_s),
                       u"--stats"_s, u"--drain-timeout"_s, u"2s"_s, u"--dead-letter"_s, dead},
                      numberedLines(3)));
    QCOMPARE(relay.exitCode(), 1);
    QVERIFY(refusing.requestCount() > 0 && failing.requestCount() > 0 && moved.requestCount() > 0);
    QCOMPARE(refusing.requests().constFirst().header("X-Token"), canary);
    QCOMPARE(relay.totals().value("endpoints"_L1).toArray().size(), 7);
    QFile file(dead);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray letters = file.readAll();
    QVERIFY(letters.count("deadletteranswer") >= 3 && letters.contains("X-Token: "));
    // As it is, as URLs and JSON may write it, and within base64, at each of the three places where it may begin.
    for (const QByteArray &form :
         {canary, canary.toUpper(), canary.toPercentEncoding({}, "-"), key, canary.toBase64().first(12),
          ('x' + canary).toBase64().sliced(4, 10), ("xx" + canary).toBase64().sliced(4, 10)}) {
        QVERIFY2(!relay.errorOutput().contains(form), form.constData());
        QVERIFY2(!letters.contains(form), form.constData());
        QVERIFY2(!relay.readAllStandardOutput().contains(form), form.constData());
    }
}

void tst_Relay::wrongEndpoints_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("named");
    QTest::newRow("no JSON") << QByteArray("endpoints:\n") << u"endpoints.json: "_s;
    QTest::newRow("a member twice") << QByteArray(R"({"endpoints":[],"endpoints":[]})") << u"endpoints"_s;
    QTest::newRow("a list") << QByteArray("[]") << u"is not {\"endpoints\""_s;
    QTest::newRow("none") << QByteArray(R"({"endpoints":[]})") << u"is not {\"endpoints\""_s;
    QTest::newRow("another member") << QByteArray(R"({"endpoints":[],"endpoint":1})")
                                    << u"endpoint is not known here"_s;
    QTest::newRow("no object") << QByteArray(R"({"endpoints":["x"]})") << u"endpoints[0]: is not an object"_s;
    const auto row = [](const char *name, const QByteArray &members, const QString &named) {
        QTest::newRow(name) << QByteArray(R"({"endpoints":[{"url":"https://example.org"},{)") + members + "}]}"
                            << named;
    };
    row("no url", R"("name":"x")", u"endpoints[1].url: "_s);
    row("unknown member", R"("url":"https://example.org","contentmode":"binary")", u"endpoints[1].contentmode: "_s);
    row("value without unit", R"("url":"https://example.org","batch":{"linger":"5"})",
        u"endpoints[1].batch.linger: "_s);
    row("filter that is none", R"("url":"https://example.org","filter":[])", u"endpoints[1].filter: "_s);
    row("unknown filter", R"("url":"https://example.org","filter":{"type":"x"})", u"endpoints[1].filter.type: "_s);
    row("empty list", R"("url":"https://example.org","filter":{"types":[]})", u"endpoints[1].filter.types: "_s);
    row("pattern that is none", R"("url":"https://example.org","filter":{"sources":[null]})",
        u"endpoints[1].filter.sources: "_s);
    row("pattern that is a number", R"("url":"https://example.org","filter":{"types":[5]})",
        u"endpoints[1].filter.types: "_s);
    row("empty pattern", R"("url":"https://example.org","filter":{"types":[""]})", u"endpoints[1].filter.types: "_s);
    row("attribute that is none", R"("url":"https://example.org","filter":{"attributes":{"Tenant":"x"}})",
        u"endpoints[1].filter.attributes.Tenant: "_s);
    row("no attribute", R"("url":"https://example.org","filter":{"attributes":{"data":"x"}})",
        u"endpoints[1].filter.attributes.data: "_s);
    row("drops", R"("url":"https://example.org","limits":{"overflow":"dropOldest"})",
        u"endpoints[1].limits.overflow: "_s);
}

void tst_Relay::wrongEndpoints()
{
    QFETCH(const QByteArray, content);
    QFETCH(const QString, named);
    RelayProcess relay;
    QVERIFY(relay.run({u"--config"_s, writeFile(content, u"endpoints.json"_s)}, "1\n"));
    QCOMPARE(relay.exitCode(), 2);
    const QByteArray message = relay.errorOutput();
    QVERIFY2(message.startsWith("qanat-relay: --config: ") && message.count('\n') == 1, message.constData());
    QVERIFY2(message.contains(named.toUtf8()), message.constData());
}

void tst_Relay::endsAtAStandstill()
{
    HttpReceiver server;
    server.stop();
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{u"--drain-timeout"_s, u"300ms"_s}, numberedLines(100)));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(relay.total("read"), 100);
    QCOMPARE(relay.total("delivered"), 0);
    QVERIFY(relay.endpoint(0).value("error"_L1).toString().contains("refused"_L1));
    QCOMPARE(relay.total("pending") + relay.total("dropped"), 100);
    QCOMPARE(relay.totals().value("unread"_L1), QJsonValue(false));
}

void tst_Relay::endsAtAStandstillWhileHeldBack()
{
    HttpReceiver server;
    server.stop();
    const QString file = writeFile(numberedLines(100'000));
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{u"--drain-timeout"_s, u"300ms"_s, file}));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(relay.total("delivered"), 0);
    QVERIFY(relay.total("read") > 0);
    QVERIFY(relay.total("read") < MostHeld);
    QCOMPARE(relay.total("pending") + relay.total("dropped"), relay.total("read"));
    QCOMPARE(relay.totals().value("unread"_L1), QJsonValue(true));
}

void tst_Relay::goesOnWhileSomethingIsDelivered()
{
    HttpReceiver server;
    server.setResponse(HttpResponse().withDelay(300ms));
    RelayProcess relay;
    QVERIFY(relay.run(to(server) + QStringList{u"--drain-timeout"_s, u"4s"_s}, numberedLines(15)));
    QCOMPARE(relay.exitCode(), 0);
    QCOMPARE(relay.total("delivered"), 15);
}

// However much there is to read: what waits is bounded, in events and in memory.
void tst_Relay::holdsTheReaderBack()
{
    HttpReceiver server;
    server.setResponse(HttpResponse::never());
    const QString file = writeFile(numberedLines(500'000));
    RelayProcess relay;
    QVERIFY(relay.begin(to(server) + to(server) + QStringList{u"--stats"_s, file}));
    const auto standsStill = [&] {
        const QList<QJsonObject> all = relay.allTotals();
        const auto read = [&](qsizetype fromEnd) { return all.at(all.size() - fromEnd).value("read"_L1).toInteger(); };
        return all.size() >= 2 && read(1) > 0 && read(1) == read(2);
    };
    QVERIFY(waitUntil(standsStill, Patience));
    QVERIFY(relay.allTotals().constLast().value("pending"_L1).toInteger() < MostHeld);
    if (!HasSanitizers) {
        const qint64 memory = relay.peakMemory();
        QVERIFY2(memory > 0 && memory < 100'000'000, QByteArray::number(memory).constData());
    }
    QVERIFY(relay.endAtOnce(SIGTERM));
    QCOMPARE(relay.total("delivered"), 0);
    QVERIFY(relay.total("read") < MostHeld);
}

void tst_Relay::printsStatistics()
{
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.begin(to(server) + QStringList{u"--stats"_s}));
    relay.write(numberedLines(5));
    const auto isSeen = [&] {
        const QList<QJsonObject> all = relay.allTotals();
        return !all.isEmpty() && all.constLast().value("delivered"_L1).toInteger() == 5;
    };
    QVERIFY(waitUntil(isSeen, Patience));
    QCOMPARE(relay.allTotals().constLast().value("unread"_L1), QJsonValue(true));
    relay.closeWriteChannel();
    QVERIFY(relay.waitForEnd());
    QCOMPARE(relay.exitCode(), 0);
    QCOMPARE(relay.totals().value("unread"_L1), QJsonValue(false));
}

void tst_Relay::showsProgressOnATerminal()
{
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    QVERIFY(terminal >= 0 && ::grantpt(terminal) == 0 && ::unlockpt(terminal) == 0);
    std::array<char, 100> name{};
    QCOMPARE(::ptsname_r(terminal, name.data(), name.size()), 0);
    const int standardError = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    QVERIFY(standardError >= 0);

    HttpReceiver server;
    RelayProcess relay;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"TERM"_s, u"xterm"_s);
    relay.setProcessEnvironment(environment);
    relay.setChildProcessModifier([standardError] { ::dup2(standardError, STDERR_FILENO); });
    QVERIFY(relay.begin(to(server)));
    relay.write(numberedLines(5));
    QByteArray screen;
    const auto shows = [&](const char *text) {
        std::array<char, 4096> piece{};
        for (ssize_t size = 0; (size = ::read(terminal, piece.data(), piece.size())) > 0;)
            screen.append(piece.data(), size);
        return screen.contains(text);
    };
    QVERIFY(waitUntil([&] { return shows("\r\x1b[K5 delivered  ") && shows("  0 pending  flowing"); }, Patience));
    relay.write("bad\n");
    QVERIFY(waitUntil([&] { return shows("\r\x1b[Kqanat-relay: standard input:6: "); }, Patience));
    relay.closeWriteChannel();
    QVERIFY(relay.waitForEnd());
    QVERIFY(shows("\n{\"read\":6,\"rejected\":1,\"filtered\":0,\"delivered\":5,"));
    QVERIFY(screen.endsWith("}\r\n"));
    ::close(standardError);
    ::close(terminal);
}

void tst_Relay::endsBySignal_data()
{
    QTest::addColumn<int>("signal");
    QTest::addColumn<int>("status");
    QTest::newRow("SIGINT") << SIGINT << 130;
    QTest::newRow("SIGTERM") << SIGTERM << 143;
}

void tst_Relay::endsBySignal()
{
    QFETCH(const int, signal);
    QFETCH(const int, status);
    HttpReceiver server;
    server.setResponse(HttpResponse::never());
    RelayProcess relay;
    QVERIFY(relay.begin(to(server) + QStringList{u"--drain-timeout"_s, u"1m"_s, writeFile(numberedLines(100'000))}));
    QVERIFY(server.waitForRequests(1, 60s));
    QVERIFY(relay.endAtOnce(signal));
    QCOMPARE(relay.exitCode(), status);
    QCOMPARE(relay.total("delivered"), 0);
    QVERIFY(relay.total("pending") > 0);
    QCOMPARE(relay.totals().value("unread"_L1), QJsonValue(true));
}

// Everything was read, and what waited arrives in the time that is left.
void tst_Relay::drainsAfterASignal()
{
    HttpReceiver server;
    server.setResponse(HttpResponse::status(503));
    RelayProcess relay;
    QVERIFY(
        relay.begin(to(server) + QStringList{u"--backoff"_s, u"10ms"_s, u"--stats"_s, u"--drain-timeout"_s, u"1m"_s}));
    relay.write(numberedLines(50));
    relay.closeWriteChannel();
    const auto isReadToEnd = [&] {
        const QList<QJsonObject> all = relay.allTotals();
        return !all.isEmpty() && all.constLast().value("unread"_L1) == QJsonValue(false);
    };
    QVERIFY(waitUntil(isReadToEnd, Patience));
    relay.send(SIGTERM);
    server.setHandler(nullptr);
    QVERIFY(relay.waitForEnd());
    QCOMPARE(relay.exitCode(), 0);
    QCOMPARE(relay.total("delivered"), 50);
}

// Without a second signal, and with a time that ends.
void tst_Relay::drainsForAWhile()
{
    HttpReceiver server;
    server.setResponse(HttpResponse::never());
    RelayProcess relay;
    QVERIFY(relay.begin(to(server) + QStringList{u"--drain-timeout"_s, u"300ms"_s}));
    relay.write(numberedLines(5));
    QVERIFY(relay.waitForBytesWritten(RelayProcess::Patience));
    QVERIFY(server.waitForRequests(1, 60s));
    relay.send(SIGINT);
    QVERIFY(relay.waitForEnd());
    QCOMPARE(relay.exitCode(), 130);
    QCOMPARE(relay.total("pending"), relay.total("read"));
}

// Nothing comes, nothing ends: the reader has to be woken.
void tst_Relay::endsBySignalWithoutInput()
{
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.begin(to(server)));
    relay.write(numberedLines(5));
    QVERIFY(relay.waitForBytesWritten(RelayProcess::Patience));
    QVERIFY(server.waitForRequests(5, 60s));
    relay.send(SIGTERM);
    QVERIFY(relay.waitForEnd());
    QCOMPARE(relay.total("delivered"), 5);
    QCOMPARE(relay.totals().value("unread"_L1), QJsonValue(true));
    QCOMPARE(relay.exitCode(), 143);
}

void tst_Relay::endsBySignalBeforeAPipeIsOpened()
{
    const QString pipe = m_folder->filePath(u"pipe"_s);
    QCOMPARE(::mkfifo(QFile::encodeName(pipe).constData(), 0600), 0);
    HttpReceiver server;
    RelayProcess relay;
    QVERIFY(relay.begin(to(server) + QStringList{u"--stats"_s, pipe}));
    QVERIFY(waitUntil([&] { return !relay.allTotals().isEmpty(); }, Patience));
    relay.send(SIGINT);
    QVERIFY(relay.waitForEnd());
    QCOMPARE(relay.exitCode(), 130);
    QCOMPARE(relay.total("read"), 0);
}

void tst_Relay::survivesAFullDisk()
{
    HttpReceiver server;
    RelayProcess relay;
    relay.setStandardErrorFile(u"/dev/full"_s);
    QVERIFY(relay.run(to(server), "bad\n1\n"));
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(server.requestCount(), 1U);
}

void tst_Relay::survivesAClosedPipe()
{
    std::array<int, 2> pipe{};
    QCOMPARE(::pipe2(pipe.data(), O_CLOEXEC), 0);
    ::close(pipe[0]);
    HttpReceiver server;
    RelayProcess relay;
    relay.setChildProcessModifier([end = pipe[1]] { ::dup2(end, STDERR_FILENO); });
    QVERIFY(relay.run(to(server), "bad\n1\n"));
    ::close(pipe[1]);
    QCOMPARE(relay.exitCode(), 1);
    QCOMPARE(server.requestCount(), 1U);
}

QTEST_GUILESS_MAIN(tst_Relay)
#include "tst_relay.moc"
