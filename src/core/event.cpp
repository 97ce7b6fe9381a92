// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/core/event.h>

#include "attributerules_p.h"
#include "event_p.h"
#include "eventvalue_p.h"
#include "hotpath_p.h"
#include "structure_p.h"
#include "text_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qdebug.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qurl.h>

#include <algorithm>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

// String based connections and SignalSource look the type up by its name.
[[maybe_unused]] const int metaTypeId = qRegisterMetaType<Event>();

QString sentence(QLatin1StringView subject, const char *reason)
{
    return reason ? subject + u' ' + Text::tr(reason) : QString();
}

const char *faultInExtension(const QString &name, const QVariant &value)
{
    const char *fault = AttributeRules::faultInExtensionName(name);
    return fault ? fault : AttributeRules::faultInExtensionValue(value);
}

QString sourceOfApplication()
{
    const QString name = QCoreApplication::applicationName();
    if (name.isEmpty())
        return u"/qanat"_s;
    return u'/' + QString::fromLatin1(QUrl::toPercentEncoding(name));
}

} // namespace

QString defaultSource()
{
    // Source and id together identify an event, so the source must not change while the process runs. Before there is an
    // application its name is not known yet. Never deleted: events outlive static objects.
    static std::atomic<const QString *> settled{nullptr};
    if (const QString *source = settled.load(std::memory_order_acquire))
        return *source;
    if (!QCoreApplication::instance())
        return sourceOfApplication();
    auto source = std::make_unique<const QString>(sourceOfApplication());
    const QString *expected = nullptr;
    if (settled.compare_exchange_strong(expected, source.get(), std::memory_order_acq_rel))
        expected = source.release();
    return *expected;
}

// EventData

EventData::EventData(const EventData &other)
    : faults(other.faults)
    , hasUuid(other.hasUuid)
    , uuid(other.uuid)
    , id(other.id)
    , timeMSecs(other.timeMSecs)
    , type(other.type)
    , source(other.source)
    , data(other.data)
    , details(other.details ? std::make_unique<EventDetails>(*other.details) : nullptr)
{
}

EventData *EventData::create()
{
    auto made = std::make_unique<EventData>();
    const Uuid7 fresh = makeUuid7();
    made->uuid = fresh.bytes;
    made->hasUuid = true;
    made->timeMSecs = fresh.wallClockMSecs;
    made->faults = TypeFault;
    return made.release();
}

void EventData::noteGivenUp(Event &event, quintptr mailbox)
{
    event.detached().ownDetails().givenUpBy.push_back(mailbox);
}

quintptr EventData::lastGivenUpBy(const Event &event)
{
    const EventDetails *details = event.d ? event.d->details.get() : nullptr;
    return details && !details->givenUpBy.empty() ? details->givenUpBy.back() : 0;
}

bool EventData::mayBeGivenUpBy(const Event &event, quintptr mailbox)
{
    constexpr size_t Most = 3;
    const EventDetails *details = event.d ? event.d->details.get() : nullptr;
    if (!details)
        return true;
    const std::vector<quintptr> &by = details->givenUpBy;
    return by.size() < Most && std::find(by.begin(), by.end(), mailbox) == by.end();
}

void EventData::notePosition(Event &event, const QByteArray &position)
{
    event.detached().ownDetails().position = position;
}

QByteArray EventData::positionOf(const Event &event)
{
    const EventDetails *details = event.d ? event.d->details.get() : nullptr;
    return details ? details->position : QByteArray();
}

void EventData::note(Fault fault, const char *reason)
{
    if (reason)
        faults = static_cast<quint16>(faults | fault);
    else
        faults = static_cast<quint16>(faults & ~fault);
}

EventDetails &EventData::ownDetails()
{
    if (!details)
        details = std::make_unique<EventDetails>();
    return *details;
}

void EventData::setDetail(QString EventDetails::*member, QString text)
{
    if (details || !text.isEmpty())
        ownDetails().*member = std::move(text);
}

void EventData::setId(QString newId)
{
    if (const auto bytes = uuidFromText(newId)) {
        uuid = *bytes;
        hasUuid = true;
        id.clear();
        note(IdFault, nullptr);
        return;
    }
    hasUuid = false;
    id = std::move(newId);
    note(IdFault, AttributeRules::faultInRequiredText(id));
}

void EventData::setType(QString newType)
{
    type = std::move(newType);
    note(TypeFault, AttributeRules::faultInRequiredText(type));
}

void EventData::setSource(QString newSource)
{
    source = std::move(newSource);
    note(SourceFault, source.isEmpty() ? nullptr : AttributeRules::faultInUriReference(source));
}

void EventData::setSubject(QString subject)
{
    note(SubjectFault, AttributeRules::faultInText(subject));
    setDetail(&EventDetails::subject, std::move(subject));
}

void EventData::clearTime()
{
    timeMSecs = NoTime;
    setDetail(&EventDetails::timeText, {});
}

