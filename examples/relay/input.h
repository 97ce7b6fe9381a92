// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_INPUT_H
#define RELAY_INPUT_H

#include "bookmark.h"
#include "descriptor.h"
#include "lineevent.h"

#include <QtCore/qobject.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

namespace Qanat {
class Clock;
} // namespace Qanat

namespace Relay {

class Ledger;
class LineReader;
class Pipeline;
class Spool;

/*!
 * Reads lines in a thread of its own and writes their events to a pipeline, which may hold this thread back.
 */
class Input : public QObject
{
    Q_OBJECT
public:
    //! In bytes; dead letters may be longer.
    static constexpr qsizetype LongestLine = 1024 * 1024;

    enum class End : quint8 {
        Reached, //!< Everything was read.
        NotReached, //!< Stopped, or the pipeline was closed.
        Failed, //!< Reading failed; that was said on standard error.
    };

    //! \a name is what messages call the input. The pipeline, and the spool where there is one, must exist longer than this.
    Input(Descriptor input, const QString &name, const Origin &origin, Pipeline *pipeline, Spool *spool,
          std::shared_ptr<Ledger> ledger, std::shared_ptr<Qanat::Clock> clock);
    //! Waits for the thread: the pipeline must be closed by then.
    ~Input() override;

    void start();
    //! The same from \a place on.
    void start(const Bookmark &place);
    //! No line is begun any more. The thread ends as soon as it is not held back.
    void stop();

    //! How it ended. To be called after ended().
    [[nodiscard]] End end() const { return m_end; }
    //! Since when the thread has been held back by the pipeline, by the clock; nothing if it is not.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> heldBackSince() const;

Q_SIGNALS:
    //! The thread is through. Emitted once, in the thread where this object lives.
    void ended();

private:
    void run();
    [[nodiscard]] std::optional<End> handleLine(LineReader &lines);
    [[nodiscard]] std::optional<End> write(const Qanat::Event &event, const std::optional<Bookmark> &place);
    void pass(const std::optional<Bookmark> &place);
    void noteLine();
    [[nodiscard]] std::optional<Bookmark> placeBehind(const LineReader &lines);
    void reject(qint64 line, const QString &reason);

    const Descriptor m_input;
    const QString m_name;
    const Origin m_origin;
    Pipeline *const m_pipeline;
    Spool *const m_spool;
    std::optional<Bookmark> m_place; // The thread that reads.
    const std::shared_ptr<Ledger> m_ledger;
    const std::shared_ptr<Qanat::Clock> m_clock;
    WakeUpPipe m_stop;
    std::thread m_thread;
    std::atomic<bool> m_isStopped = false;
    std::atomic<std::chrono::nanoseconds> m_writingSince{std::chrono::nanoseconds::zero()};
    std::atomic<End> m_end = End::NotReached;
};

} // namespace Relay

#endif
