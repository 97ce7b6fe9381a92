// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/HttpMessage>

#include <QtCore/qjsondocument.h>
#include <QtCore/qurl.h>
#include <QtTest/qtest.h>

using namespace Qt::StringLiterals;
using Qanat::Batch;
using Qanat::Event;
using Qanat::HttpMessage;

// Headers by their names, so that their order does not matter.
using Headers = QMap<QByteArray, QByteArray>;

namespace {

Headers headersOf(const HttpMessage &message)
{
    Headers headers;
    for (const auto &[name, value] : message.headers())
        headers.insert(name.toLower(), value);
    return headers;
}

// The example of the binding, section 3.1.4.
HttpMessage exampleMessage()
{
    return HttpMessage({{"ce-specversion", "1.0"},
                        {"ce-type", "com.example.someevent"},
                        {"ce-time", "2018-04-05T03:56:24Z"},
                        {"ce-id", "1234-1234-1234"},
                        {"ce-source", "/mycontext/subcontext"},
                        {"Content-Type", "application/json; charset=utf-8"}},
                       R"({"appinfoA":"abc"})");
}

Event minimal(const QVariant &data = {})
{
    Event event(u"t"_s, data);
    event.setId(u"1"_s);
    event.setSource(u"/s"_s);
    event.setTime({});
    return event;
}

QByteArray header(const QByteArray &name, const QByteArray &value)
{
    const HttpMessage message(
        {{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}, {name, value}}, {});
    const auto events = message.toEvents();
    return events ? events->first().subject().toUtf8() : "refused: " + events.errorText().toUtf8();
}

} // namespace

class TestHttpMessage : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void binary_exampleOfTheSpecification();
    void binary_attributes();
    void binary_percentEncoding_data();
    void binary_percentEncoding();
    void binary_percentDecoding_data();
    void binary_percentDecoding();
    void binary_content_data();
    void binary_content();
    void binary_refusals_data();
    void binary_refusals();
    void structured_isTheJsonOfTheEvent();
    void batched_isAnArray();
    void batched_refusals_data();
    void batched_refusals();
    void json_isTheDataAlone();
    void kindsAreToldApart_data();
    void kindsAreToldApart();
};

void TestHttpMessage::binary_exampleOfTheSpecification()
{
    const auto events = exampleMessage().toEvents();
    QVERIFY2(events, qPrintable(events.errorText()));
    QCOMPARE(events->size(), 1);
    const Event event = events->first();
    QCOMPARE(event.type(), u"com.example.someevent"_s);
    QCOMPARE(event.source(), u"/mycontext/subcontext"_s);
    QCOMPARE(event.id(), u"1234-1234-1234"_s);
    QCOMPARE(event.timeText(), u"2018-04-05T03:56:24Z"_s);
    QCOMPARE(event.dataContentType(), u"application/json; charset=utf-8"_s);
    QCOMPARE(event.data(), QVariant(QVariantMap{{u"appinfoA"_s, u"abc"_s}}));

    const auto message = HttpMessage::binary(event);
    QVERIFY(message);
    QCOMPARE(headersOf(*message), headersOf(exampleMessage()));
    QCOMPARE(message->body(), exampleMessage().body());
}

void TestHttpMessage::binary_attributes()
{
    Event event = minimal();
    event.setSubject(u"a subject"_s);
    event.setDataSchema(u"https://example.org/schema"_s);
    event.setExtension(u"bool"_s, true);
    event.setExtension(u"int"_s, -7);
    event.setExtension(u"text"_s, u"x"_s);
    event.setExtension(u"empty"_s, u""_s);
    event.setExtension(u"database"_s, u"main"_s);
    event.setExtension(u"bytes"_s, QByteArray("\x00\xff", 2));
    event.setExtension(u"uri"_s, QUrl(u"https://example.org/ä"_s));
    event.setExtension(u"when"_s, QDateTime(QDate(2020, 1, 2), QTime(3, 4, 5), Qt::UTC));
    const auto message = HttpMessage::binary(event);
    QVERIFY(message);
    QCOMPARE(headersOf(*message), (Headers{{"ce-specversion", "1.0"},
                                           {"ce-id", "1"},
                                           {"ce-source", "/s"},
                                           {"ce-type", "t"},
                                           {"ce-subject", "a%20subject"},
                                           {"ce-dataschema", "https://example.org/schema"},
                                           {"ce-bool", "true"},
                                           {"ce-int", "-7"},
                                           {"ce-text", "x"},
                                           {"ce-empty", ""},
                                           {"ce-database", "main"},
                                           {"ce-bytes", "AP8="},
                                           {"ce-uri", "https://example.org/%25C3%25A4"},
                                           {"ce-when", "2020-01-02T03:04:05.000Z"}}));
    QCOMPARE(message->body(), QByteArray());
    // To QNetworkRequest a null value means no header.
    QVERIFY(!message->header("ce-empty").isNull());

    // Headers have no types: extensions come back as texts.
    const auto events = message->toEvents();
    QVERIFY2(events, qPrintable(events.errorText()));
    QCOMPARE(events->first().extension(u"int"_s), QVariant(u"-7"_s));
    QCOMPARE(events->first().extension(u"bytes"_s), QVariant(u"AP8="_s));
    QCOMPARE(events->first().extension(u"empty"_s), QVariant(u""_s));
    QCOMPARE(events->first().extension(u"database"_s), QVariant(u"main"_s));
    QCOMPARE(events->first().subject(), u"a subject"_s);
    QVERIFY(!events->first().data().isValid());
}

