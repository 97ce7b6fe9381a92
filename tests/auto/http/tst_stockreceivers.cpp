// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Receivers that we did not write read what we send: the packages cloudevents and standardwebhooks of npm, in a small
// web server of node (stockreceivers/receiver.mjs).

#include "httpprobe.h"
#include "moment.h"
#include "warnings_p.h"

#include <Qanat/Endpoint>
#include <Qanat/HttpReceiver>
#include <Qanat/WaitUntil>
#include <Qanat/WebhookSignature>

#include <QtCore/qdir.h>
#include <QtCore/qfile.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qprocess.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qstandardpaths.h>
#include <QtTest/qtest.h>

#include <initializer_list>

using namespace Qanat;
using namespace Qanat::HttpTest;
using Compression = HttpSink::Compression;
using ContentMode = HttpSink::ContentMode;
using Verdict = WebhookSignature::Verdict;

namespace {

constexpr int PatienceWithNpm = 90'000; // ms; it gives up earlier by itself where there is no network.
constexpr qint64 Greatest = (Q_INT64_C(1) << 53) - 1; // Of the whole numbers that JavaScript has.
const QString NoMatch = u"No matching signature found"_s; // As standardwebhooks says it.

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool copyAnew(const QString &from, const QString &to)
{
    return (!QFile::exists(to) || QFile::remove(to)) && QFile::copy(from, to);
}

//! Where the program is; empty if it is not installed.
QString program(const QStringList &names)
{
    for (const QString &name : names) {
        if (QString path = QStandardPaths::findExecutable(name); !path.isEmpty())
            return path;
    }
    return {};
}

int majorVersionOfNode(const QString &node)
{
    QProcess process;
    process.start(node, {u"--version"_s});
    if (!process.waitForFinished(PatienceWithNpm))
        return 0;
    static const QRegularExpression version(u"^v(\\d+)\\."_s);
    return version.match(QString::fromLatin1(process.readAllStandardOutput())).captured(1).toInt();
}

//! Installs what the lock file in that folder names. Answers npm's code of the error, which is empty if it worked.
QString errorOfInstalling(const QString &npm, const QString &folder)
{
    QProcess process;
    process.setWorkingDirectory(folder);
    process.start(npm, {u"ci"_s, u"--no-progress"_s, u"--fetch-retries=1"_s, u"--fetch-retry-mintimeout=1000"_s,
                        u"--fetch-retry-maxtimeout=2000"_s, u"--fetch-timeout=20000"_s});
    if (!process.waitForFinished(PatienceWithNpm)) {
        process.kill();
        process.waitForFinished();
        return u"no answer in time"_s;
    }
    if (process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0)
        return {};
    static const QRegularExpression code(u"^npm \\S+ code (\\w+)$"_s, QRegularExpression::MultilineOption);
    const QString error = code.match(QString::fromUtf8(process.readAllStandardError())).captured(1);
    return error.isEmpty() ? u"it ended with %1"_s.arg(process.exitCode()) : error;
}

//! stockreceivers/receiver.mjs, as a process.
class StockReceiver
{
public:
    ~StockReceiver()
    {
        // It ends with its standard input.
        m_process.closeWriteChannel();
        if (m_process.state() != QProcess::NotRunning && !m_process.waitForFinished(int(Patience.count())))
            m_process.kill();
    }

    [[nodiscard]] bool start(const QString &node, const QString &script, const QList<WebhookSecret> &secrets)
    {
        QStringList arguments{script};
        for (const WebhookSecret &secret : secrets)
            arguments.append(QString::fromLatin1(secret.text()));
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(node, arguments);
        m_port = report().value("port"_L1).toInt();
        return m_port > 0;
    }

    //! With a query, as those of many services have.
    [[nodiscard]] QUrl url() const { return QUrl(u"http://127.0.0.1:%1/hook?for=qanat"_s.arg(m_port)); }

    //! The next line that it prints: one for each request.
    [[nodiscard]] QJsonObject report()
    {
        const auto isThere = [this] { return m_process.canReadLine() || m_process.state() == QProcess::NotRunning; };
        return waitUntil(isThere, Patience) ? QJsonDocument::fromJson(m_process.readLine()).object() : QJsonObject();
    }

