// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_REFUSINGPIPELINE_H
#define QANAT_TESTS_REFUSINGPIPELINE_H

#include "qanattest.h"
#include "storingpipeline.h"

#include <Qanat/StoredDeadLetters>

namespace Qanat {

// Stored dead letters with the numbers from 1 on, of a run that is over.
inline std::shared_ptr<MemoryDisk> diskOfLetters(qsizetype count)
{
    DeadLetter letter;
    letter.event = someEvent();
    letter.reason = QStringLiteral("no such account");
    letter.sink = QStringLiteral("Queue \"audit\"");
    letter.status = 422;
    const QByteArray encoded = *letter.toEvent().toCbor();
    QList<EventStore::Row> rows;
    rows.reserve(count);
    for (qsizetype i = 0; i < count; ++i)
        rows.append({quint64(i) + 1, 1'700'000'000'000 + i * 1000, encoded});
    auto disk = std::make_shared<MemoryDisk>();
    disk->setDeadLetters(rows);
    return disk;
}

// A queue whose target refuses all, and what becomes of that.
struct RefusingPipeline : StoringPipeline
{
    explicit RefusingPipeline(std::shared_ptr<MemoryDisk> before = std::make_shared<MemoryDisk>())
        : StoringPipeline(std::move(before))
        , letters(queue->storedDeadLetters())
    {
        recording->setBehaviour(always(permanentFailure().withStatus(422)));
    }
    [[nodiscard]] bool refuse(qsizetype count)
    {
        const qint64 before = letters->kept();
        queue->write(Batch(someEvents(count)));
        return waitUntil([&] { return letters->kept() == before + count; });
    }

    StoredDeadLetters *const letters;
};

} // namespace Qanat

#endif
