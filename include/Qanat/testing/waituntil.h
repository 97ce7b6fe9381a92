// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_WAITUNTIL_H
#define QANAT_TESTING_WAITUNTIL_H

#include <Qanat/testing/qanattesting_export.h>

#include <chrono>
#include <functional>

namespace Qanat {

/*!
 * Runs the event loop of the current thread until \a condition holds; false if it did not within \a timeout.
 *
 * Unlike QTRY_VERIFY it does not sleep between two looks, so a Heartbeat in this thread stays meaningful.
 */
[[nodiscard]] QANAT_TESTING_EXPORT bool waitUntil(const std::function<bool()> &condition,
                                                  std::chrono::milliseconds timeout = std::chrono::seconds(30));

} // namespace Qanat

#endif
