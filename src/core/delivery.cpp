// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "delivery_p.h"

#include "attributerules_p.h"
#include "text_p.h"

#include <QtCore/qdebug.h>
#include <QtCore/qmetaobject.h>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

template<typename Enum>
QString keyOf(Enum value)
{
    return QString::fromLatin1(QMetaEnum::fromType<Enum>().valueToKey(static_cast<int>(value)));
}

int badness(const Delivery &delivery)
{
    // A disk that fails concerns more than the event that it failed with.
    const int isOfStorage = delivery.error() == Delivery::Error::Storage;
    switch (delivery.outcome()) {
    case Delivery::Outcome::Filtered:
        return 0;
    case Delivery::Outcome::Delivered:
        return 1;
    case Delivery::Outcome::Stored:
        return 2;
    case Delivery::Outcome::Untried:
        return 3;
    case Delivery::Outcome::Failed:
        return 4 + isOfStorage;
    case Delivery::Outcome::Dropped:
        return 6 + isOfStorage;
    }
    Q_UNREACHABLE();
}

template<typename Change>
Delivery changed(const Delivery &delivery, QExplicitlySharedDataPointer<DeliveryData> Delivery::*data, Change change)
{
    Delivery copy = delivery;
    if (copy.*data) {
        (copy.*data).detach();
        change(*(copy.*data));
    }
    return copy;
}

} // namespace

Delivery::Delivery() noexcept = default;
Delivery::Delivery(Outcome outcome) noexcept
    : m_outcome(outcome)
{
}
Delivery::Delivery(const Delivery &other) = default;
Delivery::Delivery(Delivery &&other) noexcept = default;
Delivery &Delivery::operator=(const Delivery &other) = default;
Delivery &Delivery::operator=(Delivery &&other) noexcept = default;
Delivery::~Delivery() = default;

Delivery Delivery::failed(Error error, const QString &text, Retry retry)
{
    Delivery delivery(Outcome::Failed);
    delivery.d.reset(new DeliveryData);
    delivery.d->error = error;
    delivery.d->text = text;
    delivery.d->retry = retry;
    return delivery;
}

Delivery Delivery::dropped(Error error, const QString &text)
{
    return failed(error, text, Retry::Never).asDropped();
}

Delivery Delivery::closed()
{
    static const Delivery closed = failed(Error::Closed, Text::tr("the sink is closed"), Retry::Never);
    return closed;
}

bool Delivery::canRetry() const noexcept
{
    return m_outcome == Outcome::Untried || (m_outcome == Outcome::Failed && d && d->retry == Retry::CanHelp);
}

bool Delivery::isClosed() const noexcept
{
    for (const Delivery *delivery = this; delivery && delivery->d; delivery = delivery->d->cause.get()) {
        if (delivery->d->error == Error::Closed)
            return true;
    }
    return false;
}

Delivery::Error Delivery::error() const noexcept
{
    return d ? d->error : Error::None;
}

QString Delivery::errorText() const
{
    return d ? d->text : QString();
}

std::chrono::milliseconds Delivery::retryAfter() const noexcept
{
    return d ? d->retryAfter : std::chrono::milliseconds(0);
}

int Delivery::status() const noexcept
{
    return d ? d->status : 0;
}

QString Delivery::answer() const
{
    return d ? d->answer : QString();
}

int Delivery::attempts() const noexcept
{
    return d ? d->attempts : 0;
}

Delivery Delivery::cause() const
{
    return d && d->cause ? *d->cause : Delivery();
}

Delivery Delivery::withRetryAfter(std::chrono::milliseconds wait) const
{
    return changed(*this, &Delivery::d, [wait](DeliveryData &data) { data.retryAfter = wait; });
}

Delivery Delivery::withStatus(int status) const
{
    return changed(*this, &Delivery::d, [status](DeliveryData &data) { data.status = status; });
}

Delivery Delivery::withAnswer(const QString &answer) const
{
    return changed(*this, &Delivery::d,
                   [&answer](DeliveryData &data) { data.answer = AttributeRules::replacingFaults(answer); });
}

Delivery Delivery::withAttempts(int attempts) const
{
    return changed(*this, &Delivery::d, [attempts](DeliveryData &data) { data.attempts = attempts; });
}

Delivery Delivery::withCause(const Delivery &cause) const
{
    return changed(*this, &Delivery::d,
                   [&cause](DeliveryData &data) { data.cause = std::make_unique<Delivery>(cause); });
}

Delivery Delivery::asDropped() const
{
    if (!isFailure())
        return *this;
    Delivery dropped = changed(*this, &Delivery::d, [](DeliveryData &data) { data.retry = Retry::Never; });
    dropped.m_outcome = Outcome::Dropped;
    return dropped;
}

QString Delivery::toString() const
{
    QString line = keyOf(m_outcome).toLower();
    if (d) {
        line += u": "_s + d->text + u" ("_s + keyOf(d->error);
        if (d->status)
            line += u", status "_s + QString::number(d->status);
        if (d->attempts)
            line += u", attempt "_s + QString::number(d->attempts);
        line += u')';
        if (d->cause)
            line += u"; before: "_s + d->cause->toString();
    }
    return line;
}

const Delivery &Delivery::worse(const Delivery &one, const Delivery &other) noexcept
{
    return badness(other) > badness(one) ? other : one;
}

bool Delivery::equals(const Delivery &other) const
{
    if (m_outcome != other.m_outcome || bool(d) != bool(other.d))
        return false;
    if (d == other.d)
        return true;
    return d->error == other.d->error && d->text == other.d->text && d->answer == other.d->answer
           && d->retry == other.d->retry && d->retryAfter == other.d->retryAfter && d->status == other.d->status
           && d->attempts == other.d->attempts && cause() == other.cause();
}

QDebug operator<<(QDebug debug, const Delivery &delivery)
{
    const QDebugStateSaver saver(debug);
    debug.nospace().noquote() << "Delivery(" << delivery.toString() << ')';
    return debug;
}

} // namespace Qanat
