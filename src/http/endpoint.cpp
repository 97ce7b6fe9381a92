// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/http/endpoint.h"

#include "Qanat/core/clock.h"
#include "Qanat/core/queue.h"
#include "Qanat/core/retryingsink.h"
#include "Qanat/core/workerpool.h"
#include "endpointagent_p.h"
#include "endpointconfiguration_p.h"
#include "endpointstate_p.h"
#include "endpointstrategy_p.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qloggingcategory.h>
#include <QtCore/qpointer.h>
#include <QtNetwork/qnetworkinformation.h>

namespace Qanat {

namespace {

Q_LOGGING_CATEGORY(qanatHttp, "qanat.http", QtWarningMsg)

// One whose time others may ask for.
class ClockedHttpSink final : public HttpSink
{
public:
    using HttpSink::HttpSink;
    using Sink::clock;
};

EndpointConfiguration simple(const QString &name, const QUrl &url)
{
    EndpointConfiguration configuration;
    configuration.name = name;
    configuration.url = url;
    return configuration;
}

Endpoint::Network networkOf(QNetworkInformation::Reachability reachability)
{
    switch (reachability) {
    case QNetworkInformation::Reachability::Disconnected:
        return Endpoint::Network::Gone;
    case QNetworkInformation::Reachability::Unknown:
        return Endpoint::Network::Unknown;
    default:
        return Endpoint::Network::
            There; // As far as anybody knows: it may be a local network, and so may be the service.
    }
}

void addAnswers(const PipelineNode &node, QMap<int, qint64> &answers)
{
    for (auto answer = node.statistics.answers.begin(); answer != node.statistics.answers.end(); ++answer)
        answers[answer.key()] += *answer;
    for (const PipelineNode &target : node.targets)
        addAnswers(target, answers);
}

} // namespace

class EndpointPrivate
{
public:
    explicit EndpointPrivate(const EndpointConfiguration &from)
        : configuration(from)
        , errorText(from.errorText())
    {
    }

    [[nodiscard]] std::unique_ptr<Sink> makeQueue(const Endpoint::QueueMaker &maker) const;
    [[nodiscard]] std::unique_ptr<Sink> makeTarget() const;
    void heedSystem(Endpoint *endpoint) const;
    void setPaused(bool paused) const;

