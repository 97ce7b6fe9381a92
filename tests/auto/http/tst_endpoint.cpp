// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/DeadLetters>
#include <Qanat/Endpoint>
#include <Qanat/HttpReceiver>
#include <Qanat/ManualClock>
#include <Qanat/Queue>
#include <Qanat/WebhookSignature>

#include <QtCore/qregularexpression.h>
#include <QtCore/qtimer.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <atomic>
#include <limits>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace {

// An endpoint by a clock that the test moves, and the service.
struct Service
{
    explicit Service(const std::function<void(EndpointConfiguration &)> &change = {},
                     const Endpoint::QueueMaker &maker = {})
    {
        EndpointConfiguration configuration;
        configuration.name = u"audit"_s;
        configuration.url = receiver.url(u"/hook"_s);
        if (change)
            change(configuration);
        endpoint = std::make_unique<Endpoint>(configuration, maker);
        endpoint->setClock(clock);
        endpoint->setDeadLetterSink(&dead);
    }

    bool isAnswered(quint64 requests) const
    {
        return waitUntil([&] {
            qint64 count = 0;
            for (const qint64 of : endpoint->answers())
                count += of;
            return count >= qint64(requests);
        });
    }

    // By the application, or since there is no network.
    bool isHeld() const
    {
        const PipelineNode retry = endpoint->pipeline().targets.value(0);
        return retry.targets.value(0).activity == PipelineNode::Activity::Paused;
    }

    const std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    HttpReceiver receiver;
    DeadLetters dead;
    std::unique_ptr<Endpoint> endpoint;
};

} // namespace

class TestEndpoint : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void deliversWithTheDefaults();
    void isASinkLikeAnyOther();
    void passingFaults_areTriedAgain();
    void passingFaults_openTheBreaker();
    void passingFaults_areProbedUpToEveryFiveMinutes();
    void passingFaults_countInARow();
    void passingFaults_endByAge();
    void faultsOfTheEndpoint_blockOnce();
    void faultsOfTheEndpoint_areProbedUpToOnceAnHour();
    void faultsOfTheEndpoint_endByAgeOnly();
    void failedTls_blocks();
    void retryAfter_isToldAndWaited();
    void retryAfter_ofARefusal();
    void retryAfter_outlastsWhatIsUnderWay();
    void refusals_goToTheDeadLetters();
    void refusals_doNotCountForTheBreaker();
    void refusedHere_goesToTheDeadLetters();
    void signatures_areNewForEachAttempt();
    void limits_dropTheOldest();
    void gone_disables();
    void disable_emptiesTheBacklog();
    void pause_holdsEverything();
    void network_goneAndBack();
    void network_isAHintOnly();
    void network_isDisbelievedAfterAMinute();
    void retryNow_endsTheWait();
    void batches_linger();
    void keys_goOn();
    void aQueueOfTheApplications();
    void wrongConfigurations_data();
    void wrongConfigurations();
    void destroyedInFlight();
};

