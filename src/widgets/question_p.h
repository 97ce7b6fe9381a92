// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_QUESTION_P_H
#define QANAT_WIDGETS_QUESTION_P_H

#include <QtCore/qglobal.h>

#include <functional>

QT_BEGIN_NAMESPACE
class QString;
class QWidget;
QT_END_NAMESPACE

namespace Qanat {

// Before something is lost: calls \a go if the user says so by a button with that \a verb, and nothing if not. It returns at once; the question
// belongs to \a parent.
void ask(QWidget *parent, const QString &text, const QString &details, const QString &verb,
         const std::function<void()> &go);

} // namespace Qanat

#endif
