// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/WebhookSecret>
#include <Qanat/WebhookSignature>

#include <QtTest/qtest.h>

#include <QtCore/qdebug.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qset.h>

#include <limits>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Qanat::WebhookSecret;
using Qanat::WebhookSignature;
using std::chrono::seconds;
using Verdict = WebhookSignature::Verdict;
using Headers = QList<std::pair<QByteArray, QByteArray>>;
using Secrets = QList<WebhookSecret>;

namespace {

// The pair that the reference implementations publish.
const QByteArray PublishedSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const QByteArray PublishedId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr seconds PublishedTime = 1614265330s;
const QByteArray PublishedBody = R"({"test": 2432232314})";
const QByteArray PublishedSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

constexpr seconds Tolerance = 5min;
constexpr seconds Latest = seconds::max();

QByteArray keyText(qsizetype size)
{
    QByteArray key;
    for (qsizetype i = 0; i < size; ++i)
        key.append(char(i));
    return "whsec_" + key.toBase64();
}

WebhookSecret secret(const QByteArray &text)
{
    return WebhookSecret::fromText(text).value();
}

Headers headers(const QByteArray &id, const QByteArray &timestamp, const QByteArray &signature)
{
    return {{"webhook-id", id}, {"webhook-timestamp", timestamp}, {"webhook-signature", signature}};
}

Headers publishedWith(const QByteArray &signature)
{
    return headers(PublishedId, QByteArray::number(qint64(PublishedTime.count())), signature);
}

Headers at(const QByteArray &timestamp)
{
    return headers(PublishedId, timestamp, PublishedSignature);
}

} // namespace

class TestWebhookSignature : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void secretIsRead_data();
    void secretIsRead();
    void secretIsRefused_data();
    void secretIsRefused();
    void secretIsGenerated();
    void secretsAreCompared();
    void secretIsNotShown();
    void nullSecretSignsNothing();

    void signs_data();
    void signs();
    void valueHasTheSignatureOfEachSecret();
    void whatIsSignedIsValid();

    void verifies_data();
    void verifies();
    void timestampIsJudged_data();
    void timestampIsJudged();
    void toleranceIsFiveMinutes();
    void verdictsHaveTexts();
};

void TestWebhookSignature::secretIsRead_data()
{
    QTest::addColumn<QByteArray>("text");

    QTest::newRow("published") << PublishedSecret;
    QTest::newRow("shortest, without padding") << keyText(24);
    QTest::newRow("two characters of padding") << keyText(25);
    QTest::newRow("one character of padding") << keyText(32);
    QTest::newRow("longest") << keyText(64);
    QTest::newRow("all zeros") << QByteArray("whsec_" + QByteArray(24, '\0').toBase64());
    QTest::newRow("plus and slash") << QByteArray("whsec_" + QByteArray(24, '\xff').toBase64());
}

void TestWebhookSignature::secretIsRead()
{
    QFETCH(QByteArray, text);
    const auto read = WebhookSecret::fromText(text);
    QVERIFY2(read, qPrintable(read.errorText()));
    QVERIFY(!read->isNull());
    QCOMPARE(read->text(), text);
}

