// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "eventassembler_p.h"

#include "eventvalue_p.h"
#include "text_p.h"

#include <limits>

namespace Qanat {

using namespace Qt::StringLiterals;

namespace {

struct TextAttribute
{
    QLatin1StringView name;
    void (EventData::*set)(QString);
};

constexpr TextAttribute textAttributes[] = {
    {QLatin1StringView("id"), &EventData::setId},
    {QLatin1StringView("type"), &EventData::setType},
    {QLatin1StringView("source"), &EventData::setSource},
    {QLatin1StringView("subject"), &EventData::setSubject},
    {QLatin1StringView("datacontenttype"), &EventData::setDataContentType},
    {QLatin1StringView("dataschema"), &EventData::setDataSchema},
};

bool isAttribute(const QString &name)
{
    for (const TextAttribute &attribute : textAttributes) {
        if (name == attribute.name)
            return true;
    }
    return name == "specversion"_L1 || name == "time"_L1;
}

bool isInt32(qlonglong value) noexcept
{
    return value >= std::numeric_limits<qint32>::min() && value <= std::numeric_limits<qint32>::max();
}

} // namespace

EventAssembler::EventAssembler()
    : m_event(std::make_unique<EventData>())
{
}

bool EventAssembler::fail(const QString &text)
{
    m_errorText = text;
    return false;
}

bool EventAssembler::add(const QString &name, QVariant value)
{
    if (name == "data"_L1)
        return addData(std::move(value));
    if (value.metaType().id() == QMetaType::Nullptr)
        return true;
    if (!isAttribute(name))
        return addExtension(name, std::move(value));
    if (value.metaType().id() != QMetaType::QString)
        return fail(name + " is not a string"_L1);
    QString text = value.toString();
    if (text.isEmpty())
        return fail(name + " is empty"_L1);
    return addText(name, std::move(text));
}

bool EventAssembler::addText(const QString &name, QString text)
{
    if (name == "specversion"_L1) {
        m_hasVersion = true;
        return text == "1.0"_L1 || fail(Text::tr("specversion is not 1.0"));
    }
    if (name == "time"_L1)
        return m_event->setTimeText(text) || fail(Text::tr("time is not a time by RFC 3339"));
    for (const TextAttribute &attribute : textAttributes) {
        if (name == attribute.name) {
            (m_event.get()->*attribute.set)(std::move(text));
            break;
        }
    }
    return true;
}

bool EventAssembler::addExtension(const QString &name, QVariant value)
{
    if (value.metaType().id() == QMetaType::LongLong) {
        if (!isInt32(value.toLongLong()))
            return fail(u"extension "_s + printableKey(name) + " is an integer that does not fit into 32 bits"_L1);
        value = value.toInt();
    }
    m_event->setExtension(name, value);
    return true;
}

bool EventAssembler::addData(QVariant data)
{
    if (m_event->data.isValid())
        return fail(Text::tr("data and data_base64 are both there"));
    m_event->data = std::move(data);
    return true;
}

Result<Event> EventAssembler::finish()
{
    const auto missing = [](QLatin1StringView name) { return Failure{Text::tr("%1 is missing").arg(name)}; };
    if (!m_hasVersion)
        return missing("specversion"_L1);
    if (!m_event->hasUuid && m_event->id.isEmpty())
        return missing("id"_L1);
    if (m_event->source.isEmpty())
        return missing("source"_L1);
    if (m_event->type.isEmpty())
        return missing("type"_L1);
    if (m_event->hasFaults())
        return Failure{m_event->errorText()};
    const QString fault = findPortabilityFault(m_event->data);
    if (!fault.isEmpty())
        return Failure{fault};
    m_event->portability.store(EventData::Portability::Portable, std::memory_order_relaxed);
    return EventData::toEvent(std::move(m_event));
}

} // namespace Qanat
