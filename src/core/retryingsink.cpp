// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/retryingsink.h"

#include "Qanat/core/clock.h"
#include "currentmailbox_p.h"
#include "logging_p.h"
#include "sink_p.h"
#include "text_p.h"

#include <atomic>
#include <deque>
#include <limits>

using namespace Qt::StringLiterals;

namespace Qanat {

using std::chrono::nanoseconds;

namespace {

QString attemptsText(int attempts)
{
    return attempts == 1 ? Text::tr("1 attempt") : Text::tr("%1 attempts").arg(attempts);
}

QString tooOldText(int attempts)
{
    return attempts == 0 ? Text::tr("given up: too old before it was tried")
                         : Text::tr("given up: too old after %1").arg(attemptsText(attempts));
}

// However often that happens, it says nothing about the event.
bool isFaultOfEndpoint(const Delivery &failure)
{
    return failure.error() == Delivery::Error::Misdirected || failure.error() == Delivery::Error::Security;
}

bool isOfClose(const Delivery &delivery)
{
    return delivery.outcome() == Delivery::Outcome::Dropped
           && (delivery.error() == Delivery::Error::Discarded || delivery.error() == Delivery::Error::Unknown);
}

// A batch on its way to an outcome, through as many attempts as it takes.
struct Try
{
    Batch batch; // What the next attempt is for.
    std::vector<int> attempts; // Of each of its events, so far.
    // Where the outcomes go. While nothing was to be tried again they go up at once, in order; from then on the ledger brings
    // them into order.
    Completion upstream;
    std::shared_ptr<Ledger> ledger;
    std::vector<qsizetype> positions; // In the ledger, of each event of the batch.

    // The attempt under way:
    qsizetype settled = 0;
    // What to try again, and how it failed. Runs: a sink that keeps the order hands back all that follows a failure.
    struct Run
    {
        qsizetype first;
        qsizetype count;
        Delivery reason;
    };
    std::vector<Run> again;
    Delivery failure; // The first of the attempt that may be mended, or else the first one,
    qsizetype failed = 0; // and the event that it hit.
    std::chrono::milliseconds askedFor{0}; // The longest wait that the other side wants.
    Delivery lastPart; // The outcome of those that were settled last.
    bool anyTried = false;
    bool anyDelivered = false;
    // Both have to happen before the attempt is looked at, in any order, perhaps in two threads: whoever is second does it.
    enum Phase : int { Returned = 1, Settled = 2 };
    std::atomic<int> phase{0};
    bool isAsked = false; // The strategy was asked for the next attempt.
    bool isUnderWay = false;
    bool isWithdrawn = false; // It is not to be tried again.
    bool isVoid = false; // Nobody waits for it any more.

    int number() const { return attempts.empty() ? 1 : attempts.front() + 1; }
    // After an attempt: of what failed in it, which may have been tried less often than what was delivered before it.
    int numberOfLast() const
    {
        if (failure.isFailure())
            return attempts[size_t(failed)];
        return std::max(1, anyTried ? number() - 1 : number());
    }

    // What cannot be tried again needs no wait, and says nothing about what can.
    bool isOutweighedBy(const Delivery &other) const
    {
        return other.isFailure() && other.canRetry() && !failure.canRetry() && !failure.isClosed();
    }

    // Should a close end the wait, what was tried is told with the reason why that was not enough.
    void park()
    {
        Outlook outlook;
        for (const int count : attempts) {
            Delivery left = CompletionState::discarded();
            if (count > 0)
                left = left.withAttempts(count).withCause(failure);
            if (!outlook.empty() && outlook.back().second.attempts() == count)
                ++outlook.back().first;
            else
                outlook.emplace_back(1, left);
        }
        if (ledger)
            ledger->park(positions, outlook);
        else
            CompletionAccess::park(upstream, outlook);
    }
    void resume() { ledger ? ledger->resume() : upstream.resume(); }

