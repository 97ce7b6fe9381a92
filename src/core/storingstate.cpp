// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "storingstate_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>

#include <algorithm>
#include <utility>

namespace Qanat {

QEvent::Type StoringState::changedEvent()
{
    static const auto type = QEvent::Type(QEvent::registerEventType());
    return type;
}

void StoringState::leave()
{
    const std::lock_guard lock(m_mutex);
    m_listener = nullptr;
}

void StoringState::setError(const QString &error)
{
    const std::lock_guard lock(m_mutex);
    if (std::exchange(m_error, error) != error)
        tell();
}

void StoringState::setOpened(qint64 resumed, const QByteArray &position)
{
    const std::lock_guard lock(m_mutex);
    m_isOpened = true;
    m_resumed = resumed;
    m_position = position;
    tell();
}

void StoringState::setPosition(const QByteArray &position)
{
    const std::lock_guard lock(m_mutex);
    m_position = position;
}

void StoringState::setHeld(bool isHeld)
{
    const std::lock_guard lock(m_mutex);
    if (std::exchange(m_isHeld, isHeld) != isHeld)
        tell();
}

void StoringState::setDeadLetters(const DeadLetters &letters)
{
    const std::lock_guard lock(m_mutex);
    m_deadLetters = letters;
    m_hasNewDeadLetters = true;
    tell();
}

void StoringState::noteRemovedLetters(quint64 first, quint64 last)
{
    const std::lock_guard lock(m_mutex);
    // The oldest go again and again, and somebody may remove one after the other.
    if (!m_removedLetters.empty() && m_removedLetters.back().first <= first
        && first - m_removedLetters.back().first <= m_removedLetters.back().second - m_removedLetters.back().first + 1)
        m_removedLetters.back().second = std::max(m_removedLetters.back().second, last);
    else
        m_removedLetters.emplace_back(first, last);
    tell();
}

std::vector<StoringState::Range> StoringState::takeRemovedLetters()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_removedLetters, {});
}

QObject *StoringState::listenerHere() const
{
    const std::lock_guard lock(m_mutex);
    return m_listener && m_listener->thread() == QThread::currentThread() ? m_listener : nullptr;
}

QByteArray StoringState::position() const
{
    const std::lock_guard lock(m_mutex);
    return m_position;
}

bool StoringState::isHeld() const
{
    const std::lock_guard lock(m_mutex);
    return m_isHeld;
}

StoringState::DeadLetters StoringState::deadLetters() const
{
    const std::lock_guard lock(m_mutex);
    return m_deadLetters;
}

bool StoringState::takeNewsOfDeadLetters()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_hasNewDeadLetters, false);
}

QString StoringState::error() const
{
    const std::lock_guard lock(m_mutex);
    return m_error;
}

qint64 StoringState::resumed() const
{
    const std::lock_guard lock(m_mutex);
    return m_resumed;
}

bool StoringState::isOpened() const
{
    const std::lock_guard lock(m_mutex);
    return m_isOpened;
}

void StoringState::noteHeard()
{
    const std::lock_guard lock(m_mutex);
    m_isTold = false;
}

void StoringState::tell()
{
    if (m_listener && !std::exchange(m_isTold, true))
        QCoreApplication::postEvent(m_listener, new QEvent(changedEvent()));
}

} // namespace Qanat
