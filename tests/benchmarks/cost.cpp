// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What events and pipelines cost where nothing goes through them: making, memory, idleness.

#include "qanat-bench.h"
#include "sinks.h"

#include <Qanat/Broadcaster>
#include <Qanat/Queue>

#include <QtCore/qdir.h>
#include <QtCore/qfile.h>
#include <QtCore/quuid.h>

#include <thread>

#ifdef Q_OS_LINUX
#    include <malloc.h>
#    include <unistd.h>
#endif

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Bench {

namespace {

template<typename Make>
void timeMany(benchmark::State &state, qint64 count, Make make)
{
    for (auto _ : state) {
        const auto begin = Time::now();
        for (qint64 i = 0; i < count; ++i)
            benchmark::DoNotOptimize(make(i));
        note(state, Time::now() - begin, count);
    }
}

QVariantMap someMap(qint64 i)
{
    return {{u"row"_s, i}, {u"name"_s, u"bench"_s}};
}

void makeEvent(benchmark::State &state)
{
    const QString type = u"bench.event"_s;
    timeMany(state, scaled(5'000'000), [&type](qint64) { return Qanat::Event(type); });
}

void makeUuid(benchmark::State &state)
{
    timeMany(state, scaled(300'000), [](qint64) { return QUuid::createUuid(); });
}

void makeEventWithMap(benchmark::State &state)
{
    const QString type = u"bench.event"_s;
    timeMany(state, scaled(2'000'000), [&type](qint64 i) { return Qanat::Event(type, someMap(i)); });
}

void makeMap(benchmark::State &state)
{
    timeMany(state, scaled(2'000'000), [](qint64 i) { return someMap(i); });
}

#ifdef Q_OS_LINUX

size_t bytesInUse()
{
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

template<typename Make>
void pendingBytes(benchmark::State &state, Make make)
{
    const qint64 count = scaled(10'000'000);
    for (auto _ : state) {
        const auto gate = std::make_shared<Gate>();
        Qanat::Queue queue(std::make_unique<GatedSink>(gate));
        queue.write(make());
        gate->waitUntilReached();
        const size_t before = bytesInUse();
        const auto begin = Time::now();
        for (qint64 i = 0; i < count; ++i)
            queue.write(make());
        note(state, Time::now() - begin, count);
        state.counters["bytes"] = double(bytesInUse() - before) / double(count);
        gate->open();
        queue.close().waitForFinished();
    }
}

void sharedPending(benchmark::State &state)
{
    pendingBytes(state, [event = Qanat::Event(u"bench.event"_s)] { return event; });
}

void freshPending(benchmark::State &state)
{
    pendingBytes(state, [type = u"bench.event"_s] { return Qanat::Event(type); });
}

// Of all threads but this one.
qint64 contextSwitches()
{
    const QByteArray own = QByteArray::number(qint64(::gettid()));
    qint64 count = 0;
    const QDir tasks(u"/proc/self/task"_s);
    const QStringList names = tasks.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &name : names) {
        if (name == QLatin1StringView(own))
            continue;
        QFile status(tasks.filePath(name + u"/status"_s));
        if (!status.open(QIODevice::ReadOnly))
            continue;
        const QList<QByteArray> lines = status.readAll().split('\n');
        for (const QByteArray &line : lines) {
            if (line.contains("ctxt_switches"))
                count += line.mid(line.indexOf(':') + 1).trimmed().toLongLong();
        }
    }
    return count;
}

// A pipeline of a hundred queues that has nothing to do.
void idle(benchmark::State &state)
{
    constexpr int Queues = 100;
    const std::chrono::milliseconds watched(scaled(5000));
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(Queues);
        Qanat::Broadcaster broadcaster;
        for (int i = 0; i < Queues; ++i)
            broadcaster.add(std::make_unique<Qanat::Queue>(std::make_unique<TellingSink>(finish)));
        broadcaster.write(Qanat::Event(u"bench.event"_s));
        if (!finish->wait())
            state.SkipWithError("events are missing");
        // What was woken goes to sleep.
        std::this_thread::sleep_for(200ms);
        const qint64 before = contextSwitches();
        std::this_thread::sleep_for(watched);
        state.counters["switches"] = double(contextSwitches() - before);
        state.SetIterationTime(std::chrono::duration<double>(watched).count());
    }
}

#endif

} // namespace

void registerCost()
{
    row("event/make", makeEvent);
    row("peer/quuid/event/make", makeUuid);
    row("event/make-map", makeEventWithMap);
    row("peer/map/event/make-map", makeMap);
#ifdef Q_OS_LINUX
    row("memory/pending", sharedPending);
    row("memory/pending-fresh", freshPending);
    row("idle", idle);
#endif
}

} // namespace Bench
