// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "mainwindow.h"

#include <QApplication>

int main(int argc, char *argv[])
{
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Ledger"));
    MainWindow window;
    if (QApplication::arguments().size() > 1)
        window.openFile(QApplication::arguments().at(1));
    window.show();
    return QApplication::exec();
}
