// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_MAILBOXNODE_P_H
#define QANAT_CORE_MAILBOXNODE_P_H

#include "Qanat/core/batch.h"
#include "Qanat/core/delivery.h"
#include "completion_p.h"

#include <chrono>
#include <functional>
#include <memory>

namespace Qanat {

// Why events are dead letters, and who says so.
struct GivenUp
{
    Delivery reason;
    QString sink;
    quintptr by; // Mailbox::identity()
};

// A run of events in the intake, or a command that takes its place among them.
struct Node
{
    Node *next = nullptr;
    Batch batch;
    std::chrono::nanoseconds stamp{0};
    CompletionRef upstream;
    std::function<void()> command;
    // The events are dead letters, and not yet marked as such.
    std::shared_ptr<const GivenUp> givenUp;
    // A command, too: what was accepted before it is withdrawn.
    bool isWithdrawal = false;
    // Its chunk was made here and still takes events.
    bool isBuilding = false;
    // No other batch covers its events.
    bool isExclusive = false;
};

// A singly linked run of nodes.
class NodeList
{
public:
    NodeList() = default;
    NodeList(NodeList &&other) noexcept
        : head(std::exchange(other.head, nullptr))
        , tail(std::exchange(other.tail, nullptr))
    {
    }
    ~NodeList();
    Q_DISABLE_COPY(NodeList)

    void append(Node *node);
    void prepend(Node *node);
    Node *takeFirst();
    void takeAll(NodeList &other);
    bool isEmpty() const { return !head; }

    Node *head = nullptr;
    Node *tail = nullptr;
};

} // namespace Qanat

#endif
