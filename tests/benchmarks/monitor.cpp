// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What it costs a pipeline to be watched: the same with a window, on the platform that shows nothing, and without.

#include "qanat-bench.h"
#include "sinks.h"

#include <Qanat/Broadcaster>
#include <Qanat/MonitorWindow>
#include <Qanat/Queue>
#include <Qanat/WorkerPool>

#include <QtCore/qeventloop.h>
#include <QtWidgets/qapplication.h>

#include <optional>
#include <thread>

using namespace Qt::StringLiterals;

namespace Bench {

namespace {

enum class Watching : quint8 { No, Yes };

// As fast as one thread can make events, in a process whose main thread runs its event loop.
void saturate(benchmark::State &state, Watching watching)
{
    if (!qobject_cast<QApplication *>(QCoreApplication::instance())) {
        state.SkipWithError("this row needs --benchmark_filter=monitor, which makes it a program with windows");
        return;
    }
    const qint64 events = scaled(4'000'000);
    constexpr int queues = 2;
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(events * queues);
        Qanat::WorkerPool pool(2);
        Qanat::Broadcaster broadcaster;
        for (int i = 0; i < queues; ++i)
            broadcaster.add(std::make_unique<Qanat::Queue>(std::make_unique<CountingSink>(finish, events), pool));
        // No more than can be passed on: what is measured is no growing heap.
        broadcaster.setLimits({50'000, Qanat::Limits::Unlimited, Qanat::Limits::Overflow::Wait});
        std::optional<Qanat::MonitorWindow> window;
        if (watching == Watching::Yes) {
            window.emplace(&broadcaster);
            window->setAttribute(Qt::WA_DeleteOnClose, false);
            window->setSettingsGroup(QString());
            window->show();
        }
        QEventLoop loop;
        bool isComplete = false;
        const auto begin = Time::now();
        std::thread writer([&] {
            for (qint64 i = 0; i < events; ++i)
                broadcaster.write(Qanat::Event(u"bench.event"_s, QVariantMap{{u"n"_s, i}}));
            isComplete = finish->wait();
            QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
        });
        loop.exec();
        note(state, Time::now() - begin, events);
        writer.join();
        if (!isComplete)
            state.SkipWithError("events are missing");
        window.reset();
        broadcaster.close().waitForFinished();
    }
}

} // namespace

void registerMonitor()
{
    row("monitor/saturated", [](benchmark::State &state) { saturate(state, Watching::Yes); });
    row("peer/unwatched/monitor/saturated", [](benchmark::State &state) { saturate(state, Watching::No); });
}

} // namespace Bench
