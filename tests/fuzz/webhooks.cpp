// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Secrets of webhooks and what they have signed. Input: the text of a secret, the webhook-id, the webhook-timestamp, the
// webhook-signature, and the body.

#include "fuzz.h"

#include <Qanat/WebhookSecret>
#include <Qanat/WebhookSignature>

using namespace Qanat;
using namespace std::chrono_literals;
using Verdict = WebhookSignature::Verdict;

namespace {

constexpr std::chrono::seconds Now = 1'725'753'600s;

//! The one of the text; another one where that is none.
WebhookSecret secretOf(const QByteArray &text)
{
    const Result<WebhookSecret> secret = WebhookSecret::fromText(text);
    FUZZ_CHECK(secret.errorText().isEmpty() == bool(secret));
    if (secret) {
        FUZZ_CHECK(secret->text() == text);
        return *secret;
    }
    FUZZ_CHECK(secret->isNull());
    FUZZ_CHECK(text.size() < 24 || !secret.errorText().toUtf8().contains(text));
    return WebhookSecret::fromText("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *data, std::size_t size)
{
    QByteArrayView input = Fuzz::inputOf(data, size);
    const WebhookSecret secret = secretOf(Fuzz::takeLine(input).toByteArray());
    const QByteArray id = Fuzz::takeLine(input).toByteArray();
    const QByteArray timestamp = Fuzz::takeLine(input).toByteArray();
    const QByteArray signature = Fuzz::takeLine(input).toByteArray();

    const auto verify = [&](const QByteArray &time, const QByteArray &signatures) {
        return WebhookSignature::verify(
            {secret}, {{"webhook-id", id}, {"Webhook-Timestamp", time}, {"WEBHOOK-SIGNATURE", signatures}}, input, Now);
    };
    // Nobody else can have signed it, whatever the text of the timestamp is.
    const Verdict verdict = verify(timestamp, signature);
    if (verdict == Verdict::Valid)
        FUZZ_CHECK(signature.contains(secret.sign(id, std::chrono::seconds(timestamp.toLongLong()), input)));
    FUZZ_CHECK(!WebhookSignature::verdictText(verdict).isEmpty());

    const QByteArray own = WebhookSignature::value({secret}, id, Now, input);
    const Verdict expected = id.isEmpty() ? Verdict::InvalidHeader : Verdict::Valid;
    FUZZ_CHECK(verify(QByteArray::number(qint64(Now.count())), own) == expected);
    return 0;
}
