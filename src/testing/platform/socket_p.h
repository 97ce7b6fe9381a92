// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_SOCKET_P_H
#define QANAT_TESTING_SOCKET_P_H

#include <QtCore/qglobal.h>

namespace Qanat::Socket {

//! From now on closing this socket sends an RST packet, and what is not yet out is thrown away.
void resetOnClose(qintptr descriptor);

//! Tells the other side that nothing more comes, and goes on receiving. Everything written must have been handed to
//! the system before.
void endWriting(qintptr descriptor);

} // namespace Qanat::Socket

#endif
