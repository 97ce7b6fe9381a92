// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpprobe.h"
#include "warnings_p.h"

#include <Qanat/Heartbeat>
#include <Qanat/HttpReceiver>
#include <Qanat/HttpSink>
#include <Qanat/Queue>
#include <Qanat/WaitUntil>

#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkproxy.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qsslsocket.h>
#include <QtNetwork/qtcpserver.h>
#include <QtNetwork/qtcpsocket.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <QtCore/qdebug.h>
#include <QtCore/qelapsedtimer.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qloggingcategory.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qset.h>
#include <QtCore/qtimer.h>

#include <atomic>
#include <cmath>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#ifdef Q_OS_LINUX
#    include <dlfcn.h>
#    include <netdb.h>
#endif

using namespace std::chrono_literals;
using namespace Qt::StringLiterals;
using Qanat::Batch;
using Qanat::Completion;
using Qanat::Delivery;
using Qanat::Event;
using Qanat::Heartbeat;
using Qanat::HttpReceiver;
using Qanat::HttpRequest;
using Qanat::HttpResponse;
using Qanat::HttpSink;
using Qanat::Queue;
using Qanat::waitUntil;
using Error = Delivery::Error;
using Outcome = Delivery::Outcome;
using namespace Qanat::HttpTest;

Q_DECLARE_METATYPE(Qanat::HttpResponse)

#ifdef Q_OS_LINUX
namespace {

//! A resolver that says nothing: whoever looks up a name of this domain waits while one exists.
class BlackHole
{
public:
    static constexpr QByteArrayView Domain = ".black-hole.invalid";

    BlackHole() { s_isOpen = m_end.get_future().share(); }
    ~BlackHole()
    {
        m_end.set_value();
        while (s_inside > 0)
            std::this_thread::yield();
        s_isOpen = {};
    }
    Q_DISABLE_COPY_MOVE(BlackHole)

    static int inside() { return s_inside; }
    static void lookUp()
    {
        ++s_inside;
        s_isOpen.wait();
        --s_inside;
    }

private:
    static inline std::shared_future<void> s_isOpen;
    static inline std::atomic<int> s_inside = 0;
    std::promise<void> m_end;
};

} // namespace

// What Qt calls, in the place of that of the system.
extern "C" Q_DECL_EXPORT int getaddrinfo(const char *name, const char *service, const addrinfo *hints,
                                         addrinfo **result)
{
    if (name && QByteArrayView(name).endsWith(BlackHole::Domain)) {
        BlackHole::lookUp();
        return EAI_AGAIN;
    }
    static const auto system = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return system(name, service, hints, result);
}
#endif

namespace {

//! Everything that is logged while it exists.
class LogCapture
{
public:
    LogCapture()
    {
        QLoggingCategory::setFilterRules(u"qanat.*=true"_s);
        s_previous = qInstallMessageHandler([](QtMsgType type, const QMessageLogContext &context, const QString &text) {
            {
                const std::lock_guard lock(s_mutex);
                s_text += text + u'\n';
            }
            s_previous(type, context, text);
        });
    }
    ~LogCapture()
    {
        qInstallMessageHandler(s_previous);
        QLoggingCategory::setFilterRules({});
    }
    Q_DISABLE_COPY_MOVE(LogCapture)

    static QString takeText()
    {
        const std::lock_guard lock(s_mutex);
        return std::exchange(s_text, {});
    }

private:
    static inline std::mutex s_mutex;
    static inline QString s_text;
    static inline QtMessageHandler s_previous = nullptr;
};

QString inDebugOutput(const Delivery &delivery)
{
    QString text;
    QDebug(&text) << delivery;
    return text;
}

} // namespace

class tst_HttpSink : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();

    void line33_postIsDeliveredAndFailuresAreCountedOnce();
    void request_isAsDeclared();
    void request_jsonIsTheDataAlone();
    void request_carriesNoCookies();
    void request_ignoresProxies();
    void request_isNotRepeatedForAChallenge_data();
    void request_isNotRepeatedForAChallenge();

    void status_isClassified_data();
    void status_isClassified();
    void status_decidesWhateverBecomesOfTheBody_data();
    void status_decidesWhateverBecomesOfTheBody();
    void interimAnswerIsNotTakenForTheNext();
    void retryAfter_data();
    void retryAfter();
    void retryAfter_isCorrectedByTheDate();
    void retryAfter_countsWhateverTheProfileSays();
    void redirectsAreNotFollowed_data();
    void redirectsAreNotFollowed();

    void noAnswer_isAFailure_data();
    void noAnswer_isAFailure();
    void endlessHeaders_holdUpNobody();
    void noServer_isANetworkFailure();
    void noSuchName_isANetworkFailure();
    void noResolver_isAConnectTimeout();
    void noHandshake_isAConnectTimeout();
    void noTlsIsASecurityFailure();
    void connections_areMadeByNeed();
    void answerIsNotBufferedBeyondItsLimit();
    void answerIsNeverInflated();
    void bodyIsTheSameWhenQtSendsAgain_data();
    void bodyIsTheSameWhenQtSendsAgain();
    void answerLimit_costsTheConnectionBeyondOnly();

    void batch_goesInOrderOverOneConnection();
    void batch_passingFailureLeavesTheRestUntried();
    void batch_permanentFailureGoesOn();
    void batch_refusalThatAsksForAWaitLeavesTheRestUntried();
    void batch_ofRefusalsNeedsNoDepth();

    void headers_areValidated_data();
    void headers_areValidated();
    void headers_areSentOnceEach();
    void url_isValidated_data();
    void url_isValidated();
    void properties_areIndependent();
    void eventTooLargeIsRefused();
    void eventNotPortableIsRefused();
    void secretsAreNowhere_data();
    void secretsAreNowhere();

    void interrupt_settlesEverything();
    void close_endsARequestAtItsDeadline();
    void destroyedInFlight();
    void destroyedByWhoHearsOfAnOutcome_data();
    void destroyedByWhoHearsOfAnOutcome();
    void queue_keepsTheMainThreadFree();
};

void tst_HttpSink::init()
{
    Qanat::failOnUnexpectedWarnings();
}

// As go-events does: a POST with the declared content type: 2xx delivered; 4xx and 5xx are failures; a cut
// connection is an error; each counted once.
void tst_HttpSink::line33_postIsDeliveredAndFailuresAreCountedOnce()
{
    HttpReceiver receiver;
    Queue queue(std::make_unique<HttpSink>(receiver.url(u"/hook"_s)));
    Heartbeat heartbeat;

    struct Answer
    {
        HttpResponse response;
        Error error;
        int status;
    };
    const QList<Answer> answers = {
        {HttpResponse::status(200), Error::None, 0},          {HttpResponse::status(204), Error::None, 0},
        {HttpResponse::status(400), Error::Refused, 400},     {HttpResponse::status(404), Error::Misdirected, 404},
        {HttpResponse::status(500), Error::Unavailable, 500}, {HttpResponse::status(503), Error::Unavailable, 503},
        {HttpResponse::reset(), Error::Network, 0},
    };
    int failures = 0;
    for (int i = 0; i < answers.size(); ++i) {
        const Answer &answer = answers.at(i);
        receiver.setResponse(answer.response);
        const QFuture<Delivery> future = queue.send(numbered(i));
        QVERIFY(waitUntil([&] { return future.isFinished(); }, Patience));
        const Delivery outcome = future.result();
        failures += answer.error == Error::None ? 0 : 1;
        QCOMPARE(outcome.outcome(), answer.error == Error::None ? Outcome::Delivered : Outcome::Dropped);
        QCOMPARE(outcome.error(), answer.error);
        QCOMPARE(outcome.status(), answer.status);

        const Qanat::Statistics statistics = queue.statistics();
        QVERIFY(statistics.isBalanced());
        QCOMPARE(statistics.written, i + 1);
        QCOMPARE(statistics.dropped, failures);
        QCOMPARE(statistics.delivered, i + 1 - failures);
        QCOMPARE(statistics.pending, 0);
    }

    const QList<HttpRequest> requests = receiver.requests();
    QVERIFY(requests.size() >= answers.size()); // Qt itself repeats a request whose connection is cut.
    for (const HttpRequest &request : requests) {
        QCOMPARE(request.method(), "POST");
        QCOMPARE(request.target(), "/hook");
        QCOMPARE(request.header("Content-Type"), "application/cloudevents+json; charset=utf-8");
    }
    QVERIFY2(heartbeat.isWithin(), qPrintable(heartbeat.summary()));
}

