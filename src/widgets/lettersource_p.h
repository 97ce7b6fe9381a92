// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_LETTERSOURCE_P_H
#define QANAT_WIDGETS_LETTERSOURCE_P_H

#include "Qanat/core/deadletters.h"
#include "Qanat/core/result.h"

#include <QtCore/qlist.h>
#include <QtCore/qobject.h>

#include <functional>
#include <memory>

namespace Qanat {

class StoredDeadLetters;

/*
 * The letters that a DeadLettersModel and a DeadLettersView show, wherever they are kept, and what can be done with them. What takes a disk is answered later, in the
 * GUI thread, and not at all once this is destroyed.
 */
class LetterSource : public QObject
{
    Q_OBJECT
public:
    using Target = std::function<Sink *(const DeadLetter &letter)>;
    using Page = Result<QList<DeadLetter>>;
    using PageAnswer = std::function<void(const Page &page)>;
    // What has come of an order, for people; empty where there is nothing to tell.
    using Report = std::function<void(const QString &news)>;

    // Neither owns the letters, which may be destroyed, and be null.
    static std::shared_ptr<LetterSource> of(DeadLetters *letters);
    static std::shared_ptr<LetterSource> of(StoredDeadLetters *letters);

    // Those that are shown, by their numbers.
    const QList<DeadLetter> &rows() const { return m_rows; }
    // How many there are.
    virtual qint64 count() const = 0;
    // What else there is to say about all of them, for people.
    virtual QStringList remarks() const = 0;
    // Whether somebody has to say who gets letters that are sent again.
    virtual bool needsTarget() const = 0;

    virtual bool canFetchMore() const;
    virtual void fetchMore();
    // The next of all that there are, as many as are good to be handled at once. None: there are no more.
    virtual void read(quint64 after, const PageAnswer &answer) = 0;

    virtual void sendAgain(const QList<DeadLetter> &those, const Target &target, const Report &report) = 0;
    virtual void sendAllAgain(const Target &target, const Report &report) = 0;
    virtual void remove(const QList<DeadLetter> &those, const Report &report) = 0;

Q_SIGNALS:
    // Rows, as in QAbstractItemModel.
    void aboutToInsert(int first, int last);
    void inserted();
    void aboutToRemove(int first, int last);
    void removed();
    // Something else is to be said: count() or remarks().
    void changed();

protected:
    // By their numbers. Those that are there already stay as they are.
    void insertRows(const QList<DeadLetter> &letters);
    // Neighbours go together.
    void removeRows(const std::function<bool(quint64 number)> &isGone);

private:
    QList<DeadLetter> m_rows;
};

QString lettersText(qint64 count);

} // namespace Qanat

#endif
