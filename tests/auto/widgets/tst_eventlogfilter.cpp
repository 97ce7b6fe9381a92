// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/EventLogFilter>

#include <QtTest/qabstractitemmodeltester.h>

using namespace Qt::StringLiterals;
using namespace Qanat;
using Fate = EventLogModel::Fate;

class EventLogFilterTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void letsEverythingThrough();
    void filters_data();
    void filters();
    void filtersByFate();
    void tellsOfChanges();

private:
    [[nodiscard]] static QStringList types(const EventLogFilter &filter);

    RecordingSink m_sink;
    std::unique_ptr<EventLogModel> m_model;
};

void EventLogFilterTest::initTestCase()
{
    m_model = std::make_unique<EventLogModel>(&m_sink);
    m_sink.recording()->setBehaviour(
        [](const Event &event) { return event.type() == "b.two"_L1 ? Delivery::filtered() : Delivery::delivered(); });
    Event one(u"a.one"_s, QVariantMap{{u"name"_s, u"Größe"_s}});
    one.setSource(u"/eu/de"_s);
    one.setSubject(u"first"_s);
    Event two(u"b.two"_s);
    two.setSource(u"/eu/fr"_s);
    two.setExtension(u"tenant"_s, u"acme"_s);
    Event three(u"a.three.deep"_s, u"a < b"_s);
    three.setSource(u"/us"_s);
    three.setId(u"number-3"_s);
    for (const Event &event : {one, two, three})
        m_sink.write(event);
    QANAT_WAIT(m_model->rowCount() == 3);
}

QStringList EventLogFilterTest::types(const EventLogFilter &filter)
{
    QStringList types;
    for (int row = 0; row < filter.rowCount(); ++row)
        types.append(filter.index(row, int(EventLogModel::Column::Type)).data().toString());
    return types;
}

void EventLogFilterTest::letsEverythingThrough()
{
    EventLogFilter filter;
    const QAbstractItemModelTester tester(&filter, QAbstractItemModelTester::FailureReportingMode::QtTest);
    filter.setSourceModel(m_model.get());
    QCOMPARE(types(filter), (QStringList{u"a.one"_s, u"b.two"_s, u"a.three.deep"_s}));
    filter.sort(int(EventLogModel::Column::Type));
    QCOMPARE(types(filter), (QStringList{u"a.one"_s, u"a.three.deep"_s, u"b.two"_s}));
}

void EventLogFilterTest::filters_data()
{
    QTest::addColumn<QString>("type");
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("expected");
    const QString any;
    const QString one = u"a.one"_s;
    const QString two = u"b.two"_s;
    const QString three = u"a.three.deep"_s;
    QTest::newRow("type with one wildcard") << u"a.*"_s << any << any << QStringList{one};
    QTest::newRow("type with two wildcards") << u"a.**"_s << any << any << QStringList{one, three};
    QTest::newRow("part of a type") << u"T"_s << any << any << QStringList{two, three};
    QTest::newRow("source with a wildcard") << any << u"/eu/*"_s << any << QStringList{one, two};
    QTest::newRow("part of a source") << any << u"us"_s << any << QStringList{three};
    QTest::newRow("text in the data") << any << any << u"größe"_s << QStringList{one};
    QTest::newRow("text in the subject") << any << any << u"FIRST"_s << QStringList{one};
    QTest::newRow("text in an extension") << any << any << u"acme"_s << QStringList{two};
    QTest::newRow("text in the id") << any << any << u"number-3"_s << QStringList{three};
    QTest::newRow("text with a sign") << any << any << u"a < b"_s << QStringList{three};
    QTest::newRow("all of them") << u"a.**"_s << u"/eu/**"_s << u"größe"_s << QStringList{one};
    QTest::newRow("nothing") << u"c.*"_s << any << any << QStringList();
}

void EventLogFilterTest::filters()
{
    QFETCH(const QString, type);
    QFETCH(const QString, source);
    QFETCH(const QString, text);
    EventLogFilter filter;
    filter.setSourceModel(m_model.get());
    filter.setTypePattern(type);
    filter.setSourcePattern(source);
    filter.setText(text);
    QTEST(types(filter), "expected");
    filter.setTypePattern({});
    filter.setSourcePattern({});
    filter.setText({});
    QCOMPARE(filter.rowCount(), 3);
}

void EventLogFilterTest::filtersByFate()
{
    EventLogFilter filter;
    filter.setSourceModel(m_model.get());
    filter.setFates({Fate::Filtered});
    QCOMPARE(types(filter), QStringList{u"b.two"_s});
    filter.setFates({Fate::Delivered, Fate::Dropped});
    QCOMPARE(types(filter), (QStringList{u"a.one"_s, u"a.three.deep"_s}));
    filter.setFates({});
    QCOMPARE(filter.rowCount(), 3);
}

void EventLogFilterTest::tellsOfChanges()
{
    EventLogFilter filter;
    QSignalSpy type(&filter, &EventLogFilter::typePatternChanged);
    QSignalSpy source(&filter, &EventLogFilter::sourcePatternChanged);
    QSignalSpy text(&filter, &EventLogFilter::textChanged);
    QSignalSpy fates(&filter, &EventLogFilter::fatesChanged);
    for (int i = 0; i < 2; ++i) {
        filter.setTypePattern(u"a.*"_s);
        filter.setSourcePattern(u"/a"_s);
        filter.setText(u"a"_s);
        filter.setFates({Fate::Dropped});
    }
    QCOMPARE(type.size() + source.size() + text.size() + fates.size(), 4);
    QCOMPARE(filter.typePattern(), u"a.*"_s);
    QCOMPARE(filter.sourcePattern(), u"/a"_s);
    QCOMPARE(filter.text(), u"a"_s);
    QCOMPARE(filter.fates(), QSet<Fate>{Fate::Dropped});
}

QTEST_MAIN(EventLogFilterTest)

#include "tst_eventlogfilter.moc"
