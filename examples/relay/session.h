// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_SESSION_H
#define RELAY_SESSION_H

#include "input.h"
#include "ledger.h"
#include "options.h"
#include "pipeline.h"
#include "report.h"
#include "spool.h"

#include <Qanat/TerminationSignals>

#include <QtCore/qobject.h>
#include <QtCore/qtimer.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace Relay {

/*!
 * One run, from the first line to the last: it watches over input, pipeline and signals, and tells what happens.
 */
class Session : public QObject
{
    Q_OBJECT
public:
    //! What else stands at the end of a run.
    enum class Exit : quint8 {
        Clean, //!< Everything that was begun came to its end.
        CutShort, //!< Something was given up, and the system may still be at it (a name look-up cannot be cancelled).
    };

    Session(const Options &options, Descriptor input);

    void start();

    //! The exit status of the program. To be called after finished().
    [[nodiscard]] int status() const { return m_status; }
    [[nodiscard]] Exit exit() const { return m_exit; }

Q_SIGNALS:
    //! It is all over, and the last line is printed.
    void finished();

private:
    void startReading();
    void onRefused(const QString &error);
    void onSignal(int number);
    void onInputEnded();
    void finishIfDone();

    void reportLost(qint64 count, const Qanat::Delivery &last);
    void reportDrops(const QString &name, qint64 count, const Qanat::Delivery &last);
    void tick();
    void reportStates();
    void reportStatistics();
    void showProgress();
    void checkForStandstill();
    [[nodiscard]] std::chrono::milliseconds tickInterval() const;
    [[nodiscard]] Report report();
    [[nodiscard]] int statusOf(const Report &report) const;

    const Options m_options;
    const std::shared_ptr<Qanat::Clock> m_clock;
    const std::shared_ptr<Ledger> m_ledger;
    Qanat::TerminationSignals m_signals;
    const std::optional<Bookmark> m_beginning; // Of a file that can be gone on in.
    const std::unique_ptr<Spool> m_spool;
    Pipeline m_pipeline;
    Input m_input; // Behind the pipeline that it writes to.
    QTimer m_timer;

    std::vector<Pipeline::EndpointState::Health> m_told; // For each endpoint, what was said of it.
    std::chrono::nanoseconds m_nextStatistics;
    struct
    {
        std::chrono::nanoseconds since;
        qint64 delivered = 0;
        qint64 rate = 0;
    } m_speed;
    std::optional<std::chrono::nanoseconds> m_inputEnd; // When the input ended.
    int m_signal = 0;
    int m_status = 0;
    Exit m_exit = Exit::Clean;
    bool m_isReading = false;
    bool m_isFinished = false;
};

} // namespace Relay

#endif
