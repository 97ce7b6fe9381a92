// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What HttpSink does beyond one event in one request: formats, batches, several requests at once, credentials, signatures.

#include "httpprobe.h"
#include "warnings_p.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/Heartbeat>
#include <Qanat/HttpReceiver>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>
#include <Qanat/WaitUntil>
#include <Qanat/WebhookSignature>

#include <QtCore/qfile.h>
#include <QtCore/qset.h>
#include <QtCore/qtemporarydir.h>
#include <QtNetwork/qnetworkproxy.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <cstdlib>
#include <mutex>

using namespace Qanat;
using namespace Qanat::HttpTest;
using Error = Delivery::Error;
using Outcome = Delivery::Outcome;
using ContentMode = HttpSink::ContentMode;

namespace {

QList<Event> eventsOf(const HttpRequest &request)
{
    return HttpMessage(request.headers(), request.body()).toEvents().value();
}

QStringList idsOf(const QList<HttpRequest> &requests)
{
    QStringList ids;
    for (const HttpRequest &request : requests) {
        const QList<Event> events = eventsOf(request);
        for (const Event &event : events)
            ids.append(event.id());
    }
    return ids;
}

// Refuses every request that holds one of these.
HttpReceiver::Handler refusing(const QSet<QString> &poisoned, int status = 422)
{
    return [poisoned, status](const HttpRequest &request) {
        const QList<Event> events = eventsOf(request);
        for (const Event &event : events) {
            if (poisoned.contains(event.id()))
                return HttpResponse::status(status, "event " + event.id().toUtf8() + " is poisoned");
        }
        return HttpResponse();
    };
}

Event keyed(const QString &key, int number)
{
    Event event(u"test"_s, number);
    event.setId(key + QString::number(number));
    event.setSubject(key);
    return event;
}

// Answers, and notes in which order, and how many requests it holds at once.
template<typename T>
QList<T> attemptAll(Probe &sink, const Batch &batch, T (Delivery::*what)() const)
{
    Outcomes outcomes;
    sink.attempt(batch, outcomes);
    outcomes.wait(batch.size());
    QList<T> list;
    for (const Delivery &outcome : std::as_const(outcomes.list))
        list.append((outcome.*what)());
    return list;
}

} // namespace

class TestHttpDelivery : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { failOnUnexpectedWarnings(); }

    void binary_onTheWire();
    void binary_withoutDataHasNoType();
    void batched_goesInOneRequest();
    void batched_countAndSizeAreLimited();
    void batched_whatCannotGoIsAlone();
    void batched_failsAsAWhole();
    void custom_encodes();
    void custom_faults();
    void gzip_isOnTheWire();

    void poisoned_isFoundInABatch();
    void poisoned_tooLargeAsAWhole();
    void poisoned_everywhere();
    void manyRefusals_areAFaultOfTheEndpoint();
    void gone_disables();
    void profiles_decide();

    void inFlight_isLimited();
    void inFlight_keepsTheOrderOfEachKey();
    void inFlight_aWaitThatIsAskedForStopsAll();
    void inFlight_interruptSettlesAll();

    void credentials_areAskedForEachAttempt();
    void credentials_faults();
    void signatures_verify();
    void answer_isKeptWithoutSecrets();
    void proxy_isUsedWhereItIsGiven();
    void held_sendsNothing();
};

void TestHttpDelivery::binary_onTheWire()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setContentMode(ContentMode::Binary);
    Event event(u"document.renamed"_s, QVariantMap{{u"to"_s, u"x"_s}});
    event.setSubject(u"Euro € 😀"_s);
    QVERIFY(attemptOne(sink, event).isSuccess());
    const HttpRequest request = receiver.requests().constFirst();
    QCOMPARE(request.header("ce-subject"), "Euro%20%E2%82%AC%20%F0%9F%98%80");
    QCOMPARE(request.header("ce-type"), "document.renamed");
    QCOMPARE(request.header("Content-Type"), "application/json");
    QCOMPARE(request.body(), R"({"to":"x"})");
    event.setDataContentType(u"application/json"_s);
    QCOMPARE(eventsOf(request), QList<Event>{event});

    // Nothing of it is in the next one.
    QVERIFY(attemptOne(sink, Event(u"other"_s)).isSuccess());
    QVERIFY(receiver.requests().constLast().header("ce-subject").isNull());
}