void TestEndpoint::deliversWithTheDefaults()
{
    HttpReceiver receiver;
    Endpoint endpoint(u"audit"_s, receiver.url());
    QCOMPARE(endpoint.objectName(), u"audit"_s);
    QCOMPARE(endpoint.errorText(), QString());
    QVERIFY(endpoint.isHealthy());
    // As docs/contract.md says, "Delivery over HTTP".
    const EndpointConfiguration defaults = endpoint.configuration();
    QCOMPARE(defaults.connectTimeout, 15s);
    QCOMPARE(defaults.requestTimeout, 30s);
    QCOMPARE(defaults.backoff, 1s);
    QCOMPARE(defaults.maximumBackoff, 300s);
    QCOMPARE(defaults.breakerThreshold, 5);
    QCOMPARE(defaults.breakerWait, 1s);
    QCOMPARE(defaults.maximumBreakerWait, 5min);
    QCOMPARE(defaults.maximumBlockedWait, 1h);
    QCOMPARE(defaults.requestsInFlight, 1);
    QCOMPARE(defaults.maximumBatchCount, 512);
    QCOMPARE(defaults.maximumBatchSize, 10'000'000);
    QCOMPARE(defaults.linger, 1s);
    QCOMPARE(defaults.maximumEventSize, 256 * 1024);
    QCOMPARE(defaults.answerLimit, 20'000);
    QCOMPARE(defaults.maximumAge, 72h);
    QCOMPARE(defaults.maximumAttempts, std::numeric_limits<int>::max());
    QCOMPARE(endpoint.limits().events, 10'000);
    QCOMPARE(endpoint.limits().bytes, 16 * 1024 * 1024);
    QCOMPARE(endpoint.limits().overflow, Limits::Overflow::DropOldest);

    const QList<Event> events = someEvents(20);
    for (const Event &event : events)
        endpoint.write(event);
    QANAT_WAIT(endpoint.statistics().delivered == 20);
    QStringList ids;
    for (const HttpRequest &request : receiver.requests())
        ids.append(Event::fromJson(request.body()).value().id());
    QCOMPARE(ids, idsOf(events));
    QCOMPARE(endpoint.answers(), (QMap<int, qint64>{{204, 20}}));
    QANAT_BALANCED(endpoint);
}

void TestEndpoint::isASinkLikeAnyOther()
{
    HttpReceiver receiver;
    auto *const endpoint = new Endpoint(u"audit"_s, receiver.url());
    Broadcaster broadcaster;
    broadcaster.add(std::unique_ptr<Sink>(endpoint));
    settleCommands(broadcaster);
    QSignalSpy drained(endpoint, &Sink::drained);
    const QFuture<Delivery> sent = broadcaster.send(someEvent());
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QANAT_WAIT(drained.size() == 1);
    const PipelineNode node = endpoint->pipeline();
    QCOMPARE(node.kind, u"Endpoint"_s);
    QCOMPARE(node.name, u"audit"_s);
    QCOMPARE(node.targets.size(), 1);
    QCOMPARE(node.targets.first().kind, u"RetryingSink"_s);
    const QFuture<CloseResult> closing = broadcaster.close();
    QANAT_FINISH(closing);
    QVERIFY(closing.result().isClean());
    QCOMPARE(receiver.requestCount(), 1u);
}

void TestEndpoint::passingFaults_areTriedAgain()
{
    Service s;
    s.receiver.setHandler(
        [](const HttpRequest &request) { return HttpResponse::status(request.index() < 3 ? 503 : 204); });
    const QFuture<Delivery> sent = s.endpoint->send(someEvent());
    for (quint64 attempt = 1; attempt <= 3; ++attempt) {
        QVERIFY(s.isAnswered(attempt));
        QANAT_WAIT(s.clock->nextDue());
        s.clock->advance(5min);
    }
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QVERIFY(s.endpoint->isHealthy()); // Fewer than five.
    QCOMPARE(s.endpoint->answers(), (QMap<int, qint64>{{204, 1}, {503, 3}}));
    // Byte for byte the same each time.
    for (const HttpRequest &request : s.receiver.requests())
        QCOMPARE(request.body(), s.receiver.requests().constFirst().body());
}

void TestEndpoint::passingFaults_openTheBreaker()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(503));
    QSignalSpy health(s.endpoint.get(), &Endpoint::healthyChanged);
    s.endpoint->write(Batch(someEvents(3)));
    for (quint64 attempt = 1; attempt < 5; ++attempt) {
        QVERIFY(s.isAnswered(attempt));
        QVERIFY(s.endpoint->isHealthy());
        QANAT_WAIT(s.clock->nextDue());
        s.clock->advance(5min);
    }
    QVERIFY(s.isAnswered(5));
    QANAT_WAIT(!s.endpoint->isHealthy());
    QANAT_WAIT(health.size() == 1);
    QVERIFY(!s.endpoint->isBlocked());
    s.receiver.setResponse(HttpResponse());
    QANAT_WAIT(s.clock->nextDue());
    s.clock->advance(1s);
    QANAT_WAIT(s.endpoint->statistics().delivered == 3);
    QANAT_WAIT(s.endpoint->isHealthy());
    QANAT_WAIT(health.size() == 2);
    QCOMPARE(health.last().first().toBool(), true);
}

void TestEndpoint::passingFaults_areProbedUpToEveryFiveMinutes()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(503));
    s.endpoint->write(someEvent());
    // By chance, up to twice as long each time; from the fifth on by the breaker.
    std::chrono::nanoseconds most = 1s;
    for (quint64 attempt = 1; attempt <= 4; ++attempt) {
        QVERIFY(s.isAnswered(attempt));
        QANAT_WAIT(s.clock->nextDue());
        QVERIFY(*s.clock->nextDue() - s.clock->now() < most);
        s.clock->advance(most);
        most *= 2;
    }
    std::chrono::nanoseconds wait = 1s;
    for (quint64 attempt = 5; attempt <= 15; ++attempt) {
        QVERIFY(s.isAnswered(attempt));
        QANAT_WAIT(s.clock->nextDue());
        QCOMPARE(*s.clock->nextDue() - s.clock->now(), wait);
        s.clock->advance(wait);
        wait = std::min<std::chrono::nanoseconds>(2 * wait, 5min);
    }
    QCOMPARE(wait, 5min);
}

