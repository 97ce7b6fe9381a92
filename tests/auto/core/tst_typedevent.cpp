// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "moment.h"
#include "qanattest.h"

#include <Qanat/Matcher>
#include <Qanat/Transform>

#include <QtCore/qjsonobject.h>
#include <QtCore/qurl.h>
#include <QtCore/quuid.h>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Shop {

struct Item
{
    Q_GADGET
    Q_PROPERTY(QString name MEMBER name)
    Q_PROPERTY(int count MEMBER count)
    Q_PROPERTY(double price MEMBER price)
public:
    QString name;
    int count = 1;
    double price = 0;

    friend bool operator==(const Item &one, const Item &other)
    {
        return one.name == other.name && one.count == other.count && one.price == other.price;
    }
    friend bool operator!=(const Item &one, const Item &other) { return !(one == other); }
};

struct Order
{
    Q_GADGET
    Q_CLASSINFO("EventType", "shop.ordered")
    Q_PROPERTY(quint32 number MEMBER number)
    Q_PROPERTY(Kind kind MEMBER kind)
    Q_PROPERTY(QList<Shop::Item> items MEMBER items)
    Q_PROPERTY(Shop::Item gift MEMBER gift)
    Q_PROPERTY(QMap<QString, int> points MEMBER points)
    Q_PROPERTY(QStringList tags MEMBER tags)
    Q_PROPERTY(QDateTime due MEMBER due)
    Q_PROPERTY(QUrl link MEMBER link)
    Q_PROPERTY(QUuid key MEMBER key)
    Q_PROPERTY(bool isPaid MEMBER isPaid)
    Q_PROPERTY(QVariant extra MEMBER extra)
    Q_PROPERTY(qsizetype size READ size)
public:
    enum class Kind : quint8 { Private, Business = 7 };
    Q_ENUM(Kind)

    quint32 number = 0;
    Kind kind = Kind::Private;
    QList<Item> items;
    Item gift;
    QMap<QString, int> points;
    QStringList tags;
    QDateTime due;
    QUrl link;
    QUuid key;
    bool isPaid = false;
    QVariant extra;

    qsizetype size() const { return items.size(); }

    friend bool operator==(const Order &one, const Order &other)
    {
        return one.number == other.number && one.kind == other.kind && one.items == other.items
               && one.gift == other.gift && one.points == other.points && one.tags == other.tags && one.due == other.due
               && one.link == other.link && one.key == other.key && one.isPaid == other.isPaid
               && one.extra == other.extra;
    }
};

struct Plain
{
    int value = 0;
};

} // namespace Shop

class TestTypedEvent : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void isNamedByItsType();
    void holdsTheValue();
    void goesThroughJsonAndBack();
    void goesThroughCborAndBack();
    void takesPartsFromElsewhere();
    void refusesWhatDoesNotFit_data();
    void refusesWhatDoesNotFit();
    void plainValues();
    void whatHasNoPropertiesStaysInside();
    void secretsInContainersAreRedacted();
    void isFoundByAMatcher();
    void listenersHearTheirType();
    void listenersHearWhatComesFromElsewhere();

private:
    static Shop::Order someOrder();
};

Shop::Order TestTypedEvent::someOrder()
{
    Shop::Order order;
    order.number = 4000000000U;
    order.kind = Shop::Order::Kind::Business;
    order.items = {{u"tea"_s, 2, 3.5}, {u"cup"_s, 1, 12}};
    order.gift = {u"spoon"_s, 1, 0};
    order.points = {{u"green"_s, 5}, {u"red"_s, -1}};
    order.tags = {u"a"_s, u"b"_s};
    order.due = momentOf({2026, 12, 24}, {18, 0});
    order.link = QUrl(u"https://example.org/x?y=1"_s);
    order.key = QUuid::createUuid();
    order.isPaid = true;
    order.extra = u"anything"_s;
    return order;
}

void TestTypedEvent::isNamedByItsType()
{
    QCOMPARE(Event::typeOf<Shop::Order>(), u"shop.ordered"_s);
    QCOMPARE(Event::typeOf<Shop::Item>(), u"Shop.Item"_s);
    QCOMPARE(Event::typeOf<Shop::Plain>(), u"Shop.Plain"_s);
    QCOMPARE(Event::fromValue(someOrder()).type(), u"shop.ordered"_s);
    QVERIFY(Event::fromValue(Shop::Item()).isValid());
}

void TestTypedEvent::holdsTheValue()
{
    const Shop::Order order = someOrder();
    const Event event = Event::fromValue(order);
    const Result<Shop::Order> value = event.value<Shop::Order>();
    QVERIFY2(value, qPrintable(value.errorText()));
    QCOMPARE(*value, order);
    QCOMPARE(Event::fromValue(Shop::Plain{3}).value<Shop::Plain>()->value, 3);
}

