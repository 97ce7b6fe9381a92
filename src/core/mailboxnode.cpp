// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "mailboxnode_p.h"

namespace Qanat {

NodeList::~NodeList()
{
    while (Node *node = takeFirst())
        delete node;
}

void NodeList::append(Node *node)
{
    (tail ? tail->next : head) = node;
    tail = node;
}

void NodeList::prepend(Node *node)
{
    node->next = head;
    head = node;
    if (!tail)
        tail = node;
}

Node *NodeList::takeFirst()
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

void NodeList::takeAll(NodeList &other)
{
    if (other.isEmpty())
        return;
    (tail ? tail->next : head) = other.head;
    tail = other.tail;
    other.head = nullptr;
    other.tail = nullptr;
}

} // namespace Qanat