    const EndpointConfiguration configuration;
    const QString errorText;
    const std::shared_ptr<EndpointState> state = std::make_shared<EndpointState>();
    EndpointState::News shown; // By signals.
};

std::unique_ptr<Sink> EndpointPrivate::makeTarget() const
{
    auto http = std::make_unique<ClockedHttpSink>(QUrl());
    // One that is wrong sends nothing, and every event is refused with the reason.
    if (!configure(*http, configuration).isEmpty() && http->isValid())
        http->setUrl(QUrl());
    ClockedHttpSink &sink = *http;
    auto retry = std::make_unique<RetryingSink>(
        std::move(http),
        std::make_unique<EndpointStrategy>(configuration, state, [&sink] { return sink.clock()->wallClock(); }));
    retry->setMaximumAge(configuration.maximumAge);
    retry->setMaximumAttempts(configuration.maximumAttempts);
    new EndpointAgent(sink, *retry, state); // The sink's child.
    return retry;
}

std::unique_ptr<Sink> EndpointPrivate::makeQueue(const Endpoint::QueueMaker &maker) const
{
    std::unique_ptr<Sink> queue;
    if (maker) {
        queue = maker(makeTarget());
    } else {
        auto made = std::make_unique<Queue>(makeTarget(), WorkerPool::shared());
        made->setLimits(configuration.limits);
        if (carriesMany(configuration))
            made->setLinger(configuration.maximumBatchCount, configuration.linger);
        queue = std::move(made);
    }
    if (const auto key = orderKeyOf(configuration); key && queue)
        queue->setOrderKey(key);
    return queue;
}

// To load it takes the main thread tens of milliseconds, in which it talks to a service of the system: that is the application's choice.
void EndpointPrivate::heedSystem(Endpoint *endpoint) const
{
    const QNetworkInformation *const information = QNetworkInformation::instance();
    if (!information || !information->supports(QNetworkInformation::Feature::Reachability))
        return;
    endpoint->setNetwork(networkOf(information->reachability()));
    QObject::connect(
        information, &QNetworkInformation::reachabilityChanged, endpoint,
        [endpoint](QNetworkInformation::Reachability reachability) { endpoint->setNetwork(networkOf(reachability)); });
}

void EndpointPrivate::setPaused(bool paused) const
{
    state->report([paused](EndpointState::News &news) { news.isPaused = paused; });
    state->order([paused](EndpointState::Orders &orders) { orders.isPaused = paused; });
}

Endpoint::Endpoint(const QString &name, const QUrl &url, QObject *parent)
    : Endpoint(simple(name, url), parent)
{
}

Endpoint::Endpoint(const EndpointConfiguration &configuration, QObject *parent)
    : Endpoint(configuration, QueueMaker(), parent)
{
}

Endpoint::Endpoint(const EndpointConfiguration &configuration, const QueueMaker &makeQueue, QObject *parent)
    : Endpoint(std::make_unique<EndpointPrivate>(configuration), makeQueue, parent)
{
}

Endpoint::Endpoint(std::unique_ptr<EndpointPrivate> made, const QueueMaker &makeQueue, QObject *parent)
    : Sink(made->makeQueue(makeQueue), parent)
    , d(std::move(made))
{
    setObjectName(d->configuration.name);
    if (!d->errorText.isEmpty())
        qCWarning(qanatHttp, "Endpoint \"%ls\": %ls: its events are given up", qUtf16Printable(objectName()),
                  qUtf16Printable(d->errorText));
    d->state->setListener(EndpointState::Side::Endpoint, this);
    d->heedSystem(this);
}

Endpoint::~Endpoint()
{
    d->state->setListener(EndpointState::Side::Endpoint, nullptr);
}

EndpointConfiguration Endpoint::configuration() const
{
    return d->configuration;
}

QString Endpoint::errorText() const
{
    return d->errorText;
}

bool Endpoint::isHealthy() const
{
    return d->state->news().isHealthy;
}

bool Endpoint::isBlocked() const
{
    return blockedReason().isFailure();
}

Delivery Endpoint::blockedReason() const
{
    return d->state->news().blockedReason;
}

bool Endpoint::isDisabled() const
{
    return d->state->news().isDisabled;
}

bool Endpoint::isPaused() const
{
    return d->state->news().isPaused;
}

QDateTime Endpoint::pausedUntil() const
{
    return d->state->news().pausedUntil;
}

QMap<int, qint64> Endpoint::answers() const
{
    QMap<int, qint64> answers;
    addAnswers(pipeline(), answers);
    return answers;
}

void Endpoint::pause()
{
    d->setPaused(true);
}

void Endpoint::resume()
{
    d->setPaused(false);
}

void Endpoint::disable()
{
    d->state->order([](EndpointState::Orders &orders) { orders.changesDisabled = orders.isDisabled = true; });
}

void Endpoint::enable()
{
    d->state->order([](EndpointState::Orders &orders) {
        orders.changesDisabled = true;
        orders.isDisabled = false;
    });
}

void Endpoint::retryNow()
{
    d->state->order([](EndpointState::Orders &orders) { orders.retriesNow = true; });
}

void Endpoint::setNetwork(Network network)
{
    d->state->order([network](EndpointState::Orders &orders) {
        // It is back: what waits begins at once.
        const bool wasGone = std::exchange(orders.network, network) == Network::Gone;
        orders.retriesNow = orders.retriesNow || (wasGone && network != Network::Gone);
    });
}

void Endpoint::showActivity()
{
    const EndpointState::News &news = d->shown;
    using Activity = PipelineNode::Activity;
    const std::chrono::milliseconds wait =
        std::chrono::milliseconds(news.pausedUntil.isValid() ? news.pausedUntil.toMSecsSinceEpoch() : 0)
        - clock()->wallClock();
    if (news.isDisabled)
        setActivity(Activity::Disabled);
    else if (news.isPaused)
        setActivity(Activity::Paused);
    else if (news.blockedReason.isFailure())
        setActivity(Activity::Blocked);
    else if (wait.count() > 0)
        setActivity(Activity::Waiting, clock()->now() + wait);
    else
        setActivity(news.isHealthy ? Activity::Flowing : Activity::Waiting);
}

bool Endpoint::event(QEvent *event)
{
    if (event->type() != QEvent::User)
        return Sink::event(event);
    const EndpointState::News now = d->state->takeNews();
    const EndpointState::News before = std::exchange(d->shown, now);
    showActivity();
    // Whoever hears one of them may destroy this.
    const QPointer<Endpoint> self(this);
    const bool isBlocked = now.blockedReason.isFailure();
    if (self && now.isHealthy != before.isHealthy)
        Q_EMIT healthyChanged(now.isHealthy, QPrivateSignal());
    if (self && isBlocked != before.blockedReason.isFailure()) {
        Q_EMIT blockedChanged(isBlocked, QPrivateSignal());
        if (self && isBlocked)
            Q_EMIT blocked(now.blockedReason, QPrivateSignal());
    }
    if (self && now.isDisabled != before.isDisabled)
        Q_EMIT disabledChanged(now.isDisabled, QPrivateSignal());
    if (self && now.pausedUntil != before.pausedUntil)
        Q_EMIT pausedUntilChanged(now.pausedUntil, QPrivateSignal());
    if (self && now.isPaused != before.isPaused)
        Q_EMIT pausedChanged(now.isPaused, QPrivateSignal());
    return true;
}

} // namespace Qanat
