// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pipeline.h"

#include "ledger.h"
#include "linereader.h"
#include "requestoptions.h"
#include "tally.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/Limits>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Relay {

namespace {

// What can be read in a line can also be sent.
constexpr qint64 LargestEvent = 2 * LineReader::MaximumLength;

// Enough to keep an endpoint busy, and little enough to hold for each of many.
constexpr qint64 MostEvents = 1000;
constexpr qint64 MostBytes = 16 * 1024 * 1024;

Limits limitsOf(qint64 bytes, Limits::Overflow overflow)
{
    Limits limits;
    limits.events = MostEvents;
    limits.bytes = bytes;
    limits.overflow = overflow;
    return limits;
}

QString nameOf(qsizetype index, const QList<QUrl> &endpoints)
{
    const QString origin = originOf(endpoints.at(index));
    const auto same =
        std::count_if(endpoints.cbegin(), endpoints.cend(), [&](const QUrl &url) { return originOf(url) == origin; });
    return same > 1 ? u"%1 (endpoint %2)"_s.arg(origin).arg(index + 1) : origin;
}

std::unique_ptr<HttpSink> makeHttp(const QUrl &url, const Options &options)
{
    auto http = std::make_unique<HttpSink>(url);
    http->setPlainHttp(options.plainHttp);
    http->setRequestTimeout(options.timeout);
    http->setMaximumEventSize(LargestEvent);
    for (const auto &[name, value] : options.headers) {
        [[maybe_unused]] const HttpSink::HeaderError error = http->setHeader(name, value);
        Q_ASSERT(error == HttpSink::HeaderError::None); // The command line was checked.
    }
    return http;
}

} // namespace

QString reasonOf(const Delivery &delivery)
{
    const Delivery cause = delivery.cause();
    return cause.isFailure() ? delivery.errorText() + u": "_s + cause.errorText() : delivery.errorText();
}

Pipeline::Pipeline(const Options &options, const std::shared_ptr<Ledger> &ledger)
{
    m_events.setPacing(Broadcaster::Pacing::Slowest);
    for (qsizetype i = 0; i < options.endpoints.size(); ++i)
        addEndpoint(i, options, ledger);
    setLimits(MostBytes);
}

WriteResult Pipeline::write(const Event &event)
{
    // What is larger than a limit would never be accepted, and it was read already: so there is room for one such event.
    if (event.estimatedSize() > m_bytes)
        setLimits(event.estimatedSize());
    return m_events.write(event);
}

// Equal ones: what the broadcaster hands on at once then always fits into an empty queue.
void Pipeline::setLimits(qint64 bytes)
{
    m_bytes = bytes;
    for (const Endpoint &endpoint : m_endpoints)
        endpoint.queue->setLimits(limitsOf(bytes, Limits::Overflow::Reject));
    m_events.setLimits(limitsOf(bytes, Limits::Overflow::Wait));
}

void Pipeline::addEndpoint(qsizetype index, const Options &options, const std::shared_ptr<Ledger> &ledger)
{
    const QUrl url = options.endpoints.at(index);
    const QString origin = originOf(url);
    const QString name = nameOf(index, options.endpoints);
    auto retry =
        std::make_unique<RetryingSink>(makeHttp(url, options), CircuitBreaker(options.threshold, options.backoff));
    if (options.maximumAttempts)
        retry->setMaximumAttempts(*options.maximumAttempts);
    if (options.maximumAge)
        retry->setMaximumAge(*options.maximumAge);
    // The state outlives the sink, which belongs to the thread of its queue.
    auto state = std::make_shared<std::atomic<RetryingSink::State>>(RetryingSink::State::Flowing);
    connect(retry.get(), &RetryingSink::retryStateChanged, retry.get(),
            [state](RetryingSink::State now) { *state = now; });

    auto tally = std::make_unique<Tally>(std::move(retry), ledger, index);
    auto queue = std::make_unique<Queue>(std::move(tally));
    connect(queue.get(), &Queue::dropped, this,
            [this, name](qint64 count, const Delivery &last) { Q_EMIT dropped(name, count, last); });
    // Comes behind the last dropped(), which the future of a close does not.
    connect(queue.get(), &Queue::closed, this, [this] {
        ++m_closedCount;
        if (isClosed())
            Q_EMIT closed();
    });
    m_endpoints.push_back({name, origin, queue.get(), Delivery(), std::move(state)});
    m_events.add(std::move(queue));
}

QList<Pipeline::EndpointState> Pipeline::endpoints()
{
    QList<EndpointState> states;
    for (Endpoint &endpoint : m_endpoints) {
        EndpointState state;
        state.name = endpoint.name;
        state.origin = endpoint.origin;
        state.state = *endpoint.state;
        // The queue stands before the tally, and that before the retries, which count the attempts.
        const PipelineNode queue = endpoint.queue->pipeline();
        if (!queue.targets.isEmpty() && !queue.targets.first().targets.isEmpty()) {
            const Statistics &retries = queue.targets.first().targets.first().statistics;
            state.failed = retries.failed;
            state.retried = retries.retried;
            // That a close came first says nothing about the endpoint.
            if (retries.lastError.isFailure() && !isLeftOver(retries.lastError))
                endpoint.lastError = retries.lastError;
        }
        state.lastError = endpoint.lastError;
        states.append(state);
    }
    return states;
}

} // namespace Relay