// Four, and one that is delivered, and four again.
void TestEndpoint::passingFaults_countInARow()
{
    Service s;
    s.receiver.setHandler(
        [](const HttpRequest &request) { return HttpResponse::status(request.index() % 5 < 4 ? 503 : 204); });
    QSignalSpy health(s.endpoint.get(), &Endpoint::healthyChanged);
    const QFuture<Delivery> sent = s.endpoint->send(Batch(someEvents(3)));
    for (quint64 attempt = 1; attempt <= 15; ++attempt) {
        QVERIFY(s.isAnswered(attempt));
        if (attempt % 5 == 0)
            continue;
        QANAT_WAIT(s.clock->nextDue());
        s.clock->advance(5min);
    }
    QANAT_FINISH(sent);
    QVERIFY(sent.result().isSuccess());
    QVERIFY(s.endpoint->isHealthy());
    QCOMPARE(health.size(), 0);
}

void TestEndpoint::passingFaults_endByAge()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(503, "busy"));
    s.endpoint->write(someEvent());
    quint64 attempt = 0;
    // However often it was tried, and until just before.
    for (const auto wait : {1h, 1h, 1h, 1h, 1h, 1h, 1h, 64h}) {
        QVERIFY(s.isAnswered(++attempt));
        QANAT_WAIT(s.clock->nextDue());
        s.clock->advance(wait);
    }
    QVERIFY(s.isAnswered(++attempt));
    QANAT_WAIT(s.clock->nextDue());
    QCOMPARE(s.endpoint->statistics().pending, 1);
    s.clock->advance(1h);
    QANAT_WAIT(s.dead.count() == 1);
    QVERIFY(s.isAnswered(++attempt));
    const DeadLetter letter = s.dead.letters().constFirst();
    QCOMPARE(letter.error, Delivery::Error::Unavailable);
    QCOMPARE(letter.status, 503);
    QCOMPARE(letter.answer, u"busy"_s);
    QCOMPARE(letter.attempts, int(attempt));
    QANAT_BALANCED(*s.endpoint);
}

void TestEndpoint::faultsOfTheEndpoint_blockOnce()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(401, "who are you"));
    QSignalSpy blocked(s.endpoint.get(), &Endpoint::blocked);
    QSignalSpy changed(s.endpoint.get(), &Endpoint::blockedChanged);
    s.endpoint->write(Batch(someEvents(5)));
    for (quint64 attempt = 1; attempt <= 4; ++attempt) {
        QVERIFY(s.isAnswered(attempt));
        QANAT_WAIT(s.clock->nextDue());
        s.clock->advance(1h);
    }
    QANAT_WAIT(blocked.size() == 1);
    QVERIFY(s.endpoint->isBlocked());
    QVERIFY(!s.endpoint->isHealthy());
    QCOMPARE(s.endpoint->pipeline().activity, PipelineNode::Activity::Blocked);
    QCOMPARE(s.endpoint->blockedReason().status(), 401);
    QCOMPARE(blocked.first().first().value<Delivery>().answer(), u"who are you"_s);
    QCOMPARE(s.endpoint->statistics().pending, 5); // None is given up.
    QCOMPARE(s.dead.count(), 0);

    QVERIFY(s.isAnswered(5));
    QANAT_WAIT(s.clock->nextDue());
    s.receiver.setResponse(HttpResponse());
    s.clock->advance(1h);
    QANAT_WAIT(s.endpoint->statistics().delivered == 5);
    QANAT_WAIT(!s.endpoint->isBlocked());
    QANAT_WAIT(changed.size() == 2);
    QCOMPARE(blocked.size(), 1);
    // The next time it is told again.
    s.receiver.setResponse(HttpResponse::status(302));
    s.endpoint->write(someEvent());
    QANAT_WAIT(blocked.size() == 2);
}

void TestEndpoint::faultsOfTheEndpoint_areProbedUpToOnceAnHour()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(404));
    s.endpoint->write(someEvent());
    std::chrono::nanoseconds wait = 1s;
    for (quint64 attempt = 1; attempt <= 15; ++attempt) {
        QVERIFY(s.isAnswered(attempt));
        QANAT_WAIT(s.clock->nextDue());
        QCOMPARE(*s.clock->nextDue() - s.clock->now(), wait);
        s.clock->advance(wait);
        wait = std::min<std::chrono::nanoseconds>(2 * wait, 1h);
    }
    QCOMPARE(wait, 1h);
}

void TestEndpoint::faultsOfTheEndpoint_endByAgeOnly()
{
    Service s([](EndpointConfiguration &configuration) { configuration.maximumAttempts = 2; });
    s.receiver.setResponse(HttpResponse::status(404, "not here"));
    s.endpoint->write(someEvent());
    for (quint64 attempt = 1; attempt <= 4; ++attempt) {
        QVERIFY(s.isAnswered(attempt));
        QANAT_WAIT(s.clock->nextDue());
        s.clock->advance(1h);
    }
    QCOMPARE(s.dead.count(), 0);
    s.clock->advance(72h);
    QANAT_WAIT(s.dead.count() == 1);
    const DeadLetter letter = s.dead.letters().constFirst();
    QCOMPARE(letter.error, Delivery::Error::Misdirected);
    QCOMPARE(letter.status, 404);
    QCOMPARE(letter.answer, u"not here"_s);
}

