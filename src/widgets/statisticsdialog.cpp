// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "statisticsdialog_p.h"

#include "lines_p.h"

#include <QtGui/qclipboard.h>
#include <QtGui/qfontdatabase.h>
#include <QtGui/qguiapplication.h>
#include <QtWidgets/qboxlayout.h>
#include <QtWidgets/qdialogbuttonbox.h>
#include <QtWidgets/qplaintextedit.h>
#include <QtWidgets/qpushbutton.h>

using namespace Qt::StringLiterals;

namespace Qanat {

StatisticsDialog::StatisticsDialog(std::function<QByteArray()> make, QWidget *parent)
    : QDialog(parent)
    , m_make(std::move(make))
    , m_text(new QPlainTextEdit(this))
{
    setObjectName(u"statistics"_s);
    setWindowTitle(tr("Statistics as Prometheus Text"));
    setAttribute(Qt::WA_DeleteOnClose);
    m_text->setReadOnly(true);
    m_text->setTabChangesFocus(true);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setAccessibleName(windowTitle());
    auto *const buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    const auto add = [this, buttons](const QString &name, const QString &text, void (StatisticsDialog::*slot)()) {
        QPushButton *const button = buttons->addButton(text, QDialogButtonBox::ActionRole);
        button->setObjectName(name);
        connect(button, &QPushButton::clicked, this, slot);
    };
    add(u"refresh"_s, tr("&Refresh"), &StatisticsDialog::refresh);
    add(u"copy"_s, tr("&Copy"), &StatisticsDialog::copy);
    add(u"save"_s, tr("&Save..."), &StatisticsDialog::saveAs);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto *const layout = new QVBoxLayout(this);
    layout->addWidget(m_text);
    layout->addWidget(buttons);
    resize(900, 600);
    refresh();
}

void StatisticsDialog::refresh()
{
    m_text->setPlainText(QString::fromUtf8(m_make()));
}

void StatisticsDialog::copy()
{
    QGuiApplication::clipboard()->setText(m_text->toPlainText());
}

void StatisticsDialog::saveAs()
{
    askForFile(this, windowTitle(), u"qanat.prom"_s,
               [this](const QString &fileName) { return saveText(m_text->toPlainText().toUtf8(), fileName); });
}

} // namespace Qanat