void tst_HttpSink::request_isAsDeclared()
{
    HttpReceiver receiver;
    Probe sink(receiver.url(u"/hook?key=a%20b"_s));
    Event event(u"document.renamed"_s, QVariantMap{{u"to"_s, u"Euro € 😀"_s}});
    event.setSubject(u"1"_s);
    QVERIFY(attemptOne(sink, event).isSuccess());

    QCOMPARE(receiver.requestCount(), 1u);
    const HttpRequest request = receiver.requests().constFirst();
    QCOMPARE(request.method(), "POST");
    QCOMPARE(request.target(), "/hook?key=a%20b");
    QCOMPARE(request.version(), "HTTP/1.1");
    QCOMPARE(request.body(), event.toJson().value());
    QCOMPARE(Event::fromJson(request.body()).value(), event);

    QMap<QByteArray, QByteArray> headers;
    const QList<HttpRequest::Header> sent = request.headers();
    for (const HttpRequest::Header &header : sent)
        headers.insert(header.first.toLower(), header.second);
    QCOMPARE(headers.size(), sent.size());
    QCOMPARE(headers.take("host"), "127.0.0.1:" + QByteArray::number(receiver.port()));
    QCOMPARE(headers.take("content-type"), "application/cloudevents+json; charset=utf-8");
    QCOMPARE(headers.take("content-length"), QByteArray::number(request.body().size()));
    QCOMPARE(headers.take("accept-encoding"), "identity");
    QCOMPARE(headers.take("accept-language"), "*");
    QCOMPARE(headers.take("connection").toLower(), "keep-alive");
    QVERIFY(headers.take("user-agent").startsWith("Qanat/"));
    QCOMPARE(headers.keys(), QList<QByteArray>());
}

void tst_HttpSink::request_jsonIsTheDataAlone()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setContentMode(HttpSink::ContentMode::Json);
    QVERIFY(attemptOne(sink, Event(u"test"_s, QVariantMap{{u"n"_s, 1}})).isSuccess());

    const HttpRequest request = receiver.requests().constFirst();
    QCOMPARE(request.header("Content-Type"), "application/json");
    QCOMPARE(request.body(), R"({"n":1})");

    const Delivery outcome = attemptOne(sink, Event(u"test"_s));
    QCOMPARE(outcome.error(), Error::NotPortable);
    QVERIFY(!outcome.canRetry());
    QCOMPARE(receiver.requestCount(), 1u);
}

void tst_HttpSink::request_carriesNoCookies()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(204).withHeader("Set-Cookie", "session=1; Path=/"));
    Probe sink(receiver.url());
    QVERIFY(attemptOne(sink).isSuccess());
    QVERIFY(attemptOne(sink).isSuccess());
    QCOMPARE(receiver.requestCount(), 2u);
    QVERIFY(receiver.requests().constLast().header("Cookie").isNull());
}

void tst_HttpSink::request_ignoresProxies()
{
    HttpReceiver proxy;
    QNetworkProxy::setApplicationProxy(QNetworkProxy(QNetworkProxy::HttpProxy, u"127.0.0.1"_s, proxy.port()));
    qputenv("http_proxy", "http://127.0.0.1:" + QByteArray::number(proxy.port()));
    const auto restore = qScopeGuard([] {
        QNetworkProxy::setApplicationProxy(QNetworkProxy());
        qunsetenv("http_proxy");
    });
    // Reserved for documentation (RFC 5737), so nobody answers there. To loopback Qt never uses a proxy.
    Probe sink(QUrl(u"http://192.0.2.1/"_s));
    sink.setPlainHttp(HttpSink::PlainHttp::Everywhere);
    sink.setConnectTimeout(300ms);
    QVERIFY(!attemptOne(sink).isSuccess());
    // The environment alone counts for Qt where the application has none.
    QNetworkProxy::setApplicationProxy(QNetworkProxy(QNetworkProxy::DefaultProxy));
    QVERIFY(!attemptOne(sink).isSuccess());
    Probe other(sink.url());
    other.setPlainHttp(HttpSink::PlainHttp::Everywhere);
    other.setConnectTimeout(300ms);
    QVERIFY(!attemptOne(other).isSuccess());
    QCOMPARE(proxy.connectionCount(), 0u);
}

void tst_HttpSink::request_isNotRepeatedForAChallenge_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("header");
    QTest::addColumn<QByteArray>("challenge");
    QTest::newRow("Basic") << 401 << QByteArray("WWW-Authenticate") << QByteArray(R"(Basic realm="x")");
    QTest::newRow("Digest") << 401 << QByteArray("WWW-Authenticate")
                            << QByteArray(R"(Digest realm="x", nonce="y", qop="auth")");
    QTest::newRow("NTLM") << 401 << QByteArray("WWW-Authenticate") << QByteArray("NTLM");
    QTest::newRow("Negotiate") << 401 << QByteArray("WWW-Authenticate") << QByteArray("Negotiate");
    QTest::newRow("proxy") << 407 << QByteArray("Proxy-Authenticate") << QByteArray(R"(Basic realm="x")");
}

void tst_HttpSink::request_isNotRepeatedForAChallenge()
{
    QFETCH(const int, status);
    QFETCH(const QByteArray, header);
    QFETCH(const QByteArray, challenge);
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(status).withHeader(header, challenge));
    Probe sink(receiver.url());
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.error(), Error::Misdirected);
    QCOMPARE(outcome.status(), status);
    QCOMPARE(receiver.requestCount(), 1u);
}

void tst_HttpSink::status_isClassified_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<Error>("error");
    QTest::addColumn<bool>("canRetry");

    const auto add = [](Error error, bool canRetry, std::initializer_list<int> statuses) {
        for (const int status : statuses)
            QTest::addRow("%d", status) << status << error << canRetry;
    };
    add(Error::None, false, {200, 201, 202, 203, 204, 205, 206, 207, 250, 299});
    add(Error::Unavailable, true, {408, 425, 429, 500, 502, 503, 504, 506, 507, 508, 510, 512, 599, 600, 999});
    add(Error::Misdirected, true, {300, 301, 302, 303, 304, 305, 307, 308, 399});
    add(Error::Misdirected, true, {401, 402, 403, 404, 405, 406, 407, 411, 415, 421, 431, 451, 501, 505, 511});
    add(Error::Gone, false, {410});
    add(Error::Refused, false, {400, 409, 412, 413, 414, 416, 417, 418, 422, 423, 424, 426, 428, 444, 499});
}

void tst_HttpSink::status_isClassified()
{
    QFETCH(const int, status);
    QFETCH(const Error, error);
    QFETCH(const bool, canRetry);
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(status));
    Probe sink(receiver.url());

    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.outcome(), error == Error::None ? Outcome::Delivered : Outcome::Failed);
    QCOMPARE(outcome.error(), error);
    QCOMPARE(outcome.canRetry(), canRetry);
    QCOMPARE(outcome.status(), error == Error::None ? 0 : status);
    if (error != Error::None) {
        const QString start = u"http://127.0.0.1:%1 answered %2"_s.arg(receiver.port()).arg(status);
        QVERIFY2(outcome.errorText().startsWith(start), qPrintable(outcome.errorText()));
    }
    QCOMPARE(receiver.requestCount(), 1u);
}

void tst_HttpSink::status_decidesWhateverBecomesOfTheBody_data()
{
    QTest::addColumn<HttpResponse>("response");
    QTest::addColumn<Error>("error");

    using Ending = HttpResponse::Ending;
    const QByteArray body(1000, 'x');
    const auto raw = [](const QByteArray &bytes) {
        return HttpResponse::raw("HTTP/1.1 " + bytes).withEnding(Ending::Disconnect);
    };
    QTest::newRow("200, cut") << raw("200 OK\r\nContent-Length: 1000\r\n\r\nx") << Error::None;
    QTest::newRow("200, reset") << HttpResponse::status(200, body).withEnding(Ending::Reset) << Error::None;
    QTest::newRow("200, no length") << raw("200 OK\r\n\r\nx") << Error::None;
    QTest::newRow("200, broken chunk") << raw("200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") << Error::None;
    QTest::newRow("200, absurd length") << raw("200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx")
                                        << Error::None;
    QTest::newRow("200, not gzip") << HttpResponse::status(200, body).withHeader("Content-Encoding", "gzip")
                                   << Error::None;
    QTest::newRow("200, flood") << HttpResponse::flood() << Error::None;
    QTest::newRow("200, flood in drops") << HttpResponse::flood().withPace(64, 10ms) << Error::None;
    QTest::newRow("200, stuck") << raw("200 OK\r\nContent-Length: 1000\r\n\r\nx").withEnding(Ending::Hang)
                                << Error::None;
    QTest::newRow("503, cut") << raw("503 Busy\r\nContent-Length: 1000\r\n\r\nx") << Error::Unavailable;
    QTest::newRow("503, stuck") << raw("503 Busy\r\nContent-Length: 1000\r\n\r\nx").withEnding(Ending::Hang)
                                << Error::Unavailable;
    QTest::newRow("400, long") << HttpResponse::status(400, QByteArray(1'000'000, 'x')) << Error::Refused;
    QTest::newRow("302, cut") << raw("302 Found\r\nContent-Length: 1000\r\n\r\nx") << Error::Misdirected;
}

