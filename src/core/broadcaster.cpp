// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/broadcaster.h"

#include "Qanat/core/workerpool.h"
#include "chunk_p.h"
#include "listener_p.h"
#include "logging_p.h"
#include "memory_p.h"
#include "sink_p.h"
#include "text_p.h"
#include "worker_p.h"

#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// What works on the library's thread: it hands batches to the mailboxes of the sinks.
class BroadcastEngine final : public Consumer
{
public:
    explicit BroadcastEngine(Mailbox *mailbox)
        : m_mailbox(mailbox)
    {
    }

    int maxInFlight() const override { return 1; }

    void add(const std::shared_ptr<Mailbox> &sink)
    {
        const auto isThat = [&sink](const Outlet &outlet) { return outlet.sink == sink; };
        if (std::any_of(m_outlets.begin(), m_outlets.end(), isThat))
            return;
        if (!m_mailbox->addLinkUnlessCircle(sink)) {
            qCWarning(qanatSink, "%ls was not added: its events would come back to %ls for ever",
                      qUtf16Printable(sink->label()), qUtf16Printable(m_mailbox->label()));
            return;
        }
        m_outlets.push_back({sink, m_current.batch.size(), false});
        sink->addWatcher(self());
    }

    // The past first, and from here on what is live: none is missing between, and none there twice.
    void add(const std::shared_ptr<Mailbox> &listener, const Replay &replay)
    {
        for (const Batch &batch : m_memory.recall(replay, m_mailbox->clock()->now()))
            listener->write(batch);
        add(listener);
    }

    void setHistory(const History &history) { m_memory.setHistory(history, m_mailbox->clock()->now()); }

    void remove(const std::shared_ptr<Mailbox> &sink)
    {
        letGo([&](const Outlet &outlet) {
            if (outlet.sink != sink)
                return false;
            dismiss(outlet);
            return true;
        });
        // Perhaps it was the one that all waited for.
        if (!m_current.batch.isEmpty())
            handOut();
    }

    void setPacing(Broadcaster::Pacing pacing) { m_pacing = pacing; }

    void process(const Batch &batch, Completion completion) override
    {
        if (m_memory.isWanted())
            m_memory.add(batch, m_mailbox->clock()->now());
        Completion tracker = Mailbox::takeUpstream(completion);
        if (m_outlets.empty()) {
            completion.settleAll(Delivery::filtered());
            tracker.settleAll(Delivery::filtered());
            return;
        }
        m_current.batch = batch;
        m_current.lost.clear();
        m_current.completion = std::move(completion);
        m_current.ledger.reset();
        if (tracker.remaining() > 0)
            m_current.ledger = std::make_shared<Ledger>(std::move(tracker), batch.size(), int(m_outlets.size()));
        for (Outlet &outlet : m_outlets)
            outlet.accepted = 0;
        handOut();
    }

    // A sink has room again, or is closed.
    void review() override
    {
        letGo([this](const Outlet &outlet) {
            if (outlet.sink->state() != PipelineNode::State::Closed)
                return false;
            dismiss(outlet);
            return true;
        });
        if (!m_current.batch.isEmpty())
            handOut();
    }

    void interrupt() override { m_current = {}; }

private:
    struct Outlet
    {
        std::shared_ptr<Mailbox> sink;
        qsizetype accepted = 0; // Of the current batch.
        bool isClosed = false;
    };
    struct Current
    {
        Batch batch;
        Completion completion;
        std::shared_ptr<Ledger> ledger; // Where somebody waits for the final outcomes.
        std::vector<bool> lost; // Which were not accepted by every sink; empty if none.
    };

    std::shared_ptr<Mailbox> self() const { return std::static_pointer_cast<Mailbox>(m_mailbox->shared_from_this()); }

    // Whatever a closed sink was not given does not count against the event.
    void dismiss(const Outlet &outlet)
    {
        if (m_current.ledger && outlet.accepted == 0 && !m_current.batch.isEmpty())
            m_current.ledger->dismissVoice();
        else if (m_current.ledger && outlet.accepted < m_current.batch.size())
            m_current.ledger->settle(outlet.accepted, m_current.batch.size() - outlet.accepted, Delivery::filtered());
    }

    template<typename Predicate>
    void letGo(Predicate isThat)
    {
        const auto end = std::stable_partition(m_outlets.begin(), m_outlets.end(),
                                               [&](const Outlet &outlet) { return !isThat(outlet); });
        for (auto outlet = end; outlet != m_outlets.end(); ++outlet) {
            m_mailbox->removeLink(outlet->sink);
            outlet->sink->removeWatcher(self());
        }
        m_outlets.erase(end, m_outlets.end());
    }

