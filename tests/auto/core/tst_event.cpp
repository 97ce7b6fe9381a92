// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "moment.h"

#include <Qanat/core/delivery.h>
#include <Qanat/core/event.h>

#include <QtCore/QByteArrayList>
#include <QtCore/QCborArray>
#include <QtCore/QCborMap>
#include <QtCore/QCborValue>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QPoint>
#include <QtCore/QRandomGenerator>
#include <QtCore/QRegularExpression>
#include <QtCore/QTimeZone>
#include <QtCore/QUrl>
#include <QtCore/QUuid>
#include <QtCore/qfloat16.h>
#include <QtTest/QTest>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

using namespace Qanat;
using namespace Qt::StringLiterals;

namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();
constexpr double Infinity = std::numeric_limits<double>::infinity();
constexpr qint64 LargestInteger = std::numeric_limits<qint64>::max();
constexpr qint64 SmallestInteger = std::numeric_limits<qint64>::min();

const QString loneSurrogate = u"a"_s + QChar(0xd800) + u"b"_s;
const QString text = u"Grüße, 世界 \U0001F600 \"quoted\" \\ / \b\f\n\r\t\u0001 \u2028"_s;

QVariant null()
{
    return QVariant::fromValue(nullptr);
}

Event eventWith(const QVariant &data)
{
    return Event(u"test.data"_s, data);
}

// Lists in lists, so many that depth counts them.
QVariant nested(int depth)
{
    QVariant value = qlonglong(1);
    for (int i = 0; i < depth; ++i)
        value = QVariantList{value};
    return value;
}

QByteArray nestedJson(int depth)
{
    return QByteArray(depth, '[') + '1' + QByteArray(depth, ']');
}

// Of an event that has all that is required.
QByteArray jsonWith(const QByteArray &members)
{
    return R"({"specversion":"1.0","id":"1","source":"/s","type":"t")" + (members.isEmpty() ? "" : "," + members) + '}';
}

QCborMap cborMap(std::initializer_list<QPair<QCborValue, QCborValue>> more)
{
    QCborMap map{{u"specversion"_s, u"1.0"_s}, {u"id"_s, u"1"_s}, {u"source"_s, u"/s"_s}, {u"type"_s, u"t"_s}};
    for (const auto &[key, value] : more)
        map[key] = value;
    return map;
}

// Equal with equal types, which operator== of QVariant does not ask for.
bool isSame(const QVariant &one, const QVariant &other)
{
    if (one.metaType() != other.metaType())
        return false;
    if (one.metaType().id() == QMetaType::QVariantList) {
        const QVariantList left = one.toList();
        const QVariantList right = other.toList();
        return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), isSame);
    }
    if (one.metaType().id() == QMetaType::QVariantMap) {
        const QVariantMap left = one.toMap();
        const QVariantMap right = other.toMap();
        return left.keys() == right.keys() && std::equal(left.begin(), left.end(), right.begin(), isSame);
    }
    if (one.metaType().id() == QMetaType::Double)
        return one.toDouble() == other.toDouble() && std::signbit(one.toDouble()) == std::signbit(other.toDouble());
    return one == other;
}

} // namespace

class TestEvent : public QObject
{
    Q_OBJECT
public:
    enum class Colour : quint8 { Red = 1, Blue = 200 };
    Q_ENUM(Colour)
    enum class Temperature : qint64 { Coldest = SmallestInteger };
    Q_ENUM(Temperature)
    enum Option { First = 1, Second = 2 };
    Q_DECLARE_FLAGS(Options, Option)
    Q_FLAG(Options)

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void isOnePointer();
    void emptyEvent();
    void newEvent();
    void settersDetach();
    void moveLeavesAnEmptyEvent();
    void attributes();
    void unset();
    void defaultSourceIsTheApplication();
    void idsAreUniqueAcrossThreads();
    void idsIncreaseInOneThread();
    void anyIdIsKept_data();
    void anyIdIsKept();
    void validity_data();
    void validity();
    void extensionValidity_data();
    void extensionValidity();
    void extensionsAreMended();
    void manyExtensions();
    void equality();
    void metaType();
    void debugHidesTheData();
    void estimatedSize();
    void readingFromManyThreads();

    void times_data();
    void times();
    void timesRefused_data();
    void timesRefused();
    void setTimes_data();
    void setTimes();

    void roundTrip_data();
    void roundTrip();
    void json_data();
    void json();
    void jsonNumbers_data();
    void jsonNumbers();
    void allAttributesRoundTrip();
    void hashesAreWrittenInOrder();
    void refused_data();
    void refused();
    void jsonRefusesBytesInside();
    void jsonContentType_data();
    void jsonContentType();
    void invalidIsNotWritten();
    void portabilityIsForgotten();
    void dataAlone();
    void dataAloneRefused_data();
    void dataAloneRefused();

    void specificationExamples();
    void readsJson();
    void jsonRefused_data();
    void jsonRefused();
    void jsonNullIsUnset();
    void readsCbor();
    void cborRefused_data();
    void cborRefused();
    void randomRoundTrip();
    void damagedJson();
    void damagedCbor();
    void hugeClaimsTakeNoMemory();
};

void TestEvent::isOnePointer()
{
    static_assert(sizeof(Event) == sizeof(void *));
    static_assert(QTypeInfo<Event>::isRelocatable);
    static_assert(std::is_nothrow_move_constructible_v<Event> && std::is_nothrow_move_assignable_v<Event>);
    static_assert(std::is_nothrow_default_constructible_v<Event>);
}

void TestEvent::emptyEvent()
{
    const Event event;
    QVERIFY(!event.isValid());
    QCOMPARE(event.errorText(), u"the event is empty"_s);
    QVERIFY(event.id().isEmpty() && event.type().isEmpty() && event.source().isEmpty() && event.subject().isEmpty());
    QVERIFY(!event.time().isValid() && event.timeText().isEmpty());
    QVERIFY(event.dataContentType().isEmpty() && event.dataSchema().isEmpty());
    QVERIFY(!event.data().isValid() && event.extensions().isEmpty() && !event.extension(u"x"_s).isValid());
    QVERIFY(event.isPortable() && event.portabilityError().isEmpty());
    QCOMPARE(event.estimatedSize(), qsizetype(0));
    QCOMPARE(event, Event());
    QVERIFY(event != Event(u"t"_s));
    QVERIFY(!event.toJson() && !event.toCbor() && !event.dataToJson());

    Event filled;
    filled.setType(u"t"_s);
    QVERIFY2(filled.isValid(), qPrintable(filled.errorText()));
    QVERIFY(!filled.id().isEmpty() && filled.time().isValid());
    QVERIFY(!Event(QString()).isValid());
    QCOMPARE(Event(QString()).errorText(), u"type is empty"_s);
}

void TestEvent::newEvent()
{
    const QDateTime before = QDateTime::currentDateTimeUtc();
    const Event event(u"document.renamed"_s, 5);
    const QDateTime after = QDateTime::currentDateTimeUtc();

    QVERIFY2(event.isValid(), qPrintable(event.errorText()));
    QVERIFY(event.errorText().isEmpty());
    QCOMPARE(event.type(), u"document.renamed"_s);
    QCOMPARE(event.data(), QVariant(5));
    // Newer Qt rounds to the nearest millisecond, the clock of events down.
    QVERIFY(event.time() >= before.addMSecs(-1) && event.time() <= after);
    QCOMPARE(event.time().timeSpec(), Qt::UTC);
    QCOMPARE(event.timeText(), event.time().toString(Qt::ISODateWithMs));

    static const QRegularExpression form(u"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"_s);
    QVERIFY2(form.match(event.id()).hasMatch(), qPrintable(event.id()));
    QCOMPARE(event.id(), event.id());
}

void TestEvent::settersDetach()
{
    const Event original(u"t"_s, 1);
    const auto setters = std::vector<void (*)(Event &)>{
        [](Event &e) { e.setId(u"other"_s); },
        [](Event &e) { e.setType(u"other"_s); },
        [](Event &e) { e.setSource(u"/other"_s); },
        [](Event &e) { e.setSubject(u"other"_s); },
        [](Event &e) { e.setTime(QDateTime()); },
        [](Event &e) { e.setDataContentType(u"text/plain"_s); },
        [](Event &e) { e.setDataSchema(u"urn:other"_s); },
        [](Event &e) { e.setData(2); },
        [](Event &e) { e.setExtension(u"other"_s, true); },
    };
    Event all = original;
    for (const auto set : setters) {
        Event copy = original;
        QCOMPARE(copy, original);
        set(copy);
        QVERIFY(copy != original);
        const Event before = all;
        set(all);
        QVERIFY(all != before);
    }
    QCOMPARE(original.type(), u"t"_s);
    QCOMPARE(original.data(), QVariant(1));
    QVERIFY(original.subject().isEmpty() && original.extensions().isEmpty() && original.time().isValid());
    QCOMPARE(all.id(), u"other"_s);
    QCOMPARE(all.extension(u"other"_s), QVariant(true));
    QVERIFY(all.isValid());
}

void TestEvent::moveLeavesAnEmptyEvent()
{
    std::vector<Event> events{Event(u"t"_s)};
    Event &first = events.front();
    const Event copy = first;
    Event second(std::move(events.front()));
    QCOMPARE(second, copy);
    QCOMPARE(first, Event());
    first = std::move(second);
    QCOMPARE(first, copy);
    Event &itself = first;
    first = itself;
    QCOMPARE(first, copy);
    swap(first, second);
    QCOMPARE(second, copy);
}

void TestEvent::attributes()
{
    Event event(u"t"_s);
    event.setId(u"id-1"_s);
    event.setType(u"type.2"_s);
    event.setSource(u"https://example.org/a?b=c%20d#e"_s);
    event.setSubject(u"Betreff: Grüße"_s);
    event.setDataContentType(u"application/json; charset=utf-8"_s);
    event.setDataSchema(u"https://example.org/schema#v1"_s);
    event.setExtension(u"traceparent"_s, u"00-ab-cd-01"_s);
    event.setExtension(u"number"_s, -5);
    QVERIFY2(event.isValid(), qPrintable(event.errorText()));
    QCOMPARE(event.id(), u"id-1"_s);
    QCOMPARE(event.type(), u"type.2"_s);
    QCOMPARE(event.source(), u"https://example.org/a?b=c%20d#e"_s);
    QCOMPARE(event.subject(), u"Betreff: Grüße"_s);
    QCOMPARE(event.dataContentType(), u"application/json; charset=utf-8"_s);
    QCOMPARE(event.dataSchema(), u"https://example.org/schema#v1"_s);
    QCOMPARE(event.extension(u"traceparent"_s), QVariant(u"00-ab-cd-01"_s));
    QCOMPARE(event.extensions(), (QVariantMap{{u"number"_s, -5}, {u"traceparent"_s, u"00-ab-cd-01"_s}}));
}

void TestEvent::unset()
{
    Event event(u"t"_s, 5);
    const Event bare = [&event] {
        Event copy = event;
        copy.setTime({});
        copy.setData({});
        return copy;
    }();
    event.setSource(u"/s"_s);
    event.setSubject(u"s"_s);
    event.setDataContentType(u"text/plain"_s);
    event.setDataSchema(u"urn:s"_s);
    event.setExtension(u"e"_s, 1);
    event.setTime(momentOf(QDate(2020, 1, 1), QTime(0, 0), 3600));
    QVERIFY(event != bare);
    event.setSource({});
    event.setSubject({});
    event.setDataContentType({});
    event.setDataSchema({});
    event.setExtension(u"e"_s, {});
    event.setExtension(u"never set"_s, {});
    event.setTime({});
    event.setData({});
    QCOMPARE(event, bare);
    QVERIFY(event.isValid());
    QVERIFY(event.timeText().isEmpty());
}

void TestEvent::defaultSourceIsTheApplication()
{
    // The name that main() set. It is settled at the first use, so that an event keeps its identity.
    const QString expected = u"/tst%20%C3%A9v%C3%A9nement%2F1"_s;
    QCOMPARE(Event(u"t"_s).source(), expected);
    QCoreApplication::setApplicationName(u"another"_s);
    QCOMPARE(Event(u"t"_s).source(), expected);
    const auto json = Event(u"t"_s).toJson();
    QVERIFY(json);
    const auto back = Event::fromJson(*json);
    QVERIFY2(back, qPrintable(back.errorText()));
    QCOMPARE(back->source(), expected);
}

