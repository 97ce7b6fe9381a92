// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_SHORTENED_P_H
#define QANAT_WIDGETS_SHORTENED_P_H

#include <QtCore/qstring.h>

namespace Qanat {

// More of a text is not painted: what others send may be megabytes, and each repaint would lay it out anew.
constexpr qsizetype LongestText = 200;

// What makes text read in another order than it is written (Unicode Standard Annex 9), and what ends a line, as a visible escape.
enum class Lines : quint8 { Escaped, Kept };
QString visible(const QString &text, Lines lines = Lines::Escaped);

inline QString shortened(const QString &text)
{
    return text.size() > LongestText ? visible(text.left(LongestText)) + u'\u2026' : visible(text);
}

} // namespace Qanat

#endif
