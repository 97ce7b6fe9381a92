// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_DEADLETTERS_H
#define QANAT_CORE_DEADLETTERS_H

#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>

#include <QtCore/qlist.h>

namespace Qanat {

class DeadLettersPrivate;

/*!
 * An event that could not be delivered, as DeadLetters keeps it: a value.
 */
class QANAT_CORE_EXPORT DeadLetter
{
    Q_GADGET
    Q_PROPERTY(quint64 number MEMBER number)
    Q_PROPERTY(Qanat::Event event MEMBER event)
    Q_PROPERTY(QString sink MEMBER sink)
    Q_PROPERTY(Qanat::Delivery::Error error MEMBER error)
    Q_PROPERTY(QString reason MEMBER reason)
    Q_PROPERTY(int attempts MEMBER attempts)
    Q_PROPERTY(int status MEMBER status)
    Q_PROPERTY(QString answer MEMBER answer)
    Q_PROPERTY(QDateTime time MEMBER time)
public:
    //! What \a event tells that some sink gave up, wherever it was kept: a file, another process. Its marks are taken off.
    [[nodiscard]] static DeadLetter fromEvent(const Event &event);
    //! The way back: the event with its marks, to be kept somewhere else.
    [[nodiscard]] Event toEvent() const;

    quint64 number = 0; //!< Names it among those of one DeadLetters, in the order of their arrival, from 1 on.
    Event event; //!< As it was written, without the marks of a dead letter.
    QString sink; //!< Who gave it up, for people: kind and objectName().
    //! The same for programs: its PipelineNode::identity; 0 where that is not known, as of one that was kept elsewhere.
    quintptr by = 0;
    Delivery::Error error = Delivery::Error::None; //!< Why, for programs.
    QString reason; //!< Why, for people.
    int attempts = 0; //!< How often it was tried; 0 where nobody counted.
    int status = 0; //!< What the other side's protocol answered last, see Delivery::status(); 0 if it did not.
    QString answer; //!< What the other side said about it, see Delivery::answer().
    QDateTime time; //!< When it came here, in UTC.
};

/*!
 * Keeps in memory what could not be delivered, with the reason, to be looked at and sent again.
 *
 * \code
 * auto *dead = new DeadLetters(1000, this);
 * queue->setDeadLetterSink(dead);
 * // ... once the service is well again:
 * dead->sendAllAgain(queue);
 * \endcode
 *
 * It keeps up to its capacity. What comes beyond that takes the place of the oldest, which is then lost for good: lost() counts
 * those and a warning tells of them. For its counters everything that it has taken is *delivered*.
 *
 * Events that are written to it directly are kept, too, without a reason. Closing it forgets nothing; destroying it does.
 */
class QANAT_CORE_EXPORT DeadLetters : public Sink
{
    Q_OBJECT
public:
    //! Keeps up to \a capacity, at least 1.
    explicit DeadLetters(qsizetype capacity = 1000, QObject *parent = nullptr);
    ~DeadLetters() override;

    //! Any thread, as all functions of this class.
    [[nodiscard]] qsizetype capacity() const;
    //! How many are kept now.
    [[nodiscard]] qsizetype count() const;
    //! How many were lost since there were too many.
    [[nodiscard]] qint64 lost() const;
    //! Those that are kept, the oldest first.
    [[nodiscard]] QList<DeadLetter> letters() const;

    /*!
     * Writes the event of letter \a number to \a sink, as it was, with its id. It leaves the list only where the answer is
     * *accepted*; should it fail again, it may come back. *Invalid* where there is no such letter, or no sink.
     */
    WriteResult::Status sendAgain(quint64 number, Sink *sink);
    //! The same for all, in their order, until one is not accepted. Answers how many were.
    qsizetype sendAllAgain(Sink *sink);
    //! Forgets it. False where there is no such letter.
    bool remove(quint64 number);
    //! Forgets all. Answers how many there were.
    qsizetype clear();

Q_SIGNALS:
    //! The list has changed. Coalesced, and emitted in the thread that this object lives in.
    void changed(QPrivateSignal);

protected:
    void process(const Batch &batch, Completion completion) override;
    //! For changed().
    bool event(QEvent *event) override;

private:
    const std::unique_ptr<DeadLettersPrivate> d;
};

} // namespace Qanat

Q_DECLARE_METATYPE(Qanat::DeadLetter)

#endif