    void handOut()
    {
        const bool waits = m_pacing == Broadcaster::Pacing::Slowest;
        bool isComplete = true;
        bool anyClosed = false;
        BatchShares shares(m_current.batch, m_outlets.size());
        // A few that follow each other are given it at the same time.
        constexpr int AFew = 16;
        const std::shared_ptr<Clock> clock = m_mailbox->clock();
        Moment moment{clock.get()};
        int given = 0;
        for (Outlet &outlet : m_outlets) {
            if (given++ % AFew == 0)
                moment.time = clock->now();
            while (outlet.accepted < m_current.batch.size()) {
                const WriteResult result = offer(outlet, shares, moment, waits);
                outlet.accepted += result.accepted();
                if (result == WriteResult::Status::Closed) {
                    dismiss(outlet);
                    outlet.accepted = m_current.batch.size();
                    anyClosed = outlet.isClosed = true;
                } else if (result == WriteResult::Status::Full && !waits) {
                    lose(outlet, m_current.batch.size() - outlet.accepted);
                } else if (result == WriteResult::Status::Full && result.accepted() == 0) {
                    const qint64 most = outlet.sink->limits().bytes;
                    const qint64 bytes =
                        most == Limits::Unlimited ? 0 : m_current.batch[outlet.accepted].estimatedSize();
                    if (bytes <= most) {
                        outlet.sink->wantRoom(bytes);
                        isComplete = false;
                        break;
                    }
                    lose(outlet, 1); // It would not even fit alone.
                }
            }
        }
        if (anyClosed)
            letGo([](const Outlet &outlet) { return outlet.isClosed; });
        if (!isComplete)
            return;
        Current done = std::exchange(m_current, {});
        if (m_outlets.empty() && anyClosed) {
            done.completion.settleAll(Delivery::filtered());
            return;
        }
        if (done.lost.empty()) {
            done.completion.settleAll(Delivery::delivered());
            return;
        }
        for (const bool isLost : done.lost)
            done.completion.settle(1, isLost ? missed() : Delivery::delivered());
    }

    WriteResult offer(const Outlet &outlet, BatchShares &shares, const Moment &moment, bool waits)
    {
        Batch rest = shares.take(outlet.accepted);
        if (!m_current.ledger)
            return waits ? outlet.sink->writeSome(std::move(rest), moment)
                         : outlet.sink->write(std::move(rest), moment);
        // With a completion it is all or nothing, so a limit that is smaller than the batch wants smaller pieces.
        const Limits limits = outlet.sink->limits();
        const qsizetype most = limits.bytes == Limits::Unlimited ? qsizetype(limits.events / 2) : 1;
        const qsizetype piece = std::clamp(most, qsizetype(1), rest.size());
        Completion completion = m_current.ledger->part(outlet.accepted, piece);
        const WriteResult result = outlet.sink->offer(rest.mid(0, piece), completion, Mailbox::Handover::Queued);
        CompletionAccess::take(std::move(completion)); // Where it was refused, it must not be heard.
        return result;
    }

    // The sink misses the next so many.
    void lose(Outlet &outlet, qsizetype count)
    {
        if (m_current.ledger)
            m_current.ledger->settle(outlet.accepted, count, missed());
        m_current.lost.resize(size_t(m_current.batch.size()));
        std::fill_n(m_current.lost.begin() + outlet.accepted, count, true);
        outlet.accepted += count;
    }

    static Delivery missed()
    {
        static const Delivery full = Delivery::dropped(Delivery::Error::Full, Text::tr("a sink was full"));
        return full;
    }

    Mailbox *const m_mailbox; // It owns this.
    std::vector<Outlet> m_outlets;
    Current m_current;
    Memory m_memory;
    Broadcaster::Pacing m_pacing = Broadcaster::Pacing::Free;
};

std::shared_ptr<Mailbox> mailboxOnSharedWorker()
{
    auto worker = WorkerPoolAccess::worker(WorkerPool::shared());
    const std::shared_ptr<Pump> pump = worker->pump();
    auto mailbox = std::make_shared<Mailbox>(Mailbox::Kind::Boundary, pump, std::move(worker));
    mailbox->setTypeName(u"Broadcaster"_s);
    mailbox->sumTargets();
    mailbox->setConsumer(std::make_shared<BroadcastEngine>(mailbox.get()));
    return mailbox;
}

// Tells the engine, in the order of the writes.
template<typename Command>
bool command(const std::shared_ptr<Mailbox> &mailbox, Command command)
{
    return mailbox->enqueue([command = std::move(command), mailbox = mailbox.get()] {
        const std::shared_ptr<Consumer> consumer = mailbox->consumer();
        if (consumer)
            command(static_cast<BroadcastEngine &>(*consumer));
    });
}