    void command(const QJsonObject &command)
    {
        m_process.write(QJsonDocument(command).toJson(QJsonDocument::Compact) + '\n');
    }

private:
    QProcess m_process;
    int m_port = 0;
};

//! An event, and what a receiver is to make of it.
struct Case
{
    const char *name;
    Event event;
    QJsonObject data; //!< With `data`, `data_base64`, or nothing.
    QJsonObject extensions; //!< With the types that JSON has for them.
    //! What receiver.mjs has to mend in what cloudevents makes of it, in the structured and the binary mode. Nothing in
    //! batches, which that package reads in another way.
    QStringList structured;
    QStringList binary;
};

Event minimal(const QVariant &data = {}, const QString &type = {})
{
    Event event(u"com.example.thing"_s, data);
    event.setSource(u"/tests"_s);
    event.setDataContentType(type);
    return event;
}

Event withEverything()
{
    Event event = minimal({}, u"application/json"_s);
    event.setId(u"A234-1234"_s);
    event.setSource(u"https://example.org/rooms/7?floor=2#door"_s);
    event.setSubject(u"a/subject"_s);
    event.setDataSchema(u"https://example.org/schema#thing"_s);
    event.setTime(momentOf(QDate(2020, 2, 29), QTime(23, 59, 58, 7), 2 * 3600));
    event.setExtension(u"yes"_s, true);
    event.setExtension(u"no"_s, false);
    event.setExtension(u"number"_s, -7);
    event.setExtension(u"zero"_s, 0);
    event.setExtension(u"text"_s, u"x"_s);
    event.setExtension(u"bytes"_s, QByteArray("\x00\xff", 2));
    event.setExtension(u"uri"_s, QUrl(u"https://example.org/?q=1"_s));
    event.setExtension(u"moment"_s, momentOf(QDate(2020, 1, 2), QTime(3, 4, 5)));
    event.setData(QVariantMap{{u"to"_s, u"Euro € 😀 \"\\\n"_s},
                              {u"nothing"_s, QVariant::fromValue(nullptr)},
                              {u"list"_s, QVariantList{1, -2.5, true, QVariantMap()}}});
    return event;
}

// All that HTTP binding, 3.1.3.2, wants encoded, and what looks as if it were.
Event withWhatIsEncoded()
{
    Event event = minimal();
    event.setId(u"№ 7"_s);
    event.setType(u"com.example.größe"_s);
    event.setSource(u"/a%20b"_s);
    event.setSubject(u"Euro € 😀"_s);
    event.setExtension(u"quoted"_s, u"\"a b\""_s);
    event.setExtension(u"quote"_s, u"12\" \\\""_s);
    event.setExtension(u"percent"_s, u"100% %41 %zz %E2%82%AC"_s);
    event.setExtension(u"blanks"_s, u" two  blanks "_s);
    event.setExtension(u"uri"_s, QUrl(u"https://example.org/ä"_s));
    event.setExtension(u"ascii"_s, u"!#$&'()*+,-./:;<=>?@[\\]^_`{|}~azAZ09"_s);
    return event;
}

QList<Case> allCases()
{
    const auto json = [](const QJsonValue &value) { return QJsonObject{{u"data"_s, value}}; };
    const auto bytes = [](const QString &base64) { return QJsonObject{{u"data_base64"_s, base64}}; };
    const QStringList data{u"data"_s};
    Event timeless = minimal();
    timeless.setTime({});
    const QVariant null = QVariant::fromValue(nullptr);
    const QByteArray image("\x89PNG\r\n\x1a\n\x00\xff", 10);
    return {
        {"without data", minimal(), {}, {}, {}, {}},
        {"without time", timeless, {}, {}, {}, {}},
        {"everything",
         withEverything(),
         json(QJsonObject{{u"to"_s, u"Euro € 😀 \"\\\n"_s},
                          {u"nothing"_s, QJsonValue::Null},
                          {u"list"_s, QJsonArray{1, -2.5, true, QJsonObject()}}}),
         {{u"yes"_s, true},
          {u"no"_s, false},
          {u"number"_s, -7},
          {u"zero"_s, 0},
          {u"text"_s, u"x"_s},
          {u"bytes"_s, u"AP8="_s},
          {u"uri"_s, u"https://example.org/?q=1"_s},
          {u"moment"_s, u"2020-01-02T03:04:05.000Z"_s}},
         {},
         {}},
        {"what is encoded",
         withWhatIsEncoded(),
         {},
         {{u"quoted"_s, u"\"a b\""_s},
          {u"quote"_s, u"12\" \\\""_s},
          {u"percent"_s, u"100% %41 %zz %E2%82%AC"_s},
          {u"blanks"_s, u" two  blanks "_s},
          {u"uri"_s, u"https://example.org/%C3%A4"_s},
          {u"ascii"_s, u"!#$&'()*+,-./:;<=>?@[\\]^_`{|}~azAZ09"_s}},
         {},
         {u"blanks"_s, u"id"_s, u"percent"_s, u"quote"_s, u"quoted"_s, u"source"_s, u"subject"_s, u"type"_s, u"uri"_s}},
        {"empty object", minimal(QVariantMap()), json(QJsonObject()), {}, {}, {}},
        {"list", minimal(QVariantList{1, u"b"_s}), json(QJsonArray{1, u"b"_s}), {}, {}, {}},
        {"JSON text", minimal(u"a\"é"_s), json(u"a\"é"_s), {}, {}, {}},
        {"empty JSON text", minimal(QString(u""_s)), json(u""_s), {}, data, {}},
        {"null", minimal(null), json(QJsonValue::Null), {}, data, data},
        {"true", minimal(true), json(true), {}, {}, data},
        {"false", minimal(false), json(false), {}, data, data},
        {"zero", minimal(0), json(0), {}, data, data},
        {"number", minimal(-1.5e-7), json(-1.5e-7), {}, {}, data},
        {"greatest number", minimal(Greatest), json(Greatest), {}, {}, data},
        {"+json", minimal(QVariantList{1}, u"application/vnd.x+json"_s), json(QJsonArray{1}), {}, {}, data},
        {"charset", minimal(QVariantList{1}, u"application/json; charset=utf-8"_s), json(QJsonArray{1}), {}, {}, {}},
        {"text", minimal(u"é 😀\r\n\"%41"_s, u"text/plain"_s), json(u"é 😀\r\n\"%41"_s), {}, {}, {}},
        {"xml", minimal(u"<a/>"_s, u"text/xml; charset=utf-8"_s), json(u"<a/>"_s), {}, {}, {}},
        {"image", minimal(image, u"image/png"_s), bytes(u"iVBORw0KGgoA/w=="_s), {}, {}, {}},
        {"bytes", minimal(QByteArray("\x00\xff", 2)), bytes(u"AP8="_s), {}, {}, {}},
    };
}

//! What the receiver says when it has understood the event, but for the time.
QJsonObject understood(const Case &of, ContentMode mode)
{
    const Event &event = of.event;
    QJsonObject expected = of.data;
    const auto add = [&expected](const QString &name, const QString &value) {
        if (!value.isEmpty())
            expected.insert(name, value);
    };
    add(u"specversion"_s, u"1.0"_s);
    add(u"id"_s, event.id());
    add(u"source"_s, event.source());
    add(u"type"_s, event.type());
    add(u"subject"_s, event.subject());
    add(u"dataschema"_s, event.dataSchema());
    add(u"datacontenttype"_s, event.dataContentType());
    QJsonObject extensions = of.extensions;
    QStringList mended = mode == ContentMode::Structured ? of.structured : QStringList();
    if (mode == ContentMode::Binary) {
        mended = of.binary;
        // A body has a type, and headers have none.
        if (event.dataContentType().isEmpty() && of.data.contains("data"_L1))
            add(u"datacontenttype"_s, u"application/json"_s);
        if (event.dataContentType().isEmpty() && of.data.contains("data_base64"_L1))
            add(u"datacontenttype"_s, u"application/octet-stream"_s);
        for (auto it = extensions.begin(); it != extensions.end(); ++it)
            it.value() = it.value().toVariant().toString();
    }
    // In each mode it makes one up.
    if (event.timeText().isEmpty())
        mended = QStringList{u"time"_s};
    expected.insert(u"extensions"_s, extensions);
    expected.insert(u"mended"_s, QJsonArray::fromStringList(mended));
    return expected;
}

//! The time, as the moment that it is: cloudevents writes it anew, but in batches.
QDateTime takeTime(QJsonObject &event)
{
    return QDateTime::fromString(event.take("time"_L1).toString(), Qt::ISODateWithMs);
}

QJsonArray bools(std::initializer_list<bool> list)
{
    QJsonArray array;
    for (const bool value : list)
        array.append(value);
    return array;
}

QJsonArray verdicts(std::initializer_list<bool> valid)
{
    QJsonArray array;
    for (const bool isValid : valid)
        array.append(isValid ? u"valid"_s : NoMatch);
    return array;
}

QStringList idsOf(const QJsonArray &events)
{
    QStringList ids;
    for (const auto &event : events)
        ids.append(event.toObject().value("id"_L1).toString());
    return ids;
}

void addModes()
{
    QTest::addColumn<ContentMode>("mode");
    QTest::newRow("structured") << ContentMode::Structured;
    QTest::newRow("binary") << ContentMode::Binary;
    QTest::newRow("batched") << ContentMode::Batched;
}

std::chrono::seconds now()
{
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
}

} // namespace