void TestWebhookSignature::secretIsRefused_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("reason");

    const QString empty = u"is empty"_s;
    const QString prefix = u"does not begin with whsec_"_s;
    const QString base64 = u"is not base64"_s;
    const QString tooShort = u"has fewer than 24 bytes"_s;
    const QString tooLong = u"has more than 64 bytes"_s;
    const QByteArray good = keyText(32);

    QTest::newRow("null") << QByteArray() << empty;
    QTest::newRow("empty") << QByteArray("") << empty;
    QTest::newRow("no prefix") << good.sliced(6) << prefix;
    QTest::newRow("a part of the prefix") << QByteArray("whsec") << prefix;
    QTest::newRow("upper case prefix") << QByteArray("WHSEC_" + good.sliced(6)) << prefix;
    QTest::newRow("blank first") << QByteArray(' ' + good) << prefix;
    QTest::newRow("asymmetric secret key") << QByteArray("whsk_" + good.sliced(6)) << prefix;
    QTest::newRow("asymmetric public key") << QByteArray("whpk_" + good.sliced(6)) << prefix;
    QTest::newRow("the prefix alone") << QByteArray("whsec_") << tooShort;
    QTest::newRow("23 bytes") << keyText(23) << tooShort;
    QTest::newRow("65 bytes") << keyText(65) << tooLong;
    QTest::newRow("67 bytes") << keyText(67) << tooLong;
    QTest::newRow("megabytes") << keyText(4 << 20) << tooLong;
    QTest::newRow("missing padding") << good.chopped(1) << base64;
    QTest::newRow("half of the padding") << keyText(25).chopped(1) << base64;
    QTest::newRow("too much padding") << QByteArray(keyText(24) + "====") << base64;
    QTest::newRow("padding in the middle") << QByteArray(keyText(25) + keyText(24).sliced(6)) << base64;
    QTest::newRow("padding alone") << QByteArray("whsec_" + QByteArray(32, '=')) << base64;
    QTest::newRow("trailing bits behind one byte") << QByteArray("whsec_" + QByteArray(32, 'A') + "AB==") << base64;
    QTest::newRow("trailing bits behind two bytes") << QByteArray("whsec_" + QByteArray(32, 'A') + "AAB=") << base64;
    QTest::newRow("alphabet of URLs, minus") << QByteArray("whsec_" + QByteArray(31, 'A') + '-') << base64;
    QTest::newRow("alphabet of URLs, underscore") << QByteArray("whsec_" + QByteArray(31, 'A') + '_') << base64;
    QTest::newRow("blank behind") << QByteArray(good + ' ') << base64;
    QTest::newRow("line end behind") << QByteArray(good + '\n') << base64;
    QTest::newRow("blanks inside") << QByteArray("whsec_AAAA " + QByteArray(32, 'A')) << base64;
    QTest::newRow("four blanks inside") << QByteArray("whsec_AAAA    " + QByteArray(32, 'A')) << base64;
    QTest::newRow("NUL inside") << QByteArray("whsec_" + QByteArray(31, 'A') + '\0') << base64;
    QTest::newRow("binary") << QByteArray("whsec_" + QByteArray(32, '\xff')) << base64;
}

void TestWebhookSignature::secretIsRefused()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, reason);
    const auto read = WebhookSecret::fromText(text);
    QVERIFY(!read);
    QVERIFY(read.value().isNull());
    QVERIFY2(read.errorText().contains(reason), qPrintable(read.errorText()));
    QVERIFY(read.errorText().size() < 100);

    // The error names the prefix. No six characters of the rest are in it.
    const QString all = QString::fromLatin1(text.left(200));
    const qsizetype prefix = all.indexOf("whsec_"_L1);
    for (qsizetype i = prefix < 0 ? 0 : prefix + 6; i + 6 <= all.size(); ++i)
        QVERIFY2(!read.errorText().contains(all.sliced(i, 6)), qPrintable(read.errorText()));
}

void TestWebhookSignature::secretIsGenerated()
{
    QSet<QByteArray> texts;
    for (int i = 0; i < 100; ++i) {
        const WebhookSecret generated = WebhookSecret::generate();
        QVERIFY(!generated.isNull());
        const auto read = WebhookSecret::fromText(generated.text());
        QVERIFY2(read, qPrintable(read.errorText()));
        QVERIFY(*read == generated);
        QCOMPARE(QByteArray::fromBase64(generated.text().sliced(6)).size(), 32);
        texts.insert(generated.text());
    }
    QCOMPARE(texts.size(), 100);
}

