// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_DEADLETTERSMODEL_H
#define QANAT_WIDGETS_DEADLETTERSMODEL_H

#include <Qanat/core/deadletters.h>
#include <Qanat/widgets/qanatwidgets_export.h>

#include <QtCore/qabstractitemmodel.h>

#include <memory>

namespace Qanat {

class DeadLettersModelPrivate;
class LetterSource;
class StoredDeadLetters;

/*!
 * The letters of DeadLetters, or those that a StoringQueue keeps in its store, as a table for views, the oldest first. It follows them by itself. A row stays the same as
 * long as its letter is there. The GUI thread, in which the letters have to live.
 *
 * Of those that are stored it has the first hundred, and more as a view asks for them with fetchMore(): they are read in the thread of the store, and come later.
 */
class QANAT_WIDGETS_EXPORT DeadLettersModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    //! Columns, for index() and views: `int(Column::Time)`.
    enum class Column : quint8 {
        Time, //!< When it was given up.
        Type,
        Sink, //!< Who gave it up.
        Reason,
        Attempts,
        Status,
    };
    Q_ENUM(Column)
    //! What columnCount() answers.
    static constexpr int ColumnCount = int(Column::Status) + 1;

    //! Besides Qt::DisplayRole, and Qt::ToolTipRole, what the service said.
    enum Role {
        //! To sort by: a QDateTime for Time, an int for Attempts and Status, else a QString.
        ValueRole = Qt::UserRole + 1,
        NumberRole, //!< DeadLetter::number, the same in each column.
    };
    Q_ENUM(Role)

    //!@{
    //! Shows \a letters, which are not owned; they may be destroyed, and be null.
    explicit DeadLettersModel(DeadLetters *letters, QObject *parent = nullptr);
    explicit DeadLettersModel(StoredDeadLetters *letters, QObject *parent = nullptr);
    //!@}
    ~DeadLettersModel() override;

    //! The letter of a row; one without a number where there is none.
    [[nodiscard]] DeadLetter letter(int row) const;

    //!@{
    //! As in QAbstractTableModel, with the columns of Column and the roles of Role.
    [[nodiscard]] int rowCount(const QModelIndex &parent = QModelIndex()) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = QModelIndex()) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;
    [[nodiscard]] QHash<int, QByteArray> roleNames() const override;
    [[nodiscard]] bool canFetchMore(const QModelIndex &parent = QModelIndex()) const override;
    void fetchMore(const QModelIndex &parent = QModelIndex()) override;
    //!@}

private:
    friend class DeadLettersViewPrivate;
    explicit DeadLettersModel(std::shared_ptr<LetterSource> source, QObject *parent);

    const std::unique_ptr<DeadLettersModelPrivate> d;
};

} // namespace Qanat

#endif
