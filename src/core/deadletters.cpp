// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/deadletters.h"

#include "Qanat/core/clock.h"
#include "attributerules_p.h"
#include "deadletter_p.h"
#include "event_p.h"
#include "logging_p.h"
#include "sink_p.h"
#include "timestamp_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>

#include <algorithm>
#include <deque>
#include <mutex>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

QEvent::Type changedEvent()
{
    static const auto type = QEvent::Type(QEvent::registerEventType());
    return type;
}

} // namespace

DeadLetter DeadLetter::fromEvent(const Event &event)
{
    DeadLetter letter;
    letter.event = event;
    const auto take = [&letter, &event](const QString &name) {
        const QVariant value = event.extension(name);
        if (value.isValid())
            letter.event.setExtension(name, {});
        return value;
    };
    letter.sink = take(u"deadlettersink"_s).toString();
    letter.reason = take(u"deadletterreason"_s).toString();
    letter.attempts = take(u"deadletterattempts"_s).toInt();
    letter.status = take(u"deadletterstatus"_s).toInt();
    letter.answer = take(u"deadletteranswer"_s).toString();
    bool isKnown = false;
    const QByteArray key = take(u"deadlettererror"_s).toString().toLatin1();
    const int error = QMetaEnum::fromType<Delivery::Error>().keyToValue(key.constData(), &isKnown);
    letter.error = isKnown ? Delivery::Error(error) : Delivery::Error::None;
    return letter;
}

DeadLetter deadLetterOf(const Delivery &delivery, const QString &sink)
{
    const Delivery cause = delivery.cause().isFailure() ? delivery.cause() : delivery;
    DeadLetter letter;
    letter.sink = sink;
    // That a close came says more about the event than what went before.
    letter.error = delivery.error() == Delivery::Error::Discarded ? delivery.error() : cause.error();
    letter.reason = delivery.toString();
    letter.attempts = std::max(delivery.attempts(), cause.attempts());
    letter.status = cause.status();
    letter.answer = cause.answer();
    return letter;
}

Event DeadLetter::toEvent() const
{
    Event marked = event;
    // What sinks of the application say is in their own words.
    const auto markText = [&marked](const QString &name, const QString &text) {
        if (!text.isEmpty())
            marked.setExtension(name, AttributeRules::replacingFaults(text));
    };
    markText(u"deadletterreason"_s, reason);
    if (error != Delivery::Error::None)
        markText(u"deadlettererror"_s,
                 QString::fromLatin1(QMetaEnum::fromType<Delivery::Error>().valueToKey(int(error))));
    marked.setExtension(u"deadletterattempts"_s, attempts);
    if (status != 0)
        marked.setExtension(u"deadletterstatus"_s, status);
    markText(u"deadletteranswer"_s, answer);
    markText(u"deadlettersink"_s, sink);
    return marked;
}

class DeadLettersPrivate
{
public:
    explicit DeadLettersPrivate(qsizetype most)
        : capacity(std::max(most, qsizetype(1)))
    {
    }

    // With the mutex.
    auto find(quint64 number)
    {
        return std::find_if(letters.begin(), letters.end(),
                            [number](const DeadLetter &letter) { return letter.number == number; });
    }

    // The object lives at least as long as whoever calls it.
    void tell(QObject *object)
    {
        if (!isTold.exchange(true))
            QCoreApplication::postEvent(object, new QEvent(changedEvent()));
    }

    const qsizetype capacity;
    mutable std::mutex mutex;
    std::deque<DeadLetter> letters;
    quint64 lastNumber = 0;
    qint64 lost = 0;
    bool isWarned = false;
    std::atomic<bool> isTold{false};
};

DeadLetters::DeadLetters(qsizetype capacity, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<DeadLettersPrivate>(capacity))
{
}

DeadLetters::~DeadLetters() = default;

qsizetype DeadLetters::capacity() const
{
    return d->capacity;
}

