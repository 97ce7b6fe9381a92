// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: the end of a program. When the event loop ends, by itself or by Ctrl+C or SIGTERM, all pipelines deliver what they
// have accepted, for at most five seconds, before exec() returns.
// Prints: how much was written when the loop ended, and how much was delivered then.

#include <Qanat/Queue>
#include <Qanat/Shutdown>

#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>
#include <QtCore/QTimer>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

// Stands for a file or a web service.
class Store : public Qanat::Sink
{
protected:
    Qanat::Delivery deliver(const Qanat::Event &) override
    {
        ++m_count;
        return Qanat::Delivery::delivered();
    }
    // The last call: what was opened is closed here.
    Qanat::Delivery finish() override
    {
        QTextStream(stdout) << "stored " << m_count << " events" << Qt::endl;
        return Qanat::Delivery::delivered();
    }

private:
    int m_count = 0;
};

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    Qanat::shutdownAtQuit(5s);
    Qanat::quitOnTerminationSignals();

    Qanat::Queue events(std::make_unique<Store>());
    QTimer::singleShot(0, &app, [&events] {
        for (int number = 1; number <= 10000; ++number)
            events.write(Qanat::Event(u"bucket.filled"_s, number));
        QTextStream(stdout) << "written, and not waited for" << Qt::endl;
        QCoreApplication::quit();
    });

    const int status = QCoreApplication::exec(); // 130 after Ctrl+C, 143 after SIGTERM.
    const Qanat::Statistics statistics = events.statistics();
    QTextStream(stdout) << "delivered " << statistics.delivered << " of " << statistics.written << Qt::endl;
    return status;
}