void tst_HttpSink::status_decidesWhateverBecomesOfTheBody()
{
    QFETCH(const HttpResponse, response);
    QFETCH(const Error, error);
    HttpReceiver receiver;
    receiver.setResponse(response);
    Probe sink(receiver.url());
    sink.setRequestTimeout(1500ms);
    QCOMPARE(attemptOne(sink).error(), error);
    QCOMPARE(receiver.requestCount(), 1u);
}

// Qt 6.4 ends a request with an interim answer (RFC 9110, 15.2), and reads the final one as that of the next request.
void tst_HttpSink::interimAnswerIsNotTakenForTheNext()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        return request.index() == 0
                   ? HttpResponse::raw("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
                   : HttpResponse::status(503);
    });
    Probe sink(receiver.url());
    Outcomes outcomes;
    sink.attempt(Batch(numbered(0)), outcomes);
    QVERIFY(outcomes.wait(1));
    QCOMPARE(attemptOne(sink, numbered(1)).status(), 503);
    QCOMPARE(receiver.requestCount(), 2u);
}

void tst_HttpSink::retryAfter_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("header");
    QTest::addColumn<std::chrono::milliseconds>("wait");

    QTest::newRow("503 without") << 503 << QByteArray() << 0ms;
    QTest::newRow("503") << 503 << QByteArray("2") << std::chrono::milliseconds(2s);
    QTest::newRow("500") << 500 << QByteArray("120") << std::chrono::milliseconds(120s);
    QTest::newRow("413") << 413 << QByteArray("7") << std::chrono::milliseconds(7s);
    QTest::newRow("302") << 302 << QByteArray("7") << std::chrono::milliseconds(7s);
    for (const int status :
         {300, 301, 303, 304, 307, 308, 408, 425, 502, 504, 507, 599}) // 302, 413, 429, 500, 503: here.
        QTest::addRow("%d", status) << status << QByteArray("7") << std::chrono::milliseconds(7s);
    for (const int status : {400, 401, 404, 410, 422, 501, 505, 511})
        QTest::addRow("%d does not count", status) << status << QByteArray("7") << 0ms;
    QTest::newRow("429") << 429 << QByteArray("5") << std::chrono::milliseconds(5s);
    QTest::newRow("429 without") << 429 << QByteArray() << std::chrono::milliseconds(60s);
    QTest::newRow("429 unreadable") << 429 << QByteArray("soon") << std::chrono::milliseconds(60s);
    QTest::newRow("zero") << 503 << QByteArray("0") << 0ms;
    QTest::newRow("429 zero") << 429 << QByteArray("0") << 0ms;
    QTest::newRow("leading zeros") << 503 << QByteArray("0000000000000000000000003") << std::chrono::milliseconds(3s);
    QTest::newRow("a day") << 503 << QByteArray("86400") << std::chrono::milliseconds(24h);
    QTest::newRow("more than a day") << 503 << QByteArray("86401") << std::chrono::milliseconds(24h);
    QTest::newRow("huge") << 503 << QByteArray(4000, '9') << std::chrono::milliseconds(24h);
    QTest::newRow("negative") << 503 << QByteArray("-5") << 0ms;
    QTest::newRow("signed") << 503 << QByteArray("+5") << 0ms;
    QTest::newRow("two") << 503 << QByteArray("5, 6") << 0ms;
    QTest::newRow("hexadecimal") << 503 << QByteArray("0x10") << 0ms;
    QTest::newRow("nonsense") << 503 << QByteArray("\xff\xfe") << 0ms;
    QTest::newRow("a minute on") << 503 << QByteArray("Sun, 06 Nov 1994 08:50:37 GMT")
                                 << std::chrono::milliseconds(60s);
    QTest::newRow("now") << 503 << QByteArray("Sun, 06 Nov 1994 08:49:37 GMT") << 0ms;
    QTest::newRow("the past") << 429 << QByteArray("Sun, 06 Nov 1994 08:00:00 GMT") << 0ms;
    QTest::newRow("far away") << 503 << QByteArray("Fri, 31 Dec 9999 23:59:59 GMT") << std::chrono::milliseconds(24h);
    QTest::newRow("decimals") << 503 << QByteArray("1.2") << std::chrono::milliseconds(2s);
    QTest::newRow("decimals, whole") << 503 << QByteArray("2.000") << std::chrono::milliseconds(2s);
    QTest::newRow("decimals, many") << 503 << ("0." + QByteArray(4000, '0') + '1') << std::chrono::milliseconds(1s);
    QTest::newRow("decimals, none before") << 503 << QByteArray(".5") << 0ms;
    QTest::newRow("decimals, none behind") << 503 << QByteArray("5.") << 0ms;
    QTest::newRow("decimals, two points") << 503 << QByteArray("1.2.3") << 0ms;
    QTest::newRow("RFC 850") << 503 << QByteArray("Sunday, 06-Nov-94 08:50:37 GMT") << std::chrono::milliseconds(60s);
    QTest::newRow("RFC 850, long ago") << 503 << QByteArray("Sunday, 06-Nov-45 08:50:37 GMT") << 0ms;
    QTest::newRow("RFC 850, next century")
        << 503 << QByteArray("Sunday, 06-Nov-44 08:50:37 GMT") << std::chrono::milliseconds(24h);
    QTest::newRow("RFC 850, no such name") << 503 << QByteArray("Someday, 06-Nov-94 08:50:37 GMT") << 0ms;
    QTest::newRow("RFC 850, short name") << 503 << QByteArray("Sun, 06-Nov-94 08:50:37 GMT") << 0ms;
    QTest::newRow("asctime") << 503 << QByteArray("Sun Nov  6 08:50:37 1994") << std::chrono::milliseconds(60s);
    QTest::newRow("asctime, two digits") << 503 << QByteArray("Mon Nov 07 08:49:37 1994")
                                         << std::chrono::milliseconds(24h);
    QTest::newRow("asctime, cut") << 503 << QByteArray("Sun Nov  6 08:50:37 199") << 0ms;
    QTest::newRow("no such day") << 503 << QByteArray("Sun, 31 Nov 1994 08:50:37 GMT") << 0ms;
    QTest::newRow("no such hour") << 503 << QByteArray("Sun, 06 Nov 1994 24:50:37 GMT") << 0ms;
    QTest::newRow("no such month") << 503 << QByteArray("Sun, 06 Xxx 1994 08:50:37 GMT") << 0ms;
    QTest::newRow("another zone") << 503 << QByteArray("Sun, 06 Nov 1994 08:50:37 CET") << 0ms;
    QTest::newRow("not digits") << 503 << QByteArray("Sun, -6 Nov 1994 08:50:37 GMT") << 0ms;
    QTest::newRow("cut") << 503 << QByteArray("Sun, 06 Nov 1994 08:50:37") << 0ms;
}

void tst_HttpSink::retryAfter()
{
    QFETCH(const int, status);
    QFETCH(const QByteArray, header);
    QFETCH(const std::chrono::milliseconds, wait);
    HttpReceiver receiver;
    HttpResponse response = HttpResponse::status(status);
    if (!header.isNull())
        response = response.withHeader("Retry-After", header);
    receiver.setResponse(response);
    Probe sink(receiver.url());
    sink.setClock(std::make_shared<StoppedClock>(784111777s)); // Sun, 06 Nov 1994 08:49:37 GMT

    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.status(), status);
    QCOMPARE(outcome.retryAfter(), wait);
}

