// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_MESSAGEHOOK_P_H
#define QANAT_CORE_MESSAGEHOOK_P_H

#include <QtCore/qlogging.h>

namespace Qanat {

/*
 * The library's place among the message handlers of the process. Thread-safe.
 *
 * The handler that was there gets each message first, exactly once, and nothing is locked meanwhile. While somebody else's
 * handler is being installed or removed in another thread at the same moment, one of the two may be lost: Qt has no way to
 * ask which one is there without putting another in its place.
 */
namespace MessageHook {

enum class Entry : quint8 {
    First,
    Again, // Inside of a call in the same thread: by way of a handler that passes on what it is given here.
};
// Called for each message but fatal ones, after whose handling the process aborts.
using Listener = void (*)(QtMsgType type, const QMessageLogContext &context, const QString &message, Entry entry);

// Alternately. What was installed over it by others when it is removed stays, and goes on being passed on.
void install(Listener listener);
void remove();

} // namespace MessageHook

} // namespace Qanat

#endif
