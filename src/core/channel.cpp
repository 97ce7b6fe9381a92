// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/channel.h"

#include "Qanat/core/workerpool.h"
#include "channelstate_p.h"
#include "sink_p.h"
#include "worker_p.h"

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

using Time = std::chrono::steady_clock::time_point;

// What works on the library's thread: it fills the channel.
class ChannelEngine final : public Consumer
{
public:
    explicit ChannelEngine(std::shared_ptr<ChannelState> state)
        : m_state(std::move(state))
    {
    }
    ~ChannelEngine() override { m_state->end(); }

    int maxInFlight() const override { return 1; }

    void process(const Batch &batch, Completion completion) override
    {
        m_rest = batch;
        m_completion = std::move(completion);
        review();
    }

    // There is room again.
    void review() override
    {
        if (m_rest.isEmpty())
            return;
        m_completion.resume(); // From here on it may have arrived.
        if (m_completion.remaining() == 0)
            return; // A close did not wait.
        const qsizetype count = m_state->fill(m_rest);
        m_rest = m_rest.mid(count);
        m_completion.settle(count, Delivery::delivered());
        // What waits for a reader is known not to have arrived.
        if (!m_rest.isEmpty())
            m_completion.park();
    }

    void interrupt() override
    {
        m_rest = Batch();
        m_completion = Completion();
    }

    Delivery finish() override
    {
        m_state->end();
        return Delivery::delivered();
    }

private:
    const std::shared_ptr<ChannelState> m_state;
    Batch m_rest; // Of the call that is under way.
    Completion m_completion;
};

std::shared_ptr<Mailbox> mailboxFor(const std::shared_ptr<ChannelState> &state)
{
    auto worker = WorkerPoolAccess::worker(WorkerPool::shared());
    const std::shared_ptr<Pump> pump = worker->pump();
    auto mailbox = std::make_shared<Mailbox>(Mailbox::Kind::Boundary, pump, std::move(worker));
    mailbox->setTypeName(u"Channel"_s);
    mailbox->setConsumer(std::make_shared<ChannelEngine>(state));
    state->setMailbox(mailbox);
    return mailbox;
}

} // namespace

Channel::Channel(qsizetype capacity, QObject *parent)
    : Channel(std::make_shared<ChannelState>(capacity), parent)
{
}

Channel::Channel(std::shared_ptr<ChannelState> state, QObject *parent)
    : Sink(mailboxFor(state), parent)
    , d(std::move(state))
{
    d->setListener(this);
}

Channel::~Channel()
{
    d->setListener(nullptr);
    SinkAccess::mailbox(*this)->leaveBoundary();
    d->end();
}

qsizetype Channel::capacity() const
{
    return d->capacity;
}

qsizetype Channel::available() const
{
    return d->available();
}

bool Channel::isAtEnd() const
{
    return d->isAtEnd();
}

std::optional<Event> Channel::tryRead()
{
    return d->take();
}

std::optional<Event> Channel::read(std::chrono::milliseconds timeout)
{
    const Time now = std::chrono::steady_clock::now();
    timeout = std::max(timeout, std::chrono::milliseconds(0));
    const bool isEver = timeout >= std::chrono::duration_cast<std::chrono::milliseconds>(Time::max() - now);
    return d->take(isEver ? Time::max() : now + timeout);
}

Channel::Iterator Channel::begin()
{
    return Iterator(d);
}

Channel::Iterator Channel::end()
{
    return {};
}

bool Channel::event(QEvent *event)
{
    if (event->type() != ChannelState::readyEvent())
        return Sink::event(event);
    if (d->acknowledge())
        Q_EMIT readyRead(QPrivateSignal());
    return true;
}

Channel::Iterator::Iterator(std::shared_ptr<ChannelState> state)
    : m_state(std::move(state))
{
}

bool Channel::Iterator::isAtEnd() const
{
    if (m_state && !std::exchange(m_isRead, true)) {
        if (std::optional<Event> event = m_state->take(Time::max()))
            m_event = std::move(*event);
        else
            m_state.reset();
    }
    return !m_state;
}

const Event &Channel::Iterator::operator*() const
{
    isAtEnd();
    return m_event;
}

Channel::Iterator &Channel::Iterator::operator++()
{
    isAtEnd();
    m_isRead = false;
    return *this;
}

} // namespace Qanat
