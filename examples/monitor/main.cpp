// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "follower.h"
#include "options.h"
#include "panel.h"
#include "pipeline.h"
#include "ratesource.h"
#include "receiver.h"
#include "rehearsal.h"

#include <Qanat/Broadcaster>
#include <Qanat/MonitorWindow>
#include <Qanat/Shutdown>

#include <QtCore/qdir.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qtemporarydir.h>
#include <QtGui/qaction.h>
#include <QtGui/qpalette.h>
#include <QtGui/qscreen.h>
#include <QtWidgets/qapplication.h>
#include <QtWidgets/qdockwidget.h>
#include <QtWidgets/qmenu.h>
#include <QtWidgets/qstyle.h>
#include <QtWidgets/qstylefactory.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;
using namespace Monitor;

namespace {

constexpr int UsageStatus = 2;

int wrongUsage(const QString &message)
{
    std::fprintf(stderr, "qanat-monitor: %s\n", qPrintable(message));
    return UsageStatus;
}

// Qt would end the process where there is no display; so it is told what to take instead. The choice of the user comes first.
void choosePlatform(bool isOffscreen)
{
    if (isOffscreen) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
        return;
    }
    if (qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        return;
#if defined(Q_OS_UNIX) && !defined(Q_OS_DARWIN)
    QByteArray platforms = "offscreen";
    if (!qEnvironmentVariableIsEmpty("DISPLAY"))
        platforms.prepend("xcb;");
    if (!qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY"))
        platforms.prepend("wayland;");
    qputenv("QT_QPA_PLATFORM", platforms);
#endif
}

// What the platform that shows nothing says of windows is nobody's business.
QtMessageHandler formerHandler = nullptr;
void handleMessage(QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    if (!message.startsWith("This plugin does not support"_L1))
        formerHandler(type, context, message);
}

// Light or dark as the desktop is, if nobody says otherwise; where there is no desktop, Qt's own colours are dull.
void dress(bool isDark)
{
    isDark = isDark || QApplication::palette().color(QPalette::Window).lightness() < 128;
    QApplication::setStyle(QStyleFactory::create(u"Fusion"_s));
    QPalette palette(QColor(isDark ? 0x2b2d31 : 0xf1f3f5));
    palette.setColor(QPalette::Base, QColor(isDark ? 0x1e1f22 : 0xffffff));
    palette.setColor(QPalette::AlternateBase, QColor(isDark ? 0x25272b : 0xf6f8fa));
    if (isDark) {
        palette.setColor(QPalette::Button, QColor(0x3c4046));
        for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
            palette.setColor(QPalette::Disabled, role, QColor(0x7d848f));
    }
    palette.setColor(QPalette::PlaceholderText, QColor(isDark ? 0x8b919b : 0x6b7280));
    palette.setColor(QPalette::Highlight, QColor(0x2f6fbf));
    palette.setColor(QPalette::HighlightedText, Qt::white);
    palette.setColor(QPalette::Link, QColor(isDark ? 0x6ea8fe : 0x1f5fae));
    QApplication::setPalette(palette);
}

// A pipeline that was used, and what has become of it.
int report(const Pipeline &pipeline, const Rehearsal *rehearsal)
{
    say(QString());
    say(pipeline.totals());
    say(QString());
    const bool isWhole = pipeline.isBalanced();
    const bool isSuccess = !rehearsal || rehearsal->isSuccess();
    say(isWhole ? u"The totals balance."_s : u"THE TOTALS DO NOT BALANCE."_s);
    return isWhole && isSuccess ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int argc, char *argv[])
{
    const Relay::StandardInput standardInput = Relay::reserveStandardDescriptors();
    QStringList arguments;
    for (int i = 0; i < argc; ++i)
        arguments.append(QString::fromLocal8Bit(argv[i]));
    const auto options = parseOptions(arguments);
    if (!options)
        return wrongUsage(options.errorText());
    if (options->action == Options::Action::Help) {
        std::fputs(qPrintable(helpText()), stdout);
        return EXIT_SUCCESS;
    }
    if (options->action == Options::Action::Version) {
        say(u"qanat-monitor "_s + QStringLiteral(QANAT_VERSION));
        return EXIT_SUCCESS;
    }

    for (const auto &[name, file] : {std::pair(u"--file"_s, options->file), {u"--screenshot"_s, options->screenshot}}) {
        const QFileInfo info(file);
        if (info.isDir())
            return wrongUsage(u"%1: %2 is a directory"_s.arg(name, file));
        if (!file.isEmpty() && !info.dir().exists())
            return wrongUsage(u"%1: %2: there is no directory %3"_s.arg(name, file, info.path()));
    }
    if (const QFileInfo spool(options->spool); !options->spool.isEmpty() && spool.exists() && !spool.isDir())
        return wrongUsage(u"--spool: %1 is no directory"_s.arg(options->spool));
    std::unique_ptr<Follower> follower;
    if (!options->follow.isEmpty()) {
        auto opened = Follower::open(options->follow, standardInput);
        if (!opened)
            return wrongUsage(u"--follow: "_s + opened.errorText());
        follower = std::move(opened).value();
    }

    choosePlatform(options->isOffscreen);
    // The application's own options of Qt would be taken for wrong ones here.
    int count = 1;
    QApplication application(count, argv);
    QApplication::setOrganizationName(u"Qanat"_s);
    QApplication::setApplicationName(u"qanat-monitor"_s);
    QApplication::setApplicationVersion(QStringLiteral(QANAT_VERSION));
    quitOnTerminationSignals();
    shutdownAtQuit(5s);
    dress(options->isDark);
    const bool isOffscreen = QGuiApplication::platformName() == "offscreen"_L1;
    if (isOffscreen)
        formerHandler = qInstallMessageHandler(handleMessage);

    std::optional<Receiver> receiver;
    if (options->endpoint.isEmpty())
        receiver.emplace();
    if (receiver && !receiver->errorText().isEmpty())
        return wrongUsage(u"no web server: "_s + receiver->errorText());
    const QTemporaryDir folder(QDir::tempPath() + u"/qanat-monitor-XXXXXX"_s);
    if (options->file.isEmpty() && !folder.isValid())
        return wrongUsage(folder.errorString());

    Pipeline::Places places;
    places.url = receiver ? receiver->url() : options->endpoint;
    places.batchUrl = receiver ? receiver->batchUrl() : options->endpoint;
    places.file = options->file.isEmpty() ? folder.filePath(u"orders.ndjson"_s) : options->file;
    places.spool = options->spool;
    Pipeline pipeline(places);
    // What is read can wait for the slowest; what is made here cannot.
    if (follower)
        pipeline.events()->setPacing(Broadcaster::Pacing::Slowest);
    RateSource rate(pipeline.events());

    MonitorWindow window(pipeline.events());
    window.setAttribute(Qt::WA_DeleteOnClose, false);
    if (isOffscreen)
        window.setSettingsGroup(QString());
    auto *const dock = new QDockWidget(QApplication::translate("Monitor", "Events"), &window);
    dock->setObjectName(u"panel"_s);
    dock->setFeatures(QDockWidget::DockWidgetClosable);
    dock->setTitleBarWidget(new QWidget(dock)); // None.
    dock->toggleViewAction()->setText(QApplication::translate("Monitor", "Event &Panel"));
    dock->toggleViewAction()->setShortcut(Qt::Key_F9);
    window.findChild<QMenu *>(u"viewMenu"_s)->addAction(dock->toggleViewAction());
    auto *const panel = new Panel(pipeline.events(), &rate, receiver ? &*receiver : nullptr, follower.get());
    dock->setWidget(panel);
    window.addDockWidget(Qt::LeftDockWidgetArea, dock);
    constexpr QSize Comfortable(1440, 900);
    window.resize(isOffscreen ? Comfortable : Comfortable.boundedTo(window.screen()->availableSize()));
    window.show();
    if (follower)
        follower->start(pipeline.events());

    std::optional<Rehearsal> rehearsal;
    if (isOffscreen) {
        say(options->isOffscreen
                ? u"Without a window, for some seconds:"_s
                : u"There is no display. The same pipeline runs without a window, for some seconds:"_s);
        rehearsal.emplace(&pipeline, panel, receiver ? &*receiver : nullptr, &window, options->screenshot);
        QObject::connect(&*rehearsal, &Rehearsal::finished, &application, &QApplication::quit);
        rehearsal->start();
    }
    const int status = QApplication::exec();
    // Whoever is held back is let go by the close, and then they can be waited for.
    follower.reset();
    const int verdict = report(pipeline, rehearsal && status == 0 ? &*rehearsal : nullptr);
    return status != 0 ? status : verdict;
}
