// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_WEBHOOKSIGNATURE_H
#define QANAT_HTTP_WEBHOOKSIGNATURE_H

#include <Qanat/http/qanathttp_export.h>
#include <Qanat/http/webhooksecret.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearrayview.h>
#include <QtCore/qlist.h>
#include <QtCore/qobjectdefs.h>
#include <QtCore/qstring.h>

#include <chrono>
#include <utility>

namespace Qanat {

/*!
 * The signature of a webhook, made and verified as Standard Webhooks 1.0.0 says (verifying webhook authenticity), with
 * symmetric keys. It proves that who sent the message knows a secret, and that nobody changed its id, timestamp or body.
 *
 * \code
 * const auto verdict = WebhookSignature::verify({secret}, headers, body, now);
 * if (verdict != WebhookSignature::Verdict::Valid)
 *     qWarning() << WebhookSignature::verdictText(verdict);
 * \endcode
 *
 * A message that was recorded can be sent again until its timestamp is too old: a receiver remembers the ids it has seen for
 * twice the tolerance, and takes each one once.
 *
 * Signatures with asymmetric keys (`v1a`) are neither made nor verified.
 *
 * All functions are safe from any thread.
 */
class QANAT_HTTP_EXPORT WebhookSignature
{
    Q_GADGET
public:
    //! What a verification found.
    enum class Verdict : quint8 {
        NoMatch, //!< No signature was made with any of the secrets over this id, timestamp and body.
        MissingHeader, //!< `webhook-id`, `webhook-timestamp` or `webhook-signature` is not there.
        InvalidHeader, //!< One of them is there twice or empty, or the timestamp is no number of seconds.
        TooOld, //!< The timestamp is further in the past than the tolerance.
        TooNew, //!< The timestamp is further in the future than the tolerance.
        Valid, //!< A signature was made with one of the secrets, over this id, timestamp and body.
    };
    Q_ENUM(Verdict)

    WebhookSignature() = delete;

    /*!
     * The value of `webhook-signature` for one attempt to send \a body: what WebhookSecret::sign() answers for each of
     * \a secrets, separated by blanks. Two secrets, the new and the old one, are for the time in which a key is replaced.
     * Null secrets are passed over; without any other it is empty.
     *
     * The same \a id and \a timestamp, as decimal seconds, belong into `webhook-id` and `webhook-timestamp`. The timestamp is
     * that of the attempt, so a new one each time; the id stays.
     */
    [[nodiscard]] static QByteArray value(const QList<WebhookSecret> &secrets, QByteArrayView id,
                                          std::chrono::seconds timestamp, QByteArrayView body);

    /*!
     * Verifies what was received: \a headers with names in any case, of which all but three are passed over, and \a body byte
     * for byte, before anything reads it. Their values are taken as they are, so without blanks at their ends (RFC 9110, 5.5).
     *
     * \a now is the wall clock as seconds since 1970-01-01T00:00:00Z; the timestamp may be before or after it by \a tolerance,
     * which counts as 0 if negative.
     *
     * One signature of version `v1` that fits one of \a secrets is enough; other versions are passed over, and so are null
     * secrets. Signatures are compared in constant time. Headers are judged first: without secrets, a message that is otherwise
     * well-formed and in time is a NoMatch.
     *
     * Safe against hostile input: no more than the first 32 signatures are looked at, and the body is hashed once for each
     * secret at most, and only if one of them could fit. Nothing of it is copied.
     */
    [[nodiscard]] static Verdict verify(const QList<WebhookSecret> &secrets,
                                        const QList<std::pair<QByteArray, QByteArray>> &headers, QByteArrayView body,
                                        std::chrono::seconds now,
                                        std::chrono::seconds tolerance = std::chrono::minutes(5));

    //! The verdict in words for people, which may change.
    [[nodiscard]] static QString verdictText(Verdict verdict);
};

} // namespace Qanat

#endif