// The clocks need not agree: a date is as far away as the answer's own Date says.
void tst_HttpSink::retryAfter_isCorrectedByTheDate()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setClock(std::make_shared<StoppedClock>(784111777s)); // Sun, 06 Nov 1994 08:49:37 GMT
    const auto waitFor = [&](const QByteArray &date) {
        receiver.setResponse(HttpResponse::status(503)
                                 .withHeader("Date", date)
                                 .withHeader("Retry-After", "Wed, 21 Oct 2015 07:28:30 GMT"));
        return attemptOne(sink).retryAfter();
    };
    QCOMPARE(waitFor("Wed, 21 Oct 2015 07:28:00 GMT"), std::chrono::milliseconds(30s));
    QCOMPARE(waitFor("Wed, 21 Oct 2015 07:29:00 GMT"), 0ms);
    QCOMPARE(waitFor("yesterday"), std::chrono::milliseconds(24h));
}

void tst_HttpSink::retryAfter_countsWhateverTheProfileSays()
{
    using Reading = Qanat::AnswerProfile::Reading;
    HttpReceiver receiver;
    Probe sink(receiver.url());
    for (const int status : {429, 503}) {
        receiver.setResponse(HttpResponse::status(status).withHeader("Retry-After", "7"));
        for (const Reading reading : {Reading::EndpointFault, Reading::PayloadFault, Reading::PassingFault}) {
            sink.setAnswerProfile(Qanat::AnswerProfile().withReading(status, reading));
            QCOMPARE(attemptOne(sink).retryAfter(), std::chrono::milliseconds(7s));
        }
    }
}

void tst_HttpSink::redirectsAreNotFollowed_data()
{
    QTest::addColumn<int>("status");
    for (const int status : {301, 302, 303, 307, 308})
        QTest::addRow("%d", status) << status;
}

void tst_HttpSink::redirectsAreNotFollowed()
{
    QFETCH(const int, status);
    HttpReceiver target;
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(status).withHeader("Location", target.url().toEncoded()));
    Probe sink(receiver.url());
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.error(), Error::Misdirected);
    QCOMPARE(outcome.status(), status);
    QVERIFY(outcome.errorText().contains(u"not followed"_s));
    QCOMPARE(receiver.requestCount(), 1u);
    QCOMPARE(target.connectionCount(), 0u);
}

void tst_HttpSink::noAnswer_isAFailure_data()
{
    QTest::addColumn<HttpResponse>("response");
    QTest::addColumn<Error>("error");
    using Ending = HttpResponse::Ending;
    QTest::newRow("reset") << HttpResponse::reset() << Error::Network;
    QTest::newRow("closed") << HttpResponse::closeWithoutAnswer() << Error::Network;
    QTest::newRow("cut in the status line") << HttpResponse::cut(9) << Error::Network;
    QTest::newRow("cut in the headers") << HttpResponse::cut(30) << Error::Network;
    QTest::newRow("never") << HttpResponse::never() << Error::Timeout;
    QTest::newRow("a drip of headers") << HttpResponse::drip(1, 20ms) << Error::Timeout;
    QTest::newRow("endless headers in drops") << HttpResponse::endlessHeaders().withPace(1, 20ms) << Error::Timeout;
    QTest::newRow("status 0") << HttpResponse::raw("HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n")
                              << Error::Misdirected;
    QTest::newRow("not HTTP") << HttpResponse::raw("220 mail.example.org ESMTP\r\n").withEnding(Ending::Disconnect)
                              << Error::Network;
}

void tst_HttpSink::noAnswer_isAFailure()
{
    QFETCH(const HttpResponse, response);
    QFETCH(const Error, error);
    HttpReceiver receiver;
    receiver.setResponse(response);
    Probe sink(receiver.url());
    sink.setRequestTimeout(error == Error::Timeout ? 300ms : 20s);

    QElapsedTimer timer;
    timer.start();
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.outcome(), Outcome::Failed);
    QCOMPARE(outcome.error(), error);
    QVERIFY(outcome.canRetry());
    QCOMPARE(outcome.status(), 0);
    if (error == Error::Timeout) {
        QVERIFY(timer.elapsed() >= 300);
        QVERIFY2(outcome.errorText().endsWith(u"no answer within 300ms"_s), qPrintable(outcome.errorText()));
    }

    // The next one is not impressed.
    receiver.setResponse(HttpResponse());
    sink.setRequestTimeout(20s);
    QVERIFY(attemptOne(sink).isSuccess());
}

// They come faster than Qt reads them, so that the thread of the network manager does not come back.
void tst_HttpSink::endlessHeaders_holdUpNobody()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::endlessHeaders());
    Heartbeat heartbeat;
    {
        Probe sink(receiver.url()); // Lives and dies in the watched thread.
        sink.setConnectTimeout(200ms);
        sink.setRequestTimeout(300ms);
        for (int i = 0; i < 3; ++i)
            QCOMPARE(attemptOne(sink).error(), Error::Timeout);
    }
    // Not the 5 s that the manager waits for its thread.
    QVERIFY2(heartbeat.isWithin(1s), qPrintable(heartbeat.summary()));
}

void tst_HttpSink::noServer_isANetworkFailure()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    receiver.stop();
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.error(), Error::Network);
    QVERIFY(outcome.canRetry());
    QCOMPARE(outcome.errorText(), u"http://127.0.0.1:%1: the connection was refused"_s.arg(receiver.port()));
    QVERIFY(receiver.start());
    QVERIFY(attemptOne(sink).isSuccess());
}

void tst_HttpSink::noSuchName_isANetworkFailure()
{
    Probe sink(QUrl(u"http://nobody.invalid/hook"_s)); // RFC 6761, 6.4.
    sink.setPlainHttp(HttpSink::PlainHttp::Everywhere);
    const Delivery outcome = attemptOne(sink);
    QVERIFY(outcome.canRetry());
    if (outcome.error() == Error::Timeout)
        QSKIP("The resolver of this system says nothing.");
    QCOMPARE(outcome.error(), Error::Network);
    QCOMPARE(outcome.errorText(), u"http://nobody.invalid: the name of the host was not found"_s);
}

// The look-up goes on, in a thread of Qt's; nobody waits for it.
void tst_HttpSink::noResolver_isAConnectTimeout()
{
#ifdef Q_OS_LINUX
    const auto makeSink = [](const QByteArray &name) {
        auto sink = std::make_unique<Probe>(
            QUrl(u"http://%1%2/"_s.arg(QLatin1StringView(name), QLatin1StringView(BlackHole::Domain))));
        sink->setPlainHttp(HttpSink::PlainHttp::Everywhere);
        return sink;
    };
    Heartbeat heartbeat;
    {
        const BlackHole resolver;
        const auto sink = makeSink("one");
        sink->setConnectTimeout(200ms);
        const Delivery outcome = attemptOne(*sink);
        QCOMPARE(outcome.error(), Error::Timeout);
        QVERIFY(outcome.canRetry());
        QVERIFY2(outcome.errorText().endsWith(u"no connection within 200ms"_s), qPrintable(outcome.errorText()));
        QCOMPARE(BlackHole::inside(), 1);
        // Not even a close waits for it,
        Queue queue(makeSink("two"));
        queue.write(numberedBatch(3));
        QVERIFY(waitUntil([] { return BlackHole::inside() == 2; }, Patience));
        const QFuture<Qanat::CloseResult> closing = queue.close(10ms);
        QVERIFY(waitUntil([&] { return closing.isFinished(); }, Patience));
        QCOMPARE(closing.result().left(), 3);
        // and who wants another service does not.
        HttpReceiver receiver;
        Probe other(receiver.url());
        QVERIFY(attemptOne(other).isSuccess());
        QCOMPARE(BlackHole::inside(), 2);
    }
    QVERIFY2(heartbeat.isWithin(), qPrintable(heartbeat.summary()));
#else
    QSKIP("Only where the test can take the place of the system's resolver.");
#endif
}

void tst_HttpSink::noHandshake_isAConnectTimeout()
{
    if (!QSslSocket::supportsSsl())
        QSKIP("There is no TLS on this system.");
    QTcpServer silent;
    QVERIFY(silent.listen(QHostAddress::LocalHost));
    Probe sink(QUrl(u"https://127.0.0.1:%1/"_s.arg(silent.serverPort())));
    sink.setConnectTimeout(200ms);
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.error(), Error::Timeout);
    QVERIFY(outcome.canRetry());
    QCOMPARE(outcome.errorText(), u"https://127.0.0.1:%1: no connection within 200ms"_s.arg(silent.serverPort()));
}

