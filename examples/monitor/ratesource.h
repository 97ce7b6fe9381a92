// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MONITOR_RATESOURCE_H
#define MONITOR_RATESOURCE_H

#include <QtCore/qglobal.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace Qanat {
class Sink;
} // namespace Qanat

namespace Monitor {

/*!
 * Makes events at a rate, in a thread of its own, as a busy application does. Any thread.
 */
class RateSource
{
public:
    static constexpr int MaximumRate = 100'000;

    //! The sink must exist longer.
    explicit RateSource(Qanat::Sink *sink);
    //! Waits for its thread. One that the sink holds back is let go when the sink is closed.
    ~RateSource();
    Q_DISABLE_COPY_MOVE(RateSource)

    //! Events per second, 0 to MaximumRate.
    void setRate(int rate);
    [[nodiscard]] int rate() const;

private:
    void run();
    void write(qint64 count);

    Qanat::Sink *const m_sink;
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_rate = 0;
    bool m_isLeaving = false;
    qint64 m_written = 0; // Its thread's.
    std::thread m_thread; // Last.
};

} // namespace Monitor

#endif
