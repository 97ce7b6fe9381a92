// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: events that carry a type of the application, in the process and out of it: a listener takes the type, whether the event
// was made here or comes from another process as JSON.
// Prints: the data as JSON, what is wrong with data that do not fit, and what the listener hears.

#include <Qanat/Broadcaster>

#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>

using namespace Qt::StringLiterals;
using Qanat::Event;

// A gadget: its properties are what leaves the process.
struct DocumentRenamed
{
    Q_GADGET
    Q_CLASSINFO("EventType", "document.renamed") // Without it the type is the name of the class.
    Q_PROPERTY(QString from MEMBER from)
    Q_PROPERTY(QString to MEMBER to)
    Q_PROPERTY(int revision MEMBER revision)
public:
    QString from;
    QString to;
    int revision = 1;
};

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QTextStream out(stdout);

    Qanat::Broadcaster events;
    events.listen<DocumentRenamed>(&app, [&out](const DocumentRenamed &renamed, const Event &event) {
        out << event.source() << ": " << renamed.from << " is " << renamed.to << ", revision " << renamed.revision
            << Qt::endl;
    });

    // In this process the value itself goes through.
    const Event event = Event::fromValue(DocumentRenamed{u"draft"_s, u"report"_s, 7});
    events.write(event);
    out << event.type() << ' ' << event.dataToJson().value() << Qt::endl;

    // There and back again: the id, the time and all else stay what they are; the data become a map, and from that the value.
    const Qanat::Result<QByteArray> json = event.toJson();
    const Qanat::Result<Event> back = Event::fromJson(*json);
    if (!back || back->id() != event.id())
        return 1;
    events.write(*back);

    // From elsewhere. What is not named keeps what a new DocumentRenamed has; what is wrong is named.
    Event foreign(u"document.renamed"_s, QVariantMap{{u"from"_s, u"a"_s}, {u"to"_s, u"b"_s}});
    foreign.setSource(u"/elsewhere"_s);
    events.write(foreign);
    foreign.setData(QVariantMap{{u"revision"_s, u"seven"_s}});
    out << foreign.value<DocumentRenamed>().errorText() << Qt::endl;

    QObject::connect(&events, &Qanat::Sink::closed, &app, &QCoreApplication::quit);
    events.close();
    return QCoreApplication::exec();
}

#include "main.moc"