void EventData::setTime(const QDateTime &newTime)
{
    clearTime();
    note(TimeFault, nullptr);
    if (newTime.isNull())
        return;
    const auto timestamp = Timestamp::fromDateTime(newTime);
    if (!timestamp) {
        note(TimeFault, "is not a time in the years 0 to 9999");
        return;
    }
    timeMSecs = timestamp->msecs;
    if (timestamp->offsetSeconds == 0)
        return;
    ownDetails().timeText = timestamp->toText();
    details->timeOffsetSeconds = timestamp->offsetSeconds;
}

bool EventData::setTimeText(const QString &text)
{
    const auto timestamp = Timestamp::fromText(text);
    if (!timestamp)
        return false;
    clearTime();
    note(TimeFault, nullptr);
    timeMSecs = timestamp->msecs;
    if (timestamp->offsetSeconds == 0 && timestamp->toText() == text)
        return true;
    ownDetails().timeText = text;
    details->timeOffsetSeconds = timestamp->offsetSeconds;
    return true;
}

void EventData::setDataContentType(QString contentType)
{
    note(DataContentTypeFault, contentType.isEmpty() ? nullptr : AttributeRules::faultInMediaType(contentType));
    setDetail(&EventDetails::dataContentType, std::move(contentType));
}

void EventData::setDataSchema(QString uri)
{
    note(DataSchemaFault, uri.isEmpty() ? nullptr : AttributeRules::faultInUri(uri));
    setDetail(&EventDetails::dataSchema, std::move(uri));
}

void EventData::setExtension(const QString &name, const QVariant &value)
{
    if (!value.isValid() && !details)
        return;
    QVariantMap &extensions = ownDetails().extensions;
    const auto old = extensions.constFind(name);
    const bool mayMend = old != extensions.cend() && faultInExtension(name, *old);
    if (!value.isValid()) {
        extensions.remove(name);
        if (name == u"deadlettersink") // It is no dead letter any more, and anybody may give it up anew.
            details->givenUpBy.clear();
    } else {
        extensions.insert(name, value);
    }
    if (!mayMend) {
        if (const char *fault = value.isValid() ? faultInExtension(name, value) : nullptr)
            note(ExtensionFault, fault);
        return;
    }
    note(ExtensionFault, nullptr);
    for (auto it = details->extensions.cbegin(); it != details->extensions.cend(); ++it) {
        if (const char *fault = faultInExtension(it.key(), it.value()))
            note(ExtensionFault, fault);
    }
}

QString EventData::timeText() const
{
    if (timeMSecs == NoTime)
        return {};
    if (details && !details->timeText.isEmpty())
        return details->timeText;
    Timestamp timestamp;
    timestamp.msecs = timeMSecs;
    return timestamp.toText();
}

QString EventData::errorText() const
{
    using namespace AttributeRules;
    if (faults & TypeFault)
        return sentence("type"_L1, faultInRequiredText(type));
    if (faults & IdFault)
        return sentence("id"_L1, faultInRequiredText(id));
    if (faults & SourceFault)
        return sentence("source"_L1, faultInUriReference(source));
    if (faults & SubjectFault)
        return sentence("subject"_L1, faultInText(details->subject));
    if (faults & TimeFault)
        return sentence("time"_L1, "is not a time in the years 0 to 9999");
    if (faults & DataContentTypeFault)
        return sentence("datacontenttype"_L1, faultInMediaType(details->dataContentType));
    if (faults & DataSchemaFault)
        return sentence("dataschema"_L1, faultInUri(details->dataSchema));
    if (faults & ExtensionFault) {
        for (auto it = details->extensions.cbegin(); it != details->extensions.cend(); ++it) {
            if (const char *fault = faultInExtension(it.key(), it.value()))
                return u"extension "_s + printableKey(it.key()) + u' ' + QLatin1StringView(fault);
        }
    }
    return {};
}

// Event

Event::Event(QString type, QVariant data)
    : d(EventData::create())
{
    d->setType(std::move(type));
    d->data = std::move(data);
}

QANAT_HOT_PATH Event::Event(const Event &other) noexcept
    : d(other.d)
{
    if (d)
        d->references.fetch_add(1, std::memory_order_relaxed);
}

Event &Event::operator=(const Event &other) noexcept
{
    Event copy(other);
    swap(copy);
    return *this;
}

void Event::release(EventData *data, int count) noexcept
{
    if (data->references.fetch_sub(count, std::memory_order_acq_rel) == count)
        delete data;
}

EventData &Event::detached()
{
    if (!d) {
        d = EventData::create();
    } else if (d->references.load(std::memory_order_acquire) != 1) {
        auto *copy = new EventData(*d);
        release(d);
        d = copy;
    } else {
        d->estimatedSize.store(0, std::memory_order_relaxed);
    }
    return *d;
}

