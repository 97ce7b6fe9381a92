// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_LEDGEREVENTS_H
#define QANAT_TESTS_LEDGEREVENTS_H

#include <Qanat/Broadcaster>
#include <Qanat/Channel>

#include <functional>

class MainWindow;

// Writes to events what happens in the window: its actions, its model, its file's name, and what is logged. What is worth
// keeping of that goes to a file, to a channel and to a listener.
Qanat::Subscription connectLedger(MainWindow &window, Qanat::Broadcaster *events, const QString &path,
                                  Qanat::Channel *channel, std::function<void(const Qanat::Event &)> listener);

#endif
