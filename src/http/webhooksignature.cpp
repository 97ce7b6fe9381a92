// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/http/webhooksignature.h"

#include "constanttime_p.h"

#include "Qanat/http/httpsink.h"

#include <QtCore/qbytearraylist.h>
#include <QtCore/qvarlengtharray.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace Qanat {

using namespace std::chrono_literals;
using std::chrono::seconds;

namespace {

using Header = std::pair<QByteArray, QByteArray>;
using Verdict = WebhookSignature::Verdict;

constexpr QByteArrayView Version = "v1,";
//! The version and 32 bytes in base64.
constexpr qsizetype SignatureSize = Version.size() + 44;
//! While keys are rotated there are two or three.
constexpr int MaximumSignatures = 32;
using Signatures = QVarLengthArray<QByteArrayView, MaximumSignatures>;

//! The headers of one name.
struct Field
{
    QByteArrayView value;
    int count = 0;
};

Field field(const QList<Header> &headers, QByteArrayView name)
{
    Field found;
    for (const Header &header : headers) {
        if (QByteArrayView(header.first).compare(name, Qt::CaseInsensitive) != 0)
            continue;
        found.value = header.second;
        ++found.count;
    }
    return found;
}

//! Digits and nothing else, as far as 63 bits reach.
std::optional<seconds> parseTimestamp(QByteArrayView text) noexcept
{
    // A sign is read by from_chars().
    if (text.isEmpty() || text.front() == '-')
        return std::nullopt;
    seconds::rep count = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), count);
    if (error != std::errc() || end != text.end())
        return std::nullopt;
    return seconds(count);
}

Verdict checkTime(seconds timestamp, seconds now, seconds tolerance) noexcept
{
    // No difference of two times after 1970 overflows.
    now = std::max(now, 0s);
    tolerance = std::max(tolerance, 0s);
    if (now - timestamp > tolerance)
        return Verdict::TooOld;
    if (timestamp - now > tolerance)
        return Verdict::TooNew;
    return Verdict::Valid;
}

//! Those of the first ones that may be made with a symmetric key. What is between two blanks counts, even if it is empty.
Signatures candidates(QByteArrayView list)
{
    Signatures found;
    for (int i = 0; i < MaximumSignatures; ++i) {
        const qsizetype blank = list.indexOf(' ');
        const QByteArrayView signature = blank < 0 ? list : list.first(blank);
        if (signature.size() == SignatureSize && signature.startsWith(Version))
            found.append(signature);
        if (blank < 0)
            break;
        list = list.sliced(blank + 1);
    }
    return found;
}

} // namespace

QByteArray WebhookSignature::value(const QList<WebhookSecret> &secrets, QByteArrayView id, seconds timestamp,
                                   QByteArrayView body)
{
    QByteArrayList signatures;
    for (const WebhookSecret &secret : secrets) {
        if (!secret.isNull())
            signatures.append(secret.sign(id, timestamp, body));
    }
    return signatures.join(' ');
}

Verdict WebhookSignature::verify(const QList<WebhookSecret> &secrets, const QList<Header> &headers, QByteArrayView body,
                                 seconds now, seconds tolerance)
{
    const Field id = field(headers, "webhook-id");
    const Field time = field(headers, "webhook-timestamp");
    const Field list = field(headers, "webhook-signature");
    if (id.count == 0 || time.count == 0 || list.count == 0)
        return Verdict::MissingHeader;
    // Which of two is meant, sender and receiver could see differently.
    if (id.count > 1 || time.count > 1 || list.count > 1 || id.value.isEmpty() || list.value.isEmpty())
        return Verdict::InvalidHeader;
    const auto timestamp = parseTimestamp(time.value);
    if (!timestamp)
        return Verdict::InvalidHeader;
    if (const Verdict verdict = checkTime(*timestamp, now, tolerance); verdict != Verdict::Valid)
        return verdict;

    const Signatures signatures = candidates(list.value);
    if (signatures.isEmpty())
        return Verdict::NoMatch;
    for (const WebhookSecret &secret : secrets) {
        const QByteArray expected = secret.sign(id.value, *timestamp, body);
        const auto isExpected = [&expected](QByteArrayView signature) {
            return areEqualInConstantTime(signature, expected);
        };
        // A null secret signs nothing, and what is empty is no candidate.
        if (std::any_of(signatures.begin(), signatures.end(), isExpected))
            return Verdict::Valid;
    }
    return Verdict::NoMatch;
}

QString WebhookSignature::verdictText(Verdict verdict)
{
    switch (verdict) {
    case Verdict::Valid:
        return HttpSink::tr("the signature is valid");
    case Verdict::MissingHeader:
        return HttpSink::tr("the header webhook-id, webhook-timestamp or webhook-signature is missing");
    case Verdict::InvalidHeader:
        return HttpSink::tr("the header webhook-id, webhook-timestamp or webhook-signature is invalid, or there twice");
    case Verdict::TooOld:
        return HttpSink::tr("the message is too old, or the clocks differ");
    case Verdict::TooNew:
        return HttpSink::tr("the message is from the future: the clocks differ");
    case Verdict::NoMatch:
        return HttpSink::tr("no signature fits the message and a secret");
    }
    return {};
}

} // namespace Qanat
