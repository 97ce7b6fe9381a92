// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEMO_SERVICE_H
#define DEMO_SERVICE_H

#include <Qanat/HttpRequest>
#include <Qanat/HttpResponse>

#include <QtCore/qset.h>
#include <QtCore/qstringlist.h>

#include <chrono>
#include <mutex>
#include <optional>

namespace Demo {

/*!
 * A web service as one endpoint sees it: takes events and writes down their ids, and fails for a while if it is to.
 *
 * All functions may be called from any thread.
 */
class Service
{
public:
    enum class Kind : quint8 {
        Steady, //!< Takes everything.
        Shaky, //!< Takes nothing for FailingTime, and later loses a connection now and then.
    };
    static constexpr std::chrono::seconds FailingTime{2};

    //! What has happened so far.
    struct State
    {
        QStringList arrived; //!< The ids of the events taken, each once, in the order in which they came first.
        qint64 repeated = 0; //!< Events that came again although they had been taken: their answer was lost.
        qint64 failed = 0; //!< Requests that were made to fail.
        bool isFailing = false;
    };

    explicit Service(Kind kind);

    [[nodiscard]] Qanat::HttpResponse answer(const Qanat::HttpRequest &request);
    [[nodiscard]] State state() const;

private:
    [[nodiscard]] bool isFailing() const;
    [[nodiscard]] Qanat::HttpResponse failure();
    void take(const Qanat::HttpRequest &request);

    mutable std::mutex m_mutex;
    const Kind m_kind;
    std::optional<std::chrono::steady_clock::time_point> m_firstRequest;
    qint64 m_requests = 0;
    QSet<QString> m_known;
    State m_state;
};

} // namespace Demo

#endif
