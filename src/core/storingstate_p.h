// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_STORINGSTATE_P_H
#define QANAT_CORE_STORINGSTATE_P_H

#include <QtCore/qbytearray.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qstring.h>

#include <mutex>
#include <utility>
#include <vector>

QT_BEGIN_NAMESPACE
class QObject;
QT_END_NAMESPACE

namespace Qanat {

// What a StoringQueue and its engine tell each other. Thread-safe.
class StoringState
{
public:
    // \a listener is the queue.
    explicit StoringState(QObject *listener)
        : m_listener(listener)
    {
    }

    static QEvent::Type changedEvent();
    // Nobody listens any more.
    void leave();
    void setError(const QString &error);
    void setOpened(qint64 resumed, const QByteArray &position);
    void setPosition(const QByteArray &position);
    void setHeld(bool isHeld);
    struct DeadLetters
    {
        qint64 count = 0;
        qint64 kept = 0;
        qint64 lost = 0;
    };
    void setDeadLetters(const DeadLetters &letters);
    void noteRemovedLetters(quint64 first, quint64 last);
    [[nodiscard]] QString error() const;
    [[nodiscard]] qint64 resumed() const;
    [[nodiscard]] bool isOpened() const;
    [[nodiscard]] QByteArray position() const;
    [[nodiscard]] bool isHeld() const;
    [[nodiscard]] DeadLetters deadLetters() const;
    // Of the dead letters there were others since this was asked for the last time.
    [[nodiscard]] bool takeNewsOfDeadLetters();
    // From the first to the last number.
    using Range = std::pair<quint64, quint64>;
    [[nodiscard]] std::vector<Range> takeRemovedLetters();
    // Who is told, where it lives in the current thread.
    [[nodiscard]] QObject *listenerHere() const;
    // The listener has the event.
    void noteHeard();

private:
    void tell(); // With the mutex.

    mutable std::mutex m_mutex;
    QObject *m_listener;
    QString m_error;
    qint64 m_resumed = 0;
    QByteArray m_position;
    DeadLetters m_deadLetters;
    std::vector<Range> m_removedLetters;
    bool m_isOpened = false;
    bool m_isHeld = false;
    bool m_hasNewDeadLetters = false;
    bool m_isTold = false;
};

} // namespace Qanat

#endif