void TestEvent::idsAreUniqueAcrossThreads()
{
    constexpr std::size_t threads = 8;
    constexpr std::size_t each = 100000;
    std::vector<Event> events(threads * each);
    std::vector<std::thread> makers;
    makers.reserve(threads);
    for (std::size_t t = 0; t < threads; ++t) {
        makers.emplace_back([&events, t, type = u"t"_s] {
            for (std::size_t i = 0; i < each; ++i)
                events[t * each + i] = Event(type);
        });
    }
    for (std::thread &maker : makers)
        maker.join();
    std::vector<QString> ids;
    ids.reserve(events.size());
    for (const Event &event : events)
        ids.push_back(event.id());
    for (std::size_t t = 0; t < threads; ++t) {
        const auto begin = ids.begin() + std::ptrdiff_t(t * each);
        QVERIFY(std::is_sorted(begin, begin + std::ptrdiff_t(each)));
    }
    std::sort(ids.begin(), ids.end());
    QVERIFY(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

void TestEvent::idsIncreaseInOneThread()
{
    QString last;
    for (int i = 0; i < 100000; ++i) {
        const QString next = Event(u"t"_s).id();
        QVERIFY(last < next);
        last = next;
    }
}

void TestEvent::anyIdIsKept_data()
{
    QTest::addColumn<QString>("id");
    QTest::newRow("word") << u"A234-1234-1234"_s;
    QTest::newRow("one character") << u"1"_s;
    QTest::newRow("UUID") << u"0189eab0-1234-7abc-8def-0123456789ab"_s;
    QTest::newRow("UUID of another version") << u"6e8bc430-9c3a-11d9-9669-0800200c9a66"_s;
    QTest::newRow("UUID of zeros") << u"00000000-0000-0000-0000-000000000000"_s;
    QTest::newRow("UUID in upper case") << u"6E8BC430-9C3A-11D9-9669-0800200C9A66"_s;
    QTest::newRow("UUID in braces") << u"{6e8bc430-9c3a-11d9-9669-0800200c9a66}"_s;
    QTest::newRow("Unicode") << u"№ 5 \U0001F600"_s;
}

void TestEvent::anyIdIsKept()
{
    QFETCH(QString, id);
    Event event(u"t"_s);
    event.setId(id);
    QVERIFY(event.isValid());
    QCOMPARE(event.id(), id);
    const auto back = Event::fromJson(*event.toJson());
    QVERIFY2(back, qPrintable(back.errorText()));
    QCOMPARE(back->id(), id);
    QCOMPARE(*back, event);
    event.setId(u"other"_s);
    QCOMPARE(event.id(), u"other"_s);
    QVERIFY(*back != event);
}

void TestEvent::validity_data()
{
    QTest::addColumn<QString>("attribute");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("error");

    const QString every[] = {u"id"_s, u"type"_s, u"source"_s, u"subject"_s, u"datacontenttype"_s, u"dataschema"_s};
    for (const QString &name : every) {
        const auto row = [&name](const char *what) -> QTestData & {
            return QTest::addRow("%s, %s", qPrintable(name), what);
        };
        row("line feed") << name << u"a\nb"_s << name + u" holds a control character"_s;
        row("NUL") << name << u"a"_s + QChar(0) << name + u" holds a control character"_s;
        row("DEL") << name << u"a\u007f"_s << name + u" holds a control character"_s;
        row("C1 control") << name << u"a\u0085"_s << name + u" holds a control character"_s;
        row("lone high surrogate") << name << u"a"_s + QChar(0xd83d) << name + u" holds a lone surrogate"_s;
        row("lone low surrogate") << name << QChar(0xde00) + u"a"_s << name + u" holds a lone surrogate"_s;
        row("noncharacter") << name << u"a\ufffe"_s << name + u" holds a code point that is not a character"_s;
        row("noncharacter in the BMP") << name << u"\ufdd0"_s
                                       << name + u" holds a code point that is not a character"_s;
        row("noncharacter beyond") << name << u"\U0001ffff"_s
                                   << name + u" holds a code point that is not a character"_s;
    }
    for (const QString &name : {u"id"_s, u"type"_s, u"subject"_s})
        QTest::addRow("%s, Unicode", qPrintable(name)) << name << u"Größe \U0001F600 \u00a0"_s << QString();
    QTest::newRow("id, empty") << u"id"_s << QString() << u"id is empty"_s;
    QTest::newRow("type, empty") << u"type"_s << QString() << u"type is empty"_s;
    QTest::newRow("source, empty is the default") << u"source"_s << QString() << QString();
    QTest::newRow("source, relative") << u"source"_s << u"1-555-123-4567"_s << QString();
    QTest::newRow("source, URN") << u"source"_s << u"urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"_s << QString();
    QTest::newRow("source, mail") << u"source"_s << u"mailto:cncf-wg-serverless@lists.cncf.io"_s << QString();
    QTest::newRow("source, beyond ASCII") << u"source"_s << u"/größe"_s << QString();
    QTest::newRow("source, blank") << u"source"_s << u"/my app"_s
                                   << u"source holds a character that a URI cannot hold"_s;
    QTest::newRow("source, percent") << u"source"_s << u"/100%"_s
                                     << u"source holds a percent sign without two hexadecimal digits"_s;
    QTest::newRow("source, percent and others")
        << u"source"_s << u"/%zz"_s << u"source holds a percent sign without two hexadecimal digits"_s;
    QTest::newRow("schema, relative") << u"dataschema"_s << u"/schema"_s << u"dataschema is not an absolute URI"_s;
    QTest::newRow("schema, word") << u"dataschema"_s << u"schema"_s << u"dataschema is not an absolute URI"_s;
    QTest::newRow("schema, no scheme") << u"dataschema"_s << u":x"_s << u"dataschema is not an absolute URI"_s;
    QTest::newRow("schema, scheme of a digit")
        << u"dataschema"_s << u"1a:x"_s << u"dataschema is not an absolute URI"_s;
    QTest::newRow("schema, bad port") << u"dataschema"_s << u"http://h:port/"_s << u"dataschema is not a valid URI"_s;
    QTest::newRow("schema, blank") << u"dataschema"_s << u"http://h/a b"_s
                                   << u"dataschema holds a character that a URI cannot hold"_s;
    QTest::newRow("schema") << u"dataschema"_s << u"https://example.org/s.json"_s << QString();
    QTest::newRow("content type") << u"datacontenttype"_s << u"application/vnd.x+json;charset=\"utf-8\""_s << QString();
    QTest::newRow("content type, word") << u"datacontenttype"_s << u"json"_s
                                        << u"datacontenttype is not a media type"_s;
    QTest::newRow("content type, no subtype")
        << u"datacontenttype"_s << u"text/"_s << u"datacontenttype is not a media type"_s;
    QTest::newRow("content type, two slashes")
        << u"datacontenttype"_s << u"a/b/c"_s << u"datacontenttype is not a media type"_s;
    QTest::newRow("content type, Unicode")
        << u"datacontenttype"_s << u"text/größe"_s << u"datacontenttype is not a media type"_s;
}

void TestEvent::validity()
{
    QFETCH(QString, attribute);
    QFETCH(QString, value);
    QFETCH(QString, error);
    const auto set = [&attribute](Event &event, const QString &to) {
        if (attribute == u"id"_s)
            event.setId(to);
        else if (attribute == u"type"_s)
            event.setType(to);
        else if (attribute == u"source"_s)
            event.setSource(to);
        else if (attribute == u"subject"_s)
            event.setSubject(to);
        else if (attribute == u"datacontenttype"_s)
            event.setDataContentType(to);
        else
            event.setDataSchema(to);
    };
    Event event(u"t"_s);
    set(event, value);
    QCOMPARE(event.errorText(), error);
    QCOMPARE(event.isValid(), error.isEmpty());
    QCOMPARE(event.toJson().errorText(), error);
    QCOMPARE(event.toCbor().errorText(), error);

    // A copy keeps the fault, and setting it right mends it.
    Event copy = event;
    copy.setExtension(u"x"_s, 1);
    QCOMPARE(copy.errorText(), error);
    set(copy, attribute == u"datacontenttype"_s ? u"text/plain"_s : u"urn:x"_s);
    QVERIFY2(copy.isValid(), qPrintable(copy.errorText()));
    QCOMPARE(event.isValid(), error.isEmpty());
}

void TestEvent::extensionValidity_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QVariant>("value");
    QTest::addColumn<QString>("error");

    const QString fine = u"x1"_s;
    QTest::newRow("bool") << fine << QVariant(true) << QString();
    QTest::newRow("int") << fine << QVariant(std::numeric_limits<int>::min()) << QString();
    QTest::newRow("string") << fine << QVariant(u"\U0001F600"_s) << QString();
    QTest::newRow("empty string") << fine << QVariant(QString()) << QString();
    QTest::newRow("bytes") << fine << QVariant(QByteArray("\0\xff", 2)) << QString();
    QTest::newRow("URL") << fine << QVariant(QUrl(u"https://example.org"_s)) << QString();
    QTest::newRow("time") << fine << QVariant(QDateTime::currentDateTimeUtc()) << QString();

    const QString wrongType = u"extension x1 is none of bool, int, QString, QByteArray, QUrl and QDateTime"_s;
    QTest::newRow("qlonglong") << fine << QVariant(qlonglong(1)) << wrongType;
    QTest::newRow("uint") << fine << QVariant(1U) << wrongType;
    QTest::newRow("double") << fine << QVariant(1.0) << wrongType;
    QTest::newRow("map") << fine << QVariant(QVariantMap()) << wrongType;
    QTest::newRow("null") << fine << null() << wrongType;
    QTest::newRow("control character") << fine << QVariant(u"\t"_s) << u"extension x1 holds a control character"_s;
    QTest::newRow("lone surrogate") << fine << QVariant(loneSurrogate) << u"extension x1 holds a lone surrogate"_s;
    QTest::newRow("empty URL") << fine << QVariant(QUrl()) << u"extension x1 is not a valid URI"_s;
    QTest::newRow("invalid URL") << fine << QVariant(QUrl(u"http://h:p"_s)) << u"extension x1 is not a valid URI"_s;
    QTest::newRow("invalid time") << fine << QVariant(QDateTime())
                                  << u"extension x1 is not a time in the years 0 to 9999"_s;
    QTest::newRow("late time") << fine << QVariant(momentOf(QDate(10000, 1, 1), QTime(0, 0)))
                               << u"extension x1 is not a time in the years 0 to 9999"_s;

    QTest::newRow("letters and digits") << u"0az9"_s << QVariant(1) << QString();
    QTest::newRow("long name") << QString(30, u'a') << QVariant(1) << QString();
    QTest::newRow("no name") << QString() << QVariant(1) << u"extension \"\" has an empty name"_s;
    const QString characters = u" has a name with other characters than a-z and 0-9"_s;
    QTest::newRow("upper case") << u"traceParent"_s << QVariant(1) << u"extension traceParent"_s + characters;
    QTest::newRow("underscore") << u"data_base64"_s << QVariant(1) << u"extension data_base64"_s + characters;
    QTest::newRow("dash") << u"a-b"_s << QVariant(1) << u"extension \"a-b\""_s + characters;
    QTest::newRow("Unicode") << u"größe"_s << QVariant(1) << u"extension \"größe\""_s + characters;
    QTest::newRow("line break") << u"a\r\nb"_s << QVariant(1) << u"extension \"a\ufffd\ufffdb\""_s + characters;
    for (const char *name :
         {"id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time", "data"}) {
        QTest::newRow(name) << QString::fromLatin1(name) << QVariant(u"x"_s)
                            << u"extension %1 has the name of an attribute of CloudEvents"_s.arg(
                                   QLatin1StringView(name));
    }
}

void TestEvent::extensionValidity()
{
    QFETCH(QString, name);
    QFETCH(QVariant, value);
    QFETCH(QString, error);
    Event event(u"t"_s);
    event.setExtension(name, value);
    QCOMPARE(event.errorText(), error);
    QCOMPARE(event.isValid(), error.isEmpty());
    QCOMPARE(event.extension(name), value);
}

void TestEvent::extensionsAreMended()
{
    Event event(u"t"_s);
    event.setExtension(u"A"_s, 1);
    event.setExtension(u"b"_s, 1.5);
    event.setExtension(u"c"_s, 1);
    QVERIFY(!event.isValid());
    event.setExtension(u"A"_s, {});
    QVERIFY(!event.isValid());
    event.setExtension(u"b"_s, 2);
    QVERIFY(event.isValid());
}

// Others may send as many as a message has room for, so each must not cost what all together do.
void TestEvent::manyExtensions()
{
    constexpr int Many = 100'000;
    QByteArray json = R"({"specversion":"1.0","id":"1","source":"/s","type":"t")";
    for (int i = 0; i < Many; ++i)
        json += ",\"f" + QByteArray::number(i) + "\":\"v\"";
    Result<Event> event = Event::fromJson(json + '}');
    QVERIFY2(event, qPrintable(event.errorText()));
    QCOMPARE(event->extensions().size(), Many);
    // One that is wrong is found among all of them, and mended.
    Event changed = *event;
    changed.setExtension(u"f7"_s, u"a\nb"_s);
    QVERIFY(!changed.isValid());
    changed.setExtension(u"f8"_s, u"fine"_s);
    QVERIFY(!changed.isValid());
    changed.setExtension(u"f7"_s, u"b"_s);
    QVERIFY(changed.isValid());
}

void TestEvent::equality()
{
    const Event event(u"t"_s, QVariantMap{{u"a"_s, 1}});
    Event copy(u"t"_s, QVariantMap{{u"a"_s, 1}});
    QVERIFY(event != copy);
    copy.setId(event.id());
    copy.setTime(event.time());
    QCOMPARE(copy, event);
    copy.setSource(event.source());
    QCOMPARE(copy, event);
    copy.setData(QVariantMap{{u"a"_s, 2}});
    QVERIFY(event != copy);

    // The same moment, told otherwise.
    const auto zulu = Event::fromJson(jsonWith(R"("time":"2020-01-01T00:00:00Z")"));
    const auto offset = Event::fromJson(jsonWith(R"("time":"2020-01-01T01:00:00+01:00")"));
    QVERIFY(zulu && offset);
    QCOMPARE(zulu->time(), offset->time());
    QVERIFY(*zulu != *offset);
}

void TestEvent::metaType()
{
    QCOMPARE(QMetaType::fromName("Qanat::Event"), QMetaType::fromType<Event>());
    const Event event(u"t"_s);
    const QVariant variant = QVariant::fromValue(event);
    QCOMPARE(variant.value<Event>(), event);
    const QMetaObject &gadget = Event::staticMetaObject;
    QCOMPARE(gadget.property(gadget.indexOfProperty("type")).readOnGadget(&event), QVariant(u"t"_s));
}

void TestEvent::debugHidesTheData()
{
    Event event(u"user.login"_s, QVariantMap{{u"password"_s, u"secret"_s}});
    event.setId(u"id-1"_s);
    event.setSubject(u"secret"_s);
    QString shown;
    QDebug(&shown) << event << 5;
    QCOMPARE(shown.trimmed(), u"Qanat::Event(\"user.login\", \"id-1\") 5"_s);
}

void TestEvent::estimatedSize()
{
    const Event bare(u"t"_s);
    QVERIFY2(bare.estimatedSize() >= 150 && bare.estimatedSize() < 300,
             qPrintable(QString::number(bare.estimatedSize())));
    QCOMPARE(bare.estimatedSize(), bare.estimatedSize());

    Event grown = bare;
    grown.setData(QByteArray(100000, 'x'));
    QVERIFY(grown.estimatedSize() >= 100000 && grown.estimatedSize() < 101000);
    QVERIFY(bare.estimatedSize() < 300);
    grown.setData(QString(100000, u'x'));
    QVERIFY(grown.estimatedSize() >= 200000 && grown.estimatedSize() < 201000);
    grown.setData({});
    QCOMPARE(grown.estimatedSize(), bare.estimatedSize());
    grown.setSubject(QString(1000, u'x'));
    QVERIFY(grown.estimatedSize() >= bare.estimatedSize() + 2000);

    const QVariantList strings(100, QString(1000, u'x'));
    const qsizetype expected = 100 * 2000;
    for (const QVariant &data :
         {QVariant(strings), QVariant(QVariantMap{{u"list"_s, strings}}), QVariant(QVariantHash{{u"list"_s, strings}}),
          QVariant(QStringList(100, QString(1000, u'x')))}) {
        const qsizetype size = eventWith(data).estimatedSize();
        QVERIFY2(size >= expected && size < expected * 3 / 2, qPrintable(QString::number(size)));
    }
    QVERIFY(eventWith(nested(10000)).estimatedSize() > 0);

    // What QtJson, QtCbor and containers hold.
    const QJsonArray json = QJsonArray::fromVariantList(strings);
    const QCborArray cbor = QCborArray::fromVariantList(strings);
    for (const QVariant &data :
         {QVariant(json), QVariant(QJsonObject{{u"list"_s, json}}), QVariant(QJsonDocument(json)),
          QVariant::fromValue(QJsonValue(json)), QVariant::fromValue(cbor), QVariant::fromValue(QCborValue(cbor)),
          QVariant::fromValue(QCborMap{{u"list"_s, cbor}}),
          QVariant::fromValue(std::vector<QString>(100, QString(1000, u'x')))}) {
        const qsizetype size = eventWith(data).estimatedSize();
        QVERIFY2(size >= expected && size < expected * 3 / 2,
                 qPrintable(QLatin1StringView(data.typeName()) + u' ' + QString::number(size)));
    }
}

void TestEvent::readingFromManyThreads()
{
    Event event(u"t"_s, QVariantMap{{u"list"_s, QVariantList{1, 2.5, u"three"_s}}});
    event.setExtension(u"x"_s, 1);
    const QByteArray expected = *Event(event).toJson();
    const Event shared = event;
    event = Event();

    std::atomic<int> agreeing{0};
    std::vector<std::thread> readers;
    readers.reserve(8);
    for (int t = 0; t < 8; ++t) {
        readers.emplace_back([&shared, &expected, &agreeing] {
            bool agree = true;
            for (int i = 0; i < 200; ++i) {
                Event copy = shared;
                agree = agree && shared.isPortable() && shared.estimatedSize() == copy.estimatedSize()
                        && shared.isValid() && shared.toJson().value() == expected && copy == shared;
                copy.setSubject(shared.id());
                agree = agree && copy != shared && shared.subject().isEmpty();
            }
            agreeing += agree ? 1 : 0;
        });
    }
    for (std::thread &reader : readers)
        reader.join();
    QCOMPARE(agreeing.load(), 8);
}

void TestEvent::times_data()
{
    QTest::addColumn<QString>("time");
    QTest::addColumn<QDateTime>("moment");

    const auto utc = [](int year, int month, int day, int hour, int minute, int second, int msec) {
        return momentOf(QDate(year, month, day), QTime(hour, minute, second, msec));
    };
    QTest::newRow("seconds") << u"2018-04-05T17:31:00Z"_s << utc(2018, 4, 5, 17, 31, 0, 0);
    QTest::newRow("milliseconds") << u"2018-04-05T17:31:00.123Z"_s << utc(2018, 4, 5, 17, 31, 0, 123);
    QTest::newRow("one digit") << u"2018-04-05T17:31:00.1Z"_s << utc(2018, 4, 5, 17, 31, 0, 100);
    QTest::newRow("nanoseconds") << u"2018-04-05T17:31:00.123456789Z"_s << utc(2018, 4, 5, 17, 31, 0, 123);
    QTest::newRow("more digits") << u"2018-04-05T17:31:00.123456789012345678901234567890Z"_s
                                 << utc(2018, 4, 5, 17, 31, 0, 123);
    QTest::newRow("zeros") << u"2018-04-05T17:31:00.000000Z"_s << utc(2018, 4, 5, 17, 31, 0, 0);
    QTest::newRow("offset") << u"2018-04-05T17:31:00.5+05:30"_s << utc(2018, 4, 5, 12, 1, 0, 500);
    QTest::newRow("offset west") << u"2018-04-05T17:31:00-08:00"_s << utc(2018, 4, 6, 1, 31, 0, 0);
    QTest::newRow("largest offset") << u"2018-04-05T17:31:00+23:59"_s << utc(2018, 4, 4, 17, 32, 0, 0);
    QTest::newRow("smallest offset") << u"2018-04-05T17:31:00-23:59"_s << utc(2018, 4, 6, 17, 30, 0, 0);
    QTest::newRow("offset of zero") << u"2018-04-05T17:31:00.000+00:00"_s << utc(2018, 4, 5, 17, 31, 0, 0);
    QTest::newRow("unknown offset") << u"2018-04-05T17:31:00.000-00:00"_s << utc(2018, 4, 5, 17, 31, 0, 0);
    QTest::newRow("lower case") << u"2018-04-05t17:31:00.123z"_s << utc(2018, 4, 5, 17, 31, 0, 123);
    QTest::newRow("leap day") << u"2020-02-29T00:00:00Z"_s << utc(2020, 2, 29, 0, 0, 0, 0);
    QTest::newRow("leap second") << u"1990-12-31T23:59:60Z"_s << utc(1991, 1, 1, 0, 0, 0, 0);
    QTest::newRow("leap second with an offset") << u"1990-12-31T15:59:60.5-08:00"_s << utc(1991, 1, 1, 0, 0, 0, 500);
    QTest::newRow("epoch") << u"1970-01-01T00:00:00.000Z"_s << utc(1970, 1, 1, 0, 0, 0, 0);
    QTest::newRow("before the epoch") << u"1969-12-31T23:59:59.999Z"_s << utc(1969, 12, 31, 23, 59, 59, 999);
    QTest::newRow("first year") << u"0001-01-01T00:00:00.000Z"_s << utc(1, 1, 1, 0, 0, 0, 0);
    QTest::newRow("year 0") << u"0000-12-31T23:59:59.999Z"_s << utc(-1, 12, 31, 23, 59, 59, 999);
    QTest::newRow("last") << u"9999-12-31T23:59:59.999Z"_s << utc(9999, 12, 31, 23, 59, 59, 999);
    QTest::newRow("beyond by the offset") << u"9999-12-31T23:59:59.999-01:00"_s << utc(10000, 1, 1, 0, 59, 59, 999);
}

void TestEvent::times()
{
    QFETCH(QString, time);
    QFETCH(QDateTime, moment);
    const QByteArray json = jsonWith("\"time\":\"" + time.toLatin1() + '"');
    const auto event = Event::fromJson(json);
    QVERIFY2(event, qPrintable(event.errorText()));
    QCOMPARE(event->timeText(), time);
    QCOMPARE(event->time().toMSecsSinceEpoch(), moment.toMSecsSinceEpoch());
    const auto again = Event::fromJson(*event->toJson());
    QVERIFY2(again, qPrintable(again.errorText()));
    QCOMPARE(*again, *event);
    QCOMPARE(again->timeText(), time);
    const auto throughCbor = Event::fromCbor(*event->toCbor());
    QVERIFY2(throughCbor, qPrintable(throughCbor.errorText()));
    QCOMPARE(throughCbor->timeText(), time);
    QCOMPARE(*throughCbor, *event);

    // The text belongs to the time that was read, not to the next one.
    Event changed = *event;
    changed.setTime(momentOf(QDate(2024, 1, 2), QTime(3, 4, 5, 6)));
    QCOMPARE(changed.timeText(), u"2024-01-02T03:04:05.006Z"_s);
    QCOMPARE(event->timeText(), time);
}

void TestEvent::timesRefused_data()
{
    QTest::addColumn<QByteArray>("time");
    for (const char *time : {"",
                             "2018-04-05",
                             "2018-04-05T17:31:00",
                             "2018-04-05 17:31:00Z",
                             "2018-04-05T17:31Z",
                             "2018-04-05T17:31:00.Z",
                             "2018-04-05T24:00:00Z",
                             "2018-04-05T17:60:00Z",
                             "2018-04-05T17:31:61Z",
                             "2018-04-05T17:31:60Z",
                             "2018-13-05T17:31:00Z",
                             "2018-00-05T17:31:00Z",
                             "2018-04-31T17:31:00Z",
                             "2018-04-00T17:31:00Z",
                             "2019-02-29T17:31:00Z",
                             "1900-02-29T17:31:00Z",
                             "2018-04-05T17:31:00+24:00",
                             "2018-04-05T17:31:00+01:60",
                             "2018-04-05T17:31:00+0100",
                             "2018-04-05T17:31:00+01",
                             "2018-04-05T17:31:00ZZ",
                             " 2018-04-05T17:31:00Z",
                             "2018-04-05T17:31:00Z ",
                             "+2018-04-05T17:31:00Z",
                             "12018-04-05T17:31:00Z",
                             "218-04-05T17:31:00Z",
                             "2018-4-5T17:31:00Z",
                             "20180405T173100Z",
                             "2018-04-05T17:31:00,5Z",
                             "-001-04-05T17:31:00Z",
                             "now"}) {
        QTest::addRow("'%s'", time) << QByteArray(time);
    }
    QTest::newRow("digits of another script") << QByteArray("٢018-04-05T17:31:00Z");
}

void TestEvent::timesRefused()
{
    QFETCH(QByteArray, time);
    const auto event = Event::fromJson(jsonWith("\"time\":\"" + time + '"'));
    QVERIFY(!event);
    QCOMPARE(event.errorText(), time.isEmpty() ? u"time is empty"_s : u"time is not a time by RFC 3339"_s);
}

void TestEvent::setTimes_data()
{
    QTest::addColumn<QDateTime>("time");
    QTest::addColumn<QString>("written");

    const QDate day(2020, 7, 1);
    const QTime noon(12, 0, 0, 7);
    QTest::newRow("UTC") << momentOf(day, noon) << u"2020-07-01T12:00:00.007Z"_s;
    QTest::newRow("offset") << momentOf(day, noon, 19800) << u"2020-07-01T12:00:00.007+05:30"_s;
    QTest::newRow("offset west") << momentOf(day, noon, -12600) << u"2020-07-01T12:00:00.007-03:30"_s;
    QTest::newRow("offset with seconds") << momentOf(day, noon, 3601) << u"2020-07-01T10:59:59.007Z"_s;
    QTest::newRow("null") << QDateTime() << QString();
    QTest::newRow("too early") << momentOf(QDate(-2, 12, 31), noon) << u"invalid"_s;
    QTest::newRow("too late") << momentOf(QDate(10000, 1, 1), QTime(0, 0)) << u"invalid"_s;
    QTest::newRow("too late by the offset") << momentOf(QDate(10000, 1, 1), QTime(0, 0), 3600) << u"invalid"_s;
    QTest::newRow("farthest") << QDateTime::fromMSecsSinceEpoch(LargestInteger, QTimeZone::utc()) << u"invalid"_s;
    QTest::newRow("no such day") << momentOf(QDate(2020, 2, 30), noon) << u"invalid"_s;
}

void TestEvent::setTimes()
{
    QFETCH(QDateTime, time);
    QFETCH(QString, written);
    Event event(u"t"_s);
    event.setTime(time);
    if (written == u"invalid"_s) {
        QVERIFY(!event.isValid());
        QCOMPARE(event.errorText(), u"time is not a time in the years 0 to 9999"_s);
        event.setTime(QDateTime::currentDateTimeUtc());
        QVERIFY(event.isValid());
        return;
    }
    QVERIFY(event.isValid());
    QCOMPARE(event.timeText(), written);
    QCOMPARE(event.time(), time);
    const auto back = Event::fromJson(*event.toJson());
    QVERIFY2(back, qPrintable(back.errorText()));
    QCOMPARE(*back, event);
    QCOMPARE(back->time().offsetFromUtc(), time.offsetFromUtc() == 3601 ? 0 : time.offsetFromUtc());
}

void TestEvent::roundTrip_data()
{
    QTest::addColumn<QVariant>("data");
    QTest::addColumn<QVariant>("fromJson");
    QTest::addColumn<QVariant>("fromCbor");

    const auto row = [](const char *name, const QVariant &data, const QVariant &fromJson, const QVariant &fromCbor) {
        QTest::newRow(name) << data << fromJson << fromCbor;
    };
    const auto same = [&row](const char *name, const QVariant &data) { row(name, data, data, data); };
    const auto as = [&row](const char *name, const QVariant &data, const QVariant &back) {
        row(name, data, back, back);
    };

    same("nothing", {});
    same("null", null());
    same("true", true);
    same("false", false);
    same("zero", qlonglong(0));
    same("largest integer", LargestInteger);
    same("smallest integer", SmallestInteger);
    same("beyond a double's integers", qlonglong(9007199254740993));
    as("int", -5, qlonglong(-5));
    as("uint", std::numeric_limits<uint>::max(), qlonglong(std::numeric_limits<uint>::max()));
    as("ulonglong", qulonglong(LargestInteger), LargestInteger);
    as("long", QVariant::fromValue(long(-7)), qlonglong(-7));
    as("ulong", QVariant::fromValue(7UL), qlonglong(7));
    as("short", QVariant::fromValue(short(-7)), qlonglong(-7));
    as("ushort", QVariant::fromValue(ushort(65535)), qlonglong(65535));
    as("schar", QVariant::fromValue(static_cast<signed char>(-7)), qlonglong(-7));
    as("uchar", QVariant::fromValue(uchar(255)), qlonglong(255));
    as("char", QVariant::fromValue('a'), qlonglong('a'));
    as("enumeration", QVariant::fromValue(Colour::Blue), qlonglong(200));
    as("enumeration of 64 bits", QVariant::fromValue(Temperature::Coldest), SmallestInteger);
    as("enumeration without a class", QVariant::fromValue(Second), qlonglong(2));
    as("flags", QVariant::fromValue(Options(First | Second)), qlonglong(3));
    same("double", 0.1);
    same("double, largest", std::numeric_limits<double>::max());
    same("double, smallest normal", std::numeric_limits<double>::min());
    same("double, smallest", std::numeric_limits<double>::denorm_min());
    same("double, beyond integers", 1e19);
    same("double, digits beyond integers", 123456789012345680000.0);
    row("double, whole", 5.0, qlonglong(5), 5.0);
    row("double, whole and large", 9223372036854774784.0, qlonglong(9223372036854774784), 9223372036854774784.0);
    row("double, -0.0", -0.0, qlonglong(0), -0.0);
    row("float", 0.5F, 0.5, 0.5);
    row("float16", QVariant::fromValue(qfloat16(0.25F)), 0.25, 0.25);
    same("string", text);
    same("empty string", u""_s);
    as("null string", QString(), u""_s);
    same("string with NUL", QString(3, QChar(0)));
    same("string with a noncharacter", u"\uffff"_s);
    same("string that begins like a byte order mark", u"\ufeff\ufeffa"_s);
    same("long string", QString(100000, u'ä'));
    as("character", QChar(u'ä'), u"ä"_s);
    same("bytes", QByteArray("\0\xff\x80", 3));
    same("no bytes", QByteArray(""));
    same("empty list", QVariantList());
    same("empty map", QVariantMap());
    same("list", QVariantList{true, qlonglong(1), 1.5, u"a"_s, null(), QVariantList(), QVariantMap()});
    same("map", QVariantMap{{u"a"_s, qlonglong(1)}, {u""_s, u"empty key"_s}, {text, text}});
    same("key that begins like a byte order mark", QVariantMap{{u"\ufeffa"_s, qlonglong(1)}, {u"a"_s, qlonglong(2)}});
    as("invalid inside", QVariantList{QVariant()}, QVariantList{null()});
    as("strings", QStringList{u"a"_s, text, QString()}, QVariantList{u"a"_s, text, u""_s});
    as("hash", QVariantHash{{u"b"_s, 2}, {u"a"_s, 1}}, QVariantMap{{u"a"_s, qlonglong(1)}, {u"b"_s, qlonglong(2)}});
    same("deepest", nested(512));
    const QVariant five(5);
    as("variant inside a variant", QVariant(QMetaType::fromType<QVariant>(), &five), qlonglong(5));

    const QDateTime utc = momentOf(QDate(2020, 7, 1), QTime(12, 0, 0, 7));
    const QDateTime offset = momentOf(QDate(2020, 7, 1), QTime(12, 0, 0, 7), 5400);
    row("time", utc, u"2020-07-01T12:00:00.007Z"_s, utc);
    row("time with an offset", offset, u"2020-07-01T12:00:00.007+01:30"_s, offset);
    as("date", QDate(2020, 7, 1), u"2020-07-01"_s);
    as("time of day", QTime(1, 2, 3, 4), u"01:02:03.004"_s);
    const QUrl url(u"https://user@example.org:81/größe?a=%20b&c=\"#d"_s);
    row("URL", url, url.toString(QUrl::FullyEncoded), url);
    row("relative URL", QUrl(u"a/b"_s), u"a/b"_s, QUrl(u"a/b"_s));
    row("empty URL", QUrl(), u""_s, QUrl());
    const QUuid uuid(u"6e8bc430-9c3a-11d9-9669-0800200c9a66"_s);
    row("UUID", uuid, u"6e8bc430-9c3a-11d9-9669-0800200c9a66"_s, uuid);
    row("null UUID", QUuid(), u"00000000-0000-0000-0000-000000000000"_s, QUuid());

    const QJsonObject object{{u"a"_s, QJsonArray{1, u"b"_s, QJsonValue::Null, true, LargestInteger}}};
    const QVariantMap objectBack{{u"a"_s, QVariantList{qlonglong(1), u"b"_s, null(), true, LargestInteger}}};
    as("JSON object", object, objectBack);
    as("JSON array", object.value(u"a"_s).toArray(), objectBack.value(u"a"_s));
    as("JSON value", QJsonValue(object), objectBack);
    as("JSON string", QJsonValue(text), text);
    as("JSON null", QVariant::fromValue(QJsonValue(QJsonValue::Null)), null());
    as("JSON document", QJsonDocument(object), objectBack);
    as("JSON document of an array", QJsonDocument(QJsonArray{1}), QVariantList{qlonglong(1)});
    as("JSON document of nothing", QJsonDocument(), null());
    const QCborMap map{{u"a"_s, QCborArray{1, u"b"_s, nullptr, true, 1.5}}};
    const QVariantMap mapBack{{u"a"_s, QVariantList{qlonglong(1), u"b"_s, null(), true, 1.5}}};
    as("CBOR map", QVariant::fromValue(map), mapBack);
    as("CBOR array", QVariant::fromValue(map[u"a"_s].toArray()), mapBack.value(u"a"_s));
    as("CBOR value", QVariant::fromValue(QCborValue(map)), mapBack);
    as("CBOR simple type", QVariant::fromValue(QCborSimpleType::Null), null());
    row("CBOR URL", QVariant::fromValue(QCborValue(url)), url.toString(QUrl::FullyEncoded), url);
    row("CBOR UUID", QVariant::fromValue(QCborValue(uuid)), uuid.toString(QUuid::WithoutBraces), uuid);
    row("CBOR time", QVariant::fromValue(QCborValue(utc)), u"2020-07-01T12:00:00.007Z"_s, utc);
}

void TestEvent::roundTrip()
{
    QFETCH(QVariant, data);
    QFETCH(QVariant, fromJson);
    QFETCH(QVariant, fromCbor);
    const Event event = eventWith(data);
    QVERIFY2(event.isPortable(), qPrintable(event.portabilityError()));
    QVERIFY(event.portabilityError().isEmpty());

    const auto json = event.toJson();
    QVERIFY2(json, qPrintable(json.errorText()));
    const auto backFromJson = Event::fromJson(*json);
    QVERIFY2(backFromJson, qPrintable(backFromJson.errorText()));
    QVERIFY2(isSame(backFromJson->data(), fromJson), json->left(2000).constData());
    QVERIFY(backFromJson->isPortable());
    // A whole double comes back as an integer, and that may be written otherwise.
    if (data.metaType() != QMetaType::fromType<double>() || fromJson.metaType() == data.metaType())
        QCOMPARE(*backFromJson->toJson(), *json);

    const auto cbor = event.toCbor();
    QVERIFY2(cbor, qPrintable(cbor.errorText()));
    const auto backFromCbor = Event::fromCbor(*cbor);
    QVERIFY2(backFromCbor, qPrintable(backFromCbor.errorText()));
    QVERIFY2(isSame(backFromCbor->data(), fromCbor), cbor->toHex().left(2000).constData());
    QCOMPARE(*backFromCbor->toCbor(), *cbor);

    // Qt's own readers take what is written for the same.
    QCOMPARE(QJsonDocument::fromJson(*json).object().value(u"type"_s).toString(), u"test.data"_s);
    QCOMPARE(QCborValue::fromCbor(*cbor)[u"type"_s].toString(), u"test.data"_s);
}

void TestEvent::json_data()
{
    QTest::addColumn<QVariant>("data");
    QTest::addColumn<QByteArray>("written");
    QTest::newRow("nothing") << QVariant() << QByteArray("}");
    QTest::newRow("null") << null() << QByteArray(R"(,"data":null})");
    QTest::newRow("bytes") << QVariant(QByteArray("\xff\xfe\xfd\xfc")) << QByteArray(R"(,"data_base64":"//79/A=="})");
    QTest::newRow("no bytes") << QVariant(QByteArray()) << QByteArray(R"(,"data_base64":""})");
    QTest::newRow("string") << QVariant(u"a\"\\\b\f\n\r\t\u0001\u001f/é\U0001F600"_s)
                            << QByteArray(",\"data\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/é\U0001F600\"}");
    QTest::newRow("structure") << QVariant(
        QVariantMap{{u"b"_s, QVariantList{1, QVariantMap(), QVariantList()}}, {u"a"_s, false}})
                               << QByteArray(R"(,"data":{"a":false,"b":[1,{},[]]}})");
    QTest::newRow("strings that look like structure")
        << QVariant(QVariantList{u"["_s, u"{"_s, u":"_s, u","_s}) << QByteArray(R"(,"data":["[","{",":",","]})");
}

void TestEvent::json()
{
    QFETCH(QVariant, data);
    QFETCH(QByteArray, written);
    Event event = eventWith(data);
    event.setId(u"1"_s);
    event.setSource(u"/s"_s);
    event.setTime({});
    QCOMPARE(*event.toJson(), R"({"specversion":"1.0","id":"1","source":"/s","type":"test.data")" + written);
}

void TestEvent::jsonNumbers_data()
{
    QTest::addColumn<QVariant>("number");
    QTest::addColumn<QByteArray>("written");
    QTest::newRow("smallest integer") << QVariant(SmallestInteger) << QByteArray("-9223372036854775808");
    QTest::newRow("whole") << QVariant(5.0) << QByteArray("5");
    QTest::newRow("last exact") << QVariant(9007199254740992.0) << QByteArray("9007199254740992");
    QTest::newRow("beyond") << QVariant(9223372036854774784.0) << QByteArray("9223372036854775000.0");
    QTest::newRow("more digits") << QVariant(-123456789012345680000.0) << QByteArray("-123456789012345680000.0");
    QTest::newRow("exponent") << QVariant(1e300) << QByteArray("1e+300");
    QTest::newRow("fraction") << QVariant(0.1) << QByteArray("0.1");
    QTest::newRow("-0.0") << QVariant(-0.0) << QByteArray("-0.0");
}

void TestEvent::jsonNumbers()
{
    QFETCH(QVariant, number);
    QFETCH(QByteArray, written);
    QCOMPARE(*eventWith(number).dataToJson(), written);
    const auto back = Event::dataFromJson(written);
    QVERIFY2(back, qPrintable(back.errorText()));
    QCOMPARE(back->toDouble(), number.toDouble());
}

void TestEvent::allAttributesRoundTrip()
{
    Event event(u"com.example.Größe"_s, QVariantMap{{u"a"_s, u"b"_s}});
    event.setId(u"№ 1"_s);
    event.setSource(u"https://example.org/größe?a=b#c"_s);
    event.setSubject(u"\U0001F600 \"quoted\" \\"_s);
    event.setTime(momentOf(QDate(2020, 7, 1), QTime(12, 0, 0, 7), 5400));
    event.setDataContentType(u"application/json; charset=utf-8"_s);
    event.setDataSchema(u"https://example.org/schema"_s);
    event.setExtension(u"truth"_s, true);
    event.setExtension(u"number"_s, std::numeric_limits<int>::min());
    event.setExtension(u"string"_s, u"\U0001F600"_s);
    event.setExtension(u"nostring"_s, u""_s);
    auto back = Event::fromJson(*event.toJson());
    QVERIFY2(back, qPrintable(back.errorText()));
    QCOMPARE(*back, event);
    QCOMPARE(back->extensions(), event.extensions());
    QCOMPARE(back->extension(u"number"_s).metaType(), QMetaType::fromType<int>());

    const QDateTime time = momentOf(QDate(2020, 7, 1), QTime(12, 0));
    event.setExtension(u"bytes"_s, QByteArray("\0\xff", 2));
    event.setExtension(u"url"_s, QUrl(u"https://example.org/größe"_s));
    event.setExtension(u"moment"_s, time);
    back = Event::fromCbor(*event.toCbor());
    QVERIFY2(back, qPrintable(back.errorText()));
    QCOMPARE(*back, event);
    QCOMPARE(back->extension(u"bytes"_s), QVariant(QByteArray("\0\xff", 2)));
    QCOMPARE(back->extension(u"url"_s), QVariant(QUrl(u"https://example.org/größe"_s)));
    QCOMPARE(back->extension(u"moment"_s), QVariant(time));

    back = Event::fromJson(*event.toJson());
    QVERIFY2(back, qPrintable(back.errorText()));
    QCOMPARE(back->extension(u"bytes"_s), QVariant(u"AP8="_s));
    QCOMPARE(back->extension(u"url"_s), QVariant(u"https://example.org/gr%C3%B6%C3%9Fe"_s));
    QCOMPARE(back->extension(u"moment"_s), QVariant(u"2020-07-01T12:00:00.000Z"_s));
}

void TestEvent::hashesAreWrittenInOrder()
{
    QVariantHash hash;
    QVariantMap map;
    for (int i = 0; i < 100; ++i) {
        hash.insert(QString::number(i * 7919), i);
        map.insert(QString::number(i * 7919), i);
    }
    QCOMPARE(*eventWith(hash).dataToJson(), *eventWith(map).dataToJson());
}

void TestEvent::refused_data()
{
    QTest::addColumn<QVariant>("data");
    QTest::addColumn<QString>("error");

    const auto row = [](const char *name, const QVariant &data, const QString &error) {
        QTest::newRow(name) << data << error;
    };
    row("NaN", NaN, u"data: NaN cannot be carried"_s);
    row("NaN, deep", QVariantMap{{u"items"_s, QVariantList{1, 2, 3, QVariantMap{{u"price"_s, NaN}}}}},
        u"data.items[3].price: NaN cannot be carried"_s);
    row("infinity", QVariantList{Infinity}, u"data[0]: infinity cannot be carried"_s);
    row("negative infinity", -Infinity, u"data: infinity cannot be carried"_s);
    row("float NaN", std::numeric_limits<float>::quiet_NaN(), u"data: NaN cannot be carried"_s);
    row("float infinity", std::numeric_limits<float>::infinity(), u"data: infinity cannot be carried"_s);
    row("NaN in a hash", QVariantHash{{u"h"_s, NaN}}, u"data.h: NaN cannot be carried"_s);
    row("NaN in CBOR", QVariant::fromValue(QCborValue(QCborArray{1, NaN})), u"data[1]: NaN cannot be carried"_s);
    row("infinity in JSON", QJsonArray{Infinity}, u"data[0]: infinity cannot be carried"_s);
    row("large unsigned", QVariantMap{{u"n"_s, qulonglong(LargestInteger) + 1}},
        u"data.n: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    row("large unsigned long", QVariant::fromValue(std::numeric_limits<ulong>::max()),
        u"data: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    row("lone surrogate", QVariantMap{{u"s"_s, loneSurrogate}},
        u"data.s: text with a lone surrogate cannot be carried"_s);
    row("lone surrogate at the end", QString(QChar(0xd800)), u"data: text with a lone surrogate cannot be carried"_s);
    row("surrogates the wrong way round", QString(QChar(0xdc00)) + QChar(0xd800),
        u"data: text with a lone surrogate cannot be carried"_s);
    row("surrogate as a character", QChar(0xdc00), u"data: text with a lone surrogate cannot be carried"_s);
    row("lone surrogate in strings", QStringList{u"a"_s, loneSurrogate},
        u"data[1]: text with a lone surrogate cannot be carried"_s);
    row("lone surrogate in a key", QVariantMap{{u"m"_s, QVariantMap{{loneSurrogate, 1}}}},
        u"data.m: has a key with a lone surrogate, which cannot be carried"_s);
    row("lone surrogate in a hash's key", QVariantHash{{loneSurrogate, 1}},
        u"data: has a key with a lone surrogate, which cannot be carried"_s);
    row("lone surrogate in JSON", QJsonObject{{u"a"_s, loneSurrogate}},
        u"data.a: text with a lone surrogate cannot be carried"_s);
    row("lone surrogate in a key of JSON", QJsonObject{{loneSurrogate, 1}},
        u"data: has a key with a lone surrogate, which cannot be carried"_s);
    row("key with a blank", QVariantMap{{u"a b"_s, QVariantMap{{u""_s, NaN}}}},
        u"data[\"a b\"][\"\"]: NaN cannot be carried"_s);
    row("long key", QVariantMap{{QString(100, u'k'), NaN}},
        u"data.%1…: NaN cannot be carried"_s.arg(QString(40, u'k')));
    row("key with a line break", QVariantMap{{u"a\nb"_s, NaN}}, u"data[\"a\ufffdb\"]: NaN cannot be carried"_s);
    row("invalid time", QVariantList{QDateTime()},
        u"data[0]: a time that is not valid or not in the years 0 to 9999 cannot be carried"_s);
    row("late time", momentOf(QDate(10000, 1, 1), QTime(0, 0)),
        u"data: a time that is not valid or not in the years 0 to 9999 cannot be carried"_s);
    row("invalid date", QDate(), u"data: a date that is not valid or not in the years 0 to 9999 cannot be carried"_s);
    row("late date", QDate(10000, 1, 1),
        u"data: a date that is not valid or not in the years 0 to 9999 cannot be carried"_s);
    row("invalid time of day", QTime(), u"data: a time of day that is not valid cannot be carried"_s);
    row("invalid URL", QUrl(u"http://h:p"_s), u"data: a URL that is not valid cannot be carried"_s);
    row("pointer", QVariant::fromValue<void *>(nullptr), u"data: a value of type void* cannot be carried"_s);
    row("object", QVariantMap{{u"o"_s, QVariant::fromValue<QObject *>(nullptr)}},
        u"data.o: a value of type QObject* cannot be carried"_s);
    row("point", QPoint(1, 2), u"data: a value of type QPoint cannot be carried"_s);
    row("list of points", QVariant::fromValue(QList<QPoint>{{1, 2}}),
        u"data[0]: a value of type QPoint cannot be carried"_s);
    row("map with keys that are no texts", QVariant::fromValue(QMap<int, int>{{1, 2}}),
        u"data: a value of type QMap<int,int> cannot be carried"_s);
    row("gadget without properties", QVariant::fromValue(Qanat::Delivery()),
        u"data: a value of type Qanat::Delivery cannot be carried"_s);
    row("gadget with a property that cannot be carried", QVariant::fromValue(Event()),
        u"data.time: a time that is not valid or not in the years 0 to 9999 cannot be carried"_s);
    row("regular expression", QRegularExpression(u"a"_s),
        u"data: a value of type QRegularExpression cannot be carried"_s);
    row("CBOR regular expression", QVariant::fromValue(QCborValue(QRegularExpression(u"a"_s))),
        u"data: a regular expression cannot be carried"_s);
    row("CBOR undefined", QVariant::fromValue(QCborValue(QCborArray{QCborValue()})),
        u"data[0]: an undefined value cannot be carried"_s);
    row("CBOR simple value", QVariant::fromValue(QCborValue(QCborSimpleType(99))),
        u"data: an unassigned simple value of CBOR cannot be carried"_s);
    row("CBOR tag", QVariant::fromValue(QCborMap{{u"t"_s, QCborValue(QCborTag(99), 1)}}),
        u"data.t: a value with the CBOR tag 99 cannot be carried"_s);
    row("CBOR keys", QVariant::fromValue(QCborMap{{1, 2}}),
        u"data: a map with keys that are not strings cannot be carried"_s);
    row("JSON undefined", QVariant::fromValue(QJsonValue(QJsonValue::Undefined)),
        u"data: an undefined value cannot be carried"_s);
    row("too deep", nested(513),
        u"data[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]…: nested deeper than 512 levels"_s);
    row("much too deep", nested(20000),
        u"data[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]…: nested deeper than 512 levels"_s);
}

void TestEvent::refused()
{
    QFETCH(QVariant, data);
    QFETCH(QString, error);
    const Event event = eventWith(data);
    QVERIFY(event.isValid());
    QVERIFY(!event.isPortable());
    QVERIFY(!event.isPortable());
    QCOMPARE(event.portabilityError(), error);
    const auto json = event.toJson();
    QVERIFY(!json && json->isEmpty());
    QCOMPARE(json.errorText(), error);
    const auto cbor = event.toCbor();
    QVERIFY(!cbor && cbor->isEmpty());
    QCOMPARE(cbor.errorText(), error);
    QCOMPARE(event.dataToJson().errorText(), error);
}

void TestEvent::jsonRefusesBytesInside()
{
    const QString reason = u": a byte array inside data cannot be carried by JSON"_s;
    const QByteArray bytes("\0\xff", 2);
    const struct
    {
        QVariant data;
        QString place;
    } rows[] = {
        {QVariantMap{{u"a"_s, QVariantList{bytes}}}, u"data.a[0]"_s},
        {QVariant::fromValue(QByteArrayList{bytes}), u"data[0]"_s},
        {QVariant::fromValue(QCborMap{{u"b"_s, bytes}}), u"data.b"_s},
        {QVariant::fromValue(QCborValue(bytes)), u"data"_s},
    };
    for (const auto &row : rows) {
        const Event event = eventWith(row.data);
        QVERIFY2(event.isPortable(), qPrintable(event.portabilityError()));
        QCOMPARE(event.toJson().errorText(), row.place + reason);
        const auto back = Event::fromCbor(*event.toCbor());
        QVERIFY2(back, qPrintable(back.errorText()));
        QVERIFY(back->isPortable());
    }
    const auto back = Event::fromCbor(*eventWith(rows[0].data).toCbor());
    QVERIFY(isSame(back->data(), rows[0].data));
    QCOMPARE(eventWith(bytes).dataToJson().errorText(), u"data"_s + reason);
}

void TestEvent::jsonContentType_data()
{
    QTest::addColumn<QString>("contentType");
    QTest::addColumn<bool>("isJson");
    QTest::newRow("none") << QString() << true;
    QTest::newRow("json") << u"application/json"_s << true;
    QTest::newRow("parameters") << u"Application/JSON ; charset=utf-8"_s << true;
    QTest::newRow("suffix") << u"application/vnd.example+json"_s << true;
    QTest::newRow("text/json") << u"text/json"_s << true;
    QTest::newRow("xml") << u"application/xml"_s << false;
    QTest::newRow("jsonp") << u"application/jsonp"_s << false;
    QTest::newRow("json in a parameter") << u"text/plain; a=/json"_s << false;
}

void TestEvent::jsonContentType()
{
    QFETCH(QString, contentType);
    QFETCH(bool, isJson);
    for (const QVariant &data : {QVariant(text), QVariant(QByteArray("\0\xff", 2)), QVariant()}) {
        Event event = eventWith(data);
        event.setDataContentType(contentType);
        const auto back = Event::fromJson(*event.toJson());
        QVERIFY2(back, qPrintable(back.errorText()));
        QCOMPARE(*back, event);
    }
    const QString refusal = u"data: neither text nor bytes, and datacontenttype does not say JSON"_s;
    for (const QVariant &data : {QVariant(QVariantMap()), QVariant(5), null()}) {
        Event event = eventWith(data);
        event.setDataContentType(contentType);
        QCOMPARE(event.toJson().errorText(), isJson ? QString() : refusal);
        QVERIFY(event.toCbor());
    }
    const QByteArray json =
        jsonWith(R"("data":[],"datacontenttype":")" + (isJson ? "a/json" : contentType.toLatin1()) + '"');
    QCOMPARE(Event::fromJson(json).errorText(), isJson ? QString() : refusal);
}

void TestEvent::invalidIsNotWritten()
{
    const Event event(QString(), 5);
    QCOMPARE(event.toJson().errorText(), u"type is empty"_s);
    QCOMPARE(event.toCbor().errorText(), u"type is empty"_s);
}

void TestEvent::portabilityIsForgotten()
{
    Event event = eventWith(NaN);
    QVERIFY(!event.isPortable());
    const Event copy = event;
    event.setData(1);
    QVERIFY(event.isPortable());
    QVERIFY(!copy.isPortable());
    event.setData(Infinity);
    QVERIFY(!event.isPortable());
}

void TestEvent::dataAlone()
{
    const QByteArrayList values{
        "null", "true", "false", "0", "-1", "\"\"", "\"a\\u0000b\"", "[]", "{}", "[1,[2,{\"a\":null}]]", "1.5"};
    for (const QByteArray &value : values) {
        const auto data = Event::dataFromJson(" \t\r\n" + value + " \n");
        QVERIFY2(data, qPrintable(data.errorText()));
        QVERIFY(data->isValid());
        QCOMPARE(*eventWith(*data).dataToJson(), value);
    }
    QCOMPARE(Event(u"t"_s).dataToJson().errorText(), u"the event has no data"_s);
    QVERIFY(Event::dataFromJson(nestedJson(512)));
}

void TestEvent::dataAloneRefused_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("error");
    const auto row = [](const char *name, const QByteArray &json, const QString &error) {
        QTest::newRow(name) << json << error;
    };
    row("nothing", "", u"not JSON: nothing is there"_s);
    row("blanks", " \n", u"not JSON: nothing is there"_s);
    row("two", "1,2", u"not one JSON value"_s);
    row("two lists", "[1],[2]", u"not one JSON value"_s);
    row("closed from inside", "1],[2", u"not JSON, at byte 2: garbage at the end of the document"_s);
    row("bracket", "]", u"not JSON, at byte 1: garbage at the end of the document"_s);
    row("word", "nul", u"not JSON, at byte"_s);
    row("comma", "1,", u"not JSON, at byte"_s);
    row("large integer", R"({"a":[1,{"n":9223372036854775808}]})",
        u"data.a[1].n: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    row("small integer", "-9223372036854775809",
        u"data: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    row("long integer", QByteArray(400, '9'),
        u"data: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    row("overflow", "[0,1e400]", u"data[1]: a number that a double cannot hold cannot be carried"_s);
    row("underflow", "{\"a b\":1e-400}", u"data[\"a b\"]: a number that a double cannot hold cannot be carried"_s);
    row("long overflow", "[" + QByteArray(400, '9') + ".5]",
        u"data[0]: a number that a double cannot hold cannot be carried"_s);
    row("twice", R"({"a":{"b":1,"c":2,"b":3}})", u"data.a.b: is named twice"_s);
    row("twice, escaped", R"({"ab":1,"\u0061b":2})", u"data.ab: is named twice"_s);
    row("twice, nested the same", R"([{"a":1},{"a":{"a":1},"a":2}])", u"data[1].a: is named twice"_s);
    row("point first", "[.5]", u"data[0]: not a number of JSON"_s);
    row("point last", "[1.]", u"data[0]: not a number of JSON"_s);
    row("leading zero", "[01]", u"not JSON, at byte"_s);
    row("plus", "[+1]", u"not JSON, at byte"_s);
    row("minus", "[-]", u"data[0]: not a number of JSON"_s);
    row("exponent without digits", "[1e]", u"data[0]: not a number of JSON"_s);
    row("NaN", "[NaN]", u"not JSON, at byte"_s);
    row("unknown escape", R"(["\x"])", u"data[0]: text with an escape that JSON does not have"_s);
    row("bare control character", "[\"a\nb\"]", u"data[0]: text with a control character that is not escaped"_s);
    row("bare control character in a key", "{\"a\":1,\"\t\":2}",
        u"data.a: text with a control character that is not escaped"_s);
    row("lone surrogate", R"(["\ud800"])", u"data[0]: text with a lone surrogate cannot be carried"_s);
    row("lone surrogate in a key", R"({"\udc00":1})",
        u"data: has a key with a lone surrogate, which cannot be carried"_s);
    row("encoded surrogate", "[\"\xed\xa0\x80\"]", u"not JSON, at byte"_s);
    row("overlong UTF-8", "[\"\xc0\x80\"]", u"not JSON, at byte"_s);
    row("not UTF-8", "[\"\xff\"]", u"not JSON, at byte"_s);
    row("too deep", nestedJson(513), u"nested deeper than 512 levels"_s);
    row("much too deep", nestedJson(1000000), u"not JSON, at byte"_s);
}

void TestEvent::dataAloneRefused()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, error);
    const auto data = Event::dataFromJson(json);
    QVERIFY(!data);
    QVERIFY2(data.errorText().contains(error), qPrintable(data.errorText()));
    QVERIFY(data.errorText().size() < 200);
}

// JSON Event Format for CloudEvents 1.0.2, section 3.2, with base64 where the specification has a placeholder.
void TestEvent::specificationExamples()
{
    const auto example = [](const QByteArray &id, const QByteArray &rest) {
        return R"({ "specversion" : "1.0", "type" : "com.example.someevent", "source" : "/mycontext", "id" : ")" + id
               + R"(", "time" : "2018-04-05T17:31:00Z", "comexampleextension1" : "value", "comexampleothervalue" : 5, )"
               + rest + " }";
    };
    const struct
    {
        QByteArray id;
        QByteArray rest;
        QString contentType;
        QVariant data;
    } examples[] = {
        {"A234-1234-1234", R"("datacontenttype" : "application/vnd.apache.thrift.binary", "data_base64" : "AAH+/w==")",
         u"application/vnd.apache.thrift.binary"_s, QByteArray("\0\1\xfe\xff", 4)},
        {"B234-1234-1234",
         R"("unsetextension": null, "datacontenttype" : "application/xml", "data" : "<much wow=\"xml\"/>")",
         u"application/xml"_s, u"<much wow=\"xml\"/>"_s},
        {"C234-1234-1234",
         R"("subject": null, "datacontenttype" : "application/json", "data" : { "appinfoA" : "abc", "appinfoB" : 123, "appinfoC" : true })",
         u"application/json"_s,
         QVariantMap{{u"appinfoA"_s, u"abc"_s}, {u"appinfoB"_s, qlonglong(123)}, {u"appinfoC"_s, true}}},
        {"D234-1234-1234", R"("subject": null, "data" : "I'm just a string")", QString(), u"I'm just a string"_s},
    };
    for (const auto &[id, rest, contentType, data] : examples) {
        const auto event = Event::fromJson(example(id, rest));
        QVERIFY2(event, qPrintable(event.errorText()));
        QVERIFY(event->isValid());
        QCOMPARE(event->type(), u"com.example.someevent"_s);
        QCOMPARE(event->source(), u"/mycontext"_s);
        QCOMPARE(event->id(), QString::fromLatin1(id));
        QCOMPARE(event->timeText(), u"2018-04-05T17:31:00Z"_s);
        QCOMPARE(event->time(), momentOf(QDate(2018, 4, 5), QTime(17, 31)));
        QVERIFY(event->subject().isEmpty());
        QCOMPARE(event->extensions(),
                 (QVariantMap{{u"comexampleextension1"_s, u"value"_s}, {u"comexampleothervalue"_s, 5}}));
        QCOMPARE(event->dataContentType(), contentType);
        QVERIFY(isSame(event->data(), data));
        const auto again = Event::fromJson(*event->toJson());
        QVERIFY2(again, qPrintable(again.errorText()));
        QCOMPARE(*again, *event);
        QCOMPARE(*Event::fromCbor(*event->toCbor()), *event);
    }
}