class TestStockReceivers : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init() { failOnUnexpectedWarnings(); }

    void cloudevents_reads_data();
    void cloudevents_reads();
    void cloudevents_readsManyInABatch();
    void cloudevents_readsGzip_data() { addModes(); }
    void cloudevents_readsGzip();
    void cloudevents_isRead_data();
    void cloudevents_isRead();

    void standardwebhooks_verifies_data() { addModes(); }
    void standardwebhooks_verifies();
    void standardwebhooks_cannotVerifyBytes_data();
    void standardwebhooks_cannotVerifyBytes();

    void endpoint_isUnderstood();

private:
    //! What the receiver makes of these events, in one request.
    [[nodiscard]] QJsonObject reportOf(Probe &sink, const QList<Event> &events);

    const WebhookSecret m_fresh = WebhookSecret::generate();
    const WebhookSecret m_old = WebhookSecret::generate();
    const WebhookSecret m_strangers = WebhookSecret::generate();
    StockReceiver m_receiver;
};

void TestStockReceivers::initTestCase()
{
    const QString node = program({u"node"_s, u"nodejs"_s});
    const QString npm = program({u"npm"_s});
    if (node.isEmpty() || npm.isEmpty())
        QSKIP("node or npm is not installed, with which the receivers run that others wrote");
    // That is what cloudevents asks for.
    if (majorVersionOfNode(node) < 20)
        QSKIP("the receivers that others wrote need node 20, and what is installed is older");

    const QString source = QStringLiteral(QANAT_STOCKRECEIVERS_SOURCE "/");
    const QString folder = QStringLiteral(QANAT_STOCKRECEIVERS_FOLDER "/");
    QVERIFY(QDir().mkpath(folder));
    for (const QString &name : {u"receiver.mjs"_s, u"package.json"_s, u"package-lock.json"_s, u".npmrc"_s})
        QVERIFY2(copyAnew(source + name, folder + name), qPrintable(name));

    // They stay there for the next time: a copy of the lock file tells what is there as a whole.
    const QString lock = folder + u"package-lock.json"_s;
    const QString installed = folder + u"installed.json"_s;
    if (contentOf(lock) != contentOf(installed)) {
        QVERIFY(!QFile::exists(installed) || QFile::remove(installed));
        const QString error = errorOfInstalling(npm, folder);
        // Only these two are our own fault: files that do not fit each other, and packages that are not what they were.
        QVERIFY2(error != "EUSAGE"_L1 && error != "EINTEGRITY"_L1, qPrintable(error));
        if (!error.isEmpty())
            QSKIP(qPrintable(u"npm could not get the packages cloudevents and standardwebhooks: "_s + error));
        QVERIFY(QFile::copy(lock, installed));
    }
    QVERIFY(m_receiver.start(node, folder + u"receiver.mjs"_s, {m_fresh, m_old, m_strangers}));
}

