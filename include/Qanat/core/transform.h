// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_TRANSFORM_H
#define QANAT_CORE_TRANSFORM_H

#include <Qanat/core/event.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>

#include <functional>
#include <memory>
#include <optional>

namespace Qanat {

class TransformPrivate;

/*!
 * Changes events on their way: for each one that comes, at most one goes on to the target. An event without a successor is
 * *filtered*.
 *
 * What becomes of the successor is the outcome of the event, in the order of the batch. An event fails for good where the
 * function throws or makes an invalid event, and its neighbours go on.
 *
 * \code
 * auto safe = std::make_unique<Transform>(Transform::redaction({u"password"_s, u"/user/mail"_s}), std::move(http));
 * \endcode
 */
class QANAT_CORE_EXPORT Transform : public Sink
{
    Q_OBJECT
public:
    //! The event that goes on, or nothing. Called in the sink's thread.
    using Function = std::function<std::optional<Event>(const Event &)>;

    //! Takes over \a target, which must have no parent and live in the current thread; else the sink is closed from the start.
    //! Without a function every event goes on as it is.
    Transform(Function function, std::unique_ptr<Sink> target, QObject *parent = nullptr);
    ~Transform() override;

    /*!
     * Puts \a replacement in the place of fields of the data, wherever they are. A field that begins with a slash is one place,
     * a JSON Pointer (RFC 6901: `/user/mail`); any other is a name, and every field of that name is meant, at any depth and
     * in any case of its letters. A pointer that is not one throws std::invalid_argument: nothing would be redacted.
     *
     * Of data that has such a field, JSON and CBOR values become QVariants, and gadgets maps of their properties. Data that is
     * nested deeper than 512 levels anywhere is replaced as a whole. Without a replacement it is the text `[redacted]`. Any thread.
     */
    [[nodiscard]] static Function redaction(const QStringList &fields, const QVariant &replacement = {});

    //! As many as its target. The sink's thread.
    int maxInFlight() const override;

protected:
    void process(const Batch &batch, Completion completion) override;

private:
    const std::unique_ptr<TransformPrivate> d;
};

} // namespace Qanat

#endif
