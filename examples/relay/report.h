// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_REPORT_H
#define RELAY_REPORT_H

#include "ledger.h"
#include "pipeline.h"

#include <QtCore/qbytearray.h>
#include <QtCore/qlist.h>
#include <QtCore/qstring.h>

#include <optional>

namespace Relay {

enum class InputState : quint8 { ReadToEnd, Unread };

/*!
 * What is known of a run at one moment, in words.
 */
struct Report
{
    Totals totals;
    InputState input = InputState::Unread;
    QList<Pipeline::EndpointState> endpoints;
    std::optional<Pipeline::DeadLetterState> deadLetters = std::nullopt;
    std::optional<Pipeline::SpoolState> spool = std::nullopt; //!< Of all endpoints together.
    QList<Pipeline::SpoolState> spools = {}; //!< Of each.

    //! One JSON object, as the last line and --stats show it.
    [[nodiscard]] QByteArray toJson() const;
    //! One line for a terminal; \a rate is what was delivered in a second.
    [[nodiscard]] QString toProgress(qint64 rate) const;
};

//! A number for people: 12,345.
[[nodiscard]] QString grouped(qint64 number);

//! How an endpoint fares, in a word.
[[nodiscard]] QString healthText(Pipeline::EndpointState::Health health);

} // namespace Relay

#endif