void TestEvent::readsJson()
{
    const auto bare = Event::fromJson(jsonWith({}));
    QVERIFY2(bare, qPrintable(bare.errorText()));
    QVERIFY(!bare->data().isValid() && bare->extensions().isEmpty() && !bare->time().isValid());
    QCOMPARE(*bare->toJson(), jsonWith({}));

    // A view into something larger, with a byte order mark, which RFC 8259 lets readers ignore.
    const QByteArray framed = "xx\xef\xbb\xbf" + jsonWith({}) + "xx";
    QCOMPARE(*Event::fromJson(QByteArrayView(framed).sliced(2).chopped(2)), *bare);

    const auto escaped =
        Event::fromJson(R"({"\u0069d":"\u0031","specversion":"1.0","source":"\/s","type":"\ud83d\ude00"})");
    QVERIFY2(escaped, qPrintable(escaped.errorText()));
    QCOMPARE(escaped->type(), u"\U0001F600"_s);

    const auto extensions = Event::fromJson(jsonWith(R"("a":2147483647,"b":-2147483648,"c":"","d":false,"e":5.0)"));
    QVERIFY2(extensions, qPrintable(extensions.errorText()));
    QCOMPARE(extensions->extensions(), (QVariantMap{{u"a"_s, std::numeric_limits<int>::max()},
                                                    {u"b"_s, std::numeric_limits<int>::min()},
                                                    {u"c"_s, u""_s},
                                                    {u"d"_s, false},
                                                    {u"e"_s, 5}}));
    QVERIFY(Event::fromJson(jsonWith("\"data\":" + nestedJson(512))));
}

