// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/HttpReceiver>
#include <Qanat/WaitUntil>

#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qnetworkrequest.h>
#include <QtNetwork/qtcpserver.h>
#include <QtNetwork/qtcpsocket.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <QtCore/qregularexpression.h>
#include <QtCore/qset.h>

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace Qt::StringLiterals;
using Qanat::HttpReceiver;
using Qanat::HttpRequest;
using Qanat::HttpResponse;
using Qanat::waitUntil;
using std::chrono::steady_clock;

namespace {

/*!
 * A client that blocks, straight on the system's sockets: QTcpSocket cannot tell a reset from an orderly end.
 * That it can block at all shows that the receiver needs nothing from this thread.
 */
class RawClient
{
public:
    explicit RawClient(quint16 port)
        : m_socket(::socket(AF_INET, SOCK_STREAM, 0))
    {
        const timeval patience{30, 0}; // for a receiver that is broken
        ::setsockopt(m_socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        m_error = ::connect(m_socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 ? 0 : errno;
    }
    explicit RawClient(const HttpReceiver &receiver)
        : RawClient(receiver.port())
    {
    }
    ~RawClient() { ::close(m_socket); }
    Q_DISABLE_COPY_MOVE(RawClient)

    void send(const QByteArray &bytes)
    {
        qsizetype sent = 0;
        while (sent < bytes.size()) {
            const auto count = ::send(m_socket, bytes.constData() + sent, size_t(bytes.size() - sent), MSG_NOSIGNAL);
            if (count < 0) {
                m_error = errno;
                return;
            }
            sent += count;
        }
    }

    //! What comes next, at most so many bytes. Empty at the end, or with an error.
    QByteArray receive(qsizetype maximum = 64 * 1024)
    {
        QByteArray bytes(maximum, Qt::Uninitialized);
        const auto count = ::recv(m_socket, bytes.data(), size_t(maximum), 0);
        if (count < 0)
            m_error = errno;
        bytes.truncate(count > 0 ? count : 0);
        return bytes;
    }

    QByteArray receiveUntil(const QByteArray &end)
    {
        while (!m_received.contains(end)) {
            const QByteArray bytes = receive();
            if (bytes.isEmpty())
                break;
            m_received += bytes;
        }
        const qsizetype at = m_received.indexOf(end);
        return at < 0 ? std::exchange(m_received, {}) : take(at + end.size());
    }

    QByteArray receiveAll()
    {
        QByteArray all = std::exchange(m_received, {});
        for (QByteArray bytes = receive(); !bytes.isEmpty(); bytes = receive())
            all += bytes;
        return all;
    }

    //! One answer with a Content-Length, or without a body.
    QByteArray receiveAnswer()
    {
        const QByteArray head = receiveUntil("\r\n\r\n");
        const qsizetype at = head.indexOf("Content-Length: ");
        const qsizetype length = at < 0 ? 0 : head.mid(at + 16, head.indexOf('\r', at) - at - 16).toLongLong();
        while (m_received.size() < length) {
            const QByteArray bytes = receive();
            if (bytes.isEmpty())
                break;
            m_received += bytes;
        }
        return head + take(length);
    }

    [[nodiscard]] int error() const { return m_error; }

private:
    QByteArray take(qsizetype count)
    {
        QByteArray bytes = m_received.left(count);
        m_received.remove(0, count);
        return bytes;
    }

    int m_socket;
    int m_error = 0;
    QByteArray m_received;
};

//! Whether the system would give this port to somebody who asks for any.
bool isFree(quint16 port)
{
    QTcpSocket socket;
    return socket.bind(QHostAddress::LocalHost, port, QAbstractSocket::DontShareAddress);
}

QByteArray post(const QByteArray &body, const QByteArray &target = "/")
{
    return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + QByteArray::number(body.size())
           + "\r\n\r\n" + body;
}

const QByteArray noContent = "HTTP/1.1 204 No Content\r\n\r\n";

} // namespace

class HttpReceiverTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void recordsWhatIsOnTheWire();
    void answersAsTheHandlerSays();
    void answersHead();
    void keepsConnections_data();
    void keepsConnections();
    void readsPipelinedRequests();
    void readsByteByByte();
    void readsChunks();
    void readsLargeBodies();
    void sendsContinue();
    void refusesWhatIsMalformed_data();
    void refusesWhatIsMalformed();

    void resets();
    void closesWithoutAnswer();
    void disconnectsAfterTheAnswer();
    void cuts_data();
    void cuts();
    void cutsBodiesOfItsOwn();
    void drips();
    void delays();
    void floods();
    void floodsAClientThatDoesNotRead();
    void sendsEndlessHeaders();
    void neverAnswers();
    void sendsRawBytes();

    void canBeStoppedAndStarted();
    void closesConnections();
    void takesAGivenPort();
    void saysWhyItDoesNotListen();
    void canBeStoppedByItsHandler();
    void replacesTheHandlerForGood();
    void survivesAHandlerThatThrows();
    void countsOnly();
    void takesAndClears();
    void waitsForRequests();
    void isDestroyedInMidFlight();

