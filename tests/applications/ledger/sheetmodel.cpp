// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "sheetmodel.h"

#include "undo.h"

#include <QFile>
#include <QLoggingCategory>
#include <QSaveFile>
#include <QStringDecoder>

#include <algorithm>
#include <numeric>
#include <utility>

Q_LOGGING_CATEGORY(lcModel, "sheet.model")
Q_LOGGING_CATEGORY(lcFile, "sheet.file")

namespace {

constexpr int MinimumRows = 20;
constexpr int MinimumColumns = 8;

// Nothing when a quotation mark is not closed.
std::optional<QList<QStringList>> parseCsv(const QString &text)
{
    QList<QStringList> rows;
    QStringList row;
    QString field;
    bool quoted = false;
    QChar previous;
    for (const QChar c : text) {
        if (c == u'"') {
            if (!quoted && previous == c)
                field += c; // two of them stand for one
            quoted = !quoted;
        } else if (quoted || (c != u',' && c != u'\n' && c != u'\r')) {
            field += c;
        } else if (c != u'\r') {
            row.append(std::exchange(field, {}));
            if (c == u'\n')
                rows.append(std::exchange(row, {}));
        }
        previous = c;
    }
    if (!field.isEmpty() || !row.isEmpty())
        rows.append(row << field);
    return quoted ? std::nullopt : std::optional(rows);
}

QString quotedForCsv(QString field)
{
    const bool plain = std::none_of(field.cbegin(), field.cend(),
                                    [](QChar c) { return c == u',' || c == u'"' || c == u'\n' || c == u'\r'; });
    return plain ? field : u'"' + field.replace(u'"', QStringLiteral("\"\"")) + u'"';
}

} // namespace

SheetModel::Cell::Cell(const QString &text)
    : input(text)
{
    bool isNumber = false;
    const double number = text.toDouble(&isNumber);
    if (!text.isEmpty() && !Formula::isFormula(text))
        value = isNumber && qIsFinite(number) ? QVariant(number) : QVariant(text);
}

SheetModel::SheetModel(QObject *parent)
    : QAbstractTableModel(parent)
{
    clear();
}

int SheetModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_cells.size());
}

int SheetModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_cells.constFirst().size());
}

QVariant SheetModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const Cell &cell = m_cells.at(index.row()).at(index.column());
    if (role == Qt::EditRole)
        return cell.input;
    if (role == Qt::ToolTipRole && !cell.error.isEmpty())
        return cell.error;
    if (role == Qt::TextAlignmentRole && cell.value.typeId() == QMetaType::Double)
        return QVariant::fromValue(Qt::AlignVCenter | Qt::AlignRight);
    if (role != Qt::DisplayRole)
        return {};
    if (!cell.error.isEmpty())
        return QStringLiteral("#ERROR");
    return Formula::isFormula(cell.input) ? QString::number(cell.value.toDouble(), 'g', 12) : cell.input;
}

QVariant SheetModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role == Qt::DisplayRole && orientation == Qt::Horizontal)
        return CellAddress::columnName(section);
    return QAbstractTableModel::headerData(section, orientation, role);
}

Qt::ItemFlags SheetModel::flags(const QModelIndex &index) const
{
    return QAbstractTableModel::flags(index) | (index.isValid() ? Qt::ItemIsEditable : Qt::NoItemFlags);
}

bool SheetModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (role != Qt::EditRole || !index.isValid())
        return false;
    const CellAddress cell{index.row(), index.column()};
    const QString before = index.data(Qt::EditRole).toString();
    const QString after = value.toString();
    if (after != before) {
        m_undoStack.push(new SheetCommand(
            tr("Edit %1").arg(cell.name()), [=] { setInput(cell, after); }, [=] { setInput(cell, before); }));
    }
    return true;
}

bool SheetModel::insertRows(int row, int count, const QModelIndex &parent)
{
    if (parent.isValid() || row < 0 || row > rowCount() || count < 1)
        return false;
    Cells after = m_cells;
    after.insert(row, count, QList<Cell>(columnCount()));
    return changeLines(tr("Insert Rows"), Qt::Vertical, row, count, after);
}

bool SheetModel::insertColumns(int column, int count, const QModelIndex &parent)
{
    if (parent.isValid() || column < 0 || column > columnCount() || count < 1)
        return false;
    Cells after = m_cells;
    for (QList<Cell> &row : after)
        row.insert(column, count, Cell());
    return changeLines(tr("Insert Columns"), Qt::Horizontal, column, count, after);
}

