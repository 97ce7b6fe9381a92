// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "mailboxsection_p.h"

#include "currentmailbox_p.h"
#include "logging_p.h"
#include "runtime_p.h"

using namespace Qt::StringLiterals;

namespace Qanat {

using std::chrono::nanoseconds;

namespace {

// What clear() does, in a tenth of the time where there is little.
template<typename List>
void drop(List &list)
{
    while (!list.isEmpty())
        list.removeLast();
}

} // namespace

void Mailbox::Section::unlockAndTell()
{
    const std::shared_ptr<Notifier> notifier = m_after.signals ? m_mailbox->m_notifier : nullptr;
    m_lock.unlock();
    if (m_after.pump)
        std::exchange(m_after.pump, nullptr)->schedule(m_mailbox->shared_from_this());
    // What is called here may come back to the mailbox, but not to this section, which lives on one stack.
    if (!m_after.settlements.isEmpty()) {
        const CurrentMailbox current(m_mailbox); // An outcome may come at any time, between two runs.
        for (const Aftermath::Settlement &settlement : m_after.settlements) {
            settlement.upstream->settleAt(settlement.moment, settlement.count, settlement.delivery);
            if (settlement.call)
                m_mailbox->tellRest(settlement.call.get(), settlement.upstream);
        }
        drop(m_after.settlements);
    }
    const unsigned signals = std::exchange(m_after.signals, 0U);
    const std::unique_ptr<Aftermath::Rare> rare = std::move(m_after.more);
    if (notifier) {
        if (rare && rare->droppedCount)
            notifier->addDropped(rare->droppedCount, rare->lastDropped);
        notifier->raise(signals);
    }
    drop(m_after.oldCalls);
    if (rare)
        apply(*rare);
}

void Mailbox::Section::apply(const Aftermath::Rare &after)
{
    for (const auto &[category, text] : after.warnings)
        qCWarning((*category), "%ls", qUtf16Printable(text));
    if (!after.notice.isEmpty())
        qCInfo(qanatSink, "%ls", qUtf16Printable(after.notice));
    if (!after.deadLetters.empty())
        writeDeadLetters(after);
    for (const EventTrace::Record &record : after.traced) {
        for (const auto &trace : after.traces)
            trace->note(record);
    }
    for (const auto &watcher : after.watchers) {
        if (const auto mailbox = watcher.lock())
            mailbox->poke();
    }
    for (const auto &[link, within] : after.closing) {
        CloseCallback callback;
        if (after.tellsAboutClosing) {
            callback = [self = std::static_pointer_cast<Mailbox>(m_mailbox->shared_from_this())](
                           const CloseResult &result) { self->linkClosed(result); };
        }
        if (!after.leaver.isEmpty())
            link->noteLeaver(after.leaver);
        link->close(within, std::move(callback));
    }
    for (const CloseCallback &callback : after.callbacks)
        callback(after.result);
    if (after.parent)
        after.parent->targetClosed();
    if (after.unwatches)
        Runtime::unwatch(m_mailbox);
    const auto self = std::static_pointer_cast<Mailbox>(m_mailbox->weak_from_this().lock());
    if (!self)
        return;
    if (after.watchesDeadline && !Runtime::watchDeadline(self))
        self->expire();
    if (after.watchesGrace && !Runtime::watchGrace(self))
        self->forceClosed();
    if (after.closesSelf)
        self->close(nanoseconds(0), {});
}

void Mailbox::Section::writeDeadLetters(const Aftermath::Rare &after)
{
    qsizetype lost = 0;
    for (const auto &[batch, givenUp] : after.deadLetters) {
        lost += batch.size();
        if (after.deadLetterBox)
            lost -= after.deadLetterBox->writeChecked(batch, Offer::Once, {}, givenUp).accepted();
    }
    if (lost > 0) {
        qCWarning(qanatSink, "%ls: %lld events were not accepted by the dead-letter sink",
                  qUtf16Printable(m_mailbox->label()), qlonglong(lost));
    }
    m_mailbox->noteDeadLetters(int(after.deadLetters.size()));
}

} // namespace Qanat
