// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_DOCUMENT_H
#define QANAT_BENCHMARKS_DOCUMENT_H

#include "figures.h"

// What people read.
namespace Document {

// The table of goals, and how the cost grows, in Markdown.
QString tables(const Figures &figures, int rounds);
// How long single writes took, as lines for people.
QString histogram(const Figures &figures);
// The machine, the compiler, the versions, and what was measured when: \a revision is that of the sources, or empty.
QString machine(const QString &revision);
// Where the rows of storage put their files.
QString fileSystem();
// Events per second against producers and queues, as SVG.
QString plot(const Figures &figures);

// Puts the text between the marks of a file. Answers what is wrong, or nothing.
QString replaceIn(const QString &fileName, const QString &text);

} // namespace Document

#endif
