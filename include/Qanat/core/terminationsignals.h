// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_TERMINATIONSIGNALS_H
#define QANAT_CORE_TERMINATIONSIGNALS_H

#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qobject.h>

#include <memory>

namespace Qanat {

class TerminationSignalsPrivate;

/*!
 * SIGINT and SIGTERM as a signal of Qt. On Windows: Ctrl+C as SIGINT, and the end of the console, the session or the system as
 * SIGTERM.
 *
 * There can be one of these in a process; another does nothing, with a warning; so does one that the system
 * gives no pipe. It takes the place of the handlers that were there;
 * when it is destroyed, both signals are ignored: the end is near anyway, and a late one changes nothing any more.
 *
 * A second signal ends the process after 2 s at the latest, whatever the event loop does, with the status 128 + the number of
 * the first. For that SIGALRM is taken, too.
 */
class QANAT_CORE_EXPORT TerminationSignals : public QObject
{
    Q_OBJECT
public:
    //! Hears them from now on. In the thread where received() is to be emitted.
    explicit TerminationSignals(QObject *parent = nullptr);
    ~TerminationSignals() override;

Q_SIGNALS:
    //! The signal \a number arrived. Emitted once for each time, in the thread that this object lives in.
    void received(int number, QPrivateSignal);

private:
    friend class TerminationSignalsPrivate;
    std::unique_ptr<TerminationSignalsPrivate> d;
};

} // namespace Qanat

#endif
