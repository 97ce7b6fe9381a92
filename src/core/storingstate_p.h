// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_STORINGSTATE_P_H
#define QANAT_CORE_STORINGSTATE_P_H

#include <QtCore/qcoreevent.h>
#include <QtCore/qstring.h>

#include <mutex>

QT_BEGIN_NAMESPACE
class QObject;
QT_END_NAMESPACE

namespace Qanat {

// What a StoringQueue and its engine tell each other. Thread-safe.
class StoringState
{
public:
    explicit StoringState(QObject *listener)
        : m_listener(listener)
    {
    }

    static QEvent::Type changedEvent();
    // Nobody listens any more.
    void leave();
    void setError(const QString &error);
    void setOpened(qint64 resumed);
    [[nodiscard]] QString error() const;
    [[nodiscard]] qint64 resumed() const;
    [[nodiscard]] bool isOpened() const;
    // The listener has the event.
    void noteHeard();

private:
    void tell(); // With the mutex.

    mutable std::mutex m_mutex;
    QObject *m_listener;
    QString m_error;
    qint64 m_resumed = 0;
    bool m_isOpened = false;
    bool m_isTold = false;
};

} // namespace Qanat

#endif