void tst_HttpSink::noTlsIsASecurityFailure()
{
    if (!QSslSocket::supportsSsl())
        QSKIP("There is no TLS on this system.");
    HttpReceiver receiver; // Does not speak it.
    QUrl url = receiver.url();
    url.setScheme(u"https"_s);
    Probe sink(url);
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.error(), Error::Security);
    QVERIFY(outcome.canRetry());
    QCOMPARE(receiver.requestCount(), 0u);
}

void tst_HttpSink::connections_areMadeByNeed()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    QVERIFY(!sink.findChild<QNetworkAccessManager *>());
    QThread thread;
    thread.start();
    sink.moveToThread(&thread);
    const QFuture<Delivery> sent = sink.send(numbered(0));
    QVERIFY(waitUntil([&] { return sent.isFinished(); }, Patience));
    QVERIFY(sent.result().isSuccess());
    QMetaObject::invokeMethod(
        &sink, [&] { sink.moveToThread(this->thread()); }, Qt::BlockingQueuedConnection);
    thread.quit();
    QVERIFY(thread.wait());
    // One, and it came along.
    QCOMPARE(sink.findChildren<QNetworkAccessManager *>().size(), 1);
    QCOMPARE(sink.findChild<QNetworkAccessManager *>()->thread(), this->thread());
    QVERIFY(attemptOne(sink).isSuccess());
    QCOMPARE(receiver.connectionCount(), 1u);
}

// While the sink's thread is busy with something else: Qt's own reads on.
void tst_HttpSink::answerIsNotBufferedBeyondItsLimit()
{
    constexpr qint64 TooMuch = 100'000'000;
    std::promise<quint16> port;
    std::promise<void> begin;
    qint64 taken = 0;
    std::thread server([&] {
        QTcpServer listener;
        listener.setProxy(QNetworkProxy::NoProxy);
        port.set_value(listener.listen(QHostAddress::LocalHost) ? listener.serverPort() : quint16(0));
        if (!listener.waitForNewConnection(int(Patience.count())))
            return;
        QTcpSocket *const client = listener.nextPendingConnection();
        begin.get_future().wait();
        client->write("HTTP/1.1 200 OK\r\n\r\n");
        // As long as it takes anything.
        const QByteArray block(65536, 'x');
        while (taken < TooMuch && client->write(block) == block.size()) {
            while (client->bytesToWrite() > 0 && client->waitForBytesWritten(1000)) { }
            if (client->bytesToWrite() > 0)
                break;
            taken += block.size();
        }
        client->abort();
    });
    Outcomes outcomes;
    Probe sink(QUrl(u"http://127.0.0.1:%1/"_s.arg(port.get_future().get())));
    sink.attempt(Batch(numbered(0)), outcomes);
    auto *const reply = sink.findChild<QNetworkReply *>();
    QSignalSpy sent(reply, &QNetworkReply::requestSent);
    const bool isSent = waitUntil([&] { return !sent.isEmpty(); }, Patience);
    begin.set_value();
    server.join();
    QVERIFY(isSent);
    QVERIFY2(taken < TooMuch, "It was read without an end.");
    QVERIFY(outcomes.wait(1));
    QVERIFY(outcomes.list.first().isSuccess());
}

// What comes packed is kept packed: a thousandth of what it would become.
void tst_HttpSink::answerIsNeverInflated()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setMaximumEventSize(20'000'000);
    sink.setCompression(HttpSink::Compression::Gzip);
    QVERIFY(attemptOne(sink, Event(u"test"_s, QString(10'000'000, u'x'))).isSuccess());
    const QByteArray bomb = receiver.takeRequests().constFirst().body();
    QVERIFY(bomb.size() < 50'000);

    sink.setAnswerLimit(1'000'000);
    receiver.setResponse(HttpResponse::status(400, bomb).withHeader("Content-Encoding", "gzip"));
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.error(), Error::Refused);
    QVERIFY(!outcome.answer().isEmpty());
    QVERIFY2(outcome.answer().size() <= bomb.size(), qPrintable(QString::number(outcome.answer().size())));
    QCOMPARE(receiver.requests().constFirst().header("Accept-Encoding"), "identity");
}

void tst_HttpSink::bodyIsTheSameWhenQtSendsAgain_data()
{
    QTest::addColumn<HttpSink::ContentMode>("mode");
    QTest::newRow("structured") << HttpSink::ContentMode::Structured;
    QTest::newRow("binary") << HttpSink::ContentMode::Binary;
}

// It cannot be prevented that Qt does, so all that goes out must be the same.
void tst_HttpSink::bodyIsTheSameWhenQtSendsAgain()
{
    QFETCH(const HttpSink::ContentMode, mode);
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        return request.index() % 2 == 1 ? HttpResponse::closeWithoutAnswer() : HttpResponse::status(204);
    });
    Probe sink(receiver.url());
    sink.setContentMode(mode);
    sink.setSigningSecrets({Qanat::WebhookSecret::generate()});
    QMap<int, quint64> answers;
    connect(&sink, &HttpSink::answered, this, [&answers](int status) { ++answers[status]; });
    const Batch batch = numberedBatch(20);
    Outcomes outcomes;
    sink.attempt(batch, outcomes);
    QVERIFY(outcomes.wait(batch.size()));
    // Each of them is told.
    QCOMPARE(answers, (QMap<int, quint64>{{204, 20}, {0, receiver.requestCount() - 20}}));

    // What is there more than once is there to the last byte, with its headers.
    const QList<HttpRequest> requests = receiver.requests();
    QVERIFY(requests.size() > batch.size());
    QList<HttpRequest> different;
    for (const HttpRequest &request : requests) {
        if (different.isEmpty() || different.constLast().body() != request.body()
            || different.constLast().headers() != request.headers())
            different.append(request);
    }
    QCOMPARE(different.size(), batch.size());
    for (qsizetype i = 0; i < batch.size(); ++i) {
        QCOMPARE(outcomes.list.at(i).outcome(), Outcome::Delivered);
        const bool isBinary = mode == HttpSink::ContentMode::Binary;
        QCOMPARE(different.at(i).body(), isBinary ? batch.at(i).dataToJson().value() : batch.at(i).toJson().value());
        QCOMPARE(different.at(i).header("webhook-id"), batch.at(i).id().toLatin1());
        QCOMPARE(different.at(i).header("ce-id"), isBinary ? batch.at(i).id().toLatin1() : QByteArray());
    }
}

void tst_HttpSink::answerLimit_costsTheConnectionBeyondOnly()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    sink.setAnswerLimit(1000);
    for (const qsizetype size : {0, 1, 999, 1000}) {
        receiver.setResponse(HttpResponse::status(200, QByteArray(size, 'x')));
        QVERIFY(attemptOne(sink).isSuccess());
        QCOMPARE(receiver.connectionCount(), 1u);
    }
    receiver.setResponse(HttpResponse::status(200, QByteArray(10'000'000, 'x')));
    QVERIFY(attemptOne(sink).isSuccess());
    receiver.setResponse(HttpResponse());
    QVERIFY(attemptOne(sink).isSuccess());
    QCOMPARE(receiver.connectionCount(), 2u);
    QCOMPARE(receiver.requestCount(), 6u);
}

void tst_HttpSink::batch_goesInOrderOverOneConnection()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    const Batch batch = numberedBatch(200);
    Outcomes outcomes;
    sink.attempt(batch, outcomes);
    QVERIFY(outcomes.wait(batch.size()));
    QCOMPARE(receiver.connectionCount(), 1u);
    const QList<HttpRequest> requests = receiver.requests();
    QCOMPARE(requests.size(), batch.size());
    for (qsizetype i = 0; i < batch.size(); ++i) {
        QVERIFY(outcomes.list.at(i).isSuccess());
        QCOMPARE(requests.at(i).body(), batch.at(i).toJson().value());
    }
}

void tst_HttpSink::batch_passingFailureLeavesTheRestUntried()
{
    HttpReceiver receiver;
    receiver.setHandler(
        [](const HttpRequest &request) { return HttpResponse::status(request.index() == 2 ? 503 : 204); });
    Probe sink(receiver.url());
    Outcomes outcomes;
    sink.attempt(numberedBatch(5), outcomes);
    QVERIFY(outcomes.wait(5));
    QCOMPARE(outcomes.list.at(0), Delivery::delivered());
    QCOMPARE(outcomes.list.at(1), Delivery::delivered());
    QCOMPARE(outcomes.list.at(2).status(), 503);
    QCOMPARE(outcomes.list.at(3), Delivery::untried());
    QCOMPARE(outcomes.list.at(4), Delivery::untried());
    QCOMPARE(receiver.requestCount(), 3u);
}

