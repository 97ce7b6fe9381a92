// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_PATTERN_P_H
#define QANAT_CORE_PATTERN_P_H

#include <QtCore/qstring.h>

#include <vector>

namespace Qanat {

// A text with wildcards, see Matcher. Takes time in proportion to the text for each star at most, whatever the text is.
class Pattern
{
public:
    Pattern(const QString &text, QChar separator);

    bool matches(QStringView text) const noexcept;
    const QString &text() const { return m_text; }

private:
    enum class Kind : quint8 { Character, AnyCharacter, AnyInSegment, Anything };
    struct Token
    {
        Kind kind;
        QChar character;
    };

    QString m_text;
    std::vector<Token> m_tokens;
    QChar m_separator;
};

} // namespace Qanat

#endif
