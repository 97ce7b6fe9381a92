// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include "warnings_p.h"

#include <atomic>

using namespace Qt::StringLiterals;

namespace Qanat {

void QanatTest::init()
{
    failOnUnexpectedWarnings();
}

void ThreadedTest::init()
{
    failOnUnexpectedWarnings();
    m_heartbeat = std::make_unique<HeartbeatWatch>();
}

void ThreadedTest::cleanup()
{
    if (!m_heartbeat)
        return;
    const bool isWithin = m_heartbeat->isWithin();
    const QString summary = m_heartbeat->summary();
    m_heartbeat.reset();
    QVERIFY2(isWithin, qPrintable(summary));
}

Event someEvent(const QString &type)
{
    return Event(type, QVariantMap{{u"payload"_s, u"s3cret"_s}});
}

QList<Event> someEvents(qsizetype count)
{
    QList<Event> events;
    events.reserve(count);
    for (qsizetype i = 0; i < count; ++i)
        events.append(someEvent());
    return events;
}

QList<Event> eventsSharing(const std::shared_ptr<int> &data, qsizetype count)
{
    QList<Event> events;
    events.reserve(count);
    for (qsizetype i = 0; i < count; ++i)
        events.append(Event(u"test.event"_s, QVariant::fromValue(data)));
    return events;
}

Event eventOf(const QString &key)
{
    Event event = someEvent();
    event.setSubject(key);
    return event;
}

QStringList idsOf(const QList<Event> &events)
{
    QStringList ids;
    ids.reserve(events.size());
    for (const Event &event : events)
        ids.append(event.id());
    return ids;
}

Recording::Behaviour always(const Delivery &delivery)
{
    return [delivery](const Event &) { return delivery; };
}

Delivery passingFailure()
{
    return Delivery::failed(Delivery::Error::Unavailable, u"out of order for a while"_s);
}

Delivery permanentFailure()
{
    return Delivery::failed(Delivery::Error::Refused, u"refused"_s, Delivery::Retry::Never);
}

namespace {

// Does that in the sink's thread, which alone may. (An event, and no functor: what is behind those is hidden from the thread
// sanitizer.)
class Mover final : public QObject
{
public:
    Mover(Sink &sink, QThread *target)
        : m_sink(sink)
        , m_target(target)
    {
        moveToThread(sink.thread());
    }

    bool event(QEvent *event) override
    {
        if (event->type() != QEvent::User)
            return QObject::event(event);
        m_sink.moveToThread(m_target);
        moveToThread(m_target);
        m_isDone = true; // Nothing of this is touched any more.
        return true;
    }
    bool isDone() const { return m_isDone; }

private:
    Sink &m_sink;
    QThread *const m_target;
    std::atomic<bool> m_isDone{false};
};

} // namespace

bool moveBack(Sink &sink)
{
    Mover mover(sink, QThread::currentThread());
    QCoreApplication::postEvent(&mover, new QEvent(QEvent::User));
    return waitUntil([&] { return mover.isDone(); });
}

void settleCommands(Broadcaster &broadcaster)
{
    // A command that changes nothing, behind all others.
    QANAT_FINISH(broadcaster.remove(&broadcaster));
}

} // namespace Qanat
