// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_LOGGING_P_H
#define QANAT_CORE_LOGGING_P_H

#include <QtCore/qloggingcategory.h>

// Names, counts and reasons; never what an event carries.
Q_DECLARE_LOGGING_CATEGORY(qanatSink)
Q_DECLARE_LOGGING_CATEGORY(qanatRetry)
Q_DECLARE_LOGGING_CATEGORY(qanatSource)
Q_DECLARE_LOGGING_CATEGORY(qanatStorage)
Q_DECLARE_LOGGING_CATEGORY(qanatWorker)

#endif
