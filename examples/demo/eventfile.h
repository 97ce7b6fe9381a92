// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEMO_EVENTFILE_H
#define DEMO_EVENTFILE_H

#include <Qanat/Result>

#include <QtCore/qstring.h>
#include <QtCore/qstringlist.h>

namespace Demo {

//! A file of CloudEvents, one JSON object in each line.
struct EventFile
{
    QString path;
    QStringList ids; //!< Of all events, in their order.
    qint64 bytes = 0;
};

//! Writes \a count events to \a path: one for each file found on this system, and numbers where those are too few.
[[nodiscard]] Qanat::Result<EventFile> writeEventFile(const QString &path, int count);

} // namespace Demo

#endif
