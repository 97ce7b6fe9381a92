// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_LOGSOURCE_H
#define QANAT_CORE_LOGSOURCE_H

#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qlogging.h>
#include <QtCore/qobject.h>

#include <memory>

namespace Qanat {

class LogSourcePrivate;
class Sink;

/*!
 * Turns log messages into events: as long as it exists, what is logged in any thread with qDebug(), qInfo(), qWarning() and
 * qCritical(), also through categories, is written to a sink as well.
 *
 * \code
 * auto *log = new Qanat::LogSource(events, this);
 * log->setMinimumLevel(QtWarningMsg);
 * \endcode
 *
 * **The event** is of the type `log.debug`, `log.info`, `log.warning` or `log.critical`. Its subject is the category, but for
 * the default one. Its data is a map with `message` and `category`, and with `file`, `line` and `function` where Qt knows
 * them, which in a release build takes QT_MESSAGELOGCONTEXT.
 *
 * **The message handler** that was there before the first LogSource gets every message first, also those that become no
 * events, so install yours before. After a message of qFatal() the process aborts, so it goes there only. Whoever installs
 * another later must pass on to the one that was there, or nothing is heard here.
 *
 * **Circles.** What the work on these events logs would become events, be worked on, and so on for ever. So these messages
 * become no events of any LogSource, and are counted as suppressed():
 * - those of the library, in categories that begin with `qanat.`;
 * - those that a message handler makes of a message while it has it;
 * - those logged by a sink, listener or function that is being called for the sink of a LogSource, for one behind it, or for
 *   one that gets its dead letters; also in an event loop that it runs, and by who hears its signals directly;
 * - those logged between such calls in a thread of the library where one of them works, e.g. when an answer comes.
 *
 * What other sinks log becomes events. A sink that works in a thread of the application, and logs there between its calls or
 * in threads that it has made, is not recognised: put it behind a Queue, or leave its messages out with a Filter. Nor is a way
 * that the library does not see: a sink that writes to another one by itself.
 */
class QANAT_CORE_EXPORT LogSource : public QObject
{
    Q_OBJECT
    Q_PROPERTY(QtMsgType minimumLevel READ minimumLevel WRITE setMinimumLevel NOTIFY minimumLevelChanged)
public:
    /*!
     * Writes to \a sink, which is not owned and may be destroyed at any time. The source ends when that is closed. The current
     * thread must be that of the sink, or know that it exists.
     */
    explicit LogSource(Sink *sink, QObject *parent = nullptr);
    //! A message that another thread is logging just now may become an event still.
    ~LogSource() override;

    //! QtDebugMsg, everything, if not set. Any thread.
    [[nodiscard]] QtMsgType minimumLevel() const;
    //! The least severe messages that become events, by severity: debug, info, warning, critical. With QtFatalMsg none do. Any
    //! thread. The signal is emitted in that thread.
    void setMinimumLevel(QtMsgType level);

    //! How many messages became no events, so that they did not go round in a circle. Any thread.
    [[nodiscard]] qint64 suppressed() const;

Q_SIGNALS:
    //! Emitted in the thread of the setter.
    void minimumLevelChanged(QtMsgType level, QPrivateSignal);

private:
    const std::unique_ptr<LogSourcePrivate> d;
};

} // namespace Qanat

#endif
