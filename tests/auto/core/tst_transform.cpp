// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Transform>

#include <QtCore/qjsonarray.h>
#include <QtCore/qjsonobject.h>

#include <stdexcept>

using namespace Qt::StringLiterals;
using namespace Qanat;

class TransformTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void atMostOneGoesOn();
    void anInvalidSuccessorFails();
    void redaction_data();
    void redaction();
    void redactionOfNothing();
};

void TransformTest::atMostOneGoesOn()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Transform transform(
        [](const Event &event) -> std::optional<Event> {
            if (event.type() == u"drop"_s)
                return std::nullopt;
            if (event.type() == u"throw"_s)
                throw std::runtime_error("out of order");
            Event changed = event;
            if (event.type() == u"change"_s)
                changed.setType(u"changed"_s);
            return changed;
        },
        std::move(end));
    transform.write(Batch({someEvent(u"keep"_s), someEvent(u"drop"_s), someEvent(u"change"_s), someEvent(u"throw"_s),
                           someEvent(u"keep"_s)}));
    QANAT_WAIT(transform.statistics().pending == 0);
    QStringList types;
    for (const Event &event : recording->events())
        types.append(event.type());
    QCOMPARE(types, QStringList({u"keep"_s, u"changed"_s, u"keep"_s}));
    QCOMPARE(transform.statistics().delivered, 3);
    QCOMPARE(transform.statistics().filtered, 1);
    QCOMPARE(transform.statistics().dropped, 1);
    QANAT_BALANCED(transform);
}

void TransformTest::anInvalidSuccessorFails()
{
    Transform transform(
        [](const Event &event) {
            Event changed = event;
            changed.setType(QString());
            return changed;
        },
        std::make_unique<RecordingSink>());
    const QFuture<Delivery> sent = transform.send(someEvent());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Invalid);
    QVERIFY(sent.result().errorText().contains(u"type"_s));
}

void TransformTest::redaction_data()
{
    QTest::addColumn<QVariant>("data");
    QTest::addColumn<QVariant>("expected");
    const QVariant hidden = u"[redacted]"_s;
    QTest::newRow("by name, anywhere") << QVariant(QVariantMap{{u"a"_s, QVariantList{QVariantMap{{u"PassWord"_s, 1}}}}})
                                       << QVariant(QVariantMap{
                                              {u"a"_s, QVariantList{QVariantMap{{u"PassWord"_s, hidden}}}}});
    QTest::newRow("by pointer")
        << QVariant(QVariantMap{{u"user"_s, QVariantMap{{u"mail"_s, 1}, {u"name"_s, 2}}}, {u"mail"_s, 3}})
        << QVariant(QVariantMap{{u"user"_s, QVariantMap{{u"mail"_s, hidden}, {u"name"_s, 2}}}, {u"mail"_s, 3}});
    QTest::newRow("by index") << QVariant(QVariantMap{{u"list"_s, QStringList{u"x"_s, u"y"_s}}})
                              << QVariant(QVariantMap{{u"list"_s, QVariantList{u"x"_s, hidden}}});
    QTest::newRow("in JSON") << QVariant(QJsonObject{{u"password"_s, QJsonArray{1}}})
                             << QVariant(QVariantMap{{u"password"_s, hidden}});
    QTest::newRow("none of it") << QVariant(QJsonObject{{u"x"_s, 1}}) << QVariant(QJsonObject{{u"x"_s, 1}});
    QTest::newRow("no fields at all") << QVariant(u"password"_s) << QVariant(u"password"_s);
}

void TransformTest::redaction()
{
    QFETCH(QVariant, data);
    QFETCH(QVariant, expected);
    const auto redact = Transform::redaction({u"password"_s, u"/user/mail"_s, u"/list/1"_s});
    const Event event(u"t"_s, data);
    const std::optional<Event> redacted = redact(event);
    QVERIFY(redacted);
    QCOMPARE(redacted->data(), expected);
    QCOMPARE(redacted->id(), event.id());
}

void TransformTest::redactionOfNothing()
{
    const QStringList fields{u"/a~3"_s};
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, (void)Transform::redaction(fields));
}

QTEST_GUILESS_MAIN(TransformTest)
#include "tst_transform.moc"