// Qt gives the type of a form to a POST that has none, where the url has a query.
void TestHttpDelivery::binary_withoutDataHasNoType()
{
    HttpReceiver receiver;
    Probe sink(receiver.url(u"/hook?for=qanat"_s));
    sink.setContentMode(ContentMode::Binary);
    const Event event(u"test"_s);
    QVERIFY(attemptOne(sink, event).isSuccess());
    const HttpRequest request = receiver.requests().constFirst();
    QCOMPARE(request.method(), "POST");
    QCOMPARE(request.query(), "for=qanat");
    QVERIFY(request.header("Content-Type").isNull());
    QCOMPARE(request.header("Content-Length"), "0");
    QCOMPARE(eventsOf(request), QList<Event>{event});
}

void TestHttpDelivery::batched_goesInOneRequest()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setContentMode(ContentMode::Batched);
    const Batch batch = numberedBatch(100);
    QCOMPARE(attemptAll(sink, batch, &Delivery::error), QList<Error>(100, Error::None));
    QCOMPARE(receiver.requestCount(), 1u);
    QCOMPARE(receiver.requests().constFirst().header("Content-Type"),
             "application/cloudevents-batch+json; charset=utf-8");
    QCOMPARE(eventsOf(receiver.requests().constFirst()), QList<Event>(batch.begin(), batch.end()));
}

void TestHttpDelivery::batched_countAndSizeAreLimited()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setContentMode(ContentMode::Batched);
    sink.setMaximumBatchCount(30);
    QCOMPARE(attemptAll(sink, numberedBatch(100), &Delivery::error), QList<Error>(100, Error::None));
    QCOMPARE(receiver.requestCount(), 4u);

    receiver.clear();
    sink.setMaximumBatchCount(1000);
    const qint64 size = HttpMessage::batched(numberedBatch(10))->body().size();
    sink.setMaximumBatchSize(size);
    QCOMPARE(attemptAll(sink, numberedBatch(100), &Delivery::error), QList<Error>(100, Error::None));
    for (const HttpRequest &request : receiver.requests())
        QVERIFY(request.body().size() <= size);
    QVERIFY(receiver.requestCount() >= 10 && receiver.requestCount() <= 12);
    QCOMPARE(idsOf(receiver.requests()).size(), 100);

    // One alone goes all the same.
    receiver.clear();
    sink.setMaximumBatchSize(0);
    QCOMPARE(attemptAll(sink, numberedBatch(3), &Delivery::error), QList<Error>(3, Error::None));
    QCOMPARE(receiver.requestCount(), 3u);
}

void TestHttpDelivery::batched_whatCannotGoIsAlone()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setContentMode(ContentMode::Batched);
    sink.setMaximumEventSize(1000);
    QList<Event> events;
    for (int i = 0; i < 6; ++i)
        events.append(numbered(i));
    events[2].setData(qQNaN());
    events[4].setData(QString(2000, u'x'));
    QCOMPARE(attemptAll(sink, Batch(events), &Delivery::error),
             (QList<Error>{Error::None, Error::None, Error::NotPortable, Error::None, Error::Refused, Error::None}));
    QCOMPARE(idsOf(receiver.requests()), (QStringList{u"0"_s, u"1"_s, u"3"_s, u"5"_s}));
    QCOMPARE(receiver.requestCount(), 3u);
}

void TestHttpDelivery::batched_failsAsAWhole()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(503));
    Probe sink(receiver.url());
    sink.setContentMode(ContentMode::Batched);
    sink.setMaximumBatchCount(4);
    using List = QList<Outcome>;
    QCOMPARE(attemptAll(sink, numberedBatch(10), &Delivery::outcome),
             List(4, Outcome::Failed) + List(6, Outcome::Untried));
    QCOMPARE(receiver.requestCount(), 1u);
}

