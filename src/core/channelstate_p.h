// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_CHANNELSTATE_P_H
#define QANAT_CORE_CHANNELSTATE_P_H

#include "Qanat/core/channel.h"
#include "mailbox_p.h"

#include <QtCore/qcoreevent.h>

#include <condition_variable>
#include <deque>
#include <mutex>

namespace Qanat {

/*
 * What the two sides of a channel share: a library's thread fills it, readers empty it. It outlives the channel for those who wait
 * in it.
 */
class ChannelState
{
public:
    explicit ChannelState(qsizetype capacity);

    // The filling side. Answers how many of the batch, from its first event on, fit.
    qsizetype fill(const Batch &batch);
    // Nothing comes any more.
    void end();

    // The reading side
    std::optional<Event> take();
    // Waits until there is an event, the end, or \a deadline.
    std::optional<Event> take(std::chrono::steady_clock::time_point deadline);
    qsizetype available() const;
    bool isAtEnd() const;

    // Who is told: the channel by an event, its mailbox when there is room for what did not fit.
    void setMailbox(const std::shared_ptr<Mailbox> &mailbox);
    void setListener(QObject *channel);
    // The listener has heard it. Whether there is something to tell.
    bool acknowledge();

    static QEvent::Type readyEvent();

    const qsizetype capacity;

private:
    std::optional<Event> takeFirst(std::unique_lock<std::mutex> &lock);
    void tell();

    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Batch> m_batches;
    qsizetype m_available = 0;
    std::weak_ptr<Mailbox> m_mailbox;
    QObject *m_listener = nullptr;
    bool m_isTold = false;
    bool m_isFull = false; // Something waits for room.
    bool m_isEnded = false;
};

} // namespace Qanat

#endif
