// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/storeddeadletters.h"

#include "Qanat/core/storingqueue.h"
#include "storingengine_p.h"

#include <limits>

namespace Qanat {

namespace {

// Has the engine of a queue answer.
template<typename T>
QFuture<T> ask(const std::weak_ptr<Mailbox> &weak,
               std::function<void(StoringEngine &, const std::shared_ptr<QPromise<T>> &)> question)
{
    const auto promise = std::make_shared<QPromise<T>>();
    promise->start();
    QFuture<T> future = promise->future();
    if (const std::shared_ptr<Mailbox> mailbox = weak.lock()) {
        mailbox->post([promise, weak, question = std::move(question)] {
            if (const std::shared_ptr<StoringEngine> engine = StoringEngine::of(weak))
                question(*engine, promise);
        });
    }
    return future; // A promise that nobody keeps cancels it.
}

constexpr EventStore::Range all()
{
    return {1, std::numeric_limits<qsizetype>::max()};
}

} // namespace

StoredDeadLetters::StoredDeadLetters(StoringQueue *queue, std::weak_ptr<Mailbox> mailbox,
                                     std::shared_ptr<const StoringState> state)
    : QObject(queue)
    , m_mailbox(std::move(mailbox))
    , m_state(std::move(state))
{
}

StoredDeadLetters::~StoredDeadLetters() = default;

qint64 StoredDeadLetters::count() const
{
    return m_state->deadLetters().count;
}

qint64 StoredDeadLetters::kept() const
{
    return m_state->deadLetters().kept;
}

qint64 StoredDeadLetters::lost() const
{
    return m_state->deadLetters().lost;
}

void StoredDeadLetters::setCapacity(const Capacity &capacity)
{
    if (const std::shared_ptr<Mailbox> mailbox = m_mailbox.lock()) {
        mailbox->post([weak = m_mailbox, capacity] {
            if (const std::shared_ptr<StoringEngine> engine = StoringEngine::of(weak))
                engine->setLetterCapacity(capacity);
        });
    }
}

QFuture<Result<QList<DeadLetter>>> StoredDeadLetters::letters(quint64 after, qsizetype most) const
{
    return ask<Result<QList<DeadLetter>>>(
        m_mailbox, [after, most](StoringEngine &engine, const StoringEngine::LettersPromise &promise) {
            engine.listLetters(after, most, promise);
        });
}

QFuture<Result<qint64>> StoredDeadLetters::sendAgain(quint64 number)
{
    return ask<Result<qint64>>(m_mailbox, [number](StoringEngine &engine, const StoringEngine::CountPromise &promise) {
        engine.sendLettersAgain({number, 1}, promise);
    });
}

QFuture<Result<qint64>> StoredDeadLetters::sendAllAgain()
{
    return ask<Result<qint64>>(m_mailbox, [](StoringEngine &engine, const StoringEngine::CountPromise &promise) {
        engine.sendLettersAgain(all(), promise);
    });
}

QFuture<Result<qint64>> StoredDeadLetters::remove(quint64 number)
{
    return ask<Result<qint64>>(m_mailbox, [number](StoringEngine &engine, const StoringEngine::CountPromise &promise) {
        engine.removeLetters({number, 1}, promise);
    });
}

QFuture<Result<qint64>> StoredDeadLetters::clear()
{
    return ask<Result<qint64>>(m_mailbox, [](StoringEngine &engine, const StoringEngine::CountPromise &promise) {
        engine.removeLetters(all(), promise);
    });
}

QFuture<Result<qint64>> StoredDeadLetters::purge(const Capacity &capacity)
{
    return ask<Result<qint64>>(m_mailbox,
                               [capacity](StoringEngine &engine, const StoringEngine::CountPromise &promise) {
                                   engine.purgeLetters(capacity, promise);
                               });
}

} // namespace Qanat
