// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "attributerules_p.h"

#include "timestamp_p.h"

#include <QtCore/qdatetime.h>
#include <QtCore/qmetatype.h>
#include <QtCore/qurl.h>

#include <algorithm>

namespace Qanat {

namespace {

constexpr bool isAsciiLetter(char16_t c) noexcept
{
    return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z');
}

constexpr bool isAsciiDigit(char16_t c) noexcept
{
    return c >= u'0' && c <= u'9';
}

constexpr bool isHexDigit(char16_t c) noexcept
{
    return isAsciiDigit(c) || (c >= u'a' && c <= u'f') || (c >= u'A' && c <= u'F');
}

// RFC 9110, section 5.6.2.
bool isTokenCharacter(char16_t c) noexcept
{
    return isAsciiLetter(c) || isAsciiDigit(c) || (c < 0x80 && QStringView(u"!#$%&'*+-.^_`|~").contains(QChar(c)));
}

bool isToken(QStringView text) noexcept
{
    return !text.isEmpty()
           && std::all_of(text.begin(), text.end(), [](QChar c) { return isTokenCharacter(c.unicode()); });
}

bool isPrintableAscii(QStringView text) noexcept
{
    // Without a branch per character, so that the compiler can take many at once: this runs for every event made.
    bool other = false;
    for (const QChar c : text)
        other |= static_cast<char16_t>(c.unicode() - 0x20) > 0x7e - 0x20;
    return !other;
}

const char *faultInCharacter(char32_t c) noexcept
{
    if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
        return QT_TRANSLATE_NOOP("Qanat", "holds a control character");
    if (QChar::isSurrogate(c))
        return QT_TRANSLATE_NOOP("Qanat", "holds a lone surrogate");
    if ((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
        return QT_TRANSLATE_NOOP("Qanat", "holds a code point that is not a character");
    return nullptr;
}

// The one at \a position, which goes on behind it. A lone surrogate stands for itself.
char32_t takeCharacter(QStringView text, qsizetype &position) noexcept
{
    const QChar c = text[position++];
    if (c.isHighSurrogate() && position < text.size() && text[position].isLowSurrogate())
        return QChar::surrogateToUcs4(c, text[position++]);
    return c.unicode();
}

} // namespace

bool hasLoneSurrogate(QStringView text) noexcept
{
    bool surrogates = false;
    for (const QChar c : text)
        surrogates |= (c.unicode() & 0xf800) == 0xd800;
    return surrogates && !text.isValidUtf16();
}

namespace AttributeRules {

const char *faultInText(QStringView text) noexcept
{
    if (isPrintableAscii(text))
        return nullptr;
    for (qsizetype i = 0; i < text.size();) {
        if (const char *fault = faultInCharacter(takeCharacter(text, i)))
            return fault;
    }
    return nullptr;
}

QString replacingFaults(const QString &text)
{
    QString clean = text;
    for (qsizetype i = 0; i < text.size();) {
        const qsizetype begin = i;
        if (faultInCharacter(takeCharacter(text, i)))
            clean.replace(begin, i - begin, QString(i - begin, u' '));
    }
    return clean;
}

const char *faultInRequiredText(QStringView text) noexcept
{
    return text.isEmpty() ? QT_TRANSLATE_NOOP("Qanat", "is empty") : faultInText(text);
}

const char *faultInUriReference(QStringView text) noexcept
{
    if (const char *fault = faultInRequiredText(text))
        return fault;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const char16_t c = text[i].unicode();
        if (c == u'%') {
            if (i + 2 >= text.size() || !isHexDigit(text[i + 1].unicode()) || !isHexDigit(text[i + 2].unicode()))
                return QT_TRANSLATE_NOOP("Qanat", "holds a percent sign without two hexadecimal digits");
        } else if (c == u' ' || c == u'"' || c == u'<' || c == u'>' || c == u'\\' || c == u'^' || c == u'`'
                   || (c >= u'{' && c <= u'}')) {
            return QT_TRANSLATE_NOOP("Qanat", "holds a character that a URI cannot hold");
        }
    }
    return nullptr;
}

const char *faultInUri(QStringView text) noexcept
{
    if (const char *fault = faultInUriReference(text))
        return fault;
    const auto end = std::find_if(text.begin(), text.end(), [](QChar c) {
        const char16_t u = c.unicode();
        return !isAsciiLetter(u) && !isAsciiDigit(u) && u != u'+' && u != u'-' && u != u'.';
    });
    if (end == text.begin() || end == text.end() || *end != u':' || !isAsciiLetter(text.front().unicode()))
        return QT_TRANSLATE_NOOP("Qanat", "is not an absolute URI");
    return QUrl(text.toString(), QUrl::StrictMode).isValid() ? nullptr
                                                             : QT_TRANSLATE_NOOP("Qanat", "is not a valid URI");
}

const char *faultInMediaType(QStringView text) noexcept
{
    if (const char *fault = faultInRequiredText(text))
        return fault;
    const qsizetype parameters = text.indexOf(u';');
    const QStringView type = (parameters < 0 ? text : text.first(parameters)).trimmed();
    const qsizetype slash = type.indexOf(u'/');
    if (!isPrintableAscii(text) || slash < 0 || !isToken(type.first(slash)) || !isToken(type.sliced(slash + 1)))
        return QT_TRANSLATE_NOOP("Qanat", "is not a media type");
    return nullptr;
}

const char *faultInExtensionName(QStringView name) noexcept
{
    if (name.isEmpty())
        return QT_TRANSLATE_NOOP("Qanat", "has an empty name");
    const bool allowed = std::all_of(name.begin(), name.end(),
                                     [](QChar c) { return (c >= u'a' && c <= u'z') || isAsciiDigit(c.unicode()); });
    if (!allowed)
        return QT_TRANSLATE_NOOP("Qanat", "has a name with other characters than a-z and 0-9");
    static constexpr QStringView reserved[] = {u"id",         u"source",  u"specversion", u"type", u"datacontenttype",
                                               u"dataschema", u"subject", u"time",        u"data"};
    if (std::find(std::begin(reserved), std::end(reserved), name) != std::end(reserved))
        return QT_TRANSLATE_NOOP("Qanat", "has the name of an attribute of CloudEvents");
    return nullptr;
}

const char *faultInExtensionValue(const QVariant &value)
{
    switch (value.metaType().id()) {
    case QMetaType::Bool:
    case QMetaType::Int:
    case QMetaType::QByteArray:
        return nullptr;
    case QMetaType::QString:
        return faultInText(*static_cast<const QString *>(value.constData()));
    case QMetaType::QUrl: {
        const QUrl &url = *static_cast<const QUrl *>(value.constData());
        return url.isEmpty() || !url.isValid() ? QT_TRANSLATE_NOOP("Qanat", "is not a valid URI") : nullptr;
    }
    case QMetaType::QDateTime:
        return Timestamp::fromDateTime(*static_cast<const QDateTime *>(value.constData()))
                   ? nullptr
                   : QT_TRANSLATE_NOOP("Qanat", "is not a time in the years 0 to 9999");
    default:
        return QT_TRANSLATE_NOOP("Qanat", "is none of bool, int, QString, QByteArray, QUrl and QDateTime");
    }
}

} // namespace AttributeRules

} // namespace Qanat
