// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pipeline.h"

#include <Qanat/Endpoint>
#include <Qanat/ExponentialBackoff>
#include <Qanat/FileSink>
#include <Qanat/Filter>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

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

Endpoint *makeHook(const QUrl &url, QObject *parent)
{
    EndpointConfiguration configuration = configurationOf(u"hook"_s, url);
    configuration.requestsInFlight = 6;
    configuration.orderKey = u"type"_s;
    return new Endpoint(configuration, parent);
}

Endpoint *makeBatches(const QUrl &url, QObject *parent)
{
    EndpointConfiguration configuration = configurationOf(u"batches"_s, url);
    configuration.contentMode = HttpSink::ContentMode::Batched;
    configuration.linger = 500ms;
    return new Endpoint(configuration, parent);
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

} // namespace

Pipeline::Pipeline(const Places &places, QObject *parent)
    : QObject(parent)
    , m_hook(makeHook(places.url, this))
    , m_batches(makeBatches(places.batchUrl, this))
{
    m_deadLetters.setObjectName(u"dead letters"_s);
    m_events.setObjectName(u"events"_s);
    // A writer that is faster than the broadcaster is held back, but for the one that paints the window.
    m_events.setLimits({200'000, Limits::Unlimited, Limits::Overflow::Wait});
    std::unique_ptr<Queue> file = makeFile(places.file);
    for (Sink *sink : std::initializer_list<Sink *>{m_hook, m_batches, file.get()})
        sink->setDeadLetterSink(&m_deadLetters);
    m_events.add(m_hook);
    m_events.add(m_batches);
    m_events.add(std::move(file));
}

bool isBalanced(const PipelineNode &node)
{
    return node.statistics.isBalanced() && std::all_of(node.targets.begin(), node.targets.end(), isBalanced);
}

} // namespace Monitor
