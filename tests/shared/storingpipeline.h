// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_STORINGPIPELINE_H
#define QANAT_TESTS_STORINGPIPELINE_H

#include "memorystore.h"

#include <Qanat/RecordingSink>
#include <Qanat/StoringQueue>

#include <functional>

namespace Qanat {

// A queue on a disk that may have been used before, and its end.
struct StoringPipeline
{
    using Wrap = std::function<std::unique_ptr<Sink>(std::unique_ptr<Sink>)>;

    explicit StoringPipeline(std::shared_ptr<MemoryDisk> before = std::make_shared<MemoryDisk>(), const Wrap &wrap = {},
                             int inFlight = 1)
        : disk(std::move(before))
    {
        auto end = std::make_unique<RecordingSink>();
        end->setMaxInFlight(inFlight);
        recording = end->recording();
        std::unique_ptr<Sink> target = std::move(end);
        if (wrap)
            target = wrap(std::move(target));
        queue = std::make_unique<StoringQueue>(std::make_unique<MemoryStore>(disk), std::move(target));
    }

    const std::shared_ptr<MemoryDisk> disk;
    std::shared_ptr<Recording> recording;
    std::unique_ptr<StoringQueue> queue;
};

} // namespace Qanat

#endif
