// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_RECORDINGSINK_H
#define QANAT_TESTING_RECORDINGSINK_H

#include <Qanat/core/sink.h>
#include <Qanat/testing/qanattesting_export.h>
#include <Qanat/testing/recording.h>

#include <atomic>
#include <memory>

namespace Qanat {

/*!
 * The end of a pipeline in a test: writes down what arrives, and fails, blocks or dawdles when told to.
 *
 * \code
 * auto sink = std::make_unique<RecordingSink>();
 * const auto recording = sink->recording();
 * Queue queue(std::move(sink));
 * queue.write(Event(u"app.started"_s));
 * QVERIFY(recording->waitForCount(1));
 * \endcode
 */
class QANAT_TESTING_EXPORT RecordingSink : public Sink
{
    Q_OBJECT
public:
    //! With a recording of its own.
    explicit RecordingSink(QObject *parent = nullptr);
    //! Adds to \a recording, which several sinks may share.
    explicit RecordingSink(std::shared_ptr<Recording> recording, QObject *parent = nullptr);
    ~RecordingSink() override;

    //! What this sink sees. It may be kept. Any thread.
    [[nodiscard]] std::shared_ptr<Recording> recording() const;

    int maxInFlight() const override;
    //! How many calls may be unsettled at once: 1 if not set. To be set before the first write.
    void setMaxInFlight(int calls);

protected:
    Delivery deliver(const Event &event) override;
    void process(const Batch &batch, Completion completion) override;
    void interrupt() override;
    Delivery finish() override;

private:
    const std::shared_ptr<Recording> m_recording;
    std::atomic<int> m_maxInFlight{1};
};

} // namespace Qanat

#endif
