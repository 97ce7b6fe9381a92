// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Broadcaster>
#include <Qanat/DurableQueue>
#include <Qanat/Endpoint>
#include <Qanat/HttpReceiver>
#include <Qanat/Shutdown>

#include <QtCore/qscopeguard.h>
#include <QtCore/qtemporarydir.h>

#include <condition_variable>
#include <mutex>

#include <netdb.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// A resolver that does not come back, until it is told to.
class StuckResolver
{
public:
    void hold()
    {
        std::unique_lock lock(m_mutex);
        ++m_waiting;
        m_changed.wait(lock, [this] { return m_isReleased; });
    }
    void release()
    {
        const std::lock_guard lock(m_mutex);
        m_isReleased = true;
        m_changed.notify_all();
    }
    int waiting() const
    {
        const std::lock_guard lock(m_mutex);
        return m_waiting;
    }

private:
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_waiting = 0;
    bool m_isReleased = false;
};

StuckResolver &resolver()
{
    static StuckResolver one;
    return one;
}

} // namespace

// In the place of the system's, for Qt, too. Addresses need no look-up, and do not come here.
extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char *, const char *, const addrinfo *,
                                                                  addrinfo **) noexcept(false)
{
    resolver().hold();
    return EAI_AGAIN;
}

// What happens to events when an application ends, and nobody out there answers.
class TestCleanEnd : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void keepsItsDeadline();
};

void TestCleanEnd::keepsItsDeadline()
{
    const auto release = qScopeGuard([] { resolver().release(); });
    const QTemporaryDir folder;
    HttpReceiver silent;
    silent.setResponse(HttpResponse::never());
    HttpReceiver refusing;
    refusing.stop();

    const auto onDisk = [&folder](const QString &name) {
        return [path = folder.filePath(name)](std::unique_ptr<Sink> target) {
            return std::make_unique<DurableQueue>(path, std::move(target));
        };
    };
    const auto to = [](const QString &name, const QUrl &url) {
        EndpointConfiguration configuration;
        configuration.name = name;
        configuration.url = url;
        configuration.plainHttp = HttpSink::PlainHttp::Everywhere;
        return configuration;
    };
    const QUrl nowhere(u"http://stuck.invalid/"_s);
    Broadcaster events;
    auto *const stuckOnDisk = new Endpoint(to(u"a"_s, nowhere), onDisk(u"a"_s), &events);
    auto *const silentOnDisk = new Endpoint(to(u"b"_s, silent.url()), onDisk(u"b"_s), &events);
    auto *const deadOnDisk = new Endpoint(to(u"c"_s, refusing.url()), onDisk(u"c"_s), &events);
    auto *const stuck = new Endpoint(to(u"d"_s, nowhere), &events);
    for (Sink *sink : {stuckOnDisk, silentOnDisk, deadOnDisk, stuck})
        events.add(sink);
    settleCommands(events);
    constexpr qint64 Count = 500;
    QVERIFY(events.write(Batch(someEvents(Count))));
    QANAT_WAIT(resolver().waiting() > 0);
    QANAT_WAIT(silent.requestCount() > 0);

    // It is never released before that.
    const QFuture<CloseResult> ended = shutdown(500ms);
    QANAT_FINISH(ended);
    for (const Endpoint *endpoint : {stuckOnDisk, silentOnDisk, deadOnDisk}) {
        QCOMPARE(endpoint->state(), PipelineNode::State::Closed);
        const Statistics statistics = endpoint->statistics();
        QCOMPARE(statistics.stored, Count);
        QCOMPARE(statistics.dropped, 0);
        QVERIFY2(statistics.isBalanced(), qPrintable(statistics.toString()));
    }
    // What was in memory only is reported.
    QCOMPARE(stuck->statistics().dropped, Count);
    QCOMPARE(ended.result().left(), Count);
    QCOMPARE(ended.result().stored(), 3 * Count);
    QANAT_BALANCED(*stuck);

    // The next run of the program has them all.
    HttpReceiver well;
    for (const QString &name : {u"a"_s, u"b"_s, u"c"_s}) {
        Endpoint endpoint(to(name, well.url()), onDisk(name));
        QANAT_WAIT(endpoint.statistics().delivered == Count);
    }
    QCOMPARE(well.requestCount(), quint64(3 * Count));
}

QTEST_GUILESS_MAIN(TestCleanEnd)
#include "tst_cleanend.moc"