    void settle(qsizetype index, qsizetype count, const Delivery &delivery)
    {
        if (!ledger) {
            upstream.settle(count, delivery);
            return;
        }
        for (qsizetype i = index; i < index + count; ++i)
            ledger->settle(positions[size_t(i)], 1, delivery);
    }

    // Keeps only what is to be tried again, for the next attempt.
    void narrow()
    {
        std::vector<qsizetype> left;
        for (const Run &run : again) {
            for (qsizetype i = run.first; i < run.first + run.count; ++i)
                left.push_back(i);
        }
        for (size_t i = 0; i < left.size(); ++i) {
            positions[i] = positions[size_t(left[i])];
            attempts[i] = attempts[size_t(left[i])];
        }
        positions.resize(left.size());
        attempts.resize(left.size());
        const bool isOneRun = left.back() - left.front() + 1 == qsizetype(left.size());
        batch = isOneRun ? batch.mid(left.front(), qsizetype(left.size())) : batch.pick(left);
    }

    // From here on outcomes may come out of order.
    void beginLedger(qsizetype first)
    {
        const qsizetype left = batch.size() - first;
        ledger = std::make_shared<Ledger>(std::move(upstream), left);
        positions.resize(size_t(batch.size()));
        for (qsizetype i = first; i < batch.size(); ++i)
            positions[size_t(i)] = i - first;
    }
};

using TryRef = std::shared_ptr<Try>;

} // namespace

class RetryingSinkPrivate
{
public:
    explicit RetryingSinkPrivate(RetryingSink *sink)
        : q(sink)
    {
    }

    nanoseconds now() const { return q->clock()->now(); }
    void start(const TryRef &work);
    void attempt(const TryRef &work);
    void finishAttempt(const TryRef &work);
    static void hear(Try &work, qsizetype count, const Delivery &delivery);
    void evaluate(const TryRef &work);
    void dismiss(const TryRef &work);
    void giveUp(Try &work, bool strategyDrops);
    void waitForEndpoint(const TryRef &work, nanoseconds due, bool first);
    bool isHopeless(const Try &work) const;
    void giveUpHopeless(const TryRef &work);
    void waitForKey(const TryRef &work, nanoseconds due);
    void arm();
    void retryNow();
    void timeout();
    void endProbe(const TryRef &work);
    void end(const TryRef &work);
    void updateState();
    void showActivity();

    RetryingSink *const q;
    Sink *target = nullptr;
    std::unique_ptr<RetryStrategy> strategy;
    int maximumAttempts = std::numeric_limits<int>::max();
    std::chrono::milliseconds maximumAge = std::chrono::milliseconds::max();