void TestEvent::jsonRefused_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("error");
    const auto row = [](const char *name, const QByteArray &json, const QString &error) {
        QTest::newRow(name) << json << error;
    };

    row("nothing", "", u"not JSON: nothing is there"_s);
    row("blanks", " \r\n\t", u"not JSON: nothing is there"_s);
    row("no JSON", "hello", u"not JSON, at byte"_s);
    row("truncated", jsonWith({}).chopped(1), u"not JSON, at byte"_s);
    row("garbage behind", jsonWith({}) + "x", u"not JSON, at byte"_s);
    row("NUL behind", jsonWith({}) + '\0', u"not JSON, at byte"_s);
    row("another behind", jsonWith({}) + jsonWith({}), u"not JSON, at byte"_s);
    row("list", "[]", u"not an event: not a JSON object"_s);
    row("list of events", '[' + jsonWith({}) + ']', u"not an event: not a JSON object"_s);
    row("string", "\"a\"", u"not JSON, at byte"_s);
    row("empty object", "{}", u"specversion is missing"_s);
    row("not UTF-8", jsonWith("\"data\":\"\xff\""), u"not JSON, at byte"_s);
    row("not UTF-8 in a key", jsonWith("\"\xc3\":1"), u"not JSON, at byte"_s);
    row("comment", "/*x*/" + jsonWith({}), u"not JSON, at byte"_s);

    row("no version", R"({"id":"1","source":"/s","type":"t"})", u"specversion is missing"_s);
    row("no id", R"({"specversion":"1.0","source":"/s","type":"t"})", u"id is missing"_s);
    row("no source", R"({"specversion":"1.0","id":"1","type":"t"})", u"source is missing"_s);
    row("no type", R"({"specversion":"1.0","id":"1","source":"/s"})", u"type is missing"_s);
    row("null id", R"({"specversion":"1.0","id":null,"source":"/s","type":"t"})", u"id is missing"_s);
    row("null version", R"({"specversion":null,"id":"1","source":"/s","type":"t"})", u"specversion is missing"_s);
    row("version 0.3", R"({"specversion":"0.3","id":"1","source":"/s","type":"t"})", u"specversion is not 1.0"_s);
    row("version 1.1", R"({"specversion":"1.1","id":"1","source":"/s","type":"t"})", u"specversion is not 1.0"_s);
    row("version as a number", R"({"specversion":1.0,"id":"1","source":"/s","type":"t"})",
        u"specversion is not a string"_s);
    row("empty id", R"({"specversion":"1.0","id":"","source":"/s","type":"t"})", u"id is empty"_s);
    row("empty source", R"({"specversion":"1.0","id":"1","source":"","type":"t"})", u"source is empty"_s);
    row("empty type", R"({"specversion":"1.0","id":"1","source":"/s","type":""})", u"type is empty"_s);
    row("id as a number", R"({"specversion":"1.0","id":1,"source":"/s","type":"t"})", u"id is not a string"_s);
    row("type as a list", R"({"specversion":"1.0","id":"1","source":"/s","type":["t"]})", u"type is not a string"_s);
    row("control character in the id", R"({"specversion":"1.0","id":"a\nb","source":"/s","type":"t"})",
        u"id holds a control character"_s);
    row("blank in the source", R"({"specversion":"1.0","id":"1","source":"a b","type":"t"})",
        u"source holds a character that a URI cannot hold"_s);

    for (const char *name : {"subject", "time", "datacontenttype", "dataschema"}) {
        const QString shown = QString::fromLatin1(name);
        row(qPrintable(shown + u" empty"_s), jsonWith('"' + QByteArray(name) + "\":\"\""), shown + u" is empty"_s);
        row(qPrintable(shown + u" as a number"_s), jsonWith('"' + QByteArray(name) + "\":1"),
            shown + u" is not a string"_s);
        row(qPrintable(shown + u" as a map"_s), jsonWith('"' + QByteArray(name) + "\":{}"),
            shown + u" is not a string"_s);
        row(qPrintable(shown + u" as a bool"_s), jsonWith('"' + QByteArray(name) + "\":true"),
            shown + u" is not a string"_s);
    }
    row("lone surrogate in the subject", jsonWith(R"("subject":"\ud800")"), u"subject holds a lone surrogate"_s);
    row("relative schema", jsonWith(R"("dataschema":"/x")"), u"dataschema is not an absolute URI"_s);
    row("content type", jsonWith(R"("datacontenttype":"x")"), u"datacontenttype is not a media type"_s);

    row("data twice", jsonWith(R"("data":1,"data_base64":"AA==")"), u"data and data_base64 are both there"_s);
    row("null data and base64", jsonWith(R"("data":null,"data_base64":"AA==")"),
        u"data and data_base64 are both there"_s);
    row("base64 as a number", jsonWith(R"("data_base64":1)"), u"data_base64 is not a string"_s);
    row("base64 with others", jsonWith(R"("data_base64":"A?==")"), u"data_base64 is not base64"_s);
    row("base64 with a blank", jsonWith(R"("data_base64":"AA ==")"), u"data_base64 is not base64"_s);
    row("base64 of a URL", jsonWith(R"("data_base64":"__79_A==")"), u"data_base64 is not base64"_s);
    row("base64 with Unicode", jsonWith(R"("data_base64":"AAä=")"), u"data_base64 is not base64"_s);
    row("base64 without padding", jsonWith(R"("data_base64":"AA")"), u"data_base64 is not base64"_s);
    row("base64 with bits left over", jsonWith(R"("data_base64":"AB==")"), u"data_base64 is not base64"_s);
    row("base64 with padding alone", jsonWith(R"("data_base64":"====")"), u"data_base64 is not base64"_s);
    row("base64 with one character", jsonWith(R"("data_base64":"A")"), u"data_base64 is not base64"_s);

    row("extension with a large integer", jsonWith(R"("x":2147483648)"),
        u"extension x is an integer that does not fit into 32 bits"_s);
    row("extension with a small integer", jsonWith(R"("x":-2147483649)"),
        u"extension x is an integer that does not fit into 32 bits"_s);
    row("extension with a huge integer", jsonWith(R"("x":9223372036854775808)"),
        u"x: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    row("extension with a fraction", jsonWith(R"("x":1.5)"), u"extension x is none of"_s);
    row("extension with a list", jsonWith(R"("x":[])"), u"extension x is none of"_s);
    row("extension with a map", jsonWith(R"("x":{})"), u"extension x is none of"_s);
    row("extension in upper case", jsonWith(R"("traceParent":"x")"),
        u"extension traceParent has a name with other characters"_s);
    row("extension without a name", jsonWith(R"("":"x")"), u"extension \"\" has an empty name"_s);
    row("extension with a control character", jsonWith(R"("x":"\u0007")"), u"extension x holds a control character"_s);

    row("type twice", jsonWith(R"("type":"u")"), u"type: is named twice"_s);
    row("type twice, escaped", jsonWith(R"("t\u0079pe":"u")"), u"type: is named twice"_s);
    row("extension twice", jsonWith(R"("x":1,"x":1)"), u"x: is named twice"_s);
    row("twice inside", jsonWith(R"("data":{"a":[{"b":1,"b":1}]})"), u"data.a[0].b: is named twice"_s);
    row("twice inside, with a byte order mark", jsonWith("\"data\":{\"\xef\xbb\xbf\":1,\"\\ufeff\":1}"),
        u"is named twice"_s);
    row("large integer inside", jsonWith(R"("data":{"items":[0,{"n":18446744073709551615}]})"),
        u"data.items[1].n: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    row("overflow inside", jsonWith(R"("data":{"items":[0,-1e999]})"),
        u"data.items[1]: a number that a double cannot hold cannot be carried"_s);
    row("lone surrogate inside", jsonWith(R"("data":{"a":["\udfff"]})"),
        u"data.a[0]: text with a lone surrogate cannot be carried"_s);
    row("too deep", jsonWith("\"data\":" + nestedJson(513)), u"nested deeper than 512 levels"_s);
    row("much too deep", jsonWith("\"data\":" + nestedJson(100000)), u"not JSON, at byte"_s);
}

