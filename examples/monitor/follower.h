// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MONITOR_FOLLOWER_H
#define MONITOR_FOLLOWER_H

#include "filetail.h"

#include <relay/descriptor.h>

#include <QtCore/qobject.h>

#include <atomic>
#include <memory>
#include <thread>

namespace Qanat {
class Sink;
} // namespace Qanat

namespace Monitor {

/*!
 * Reads lines of JSON in a thread of its own and writes their events to a sink, which may hold this thread back.
 */
class Follower : public QObject
{
    Q_OBJECT
public:
    //! Opens \a file, or standard input for "-". The error names it and says why.
    [[nodiscard]] static Qanat::Result<std::unique_ptr<Follower>> open(const QString &file,
                                                                       Relay::StandardInput standardInput);
    //! Waits for its thread; the sink must be closed by then.
    ~Follower() override;

    //! Begins. The sink must exist longer.
    void start(Qanat::Sink *sink);

    //! What messages call it.
    [[nodiscard]] QString name() const { return m_name; }
    [[nodiscard]] qint64 read() const { return m_read; }
    [[nodiscard]] qint64 rejected() const { return m_rejected; }

Q_SIGNALS:
    //! There is nothing more, or reading failed. Once, in the thread where this object lives.
    void ended();

private:
    Follower(QString name, Relay::Descriptor input, std::shared_ptr<FileTail> tail, Relay::WakeUpPipe stop);
    void run(Qanat::Sink *sink);
    void reject(qint64 line, const QString &reason);

    const QString m_name;
    const Relay::Descriptor m_input;
    const std::shared_ptr<FileTail> m_tail;
    const Relay::WakeUpPipe m_stop;
    std::atomic<qint64> m_read = 0;
    std::atomic<qint64> m_rejected = 0;
    std::thread m_thread;
};

} // namespace Monitor

#endif