    void servesQNetworkAccessManager();
    void servesQTcpSocket();
    void servesManyAtOnce();
    void throughput();
};

void HttpReceiverTest::recordsWhatIsOnTheWire()
{
    HttpReceiver receiver;
    QVERIFY2(receiver.isListening(), qPrintable(receiver.errorText()));
    const auto before = steady_clock::now();
    RawClient client(receiver);
    client.send("PATCH /a%20b/c?x=1&y=%3f?z HTTP/1.1\r\nHost: localhost\r\nX-Twice: one\r\nx-tWiCe:  two \t\r\n"
                "X-Empty:\r\ncontent-length: 4\r\n\r\n\0\r\n\xff"_ba);
    QCOMPARE(client.receiveAnswer(), noContent);
    RawClient other(receiver);
    other.send(post("second"));
    QCOMPARE(other.receiveAnswer(), noContent);

    QCOMPARE(receiver.requestCount(), quint64(2));
    QCOMPARE(receiver.connectionCount(), quint64(2));
    QCOMPARE(receiver.malformedCount(), quint64(0));
    const QList<HttpRequest> requests = receiver.requests();
    QCOMPARE(requests.size(), 2);
    const HttpRequest &first = requests.at(0);
    QCOMPARE(first.method(), "PATCH");
    QCOMPARE(first.target(), "/a%20b/c?x=1&y=%3f?z");
    QCOMPARE(first.path(), "/a%20b/c");
    QCOMPARE(first.query(), "x=1&y=%3f?z");
    QCOMPARE(first.version(), "HTTP/1.1");
    const QList<HttpRequest::Header> headers{
        {"Host", "localhost"}, {"X-Twice", "one"}, {"x-tWiCe", "two"}, {"X-Empty", ""}, {"content-length", "4"}};
    QCOMPARE(first.headers(), headers);
    QCOMPARE(first.header("X-TWICE"), "one");
    QVERIFY(first.header("X-Empty").isEmpty() && !first.header("X-Empty").isNull());
    QVERIFY(first.header("X-None").isNull());
    QCOMPARE(first.body(), "\0\r\n\xff"_ba);
    QCOMPARE(first.connection(), quint64(1));
    QCOMPARE(first.index(), quint64(0));

    const HttpRequest &second = requests.at(1);
    QVERIFY(second.query().isNull());
    QCOMPARE(second.connection(), quint64(2));
    QCOMPARE(second.index(), quint64(1));
    QVERIFY(before <= first.arrival() && first.arrival() <= second.arrival()
            && second.arrival() <= steady_clock::now());
}

void HttpReceiverTest::answersAsTheHandlerSays()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        return HttpResponse::status(503, "not " + request.body())
            .withHeader("Retry-After", "2")
            .withHeader("X-Path", request.path());
    });
    RawClient client(receiver);
    client.send(post("now", "/hook"));
    QCOMPARE(client.receiveAnswer(),
             "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nX-Path: /hook\r\nContent-Length: 7\r\n\r\nnot now");

    receiver.setResponse(HttpResponse::status(299).withHeader("content-length", "0"));
    client.send(post("again"));
    QCOMPARE(client.receiveAnswer(), "HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n");

    receiver.setHandler({});
    client.send(post("and again"));
    QCOMPARE(client.receiveAnswer(), noContent);
}

void HttpReceiverTest::answersHead()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(200, "body"));
    RawClient client(receiver);
    client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    QCOMPARE(client.receiveAll(), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
}

void HttpReceiverTest::keepsConnections_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<HttpResponse::Ending>("ending");
    QTest::addColumn<bool>("isKept");
    using Ending = HttpResponse::Ending;
    QTest::newRow("1.1") << "GET / HTTP/1.1\r\nHost: a\r\n\r\n"_ba << Ending::KeepAlive << true;
    QTest::newRow("1.1, client closes") << "GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n"_ba
                                        << Ending::KeepAlive << false;
    QTest::newRow("1.1, receiver closes") << "GET / HTTP/1.1\r\nHost: a\r\n\r\n"_ba << Ending::Close << false;
    QTest::newRow("1.0") << "GET / HTTP/1.0\r\n\r\n"_ba << Ending::KeepAlive << false;
    QTest::newRow("1.0, client keeps") << "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"_ba << Ending::KeepAlive
                                       << true;
}

void HttpReceiverTest::keepsConnections()
{
    QFETCH(const QByteArray, request);
    QFETCH(const HttpResponse::Ending, ending);
    QFETCH(const bool, isKept);

    HttpReceiver receiver;
    receiver.setResponse(HttpResponse().withEnding(ending));
    RawClient client(receiver);
    client.send(request);
    QCOMPARE(client.receiveAnswer(), isKept ? noContent : "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"_ba);
    if (isKept) {
        client.send(request);
        QCOMPARE(client.receiveAnswer(), noContent);
        QCOMPARE(receiver.requestCount(), quint64(2));
    } else {
        // What is sent too late is thrown away, without a reset that could take the answer with it.
        client.send(request);
        QCOMPARE(client.receiveAll(), QByteArray());
        QCOMPARE(client.error(), 0);
        QCOMPARE(receiver.requestCount(), quint64(1));
    }
    QCOMPARE(receiver.connectionCount(), quint64(1));
}

