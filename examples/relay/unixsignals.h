// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_UNIXSIGNALS_H
#define RELAY_UNIXSIGNALS_H

#include "descriptor.h"

#include <QtCore/qobject.h>

#include <memory>

QT_BEGIN_NAMESPACE
class QSocketNotifier;
QT_END_NAMESPACE

namespace Relay {

/*!
 * SIGINT and SIGTERM as a signal of Qt, and SIGPIPE switched off. There can be one of these in a process.
 *
 * The handler does the one thing it may do, a write into a pipe; the event loop reads the other end.
 */
class UnixSignals : public QObject
{
    Q_OBJECT
public:
    explicit UnixSignals(QObject *parent = nullptr);
    ~UnixSignals() override;

Q_SIGNALS:
    //! \a number arrived. Emitted once for each time.
    void received(int number);

private:
    void read();

    WakeUpPipe m_pipe;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace Relay

#endif
