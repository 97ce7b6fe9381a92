// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "headerrules_p.h"

#include <algorithm>
#include <array>

namespace Qanat {

namespace {

bool isTokenCharacter(char character) noexcept
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z')
           || (character >= '0' && character <= '9')
           || (character != '\0' && QByteArrayView("!#$%&'*+-.^_`|~").contains(character));
}

bool isBlank(char character) noexcept
{
    return character == ' ' || character == '\t';
}

bool isValueCharacter(char character) noexcept
{
    const auto byte = static_cast<unsigned char>(character);
    return character == '\t' || (byte >= 0x20 && byte != 0x7f);
}

} // namespace

bool isHeaderName(QByteArrayView name) noexcept
{
    return !name.isEmpty() && std::all_of(name.begin(), name.end(), isTokenCharacter);
}

bool isHeaderValue(QByteArrayView value) noexcept
{
    if (value.isEmpty())
        return true;
    return !isBlank(value.front()) && !isBlank(value.back())
           && std::all_of(value.begin(), value.end(), isValueCharacter);
}

bool isReservedHeaderName(QByteArrayView name) noexcept
{
    // Identity encoding is asked for so that no answer is inflated; Expect would wait for an answer before the body.
    static constexpr std::array<QByteArrayView, 14> names = {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "http2-settings",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    };
    static constexpr QByteArrayView proxyPrefix = "proxy-";
    const auto is = [name](QByteArrayView reserved) { return name.compare(reserved, Qt::CaseInsensitive) == 0; };
    return std::any_of(names.begin(), names.end(), is)
           || (name.size() > proxyPrefix.size()
               && name.first(proxyPrefix.size()).compare(proxyPrefix, Qt::CaseInsensitive) == 0);
}

} // namespace Qanat