void HttpReceiverTest::readsPipelinedRequests()
{
    constexpr int count = 2000;
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        // Some are late, and nothing may overtake them.
        return HttpResponse::status(200, request.body()).withDelay(request.index() % 500 == 0 ? 2ms : 0ms);
    });
    QByteArray requests;
    for (int i = 0; i < count; ++i)
        requests += post(QByteArray::number(i));
    RawClient client(receiver);
    client.send(requests);
    for (int i = 0; i < count; ++i)
        QVERIFY(client.receiveAnswer().endsWith("\r\n\r\n" + QByteArray::number(i)));
    QCOMPARE(receiver.requestCount(), quint64(count));
    QCOMPARE(receiver.connectionCount(), quint64(1));
}

void HttpReceiverTest::readsByteByByte()
{
    HttpReceiver receiver;
    RawClient client(receiver);
    const QByteArray request =
        "\r\n" + post("12345")
        + "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-End: 1\r\n\r\n";
    for (const char byte : request)
        client.send(QByteArray(1, byte));
    QCOMPARE(client.receiveAnswer(), noContent);
    QCOMPARE(client.receiveAnswer(), noContent);
    QCOMPARE(receiver.requests().at(0).body(), "12345");
    QCOMPARE(receiver.requests().at(1).body(), "abc");
    QVERIFY(receiver.requests().at(1).header("X-End").isNull());
}

void HttpReceiverTest::readsChunks()
{
    HttpReceiver receiver;
    RawClient client(receiver);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                "5;name=\"value\"\r\nfirst\r\n0A \r\n\r\nsecond\r\n\r\n0\r\nX-Trailer: yes\r\n\r\n"
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    QCOMPARE(client.receiveAnswer(), noContent);
    QCOMPARE(client.receiveAnswer(), noContent);
    QCOMPARE(receiver.requests().at(0).body(), "first\r\nsecond\r\n");
    QCOMPARE(receiver.requests().at(1).body(), "");
    QCOMPARE(receiver.malformedCount(), quint64(0));
}

void HttpReceiverTest::readsLargeBodies()
{
    HttpReceiver receiver;
    const QByteArray body(20 * 1024 * 1024, 'b'); // far more than it reads at a time
    RawClient client(receiver);
    client.send(post(body));
    QCOMPARE(client.receiveAnswer(), noContent);
    QCOMPARE(receiver.requests().at(0).body(), body);

    receiver.setResponse(HttpResponse::status(200, body));
    client.send(post("and back"));
    QVERIFY(client.receiveAnswer().endsWith("\r\n\r\n" + body));
}

void HttpReceiverTest::sendsContinue()
{
    HttpReceiver receiver;
    RawClient client(receiver);
    const QByteArray goOn = "HTTP/1.1 100 Continue\r\n\r\n";
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n");
    QCOMPARE(client.receiveUntil("\r\n\r\n"), goOn);
    QCOMPARE(receiver.requestCount(), quint64(0));
    client.send("abc");
    QCOMPARE(client.receiveAnswer(), noContent);

    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
    QCOMPARE(client.receiveUntil("\r\n\r\n"), goOn);
    client.send("3\r\n");
    client.send("def\r\n0\r\n\r\n");
    QCOMPARE(client.receiveAnswer(), noContent);

    // Who does not wait, or has nothing to send, is not told to.
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nghi");
    QCOMPARE(client.receiveAnswer(), noContent);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");
    QCOMPARE(client.receiveAnswer(), noContent);
    QCOMPARE(receiver.requests().at(2).body(), "ghi");
}

