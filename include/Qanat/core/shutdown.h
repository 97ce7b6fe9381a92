// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_SHUTDOWN_H
#define QANAT_CORE_SHUTDOWN_H

#include <Qanat/core/closeresult.h>
#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qfuture.h>

#include <chrono>

namespace Qanat {

/*!
 * Closes all sinks that there are, as Sink::close() does: pipelines side by side, in each the first sink before those behind it, and
 * dead-letter sinks after those that write to them. Any thread; returns at once.
 *
 * The future finishes when all are closed, at the latest shortly after \a within; dead-letter sinks get up to 2 s more where the
 * deadline has left them something. It has the worst error, and how many events
 * were left and how many stay stored, of all pipelines together. Listeners and sinks of the GUI thread are closed there: don't block it on the future.
 * Calling it again can only make the deadline earlier. Sinks that are made later are not closed.
 */
QANAT_CORE_EXPORT QFuture<CloseResult> shutdown(std::chrono::milliseconds within = std::chrono::seconds(30));

/*!
 * Has the application call shutdown() at its end, when QCoreApplication::exec() has returned (QCoreApplication::aboutToQuit()), and
 * wait for it, at most \a within. The event loop goes on meanwhile, without input of the user, so that listeners, timers and
 * sockets of the thread work. What is left then is told in a warning.
 *
 * To be called once, in the thread of QCoreApplication, after it was made; later calls change the time. There is no such
 * signal where the process ends in another way: by std::exit(), by a signal (see quitOnTerminationSignals()), or without exec().
 */
QANAT_CORE_EXPORT void shutdownAtQuit(std::chrono::milliseconds within = std::chrono::seconds(5));

/*!
 * For programs without a window: SIGINT and SIGTERM end QCoreApplication::exec() with the status 128 + the number of the signal,
 * as a shell expects it, and so lead to what shutdownAtQuit() does. A second one ends the waiting.
 *
 * To be called once, in the thread of QCoreApplication, after it was made. See TerminationSignals for what it stands on; a
 * program that has one of its own does not need this.
 */
QANAT_CORE_EXPORT void quitOnTerminationSignals();

} // namespace Qanat

#endif
