// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "filetail.h"

#include <QtCore/qfile.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace Qanat;
using Relay::Descriptor;
using Relay::WakeUpPipe;

namespace Monitor {

namespace {
constexpr int LookInterval = 200; // ms
}

Result<std::shared_ptr<FileTail>> FileTail::open(const QString &file)
{
    auto input = Relay::openInput(file, Relay::StandardInput::Closed);
    if (!input)
        return Failure{input.errorText()};
    std::array<int, 2> ends{};
    auto stop = WakeUpPipe::make();
    if (!stop || ::pipe2(ends.data(), O_CLOEXEC) != 0)
        return Failure{file + u": "_s + qt_error_string(errno)};
    return std::shared_ptr<FileTail>(new FileTail(file, std::move(input).value(), Descriptor(ends[0]),
                                                  Descriptor(ends[1]), std::move(stop).value()));
}

FileTail::FileTail(QString file, Descriptor input, Descriptor output, Descriptor pipe, WakeUpPipe stop)
    : m_name(QFile::encodeName(file))
    , m_input(std::move(input))
    , m_output(std::move(output))
    , m_pipe(std::move(pipe))
    , m_stop(std::move(stop))
    , m_thread([this] { run(); })
{
}

FileTail::~FileTail()
{
    [[maybe_unused]] const ssize_t written = ::write(m_stop.writeEnd.number(), "", 1);
    m_thread.join();
}

bool FileTail::isStopped(int milliseconds) const
{
    pollfd stop{m_stop.readEnd.number(), POLLIN, 0};
    return ::poll(&stop, 1, milliseconds) > 0;
}

void FileTail::run()
{
    while (!isStopped(0)) {
        if (pass())
            continue;
        if (isStopped(LookInterval))
            return;
        followPlace();
    }
}

// What can be read now. False where there is nothing.
bool FileTail::pass()
{
    std::array<char, 64 * 1024> bytes{};
    const ssize_t count = ::read(m_input.number(), bytes.data(), bytes.size());
    return count > 0 && write(bytes.data(), count);
}

// False where it is to stop.
bool FileTail::write(const char *bytes, qsizetype count)
{
    // As much as a pipe that can be written to takes without waiting.
    constexpr qsizetype Piece = 4096;
    for (qsizetype passed = 0; passed < count;) {
        std::array<pollfd, 2> ends{{{m_stop.readEnd.number(), POLLIN, 0}, {m_pipe.number(), POLLOUT, 0}}};
        if (::poll(ends.data(), ends.size(), -1) < 0)
            continue;
        if (ends[0].revents)
            return false;
        const ssize_t written = ::write(m_pipe.number(), bytes + passed, size_t(std::min(count - passed, Piece)));
        if (written > 0)
            passed += written;
    }
    m_last = bytes[count - 1];
    return true;
}

// What begins anew is no part of an unfinished line.
void FileTail::endLine()
{
    if (m_last != '\n')
        static_cast<void>(write("\n", 1));
}

void FileTail::followPlace()
{
    struct stat here = {};
    struct stat there = {};
    const off_t position = ::lseek(m_input.number(), 0, SEEK_CUR);
    if (::fstat(m_input.number(), &here) == 0 && here.st_size < position) {
        endLine();
        ::lseek(m_input.number(), 0, SEEK_SET);
    }
    if (::stat(m_name.constData(), &there) != 0 || (there.st_ino == here.st_ino && there.st_dev == here.st_dev))
        return;
    const int number = ::open(m_name.constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (number < 0)
        return;
    // What was still written to the old one.
    while (pass()) { }
    endLine();
    m_input = Descriptor(number);
}

} // namespace Monitor
