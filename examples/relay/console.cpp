// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "console.h"

#include <mutex>

#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace Relay::Console {

namespace {

constexpr auto EraseLine = "\r\x1b[K";
constexpr int DefaultWidth = 80;

std::mutex mutex;
QByteArray progress; // What stands on the terminal's last line now.
bool isOver = false;

void writeAll(const QByteArray &bytes)
{
    qsizetype done = 0;
    while (done < bytes.size()) {
        const ssize_t written =
            ::write(STDERR_FILENO, bytes.constData() + done, static_cast<size_t>(bytes.size() - done));
        if (written > 0) {
            done += written;
        } else if (written < 0 && errno == EAGAIN) {
            // Somebody who shares the terminal has made it non-blocking.
            pollfd descriptor{STDERR_FILENO, POLLOUT, 0};
            if (::poll(&descriptor, 1, -1) < 0 && errno != EINTR)
                return;
        } else if (written == 0 || errno != EINTR) {
            return;
        }
    }
}

// The line replaces the progress line, which comes back below it. One write, so that lines of several processes on one
// terminal don't mix.
void writeLine(const QByteArray &line)
{
    writeAll(progress.isEmpty() ? line + '\n' : EraseLine + line + '\n' + progress);
}

int terminalWidth()
{
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : DefaultWidth;
}

} // namespace

bool showsProgress()
{
    static const bool answer =
        ::isatty(STDERR_FILENO) == 1 && !qEnvironmentVariableIsEmpty("TERM") && qgetenv("TERM") != "dumb";
    return answer;
}

void print(const QString &text)
{
    printRaw(("qanat-relay: "_L1 + oneLine(text)).toUtf8());
}

void printRaw(const QByteArray &line)
{
    const std::lock_guard lock(mutex);
    if (!isOver)
        writeLine(line);
}

void showProgress(const QString &text)
{
    const std::lock_guard lock(mutex);
    if (isOver)
        return;
    // The last column stays free: some terminals wrap as soon as it is filled.
    const QByteArray line = text.left(terminalWidth() - 1).toUtf8();
    if (line == progress)
        return;
    progress = line;
    writeAll(EraseLine + progress);
}

void printLast(const QByteArray &line)
{
    const std::lock_guard lock(mutex);
    if (isOver)
        return;
    if (!progress.isEmpty()) {
        writeAll("\n");
        progress.clear();
    }
    writeLine(line);
    isOver = true;
}

void handleMessage(QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    Q_UNUSED(context)
    print(message);
    if (type == QtFatalMsg)
        std::abort();
}

QString oneLine(const QString &text)
{
    QString line;
    line.reserve(text.size());
    for (const QChar character : text) {
        const bool breaksLine = character == QChar::LineSeparator || character == QChar::ParagraphSeparator;
        if (character.category() == QChar::Other_Control || character.category() == QChar::Other_Format || breaksLine)
            line += u"\\u%1"_s.arg(static_cast<uint>(character.unicode()), 4, 16, QChar(u'0'));
        else
            line += character;
    }
    return line;
}

} // namespace Relay::Console