void TestHttpDelivery::custom_encodes()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setEncoder([](const Batch &events) -> Result<HttpMessage> {
        QByteArray lines;
        for (const Event &event : events)
            lines += event.id().toUtf8() + '\n';
        return HttpMessage({{"Content-Type", "text/plain"}, {"X-Count", QByteArray::number(events.size())}}, lines);
    });
    sink.setMaximumBatchCount(3);
    QCOMPARE(attemptAll(sink, numberedBatch(5), &Delivery::error), QList<Error>(5, Error::None));
    const QList<HttpRequest> requests = receiver.requests();
    QCOMPARE(requests.size(), 2);
    QCOMPARE(requests[0].body(), "0\n1\n2\n");
    QCOMPARE(requests[0].header("X-Count"), "3");
    QCOMPARE(requests[1].body(), "3\n4\n");
    QCOMPARE(requests[1].header("content-type"), "text/plain");
}

void TestHttpDelivery::custom_faults()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setContentMode(ContentMode::Custom);
    QVERIFY(!sink.isValid());
    QCOMPARE(attemptOne(sink).error(), Error::Refused);

    sink.setMaximumEventSize(100);
    sink.setEncoder([](const Batch &events) -> Result<HttpMessage> {
        QByteArray body;
        for (const Event &event : events) {
            const int number = event.data().toInt();
            if (number == 2)
                return Failure{u"number 2 has no code"_s};
            if (number == 4)
                throw std::runtime_error("number 4");
            if (number == 5)
                throw 5;
            if (number == 7)
                return HttpMessage({{"X-Bad", "a\r\nb"}}, "7");
            if (number == 8)
                return HttpMessage({{"Connection", "close"}}, "8");
            body += number == 9 ? QByteArray(101, '9') : event.id().toUtf8();
        }
        return HttpMessage({{"Content-Type", "text/plain"}}, body);
    });
    QVERIFY(sink.isValid());
    QCOMPARE(attemptAll(sink, numberedBatch(10), &Delivery::error),
             (QList<Error>{Error::None, Error::None, Error::NotPortable, Error::None, Error::Exception,
                           Error::Exception, Error::None, Error::Exception, Error::Exception, Error::Refused}));
    QByteArray all;
    for (const HttpRequest &request : receiver.requests())
        all += request.body();
    QCOMPARE(all, "0136");
    const QList<QString> texts = attemptAll(sink, Batch({numbered(2), numbered(4)}), &Delivery::errorText);
    QCOMPARE(texts[0], u"number 2 has no code"_s);
    QVERIFY2(texts[1].contains(u"number 4"_s), qPrintable(texts[1]));
}

void TestHttpDelivery::gzip_isOnTheWire()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setCompression(HttpSink::Compression::Gzip);
    sink.setContentMode(ContentMode::Batched);
    QCOMPARE(attemptAll(sink, numberedBatch(100), &Delivery::error), QList<Error>(100, Error::None));
    const HttpRequest request = receiver.requests().constFirst();
    QCOMPARE(request.header("Content-Encoding"), "gzip");
    const QByteArray plain = HttpMessage::batched(numberedBatch(100))->body();
    QVERIFY(request.body().size() < plain.size() / 4);

    // What others make of it. (Not by QProcess: after a fork of its kind the thread sanitizer lets no thread begin.)
    const QTemporaryDir folder;
    QFile packed(folder.filePath(u"body.gz"_s));
    QVERIFY(packed.open(QIODevice::WriteOnly) && packed.write(request.body()) > 0);
    packed.close();
    QCOMPARE(std::system(qPrintable(u"gzip -d '%1'"_s.arg(packed.fileName()))), 0);
    QFile unpacked(folder.filePath(u"body"_s));
    QVERIFY(unpacked.open(QIODevice::ReadOnly));
    const auto events = HttpMessage(request.headers(), unpacked.readAll()).toEvents();
    QVERIFY2(events, qPrintable(events.errorText()));
    QCOMPARE(events->size(), 100);
}

