// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "descriptor.h"

#include <QtCore/qfile.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace Relay {

Descriptor::~Descriptor()
{
    if (m_number >= 0)
        ::close(m_number);
}

Qanat::Result<WakeUpPipe> WakeUpPipe::make()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return Qanat::Failure{u"no pipe could be made: "_s + qt_error_string(errno)};
    return WakeUpPipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

StandardInput reserveStandardDescriptors()
{
    auto found = StandardInput::Open;
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
        if (::fcntl(number, F_GETFD) != -1)
            continue;
        if (number == STDIN_FILENO)
            found = StandardInput::Closed;
        // It gets the lowest number that is free, which is this one.
        (void)::open("/dev/null", O_RDWR);
    }
    return found;
}

Qanat::Result<Descriptor> openInput(const std::optional<QString> &file, StandardInput standardInput)
{
    const QString name = inputName(file);
    if (!file && standardInput == StandardInput::Closed)
        return Qanat::Failure{name + u" is closed; name a FILE"_s};

    // Non-blocking: opening a named pipe must not wait for its writer, for a signal could not end that.
    Descriptor input(file ? ::open(QFile::encodeName(*file).constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
                          : ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (input.number() < 0)
        return Qanat::Failure{name + u": "_s + qt_error_string(errno)};
    struct stat status = {};
    if (::fstat(input.number(), &status) == 0 && S_ISDIR(status.st_mode))
        return Qanat::Failure{name + u" is a directory, not a file"_s};
    return input;
}

QString appendError(const QString &file, const Descriptor &input)
{
    const Descriptor output(::open(QFile::encodeName(file).constData(),
                                   O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
    if (output.number() < 0)
        return file + u": "_s + qt_error_string(errno);
    struct stat own = {};
    struct stat other = {};
    const bool isSame = ::fstat(output.number(), &own) == 0 && ::fstat(input.number(), &other) == 0
                        && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
    // It would never come to its end.
    return isSame && S_ISREG(own.st_mode) ? file + u" is what is read"_s : QString();
}

QString inputName(const std::optional<QString> &file)
{
    return file.value_or(u"standard input"_s);
}

} // namespace Relay