void TestWebhookSignature::secretsAreCompared()
{
    const WebhookSecret one = secret(keyText(32));
    WebhookSecret moved = one;
    QVERIFY(one == secret(keyText(32)));
    QVERIFY(one == moved);
    QVERIFY(one != secret(keyText(33)));
    QVERIFY(secret(keyText(33)) != one);
    QVERIFY(one != secret(PublishedSecret));
    // The first and the last bit alone.
    const QByteArray zeros(32, '\0');
    QVERIFY(secret("whsec_" + zeros.toBase64()) != secret("whsec_" + QByteArray('\x80' + zeros.sliced(1)).toBase64()));
    QVERIFY(secret("whsec_" + zeros.toBase64()) != secret("whsec_" + QByteArray(zeros.sliced(1) + '\x01').toBase64()));

    QVERIFY(WebhookSecret() == WebhookSecret());
    QVERIFY(WebhookSecret() != one);
    QVERIFY(one != WebhookSecret());

    const WebhookSecret taken = std::move(moved);
    QVERIFY(taken == one);
    QVERIFY(moved.isNull()); // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move): promised.
    moved = taken;
    QVERIFY(moved == one);
}

void TestWebhookSignature::secretIsNotShown()
{
    const WebhookSecret published = secret(PublishedSecret);
    QString text;
    QDebug(&text) << published << QVariant::fromValue(published) << Secrets{published} << WebhookSecret();
    QVERIFY2(text.contains(u"WebhookSecret(...)"_s), qPrintable(text));
    QVERIFY2(text.contains(u"WebhookSecret()"_s), qPrintable(text));
    QVERIFY2(!text.contains(u"MfKQ"_s), qPrintable(text));
    QVERIFY(!QVariant::fromValue(published).canConvert<QString>());
}

void TestWebhookSignature::nullSecretSignsNothing()
{
    const WebhookSecret null;
    QVERIFY(null.isNull());
    QVERIFY(null.text().isEmpty());
    QVERIFY(null.sign("msg_1", PublishedTime, "{}").isEmpty());
    QVERIFY(WebhookSignature::value({null}, "msg_1", PublishedTime, "{}").isEmpty());
}

void TestWebhookSignature::signs_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("id");
    QTest::addColumn<seconds>("timestamp");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("signature");

    QTest::newRow("published") << PublishedSecret << PublishedId << PublishedTime << PublishedBody
                               << PublishedSignature;
    // Made with another implementation of HMAC.
    QTest::newRow("null body") << keyText(24) << QByteArray("msg_1") << PublishedTime << QByteArray()
                               << QByteArray("v1,eMr7GYRqPhxBoD5xDs3Ot35NhJdoJ3R8268SNDc+YVs=");
    QTest::newRow("longest key, UTF-8") << keyText(64) << QByteArray("msg_1") << PublishedTime << u"Euro € 😀"_s.toUtf8()
                                        << QByteArray("v1,HAL14SaI3QY/2krLUA8nGMa3TaH821YfXzpnvVXGiVg=");
    QTest::newRow("dots, time 0, binary body")
        << keyText(32) << QByteArray("a.b") << seconds(0) << QByteArray("\0\xff\n.", 4)
        << QByteArray("v1,YvYWealhbooN8rMNd8VwROx1mcnl+z8Kql4HvSyHMPQ=");
    QTest::newRow("after the year 9999") << keyText(32) << QByteArray("msg_1") << seconds(253402300800)
                                         << QByteArray("{}")
                                         << QByteArray("v1,85exszBprXYBYghRGwy6xxvmrKTaQ0fCaa+KgRTe5HA=");
}

void TestWebhookSignature::signs()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, id);
    QFETCH(seconds, timestamp);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, signature);
    const WebhookSecret key = secret(text);
    QCOMPARE(key.sign(id, timestamp, body), signature);
    QCOMPARE(WebhookSignature::value({key}, id, timestamp, body), signature);
    const Headers received = headers(id, QByteArray::number(qint64(timestamp.count())), signature);
    QCOMPARE(WebhookSignature::verify({key}, received, body, timestamp), Verdict::Valid);
}

