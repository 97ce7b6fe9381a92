// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_QUANTITY_P_H
#define QANAT_CORE_QUANTITY_P_H

#include <Qanat/core/result.h>

#include <QtCore/qstringview.h>

#include <vector>

namespace Qanat {

// A kind of thing that is written as a number and a unit.
struct Quantity
{
    struct Unit
    {
        QStringView name;
        qint64 factor; // So many of the smallest.
    };

    QStringView noun; // "duration"
    QStringView hint; // What is written instead of a wrong one.
    QStringView tooFine; // What it is where a fraction is left.
    QStringView tooMuch; // And where it is more than the most.
    std::vector<Unit> units; // From the largest to the smallest.
    qint64 most;

    // The number of smallest units. Nothing is rounded.
    [[nodiscard]] Result<qint64> parse(QStringView text) const;
    // With the largest unit that needs no fraction.
    [[nodiscard]] QString format(qint64 number) const;

private:
    [[nodiscard]] Failure failure(QStringView text, QStringView reason) const;
};

} // namespace Qanat

#endif
