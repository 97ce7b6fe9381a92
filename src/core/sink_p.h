// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_SINK_P_H
#define QANAT_CORE_SINK_P_H

#include "Qanat/core/sink.h"
#include "mailbox_p.h"

#include <QtCore/qcoreevent.h>

namespace Qanat {

class SinkPrivate
{
public:
    std::shared_ptr<Mailbox> mailbox;
    std::shared_ptr<Notifier> notifier;
};

// What the library's own sinks may do with others.
class SinkAccess
{
public:
    static const std::shared_ptr<Mailbox> &mailbox(const Sink &sink) { return sink.d->mailbox; }
    // The class is not known before its constructor has run, so it is noted when the sink is first used.
    static void noteType(const Sink &sink);
    // Class and name, for people.
    static QString label(const Sink &sink)
    {
        noteType(sink);
        return sink.d->mailbox->label();
    }
    // Sent to a sink as the first event in the thread to which it was moved.
    static QEvent::Type arrivedEvent();
    // The same for one that was moved without a QCoreApplication, when Qt tells nobody, and that nobody uses yet.
    static void arrive(const Sink &sink, const std::shared_ptr<Pump> &pump);
    static void forward(Sink *target, const Batch &batch, Completion completion)
    {
        Sink::forward(target, batch, std::move(completion));
    }
};

} // namespace Qanat

#endif
