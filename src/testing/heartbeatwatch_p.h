// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HEARTBEATWATCH_P_H
#define QANAT_TESTING_HEARTBEATWATCH_P_H

#include "Qanat/testing/heartbeat.h"

#include <QtCore/qobject.h>
#include <QtCore/qstring.h>
#include <QtCore/qtimer.h>

namespace Qanat {

/*
 * A heartbeat over a test function, up to the last time that its event loop turned. What the function destroys in the end is
 * left out: the destructor of a queue may wait for its worker, up to 250 ms.
 */
class HeartbeatWatch
{
public:
    HeartbeatWatch()
    {
        m_look.setTimerType(Qt::PreciseTimer);
        m_look.callOnTimeout(&m_look, [this] {
            m_isWithin = m_heartbeat.isWithin();
            m_summary = m_heartbeat.summary();
        });
        m_look.start(Heartbeat::Interval);
    }

    bool isWithin() const { return m_isWithin; }
    QString summary() const { return m_summary; }

private:
    Heartbeat m_heartbeat;
    QTimer m_look;
    bool m_isWithin = true;
    QString m_summary;
};

} // namespace Qanat

#endif
