// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// When an answer wants to be asked again. Input: the Retry-After, the Date, and the wall clock in milliseconds since 1970.

#include "fuzz.h"
#include "httpdate_p.h"
#include "moment.h"
#include "retryafter_p.h"

#include <QtCore/qlocale.h>

#include <algorithm>
#include <cstdlib>

using namespace Qanat;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

QDateTime dateTimeOf(milliseconds sinceEpoch)
{
    return momentOf(QDate(1970, 1, 1), QTime(0, 0)).addMSecs(sinceEpoch.count());
}

void checkDate(QByteArrayView text, milliseconds clock)
{
    const auto time = parseHttpDate(text, clock);
    if (!time)
        return;
    FUZZ_CHECK(*time % 1s == 0ms);
    const QDateTime read = dateTimeOf(*time);
    const QString written = QLocale::c().toString(read, u"ddd, dd MMM yyyy HH:mm:ss 'GMT'");
    FUZZ_CHECK(parseHttpDate(written.toLatin1(), clock) == time);
    const bool hasLongDayName = text.indexOf(',') > 3;
    if (hasLongDayName) {
        const int ahead = read.date().year() - dateTimeOf(clock).date().year();
        FUZZ_CHECK(ahead > -50 && ahead <= 50);
    }
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *data, std::size_t size)
{
    QByteArrayView input = Fuzz::inputOf(data, size);
    const QByteArrayView value = Fuzz::takeLine(input);
    const QByteArrayView date = Fuzz::takeLine(input).trimmed();
    // A clock may be set to anything that a date can say.
    const milliseconds clock(std::abs(input.toLongLong() % 253'402'300'800'000));

    checkDate(value.trimmed(), clock);
    checkDate(date, clock);

    const auto wait = parseRetryAfter(value, date, clock);
    FUZZ_CHECK(parseRetryAfter(" \t" + value.toByteArray() + ' ', date, clock) == wait);
    if (parseHttpDate(date, clock))
        FUZZ_CHECK(parseRetryAfter(date, date, clock) == 0ms);
    const QByteArrayView digits = value.trimmed();
    if (!digits.isEmpty() && digits.size() <= 15 && std::all_of(digits.begin(), digits.end(), isDigit))
        FUZZ_CHECK(wait == std::min<milliseconds>(std::chrono::seconds(digits.toLongLong()), MaximumRetryAfter));
    if (wait)
        FUZZ_CHECK(*wait >= 0ms && *wait <= MaximumRetryAfter);
    return 0;
}
