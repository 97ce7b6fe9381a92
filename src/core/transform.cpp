// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/transform.h"

#include "redaction_p.h"
#include "selection_p.h"

namespace Qanat {

class TransformPrivate
{
public:
    Transform::Function function;
    Sink *target = nullptr;
};

Transform::Transform(Function function, std::unique_ptr<Sink> target, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<TransformPrivate>())
{
    d->function = std::move(function);
    d->target = adopt(std::move(target));
    if (!d->target)
        discard();
}

Transform::~Transform() = default;

Transform::Function Transform::redaction(const QStringList &fields, const QVariant &replacement)
{
    const Redaction redaction(fields, replacement);
    return [redaction](const Event &event) -> std::optional<Event> {
        const std::optional<QVariant> data = redaction.redacted(event.data());
        if (!data)
            return event;
        Event changed = event;
        changed.setData(*data);
        return changed;
    };
}

int Transform::maxInFlight() const
{
    return d->target ? d->target->maxInFlight() : 1;
}

void Transform::process(const Batch &batch, Completion completion)
{
    static const Delivery filtered = Delivery::filtered();
    Selection selection(batch);
    selection.decideEach([&](const Event &event) {
        const std::optional<Event> next = d->function ? d->function(event) : event;
        if (!next)
            selection.settle(filtered);
        else if (next->isValid())
            selection.pass(*next);
        else
            selection.settle(Delivery::failed(Delivery::Error::Invalid, next->errorText(), Delivery::Retry::Never));
    });
    auto [changed, rest] = selection.take(std::move(completion));
    if (!changed.isEmpty())
        forward(d->target, changed, std::move(rest));
}

} // namespace Qanat