QJsonObject TestStockReceivers::reportOf(Probe &sink, const QList<Event> &events)
{
    Outcomes outcomes;
    sink.attempt(Batch(events), outcomes);
    if (!outcomes.wait(events.size()))
        return {};
    for (const Delivery &outcome : std::as_const(outcomes.list)) {
        if (!outcome.isSuccess())
            qInfo() << outcome.errorText() << outcome.answer();
    }
    return m_receiver.report();
}

void TestStockReceivers::cloudevents_reads_data()
{
    QTest::addColumn<ContentMode>("mode");
    QTest::addColumn<int>("index");
    const QList<Case> cases = allCases();
    for (int i = 0; i < cases.size(); ++i) {
        QTest::addRow("structured, %s", cases[i].name) << ContentMode::Structured << i;
        QTest::addRow("binary, %s", cases[i].name) << ContentMode::Binary << i;
        QTest::addRow("batched, %s", cases[i].name) << ContentMode::Batched << i;
    }
}

void TestStockReceivers::cloudevents_reads()
{
    QFETCH(const ContentMode, mode);
    QFETCH(const int, index);
    const Case of = allCases().at(index);
    Probe sink(m_receiver.url());
    sink.setContentMode(mode);
    const QJsonObject report = reportOf(sink, {of.event});
    const QJsonArray events = report.value("events"_L1).toArray();
    QVERIFY2(events.size() == 1, QJsonDocument(report).toJson().constData());
    QJsonObject event = events.first().toObject();
    QCOMPARE(takeTime(event), of.event.time());
    QCOMPARE(event, understood(of, mode));
}

