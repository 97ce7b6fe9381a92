// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/testing/heartbeat.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qdebug.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace Qanat {

using namespace Qt::StringLiterals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace {

//! The gaps between the beats of one thread.
class Pulse
{
public:
    void begin(steady_clock::time_point now)
    {
        m_last = now;
        m_worst = nanoseconds::zero();
        m_beats = 0;
    }

    void beat(steady_clock::time_point now)
    {
        m_worst = worst(now);
        m_last = now;
        ++m_beats;
    }

    [[nodiscard]] nanoseconds worst(steady_clock::time_point now) const
    {
        return std::max<nanoseconds>(m_worst, now - m_last);
    }

    [[nodiscard]] quint64 beats() const { return m_beats; }

private:
    steady_clock::time_point m_last;
    nanoseconds m_worst{0};
    quint64 m_beats = 0;
};

//! The thread where nothing else happens.
class ControlThread : public QThread
{
public:
    ControlThread() { setObjectName(u"Heartbeat"_s); }

    //! Returns when the pulse has begun, so that the start of the thread is not taken for a gap.
    void begin()
    {
        std::unique_lock lock(m_mutex);
        m_isBeating = false;
        start();
        m_begun.wait(lock, [this] { return m_isBeating; });
    }

    void restart()
    {
        const std::lock_guard lock(m_mutex);
        m_pulse.begin(steady_clock::now());
    }

    [[nodiscard]] Pulse pulse() const
    {
        const std::lock_guard lock(m_mutex);
        return m_pulse;
    }

protected:
    void run() override
    {
        QTimer timer;
        timer.setTimerType(Qt::PreciseTimer);
        timer.callOnTimeout(&timer, [this] {
            const std::lock_guard lock(m_mutex);
            m_pulse.beat(steady_clock::now());
        });
        timer.start(Heartbeat::Interval);
        {
            const std::lock_guard lock(m_mutex);
            m_pulse.begin(steady_clock::now());
            m_isBeating = true;
        }
        m_begun.notify_all();
        exec();
    }

private:
    mutable std::mutex m_mutex;
    std::condition_variable m_begun;
    bool m_isBeating = false;
    Pulse m_pulse;
};

QString inMilliseconds(nanoseconds time)
{
    return QString::number(std::chrono::duration<double, std::milli>(time).count(), 'f', 1) + u" ms"_s;
}

} // namespace

class HeartbeatPrivate
{
public:
    //! What was measured up to one moment.
    struct Reading
    {
        nanoseconds worst{0};
        nanoseconds control{0};
        quint64 beats = 0;
        quint64 controlBeats = 0;
    };

    [[nodiscard]] Reading read() const
    {
        if (!timer.isActive())
            return last;
        const Pulse controlPulse = control.pulse();
        const auto now = steady_clock::now();
        return {pulse.worst(now), controlPulse.worst(now), pulse.beats(), controlPulse.beats()};
    }

    QTimer timer;
    Pulse pulse;
    ControlThread control;
    Reading last; // after it was stopped
};

Heartbeat::Heartbeat(QObject *parent)
    : QObject(parent)
    , d(std::make_unique<HeartbeatPrivate>())
{
    d->timer.setTimerType(Qt::PreciseTimer);
    d->timer.callOnTimeout(this, [this] { d->pulse.beat(steady_clock::now()); });
    if (QCoreApplication::instance())
        restart();
    else
        qWarning("Qanat::Heartbeat needs a QCoreApplication");
}

Heartbeat::~Heartbeat()
{
    d->control.quit();
    d->control.wait();
}

void Heartbeat::restart()
{
    if (d->control.isRunning())
        d->control.restart();
    else
        d->control.begin();
    d->timer.start(Interval);
    d->pulse.begin(steady_clock::now());
}

void Heartbeat::stop()
{
    d->last = d->read();
    d->timer.stop();
    d->control.quit();
    d->control.wait();
}

nanoseconds Heartbeat::worstGap() const
{
    return d->read().worst;
}

nanoseconds Heartbeat::controlWorstGap() const
{
    return d->read().control;
}

nanoseconds Heartbeat::worstExcess() const
{
    const HeartbeatPrivate::Reading reading = d->read();
    return std::max(reading.worst - reading.control, nanoseconds::zero());
}

bool Heartbeat::isWithin(nanoseconds tolerance) const
{
    return worstExcess() <= tolerance;
}

quint64 Heartbeat::beats() const
{
    return d->read().beats;
}

quint64 Heartbeat::controlBeats() const
{
    return d->read().controlBeats;
}

QString Heartbeat::summary() const
{
    const HeartbeatPrivate::Reading reading = d->read();
    return u"worst gap %1 in %2 beats, control %3 in %4 beats"_s.arg(
        inMilliseconds(reading.worst), QString::number(reading.beats), inMilliseconds(reading.control),
        QString::number(reading.controlBeats));
}

} // namespace Qanat
