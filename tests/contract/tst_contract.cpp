// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// The contract of a sink, asked of every sink there is. A new one joins with a line in main().

#include <Qanat/Broadcaster>
#include <Qanat/Channel>
#include <Qanat/CircuitBreaker>
#include <Qanat/ContractSuite>
#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/FileSink>
#include <Qanat/Filter>
#include <Qanat/Gate>
#include <Qanat/LogSink>
#include <Qanat/Queue>
#include <Qanat/RecordingSink>
#include <Qanat/RetryingSink>
#include <Qanat/Timeout>
#include <Qanat/Transform>
#include <Qanat/WaitUntil>
#include <Qanat/WorkerPool>

#ifdef QANAT_WITH_STORAGE
#    include <Qanat/DurableQueue>
#endif
#ifdef QANAT_WITH_HTTP
#    include <Qanat/HttpReceiver>
#    include <Qanat/HttpSink>
#endif

#include <QtCore/qcoreapplication.h>
#include <QtCore/qfile.h>
#include <QtCore/qtemporarydir.h>

#include <mutex>
#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// With a RecordingSink at its end.
template<typename Wrap>
ContractSubject recorded(Wrap wrap, int maxInFlight = 1)
{
    auto end = std::make_unique<RecordingSink>();
    end->setMaxInFlight(maxInFlight);
    const auto recording = end->recording();
    ContractSubject subject(wrap(std::move(end)));
    subject.recording = recording;
    return subject;
}

std::unique_ptr<Sink> retrying(std::unique_ptr<Sink> target)
{
    return std::make_unique<RetryingSink>(std::move(target), ExponentialBackoff());
}

// A broadcaster is on trial with its sinks: they are there before the first write.
ContractSubject settled(std::unique_ptr<Broadcaster> broadcaster)
{
    const QFuture<void> added = broadcaster->remove(broadcaster.get());
    (void)waitUntil([&] { return added.isFinished(); });
    return ContractSubject(std::move(broadcaster));
}

std::unique_ptr<Broadcaster> broadcasting(std::unique_ptr<Sink> target)
{
    auto broadcaster = std::make_unique<Broadcaster>();
    broadcaster->add(std::move(target));
    const QFuture<void> added = broadcaster->remove(broadcaster.get());
    (void)waitUntil([&] { return added.isFinished(); });
    return broadcaster;
}

ContractSubject listening()
{
    struct Heard
    {
        std::mutex mutex;
        QStringList ids;
        QObject context;
    };
    const auto heard = std::make_shared<Heard>();
    auto broadcaster = std::make_unique<Broadcaster>();
    broadcaster->listen(
        &heard->context,
        [heard = heard.get()](const Event &event) {
            const std::lock_guard lock(heard->mutex);
            heard->ids.append(event.id());
        },
        Limits());
    ContractSubject subject = settled(std::move(broadcaster));
    subject.environment = heard;
    subject.arrivedIds = [heard] {
        const std::lock_guard lock(heard->mutex);
        return heard->ids;
    };
    return subject;
}

// It holds few events at a time, and a thread reads them.
ContractSubject read()
{
    struct Reader
    {
        std::mutex mutex;
        QStringList ids;
        std::thread thread;
        ~Reader() { thread.join(); }
    };
    const auto reader = std::make_shared<Reader>();
    auto channel = std::make_unique<Channel>(4);
    reader->thread = std::thread([reader = reader.get(), next = channel->begin()]() mutable {
        for (; next != Channel::Iterator(); ++next) {
            const std::lock_guard lock(reader->mutex);
            reader->ids.append(next->id());
        }
    });
    ContractSubject subject(std::move(channel));
    subject.environment = reader;
    subject.arrivedIds = [reader = reader.get(), sink = subject.sink.get()] {
        const auto ids = [reader] {
            const std::lock_guard lock(reader->mutex);
            return reader->ids;
        };
        // What the channel has taken is delivered, also where it is still to be read.
        (void)waitUntil([&] { return ids().size() == sink->statistics().delivered; });
        return ids();
    };
    return subject;
}

ContractSubject kept()
{
    auto letters = std::make_unique<DeadLetters>(1000000);
    ContractSubject subject(std::unique_ptr<Sink>(std::move(letters)));
    subject.arrivedIds = [dead = static_cast<DeadLetters *>(subject.sink.get())] {
        QStringList ids;
        for (const DeadLetter &letter : dead->letters())
            ids.append(letter.event.id());
        return ids;
    };
    return subject;
}

#ifdef QANAT_WITH_STORAGE
ContractSubject durable(int inFlight)
{
    const auto directory = std::make_shared<QTemporaryDir>();
    ContractSubject subject = recorded(
        [&directory](auto end) {
            return std::make_unique<DurableQueue>(directory->filePath(u"spool"_s), std::move(end));
        },
        inFlight);
    subject.environment = directory;
    return subject;
}
#endif

ContractSubject intoAFile()
{
    const auto directory = std::make_shared<QTemporaryDir>();
    const QString path = directory->filePath(u"events.ndjson"_s);
    ContractSubject subject(std::make_unique<FileSink>(path));
    subject.environment = directory;
    subject.arrivedIds = [path] {
        QStringList ids;
        QFile file(path);
        if (!file.open(QIODevice::ReadOnly))
            return ids;
        while (!file.atEnd())
            ids.append(Event::fromJson(file.readLine().chopped(1)).value().id());
        return ids;
    };
    return subject;
}

