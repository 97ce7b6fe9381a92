// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_MOMENT_P_H
#define QANAT_CORE_MOMENT_P_H

#include <chrono>

namespace Qanat {

class Clock;

// A time that was just read, for those who go by the same clock. To read one costs as much as the rest of many a step.
struct Moment
{
    const Clock *clock = nullptr;
    std::chrono::nanoseconds time{0};
};

} // namespace Qanat

#endif
