// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pipeline.h"

#include "spool.h"
#include "tally.h"

#include <Qanat/DeadLetters>
#include <Qanat/DurableQueue>
#include <Qanat/ExponentialBackoff>
#include <Qanat/FileSink>
#include <Qanat/Limits>
#include <Qanat/RetryingSink>
#include <Qanat/StoredDeadLetters>

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

Pipeline::Pipeline(const Options &options, const std::shared_ptr<Ledger> &ledger, Spool *spool)
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
        addEndpoint(i, options, spool);
}

Pipeline::~Pipeline() = default;

void Pipeline::addEndpoint(qsizetype index, const Options &options, Spool *spool)
{
    const QList<EndpointOptions> &all = options.endpoints;
    const EndpointConfiguration &configuration = all.at(index).configuration;
    const bool isBatched = configuration.contentMode == HttpSink::ContentMode::Batched;
    DurableQueue *onDisk = nullptr;
    const auto makeQueue = [&](std::unique_ptr<Sink> target) -> std::unique_ptr<Sink> {
        auto tally = std::make_unique<Tally>(std::move(target), m_ledger, index);
        const auto setUp = [&](auto queue, const Limits &limits) {
            queue->setLimits(limits);
            if (isBatched)
                queue->setLinger(configuration.maximumBatchCount, configuration.linger);
            return queue;
        };
        if (!options.spool)
            return setUp(std::make_unique<Queue>(std::move(tally)), configuration.limits);
        auto queue = std::make_unique<DurableQueue>(options.spool->folders.at(index), std::move(tally));
        onDisk = queue.get();
        return setUp(std::move(queue), {Limits::Unlimited, options.spool->bytes, Limits::Overflow::Wait});
    };
    auto sink = std::make_unique<Qanat::Endpoint>(configuration, makeQueue);
    const QString name = nameOf(index, all);
    sink->setObjectName(name); // Dead letters are called by it.
    sink->setDeadLetterSink(m_deadLetters.get());
    connect(sink.get(), &Sink::dropped, this,
            [this, name](qint64 count, const Delivery &last) { Q_EMIT dropped(name, count, last); });
    // Comes behind the last dropped(), which the future of a close does not.
    connect(sink.get(), &Sink::closed, this, &Pipeline::noteClosed);
    if (onDisk)
        spool->add(onDisk, name);
    m_endpoints.push_back(
        {name, originOf(configuration.url), all.at(index).wanted, std::move(sink), Delivery(), onDisk});
}

Bookmark Pipeline::resume(const Bookmark &beginning)
{
    std::optional<Bookmark> first;
    for (Endpoint &endpoint : m_endpoints) {
        Bookmark own = beginning;
        if (const std::optional<Bookmark> stored = Bookmark::fromText(endpoint.queue->storedPosition())) {
            if (stored->isIn(beginning))
                own = *stored;
            else if (stored->hasNameOf(beginning))
                Q_EMIT replaced(endpoint.name);
        }
        endpoint.resumesAt = own.offset();
        if (!first || own.offset() < first->offset())
            first = own;
    }
    Bookmark start = beginning;
    if (first)
        start.moveTo(first->offset(), first->line());
    return start;
}

bool Pipeline::write(const Event &read, const std::optional<Bookmark> &place)
{
    const QByteArray position = place ? place->toText() : QByteArray();
    std::vector<qsizetype> takers;
    for (size_t i = 0; i < m_endpoints.size(); ++i) {
        if (place && place->offset() <= m_endpoints[i].resumesAt)
            continue; // It has it.
        if (m_endpoints[i].wanted.matches(read))
            takers.push_back(static_cast<qsizetype>(i));
        else if (place)
            m_endpoints[i].queue->setPosition(position);
    }
    const Event event = DeadLetter::fromEvent(read).event;
    m_ledger->expect(event, takers);
    bool isWritten = true;
    for (const qsizetype taker : takers) {
        isWritten = writeTo(m_endpoints[static_cast<size_t>(taker)], event, position) && isWritten;
    }
    // It has been read, and nobody will read it once more.
    if (!isWritten && m_deadLetters)
        m_deadLetters->write(read);
    return isWritten;
}

bool Pipeline::writeTo(const Endpoint &endpoint, const Event &event, const QByteArray &position) const
{
    Sink &sink = *endpoint.sink;
    // What is larger than a limit would never be accepted, and it was read already: so there is room for one such event.
    if (Limits limits = sink.limits(); event.estimatedSize() > limits.bytes) {
        limits.bytes = event.estimatedSize();
        sink.setLimits(limits);
    }
    const WriteResult result = position.isEmpty() ? sink.write(event) : endpoint.queue->write(event, position);
    return result == WriteResult::Status::Accepted;
}

void Pipeline::pass(const std::optional<Bookmark> &place)
{
    for (const Endpoint &endpoint : m_endpoints) {
        if (place && place->offset() > endpoint.resumesAt)
            endpoint.queue->setPosition(place->toText());
    }
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

Totals Pipeline::totals() const
{
    Totals totals = m_ledger->totals();
    if (m_endpoints.empty() || !m_endpoints.front().queue)
        return totals;
    // An event counts once for each endpoint.
    totals.filtered = totals.delivered = totals.dropped = totals.pending = 0;
    for (size_t i = 0; i < m_endpoints.size(); ++i) {
        Totals::Endpoint &own = totals.endpoints[qsizetype(i)];
        const Statistics statistics = m_endpoints[i].queue->statistics();
        own.delivered = statistics.delivered + statistics.filtered;
        own.dropped = statistics.dropped;
        // With what was read and came too late for the queue.
        own.pending = totals.read - totals.rejected + m_endpoints[i].queue->resumed() - own.filtered - own.delivered
                      - own.dropped;
        totals.filtered += own.filtered;
        totals.delivered += own.delivered;
        totals.dropped += own.dropped;
        totals.pending += own.pending;
    }
    return totals;
}

std::optional<Pipeline::SpoolState> Pipeline::spool(qsizetype endpoint) const
{
    const DurableQueue *const queue = m_endpoints[size_t(endpoint)].queue;
    if (!queue)
        return std::nullopt;
    // Where there are too many the oldest go, be they of this run or of another one.
    const StoredDeadLetters &letters = *queue->storedDeadLetters();
    return SpoolState{queue->resumed(), queue->statistics().stored,
                      std::max(letters.kept() - letters.lost(), qint64(0))};
}

std::optional<Pipeline::SpoolState> Pipeline::spool() const
{
    std::optional<SpoolState> all;
    for (qsizetype i = 0; i < qsizetype(m_endpoints.size()); ++i) {
        const std::optional<SpoolState> own = spool(i);
        if (!own)
            return std::nullopt;
        all =
            SpoolState{all ? all->resumed + own->resumed : own->resumed, all ? all->stored + own->stored : own->stored,
                       all ? all->deadLettered + own->deadLettered : own->deadLettered};
    }
    return all;
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
        // The queue stands before the tally, and that before the retries, which count the attempts. One on disk has a queue behind it.
        PipelineNode node = endpoint.sink->pipeline();
        const int steps = endpoint.queue ? 3 : 2;
        for (int i = 0; i < steps && !node.targets.isEmpty(); ++i)
            node = PipelineNode(node.targets.first());
        if (node.targets.size() > 0) {
            const Statistics &retries = node.statistics;
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
