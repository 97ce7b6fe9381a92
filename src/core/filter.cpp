// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/filter.h"

#include "selection_p.h"

namespace Qanat {

class FilterPrivate
{
public:
    Matcher matcher;
    Sink *target = nullptr;
};

Filter::Filter(const Matcher &matcher, std::unique_ptr<Sink> target, QObject *parent)
    : Sink(parent)
    , d(std::make_unique<FilterPrivate>())
{
    d->matcher = matcher;
    d->target = adopt(std::move(target));
    if (!d->target)
        discard();
}

Filter::~Filter() = default;

Matcher Filter::matcher() const
{
    return d->matcher;
}

void Filter::setMatcher(const Matcher &matcher)
{
    d->matcher = matcher;
}

int Filter::maxInFlight() const
{
    return d->target ? d->target->maxInFlight() : 1;
}

void Filter::process(const Batch &batch, Completion completion)
{
    static const Delivery filtered = Delivery::filtered();
    Selection selection(batch);
    selection.decideEach([&](const Event &event) {
        if (d->matcher.matches(event))
            selection.pass();
        else
            selection.settle(filtered);
    });
    auto [wanted, rest] = selection.take(std::move(completion));
    if (!wanted.isEmpty())
        forward(d->target, wanted, std::move(rest));
}

} // namespace Qanat
