// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_RUNTIME_P_H
#define QANAT_CORE_RUNTIME_P_H

#include "Qanat/core/clock.h"

#include <QtCore/qglobal.h>

#include <functional>
#include <memory>
#include <vector>

QT_BEGIN_NAMESPACE
class QThread;
QT_END_NAMESPACE

namespace Qanat {

class Mailbox;
class Worker;

/*
 * What the library does once for the process: it knows all mailboxes, ends them with QCoreApplication, and has a thread
 * that watches deadlines, so that a close ends even where a worker does not come back.
 */
namespace Runtime {

// How long after the deadline a worker may take to come back.
#if defined(__SANITIZE_THREAD__)
constexpr std::chrono::milliseconds Grace(1000); // Where each access is watched, all takes several times as long.
#else
constexpr std::chrono::milliseconds Grace(250);
#endif

// Between the beginning of QCoreApplication and its end.
bool isRunning();
void add(const std::shared_ptr<Mailbox> &mailbox);
void remove(const Mailbox *mailbox);
// Those of all sinks that there are.
std::vector<std::shared_ptr<Mailbox>> mailboxes();
// Has the mailbox expire at its deadline. False where nothing watches.
bool watchDeadline(const std::shared_ptr<Mailbox> &mailbox);
// Has the mailbox closed by force after the grace.
bool watchGrace(const std::shared_ptr<Mailbox> &mailbox);
void unwatch(const Mailbox *mailbox);
// Has \a action called at \a due, in the thread that watches; what was planned for the same \a key before is forgotten. False where
// nothing watches, and nothing will be called.
bool plan(const void *key, const std::shared_ptr<Clock> &clock, std::chrono::nanoseconds due,
          std::function<void()> action);
// Starts the worker's thread, now or when QCoreApplication exists.
void startOrWait(const std::shared_ptr<Worker> &worker);
// The thread ends by itself soon; it is destroyed some time after that, from another thread.
void joinLater(QThread *thread);

} // namespace Runtime

} // namespace Qanat

#endif
