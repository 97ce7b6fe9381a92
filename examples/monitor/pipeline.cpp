// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pipeline.h"

#include <Qanat/DurableQueue>
#include <Qanat/Endpoint>
#include <Qanat/ExponentialBackoff>
#include <Qanat/FileSink>
#include <Qanat/Filter>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

#include <QtCore/qdir.h>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

namespace Monitor {

namespace {

// Whoever breaks a web service to see what happens does not want to wait for minutes until it is tried again.
EndpointConfiguration configurationOf(const QString &name, const QUrl &url)
{
    EndpointConfiguration configuration;
    configuration.name = name;
    configuration.url = url;
    configuration.backoff = 250ms;
    configuration.maximumBackoff = 4s;
    configuration.breakerWait = 1s;
    configuration.maximumBreakerWait = 4s;
    configuration.limits = {100'000, 64 * 1024 * 1024, Limits::Overflow::DropOldest};
    return configuration;
}

Endpoint *makeEndpoint(const EndpointConfiguration &configuration, const QString &spool, QObject *parent)
{
    if (spool.isEmpty())
        return new Endpoint(configuration, parent);
    const auto makeQueue = [&](std::unique_ptr<Sink> target) {
        auto queue = std::make_unique<DurableQueue>(QDir(spool).filePath(configuration.name), std::move(target));
        queue->setLimits(configuration.limits);
        if (configuration.contentMode == HttpSink::ContentMode::Batched)
            queue->setLinger(configuration.maximumBatchCount, configuration.linger);
        return queue;
    };
    return new Endpoint(configuration, makeQueue, parent);
}

Endpoint *makeHook(const Pipeline::Places &places, QObject *parent)
{
    EndpointConfiguration configuration = configurationOf(u"hook"_s, places.url);
    configuration.requestsInFlight = 6;
    configuration.orderKey = u"type"_s;
    return makeEndpoint(configuration, places.spool, parent);
}

Endpoint *makeBatches(const Pipeline::Places &places, QObject *parent)
{
    EndpointConfiguration configuration = configurationOf(u"batches"_s, places.batchUrl);
    configuration.contentMode = HttpSink::ContentMode::Batched;
    configuration.linger = 500ms;
    return makeEndpoint(configuration, places.spool, parent);
}

std::unique_ptr<Queue> makeFile(const QString &path)
{
    auto file = std::make_unique<FileSink>(path);
    file->setMaximumFileSize(16 * 1024 * 1024);
    auto retry = std::make_unique<RetryingSink>(std::move(file), ExponentialBackoff(250ms, 4s));
    auto filter = std::make_unique<Filter>(Matcher::type(u"order.**"_s), std::move(retry));
    filter->setObjectName(u"order.**"_s);
    auto queue = std::make_unique<Queue>(std::move(filter));
    queue->setObjectName(u"file"_s);
    queue->setLimits({100'000, 64 * 1024 * 1024, Limits::Overflow::DropOldest});
    return queue;
}

bool isWholeBalanced(const PipelineNode &node)
{
    return node.statistics.isBalanced() && std::all_of(node.targets.begin(), node.targets.end(), isWholeBalanced);
}

} // namespace

Pipeline::Pipeline(const Places &places, QObject *parent)
    : QObject(parent)
    , m_hook(makeHook(places, this))
    , m_batches(makeBatches(places, this))
    , m_file(makeFile(places.file))
{
    m_deadLetters.setObjectName(u"dead letters"_s);
    m_events.setObjectName(u"events"_s);
    // A writer that is faster than the broadcaster is held back, but for the one that paints the window.
    m_events.setLimits({200'000, Limits::Unlimited, Limits::Overflow::Wait});
    for (Sink *sink : std::initializer_list<Sink *>{m_hook, m_batches, m_file.get()}) {
        // A spool keeps them itself.
        if (places.spool.isEmpty() || sink == m_file.get())
            sink->setDeadLetterSink(&m_deadLetters);
        m_events.add(sink);
    }
}

Pipeline::~Pipeline() = default;

Sink *Pipeline::file() const
{
    return m_file.get();
}

QList<PipelineNode> Pipeline::pictures() const
{
    PipelineNode events = m_events.pipeline();
    // A broadcaster lets go of those that are closed.
    events.targets.clear();
    return {events, m_hook->pipeline(), m_batches->pipeline(), m_file->pipeline(), m_deadLetters.pipeline()};
}

QString Pipeline::totals() const
{
    QString text;
    for (const PipelineNode &picture : pictures())
        text += picture.toString();
    return text.trimmed();
}

bool Pipeline::isBalanced() const
{
    const QList<PipelineNode> all = pictures();
    return std::all_of(all.begin(), all.end(), isWholeBalanced);
}

} // namespace Monitor
