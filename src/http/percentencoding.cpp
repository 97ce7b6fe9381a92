// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "percentencoding_p.h"

#include <QtCore/qstringconverter.h>

namespace Qanat {

namespace {

// The content of a quoted-string (RFC 9110, 5.6.4), or the value itself.
QByteArray unquoted(QByteArrayView value)
{
    if (value.size() < 2 || value.front() != '"' || value.back() != '"')
        return value.toByteArray();
    const QByteArrayView content = value.sliced(1, value.size() - 2);
    QByteArray text;
    text.reserve(content.size());
    for (qsizetype i = 0; i < content.size(); ++i) {
        if (content[i] == '\\' && i + 1 < content.size())
            ++i;
        text += content[i];
    }
    return text;
}

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// A percent sign without two digits stands for itself. (QByteArray makes something else of it.)
QByteArray withoutPercents(const QByteArray &text)
{
    QByteArray bytes;
    bytes.reserve(text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        const bool isEncoded =
            text[i] == '%' && i + 2 < text.size() && hexValue(text[i + 1]) >= 0 && hexValue(text[i + 2]) >= 0;
        if (isEncoded) {
            bytes += char(hexValue(text[i + 1]) << 4 | hexValue(text[i + 2]));
            i += 2;
        } else {
            bytes += text[i];
        }
    }
    return bytes;
}

} // namespace

QByteArray percentEncoded(const QString &text)
{
    static constexpr char digits[] = "0123456789ABCDEF";
    const QByteArray utf8 = text.toUtf8();
    QByteArray encoded;
    encoded.reserve(utf8.size());
    for (const char c : utf8) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && c != '"' && c != '%') {
            encoded += c;
        } else {
            encoded += '%';
            encoded += digits[byte >> 4];
            encoded += digits[byte & 0xf];
        }
    }
    return encoded;
}

std::optional<QString> percentDecoded(QByteArrayView value)
{
    // U+FEFF at the beginning is a character as any other.
    using Flag = QStringConverter::Flag;
    QStringDecoder decoder(QStringDecoder::Utf8, Flag::Stateless | Flag::ConvertInitialBom);
    QString text = decoder(withoutPercents(unquoted(value)));
    if (decoder.hasError())
        return std::nullopt;
    return text;
}

} // namespace Qanat