void TestEndpoint::failedTls_blocks()
{
    Service s([](EndpointConfiguration &configuration) { configuration.url.setScheme(u"https"_s); });
    QSignalSpy blocked(s.endpoint.get(), &Endpoint::blocked); // The receiver speaks none.
    s.endpoint->write(Batch(someEvents(3)));
    std::chrono::nanoseconds wait = 1s;
    for (quint64 attempt = 1; attempt <= 3; ++attempt) {
        QVERIFY(s.isAnswered(attempt));
        QANAT_WAIT(s.clock->nextDue());
        QCOMPARE(*s.clock->nextDue() - s.clock->now(), wait);
        s.clock->advance(wait);
        wait *= 2;
    }
    QANAT_WAIT(blocked.size() == 1);
    QCOMPARE(s.endpoint->blockedReason().error(), Delivery::Error::Security);
    QCOMPARE(s.endpoint->statistics().pending, 3);
    QCOMPARE(s.dead.count(), 0);
}

void TestEndpoint::retryAfter_isToldAndWaited()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(503).withHeader("Retry-After", "600"));
    QSignalSpy paused(s.endpoint.get(), &Endpoint::pausedUntilChanged);
    QVERIFY(!s.endpoint->pausedUntil().isValid());
    s.endpoint->write(Batch(someEvents(2)));
    QVERIFY(s.isAnswered(1));
    QANAT_WAIT(s.endpoint->pausedUntil().isValid());
    const auto now = QDateTime::fromMSecsSinceEpoch(s.clock->wallClock().count(), Qt::UTC);
    QCOMPARE(s.endpoint->pausedUntil(), now.addSecs(600));
    QANAT_WAIT(s.endpoint->pipeline().activity == PipelineNode::Activity::Waiting);
    QCOMPARE(s.endpoint->pipeline().nextAttempt, 600s);
    QANAT_WAIT(s.clock->nextDue());
    // Not even by those who are in a hurry.
    s.endpoint->retryNow();
    s.clock->advance(599s);
    QCOMPARE(s.receiver.requestCount(), 1u);
    s.receiver.setResponse(HttpResponse());
    s.clock->advance(1s);
    QANAT_WAIT(s.endpoint->statistics().delivered == 2);
    QANAT_WAIT(!s.endpoint->pausedUntil().isValid());
    QANAT_WAIT(paused.size() == 2);
}

// It is final for the event, and stops those behind it.
void TestEndpoint::retryAfter_ofARefusal()
{
    Service s;
    s.receiver.setHandler([](const HttpRequest &request) {
        return request.index() == 0 ? HttpResponse::status(413).withHeader("Retry-After", "600") : HttpResponse();
    });
    s.endpoint->write(Batch(someEvents(3)));
    QANAT_WAIT(s.dead.count() == 1);
    QANAT_WAIT(s.endpoint->pausedUntil().isValid());
    QANAT_WAIT(s.clock->nextDue());
    QCOMPARE(*s.clock->nextDue() - s.clock->now(), 600s);
    QCOMPARE(s.receiver.requestCount(), 1u);
    QVERIFY(s.endpoint->isHealthy());
    s.clock->advance(600s);
    QANAT_WAIT(s.endpoint->statistics().delivered == 2);
    QANAT_WAIT(!s.endpoint->pausedUntil().isValid());
    QCOMPARE(s.receiver.requestCount(), 3u);
}

void TestEndpoint::retryAfter_outlastsWhatIsUnderWay()
{
    Service s([](EndpointConfiguration &configuration) {
        configuration.requestsInFlight = 2;
        configuration.orderKey = u"subject"_s;
    });
    s.receiver.setHandler([](const HttpRequest &request) {
        const bool isFirst = Event::fromJson(request.body()).value().subject() == u"first";
        return isFirst ? HttpResponse::status(503).withHeader("Retry-After", "600") : HttpResponse().withDelay(50ms);
    });
    s.endpoint->write(eventOf(u"first"_s));
    s.endpoint->write(eventOf(u"under way"_s));
    QVERIFY(s.isAnswered(2));
    QANAT_WAIT(s.endpoint->statistics().delivered == 1);
    s.endpoint->write(eventOf(u"later"_s));
    QANAT_WAIT(s.clock->nextDue());
    QCOMPARE(*s.clock->nextDue() - s.clock->now(), 600s);
    s.clock->advance(599s);
    QVERIFY(s.endpoint->pausedUntil().isValid());
    QCOMPARE(s.receiver.requestCount(), 2u);
    s.receiver.setResponse(HttpResponse());
    s.clock->advance(1s);
    QANAT_WAIT(s.endpoint->statistics().delivered == 3);
    QANAT_WAIT(!s.endpoint->pausedUntil().isValid());
}

