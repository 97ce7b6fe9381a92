// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Events in all formats. Input: JSON, CBOR, or an HTTP message: lines of headers, an empty one, and the body.

#include "fuzz.h"

#include <Qanat/Batch>
#include <Qanat/Event>
#include <Qanat/HttpMessage>

using namespace Qanat;

namespace {

// Equal to the byte: to QVariant an integer and a double may be equal.
bool areSame(const Event &one, const Event &other)
{
    return one == other && one.toCbor().value() == other.toCbor().value();
}

//! What was read from \a event as a format wrote it. Nothing where it does not write the event.
using Format = Result<HttpMessage> (*)(const Event &);
Result<Event> passedThrough(Format format, const Event &event)
{
    const Result<HttpMessage> message = format(event);
    if (!message)
        return Failure{message.errorText()};
    for (const auto &[name, value] : message->headers())
        FUZZ_CHECK(!Fuzz::breaksHeaders(name) && !Fuzz::breaksHeaders(value));
    const Result<QList<Event>> read = message->toEvents();
    FUZZ_CHECK(read && read->size() == 1);
    return read->first();
}

void checkCbor(const Event &event)
{
    const Result<QByteArray> cbor = event.toCbor();
    FUZZ_CHECK(cbor);
    const Result<Event> read = Event::fromCbor(*cbor);
    FUZZ_CHECK(read && areSame(*read, event));
}

//! \a isOfFormat: nothing is in it that the format does not have types for.
void checkFormat(Format format, const Event &event, bool isOfFormat)
{
    const Result<Event> once = passedThrough(format, event);
    FUZZ_CHECK(once || !isOfFormat);
    if (!once)
        return;
    FUZZ_CHECK(!isOfFormat || areSame(*once, event));
    const Result<Event> twice = passedThrough(format, *once);
    FUZZ_CHECK(twice && areSame(*twice, *once));
}

enum class Origin : quint8 { Structured, Binary, Cbor };

void checkEvent(const Event &event, Origin origin)
{
    FUZZ_CHECK(event.isValid() && event.isPortable());
    FUZZ_CHECK(event.estimatedSize() > 0);
    checkCbor(event);
    checkFormat(&HttpMessage::structured, event, origin == Origin::Structured);
    // Who does not say of what type the data is means JSON, and hears that it was.
    const bool isTyped = !event.data().isValid() || !event.dataContentType().isEmpty();
    checkFormat(&HttpMessage::binary, event, origin == Origin::Binary && isTyped);
    if (const Result<QByteArray> json = event.dataToJson()) {
        const Result<QVariant> data = Event::dataFromJson(*json);
        FUZZ_CHECK(data);
        Event other = event;
        other.setData(*data);
        FUZZ_CHECK(Event::dataFromJson(other.dataToJson().value()).value() == *data);
    }
}

void checkBatch(const QList<Event> &events)
{
    const Result<HttpMessage> message = HttpMessage::batched(Batch(events));
    FUZZ_CHECK(message);
    const Result<QList<Event>> read = message->toEvents();
    FUZZ_CHECK(read && *read == events);
}

//! Bytes, and text that is not JSON, are the body to the byte.
void checkBody(const HttpMessage &message, const Event &event)
{
    const int type = event.data().metaType().id();
    const bool isText = type == QMetaType::QString && event.dataContentType().startsWith(u"text/plain");
    if (type == QMetaType::QByteArray || isText)
        FUZZ_CHECK(HttpMessage::binary(event).value().body() == message.body());
}

HttpMessage messageOf(QByteArrayView input)
{
    QList<HttpMessage::Header> headers;
    while (!input.isEmpty()) {
        const QByteArrayView line = Fuzz::takeLine(input);
        if (line.isEmpty())
            break;
        const qsizetype colon = line.indexOf(':');
        if (colon >= 0)
            headers.emplace_back(line.first(colon).toByteArray(), line.sliced(colon + 1).trimmed().toByteArray());
    }
    return {headers, input.toByteArray()};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *data, std::size_t size)
{
    const QByteArrayView input = Fuzz::inputOf(data, size);
    if (const Result<Event> event = Event::fromJson(input))
        checkEvent(*event, Origin::Structured);
    if (const Result<Event> event = Event::fromCbor(input))
        checkEvent(*event, Origin::Cbor);

    const HttpMessage message = messageOf(input);
    const Result<QList<Event>> events = message.toEvents();
    FUZZ_CHECK(events.errorText().isEmpty() == bool(events));
    if (!events)
        return 0;
    const bool isBatch = message.header("Content-Type").toLower().contains("cloudevents-batch");
    const bool isStructured = isBatch || message.header("Content-Type").toLower().contains("cloudevents+json");
    for (const Event &event : *events)
        checkEvent(event, isStructured ? Origin::Structured : Origin::Binary);
    if (isBatch)
        checkBatch(*events);
    else if (!isStructured)
        checkBody(message, events->first());
    return 0;
}
