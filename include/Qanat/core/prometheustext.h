// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_PROMETHEUSTEXT_H
#define QANAT_CORE_PROMETHEUSTEXT_H

#include <Qanat/core/pipelinenode.h>
#include <Qanat/core/qanatcore_export.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qlist.h>

namespace Qanat {

/*!
 * The counters of all sinks in a picture as Prometheus reads them: its text format 0.0.4, to be served as
 * `text/plain; version=0.0.4; charset=utf-8` or written to a file for a collector. Any thread.
 *
 * Each sample has three labels: `sink`, the name, or the kind where there is none; `kind`; and `path`, the way from the root
 * with slashes between the names. Of siblings with one name the second ends in `#2`, so that no two places share a path: a
 * name of one's own for each sink gives it the same path for life. A sink in two places is there twice, so sum over `path`
 * with care. Control characters in names become U+FFFD. The texts of errors are left out: each would be a series of its own.
 */
[[nodiscard]] QANAT_CORE_EXPORT QByteArray prometheusText(const PipelineNode &root);
//! The same for several roots in one text, where their paths differ, too. Empty without roots.
[[nodiscard]] QANAT_CORE_EXPORT QByteArray prometheusText(const QList<PipelineNode> &roots);

} // namespace Qanat

#endif
