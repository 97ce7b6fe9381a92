// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_CURRENTMAILBOX_P_H
#define QANAT_CORE_CURRENTMAILBOX_P_H

#include <QtCore/qglobal.h>

namespace Qanat {

class Mailbox;

/*
 * As long as it exists, the current thread works for this mailbox: it is in its consumer, or tells what became of its events.
 * They may be nested, and the innermost counts.
 *
 * Whoever asks learns whose work it is that comes by, e.g. a message that is logged. It is an address to be compared; the
 * mailbox itself may be gone.
 */
class CurrentMailbox
{
public:
    explicit CurrentMailbox(const Mailbox *mailbox) noexcept;
    ~CurrentMailbox();
    Q_DISABLE_COPY_MOVE(CurrentMailbox)

    // That of the current thread, null if it works for none.
    static const Mailbox *address() noexcept;

private:
    const Mailbox *const m_outer;
};

} // namespace Qanat

#endif
