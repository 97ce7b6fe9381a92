// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MONITOR_PIPELINE_H
#define MONITOR_PIPELINE_H

#include <Qanat/Broadcaster>
#include <Qanat/DeadLetters>

#include <QtCore/qobject.h>
#include <QtCore/qurl.h>

namespace Qanat {
class Endpoint;
class Queue;
} // namespace Qanat

namespace Monitor {

/*!
 * What the window shows: a broadcaster, and behind it two endpoints of a web service, one with a request for each event and one with
 * batches, and a file for which a filter picks the orders.
 */
class Pipeline : public QObject
{
    Q_OBJECT
public:
    //! Where events go to.
    struct Places
    {
        QUrl url; //!< One event in each request.
        QUrl batchUrl;
        QString file;
        QString spool =
            {}; //!< Where not empty, what is for the web service waits in this directory, with what was given up.
    };

    explicit Pipeline(const Places &places, QObject *parent = nullptr);
    ~Pipeline() override;

    [[nodiscard]] Qanat::Broadcaster *events() { return &m_events; }
    [[nodiscard]] Qanat::Endpoint *hook() { return m_hook; }
    [[nodiscard]] Qanat::Endpoint *batches() { return m_batches; }
    [[nodiscard]] Qanat::Sink *file() const;
    [[nodiscard]] Qanat::DeadLetters *deadLetters() { return &m_deadLetters; }

    //! All sinks with their counters, a line for each; those that are closed, too.
    [[nodiscard]] QString totals() const;
    //! Whether in each of them all events have their outcome, or are counted as pending.
    [[nodiscard]] bool isBalanced() const;

private:
    [[nodiscard]] QList<Qanat::PipelineNode> pictures() const;

    Qanat::DeadLetters m_deadLetters;
    Qanat::Broadcaster m_events;
    Qanat::Endpoint *const m_hook;
    Qanat::Endpoint *const m_batches;
    const std::unique_ptr<Qanat::Queue> m_file;
};

} // namespace Monitor

#endif
