// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_CONSOLE_H
#define RELAY_CONSOLE_H

#include <QtCore/qglobal.h>
#include <QtCore/qstring.h>

/*!
 * Standard error: lines that stay, and on a terminal one progress line below them.
 *
 * All functions may be called from any thread. What cannot be written (a full disk, nobody who reads) is lost; that ends nothing.
 */
namespace Relay::Console {

//! Whether a progress line makes sense: standard error is a terminal that can move its cursor.
[[nodiscard]] bool showsProgress();
//! Prints "qanat-relay: " and \a text as one line: control characters are shown escaped.
void print(const QString &text);
//! Prints \a line as it is.
void printRaw(const QByteArray &line);
//! Shows \a text in the place of the progress line before, cut to the width of the terminal.
void showProgress(const QString &text);
//! Prints \a line as the very last one: whatever comes after it is thrown away.
void printLast(const QByteArray &line);

//! A handler for qInstallMessageHandler(): the warnings of libraries become lines as all others.
void handleMessage(QtMsgType type, const QMessageLogContext &context, const QString &message);

//! \a text on one line: control characters and the like as \uXXXX.
[[nodiscard]] QString oneLine(const QString &text);

} // namespace Relay::Console

#endif
