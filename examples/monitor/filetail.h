// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MONITOR_FILETAIL_H
#define MONITOR_FILETAIL_H

#include <relay/descriptor.h>

#include <Qanat/Result>

#include <QtCore/qstring.h>

#include <memory>
#include <thread>

namespace Monitor {

/*!
 * A file, and all that is appended to it later, as a descriptor that never ends: as `tail -F` does. A file that was cut is read from
 * its beginning, and so is one that has taken its place.
 */
class FileTail
{
public:
    //! Opens \a file. The error names it and says why.
    [[nodiscard]] static Qanat::Result<std::shared_ptr<FileTail>> open(const QString &file);
    ~FileTail();
    Q_DISABLE_COPY_MOVE(FileTail)

    //! To be read.
    [[nodiscard]] int output() const { return m_output.number(); }

private:
    FileTail(QString file, Relay::Descriptor input, Relay::Descriptor output, Relay::Descriptor pipe,
             Relay::WakeUpPipe stop);
    void run();
    [[nodiscard]] bool pass();
    void followPlace();
    void endLine();
    [[nodiscard]] bool write(const char *bytes, qsizetype count);
    [[nodiscard]] bool isStopped(int milliseconds) const;

    const QByteArray m_name;
    Relay::Descriptor m_input;
    const Relay::Descriptor m_output;
    const Relay::Descriptor m_pipe; // Where it is written.
    const Relay::WakeUpPipe m_stop;
    char m_last = '\n'; // That was passed on.
    std::thread m_thread; // Last.
};

} // namespace Monitor

#endif
