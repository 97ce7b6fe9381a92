// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "mainwindow.h"

#include <QAction>
#include <QCloseEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QLineEdit>
#include <QMenuBar>
#include <QMessageBox>
#include <QStatusBar>
#include <QTableView>
#include <QToolBar>

#include <utility>

MainWindow::MainWindow(QWidget *parent)
    : QMainWindow(parent)
    , m_view(new QTableView)
    , m_formulaEdit(new QLineEdit)
    , m_findEdit(new QLineEdit)
{
    setObjectName(QStringLiteral("mainWindow"));
    m_view->setObjectName(QStringLiteral("tableView"));
    m_view->setModel(&m_model);
    setCentralWidget(m_view);
    statusBar()->setObjectName(QStringLiteral("statusBar"));

    QToolBar *bar = addToolBar(tr("Formula"));
    bar->setObjectName(QStringLiteral("formulaBar"));
    bar->addWidget(m_formulaEdit);
    bar->addWidget(m_findEdit);
    m_formulaEdit->setObjectName(QStringLiteral("formulaEdit"));
    m_formulaEdit->setPlaceholderText(tr("Text, number or =formula"));
    m_findEdit->setObjectName(QStringLiteral("findEdit"));
    m_findEdit->setPlaceholderText(tr("Find"));
    m_findEdit->setMaximumWidth(160);
    createActions();

    connect(m_formulaEdit, &QLineEdit::returnPressed, this, &MainWindow::applyFormula);
    connect(m_findEdit, &QLineEdit::returnPressed, this, [this] { find(m_findEdit->text()); });
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, &MainWindow::showFormula);
    connect(&m_model, &SheetModel::dataChanged, this, &MainWindow::showFormula);
    connect(&m_model, &SheetModel::modelReset, this, &MainWindow::showFormula);
    connect(&m_model, &SheetModel::fileNameChanged, this, &MainWindow::updateTitle);
    connect(m_model.undoStack(), &QUndoStack::cleanChanged, this, &MainWindow::updateTitle);
    connect(&m_model, &SheetModel::formulaFailed, this, [this](const QString &cell, const QString &reason) {
        statusBar()->showMessage(tr("%1: %2").arg(cell, reason));
    });
    connect(&m_model, &SheetModel::fileFailed, this,
            [this](SheetModel::FileOperation operation, const QString &fileName, const QString &reason) {
                const bool loading = operation == SheetModel::FileOperation::Load;
                const QString text = loading ? tr("Cannot read %1: %2") : tr("Cannot write %1: %2");
                statusBar()->showMessage(text.arg(fileName, reason));
            });
    m_view->setCurrentIndex(m_model.index(0, 0));
    updateTitle();
    resize(900, 600);
}

MainWindow::~MainWindow()
{
    // The stack still emits cleanChanged() when it goes away.
    m_model.undoStack()->disconnect(this);
}

void MainWindow::createActions()
{
    QMenu *menu = nullptr;
    const auto add = [&](const QString &name, const QString &text, const QKeySequence &keys, auto slot) {
        QAction *action = menu->addAction(text, this, slot);
        action->setObjectName(name);
        action->setShortcut(keys);
    };
    const auto addUndo = [&](const QString &name, QAction *action, const QKeySequence &keys) {
        action->setObjectName(name);
        action->setShortcut(keys);
        menu->addAction(action);
    };
    const auto row = [this] { return m_view->currentIndex().row(); };
    const auto column = [this] { return m_view->currentIndex().column(); };

    menu = menuBar()->addMenu(tr("&File"));
    add(QStringLiteral("newAction"), tr("&New"), QKeySequence::New, [this] { askFirst([this] { newFile(); }); });
    add(QStringLiteral("openAction"), tr("&Open..."), QKeySequence::Open,
        [this] { askFirst([this] { chooseFile(false); }); });
    add(QStringLiteral("saveAction"), tr("&Save"), QKeySequence::Save, [this] { save(); });
    add(QStringLiteral("saveAsAction"), tr("Save &As..."), QKeySequence::SaveAs, [this] { chooseFile(true); });
    add(QStringLiteral("quitAction"), tr("&Quit"), QKeySequence::Quit, [this] { close(); });

    menu = menuBar()->addMenu(tr("&Edit"));
    addUndo(QStringLiteral("undoAction"), m_model.undoStack()->createUndoAction(this), QKeySequence::Undo);
    addUndo(QStringLiteral("redoAction"), m_model.undoStack()->createRedoAction(this), QKeySequence::Redo);
    add(QStringLiteral("clearAction"), tr("&Clear Cells"), QKeySequence::Delete, [this] { clearSelection(); });
    add(QStringLiteral("findAction"), tr("&Find"), QKeySequence::Find, [this] { m_findEdit->setFocus(); });

    menu = menuBar()->addMenu(tr("&Sheet"));
    add(QStringLiteral("insertRowAction"), tr("&Insert Row"), {}, [=] { m_model.insertRow(row()); });
    add(QStringLiteral("removeRowAction"), tr("&Remove Row"), {}, [=] { m_model.removeRow(row()); });
    add(QStringLiteral("insertColumnAction"), tr("Insert &Column"), {}, [=] { m_model.insertColumn(column()); });
    add(QStringLiteral("removeColumnAction"), tr("Remove C&olumn"), {}, [=] { m_model.removeColumn(column()); });
    add(QStringLiteral("sortAction"), tr("&Sort"), {}, [=] { m_model.sort(column()); });
    add(QStringLiteral("sortDescendingAction"), tr("Sort &Descending"), {},
        [=] { m_model.sort(column(), Qt::DescendingOrder); });

    menu = menuBar()->addMenu(tr("&Help"));
    add(QStringLiteral("aboutAction"), tr("&About"), {}, [this] { about(); });
}

