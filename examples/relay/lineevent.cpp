// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "lineevent.h"

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Relay {

Result<Event> eventFromLine(QByteArrayView line, const Origin &origin)
{
    // Most lines are read once only: as a CloudEvent where they can be one (the name may hide behind \u escapes), else as data.
    const bool mayBeCloudEvent = line.contains("specversion") || line.contains('\\');
    Result<Event> cloudEvent = Failure{};
    if (mayBeCloudEvent) {
        cloudEvent = Event::fromJson(line);
        if (cloudEvent)
            return cloudEvent;
    }
    Result<QVariant> data = Event::dataFromJson(line);
    if (mayBeCloudEvent && data && data->toMap().contains(u"specversion"_s))
        return cloudEvent;
    if (!data)
        return Failure{data.errorText()};
    Event event(origin.type, std::move(data).value());
    event.setSource(origin.source);
    return event;
}

} // namespace Relay