// Issue: 512 events, three of them poisoned: 509 delivered, the others with their reasons in the dead letters, the order
// kept, and at most 60 requests more than the one.
void TestHttpDelivery::poisoned_isFoundInABatch()
{
    HttpReceiver receiver;
    receiver.setHandler(refusing({u"17"_s, u"18"_s, u"400"_s}));
    auto http = std::make_unique<HttpSink>(receiver.url());
    http->setContentMode(ContentMode::Batched);
    DeadLetters dead;
    Queue queue(std::make_unique<RetryingSink>(std::move(http), CircuitBreaker(5, 1s)));
    queue.setDeadLetterSink(&dead);
    Heartbeat heartbeat;
    queue.write(numberedBatch(512));
    QVERIFY(waitUntil([&] { return queue.statistics().pending == 0 && dead.count() == 3; }, Patience));
    QVERIFY2(heartbeat.isWithin(), qPrintable(heartbeat.summary())); // What follows is the test's own work.
    QCOMPARE(queue.statistics().delivered, 509);
    QCOMPARE(queue.statistics().dropped, 3);
    QVERIFY(queue.statistics().isBalanced());
    QVERIFY2(receiver.requestCount() <= 61, qPrintable(QString::number(receiver.requestCount())));

    QList<HttpRequest> good;
    for (const HttpRequest &request : receiver.requests()) {
        if (refusing({u"17"_s, u"18"_s, u"400"_s})(request).statusCode() == 204)
            good.append(request);
    }
    QStringList wanted;
    for (int i = 0; i < 512; ++i) {
        if (i != 17 && i != 18 && i != 400)
            wanted.append(QString::number(i));
    }
    QCOMPARE(idsOf(good), wanted); // In order, each once.

    QStringList ids;
    for (const DeadLetter &letter : dead.letters()) {
        ids.append(letter.event.id());
        QCOMPARE(letter.error, Error::Refused);
        QCOMPARE(letter.status, 422);
        QCOMPARE(letter.answer, u"event %1 is poisoned"_s.arg(letter.event.id()));
    }
    QCOMPARE(ids, (QStringList{u"17"_s, u"18"_s, u"400"_s}));
}

// What is too large as a whole says nothing about its halves.
void TestHttpDelivery::poisoned_tooLargeAsAWhole()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        return eventsOf(request).size() > 100 ? HttpResponse::status(413) : HttpResponse();
    });
    Probe sink(receiver.url());
    sink.setContentMode(ContentMode::Batched);
    QCOMPARE(attemptAll(sink, numberedBatch(400), &Delivery::error), QList<Error>(400, Error::None));
    QCOMPARE(receiver.requestCount(), 7u); // 400; 200, 100, 100; 200, 100, 100
}

void TestHttpDelivery::poisoned_everywhere()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(400));
    Probe sink(receiver.url());
    sink.setContentMode(ContentMode::Batched);
    sink.setAnswerProfile(AnswerProfile().withRefusalLimit(0));
    QCOMPARE(attemptAll(sink, numberedBatch(64), &Delivery::error), QList<Error>(64, Error::Refused));
    QVERIFY(receiver.requestCount() < 128);
}

void TestHttpDelivery::manyRefusals_areAFaultOfTheEndpoint()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(400));
    Probe sink(receiver.url());
    using List = QList<Error>;
    QCOMPARE(attemptAll(sink, numberedBatch(12), &Delivery::error),
             List(9, Error::Refused) + List{Error::Misdirected} + List(2, Error::None));
    QCOMPARE(receiver.requestCount(), 10u); // What follows was not tried.
    QCOMPARE(attemptOne(sink).error(), Error::Misdirected);
    // One that is taken makes it a matter of the events again.
    receiver.setResponse(HttpResponse());
    QCOMPARE(attemptOne(sink).error(), Error::None);
    receiver.setResponse(HttpResponse::status(400));
    QCOMPARE(attemptOne(sink).error(), Error::Refused);
}

