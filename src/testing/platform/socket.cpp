// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "socket_p.h"

#ifdef Q_OS_WIN
#    include <winsock2.h>
#else
#    include <sys/socket.h>
#endif

namespace Qanat::Socket {

namespace {

#ifdef Q_OS_WIN
using Native = SOCKET;
constexpr int WriteSide = SD_SEND;
#else
using Native = int;
constexpr int WriteSide = SHUT_WR;
#endif

} // namespace

void resetOnClose(qintptr descriptor)
{
    ::linger linger{};
    linger.l_onoff = 1;
    linger.l_linger = 0;
    ::setsockopt(static_cast<Native>(descriptor), SOL_SOCKET, SO_LINGER, reinterpret_cast<const char *>(&linger),
                 sizeof linger);
}

void endWriting(qintptr descriptor)
{
    ::shutdown(static_cast<Native>(descriptor), WriteSide);
}

} // namespace Qanat::Socket