bool SheetModel::removeRows(int row, int count, const QModelIndex &parent)
{
    if (parent.isValid() || row < 0 || count < 1 || count >= rowCount() || row > rowCount() - count)
        return false;
    Cells after = m_cells;
    after.remove(row, count);
    return changeLines(tr("Remove Rows"), Qt::Vertical, row, count, after);
}

bool SheetModel::removeColumns(int column, int count, const QModelIndex &parent)
{
    if (parent.isValid() || column < 0 || count < 1 || count >= columnCount() || column > columnCount() - count)
        return false;
    Cells after = m_cells;
    for (QList<Cell> &row : after)
        row.remove(column, count);
    return changeLines(tr("Remove Columns"), Qt::Horizontal, column, count, after);
}

bool SheetModel::changeLines(const QString &text, Qt::Orientation orientation, int at, int count, const Cells &after)
{
    m_undoStack.push(new SheetCommand(
        text, [=] { setLines(orientation, at, count, after); },
        [=, before = m_cells] { setLines(orientation, at, count, before); }));
    return true;
}

void SheetModel::setLines(Qt::Orientation orientation, int at, int count, const Cells &cells)
{
    const int last = at + count - 1;
    if (orientation == Qt::Vertical) {
        const bool inserting = cells.size() > m_cells.size();
        inserting ? beginInsertRows({}, at, last) : beginRemoveRows({}, at, last);
        m_cells = cells;
        inserting ? endInsertRows() : endRemoveRows();
    } else {
        const bool inserting = cells.constFirst().size() > columnCount();
        inserting ? beginInsertColumns({}, at, last) : beginRemoveColumns({}, at, last);
        m_cells = cells;
        inserting ? endInsertColumns() : endRemoveColumns();
    }
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    qCDebug(lcModel) << "now" << rowCount() << "rows and" << columnCount() << "columns";
    recalculate();
}

// Numbers sort before texts; cells without a value come last in either order.
void SheetModel::sort(int column, Qt::SortOrder order)
{
    if (column < 0 || column >= columnCount())
        return;
    const auto precedes = [&](int a, int b) {
        const QVariant &left = m_cells.at(a).at(column).value;
        const QVariant &right = m_cells.at(b).at(column).value;
        if (!left.isValid() || !right.isValid())
            return left.isValid() && !right.isValid();
        const QVariant &small = order == Qt::AscendingOrder ? left : right;
        const QVariant &large = order == Qt::AscendingOrder ? right : left;
        if (small.typeId() != large.typeId())
            return small.typeId() == QMetaType::Double;
        return small.typeId() == QMetaType::Double ? small.toDouble() < large.toDouble()
                                                   : small.toString().localeAwareCompare(large.toString()) < 0;
    };
    QList<int> rows(rowCount());
    std::iota(rows.begin(), rows.end(), 0);
    std::stable_sort(rows.begin(), rows.end(), precedes);
    if (!std::is_sorted(rows.cbegin(), rows.cend())) {
        QList<int> inverse(rows.size());
        for (int row = 0; row < rows.size(); ++row)
            inverse[rows.at(row)] = row;
        m_undoStack.push(new SheetCommand(
            tr("Sort"), [=] { setOrder(rows); }, [=] { setOrder(inverse); }));
    }
    qCDebug(lcModel) << "sorted by column" << CellAddress::columnName(column) << order;
    Q_EMIT sorted(column, order);
}

void SheetModel::clear()
{
    reset({}, {});
}

bool SheetModel::load(const QString &fileName)
{
    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly))
        return failFile(FileOperation::Load, fileName, file.errorString());
    QStringDecoder decoder(QStringDecoder::Utf8);
    const QString text = decoder(file.readAll());
    const auto rows = parseCsv(text);
    if (decoder.hasError() || !rows)
        return failFile(FileOperation::Load, fileName, tr("the file is not valid CSV in UTF-8"));
    reset(*rows, fileName);
    qCInfo(lcFile) << "loaded" << rows->size() << "rows from" << fileName;
    return true;
}

bool SheetModel::save(const QString &fileName)
{
    QStringList lines;
    for (const QList<Cell> &row : std::as_const(m_cells)) {
        QStringList fields;
        for (const Cell &cell : row)
            fields.append(quotedForCsv(cell.input));
        while (!fields.isEmpty() && fields.constLast().isEmpty())
            fields.removeLast();
        lines.append(fields.join(u',') + u'\n');
    }
    while (!lines.isEmpty() && lines.constLast() == u'\n')
        lines.removeLast();

    QSaveFile file(fileName);
    if (!file.open(QIODevice::WriteOnly) || file.write(lines.join(QString()).toUtf8()) < 0 || !file.commit())
        return failFile(FileOperation::Save, fileName, file.errorString());
    setFileName(fileName);
    m_undoStack.setClean();
    qCInfo(lcFile) << "saved" << lines.size() << "rows to" << fileName;
    return true;
}

