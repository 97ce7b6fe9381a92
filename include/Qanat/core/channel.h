// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_CHANNEL_H
#define QANAT_CORE_CHANNEL_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>

#include <iterator>
#include <optional>

namespace Qanat {

class ChannelState;

/*!
 * The pull side: a sink that keeps events until somebody reads them, in their own time and thread.
 *
 * \code
 * Channel channel(100);
 * events->add(&channel);
 * for (const Event &event : channel) // Waits for each, until the channel is closed and read to its end.
 *     store(event);
 * \endcode
 *
 * It holds up to its capacity; those events count as *delivered*. What comes beyond that is not taken, stays pending in the intake,
 * and so in the queue before it: nothing is lost, unless setLimits() says so. Whatever thread it lives in, a thread of the
 * library fills it, so that a reader may wait anywhere.
 *
 * After a close nothing is accepted, and what the channel holds can still be read. A close waits for readers to take what does
 * not fit yet, and drops that at its deadline. What was not read when the channel is destroyed is gone.
 */
class QANAT_CORE_EXPORT Channel : public Sink
{
    Q_OBJECT
public:
    class Iterator;

    //! Holds up to \a capacity events, at least 1.
    explicit Channel(qsizetype capacity = 1000, QObject *parent = nullptr);
    ~Channel() override;

    //! Any thread.
    [[nodiscard]] qsizetype capacity() const;
    //! How many events can be read now. Any thread.
    [[nodiscard]] qsizetype available() const;
    //! Whether it is closed, and everything was read. Any thread.
    [[nodiscard]] bool isAtEnd() const;

    //! The oldest event, if there is one. Any thread; each event goes to one reader.
    [[nodiscard]] std::optional<Event> tryRead();
    /*!
     * The same, and waits for one up to \a timeout; nothing where none came, or the channel is at its end.
     *
     * Any thread. It blocks the thread without an event loop: in the GUI thread use readyRead() and tryRead(). The threads of the
     * library must not wait for each other: there it does not wait.
     */
    [[nodiscard]] std::optional<Event> read(std::chrono::milliseconds timeout);

    //!@{
    /*!
     * Reading in a loop: each step waits, without a limit, until there is an event or the channel is at its end. Any thread, several
     * at once, too; the same holds as for read().
     */
    [[nodiscard]] Iterator begin();
    [[nodiscard]] Iterator end();
    //!@}

Q_SIGNALS:
    //! There are events to read, or the channel is at its end. Emitted in the thread that this object lives in; not again
    //! before somebody has read, or more has come.
    void readyRead(QPrivateSignal);

protected:
    //! For readyRead().
    bool event(QEvent *event) override;

private:
    explicit Channel(std::shared_ptr<ChannelState> state, QObject *parent);

    const std::shared_ptr<ChannelState> d;
};

/*!
 * An input iterator over a Channel. Looking at it, or comparing it, waits for the next event; making it does not. It may be handed
 * to another thread, and outlive the channel.
 */
class QANAT_CORE_EXPORT Channel::Iterator
{
public:
    //!@{
    //! What an input iterator has to name.
    using iterator_category = std::input_iterator_tag;
    using value_type = Event;
    using difference_type = std::ptrdiff_t;
    using pointer = const Event *;
    using reference = const Event &;
    //!@}

    //! The end.
    Iterator() = default;

    //!@{
    //! The event, until the next step. Not at the end.
    [[nodiscard]] const Event &operator*() const;
    [[nodiscard]] const Event *operator->() const { return &**this; }
    //!@}
    //! Leaves this event, without waiting for the next.
    Iterator &operator++();

    friend bool operator==(const Iterator &one, const Iterator &other) { return one.isAtEnd() == other.isAtEnd(); }
    friend bool operator!=(const Iterator &one, const Iterator &other) { return one.isAtEnd() != other.isAtEnd(); }

private:
    friend class Channel;
    explicit Iterator(std::shared_ptr<ChannelState> state);
    bool isAtEnd() const;

    mutable std::shared_ptr<ChannelState> m_state; // None at the end.
    mutable Event m_event;
    mutable bool m_isRead = false;
};

} // namespace Qanat

#endif
