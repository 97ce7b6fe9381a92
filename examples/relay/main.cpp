// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "console.h"
#include "deadletterscommand.h"
#include "descriptor.h"
#include "options.h"
#include "session.h"

#include <QtCore/qcoreapplication.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

using namespace Qt::StringLiterals;
using namespace Relay;

namespace {

constexpr int UsageStatus = 2;

int wrongUsage(const QString &message)
{
    Console::printLast(("qanat-relay: "_L1 + Console::oneLine(message)).toUtf8());
    return UsageStatus;
}

int printOut(const QString &text)
{
    const QByteArray bytes = text.toUtf8();
    const bool isWritten =
        std::fwrite(bytes.constData(), 1, static_cast<size_t>(bytes.size()), stdout) > 0 && std::fflush(stdout) == 0;
    return isWritten ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int argc, char *argv[])
{
    const StandardInput standardInput = reserveStandardDescriptors();
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(u"qanat-relay"_s);
    QCoreApplication::setApplicationVersion(QStringLiteral(QANAT_VERSION));

    if (QCoreApplication::arguments().value(1) == "dead-letters"_L1)
        return runDeadLettersCommand(QCoreApplication::arguments().mid(2));
    const auto options = parseOptions(QCoreApplication::arguments());
    if (!options)
        return wrongUsage(options.errorText());
    if (options->action == Options::Action::Help)
        return printOut(helpText());
    if (options->action == Options::Action::Version)
        return printOut(QCoreApplication::applicationName() + u' ' + QCoreApplication::applicationVersion() + u'\n');
    auto input = openInput(options->file, standardInput);
    if (!input)
        return wrongUsage(input.errorText());
    if (options->deadLetterFile) {
        if (const QString error = appendError(*options->deadLetterFile, *input); !error.isEmpty())
            return wrongUsage(u"--dead-letter: "_s + error);
    }

    qInstallMessageHandler(Console::handleMessage);
    // Whoever reads what is printed may go: that is an error of writing, and no end.
    std::signal(SIGPIPE, SIG_IGN);
    std::optional<Session> session;
    session.emplace(*options, std::move(input).value());
    QObject::connect(&*session, &Session::finished, &application, &QCoreApplication::quit, Qt::QueuedConnection);
    session->start();
    QCoreApplication::exec();

    const int status = session->status();
    const Session::Exit exit = session->exit();
    session.reset();
    // The end of QCoreApplication would wait for a name look-up under way, for many seconds perhaps.
    if (exit == Session::Exit::CutShort)
        std::_Exit(status);
    return status;
}
