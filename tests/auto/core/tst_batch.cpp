// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Batch>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace {

QStringList idsOf(const Batch &batch)
{
    QStringList ids;
    for (const Event &event : batch)
        ids.append(event.id());
    return ids;
}

} // namespace

class BatchTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void empty();
    void keepsItsEventsInOrder();
    void partsShareTheEvents();
    void partsAreClipped();
    void picks();
    void otherEventsInTheirPlace();
    void copiesOutliveTheirSource();
    void isReadFromManyThreads();
};

void BatchTest::empty()
{
    for (const Batch &batch : {Batch(), Batch(QList<Event>()), Batch(std::initializer_list<Event>{})}) {
        QVERIFY(batch.isEmpty());
        QCOMPARE(batch.size(), 0);
        QVERIFY(batch.begin() == batch.end());
        QVERIFY(batch.mid(0).isEmpty());
        QCOMPARE(batch.acceptedAt().count(), 0);
        QCOMPARE(batch.orderKey(), quint64(0));
    }
}

void BatchTest::keepsItsEventsInOrder()
{
    const QList<Event> events = someEvents(5000);
    const Batch batch(events);
    QCOMPARE(batch.size(), 5000);
    QCOMPARE(idsOf(batch), Qanat::idsOf(events));
    QCOMPARE(batch.first(), events.first());
    QCOMPARE(batch[4999], events.last());
    QCOMPARE(batch.at(7), events[7]);
    const Event one = someEvent();
    QCOMPARE(Batch(one).size(), 1);
    QCOMPARE(Batch(one).first(), one);
    QCOMPARE((Batch{events[0], events[1]}).size(), 2);
}

void BatchTest::partsShareTheEvents()
{
    const Batch batch(someEvents(10));
    const Batch part = batch.mid(3, 4);
    QCOMPARE(part.size(), 4);
    QCOMPARE(part.begin(), batch.begin() + 3); // Not a copy.
    QCOMPARE(idsOf(part), idsOf(batch).mid(3, 4));
    QCOMPARE(batch.mid(8).size(), 2);
    QCOMPARE(part.mid(1, 2).begin(), batch.begin() + 4);
}

void BatchTest::partsAreClipped()
{
    const Batch batch(someEvents(3));
    QCOMPARE(batch.mid(-5).size(), 3);
    QCOMPARE(batch.mid(5).size(), 0);
    QCOMPARE(batch.mid(1, 100).size(), 2);
    QCOMPARE(batch.mid(1, -1).size(), 0);
}

void BatchTest::picks()
{
    const Batch batch(someEvents(10));
    const Batch picked = batch.pick({1, 5, 9});
    QCOMPARE(idsOf(picked), QStringList({batch[1].id(), batch[5].id(), batch[9].id()}));
    QVERIFY(batch.pick({}).isEmpty());
}

void BatchTest::otherEventsInTheirPlace()
{
    // What was accepted, and its key, stay with them: seen where a sink has both.
    const auto clock = std::make_shared<ManualClock>();
    class Keeping : public Sink
    {
    public:
        Batch batch;

    protected:
        void process(const Batch &got, Completion completion) override
        {
            batch = got;
            completion.settleAll(Delivery());
        }
    } keeping;
    keeping.setClock(clock);
    keeping.write(Batch(someEvents(3)));
    QVERIFY(waitUntil([&] { return keeping.batch.size() == 3; }));
    QCOMPARE(keeping.batch.acceptedAt(), clock->now());
    const QList<Event> others = someEvents(2);
    const Batch changed = keeping.batch.withEvents(others);
    QCOMPARE(changed.acceptedAt(), clock->now());
    QCOMPARE(changed.orderKey(), keeping.batch.orderKey());
    QCOMPARE(idsOf(changed), Qanat::idsOf(others));
    QCOMPARE(keeping.batch.pick({0}).acceptedAt(), clock->now());
}

void BatchTest::copiesOutliveTheirSource()
{
    Batch kept;
    QStringList ids;
    {
        const Batch batch(someEvents(100));
        ids = idsOf(batch).mid(50);
        kept = batch.mid(50);
    }
    QCOMPARE(idsOf(kept), ids);
    Batch moved = std::move(kept);
    QCOMPARE(idsOf(moved), ids);
    const Batch &self = moved;
    moved = self;
    QCOMPARE(idsOf(moved), ids);
}

void BatchTest::isReadFromManyThreads()
{
    const Batch batch(someEvents(200));
    const QStringList ids = idsOf(batch);
    std::atomic<int> wrong{0};
    Crew crew(4, [&](int i) {
        for (int n = 0; n < 50; ++n) {
            const Batch copy = batch;
            wrong += idsOf(copy.mid(n, 50)) != ids.mid(n, 50);
            wrong += copy.pick({i}).first().id() != ids[i];
        }
    });
    QVERIFY(crew.wait());
    QCOMPARE(wrong.load(), 0);
}

QTEST_GUILESS_MAIN(BatchTest)
#include "tst_batch.moc"