void HttpReceiverTest::refusesWhatIsMalformed_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("status");
    const QByteArray start = "POST / HTTP/1.1\r\nHost: a\r\n";
    QTest::newRow("garbage") << "\x16\x03\x01 hello\r\n\r\n"_ba << 400;
    QTest::newRow("no version") << "GET /\r\n\r\n"_ba << 400;
    QTest::newRow("no target") << "GET  HTTP/1.1\r\n\r\n"_ba << 400;
    QTest::newRow("blank in the target") << "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"_ba << 400;
    QTest::newRow("raw UTF-8 in the target") << "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"_ba << 400;
    QTest::newRow("verb that is no token") << "PO(ST / HTTP/1.1\r\nHost: a\r\n\r\n"_ba << 400;
    QTest::newRow("other version") << "GET / HTTP/2.0\r\nHost: a\r\n\r\n"_ba << 505;
    QTest::newRow("bare line feed") << "GET / HTTP/1.1\nHost: a\n\n"_ba << 400;
    QTest::newRow("bare line feed in a header") << start + "X-A: b\nX-Injected: c\r\n\r\n" << 400;
    QTest::newRow("bare carriage return") << start + "X-A: b\rc\r\n\r\n" << 400;
    QTest::newRow("null byte") << start + "X-A: b\0c\r\n\r\n"_ba << 400;
    QTest::newRow("folded header") << start + "X-A: b\r\n c\r\n\r\n" << 400;
    QTest::newRow("blank before the colon") << start + "X-A : b\r\n\r\n" << 400;
    QTest::newRow("no colon") << start + "X-A\r\n\r\n" << 400;
    QTest::newRow("no name") << start + ": b\r\n\r\n" << 400;
    QTest::newRow("no host") << "GET / HTTP/1.1\r\n\r\n"_ba << 400;
    QTest::newRow("two hosts") << start + "Host: b\r\n\r\n" << 400;
    QTest::newRow("length with a sign") << start + "Content-Length: +3\r\n\r\nabc" << 400;
    QTest::newRow("no length") << start + "Content-Length:\r\n\r\n" << 400;
    QTest::newRow("two lengths") << start + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" << 400;
    QTest::newRow("length and chunks") << start + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" << 400;
    QTest::newRow("chunks in 1.0") << "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"_ba << 400;
    QTest::newRow("unknown coding") << start + "Transfer-Encoding: gzip, chunked\r\n\r\n" << 501;
    QTest::newRow("unknown expectation") << start + "Expect: wonders\r\n\r\n" << 417;
    QTest::newRow("chunk without a size") << start + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n" << 400;
    QTest::newRow("chunk longer than its size") << start + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"
                                                << 400;
    QTest::newRow("chunk size without end")
        << start + "Transfer-Encoding: chunked\r\n\r\n" + QByteArray(5000, '0') << 400;
    QTest::newRow("body too large") << start + "Content-Length: 1001\r\n\r\n" << 413;
    QTest::newRow("body beyond numbers") << start + "Content-Length: 99999999999999999999\r\n\r\n" << 413;
    QTest::newRow("chunks too large") << start + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + QByteArray(1000, 'x')
                                             + "\r\n1\r\nx\r\n0\r\n\r\n"
                                      << 413;
    QTest::newRow("chunk beyond numbers") << start + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" << 413;
    QTest::newRow("header too long") << start + "X-Long: " + QByteArray(70'000, 'x') << 431;
    QTest::newRow("too many headers") << start + QByteArray("X-Many: x\r\n").repeated(7000) << 431;
}

void HttpReceiverTest::refusesWhatIsMalformed()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const int, status);

    HttpReceiver receiver;
    receiver.setMaximumBodySize(1000);
    QCOMPARE(receiver.maximumBodySize(), 1000);
    RawClient client(receiver);
    client.send(post("a good one before"));
    QCOMPARE(client.receiveAnswer(), noContent);
    client.send(bytes + post("nobody reads this any more"));
    const QByteArray answer = client.receiveAll();
    QVERIFY2(answer.startsWith("HTTP/1.1 " + QByteArray::number(status) + ' '), answer.constData());
    QVERIFY(answer.endsWith("Content-Length: 0\r\nConnection: close\r\n\r\n"));
    QCOMPARE(client.error(), 0);
    QCOMPARE(receiver.requestCount(), quint64(1));
    QCOMPARE(receiver.malformedCount(), quint64(1));

    RawClient next(receiver);
    next.send(post(QByteArray(1000, 'x')));
    QCOMPARE(next.receiveAnswer(), noContent);
}

void HttpReceiverTest::resets()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::reset());
    RawClient client(receiver);
    client.send(post("a"));
    QCOMPARE(client.receiveAll(), QByteArray());
    QCOMPARE(client.error(), ECONNRESET);
    QCOMPARE(receiver.requestCount(), quint64(1));

    // After an answer, too.
    receiver.setResponse(HttpResponse::cut(10).withEnding(HttpResponse::Ending::Reset));
    RawClient other(receiver);
    other.send(post("b"));
    QCOMPARE(other.receiveAll(), "HTTP/1.1 2");
    QCOMPARE(other.error(), ECONNRESET);
}

void HttpReceiverTest::closesWithoutAnswer()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::closeWithoutAnswer());
    RawClient client(receiver);
    client.send(post("a"));
    QCOMPARE(client.receiveAll(), QByteArray());
    QCOMPARE(client.error(), 0);
    QCOMPARE(receiver.requestCount(), quint64(1));
}

void HttpReceiverTest::disconnectsAfterTheAnswer()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse().withEnding(HttpResponse::Ending::Disconnect));
    RawClient client(receiver);
    client.send(post("a"));
    QCOMPARE(client.receiveAll(), noContent); // nothing announced it
    QCOMPARE(client.error(), 0);
}

