// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_SHORTENED_P_H
#define QANAT_WIDGETS_SHORTENED_P_H

#include <QtCore/qstring.h>

namespace Qanat {

// More of a text is not painted: what others send may be megabytes, and each repaint would lay it out anew.
constexpr qsizetype LongestText = 200;

inline QString shortened(const QString &text)
{
    return text.size() > LongestText ? text.left(LongestText) + u'\u2026' : text;
}

} // namespace Qanat

#endif
