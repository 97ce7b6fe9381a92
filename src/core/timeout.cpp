// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/timeout.h"

#include "Qanat/core/clock.h"
#include "Qanat/core/duration.h"
#include "sink_p.h"
#include "text_p.h"
#include "timer_p.h"

#include <algorithm>
#include <vector>

namespace Qanat {

using std::chrono::nanoseconds;

namespace {

// A batch that the target has. Only the sink's thread looks at it.
struct Wait
{
    Completion upstream;
    std::chrono::milliseconds within;
    nanoseconds due{0};
};

using WaitRef = std::shared_ptr<Wait>;

} // namespace

class TimeoutPrivate
{
public:
    explicit TimeoutPrivate(Timeout *sink)
        : q(sink)
    {
    }

    void hear(const WaitRef &wait, qsizetype count, const Delivery &delivery);
    void restart(Wait &wait) const;
    void arm();
    void look();

    Timeout *const q;
    Sink *target = nullptr;
    std::chrono::milliseconds within{0};
    std::vector<WaitRef> waits;
    std::unique_ptr<Timer> timer;
};

Timeout::Timeout(std::chrono::milliseconds within, std::unique_ptr<Sink> target, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<TimeoutPrivate>(this))
{
    setWithin(within);
    d->target = adopt(std::move(target));
    if (!d->target)
        discard();
}

Timeout::~Timeout() = default;

std::chrono::milliseconds Timeout::within() const
{
    return d->within;
}

void Timeout::setWithin(std::chrono::milliseconds within)
{
    // No clock reaches further.
    constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 36500);
    d->within = std::clamp(within, std::chrono::milliseconds(0), longest);
}

int Timeout::maxInFlight() const
{
    return d->target ? d->target->maxInFlight() : 1;
}

bool Timeout::event(QEvent *event)
{
    // A timer stays in its thread.
    if (event->type() == QEvent::ThreadChange)
        d->timer.reset();
    const bool isKnown = Sink::event(event);
    if (event->type() == SinkAccess::arrivedEvent())
        d->arm();
    return isKnown;
}

void Timeout::process(const Batch &batch, Completion completion)
{
    const auto wait = std::make_shared<Wait>();
    wait->upstream = std::move(completion);
    wait->within = d->within;
    d->restart(*wait);
    d->waits.push_back(wait);
    // Outcomes come in any thread, and time-outs in this one: here they meet. It may outlive this sink, and so reaches it
    // through the mailbox only, which runs nothing for one that is gone.
    const auto handler = [d = d.get(), wait, mailbox = SinkAccess::mailbox(*this)](qsizetype count,
                                                                                   const Delivery &delivery) {
        mailbox->post([d, wait, count, delivery] { d->hear(wait, count, delivery); });
    };
    forward(d->target, batch, Completion(batch.size(), handler));
    d->arm();
}

void Timeout::interrupt()
{
    d->waits.clear();
    d->timer.reset();
}

void TimeoutPrivate::restart(Wait &wait) const
{
    wait.due = q->clock()->now() + wait.within;
}

void TimeoutPrivate::hear(const WaitRef &wait, qsizetype count, const Delivery &delivery)
{
    const auto place = std::find(waits.begin(), waits.end(), wait);
    if (place == waits.end())
        return; // Too late.
    restart(*wait);
    if (count >= wait->upstream.remaining())
        waits.erase(place);
    wait->upstream.settle(count, delivery); // Whoever hears of it may destroy the sink.
}

void TimeoutPrivate::arm()
{
    if (waits.empty())
        return;
    const auto isSooner = [](const WaitRef &one, const WaitRef &other) { return one->due < other->due; };
    const nanoseconds due = (*std::min_element(waits.begin(), waits.end(), isSooner))->due;
    if (!timer)
        timer = std::make_unique<Timer>([this] { look(); });
    timer->start(q->clock(), due);
}

void TimeoutPrivate::look()
{
    const nanoseconds now = q->clock()->now();
    const auto isInTime = [now](const WaitRef &wait) { return wait->due > now; };
    const auto late = std::stable_partition(waits.begin(), waits.end(), isInTime);
    const std::vector<WaitRef> over(late, waits.end());
    waits.erase(late, waits.end());
    arm();
    for (const WaitRef &wait : over) {
        wait->upstream.settleAll(
            Delivery::failed(Delivery::Error::Timeout,
                             Text::tr("no outcome within %1: it may have arrived").arg(formatDuration(wait->within))));
    }
}

} // namespace Qanat
