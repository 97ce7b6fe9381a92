// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// The configuration of an endpoint. Input: JSON.

#include "fuzz.h"

#include <Qanat/EndpointConfiguration>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>

using namespace Qanat;
using namespace Qt::StringLiterals;

namespace {

constexpr QLatin1StringView Secret = "xYzZy0123456789secret"_L1;

QJsonObject part(const QJsonObject &object, const QString &name)
{
    return object.value(name).toObject();
}

//! The same without the names of files: what is on a disk is no input.
QJsonObject withoutFiles(QJsonObject object)
{
    if (!object.value(u"tls"_s).isObject())
        return object;
    QJsonObject tls = part(object, u"tls"_s);
    for (const QString &name : {u"authorities"_s, u"certificate"_s, u"key"_s})
        tls.remove(name);
    object.insert(u"tls"_s, tls);
    return object;
}

QJsonObject withSecretTexts(QJsonObject object)
{
    const QStringList names = object.keys();
    for (const QString &name : names) {
        if (object.value(name).isString())
            object.insert(name, Secret);
    }
    return object;
}

//! The same with a secret wherever there may be one.
QJsonObject withSecrets(QJsonObject object)
{
    for (const QString &name : {u"headers"_s, u"credentials"_s}) {
        if (object.value(name).isObject())
            object.insert(name, withSecretTexts(part(object, name)));
    }
    if (object.contains(u"signingSecrets"_s))
        object.insert(u"signingSecrets"_s, QJsonArray{u"whsec_"_s + Secret + u"AAAAAAAAAAAAAAA"_s, Secret});
    QUrl url(object.value(u"url"_s).toString());
    url.setPath(u'/' + Secret);
    url.setQuery(Secret);
    url.setFragment(Secret);
    if (!url.userInfo().isEmpty())
        url.setUserInfo(Secret + u':' + Secret);
    if (object.contains(u"url"_s))
        object.insert(u"url"_s, url.toString());
    QUrl proxy(object.value(u"proxy"_s).toString());
    if (!proxy.host().isEmpty()) {
        proxy.setUserInfo(Secret + u':' + Secret);
        object.insert(u"proxy"_s, proxy.toString());
    }
    return object;
}

QByteArray jsonOf(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

void checkNothingIsShown(const QJsonObject &object)
{
    const Result<EndpointConfiguration> configuration = EndpointConfiguration::fromJson(withSecrets(object));
    FUZZ_CHECK(!configuration.errorText().contains(Secret));
    if (!configuration)
        return;
    FUZZ_CHECK(!jsonOf(configuration->toJson()).contains(QByteArrayView(Secret.data(), Secret.size())));
    FUZZ_CHECK(!configuration->errorText().contains(Secret));
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int *, char ***)
{
    static char name[] = "fuzz_configuration";
    static char *arguments[] = {name, nullptr};
    static int count = 1;
    static const QCoreApplication application(count, arguments);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *data, std::size_t size)
{
    const QByteArray input = Fuzz::inputOf(data, size).toByteArray();
    const QJsonObject object = withoutFiles(QJsonDocument::fromJson(input).object());
    checkNothingIsShown(object);

    const Result<EndpointConfiguration> configuration = EndpointConfiguration::fromJson(object);
    FUZZ_CHECK(configuration.errorText().isEmpty() == bool(configuration));
    FUZZ_CHECK(configuration.errorText().isValidUtf16());
    if (!configuration)
        return 0;
    FUZZ_CHECK(configuration->errorText().isValidUtf16());
    // Headers are shown without their values, which reading finds missing.
    const QJsonObject shown = configuration->toJson();
    const Result<EndpointConfiguration> again = EndpointConfiguration::fromJson(shown);
    FUZZ_CHECK(bool(again) == configuration->headers.isEmpty());
    if (again)
        FUZZ_CHECK(again->toJson() == shown);
    return 0;
}