void HttpReceiverTest::cuts_data()
{
    QTest::addColumn<int>("bytes");
    for (const int bytes : {0, 1, 16, 17, 37, 40, 50, 100'000})
        QTest::addRow("%d", bytes) << bytes;
}

void HttpReceiverTest::cuts()
{
    QFETCH(const int, bytes);
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::cut(bytes));
    RawClient client(receiver);
    client.send(post("a"));
    const QByteArray answer = client.receiveAll();
    QCOMPARE(answer.size(), bytes);
    QCOMPARE(client.error(), 0);
    const QByteArray whole =
        "HTTP/1.1 200 OK\r\nContent-Length: " + QByteArray::number(bytes + 1) + "\r\n\r\n" + QByteArray(bytes, 'x');
    QCOMPARE(answer, whole.left(bytes));
}

void HttpReceiverTest::cutsBodiesOfItsOwn()
{
    HttpReceiver receiver;
    const QByteArray head = "HTTP/1.1 200 OK\r\nContent-Length: 51\r\n\r\n"; // the body, and more than can be sent
    receiver.setResponse(HttpResponse::cut(head.size() + 6).withBody("whole"));
    QCOMPARE(5 + head.size() + 6 + 1, 51);
    RawClient client(receiver);
    client.send(post("a"));
    QCOMPARE(client.receiveAll(), head + "wholex");
}

void HttpReceiverTest::drips()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(200, "0123456789").withPace(10, 5ms));
    RawClient client(receiver);
    const QByteArray whole = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
    const auto before = steady_clock::now();
    client.send(post("a"));
    QCOMPARE(client.receiveAnswer(), whole);
    // A timer of Qt may be early by less than a millisecond.
    QVERIFY(steady_clock::now() - before >= (whole.size() / 10 - 1) * 4ms);

    // The connection goes on afterwards.
    receiver.setResponse(HttpResponse::drip(500, 1ms));
    client.send(post("b"));
    QVERIFY(client.receiveAnswer().endsWith("\r\n\r\n" + QByteArray(1000, 'x')));

    // An endless body at a snail's pace.
    receiver.setResponse(HttpResponse::flood().withPace(1, 1ms));
    client.send(post("c"));
    QVERIFY(client.receiveUntil("\r\n\r\nx").startsWith("HTTP/1.1 200 OK\r\n"));
    QCOMPARE(client.receive(1), "x");
}

void HttpReceiverTest::delays()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        return request.body() == "late" ? HttpResponse().withDelay(100ms) : HttpResponse();
    });
    RawClient late(receiver);
    RawClient prompt(receiver);
    const auto before = steady_clock::now();
    late.send(post("late"));
    QVERIFY(receiver.waitForRequests(1));
    prompt.send(post("prompt"));
    QCOMPARE(prompt.receiveAnswer(), noContent);
    QCOMPARE(late.receiveAnswer(), noContent);
    QVERIFY(steady_clock::now() - before >= 99ms);

    // A client that leaves while it waits takes nothing with it.
    {
        RawClient impatient(receiver);
        impatient.send(post("late"));
        QVERIFY(receiver.waitForRequests(3));
    }
    late.send(post("late"));
    QCOMPARE(late.receiveAnswer(), noContent);
}

void HttpReceiverTest::floods()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::flood());
    {
        RawClient client(receiver);
        client.send(post("a"));
        QCOMPARE(client.receiveUntil("\r\n\r\n"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        qsizetype received = 0;
        while (received < 30'000'000) {
            const QByteArray bytes = client.receive();
            QCOMPARE(bytes, QByteArray(bytes.size(), 'x'));
            QVERIFY(!bytes.isEmpty());
            received += bytes.size();
        }
    }
    receiver.setHandler({});
    RawClient next(receiver);
    next.send(post("b"));
    QCOMPARE(next.receiveAnswer(), noContent);
}

void HttpReceiverTest::floodsAClientThatDoesNotRead()
{
    HttpReceiver receiver;
    receiver.setHandler(
        [](const HttpRequest &request) { return request.body() == "flood" ? HttpResponse::flood() : HttpResponse(); });
    RawClient client(receiver);
    client.send(post("flood"));
    QVERIFY(receiver.waitForRequests(1));
    // The flood fills what there is room for, and the others are served.
    RawClient other(receiver);
    for (int i = 0; i < 1000; ++i) {
        other.send(post("a"));
        QCOMPARE(other.receiveAnswer(), noContent);
    }
    receiver.closeConnections();
    QVERIFY(client.receiveAll().size() < 64 * 1024 * 1024);
}

void HttpReceiverTest::sendsEndlessHeaders()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::endlessHeaders());
    RawClient client(receiver);
    client.send(post("a"));
    QByteArray received;
    while (received.size() < 1'000'000) {
        const QByteArray bytes = client.receive();
        QVERIFY(!bytes.isEmpty());
        received += bytes;
    }
    QVERIFY(received.startsWith("HTTP/1.1 200 OK\r\nX-Endless-0: "));
    QVERIFY(!received.contains("\r\n\r\n"));
}