void MainWindow::newFile()
{
    m_model.clear();
    m_view->setCurrentIndex(m_model.index(0, 0));
}

bool MainWindow::openFile(const QString &fileName)
{
    if (!m_model.load(fileName))
        return false;
    m_view->setCurrentIndex(m_model.index(0, 0));
    statusBar()->showMessage(tr("Opened %1").arg(fileName));
    return true;
}

bool MainWindow::saveFile(const QString &fileName)
{
    if (!m_model.save(fileName))
        return false;
    statusBar()->showMessage(tr("Saved %1").arg(fileName));
    return true;
}

// Goes to the next cell that shows the text, from the current one on and round again.
bool MainWindow::find(const QString &text)
{
    const int columns = m_model.columnCount();
    const int cells = m_model.rowCount() * columns;
    const QModelIndex current = m_view->currentIndex();
    const int start = current.isValid() ? current.row() * columns + current.column() : -1;
    for (int step = 1; !text.isEmpty() && step <= cells; ++step) {
        const int cell = (start + step) % cells;
        const QModelIndex index = m_model.index(cell / columns, cell % columns);
        if (index.data().toString().contains(text, Qt::CaseInsensitive)) {
            m_view->setCurrentIndex(index);
            return true;
        }
    }
    statusBar()->showMessage(tr("\"%1\" was not found").arg(text));
    return false;
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    event->setAccepted(!isWindowModified());
    if (isWindowModified()) {
        askFirst([this] {
            m_model.undoStack()->setClean();
            close();
        });
    }
}

// The dialogs are shown with open(), so that no slot waits for the user.
void MainWindow::chooseFile(bool saving)
{
    auto *dialog = new QFileDialog(this, QString(), QString(), tr("CSV files (*.csv);;All files (*)"));
    dialog->setObjectName(QStringLiteral("fileDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(saving ? QFileDialog::AcceptSave : QFileDialog::AcceptOpen);
    dialog->setFileMode(saving ? QFileDialog::AnyFile : QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, saving ? &MainWindow::saveFile : &MainWindow::openFile);
    dialog->open();
}

void MainWindow::save()
{
    if (m_model.fileName().isEmpty())
        chooseFile(true);
    else
        saveFile(m_model.fileName());
}

// Goes on at once when there is nothing to lose, else when the user discards the changes.
void MainWindow::askFirst(const std::function<void()> &next)
{
    if (!isWindowModified())
        return next();
    auto *box = new QMessageBox(QMessageBox::Warning, tr("Ledger"), tr("The sheet has unsaved changes."),
                                QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
    box->setObjectName(QStringLiteral("unsavedBox"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::finished, this, [=](int button) {
        if (button == QMessageBox::Save)
            save();
        if (button == QMessageBox::Discard || !isWindowModified())
            next();
    });
    box->open();
}

void MainWindow::clearSelection()
{
    QModelIndexList indexes = m_view->selectionModel()->selectedIndexes();
    indexes.removeIf([](const QModelIndex &index) { return index.data().toString().isEmpty(); });
    if (indexes.isEmpty())
        return;
    m_model.undoStack()->beginMacro(tr("Clear Cells"));
    for (const QModelIndex &index : std::as_const(indexes))
        m_model.setData(index, QString());
    m_model.undoStack()->endMacro();
}

void MainWindow::applyFormula()
{
    m_model.setData(m_view->currentIndex(), m_formulaEdit->text());
    m_view->setFocus();
}

void MainWindow::showFormula()
{
    m_formulaEdit->setText(m_view->currentIndex().data(Qt::EditRole).toString());
}

void MainWindow::updateTitle()
{
    const QString name = QFileInfo(m_model.fileName()).fileName();
    setWindowTitle(tr("%1[*] - Ledger").arg(name.isEmpty() ? tr("Untitled") : name));
    setWindowModified(!m_model.undoStack()->isClean());
}

void MainWindow::about()
{
    auto *box = new QMessageBox(QMessageBox::Information, tr("About Ledger"), tr("Ledger, a small spreadsheet."),
                                QMessageBox::Ok, this);
    box->setObjectName(QStringLiteral("aboutBox"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}
