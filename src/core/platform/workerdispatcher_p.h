// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_WORKERDISPATCHER_P_H
#define QANAT_CORE_WORKERDISPATCHER_P_H

#include <memory>

QT_BEGIN_NAMESPACE
class QAbstractEventDispatcher;
QT_END_NAMESPACE

namespace Qanat {

class Pump;
class PumpWaker;

// What a worker's thread sleeps in: an event dispatcher that is woken by a condition variable, and runs the pump by itself.
// Posted events, timers and socket notifiers work as in any other.
struct WorkerDispatcher
{
    QAbstractEventDispatcher *dispatcher = nullptr; // To be given to the thread; null where Qt's own does.
    PumpWaker *waker = nullptr; // Lives as long.

    static WorkerDispatcher create(Pump *pump);
};

} // namespace Qanat

#endif