void tst_HttpSink::batch_permanentFailureGoesOn()
{
    HttpReceiver receiver;
    receiver.setHandler(
        [](const HttpRequest &request) { return HttpResponse::status(request.index() == 2 ? 400 : 204); });
    Probe sink(receiver.url());
    Outcomes outcomes;
    sink.attempt(numberedBatch(5), outcomes);
    QVERIFY(outcomes.wait(5));
    QCOMPARE(outcomes.list.at(2).status(), 400);
    QCOMPARE(outcomes.list.at(3), Delivery::delivered());
    QCOMPARE(outcomes.list.at(4), Delivery::delivered());
    QCOMPARE(receiver.requestCount(), 5u);
}

void tst_HttpSink::batch_refusalThatAsksForAWaitLeavesTheRestUntried()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        return request.index() == 1 ? HttpResponse::status(413).withHeader("Retry-After", "7") : HttpResponse();
    });
    Probe sink(receiver.url());
    Outcomes outcomes;
    sink.attempt(numberedBatch(4), outcomes);
    QVERIFY(outcomes.wait(4));
    QCOMPARE(outcomes.list.at(0), Delivery::delivered());
    QCOMPARE(outcomes.list.at(1).error(), Error::Refused);
    QVERIFY(!outcomes.list.at(1).canRetry());
    QCOMPARE(outcomes.list.at(2), Delivery::untried());
    QCOMPARE(outcomes.list.at(3), Delivery::untried());
    QCOMPARE(receiver.requestCount(), 2u);
}

void tst_HttpSink::batch_ofRefusalsNeedsNoDepth()
{
    Probe sink(QUrl(u"ftp://127.0.0.1/"_s));
    const Batch batch(QList<Event>(100'000, Event(u"test"_s)));
    Outcomes outcomes;
    sink.attempt(batch, outcomes);
    QCOMPARE(outcomes.list.size(), batch.size());
    QCOMPARE(outcomes.list.constLast().error(), Error::Refused);
}

void tst_HttpSink::headers_areValidated_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<HttpSink::HeaderError>("error");

    using HeaderError = HttpSink::HeaderError;
    const auto name = [](const char *row, const QByteArray &bytes, HeaderError error) {
        QTest::newRow(row) << bytes << QByteArray("value") << error;
    };
    name("a name", "X-Name", HeaderError::None);
    name("every kind of character", "!#$%&'*+-.^_`|~09azAZ", HeaderError::None);
    name("authorization", "Authorization", HeaderError::None);
    name("no name", "", HeaderError::InvalidName);
    name("CR LF in the name", "X-Name\r\nX-Evil: 1", HeaderError::InvalidName);
    name("LF after the name", "X-Name\n", HeaderError::InvalidName);
    name("NUL in the name", QByteArray("X\0Y", 3), HeaderError::InvalidName);
    name("blank in the name", "X Name", HeaderError::InvalidName);
    name("blank after the name", "X-Name ", HeaderError::InvalidName);
    name("colon in the name", "X:Name", HeaderError::InvalidName);
    name("delimiter in the name", "X(Name)", HeaderError::InvalidName);
    name("beyond ASCII in the name", "X-N\xc3\xa4me", HeaderError::InvalidName);
    for (const char *reserved :
         {"Host", "host", "HOST", "Content-Length", "content-type", "Content-Encoding", "Content-Range",
          "Accept-Encoding", "Expect", "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
          "HTTP2-Settings", "Proxy-Authorization", "Proxy-Connection", "proxy-authenticate"})
        name(reserved, reserved, HeaderError::ReservedName);

    QTest::newRow("CR LF in User-Agent") << QByteArray("User-Agent") << QByteArray("value\r\nX-Evil: 1")
                                         << HeaderError::InvalidValue;
    const auto value = [](const char *row, const QByteArray &bytes, HeaderError error) {
        QTest::newRow(row) << QByteArray("X-Name") << bytes << error;
    };
    value("empty value", "", HeaderError::None);
    value("null value", {}, HeaderError::None);
    value("blanks inside", "a b\tc", HeaderError::None);
    value("visible characters", "Bearer !\"#$%&'()*+,-./09:;<=>?@[\\]^_`{|}~", HeaderError::None);
    value("beyond ASCII in the value", "gr\xc3\xbc\xc3\x9f", HeaderError::None);
    value("CR LF in the value", "a\r\nX-Evil: 1", HeaderError::InvalidValue);
    value("LF in the value", "a\nX-Evil: 1", HeaderError::InvalidValue);
    value("CR in the value", "a\rX-Evil: 1", HeaderError::InvalidValue);
    value("LF after the value", "a\n", HeaderError::InvalidValue);
    value("folded", "a\r\n b", HeaderError::InvalidValue);
    value("NUL in the value", QByteArray("a\0b", 3), HeaderError::InvalidValue);
    value("control character", "a\x1b[31m", HeaderError::InvalidValue);
    value("DEL", "a\x7f", HeaderError::InvalidValue);
    value("blank before", " a", HeaderError::InvalidValue);
    value("blank after", "a ", HeaderError::InvalidValue);
    value("tab after", "a\t", HeaderError::InvalidValue);
}

void tst_HttpSink::headers_areValidated()
{
    QFETCH(const QByteArray, name);
    QFETCH(const QByteArray, value);
    QFETCH(const HttpSink::HeaderError, error);
    HttpReceiver receiver;
    Probe sink(receiver.url());
    QSignalSpy changes(&sink, &HttpSink::headersChanged);
    const bool isAccepted = error == HttpSink::HeaderError::None;

    QCOMPARE(HttpSink::checkHeader(name, value), error);
    QCOMPARE(sink.setHeader(name, value), error);
    QCOMPARE(HttpSink::headerErrorText(error).isEmpty(), isAccepted);
    QCOMPARE(sink.headerNames(), isAccepted ? QList<QByteArray>{name} : QList<QByteArray>{});
    QCOMPARE(changes.count(), isAccepted ? 1 : 0);

    QVERIFY(attemptOne(sink).isSuccess());
    QCOMPARE(receiver.malformedCount(), 0u);
    const HttpRequest request = receiver.requests().constFirst();
    QVERIFY(request.header("X-Evil").isNull());
    if (isAccepted) {
        QVERIFY(!request.header(name).isNull());
        QCOMPARE(request.header(name), value);
    } else {
        QCOMPARE(request.header("X-Name"), QByteArray());
        QVERIFY(request.header(name) != "value");
    }
}

void tst_HttpSink::headers_areSentOnceEach()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    QCOMPARE(sink.setHeader("X-One", "1"), HttpSink::HeaderError::None);
    QCOMPARE(sink.setHeader("X-Two", "2"), HttpSink::HeaderError::None);
    QCOMPARE(sink.setHeader("x-one", "3"), HttpSink::HeaderError::None);
    QCOMPARE(sink.setHeader("User-Agent", "test"), HttpSink::HeaderError::None);
    QCOMPARE(sink.headerNames(), (QList<QByteArray>{"X-Two", "x-one", "User-Agent"}));
    sink.removeHeader("X-TWO");
    QVERIFY(attemptOne(sink).isSuccess());

    QList<QByteArray> values;
    const QList<HttpRequest::Header> headers = receiver.requests().constFirst().headers();
    for (const HttpRequest::Header &header : headers) {
        if (header.first.startsWith("x-") || header.first.startsWith("X-") || header.first.toLower() == "user-agent")
            values.append(header.second);
    }
    QCOMPARE(QSet<QByteArray>(values.cbegin(), values.cend()), (QSet<QByteArray>{"3", "test"}));
    QCOMPARE(values.size(), 2);
}

