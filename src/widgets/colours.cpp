// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "colours_p.h"

namespace Qanat {

QColor markColour(const QPalette &palette, Mark mark)
{
    const bool isDark = palette.color(QPalette::Base).lightness() < 128;
    const auto either = [isDark](QRgb onLight, QRgb onDark) { return QColor(isDark ? onDark : onLight); };
    switch (mark) {
    case Mark::Idle:
        return either(0x5f6b7a, 0x93a1b3);
    case Mark::Good:
        return either(0x1a7f4e, 0x4cc38a);
    case Mark::Waiting:
        return either(0x9a5b00, 0xf0a93b);
    case Mark::Paused:
        return either(0x2563b8, 0x6ea8fe);
    case Mark::Bad:
        return either(0xc62f2f, 0xff7b72);
    }
    return {};
}

} // namespace Qanat
