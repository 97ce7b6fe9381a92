// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "sinks.h"

namespace Bench {

void Gate::open()
{
    const std::lock_guard lock(m_mutex);
    m_isOpen = true;
    m_opened.notify_all();
}

void Gate::pass()
{
    std::unique_lock lock(m_mutex);
    m_isReached = true;
    m_opened.notify_all();
    m_opened.wait(lock, [this] { return m_isOpen; });
}

void Gate::waitUntilReached()
{
    std::unique_lock lock(m_mutex);
    m_opened.wait(lock, [this] { return m_isReached; });
}

} // namespace Bench