void TestEndpoint::refusals_goToTheDeadLetters()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(422, "no such field"));
    s.endpoint->write(someEvent());
    QANAT_WAIT(s.dead.count() == 1);
    QCOMPARE(s.dead.letters().constFirst().status, 422);
    QCOMPARE(s.dead.letters().constFirst().answer, u"no such field"_s);
    QVERIFY(s.endpoint->isHealthy());
    QCOMPARE(s.receiver.requestCount(), 1u);
    QANAT_BALANCED(*s.endpoint);
}

// The clock stands still, so nothing waits; only the tenth in a row says that the service understands nothing.
void TestEndpoint::refusals_doNotCountForTheBreaker()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(422));
    s.endpoint->write(Batch(someEvents(9)));
    QANAT_WAIT(s.dead.count() == 9);
    QVERIFY(s.endpoint->isHealthy());
    QVERIFY(!s.clock->nextDue());
    // A first passing fault does not open it.
    s.receiver.setResponse(HttpResponse::status(503));
    s.endpoint->write(someEvent());
    QVERIFY(s.isAnswered(10));
    QANAT_WAIT(s.clock->nextDue());
    QVERIFY(s.endpoint->isHealthy());
    s.receiver.setResponse(HttpResponse());
    s.clock->advance(1s);
    QANAT_WAIT(s.endpoint->statistics().delivered == 1);

    s.receiver.setResponse(HttpResponse::status(422));
    s.endpoint->write(Batch(someEvents(12)));
    QANAT_WAIT(s.endpoint->isBlocked());
    QCOMPARE(s.endpoint->blockedReason().status(), 422);
    QANAT_WAIT(s.clock->nextDue());
    QCOMPARE(s.endpoint->statistics().pending, 3);
    QCOMPARE(s.receiver.requestCount(), 21u);
    QANAT_WAIT(s.dead.count() == 18);
}

void TestEndpoint::refusedHere_goesToTheDeadLetters()
{
    Service s;
    s.endpoint->write(Event(u"test"_s, QString(256 * 1024, u'x')));
    s.endpoint->write(Event(u"test"_s, qQNaN()));
    QANAT_WAIT(s.dead.count() == 2);
    QCOMPARE(s.dead.letters().constFirst().error, Delivery::Error::Refused);
    QCOMPARE(s.dead.letters().constLast().error, Delivery::Error::NotPortable);
    QCOMPARE(s.receiver.connectionCount(), 0u);
    // An event without anything, and one without data, stop nothing.
    QCOMPARE(s.endpoint->write(Event()).status(), WriteResult::Status::Invalid);
    s.endpoint->write(Event(u"test"_s));
    s.endpoint->write(Event(u"test"_s, QString(255 * 1024, u'x')));
    QANAT_WAIT(s.endpoint->statistics().delivered == 2);
    QANAT_BALANCED(*s.endpoint);
}

