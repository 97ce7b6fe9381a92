// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/http/answerprofile.h"

#include "Qanat/http/httpsink.h"

#include <QtCore/qmap.h>

#include <algorithm>

namespace Qanat {

using namespace Qt::StringLiterals;

class AnswerProfileData : public QSharedData
{
public:
    enum class Basis : quint8 { Default, Otlp, StandardWebhooks };

    explicit AnswerProfileData(Basis of)
        : basis(of)
        , refusalLimit(of == Basis::Default ? 10 : 0)
    {
    }

    const Basis basis;
    QMap<int, AnswerProfile::Reading> exceptions;
    int refusalLimit;
};

namespace {

using Basis = AnswerProfileData::Basis;
using Reading = AnswerProfile::Reading;

struct Known
{
    QLatin1StringView name;
    Basis basis;
};

constexpr Known AllKnown[] = {
    {"default"_L1, Basis::Default}, {"otlp"_L1, Basis::Otlp}, {"standard-webhooks"_L1, Basis::StandardWebhooks}};

Reading defaultReading(int status)
{
    switch (status) {
    case 408:
    case 425:
    case 429:
        return Reading::PassingFault;
    case 410:
        return Reading::Gone;
    case 401:
    case 402:
    case 403:
    case 404:
    case 405:
    case 406:
    case 407:
    case 411:
    case 415:
    case 421:
    case 431:
    case 451:
    case 501:
    case 505:
    case 511:
        return Reading::EndpointFault;
    default:
        break;
    }
    if (status >= 500)
        return Reading::PassingFault;
    return status >= 400 ? Reading::PayloadFault : Reading::EndpointFault;
}

Reading otlpReading(int status)
{
    switch (status) {
    case 429:
    case 502:
    case 503:
    case 504:
        return Reading::PassingFault;
    default:
        // What is below is no answer of a receiver of OTLP, but of somebody on the way.
        return status >= 400 ? Reading::PayloadFault : Reading::EndpointFault;
    }
}

Reading standardWebhooksReading(int status)
{
    return status == 410 ? Reading::Gone : Reading::PassingFault;
}

} // namespace

AnswerProfile::AnswerProfile()
    : d(new AnswerProfileData(Basis::Default))
{
}
AnswerProfile::AnswerProfile(AnswerProfileData *data)
    : d(data)
{
}
AnswerProfile::AnswerProfile(const AnswerProfile &other) = default;
AnswerProfile::AnswerProfile(AnswerProfile &&other) noexcept = default;
AnswerProfile &AnswerProfile::operator=(const AnswerProfile &other) = default;
AnswerProfile &AnswerProfile::operator=(AnswerProfile &&other) noexcept = default;
AnswerProfile::~AnswerProfile() = default;

AnswerProfile AnswerProfile::otlp()
{
    return AnswerProfile(new AnswerProfileData(Basis::Otlp));
}

AnswerProfile AnswerProfile::standardWebhooks()
{
    return AnswerProfile(new AnswerProfileData(Basis::StandardWebhooks));
}

Result<AnswerProfile> AnswerProfile::named(const QString &name)
{
    for (const Known &known : AllKnown) {
        if (name == known.name)
            return AnswerProfile(new AnswerProfileData(known.basis));
    }
    return Failure{HttpSink::tr("there is no profile of this name: it is one of %1").arg(names().join(u", "_s))};
}

QStringList AnswerProfile::names()
{
    QStringList names;
    for (const Known &known : AllKnown)
        names.append(known.name);
    return names;
}

QString AnswerProfile::name() const
{
    return AllKnown[std::size_t(d->basis)].name;
}

AnswerProfile::Reading AnswerProfile::reading(int status) const
{
    if (const auto exception = d->exceptions.constFind(status); exception != d->exceptions.constEnd())
        return *exception;
    if (status >= 200 && status < 300)
        return Reading::Delivered;
    switch (d->basis) {
    case Basis::Default:
        return defaultReading(status);
    case Basis::Otlp:
        return otlpReading(status);
    case Basis::StandardWebhooks:
        return standardWebhooksReading(status);
    }
    Q_UNREACHABLE();
}

AnswerProfile AnswerProfile::withReading(int status, Reading reading) const
{
    AnswerProfile profile = *this;
    if (status >= 100 && status < 1000)
        profile.d->exceptions.insert(status, reading);
    return profile;
}

int AnswerProfile::refusalLimit() const
{
    return d->refusalLimit;
}

AnswerProfile AnswerProfile::withRefusalLimit(int events) const
{
    AnswerProfile profile = *this;
    profile.d->refusalLimit = std::max(events, 0);
    return profile;
}

bool AnswerProfile::equals(const AnswerProfile &other) const
{
    return d == other.d
           || (d->basis == other.d->basis && d->exceptions == other.d->exceptions
               && d->refusalLimit == other.d->refusalLimit);
}

} // namespace Qanat