void TestEvent::jsonRefused()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, error);
    const auto event = Event::fromJson(json);
    QVERIFY(!event);
    QCOMPARE(event.value(), Event());
    QVERIFY2(event.errorText().contains(error), qPrintable(event.errorText()));
    QVERIFY(event.errorText().size() < 200);
}

void TestEvent::jsonNullIsUnset()
{
    const auto event = Event::fromJson(
        jsonWith(R"("subject":null,"time":null,"datacontenttype":null,"dataschema":null,"x":null,"data_base64":null)"));
    QVERIFY2(event, qPrintable(event.errorText()));
    QCOMPARE(*event, *Event::fromJson(jsonWith({})));
    QVERIFY(!event->data().isValid());

    const auto withNull = Event::fromJson(jsonWith(R"("data":null)"));
    QVERIFY2(withNull, qPrintable(withNull.errorText()));
    QVERIFY(isSame(withNull->data(), null()));
    QVERIFY(*withNull != *event);
}

void TestEvent::readsCbor()
{
    const auto read = [](const QCborValue &value) { return Event::fromCbor(value.toCbor()); };
    const auto bare = read(cborMap({}));
    QVERIFY2(bare, qPrintable(bare.errorText()));
    QCOMPARE(*bare, *Event::fromJson(jsonWith({})));
    QCOMPARE(*read(QCborValue(QCborKnownTags::Signature, cborMap({}))), *bare);
    QCOMPARE(*read(cborMap({{u"subject"_s, nullptr}, {u"x"_s, nullptr}})), *bare);

    const QString time = u"2018-04-05T17:31:00.123456789+02:00"_s;
    QCOMPARE(read(cborMap({{u"time"_s, time}}))->timeText(), time);
    // By hand: QCborValue would make another text of it.
    const QByteArray tagged = cborMap({{u"time"_s, time}}).toCborValue().toCbor().replace("dtime", "dtime\xc0");
    const auto withTag = Event::fromCbor(tagged);
    QVERIFY2(withTag, qPrintable(withTag.errorText()));
    QCOMPARE(withTag->timeText(), time);

    // Every size of number, strings and containers of unknown length, and times that a QDateTime cannot hold.
    const QDateTime farWest = momentOf(QDate(2020, 1, 1), QTime(0, 0), -86340);
    const struct
    {
        QByteArray cbor;
        QVariant value;
    } rows[] = {
        {"17", qlonglong(23)},
        {"1818", qlonglong(24)},
        {"190100", qlonglong(256)},
        {"1a00010000", qlonglong(65536)},
        {"1b7fffffffffffffff", LargestInteger},
        {"3b7fffffffffffffff", SmallestInteger},
        {"20", qlonglong(-1)},
        {"f93c00", 1.0},
        {"fa3fc00000", 1.5},
        {"fb3ff199999999999a", 1.1},
        {"7f61616162ff", u"ab"_s},
        {"7fff", u""_s},
        {"7f63efbbbf616163efbbbfff", u"\ufeffa\ufeff"_s},
        {"5f4100420102ff", QByteArray("\0\1\2", 3)},
        {"9f0102ff", QVariantList{qlonglong(1), qlonglong(2)}},
        {"bf616101ff", QVariantMap{{u"a"_s, qlonglong(1)}}},
        {"c07818" + QByteArray("2020-01-01T00:00:00.001Z").toHex(), momentOf(QDate(2020, 1, 1), QTime(0, 0, 0, 1))},
        {"c0781b" + QByteArray("2020-01-01T00:00:00.000001Z").toHex(), u"2020-01-01T00:00:00.000001Z"_s},
        {"c0781d" + QByteArray("2020-01-01T00:00:00.000+14:00").toHex(),
         momentOf(QDate(2020, 1, 1), QTime(0, 0), 50400)},
        // Not all versions of Qt have it.
        {"c0781d" + QByteArray("2020-01-01T00:00:00.000-23:59").toHex(),
         farWest.isValid() ? QVariant(farWest) : QVariant(u"2020-01-01T00:00:00.000-23:59"_s)},
    };
    for (const auto &[cbor, value] : rows) {
        const QByteArray start = cborMap({{u"data"_s, 0}}).toCborValue().toCbor();
        // The data is last in this map, and 0 is one byte.
        QVERIFY(start.endsWith(QByteArray("data\0", 5)));
        const auto event = Event::fromCbor(start.chopped(1) + QByteArray::fromHex(cbor));
        QVERIFY2(event, qPrintable(event.errorText()));
        QVERIFY2(isSame(event->data(), value), cbor.constData());
    }
}