void TestEndpoint::signatures_areNewForEachAttempt()
{
    const WebhookSecret secret = WebhookSecret::generate();
    Service s([&](EndpointConfiguration &configuration) { configuration.signingSecrets = {secret}; });
    s.receiver.setHandler([](const HttpRequest &request) { return HttpResponse::status(request.index() ? 204 : 503); });
    const auto begin = std::chrono::floor<std::chrono::seconds>(s.clock->wallClock());
    const QFuture<Delivery> sent = s.endpoint->send(someEvent());
    QVERIFY(s.isAnswered(1));
    QANAT_WAIT(s.clock->nextDue());
    s.clock->advance(1h);
    QANAT_FINISH(sent);
    const QList<HttpRequest> requests = s.receiver.requests();
    QCOMPARE(requests.size(), 2);
    QCOMPARE(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    QCOMPARE(requests[0].header("webhook-timestamp"), QByteArray::number(qint64(begin.count())));
    QCOMPARE(requests[1].header("webhook-timestamp"), QByteArray::number(qint64((begin + 1h).count())));
    QVERIFY(requests[0].header("webhook-signature") != requests[1].header("webhook-signature"));
    QCOMPARE(WebhookSignature::verify({secret}, requests[1].headers(), requests[1].body(), begin + 1h),
             WebhookSignature::Verdict::Valid);
}

void TestEndpoint::limits_dropTheOldest()
{
    dismissHeartbeat();
    for (const bool isByBytes : {false, true}) {
        Service s;
        QSignalSpy dropped(s.endpoint.get(), &Sink::dropped);
        QSignalSpy overflowed(s.endpoint.get(), &Sink::overflowed);
        s.endpoint->pause();
        QStringList ids;
        for (int i = 0; i < (isByBytes ? 100 : 10'010); ++i) {
            const Event event(u"test"_s, QString(isByBytes ? 100'000 : 1, u'x'));
            ids.append(event.id());
            s.endpoint->write(event);
        }
        const qint64 kept = s.endpoint->statistics().pending;
        if (isByBytes)
            QVERIFY(kept > 70 && kept <= 16 * 1024 * 1024 / 200'000);
        else
            QCOMPARE(kept, 10'000);
        QCOMPARE(s.endpoint->statistics().dropped, ids.size() - kept);
        QANAT_BALANCED(*s.endpoint);
        QANAT_WAIT(s.dead.count() == ids.size() - kept);
        QCOMPARE(s.dead.letters().constFirst().error, Delivery::Error::Full);
        QANAT_WAIT(!overflowed.isEmpty());
        qint64 told = 0;
        QANAT_WAIT([&] {
            for (; !dropped.isEmpty(); dropped.removeFirst())
                told += dropped.first().first().toLongLong();
            return told == ids.size() - kept;
        }());
        if (!isByBytes)
            continue;
        // The newest are all there.
        s.endpoint->resume();
        QANAT_WAIT(s.endpoint->statistics().delivered == kept);
        QStringList arrived;
        for (const HttpRequest &request : s.receiver.requests())
            arrived.append(Event::fromJson(request.body()).value().id());
        QCOMPARE(arrived.last(50), ids.last(50));
    }
}

void TestEndpoint::gone_disables()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(410));
    QSignalSpy disabled(s.endpoint.get(), &Endpoint::disabledChanged);
    s.endpoint->write(Batch(someEvents(50)));
    QANAT_WAIT(s.dead.count() == 50);
    QVERIFY(s.endpoint->isDisabled());
    QVERIFY(!s.endpoint->isHealthy());
    QANAT_WAIT(disabled.size() == 1);
    QCOMPARE(s.endpoint->pipeline().activity, PipelineNode::Activity::Disabled);
    QCOMPARE(s.receiver.requestCount(), 1u);
    // Writes are accepted, and become dead letters at once.
    QVERIFY(s.endpoint->write(someEvent()).status() == WriteResult::Status::Accepted);
    QANAT_WAIT(s.dead.count() == 51);
    QCOMPARE(s.dead.letters().constLast().error, Delivery::Error::Gone);
    QCOMPARE(s.receiver.requestCount(), 1u);

    s.receiver.setResponse(HttpResponse());
    s.endpoint->enable();
    QANAT_WAIT(disabled.size() == 2);
    s.endpoint->write(someEvent());
    QANAT_WAIT(s.endpoint->statistics().delivered == 1);
    QANAT_BALANCED(*s.endpoint);
}

void TestEndpoint::disable_emptiesTheBacklog()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(503).withHeader("Retry-After", "3600"));
    s.endpoint->write(Batch(someEvents(20)));
    QVERIFY(s.isAnswered(1));
    QANAT_WAIT(s.clock->nextDue());
    s.endpoint->disable();
    QANAT_WAIT(s.endpoint->isDisabled());
    s.clock->advance(1h);
    QANAT_WAIT(s.dead.count() == 20);
    QCOMPARE(s.receiver.requestCount(), 1u);
}

void TestEndpoint::pause_holdsEverything()
{
    Service s;
    QSignalSpy paused(s.endpoint.get(), &Endpoint::pausedChanged);
    s.endpoint->pause();
    QVERIFY(s.endpoint->isPaused());
    QANAT_WAIT(paused.size() == 1);
    QCOMPARE(s.endpoint->pipeline().activity, PipelineNode::Activity::Paused);
    s.endpoint->write(Batch(someEvents(10)));
    QVERIFY(!waitUntil([&] { return s.receiver.connectionCount() > 0; }, 50ms));
    QCOMPARE(s.endpoint->statistics().pending, 10);
    s.endpoint->resume();
    QANAT_WAIT(s.endpoint->statistics().delivered == 10);
    QANAT_WAIT(paused.size() == 2);
    QCOMPARE(s.endpoint->pipeline().activity, PipelineNode::Activity::Flowing);
    // A close ends it.
    s.endpoint->pause();
    s.endpoint->write(someEvent());
    const QFuture<CloseResult> closing = s.endpoint->close(0ms);
    QANAT_FINISH(closing);
    QCOMPARE(closing.result().left(), 1);
}

void TestEndpoint::network_goneAndBack()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(503));
    s.endpoint->write(someEvent());
    QVERIFY(s.isAnswered(1));
    s.endpoint->setNetwork(Endpoint::Network::Gone);
    QANAT_WAIT(s.clock->nextDue());
    QANAT_WAIT(s.isHeld());
    // Whatever is due meanwhile waits.
    s.clock->advance(10min);
    QVERIFY(!waitUntil([&] { return s.receiver.requestCount() > 1; }, 50ms));
    s.receiver.setResponse(HttpResponse());
    s.endpoint->setNetwork(Endpoint::Network::There);
    QANAT_WAIT(s.endpoint->statistics().delivered == 1);
    // And what would wait longer begins at once.
    s.receiver.setResponse(HttpResponse::status(404));
    s.endpoint->write(someEvent());
    QVERIFY(s.isAnswered(3));
    QANAT_WAIT(s.clock->nextDue());
    s.endpoint->setNetwork(Endpoint::Network::Gone);
    s.receiver.setResponse(HttpResponse());
    s.endpoint->setNetwork(Endpoint::Network::There);
    QANAT_WAIT(s.endpoint->statistics().delivered == 2);
}

