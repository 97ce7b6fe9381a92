// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// The figures of the library, and of what it is compared with in the same process. Rows named peer/<name>/<row> do the same
// work as the row of that name with something else. Every row counts every event where it arrives.

#include "qanat-bench.h"

#include <QtCore/qcoreapplication.h>

#include <benchmark/benchmark.h>

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    Bench::registerThroughput();
    Bench::registerLatency();
    Bench::registerCost();
    Bench::registerQtSignal();
    Bench::registerCondition();
#ifdef QANAT_BENCH_HTTP
    Bench::registerHttp();
#endif
#ifdef QANAT_BENCH_BOOST
    Bench::registerBoost();
#endif
#ifdef QANAT_BENCH_MOODYCAMEL
    Bench::registerMoodycamel();
#endif
#ifdef QANAT_BENCH_SPDLOG
    Bench::registerSpdlog();
#endif
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