QString Event::id() const
{
    return d ? d->idText() : QString();
}

QString Event::type() const
{
    return d ? d->type : QString();
}

QStringView Event::typeView() const noexcept
{
    return d ? QStringView(d->type) : QStringView();
}

QString Event::source() const
{
    if (!d)
        return {};
    return d->source.isEmpty() ? defaultSource() : d->source;
}

QString Event::subject() const
{
    return d && d->details ? d->details->subject : QString();
}

QDateTime Event::time() const
{
    if (!d || d->timeMSecs == EventData::NoTime)
        return {};
    Timestamp timestamp;
    timestamp.msecs = d->timeMSecs;
    if (d->details && !d->details->timeText.isEmpty())
        timestamp.offsetSeconds = d->details->timeOffsetSeconds;
    return timestamp.toDateTime();
}

QString Event::timeText() const
{
    return d ? d->timeText() : QString();
}

QString Event::dataContentType() const
{
    return d && d->details ? d->details->dataContentType : QString();
}

QString Event::dataSchema() const
{
    return d && d->details ? d->details->dataSchema : QString();
}

QVariant Event::data() const
{
    return d ? d->data : QVariant();
}

QVariant Event::extension(const QString &name) const
{
    return d && d->details ? d->details->extensions.value(name) : QVariant();
}

QVariantMap Event::extensions() const
{
    return d && d->details ? d->details->extensions : QVariantMap();
}

void Event::setId(QString id)
{
    detached().setId(std::move(id));
}

void Event::setType(QString type)
{
    detached().setType(std::move(type));
}

void Event::setSource(QString source)
{
    detached().setSource(std::move(source));
}

void Event::setSubject(QString subject)
{
    detached().setSubject(std::move(subject));
}

void Event::setTime(const QDateTime &time)
{
    detached().setTime(time);
}

void Event::setDataContentType(QString type)
{
    detached().setDataContentType(std::move(type));
}

void Event::setDataSchema(QString uri)
{
    detached().setDataSchema(std::move(uri));
}

void Event::setData(QVariant data)
{
    EventData &own = detached();
    own.data = std::move(data);
    own.portability.store(EventData::Portability::Unknown, std::memory_order_relaxed);
}

void Event::setExtension(const QString &name, const QVariant &value)
{
    detached().setExtension(name, value);
}

QANAT_HOT_PATH bool Event::isValid() const noexcept
{
    return d && !d->hasFaults();
}

QString Event::errorText() const
{
    return d ? d->errorText() : Text::tr("the event is empty");
}

bool Event::isPortable() const
{
    using Portability = EventData::Portability;
    if (!d)
        return true;
    Portability known = d->portability.load(std::memory_order_relaxed);
    if (known == Portability::Unknown) {
        known = findPortabilityFault(d->data).isEmpty() ? Portability::Portable : Portability::NotPortable;
        d->portability.store(known, std::memory_order_relaxed);
    }
    return known == Portability::Portable;
}

QString Event::portabilityError() const
{
    return isPortable() ? QString() : findPortabilityFault(d->data);
}

QString Event::typeOf(QMetaType type)
{
    if (const QMetaObject *const meta = type.metaObject()) {
        const int info = meta->indexOfClassInfo("EventType");
        if (info >= 0)
            return QString::fromUtf8(meta->classInfo(info).value());
    }
    return QString::fromLatin1(type.name()).replace(u"::"_s, u"."_s);
}

Result<QVariant> Event::valueAs(QMetaType type) const
{
    return Structure::fromParts(data(), type, ValuePath{nullptr, u"data", -1});
}

qsizetype Event::estimatedSize() const
{
    if (!d)
        return 0;
    quint32 size = d->estimatedSize.load(std::memory_order_relaxed);
    if (size == 0) {
        size = static_cast<quint32>(std::min<qsizetype>(estimateEventSize(*d), std::numeric_limits<quint32>::max()));
        d->estimatedSize.store(size, std::memory_order_relaxed);
    }
    return size;
}

bool Event::equals(const Event &other) const
{
    if (d == other.d)
        return true;
    // An empty event has no id and no time, which an event of any setter has.
    if (!d || !other.d)
        return false;
    const bool sameId = d->hasUuid && other.d->hasUuid ? d->uuid == other.d->uuid : id() == other.id();
    return sameId && d->type == other.d->type && source() == other.source() && d->timeMSecs == other.d->timeMSecs
           && timeText() == other.timeText() && subject() == other.subject()
           && dataContentType() == other.dataContentType() && dataSchema() == other.dataSchema()
           && extensions() == other.extensions() && d->data == other.d->data;
}

QDebug operator<<(QDebug debug, const Event &event)
{
    const QDebugStateSaver saver(debug);
    debug.nospace() << "Qanat::Event(" << event.type() << ", " << event.id() << ')';
    return debug;
}

} // namespace Qanat