// What is known of the network may be wrong: after a while an attempt is made all the same. That wait is by the event loop, so
// the test does not wait for it: a close does not either.
void TestEndpoint::network_isAHintOnly()
{
    Service s;
    s.endpoint->setNetwork(Endpoint::Network::Gone);
    s.endpoint->write(someEvent());
    s.endpoint->setNetwork(Endpoint::Network::Unknown);
    QANAT_WAIT(s.endpoint->statistics().delivered == 1);
}

// The minute passes here by the hand of the test, which knows of one timer only.
void TestEndpoint::network_isDisbelievedAfterAMinute()
{
    QTimer *patience = nullptr;
    Service s({}, [&patience](std::unique_ptr<Sink> target) {
        patience = target->findChild<QTimer *>();
        return std::make_unique<Queue>(std::move(target));
    });
    QVERIFY(patience);
    QCOMPARE(patience->intervalAsDuration(), 60s);
    s.endpoint->setNetwork(Endpoint::Network::Gone);
    s.endpoint->write(someEvent());
    QVERIFY(!waitUntil([&] { return s.receiver.connectionCount() > 0; }, 50ms));
    QANAT_WAIT(s.isHeld());
    // By name: what Qt does with a functor the thread sanitizer does not see.
    QVERIFY(QMetaObject::invokeMethod(patience, "start", Qt::QueuedConnection, Q_ARG(int, 0)));
    QANAT_WAIT(s.endpoint->statistics().delivered == 1);
}

void TestEndpoint::retryNow_endsTheWait()
{
    Service s;
    s.receiver.setResponse(HttpResponse::status(401));
    s.endpoint->write(someEvent());
    QVERIFY(s.isAnswered(1));
    QANAT_WAIT(s.clock->nextDue());
    s.receiver.setResponse(HttpResponse());
    s.endpoint->retryNow();
    QANAT_WAIT(s.endpoint->statistics().delivered == 1);
}

void TestEndpoint::batches_linger()
{
    Service s([](EndpointConfiguration &configuration) {
        configuration.contentMode = HttpSink::ContentMode::Batched;
        configuration.maximumBatchCount = 10;
        configuration.linger = 5s;
        configuration.compression = HttpSink::Compression::Gzip;
    });
    for (int i = 0; i < 13; ++i)
        s.endpoint->write(someEvent());
    QANAT_WAIT(s.endpoint->statistics().delivered == 10);
    QANAT_WAIT(s.clock->nextDue());
    QCOMPARE(s.receiver.requestCount(), 1u);
    QCOMPARE(s.receiver.requests().constFirst().header("Content-Encoding"), "gzip");
    s.clock->advance(5s);
    QANAT_WAIT(s.endpoint->statistics().delivered == 13);
    QCOMPARE(s.receiver.requestCount(), 2u);
}