// From here on in the order of the writes \a sink gets them.
bool begin(const std::shared_ptr<Mailbox> &broadcaster, const std::shared_ptr<Mailbox> &sink, const Replay &replay)
{
    broadcaster->announceLink(sink);
    const bool isTaken = command(broadcaster, [broadcaster = broadcaster.get(), sink, replay](BroadcastEngine &engine) {
        engine.add(sink, replay);
        broadcaster->retractLink(sink);
    });
    if (!isTaken)
        broadcaster->retractLink(sink);
    return isTaken;
}

} // namespace

class BroadcasterPrivate
{
public:
    std::atomic<Broadcaster::Pacing> pacing{Broadcaster::Pacing::Free};
    mutable std::mutex mutex;
    History history;
};

Broadcaster::Broadcaster(QObject *parent)
    : Sink(mailboxOnSharedWorker(), parent)
    , d(std::make_unique<BroadcasterPrivate>())
{
}

Broadcaster::~Broadcaster()
{
    SinkAccess::mailbox(*this)->leaveBoundary();
}

WriteResult::Status Broadcaster::add(Sink *sink)
{
    if (!sink || sink == this)
        return WriteResult::Status::Invalid;
    SinkAccess::noteType(*sink);
    if (sink->state() == PipelineNode::State::Closed)
        return WriteResult::Status::Closed;
    // It is that of this sink and of all behind it, whichever comes first.
    if (const std::shared_ptr<Clock> own = clock(); own != Clock::system())
        SinkAccess::mailbox(*sink)->setClock(own);
    return begin(SinkAccess::mailbox(*this), SinkAccess::mailbox(*sink), Replay::none()) ? WriteResult::Status::Accepted
                                                                                         : WriteResult::Status::Closed;
}

WriteResult::Status Broadcaster::add(std::unique_ptr<Sink> sink)
{
    if (!sink)
        return WriteResult::Status::Invalid;
    if (sink->parent() || sink->thread() != thread()) {
        qCWarning(qanatSink, "%ls has a parent or lives in another thread, so %ls cannot own it",
                  qUtf16Printable(SinkAccess::label(*sink)), qUtf16Printable(SinkAccess::label(*this)));
        sink->parent() ? void(sink.release()) : sink.release()->deleteLater();
        return WriteResult::Status::Invalid;
    }
    const WriteResult::Status status = add(sink.get());
    if (status == WriteResult::Status::Accepted)
        sink.release()->setParent(this);
    return status;
}

QFuture<void> Broadcaster::remove(Sink *sink)
{
    const auto promise = std::make_shared<QPromise<void>>();
    promise->start();
    QFuture<void> future = promise->future();
    const bool isTaken = sink
                         && command(SinkAccess::mailbox(*this),
                                    [mailbox = SinkAccess::mailbox(*sink), promise](BroadcastEngine &engine) {
                                        engine.remove(mailbox);
                                        promise->finish();
                                    });
    if (!isTaken)
        promise->finish();
    return future;
}

Subscription Broadcaster::listen(QObject *context, std::function<void(const Event &)> functor,
                                 const ListenOptions &options)
{
    if (!functor)
        return {};
    return listenAnswering(
        context,
        [functor = std::move(functor)](const Event &event) {
            functor(event);
            return Delivery::delivered();
        },
        options);
}

Subscription Broadcaster::listenAnswering(QObject *context, std::function<Delivery(const Event &)> functor,
                                          const ListenOptions &options)
{
    if (!context || state() != PipelineNode::State::Open)
        return {};
    auto *listener = new ListenerSink(context, options.matcher, std::move(functor));
    const std::shared_ptr<Mailbox> mailbox = SinkAccess::mailbox(*listener);
    mailbox->setClock(clock());
    mailbox->setLimits(options.limits);
    listener->settleIn();
    if (!begin(SinkAccess::mailbox(*this), mailbox, options.replay))
        mailbox->close(std::chrono::nanoseconds(0), {});
    return Subscription(mailbox);
}

History Broadcaster::history() const
{
    const std::lock_guard lock(d->mutex);
    return d->history;
}

void Broadcaster::setHistory(const History &history)
{
    const std::lock_guard lock(d->mutex);
    d->history = history;
    command(SinkAccess::mailbox(*this), [history](BroadcastEngine &engine) { engine.setHistory(history); });
}

Broadcaster::Pacing Broadcaster::pacing() const
{
    return d->pacing.load();
}

void Broadcaster::setPacing(Pacing pacing)
{
    if (d->pacing.exchange(pacing) == pacing)
        return;
    command(SinkAccess::mailbox(*this), [pacing](BroadcastEngine &engine) { engine.setPacing(pacing); });
    Q_EMIT pacingChanged(pacing, QPrivateSignal());
}

} // namespace Qanat
