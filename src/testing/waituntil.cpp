// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/testing/waituntil.h"

#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qtimer.h>

namespace Qanat {

bool waitUntil(const std::function<bool()> &condition, std::chrono::milliseconds timeout)
{
    const QDeadlineTimer deadline(timeout);
    QEventLoop loop;
    QTimer look;
    bool holds = condition();
    QObject::connect(&look, &QTimer::timeout, &loop, [&] {
        holds = condition();
        if (holds || deadline.hasExpired())
            loop.quit();
    });
    if (holds)
        return true;
    look.start(std::chrono::milliseconds(1));
    loop.exec();
    return holds;
}

} // namespace Qanat
