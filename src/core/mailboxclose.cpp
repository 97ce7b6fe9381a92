// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// How a mailbox is closed, and ends.

#include "mailbox_p.h"

#include "logging_p.h"
#include "mailboxsection_p.h"
#include "runtime_p.h"
#include "text_p.h"
#include "worker_p.h"

#include <QtCore/qpromise.h>

using namespace Qt::StringLiterals;

namespace Qanat {

using std::chrono::nanoseconds;

void Mailbox::close(nanoseconds within, CloseCallback callback)
{
    const std::shared_ptr<PumpTask> alive = shared_from_this();
    Section section(this);
    if (m_stage == Stage::Closed) {
        if (callback) {
            section.rare().callbacks.push_back(std::move(callback));
            section.rare().result = m_closeResult;
        }
        return;
    }
    if (callback)
        m_closeCallbacks.push_back(std::move(callback));
    const bool isFirst = m_stage == Stage::Open;
    if (isFirst)
        leaveOpen();
    const nanoseconds time = now();
    const nanoseconds deadline =
        within >= nanoseconds::max() - time ? nanoseconds::max() : time + std::max(within, nanoseconds(0));
    if (isFirst || deadline < m_deadline) {
        m_deadline = deadline;
        if (within > nanoseconds(0) && (deadline < nanoseconds::max() || !Runtime::isRunning()))
            section.rare().watchesDeadline = true;
        if (m_stage == Stage::ClosingTargets && within > nanoseconds(0))
            closeLinks(section, within);
    }
    if (within <= nanoseconds(0))
        expire(section);
    closeAnywhere(section);
    kick(section.after());
    if (!isFirst)
        return;
    const std::vector<std::shared_ptr<Mailbox>> links = m_links;
    section.unlock();
    for (const auto &link : links)
        link->announceClose(this);
}

void Mailbox::announceClose(const Mailbox *owner)
{
    std::vector<std::shared_ptr<Mailbox>> links;
    {
        Section section(this);
        if (m_parent.lock().get() != owner || m_stage != Stage::Open)
            return;
        tellClosing();
        links = m_links;
        kick(section.after());
    }
    for (const auto &link : links)
        link->announceClose(this);
}

void Mailbox::tellClosing()
{
    m_mustTellClosing = !std::exchange(m_hasToldClosing, true) || m_mustTellClosing;
}

std::optional<nanoseconds> Mailbox::deadline() const
{
    const std::lock_guard lock(m_mutex);
    const bool hasOne = m_stage != Stage::Open && m_stage != Stage::Closed && !m_isExpired;
    return hasOne && m_deadline != nanoseconds::max() ? std::optional(m_deadline) : std::nullopt;
}

void Mailbox::leaveOpen()
{
    m_stage = Stage::Draining;
    tellClosing();
    closeHopper();
    m_room.notify_all();
}

void Mailbox::withdraw()
{
    std::vector<std::shared_ptr<Mailbox>> targets;
    {
        Section section(this);
        if (m_stage == Stage::Closed)
            return;
        emptyHopper();
        auto *node = new Node;
        node->kind = Node::Kind::Withdrawal;
        node->command = [] {};
        m_queue.append(node);
        ++m_withdrawals;
        targets = m_links;
        kick(section.after());
    }
    for (const auto &target : targets)
        target->withdraw();
}

// In the consumer's thread, since there may be a million of them.
void Mailbox::withdrawWaiting(Section &section)
{
    static const Delivery withdrawn = Delivery::filtered();
    emptyHopper();
    NodeList waiting;
    if (m_lanes) {
        auto &[lanes, ready, count, held] = *m_lanes;
        count = held = 0;
        for (auto lane = lanes.begin(); lane != lanes.end();) {
            waiting.takeAll(lane->second.waiting);
            lane->second.count = 0;
            lane = lane->second.running ? std::next(lane) : lanes.erase(lane);
        }
        ready.clear();
    }
    NodeList commands; // Those keep their order.
    while (m_withdrawals > 0 && !m_queue.isEmpty()) {
        Node *const node = m_queue.takeFirst();
        m_withdrawals -= node->kind == Node::Kind::Withdrawal;
        (node->kind == Node::Kind::Command ? commands : waiting).append(node);
    }
    commands.takeAll(m_queue);
    m_queue.takeAll(commands);
    m_withdrawals = 0;
    for (const Node *node = waiting.head; node; node = node->next)
        if (!node->isCommand())
            account(section, node->batch, node->upstream, withdrawn);
    m_trash.takeAll(waiting);
}

// Where there is nothing to be waited for, a close ends even while the thread of the sink is busy with other things.
void Mailbox::closeAnywhere(Section &section)
{
    if (!m_closesAnywhere || m_isRunning || m_stage != Stage::Draining || !m_queue.isEmpty() || !m_calls.isEmpty()
        || m_onTheWay > 0)
        return;
    m_mustFinish = true;
    setClosed(section, Delivery::delivered());
}

QFuture<CloseResult> Mailbox::close(nanoseconds within)
{
    const auto promise = std::make_shared<QPromise<CloseResult>>();
    promise->start();
    QFuture<CloseResult> future = promise->future();
    close(within, [promise](const CloseResult &result) {
        promise->addResult(result);
        promise->finish();
    });
    return future;
}

void Mailbox::closeLinks(Section &section, nanoseconds within)
{
    section.rare().leaver = m_leaver;
    for (const auto &link : m_links)
        section.rare().closing.emplace_back(link, within);
}

void Mailbox::expire()
{
    Section section(this);
    if (m_stage == Stage::Open)
        return;
    expire(section);
    closeAnywhere(section);
}

void Mailbox::endWithApplication()
{
    Section section(this);
    if (m_stage == Stage::Open)
        leaveOpen();
    m_isLeaving = true;
    expire(section);
    section.rare().watchesGrace = false;
}

void Mailbox::expire(Section &section)
{
    if (m_isExpired || m_stage == Stage::Closed)
        return;
    m_isExpired = true;
    awaitHopper();
    if (m_isKeeper && m_consumer && m_pump) {
        // What waits is still stored, if that is quick.
        closeLinks(section, nanoseconds(0));
        m_mustInterrupt = true;
        section.rare().watchesGrace = true;
        kick(section.after());
        return;
    }
    NodeList waiting = takeWaiting();
    // First those behind: what they say of an event that is under way is nearer to the truth.
    // Those of a broadcaster count, and it would let them go before it comes to ask.
    const bool asksLinks = m_sumsTargets && m_stage == Stage::Draining && !isLeavingLinks();
    if (asksLinks) {
        m_stage = Stage::ClosingTargets;
        m_openLinks = int(m_links.size()) + 1; // And this.
        section.rare().tellsAboutClosing = true;
    }
    closeLinks(section, nanoseconds(0));
    ++m_onTheWay;
    section.unlock();
    section.relock();
    --m_onTheWay;
    m_openLinks -= asksLinks;
    dropLeft(section, waiting);
    m_mustInterrupt = true;
    if (m_stage != Stage::Closed)
        section.rare().watchesGrace = true;
    kick(section.after());
}

NodeList Mailbox::takeWaiting()
{
    NodeList waiting;
    if (m_lanes) {
        for (auto &[key, lane] : m_lanes->byKey) {
            waiting.takeAll(lane.waiting);
            lane.count = 0;
        }
        m_lanes->ready.clear();
    }
    waiting.takeAll(m_queue);
    return waiting;
}

// Gives what is in flight, and what waited, their outcome.
void Mailbox::dropLeft(Section &section, NodeList &waiting)
{
    for (const StateRef<Call> &call : std::exchange(m_calls, {})) {
        endCallLeft(section, call.get());
        section->oldCalls.append(call);
    }
    // What had to wait comes last, as it would have been delivered.
    for (const Node *node = waiting.head; node; node = node->next) {
        if (!node->isCommand())
            noteLeft(section, node->batch, node->upstream, CompletionState::discarded());
    }
    // To destroy a million events takes long, and this may be the GUI thread.
    (m_consumer && m_pump ? m_trash : section.rare().garbage).takeAll(waiting);
    m_parkedCount = 0;
    m_lanes.reset();
}

// A call that the close did not wait for.
void Mailbox::endCallLeft(Section &section, Call *call)
{
    m_statistics.inFlight -= call->left();
    qsizetype position = call->position;
    const auto end = [&](qsizetype to, const Delivery &delivery) {
        noteLeft(section, call->batch.mid(position, to - position), call->upstream, delivery, call);
        position = to;
    };
    qsizetype to = call->batch.size();
    for (const auto &[count, delivery] : call->outlook)
        to -= count;
    for (const auto &[count, delivery] : call->outlook) {
        to += count;
        if (to > position)
            end(to, delivery);
    }
    end(call->batch.size(), call->isParked ? CompletionState::discarded() : CompletionState::unknown());
    call->isOver = true;
}

// An event that the close did not wait for.
void Mailbox::noteLeft(Section &section, const Batch &batch, const CompletionRef &upstream, const Delivery &delivery,
                       Call *call)
{
    if (batch.isEmpty())
        return;
    m_closeLeft += delivery.isFailure() ? batch.size() : 0;
    m_closeUnknown += delivery.error() == Delivery::Error::Unknown ? batch.size() : 0;
    account(section, batch, upstream, delivery, call);
}

void Mailbox::advanceClose(Section &section, const std::shared_ptr<Consumer> &consumer)
{
    if (m_stage == Stage::Draining && isIdle()) {
        m_stage = Stage::ClosingTargets;
        m_openLinks = isLeavingLinks() ? 0 : int(m_links.size());
        if (isLeavingLinks())
            closeLinks(section, nanoseconds(0));
        if (m_openLinks > 0) {
            section.rare().tellsAboutClosing = true;
            closeLinks(section, m_isExpired                        ? nanoseconds(0)
                                : m_deadline == nanoseconds::max() ? m_deadline
                                                                   : m_deadline - now());
            return;
        }
    }
    if (m_stage != Stage::ClosingTargets || (m_openLinks > 0 && !isLeavingLinks()) || m_onTheWay > 0)
        return;
    m_stage = Stage::Finishing;
    section.unlock();
    Delivery finished;
    try {
        finished = consumer->finish();
    } catch (...) {
        finished =
            Delivery::dropped(Delivery::Error::Exception, Text::tr("an exception left the sink when it was closed"));
    }
    section.relock();
    if (m_stage == Stage::Finishing)
        setClosed(section, finished);
}

void Mailbox::linkClosed(const CloseResult &result)
{
    Section section(this);
    --m_openLinks;
    // What a keeper's target had left is kept.
    if (!m_isKeeper || result.left() == 0)
        m_worstOfClose = Delivery::worse(m_worstOfClose, result.worst());
    m_closeStored += result.stored();
    if (m_sumsTargets) {
        m_closeLeft += result.left();
        m_closeUnknown += result.unknown();
    }
    kick(section.after());
}

void Mailbox::setClosed(Section &section, const Delivery &finished)
{
    m_stage = Stage::Closed;
    Delivery worst = Delivery::worse(m_worstOfClose, finished.asDropped());
    if (m_closeLeft > 0)
        worst = Delivery::worse(
            worst, Delivery::dropped(Delivery::Error::Discarded,
                                     Text::tr("%1 events were left when the time was over").arg(m_closeLeft)));
    m_closeResult = CloseResult(worst, m_closeLeft, m_closeUnknown, m_closeStored + m_statistics.stored);
    section.rare().result = m_closeResult;
    section.rare().callbacks = std::exchange(m_closeCallbacks, {});
    section->signals |= Notifier::Closed | Notifier::Changed;
    section.rare().watchers = std::exchange(m_watchers, {});
    section.rare().parent = m_parent.lock();
    section.rare().unwatches = true;
    section.rare().oldTasks = std::exchange(m_tasks, {});
    m_room.notify_all();
}

void Mailbox::forceClosed()
{
    const std::shared_ptr<PumpTask> alive = shared_from_this();
    const bool isStuck = isWorkingFor(nullptr);
    Section section(this);
    if (m_stage == Stage::Closed || m_stage == Stage::Open)
        return;
    if (isStuck) {
        const QString text =
            m_worker ? u"its thread \""_s + m_worker->name() + u"\" does not come back; both are abandoned"_s
                     : u"it is still at work, in a thread of the application, and was closed without it"_s;
        section.rare().warnings.emplace_back(&qanatWorker(), labelLocked() + u": "_s + text);
    }
    NodeList waiting = takeWaiting(); // Of a keeper that did not come to it.
    dropLeft(section, waiting);
    setClosed(section, Delivery::dropped(Delivery::Error::Other, Text::tr("the sink did not come back from its work")));
    kick(section.after());
}

bool Mailbox::isWorking() const
{
    std::shared_ptr<Mailbox> parent;
    {
        const std::lock_guard lock(m_mutex);
        parent = m_parent.lock();
    }
    return isWorkingFor(parent.get());
}

// Whether it, or a target behind it, is inside of its work, and \a parent owns it.
bool Mailbox::isWorkingFor(const Mailbox *parent) const
{
    std::vector<std::shared_ptr<Mailbox>> links;
    {
        const std::lock_guard lock(m_mutex);
        if (m_parent.lock().get() != parent)
            return false;
        if (m_isRunning)
            return true;
        links = m_links;
    }
    return std::any_of(links.begin(), links.end(), [this](const auto &link) { return link->isWorkingFor(this); });
}

bool Mailbox::waitForRelease(std::chrono::milliseconds timeout)
{
    std::unique_lock lock(m_mutex);
    return m_released.wait_for(lock, timeout, [this] { return m_isReleased; });
}

// The counters go with the sink, so this is the last to tell of it. A listener that goes wants no more.
void Mailbox::warnOfPending(Section &section, const QString &leaver)
{
    const qint64 pending = snapshot().pending - m_statistics.stored;
    if (pending == 0 || m_isExpired || m_stage == Stage::Closed || m_closesAnywhere || !m_parent.expired())
        return;
    section.rare().warnings.emplace_back(&qanatSink(), u"%1: %2 events were pending when %3 was destroyed"_s.arg(
                                                           labelLocked(), QString::number(pending), leaver));
}

void Mailbox::noteLeaver(const QString &leaver)
{
    Section section(this);
    if (m_stage == Stage::Closed)
        return;
    m_leaver = leaver;
    warnOfPending(section, leaver);
}

void Mailbox::leaveBoundary()
{
    const std::shared_ptr<PumpTask> alive = shared_from_this();
    std::shared_ptr<Worker> worker;
    {
        Section section(this);
        worker = m_worker;
        m_isLeaving = true;
        m_leaver = labelLocked();
        warnOfPending(section, u"it"_s);
    }
    if (worker && !worker->isAlive()) {
        // Nobody will ever run it there, so it ends here.
        dropConsumer();
        return;
    }
    close(nanoseconds(0), {});
    const bool isInside = worker && worker->pump()->isCurrent();
    // By force. Where the worker was quick to close it, it may still be about to destroy the consumer.
    const bool isAbandoned = state() == PipelineNode::State::Closed && isWorking();
    if (!isInside && !isAbandoned && !waitForRelease(Runtime::Grace))
        forceClosed();
}

std::shared_ptr<Consumer> Mailbox::consumer() const
{
    const std::lock_guard lock(m_mutex);
    return m_consumer;
}

void Mailbox::targetClosed()
{
    close(nanoseconds(0), {});
}

void Mailbox::setConsumer(std::shared_ptr<Consumer> consumer)
{
    Section section(this);
    m_consumer = std::move(consumer);
    m_isReleased = !m_consumer;
    if (hasWork() || m_stage != Stage::Open)
        kick(section.after());
}

void Mailbox::dropConsumer()
{
    const std::shared_ptr<PumpTask> alive = shared_from_this();
    std::shared_ptr<Consumer> consumer;
    std::vector<std::function<void()>> tasks;
    Section section(this);
    m_leaver = labelLocked();
    warnOfPending(section, u"it"_s);
    if (m_stage == Stage::Open)
        leaveOpen();
    // Nobody is to be woken any more; and as long as each holds the other, a pump that never runs would keep this.
    m_pump.reset();
    expire(section);
    section.rare().watchesGrace = false;
    consumer.swap(m_consumer);
    tasks.swap(m_tasks);
    m_gathering.reset();
    m_isReleased = true;
    m_released.notify_all();
    m_notifier.reset();
    m_wantedSignals = 0;
    if (m_stage != Stage::Closed)
        setClosed(section, Delivery::delivered());
    section.rare().worker = std::move(m_worker);
    section.unlock();
}

void Mailbox::detachPump()
{
    const std::lock_guard lock(m_mutex);
    m_pump.reset();
    m_isAwake = false;
    if (m_gathering) {
        m_gathering->timer.reset();
        m_gathering->isWaiting = false;
    }
}

void Mailbox::attachPump(const std::shared_ptr<Pump> &pump)
{
    Section section(this);
    m_pump = pump;
    if (hasWork() || m_stage != Stage::Open)
        kick(section.after());
}

} // namespace Qanat
