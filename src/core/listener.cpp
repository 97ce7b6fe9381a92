// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "listener_p.h"

#include "sink_p.h"
#include "text_p.h"

#include <QtCore/qthread.h>

using namespace Qt::StringLiterals;

namespace Qanat {

// It outlives the sink where the functor destroys the context.
struct ListenerSink::Work
{
    Matcher matcher;
    Functor functor;
    Batch batch;
    Completion completion;
    qsizetype position = 0;
    bool isGone = false;
};

ListenerSink::ListenerSink(QObject *context, const Matcher &matcher, Functor functor)
    : m_context(context)
    , m_work(std::make_shared<Work>())
{
    m_work->matcher = matcher;
    m_work->functor = std::move(functor);
    SinkAccess::mailbox(*this)->setTypeName(u"Listener"_s);
    SinkAccess::mailbox(*this)->setClosesAnywhere();
}

ListenerSink::~ListenerSink()
{
    m_work->isGone = true;
    // Before the completion is gone: what it is in the middle of is left by a close, and not lost.
    SinkAccess::mailbox(*this)->dropConsumer();
}

void ListenerSink::settleIn()
{
    if (m_context->thread() == QThread::currentThread())
        setParent(m_context);
    else
        moveToThread(m_context->thread());
}

bool ListenerSink::event(QEvent *event)
{
    const bool handled = Sink::event(event);
    if (event->type() == SinkAccess::arrivedEvent() && !parent()) {
        // Whether the context still lives is certain only here, in its thread.
        if (m_context)
            setParent(m_context);
        else
            deleteLater();
    }
    return handled;
}

void ListenerSink::process(const Batch &batch, Completion completion)
{
    m_work->batch = batch;
    m_work->completion = std::move(completion);
    m_work->position = 0;
    goOn();
}

void ListenerSink::goOn()
{
    const std::shared_ptr<Work> work = m_work;
    const std::shared_ptr<Mailbox> mailbox = SinkAccess::mailbox(*this);
    // Neighbours with the same outcome are told together.
    qsizetype heard = 0;
    Delivery outcome;
    const auto settle = [&] { work->completion.settle(std::exchange(heard, 0), outcome); };
    while (work->position < work->batch.size()) {
        // Nothing left without having been settled: it was reset or closed meanwhile.
        if (work->completion.remaining() == 0)
            break;
        const Event event = work->batch[work->position++];
        Delivery next;
        try {
            next = work->matcher.matches(event) ? work->functor(event) : Delivery::filtered();
        } catch (...) {
            next = Delivery::failed(Delivery::Error::Exception, Text::tr("an exception left the listener"),
                                    Delivery::Retry::Never);
        }
        if (heard > 0 && next != outcome)
            settle();
        outcome = next;
        ++heard;
        if (work->isGone)
            return;
        if (mailbox->isSliceOver() && work->position < work->batch.size()) {
            settle();
            post([this] { goOn(); });
            return;
        }
    }
    work->batch = Batch();
    settle();
}

Delivery ListenerSink::finish()
{
    deleteLater();
    return Delivery::delivered();
}

} // namespace Qanat
