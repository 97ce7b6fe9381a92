// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_COLOURS_P_H
#define QANAT_WIDGETS_COLOURS_P_H

#include <QtGui/qpalette.h>

namespace Qanat {

// What the views colour things by.
enum class Mark : quint8 {
    Idle,
    Good,
    Waiting,
    Paused,
    Bad,
};

// For text and lines on the base of \a palette, be it light or dark: with a contrast of 4.5 at least.
QColor markColour(const QPalette &palette, Mark mark);

} // namespace Qanat

#endif
