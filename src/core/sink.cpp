// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "sink_p.h"

#include "Qanat/core/clock.h"
#include "currentmailbox_p.h"
#include "hotpath_p.h"
#include "logging_p.h"
#include "runtime_p.h"
#include "text_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qthread.h>

using namespace Qt::StringLiterals;

namespace Qanat {

// Lets a plain sink empty its own mailbox.
class SinkConsumer final : public Consumer
{
public:
    explicit SinkConsumer(Sink *sink)
        : m_sink(sink)
    {
    }

    // Whoever hears of an outcome may have destroyed the sink before the mailbox comes to its next call.
    void leave() { m_sink = nullptr; }
    int maxInFlight() const override { return m_sink ? m_sink->maxInFlight() : 1; }
    void process(const Batch &batch, Completion completion) override
    {
        if (m_sink)
            m_sink->process(batch, std::move(completion));
    }
    void closing() override
    {
        if (m_sink)
            m_sink->closing();
    }
    void withdraw() override
    {
        if (m_sink)
            m_sink->withdraw();
    }
    void interrupt() override
    {
        if (m_sink)
            m_sink->interrupt();
    }
    Delivery finish() override { return m_sink ? m_sink->finish() : Delivery::delivered(); }

private:
    Sink *m_sink;
};

void SinkAccess::noteType(const Sink &sink)
{
    const auto name = QString::fromLatin1(sink.metaObject()->className());
    sink.d->mailbox->setTypeName(name.mid(name.lastIndexOf(u':') + 1));
}

Sink::Sink(QObject *parent)
    : Sink(std::make_shared<Mailbox>(Mailbox::Kind::Plain, Pump::current(), nullptr), parent)
{
    d->mailbox->setConsumer(std::make_shared<SinkConsumer>(this));
}

Sink::Sink(std::shared_ptr<Mailbox> mailbox, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<SinkPrivate>())
{
    d->mailbox = std::move(mailbox);
    d->notifier = std::make_shared<Notifier>(this);
    d->mailbox->setNotifier(d->notifier);
    Runtime::add(d->mailbox);
    connect(this, &QObject::objectNameChanged, this, [this](const QString &name) { d->mailbox->setName(name); });
}

namespace {

bool isFree(const Sink *sink)
{
    return sink && !sink->parent() && sink->thread() == QThread::currentThread();
}

} // namespace

Sink::Sink(std::unique_ptr<Sink> inner, QObject *parent)
    : Sink(isFree(inner.get()) ? inner->d->mailbox
                               : std::make_shared<Mailbox>(Mailbox::Kind::Plain, Pump::current(), nullptr),
           parent)
{
    if (isFree(inner.get())) {
        // Its own signals are not wanted any more.
        inner.release()->setParent(this);
        return;
    }
    qCWarning(qanatSink, "A sink was given nothing that it could be the outside of: it is closed");
    if (inner)
        inner->parent() ? void(inner.release()) : inner.release()->deleteLater();
    d->mailbox->setConsumer(std::make_shared<SinkConsumer>(this));
    discard();
}

Sink::~Sink()
{
    d->notifier->leave();
    d->mailbox->setNotifier(nullptr);
    if (d->mailbox->kind() == Mailbox::Kind::Plain) {
        if (const auto consumer = d->mailbox->consumer())
            static_cast<SinkConsumer &>(*consumer).leave();
        d->mailbox->dropConsumer();
    }
}

QANAT_HOT_PATH WriteResult Sink::write(const Event &event)
{
    return d->mailbox->write(event);
}

QANAT_HOT_PATH WriteResult Sink::write(Event &&event)
{
    return d->mailbox->write(std::move(event));
}

WriteResult Sink::write(const Batch &batch)
{
    return d->mailbox->write(batch);
}

QFuture<Delivery> Sink::send(const Event &event)
{
    return d->mailbox->send(Batch(event));
}

QFuture<Delivery> Sink::send(const Batch &batch)
{
    return d->mailbox->send(batch);
}

QFuture<CloseResult> Sink::close(std::chrono::milliseconds within)
{
    // Longer than the nanoseconds can hold is for ever.
    constexpr auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds::max());
    within = std::max(within, std::chrono::milliseconds(0));
    return d->mailbox->close(within >= longest ? std::chrono::nanoseconds::max() : std::chrono::nanoseconds(within));
}

QFuture<CloseResult> Sink::discard()
{
    return d->mailbox->close(std::chrono::nanoseconds(0));
}

PipelineNode::State Sink::state() const
{
    return d->mailbox->state();
}

Statistics Sink::statistics() const
{
    return d->mailbox->statistics();
}

PipelineNode Sink::pipeline() const
{
    SinkAccess::noteType(*this);
    return d->mailbox->pipeline();
}

Limits Sink::limits() const
{
    return d->mailbox->limits();
}

void Sink::setLimits(const Limits &limits)
{
    d->mailbox->setLimits(limits);
}

void Sink::setClock(const std::shared_ptr<Clock> &clock)
{
    d->mailbox->setClock(clock ? clock : Clock::system());
}