void TestEvent::cborRefused_data()
{
    QTest::addColumn<QByteArray>("cbor");
    QTest::addColumn<QString>("error");
    const auto row = [](const char *name, const QByteArray &cbor, const QString &error) {
        QTest::newRow(name) << cbor << error;
    };
    const auto map = [&row](const char *name, const QCborMap &value, const QString &error) {
        row(name, value.toCborValue().toCbor(), error);
    };
    const auto data = [&row](const char *name, const QByteArray &hex, const QString &error) {
        row(name, cborMap({{u"data"_s, 0}}).toCborValue().toCbor().chopped(1) + QByteArray::fromHex(hex), error);
    };

    row("nothing", "", u"not CBOR"_s);
    row("number", QByteArray(1, '\1'), u"not an event: not a CBOR map"_s);
    row("JSON", jsonWith({}), u"not"_s);
    row("list", QCborValue(QCborArray{cborMap({})}).toCbor(), u"not an event: not a CBOR map"_s);
    row("garbage behind", cborMap({}).toCborValue().toCbor() + "xyz", u"not CBOR: 3 bytes follow the event"_s);
    row("another behind", cborMap({}).toCborValue().toCbor() + cborMap({}).toCborValue().toCbor(),
        u"bytes follow the event"_s);
    map("empty", {}, u"specversion is missing"_s);
    map("version", cborMap({{u"specversion"_s, u"2"_s}}), u"specversion is not 1.0"_s);
    map("id as a number", cborMap({{u"id"_s, 1}}), u"id is not a string"_s);
    map("id as bytes", cborMap({{u"id"_s, QByteArray("x")}}), u"id is not a string"_s);
    map("source as a tagged URL", cborMap({{u"source"_s, QCborValue(QUrl(u"urn:x"_s))}}), u"source is not a string"_s);
    map("time", cborMap({{u"time"_s, u"yesterday"_s}}), u"time is not a time by RFC 3339"_s);
    map("time as a number", cborMap({{u"time"_s, 5}}), u"time is not a string"_s);
    map("extension", cborMap({{u"x"_s, 1.5}}), u"extension x is none of"_s);
    map("extension with a large integer", cborMap({{u"x"_s, 2147483648LL}}),
        u"extension x is an integer that does not fit into 32 bits"_s);
    map("base64", cborMap({{u"data_base64"_s, u"AA=="_s}}),
        u"extension data_base64 has a name with other characters"_s);
    map("key as a number", cborMap({{1, 1}}), u"event: a map with keys that are not strings cannot be carried"_s);
    row("type twice", QByteArray::fromHex("a2") + QByteArray::fromHex("6474797065616164747970656161"),
        u"type: is named twice"_s);

    data("large integer", "1b8000000000000000",
         u"data: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    data("small integer", "3b8000000000000000",
         u"data: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    data("smallest integer",
         "8100"
         "3bffffffffffffffff",
         u"bytes follow"_s);
    data("smallest integer in a list", "813bffffffffffffffff",
         u"data[0]: an integer that does not fit into 64 bits with a sign cannot be carried"_s);
    data("NaN", "a16178f97e00", u"data.x: NaN cannot be carried"_s);
    data("infinity", "81f97c00", u"data[0]: infinity cannot be carried"_s);
    data("undefined", "81f7", u"data[0]: an undefined value cannot be carried"_s);
    data("simple value", "81f0", u"data[0]: an unassigned simple value of CBOR cannot be carried"_s);
    data("simple value of a byte", "f8ff", u"data: an unassigned simple value of CBOR cannot be carried"_s);
    data("tag", "c600", u"data: a value with the CBOR tag 6 cannot be carried"_s);
    data("tag of a time in seconds", "c100", u"data: a value with the CBOR tag 1 cannot be carried"_s);
    data("tag on a tag", "c0c06161", u"data: has a CBOR tag for text, and is none"_s);
    data("time", "c06161", u"data: has the CBOR tag of a time, and is none by RFC 3339"_s);
    data("URI", "d82062" + QByteArray("a b").left(2).toHex(), u"data: has the CBOR tag of a URI, and is none"_s);
    data("UUID as text", "d8256161", u"data: has the CBOR tag of a UUID, and is none"_s);
    data("UUID with a byte", "d8254100", u"data: has the CBOR tag of a UUID, and is none"_s);
    data("keys", "a10101", u"data: a map with keys that are not strings cannot be carried"_s);
    data("twice", "81a2616101616102", u"data[0].a: is named twice"_s);
    data("not UTF-8", "a1616161ff", u"data.a: not CBOR, at byte"_s);
    data("not UTF-8 in a key", "a161ff00", u"data: not CBOR, at byte"_s);
    data("not UTF-8 in chunks", "7f61c361bfff", u"data: not CBOR, at byte"_s);
    data("encoded surrogate", "63eda080", u"data: not CBOR, at byte"_s);
    data("no value", "", u"data: not CBOR, at byte"_s);
    data("break", "ff", u"event: not CBOR, at byte"_s);
    data("reserved", "1c", u"data: not CBOR, at byte"_s);
    data("truncated string", "6561", u"data: not CBOR, at byte"_s);
    data("truncated chunks", "7f6161", u"data: not CBOR, at byte"_s);
    data("chunk of another kind", "7f4161ff", u"data: not CBOR, at byte"_s);
    data("truncated list", "8201", u"not CBOR, at byte"_s);
    data("list without an end", "9f01", u"not CBOR, at byte"_s);
    data("map without a value", "bf6161ff", u"not CBOR, at byte"_s);
    data("huge string", "7b7fffffffffffffff61", u"data: not CBOR, at byte"_s);
    data("huge bytes", "5b000000ffffffffff61", u"data: not CBOR, at byte"_s);
    data("huge list", "9b7fffffffffffffff01", u"not CBOR, at byte"_s);
    data("huge map", "bb3fffffffffffffff6161", u"not CBOR, at byte"_s);
    data("too deep", QByteArray("81").repeated(513) + "00", u"nested deeper than 512 levels"_s);
    data("much too deep", QByteArray("9f").repeated(1000000), u"nested deeper than 512 levels"_s);
    data("many tags", QByteArray("c0").repeated(1000000), u"data: has a CBOR tag for text, and is none"_s);
}

