// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_WIDGETS_VIEWSTATE_P_H
#define QANAT_WIDGETS_VIEWSTATE_P_H

#include <QtCore/qbytearraylist.h>

namespace Qanat {

// The states of parts, as one. Qt's headers take what they are given, and one that was damaged in a file may keep them busy for long: so there
// is a checksum.
QByteArray sealed(const QByteArrayList &parts);
// The way back; empty where it is not what sealed() made of so many.
QByteArrayList opened(const QByteArray &state, qsizetype count);

} // namespace Qanat

#endif