bool SheetModel::failFile(FileOperation operation, const QString &fileName, const QString &reason)
{
    qCWarning(lcFile) << operation << "failed for" << fileName << reason;
    Q_EMIT fileFailed(operation, fileName, reason);
    return false;
}

void SheetModel::setFileName(const QString &fileName)
{
    if (m_fileName == fileName)
        return;
    m_fileName = fileName;
    Q_EMIT fileNameChanged(m_fileName);
}

void SheetModel::setInput(const CellAddress &address, const QString &input)
{
    qCDebug(lcModel) << "cell" << address.name() << "is now" << input;
    m_cells[address.row][address.column] = Cell(input);
    const QModelIndex edited = index(address.row, address.column);
    Q_EMIT dataChanged(edited, edited);
    Q_EMIT cellEdited(address, input);
    recalculate();
}

// Each row becomes the old one with the number given for it.
void SheetModel::setOrder(const QList<int> &rows)
{
    Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
    const Cells before = m_cells;
    for (int row = 0; row < rows.size(); ++row)
        m_cells[row] = before.at(rows.at(row));
    const QModelIndexList indexes = persistentIndexList();
    for (const QModelIndex &old : indexes)
        changePersistentIndex(old, index(static_cast<int>(rows.indexOf(old.row())), old.column()));
    Q_EMIT layoutChanged({}, VerticalSortHint);
    recalculate();
}

void SheetModel::reset(const QList<QStringList> &rows, const QString &fileName)
{
    beginResetModel();
    qsizetype columns = MinimumColumns;
    for (const QStringList &row : rows)
        columns = std::max(columns, row.size());
    m_cells = Cells(std::max<qsizetype>(MinimumRows, rows.size()), QList<Cell>(columns));
    for (int row = 0; row < rows.size(); ++row)
        std::copy(rows.at(row).cbegin(), rows.at(row).cend(), m_cells[row].begin());
    endResetModel();
    m_undoStack.clear();
    setFileName(fileName);
    recalculate();
}

// Evaluates all formulas, each after those it depends on, and announces those with another result.
void SheetModel::recalculate()
{
    for (QList<Cell> &row : m_cells) {
        for (Cell &cell : row)
            cell.state = Formula::isFormula(cell.input) ? State::Dirty : State::Clean;
    }
    QList<CellAddress> changed;
    for (int row = 0; row < rowCount(); ++row) {
        for (int column = 0; column < columnCount(); ++column)
            evaluate({row, column}, 0, &changed);
    }
    for (const CellAddress &address : std::as_const(changed)) {
        const QModelIndex cell = index(address.row, address.column);
        Q_EMIT dataChanged(cell, cell);
        const QString reason = cell.data(Qt::ToolTipRole).toString();
        if (!reason.isEmpty()) {
            qCWarning(lcModel) << "formula in" << address.name() << "failed:" << reason;
            Q_EMIT formulaFailed(address.name(), reason);
        }
    }
    if (!changed.isEmpty()) {
        qCDebug(lcModel) << "recalculated" << changed.size() << "cells";
        Q_EMIT recalculated(static_cast<int>(changed.size()));
    }
}

void SheetModel::evaluate(const CellAddress &address, int depth, QList<CellAddress> *changed)
{
    Cell &cell = m_cells[address.row][address.column];
    if (cell.state != State::Dirty || depth > 500)
        return;
    cell.state = State::Running;
    const Formula::Result result = Formula::evaluate(cell.input, [&](const CellAddress &wanted, QString *error) {
        if (wanted.row >= rowCount() || wanted.column >= columnCount())
            return QVariant();
        evaluate(wanted, depth + 1, changed);
        const Cell &other = m_cells.at(wanted.row).at(wanted.column);
        if (other.state != State::Clean)
            *error = other.state == State::Running ? tr("circular reference") : tr("too long a chain of formulas");
        else if (!other.error.isEmpty())
            *error = tr("%1 has an error").arg(wanted.name());
        return other.value;
    });
    cell.state = State::Clean;
    const QVariant value = result.error.isEmpty() ? QVariant(result.value) : QVariant();
    if (value != cell.value || result.error != cell.error)
        changed->append(address);
    cell.value = value;
    cell.error = result.error;
}
