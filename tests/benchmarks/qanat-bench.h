// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_QANAT_BENCH_H
#define QANAT_BENCHMARKS_QANAT_BENCH_H

// Each adds the rows of one file.
namespace Bench {

void registerThroughput();
void registerLatency();
void registerCost();
void registerHttp();
void registerMonitor();
void registerStorage();

void registerQtSignal();
void registerCondition();
void registerBoost();
void registerMoodycamel();
void registerSpdlog();

} // namespace Bench

#endif
