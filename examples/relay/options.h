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
    //! Events wait on disk.
    struct Spool
    {
        QStringList folders; //!< For each endpoint.
        QStringList strangers; //!< There are events in these, too, and no endpoints for them.
        qint64 bytes = 1024 * 1024 * 1024; //!< For each endpoint; beyond that reading waits.
        bool isEnough = false; //!< Whether what is stored at the end is as good as delivered.
    };
    enum class Statistics : quint8 { Off, EverySecond };

    Action action = Action::Relay;
    QList<EndpointOptions> endpoints;
    std::optional<QString> file; //!< Standard input where none is given.
    std::optional<QString> deadLetterFile;
    std::optional<Spool> spool;
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