void HttpReceiverTest::neverAnswers()
{
    HttpReceiver receiver;
    receiver.setHandler(
        [](const HttpRequest &request) { return request.body() == "lost" ? HttpResponse::never() : HttpResponse(); });
    RawClient client(receiver);
    client.send(post("lost") + post("behind it"));
    QVERIFY(receiver.waitForRequests(1));
    RawClient other(receiver);
    other.send(post("a"));
    QCOMPARE(other.receiveAnswer(), noContent);
    QCOMPARE(receiver.requestCount(), quint64(2));

    // Only now anything happens to the silent one.
    receiver.closeConnections();
    QCOMPARE(client.receiveAll(), QByteArray());
    for (const HttpRequest &request : receiver.requests())
        QVERIFY(request.body() != "behind it");
}

void HttpReceiverTest::sendsRawBytes()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::raw("ICY 200 well\nnot HTTP\0"_ba).withEnding(HttpResponse::Ending::Disconnect));
    RawClient client(receiver);
    client.send(post("a"));
    QCOMPARE(client.receiveAll(), "ICY 200 well\nnot HTTP\0"_ba);
}

void HttpReceiverTest::canBeStoppedAndStarted()
{
    HttpReceiver receiver;
    const quint16 port = receiver.port();
    for (int round = 0; round < 20; ++round) {
        RawClient client(receiver);
        client.send(post("a"));
        QCOMPARE(client.receiveAnswer(), noContent);

        receiver.stop();
        QVERIFY(!receiver.isListening());
        QVERIFY(receiver.errorText().isEmpty());
        QCOMPARE(receiver.port(), port);
        QCOMPARE(client.receiveAll(), QByteArray());
        QCOMPARE(RawClient(port).error(), ECONNREFUSED);
        QVERIFY(!isFree(port)); // nobody can take it meanwhile
        receiver.stop();

        QVERIFY2(receiver.start(), qPrintable(receiver.errorText()));
        QVERIFY(receiver.start());
        QVERIFY(receiver.isListening());
        QCOMPARE(receiver.port(), port);
    }
    QCOMPARE(receiver.requestCount(), quint64(20));
}

void HttpReceiverTest::closesConnections()
{
    HttpReceiver receiver;
    RawClient client(receiver);
    client.send(post("a"));
    QCOMPARE(client.receiveAnswer(), noContent);
    receiver.closeConnections();
    QCOMPARE(client.receiveAll(), QByteArray());
    RawClient next(receiver);
    next.send(post("b"));
    QCOMPARE(next.receiveAnswer(), noContent);
    QCOMPARE(receiver.connectionCount(), quint64(2));
}

void HttpReceiverTest::takesAGivenPort()
{
    quint16 port = 0;
    {
        const HttpReceiver receiver;
        port = receiver.port();
        QVERIFY(port != 0);
        QCOMPARE(receiver.url(), QUrl(u"http://127.0.0.1:%1/"_s.arg(port)));
        QCOMPARE(receiver.url(u"/a/b?c=d"_s), QUrl(u"http://127.0.0.1:%1/a/b?c=d"_s.arg(port)));
    }
    QVERIFY(isFree(port));
    const HttpReceiver again(port);
    QVERIFY2(again.isListening(), qPrintable(again.errorText()));
    QCOMPARE(again.port(), port);
}

void HttpReceiverTest::saysWhyItDoesNotListen()
{
    auto occupant = std::make_unique<QTcpServer>();
    QVERIFY(occupant->listen(QHostAddress::LocalHost));
    HttpReceiver receiver(occupant->serverPort());
    QVERIFY(!receiver.isListening());
    QVERIFY(!receiver.errorText().isEmpty());
    QCOMPARE(receiver.port(), quint16(0));
    QVERIFY(!receiver.start());

    const quint16 port = occupant->serverPort();
    occupant.reset();
    QVERIFY2(receiver.start(), qPrintable(receiver.errorText()));
    QVERIFY(receiver.errorText().isEmpty());
    QCOMPARE(receiver.port(), port);
}

void HttpReceiverTest::canBeStoppedByItsHandler()
{
    HttpReceiver receiver;
    receiver.setHandler([&receiver](const HttpRequest &) {
        receiver.stop();
        receiver.setHandler({});
        return HttpResponse::status(200);
    });
    RawClient client(receiver);
    client.send(post("the last one"));
    QVERIFY(client.receiveAll().startsWith("HTTP/1.1 200 OK"));
    QVERIFY(waitUntil([&] { return !receiver.isListening(); }));
    QVERIFY(receiver.start());
    RawClient next(receiver);
    next.send(post("a"));
    QCOMPARE(next.receiveAnswer(), noContent);
}

void HttpReceiverTest::replacesTheHandlerForGood()
{
    HttpReceiver receiver;
    for (int round = 0; round < 50; ++round) {
        auto isAlive = std::make_shared<std::atomic<bool>>(true);
        const std::weak_ptr<std::atomic<bool>> watched = isAlive;
        std::promise<void> entered;
        std::atomic<bool> left{false};
        receiver.setHandler([isAlive = std::move(isAlive), &entered, &left](const HttpRequest &) {
            entered.set_value();
            std::this_thread::yield();
            left = true;
            return HttpResponse::status(200);
        });
        RawClient client(receiver);
        client.send(post("a"));
        entered.get_future().wait();
        receiver.setHandler({});
        QVERIFY(left);
        QVERIFY(watched.expired());
        QVERIFY(client.receiveAnswer().startsWith("HTTP/1.1 200 OK"));
    }
}