void TestTypedEvent::goesThroughJsonAndBack()
{
    const Shop::Order order = someOrder();
    const Event event = Event::fromValue(order);
    QVERIFY2(event.isPortable(), qPrintable(event.portabilityError()));
    const Result<QByteArray> json = event.toJson();
    QVERIFY2(json, qPrintable(json.errorText()));
    QVERIFY2(json->contains(R"("items":[{"count":2,"name":"tea","price":3.5},)"), json->constData());
    QVERIFY2(json->contains(R"("points":{"green":5,"red":-1})"), json->constData());
    const Result<Event> back = Event::fromJson(*json);
    QVERIFY2(back, qPrintable(back.errorText()));
    const Result<Shop::Order> value = back->value<Shop::Order>();
    QVERIFY2(value, qPrintable(value.errorText()));
    QCOMPARE(*value, order);
}

void TestTypedEvent::goesThroughCborAndBack()
{
    const Shop::Order order = someOrder();
    const Result<QByteArray> cbor = Event::fromValue(order).toCbor();
    QVERIFY2(cbor, qPrintable(cbor.errorText()));
    const Result<Shop::Order> value = Event::fromCbor(*cbor)->value<Shop::Order>();
    QVERIFY2(value, qPrintable(value.errorText()));
    QCOMPARE(*value, order);
}

void TestTypedEvent::takesPartsFromElsewhere()
{
    // Keys of enumerations, whole numbers as doubles, QtJson; what is not named stays, and what is not known is passed over.
    const QJsonObject json{{u"name"_s, u"tea"_s}, {u"count"_s, 2.0}, {u"colour"_s, u"green"_s}};
    const Result<Shop::Item> item = Event(u"x"_s, json).value<Shop::Item>();
    QVERIFY2(item, qPrintable(item.errorText()));
    QCOMPARE(item->name, u"tea"_s);
    QCOMPARE(item->count, 2);
    const Result<Shop::Order> order =
        Event(u"x"_s, QVariantMap{{u"kind"_s, u"Business"_s}, {u"size"_s, 12}}).value<Shop::Order>();
    QVERIFY2(order, qPrintable(order.errorText()));
    QCOMPARE(order->kind, Shop::Order::Kind::Business);
    QCOMPARE(order->gift.count, 1);
}

void TestTypedEvent::refusesWhatDoesNotFit_data()
{
    QTest::addColumn<QVariant>("data");
    QTest::addColumn<QString>("place");

    const auto order = [](const QString &name, const QVariant &value) { return QVariantMap{{name, value}}; };
    QTest::newRow("no map") << QVariant(u"text"_s) << u"data: "_s;
    QTest::newRow("no data") << QVariant() << u"data: "_s;
    QTest::newRow("a text for a number") << QVariant(order(u"number"_s, u"5"_s)) << u"data.number: "_s;
    QTest::newRow("a negative number") << QVariant(order(u"number"_s, -1)) << u"data.number: "_s;
    QTest::newRow("too large") << QVariant(order(u"number"_s, 5000000000LL)) << u"data.number: "_s;
    QTest::newRow("a fraction") << QVariant(order(u"number"_s, 1.5)) << u"data.number: "_s;
    QTest::newRow("no such number of an enumeration") << QVariant(order(u"kind"_s, 256 + 7)) << u"data.kind: "_s;
    QTest::newRow("no such key") << QVariant(order(u"kind"_s, u"Secret"_s)) << u"data.kind: "_s;
    QTest::newRow("a number for a text") << QVariant(order(u"tags"_s, QVariantList{1})) << u"data.tags"_s;
    QTest::newRow("inside of a list") << QVariant(
        order(u"items"_s, QVariantList{QVariantMap(), QVariantMap{{u"count"_s, true}}}))
                                      << u"data.items[1].count: "_s;
    QTest::newRow("a list for a map") << QVariant(order(u"points"_s, QVariantList())) << u"data.points: "_s;
    QTest::newRow("no time") << QVariant(order(u"due"_s, u"tomorrow"_s)) << u"data.due: "_s;
    QTest::newRow("no uuid") << QVariant(order(u"key"_s, u"1234"_s)) << u"data.key: "_s;
    QTest::newRow("a number for a truth value") << QVariant(order(u"isPaid"_s, 1)) << u"data.isPaid: "_s;
}

