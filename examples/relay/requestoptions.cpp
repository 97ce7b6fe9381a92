// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "requestoptions.h"

using namespace Qt::StringLiterals;
using namespace Qanat;

namespace Relay {

namespace {

// For what is hardly a URL: without what may be a password or a token.
QString withoutSecrets(const QString &text)
{
    const QString head = text.section(u'?', 0, 0).section(u'#', 0, 0);
    const QString address = head.contains(u'@') ? u"..."_s + head.section(u'@', -1) : head;
    // The path may be one.
    return address.section(u'/', 0, address.contains("://"_L1) ? 2 : 0);
}

QString shownUrl(const QString &text, const QUrl &url)
{
    return url.isValid() && !url.host().isEmpty() ? originOf(url) : withoutSecrets(text);
}

} // namespace

Result<QUrl> parseEndpoint(const QString &text, HttpSink::PlainHttp consent)
{
    const QUrl url(text, QUrl::StrictMode);
    // A sink knows what it can use.
    HttpSink sink(url);
    sink.setPlainHttp(HttpSink::PlainHttp::Everywhere);
    if (!sink.isValid())
        return Failure{u"'%1': %2"_s.arg(shownUrl(text, url), sink.errorText())};
    sink.setPlainHttp(consent);
    if (!sink.isValid())
        return Failure{
            u"'%1': plain http to another host can be read on the way; --allow-plain-http consents to it"_s.arg(
                shownUrl(text, url))};
    return url;
}

Result<Header> parseHeader(const QString &text)
{
    const QByteArray field = text.toUtf8();
    const qsizetype colon = field.indexOf(':');
    if (colon < 0)
        return Failure{u"a header is written 'Name: value', and here is no colon"_s};
    const QByteArray name = field.first(colon);
    // Only the blanks around it: trimmed() would hide a line break.
    QByteArrayView value = QByteArrayView(field).sliced(colon + 1);
    while (value.startsWith(' ') || value.startsWith('\t'))
        value = value.sliced(1);
    while (value.endsWith(' ') || value.endsWith('\t'))
        value.chop(1);
    const HttpSink::HeaderError error = HttpSink::checkHeader(name, value);
    if (error != HttpSink::HeaderError::None)
        return Failure{u"'%1': %2"_s.arg(QString::fromUtf8(name), HttpSink::headerErrorText(error))};
    return Header(name, value.toByteArray());
}

QString originOf(const QUrl &url)
{
    return url.toString(QUrl::RemoveUserInfo | QUrl::RemovePath | QUrl::RemoveQuery | QUrl::RemoveFragment
                        | QUrl::FullyEncoded);
}

} // namespace Relay