void Sink::setOrderKey(std::function<QString(const Event &)> key)
{
    d->mailbox->setOrderKey(std::move(key));
}

void Sink::setDeadLetterSink(Sink *sink)
{
    if (sink == this) {
        qCWarning(qanatSink, "%ls cannot be its own dead-letter sink", qUtf16Printable(SinkAccess::label(*this)));
        return;
    }
    SinkAccess::noteType(*this);
    if (sink)
        SinkAccess::noteType(*sink);
    d->mailbox->setDeadLetters(sink ? sink->d->mailbox : nullptr);
}

int Sink::maxInFlight() const
{
    return 1;
}

Delivery Sink::deliver(const Event &)
{
    return Delivery::failed(Delivery::Error::Other, Text::tr("the sink overrides neither deliver() nor process()"),
                            Delivery::Retry::Never);
}

void Sink::process(const Batch &batch, Completion completion)
{
    // Outcomes that are alike are told together, unless that would take long: somebody may wait for them.
    constexpr std::chrono::milliseconds Longest(2);
    auto told = std::chrono::steady_clock::now();
    qsizetype same = 0;
    Delivery last;
    for (qsizetype i = 0; i < batch.size(); ++i) {
        Delivery delivery;
        try {
            delivery = deliver(batch[i]);
        } catch (const std::exception &error) {
            delivery =
                Delivery::failed(Delivery::Error::Exception,
                                 Text::tr("an exception left the sink: %1").arg(QString::fromLocal8Bit(error.what())),
                                 Delivery::Retry::Never);
        } catch (...) {
            delivery = Delivery::failed(Delivery::Error::Exception, Text::tr("an exception left the sink"),
                                        Delivery::Retry::Never);
        }
        const auto now = std::chrono::steady_clock::now();
        const bool isLong = now - told > Longest;
        // Closed meanwhile: the rest has its outcome.
        if (isLong && completion.remaining() == 0)
            return;
        if (same > 0 && (delivery != last || isLong)) {
            completion.settle(same, last);
            same = 0;
            told = now;
        }
        last = delivery;
        ++same;
        if (delivery.isFailure() && (delivery.canRetry() || delivery.isClosed()))
            break;
    }
    const bool isClosed = last.isClosed();
    completion.settle(same, last);
    completion.settleAll(isClosed ? last : Delivery::untried());
}

void Sink::closing() { }

void Sink::withdraw() { }

void Sink::interrupt() { }

Delivery Sink::finish()
{
    return Delivery::delivered();
}

Sink *Sink::adopt(std::unique_ptr<Sink> target)
{
    if (!target) {
        qCWarning(qanatSink, "A sink was given no target");
        return nullptr;
    }
    if (target->parent() || target.get() == this) {
        qCWarning(qanatSink, "%ls has a parent, so no other sink can own it",
                  qUtf16Printable(SinkAccess::label(*target)));
        target.release(); // Its parent owns it.
        return nullptr;
    }
    if (target->thread() != thread()) {
        qCWarning(qanatSink, "%ls lives in another thread, so no sink of this one can own it",
                  qUtf16Printable(SinkAccess::label(*target)));
        target.release()->deleteLater();
        return nullptr;
    }
    Sink *adopted = target.release();
    adopted->setParent(this);
    SinkAccess::noteType(*adopted);
    d->mailbox->addTarget(adopted->d->mailbox);
    return adopted;
}

void Sink::forward(Sink *target, const Batch &batch, Completion completion)
{
    if (!target) {
        completion.settleAll(Delivery::closed());
        return;
    }
    const std::shared_ptr<Mailbox> mailbox = target->d->mailbox;
    mailbox->forward(batch, std::move(completion), Mailbox::Handover::Direct);
}

void Sink::post(std::function<void()> task)
{
    d->mailbox->post(std::move(task));
}

std::shared_ptr<Clock> Sink::clock() const
{
    return d->mailbox->clock();
}

void Sink::setActivity(PipelineNode::Activity activity, std::chrono::nanoseconds until, const QString &reason)
{
    d->mailbox->setActivity({activity, until, reason});
}

void Sink::countAttempts(qint64 failed, qint64 retried, const Delivery &lastError)
{
    d->mailbox->countAttempts(failed, retried, lastError);
}

void Sink::countAnswer(int status)
{
    d->mailbox->countAnswer(status);
}

QEvent::Type SinkAccess::arrivedEvent()
{
    static const auto type = QEvent::Type(QEvent::registerEventType());
    return type;
}

void SinkAccess::arrive(const Sink &sink, const std::shared_ptr<Pump> &pump)
{
    sink.d->notifier->detach();
    sink.d->notifier->attach(pump);
    if (sink.d->mailbox->kind() != Mailbox::Kind::Plain)
        return;
    sink.d->mailbox->detachPump();
    sink.d->mailbox->attachPump(pump);
}

