// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_EVENTSTORE_H
#define QANAT_CORE_EVENTSTORE_H

#include <Qanat/core/delivery.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/result.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qlist.h>

#include <optional>

namespace Qanat {

/*!
 * Where a StoringQueue keeps its events: a file, usually (see DurableQueue). To be implemented by whoever wants another place.
 *
 * All its functions are called in one thread, one after the other, and may take as long as a disk does. It is destroyed there.
 */
class QANAT_CORE_EXPORT EventStore
{
public:
    //! An event as it is kept.
    struct Row
    {
        quint64 number = 0; //!< Its place in the order: each has a greater one than all before it.
        qint64 acceptedAt = 0; //!< When it was accepted, in milliseconds since 1970 in UTC.
        QByteArray event; //!< As Event::toCbor() writes it.
    };

    //! Numbers from \a first on.
    struct Range
    {
        quint64 first = 0; //!< The first of them.
        qsizetype count = 0; //!< How many.
    };

    //! What changes at once, or not at all.
    struct Changes
    {
        //! With ascending numbers. One may be there already, since it is not known how the last try ended.
        QList<Row> added;
        QList<Range> removed; //!< Some of these may not be there.
        qint64 removedBytes = 0; //!< Of the events that are removed.
        //! Events that were given up, as DeadLetter::toEvent() marks them. They are among the removed.
        QList<Row> deadLetters;
        Range removedDeadLetters; //!< By the numbers that readDeadLetters() tells.
        std::optional<QByteArray> position; //!< Where the source of the events is after those that are added.
        std::optional<bool> held; //!< Whether nothing is to be delivered.

        //! Whether there is nothing to do.
        [[nodiscard]] bool isEmpty() const
        {
            return added.isEmpty() && removed.isEmpty() && deadLetters.isEmpty() && removedDeadLetters.count == 0
                   && !position && !held;
        }
    };

    //! What is kept.
    struct Contents
    {
        qint64 count = 0; //!< How many events.
        qint64 bytes = 0; //!< How much they take, as Row::event.
        quint64 next = 1; //!< Greater than any number that was ever given.
        qint64 damaged = 0; //!< How many are known to be lost since the last time.
        qint64 deadLetters = 0; //!< How many of those.
        qint64 deadLetterBytes = 0; //!< How much they take, as Row::event.
        QByteArray position; //!< As it was noted last.
        bool isHeld = false; //!< The same.
    };

    virtual ~EventStore();

    /*!
     * Called first, and again after it has failed, or after apply() or read() have: finds out what is kept. The error says where the
     * store is and why it cannot be used.
     */
    virtual Delivery open() = 0;
    //! What is kept now; known since open().
    [[nodiscard]] virtual Contents contents() const = 0;
    //! All of \a changes, or nothing. When this returns a success they outlive a power cut. What a failure says is shown to people.
    virtual Delivery apply(const Changes &changes) = 0;
    //! The next events from the number \a from on, in their order: not more than \a events, and with more than one not more than \a bytes. None: there are no more.
    virtual Result<QList<Row>> read(quint64 from, qsizetype events, qint64 bytes) = 0;
    /*!
     * The next dead letters with a number greater than \a after, in the order in which they came; with the same bounds. Row::number is that of
     * the letter here, which the store gives it, and Row::acceptedAt the time of Changes::deadLetters.
     */
    virtual Result<QList<Row>> readDeadLetters(quint64 after, qsizetype letters, qint64 bytes) = 0;
    //! Of what was removed nothing must be readable any more.
    virtual Delivery purge() = 0;
    /*!
     * Called when nothing is kept, and nothing waits to be unless there was no room for it: may bring into order what takes its time, as
     * giving room back to the disk, a short step of it. Whether there is more to do: then it is called again, unless an event comes first.
     * Does nothing unless it is overridden.
     */
    virtual bool tidy();
    //! There is little time any more: what close() may leave to the next open(), it leaves. Does nothing unless it is overridden.
    virtual void hurry();
    //! The last call.
    virtual void close() = 0;
};

} // namespace Qanat

#endif