void tst_HttpSink::url_isValidated_data()
{
    QTest::addColumn<QUrl>("url");
    QTest::addColumn<Error>("loopbackOnly");
    QTest::addColumn<Error>("everywhere");

    const auto both = [](const char *row, const QUrl &url, Error error) {
        QTest::newRow(row) << url << error << error;
    };
    both("https", QUrl(u"https://example.org/hook"_s), Error::None);
    both("https with port", QUrl(u"https://example.org:8443/hook"_s), Error::None);
    both("localhost", QUrl(u"http://localhost:1/"_s), Error::None);
    both("127.0.0.1", QUrl(u"http://127.0.0.1:1/"_s), Error::None);
    both("127.1.2.3", QUrl(u"http://127.1.2.3/"_s), Error::None);
    both("::1", QUrl(u"http://[::1]:1/"_s), Error::None);
    both("upper case", QUrl(u"HTTP://LOCALHOST/"_s), Error::None);
    both("nothing", QUrl(), Error::Refused);
    both("ftp", QUrl(u"ftp://localhost/"_s), Error::Refused);
    both("file", QUrl(u"file:///etc/hostname"_s), Error::Refused);
    both("no scheme", QUrl(u"//localhost/"_s), Error::Refused);
    both("relative", QUrl(u"hook"_s), Error::Refused);
    both("no host", QUrl(u"http:///hook"_s), Error::Refused);
    both("port 0", QUrl(u"http://localhost:0/"_s), Error::Refused);
    both("malformed", QUrl(u"http://local host:x/"_s), Error::Refused);
    both("user", QUrl(u"https://user@example.org/"_s), Error::Security);
    both("user and password", QUrl(u"http://user:secret@127.0.0.1/"_s), Error::Security);
    both("password", QUrl(u"https://:secret@example.org/"_s), Error::Security);
    const auto plain = [](const char *row, const QUrl &url) {
        QTest::newRow(row) << url << Error::Security << Error::None;
    };
    plain("http", QUrl(u"http://example.org/"_s));
    plain("http to an address", QUrl(u"http://192.0.2.1/"_s));
    plain("http to 0.0.0.0", QUrl(u"http://0.0.0.0/"_s));
    plain("http to a name like an address", QUrl(u"http://127.0.0.1.example.org/"_s));
    plain("http to a name like localhost", QUrl(u"http://localhost.example.org/"_s));
}

void tst_HttpSink::url_isValidated()
{
    QFETCH(const QUrl, url);
    QFETCH(const Error, loopbackOnly);
    QFETCH(const Error, everywhere);
    Probe sink{QUrl()};
    const auto check = [&sink](Error error) {
        QCOMPARE(sink.isValid(), error == Error::None);
        QCOMPARE(sink.errorText().isEmpty(), error == Error::None);
        QVERIFY(!sink.errorText().contains(u"secret"_s) && !sink.errorText().contains(u"hook"_s));
        if (error == Error::None)
            return;
        Outcomes outcomes;
        sink.attempt(numberedBatch(2), outcomes);
        QCOMPARE(outcomes.list.size(), 2); // At once: nothing goes out.
        for (const Delivery &outcome : std::as_const(outcomes.list)) {
            QCOMPARE(outcome.error(), error);
            QVERIFY(!outcome.canRetry());
            QCOMPARE(outcome.errorText(), sink.errorText());
        }
    };

    sink.setUrl(url);
    check(loopbackOnly);
    sink.setPlainHttp(HttpSink::PlainHttp::Everywhere);
    check(everywhere);
    sink.setUrl(QUrl());
    check(Error::Refused);
    sink.setUrl(url);
    check(everywhere);
    sink.setPlainHttp(HttpSink::PlainHttp::LoopbackOnly);
    check(loopbackOnly);
}

void tst_HttpSink::properties_areIndependent()
{
    HttpSink sink(QUrl(u"https://example.org/"_s));
    QCOMPARE(sink.connectTimeout(), 15s);
    QCOMPARE(sink.requestTimeout(), 30s);
    QCOMPARE(sink.answerLimit(), 20'000);
    QCOMPARE(sink.maximumEventSize(), 256 * 1024);
    QCOMPARE(sink.contentMode(), HttpSink::ContentMode::Structured);
    QCOMPARE(sink.plainHttp(), HttpSink::PlainHttp::LoopbackOnly);

    const QMetaObject *meta = sink.metaObject();
    for (int i = HttpSink::staticMetaObject.propertyOffset(); i < meta->propertyCount(); ++i) {
        const QMetaProperty property = meta->property(i);
        QVERIFY2(property.hasNotifySignal(), property.name());
    }

    const auto changesOnce = [&sink](auto setter, auto getter, auto signal, const auto &value) {
        QSignalSpy changes(&sink, signal);
        (sink.*setter)(value);
        (sink.*setter)(value);
        return changes.count() == 1 && (sink.*getter)() == value;
    };
    QVERIFY(changesOnce(&HttpSink::setUrl, &HttpSink::url, &HttpSink::urlChanged, QUrl(u"https://example.com/"_s)));
    QVERIFY(changesOnce(&HttpSink::setContentMode, &HttpSink::contentMode, &HttpSink::contentModeChanged,
                        HttpSink::ContentMode::Json));
    QVERIFY(changesOnce(&HttpSink::setPlainHttp, &HttpSink::plainHttp, &HttpSink::plainHttpChanged,
                        HttpSink::PlainHttp::Everywhere));
    QVERIFY(
        changesOnce(&HttpSink::setConnectTimeout, &HttpSink::connectTimeout, &HttpSink::connectTimeoutChanged, 1500ms));
    QVERIFY(
        changesOnce(&HttpSink::setRequestTimeout, &HttpSink::requestTimeout, &HttpSink::requestTimeoutChanged, 2500ms));
    QVERIFY(changesOnce(&HttpSink::setAnswerLimit, &HttpSink::answerLimit, &HttpSink::answerLimitChanged, qint64(5)));
    QVERIFY(changesOnce(&HttpSink::setMaximumEventSize, &HttpSink::maximumEventSize, &HttpSink::maximumEventSizeChanged,
                        qint64(6)));

    sink.setConnectTimeout(-1ms);
    QCOMPARE(sink.connectTimeout(), 1ms);
    sink.setRequestTimeout(std::chrono::milliseconds::max());
    QCOMPARE(sink.requestTimeout(), 24h);
    sink.setAnswerLimit(-1);
    QCOMPARE(sink.answerLimit(), 0);
}

void tst_HttpSink::eventTooLargeIsRefused()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    const Event event(u"test"_s, QString(1000, u'x'));
    const qsizetype size = event.toJson().value().size();

    sink.setMaximumEventSize(size);
    QVERIFY(attemptOne(sink, event).isSuccess());
    sink.setMaximumEventSize(size - 1);
    const Delivery outcome = attemptOne(sink, event);
    QCOMPARE(outcome.error(), Error::Refused);
    QVERIFY(!outcome.canRetry());
    QVERIFY(outcome.errorText().contains(QString::number(size)));
    QCOMPARE(receiver.requestCount(), 1u);
}

void tst_HttpSink::eventNotPortableIsRefused()
{
    HttpReceiver receiver;
    Probe sink(receiver.url());
    const Event broken(u"test"_s, QVariantMap{{u"price"_s, std::nan("")}});
    QVERIFY(!broken.isPortable());

    Outcomes outcomes;
    sink.attempt(Batch{numbered(0), broken, numbered(1)}, outcomes);
    QVERIFY(outcomes.wait(3));
    QCOMPARE(outcomes.list.at(0), Delivery::delivered());
    QCOMPARE(outcomes.list.at(1).error(), Error::NotPortable);
    QVERIFY(!outcomes.list.at(1).canRetry());
    QCOMPARE(outcomes.list.at(1).errorText(), broken.portabilityError());
    QCOMPARE(outcomes.list.at(2), Delivery::delivered());
    QCOMPARE(receiver.requestCount(), 2u);
}

void tst_HttpSink::secretsAreNowhere_data()
{
    QTest::addColumn<HttpResponse>("response");
    const QByteArray canary("canary");
    for (const int status : {204, 302, 400, 401, 404, 410, 429, 500, 503})
        QTest::addRow("%d", status) << HttpResponse::status(status, canary)
                                           .withHeader("Location", "http://127.0.0.1:1/canary")
                                           .withHeader("WWW-Authenticate", "Basic realm=\"canary\"")
                                           .withHeader("Retry-After", canary)
                                           .withHeader("Set-Cookie", "canary=canary");
    QTest::newRow("reason") << HttpResponse::raw("HTTP/1.1 500 canary\r\nContent-Length: 0\r\n\r\n");
    QTest::newRow("reset") << HttpResponse::reset();
    QTest::newRow("cut") << HttpResponse::cut(20);
    QTest::newRow("not HTTP") << HttpResponse::raw("canary\r\n\r\n").withEnding(HttpResponse::Ending::Disconnect);
    QTest::newRow("never") << HttpResponse::never();
}