bool Sink::event(QEvent *event)
{
    // What the old thread wrote crosses to the new one under a std::mutex: thread sanitizers don't see those of Qt.
    static std::mutex handOver;
    if (event->type() == QEvent::ThreadChange) {
        // The last event in the old thread. The next in the new one gives it a pump there; until then nothing runs.
        const std::lock_guard lock(handOver);
        if (d->mailbox->kind() == Mailbox::Kind::Plain)
            d->mailbox->detachPump();
        d->notifier->detach();
        QCoreApplication::postEvent(this, new QEvent(SinkAccess::arrivedEvent()));
    } else if (event->type() == SinkAccess::arrivedEvent()) {
        {
            const std::lock_guard lock(handOver);
        }
        d->notifier->attach(Pump::current());
        if (d->mailbox->kind() == Mailbox::Kind::Plain)
            d->mailbox->attachPump(Pump::current());
    }
    return QObject::event(event);
}

namespace {

unsigned signalOf(const QMetaMethod &method)
{
    if (method == QMetaMethod::fromSignal(&Sink::dropped))
        return Notifier::Dropped;
    if (method == QMetaMethod::fromSignal(&Sink::overflowed))
        return Notifier::Overflowed;
    if (method == QMetaMethod::fromSignal(&Sink::drained))
        return Notifier::Drained;
    if (method == QMetaMethod::fromSignal(&Sink::statisticsChanged))
        return Notifier::Changed;
    if (method == QMetaMethod::fromSignal(&Sink::closed))
        return Notifier::Closed;
    return 0;
}

} // namespace

void Sink::connectNotify(const QMetaMethod &signal)
{
    // Once wanted stays wanted: Qt may hold its lock when it tells of a disconnection, so one cannot ask who is left.
    d->notifier->want(signalOf(signal));
    d->mailbox->noteWanted();
    QObject::connectNotify(signal);
}

/* --- Signals ----------------------------------------------------------------------------------------------------------- */

Notifier::Notifier(Sink *sink)
    : m_pump(Pump::current())
    , m_sink(sink)
{
}

void Notifier::want(unsigned signal)
{
    m_wanted.fetch_or(signal, std::memory_order_relaxed);
}

void Notifier::raise(unsigned signals)
{
    signals &= m_wanted.load(std::memory_order_relaxed);
    if (!signals)
        return;
    std::unique_lock lock(m_mutex);
    m_raised |= signals;
    if (m_isScheduled || !m_pump)
        return;
    m_isScheduled = true;
    const std::shared_ptr<Pump> pump = m_pump;
    lock.unlock();
    pump->schedule(shared_from_this());
}

void Notifier::addDropped(qint64 count, const Delivery &last)
{
    const std::lock_guard lock(m_mutex);
    m_droppedCount += count;
    m_lastDropped = last;
}

void Notifier::detach()
{
    const std::lock_guard lock(m_mutex);
    m_pump.reset();
    m_pause.reset();
    m_isScheduled = false;
}

void Notifier::attach(const std::shared_ptr<Pump> &pump)
{
    std::unique_lock lock(m_mutex);
    m_pump = pump;
    if (!m_raised)
        return;
    m_isScheduled = true;
    lock.unlock();
    pump->schedule(shared_from_this());
}

Sink *Notifier::sinkHere()
{
    const std::lock_guard lock(m_mutex);
    return m_pump && m_pump->isCurrent() ? m_sink : nullptr;
}

void Notifier::leave()
{
    detach();
    m_sink = nullptr;
}

void Notifier::run()
{
    {
        const std::lock_guard lock(m_mutex);
        if (!m_sink || !m_pump || !m_pump->isCurrent() || !m_isScheduled)
            return;
    }
    // The first at once, the next not before a pause: a flood of events must not become a flood of signals.
    constexpr std::chrono::milliseconds Pause(100);
    const auto clock = Clock::system();
    if (clock->now() - m_lastTime >= Pause) {
        emitNow();
        return;
    }
    if (!m_pause)
        m_pause = std::make_unique<Timer>([this] { emitNow(); });
    if (!m_pause->isActive())
        m_pause->start(clock, m_lastTime + Pause);
}

void Notifier::emitNow()
{
    const std::shared_ptr<PumpTask> alive = shared_from_this();
    unsigned raised = 0;
    qint64 count = 0;
    Delivery last;
    {
        const std::lock_guard lock(m_mutex);
        raised = std::exchange(m_raised, 0);
        count = std::exchange(m_droppedCount, 0);
        last = std::exchange(m_lastDropped, Delivery());
        m_isScheduled = false;
    }
    m_lastTime = Clock::system()->now();
    const CurrentMailbox current(m_sink ? m_sink->d->mailbox.get() : nullptr);
    // Whoever hears one of them may destroy the sink.
    if ((raised & Overflowed) && m_sink)
        Q_EMIT m_sink->overflowed(Sink::QPrivateSignal());
    if ((raised & Dropped) && count > 0 && m_sink)
        Q_EMIT m_sink->dropped(count, last, Sink::QPrivateSignal());
    if ((raised & Changed) && m_sink)
        Q_EMIT m_sink->statisticsChanged(Sink::QPrivateSignal());
    if ((raised & Drained) && m_sink)
        Q_EMIT m_sink->drained(Sink::QPrivateSignal());
    if ((raised & Closed) && m_sink)
        Q_EMIT m_sink->closed(Sink::QPrivateSignal());
}

} // namespace Qanat
