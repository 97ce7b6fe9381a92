// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/storage/durablequeue.h"

#include "sqlitestore_p.h"

namespace Qanat {

DurableQueue::DurableQueue(const QString &folder, std::unique_ptr<Sink> target, QObject *parent)
    : StoringQueue(std::make_unique<SqliteStore>(folder), std::move(target), parent)
    , m_folder(folder)
{
}

DurableQueue::~DurableQueue() = default;

QString DurableQueue::folder() const
{
    return m_folder;
}

} // namespace Qanat
