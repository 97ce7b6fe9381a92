// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_LINES_P_H
#define QANAT_WIDGETS_LINES_P_H

#include "Qanat/core/event.h"
#include "Qanat/core/result.h"

#include <functional>

QT_BEGIN_NAMESPACE
class QWidget;
QT_END_NAMESPACE

namespace Qanat {

// Newline-delimited CloudEvents JSON. An event that cannot leave the process is left out.
QByteArray toLines(const QList<Event> &events);

// Writes \a text to a file, in place of what is in it. Why that failed, with the name of the file; empty if it did not.
QString saveText(const QByteArray &text, const QString &fileName);

// The same for lines. How many those are.
Result<qsizetype> saveLines(const QList<Event> &events, const QString &fileName);

// Says why something failed. It returns at once; what it shows belongs to \a parent.
void showFailure(QWidget *parent, const QString &title, const QString &errorText);

// Asks for a file, calls \a save, which answers why it failed, and says so. It returns at once; what it shows belongs to \a parent.
void askForFile(QWidget *parent, const QString &title, const QString &suggestion,
                const std::function<QString(const QString &fileName)> &save);

} // namespace Qanat

#endif
