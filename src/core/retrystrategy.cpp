// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/retrystrategy.h"

namespace Qanat {

RetryStrategy::RetryStrategy() = default;
RetryStrategy::RetryStrategy(const RetryStrategy &) = default;
RetryStrategy &RetryStrategy::operator=(const RetryStrategy &) = default;
RetryStrategy::~RetryStrategy() = default;

} // namespace Qanat
