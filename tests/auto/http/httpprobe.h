// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_HTTPPROBE_H
#define QANAT_TESTS_HTTPPROBE_H

#include <Qanat/Clock>
#include <Qanat/HttpSink>

#include <QtCore/qeventloop.h>
#include <QtCore/qtimer.h>

#include <functional>

namespace Qanat::HttpTest {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

//! How long a condition is waited for that a working library meets soon: for broken ones only.
constexpr std::chrono::milliseconds Patience = 60s;

//! The outcomes of events, in order.
class Outcomes
{
public:
    Completion completion(qsizetype count)
    {
        return Completion(count, [this](qsizetype settled, const Delivery &delivery) {
            for (qsizetype i = 0; i < settled; ++i)
                list.append(delivery);
            if (heard)
                heard();
        });
    }

    //! Turns the event loop until \a count events have an outcome. Returns whether they have.
    bool wait(qsizetype count)
    {
        QEventLoop loop;
        const auto previous = std::exchange(heard, [&] {
            if (list.size() >= count)
                loop.quit();
        });
        QTimer::singleShot(Patience, &loop, &QEventLoop::quit);
        if (list.size() < count)
            loop.exec();
        heard = previous;
        return list.size() >= count;
    }

    QList<Delivery> list;
    std::function<void()> heard;
};

//! What a wrapper of a sink calls, called by the test: so the outcome is seen as the sink gave it.
class Probe : public HttpSink
{
public:
    using HttpSink::finish;
    using HttpSink::HttpSink;
    using HttpSink::interrupt;

    void attempt(const Batch &batch, Outcomes &outcomes) { process(batch, outcomes.completion(batch.size())); }
};

//! The wall clock stands still.
class StoppedClock : public Qanat::Clock
{
public:
    explicit StoppedClock(std::chrono::milliseconds wallClock)
        : m_wallClock(wallClock)
    {
    }
    std::chrono::nanoseconds now() const override { return 0ns; }
    std::chrono::milliseconds wallClock() const override { return m_wallClock; }

private:
    const std::chrono::milliseconds m_wallClock;
};

inline Event numbered(int number)
{
    Event event(u"test"_s, number);
    event.setId(QString::number(number));
    return event;
}

inline Batch numberedBatch(int count)
{
    QList<Event> events;
    for (int i = 0; i < count; ++i)
        events.append(numbered(i));
    return Batch(events);
}

inline Delivery attemptOne(Probe &sink, const Event &event = numbered(0))
{
    Outcomes outcomes;
    sink.attempt(Batch(event), outcomes);
    if (!outcomes.wait(1))
        return Delivery::dropped(Delivery::Error::Other, u"the test waited in vain"_s);
    return outcomes.list.first();
}

} // namespace Qanat::HttpTest

#endif
