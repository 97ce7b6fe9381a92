// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_SIGNALARGUMENT_P_H
#define QANAT_CORE_SIGNALARGUMENT_P_H

#include <QtCore/qmetatype.h>
#include <QtCore/qvariant.h>

namespace Qanat {

// What stands in an event for an argument of a signal: the value itself, or parts of it where it could not be carried.
QVariant signalArgument(const QVariant &value);

} // namespace Qanat

#endif