void TestHttpDelivery::gone_disables()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(410));
    Probe sink(receiver.url());
    QSignalSpy changes(&sink, &HttpSink::disabledChanged);
    QCOMPARE(attemptAll(sink, numberedBatch(5), &Delivery::error), QList<Error>(5, Error::Gone));
    QCOMPARE(receiver.requestCount(), 1u);
    QVERIFY(sink.isDisabled());
    QCOMPARE(changes.size(), 1);

    receiver.setResponse(HttpResponse());
    const Delivery refused = attemptOne(sink);
    QCOMPARE(refused.error(), Error::Gone);
    QVERIFY(!refused.canRetry());
    QCOMPARE(receiver.requestCount(), 1u);
    sink.enable();
    QCOMPARE(changes.size(), 2);
    QVERIFY(attemptOne(sink).isSuccess());
    sink.disable();
    QCOMPARE(attemptOne(sink).error(), Error::Gone);
}

void TestHttpDelivery::profiles_decide()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    const auto errorOf = [&](const HttpResponse &response) {
        receiver.setResponse(response);
        return attemptOne(sink).error();
    };
    const auto isTriedAgain = [&](const HttpResponse &response) {
        receiver.setResponse(response);
        return attemptOne(sink).canRetry();
    };
    QCOMPARE(errorOf(HttpResponse::status(409)), Error::Refused);
    sink.setAnswerProfile(AnswerProfile().withReading(409, AnswerProfile::Reading::Delivered));
    QCOMPARE(errorOf(HttpResponse::status(409)), Error::None);
    sink.setAnswerProfile(AnswerProfile().withReading(200, AnswerProfile::Reading::PayloadFault));
    QCOMPARE(errorOf(HttpResponse::status(200)), Error::Refused);

    sink.setAnswerProfile(AnswerProfile::otlp());
    for (const int status : {429, 502, 503, 504})
        QVERIFY(isTriedAgain(HttpResponse::status(status)));
    for (const int status : {400, 401, 408, 410, 500, 501})
        QVERIFY(!isTriedAgain(HttpResponse::status(status)));
    QVERIFY(isTriedAgain(HttpResponse::reset()));
    QVERIFY(!sink.isDisabled());

    sink.setAnswerProfile(AnswerProfile::standardWebhooks());
    for (const int status : {302, 400, 401, 404, 422, 500})
        QCOMPARE(errorOf(HttpResponse::status(status)), Error::Unavailable);
    QVERIFY(isTriedAgain(HttpResponse::reset()));
    QCOMPARE(errorOf(HttpResponse::status(410)), Error::Gone);
    QVERIFY(sink.isDisabled());
}

void TestHttpDelivery::inFlight_isLimited()
{
    for (const int wanted : {1, 3, 6, 7}) {
        const int most = std::min(wanted, 6); // As many as Qt has for a host: no request waits in it for another.
        HttpReceiver receiver;
        receiver.setResponse(HttpResponse().withDelay(20ms));
        auto http = std::make_unique<HttpSink>(receiver.url());
        http->setRequestsInFlight(wanted);
        QCOMPARE(http->requestsInFlight(), most);
        Queue queue(std::move(http));
        QList<Event> events;
        for (int i = 0; i < 60; ++i)
            events.append(keyed(QString(QChar(u'a' + i % 12)), i));
        queue.write(Batch(events));
        QVERIFY(waitUntil([&] { return queue.statistics().delivered == 60; }, Patience));
        // Each has its own, and keeps it.
        QCOMPARE(receiver.connectionCount(), quint64(most));
    }
}

// Eight keys, six in flight, one of which fails for a while: the others go on, and every key is in order.
void TestHttpDelivery::inFlight_keepsTheOrderOfEachKey()
{
    HttpReceiver receiver;
    std::mutex mutex;
    bool isMended = false;
    QHash<QString, QList<int>> arrived;
    receiver.setHandler([&](const HttpRequest &request) {
        const Event event = eventsOf(request).constFirst();
        const std::lock_guard lock(mutex);
        if (event.subject() == u"a" && !isMended)
            return HttpResponse::status(503);
        arrived[event.subject()].append(event.data().toInt());
        return HttpResponse();
    });
    auto http = std::make_unique<HttpSink>(receiver.url());
    http->setRequestsInFlight(6);
    Queue queue(std::make_unique<RetryingSink>(std::move(http), ExponentialBackoff(5ms, 5ms, 50ms)));
    Heartbeat heartbeat;
    QHash<QString, QList<int>> wanted;
    for (int i = 0; i < 400; ++i) {
        const QString key(QChar(u'a' + i % 8));
        queue.write(keyed(key, i));
        wanted[key].append(i);
    }
    QVERIFY(waitUntil([&] { return queue.statistics().delivered == 350; }, Patience));
    {
        const std::lock_guard lock(mutex);
        isMended = true;
    }
    QVERIFY(waitUntil([&] { return queue.statistics().delivered == 400; }, Patience));
    QCOMPARE(arrived, wanted); // Nothing twice, nothing missing.
    QVERIFY(queue.statistics().isBalanced());
    QVERIFY2(heartbeat.isWithin(), qPrintable(heartbeat.summary()));
}

