// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// A header of the library that deprecates something, and an application that uses it.

#include <Qanat/core/deprecated.h>

#if QANAT_ENABLE_DEPRECATED_SINCE(0, 2)
QANAT_DEPRECATED_SINCE(0, 2, "Use current().") void former();
#endif

void application()
{
    former();
}
