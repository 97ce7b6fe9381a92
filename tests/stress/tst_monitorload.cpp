// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// A window that watches 100,000 events per second.

#include "qanattest.h"

#include <monitor/ratesource.h>

#include <Qanat/CircuitBreaker>
#include <Qanat/EventLogModel>
#include <Qanat/Heartbeat>
#include <Qanat/MonitorWindow>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/WorkerPool>

#include <QtCore/qfile.h>
#include <QtCore/qtimer.h>

#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;
using Monitor::RateSource;

namespace {

class CountingSink final : public Sink
{
protected:
    void process(const Batch &, Completion completion) override { completion.settleAll(Delivery::delivered()); }
};

qint64 residentBytes()
{
    QFile file(u"/proc/self/statm"_s);
    const qint64 pages = file.open(QIODevice::ReadOnly) ? file.readAll().split(' ').value(1).toLongLong() : 0;
    return pages * ::sysconf(_SC_PAGESIZE);
}

void turn(std::chrono::milliseconds time)
{
    QEventLoop loop;
    QTimer::singleShot(time, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    loop.exec();
}

} // namespace

class MonitorLoadTest : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void theWindowNeverStalls();
    void aThousandSinksAreShown();
};

void MonitorLoadTest::theWindowNeverStalls()
{
    // A sanitizer makes everything ten times as slow.
    const int rate = IsSanitized ? 5'000 : RateSource::MaximumRate;
    Broadcaster broadcaster;
    broadcaster.setObjectName(u"events"_s);
    for (int i = 0; i < 3; ++i)
        broadcaster.add(std::make_unique<Queue>(
            std::make_unique<RetryingSink>(std::make_unique<CountingSink>(), CircuitBreaker(5, 1s))));
    settleCommands(broadcaster);
    MonitorWindow window(&broadcaster);
    window.setAttribute(Qt::WA_DeleteOnClose, false);
    window.setSettingsGroup(QString());
    window.show();
    RateSource source(&broadcaster);
    source.setRate(rate);
    // Until the log is full, and the thread has seen everything once.
    turn(4s);
    const qint64 before = broadcaster.statistics().written;
    const qint64 memory = residentBytes();
    Heartbeat heartbeat;
    turn(10s);
    heartbeat.stop();
    const qint64 grown = residentBytes() - memory;
    const qint64 written = broadcaster.statistics().written - before;
    source.setRate(0);
    qInfo("%s; %lld events in 10 s; memory grew by %lld kB", qPrintable(heartbeat.summary()),
          static_cast<long long>(written), static_cast<long long>(grown / 1024));
    QVERIFY2(heartbeat.isWithin(IsSanitized ? 500ms : 50ms), qPrintable(heartbeat.summary()));
    QVERIFY2(written > qint64(rate) * 10 / 2, qPrintable(QString::number(written)));
    if (!IsSanitized)
        QVERIFY2(grown < 32 * 1024 * 1024, qPrintable(QString::number(grown)));
    auto *const log = window.findChild<EventLogModel *>();
    QVERIFY(log->rowCount() > 0 && log->rowCount() <= log->capacity());
    // What it could not show is counted, and was delivered all the same.
    QANAT_WAIT(broadcaster.statistics().pending == 0);
    log->refresh();
    QVERIFY(log->passedOver() > 0 || IsSanitized);
    for (const PipelineNode &queue : broadcaster.pipeline().targets)
        QANAT_WAIT([&] {
            for (const PipelineNode &one : broadcaster.pipeline().targets) {
                if (one.identity == queue.identity)
                    return one.statistics.delivered == broadcaster.statistics().written;
            }
            return false;
        }());
    QANAT_BALANCED(broadcaster);
}

// All of them boxes, rows and pipes, and each changes all the time: that takes a moment twice a second, and no seconds.
void MonitorLoadTest::aThousandSinksAreShown()
{
    const int queues = IsSanitized ? 50 : 1000;
    WorkerPool pool(2);
    Broadcaster broadcaster;
    for (int i = 0; i < queues; ++i)
        broadcaster.add(std::make_unique<Queue>(std::make_unique<CountingSink>(), pool));
    settleCommands(broadcaster);
    MonitorWindow window(&broadcaster);
    window.setAttribute(Qt::WA_DeleteOnClose, false);
    window.setSettingsGroup(QString());
    window.show();
    RateSource source(&broadcaster);
    source.setRate(100);
    turn(2s);
    Heartbeat heartbeat;
    turn(5s);
    heartbeat.stop();
    source.setRate(0);
    qInfo("%s", qPrintable(heartbeat.summary()));
    QVERIFY2(heartbeat.isWithin(IsSanitized ? 500ms : 250ms), qPrintable(heartbeat.summary()));
}

QTEST_MAIN(MonitorLoadTest)

#include "tst_monitorload.moc"