// What a LogSink logs, which nobody else shall hear: the suite logs many events.
class ReadLog
{
public:
    ReadLog()
    {
        s_ids.clear();
        s_previous = qInstallMessageHandler([](QtMsgType type, const QMessageLogContext &context, const QString &text) {
            if (qstrcmp(context.category, Category) != 0) {
                s_previous(type, context, text);
                return;
            }
            const std::lock_guard lock(s_mutex);
            s_ids.append(text);
        });
    }
    ~ReadLog() { qInstallMessageHandler(s_previous); }
    Q_DISABLE_COPY_MOVE(ReadLog)

    static QStringList ids()
    {
        const std::lock_guard lock(s_mutex);
        return s_ids;
    }

    static constexpr char Category[] = "contract.log";

private:
    static inline std::mutex s_mutex;
    static inline QStringList s_ids;
    static inline QtMessageHandler s_previous = nullptr;
};

ContractSubject logging()
{
    auto sink = std::make_unique<LogSink>(ReadLog::Category);
    sink->setFormatter([](const Event &event) { return event.id(); });
    ContractSubject subject(std::move(sink));
    subject.environment = std::make_shared<ReadLog>();
    subject.arrivedIds = &ReadLog::ids;
    return subject;
}

#ifdef QANAT_WITH_HTTP
ContractSubject overHttpWith(const std::function<void(HttpSink &)> &configure)
{
    const auto receiver = std::make_shared<HttpReceiver>();
    auto sink = std::make_unique<HttpSink>(receiver->url());
    configure(*sink);
    ContractSubject subject(std::move(sink));
    subject.environment = receiver;
    subject.arrivedIds = [receiver = receiver.get()] {
        QStringList ids;
        for (const HttpRequest &request : receiver->requests()) {
            const QList<Event> events = HttpMessage(request.headers(), request.body()).toEvents().value();
            for (const Event &event : events)
                ids.append(event.id());
        }
        return ids;
    };
    return subject;
}

ContractSubject overHttp()
{
    return overHttpWith([](HttpSink &) {});
}

ContractSubject overHttpInBatches()
{
    return overHttpWith([](HttpSink &sink) {
        sink.setContentMode(HttpSink::ContentMode::Batched);
        sink.setRequestsInFlight(6);
    });
}
#endif

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    ContractSuite suite;
    const auto same = [](auto sink) { return sink; };
    suite.add(u"RecordingSink"_s, [=] { return recorded(same); });
    suite.add(u"RecordingSink, several in flight"_s, [=] { return recorded(same, 6); });
    suite.add(u"Queue"_s, [] { return recorded([](auto end) { return std::make_unique<Queue>(std::move(end)); }); });
    suite.add(u"Queue, several in flight"_s,
              [] { return recorded([](auto end) { return std::make_unique<Queue>(std::move(end)); }, 6); });
    suite.add(u"Queue on a pool"_s, [] {
        return recorded([](auto end) { return std::make_unique<Queue>(std::move(end), WorkerPool::shared()); });
    });
    suite.add(u"Filter"_s, [] {
        return recorded(
            [](auto end) { return std::make_unique<Filter>(!Matcher::type(u"nothing"_s), std::move(end)); });
    });
    suite.add(u"Gate"_s, [] {
        return recorded([](auto end) {
            auto gate = std::make_unique<Gate>(std::move(end));
            gate->setConsent(Gate::Consent::Granted);
            return gate;
        });
    });
    suite.add(u"Transform, several in flight"_s, [] {
        return recorded(
            [](auto end) { return std::make_unique<Transform>(Transform::redaction({u"secret"_s}), std::move(end)); },
            6);
    });
    suite.add(u"Timeout, several in flight"_s,
              [] { return recorded([](auto end) { return std::make_unique<Timeout>(24h, std::move(end)); }, 6); });
    suite.add(u"RetryingSink"_s, [] { return recorded([](auto end) { return retrying(std::move(end)); }); });
    suite.add(u"RetryingSink with a breaker, several in flight"_s, [] {
        return recorded([](auto end) { return std::make_unique<RetryingSink>(std::move(end), CircuitBreaker(5, 1s)); },
                        6);
    });
    suite.add(u"Queue before a RetryingSink"_s,
              [] { return recorded([](auto end) { return std::make_unique<Queue>(retrying(std::move(end))); }); });
    suite.add(u"Queue before a Queue"_s, [] {
        return recorded([](auto end) { return std::make_unique<Queue>(std::make_unique<Queue>(std::move(end))); });
    });
#ifdef QANAT_WITH_STORAGE
    suite.add(u"DurableQueue"_s, [] { return durable(1); });
    suite.add(u"DurableQueue, several in flight"_s, [] { return durable(6); });
#endif
    suite.add(u"Broadcaster"_s, [] { return recorded([](auto end) { return broadcasting(std::move(end)); }); });
    suite.add(u"Broadcaster before a Queue"_s,
              [] { return recorded([](auto end) { return broadcasting(std::make_unique<Queue>(std::move(end))); }); });
    suite.add(u"Broadcaster, paced by the slowest"_s, [] {
        return recorded([](auto end) {
            auto broadcaster = broadcasting(std::make_unique<Queue>(std::move(end)));
            broadcaster->setPacing(Broadcaster::Pacing::Slowest);
            return broadcaster;
        });
    });
    suite.add(u"Listener"_s, listening);
    suite.add(u"Channel"_s, read);
    suite.add(u"DeadLetters"_s, kept);
    suite.add(u"FileSink"_s, intoAFile);
    suite.add(u"LogSink"_s, logging);
#ifdef QANAT_WITH_HTTP
    suite.add(u"HttpSink"_s, overHttp);
    suite.add(u"HttpSink, batched, several in flight"_s, overHttpInBatches);
#endif
    return suite.run(argc, argv);
}
