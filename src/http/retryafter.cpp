// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "retryafter_p.h"

#include "httpdate_p.h"

#include <algorithm>

namespace Qanat {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

bool areDigits(QByteArrayView text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

//! `120` or `1.5`, which is rounded up to a whole second, however many digits there are.
std::optional<milliseconds> parseSeconds(QByteArrayView text) noexcept
{
    const qsizetype point = text.indexOf('.');
    const QByteArrayView whole = point < 0 ? text : text.first(point);
    const QByteArrayView decimals = point < 0 ? QByteArrayView() : text.sliced(point + 1);
    if (whole.isEmpty() || (point >= 0 && decimals.isEmpty()) || !areDigits(whole) || !areDigits(decimals))
        return std::nullopt;

    milliseconds wait = 0ms;
    for (const char digit : whole)
        wait = std::min(wait * 10 + std::chrono::seconds(digit - '0'), MaximumRetryAfter);
    const bool isMore = std::any_of(decimals.begin(), decimals.end(), [](char digit) { return digit != '0'; });
    return std::min<milliseconds>(wait + std::chrono::seconds(isMore ? 1 : 0), MaximumRetryAfter);
}

} // namespace

std::optional<milliseconds> parseRetryAfter(QByteArrayView value, QByteArrayView date, milliseconds wallClock)
{
    value = value.trimmed();
    if (const auto seconds = parseSeconds(value))
        return seconds;
    const auto due = parseHttpDate(value, wallClock);
    if (!due)
        return std::nullopt;
    const milliseconds answered = parseHttpDate(date.trimmed(), wallClock).value_or(wallClock);
    return std::clamp<milliseconds>(*due - answered, 0ms, MaximumRetryAfter);
}

} // namespace Qanat
