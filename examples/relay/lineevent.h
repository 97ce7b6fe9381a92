// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_LINEEVENT_H
#define RELAY_LINEEVENT_H

#include <Qanat/Event>
#include <Qanat/Result>

#include <QtCore/qbytearrayview.h>
#include <QtCore/qstring.h>

namespace Relay {

//! What an event made from a bare JSON value is called, and where it comes from.
struct Origin
{
    QString type;
    QString source;
};

/*!
 * The event in a line of JSON: an object with the member `specversion` is a CloudEvent and stays as it is; any other value
 * becomes the data of a new event of that \a origin.
 */
[[nodiscard]] Qanat::Result<Qanat::Event> eventFromLine(QByteArrayView line, const Origin &origin);

} // namespace Relay

#endif
