// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/Broadcaster>
#include <Qanat/Event>
#include <Qanat/HttpSink>
#include <Qanat/Queue>

#include <QtCore/QCoreApplication>

#include <cstdio>

using namespace Qt::StringLiterals;

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);

    Qanat::Broadcaster events;
    events.listen(&app, [](const Qanat::Event &event) {
        std::printf("%s\n", qPrintable(event.type()));
        QCoreApplication::quit();
    });
    events.write(Qanat::Event(u"app.started"_s));
    return QCoreApplication::exec();
}
