// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_ANSWERPROFILE_H
#define QANAT_HTTP_ANSWERPROFILE_H

#include <Qanat/core/result.h>
#include <Qanat/http/qanathttp_export.h>

#include <QtCore/qmetatype.h>
#include <QtCore/qobjectdefs.h>
#include <QtCore/qshareddata.h>
#include <QtCore/qstringlist.h>

namespace Qanat {

class AnswerProfileData;

/*!
 * How the status of an answer is read: a value.
 *
 * \code
 * // This service answers 409 to what it has already.
 * http->setAnswerProfile(AnswerProfile().withReading(409, AnswerProfile::Reading::Delivered));
 * \endcode
 *
 * | status | the default | otlp | standard-webhooks |
 * |---|---|---|---|
 * | 200-299 | delivered | delivered | delivered |
 * | 408 425 500 and other 5xx, 600-999 (RFC 9110, 15) | passing | payload | passing |
 * | 429 502 503 504 | passing | passing | passing |
 * | 400 409 412 413 414 416 417 418 422 and other 4xx | payload | payload | passing |
 * | 1xx 3xx 401-407 411 415 421 431 451 501 505 511 | endpoint | endpoint (1xx, 3xx), payload | passing |
 * | 410 | gone | payload | gone |
 *
 * What is no answer at all (no name, no connection, cut, too late) is a passing fault by each of them.
 *
 * Sources: the OTLP specification, OTLP/HTTP response; the Standard Webhooks specification, delivery. Reading and copying is
 * safe from any thread.
 */
class QANAT_HTTP_EXPORT AnswerProfile
{
    Q_GADGET
public:
    //! What a status means.
    enum class Reading : quint8 {
        Delivered, //!< The other side has taken the event.
        PassingFault, //!< It cannot take events now: the same is sent again, after a wait.
        PayloadFault, //!< It refuses this event, and always will. Of a batch the event is searched for.
        EndpointFault, //!< It is not the service that was meant, or not with these credentials: events wait until somebody has mended that.
        Gone, //!< It wants no more events, ever.
    };
    Q_ENUM(Reading)

    //! The default.
    AnswerProfile();
    //!@{
    //! Copying counts a reference. What was moved from can be assigned to or destroyed, no more.
    AnswerProfile(const AnswerProfile &other);
    AnswerProfile(AnswerProfile &&other) noexcept;
    AnswerProfile &operator=(const AnswerProfile &other);
    AnswerProfile &operator=(AnswerProfile &&other) noexcept;
    //!@}
    ~AnswerProfile();

    //! For receivers of OpenTelemetry.
    [[nodiscard]] static AnswerProfile otlp();
    //! For receivers that follow Standard Webhooks.
    [[nodiscard]] static AnswerProfile standardWebhooks();
    //! The one of that name: "default", "otlp" or "standard-webhooks".
    [[nodiscard]] static Result<AnswerProfile> named(const QString &name);
    //! All of these.
    [[nodiscard]] static QStringList names();

    //! Its name; the one that it was made from, where something was changed.
    [[nodiscard]] QString name() const;

    //! What \a status means.
    [[nodiscard]] Reading reading(int status) const;
    //! The same profile with another meaning of \a status, which is from 100 to 999; any other changes nothing.
    [[nodiscard]] AnswerProfile withReading(int status, Reading reading) const;

    //! So many single events refused one after the other, with none delivered between, are a fault of the endpoint and not
    //! theirs: 10 by the default, 0, which is never, by the others.
    [[nodiscard]] int refusalLimit() const;
    //! The same profile with another limit; a negative one counts as 0.
    [[nodiscard]] AnswerProfile withRefusalLimit(int events) const;

    friend bool operator==(const AnswerProfile &one, const AnswerProfile &other) { return one.equals(other); }
    friend bool operator!=(const AnswerProfile &one, const AnswerProfile &other) { return !one.equals(other); }

private:
    explicit AnswerProfile(AnswerProfileData *data);
    bool equals(const AnswerProfile &other) const;

    QSharedDataPointer<AnswerProfileData> d;
};

} // namespace Qanat

Q_DECLARE_METATYPE(Qanat::AnswerProfile)

#endif