void TestEvent::cborRefused()
{
    QFETCH(QByteArray, cbor);
    QFETCH(QString, error);
    const auto event = Event::fromCbor(cbor);
    QVERIFY(!event);
    QCOMPARE(event.value(), Event());
    QVERIFY2(event.errorText().contains(error), qPrintable(event.errorText()));
    QVERIFY(event.errorText().size() < 250);
}

namespace {

QString randomText(QRandomGenerator &random)
{
    QString result;
    for (int left = random.bounded(12); left > 0; --left) {
        char32_t c = 0;
        switch (random.bounded(4)) {
        case 0:
            c = char32_t(random.bounded(0x80));
            break;
        case 1:
            c = char32_t(random.bounded(0xd800));
            break;
        case 2:
            c = char32_t(random.bounded(0xe000, 0x10000));
            break;
        default:
            c = char32_t(random.bounded(0x10000, 0x110000));
            break;
        }
        result += QStringView(QChar::fromUcs4(c));
    }
    return result;
}

double randomDouble(QRandomGenerator &random)
{
    for (;;) {
        const quint64 bits = random.generate64();
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        if (std::isfinite(value))
            return value;
    }
}

enum class Target : quint8 { Json, Cbor };

// What comes back as it was.
QVariant randomValue(QRandomGenerator &random, Target target, int depth)
{
    const int kinds = target == Target::Json ? 8 : 12;
    switch (depth > 5 ? random.bounded(2, 8) : random.bounded(kinds)) {
    case 0: {
        QVariantList list;
        for (int left = random.bounded(6); left > 0; --left)
            list.append(randomValue(random, target, depth + 1));
        return list;
    }
    case 1: {
        QVariantMap map;
        for (int left = random.bounded(6); left > 0; --left)
            map.insert(randomText(random), randomValue(random, target, depth + 1));
        return map;
    }
    case 2:
        return null();
    case 3:
        return random.bounded(2) == 1;
    case 4:
        return qlonglong(random.generate64() >> random.bounded(64));
    case 5:
        return -qlonglong(random.generate64() >> random.bounded(1, 64));
    case 6:
        return randomText(random);
    case 7: {
        const double value = randomDouble(random);
        // JSON has one kind of numbers.
        return target == Target::Json && std::trunc(value) == value && std::fabs(value) < 9.3e18 ? 0.5 : value;
    }
    case 8: {
        QByteArray bytes(random.bounded(20), Qt::Uninitialized);
        std::generate(bytes.begin(), bytes.end(), [&random] { return char(random.bounded(256)); });
        return bytes;
    }
    case 9:
        return QUuid::fromString(QString::asprintf("%08x-0000-4000-8000-000000000000", random.generate()));
    case 10:
        return QUrl(u"https://example.org/"_s + QString::number(random.generate()));
    default:
        return QDateTime::fromMSecsSinceEpoch(qint64(random.generate()) * 1000 + random.bounded(1000)).toUTC();
    }
}

} // namespace

