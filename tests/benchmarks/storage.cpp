// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Events that are kept on disk until they are delivered; beside SQLite's own C API, and a bare file. All of it is written where
// TMPDIR says, or else beside this program.

#include "peers/sqlite.h"
#include "qanat-bench.h"
#include "sinks.h"
#include "slowdisk.h"

#include <Qanat/DurableQueue>
#include <Qanat/Queue>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qtemporarydir.h>

#include <algorithm>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#ifdef Q_OS_LINUX
#    include <malloc.h>
#endif

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Bench {

namespace {

constexpr qint64 EventSize = 200; // As CBOR.

QString folderTemplate()
{
    const QString named = qEnvironmentVariable("TMPDIR");
    return (named.isEmpty() ? QCoreApplication::applicationDirPath() : named) + u"/qanat-bench-XXXXXX"_s;
}

Qanat::Event someEvent(qint64 number)
{
    // As long for all that there are.
    Qanat::Event event(u"bench.event"_s,
                       QVariantMap{{u"n"_s, number + 1'000'000},
                                   {u"text"_s, u"what a user did, and where; and what came of it in the end"_s}});
    event.setSource(u"/bench"_s);
    return event;
}

QList<Qanat::Event> someEvents(qint64 count)
{
    QList<Qanat::Event> events;
    events.reserve(count);
    for (qint64 i = 0; i < count; ++i)
        events.append(someEvent(i));
    return events;
}

QList<QByteArray> encoded(qint64 count)
{
    QList<QByteArray> events;
    events.reserve(count);
    for (qint64 i = 0; i < count; ++i)
        events.append(someEvent(i).toCbor().value());
    return events;
}

void checkSize(benchmark::State &state)
{
    if (someEvent(1).toCbor().value().size() != EventSize)
        state.SkipWithError("the events are not as large as they should be");
}

/* --- Into the store ---------------------------------------------------------------------------------------------------- */

constexpr int Bursts = 5;

qint64 burst()
{
    return scaled(100'000);
}

// One thread writes single events; then it waits until all are safe. How long that took. Nothing is delivered meanwhile.
Time::duration storeBursts(benchmark::State &state, int bursts)
{
    const QTemporaryDir folder(folderTemplate());
    const auto gate = std::make_shared<Gate>();
    Qanat::DurableQueue queue(folder.path(), std::make_unique<GatedSink>(gate));
    queue.flushed().waitForFinished(); // It is open.
    Time::duration all{0};
    for (int i = 0; i < bursts; ++i) {
        const QList<Qanat::Event> events = someEvents(burst());
        const auto begin = Time::now();
        for (const Qanat::Event &event : events)
            queue.write(event);
        const Qanat::Delivery flushed = queue.flushed().result();
        all += Time::now() - begin;
        if (flushed.outcome() != Qanat::Delivery::Outcome::Stored || queue.statistics().stored != (i + 1) * burst())
            state.SkipWithError("events are not stored");
    }
    const auto closed = queue.close(0ms);
    gate->open();
    if (closed.result().stored() < (bursts - 1) * burst())
        state.SkipWithError("what was stored is not kept");
    return all;
}

void store(benchmark::State &state)
{
    checkSize(state);
    for (auto _ : state)
        note(state, storeBursts(state, Bursts), Bursts * burst());
}

// In transactions of the sizes that a burst has just had; which are more and smaller than SQLite would need.
void bareStore(benchmark::State &state)
{
    for (auto _ : state) {
        QList<qint64> sizes;
        {
            Transactions transactions;
            storeBursts(state, 1);
            sizes = transactions.take();
        }
        const QTemporaryDir folder(folderTemplate());
        BareDatabase database(folder.filePath(u"events.db"_s));
        Time::duration all{0};
        qint64 number = 1;
        for (int i = 0; i < Bursts; ++i) {
            const QList<QByteArray> events = encoded(burst());
            qsizetype done = 0;
            const auto begin = Time::now();
            for (const qint64 size : std::as_const(sizes)) {
                const qsizetype count = std::min(qsizetype(size), events.size() - done);
                if (!database.store(number, events.constData() + done, count))
                    state.SkipWithError("SQLite cannot store");
                number += count;
                done += count;
            }
            all += Time::now() - begin;
            if (done != events.size())
                state.SkipWithError("it is not known how a burst is stored");
        }
        note(state, all, number - 1);
        state.counters["transactions"] = double(sizes.size());
    }
}

// Who writes one event alone has not just written another one, so both rows pause between two. (To a disk that has just been used the way
// is shorter.)
constexpr auto Pause = 1ms;

// One event after the other, each from its write until it is known to be safe. It is delivered and taken out before the next one.
void storeAlone(benchmark::State &state)
{
    const qint64 count = scaled(500);
    Samples samples(count);
    for (auto _ : state) {
        const QTemporaryDir folder(folderTemplate());
        Qanat::DurableQueue queue(folder.path(), std::make_unique<TellingSink>(std::make_shared<Finish>(count)));
        queue.flushed().waitForFinished();
        Time::duration all{0};
        for (qint64 i = 0; i < count; ++i) {
            const Qanat::Event event = someEvent(i);
            const auto begin = Time::now();
            Qanat::StoringQueue::Receipt receipt = queue.sendWithReceipt(event);
            // Until code that waits for it runs.
            const auto spent =
                receipt.stored.then([begin](const Qanat::Delivery &) { return Time::now() - begin; }).result();
            samples.add(spent);
            all += spent;
            receipt.delivered.waitForFinished();
            queue.flushed().waitForFinished();
            std::this_thread::sleep_for(Pause);
        }
        note(state, all, count);
        if (queue.statistics().delivered != count)
            state.SkipWithError("events are missing");
    }
    samples.report(state);
}

// The least that a disk can be asked for.
void bareAlone(benchmark::State &state)
{
    const qint64 count = scaled(500);
    const QByteArray block(4096, 'x');
    Samples samples(count);
    for (auto _ : state) {
        const QTemporaryDir folder(folderTemplate());
        const QByteArray name = QFile::encodeName(folder.filePath(u"log"_s));
        const int file = ::open(name.constData(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        Time::duration all{0};
        for (qint64 i = 0; i < count; ++i) {
            const auto begin = Time::now();
            const bool isSafe = ::write(file, block.constData(), size_t(block.size())) == block.size()
#ifdef Q_OS_DARWIN
                                && ::fsync(file) == 0;
#else
                                && ::fdatasync(file) == 0;
#endif
            const auto spent = Time::now() - begin;
            samples.add(spent);
            all += spent;
            if (!isSafe)
                state.SkipWithError("the file cannot be written");
            std::this_thread::sleep_for(Pause);
        }
        ::close(file);
        note(state, all, count);
    }
    samples.report(state);
}

/* --- Through the store ------------------------------------------------------------------------------------------------- */

constexpr qint64 MostPending = 100'000;

qint64 databaseSize(const QString &folder)
{
    return QFileInfo(folder + u"/events.db"_s).size() + QFileInfo(folder + u"/events.db-wal"_s).size();
}

// What a store takes on disk beside what is in it, while something else uses it.
class SizeWatch
{
public:
    SizeWatch(const QString &folder, const Qanat::Sink &queue)
        : m_thread([this, folder, &queue] {
            while (!m_isOver) {
                m_file = std::max(m_file, databaseSize(folder));
                m_pending = std::max(m_pending, queue.statistics().pending);
                std::this_thread::sleep_for(2ms);
            }
        })
    {
    }

    void report(benchmark::State &state)
    {
        m_isOver = true;
        m_thread.join();
        const double backlog = double(m_pending * EventSize);
        state.counters["largest_mb"] = double(m_file) / 1e6;
        state.counters["backlog_mb"] = backlog / 1e6;
        state.counters["file_per_backlog"] = double(m_file) / backlog;
    }

private:
    qint64 m_file = 0;
    qint64 m_pending = 0;
    std::atomic<bool> m_isOver{false};
    std::thread m_thread;
};

// As fast as they can be stored, delivered to a sink that does nothing, and taken out; until nothing is left of them.
Time::duration passThrough(benchmark::State &state, qint64 events)
{
    // To make them is not what is measured, and all of them at once would be more than memory has.
    const QList<Qanat::Event> some = someEvents(10'000);
    const QTemporaryDir folder(folderTemplate());
    const auto finish = std::make_shared<Finish>(events);
    Time::duration spent{0};
    {
        Qanat::DurableQueue queue(folder.path(), std::make_unique<CountingSink>(finish, events));
        queue.setLimits({MostPending, Qanat::Limits::Unlimited, Qanat::Limits::Overflow::Wait});
        queue.flushed().waitForFinished();
        SizeWatch sizes(folder.path(), queue);
        const auto begin = Time::now();
        // A limit makes only threads wait that are not the application's first.
        std::thread writer([&] {
            for (qint64 i = 0; i < events; ++i)
                queue.write(some[i % some.size()]);
        });
        writer.join();
        const bool isComplete = finish->wait();
        queue.close(1min).waitForFinished();
        spent = Time::now() - begin;
        sizes.report(state);
        if (!isComplete || queue.statistics().delivered != events)
            state.SkipWithError("events are missing");
    }
    state.counters["left_mb"] = double(databaseSize(folder.path())) / 1e6;
    return spent;
}

void deliver(benchmark::State &state)
{
    const qint64 events = scaled(2'000'000);
    for (auto _ : state)
        note(state, passThrough(state, events), events);
}

// In transactions of the sizes that a tenth of it has just had: each adds some, and takes out what the last one has added.
void bareDeliver(benchmark::State &state)
{
    const qint64 total = scaled(2'000'000);
    for (auto _ : state) {
        QList<qint64> sizes;
        {
            Transactions transactions;
            passThrough(state, std::max(total / 10, qint64(1)));
            sizes = transactions.take();
        }
        state.counters.clear();
        if (sizes.isEmpty())
            return state.SkipWithError("it is not known how events are stored");
        const QList<QByteArray> events = encoded(*std::max_element(sizes.cbegin(), sizes.cend()));
        const QTemporaryDir folder(folderTemplate());
        BareDatabase database(folder.filePath(u"events.db"_s));
        const auto begin = Time::now();
        qint64 done = 0;
        for (qsizetype i = 0; done < total; i = (i + 1) % sizes.size()) {
            const qint64 count = std::min(sizes[i], total - done);
            if (!database.replace(done + 1, events.constData(), count))
                state.SkipWithError("SQLite cannot store");
            done += count;
        }
        if (!database.replace(done + 1, events.constData(), 0))
            state.SkipWithError("SQLite cannot store");
        note(state, Time::now() - begin, total);
    }
}

#ifdef Q_OS_LINUX

/* --- The start --------------------------------------------------------------------------------------------------------- */

// The most that this process has had since resetPeak(), by what the system says.
qint64 residentBytes(const char *which)
{
    QFile file(u"/proc/self/status"_s);
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QList<QByteArray> lines = file.readAll().split('\n');
    for (const QByteArray &line : lines) {
        if (line.startsWith(which))
            return line.mid(line.indexOf(':') + 1).trimmed().split(' ').first().toLongLong() * 1024;
    }
    return 0;
}

// What is free is given back, and the most begins anew.
qint64 resetPeak()
{
    malloc_trim(0);
    QFile file(u"/proc/self/clear_refs"_s);
    if (file.open(QIODevice::WriteOnly | QIODevice::Unbuffered))
        file.write("5");
    return residentBytes("VmRSS");
}

void fill(benchmark::State &state, const QString &folder, qint64 events)
{
    const auto gate = std::make_shared<Gate>();
    Qanat::DurableQueue queue(folder, std::make_unique<GatedSink>(gate));
    // What waits in memory at once is no more than in the other rows.
    for (qint64 done = 0; done < events;) {
        for (qint64 i = 0; i < MostPending && done < events; ++i)
            queue.write(someEvent(done++));
        queue.flushed().waitForFinished();
    }
    gate->waitUntilReached();
    // The gate opens when nothing more is delivered: only what is in flight is.
    const auto closed = queue.close(0ms);
    gate->open();
    if (closed.result().stored() == 0)
        state.SkipWithError("nothing is stored");
}

// So many were stored by the last run of a program, and it begins again: how long until the first is delivered, and how much
// memory it takes then and until all are.
void start(benchmark::State &state, qint64 stored)
{
    for (auto _ : state) {
        const QTemporaryDir folder(folderTemplate());
        if (stored > 0)
            fill(state, folder.path(), stored);
        const qint64 before = resetPeak();
        const auto gate = std::make_shared<Gate>();
        gate->open();
        const auto begin = Time::now();
        Qanat::DurableQueue queue(folder.path(), std::make_unique<GatedSink>(gate));
        if (stored == 0)
            queue.write(someEvent(0));
        gate->waitUntilReached();
        const auto spent = Time::now() - begin;
        queue.close(1min).waitForFinished();
        note(state, spent, 1);
        state.counters["first_ms"] = nanoseconds(spent) / 1e6;
        state.counters["most_mb"] = double(residentBytes("VmHWM") - before) / 1e6;
        if (queue.statistics().delivered < stored * 99 / 100)
            state.SkipWithError("events are missing");
    }
}

#endif

/* --- A slow disk ------------------------------------------------------------------------------------------------------- */

constexpr qint64 WritesAtOnce = 1000;

// Writes in the application's first thread, and some time between them.
void writeMany(benchmark::State &state, Qanat::Sink &queue)
{
    const qint64 times = scaled(600);
    Samples samples(times * WritesAtOnce);
    Time::duration all{0};
    for (qint64 time = 0; time <= times; ++time) {
        const QList<Qanat::Event> events = someEvents(WritesAtOnce);
        std::this_thread::sleep_for(10ms);
        for (const Qanat::Event &event : events) {
            const auto begin = Time::now();
            queue.write(event);
            const auto spent = Time::now() - begin;
            samples.add(spent);
            all += spent;
        }
        if (time == 0) // It is warm.
            samples.clear();
    }
    note(state, all, (times + 1) * WritesAtOnce);
    samples.report(state);
}

void checkDelivered(benchmark::State &state, Qanat::Sink &queue)
{
    queue.close(1min).waitForFinished();
    const Qanat::Statistics statistics = queue.statistics();
    if (statistics.written == 0 || statistics.delivered != statistics.written)
        state.SkipWithError("events are missing");
}

void writeToSlowDisk(benchmark::State &state)
{
    for (auto _ : state) {
        const QTemporaryDir folder(folderTemplate());
        SlowDisk disk;
        Qanat::DurableQueue queue(folder.path(), std::make_unique<TellingSink>(std::make_shared<Finish>(0)));
        queue.flushed().waitForFinished();
        disk.setSyncTime(std::chrono::milliseconds(scaled(2000)));
        writeMany(state, queue);
        if (disk.slowSyncs() == 0)
            state.SkipWithError("the disk was not slow");
        disk.setSyncTime(0ms);
        checkDelivered(state, queue);
    }
}

void writeWithoutDisk(benchmark::State &state)
{
    for (auto _ : state) {
        Qanat::Queue queue(std::make_unique<TellingSink>(std::make_shared<Finish>(0)));
        writeMany(state, queue);
        checkDelivered(state, queue);
    }
}

} // namespace

void registerStorage()
{
    row("storage/burst", store);
    row("peer/bare-sqlite/storage/burst", bareStore);
    row("storage/alone", storeAlone);
    row("peer/fdatasync/storage/alone", bareAlone);
    row("storage/deliver", deliver);
    row("peer/bare-sqlite/storage/deliver", bareDeliver);
#ifdef Q_OS_LINUX
    row("storage/start", [](benchmark::State &state) { start(state, scaled(1'000'000)); });
    row("peer/empty/storage/start", [](benchmark::State &state) { start(state, 0); });
#endif
    row("storage/slow-disk", writeToSlowDisk);
    row("peer/queue/storage/slow-disk", writeWithoutDisk);
}

} // namespace Bench
