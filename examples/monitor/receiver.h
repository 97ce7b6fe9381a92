// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MONITOR_RECEIVER_H
#define MONITOR_RECEIVER_H

#include <Qanat/HttpReceiver>

#include <QtCore/qobject.h>

#include <atomic>

namespace Monitor {

/*!
 * The web service that is built in: it takes events, and can be broken.
 */
class Receiver : public QObject
{
    Q_OBJECT
public:
    //! How it is.
    enum class Condition : quint8 {
        Healthy, //!< Takes everything.
        Slow, //!< Takes everything, after a while.
        Refusing, //!< Answers 400: it does not want these events.
        Failing, //!< Answers 503: it cannot take them now.
        Unreachable, //!< Does not listen.
    };
    Q_ENUM(Condition)

    explicit Receiver(QObject *parent = nullptr);

    //! Why it does not work; empty if it does.
    [[nodiscard]] QString errorText() const { return m_server.errorText(); }
    //! One event in each request, and many.
    [[nodiscard]] QUrl url() const { return m_server.url(QStringLiteral("/events")); }
    [[nodiscard]] QUrl batchUrl() const { return m_server.url(QStringLiteral("/batches")); }

    [[nodiscard]] Condition condition() const { return m_condition; }
    void setCondition(Condition condition);

    //! How many requests came, and how many events were taken, one by one and in batches.
    [[nodiscard]] quint64 requests() const { return m_server.requestCount(); }
    [[nodiscard]] qint64 singles() const { return m_singles; }
    [[nodiscard]] qint64 batched() const { return m_batched; }

Q_SIGNALS:
    void conditionChanged(Monitor::Receiver::Condition condition);

private:
    [[nodiscard]] Qanat::HttpResponse answer(const Qanat::HttpRequest &request);

    std::atomic<Condition> m_condition = Condition::Healthy;
    std::atomic<qint64> m_singles = 0;
    std::atomic<qint64> m_batched = 0;
    Qanat::HttpReceiver m_server; // Last: its thread uses the others.
};

} // namespace Monitor

#endif