void TestStockReceivers::cloudevents_readsManyInABatch()
{
    const QList<Case> cases = allCases();
    QList<Event> written;
    for (const Case &of : cases)
        written.append(of.event);
    Probe sink(m_receiver.url());
    sink.setContentMode(ContentMode::Batched);
    const QJsonArray events = reportOf(sink, written).value("events"_L1).toArray();
    QCOMPARE(events.size(), cases.size());
    for (int i = 0; i < cases.size(); ++i) {
        QJsonObject event = events[i].toObject();
        QCOMPARE(takeTime(event), written[i].time());
        QCOMPARE(event, understood(cases[i], ContentMode::Batched));
    }
}

void TestStockReceivers::cloudevents_readsGzip()
{
    QFETCH(const ContentMode, mode);
    const QString text = u"Euro € 😀 "_s.repeated(1000);
    const Case of{"", minimal(text), {{u"data"_s, text}}, {}, {}, {}};
    Probe sink(m_receiver.url());
    sink.setContentMode(mode);
    sink.setCompression(Compression::Gzip);
    const QJsonObject report = reportOf(sink, {of.event});
    QCOMPARE(report.value("encoding"_L1).toString(), u"gzip"_s);
    QJsonObject event = report.value("events"_L1).toArray().first().toObject();
    QCOMPARE(takeTime(event), of.event.time());
    QCOMPARE(event, understood(of, mode));
}

void TestStockReceivers::cloudevents_isRead_data()
{
    QTest::addColumn<QString>("binding");
    QTest::newRow("structured") << u"structured"_s;
    QTest::newRow("binary") << u"binary"_s;
}

// The other way round: what cloudevents writes, and standardwebhooks signs.
void TestStockReceivers::cloudevents_isRead()
{
    QFETCH(const QString, binding);
    HttpReceiver receiver;
    const QJsonObject written{{u"id"_s, u"A234-1234"_s},
                              {u"source"_s, u"/tests"_s},
                              {u"type"_s, u"com.example.thing"_s},
                              {u"subject"_s, u"subject"_s},
                              {u"time"_s, u"2020-02-29T23:59:58.007Z"_s},
                              {u"datacontenttype"_s, u"application/json"_s},
                              {u"extension"_s, u"x"_s},
                              {u"data"_s, QJsonObject{{u"to"_s, u"Euro € 😀"_s}, {u"number"_s, 1.5}}}};
    m_receiver.command({{u"url"_s, receiver.url().toString()},
                        {u"binding"_s, binding},
                        {u"event"_s, written},
                        {u"secret"_s, QString::fromLatin1(m_fresh.text())}});
    // Not by the receiver's own wait: the command needs the event loop to get out.
    QVERIFY(waitUntil([&receiver] { return receiver.requestCount() > 0; }));
    const HttpRequest request = receiver.requests().constFirst();

    const auto verdict = [&request](const QList<WebhookSecret> &secrets, const QByteArray &body) {
        return WebhookSignature::verify(secrets, request.headers(), body, now());
    };
    QCOMPARE(verdict({m_fresh}, request.body()), Verdict::Valid);
    QCOMPARE(verdict({m_old, m_fresh}, request.body()), Verdict::Valid);
    QCOMPARE(verdict({m_strangers}, request.body()), Verdict::NoMatch);
    QCOMPARE(verdict({m_fresh}, request.body() + ' '), Verdict::NoMatch);

    const auto events = HttpMessage(request.headers(), request.body()).toEvents();
    QVERIFY2(events, qPrintable(events.errorText()));
    QCOMPARE(events->size(), 1);
    const Event &event = events->first();
    QCOMPARE(event.id(), u"A234-1234"_s);
    QCOMPARE(event.source(), u"/tests"_s);
    QCOMPARE(event.type(), u"com.example.thing"_s);
    QCOMPARE(event.subject(), u"subject"_s);
    QCOMPARE(event.time(), momentOf(QDate(2020, 2, 29), QTime(23, 59, 58, 7)));
    QCOMPARE(event.dataContentType(), u"application/json"_s);
    QCOMPARE(event.extensions(), (QVariantMap{{u"extension"_s, u"x"_s}}));
    QCOMPARE(event.data(), QVariant(QVariantMap{{u"to"_s, u"Euro € 😀"_s}, {u"number"_s, 1.5}}));
}