void HttpReceiverTest::survivesAHandlerThatThrows()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) -> HttpResponse {
        if (request.body() == "standard")
            throw std::runtime_error("out of ideas");
        throw 42;
    });
    RawClient client(receiver);
    QTest::ignoreMessage(QtWarningMsg, "Qanat::HttpReceiver: the handler threw: out of ideas");
    client.send(post("standard"));
    QVERIFY(client.receiveAnswer().startsWith("HTTP/1.1 500 "));
    QTest::ignoreMessage(QtWarningMsg, "Qanat::HttpReceiver: the handler threw");
    client.send(post("other"));
    QVERIFY(client.receiveAnswer().startsWith("HTTP/1.1 500 "));
}

void HttpReceiverTest::countsOnly()
{
    HttpReceiver receiver;
    QCOMPARE(receiver.recording(), HttpReceiver::Recording::Everything);
    RawClient client(receiver);
    client.send(post("a"));
    QCOMPARE(client.receiveAnswer(), noContent);
    receiver.setRecording(HttpReceiver::Recording::Count);
    QCOMPARE(receiver.recording(), HttpReceiver::Recording::Count);
    client.send(post("b") + post("c"));
    QVERIFY(receiver.waitForRequests(3));
    QCOMPARE(receiver.requests().size(), 1);
}

void HttpReceiverTest::takesAndClears()
{
    HttpReceiver receiver;
    RawClient client(receiver);
    client.send(post("a") + post("b"));
    QVERIFY(receiver.waitForRequests(2));
    QCOMPARE(receiver.takeRequests().size(), 2);
    QCOMPARE(receiver.requests().size(), 0);
    QCOMPARE(receiver.requestCount(), quint64(2));
    client.send(post("c"));
    QVERIFY(receiver.waitForRequests(3));
    QCOMPARE(receiver.requests().constFirst().index(), quint64(2));
    receiver.clear();
    QCOMPARE(receiver.requests().size(), 0);
    QCOMPARE(receiver.requestCount(), quint64(0));
    client.send(post("d"));
    QVERIFY(receiver.waitForRequests(1));
    QCOMPARE(receiver.requests().constFirst().index(), quint64(0));
    QCOMPARE(receiver.requests().constFirst().body(), "d");
}

void HttpReceiverTest::waitsForRequests()
{
    const HttpReceiver receiver;
    QVERIFY(receiver.waitForRequests(0, 0ms));
    QVERIFY(!receiver.waitForRequests(1, 1ms));
    // This thread blocks, another one is the client.
    const auto running = std::async(std::launch::async, [port = receiver.port()] {
        RawClient client(port);
        for (int i = 0; i < 100; ++i) {
            client.send(post(QByteArray::number(i)));
            client.receiveAnswer();
        }
    });
    QVERIFY(receiver.waitForRequests(100, 30s));
    QCOMPARE(receiver.requests().constLast().body(), "99");
    QVERIFY(!receiver.waitForRequests(101, 1ms));
}

void HttpReceiverTest::isDestroyedInMidFlight()
{
    const QList<HttpResponse> responses{
        HttpResponse::never(),
        HttpResponse::flood(),
        HttpResponse::endlessHeaders(),
        HttpResponse::drip(1, 1ms),
        HttpResponse().withDelay(1h),
        HttpResponse().withEnding(HttpResponse::Ending::Close),
        HttpResponse(),
    };
    for (const HttpResponse &response : responses) {
        auto receiver = std::make_unique<HttpReceiver>();
        receiver->setResponse(response);
        RawClient asked(*receiver);
        RawClient silent(*receiver);
        RawClient half(*receiver);
        half.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Le");
        asked.send(post("a"));
        QVERIFY(receiver->waitForRequests(1));
        const quint16 port = receiver->port();
        receiver.reset();
        silent.receiveAll();
        half.receiveAll();
        asked.receiveAll();
        QVERIFY(asked.error() != EAGAIN); // it ended, and did not run into the client's patience
        QCOMPARE(RawClient(port).error(), ECONNREFUSED);
    }
}