// Each request under way has an answer; none is begun.
void TestHttpDelivery::inFlight_aWaitThatIsAskedForStopsAll()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        const bool asks = eventsOf(request).constFirst().subject() == u"asks";
        return asks ? HttpResponse::status(503).withHeader("Retry-After", "7") : HttpResponse().withDelay(20ms);
    });
    Probe sink(receiver.url());
    sink.setRequestsInFlight(2);
    Outcomes other;
    Outcomes asking;
    qsizetype before = -1;
    asking.heard = [&] { before = other.list.size(); };
    sink.attempt(numberedBatch(100), other);
    sink.attempt(Batch(keyed(u"asks"_s, 0)), asking);
    QVERIFY(waitUntil([&] { return before >= 0 && other.list.size() == 100; }, Patience));
    QVERIFY(before < 100);
    for (qsizetype i = 0; i < 100; ++i)
        QCOMPARE(other.list.at(i), i <= before ? Delivery::delivered() : Delivery::untried());
    QCOMPARE(receiver.requestCount(), quint64(before) + 2);
    // The next one is for who waits.
    QVERIFY(attemptOne(sink).isSuccess());
}

void TestHttpDelivery::inFlight_interruptSettlesAll()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::never());
    auto http = std::make_unique<HttpSink>(receiver.url());
    http->setRequestsInFlight(3);
    Queue queue(std::move(http));
    for (int i = 0; i < 12; ++i)
        queue.write(keyed(QString(QChar(u'a' + i)), i));
    QVERIFY(waitUntil([&] { return receiver.requestCount() == 3; }, Patience));
    const QFuture<CloseResult> closing = queue.close(10ms);
    QVERIFY(waitUntil([&] { return closing.isFinished(); }, Patience));
    QCOMPARE(closing.result().left(), 12);
    QCOMPARE(closing.result().unknown(), 3);
    QVERIFY(queue.statistics().isBalanced());
}

void TestHttpDelivery::credentials_areAskedForEachAttempt()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        return HttpResponse::status(request.header("Authorization") == "Bearer token2" ? 204 : 503);
    });
    auto http = std::make_unique<HttpSink>(receiver.url());
    QCOMPARE(http->setHeader("Authorization", "old"), HttpSink::HeaderError::None);
    http->setCredentials([number = 0]() mutable {
        return QList<HttpMessage::Header>{HttpSink::bearer("token" + QByteArray::number(++number))};
    });
    Queue queue(std::make_unique<RetryingSink>(std::move(http), CircuitBreaker(5, 1ms)));
    const QFuture<Delivery> sent = queue.send(numbered(0));
    QVERIFY(waitUntil([&] { return sent.isFinished(); }, Patience));
    QVERIFY(sent.result().isSuccess());
    QCOMPARE(receiver.requestCount(), 2u);
    QCOMPARE(receiver.requests().constFirst().header("Authorization"), "Bearer token1");

    // RFC 7617, section 2.1.
    QCOMPARE(HttpSink::basic(u"test"_s, u"123£"_s).second, "Basic dGVzdDoxMjPCow==");
}