void TestWebhookSignature::valueHasTheSignatureOfEachSecret()
{
    const WebhookSecret one = secret(keyText(32));
    const WebhookSecret other = secret(PublishedSecret);
    const auto value = [](const Secrets &secrets) {
        return WebhookSignature::value(secrets, PublishedId, PublishedTime, PublishedBody);
    };
    const QByteArray first = one.sign(PublishedId, PublishedTime, PublishedBody);
    QCOMPARE(value({}), QByteArray());
    QCOMPARE(value({one, other}), QByteArray(first + ' ' + PublishedSignature));
    QCOMPARE(value({other, one}), QByteArray(PublishedSignature + ' ' + first));
    QCOMPARE(value({WebhookSecret(), other, WebhookSecret()}), PublishedSignature);
}

void TestWebhookSignature::whatIsSignedIsValid()
{
    // The stages of a rotation. Either side may be one ahead of the other.
    const WebhookSecret old = WebhookSecret::generate();
    const WebhookSecret fresh = WebhookSecret::generate();
    const QList<Secrets> stages = {{old}, {fresh, old}, {fresh}};
    for (qsizetype sender = 0; sender < stages.size(); ++sender) {
        for (qsizetype receiver = 0; receiver < stages.size(); ++receiver) {
            const QByteArray value =
                WebhookSignature::value(stages.at(sender), PublishedId, PublishedTime, PublishedBody);
            const auto verdict =
                WebhookSignature::verify(stages.at(receiver), publishedWith(value), PublishedBody, PublishedTime);
            QCOMPARE(verdict, qAbs(sender - receiver) < 2 ? Verdict::Valid : Verdict::NoMatch);
        }
    }
}