void tst_HttpSink::secretsAreNowhere()
{
    QFETCH(const HttpResponse, response);
    HttpReceiver receiver;
    receiver.setResponse(response);
    Event event(u"test"_s, u"canary"_s);
    event.setSubject(u"canary"_s);
    event.setExtension(u"token"_s, u"canary"_s);

    const LogCapture log;
    QString text;
    {
        auto http = std::make_unique<HttpSink>(receiver.url(u"/canary?token=canary#canary"_s));
        http->setRequestTimeout(200ms);
        QCOMPARE(http->setHeader("Authorization", "Bearer canary"), HttpSink::HeaderError::None);
        QCOMPARE(http->setHeader("X-Broken", "canary\r\n"), HttpSink::HeaderError::InvalidValue);
        QDebug(&text) << http.get() << http->errorText()
                      << HttpSink::headerErrorText(HttpSink::HeaderError::InvalidValue);

        Queue queue(std::move(http));
        const QFuture<Delivery> future = queue.send(event);
        QVERIFY(waitUntil([&] { return future.isFinished(); }, Patience));
        const Delivery outcome = future.result();
        text += outcome.errorText() + outcome.toString() + inDebugOutput(outcome) + outcome.cause().toString();
        text += queue.statistics().toString() + queue.pipeline().toString();
        QDebug(&text) << event << queue.statistics();
    }
    for (const QUrl &url : {QUrl(u"http://canary:canary@127.0.0.1/canary"_s), QUrl(u"ftp://localhost/canary"_s),
                            QUrl(u"http://example.org/canary?canary"_s), QUrl(u"http://localhost:canary/"_s)})
        text += HttpSink(url).errorText();
    text += LogCapture::takeText();
    QVERIFY(!text.isEmpty());
    QVERIFY2(!text.contains(u"canary"_s, Qt::CaseInsensitive), qPrintable(text));
}

void tst_HttpSink::interrupt_settlesEverything()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::never());
    Outcomes outcomes;
    Probe sink(receiver.url());
    sink.attempt(numberedBatch(3), outcomes);
    QVERIFY(waitUntil([&] { return receiver.requestCount() == 1u; }, Patience));
    QCOMPARE(outcomes.list.size(), 0);

    sink.interrupt();
    QCOMPARE(outcomes.list.size(), 3);
    QCOMPARE(outcomes.list.at(0).error(), Error::Unknown);
    QCOMPARE(outcomes.list.at(1), Delivery::untried());
    QCOMPARE(outcomes.list.at(2), Delivery::untried());
    sink.interrupt();
    QVERIFY(sink.finish().isSuccess());
    QCOMPARE(outcomes.list.size(), 3);
    QCOMPARE(receiver.requestCount(), 1u);
}

void tst_HttpSink::close_endsARequestAtItsDeadline()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::never());
    Queue queue(std::make_unique<HttpSink>(receiver.url()));
    Heartbeat heartbeat;
    QVERIFY(queue.write(numberedBatch(10)));
    QVERIFY(waitUntil([&] { return receiver.requestCount() == 1u; }, Patience));

    const QFuture<Qanat::CloseResult> future = queue.close(50ms);
    QVERIFY(waitUntil([&] { return future.isFinished(); }, Patience));
    QCOMPARE(future.result().left(), 10);
    // That of the request; the others were not sent.
    QCOMPARE(future.result().unknown(), 1);
    const Qanat::Statistics statistics = queue.statistics();
    QVERIFY(statistics.isBalanced());
    QCOMPARE(statistics.dropped, 10);
    QCOMPARE(receiver.requestCount(), 1u);
    QVERIFY2(heartbeat.isWithin(), qPrintable(heartbeat.summary()));

    auto held = std::make_unique<HttpSink>(receiver.url());
    held->hold();
    Queue waiting(std::move(held));
    waiting.write(numberedBatch(10));
    QVERIFY(waitUntil([&] { return waiting.statistics().inFlight == 10; }, Patience));
    const QFuture<Qanat::CloseResult> other = waiting.close(10ms);
    QVERIFY(waitUntil([&] { return other.isFinished(); }, Patience));
    QCOMPARE(other.result().left(), 10);
    QCOMPARE(other.result().unknown(), 0);
}

void tst_HttpSink::destroyedInFlight()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::never());
    Outcomes outcomes;
    auto sink = std::make_unique<Probe>(receiver.url());
    sink->attempt(numberedBatch(2), outcomes);
    QVERIFY(waitUntil([&] { return receiver.requestCount() == 1u; }, Patience));
    sink.reset();
    QCOMPARE(outcomes.list.size(), 2);
    QCOMPARE(outcomes.list.at(0).error(), Error::Unknown);
    QCOMPARE(outcomes.list.at(1), Delivery::untried());

    // Before the request has left, too.
    Probe(receiver.url()).attempt(Batch(numbered(0)), outcomes);
    QCOMPARE(outcomes.list.size(), 3);

    // And as a sink that is used as users do, with an owner of its own.
    QFuture<Delivery> future;
    {
        HttpSink plain(receiver.url());
        future = plain.send(numbered(0));
        QVERIFY(waitUntil([&] { return receiver.requestCount() == 2u; }, Patience));
    }
    QVERIFY(future.isFinished());
    QCOMPARE(future.result().error(), Error::Unknown);
}

void tst_HttpSink::destroyedByWhoHearsOfAnOutcome_data()
{
    QTest::addColumn<int>("size");
    QTest::addColumn<int>("after");
    QTest::addColumn<HttpResponse>("response");
    QTest::newRow("first of three") << 3 << 1 << HttpResponse();
    QTest::newRow("last of three") << 3 << 3 << HttpResponse();
    QTest::newRow("the only one") << 1 << 1 << HttpResponse();
    QTest::newRow("timeout") << 1 << 1 << HttpResponse::never();
    QTest::newRow("answer too long") << 1 << 1 << HttpResponse::flood();
    QTest::newRow("refused") << 2 << 1 << HttpResponse::status(400);
    QTest::newRow("unavailable") << 2 << 1 << HttpResponse::status(503);
}

void tst_HttpSink::destroyedByWhoHearsOfAnOutcome()
{
    QFETCH(const int, size);
    QFETCH(const int, after);
    QFETCH(const HttpResponse, response);
    HttpReceiver receiver;
    receiver.setResponse(response);
    Outcomes outcomes;
    auto sink = std::make_unique<Probe>(receiver.url());
    sink->setRequestTimeout(response.ending() == HttpResponse::Ending::Hang ? 100ms : 60s);
    outcomes.heard = [&] {
        if (outcomes.list.size() == after)
            sink.reset();
    };
    sink->attempt(numberedBatch(size), outcomes);
    QVERIFY(waitUntil([&] { return outcomes.list.size() == size; }, Patience));
    QVERIFY(!sink);
    for (int i = 0; i < size; ++i)
        QCOMPARE(outcomes.list.at(i).outcome() == Outcome::Untried, i >= after);
    QCOMPARE(receiver.requestCount(), quint64(after));
}

void tst_HttpSink::queue_keepsTheMainThreadFree()
{
    HttpReceiver receiver;
    receiver.setRecording(HttpReceiver::Recording::Count);
    receiver.setHandler([](const HttpRequest &request) {
        switch (request.index() % 100) {
        case 10:
            return HttpResponse::status(503);
        case 30:
            return HttpResponse::flood().withPace(65536, 1ms); // Not faster than it can be read, sanitizers or not.
        case 50:
            return HttpResponse::status(400, QByteArray(100'000, 'x'));
        default:
            return HttpResponse::status(204);
        }
    });
    constexpr int Count = 300;
    Queue queue(std::make_unique<HttpSink>(receiver.url()));
    const Batch batch = numberedBatch(Count);
    Heartbeat heartbeat;
    const QFuture<Delivery> sent = queue.send(batch);
    QVERIFY(waitUntil([&] { return sent.isFinished(); }, Patience));
    QVERIFY2(heartbeat.isWithin(), qPrintable(heartbeat.summary()));
    QVERIFY(heartbeat.beats() > 0);

    const Qanat::Statistics statistics = queue.statistics();
    QVERIFY(statistics.isBalanced());
    QCOMPARE(statistics.delivered + statistics.dropped, Count);
    QCOMPARE(statistics.dropped, 2 * Count / 100);
    const QFuture<Qanat::CloseResult> future = queue.close();
    QVERIFY(waitUntil([&] { return future.isFinished(); }, Patience));
    QVERIFY(future.result().isClean());
}

QTEST_GUILESS_MAIN(tst_HttpSink)

#include "tst_httpsink.moc"
