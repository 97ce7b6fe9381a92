// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "question_p.h"

#include <QtWidgets/qmessagebox.h>
#include <QtWidgets/qpushbutton.h>

namespace Qanat {

void ask(QWidget *parent, const QString &text, const QString &details, const QString &verb,
         const std::function<void()> &go)
{
    auto *const box = new QMessageBox(QMessageBox::Warning, QString(), text, QMessageBox::Cancel, parent);
    box->setObjectName(QStringLiteral("question"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    // What others have said may look like HTML.
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(details);
    const QPushButton *const button = box->addButton(verb, QMessageBox::DestructiveRole);
    box->setDefaultButton(QMessageBox::Cancel);
    QObject::connect(button, &QPushButton::clicked, parent, go);
    box->open();
}

} // namespace Qanat
