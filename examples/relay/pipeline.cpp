// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pipeline.h"

#include "ledger.h"
#include "tally.h"

#include <Qanat/DeadLetters>
#include <Qanat/ExponentialBackoff>
#include <Qanat/FileSink>
#include <Qanat/Limits>
#include <Qanat/RetryingSink>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace Qanat;
using namespace std::chrono_literals;

namespace Relay {

namespace {

// A disk that is full may have room again; and the end of the run waits as long.
constexpr std::chrono::milliseconds PatienceWithTheDisk = 5s;
// The system's own patience with a second signal is 2 s.
constexpr std::chrono::milliseconds LittlePatience = 500ms;

QString nameOf(qsizetype index, const QList<EndpointOptions> &endpoints)
{
    const auto plainName = [](const EndpointOptions &endpoint) {
        const EndpointConfiguration &configuration = endpoint.configuration;
        return configuration.name.isEmpty() ? originOf(configuration.url) : configuration.name;
    };
    const QString name = plainName(endpoints.at(index));
    const auto same = std::count_if(endpoints.cbegin(), endpoints.cend(),
                                    [&](const EndpointOptions &endpoint) { return plainName(endpoint) == name; });
    return same > 1 ? u"%1 (endpoint %2)"_s.arg(name).arg(index + 1) : name;
}

std::unique_ptr<Queue> makeDeadLetters(const QString &path)
{
    auto file = std::make_unique<FileSink>(path);
    file->setFlushPolicy(FileSink::Flush::ToDisk);
    auto retry = std::make_unique<RetryingSink>(std::move(file), ExponentialBackoff());
    retry->setMaximumAge(PatienceWithTheDisk);
    return std::make_unique<Queue>(std::move(retry));
}

Pipeline::EndpointState::Health healthOf(const Qanat::Endpoint &endpoint)
{
    using Health = Pipeline::EndpointState::Health;
    if (endpoint.isDisabled())
        return Health::Disabled;
    if (endpoint.isBlocked())
        return Health::Blocked;
    return endpoint.isHealthy() ? Health::Flowing : Health::Failing;
}

} // namespace

QString reasonOf(const Delivery &delivery)
{
    const Delivery cause = delivery.cause();
    return cause.isFailure() ? delivery.errorText() + u": "_s + cause.errorText() : delivery.errorText();
}

Pipeline::Pipeline(const Options &options, const std::shared_ptr<Ledger> &ledger)
    : m_ledger(ledger)
    , m_patience(PatienceWithTheDisk)
{
    if (options.deadLetterFile) {
        m_deadLetters = makeDeadLetters(*options.deadLetterFile);
        connect(m_deadLetters.get(), &Sink::dropped, this, [this](qint64 count, const Delivery &last) {
            // That a close came first is not why they could not be written.
            const Delivery disk = m_deadLetters->pipeline().targets.value(0).statistics.lastError;
            Q_EMIT lost(count, isLeftOver(last) && disk.isFailure() ? disk : last);
        });
        connect(m_deadLetters.get(), &Sink::closed, this, &Pipeline::end);
    }
    for (qsizetype i = 0; i < options.endpoints.size(); ++i)
        addEndpoint(i, options.endpoints);
}

void Pipeline::addEndpoint(qsizetype index, const QList<EndpointOptions> &all)
{
    const EndpointOptions &options = all.at(index);
    const EndpointConfiguration &configuration = options.configuration;
    const auto makeQueue = [&](std::unique_ptr<Sink> target) {
        auto queue = std::make_unique<Queue>(std::make_unique<Tally>(std::move(target), m_ledger, index));
        queue->setLimits(configuration.limits);
        if (configuration.contentMode == HttpSink::ContentMode::Batched)
            queue->setLinger(configuration.maximumBatchCount, configuration.linger);
        return queue;
    };
    auto sink = std::make_unique<Qanat::Endpoint>(configuration, makeQueue);
    const QString name = nameOf(index, all);
    sink->setObjectName(name); // Dead letters are called by it.
    sink->setDeadLetterSink(m_deadLetters.get());
    connect(sink.get(), &Sink::dropped, this,
            [this, name](qint64 count, const Delivery &last) { Q_EMIT dropped(name, count, last); });
    // Comes behind the last dropped(), which the future of a close does not.
    connect(sink.get(), &Sink::closed, this, &Pipeline::noteClosed);
    m_endpoints.push_back({name, originOf(configuration.url), options.wanted, std::move(sink), Delivery()});
}

bool Pipeline::write(const Event &read)
{
    std::vector<qsizetype> takers;
    for (size_t i = 0; i < m_endpoints.size(); ++i) {
        if (m_endpoints[i].wanted.matches(read))
            takers.push_back(static_cast<qsizetype>(i));
    }
    const Event event = DeadLetter::fromEvent(read).event;
    m_ledger->expect(event, takers);
    bool isWritten = true;
    for (const qsizetype taker : takers) {
        Sink &sink = *m_endpoints[static_cast<size_t>(taker)].sink;
        // What is larger than a limit would never be accepted, and it was read already: so there is room for one such event.
        if (Limits limits = sink.limits(); event.estimatedSize() > limits.bytes) {
            limits.bytes = event.estimatedSize();
            sink.setLimits(limits);
        }
        isWritten = sink.write(event) == WriteResult::Status::Accepted && isWritten;
    }
    // It has been read, and nobody will read it once more.
    if (!isWritten && m_deadLetters)
        m_deadLetters->write(read);
    return isWritten;
}

void Pipeline::close(std::chrono::milliseconds within)
{
    for (const Endpoint &endpoint : m_endpoints)
        endpoint.sink->close(within);
}

void Pipeline::closeAtOnce()
{
    m_patience = LittlePatience;
    close(0ms);
    endIfDone();
}

void Pipeline::noteClosed()
{
    ++m_closedCount;
    endIfDone();
}

void Pipeline::noteInputEnded()
{
    m_isInputEnded = true;
    endIfDone();
}

// Until then whoever reads may have a dead letter, too.
void Pipeline::endIfDone()
{
    if (!m_isInputEnded || m_closedCount < m_endpoints.size() || m_isClosed)
        return;
    if (m_deadLetters)
        m_deadLetters->close(m_patience);
    else
        end();
}

void Pipeline::end()
{
    m_isClosed = true;
    Q_EMIT closed();
}

std::optional<Pipeline::DeadLetterState> Pipeline::deadLetters() const
{
    if (!m_deadLetters)
        return std::nullopt;
    const Statistics statistics = m_deadLetters->statistics();
    return DeadLetterState{statistics.delivered, statistics.dropped};
}

QList<Pipeline::EndpointState> Pipeline::endpoints()
{
    QList<EndpointState> states;
    for (Endpoint &endpoint : m_endpoints) {
        EndpointState state;
        state.name = endpoint.name;
        state.origin = endpoint.origin;
        state.health = healthOf(*endpoint.sink);
        state.answers = endpoint.sink->answers();
        // The queue stands before the tally, and that before the retries, which count the attempts.
        const PipelineNode queue = endpoint.sink->pipeline();
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
