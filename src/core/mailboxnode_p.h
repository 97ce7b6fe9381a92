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
    enum class Kind : quint8 {
        Events,
        DeadLetters, // Events that are not yet marked as such.
        Command,
        Withdrawal, // A command, too: what was accepted before it is withdrawn.
    };

    bool isCommand() const { return kind >= Kind::Command; }

    Node *next = nullptr;
    Batch batch;
    std::chrono::nanoseconds stamp{0};
    CompletionRef upstream;
    Kind kind = Kind::Events;
    // Its chunk was made here and still takes events.
    bool isBuilding = false;
    // No other batch covers its events.
    bool isExclusive = false;
    // What only some have comes last, so that others need not look at it.
    std::shared_ptr<const GivenUp> givenUp; // Of dead letters.
    std::function<void()> command;
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

    void append(Node *node)
    {
        (tail ? tail->next : head) = node;
        tail = node;
    }
    void prepend(Node *node)
    {
        node->next = head;
        head = node;
        if (!tail)
            tail = node;
    }
    Node *takeFirst()
    {
        Node *node = head;
        if (node) {
            head = node->next;
            if (!head)
                tail = nullptr;
            node->next = nullptr;
        }
        return node;
    }
    void takeAll(NodeList &other);
    bool isEmpty() const { return !head; }

    Node *head = nullptr;
    Node *tail = nullptr;
};

} // namespace Qanat

#endif
