// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Whom HttpSink trusts. The certificates are made by the program openssl when the test begins.

#include "httpprobe.h"
#include "warnings_p.h"

#include <Qanat/EndpointConfiguration>
#include <Qanat/HttpReceiver>

#include <QtCore/qcryptographichash.h>
#include <QtCore/qfile.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qstandardpaths.h>
#include <QtCore/qtemporarydir.h>
#include <QtNetwork/qsslcertificate.h>
#include <QtNetwork/qsslconfiguration.h>
#include <QtNetwork/qsslkey.h>
#include <QtTest/qtest.h>

#include <cstdlib>

using namespace Qanat;
using namespace Qanat::HttpTest;
using Error = Delivery::Error;

namespace {

// Not by QProcess: after a fork of its kind the thread sanitizer lets no thread begin.
bool run(const QString &command)
{
    return std::system(qPrintable(command + u" 2> /dev/null"_s)) == 0;
}

} // namespace

class TestHttpTls : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init() { failOnUnexpectedWarnings(); }

    void line34_anAuthorityIsTrustedWhereItIsConfigured();
    void nobodyElseIs_data();
    void nobodyElseIs();
    void theDefaultOfTheApplicationDoesNotCount();
    void oldProtocolsAreRefused();
    void aPinnedKeyIsTrusted();
    void anotherKeyGetsNothing();
    void aClientCertificateIsShown();
    void aKeyThatIsNotThatOfTheCertificateIsNamed();
    void whoSpeaksNoTlsIsNamed();
    void http2IsNotSpoken();

private:
    void openssl(const QStringList &arguments);
    void makeSigned(const QString &name, const QString &authority, const QString &host, int days = 30);
    [[nodiscard]] QString path(const QString &name) const { return m_folder.filePath(name); }
    [[nodiscard]] QSslCertificate certificate(const QString &name) const;
    [[nodiscard]] QSslKey key(const QString &name) const;
    [[nodiscard]] QSslConfiguration server(const QString &name) const;
    [[nodiscard]] Delivery deliveryTo(const QString &name);

    QTemporaryDir m_folder;
};

void TestHttpTls::initTestCase()
{
    if (QStandardPaths::findExecutable(u"openssl"_s).isEmpty())
        QSKIP("the program openssl is not installed, which makes the certificates");
    for (const QString &name : {u"authority"_s, u"stranger"_s}) {
        openssl({u"req"_s, u"-x509"_s, u"-newkey"_s, u"rsa:2048"_s, u"-nodes"_s, u"-days"_s, u"30"_s, u"-subj"_s,
                 u"/CN=Qanat test "_s + name, u"-keyout"_s, path(name + u".key"_s), u"-out"_s, path(name + u".pem"_s)});
    }
    makeSigned(u"good"_s, u"authority"_s, u"IP:127.0.0.1"_s);
    makeSigned(u"unknown"_s, u"stranger"_s, u"IP:127.0.0.1"_s);
    makeSigned(u"otherhost"_s, u"authority"_s, u"DNS:example.org"_s);
    makeSigned(u"expired"_s, u"authority"_s, u"IP:127.0.0.1"_s, -1);
    makeSigned(u"client"_s, u"authority"_s, u"DNS:client"_s);
    openssl({u"req"_s, u"-x509"_s, u"-newkey"_s, u"rsa:2048"_s, u"-nodes"_s, u"-days"_s, u"30"_s, u"-subj"_s,
             u"/CN=127.0.0.1"_s, u"-addext"_s, u"subjectAltName=IP:127.0.0.1"_s, u"-keyout"_s, path(u"self.key"_s),
             u"-out"_s, path(u"self.pem"_s)});
}

void TestHttpTls::openssl(const QStringList &arguments)
{
    QVERIFY2(run(u"openssl '%1'"_s.arg(arguments.join(u"' '"_s))), qPrintable(arguments.join(u' ')));
}

void TestHttpTls::makeSigned(const QString &name, const QString &authority, const QString &host, int days)
{
    QFile extensions(path(name + u".ext"_s));
    QVERIFY(extensions.open(QIODevice::WriteOnly));
    extensions.write("subjectAltName=" + host.toLatin1() + '\n');
    extensions.close();
    openssl({u"req"_s, u"-new"_s, u"-newkey"_s, u"rsa:2048"_s, u"-nodes"_s, u"-subj"_s, u"/CN="_s + name, u"-keyout"_s,
             path(name + u".key"_s), u"-out"_s, path(name + u".csr"_s)});
    openssl({u"x509"_s, u"-req"_s, u"-in"_s, path(name + u".csr"_s), u"-CA"_s, path(authority + u".pem"_s), u"-CAkey"_s,
             path(authority + u".key"_s), u"-CAcreateserial"_s, u"-days"_s, QString::number(days), u"-extfile"_s,
             extensions.fileName(), u"-out"_s, path(name + u".pem"_s)});
}