qsizetype DeadLetters::count() const
{
    const std::lock_guard lock(d->mutex);
    return qsizetype(d->letters.size());
}

qint64 DeadLetters::lost() const
{
    const std::lock_guard lock(d->mutex);
    return d->lost;
}

QList<DeadLetter> DeadLetters::letters() const
{
    const std::lock_guard lock(d->mutex);
    return {d->letters.begin(), d->letters.end()};
}

WriteResult::Status DeadLetters::sendAgain(quint64 number, Sink *sink)
{
    DeadLetter letter;
    DeadLetter oldest; // Destroyed without the mutex.
    {
        // Out of the list first: it may be back before write() has returned.
        const std::lock_guard lock(d->mutex);
        const auto place = d->find(number);
        if (place == d->letters.end() || !sink || sink == this)
            return WriteResult::Status::Invalid;
        letter = std::move(*place);
        d->letters.erase(place);
    }
    const WriteResult result = sink->write(letter.event);
    if (!result) {
        const std::lock_guard lock(d->mutex);
        const auto isLater = [number](const DeadLetter &other) { return other.number > number; };
        d->letters.insert(std::find_if(d->letters.begin(), d->letters.end(), isLater), std::move(letter));
        // Others have come meanwhile.
        if (qsizetype(d->letters.size()) > d->capacity) {
            oldest = std::move(d->letters.front());
            d->letters.pop_front();
            ++d->lost;
        }
    }
    d->tell(this);
    return result.status();
}

qsizetype DeadLetters::sendAllAgain(Sink *sink)
{
    // Those that are there now: what comes back meanwhile is not sent a second time.
    qsizetype count = 0;
    const QList<DeadLetter> all = letters();
    for (const DeadLetter &letter : all) {
        const WriteResult::Status status = sendAgain(letter.number, sink);
        if (status == WriteResult::Status::Accepted)
            ++count;
        else if (status != WriteResult::Status::Invalid)
            break;
    }
    return count;
}

bool DeadLetters::remove(quint64 number)
{
    DeadLetter old; // Destroyed without the mutex.
    const std::lock_guard lock(d->mutex);
    const auto place = d->find(number);
    if (place == d->letters.end())
        return false;
    old = std::move(*place);
    d->letters.erase(place);
    d->tell(this);
    return true;
}

qsizetype DeadLetters::clear()
{
    std::deque<DeadLetter> letters;
    {
        const std::lock_guard lock(d->mutex);
        letters.swap(d->letters);
        d->tell(this);
    }
    return qsizetype(letters.size());
}

void DeadLetters::process(const Batch &batch, Completion completion)
{
    const std::chrono::milliseconds time = clock()->wallClock();
    std::deque<DeadLetter> old; // Destroyed without the mutex.
    bool mustWarn = false;
    for (const Event &event : batch) {
        DeadLetter letter = DeadLetter::fromEvent(event);
        letter.by = EventData::lastGivenUpBy(event);
        letter.time = Timestamp{time.count()}.toDateTime();
        const std::lock_guard lock(d->mutex);
        letter.number = ++d->lastNumber;
        d->letters.push_back(std::move(letter));
        if (qsizetype(d->letters.size()) > d->capacity) {
            old.push_back(std::move(d->letters.front()));
            d->letters.pop_front();
            ++d->lost;
            mustWarn = mustWarn || !std::exchange(d->isWarned, true);
        }
    }
    if (mustWarn) {
        qCWarning(qanatSink,
                  "%ls: more than %lld dead letters: the oldest are lost from now on, and lost() counts them",
                  qUtf16Printable(SinkAccess::label(*this)), qlonglong(d->capacity));
    }
    d->tell(this);
    completion.settleAll(Delivery::delivered());
}

bool DeadLetters::event(QEvent *event)
{
    if (event->type() != changedEvent())
        return Sink::event(event);
    d->isTold = false;
    Q_EMIT changed(QPrivateSignal());
    return true;
}

} // namespace Qanat
