// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/testing/recordingsink.h"

#include "recording_p.h"

#include <algorithm>

namespace Qanat {

RecordingSink::RecordingSink(QObject *parent)
    : RecordingSink(std::make_shared<Recording>(), parent)
{
}

RecordingSink::RecordingSink(std::shared_ptr<Recording> recording, QObject *parent)
    : Sink(parent)
    , m_recording(std::move(recording))
{
}

RecordingSink::~RecordingSink()
{
    m_recording->d->destroyed();
}

std::shared_ptr<Recording> RecordingSink::recording() const
{
    return m_recording;
}

int RecordingSink::maxInFlight() const
{
    return m_maxInFlight.load();
}

void RecordingSink::setMaxInFlight(int calls)
{
    m_maxInFlight = std::max(calls, 1);
}

Delivery RecordingSink::deliver(const Event &event)
{
    return m_recording->d->arrive(event);
}

void RecordingSink::process(const Batch &batch, Completion completion)
{
    // Kept beyond the end of the sink, which the sink's own work may bring about.
    const std::shared_ptr<Recording> recording = m_recording;
    if (!recording->d->beginCall(batch, completion))
        return;
    struct Call
    {
        RecordingPrivate &recording;
        ~Call() { recording.endCall(); }
    };
    const Call call{*recording->d};
    // What the base class makes of single events belongs to what is tested.
    Sink::process(batch, std::move(completion));
}

void RecordingSink::interrupt()
{
    m_recording->d->interrupted();
}

Delivery RecordingSink::finish()
{
    return m_recording->d->finished();
}

} // namespace Qanat
