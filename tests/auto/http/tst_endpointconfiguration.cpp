// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/EndpointConfiguration>

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qtemporarydir.h>
#include <QtTest/qtest.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class TestEndpointConfiguration : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readsEverything();
    void defaultsStay();
    void whatIsWrongIsNamed_data();
    void whatIsWrongIsNamed();
    void whatIsWrongInCodeIsNamedLikewise();
    void isWrittenWithoutSecrets();
    void isReadBack();
};

namespace {

QJsonObject objectOf(const QByteArray &json)
{
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(json, &error);
    Q_ASSERT_X(error.error == QJsonParseError::NoError, "objectOf", qPrintable(error.errorString()));
    return document.object();
}

const QByteArray Whole = R"({
    "name": "audit",
    "url": "https://example.org/hook?x=1",
    "contentMode": "batched",
    "compression": "gzip",
    "batch": { "count": 100, "size": "1MB", "linger": "250ms" },
    "maximumEventSize": "64KiB",
    "requestsInFlight": 4,
    "orderKey": "tenant",
    "headers": { "X-Team": "canary-header", "X-Other": "b" },
    "credentials": { "bearer": "canary-token" },
    "signingSecrets": [ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" ],
    "plainHttp": "everywhere",
    "tls": { "pinnedKeys": [ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" ] },
    "proxy": "socks5://proxy:1080",
    "timeouts": { "connect": "5s", "request": "1m" },
    "answers": { "profile": "otlp", "limit": "1kB", "refusalLimit": 3, "readings": { "409": "delivered", "500": "endpoint" } },
    "retry": { "backoff": "2s", "maximumBackoff": "4m", "threshold": 7, "wait": "3s", "maximumWait": "6m",
               "maximumBlockedWait": "2h", "maximumAge": "7d", "maximumAttempts": 20 },
    "limits": { "events": 500, "size": "2MiB", "overflow": "reject" }
})";

} // namespace

void TestEndpointConfiguration::readsEverything()
{
    const auto read = EndpointConfiguration::fromJson(objectOf(Whole));
    QVERIFY2(read, qPrintable(read.errorText()));
    QCOMPARE(read->name, u"audit"_s);
    QCOMPARE(read->url, QUrl(u"https://example.org/hook?x=1"_s));
    QCOMPARE(read->contentMode, HttpSink::ContentMode::Batched);
    QCOMPARE(read->compression, HttpSink::Compression::Gzip);
    QCOMPARE(read->maximumBatchCount, 100);
    QCOMPARE(read->maximumBatchSize, 1'000'000);
    QCOMPARE(read->linger, 250ms);
    QCOMPARE(read->maximumEventSize, 65536);
    QCOMPARE(read->requestsInFlight, 4);
    QCOMPARE(read->orderKey, u"tenant"_s);
    QCOMPARE(read->headers, (QList<HttpMessage::Header>{{"X-Other", "b"}, {"X-Team", "canary-header"}}));
    QCOMPARE(read->credentials(), (QList<HttpMessage::Header>{{"Authorization", "Bearer canary-token"}}));
    QCOMPARE(read->signingSecrets.size(), 1);
    QCOMPARE(read->plainHttp, HttpSink::PlainHttp::Everywhere);
    QCOMPARE(read->pinnedKeys, (QList<QByteArray>{QByteArray(32, '\0')}));
    QCOMPARE(read->proxy.type(), QNetworkProxy::Socks5Proxy);
    QCOMPARE(read->proxy.hostName(), u"proxy"_s);
    QCOMPARE(read->proxy.port(), 1080);
    QCOMPARE(read->connectTimeout, 5s);
    QCOMPARE(read->requestTimeout, 1min);
    QCOMPARE(read->answerProfile, AnswerProfile::otlp()
                                      .withRefusalLimit(3)
                                      .withReading(409, AnswerProfile::Reading::Delivered)
                                      .withReading(500, AnswerProfile::Reading::EndpointFault));
    QCOMPARE(read->answerLimit, 1000);
    QCOMPARE(read->backoff, 2s);
    QCOMPARE(read->maximumBackoff, 4min);
    QCOMPARE(read->breakerThreshold, 7);
    QCOMPARE(read->breakerWait, 3s);
    QCOMPARE(read->maximumBreakerWait, 6min);
    QCOMPARE(read->maximumBlockedWait, 2h);
    QCOMPARE(read->maximumAge, 168h);
    QCOMPARE(read->maximumAttempts, 20);
    QCOMPARE(read->limits.events, 500);
    QCOMPARE(read->limits.bytes, 2 * 1024 * 1024);
    QCOMPARE(read->limits.overflow, Limits::Overflow::Reject);
    QCOMPARE(read->errorText(), QString());
}

void TestEndpointConfiguration::defaultsStay()
{
    const auto read = EndpointConfiguration::fromJson(objectOf(R"({"url": "https://example.org"})"));
    QVERIFY2(read, qPrintable(read.errorText()));
    EndpointConfiguration made;
    made.url = QUrl(u"https://example.org"_s);
    QCOMPARE(read->toJson(), made.toJson());
    QVERIFY(!read->credentials);
    QCOMPARE(read->proxy.type(), QNetworkProxy::NoProxy);
}

void TestEndpointConfiguration::whatIsWrongIsNamed_data()
{
    QTest::addColumn<QByteArray>("members");
    QTest::addColumn<QString>("error");
    const auto row = [](const char *members, const QString &error) {
        QTest::newRow(members) << QByteArray(members) << error;
    };
    row(R"("nme": "x")", u"nme: is not known here"_s);
    row(R"("name": 1)", u"name: is not a text"_s);
    row(R"("url": "ftp://example.org")", u"url: the URL is neither http nor https"_s);
    row(R"("url": "https://a:canary@example.org")", u"url: https://example.org: a URL with a user name"_s);
    row(R"("url": "http://example.org/canary")", u"url: http://example.org: http without TLS needs consent"_s);
    row(R"("contentMode": "xml")", u"contentMode: \"xml\" is none of structured, binary, batched, json"_s);
    row(R"("batch": 5)", u"batch: is not an object"_s);
    row(R"("batch": {"count": 0})", u"batch.count: 0 is less than 1"_s);
    row(R"("batch": {"count": 1.5})", u"batch.count: is not a whole number from 0"_s);
    row(R"("batch": {"count": 1e300})", u"batch.count: is not a whole number from 0 to 2147483647"_s);
    row(R"("batch": {"size": 5})", u"batch.size: is not a text"_s);
    row(R"("batch": {"size": "5"})", u"batch.size: \"5\" is no size: it has no unit"_s);
    row(R"("batch": {"linger": "5"})", u"batch.linger: \"5\" is no duration: it has no unit"_s);
    row(R"("batch": {"Linger": "5s"})", u"batch.Linger: is not known here"_s);
    row(R"("batch": {"size": "0B"})", u"batch.size: 0B is less than 1B"_s);
    row(R"("batch": {"linger": "25h"})", u"batch.linger: 25h is more than 1d"_s);
    row(R"("maximumEventSize": "0B")", u"maximumEventSize: 0B is less than 1B"_s);
    row(R"("requestsInFlight": 7)", u"requestsInFlight: 7 is more than 6"_s);
    row(R"("timeouts": {"connect": "0s"})", u"timeouts.connect: 0s is less than 1ms"_s);
    row(R"("timeouts": {"request": "99d"})", u"timeouts.request: 99d is more than 1d"_s);
    row(R"("answers": {"limit": "2GiB"})", u"answers.limit: 2GiB is more than 1GiB"_s);
    row(R"("answers": {"refusalLimit": -1})", u"answers.refusalLimit: is not a whole number from 0"_s);
    row(R"("retry": {"backoff": "10m"})", u"retry.maximumBackoff: 5m is less than 10m"_s);
    row(R"("retry": {"wait": "0s"})", u"retry.wait: 0s is less than 1ms"_s);
    row(R"("retry": {"maximumWait": "500ms"})", u"retry.maximumWait: 500ms is less than 1s"_s);
    row(R"("retry": {"maximumBlockedWait": "500ms"})", u"retry.maximumBlockedWait: 500ms is less than 1s"_s);
    row(R"("retry": {"maximumAge": "0s"})", u"retry.maximumAge: 0s is less than 1ms"_s);
    row(R"("retry": {"maximumAttempts": 0})", u"retry.maximumAttempts: 0 is less than 1"_s);
    row(R"("retry": {"threshold": 0})", u"retry.threshold: 0 is less than 1"_s);
    row(R"("limits": {"events": 0})", u"limits.events: 0 is less than 1"_s);
    row(R"("limits": {"size": "0B"})", u"limits.size: 0B is less than 1B"_s);
    row(R"("headers": {"X Y": "canary"})", u"headers.X Y: the name of a header"_s);
    row(R"("headers": {"X-Y": "canary\n"})", u"headers.X-Y: the value of a header"_s);
    row(R"("headers": {"X-Y": null})", u"headers.X-Y: is not a text"_s);
    row(R"("credentials": {"user": "u"})", u"credentials.user: goes together with password"_s);
    row(R"("credentials": {"user": "u:v", "password": "canary"})", u"credentials.user: has a colon"_s);
    row(R"("credentials": {"bearer": "canary", "user": "u", "password": "canary"})", u"credentials.bearer: "_s);
    row(R"("credentials": {"bearer": "canary\r\n"})", u"credentials.bearer: cannot be sent"_s);
    row(R"("orderKey": "Tenant")", u"orderKey: is neither source"_s);
    row(R"("orderKey": "data")", u"orderKey: is neither source"_s);
    row(R"("signingSecrets": ["canary"])", u"signingSecrets: "_s);
    row(R"("signingSecrets": "canary")", u"signingSecrets: is not a list of texts"_s);
    row(R"("tls": {"authorities": "/nowhere.pem"})", u"tls.authorities: \"/nowhere.pem\" cannot be read"_s);
    row(R"("tls": {"authorities": "/proc/self/status"})", u"tls.authorities: there is no certificate"_s);
    row(R"("tls": {"authorities": "/dev/zero"})", u"tls.authorities: \"/dev/zero\" is larger than 1 MiB"_s);
    row(R"("tls": {"authorities": "/dev/null"})", u"tls.authorities: there is no certificate in the file"_s);
    row(R"("tls": {"authorities": ""})", u"tls.authorities: \"\" cannot be read"_s);
    row(R"("tls": {"certificate": "/dev/null", "key": "/dev/null"})", u"tls.certificate: there is no certificate"_s);
    row(R"("tls": {"pinnedKeys": ["canary"]})", u"tls.pinnedKeys: "_s);
    row(R"("tls": {"key": "/proc/self/status"})", u"tls.certificate: goes together with key"_s);
    row(R"("url": "http://localhost", "tls": {"pinnedKeys": ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]})",
        u"tls: is of no use"_s);
    row(R"("tls": {"verify": false})", u"tls.verify: is not known here"_s);
    row(R"("proxy": "ftp://a:1")", u"proxy: is neither"_s);
    row(R"("proxy": "http://canary:canary@host")", u"proxy: is neither"_s);
    row(R"("timeouts": {"connect": "-1s"})", u"timeouts.connect: \"-1s\" is no duration: it is negative"_s);
    row(R"("answers": {"profile": "x"})", u"answers.profile: there is no profile of this name"_s);
    row(R"("answers": {"readings": {"99": "gone"}})", u"answers.readings.99: is no status"_s);
    row(R"("answers": {"readings": {"0409": "gone"}})", u"answers.readings.0409: is no status"_s);
    row(R"("answers": {"readings": {"404": "ok"}})", u"answers.readings.404: \"ok\" is none of delivered"_s);
    row(R"("retry": {"threshold": "5"})", u"retry.threshold: is not a whole number"_s);
    row(R"("retry": {"maximumAge": "99999999d"})", u"retry.maximumAge: "_s);
    row(R"("limits": {"overflow": "drop"})", u"limits.overflow: \"drop\" is none of reject, dropOldest, wait"_s);
}

void TestEndpointConfiguration::whatIsWrongIsNamed()
{
    QFETCH(const QByteArray, members);
    QFETCH(const QString, error);
    QJsonObject object = objectOf('{' + members + '}');
    if (!object.contains(u"url"_s))
        object.insert(u"url"_s, u"https://example.org"_s);
    const auto read = EndpointConfiguration::fromJson(object);
    QVERIFY(!read);
    QVERIFY2(read.errorText().startsWith(error), qPrintable(read.errorText()));
    QVERIFY2(!read.errorText().contains(u"canary"_s), qPrintable(read.errorText()));
}

void TestEndpointConfiguration::whatIsWrongInCodeIsNamedLikewise()
{
    EndpointConfiguration good;
    good.url = QUrl(u"https://example.org"_s);
    QCOMPARE(good.errorText(), QString());
    const auto faultOf = [&good](const std::function<void(EndpointConfiguration &)> &change) {
        EndpointConfiguration changed = good;
        change(changed);
        return changed.errorText();
    };
    QCOMPARE(faultOf([](auto &c) { c.url = QUrl(u"ftp://example.org"_s); }),
             u"url: the URL is neither http nor https"_s);
    QCOMPARE(faultOf([](auto &c) { c.requestsInFlight = 99; }), u"requestsInFlight: 99 is more than 6"_s);
    QCOMPARE(faultOf([](auto &c) { c.requestTimeout = -1ms; }),
             u"timeouts.request: a negative duration is less than 1ms"_s);
    QCOMPARE(faultOf([](auto &c) { c.maximumAttempts = -1; }), u"retry.maximumAttempts: -1 is less than 1"_s);
    QCOMPARE(faultOf([](auto &c) { c.limits.events = 0; }), u"limits.events: 0 is less than 1"_s);
    QCOMPARE(faultOf([](auto &c) {
                 c.url = QUrl(u"http://localhost"_s);
                 c.pinnedKeys = {QByteArray(32, 'x')};
             }),
             u"tls: is of no use with an http URL"_s);
    QCOMPARE(faultOf([](auto &c) { c.maximumAge = std::chrono::milliseconds::max(); }), QString());
    QCOMPARE(faultOf([](auto &c) { c.limits = Limits(); }), QString());
}

void TestEndpointConfiguration::isWrittenWithoutSecrets()
{
    QJsonObject object = objectOf(Whole);
    object.insert(u"url"_s, u"https://example.org/canary?key=canary"_s);
    const auto read = EndpointConfiguration::fromJson(object);
    QVERIFY(read);
    const QByteArray written = QJsonDocument(read->toJson()).toJson();
    QVERIFY2(!written.contains("canary"), written.constData());
    QVERIFY2(!written.contains("whsec_"), written.constData());
    QCOMPARE(read->toJson()[u"url"_s].toString(), u"https://example.org"_s);
    QCOMPARE(read->toJson()[u"headers"_s].toObject().keys(), (QStringList{u"X-Other"_s, u"X-Team"_s}));
    // What is missing is noticed.
    const auto again = EndpointConfiguration::fromJson(read->toJson());
    QVERIFY(!again);
    QCOMPARE(again.errorText(), u"headers.X-Other: is not a text"_s);
}

// All but the secrets.
void TestEndpointConfiguration::isReadBack()
{
    QJsonObject object = objectOf(Whole);
    for (const QString &name : {u"headers"_s, u"credentials"_s, u"signingSecrets"_s, u"tls"_s, u"proxy"_s})
        object.remove(name);
    const auto read = EndpointConfiguration::fromJson(object);
    QVERIFY(read);
    const auto again = EndpointConfiguration::fromJson(read->toJson());
    QVERIFY2(again, qPrintable(again.errorText()));
    QCOMPARE(again->toJson(), read->toJson());
    QCOMPARE(again->answerProfile, read->answerProfile);
    QJsonObject expected = object;
    expected.insert(u"url"_s, u"https://example.org"_s);
    for (const QString &name : object.keys()) {
        if (name != u"url")
            QCOMPARE(read->toJson()[name], expected[name]);
    }
}

QTEST_GUILESS_MAIN(TestEndpointConfiguration)

#include "tst_endpointconfiguration.moc"
