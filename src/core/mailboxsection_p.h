// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_MAILBOXSECTION_P_H
#define QANAT_CORE_MAILBOXSECTION_P_H

#include "call_p.h"
#include "mailbox_p.h"

#include <QtCore/qloggingcategory.h>
#include <QtCore/qvarlengtharray.h>

#include "tracestate_p.h"

namespace Qanat {

// What is told to others, after the mutex was released.
struct Mailbox::Aftermath
{
    struct Settlement
    {
        CompletionRef upstream;
        qsizetype count;
        Delivery delivery;
        StateRef<Call> call; // Where more may come; not for the last events of one.
        Moment moment;
    };
    // What is not told for each run of events stands apart, so that it costs those nothing.
    struct Rare
    {
        // What is logged may come back as an event, through the application's message handler.
        std::vector<std::pair<const QLoggingCategory *, QString>> warnings;
        QString notice;
        qint64 droppedCount = 0;
        Delivery lastDropped;
        std::vector<std::pair<Batch, std::shared_ptr<const GivenUp>>> deadLetters;
        std::shared_ptr<Mailbox> deadLetterBox;
        std::vector<EventTrace::Record> traced;
        std::vector<std::shared_ptr<TraceState>> traces;
        std::vector<std::weak_ptr<Mailbox>> watchers;
        std::vector<std::pair<std::shared_ptr<Mailbox>, std::chrono::nanoseconds>> closing;
        bool tellsAboutClosing = false; // The callbacks of those count.
        QString leaver; // Who is destroyed, and leaves them with what they have.
        std::vector<CloseCallback> callbacks;
        CloseResult result;
        std::shared_ptr<Mailbox> parent; // To hear that its target is closed.
        bool closesSelf = false;
        bool watchesDeadline = false;
        bool watchesGrace = false;
        bool unwatches = false;
        std::shared_ptr<Worker> worker; // Let go.
        // What users made is destroyed without the mutex, too.
        NodeList garbage;
        std::vector<std::function<void()>> oldTasks;
        std::vector<Event> oldEvents;
    };

    QVarLengthArray<Settlement, 1> settlements;
    QVarLengthArray<StateRef<Call>, 2> oldCalls; // Destroyed without the mutex.
    std::shared_ptr<Pump> pump; // To be woken.
    unsigned signals = 0;
    std::unique_ptr<Rare> more;

    bool isEmpty() const { return settlements.isEmpty() && oldCalls.isEmpty() && !pump && signals == 0 && !more; }
    Rare &rare()
    {
        if (!more)
            more = std::make_unique<Rare>();
        return *more;
    }
};

// A stretch of work with the mutex. In the end, or between, the mutex is released and what was gathered is told.
class Mailbox::Section
{
public:
    explicit Section(Mailbox *mailbox)
        : m_mailbox(mailbox)
        , m_lock(mailbox->m_mutex)
    {
    }
    ~Section()
    {
        if (m_lock.owns_lock())
            unlock();
    }
    Q_DISABLE_COPY_MOVE(Section)

    Aftermath *operator->() { return &m_after; }
    Aftermath &after() { return m_after; }
    Aftermath::Rare &rare() { return m_after.rare(); }
    std::unique_lock<std::mutex> &lock() { return m_lock; }

    void relock() { m_lock.lock(); }

    void unlock()
    {
        m_after.signals &= m_mailbox->m_wantedSignals;
        if (m_after.isEmpty())
            m_lock.unlock();
        else
            unlockAndTell();
    }

private:
    void unlockAndTell();
    void apply(const Aftermath::Rare &after);
    void writeDeadLetters(const Aftermath::Rare &after);

    Mailbox *const m_mailbox;
    std::unique_lock<std::mutex> m_lock;
    Aftermath m_after;
};

} // namespace Qanat

#endif
