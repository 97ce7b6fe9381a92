// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_DEADLETTERSVIEW_H
#define QANAT_WIDGETS_DEADLETTERSVIEW_H

#include <Qanat/core/result.h>
#include <Qanat/widgets/qanatwidgets_export.h>

#include <QtCore/qfuture.h>
#include <QtWidgets/qwidget.h>

#include <functional>
#include <memory>

namespace Qanat {

class DeadLetter;
class DeadLetters;
class DeadLettersViewPrivate;
class Sink;
class StoredDeadLetters;

/*!
 * What could not be delivered, with the reasons: to be looked at, sent again, exported and, after a question, removed.
 *
 * \code
 * auto *view = new DeadLettersView(dead);
 * view->setTarget([queue](const DeadLetter &) { return queue; });
 *
 * auto *stored = new DeadLettersView(durableQueue->storedDeadLetters()); // They go to their queue.
 * \endcode
 *
 * All its functions belong to the GUI thread, in which the dead letters have to live.
 */
class QANAT_WIDGETS_EXPORT DeadLettersView : public QWidget
{
    Q_OBJECT
public:
    //! To whom a letter is sent again: a sink, which is used at once and not kept; null where there is none.
    using Target = std::function<Sink *(const DeadLetter &letter)>;

    //!@{
    //! Shows \a letters, which are not owned; they may be destroyed, and be null.
    explicit DeadLettersView(DeadLetters *letters, QWidget *parent = nullptr);
    explicit DeadLettersView(StoredDeadLetters *letters, QWidget *parent = nullptr);
    //!@}
    ~DeadLettersView() override;

    //!@{
    //! What it shows, of the one kind or the other; null once that is destroyed.
    [[nodiscard]] DeadLetters *letters() const;
    [[nodiscard]] StoredDeadLetters *storedLetters() const;
    //!@}

    //! Who gets letters that are sent again; as long as it is not set, nothing can be. Those that are stored go to their own queue, and need none.
    void setTarget(Target target);

    //! Writes all letters to a file, in place of what is in it, as newline-delimited CloudEvents JSON with the marks of dead letters (see
    //! Sink::setDeadLetterSink()). How many those were, or why it failed. An event that cannot leave the process is left out. What is stored is read and written page by
    //! page: a QFutureWatcher tells of the end. Where the view is destroyed before, the file stays as it was, and the future is canceled.
    QFuture<Result<qint64>> save(const QString &fileName);

    //!@{
    //! Widths and order of the columns, and the sizes of the parts; for QSettings.
    [[nodiscard]] QByteArray saveState() const;
    bool restoreState(const QByteArray &state);
    //!@}

public Q_SLOTS:
    //!@{
    //! The letters that are chosen, or all, in their order. Those that are not accepted stay, and the view says why.
    void sendAgain();
    void sendAllAgain();
    //!@}
    //! Asks, and forgets the letters that are chosen.
    void removeChosen();
    //! Asks for a file, and saves.
    void saveAs();

private:
    friend class DeadLettersViewPrivate;

    const std::unique_ptr<DeadLettersViewPrivate> d;
};

} // namespace Qanat

#endif