void TestWebhookSignature::verifies_data()
{
    QTest::addColumn<Headers>("received");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<Secrets>("secrets");
    QTest::addColumn<Verdict>("verdict");

    const Secrets known = {secret(PublishedSecret)};
    const Headers published = publishedWith(PublishedSignature);
    const QByteArray timestamp = QByteArray::number(qint64(PublishedTime.count()));
    const auto row = [&](const char *name, const Headers &received, Verdict verdict) {
        QTest::newRow(name) << received << PublishedBody << known << verdict;
    };
    const auto signatures = [&](const char *name, const QByteArray &list, Verdict verdict) {
        row(name, publishedWith(list), verdict);
    };
    const auto without = [&](qsizetype index) {
        Headers some = published;
        some.removeAt(index);
        return some;
    };
    const auto with = [&](const QByteArray &name, const QByteArray &value) {
        Headers more = published;
        more.append({name, value});
        return more;
    };

    row("published", published, Verdict::Valid);
    row("another order", {published.at(2), published.at(0), published.at(1)}, Verdict::Valid);
    row("names in upper case",
        {{"WEBHOOK-ID", PublishedId}, {"Webhook-Timestamp", timestamp}, {"wEBHOOK-sIGNATURE", PublishedSignature}},
        Verdict::Valid);
    row("more headers", with("Content-Type", "application/json"), Verdict::Valid);
    row("others alike", with("webhook-id-2", "msg_2"), Verdict::Valid);

    row("no headers", {}, Verdict::MissingHeader);
    row("no id", without(0), Verdict::MissingHeader);
    row("no timestamp", without(1), Verdict::MissingHeader);
    row("no signature", without(2), Verdict::MissingHeader);
    row("names of others",
        {{"svix-id", PublishedId}, {"svix-timestamp", timestamp}, {"svix-signature", PublishedSignature}},
        Verdict::MissingHeader);

    row("empty id", headers("", timestamp, PublishedSignature), Verdict::InvalidHeader);
    row("empty timestamp", headers(PublishedId, "", PublishedSignature), Verdict::InvalidHeader);
    row("empty signature", publishedWith(""), Verdict::InvalidHeader);
    row("null values", headers({}, {}, {}), Verdict::InvalidHeader);
    row("id twice", with("Webhook-Id", "msg_2"), Verdict::InvalidHeader);
    row("id twice, the same", with("webhook-id", PublishedId), Verdict::InvalidHeader);
    row("timestamp twice", with("webhook-timestamp", timestamp), Verdict::InvalidHeader);
    row("signature twice", with("WEBHOOK-SIGNATURE", PublishedSignature), Verdict::InvalidHeader);
    row("signature a hundred thousand times", Headers(100000, {"webhook-signature", PublishedSignature}) + published,
        Verdict::InvalidHeader);

    QTest::newRow("no secrets") << published << PublishedBody << Secrets() << Verdict::NoMatch;
    QTest::newRow("no secrets, no headers") << Headers() << PublishedBody << Secrets() << Verdict::MissingHeader;
    QTest::newRow("null secret") << published << PublishedBody << Secrets{WebhookSecret()} << Verdict::NoMatch;
    QTest::newRow("another secret") << published << PublishedBody << Secrets{secret(keyText(24))} << Verdict::NoMatch;
    QTest::newRow("the last secret") << published << PublishedBody
                                     << Secrets{WebhookSecret(), secret(keyText(24)), known.first()} << Verdict::Valid;
    QTest::newRow("a blank more in the body")
        << published << QByteArray(PublishedBody + ' ') << known << Verdict::NoMatch;
    QTest::newRow("a bit of the body") << published << QByteArray(PublishedBody).replace('4', '5') << known
                                       << Verdict::NoMatch;
    QTest::newRow("empty body") << published << QByteArray() << known << Verdict::NoMatch;
    row("another id", headers("msg_p5jXN8AQM9LWM0D4loKWxJeK", timestamp, PublishedSignature), Verdict::NoMatch);
    row("a blank before the id", headers(' ' + PublishedId, timestamp, PublishedSignature), Verdict::NoMatch);
    row("binary id", headers(QByteArray("\0\xff\r\n", 4), timestamp, PublishedSignature), Verdict::NoMatch);
    row("another timestamp", at("1614265331"), Verdict::NoMatch);
    // Allowed, as the reference implementations allow it.
    const WebhookSecret key = known.first();
    QTest::newRow("id with dots") << headers("msg.1614265330", timestamp,
                                             key.sign("msg.1614265330", PublishedTime, "{}"))
                                  << QByteArray("{}") << known << Verdict::Valid;

    const QByteArray other = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const QByteArray asymmetric =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    const QByteArray bare = PublishedSignature.sliced(3);
    signatures("another signature", other, Verdict::NoMatch);
    signatures("a bit of the signature", QByteArray(PublishedSignature).replace("OE=", "OF="), Verdict::NoMatch);
    signatures("the first letter of the signature", QByteArray(PublishedSignature).replace("v1,g", "v1,h"),
               Verdict::NoMatch);
    signatures("lower case", PublishedSignature.toLower(), Verdict::NoMatch);
    signatures("first of two", PublishedSignature + ' ' + other, Verdict::Valid);
    signatures("second of two", other + ' ' + PublishedSignature, Verdict::Valid);
    signatures("behind an asymmetric one", asymmetric + ' ' + PublishedSignature, Verdict::Valid);
    signatures("before an asymmetric one", PublishedSignature + ' ' + asymmetric, Verdict::Valid);
    signatures("asymmetric alone", asymmetric, Verdict::NoMatch);
    signatures("behind what is none", "v1 , v1, nonsense =,= " + PublishedSignature, Verdict::Valid);
    signatures("blanks around and between", "  " + other + "  " + PublishedSignature + ' ', Verdict::Valid);
    signatures("without a version", bare, Verdict::NoMatch);
    signatures("version v1a", "v1a," + bare, Verdict::NoMatch);
    signatures("version v2", "v2," + bare, Verdict::NoMatch);
    signatures("version V1", "V1," + bare, Verdict::NoMatch);
    signatures("version empty", ',' + bare, Verdict::NoMatch);
    signatures("version and comma alone", "v1,", Verdict::NoMatch);
    signatures("a comma behind", PublishedSignature + ',', Verdict::NoMatch);
    signatures("two commas", "v1,," + bare, Verdict::NoMatch);
    signatures("commas between", other + ',' + PublishedSignature, Verdict::NoMatch);
    signatures("tab between", other + '\t' + PublishedSignature, Verdict::NoMatch);
    signatures("a beginning", PublishedSignature.chopped(1), Verdict::NoMatch);
    signatures("continued", PublishedSignature + 'A', Verdict::NoMatch);
    signatures("NUL behind", PublishedSignature + '\0', Verdict::NoMatch);
    signatures("alphabet of URLs", QByteArray(PublishedSignature).replace('+', '-').replace('/', '_'),
               Verdict::NoMatch);

    signatures("as the 32nd", (other + ' ').repeated(31) + PublishedSignature, Verdict::Valid);
    signatures("as the 33rd", (other + ' ').repeated(32) + PublishedSignature, Verdict::NoMatch);
    signatures("megabytes of blanks", QByteArray(16 << 20, ' '), Verdict::NoMatch);
    signatures("megabytes of commas", QByteArray(16 << 20, ','), Verdict::NoMatch);
    signatures("megabytes of v1,", QByteArray("v1,").repeated(4 << 20), Verdict::NoMatch);
    signatures("megabytes of signatures", (other + ' ').repeated(200000), Verdict::NoMatch);
    signatures("megabytes behind", PublishedSignature + ' ' + QByteArray(16 << 20, 'A'), Verdict::Valid);
    signatures("binary", QByteArray("\0\xff\xfe\r\n v1,\0", 10), Verdict::NoMatch);
    row("megabytes of id", headers(QByteArray(16 << 20, 'A'), timestamp, PublishedSignature), Verdict::NoMatch);
    row("megabytes of a name", Headers{{QByteArray(16 << 20, 'A'), "1"}} + published, Verdict::Valid);
}

