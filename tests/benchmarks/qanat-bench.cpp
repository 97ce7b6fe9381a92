// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// The figures of the library, and of what it is compared with in the same process. Rows named peer/<name>/<row> do the same
// work as the row of that name with something else. Every row counts every event where it arrives.

#include "qanat-bench.h"

#include <QtCore/qcoreapplication.h>
#ifdef QANAT_BENCH_MONITOR
#    include <QtWidgets/qapplication.h>
#endif

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace {

// Windows, and what a platform needs for them, are only for the rows that have some.
std::unique_ptr<QCoreApplication> makeApplication(int &argc, char **argv)
{
#ifdef QANAT_BENCH_MONITOR
    const auto isAsked = [](const char *argument) { return std::strstr(argument, "monitor") != nullptr; };
    if (std::any_of(argv + 1, argv + argc, isAsked)) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
        return std::make_unique<QApplication>(argc, argv);
    }
#endif
    return std::make_unique<QCoreApplication>(argc, argv);
}

} // namespace

int main(int argc, char **argv)
{
    const std::unique_ptr<QCoreApplication> application = makeApplication(argc, argv);
    Bench::registerThroughput();
    Bench::registerLatency();
    Bench::registerCost();
    Bench::registerQtSignal();
    Bench::registerCondition();
#ifdef QANAT_BENCH_MONITOR
    Bench::registerMonitor();
#endif
#ifdef QANAT_BENCH_HTTP
    Bench::registerHttp();
#endif
#ifdef QANAT_BENCH_STORAGE
    Bench::registerStorage();
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
