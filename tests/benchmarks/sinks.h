// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_SINKS_H
#define QANAT_BENCHMARKS_SINKS_H

#include "measure.h"

#include <Qanat/Sink>

#include <memory>

namespace Bench {

// Counts, and tells of it when all are there: those of a warm-up, and then the others.
class Count
{
public:
    Count(std::shared_ptr<Finish> finish, qint64 expected, qint64 warmUp)
        : m_finish(std::move(finish))
        , m_expected(expected)
        , m_warmUp(warmUp)
    {
    }

    void add(qint64 count)
    {
        m_count += count;
        if (m_count >= (m_told < m_warmUp ? m_warmUp : m_warmUp + m_expected))
            m_finish->arrived(m_count - std::exchange(m_told, m_count));
    }

private:
    const std::shared_ptr<Finish> m_finish;
    const qint64 m_expected;
    const qint64 m_warmUp;
    qint64 m_count = 0;
    qint64 m_told = 0;
};

// Does nothing but count.
class CountingSink final : public Qanat::Sink
{
public:
    CountingSink(std::shared_ptr<Finish> finish, qint64 expected, qint64 warmUp = 0)
        : m_count(std::move(finish), expected, warmUp)
    {
    }

protected:
    void process(const Qanat::Batch &batch, Qanat::Completion completion) override
    {
        completion.settleAll(Qanat::Delivery::delivered());
        m_count.add(batch.size());
    }

private:
    Count m_count;
};

// Looks at the type of each event, and counts those that it wants.
class LookingSink final : public Qanat::Sink
{
public:
    LookingSink(std::shared_ptr<Finish> finish, qint64 expected, qint64 warmUp)
        : m_count(std::move(finish), expected, warmUp)
    {
    }

protected:
    void process(const Qanat::Batch &batch, Qanat::Completion completion) override
    {
        qint64 count = 0;
        for (const Qanat::Event &event : batch)
            count += event.typeView() == u"bench.event";
        completion.settleAll(Qanat::Delivery::delivered());
        m_count.add(count);
    }

private:
    Count m_count;
};

// Tells of each event.
class TellingSink final : public Qanat::Sink
{
public:
    explicit TellingSink(std::shared_ptr<Finish> finish)
        : m_finish(std::move(finish))
    {
    }

protected:
    void process(const Qanat::Batch &batch, Qanat::Completion completion) override
    {
        const qsizetype count = batch.size();
        completion.settleAll(Qanat::Delivery::delivered());
        m_finish->arrived(count);
    }

private:
    const std::shared_ptr<Finish> m_finish;
};

// Keeps whoever passes until it is opened.
class Gate
{
public:
    void open();
    void pass();
    void waitUntilReached();

private:
    std::mutex m_mutex;
    std::condition_variable m_opened;
    bool m_isOpen = false;
    bool m_isReached = false;
};

// A sink whose disk or network is stuck.
class GatedSink final : public Qanat::Sink
{
public:
    explicit GatedSink(std::shared_ptr<Gate> gate)
        : m_gate(std::move(gate))
    {
    }

protected:
    void process(const Qanat::Batch &, Qanat::Completion completion) override
    {
        m_gate->pass();
        completion.settleAll(Qanat::Delivery::delivered());
    }

private:
    const std::shared_ptr<Gate> m_gate;
};

} // namespace Bench

#endif
