// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef SHEETMODEL_H
#define SHEETMODEL_H

#include "formula.h"

#include <QAbstractTableModel>
#include <QStringList>
#include <QUndoStack>

class SheetModel : public QAbstractTableModel
{
    Q_OBJECT
    Q_PROPERTY(QString fileName READ fileName WRITE setFileName NOTIFY fileNameChanged)

public:
    enum class FileOperation { Load, Save };
    Q_ENUM(FileOperation)

    explicit SheetModel(QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

    // These are recorded on the undo stack. Formulas keep the addresses they were typed with.
    bool setData(const QModelIndex &index, const QVariant &value, int role = Qt::EditRole) override;
    bool insertRows(int row, int count, const QModelIndex &parent = {}) override;
    bool insertColumns(int column, int count, const QModelIndex &parent = {}) override;
    bool removeRows(int row, int count, const QModelIndex &parent = {}) override;
    bool removeColumns(int column, int count, const QModelIndex &parent = {}) override;
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

    void clear();
    bool load(const QString &fileName);
    bool save(const QString &fileName);
    QString fileName() const { return m_fileName; }
    void setFileName(const QString &fileName);
    QUndoStack *undoStack() { return &m_undoStack; }

Q_SIGNALS:
    void fileNameChanged(const QString &fileName);
    void fileFailed(SheetModel::FileOperation operation, const QString &fileName, const QString &reason);
    void cellEdited(const CellAddress &address, const QString &input);
    void formulaFailed(const QString &cell, const QString &reason);
    void recalculated(int cells);
    void sorted(int column, Qt::SortOrder order);

private:
    enum class State { Clean, Dirty, Running };

    struct Cell
    {
        QString input;
        QVariant value; // invalid, a double or a string
        QString error;
        State state = State::Clean;

        Cell(const QString &text = {});
    };
    using Cells = QList<QList<Cell>>; // rows of cells, at least one

    void reset(const QList<QStringList> &rows, const QString &fileName);
    void setInput(const CellAddress &address, const QString &input);
    bool changeLines(const QString &text, Qt::Orientation orientation, int at, int count, const Cells &after);
    void setLines(Qt::Orientation orientation, int at, int count, const Cells &cells);
    void setOrder(const QList<int> &rows);
    void recalculate();
    void evaluate(const CellAddress &address, int depth, QList<CellAddress> *changed);
    bool failFile(FileOperation operation, const QString &fileName, const QString &reason);

    Cells m_cells;
    QString m_fileName;
    QUndoStack m_undoStack;
};

#endif