void TestStockReceivers::standardwebhooks_verifies()
{
    QFETCH(const ContentMode, mode);
    Probe sink(m_receiver.url());
    sink.setContentMode(mode);
    const Event event = withEverything();

    QJsonObject report = reportOf(sink, {event});
    const QString missing = u"Missing required headers"_s;
    QCOMPARE(report.value("verdicts"_L1).toArray(), (QJsonArray{missing, missing, missing}));

    // A secret is replaced: from the old one over both of them to the fresh one.
    const auto judge = [&](const QList<WebhookSecret> &secrets, bool isFreshValid, bool isOldValid) {
        sink.setSigningSecrets(secrets);
        report = reportOf(sink, {event});
        QCOMPARE(report.value("verdicts"_L1).toArray(), verdicts({isFreshValid, isOldValid, false}));
        QCOMPARE(report.value("hmacs"_L1).toArray(), bools({isFreshValid, isOldValid, false}));
        QCOMPARE(report.value("verdictsOfChanged"_L1).toArray(), verdicts({false, false, false}));
        QCOMPARE(report.value("verdictsOfOtherId"_L1).toArray(), verdicts({false, false, false}));
        QCOMPARE(report.value("id"_L1).toString(), event.id());
    };
    judge({m_old}, false, true);
    judge({m_fresh, m_old}, true, true);
    judge({m_old, m_fresh}, true, true);
    judge({m_fresh}, true, false);
}

void TestStockReceivers::standardwebhooks_cannotVerifyBytes_data()
{
    QTest::addColumn<ContentMode>("mode");
    QTest::addColumn<Compression>("compression");
    QTest::addColumn<QVariant>("data");
    const QVariant text = u"Euro € 😀"_s;
    QTest::newRow("structured, gzip") << ContentMode::Structured << Compression::Gzip << text;
    QTest::newRow("batched, gzip") << ContentMode::Batched << Compression::Gzip << text;
    QTest::newRow("binary, an image") << ContentMode::Binary << Compression::None
                                      << QVariant(QByteArray("\x89PNG\x00\xff", 6));
}

// Bytes are signed as they are sent, which an HMAC made by node alone confirms.
void TestStockReceivers::standardwebhooks_cannotVerifyBytes()
{
    QFETCH(const ContentMode, mode);
    QFETCH(const Compression, compression);
    QFETCH(const QVariant, data);
    Probe sink(m_receiver.url());
    sink.setContentMode(mode);
    sink.setCompression(compression);
    sink.setSigningSecrets({m_fresh, m_old});
    const QJsonObject report = reportOf(sink, {minimal(data)});
    QCOMPARE(report.value("hmacs"_L1).toArray(), bools({true, true, false}));
    QEXPECT_FAIL("", "standardwebhooks 1.1.1 reads each body as text in UTF-8 before it verifies it", Continue);
    QCOMPARE(report.value("verdicts"_L1).toArray(), verdicts({true, true, false}));
}

// All of it together, as an application has it.
void TestStockReceivers::endpoint_isUnderstood()
{
    EndpointConfiguration configuration;
    configuration.name = u"stock"_s;
    configuration.url = m_receiver.url();
    configuration.contentMode = ContentMode::Batched;
    configuration.maximumBatchCount = 8;
    configuration.linger = 10ms;
    configuration.signingSecrets = {m_fresh, m_old};
    Endpoint endpoint(configuration);
    QStringList written;
    for (int i = 0; i < 20; ++i) {
        const Event event = minimal(QVariantMap{{u"number"_s, i}});
        written.append(event.id());
        endpoint.write(event);
    }
    QStringList read;
    while (read.size() < written.size()) {
        const QJsonObject report = m_receiver.report();
        QCOMPARE(report.value("verdicts"_L1).toArray(), verdicts({true, true, false}));
        const QStringList ids = idsOf(report.value("events"_L1).toArray());
        QVERIFY(!ids.isEmpty() && ids.size() <= configuration.maximumBatchCount);
        read += ids;
    }
    QCOMPARE(read, written);
    QVERIFY(waitUntil([&] { return endpoint.statistics().delivered == 20; }));
}

QTEST_GUILESS_MAIN(TestStockReceivers)
#include "tst_stockreceivers.moc"
