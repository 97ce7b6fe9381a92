// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_HEARTBEAT_H
#define QANAT_TESTING_HEARTBEAT_H

#include <Qanat/testing/qanattesting_export.h>

#include <QtCore/qobject.h>
#include <QtCore/qstring.h>

#include <chrono>
#include <memory>

namespace Qanat {

class HeartbeatPrivate;

/*!
 * Tells whether the event loop of a thread kept turning: a precise timer of 5 ms in that thread (as a rule the GUI
 * thread), and the longest time between two of its beats.
 *
 * On a busy machine a timer is late through nobody's fault. So the same timer runs on a control thread, where nothing
 * else happens: what it misses the machine is to blame for, and only what the watched thread misses beyond that
 * counts against the code under test. So a test with a limit holds on a slow or noisy machine too, where a fixed
 * limit fails.
 *
 * It measures from its construction to stop() or now. A time without an event loop counts: construct it (or call
 * restart()) when the thread is about to run its loop. All functions are to be called in the thread where it was
 * made.
 */
class QANAT_TESTING_EXPORT Heartbeat : public QObject
{
    Q_OBJECT
public:
    //! The time between two beats.
    static constexpr std::chrono::milliseconds Interval{5};
    //! By how much the watched thread may miss a beat more than the control thread does.
    static constexpr std::chrono::milliseconds Tolerance{16};

    //! Begins at once. The current thread is watched; it needs an event dispatcher, and the process a QCoreApplication.
    explicit Heartbeat(QObject *parent = nullptr);
    ~Heartbeat() override;

    //! Forgets what was measured and begins anew.
    void restart();
    //! Ends measuring: what is read afterwards stays as it is.
    void stop();

    //! The longest time without a beat in the watched thread, the one that still lasts included.
    [[nodiscard]] std::chrono::nanoseconds worstGap() const;
    //! The same for the control thread.
    [[nodiscard]] std::chrono::nanoseconds controlWorstGap() const;
    //! By how much worstGap() exceeds controlWorstGap(); zero if it does not.
    [[nodiscard]] std::chrono::nanoseconds worstExcess() const;
    //! Whether worstExcess() is at most \a tolerance.
    [[nodiscard]] bool isWithin(std::chrono::nanoseconds tolerance = Tolerance) const;

    //! How often the watched thread has beaten. A test that never turned its loop has proved nothing.
    [[nodiscard]] quint64 beats() const;
    //! How often the control thread has beaten.
    [[nodiscard]] quint64 controlBeats() const;

    //! The figures in one line, for the message of a test that fails.
    [[nodiscard]] QString summary() const;

private:
    const std::unique_ptr<HeartbeatPrivate> d;
};

} // namespace Qanat

#endif