void TestHttpDelivery::credentials_faults()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    const auto check = [&](const HttpSink::Credentials &credentials) {
        sink.setCredentials(credentials);
        const Delivery outcome = attemptOne(sink);
        return outcome.error() == Error::Misdirected && outcome.canRetry() && !outcome.toString().contains(u"canary"_s);
    };
    QVERIFY(check([] { return QList<HttpMessage::Header>{{"Authorization", "canary\r\nX: y"}}; }));
    QVERIFY(check([] { return QList<HttpMessage::Header>{{"Content-Length", "canary"}}; }));
    QVERIFY(check([] { return QList<HttpMessage::Header>{{"canary:", "x"}}; }));
    QVERIFY(check([]() -> QList<HttpMessage::Header> { throw std::runtime_error("canary"); }));
    QVERIFY(check([]() -> QList<HttpMessage::Header> { throw 1; }));
    QCOMPARE(receiver.requestCount(), 0u);
    sink.setCredentials({});
    QVERIFY(attemptOne(sink).isSuccess());
}

void TestHttpDelivery::signatures_verify()
{
    const WebhookSecret old = WebhookSecret::generate();
    const WebhookSecret fresh = WebhookSecret::generate();
    const std::chrono::seconds now(1614265330);
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(503));
    Probe sink(receiver.url());
    sink.setClock(std::make_shared<StoppedClock>(now));
    sink.setSigningSecrets({fresh, old});
    sink.setContentMode(ContentMode::Batched);
    sink.setCompression(HttpSink::Compression::Gzip);
    attemptOne(sink);
    attemptOne(sink);
    Outcomes outcomes;
    sink.attempt(numberedBatch(2), outcomes);
    QVERIFY(outcomes.wait(2));
    outcomes.list.clear();
    sink.attempt(numberedBatch(3), outcomes);
    QVERIFY(outcomes.wait(3));

    const QList<HttpRequest> requests = receiver.requests();
    QCOMPARE(requests.size(), 4);
    for (const HttpRequest &request : requests) {
        for (const WebhookSecret &secret : {old, fresh}) {
            QCOMPARE(WebhookSignature::verify({secret}, request.headers(), request.body(), now + 1s),
                     WebhookSignature::Verdict::Valid);
        }
        QCOMPARE(WebhookSignature::verify({WebhookSecret::generate()}, request.headers(), request.body(), now),
                 WebhookSignature::Verdict::NoMatch);
    }
    QCOMPARE(requests[0].header("webhook-id"), "0"); // The event's.
    QCOMPARE(requests[1].header("webhook-id"), "0");
    const QByteArray many = requests[2].header("webhook-id");
    QVERIFY(many.startsWith("batch_"));
    QVERIFY(requests[3].header("webhook-id") != many);

    sink.setSigningSecrets({WebhookSecret()});
    QVERIFY(!sink.isValid());
    QCOMPARE(attemptOne(sink).error(), Error::Security);
    sink.setSigningSecrets({});
    attemptOne(sink);
    QVERIFY(receiver.requests().constLast().header("webhook-signature").isNull());
}

