// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/http/webhooksecret.h"

#include "constanttime_p.h"

#include "Qanat/http/httpsink.h"

#include <QtCore/qdebug.h>
#include <QtCore/qmessageauthenticationcode.h>
#include <QtCore/qrandom.h>

#include <array>

namespace Qanat {

namespace {

constexpr QByteArrayView Prefix = "whsec_";
constexpr qsizetype MinimumKeySize = 24;
constexpr qsizetype MaximumKeySize = 64;

constexpr qsizetype base64Size(qsizetype bytes)
{
    return (bytes + 2) / 3 * 4;
}

} // namespace

class WebhookSecretData : public QSharedData
{
public:
    explicit WebhookSecretData(const QByteArray &bytes)
        : key(bytes)
    {
    }

    const QByteArray key;
};

WebhookSecret::WebhookSecret() noexcept = default;
WebhookSecret::WebhookSecret(const WebhookSecret &other) noexcept = default;
WebhookSecret::WebhookSecret(WebhookSecret &&other) noexcept = default;
WebhookSecret &WebhookSecret::operator=(const WebhookSecret &other) noexcept = default;
WebhookSecret &WebhookSecret::operator=(WebhookSecret &&other) noexcept = default;
WebhookSecret::~WebhookSecret() = default;

WebhookSecret::WebhookSecret(const QByteArray &key)
    : d(new WebhookSecretData(key))
{
}

Result<WebhookSecret> WebhookSecret::fromText(QByteArrayView text)
{
    if (text.isEmpty())
        return Failure{HttpSink::tr("the webhook secret is empty")};
    if (!text.startsWith(Prefix))
        return Failure{HttpSink::tr("the webhook secret does not begin with whsec_")};
    const auto tooLong = [] { return Failure{HttpSink::tr("the webhook secret has more than 64 bytes")}; };
    if (text.size() > Prefix.size() + base64Size(MaximumKeySize))
        return tooLong();

    const QByteArray base64 = text.sliced(Prefix.size()).toByteArray();
    const auto decoded =
        QByteArray::fromBase64Encoding(base64, QByteArray::Base64Encoding | QByteArray::AbortOnBase64DecodingErrors);
    const QByteArray &key = decoded.decoded;
    // Qt reads base64 without padding too, and with bits set that belong to no byte. One key has one text only.
    if (!decoded || key.toBase64() != base64)
        return Failure{
            HttpSink::tr("the webhook secret is not base64, with its padding and without blanks, after whsec_")};
    if (key.size() < MinimumKeySize)
        return Failure{HttpSink::tr("the webhook secret has fewer than 24 bytes")};
    if (key.size() > MaximumKeySize)
        return tooLong();
    return WebhookSecret(key);
}

WebhookSecret WebhookSecret::generate()
{
    std::array<quint32, 8> key = {};
    QRandomGenerator::system()->fillRange(key.data(), qsizetype(key.size()));
    return WebhookSecret(QByteArray(reinterpret_cast<const char *>(key.data()), qsizetype(sizeof key)));
}

QByteArray WebhookSecret::text() const
{
    return isNull() ? QByteArray() : Prefix.toByteArray() + d->key.toBase64();
}

QByteArray WebhookSecret::sign(QByteArrayView id, std::chrono::seconds timestamp, QByteArrayView body) const
{
    // An HMAC with an empty key could be made by everybody.
    if (isNull())
        return QByteArray();
    QMessageAuthenticationCode code(QCryptographicHash::Sha256, d->key);
    code.addData(id.data(), id.size());
    code.addData('.' + QByteArray::number(qint64(timestamp.count())) + '.');
    code.addData(body.data(), body.size());
    return "v1," + code.result().toBase64();
}

bool WebhookSecret::equals(const WebhookSecret &other) const
{
    if (isNull() || other.isNull())
        return isNull() && other.isNull();
    return areEqualInConstantTime(d->key, other.d->key);
}

QDebug operator<<(QDebug debug, const WebhookSecret &secret)
{
    const QDebugStateSaver saver(debug);
    debug.nospace() << "Qanat::WebhookSecret(" << (secret.isNull() ? "" : "...") << ')';
    return debug;
}

} // namespace Qanat
