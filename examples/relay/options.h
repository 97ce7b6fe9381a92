// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_OPTIONS_H
#define RELAY_OPTIONS_H

#include "endpointoptions.h"

#include <Qanat/Result>

#include <QtCore/qlist.h>
#include <QtCore/qstring.h>
#include <QtCore/qstringlist.h>

#include <chrono>
#include <optional>

namespace Relay {

/*!
 * What the command line asks for: a value in which everything was checked.
 */
struct Options
{
    enum class Action : quint8 { Relay, Help, Version };
    enum class Statistics : quint8 { Off, EverySecond };

    Action action = Action::Relay;
    QList<EndpointOptions> endpoints;
    std::optional<QString> file; //!< Standard input where none is given.
    std::optional<QString> deadLetterFile;
    QString type;
    QString source;
    std::optional<std::chrono::milliseconds> drainTimeout;
    Statistics statistics = Statistics::Off;
};

//! Reads the command line, the program's name first. The error is one line and shows no passwords and no header values.
[[nodiscard]] Qanat::Result<Options> parseOptions(const QStringList &arguments);

//! What --help prints.
[[nodiscard]] QString helpText();

} // namespace Relay

#endif
