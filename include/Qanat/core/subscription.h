// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_SUBSCRIPTION_H
#define QANAT_CORE_SUBSCRIPTION_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/statistics.h>

#include <QtCore/qfuture.h>

#include <memory>

namespace Qanat {

class Mailbox;

/*!
 * A handle to what Broadcaster::listen() began. It can be copied and thrown away; the subscription lasts until reset() or
 * the end of the context or the broadcaster.
 */
class QANAT_CORE_EXPORT Subscription
{
public:
    //! To nothing: not active.
    Subscription() noexcept;
    //!@{
    //! Copies are handles to the same subscription; one that was moved from is not active.
    Subscription(const Subscription &other);
    Subscription(Subscription &&other) noexcept;
    Subscription &operator=(const Subscription &other);
    Subscription &operator=(Subscription &&other) noexcept;
    //!@}
    ~Subscription();

    //! Whether events still arrive. Any thread.
    [[nodiscard]] bool isActive() const;
    /*!
     * Ends it. Called in the listener's thread, no call of the functor begins after this returns. From another thread the
     * future tells when that is so. What was not yet heard is dropped. Any thread.
     */
    QFuture<void> reset();
    //! What the listener got. Any thread.
    [[nodiscard]] Statistics statistics() const;

private:
    friend class Broadcaster;
    explicit Subscription(std::shared_ptr<Mailbox> mailbox) noexcept;

    std::shared_ptr<Mailbox> m_mailbox;
};

} // namespace Qanat

#endif
