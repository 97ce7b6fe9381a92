// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "pattern_p.h"

namespace Qanat {

Pattern::Pattern(const QString &text, QChar separator)
    : m_text(text)
    , m_separator(separator)
{
    const auto add = [this](Kind kind, QChar character = {}) { m_tokens.push_back({kind, character}); };
    bool isEscaped = false;
    for (const QChar character : text) {
        const bool afterStar = !m_tokens.empty() && m_tokens.back().kind == Kind::AnyInSegment;
        const bool afterStars = !m_tokens.empty() && m_tokens.back().kind == Kind::Anything;
        if (isEscaped || (character != u'*' && character != u'?' && character != u'\\')) {
            add(Kind::Character, character);
            isEscaped = false;
        } else if (character == u'\\') {
            isEscaped = true;
        } else if (character == u'?') {
            add(Kind::AnyCharacter);
        } else if (afterStar) {
            m_tokens.back().kind = Kind::Anything;
        } else if (!afterStars) {
            add(Kind::AnyInSegment);
        }
    }
    if (isEscaped) // A backslash at the end stands for itself.
        add(Kind::Character, u'\\');
}

bool Pattern::matches(QStringView text) const noexcept
{
    // Where to go on when what follows a star does not match: with one character more for it. The last star of a kind is
    // enough, since an earlier one could only take what the later one can take, too. A star within a segment ends with that.
    struct Star
    {
        size_t token = 0; // The one behind it; 0 where there is no star.
        qsizetype position = 0; // Up to where it reaches.
    };
    Star inSegment;
    Star anything;
    size_t token = 0;
    qsizetype position = 0;
    while (true) {
        if (token < m_tokens.size()) {
            const Token &next = m_tokens[token];
            if (next.kind == Kind::AnyInSegment) {
                inSegment = Star{++token, position};
                continue;
            }
            if (next.kind == Kind::Anything) {
                anything = Star{++token, position};
                inSegment = {};
                continue;
            }
            if (position < text.size()
                && (next.kind == Kind::Character ? text[position] == next.character : text[position] != m_separator)) {
                ++token;
                ++position;
                continue;
            }
        } else if (position == text.size()) {
            return true;
        }
        if (inSegment.token > 0 && inSegment.position < text.size() && text[inSegment.position] != m_separator) {
            token = inSegment.token;
            position = ++inSegment.position;
        } else if (anything.token > 0 && anything.position < text.size()) {
            inSegment = {};
            token = anything.token;
            position = ++anything.position;
        } else {
            return false;
        }
    }
}

} // namespace Qanat
