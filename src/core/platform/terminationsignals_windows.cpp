// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/terminationsignals.h"

#include "logging_p.h"

#include <atomic>
#include <csignal>
#include <mutex>
#include <qt_windows.h>

namespace Qanat {

class TerminationSignalsPrivate
{
public:
    explicit TerminationSignalsPrivate(TerminationSignals *object)
        : m_object(object)
    {
        {
            const std::lock_guard lock(s_mutex);
            s_current = this;
        }
        SetConsoleCtrlHandler(&TerminationSignalsPrivate::handle, TRUE);
    }
    ~TerminationSignalsPrivate()
    {
        const std::lock_guard lock(s_mutex);
        s_current = nullptr;
    }
    Q_DISABLE_COPY_MOVE(TerminationSignalsPrivate)

    static bool isTaken()
    {
        const std::lock_guard lock(s_mutex);
        return s_current != nullptr;
    }

private:
    // Windows calls it in a thread of its own, and ends the process soon after it has returned from all but Ctrl+C.
    static BOOL WINAPI handle(DWORD type)
    {
        static std::atomic<int> first{0};
        const bool isInterrupt = type == CTRL_C_EVENT || type == CTRL_BREAK_EVENT;
        const int number = isInterrupt ? SIGINT : SIGTERM;
        int none = 0;
        first.compare_exchange_strong(none, number);
        {
            const std::lock_guard lock(s_mutex);
            if (!s_current)
                return TRUE;
            TerminationSignals *const object = s_current->m_object;
            QMetaObject::invokeMethod(
                object, [object, number] { Q_EMIT object->received(number, TerminationSignals::QPrivateSignal()); },
                Qt::QueuedConnection);
        }
        if (!isInterrupt)
            Sleep(INFINITE);
        return TRUE;
    }

    static inline std::mutex s_mutex;
    static inline TerminationSignalsPrivate *s_current = nullptr;
    TerminationSignals *const m_object;
};

TerminationSignals::TerminationSignals(QObject *parent)
    : QObject(parent)
{
    if (TerminationSignalsPrivate::isTaken())
        qCWarning(qanatSource, "There is another TerminationSignals in this process: this one does nothing");
    else
        d = std::make_unique<TerminationSignalsPrivate>(this);
}

TerminationSignals::~TerminationSignals() = default;

} // namespace Qanat
