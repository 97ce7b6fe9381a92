// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "lines_p.h"

#include <QtCore/qsavefile.h>
#include <QtWidgets/qfiledialog.h>
#include <QtWidgets/qmessagebox.h>

using namespace Qt::StringLiterals;

namespace Qanat {

QByteArray toLines(const QList<Event> &events)
{
    QByteArray lines;
    for (const Event &event : events) {
        if (const Result<QByteArray> json = event.toJson())
            lines += *json + '\n';
    }
    return lines;
}

QString saveText(const QByteArray &text, const QString &fileName)
{
    QSaveFile file(fileName);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit())
        return u"%1: %2"_s.arg(fileName, file.errorString());
    return {};
}

Result<qsizetype> saveLines(const QList<Event> &events, const QString &fileName)
{
    const QByteArray lines = toLines(events);
    const QString errorText = saveText(lines, fileName);
    if (!errorText.isEmpty())
        return Failure{errorText};
    return lines.count('\n');
}

void showFailure(QWidget *parent, const QString &title, const QString &errorText)
{
    auto *const box = new QMessageBox(QMessageBox::Warning, title, errorText, QMessageBox::Ok, parent);
    box->setObjectName(u"failure"_s);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setTextFormat(Qt::PlainText);
    box->open();
}

void askForFile(QWidget *parent, const QString &title, const QString &suggestion,
                const std::function<QString(const QString &fileName)> &save)
{
    auto *const dialog = new QFileDialog(parent, title);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setFileMode(QFileDialog::AnyFile);
    dialog->selectFile(suggestion);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, [parent, title, save](const QString &fileName) {
        const QString errorText = save(fileName);
        if (!errorText.isEmpty())
            showFailure(parent, title, errorText);
    });
    dialog->open();
}

} // namespace Qanat
