// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// What an answer means, and what may be shown of it. Input: the status, the Retry-After, the Date, the path and query and the
// credentials of the request, and the body of the answer.

#include "fuzz.h"
#include "httpoutcome_p.h"
#include "retryafter_p.h"
#include "secretscrubber_p.h"

#include <QtCore/qurl.h>

#include <algorithm>

using namespace Qanat;
using namespace std::chrono_literals;

namespace {

// Sunday, 2024-09-08
constexpr std::chrono::milliseconds Clock = 1'725'753'600s;

void checkOutcome(const HttpAnswer &answer, AnswerProfile::Reading reading)
{
    const Delivery outcome = outcomeOfAnswer(answer, reading, Clock, QStringLiteral("https://example.org"));
    FUZZ_CHECK(outcome.isSuccess() == (reading == AnswerProfile::Reading::Delivered));
    FUZZ_CHECK(outcome.retryAfter() <= MaximumRetryAfter);
    FUZZ_CHECK(outcome.errorText().isValidUtf16() && outcome.errorText().size() < 200);
    if (!outcome.isFailure())
        return;
    FUZZ_CHECK(outcome.status() == answer.status);
    const bool isFinal = reading == AnswerProfile::Reading::PayloadFault || reading == AnswerProfile::Reading::Gone;
    FUZZ_CHECK(outcome.canRetry() != isFinal);
}

void checkProfiles(const HttpAnswer &answer)
{
    using Reading = AnswerProfile::Reading;
    for (const AnswerProfile &profile : {AnswerProfile(), AnswerProfile::otlp(), AnswerProfile::standardWebhooks()}) {
        checkOutcome(answer, profile.reading(answer.status));
        const AnswerProfile other = profile.withReading(answer.status, Reading::Gone);
        const bool isStatus = answer.status >= 100 && answer.status < 1000;
        FUZZ_CHECK(isStatus ? other.reading(answer.status) == Reading::Gone : other == profile);
    }
    for (const Reading reading :
         {Reading::Delivered, Reading::PassingFault, Reading::PayloadFault, Reading::EndpointFault, Reading::Gone})
        checkOutcome(answer, reading);
}

void checkScrubbed(const QByteArray &target, const QByteArray &credentials, const QByteArray &body)
{
    QUrl url(QStringLiteral("https://example.org"));
    const qsizetype mark = target.indexOf('?');
    url.setPath(QString::fromUtf8(target.left(mark)));
    if (mark >= 0)
        url.setQuery(QString::fromUtf8(target.mid(mark + 1)));
    SecretScrubber scrubber;
    scrubber.add(url);
    scrubber.addCredentials(credentials);

    const QString shown = scrubber.scrubbed(body);
    FUZZ_CHECK(shown.isValidUtf16());
    FUZZ_CHECK(shown.size() <= body.size());
    // Shorter ones are words. The end of the answer may have cut one. What is not UTF-8 is shown as another character.
    constexpr qsizetype shortest = 6;
    const auto isHidden = [shown = shown.toUtf8()](const QByteArray &secret) {
        if (secret.size() < shortest || !secret.isValidUtf8() || secret.contains("\xef\xbf\xbd"))
            return true;
        for (qsizetype size = shortest; size < secret.size(); ++size) {
            if (shown.endsWith(secret.first(size)))
                return false;
        }
        return !shown.contains(secret);
    };
    FUZZ_CHECK(isHidden(credentials));
    if (credentials.startsWith("Basic "))
        FUZZ_CHECK(isHidden(QByteArray::fromBase64(credentials.mid(6))));
    for (const auto option : {QUrl::FullyEncoded, QUrl::FullyDecoded}) {
        FUZZ_CHECK(isHidden(url.path(option).toUtf8()));
        FUZZ_CHECK(isHidden(url.query(option).toUtf8()));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *data, std::size_t size)
{
    QByteArrayView input = Fuzz::inputOf(data, size);
    HttpAnswer answer;
    answer.status = Fuzz::takeLine(input).toInt();
    answer.retryAfter = Fuzz::takeLine(input).toByteArray();
    answer.date = Fuzz::takeLine(input).toByteArray();
    checkProfiles(answer);

    const QByteArray target = Fuzz::takeLine(input).toByteArray();
    const QByteArray credentials = Fuzz::takeLine(input).toByteArray();
    checkScrubbed(target, credentials, input.toByteArray());
    return 0;
}