    std::vector<TryRef> tries;
    // Those that wait for the endpoint, in the order in which they came, and until when.
    std::deque<TryRef> waiters;
    nanoseconds endpointDue{0};
    nanoseconds pausedUntil{0}; // By the other side's wish.
    TryRef probe;
    // The last attempt that failed, unless one has succeeded since.
    Delivery lastFailure;
    nanoseconds lastFailureAt{0};
    std::vector<std::pair<nanoseconds, TryRef>> keyWaiters;
    std::unique_ptr<Timer> timer;
    std::atomic<RetryingSink::State> state{RetryingSink::State::Flowing};
};

RetryingSink::RetryingSink(std::unique_ptr<Sink> target, std::unique_ptr<RetryStrategy> strategy, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<RetryingSinkPrivate>(this))
{
    d->strategy = std::move(strategy);
    d->target = adopt(std::move(target));
    if (!d->target || !d->strategy) {
        qCWarning(qanatRetry, "A RetryingSink wants a target and a strategy: it is closed");
        discard();
    }
}

RetryingSink::~RetryingSink()
{
    interrupt();
}

int RetryingSink::maximumAttempts() const
{
    return d->maximumAttempts;
}

void RetryingSink::setMaximumAttempts(int attempts)
{
    d->maximumAttempts = std::max(attempts, 1);
}

std::chrono::milliseconds RetryingSink::maximumAge() const
{
    return d->maximumAge;
}

void RetryingSink::setMaximumAge(std::chrono::milliseconds age)
{
    d->maximumAge = age;
}

RetryingSink::State RetryingSink::retryState() const
{
    return d->state.load();
}

void RetryingSink::retryNow()
{
    d->retryNow();
}

int RetryingSink::maxInFlight() const
{
    return d->target ? d->target->maxInFlight() : 1;
}

bool RetryingSink::event(QEvent *event)
{
    // A timer stays in its thread.
    if (event->type() == QEvent::ThreadChange)
        d->timer.reset();
    const bool isKnown = Sink::event(event);
    if (event->type() == SinkAccess::arrivedEvent())
        d->arm();
    return isKnown;
}

void RetryingSink::process(const Batch &batch, Completion completion)
{
    if (!d->target || !d->strategy) {
        completion.settleAll(Delivery::closed());
        return;
    }
    const auto work = std::make_shared<Try>();
    work->batch = batch;
    work->attempts.resize(size_t(batch.size()));
    work->upstream = std::move(completion);
    d->tries.push_back(work);
    d->start(work);
}

void RetryingSink::withdraw()
{
    const std::vector<TryRef> tries = d->tries;
    for (const TryRef &work : tries) {
        work->isWithdrawn = true;
        if (!work->isUnderWay)
            d->dismiss(work);
    }
}

void RetryingSink::interrupt()
{
    for (const TryRef &work : d->tries)
        work->isVoid = true;
    d->tries.clear();
    d->waiters.clear();
    d->keyWaiters.clear();
    d->probe.reset();
    d->timer.reset();
}

void RetryingSinkPrivate::start(const TryRef &work)
{
    if (work->isVoid)
        return;
    const nanoseconds time = now();
    // Behind those who wait already, so that the order is kept and one of them probes for all.
    if (probe != work && (probe || !waiters.empty())) {
        waitForEndpoint(work, endpointDue, false);
        return;
    }
    nanoseconds wait{0};
    if (!work->isAsked) {
        wait = strategy->delay({work->batch, work->number(), time});
        work->isAsked = true;
    }
    const nanoseconds pause = pausedUntil - time;
    if (pause > nanoseconds(0) || (wait > nanoseconds(0) && strategy->scope() == RetryStrategy::Scope::Endpoint))
        waitForEndpoint(work, time + std::max(wait, pause), true);
    else if (wait > nanoseconds(0))
        waitForKey(work, time + wait);
    else
        attempt(work);
}

void RetryingSinkPrivate::attempt(const TryRef &work)
{
    work->isUnderWay = true;
    work->isAsked = false;
    work->settled = 0;
    work->again.clear();
    work->failure = Delivery();
    work->askedFor = std::chrono::milliseconds(0);
    work->anyTried = false;
    work->anyDelivered = false;
    if (work->number() > 1)
        q->countAttempts(0, 1, Delivery());
    const qsizetype count = work->batch.size();
    const std::shared_ptr<Mailbox> mailbox = SinkAccess::mailbox(*q);
    work->phase = 0;
    // The handler may outlive this sink: it reaches it through the mailbox only, which runs nothing for a sink that is gone.
    SinkAccess::forward(target, work->batch,
                        Completion(count, [this, work, mailbox, count](qsizetype settled, const Delivery &delivery) {
                            // At the end of a close nothing more is done in the sink's thread, and nothing tried again.
                            const bool isEnd = isOfClose(delivery) && mailbox->state() != PipelineNode::State::Open;
                            if (work->settled + settled < count || isEnd) {
                                hear(*work, settled, delivery);
                                return;
                            }
                            work->lastPart = delivery;
                            if (work->phase.fetch_or(Try::Settled) & Try::Returned)
                                mailbox->post([this, work] { finishAttempt(work); });
                        }));
    if (work->phase.fetch_or(Try::Returned) & Try::Settled)
        finishAttempt(work);
}

// The last outcome goes up only here, in the sink's thread: it may bring the next batch, for which the strategy must not be
// asked before it has heard of this one.
void RetryingSinkPrivate::finishAttempt(const TryRef &work)
{
    if (work->isVoid)
        return;
    work->isUnderWay = false;
    hear(*work, work->batch.size() - work->settled, work->lastPart);
    evaluate(work);
}

// In whichever thread the target settles, but for the last part.
void RetryingSinkPrivate::hear(Try &work, qsizetype count, const Delivery &delivery)
{
    const qsizetype first = work.settled;
    work.settled += count;
    const bool isTried =
        delivery.outcome() != Delivery::Outcome::Untried && delivery.error() != Delivery::Error::Discarded;
    work.anyTried = work.anyTried || isTried;
    work.anyDelivered = work.anyDelivered || delivery.outcome() == Delivery::Outcome::Delivered;
    for (qsizetype i = first; isTried && i < first + count; ++i)
        ++work.attempts[size_t(i)];
    if (!work.failure.isFailure() ? delivery.isFailure() : work.isOutweighedBy(delivery)) {
        work.failure = delivery;
        work.failed = first;
    }
    work.askedFor = std::max(work.askedFor, delivery.retryAfter());
    if (!delivery.canRetry()) {
        work.settle(first, count,
                    delivery.isClosed() ? delivery : delivery.asDropped().withAttempts(work.attempts[size_t(first)]));
        return;
    }
    if (!work.ledger)
        work.beginLedger(first);
    work.again.push_back({first, count, delivery});
}

void RetryingSinkPrivate::evaluate(const TryRef &work)
{
    if (work->isVoid)
        return;
    const Attempt attempt{work->batch, work->numberOfLast(), now()};
    if (work->failure.isClosed()) {
        // Terminal, and no failure of the attempt: the strategy is not told.
        for (const Try::Run &run : work->again)
            work->settle(run.first, run.count, work->failure);
        if (!work->isVoid)
            end(work);
        return;
    }
    if (!work->anyTried) {
        // Nothing but *untried*: as a failure, or it would go round for ever without a wait.
        work->failure =
            Delivery::failed(Delivery::Error::Other, Text::tr("the sink handed everything back without trying"));
        for (Try::Run &run : work->again)
            run.reason = work->failure;
        for (int &attempts : work->attempts)
            ++attempts;
    }
    bool drops = false;
    if (work->failure.isFailure()) {
        q->countAttempts(1, 0, work->failure);
        // Failures between which something is delivered are not in a row.
        if (work->anyDelivered)
            strategy->succeeded({work->batch, work->number() - 1, attempt.now});
        drops = strategy->failed(attempt, work->failure) == RetryStrategy::Verdict::Drop;
        if (work->askedFor > std::chrono::milliseconds(0)) {
            constexpr std::chrono::milliseconds longest = std::chrono::hours(24);
            pausedUntil = std::max(pausedUntil, attempt.now + std::min(work->askedFor, longest));
        }
    } else {
        strategy->succeeded(attempt);
    }
    if (work->failure.isFailure() && work->failure.canRetry()) {
        lastFailure = work->failure;
        lastFailureAt = attempt.now;
    } else {
        lastFailure = Delivery();
    }
    if (work->isWithdrawn) {
        for (const Try::Run &run : work->again)
            work->settle(run.first, run.count, Delivery::filtered());
        if (work->isVoid)
            return;
        endProbe(work);
        end(work);
        return;
    }
    giveUp(*work, drops);
    if (work->isVoid)
        return; // Whoever heard of it has destroyed this sink.
    const std::deque<TryRef> others = waiters;
    for (const TryRef &other : others) {
        if (!other->isVoid && isHopeless(*other))
            giveUpHopeless(other);
        if (work->isVoid)
            return;
    }
    if (!work->failure.canRetry())
        endProbe(work);
    if (work->again.empty()) {
        endProbe(work);
        end(work);
        return;
    }
    work->narrow();
    // Through the mailbox, so that a target that fails at once does not keep the thread from everything else.
    q->post([this, work] { start(work); });
}

// Nobody wants what is left of it.
void RetryingSinkPrivate::dismiss(const TryRef &work)
{
    const auto isThis = [&work](const auto &waiter) { return waiter.second == work; };
    waiters.erase(std::remove(waiters.begin(), waiters.end(), work), waiters.end());
    keyWaiters.erase(std::remove_if(keyWaiters.begin(), keyWaiters.end(), isThis), keyWaiters.end());
    work->resume();
    end(work);
    work->settle(0, work->batch.size(), Delivery::filtered());
}

// Settles what is not to be tried again.
void RetryingSinkPrivate::giveUp(Try &work, bool strategyDrops)
{
    const nanoseconds age = now() - work.batch.acceptedAt();
    const bool isTooOld = maximumAge != std::chrono::milliseconds::max() && age >= maximumAge;
    const int most = maximumAttempts; // Whoever hears of an outcome may destroy this sink.
    std::vector<Try::Run> again;
    for (const Try::Run &run : std::exchange(work.again, {})) {
        if (!isTooOld && !run.reason.isFailure()) {
            again.push_back(run);
            continue;
        }
        for (qsizetype index = run.first; index < run.first + run.count; ++index) {
            const int attempts = work.attempts[size_t(index)];
            QString text;
            if (isTooOld)
                text = tooOldText(attempts);
            else if (strategyDrops)
                text = Text::tr("given up by the strategy after %1").arg(attemptsText(attempts));
            else if (attempts >= most && !isFaultOfEndpoint(run.reason))
                text = Text::tr("given up after %1").arg(attemptsText(attempts));
            if (text.isEmpty()) {
                again.push_back({index, 1, run.reason});
                continue;
            }
            const Delivery dropped = Delivery::dropped(Delivery::Error::Expired, text).withAttempts(attempts);
            work.settle(index, 1, work.failure.isFailure() ? dropped.withCause(work.failure) : dropped);
        }
    }
    work.again = std::move(again);
}

// Too old, and since then the endpoint was tried, in vain: for each of them to try once more, after a wait each, would take for ever.
bool RetryingSinkPrivate::isHopeless(const Try &work) const
{
    return maximumAge != std::chrono::milliseconds::max() && lastFailure.isFailure()
           && lastFailureAt - work.batch.acceptedAt() >= maximumAge;
}

void RetryingSinkPrivate::giveUpHopeless(const TryRef &work)
{
    waiters.erase(std::remove(waiters.begin(), waiters.end(), work), waiters.end());
    work->resume();
    const Delivery cause = lastFailure;
    const std::vector<int> attempts = work->attempts;
    for (size_t i = 0; i < attempts.size() && !work->isVoid; ++i) {
        const Delivery dropped = Delivery::dropped(Delivery::Error::Expired, tooOldText(attempts[i]));
        work->settle(qsizetype(i), 1, dropped.withAttempts(attempts[i]).withCause(cause));
    }
    if (!work->isVoid)
        end(work);
}

void RetryingSinkPrivate::waitForEndpoint(const TryRef &work, nanoseconds due, bool first)
{
    if (probe != work && isHopeless(*work)) {
        giveUpHopeless(work);
        return;
    }
    if (probe == work)
        probe.reset();
    first ? waiters.push_front(work) : waiters.push_back(work);
    endpointDue = std::max(endpointDue, due);
    work->park();
    arm();
    updateState();
}

void RetryingSinkPrivate::waitForKey(const TryRef &work, nanoseconds due)
{
    // What is too old is tried once more, and not kept until a wait has ended that may be much longer.
    if (maximumAge != std::chrono::milliseconds::max())
        due = std::min(due, std::max(now(), work->batch.acceptedAt() + maximumAge));
    keyWaiters.emplace_back(due, work);
    work->park();
    arm();
    updateState();
}

void RetryingSinkPrivate::arm()
{
    nanoseconds due = nanoseconds::max();
    if (!waiters.empty() && !probe)
        due = endpointDue;
    for (const auto &[time, work] : keyWaiters)
        due = std::min(due, time);
    if (due == nanoseconds::max())
        return;
    if (!timer) {
        timer = std::make_unique<Timer>([this] {
            // It asks the strategy, and tells of the state: that is the work of this sink as well.
            const CurrentMailbox current(SinkAccess::mailbox(*q).get());
            timeout();
        });
    }
    timer->start(q->clock(), due);
}

void RetryingSinkPrivate::retryNow()
{
    const nanoseconds due = std::max(now(), pausedUntil);
    endpointDue = std::min(endpointDue, due);
    for (auto &[time, work] : keyWaiters)
        time = std::min(time, due);
    arm();
    updateState();
}

void RetryingSinkPrivate::timeout()
{
    const nanoseconds time = now();
    std::vector<TryRef> ready;
    const auto isDue = [time](const auto &waiter) { return waiter.first <= time; };
    for (const auto &waiter : keyWaiters) {
        if (isDue(waiter))
            ready.push_back(waiter.second);
    }
    keyWaiters.erase(std::remove_if(keyWaiters.begin(), keyWaiters.end(), isDue), keyWaiters.end());
    if (!waiters.empty() && !probe && endpointDue <= time) {
        probe = waiters.front();
        waiters.pop_front();
        ready.push_back(probe);
    }
    arm();
    updateState();
    for (const TryRef &work : ready) {
        if (work->isVoid)
            continue;
        work->resume();
        if (!work->isAsked)
            start(work);
        else if (pausedUntil > time) // Since it began to wait.
            waitForEndpoint(work, pausedUntil, work == probe);
        else if (work == probe || (waiters.empty() && !probe))
            attempt(work);
        else
            waitForEndpoint(work, endpointDue, false);
    }
}

// The attempt after a wait of all has reached the other side: the others need not wait any longer.
void RetryingSinkPrivate::endProbe(const TryRef &work)
{
    if (probe != work)
        return;
    probe.reset();
    endpointDue = nanoseconds(0);
    const std::deque<TryRef> released = std::exchange(waiters, {});
    updateState();
    for (const TryRef &waiter : released) {
        waiter->resume();
        q->post([this, waiter] { start(waiter); });
    }
}

void RetryingSinkPrivate::end(const TryRef &work)
{
    work->isVoid = true;
    tries.erase(std::remove(tries.begin(), tries.end(), work), tries.end());
    if (probe == work)
        probe.reset();
    updateState();
}

void RetryingSinkPrivate::showActivity()
{
    using Activity = PipelineNode::Activity;
    if (probe) {
        q->setActivity(Activity::Probing);
    } else if (!waiters.empty()) {
        q->setActivity(Activity::Waiting, endpointDue);
    } else if (!keyWaiters.empty()) {
        const auto isSooner = [](const auto &one, const auto &other) { return one.first < other.first; };
        q->setActivity(Activity::BackingOff, std::min_element(keyWaiters.begin(), keyWaiters.end(), isSooner)->first);
    } else {
        q->setActivity(Activity::Flowing);
    }
}

void RetryingSinkPrivate::updateState()
{
    const RetryingSink::State now = probe                 ? RetryingSink::State::Probing
                                    : !waiters.empty()    ? RetryingSink::State::Open
                                    : !keyWaiters.empty() ? RetryingSink::State::BackingOff
                                                          : RetryingSink::State::Flowing;
    showActivity();
    if (state.exchange(now) != now)
        Q_EMIT q->retryStateChanged(now, RetryingSink::QPrivateSignal());
}

} // namespace Qanat
