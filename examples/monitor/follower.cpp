// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "follower.h"

#include <relay/lineevent.h>
#include <relay/linereader.h>

#include <Qanat/Sink>

#include <cstdio>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace Qanat;
using Relay::LineReader;

namespace Monitor {

Result<std::unique_ptr<Follower>> Follower::open(const QString &file, Relay::StandardInput standardInput)
{
    auto stop = Relay::WakeUpPipe::make();
    if (!stop)
        return Failure{stop.errorText()};
    Relay::Descriptor input;
    std::shared_ptr<FileTail> tail;
    if (file == "-"_L1) {
        auto opened = Relay::openInput(std::nullopt, standardInput);
        if (!opened)
            return Failure{opened.errorText()};
        input = std::move(opened).value();
    } else {
        const auto opened = FileTail::open(file);
        if (!opened)
            return Failure{opened.errorText()};
        tail = *opened;
    }
    const QString name = Relay::inputName(file == "-"_L1 ? std::nullopt : std::optional(file));
    return std::unique_ptr<Follower>(new Follower(name, std::move(input), std::move(tail), std::move(stop).value()));
}

Follower::Follower(QString name, Relay::Descriptor input, std::shared_ptr<FileTail> tail, Relay::WakeUpPipe stop)
    : m_name(std::move(name))
    , m_input(std::move(input))
    , m_tail(std::move(tail))
    , m_stop(std::move(stop))
{
}

Follower::~Follower()
{
    [[maybe_unused]] const ssize_t written = ::write(m_stop.writeEnd.number(), "", 1);
    if (m_thread.joinable())
        m_thread.join();
}

void Follower::start(Sink *sink)
{
    m_thread = std::thread([this, sink] {
        run(sink);
        QMetaObject::invokeMethod(this, &Follower::ended, Qt::QueuedConnection);
    });
}

void Follower::run(Sink *sink)
{
    LineReader lines(m_tail ? m_tail->output() : m_input.number(), m_stop.readEnd.number());
    for (;;) {
        switch (lines.next()) {
        case LineReader::Item::Line:
            break;
        case LineReader::Item::TooLong:
            reject(lines.number(), u"the line is longer than %1 MiB"_s.arg(LineReader::MaximumLength / (1024 * 1024)));
            continue;
        case LineReader::Item::End:
        case LineReader::Item::Stopped:
            return;
        case LineReader::Item::Failed:
            reject(lines.number(), u"cannot be read on: "_s + lines.errorText());
            return;
        }
        if (lines.line().trimmed().isEmpty())
            continue;
        ++m_read;
        const Result<Event> event = Relay::eventFromLine(lines.line(), {u"line"_s, u"/qanat-monitor"_s});
        if (!event || !event->isValid())
            reject(lines.number(), event ? event->errorText() : event.errorText());
        else if (sink->write(*event).status() == WriteResult::Status::Closed)
            return;
    }
}

void Follower::reject(qint64 line, const QString &reason)
{
    ++m_rejected;
    std::fprintf(stderr, "qanat-monitor: %s:%lld: %s\n", qPrintable(m_name), static_cast<long long>(line),
                 qPrintable(reason));
}

} // namespace Monitor