void TestEvent::randomRoundTrip()
{
    QRandomGenerator random(20260101);
    for (int round = 0; round < 2000; ++round) {
        const Event forJson = eventWith(randomValue(random, Target::Json, 0));
        const auto json = forJson.toJson();
        QVERIFY2(json, qPrintable(json.errorText()));
        const auto fromJson = Event::fromJson(*json);
        QVERIFY2(fromJson, qPrintable(fromJson.errorText()));
        QVERIFY2(isSame(fromJson->data(), forJson.data()), json->constData());
        QCOMPARE(*fromJson, forJson);
        // Qt's reader finds the same in it.
        QVERIFY2(isSame(QJsonDocument::fromJson(*json).object().value(u"data"_s).toVariant(), forJson.data()),
                 json->constData());

        const Event forCbor = eventWith(randomValue(random, Target::Cbor, 0));
        const auto cbor = forCbor.toCbor();
        QVERIFY2(cbor, qPrintable(cbor.errorText()));
        const auto fromCbor = Event::fromCbor(*cbor);
        QVERIFY2(fromCbor, qPrintable(fromCbor.errorText()));
        QVERIFY2(isSame(fromCbor->data(), forCbor.data()), cbor->toHex().constData());
        QCOMPARE(*fromCbor, forCbor);
    }
}

void TestEvent::damagedJson()
{
    QRandomGenerator random(7);
    int refusals = 0;
    for (int round = 0; round < 300; ++round) {
        const QByteArray json = *eventWith(randomValue(random, Target::Json, 0)).toJson();
        for (int i = 0; i < 30; ++i) {
            QByteArray damaged = json;
            damaged[random.bounded(int(damaged.size()))] = "\"\\{}[],:0-.e\xff\0u"[random.bounded(15)];
            damaged.truncate(random.bounded(2) == 0 ? damaged.size() : random.bounded(int(damaged.size())));
            const auto event = Event::fromJson(damaged);
            if (event)
                QVERIFY2(event->isValid() && event->toJson(), damaged.constData());
            else
                ++refusals;
            QCOMPARE(event.errorText().isEmpty(), bool(event));
        }
    }
    QVERIFY(refusals > 1000);
}

void TestEvent::damagedCbor()
{
    QRandomGenerator random(8);
    int refusals = 0;
    for (int round = 0; round < 300; ++round) {
        const QByteArray cbor = *eventWith(randomValue(random, Target::Cbor, 0)).toCbor();
        for (qsizetype size = 0; size < std::min<qsizetype>(cbor.size(), 300); ++size)
            QVERIFY(!Event::fromCbor(QByteArrayView(cbor).first(size)));
        for (int i = 0; i < 30; ++i) {
            QByteArray damaged = cbor;
            damaged[random.bounded(int(damaged.size()))] = char(random.bounded(256));
            damaged[random.bounded(int(damaged.size()))] = char(random.bounded(256));
            const auto event = Event::fromCbor(damaged);
            if (event)
                QVERIFY2(event->isValid() && event->toCbor(), damaged.toHex().constData());
            else
                ++refusals;
            QCOMPARE(event.errorText().isEmpty(), bool(event));
        }
    }
    QVERIFY(refusals > 1000);
}

void TestEvent::hugeClaimsTakeNoMemory()
{
    // A hundred claims of a gigabyte each: with the memory taken, this would not end in time, or at all.
    const QByteArray start = cborMap({{u"data"_s, 0}}).toCborValue().toCbor().chopped(1);
    for (const char *head : {"7a40000000", "5a40000000", "9a40000000", "ba40000000", "7f7a40000000", "5f5a40000000"}) {
        for (int i = 0; i < 100; ++i)
            QVERIFY(!Event::fromCbor(start + QByteArray::fromHex(head) + "abc"));
    }
}

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(u"tst événement/1"_s);
    TestEvent test;
    QTEST_SET_MAIN_SOURCE_PATH
    return QTest::qExec(&test, argc, argv);
}

#include "tst_event.moc"
