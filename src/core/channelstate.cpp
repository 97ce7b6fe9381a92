// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "channelstate_p.h"

#include "chunk_p.h"
#include "pump_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>

#include <algorithm>

namespace Qanat {

ChannelState::ChannelState(qsizetype most)
    : capacity(std::max(most, qsizetype(1)))
{
}

QEvent::Type ChannelState::readyEvent()
{
    static const auto type = QEvent::Type(QEvent::registerEventType());
    return type;
}

qsizetype ChannelState::fill(const Batch &batch)
{
    const std::lock_guard lock(m_mutex);
    const qsizetype count = std::min(capacity - m_available, batch.size());
    m_isFull = count < batch.size();
    if (count == 0)
        return 0;
    m_batches.push_back(BatchBuilder::compacted(batch.mid(0, count)));
    m_available += count;
    tell();
    return count;
}

void ChannelState::end()
{
    const std::lock_guard lock(m_mutex);
    m_isEnded = true;
    tell();
}

// With the mutex, which is also what the listener's destructor waits for.
void ChannelState::tell()
{
    m_changed.notify_all();
    if (m_listener && !std::exchange(m_isTold, true))
        QCoreApplication::postEvent(m_listener, new QEvent(readyEvent()));
}

bool ChannelState::acknowledge()
{
    const std::lock_guard lock(m_mutex);
    m_isTold = false;
    return m_available > 0 || m_isEnded;
}

void ChannelState::setMailbox(const std::shared_ptr<Mailbox> &mailbox)
{
    const std::lock_guard lock(m_mutex);
    m_mailbox = mailbox;
}

void ChannelState::setListener(QObject *channel)
{
    const std::lock_guard lock(m_mutex);
    m_listener = channel;
}

qsizetype ChannelState::available() const
{
    const std::lock_guard lock(m_mutex);
    return m_available;
}

bool ChannelState::isAtEnd() const
{
    const std::lock_guard lock(m_mutex);
    return m_isEnded && m_available == 0;
}

std::optional<Event> ChannelState::takeFirst(std::unique_lock<std::mutex> &lock)
{
    if (m_available == 0)
        return std::nullopt;
    Batch &first = m_batches.front();
    std::optional<Event> event = first.first();
    Batch old = std::exchange(first, first.mid(1));
    if (first.isEmpty())
        m_batches.pop_front();
    --m_available;
    // Not for each event that is read, unless there is only room for one.
    std::shared_ptr<Mailbox> mailbox;
    if (m_isFull && m_available <= capacity / 2) {
        m_isFull = false;
        mailbox = m_mailbox.lock();
    }
    lock.unlock();
    if (mailbox)
        mailbox->poke();
    return event;
}

std::optional<Event> ChannelState::take()
{
    std::unique_lock lock(m_mutex);
    return takeFirst(lock);
}

std::optional<Event> ChannelState::take(std::chrono::steady_clock::time_point deadline)
{
    std::unique_lock lock(m_mutex);
    const auto isOver = [this] { return m_available > 0 || m_isEnded; };
    if (Pump::isLibraryThread())
        return takeFirst(lock);
    if (deadline == std::chrono::steady_clock::time_point::max())
        m_changed.wait(lock, isOver);
    else
        m_changed.wait_until(lock, deadline, isOver);
    return takeFirst(lock);
}

} // namespace Qanat
