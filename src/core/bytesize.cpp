// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <Qanat/core/bytesize.h>

#include "quantity_p.h"

#include <limits>

namespace Qanat {

namespace {

const Quantity &sizes()
{
    static const Quantity quantity{
        u"size",
        u"a number and one of the units B, kB, MB, GB, KiB, MiB, GiB, such as 20kB or 1.5MiB",
        u"it is finer than a byte",
        u"it is too large",
        {{u"GiB", qint64(1) << 30},
         {u"GB", 1'000'000'000},
         {u"MiB", 1 << 20},
         {u"MB", 1'000'000},
         {u"KiB", 1 << 10},
         {u"kB", 1000},
         {u"B", 1}},
        std::numeric_limits<qint64>::max() / 16};
    return quantity;
}

} // namespace

Result<qint64> parseByteSize(QStringView text)
{
    return sizes().parse(text);
}

QString formatByteSize(qint64 bytes)
{
    return bytes == 0 ? QStringLiteral("0B") : sizes().format(bytes);
}

} // namespace Qanat
