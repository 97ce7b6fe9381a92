// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "Qanat/core/writeresult.h"

#include <QtCore/qdebug.h>
#include <QtCore/qmetaobject.h>

namespace Qanat {

QDebug operator<<(QDebug debug, WriteResult result)
{
    const QDebugStateSaver saver(debug);
    debug.nospace() << "Qanat::WriteResult("
                    << QMetaEnum::fromType<WriteResult::Status>().valueToKey(int(result.status()));
    if (!result)
        debug << ", " << result.accepted() << " accepted";
    return debug << ')';
}

} // namespace Qanat
