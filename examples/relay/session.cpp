// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "session.h"

#include "console.h"

#include <Qanat/Clock>
#include <Qanat/Duration>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;
using namespace Qanat;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace Relay {

namespace {

constexpr milliseconds DrainAfterSignal = 5s;
// "Never", and yet a time that can be added to a clock's.
constexpr milliseconds AsLongAsItTakes = 24h * 36500;
constexpr nanoseconds StatisticsInterval = 1s;
constexpr nanoseconds SpeedInterval = 1s;
constexpr int FailureStatus = 1;
constexpr int SignalStatus = 128;

// What the service said of what was given up, as far as a line has room for it.
QString answerOf(const Delivery &delivery)
{
    constexpr qsizetype Most = 200;
    const QString answer = (delivery.cause().isFailure() ? delivery.cause() : delivery).answer().simplified();
    return answer.size() > Most ? answer.left(Most) + u"..."_s : answer;
}

} // namespace

Session::Session(const Options &options, Descriptor input)
    : m_options(options)
    , m_clock(Clock::system())
    , m_ledger(std::make_shared<Ledger>(options.endpoints.size(),
                                        options.spool ? Ledger::Keeping::Counts : Ledger::Keeping::Events, m_clock))
    , m_beginning(options.spool && options.file ? Bookmark::atBeginning(*options.file, input.number()) : std::nullopt)
    , m_spool(options.spool ? std::make_unique<Spool>(m_beginning ? Spool::Promises::Silent : Spool::Promises::Told)
                            : nullptr)
    , m_pipeline(options, m_ledger, m_spool.get())
    , m_input(std::move(input), inputName(options.file), Origin{options.type, options.source}, &m_pipeline,
              m_spool.get(), m_ledger, m_clock)
    , m_told(static_cast<size_t>(options.endpoints.size()))
    , m_nextStatistics(m_clock->now() + StatisticsInterval)
    , m_speed{m_clock->now()}
{
    connect(&m_signals, &Qanat::TerminationSignals::received, this, &Session::onSignal);
    connect(&m_input, &Input::ended, this, &Session::onInputEnded);
    connect(&m_timer, &QTimer::timeout, this, &Session::tick);
    connect(&m_pipeline, &Pipeline::dropped, this, &Session::reportDrops);
    connect(&m_pipeline, &Pipeline::lost, this, &Session::reportLost);
    connect(&m_pipeline, &Pipeline::closed, this, &Session::finishIfDone);
    connect(&m_pipeline, &Pipeline::replaced, this, [this](const QString &name) {
        Console::print(
            u"%1 is not the file that it was: %2 gets it from its beginning"_s.arg(inputName(m_options.file), name));
    });
    if (m_spool) {
        connect(m_spool.get(), &Spool::ready, this, &Session::startReading);
        connect(m_spool.get(), &Spool::refused, this, &Session::onRefused);
    }
}

void Session::start()
{
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.start(tickInterval());
    if (!m_spool) {
        startReading();
        return;
    }
    for (const QString &folder : m_options.spool->strangers)
        Console::print(
            u"%1 belongs to an endpoint that there is not in this run: what is in it stays there"_s.arg(folder));
}

void Session::startReading()
{
    if (m_isFinished || m_signal != 0)
        return;
    m_isReading = true;
    const qint64 resumed = m_pipeline.spool().value_or(Pipeline::SpoolState()).resumed;
    if (resumed == 1)
        Console::print(u"1 event of former runs is sent first"_s);
    else if (resumed > 1)
        Console::print(u"%1 events of former runs are sent first"_s.arg(grouped(resumed)));
    if (!m_beginning)
        return m_input.start();
    const Bookmark place = m_pipeline.resume(*m_beginning);
    if (place.offset() > 0)
        Console::print(u"%1: goes on after line %2"_s.arg(inputName(m_options.file), grouped(place.line())));
    m_input.start(place);
}

// Nothing was read.
void Session::onRefused(const QString &error)
{
    if (std::exchange(m_isFinished, true))
        return;
    m_timer.stop();
    m_pipeline.closeAtOnce();
    m_status = FailureStatus;
    Console::printLast(("qanat-relay: --spool: "_L1 + Console::oneLine(error)).toUtf8());
    Q_EMIT finished();
}

void Session::onSignal(int number)
{
    if (m_signal != 0) {
        m_pipeline.closeAtOnce();
        return;
    }
    m_signal = number;
    m_input.stop();
    const milliseconds within = m_options.drainTimeout.value_or(DrainAfterSignal);
    if (m_pipeline.totals().pending > 0)
        Console::print(u"stopping; what was read is delivered for at most %1, a second signal ends that"_s.arg(
            formatDuration(within)));
    m_pipeline.close(within);
    if (!m_isReading)
        onInputEnded();
}

void Session::onInputEnded()
{
    m_inputEnd = m_clock->now();
    m_pipeline.close(AsLongAsItTakes);
    m_pipeline.noteInputEnded();
    finishIfDone();
}

void Session::finishIfDone()
{
    if (m_isFinished || !m_inputEnd || !m_pipeline.isClosed())
        return;
    m_isFinished = true;
    m_timer.stop();
    reportStates();
    const Report last = report();
    m_status = statusOf(last);
    m_exit = last.totals.pending > 0 ? Exit::CutShort : Exit::Clean;
    if (Console::showsProgress())
        showProgress();
    if (m_spool && last.spool && last.totals.pending == last.spool->stored)
        m_spool->noteAllStored();
    Console::printLast(last.toJson());
    Q_EMIT finished();
}

int Session::statusOf(const Report &report) const
{
    const Totals &totals = report.totals;
    const bool isStoringEnough = m_options.spool && m_options.spool->isEnough;
    const qint64 left = totals.pending - (isStoringEnough && report.spool ? report.spool->stored : 0);
    // A file is read on by the next run.
    const bool isUnread = report.input == InputState::Unread
                          && !(isStoringEnough && m_beginning && m_input.end() == Input::End::NotReached);
    const bool isSomethingLeft = left > 0 || isUnread;
    if (m_signal != 0 && isSomethingLeft)
        return SignalStatus + m_signal;
    return isSomethingLeft || totals.rejected > 0 || totals.dropped > 0 ? FailureStatus : 0;
}

Report Session::report()
{
    const bool isReadToEnd = m_inputEnd && m_input.end() == Input::End::Reached;
    Report report{m_pipeline.totals(), isReadToEnd ? InputState::ReadToEnd : InputState::Unread, m_pipeline.endpoints(),
                  m_pipeline.deadLetters(), m_pipeline.spool()};
    for (qsizetype i = 0; report.spool && i < report.endpoints.size(); ++i)
        report.spools.append(m_pipeline.spool(i).value_or(Pipeline::SpoolState()));
    return report;
}

milliseconds Session::tickInterval() const
{
    const milliseconds shown = Console::showsProgress() ? 100ms : 250ms;
    // A fifth: what stands still for the time is found not much later.
    return m_options.drainTimeout ? std::clamp(*m_options.drainTimeout / 5, 1ms, shown) : shown;
}

void Session::reportDrops(const QString &name, qint64 count, const Delivery &last)
{
    if (isLeftOver(last))
        return; // The last line counts them as pending.
    reportStates(); // What brought it about comes first.
    const QString events = count == 1 ? u"1 event was"_s : u"%1 events were"_s.arg(grouped(count));
    const QString reason = reasonOf(last);
    const QString said = answerOf(last);
    Console::print(name + u": "_s + events + (reason.startsWith("given up"_L1) ? u" "_s : u" given up: "_s) + reason
                   + (said.isEmpty() ? QString() : u", and said: "_s + said));
}

void Session::reportLost(qint64 count, const Delivery &last)
{
    const QString letters = count == 1 ? u"1 dead letter is"_s : u"%1 dead letters are"_s.arg(grouped(count));
    Console::print(u"%1: %2 lost: %3"_s.arg(m_options.deadLetterFile.value_or(QString()), letters, reasonOf(last)));
}

void Session::tick()
{
    checkForStandstill();
    reportStates();
    if (m_options.statistics == Options::Statistics::EverySecond)
        reportStatistics();
    if (Console::showsProgress())
        showProgress();
}

// Says it once when an endpoint begins to fail, and once when it recovers: not with each probe.
void Session::reportStates()
{
    using Health = Pipeline::EndpointState::Health;
    const QList<Pipeline::EndpointState> endpoints = m_pipeline.endpoints();
    for (size_t i = 0; i < m_told.size(); ++i) {
        const Pipeline::EndpointState &endpoint = endpoints.at(static_cast<qsizetype>(i));
        if (std::exchange(m_told[i], endpoint.health) == endpoint.health)
            continue;
        switch (endpoint.health) {
        case Health::Flowing:
            Console::print(u"%1: events flow again"_s.arg(endpoint.name));
            break;
        case Health::Failing:
            Console::print(
                u"%1: nothing gets through, trying again: %2"_s.arg(endpoint.name, reasonOf(endpoint.lastError)));
            break;
        case Health::Blocked:
            Console::print(u"%1: nothing gets through until somebody mends that, trying now and then: %2"_s.arg(
                endpoint.name, reasonOf(endpoint.lastError)));
            break;
        case Health::Disabled:
            Console::print(u"%1: it wants no more events: what is for it is given up"_s.arg(endpoint.name));
            break;
        }
    }
}

void Session::reportStatistics()
{
    const nanoseconds now = m_clock->now();
    if (now < m_nextStatistics)
        return;
    // After a suspend there is one line, not one for each second of it.
    m_nextStatistics = std::max(m_nextStatistics + StatisticsInterval, now);
    Console::printRaw(report().toJson());
}

void Session::showProgress()
{
    const Report current = report();
    const nanoseconds now = m_clock->now();
    if (const nanoseconds passed = now - m_speed.since; passed >= SpeedInterval) {
        const auto seconds = std::chrono::duration<double>(passed).count();
        m_speed.rate = qRound64(static_cast<double>(current.totals.delivered - m_speed.delivered) / seconds);
        m_speed.delivered = current.totals.delivered;
        m_speed.since = now;
    }
    Console::showProgress(current.toProgress(m_speed.rate));
}

void Session::checkForStandstill()
{
    const std::optional<nanoseconds> waitingSince = m_inputEnd ? m_inputEnd : m_input.heldBackSince();
    if (!m_options.drainTimeout || !waitingSince || m_signal != 0)
        return;
    if (m_clock->now() - std::max(*waitingSince, m_ledger->lastDelivery()) < *m_options.drainTimeout)
        return;
    Console::print(u"nothing was delivered for %1: %2"_s.arg(
        formatDuration(*m_options.drainTimeout), m_spool ? u"what is left stays in the spool"_s : u"giving up"_s));
    m_timer.stop();
    m_input.stop();
    m_pipeline.close(0ms);
}

} // namespace Relay
