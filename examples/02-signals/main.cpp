// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: signals of any QObject become events, with their arguments as data. The objects know nothing of it.
// Prints: the type and the data of each event.

#include <Qanat/Broadcaster>
#include <Qanat/SignalSource>

#include <QtCore/QCoreApplication>
#include <QtCore/QStringListModel>
#include <QtCore/QTextStream>
#include <QtCore/QTimeLine>

using namespace Qt::StringLiterals;

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QTextStream out(stdout);

    Qanat::Broadcaster events;
    events.listen(&app, [&out](const Qanat::Event &event) {
        out << event.type() << ' ' << event.dataToJson().value() << Qt::endl;
    });

    QStringListModel tasks({u"sow"_s, u"water"_s});
    QTimeLine season(1000);

    // A signal as it is: its parameters become a map.
    Qanat::connectSignal(&tasks, &QStringListModel::rowsInserted, &events, u"tasks.added"_s);

    // A function makes the event, of as many of the arguments as it takes; without an event nothing is written.
    const auto changed = [](const QModelIndex &index) -> std::optional<Qanat::Event> {
        if (index.data().toString().isEmpty())
            return std::nullopt;
        return Qanat::Event(u"tasks.changed"_s, QVariantMap{{u"row"_s, index.row()}, {u"task"_s, index.data()}});
    };
    Qanat::connectSignal(&tasks, &QStringListModel::dataChanged, &events, changed);

    // A property, whenever it changes.
    Qanat::connectProperty(&tasks, "objectName", &events, u"tasks.named"_s);

    // All signals of an object: their names follow the dot.
    Qanat::SignalSource all = Qanat::connectAllSignals(&season, &events, u"season"_s);

    tasks.insertRow(2);
    tasks.setData(tasks.index(2), u"harvest"_s);
    tasks.setData(tasks.index(2), QString()); // No event.
    tasks.setObjectName(u"garden"_s);
    season.setEasingCurve(QEasingCurve::Linear);
    season.setFrameRange(0, 12);
    season.setCurrentTime(250);

    // A connection lasts until one of both is gone, or until this:
    all.disconnect();
    season.setCurrentTime(500);

    QObject::connect(&events, &Qanat::Sink::closed, &app, &QCoreApplication::quit);
    events.close();
    return QCoreApplication::exec();
}
