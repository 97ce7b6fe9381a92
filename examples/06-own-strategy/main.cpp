// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: a strategy of one's own says how long a RetryingSink waits before it tries again, and when it gives up.
// Prints: each failure and what the strategy makes of it, and the outcomes.

#include <Qanat/RetryStrategy>
#include <Qanat/RetryingSink>

#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Qanat::Delivery;

// Waits longer each time, and gives up after three tries. It is called in the sink's thread only, so it needs no lock.
class Patience : public Qanat::RetryStrategy
{
public:
    explicit Patience(std::chrono::milliseconds step)
        : m_step(step)
    {
    }

    // Asked before each attempt, the first one, too, which is to come at once.
    std::chrono::nanoseconds delay(const Qanat::Attempt &attempt) override { return m_step * (attempt.number - 1); }

    Verdict failed(const Qanat::Attempt &attempt, const Delivery &failure) override
    {
        const bool goesOn = attempt.number < 3;
        QTextStream out(stdout);
        out << "try " << attempt.number << ": " << failure.errorText() << ", "
            << (goesOn ? u"again in %1 ms"_s.arg((m_step * attempt.number).count()) : u"given up"_s) << Qt::endl;
        return goesOn ? Verdict::Retry : Verdict::Drop;
    }

    void succeeded(const Qanat::Attempt &) override { }

    // What has another key need not wait with what failed. With Endpoint everything waits.
    Scope scope() const override { return Scope::Key; }

private:
    std::chrono::milliseconds m_step;
};

// A door that opens after as many knocks as the event says.
class Door : public Qanat::Sink
{
protected:
    Delivery deliver(const Qanat::Event &event) override
    {
        if (++m_knocks < event.data().toInt())
            return Delivery::failed(Delivery::Error::Unavailable, u"nobody answers"_s);
        m_knocks = 0;
        return Delivery::delivered();
    }

private:
    int m_knocks = 0;
};

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const auto tell = [](const Delivery &outcome) { QTextStream(stdout) << outcome.toString() << Qt::endl; };

    Qanat::RetryingSink visits(std::make_unique<Door>(), Patience(10ms));
    visits.send(Qanat::Event(u"visit"_s, 2)).then(&app, [&](const Delivery &outcome) { // The second knock is heard.
        tell(outcome);
        visits.send(Qanat::Event(u"visit"_s, 100)).then(&app, [&](const Delivery &outcome) { // So patient is nobody.
            tell(outcome);
            QCoreApplication::quit();
        });
    });
    return QCoreApplication::exec();
}
