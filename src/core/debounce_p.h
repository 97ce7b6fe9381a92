// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_DEBOUNCE_P_H
#define QANAT_CORE_DEBOUNCE_P_H

#include "Qanat/core/event.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

namespace Qanat {

class Mailbox;

// Writes the last event of each burst, once it is quiet for a while. Any thread.
class Debounce : public std::enable_shared_from_this<Debounce>
{
public:
    Debounce(std::shared_ptr<Mailbox> mailbox, std::chrono::nanoseconds quiet);

    void offer(const Event &event);
    // What waits is not written.
    void cancel();

private:
    void look();

    const std::shared_ptr<Mailbox> m_mailbox;
    const std::chrono::nanoseconds m_quiet;
    std::mutex m_mutex;
    std::optional<Event> m_last;
    std::chrono::nanoseconds m_due{0};
    bool m_isPlanned = false;
};

} // namespace Qanat

#endif
