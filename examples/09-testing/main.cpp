// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Shows: the test of a class that uses the library, without a service, and without waiting for a minute to pass.
// Prints: the test functions and the totals, in the Test Anything Protocol.

#include <Qanat/CircuitBreaker>
#include <Qanat/ManualClock>
#include <Qanat/Queue>
#include <Qanat/RecordingSink>
#include <Qanat/RetryingSink>
#include <Qanat/WaitUntil>

#include <QtTest/QTest>

using namespace Qanat;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

// Of the application: tells a service what people save, and tries again a minute after a failure.
class Uploader : public QObject
{
public:
    Uploader(std::unique_ptr<Sink> service, const std::shared_ptr<Clock> &clock)
        : m_queue(std::make_unique<RetryingSink>(std::move(service), CircuitBreaker(1, 1min)))
    {
        m_queue.setClock(clock);
        connect(&m_queue, &Sink::dropped, this, [this](qint64, const Delivery &last) { m_problem = last.errorText(); });
    }
    void save(const QString &name) { m_queue.write(Event(u"document.saved"_s, name)); }
    bool isIdle() const { return m_queue.statistics().pending == 0; }
    QString problem() const { return m_problem; }

private:
    Queue m_queue;
    QString m_problem;
};

class UploaderTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void triesAgainAfterAMinute()
    {
        const auto clock = std::make_shared<ManualClock>();
        auto service = std::make_unique<RecordingSink>();
        const auto recording = service->recording(); // The sink goes to another thread; this stays.
        recording->setBehaviour([n = 0](const Event &) mutable {
            return n++ ? Delivery::delivered() : Delivery::failed(Delivery::Error::Network, u"no connection"_s);
        });
        Uploader uploader(std::move(service), clock);
        uploader.save(u"report"_s);
        QVERIFY(clock->waitForWaiter()); // It has failed, and waits for the next try.
        QCOMPARE(recording->count(), 1);
        clock->advance(1min);
        QVERIFY(waitUntil([&uploader] { return uploader.isIdle(); }));
        QCOMPARE(recording->deliveredCount(), 1);
    }

    void saysWhatWasRefused()
    {
        auto service = std::make_unique<RecordingSink>();
        service->recording()->setBehaviour(
            [](const Event &) { return Delivery::dropped(Delivery::Error::Refused, u"too large"_s); });
        Uploader uploader(std::move(service), Clock::system());
        uploader.save(u"atlas"_s);
        QVERIFY(waitUntil([&uploader] { return uploader.problem() == u"too large"_s; }));
    }
};

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    UploaderTest test;
    return QTest::qExec(&test, app.arguments() << u"-tap"_s); // Without -tap: QTEST_GUILESS_MAIN(UploaderTest)
}

#include "main.moc"
