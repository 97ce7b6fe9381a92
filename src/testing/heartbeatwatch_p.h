// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HEARTBEATWATCH_P_H
#define QANAT_TESTING_HEARTBEATWATCH_P_H

#include "Qanat/testing/heartbeat.h"

#include <QtCore/qdiriterator.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qhash.h>
#include <QtCore/qlist.h>
#include <QtCore/qobject.h>
#include <QtCore/qstring.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <chrono>
#include <ctime>

namespace Qanat {

/*
 * A heartbeat over a test function, up to the last time that its event loop turned. What the function destroys in the end is
 * left out: the destructor of a queue may wait for its worker, up to 250 ms.
 *
 * Where more threads want to run than there are processors, one that works is sent to the back of the line, and the control
 * thread, which sleeps, is not. The time for which the system had this thread wait for a processor is not held against it,
 * nor that of the one that waited longest: it may have been interrupted with a mutex in its hands. Nor is the time for which
 * a virtual machine was denied a processor ("steal"): the control thread may have slept on the other one.
 *
 * Under a sanitizer what this thread does itself takes many times as long, so its work counts for a part; that it waits counts in full.
 */
class HeartbeatWatch
{
public:
    HeartbeatWatch()
    {
        m_lastDelays = delays();
        m_lastStolen = stolen();
        m_lastWork = work();
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
    // Whoever has what is waited for takes several times as long where every access is watched; the control thread only sleeps.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    static constexpr int Slowdown = 5;
    // How long this thread has worked so far.
    static std::chrono::nanoseconds work()
    {
        timespec time = {};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }
#else
    static constexpr int Slowdown = 1;
    static std::chrono::nanoseconds work()
    {
        return std::chrono::nanoseconds(0);
    }
#endif

    // How long each thread has waited for a processor so far.
    using Delays = QHash<QString, std::chrono::nanoseconds>;

    void beat()
    {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::nanoseconds worked = work() - m_lastWork;
        QList<std::chrono::nanoseconds> allStolen = stolen();
        std::chrono::nanoseconds denied{0};
        for (qsizetype i = 0; i < std::min(allStolen.size(), m_lastStolen.size()); ++i)
            denied = std::max(denied, allStolen.at(i) - m_lastStolen.at(i));
        m_lastStolen = std::move(allStolen);
        // Looking at all threads takes long itself, so it is done now and then, and where it may explain a gap.
        constexpr int Rarely = 10;
        if (now - m_lastBeat > Heartbeat::Tolerance || m_beats % Rarely == 0) {
            Delays current = delays();
            std::chrono::nanoseconds own{0};
            std::chrono::nanoseconds other{0};
            for (auto delay = current.cbegin(); delay != current.cend(); ++delay) {
                // One that is new since then has waited for nothing else. (Where all accesses are watched, who starts a thread
                // waits until it runs.)
                const auto grown = delay.value() - m_lastDelays.value(delay.key(), std::chrono::nanoseconds(0));
                if (delay.key() == m_thread)
                    own = grown;
                else
                    other = std::max(other, grown);
            }
            m_worst = std::max(m_worst, now - m_lastBeat - own - other - denied - worked + worked / Slowdown);
            m_lastDelays = std::move(current);
        }
        m_control = m_heartbeat.controlWorstGap();
        ++m_beats;
        m_lastWork = work();
        m_lastBeat = std::chrono::steady_clock::now();
    }

    // How long each processor of a virtual machine was not there for it so far: the eighth figure of each line "cpuN" of
    // proc(5), /proc/stat, in hundredths of a second.
    static QList<std::chrono::nanoseconds> stolen()
    {
        QList<std::chrono::nanoseconds> times;
        QFile file(QStringLiteral("/proc/stat"));
        if (!file.open(QIODevice::ReadOnly | QIODevice::Unbuffered))
            return times;
        constexpr qsizetype Steal = 8; // after the name
        const QList<QByteArray> lines = file.readAll().split('\n');
        for (qsizetype i = 1; i < lines.size() && lines.at(i).startsWith("cpu"); ++i)
            times.append(std::chrono::milliseconds(10 * lines.at(i).split(' ').value(Steal).toLongLong()));
        return times;
    }

    // The second figure of each file. Where there are none, nothing is left out.
    static Delays delays()
    {
        constexpr qsizetype MostThreads = 32; // Looking at them takes time itself.
        Delays delays;
        QDirIterator threads(QStringLiteral("/proc/self/task"), QDir::AllEntries | QDir::NoDotAndDotDot);
        while (threads.hasNext() && delays.size() < MostThreads) {
            const QString folder = threads.next();
            const QString thread = threads.fileName();
            QFile file(folder + QStringLiteral("/schedstat"));
            if (!file.open(QIODevice::ReadOnly | QIODevice::Unbuffered))
                continue; // It has ended.
            const QList<QByteArray> figures = file.read(100).split(' ');
            if (figures.size() > 1)
                delays.insert(thread, std::chrono::nanoseconds(figures[1].toLongLong()));
        }
        return delays;
    }

    Heartbeat m_heartbeat;
    // The name of this thread's folder.
    const QString m_thread = QFileInfo(QStringLiteral("/proc/thread-self")).canonicalFilePath().section(u'/', -1);
    QTimer m_timer;
    std::chrono::steady_clock::time_point m_lastBeat;
    std::chrono::nanoseconds m_lastWork;
    QList<std::chrono::nanoseconds> m_lastStolen;
    Delays m_lastDelays;
    std::chrono::nanoseconds m_worst{0};
    std::chrono::nanoseconds m_control{0};
    int m_beats = 0;
};

} // namespace Qanat

#endif
