// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: a consumer that reads events in its own thread and at its own pace, in a plain loop. The channel holds two; what comes
// beyond that waits before it, and nothing is lost.
// Prints: what the consumer reads, and how much it was.

#include <Qanat/Broadcaster>
#include <Qanat/Channel>

#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>
#include <QtCore/QThread>

using namespace Qt::StringLiterals;

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);

    Qanat::Broadcaster events;
    Qanat::Channel channel(2);
    events.add(&channel); // Not owned.

    const std::unique_ptr<QThread> consumer(QThread::create([&channel] {
        QTextStream out(stdout);
        // Waits for each event, until the channel is closed and read to its end.
        for (const Qanat::Event &event : channel)
            out << event.type() << ' ' << event.data().toInt() << Qt::endl;
    }));
    QObject::connect(consumer.get(), &QThread::finished, &app, &QCoreApplication::quit);
    consumer->start();

    for (int number = 1; number <= 5; ++number)
        events.write(Qanat::Event(u"bucket.filled"_s, number));

    // Closes the channel, too, once it was given everything.
    events.close();

    const int status = QCoreApplication::exec();
    consumer->wait();
    QTextStream(stdout) << "read: " << channel.statistics().delivered << Qt::endl;
    return status;
}
