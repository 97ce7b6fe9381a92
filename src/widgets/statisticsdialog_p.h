// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_STATISTICSDIALOG_P_H
#define QANAT_WIDGETS_STATISTICSDIALOG_P_H

#include <QtWidgets/qdialog.h>

#include <functional>

QT_BEGIN_NAMESPACE
class QPlainTextEdit;
QT_END_NAMESPACE

namespace Qanat {

/*
 * The counters as Prometheus reads them, to be looked at, copied and saved.
 */
class StatisticsDialog final : public QDialog
{
    Q_OBJECT
public:
    StatisticsDialog(std::function<QByteArray()> make, QWidget *parent);

private:
    void refresh();
    void copy();
    void saveAs();

    const std::function<QByteArray()> m_make;
    QPlainTextEdit *const m_text;
};

} // namespace Qanat

#endif