void TestHttpMessage::binary_percentEncoding_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QByteArray>("encoded");
    QTest::newRow("that of the specification") << u"Euro € 😀"_s << QByteArray("Euro%20%E2%82%AC%20%F0%9F%98%80");
    QTest::newRow("quote and percent") << u"\"100%\""_s << QByteArray("%22100%25%22");
    QTest::newRow("nothing to do") << u"!#$&'()*+,-./:;<=>?@[\\]^_`{|}~azAZ09"_s
                                   << QByteArray("!#$&'()*+,-./:;<=>?@[\\]^_`{|}~azAZ09");
    QTest::newRow("last and first") << u"~!"_s << QByteArray("~!");
    QTest::newRow("two bytes") << u"é"_s << QByteArray("%C3%A9");
    QTest::newRow("no byte order mark") << u"\ufeffa"_s << QByteArray("%EF%BB%BFa");
}

void TestHttpMessage::binary_percentEncoding()
{
    QFETCH(const QString, text);
    QFETCH(const QByteArray, encoded);
    Event event = minimal();
    event.setSubject(text);
    const auto message = HttpMessage::binary(event);
    QVERIFY2(message, qPrintable(message.errorText()));
    QCOMPARE(message->header("CE-Subject"), encoded);
    QCOMPARE(message->toEvents()->first(), event);
}

// Section 3.1.3.2: what was encoded without need is accepted, and so are quoted strings; what is no UTF-8 is not.
void TestHttpMessage::binary_percentDecoding_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("text");
    const QByteArray refused = "refused: the header ce-subject is not UTF-8";
    QTest::newRow("plain") << QByteArray("abc") << QByteArray("abc");
    QTest::newRow("without need") << QByteArray("%61%62c") << QByteArray("abc");
    QTest::newRow("lower case") << QByteArray("%e2%82%ac") << QByteArray("€");
    QTest::newRow("one round only") << QByteArray("%2561") << QByteArray("%61");
    QTest::newRow("quoted") << QByteArray(R"("a b")") << QByteArray("a b");
    QTest::newRow("quoted, with escapes") << QByteArray(R"("a\"b\\c")") << QByteArray("a\"b\\c");
    QTest::newRow("quoted, then encoded") << QByteArray(R"("a%20b")") << QByteArray("a b");
    QTest::newRow("quote at one end") << QByteArray("\"a") << QByteArray("\"a");
    QTest::newRow("percent alone") << QByteArray("100%") << QByteArray("100%");
    QTest::newRow("percent without digits") << QByteArray("%zz%4%%41") << QByteArray("%zz%4%A");
    QTest::newRow("raw UTF-8") << QByteArray("\xe2\x82\xac") << QByteArray("€");
    QTest::newRow("overlong") << QByteArray("%C0%A0") << refused;
    QTest::newRow("cut") << QByteArray("%E2%82") << refused;
    QTest::newRow("surrogate") << QByteArray("%ED%A0%80") << refused;
    QTest::newRow("raw Latin-1") << QByteArray("\xe9") << refused;
    QTest::newRow("line break") << QByteArray("a%0D%0Ab") << QByteArray("refused: subject holds a control character");
    QTest::newRow("zero") << QByteArray("a%00b") << QByteArray("refused: subject holds a control character");
}

void TestHttpMessage::binary_percentDecoding()
{
    QFETCH(const QByteArray, value);
    QFETCH(const QByteArray, text);
    QCOMPARE(header("ce-subject", value), text);
    QCOMPARE(header("Ce-Subject", value), text);
}

