// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: a Filter lets through what a Matcher matches, and a Transform takes out what nobody else may read. Both are sinks
// around a sink, so they go wherever a sink goes.
// Prints: what the matcher is, the events that come through, and how many did not.

#include <Qanat/Filter>
#include <Qanat/Transform>

#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>

using namespace Qt::StringLiterals;
using Qanat::Matcher;

// The end of the pipeline: stands for a file, or a web service.
class Printer : public Qanat::Sink
{
protected:
    Qanat::Delivery deliver(const Qanat::Event &event) override
    {
        QTextStream(stdout) << event.type() << ' ' << event.dataToJson().value() << Qt::endl;
        return Qanat::Delivery::delivered();
    }
};

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QTextStream out(stdout);

    // What happens to users, wherever it happens, but not when a robot does it; and every alarm.
    const Matcher people = Matcher::type(u"user.**"_s) && !Matcher::data(u"/robot"_s, true);
    const Matcher wanted = people || Matcher::type(u"alarm"_s);
    out << wanted.toString() << Qt::endl;

    // Fields of that name at any depth, and one at a certain place.
    const auto redaction = Qanat::Transform::redaction({u"password"_s, u"/user/mail"_s});

    auto safe = std::make_unique<Qanat::Transform>(redaction, std::make_unique<Printer>());
    Qanat::Filter events(wanted, std::move(safe));

    const QVariantMap ada{{u"name"_s, u"Ada"_s}, {u"mail"_s, u"ada@example.org"_s}};
    events.write(Qanat::Event(u"user.login.tried"_s, QVariantMap{{u"user"_s, ada}, {u"password"_s, u"secret"_s}}));
    events.write(Qanat::Event(u"user.login"_s, QVariantMap{{u"user"_s, u"monitor"_s}, {u"robot"_s, true}}));
    events.write(Qanat::Event(u"window.moved"_s, QVariantMap{{u"x"_s, 10}}));
    events.write(Qanat::Event(u"alarm"_s, QVariantMap{{u"text"_s, u"the tank is empty"_s}}));

    QObject::connect(&events, &Qanat::Sink::closed, &app, [&] {
        const Qanat::Statistics statistics = events.statistics();
        out << "delivered: " << statistics.delivered << ", filtered: " << statistics.filtered << Qt::endl;
        QCoreApplication::quit();
    });
    events.close();
    return QCoreApplication::exec();
}
