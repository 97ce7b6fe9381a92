// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_FILTER_H
#define QANAT_CORE_FILTER_H

#include <Qanat/core/matcher.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>

#include <memory>

namespace Qanat {

class FilterPrivate;

/*!
 * Lets through to its target what a Matcher matches. The rest is *filtered*: a success that did not touch the target.
 *
 * What becomes of an event behind it is its own outcome, too, in the order of the batch. An event for which the matcher throws
 * fails for good, and its neighbours go on.
 */
class QANAT_CORE_EXPORT Filter : public Sink
{
    Q_OBJECT
public:
    //! Takes over \a target, which must have no parent and live in the current thread; else the filter is closed from the start.
    Filter(const Matcher &matcher, std::unique_ptr<Sink> target, QObject *parent = nullptr);
    ~Filter() override;

    //! The sink's thread.
    [[nodiscard]] Matcher matcher() const;
    //! From the next batch on. The sink's thread, or before the first write.
    void setMatcher(const Matcher &matcher);

    //! As many as its target. The sink's thread.
    int maxInFlight() const override;

protected:
    void process(const Batch &batch, Completion completion) override;

private:
    const std::unique_ptr<FilterPrivate> d;
};

} // namespace Qanat

#endif
