// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_WEBHOOKSECRET_H
#define QANAT_HTTP_WEBHOOKSECRET_H

#include <Qanat/core/result.h>
#include <Qanat/http/qanathttp_export.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearrayview.h>
#include <QtCore/qmetatype.h>
#include <QtCore/qshareddata.h>

#include <chrono>

QT_BEGIN_NAMESPACE
class QDebug;
QT_END_NAMESPACE

namespace Qanat {

class WebhookSecretData;

/*!
 * A key that sender and receiver of a webhook share, to sign and to verify (Standard Webhooks 1.0.0, signature scheme,
 * symmetric): a value.
 *
 * \code
 * const Result<WebhookSecret> secret = WebhookSecret::fromText(qgetenv("WEBHOOK_SECRET"));
 * if (!secret)
 *     qCritical() << secret.errorText();
 * \endcode
 *
 * A null secret, as the value() of a failed result is one, signs nothing and verifies nothing. So a forgotten check of an
 * error never becomes a key that everybody knows.
 *
 * The key is shown by text() alone. Each endpoint should have a key of its own.
 *
 * All functions are safe from any thread, as with every implicitly shared value of Qt.
 */
class QANAT_HTTP_EXPORT WebhookSecret
{
public:
    //! A null secret.
    WebhookSecret() noexcept;
    //!@{
    //! Copying counts a reference. What was moved from is null.
    WebhookSecret(const WebhookSecret &other) noexcept;
    WebhookSecret(WebhookSecret &&other) noexcept;
    WebhookSecret &operator=(const WebhookSecret &other) noexcept;
    WebhookSecret &operator=(WebhookSecret &&other) noexcept;
    //!@}
    ~WebhookSecret();

    /*!
     * The secret that \a text holds: `whsec_` and 24 to 64 bytes in base64 (RFC 4648, section 4), with its padding, and
     * without blanks or line ends. Any other text is an error, which says what is wrong and shows nothing of the text.
     */
    [[nodiscard]] static Result<WebhookSecret> fromText(QByteArrayView text);
    //! A fresh one: 32 bytes of the system's cryptographic generator.
    [[nodiscard]] static WebhookSecret generate();

    //! Whether there is no key.
    [[nodiscard]] bool isNull() const noexcept { return !d; }

    //! What fromText() reads; empty if null. This is the secret itself: store it as a password, and never log it.
    [[nodiscard]] QByteArray text() const;

    /*!
     * The signature of one attempt to send \a body: `v1,` and the base64 of an HMAC-SHA256 over `id.timestamp.body`; empty
     * if null. Bodies are signed byte for byte as they are sent. \a timestamp counts from 1970-01-01T00:00:00Z.
     *
     * The \a id should not be empty, which no receiver accepts, and should hold no dot where others may choose it: with dots
     * one signature can fit two messages (Standard Webhooks, signature scheme).
     */
    [[nodiscard]] QByteArray sign(QByteArrayView id, std::chrono::seconds timestamp, QByteArrayView body) const;

    //!@{
    //! Whether the keys are the same. The time it takes tells nothing about them but whether their sizes are equal.
    friend bool operator==(const WebhookSecret &one, const WebhookSecret &other) { return one.equals(other); }
    friend bool operator!=(const WebhookSecret &one, const WebhookSecret &other) { return !one.equals(other); }
    //!@}

private:
    explicit WebhookSecret(const QByteArray &key);
    [[nodiscard]] bool equals(const WebhookSecret &other) const;

    QExplicitlySharedDataPointer<WebhookSecretData> d;
};

//! Shows whether there is a key, and nothing of it.
QANAT_HTTP_EXPORT QDebug operator<<(QDebug debug, const WebhookSecret &secret);

} // namespace Qanat

Q_DECLARE_METATYPE(Qanat::WebhookSecret)

#endif
