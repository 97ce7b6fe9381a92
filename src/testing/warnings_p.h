// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_WARNINGS_P_H
#define QANAT_TESTING_WARNINGS_P_H

#include <QtCore/qregularexpression.h>
#include <QtTest/qtest.h>

namespace Qanat {

// A warning fails the running test function, but for those that say what the library is told to do there: many functions end
// while something is on its way, or let events be dropped. The offscreen platform tells of what it cannot do.
inline void failOnUnexpectedWarnings()
{
    QTest::failOnWarning(
        QRegularExpression(QStringLiteral("^(?!.*pending when .* was destroyed|.*further drops are only counted"
                                          "|This plugin does not support )")));
}

} // namespace Qanat

#endif
