// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_ENDPOINTAGENT_P_H
#define QANAT_HTTP_ENDPOINTAGENT_P_H

#include "endpointstate_p.h"

#include <QtCore/qobject.h>
#include <QtCore/qtimer.h>

#include <memory>

namespace Qanat {

class HttpSink;
class RetryingSink;

/*!
 * The endpoint's hand on the worker: lives with its sinks, tells what they do and does what the endpoint orders.
 */
class EndpointAgent final : public QObject
{
public:
    //! A child of \a http, whose thread it shares. \a retry owns both.
    EndpointAgent(HttpSink &http, RetryingSink &retry, std::shared_ptr<EndpointState> state);
    ~EndpointAgent() override;

    bool event(QEvent *event) override;

private:
    void obey();
    void holdOrRelease();

    HttpSink &m_http;
    RetryingSink &m_retry;
    const std::shared_ptr<EndpointState> m_state;
    QTimer m_patience;
    Endpoint::Network m_network = Endpoint::Network::Unknown;
    bool m_isPaused = false;
};

} // namespace Qanat

#endif
