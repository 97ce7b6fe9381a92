// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Data with code of the user's that misbehaves: it throws, gives out itself, or comes back to the sink.

#include "qanattest.h"

#include <Qanat/DeadLetters>
#include <Qanat/FileSink>
#include <Qanat/Queue>
#include <Qanat/Transform>

#include <QtCore/qfile.h>
#include <QtCore/qtemporarydir.h>

#include <stdexcept>

using namespace Qt::StringLiterals;
using namespace Qanat;

// Has two others of its kind, and so on without end.
class Week
{
    Q_GADGET
    Q_PROPERTY(int number MEMBER number)
    Q_PROPERTY(Week next READ next)
    Q_PROPERTY(Week previous READ previous)
public:
    int number = 0;
    Week next() const { return {number + 1}; }
    Week previous() const { return {number - 1}; }
};

class Throwing
{
    Q_GADGET
    Q_PROPERTY(int value READ value)
public:
    int value() const { throw std::runtime_error("no value"); }
};

namespace {

// Asks the sink for its counters when it goes.
class Asking
{
public:
    explicit Asking(const Sink *sink)
        : m_sink(sink)
    {
    }
    ~Asking() { (void)m_sink->statistics(); }
    Q_DISABLE_COPY_MOVE(Asking)

private:
    const Sink *const m_sink;
};

// Leaves its first call open; up to three may be.
class Several : public Sink
{
public:
    int maxInFlight() const override { return 3; }
    Completion first;

protected:
    void process(const Batch &, Completion completion) override
    {
        if (!std::exchange(m_isFirstSeen, true))
            first = std::move(completion);
        else
            completion.settleAll(Delivery::delivered());
    }

private:
    bool m_isFirstSeen = false;
};

QStringList linesOf(const QString &fileName)
{
    QFile file(fileName);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).split(u'\n', Qt::SkipEmptyParts)
                                          : QStringList();
}

} // namespace

class TestHostileValues : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void withoutEnd();
    void throwingNeverLeavesAWrite();
    void throwingFailsItsOwnEvent();
    void comingBackWhileItIsDestroyed();
};

void TestHostileValues::withoutEnd()
{
    const Event event(u"week"_s, QVariant::fromValue(Week{}));
    QVERIFY(!event.isPortable());
    Queue queue(std::make_unique<RecordingSink>());
    queue.setLimits({100, 1'000'000, Limits::Overflow::Reject});
    QVERIFY(queue.write(event));
    QANAT_WAIT(queue.statistics().delivered == 1);

    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Transform redacting(Transform::redaction({u"password"_s}), std::move(end));
    redacting.write(event);
    QANAT_WAIT(redacting.statistics().delivered == 1);
    QCOMPARE(recording->events()[0].data(), QVariant(u"[redacted]"_s));
}

void TestHostileValues::throwingNeverLeavesAWrite()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::move(end));
    queue.setLimits({100, 1'000'000, Limits::Overflow::Reject});
    const Event event(u"bad"_s, QVariant::fromValue(Throwing()));
    QVERIFY(queue.write(event));
    QVERIFY(queue.write(Batch({someEvent(), event, someEvent()})));
    QANAT_WAIT(recording->count() == 4);
    QANAT_WAIT(queue.statistics().pending == 0);
    QANAT_BALANCED(queue);
    QVERIFY2(event.portabilityError().contains(u"an exception left a property of type Throwing"),
             qPrintable(event.portabilityError()));
    QVERIFY(!event.toJson());
    QVERIFY(!event.toCbor());
}

void TestHostileValues::throwingFailsItsOwnEvent()
{
    const QTemporaryDir folder;
    const QString name = folder.filePath(u"events"_s);
    DeadLetters dead;
    Queue queue(std::make_unique<FileSink>(name));
    queue.setDeadLetterSink(&dead);
    QList<Event> events = someEvents(9);
    events.insert(4, Event(u"bad"_s, QVariant::fromValue(Throwing())));
    queue.write(Batch(events));
    QANAT_WAIT(dead.count() == 1);
    QCOMPARE(dead.letters()[0].event.type(), u"bad"_s);
    QANAT_FINISH(queue.close());
    QCOMPARE(linesOf(name).size(), 9);
}

// With several in flight, where what waits for one key is put together.
void TestHostileValues::comingBackWhileItIsDestroyed()
{
    Several sink;
    const auto eventWith = [&sink](const QString &key) {
        Event event(u"asking"_s, QVariant::fromValue(std::make_shared<Asking>(&sink)));
        event.setSubject(key);
        return event;
    };
    sink.write(Batch({eventWith(u"a"_s)}));
    for (int i = 0; i < 3; ++i)
        sink.write(Batch({eventWith(u"a"_s), eventWith(u"b"_s)}));
    QANAT_WAIT(sink.statistics().delivered == 3); // Those of b.
    sink.first.settleAll(Delivery::delivered());
    QANAT_WAIT(sink.statistics().delivered == 7);
    QANAT_BALANCED(sink);
}

QTEST_GUILESS_MAIN(TestHostileValues)

#include "tst_hostilevalues.moc"
