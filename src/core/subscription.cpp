// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/subscription.h"

#include "mailbox_p.h"

#include <QtCore/qpromise.h>

namespace Qanat {

Subscription::Subscription() noexcept = default;
Subscription::Subscription(std::shared_ptr<Mailbox> mailbox) noexcept
    : m_mailbox(std::move(mailbox))
{
}
Subscription::Subscription(const Subscription &other) = default;
Subscription::Subscription(Subscription &&other) noexcept = default;
Subscription &Subscription::operator=(const Subscription &other) = default;
Subscription &Subscription::operator=(Subscription &&other) noexcept = default;
Subscription::~Subscription() = default;

bool Subscription::isActive() const
{
    return m_mailbox && m_mailbox->state() == PipelineNode::State::Open;
}

QFuture<void> Subscription::reset()
{
    const auto promise = std::make_shared<QPromise<void>>();
    promise->start();
    if (m_mailbox)
        m_mailbox->close(std::chrono::nanoseconds(0), [promise](const CloseResult &) { promise->finish(); });
    else
        promise->finish();
    return promise->future();
}

Statistics Subscription::statistics() const
{
    return m_mailbox ? m_mailbox->statistics() : Statistics();
}

} // namespace Qanat