void TestHttpMessage::binary_content_data()
{
    QTest::addColumn<QString>("type");
    QTest::addColumn<QVariant>("data");
    QTest::addColumn<QByteArray>("header");
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("none") << QString() << QVariant() << QByteArray() << QByteArray();
    QTest::newRow("json") << QString() << QVariant(QVariantMap{{u"n"_s, 1}}) << QByteArray("application/json")
                          << QByteArray(R"({"n":1})");
    QTest::newRow("null") << QString() << QVariant::fromValue(nullptr) << QByteArray("application/json")
                          << QByteArray("null");
    QTest::newRow("text as json") << u"application/json"_s << QVariant(u"a"_s) << QByteArray("application/json")
                                  << QByteArray("\"a\"");
    QTest::newRow("+json") << u"application/vnd.x+json"_s << QVariant(QVariantList{1, 2})
                           << QByteArray("application/vnd.x+json") << QByteArray("[1,2]");
    QTest::newRow("text") << u"text/plain"_s << QVariant(u"aé"_s) << QByteArray("text/plain") << QByteArray("aé");
    QTest::newRow("xml") << u"text/xml; charset=utf-8"_s << QVariant(u"<a/>"_s) << QByteArray("text/xml; charset=utf-8")
                         << QByteArray("<a/>");
    QTest::newRow("bytes") << u"image/png"_s << QVariant(QByteArray("\x00\xff", 2)) << QByteArray("image/png")
                           << QByteArray("\x00\xff", 2);
    QTest::newRow("text that is cut") << u"text/plain"_s << QVariant(QByteArray("a\xe2\x82"))
                                      << QByteArray("text/plain") << QByteArray("a\xe2\x82");
    QTest::newRow("text with a byte order mark")
        << u"text/plain"_s << QVariant(u"\ufeffa"_s) << QByteArray("text/plain")
        << QByteArray("\xef\xbb\xbf"
                      "a");
}

void TestHttpMessage::binary_content()
{
    QFETCH(const QString, type);
    QFETCH(const QVariant, data);
    QFETCH(const QByteArray, header);
    QFETCH(const QByteArray, body);
    Event event = minimal(data);
    event.setDataContentType(type);
    const auto message = HttpMessage::binary(event);
    QVERIFY2(message, qPrintable(message.errorText()));
    QCOMPARE(message->header("Content-Type"), header);
    QCOMPARE(message->body(), body);
    const auto events = message->toEvents();
    QVERIFY2(events, qPrintable(events.errorText()));
    QCOMPARE(events->first().data(), data);
}

void TestHttpMessage::binary_refusals_data()
{
    QTest::addColumn<HttpMessage>("message");
    QTest::addColumn<QString>("error");
    const auto with = [](const QByteArray &name, const QByteArray &value) {
        QList<HttpMessage::Header> headers = exampleMessage().headers();
        headers.emplace_back(name, value);
        return HttpMessage(headers, exampleMessage().body());
    };
    const auto without = [](const QByteArray &name) {
        QList<HttpMessage::Header> headers = exampleMessage().headers();
        headers.removeIf([&name](const HttpMessage::Header &header) { return header.first == name; });
        return HttpMessage(headers, exampleMessage().body());
    };
    QTest::newRow("nothing") << HttpMessage() << u"specversion is missing"_s;
    QTest::newRow("no version") << without("ce-specversion") << u"specversion is missing"_s;
    QTest::newRow("no id") << without("ce-id") << u"id is missing"_s;
    QTest::newRow("twice") << with("CE-ID", "2") << u"the header ce-id is there twice"_s;
    QTest::newRow("a bad name") << with("ce-a_b", "2") << u"a_b"_s;
    QTest::newRow("data as a header") << with("ce-data", "2") << u"the header ce-data is not allowed"_s;
    QTest::newRow("bytes as a header") << with("ce-data_base64", "AA==")
                                       << u"the header ce-data_base64 is not allowed"_s;
    QTest::newRow("content type as one") << with("ce-datacontenttype", "text/plain")
                                         << u"the header ce-datacontenttype is not allowed"_s;
    QTest::newRow("two content types") << with("content-type", "text/plain")
                                       << u"the header content-type is there twice"_s;
    QTest::newRow("no json") << HttpMessage(exampleMessage().headers(), "{") << u"not JSON"_s;
    QTest::newRow("empty value") << with("ce-subject", "") << u"subject is empty"_s;
}

void TestHttpMessage::binary_refusals()
{
    QFETCH(const HttpMessage, message);
    QFETCH(const QString, error);
    const auto events = message.toEvents();
    QVERIFY(!events);
    QVERIFY2(events.errorText().contains(error), qPrintable(events.errorText()));
}