void TestHttpDelivery::answer_isKeptWithoutSecrets()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        QByteArray echo = "You said: " + request.target() + '\n';
        for (const auto &[name, value] : request.headers())
            echo += name + ": " + value + '\n';
        return HttpResponse::status(400, echo + "and canary-password, hook-canary. \x01\xff");
    });
    Probe sink(receiver.url(u"/hook-canary/x?key=canary%2Fquery&n=1"_s));
    QCOMPARE(sink.setHeader("X-Api-Key", "canary-header"), HttpSink::HeaderError::None);
    sink.setCredentials([] { return QList<HttpMessage::Header>{HttpSink::basic(u"user"_s, u"canary-password"_s)}; });
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.error(), Error::Refused);
    QVERIFY2(outcome.answer().contains(u"You said"_s), qPrintable(outcome.answer()));
    QVERIFY(outcome.answer().contains(u"application/cloudevents+json"_s));
    QVERIFY2(!outcome.answer().contains(u"canary"_s), qPrintable(outcome.answer()));
    QVERIFY(!outcome.answer().contains(u'\x01'));
    QVERIFY(!outcome.toString().contains(u"You said"_s));

    receiver.setResponse(HttpResponse::status(400, QByteArray(100'000, 'x')));
    QCOMPARE(attemptOne(sink).answer().size(), 20'000);
    sink.setAnswerLimit(10);
    QCOMPARE(attemptOne(sink).answer(), u"xxxxxxxxxx"_s);
    // What stands for a secret makes no other one.
    QCOMPARE(sink.setHeader("X-Odd-Key", "odd[...]and-longer"), HttpSink::HeaderError::None);
    receiver.setResponse(HttpResponse::status(400, "oddcanary-headerand-longer"));
    sink.setAnswerLimit(1000);
    QCOMPARE(attemptOne(sink).answer(), u"[...]"_s);
    // Most of a secret is one, too.
    receiver.setResponse(HttpResponse::status(400, "Your key: canary-header"));
    sink.setAnswerLimit(22);
    QCOMPARE(attemptOne(sink).answer(), u"Your key: [...]"_s);
    sink.setAnswerLimit(0);
    QCOMPARE(attemptOne(sink).answer(), QString());
}

void TestHttpDelivery::proxy_isUsedWhereItIsGiven()
{
    HttpReceiver proxy;
    // Reserved for documentation (RFC 5737), so nobody answers there. To loopback Qt never uses a proxy.
    Probe sink(QUrl(u"http://192.0.2.1/hook"_s));
    sink.setPlainHttp(HttpSink::PlainHttp::Everywhere);
    sink.setProxy(QNetworkProxy(QNetworkProxy::HttpProxy, u"127.0.0.1"_s, proxy.port()));
    QVERIFY(attemptOne(sink).isSuccess());
    QCOMPARE(proxy.requests().constFirst().target(), "http://192.0.2.1/hook");

    // What the environment says counts only where that is wanted.
    qputenv("http_proxy", "http://127.0.0.1:" + QByteArray::number(proxy.port()));
    sink.setProxy(QNetworkProxy(QNetworkProxy::DefaultProxy));
    QVERIFY(attemptOne(sink).isSuccess());
    QCOMPARE(proxy.requestCount(), 2u);
    sink.setProxy(QNetworkProxy(QNetworkProxy::NoProxy));
    sink.setConnectTimeout(300ms);
    QVERIFY(!attemptOne(sink).isSuccess());
    QCOMPARE(proxy.requestCount(), 2u);
    qunsetenv("http_proxy");
}

void TestHttpDelivery::held_sendsNothing()
{
    HttpReceiver receiver;
    receiver.setHandler(
        [](const HttpRequest &request) { return HttpResponse::status(request.index() == 1 ? 500 : 204); });
    Probe sink(receiver.url());
    QSignalSpy answers(&sink, &HttpSink::answered);
    sink.setRequestsInFlight(2);
    sink.hold();
    QVERIFY(sink.isHeld());
    Outcomes one;
    Outcomes other;
    sink.attempt(numberedBatch(2), one);
    sink.attempt(numberedBatch(1), other);
    QVERIFY(!waitUntil([&] { return !one.list.isEmpty() || !other.list.isEmpty(); }, 50ms));
    QCOMPARE(receiver.connectionCount(), 0u);
    // What is under way goes on.
    sink.release();
    sink.hold();
    QVERIFY(waitUntil([&] { return one.list.size() + other.list.size() >= 2; }, Patience));
    QVERIFY(receiver.waitForRequests(2));
    sink.release();
    QVERIFY(one.wait(2));
    QVERIFY(other.wait(1));
    QList<int> statuses;
    for (const QList<QVariant> &answer : std::as_const(answers))
        statuses.append(answer.first().toInt());
    std::sort(statuses.begin(), statuses.end());
    QVERIFY2(statuses == (QList<int>{204, 500}) || statuses == (QList<int>{204, 204, 500}),
             qPrintable(QString::number(statuses.size())));
    // A close ends the wait.
    sink.hold();
    Outcomes last;
    sink.attempt(numberedBatch(1), last);
    sink.interrupt();
    QCOMPARE(last.list.size(), 1);
    QCOMPARE(last.list.first().outcome(), Outcome::Untried);
}

QTEST_GUILESS_MAIN(TestHttpDelivery)

#include "tst_httpdelivery.moc"
