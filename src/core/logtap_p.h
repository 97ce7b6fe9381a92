// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_LOGTAP_P_H
#define QANAT_CORE_LOGTAP_P_H

#include <QtCore/qlogging.h>

#include <atomic>
#include <memory>

namespace Qanat {

class Mailbox;

/*
 * Where log messages become events: what a LogSource shares with the threads that log. Thread-safe.
 *
 * While there is a tap that is open, the library has its place among the message handlers.
 */
class LogTap
{
public:
    explicit LogTap(std::shared_ptr<Mailbox> mailbox);
    ~LogTap();
    Q_DISABLE_COPY_MOVE(LogTap)

    static void open(const std::shared_ptr<LogTap> &tap);
    // Its messages in other threads may be on their way still. Closing it again changes nothing.
    static void close(const LogTap *tap);

    bool wants(QtMsgType type) const;

    const std::shared_ptr<Mailbox> mailbox;
    std::atomic<QtMsgType> minimumLevel{QtDebugMsg};
    std::atomic<qint64> suppressed{0};
};

} // namespace Qanat

#endif