void TestTypedEvent::refusesWhatDoesNotFit()
{
    QFETCH(const QVariant, data);
    QFETCH(const QString, place);
    const Result<Shop::Order> order = Event(u"x"_s, data).value<Shop::Order>();
    QVERIFY(!order);
    QVERIFY2(order.errorText().startsWith(place), qPrintable(order.errorText()));
    QVERIFY(!order.errorText().contains(u"tomorrow"_s)); // No values.
}

void TestTypedEvent::plainValues()
{
    QCOMPARE(*Event(u"x"_s, 5).value<int>(), 5);
    QCOMPARE(*Event(u"x"_s, 5).value<double>(), 5.0);
    QCOMPARE(*Event(u"x"_s, u"text"_s).value<QString>(), u"text"_s);
    QVERIFY(!Event(u"x"_s, 300).value<quint8>());
    QVERIFY(!Event(u"x"_s).value<QString>());
    QCOMPARE(*Event(u"x"_s, QVariantList{1, 2}).value<QList<int>>(), (QList<int>{1, 2}));
    QCOMPARE(*Event(u"x"_s, std::numeric_limits<quint64>::max()).value<quint64>(), std::numeric_limits<quint64>::max());
    QVERIFY(!Event(u"x"_s, std::numeric_limits<quint64>::max()).value<qint64>());
    QVERIFY(!Event(u"x"_s, -5).value<quint64>());
    QVERIFY(!Event(u"x"_s, 1e300).value<float>());
}

void TestTypedEvent::whatHasNoPropertiesStaysInside()
{
    const Event event = Event::fromValue(Shop::Plain{3});
    QVERIFY(!event.isPortable());
    QVERIFY2(event.portabilityError().contains(u"Shop::Plain"_s), qPrintable(event.portabilityError()));
}

void TestTypedEvent::secretsInContainersAreRedacted()
{
    const auto redact = Transform::redaction({u"name"_s});
    const Event event(u"x"_s, QVariantMap{{u"list"_s, QVariant::fromValue(QList<Shop::Item>{{u"secret"_s, 1, 0}})}});
    const std::optional<Event> redacted = redact(event);
    QVERIFY(redacted);
    const QByteArray json = redacted->toJson().value();
    QVERIFY2(!json.contains("secret") && json.contains("[redacted]"), json.constData());
}

void TestTypedEvent::isFoundByAMatcher()
{
    const Event event = Event::fromValue(someOrder());
    QVERIFY(Matcher::data(u"/items/1/name"_s, u"cup"_s).matches(event));
    QVERIFY(Matcher::data(u"/points/red"_s, -1).matches(event));
    QVERIFY(!Matcher::data(u"/items/2"_s).matches(event));
}

void TestTypedEvent::listenersHearTheirType()
{
    Broadcaster events;
    QObject context;
    QList<Shop::Item> items;
    QStringList ids;
    const Subscription values =
        events.listen<Shop::Item>(&context, [&](const Shop::Item &item) { items.append(item); });
    const Subscription both =
        events.listen<Shop::Item>(&context, [&](const Shop::Item &, const Event &event) { ids.append(event.id()); });
    Event renamed = Event::fromValue(Shop::Item{u"cup"_s, 1, 2});
    renamed.setType(u"another.name"_s);
    events.write(Event::fromValue(Shop::Item{u"tea"_s, 2, 3}));
    events.write(someEvent());
    events.write(renamed);
    events.write(Event::fromValue(someOrder()));
    QANAT_WAIT(values.statistics().pending == 0 && values.statistics().written == 4 && ids.size() == 2);
    QCOMPARE(items, (QList<Shop::Item>{{u"tea"_s, 2, 3}, {u"cup"_s, 1, 2}}));
    QCOMPARE(ids.last(), renamed.id());
    QCOMPARE(values.statistics().delivered, 2);
    QCOMPARE(values.statistics().filtered, 2);
}

void TestTypedEvent::listenersHearWhatComesFromElsewhere()
{
    Broadcaster events;
    QObject context;
    QList<Shop::Item> items;
    const Subscription subscription =
        events.listen<Shop::Item>(&context, [&](const Shop::Item &item) { items.append(item); });
    events.write(Event(u"Shop.Item"_s, QVariantMap{{u"name"_s, u"tea"_s}}));
    events.write(Event(u"Shop.Item"_s, QVariantMap{{u"name"_s, 5}}));
    QANAT_WAIT(subscription.statistics().delivered == 1 && subscription.statistics().dropped == 1);
    QCOMPARE(items, (QList<Shop::Item>{{u"tea"_s, 1, 0}}));
    QCOMPARE(subscription.statistics().lastError.error(), Delivery::Error::Invalid);
}

QTEST_GUILESS_MAIN(TestTypedEvent)

#include "tst_typedevent.moc"
