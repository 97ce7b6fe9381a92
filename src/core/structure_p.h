// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_STRUCTURE_P_H
#define QANAT_CORE_STRUCTURE_P_H

#include "Qanat/core/result.h"

#include <QtCore/qmetatype.h>
#include <QtCore/qvariant.h>

#include <optional>

namespace Qanat {

struct ValuePath;

// How values of types that a program has registered look from outside: gadgets are maps of their properties, their containers
// are lists and maps.
namespace Structure {

// The parts of such a value, as a QVariantMap or a QVariantList; nothing where it has none. Values that are plain already, and
// those of QtJson and QtCbor, have none either.
std::optional<QVariant> partsOf(const QVariant &value);

// The way back: \a data as a value of the type \a wanted. Numbers keep their value or are refused; properties that \a data does not
// name keep the values that they have in a new gadget; names that the gadget does not have, or cannot write, are passed over.
Result<QVariant> fromParts(const QVariant &data, QMetaType wanted, const ValuePath &path);

} // namespace Structure

} // namespace Qanat

#endif
