// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HEARTBEATWATCH_P_H
#define QANAT_TESTING_HEARTBEATWATCH_P_H

#include "Qanat/testing/heartbeat.h"

#include <QtCore/qfile.h>
#include <QtCore/qobject.h>
#include <QtCore/qstring.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <chrono>

namespace Qanat {

/*
 * A heartbeat over a test function, up to the last time that its event loop turned. What the function destroys in the end is
 * left out: the destructor of a queue may wait for its worker, up to 250 ms.
 *
 * Where more threads want to run than there are processors, one that works is sent to the back of the line, and the control
 * thread, which sleeps, is not. The time for which the system had this thread wait for a processor is not held against it.
 */
class HeartbeatWatch
{
public:
    HeartbeatWatch()
    {
        m_schedule.setFileName(QStringLiteral("/proc/thread-self/schedstat"));
        (void)m_schedule.open(QIODevice::ReadOnly | QIODevice::Unbuffered); // Where there is none, nothing is left out.
        m_lastDelay = delay();
        m_lastBeat = std::chrono::steady_clock::now();
        m_timer.setTimerType(Qt::PreciseTimer);
        m_timer.callOnTimeout(&m_timer, [this] { beat(); });
        m_timer.start(Heartbeat::Interval);
    }

    bool isWithin() const { return m_worst - m_control <= Slowdown * Heartbeat::Tolerance; }
    QString summary() const
    {
        return QStringLiteral("worst gap %1 us in %2 beats, control %3 us")
            .arg(std::chrono::duration_cast<std::chrono::microseconds>(m_worst).count())
            .arg(m_beats)
            .arg(std::chrono::duration_cast<std::chrono::microseconds>(m_control).count());
    }

private:
    // What a test itself does in this thread takes several times as long where every access is watched; the control thread
    // only sleeps.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    static constexpr int Slowdown = 5;
#else
    static constexpr int Slowdown = 1;
#endif

    void beat()
    {
        const auto now = std::chrono::steady_clock::now();
        const auto delayed = delay();
        m_worst = std::max(m_worst, now - m_lastBeat - (delayed - m_lastDelay));
        m_control = m_heartbeat.controlWorstGap();
        m_lastBeat = now;
        m_lastDelay = delayed;
        ++m_beats;
    }

    // How long this thread has waited for a processor so far: the second figure of the file.
    std::chrono::nanoseconds delay()
    {
        if (!m_schedule.isOpen() || !m_schedule.seek(0))
            return {};
        const QList<QByteArray> figures = m_schedule.read(100).split(' ');
        return std::chrono::nanoseconds(figures.size() > 1 ? figures[1].toLongLong() : 0);
    }

    Heartbeat m_heartbeat;
    QFile m_schedule;
    QTimer m_timer;
    std::chrono::steady_clock::time_point m_lastBeat;
    std::chrono::nanoseconds m_lastDelay{0};
    std::chrono::nanoseconds m_worst{0};
    std::chrono::nanoseconds m_control{0};
    int m_beats = 0;
};

} // namespace Qanat

#endif
