// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_SIGNALTAP_P_H
#define QANAT_CORE_SIGNALTAP_P_H

#include "Qanat/core/signalsource.h"
#include "debounce_p.h"

#include <QtCore/qmetaobject.h>

#include <atomic>
#include <vector>

namespace Qanat {

class Mailbox;

/*
 * What stands behind a SignalSource. It is shared by the connections that Qt holds, and refers to nobody: to the sink by its
 * mailbox, to the sender not at all.
 */
class SignalTap : public std::enable_shared_from_this<SignalTap>
{
public:
    // Why the two cannot be connected; empty if they can.
    static QString refusal(const QObject *sender, const Sink *sink);
    // The name of a parameter that cannot be read; empty if there is none.
    static QString unreadable(const QMetaMethod &signal);

    SignalTap(const QObject &sender, const Sink &sink, const SignalOptions &options);

    void write(const QMetaMethod &signal, const QString &type, void **arguments);
    void write(Event event);
    void add(const QMetaObject::Connection &connection);
    bool isActive() const;
    void end();
    SignalSource handle() { return SignalSource(shared_from_this()); }

    // Set by the slot that has one signal only.
    QMetaMethod signal;
    QString type;

private:
    const std::shared_ptr<Mailbox> m_mailbox;
    const SignalOptions m_options;
    std::shared_ptr<Debounce> m_debounce;
    std::atomic<bool> m_isEnded{false};
    std::atomic<bool> m_isWarned{false};
    mutable std::mutex m_mutex;
    std::vector<QMetaObject::Connection> m_connections;
};

} // namespace Qanat

#endif
