// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_SIGNALTAP_P_H
#define QANAT_CORE_SIGNALTAP_P_H

#include "Qanat/core/signalsource.h"
#include "debounce_p.h"

#include <QtCore/qmetaobject.h>

#include <atomic>
#include <exception>
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

    // What the user's code throws must not leave through a signal: Qt does not carry exceptions.
    template<typename Make>
    static void guarded(Make make)
    {
        try {
            make();
        } catch (const std::exception &error) {
            warnOfException(error.what());
        } catch (...) {
            warnOfException("no std::exception");
        }
    }

    void write(const QMetaMethod &signal, const QString &type, void **arguments);
    void write(Event event);
    void add(const QMetaObject::Connection &connection);
    // The same for one that is not made yet: until it is, this is not over.
    template<typename Connect>
    void addMade(Connect connect)
    {
        ++m_beingMade;
        add(connect());
        --m_beingMade;
    }
    bool isActive() const;
    // It was ended, and its connections are gone.
    bool isOver() const { return m_isOver && m_beingMade == 0; }
    void end();
    SignalSource handle() { return SignalSource(shared_from_this()); }

    // Set by the slot that has one signal only.
    QMetaMethod signal;
    QString type;

private:
    static void warnOfException(const char *what);

    const std::shared_ptr<Mailbox> m_mailbox;
    const SignalOptions m_options;
    std::shared_ptr<Debounce> m_debounce;
    std::atomic<bool> m_isEnded{false};
    std::atomic<bool> m_isOver{false};
    std::atomic<int> m_beingMade{0};
    std::atomic<bool> m_isWarned{false};
    mutable std::mutex m_mutex;
    std::vector<QMetaObject::Connection> m_connections;
};

} // namespace Qanat

#endif
