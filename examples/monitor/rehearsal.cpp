// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "rehearsal.h"

#include "panel.h"
#include "pipeline.h"
#include "receiver.h"

#include <Qanat/Endpoint>
#include <Qanat/MonitorWindow>

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qlocale.h>
#include <QtGui/qpixmap.h>
#include <QtWidgets/qtableview.h>

#include <algorithm>
#include <cstdio>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace Monitor {

namespace {
constexpr int Rate = 500; // Events per second
constexpr int LongestWait = 20'000; // ms
} // namespace

void say(const QString &line)
{
    std::fprintf(stdout, "%s\n", qPrintable(line));
    std::fflush(stdout);
}

Rehearsal::Rehearsal(Pipeline *pipeline, Panel *panel, Receiver *receiver, MonitorWindow *window, QString screenshot)
    : m_pipeline(pipeline)
    , m_panel(panel)
    , m_receiver(receiver)
    , m_window(window)
    , m_screenshot(std::move(screenshot))
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &Rehearsal::step);
}

void Rehearsal::start()
{
    m_timer.start(0);
}

void Rehearsal::step()
{
    switch (m_step++) {
    case 0:
        say(u"  %1 events per second"_s.arg(Rate));
        m_panel->setRate(Rate);
        m_timer.start(2s);
        return;
    case 1:
        if (!m_receiver)
            break;
        say(u"  the web service answers 503"_s);
        m_receiver->setCondition(Receiver::Condition::Failing);
        m_timer.start(3s);
        return;
    case 2:
        break;
    case 3:
        m_panel->setRate(0);
        say(u"  no more events; waiting until everything has arrived"_s);
        m_waiting.start();
        m_timer.start(100ms);
        return;
    default:
        if (isDrained() || m_waiting.hasExpired(LongestWait))
            Q_EMIT finished();
        else
            m_timer.start(100ms);
        return;
    }
    // The trouble is at its height: that is what a picture is for.
    takePicture();
    if (m_receiver) {
        say(u"  the web service is healthy again"_s);
        m_receiver->setCondition(Receiver::Condition::Healthy);
    }
    m_step = 3;
    m_timer.start(1s);
}

void Rehearsal::takePicture()
{
    // An event that has come some way.
    if (auto *const events = m_window->findChild<QTableView *>(u"events"_s))
        events->selectRow(std::max(events->model()->rowCount() - 5, 0));
    m_window->refresh();
    m_hasPicture = m_window->grab().save(m_screenshot, "PNG");
    if (m_hasPicture)
        say(u"  screenshot: "_s + m_screenshot);
    else
        std::fprintf(stderr, "qanat-monitor: %s cannot be written\n", qPrintable(m_screenshot));
}

bool Rehearsal::isDrained() const
{
    return m_pipeline->events()->statistics().pending == 0 && m_pipeline->file()->statistics().pending == 0
           && m_pipeline->hook()->statistics().pending == 0 && m_pipeline->batches()->statistics().pending == 0;
}

bool Rehearsal::isSuccess() const
{
    const qint64 written = m_pipeline->events()->statistics().written;
    const auto verdict = [written](const Sink *sink, qint64 taken) {
        const Statistics statistics = sink->statistics();
        const qint64 done = statistics.delivered + statistics.filtered;
        // There may be more of them, of former runs. Of a web service that is somebody else's only the outcomes are known.
        const qint64 all = std::max(written, statistics.written);
        const bool isComplete = done == all && (taken < 0 || taken == all);
        say(u"  %1: %2 of %3 events were delivered%4%5"_s.arg(
            sink->objectName(), QLocale::c().toString(done), QLocale::c().toString(all),
            statistics.filtered > 0 ? u" or filtered"_s : QString(),
            isComplete                        ? QString()
            : done + statistics.stored == all ? u"; the others are stored, for the next run"_s
                                              : u"  SOME ARE MISSING"_s));
        return isComplete;
    };
    const bool isFileComplete = verdict(m_pipeline->file(), -1);
    const bool isHookComplete = verdict(m_pipeline->hook(), m_receiver ? m_receiver->singles() : -1);
    const bool areBatchesComplete = verdict(m_pipeline->batches(), m_receiver ? m_receiver->batched() : -1);
    return isFileComplete && isHookComplete && areBatchesComplete && written > 0 && m_hasPicture;
}

} // namespace Monitor
