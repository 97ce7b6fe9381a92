// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_TEXT_P_H
#define QANAT_CORE_TEXT_P_H

#include <QtCore/qcoreapplication.h>

namespace Qanat {

// Texts that an application may show to its users, and translate. Programs look at the codes beside them.
class Text
{
    Q_DECLARE_TR_FUNCTIONS(Qanat)
};

} // namespace Qanat

#endif
