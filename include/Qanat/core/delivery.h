// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_DELIVERY_H
#define QANAT_CORE_DELIVERY_H

#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qmetatype.h>
#include <QtCore/qobjectdefs.h>
#include <QtCore/qshareddata.h>
#include <QtCore/qstring.h>

#include <chrono>

QT_BEGIN_NAMESPACE
class QDebug;
QT_END_NAMESPACE

namespace Qanat {

class DeliveryData;

/*!
 * The outcome of an event or of a run of events: a value.
 *
 * A success carries nothing. A failure carries a code for programs, a text for people (never a payload, a password or a
 * token), whether trying again can help, how long to wait at least, the status and the words of the other side, how often the
 * event was tried, and what caused it.
 *
 * Reading and copying is safe from any thread, as with every implicitly shared value of Qt.
 */
class QANAT_CORE_EXPORT Delivery
{
    Q_GADGET
public:
    //! What became of an event.
    enum class Outcome : quint8 {
        Delivered, //!< The sink took it.
        Filtered, //!< A success that did not touch the target.
        Dropped, //!< Given up for good; counted, named and signalled.
        Failed, //!< This attempt failed; canRetry() tells whether another can help.
        Untried, //!< Handed back without an attempt. No failure, and no strategy hears of it.
        Stored, //!< A durable queue keeps it safe and goes on with it, in this run of the program or in the next: it counts there.
    };
    Q_ENUM(Outcome)

    //! Why it failed, for programs. The keys are stable.
    enum class Error : quint8 {
        None, //!< There is no error.
        Closed, //!< The sink is closed. Terminal.
        Full, //!< A limit was reached.
        Invalid, //!< The event is invalid, see Event::errorText().
        NotPortable, //!< The event holds what cannot leave the process, see Event::portabilityError().
        Exception, //!< User code threw.
        Lost, //!< A completion was destroyed before it settled its events.
        Discarded, //!< Left over when the sink was closed. cause() is the last failure, if it was tried before.
        Unknown, //!< In flight when the sink was closed: may have arrived.
        Expired, //!< Too many attempts, or too old. cause() is the last failure.
        Refused, //!< The other side refused this event.
        Unavailable, //!< The other side answered that it cannot take events now.
        Misdirected, //!< The other side answers, but not as the service that was meant (moved, wrong credentials).
        Network, //!< No connection, or it was cut.
        Timeout, //!< No answer in time.
        Security, //!< The other side could not be authenticated, or the rules forbid to talk to it.
        Storage, //!< A disk or a file could not be written.
        Gone, //!< The other side wants no more events, ever.
        Other, //!< What a sink of the application reports.
    };
    Q_ENUM(Error)

    //! Whether trying the same event again can succeed.
    enum class Retry : quint8 { Never, CanHelp };
    Q_ENUM(Retry)

    //! A delivered outcome.
    Delivery() noexcept;
    //!@{
    //! Copying counts a reference. What was moved from can be assigned to or destroyed, no more.
    Delivery(const Delivery &other);
    Delivery(Delivery &&other) noexcept;
    Delivery &operator=(const Delivery &other);
    Delivery &operator=(Delivery &&other) noexcept;
    //!@}
    ~Delivery();

    //!@{
    //! An outcome that is no failure.
    [[nodiscard]] static Delivery delivered() noexcept { return Delivery(); }
    [[nodiscard]] static Delivery filtered() noexcept { return Delivery(Outcome::Filtered); }
    [[nodiscard]] static Delivery untried() noexcept { return Delivery(Outcome::Untried); }
    [[nodiscard]] static Delivery stored() noexcept { return Delivery(Outcome::Stored); }
    //!@}
    //! A failed attempt. \a text is shown to people: no payloads and no secrets.
    [[nodiscard]] static Delivery failed(Error error, const QString &text, Retry retry = Retry::CanHelp);
    //! A final failure.
    [[nodiscard]] static Delivery dropped(Error error, const QString &text);
    //! The answer of a sink that is closed.
    [[nodiscard]] static Delivery closed();

    //! The kind of outcome; the functions below ask the usual questions about it.
    [[nodiscard]] Outcome outcome() const noexcept { return m_outcome; }
    //! Delivered, filtered or stored.
    [[nodiscard]] bool isSuccess() const noexcept
    {
        return m_outcome <= Outcome::Filtered || m_outcome == Outcome::Stored;
    }
    //! Dropped or failed.
    [[nodiscard]] bool isFailure() const noexcept
    {
        return m_outcome == Outcome::Dropped || m_outcome == Outcome::Failed;
    }
    //! A failed attempt, or none, after which another one makes sense.
    [[nodiscard]] bool canRetry() const noexcept;
    //! Whether this or anything that caused it says that the sink is closed. Closed is terminal, however it is wrapped.
    [[nodiscard]] bool isClosed() const noexcept;

    //! The code of a failure; None of what is no failure.
    [[nodiscard]] Error error() const noexcept;
    //! The failure for people, in words that may change; empty where there is none.
    [[nodiscard]] QString errorText() const;
    //! The least time to wait before another attempt; zero if nothing was said about it.
    [[nodiscard]] std::chrono::milliseconds retryAfter() const noexcept;
    //! What the other side's protocol answered, as the status of HTTP; 0 if it did not answer, and of a success.
    [[nodiscard]] int status() const noexcept;
    //! What the other side said about it, or the beginning of that, for people who look for the cause: in its own words, which
    //! may be of any language, and hostile. toString() leaves it out.
    [[nodiscard]] QString answer() const;
    //! How often the event was tried; 0 where nobody counted.
    [[nodiscard]] int attempts() const noexcept;
    //! What led to this failure; a delivered outcome if nothing is known.
    [[nodiscard]] Delivery cause() const;

    //!@{
    //! Copies of a failure with one thing changed. On a success they change nothing.
    [[nodiscard]] Delivery withRetryAfter(std::chrono::milliseconds wait) const;
    [[nodiscard]] Delivery withStatus(int status) const;
    //! What no attribute of an event can hold (control characters and the like) becomes a blank.
    [[nodiscard]] Delivery withAnswer(const QString &answer) const;
    [[nodiscard]] Delivery withAttempts(int attempts) const;
    [[nodiscard]] Delivery withCause(const Delivery &cause) const;
    //!@}
    //! The same failure as a final one.
    [[nodiscard]] Delivery asDropped() const;

    //! One line for people: the outcome, and for a failure the code and its text.
    [[nodiscard]] QString toString() const;

    //! The worse of two outcomes: dropped or failed before stored before delivered before filtered. Of two that were dropped,
    //! or failed, it is the one that a disk caused; else \a one.
    [[nodiscard]] static const Delivery &worse(const Delivery &one, const Delivery &other) noexcept;

    friend bool operator==(const Delivery &one, const Delivery &other) { return one.equals(other); }
    friend bool operator!=(const Delivery &one, const Delivery &other) { return !one.equals(other); }

private:
    friend class DeliveryAccess;
    explicit Delivery(Outcome outcome) noexcept;
    bool equals(const Delivery &other) const;

    QExplicitlySharedDataPointer<DeliveryData> d;
    Outcome m_outcome = Outcome::Delivered;
};

//! Shows what toString() answers.
QANAT_CORE_EXPORT QDebug operator<<(QDebug debug, const Delivery &delivery);

} // namespace Qanat

Q_DECLARE_METATYPE(Qanat::Delivery)

#endif
