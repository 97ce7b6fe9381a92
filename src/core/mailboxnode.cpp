// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "mailboxnode_p.h"

namespace Qanat {

NodeList::~NodeList()
{
    while (Node *node = takeFirst())
        delete node;
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
