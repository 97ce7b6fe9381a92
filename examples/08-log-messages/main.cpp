// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: log messages become events, and events become log messages.
// Prints: the log messages that a listener hears as events. The messages themselves go to standard error, as ever.

#include <Qanat/Broadcaster>
#include <Qanat/LogSink>
#include <Qanat/LogSource>

#include <QtCore/QCoreApplication>
#include <QtCore/QLoggingCategory>
#include <QtCore/QTextStream>

using namespace Qt::StringLiterals;

Q_LOGGING_CATEGORY(well, "app.well")

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QTextStream out(stdout);

    Qanat::Broadcaster log;
    log.listen(&app, [&out](const Qanat::Event &event) {
        const QString message = event.data().toMap().value(u"message"_s).toString();
        out << event.type() << " [" << event.subject() << "] " << message << Qt::endl;
    });

    // From here on what is logged anywhere is written to it, too, if it is severe enough.
    Qanat::LogSource source(&log);
    source.setMinimumLevel(QtInfoMsg);

    qCDebug(well, "Looking into the well");
    qCWarning(well, "The water is low");
    qCritical("The well is dry");

    // The other way round: each event is a message of a category, as severe as this function says. Only its attributes
    // are logged, unless a formatter says more.
    Qanat::LogSink messages("app.events");
    messages.setSeverity([](const Qanat::Event &event) {
        return event.type().endsWith(u".failed") ? Qanat::LogSink::Severity::Critical : Qanat::LogSink::Severity::Info;
    });
    messages.setFormatter([](const Qanat::Event &event) { return event.type() + u' ' + event.subject(); });
    for (const QString &type : {u"pump.started"_s, u"pump.failed"_s}) {
        Qanat::Event event(type);
        event.setSubject(u"north"_s);
        messages.write(event);
    }

    // What it logs is heard by the source as well. That is no circle: these messages are not about the events of the source.
    QObject::connect(&messages, &Qanat::Sink::closed, &log, [&log] { log.close(); });
    QObject::connect(&log, &Qanat::Sink::closed, &app, &QCoreApplication::quit);
    messages.close();
    return QCoreApplication::exec();
}
