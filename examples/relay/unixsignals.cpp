// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "unixsignals.h"

#include <QtCore/qsocketnotifier.h>

#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace Relay {

namespace {

volatile std::sig_atomic_t pipeToWrite = -1;
volatile std::sig_atomic_t firstSignal = 0;

// The orderly end after a second signal did not come: whoever reads standard error does not read it.
void onAlarm(int)
{
    constexpr int SignalStatus = 128;
    ::_exit(SignalStatus + firstSignal);
}

void onSignal(int number)
{
    const int error = errno;
    constexpr unsigned Grace = 2; // Seconds
    if (firstSignal == 0)
        firstSignal = number;
    else
        ::alarm(Grace);
    const auto byte = static_cast<unsigned char>(number);
    // A full pipe has enough in it already.
    [[maybe_unused]] const ssize_t written = ::write(pipeToWrite, &byte, 1);
    errno = error;
}

void handle(int number, void (*handler)(int))
{
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    ::sigaction(number, &action, nullptr);
}

} // namespace

UnixSignals::UnixSignals(QObject *parent)
    : QObject(parent)
{
    auto made = WakeUpPipe::make();
    if (!made)
        qFatal("%ls", qUtf16Printable(made.errorText()));
    m_pipe = std::move(made).value();
    m_notifier = std::make_unique<QSocketNotifier>(m_pipe.readEnd.number(), QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &UnixSignals::read);
    pipeToWrite = m_pipe.writeEnd.number();
    handle(SIGPIPE, SIG_IGN);
    handle(SIGINT, onSignal);
    handle(SIGTERM, onSignal);
    handle(SIGALRM, onAlarm);
}

UnixSignals::~UnixSignals()
{
    // The end is near anyway, and has its exit status: a late signal changes nothing any more.
    handle(SIGINT, SIG_IGN);
    handle(SIGTERM, SIG_IGN);
}

void UnixSignals::read()
{
    unsigned char number = 0;
    while (::read(m_pipe.readEnd.number(), &number, 1) == 1)
        Q_EMIT received(number);
}

} // namespace Relay
