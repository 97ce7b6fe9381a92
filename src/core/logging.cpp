// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "logging_p.h"

Q_LOGGING_CATEGORY(qanatSink, "qanat.sink", QtWarningMsg)
Q_LOGGING_CATEGORY(qanatRetry, "qanat.retry", QtWarningMsg)
Q_LOGGING_CATEGORY(qanatSource, "qanat.source", QtWarningMsg)
Q_LOGGING_CATEGORY(qanatStorage, "qanat.storage", QtWarningMsg)
Q_LOGGING_CATEGORY(qanatWorker, "qanat.worker", QtWarningMsg)