void TestHttpMessage::structured_isTheJsonOfTheEvent()
{
    const Event event(u"t"_s, QVariantMap{{u"to"_s, u"€"_s}});
    const auto message = HttpMessage::structured(event);
    QVERIFY(message);
    QCOMPARE(message->header("content-type"), "application/cloudevents+json; charset=utf-8");
    QCOMPARE(message->body(), event.toJson().value());
    QCOMPARE(message->toEvents().value(), QList<Event>{event});
    QVERIFY(!HttpMessage::structured(Event()));
    QVERIFY(!HttpMessage::binary(Event()));
}

void TestHttpMessage::batched_isAnArray()
{
    QList<Event> events;
    for (int i = 0; i < 3; ++i)
        events.append(Event(u"t"_s, u"a,\"]}\\ %1"_s.arg(i)));
    const auto message = HttpMessage::batched(Batch(events));
    QVERIFY(message);
    QCOMPARE(message->header("Content-Type"), "application/cloudevents-batch+json; charset=utf-8");
    QVERIFY(QJsonDocument::fromJson(message->body()).isArray());
    QCOMPARE(message->toEvents().value(), events);
    QCOMPARE(HttpMessage::batched(Batch())->body(), "[]");
    QCOMPARE(HttpMessage::batched(Batch())->toEvents().value(), QList<Event>());
}

void TestHttpMessage::batched_refusals_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("error");
    const QByteArray good = minimal().toJson().value();
    QTest::newRow("nothing") << QByteArray() << u"not a JSON array"_s;
    QTest::newRow("no array") << good << u"not a JSON array"_s;
    QTest::newRow("open") << QByteArray("[" + good) << u"not a JSON array"_s;
    QTest::newRow("closed twice") << QByteArray("[" + good + "]]") << u"not a JSON array"_s;
    QTest::newRow("open text") << QByteArray("[\"]") << u"not a JSON array"_s;
    QTest::newRow("backslash at the end") << QByteArray("[\"\\]") << u"not a JSON array"_s;
    QTest::newRow("no item") << QByteArray("[" + good + ",]") << u"event 2: not JSON"_s;
    QTest::newRow("no object") << QByteArray("[" + good + ",1]") << u"event 2: not JSON"_s;
    QTest::newRow("no event") << QByteArray("[{}]") << u"event 1: specversion is missing"_s;
    QTest::newRow("two in one") << QByteArray("[" + good + good + "]") << u"event 1: not JSON"_s;
    QTest::newRow("deep") << QByteArray(QByteArray(100'000, '[') + QByteArray(100'000, ']')) << u"event 1: not JSON"_s;
    QTest::newRow("commas") << QByteArray("[" + QByteArray(100'000, ',') + "]") << u"event 1: not JSON"_s;
}

void TestHttpMessage::batched_refusals()
{
    QFETCH(const QByteArray, body);
    QFETCH(const QString, error);
    const auto events = HttpMessage({{"Content-Type", "application/cloudevents-batch+json"}}, body).toEvents();
    QVERIFY(!events);
    QVERIFY2(events.errorText().startsWith(error), qPrintable(events.errorText()));
}

void TestHttpMessage::json_isTheDataAlone()
{
    const auto message = HttpMessage::json(Event(u"t"_s, QVariantMap{{u"n"_s, 1}}));
    QVERIFY(message);
    QCOMPARE(message->header("Content-Type"), "application/json");
    QCOMPARE(message->body(), R"({"n":1})");
    QVERIFY(!HttpMessage::json(Event(u"t"_s)));
}

void TestHttpMessage::kindsAreToldApart_data()
{
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<QString>("error");
    QTest::newRow("structured") << QByteArray("Application/CloudEvents+JSON") << QString();
    QTest::newRow("structured, parameters") << QByteArray("application/cloudevents+json ; charset=UTF-8") << QString();
    QTest::newRow("another format") << QByteArray("application/cloudevents+xml")
                                    << u"the format application/cloudevents+xml is not known"_s;
    QTest::newRow("binary") << QByteArray("application/json") << u"specversion is missing"_s;
}

void TestHttpMessage::kindsAreToldApart()
{
    QFETCH(const QByteArray, type);
    QFETCH(const QString, error);
    const auto events = HttpMessage({{"content-type", type}}, minimal().toJson().value()).toEvents();
    QCOMPARE(events.errorText(), error);
}

QTEST_GUILESS_MAIN(TestHttpMessage)

#include "tst_httpmessage.moc"