void TestWebhookSignature::verifies()
{
    QFETCH(Headers, received);
    QFETCH(QByteArray, body);
    QFETCH(Secrets, secrets);
    QFETCH(Verdict, verdict);
    QCOMPARE(WebhookSignature::verify(secrets, received, body, PublishedTime), verdict);
}

void TestWebhookSignature::timestampIsJudged_data()
{
    QTest::addColumn<QByteArray>("timestamp");
    QTest::addColumn<seconds>("now");
    QTest::addColumn<seconds>("tolerance");
    QTest::addColumn<Verdict>("verdict");

    const QByteArray published = QByteArray::number(qint64(PublishedTime.count()));
    const auto clock = [&](const char *name, seconds now, seconds tolerance, Verdict verdict) {
        QTest::newRow(name) << published << now << tolerance << verdict;
    };
    clock("oldest", PublishedTime + Tolerance, Tolerance, Verdict::Valid);
    clock("too old", PublishedTime + Tolerance + 1s, Tolerance, Verdict::TooOld);
    clock("newest", PublishedTime - Tolerance, Tolerance, Verdict::Valid);
    clock("too new", PublishedTime - Tolerance - 1s, Tolerance, Verdict::TooNew);
    clock("no tolerance, same second", PublishedTime, 0s, Verdict::Valid);
    clock("no tolerance, a second older", PublishedTime + 1s, 0s, Verdict::TooOld);
    clock("no tolerance, a second newer", PublishedTime - 1s, 0s, Verdict::TooNew);
    clock("negative tolerance counts as none", PublishedTime, -1s, Verdict::Valid);
    clock("lowest tolerance counts as none", PublishedTime + 1s, seconds::min(), Verdict::TooOld);
    clock("any tolerance", Latest, Latest, Verdict::Valid);
    clock("any tolerance, at 0", 0s, Latest, Verdict::Valid);
    clock("a clock at the end", Latest, Tolerance, Verdict::TooOld);
    clock("a clock before 1970", seconds::min(), Tolerance, Verdict::TooNew);
    clock("a clock before 1970, any tolerance", seconds::min(), Latest, Verdict::Valid);

    const auto header = [](const char *name, const QByteArray &timestamp, Verdict verdict) {
        QTest::newRow(name) << timestamp << PublishedTime << Tolerance << verdict;
    };
    header("zero", "0", Verdict::TooOld);
    header("largest", "9223372036854775807", Verdict::TooNew);
    header("milliseconds", "1614265330000", Verdict::TooNew);
    // Read as the number it is, as the reference implementations do.
    header("leading zeros", "0001614265330", Verdict::Valid);
    header("one more than the largest", "9223372036854775808", Verdict::InvalidHeader);
    header("wraps around in 64 bits", "18446744075323816946", Verdict::InvalidHeader);
    header("megabytes of digits", QByteArray(16 << 20, '9'), Verdict::InvalidHeader);
    header("minus", "-1614265330", Verdict::InvalidHeader);
    header("minus zero", "-0", Verdict::InvalidHeader);
    header("minus alone", "-", Verdict::InvalidHeader);
    header("plus", "+1614265330", Verdict::InvalidHeader);
    header("blank before", " 1614265330", Verdict::InvalidHeader);
    header("blank behind", "1614265330 ", Verdict::InvalidHeader);
    header("line end behind", "1614265330\n", Verdict::InvalidHeader);
    header("NUL behind", QByteArray("1614265330\0", 11), Verdict::InvalidHeader);
    header("fraction", "1614265330.0", Verdict::InvalidHeader);
    header("exponent", "16e8", Verdict::InvalidHeader);
    header("hexadecimal", "0x6037B8F2", Verdict::InvalidHeader);
    header("date", "2021-02-25T15:02:10Z", Verdict::InvalidHeader);
    header("two", "1614265330, 1614265330", Verdict::InvalidHeader);
    header("digits of another script", u"١٦١٤٢٦٥٣٣٠"_s.toUtf8(), Verdict::InvalidHeader);
    header("words", "now", Verdict::InvalidHeader);
}

