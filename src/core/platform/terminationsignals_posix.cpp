// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/terminationsignals.h"

#include "logging_p.h"

#include <QtCore/qsocketnotifier.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace Qanat {

namespace {

// What a handler of signals may look at.
volatile std::sig_atomic_t pipeToWrite = -1;
volatile std::sig_atomic_t firstSignal = 0;

// The orderly end after a second signal did not come.
void onAlarm(int)
{
    constexpr int SignalStatus = 128;
    ::_exit(SignalStatus + firstSignal);
}

// It does what little it may: a write into a pipe, of which the event loop reads the other end.
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

std::array<int, 2> makePipe()
{
    std::array<int, 2> ends = {-1, -1};
    if (::pipe(ends.data()) != 0)
        return ends;
    for (const int end : ends) {
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
    return ends;
}

} // namespace

class TerminationSignalsPrivate
{
public:
    TerminationSignalsPrivate(TerminationSignals *object, std::array<int, 2> ends)
        : pipe(ends)
        , notifier(ends[0], QSocketNotifier::Read)
    {
        QObject::connect(&notifier, &QSocketNotifier::activated, object, [this, object] {
            unsigned char number = 0;
            while (::read(pipe[0], &number, 1) == 1)
                Q_EMIT object->received(number, TerminationSignals::QPrivateSignal());
        });
        pipeToWrite = pipe[1];
        handle(SIGINT, onSignal);
        handle(SIGTERM, onSignal);
        handle(SIGALRM, onAlarm);
    }
    ~TerminationSignalsPrivate()
    {
        handle(SIGINT, SIG_IGN);
        handle(SIGTERM, SIG_IGN);
        ::alarm(0);
        handle(SIGALRM, SIG_DFL);
        pipeToWrite = -1;
        firstSignal = 0;
        ::close(pipe[0]);
        ::close(pipe[1]);
    }
    Q_DISABLE_COPY_MOVE(TerminationSignalsPrivate)

    const std::array<int, 2> pipe;
    QSocketNotifier notifier;
};

TerminationSignals::TerminationSignals(QObject *parent)
    : QObject(parent)
{
    if (pipeToWrite >= 0) {
        qCWarning(qanatSource, "There is another TerminationSignals in this process: this one does nothing");
        return;
    }
    const std::array<int, 2> ends = makePipe();
    if (ends[0] < 0) {
        qCWarning(qanatSource, "SIGINT and SIGTERM end the process at once: no pipe could be made: %ls",
                  qUtf16Printable(qt_error_string(errno)));
        return;
    }
    d = std::make_unique<TerminationSignalsPrivate>(this, ends);
}

TerminationSignals::~TerminationSignals() = default;

} // namespace Qanat
