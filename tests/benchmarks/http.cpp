// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Events on their way to a web service, which answers 204 on loopback, in a thread of this process.

#include "measure.h"
#include "qanat-bench.h"

#include <Qanat/Event>
#include <Qanat/HttpReceiver>
#include <Qanat/HttpSink>
#include <Qanat/Queue>

#include <QtCore/qeventloop.h>
#include <QtCore/qfile.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkproxy.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qnetworkrequest.h>

#include <ctime>
#include <thread>

#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace Bench {

namespace {

// Of 200 bytes as JSON.
Qanat::Event someEvent(qint64 number)
{
    Qanat::Event event(u"bench.event"_s, QVariantMap{{u"n"_s, number}, {u"text"_s, u"nothing to be seen"_s}});
    event.setSource(u"/bench"_s);
    event.setSubject(QString::number(number % 12));
    return event;
}

Time::duration processorTime()
{
    return std::chrono::duration_cast<Time::duration>(
        std::chrono::duration<double>(double(std::clock()) / CLOCKS_PER_SEC));
}

qint64 residentBytes()
{
    QFile file(u"/proc/self/statm"_s);
    const qint64 pages = file.open(QIODevice::ReadOnly) ? file.readAll().split(' ').value(1).toLongLong() : 0;
    return pages * ::sysconf(_SC_PAGESIZE);
}

// Runs something that brings about so many requests, and notes what one event costs.
template<typename Send>
void timeRequests(benchmark::State &state, qint64 events, qint64 requests, Send send)
{
    for (auto _ : state) {
        Qanat::HttpReceiver receiver;
        receiver.setRecording(Qanat::HttpReceiver::Recording::Count);
        const auto processor = processorTime();
        const auto begin = Time::now();
        send(receiver);
        // With keys the first ones go before there are enough of theirs.
        const qint64 made = qint64(receiver.requestCount());
        if (made < requests || made > requests + requests / 50 + 60)
            state.SkipWithError("requests are missing, or too many");
        note(state, Time::now() - begin, events);
        state.counters["cpu_ns"] = nanoseconds(processorTime() - processor) / double(events);
    }
}

void requests(benchmark::State &state)
{
    const qint64 count = scaled(6000);
    timeRequests(state, count, count, [&](const Qanat::HttpReceiver &receiver) {
        auto http = std::make_unique<Qanat::HttpSink>(receiver.url());
        http->setRequestsInFlight(int(state.range(0)));
        Qanat::Queue queue(std::move(http));
        for (qint64 i = 0; i < count; ++i)
            queue.write(someEvent(i));
        queue.close(1min).waitForFinished();
    });
}

// As somebody writes it who does without a library, and does it well.
void bareRequests(benchmark::State &state)
{
    const qint64 count = scaled(6000);
    timeRequests(state, count, count, [&](const Qanat::HttpReceiver &receiver) {
        QNetworkAccessManager manager;
        manager.setProxy(QNetworkProxy(QNetworkProxy::NoProxy));
        QNetworkRequest request(receiver.url());
        request.setRawHeader("Content-Type", "application/json");
        QEventLoop loop;
        qint64 begun = 0;
        qint64 ended = 0;
        const std::function<void()> next = [&] {
            if (begun == count)
                return;
            QNetworkReply *const reply = manager.post(request, someEvent(begun++).toJson().value());
            QObject::connect(reply, &QNetworkReply::finished, reply, [&, reply] {
                reply->deleteLater();
                if (++ended == count)
                    loop.quit();
                else
                    next();
            });
        };
        for (qint64 i = 0; i < state.range(0); ++i)
            next();
        loop.exec();
    });
}

void batched(benchmark::State &state)
{
    constexpr qint64 each = 100;
    constexpr qint64 keys = 12;
    const qint64 count = std::max(scaled(200'000) / (each * keys), qint64(1)) * each * keys;
    timeRequests(state, count, count / each, [&](const Qanat::HttpReceiver &receiver) {
        auto http = std::make_unique<Qanat::HttpSink>(receiver.url());
        http->setContentMode(Qanat::HttpSink::ContentMode::Batched);
        http->setMaximumBatchCount(each);
        http->setCompression(Qanat::HttpSink::Compression::Gzip); // See HttpSink::setMaximumBatchSize().
        http->setRequestsInFlight(int(state.range(0)));
        Qanat::Queue queue(std::move(http));
        queue.setLinger(each, 1h);
        for (qint64 i = 0; i < count; ++i)
            queue.write(someEvent(i));
        queue.close(1min).waitForFinished();
    });
}

template<typename Encode>
void timeEncoding(benchmark::State &state, Encode encode)
{
    const qint64 count = scaled(500'000);
    for (auto _ : state) {
        const auto begin = Time::now();
        for (qint64 i = 0; i < count; ++i)
            benchmark::DoNotOptimize(encode());
        note(state, Time::now() - begin, count);
    }
}

void encode(benchmark::State &state)
{
    const Qanat::Event event = someEvent(1);
    timeEncoding(state, [&event] { return event.toJson().value(); });
}

// The object is there already: to make it costs more than to write it.
void encodeWithQt(benchmark::State &state)
{
    const QJsonDocument document = QJsonDocument::fromJson(someEvent(1).toJson().value());
    timeEncoding(state, [&document] { return document.toJson(QJsonDocument::Compact); });
}

// What the process grows by, once it is warm, in a million deliveries.
void memory(benchmark::State &state)
{
    constexpr qint64 each = 50;
    constexpr qint64 step = 10'000;
    const qint64 steps = std::max(scaled(100), qint64(10));
    for (auto _ : state) {
        Qanat::HttpReceiver receiver;
        receiver.setRecording(Qanat::HttpReceiver::Recording::Count);
        auto http = std::make_unique<Qanat::HttpSink>(receiver.url());
        http->setContentMode(Qanat::HttpSink::ContentMode::Batched);
        http->setMaximumBatchCount(each);
        Qanat::Queue queue(std::move(http));
        queue.setLinger(each, 1h);
        qint64 before = 0;
        const auto begin = Time::now();
        for (qint64 done = 0; done < steps; ++done) {
            // As much waits at the end of each step.
            if (done == steps / 10)
                before = residentBytes();
            for (qint64 i = 0; i < step; ++i)
                queue.write(someEvent(i));
            while (queue.statistics().pending > 0)
                std::this_thread::sleep_for(1ms);
        }
        const qint64 deliveries = (steps - steps / 10) * step;
        if (receiver.requestCount() != quint64(steps * step / each))
            state.SkipWithError("requests are missing, or too many");
        note(state, Time::now() - begin, steps * step);
        state.counters["bytes"] = double(std::max(residentBytes() - before, qint64(0))) / double(deliveries);
        queue.close(1min).waitForFinished();
    }
}

} // namespace

void registerHttp()
{
    row("http/requests", requests)->ArgName("inflight")->Arg(1)->Arg(6);
    row("peer/bare-qnam/http/requests", bareRequests)->ArgName("inflight")->Arg(1)->Arg(6);
    row("http/batched", batched)->ArgName("inflight")->Arg(1)->Arg(6);
    row("http/encode", encode);
    row("peer/qjson/http/encode", encodeWithQt);
    row("http/memory", memory);
}

} // namespace Bench
