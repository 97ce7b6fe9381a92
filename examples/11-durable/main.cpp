// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: events for a web service that outlive the program. They are on disk from when they are reported as stored until they
// are delivered, and what the service refuses is kept as a dead letter.
// Prints: what each of three runs of a program stores, delivers and is refused.

#include <Qanat/DurableQueue>
#include <Qanat/Endpoint>
#include <Qanat/HttpReceiver>
#include <Qanat/StoredDeadLetters>

#include <QtCore/QCoreApplication>
#include <QtCore/QTemporaryDir>
#include <QtCore/QTextStream>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

// One run of a program, from its start to its end.
class Run
{
public:
    Run(const QString &folder, const QUrl &url)
        : m_audit(configuration(url), [&](std::unique_ptr<Qanat::Sink> target) {
            auto queue = std::make_unique<Qanat::DurableQueue>(folder, std::move(target));
            m_queue = queue.get(); // It belongs to the endpoint.
            return queue;
        })
    {
    }
    Qanat::Endpoint &audit() { return m_audit; }
    Qanat::DurableQueue &queue() { return *m_queue; }
    void end(const char *name, std::chrono::milliseconds within)
    {
        const Qanat::CloseResult closed = m_audit.close(within).result(); // An application: Qanat::shutdownAtQuit().
        QTextStream(stdout) << name << ": " << m_queue->resumed() << " from before, " << m_audit.statistics().delivered
                            << " delivered, " << closed.stored() << " stored, " << m_queue->storedDeadLetters()->count()
                            << " refused" << Qt::endl;
    }

private:
    static Qanat::EndpointConfiguration configuration(const QUrl &url)
    {
        Qanat::EndpointConfiguration configuration;
        configuration.name = u"audit"_s;
        configuration.url = url;
        return configuration;
    }

    Qanat::DurableQueue *m_queue = nullptr;
    Qanat::Endpoint m_audit;
};

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const QTemporaryDir folder; // An application: below QStandardPaths::AppDataLocation.
    Qanat::HttpReceiver service;

    service.setResponse(Qanat::HttpResponse::status(503)); // Out of order.
    Run first(folder.filePath(u"audit"_s), service.url());
    for (int i = 1; i <= 3; ++i)
        first.audit().write(Qanat::Event(u"user.deleted"_s, i));
    first.queue().flushed().waitForFinished(); // In the GUI thread a QFutureWatcher waits.
    first.end("first", 0ms);

    service.setResponse(Qanat::HttpResponse::status(422)); // It does not like what it gets.
    Run second(folder.filePath(u"audit"_s), service.url());
    second.end("second", 30s);

    service.setResponse(Qanat::HttpResponse::status(204)); // All is well.
    Run third(folder.filePath(u"audit"_s), service.url());
    third.queue().storedDeadLetters()->sendAllAgain().waitForFinished();
    third.end("third", 30s);
    return service.requestCount() > 0 ? 0 : 1;
}
