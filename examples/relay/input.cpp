// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "input.h"

#include "console.h"
#include "ledger.h"
#include "linereader.h"
#include "pipeline.h"
#include "spool.h"

#include <Qanat/Clock>
#include <Qanat/DeadLetters>

#include <algorithm>
#include <array>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace Qanat;
using std::chrono::nanoseconds;

namespace Relay {

namespace {

QString tooLongText()
{
    return u"the line is longer than %1 MiB"_s.arg(Input::LongestLine / (1024 * 1024));
}

bool isBlank(QByteArrayView line)
{
    return std::all_of(line.cbegin(), line.cend(),
                       [](char byte) { return byte == ' ' || byte == '\t' || byte == '\r'; });
}

// Whether nothing that is appended later can make another value of a line without an end.
bool isWhole(QByteArrayView line, const Result<Event> &event)
{
    const auto first = std::find_if(line.cbegin(), line.cend(), [](char byte) { return byte != ' ' && byte != '\t'; });
    const bool isNumber = first != line.cend() && (*first == '-' || (*first >= '0' && *first <= '9'));
    return event && !isNumber;
}

} // namespace

Input::Input(Descriptor input, const QString &name, const Origin &origin, Pipeline *pipeline, Spool *spool,
             std::shared_ptr<Ledger> ledger, std::shared_ptr<Clock> clock)
    : m_input(std::move(input))
    , m_name(name)
    , m_origin(origin)
    , m_pipeline(pipeline)
    , m_spool(spool)
    , m_ledger(std::move(ledger))
    , m_clock(std::move(clock))
{
    auto made = WakeUpPipe::make();
    if (!made)
        qFatal("%ls", qUtf16Printable(made.errorText()));
    m_stop = std::move(made).value();
}

Input::~Input()
{
    stop();
    if (m_thread.joinable())
        m_thread.join();
}

void Input::start(const Bookmark &place)
{
    m_place = place;
    // The end of a last line that had none then, and was whole.
    std::array<char, 2> around = {};
    if (place.offset() > 0
        && ::pread(m_input.number(), around.data(), around.size(), off_t(place.offset() - 1)) == ssize_t(around.size())
        && around[0] != '\n' && around[1] == '\n')
        m_place->moveTo(place.offset() + 1, place.line());
    if (::lseek(m_input.number(), off_t(m_place->offset()), SEEK_SET) < 0)
        qFatal("%ls: %ls", qUtf16Printable(m_name), qUtf16Printable(qt_error_string(errno)));
    start();
}

void Input::start()
{
    m_thread = std::thread([this] {
        run();
        // The call carries nothing: what it is about stands in m_end.
        QMetaObject::invokeMethod(this, &Input::ended, Qt::QueuedConnection);
    });
}

void Input::stop()
{
    m_isStopped = true;
    if (m_spool)
        m_spool->stop();
    [[maybe_unused]] const ssize_t written = ::write(m_stop.writeEnd.number(), "", 1);
}

std::optional<nanoseconds> Input::heldBackSince() const
{
    const nanoseconds since = m_writingSince;
    return since > nanoseconds::zero() ? std::optional(since) : std::nullopt;
}

void Input::run()
{
    LineReader lines(m_input.number(), m_stop.readEnd.number(),
                     m_place ? LineReader::Start{m_place->offset(), m_place->line()} : LineReader::Start());
    std::optional<End> end;
    while (!end && !m_isStopped)
        end = handleLine(lines);
    m_end = end.value_or(End::NotReached);
}

// The end of it all, if this was it.
std::optional<Input::End> Input::handleLine(LineReader &lines)
{
    switch (lines.next()) {
    case LineReader::Item::Line:
        break;
    case LineReader::Item::TooLong:
        m_ledger->countRead();
        reject(lines.number(), tooLongText());
        noteLine();
        return std::nullopt;
    case LineReader::Item::End:
        // The last one may have been too long.
        if (m_place && lines.isTerminated() && lines.offset() > m_place->offset())
            m_pipeline->pass(placeBehind(lines));
        return End::Reached;
    case LineReader::Item::Stopped:
        return End::NotReached;
    case LineReader::Item::Failed:
        Console::print(
            u"%1: cannot be read on after line %2: %3"_s.arg(m_name).arg(lines.number()).arg(lines.errorText()));
        return End::Failed;
    }
    if (isBlank(lines.line()))
        return std::nullopt;
    m_ledger->countRead();
    Result<Event> event = eventFromLine(lines.line(), m_origin);
    // A dead letter has grown by its story.
    if (lines.line().size() > LongestLine && (!event || DeadLetter::fromEvent(*event).reason.isEmpty()))
        event = Failure{tooLongText()};
    if (m_place && !lines.isTerminated() && !isWhole(lines.line(), event)) {
        Console::print(
            u"%1:%2: the last line has no end yet, and is left to the next run"_s.arg(m_name).arg(lines.number()));
        return End::NotReached;
    }
    if (event && event->isValid())
        return write(*event, placeBehind(lines));
    reject(lines.number(), event ? event->errorText() : event.errorText());
    pass(placeBehind(lines));
    return std::nullopt;
}

void Input::pass(const std::optional<Bookmark> &place)
{
    m_pipeline->pass(place);
    noteLine();
}

void Input::noteLine()
{
    if (m_spool)
        m_spool->noteLine();
}

std::optional<Bookmark> Input::placeBehind(const LineReader &lines)
{
    if (m_place)
        m_place->moveTo(lines.offset(), lines.number());
    return m_place;
}

std::optional<Input::End> Input::write(const Event &event, const std::optional<Bookmark> &place)
{
    m_writingSince = m_clock->now();
    const bool isWritten = m_pipeline->write(event, place);
    if (isWritten)
        noteLine();
    m_writingSince = nanoseconds::zero();
    return isWritten ? std::nullopt : std::optional(End::NotReached);
}

void Input::reject(qint64 line, const QString &reason)
{
    m_ledger->countRejected();
    Console::print(u"%1:%2: %3"_s.arg(m_name).arg(line).arg(reason));
}

} // namespace Relay