// Eight keys, six requests at once, and one key that fails for 30 s by the clock.
void TestEndpoint::keys_goOn()
{
    constexpr int Keys = 8;
    constexpr int Events = 400;
    constexpr int Others = Events / Keys * (Keys - 1);
    Service s([](EndpointConfiguration &configuration) {
        configuration.requestsInFlight = 6;
        configuration.orderKey = u"tenant"_s;
    });
    std::atomic<bool> fails{true};
    s.receiver.setHandler([&fails](const HttpRequest &request) {
        const Event event = Event::fromJson(request.body()).value();
        return HttpResponse::status(fails && event.extension(u"tenant"_s).toString() == u"0" ? 503 : 204);
    });
    for (int i = 0; i < Events; ++i) {
        Event event = someEvent();
        event.setId(QString::number(i));
        event.setExtension(u"tenant"_s, QString::number(i % Keys));
        s.endpoint->write(event);
    }
    // Nobody moves the clock: what waits holds up nobody else.
    QANAT_WAIT(s.endpoint->statistics().delivered == Others);
    QCOMPARE(s.endpoint->statistics().pending, Events - Others);
    for (const auto end = s.clock->now() + 30s; s.clock->now() < end;)
        QANAT_WAIT(s.clock->advanceToNextDue());
    QCOMPARE(s.endpoint->statistics().delivered, Others);
    fails = false;
    QANAT_WAIT([&] {
        (void)s.clock->advanceToNextDue();
        return s.endpoint->statistics().delivered == Events;
    }());
    QHash<int, QList<int>> arrived; // By key
    const QList<HttpRequest> requests = s.receiver.requests();
    for (const HttpRequest &request : requests) {
        const int number = Event::fromJson(request.body()).value().id().toInt();
        arrived[number % Keys].append(number);
    }
    for (int key = 0; key < Keys; ++key) {
        QList<int> expected;
        for (int number = key; number < Events; number += Keys)
            expected.append(number);
        // Each in its own order, and only what failed came twice: the first of the key that did.
        if (key == 0)
            arrived[key].erase(arrived[key].begin() + 1, arrived[key].begin() + arrived[key].lastIndexOf(0) + 1);
        QCOMPARE(arrived.value(key), expected);
    }
    QVERIFY(requests.size() > Events);
    QANAT_BALANCED(*s.endpoint);
}

void TestEndpoint::aQueueOfTheApplications()
{
    int made = 0;
    {
        Service s({}, [&made](std::unique_ptr<Sink> target) {
            ++made;
            auto queue = std::make_unique<Queue>(std::move(target));
            queue->setLimits({7, Limits::Unlimited, Limits::Overflow::Reject});
            return queue;
        });
        QCOMPARE(made, 1);
        QCOMPARE(s.endpoint->limits().events, 7);
        s.endpoint->write(Batch(someEvents(5)));
        QANAT_WAIT(s.endpoint->statistics().delivered == 5);
    }
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"its events are given up"_s));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"nothing that it could be the outside of"_s));
    Endpoint nothing(EndpointConfiguration(), [](std::unique_ptr<Sink>) { return std::unique_ptr<Sink>(); });
    QCOMPARE(nothing.write(someEvent()).status(), WriteResult::Status::Closed);
}

void TestEndpoint::wrongConfigurations_data()
{
    QTest::addColumn<std::function<void(EndpointConfiguration &)>>("change");
    QTest::addColumn<QString>("error");
    using Change = std::function<void(EndpointConfiguration &)>;
    QTest::newRow("no url") << Change([](auto &c) { c.url = QUrl(); }) << u"there is no URL"_s;
    QTest::newRow("password") << Change([](auto &c) { c.url = QUrl(u"https://a:canary@example.org"_s); })
                              << u"user name"_s;
    QTest::newRow("plain http") << Change([](auto &c) { c.url = QUrl(u"http://example.org/canary"_s); })
                                << u"without TLS"_s;
    QTest::newRow("header") << Change([](auto &c) { c.headers = {{"X-Key", "canary\n"}}; }) << u"headers: "_s;
    QTest::newRow("pin") << Change([](auto &c) { c.pinnedKeys = {"canary"}; }) << u"pinnedKeys: "_s;
    QTest::newRow("secret") << Change([](auto &c) { c.signingSecrets = {WebhookSecret()}; }) << u"secret"_s;
}

void TestEndpoint::wrongConfigurations()
{
    QFETCH(const std::function<void(EndpointConfiguration &)>, change);
    QFETCH(const QString, error);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"Endpoint \"audit\": .*: its events are given up"_s));
    Service s(change);
    QVERIFY2(s.endpoint->errorText().contains(error), qPrintable(s.endpoint->errorText()));
    QVERIFY(!s.endpoint->errorText().contains(u"canary"_s));
    s.endpoint->write(someEvent());
    QANAT_WAIT(s.dead.count() == 1);
    QCOMPARE(s.receiver.requestCount(), 0u);
}

void TestEndpoint::destroyedInFlight()
{
    for (int i = 0; i < 20; ++i) {
        Service s;
        s.receiver.setResponse(i % 2 ? HttpResponse::never() : HttpResponse::status(503));
        s.endpoint->setDeadLetterSink(nullptr);
        QSignalSpy closed(s.endpoint.get(), &Sink::closed);
        s.endpoint->write(someEvent());
        if (i % 4 < 2)
            QVERIFY(s.receiver.waitForRequests(1));
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"1 events? were pending when it was destroyed"_s));
        s.endpoint.reset();
    }
}

QTEST_GUILESS_MAIN(TestEndpoint)

#include "tst_endpoint.moc"
