// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_DEADLETTERSCOMMAND_H
#define RELAY_DEADLETTERSCOMMAND_H

#include <QtCore/qstringlist.h>

namespace Relay {

/*!
 * `qanat-relay dead-letters`: what was given up and is kept in a spool is shown, sent again or removed, while no relay uses it.
 *
 * \a arguments begin behind that word. Answers the exit status.
 */
[[nodiscard]] int runDeadLettersCommand(const QStringList &arguments);

} // namespace Relay

#endif