QSslCertificate TestHttpTls::certificate(const QString &name) const
{
    return QSslCertificate::fromPath(path(name + u".pem"_s)).value(0);
}

QSslKey TestHttpTls::key(const QString &name) const
{
    QFile file(path(name + u".key"_s));
    return file.open(QIODevice::ReadOnly) ? QSslKey(&file, QSsl::Rsa) : QSslKey();
}

QSslConfiguration TestHttpTls::server(const QString &name) const
{
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setLocalCertificate(certificate(name));
    configuration.setPrivateKey(key(name));
    configuration.setPeerVerifyMode(QSslSocket::VerifyNone);
    return configuration;
}

Delivery TestHttpTls::deliveryTo(const QString &name)
{
    HttpReceiver receiver;
    receiver.setTls(server(name));
    Probe sink(receiver.url());
    sink.setCertificateAuthorities({certificate(u"authority"_s)});
    const Delivery outcome = attemptOne(sink);
    if (!outcome.isSuccess() && receiver.requestCount() > 0)
        return Delivery::failed(Error::Other, u"it was sent all the same"_s);
    return outcome;
}

// As go-events does: an untrusted certificate fails unless that authority was configured.
void TestHttpTls::line34_anAuthorityIsTrustedWhereItIsConfigured()
{
    HttpReceiver receiver;
    receiver.setTls(server(u"good"_s));
    Probe sink(receiver.url());
    QCOMPARE(attemptOne(sink).error(), Error::Security);
    QCOMPARE(receiver.requestCount(), 0u);
    const Delivery outcome = deliveryTo(u"good"_s);
    QVERIFY2(outcome.isSuccess(), qPrintable(outcome.toString()));
}

void TestHttpTls::nobodyElseIs_data()
{
    QTest::addColumn<QString>("certificate");
    QTest::addColumn<QString>("reason"); // In Qt's words.
    QTest::newRow("self") << u"self"_s << u"self-signed"_s;
    QTest::newRow("unknown") << u"unknown"_s << u"issuer certificate"_s;
    QTest::newRow("otherhost") << u"otherhost"_s << u"host name"_s;
    QTest::newRow("expired") << u"expired"_s << u"expired"_s;
}

void TestHttpTls::nobodyElseIs()
{
    QFETCH(const QString, certificate);
    const Delivery outcome = deliveryTo(certificate);
    QCOMPARE(outcome.error(), Error::Security);
    QVERIFY(outcome.canRetry()); // Somebody may mend it.
    QFETCH(const QString, reason);
    const QString text = outcome.errorText();
    QVERIFY2(text.contains(u"not trusted"_s) && text.contains(reason), qPrintable(text));
}

void TestHttpTls::theDefaultOfTheApplicationDoesNotCount()
{
    const QSslConfiguration before = QSslConfiguration::defaultConfiguration();
    QSslConfiguration careless = before;
    careless.setPeerVerifyMode(QSslSocket::VerifyNone);
    QSslConfiguration::setDefaultConfiguration(careless);
    const Delivery outcome = deliveryTo(u"self"_s);
    QSslConfiguration::setDefaultConfiguration(before);
    QCOMPARE(outcome.error(), Error::Security);
}

void TestHttpTls::oldProtocolsAreRefused()
{
    HttpReceiver receiver;
    QSslConfiguration old = server(u"good"_s);
    QT_WARNING_PUSH
    QT_WARNING_DISABLE_DEPRECATED
    old.setProtocol(QSsl::TlsV1_1);
    QT_WARNING_POP
    // So that OpenSSL 3 does not refuse it by itself.
    old.setBackendConfigurationOption("CipherString", QByteArray("ALL:@SECLEVEL=0"));
    receiver.setTls(old);
    Probe sink(receiver.url());
    sink.setCertificateAuthorities({certificate(u"authority"_s)});
    QCOMPARE(attemptOne(sink).error(), Error::Security);
    QCOMPARE(receiver.requestCount(), 0u);
}

void TestHttpTls::aPinnedKeyIsTrusted()
{
    // As others compute it: RFC 7469, 2.4.
    QVERIFY(run(u"openssl x509 -in '%1' -pubkey -noout | openssl pkey -pubin -outform der > '%2'"_s.arg(
        path(u"good.pem"_s), path(u"good.der"_s))));
    QFile key(path(u"good.der"_s));
    QVERIFY(key.open(QIODevice::ReadOnly));
    const QByteArray pin = QCryptographicHash::hash(key.readAll(), QCryptographicHash::Sha256);

    HttpReceiver receiver;
    receiver.setTls(server(u"good"_s));
    Probe sink(receiver.url());
    sink.setCertificateAuthorities({certificate(u"authority"_s)});
    sink.setPinnedKeys({QByteArray(32, 'x'), pin});
    const Delivery outcome = attemptOne(sink);
    QVERIFY2(outcome.isSuccess(), qPrintable(outcome.toString()));
}

