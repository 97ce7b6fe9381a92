// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "ratesource.h"

#include <Qanat/Event>
#include <Qanat/Sink>

#include <algorithm>
#include <array>
#include <chrono>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;
using std::chrono::steady_clock;

namespace Monitor {

RateSource::RateSource(Sink *sink)
    : m_sink(sink)
    , m_thread([this] { run(); })
{
}

RateSource::~RateSource()
{
    {
        const std::lock_guard lock(m_mutex);
        m_isLeaving = true;
    }
    m_changed.notify_all();
    m_thread.join();
}

void RateSource::setRate(int rate)
{
    {
        const std::lock_guard lock(m_mutex);
        m_rate = std::clamp(rate, 0, MaximumRate);
    }
    m_changed.notify_all();
}

int RateSource::rate() const
{
    const std::lock_guard lock(m_mutex);
    return m_rate;
}

void RateSource::run()
{
    constexpr auto Step = 10ms;
    std::unique_lock lock(m_mutex);
    while (!m_isLeaving) {
        if (m_rate == 0) {
            m_changed.wait(lock);
            continue;
        }
        // From here on it is counted what is due at this rate; a change begins anew.
        const int rate = m_rate;
        auto begin = steady_clock::now();
        qint64 done = 0;
        while (!m_isLeaving && m_rate == rate) {
            m_changed.wait_for(lock, Step);
            const auto passed = std::chrono::duration<double>(steady_clock::now() - begin).count();
            qint64 due = qint64(passed * rate) - done;
            // Whoever was held back does not make up for it in a burst.
            if (due > rate / 10 + 1) {
                begin = steady_clock::now();
                done = 0;
                due = rate / 10 + 1;
            } else {
                done += due;
            }
            lock.unlock();
            write(due);
            lock.lock();
        }
    }
}

void RateSource::write(qint64 count)
{
    static const std::array<QString, 4> types{u"order.placed"_s, u"order.paid"_s, u"sensor.measured"_s,
                                              u"session.opened"_s};
    for (; count > 0; --count) {
        const qint64 number = ++m_written;
        Event event(types[size_t(number) % types.size()], QVariantMap{{u"number"_s, number}});
        event.setSource(u"/qanat-monitor/rate"_s);
        if (m_sink->write(std::move(event)).status() == WriteResult::Status::Closed)
            return;
    }
}

} // namespace Monitor
