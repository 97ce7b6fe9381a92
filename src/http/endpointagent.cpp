// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "endpointagent_p.h"

#include "Qanat/core/retryingsink.h"
#include "Qanat/http/httpsink.h"

#include <QtCore/qcoreevent.h>

namespace Qanat {

using namespace std::chrono_literals;

namespace {

// What is known of the network is a hint, and sometimes wrong.
constexpr auto Patience = 60s;

} // namespace

EndpointAgent::EndpointAgent(HttpSink &http, RetryingSink &retry, std::shared_ptr<EndpointState> state)
    : QObject(&http)
    , m_http(http)
    , m_retry(retry)
    , m_state(std::move(state))
    , m_patience(this)
{
    m_patience.setSingleShot(true);
    m_patience.setInterval(Patience);
    connect(&m_patience, &QTimer::timeout, this, &EndpointAgent::holdOrRelease);
    connect(&m_http, &HttpSink::disabledChanged, this, [this](bool isDisabled) {
        m_state->report([isDisabled](EndpointState::News &news) {
            news.isDisabled = isDisabled;
            news.isHealthy = news.isHealthy && !isDisabled;
        });
        // Nobody waits for another try of what will be refused here.
        if (isDisabled)
            m_retry.retryNow();
    });
    m_state->setListener(EndpointState::Side::Worker, this);
}

EndpointAgent::~EndpointAgent()
{
    m_state->setListener(EndpointState::Side::Worker, nullptr);
}

bool EndpointAgent::event(QEvent *event)
{
    if (event->type() != QEvent::User)
        return QObject::event(event);
    obey();
    return true;
}

void EndpointAgent::obey()
{
    const EndpointState::Orders orders = m_state->takeOrders();
    if (orders.changesDisabled)
        orders.isDisabled ? m_http.disable() : m_http.enable();
    if (std::exchange(m_network, orders.network) != orders.network)
        orders.network == Endpoint::Network::Gone ? m_patience.start() : m_patience.stop();
    m_isPaused = orders.isPaused;
    if (orders.retriesNow)
        m_retry.retryNow();
    holdOrRelease();
}

void EndpointAgent::holdOrRelease()
{
    if (m_isPaused || m_patience.isActive())
        m_http.hold();
    else
        m_http.release(); // Whoever hears of an outcome then may destroy this.
}

} // namespace Qanat
