// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_DELIVERY_P_H
#define QANAT_CORE_DELIVERY_P_H

#include "Qanat/core/delivery.h"

#include <memory>

namespace Qanat {

class DeliveryData : public QSharedData
{
public:
    QString text;
    QString answer;
    std::chrono::milliseconds retryAfter{0};
    std::unique_ptr<Delivery> cause;
    int status = 0;
    int attempts = 0;
    Delivery::Error error = Delivery::Error::None;
    Delivery::Retry retry = Delivery::Retry::Never;
    // The event is in a dead-letter sink already: a sink further up must not put it there again.
    bool deadLettered = false;

    DeliveryData() = default;
    DeliveryData(const DeliveryData &other)
        : QSharedData(other)
        , text(other.text)
        , answer(other.answer)
        , retryAfter(other.retryAfter)
        , cause(other.cause ? std::make_unique<Delivery>(*other.cause) : nullptr)
        , status(other.status)
        , attempts(other.attempts)
        , error(other.error)
        , retry(other.retry)
        , deadLettered(other.deadLettered)
    {
    }
    DeliveryData &operator=(const DeliveryData &) = delete;
};

class DeliveryAccess
{
public:
    static bool isDeadLettered(const Delivery &delivery) { return delivery.d && delivery.d->deadLettered; }
    static Delivery deadLettered(const Delivery &delivery)
    {
        Delivery copy = delivery;
        if (copy.d) {
            copy.d.detach();
            copy.d->deadLettered = true;
        }
        return copy;
    }
};

} // namespace Qanat

#endif
