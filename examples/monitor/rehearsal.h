// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MONITOR_REHEARSAL_H
#define MONITOR_REHEARSAL_H

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qobject.h>
#include <QtCore/qstring.h>
#include <QtCore/qtimer.h>

namespace Qanat {
class MonitorWindow;
} // namespace Qanat

namespace Monitor {

class Pipeline;
class Panel;
class Receiver;

/*!
 * The run without a display: events at a rate, a web service that fails and recovers, a picture of the window, and a verdict.
 */
class Rehearsal : public QObject
{
    Q_OBJECT
public:
    //! All live longer; \a receiver is null where the web service is somebody else's.
    Rehearsal(Pipeline *pipeline, Panel *panel, Receiver *receiver, Qanat::MonitorWindow *window, QString screenshot);

    void start();
    //! Whether all events arrived, and a picture was written. To be asked when the pipeline is closed.
    [[nodiscard]] bool isSuccess() const;

Q_SIGNALS:
    //! It is through, and the pipeline is to be closed.
    void finished();

private:
    void step();
    void takePicture();
    [[nodiscard]] bool isDrained() const;

    Pipeline *const m_pipeline;
    Panel *const m_panel;
    Receiver *const m_receiver;
    Qanat::MonitorWindow *const m_window;
    const QString m_screenshot;
    QTimer m_timer;
    QElapsedTimer m_waiting; // For what is pending.
    int m_step = 0;
    bool m_hasPicture = false;
};

//! A line on standard output.
void say(const QString &line);

} // namespace Monitor

#endif