void HttpReceiverTest::servesQNetworkAccessManager()
{
    HttpReceiver receiver;
    receiver.setHandler([](const HttpRequest &request) {
        return HttpResponse::status(201, request.body()).withHeader("X-Seen", request.header("X-Test"));
    });
    QNetworkAccessManager manager;
    for (int i = 0; i < 3; ++i) {
        QNetworkRequest request(receiver.url(u"/hook"_s));
        request.setHeader(QNetworkRequest::ContentTypeHeader, u"application/json"_s);
        request.setRawHeader("X-Test", QByteArray::number(i));
        const std::unique_ptr<QNetworkReply> reply(manager.post(request, "{\"n\":1}"));
        QVERIFY(waitUntil([&] { return reply->isFinished(); }));
        QCOMPARE(reply->error(), QNetworkReply::NoError);
        QCOMPARE(reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt(), 201);
        QCOMPARE(reply->rawHeader("X-Seen"), QByteArray::number(i));
        QCOMPARE(reply->readAll(), "{\"n\":1}");
    }
    QCOMPARE(receiver.requestCount(), quint64(3));
    QCOMPARE(receiver.connectionCount(), quint64(1));
    QCOMPARE(receiver.requests().at(2).header("content-type"), "application/json");

    const struct
    {
        HttpResponse response;
        QNetworkReply::NetworkError error;
    } rows[] = {
        {HttpResponse::status(503), QNetworkReply::ServiceUnavailableError},
        {HttpResponse::reset(), QNetworkReply::RemoteHostClosedError},
        {HttpResponse::closeWithoutAnswer(), QNetworkReply::RemoteHostClosedError},
        {HttpResponse::cut(60), QNetworkReply::RemoteHostClosedError},
    };
    for (const auto &row : rows) {
        receiver.setResponse(row.response);
        QNetworkRequest request(receiver.url());
        request.setHeader(QNetworkRequest::ContentTypeHeader, u"text/plain"_s);
        const std::unique_ptr<QNetworkReply> reply(manager.post(request, "a"));
        QVERIFY(waitUntil([&] { return reply->isFinished(); }));
        QCOMPARE(reply->error(), row.error);
    }
    QCOMPARE(receiver.malformedCount(), quint64(0));
}

void HttpReceiverTest::servesQTcpSocket()
{
    HttpReceiver receiver;
    receiver.setResponse(HttpResponse::status(200, "hello").withEnding(HttpResponse::Ending::Close));
    QTcpSocket socket;
    QSignalSpy disconnected(&socket, &QTcpSocket::disconnected);
    socket.connectToHost(QHostAddress::LocalHost, receiver.port());
    socket.write(post("a"));
    QVERIFY(waitUntil([&] { return disconnected.size() == 1; }));
    QVERIFY(socket.readAll().endsWith("\r\n\r\nhello"));
}

void HttpReceiverTest::servesManyAtOnce()
{
    constexpr int clients = 8;
    constexpr int requests = 500;
    HttpReceiver receiver;
    std::atomic<int> answered{0};
    std::vector<std::thread> threads;
    threads.reserve(clients);
    for (int client = 0; client < clients; ++client) {
        threads.emplace_back([&receiver, &answered, client] {
            for (int i = 0; i < requests; ++i) {
                RawClient connection(receiver); // each time a new one
                connection.send(post(QByteArray::number(client * requests + i)));
                if (connection.receiveAnswer() == noContent)
                    ++answered;
            }
        });
    }
    // Meanwhile the callers do what they like.
    while (answered < clients * requests / 2) {
        receiver.setHandler({});
        static_cast<void>(receiver.requests());
        receiver.start();
        std::this_thread::yield();
    }
    for (std::thread &thread : threads)
        thread.join();
    QCOMPARE(answered.load(), clients * requests);
    QCOMPARE(receiver.requestCount(), quint64(clients * requests));
    QCOMPARE(receiver.connectionCount(), quint64(clients * requests));
    QSet<QByteArray> bodies;
    quint64 index = 0;
    for (const HttpRequest &request : receiver.requests()) {
        bodies.insert(request.body());
        QCOMPARE(request.index(), index++);
    }
    QCOMPARE(bodies.size(), clients * requests);
}

// The figure is for people to read; the test is that all of them are answered.
void HttpReceiverTest::throughput()
{
    constexpr int clients = 6; // as many as QNetworkAccessManager opens
    constexpr int requests = 5000;
    HttpReceiver receiver;
    receiver.setRecording(HttpReceiver::Recording::Count);
    const QByteArray request = "POST /hook HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
                               "Content-Type: application/cloudevents+json; charset=UTF-8\r\nContent-Length: 200\r\n"
                               "Connection: Keep-Alive\r\nAccept-Encoding: identity\r\nAccept-Language: en,*\r\n"
                               "User-Agent: Mozilla/5.0\r\n\r\n"
                               + QByteArray(200, 'x');
    std::vector<std::unique_ptr<RawClient>> connections;
    connections.reserve(clients);
    for (int i = 0; i < clients; ++i)
        connections.push_back(std::make_unique<RawClient>(receiver));
    const auto begin = steady_clock::now();
    for (int i = 0; i < requests; ++i) {
        for (const auto &connection : connections)
            connection->send(request);
        for (const auto &connection : connections)
            QCOMPARE(connection->receiveAnswer(), noContent);
    }
    const std::chrono::duration<double> elapsed = steady_clock::now() - begin;
    QCOMPARE(receiver.requestCount(), quint64(clients * requests));
    qInfo("%.0f keep-alive requests per second on %d connections", clients * requests / elapsed.count(), clients);
}

QTEST_GUILESS_MAIN(HttpReceiverTest)

#include "tst_httpreceiver.moc"
