// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "currentmailbox_p.h"

#include <utility>

namespace Qanat {

namespace {

thread_local const Mailbox *current = nullptr;

} // namespace

CurrentMailbox::CurrentMailbox(const Mailbox *mailbox) noexcept
    : m_outer(std::exchange(current, mailbox))
{
}

CurrentMailbox::~CurrentMailbox()
{
    current = m_outer;
}

const Mailbox *CurrentMailbox::address() noexcept
{
    return current;
}

} // namespace Qanat
