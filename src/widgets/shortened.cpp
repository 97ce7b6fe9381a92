// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "shortened_p.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

bool turns(QChar character)
{
    switch (character.direction()) {
    case QChar::DirLRE:
    case QChar::DirLRO:
    case QChar::DirRLE:
    case QChar::DirRLO:
    case QChar::DirPDF:
    case QChar::DirLRI:
    case QChar::DirRLI:
    case QChar::DirFSI:
    case QChar::DirPDI:
        return true;
    default:
        return false;
    }
}

bool endsLine(QChar character)
{
    const QChar::Category category = character.category();
    return category == QChar::Other_Control || category == QChar::Separator_Line
           || category == QChar::Separator_Paragraph;
}

} // namespace

QString visible(const QString &text, Lines lines)
{
    const auto isHidden = [lines](QChar character) {
        return turns(character) || (lines == Lines::Escaped && endsLine(character));
    };
    if (std::none_of(text.begin(), text.end(), isHidden))
        return text;
    QString shown;
    for (const QChar character : text) {
        if (isHidden(character))
            shown += u"\\u%1"_s.arg(int(character.unicode()), 4, 16, QLatin1Char('0'));
        else
            shown += character;
    }
    return shown;
}

} // namespace Qanat