void TestWebhookSignature::timestampIsJudged()
{
    QFETCH(QByteArray, timestamp);
    QFETCH(seconds, now);
    QFETCH(seconds, tolerance);
    QFETCH(Verdict, verdict);
    const Secrets known = {secret(PublishedSecret)};
    QCOMPARE(WebhookSignature::verify(known, at(timestamp), PublishedBody, now, tolerance), verdict);
}

void TestWebhookSignature::toleranceIsFiveMinutes()
{
    const auto verdict = [](seconds now) {
        return WebhookSignature::verify({secret(PublishedSecret)}, publishedWith(PublishedSignature), PublishedBody,
                                        now);
    };
    QCOMPARE(verdict(PublishedTime + 300s), Verdict::Valid);
    QCOMPARE(verdict(PublishedTime + 301s), Verdict::TooOld);
    QCOMPARE(verdict(PublishedTime - 300s), Verdict::Valid);
    QCOMPARE(verdict(PublishedTime - 301s), Verdict::TooNew);
}

void TestWebhookSignature::verdictsHaveTexts()
{
    const auto verdicts = QMetaEnum::fromType<Verdict>();
    QCOMPARE(verdicts.keyCount(), 6);
    QSet<QString> texts;
    for (int i = 0; i < verdicts.keyCount(); ++i)
        texts.insert(WebhookSignature::verdictText(Verdict(verdicts.value(i))));
    QCOMPARE(texts.size(), 6);
    QVERIFY(!texts.contains(QString()));
}

QTEST_GUILESS_MAIN(TestWebhookSignature)
#include "tst_webhooksignature.moc"
