// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MAINWINDOW_H
#define MAINWINDOW_H

#include "sheetmodel.h"

#include <QMainWindow>

#include <functional>

class QLineEdit;
class QTableView;

class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    explicit MainWindow(QWidget *parent = nullptr);
    ~MainWindow() override;

    SheetModel *model() { return &m_model; }

public Q_SLOTS:
    void newFile();
    bool openFile(const QString &fileName);
    bool saveFile(const QString &fileName);
    bool find(const QString &text);

protected:
    void closeEvent(QCloseEvent *event) override;

private:
    void createActions();
    void chooseFile(bool saving);
    void save();
    void askFirst(const std::function<void()> &next);
    void clearSelection();
    void applyFormula();
    void showFormula();
    void updateTitle();
    void about();

    SheetModel m_model;
    QTableView *m_view;
    QLineEdit *m_formulaEdit;
    QLineEdit *m_findEdit;
};

#endif
