// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_HOTPATH_P_H
#define QANAT_CORE_HOTPATH_P_H

#include <QtCore/qglobal.h>

// The functions that a write goes through are kept together: whoever writes now and then finds them in no cache, and to fetch
// them from many pages takes longer than to run them.
#if defined(Q_CC_GNU)
#    define QANAT_HOT_PATH __attribute__((hot))
#else
#    define QANAT_HOT_PATH
#endif

#endif