void TestHttpTls::anotherKeyGetsNothing()
{
    HttpReceiver receiver;
    receiver.setTls(server(u"good"_s));
    Probe sink(receiver.url());
    sink.setCertificateAuthorities({certificate(u"authority"_s)});
    QVERIFY(attemptOne(sink).isSuccess());
    sink.setPinnedKeys({QByteArray(32, 'x')});
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.error(), Error::Security);
    QVERIFY2(outcome.errorText().contains(u"pinned"_s), qPrintable(outcome.errorText()));
    QCOMPARE(receiver.requestCount(), 1u);
    sink.setPinnedKeys({});
    QVERIFY(attemptOne(sink).isSuccess());
}

void TestHttpTls::aClientCertificateIsShown()
{
    HttpReceiver receiver;
    QSslConfiguration strict = server(u"good"_s);
    strict.setPeerVerifyMode(QSslSocket::VerifyPeer);
    strict.setCaCertificates({certificate(u"authority"_s)});
    receiver.setTls(strict);
    Probe sink(receiver.url());
    sink.setCertificateAuthorities({certificate(u"authority"_s)});
    sink.setConnectTimeout(5s);
    QVERIFY(!attemptOne(sink).isSuccess());
    QCOMPARE(receiver.requestCount(), 0u);
    sink.setClientCertificate(certificate(u"client"_s), key(u"client"_s));
    const Delivery outcome = attemptOne(sink);
    QVERIFY2(outcome.isSuccess(), qPrintable(outcome.toString()));
    sink.setClientCertificate(certificate(u"unknown"_s), key(u"unknown"_s));
    QVERIFY(!attemptOne(sink).isSuccess());
    QCOMPARE(receiver.requestCount(), 1u);
}

void TestHttpTls::aKeyThatIsNotThatOfTheCertificateIsNamed()
{
    EndpointConfiguration configuration;
    configuration.url = QUrl(u"https://example.org"_s);
    configuration.clientCertificate = certificate(u"client"_s);
    QCOMPARE(configuration.errorText(), u"tls.certificate: goes together with key"_s);
    configuration.clientKey = key(u"unknown"_s);
    QCOMPARE(configuration.errorText(), u"tls.key: is not that of the certificate"_s);
    configuration.clientKey = key(u"client"_s);
    QCOMPARE(configuration.errorText(), QString());

    openssl({u"ecparam"_s, u"-name"_s, u"prime256v1"_s, u"-genkey"_s, u"-noout"_s, u"-out"_s, path(u"curve.key"_s)});
    openssl({u"req"_s, u"-x509"_s, u"-new"_s, u"-key"_s, path(u"curve.key"_s), u"-days"_s, u"30"_s, u"-subj"_s,
             u"/CN=curve"_s, u"-out"_s, path(u"curve.pem"_s)});
    QJsonObject json{
        {u"url"_s, u"https://example.org"_s},
        {u"tls"_s, QJsonObject{{u"certificate"_s, path(u"curve.pem"_s)}, {u"key"_s, path(u"curve.key"_s)}}}};
    const auto read = EndpointConfiguration::fromJson(json);
    QVERIFY2(read, qPrintable(read.errorText()));
    QCOMPARE(read->errorText(), QString());
    json.insert(u"tls"_s, QJsonObject{{u"certificate"_s, path(u"curve.pem"_s)}, {u"key"_s, path(u"client.key"_s)}});
    QCOMPARE(EndpointConfiguration::fromJson(json).errorText(), u"tls.key: is not that of the certificate"_s);
}

void TestHttpTls::whoSpeaksNoTlsIsNamed()
{
    HttpReceiver receiver;
    QUrl url = receiver.url();
    url.setScheme(u"https"_s);
    Probe sink(url);
    const Delivery outcome = attemptOne(sink);
    QCOMPARE(outcome.error(), Error::Security);
    QVERIFY2(outcome.errorText().contains(u"does not speak it"_s), qPrintable(outcome.errorText()));
}

// To a server that would rather have it.
void TestHttpTls::http2IsNotSpoken()
{
    HttpReceiver receiver;
    QSslConfiguration modern = server(u"good"_s);
    modern.setAllowedNextProtocols({QSslConfiguration::ALPNProtocolHTTP2, QSslConfiguration::NextProtocolHttp1_1});
    receiver.setTls(modern);
    Probe sink(receiver.url());
    sink.setCertificateAuthorities({certificate(u"authority"_s)});
    QVERIFY(attemptOne(sink).isSuccess());
    QCOMPARE(receiver.requests().constFirst().version(), "HTTP/1.1");
    QCOMPARE(receiver.malformedCount(), 0u);
}

QTEST_GUILESS_MAIN(TestHttpTls)

#include "tst_httptls.moc"
