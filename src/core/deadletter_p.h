// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_DEADLETTER_P_H
#define QANAT_CORE_DEADLETTER_P_H

#include "Qanat/core/deadletters.h"

namespace Qanat {

// What a dead letter tells of an event that \a sink gave up; without the event.
DeadLetter deadLetterOf(const Delivery &delivery, const QString &sink);

} // namespace Qanat

#endif
