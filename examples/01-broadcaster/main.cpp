// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: each event reaches everybody who was added to a broadcaster, here two listeners and a file. None of them holds up
// another, and close() delivers what was written before.
// Prints: each event as the first listener hears it, and at the end what the others got.

#include <Qanat/Broadcaster>
#include <Qanat/FileSink>
#include <Qanat/Queue>

#include <QtCore/QCoreApplication>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtCore/QTextStream>

using namespace Qt::StringLiterals;

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QTextStream out(stdout);
    const QTemporaryDir directory;
    const QString path = directory.filePath(u"events.ndjson"_s);

    Qanat::Broadcaster events;

    // A listener is called in the thread of its context, as long as that exists.
    events.listen(&app,
                  [&out](const Qanat::Event &event) { out << event.type() << " of " << event.subject() << Qt::endl; });

    // Another one, which hears only what matches.
    int renamings = 0;
    events.listen(
        &app, [&renamings](const Qanat::Event &) { ++renamings; }, Qanat::Matcher::type(u"*.renamed"_s));

    // A file. Disks are slow, so it gets a thread of its own: that of a queue.
    events.add(std::make_unique<Qanat::Queue>(std::make_unique<Qanat::FileSink>(path)));

    for (const QString &type : {u"document.opened"_s, u"document.renamed"_s, u"document.closed"_s}) {
        Qanat::Event event(type);
        event.setSubject(u"report.odt"_s);
        events.write(event);
    }

    // Nothing was waited for so far. It is closed when all of them have everything.
    QObject::connect(&events, &Qanat::Sink::closed, &app, [&] {
        QFile file(path);
        const bool isOpen = file.open(QIODevice::ReadOnly);
        out << "renamings: " << renamings << Qt::endl;
        out << "lines in the file: " << (isOpen ? file.readAll().count('\n') : 0) << Qt::endl;
        QCoreApplication::quit();
    });
    events.close();
    return QCoreApplication::exec();
}
