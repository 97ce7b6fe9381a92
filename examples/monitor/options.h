// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MONITOR_OPTIONS_H
#define MONITOR_OPTIONS_H

#include <Qanat/Result>

#include <QtCore/qstringlist.h>
#include <QtCore/qurl.h>

namespace Monitor {

//! What the command line says.
struct Options
{
    enum class Action : quint8 { Run, Help, Version };

    Action action = Action::Run;
    QString follow; //!< A file, or "-" for standard input; empty for neither.
    QUrl endpoint; //!< Empty for the built-in receiver.
    QString file; //!< Where the orders are written; empty for a temporary file.
    QString spool; //!< Where events wait for the web service; empty for memory.
    QString screenshot; //!< Where the run without a display writes its picture.
    bool isOffscreen = false;
    bool isDark = false;
};

//! The first thing that is wrong is named.
[[nodiscard]] Qanat::Result<Options> parseOptions(const QStringList &arguments);
[[nodiscard]] QString helpText();

} // namespace Monitor

#endif
