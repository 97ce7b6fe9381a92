// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// spdlog's asynchronous logger, whose sink only counts: a queue that people know.

#include "../measure.h"
#include "../qanat-bench.h"

#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>

#include <memory>
#include <thread>

namespace Bench {

namespace {

class CountingLog final : public spdlog::sinks::base_sink<spdlog::details::null_mutex>
{
public:
    CountingLog(std::shared_ptr<Finish> finish, qint64 expected)
        : m_finish(std::move(finish))
        , m_expected(expected)
    {
    }

protected:
    void sink_it_(const spdlog::details::log_msg &) override
    {
        if (++m_count == m_expected)
            m_finish->arrived(m_count);
    }
    void flush_() override { }

private:
    const std::shared_ptr<Finish> m_finish;
    const qint64 m_expected;
    qint64 m_count = 0;
};

void queue(benchmark::State &state)
{
    const qint64 producers = state.range(0);
    const qint64 each = scaled(500'000) / producers;
    for (auto _ : state) {
        const auto finish = std::make_shared<Finish>(each * producers);
        const auto pool = std::make_shared<spdlog::details::thread_pool>(size_t(8192), size_t(1));
        const auto logger =
            std::make_shared<spdlog::async_logger>("bench", std::make_shared<CountingLog>(finish, each * producers),
                                                   pool, spdlog::async_overflow_policy::block);
        const auto write = [&logger, each] {
            for (qint64 i = 0; i < each; ++i)
                logger->info("bench.event");
        };
        const auto begin = Time::now();
        std::vector<std::thread> threads;
        for (qint64 i = 1; i < producers; ++i)
            threads.emplace_back(write);
        write();
        for (std::thread &thread : threads)
            thread.join();
        if (!finish->wait())
            state.SkipWithError("events are missing");
        note(state, Time::now() - begin, each * producers);
    }
}

} // namespace

void registerSpdlog()
{
    row("peer/spdlog/queue", queue)->ArgName("producers")->Arg(1)->Arg(2)->Arg(4)->Arg(8);
}

} // namespace Bench
