// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include <QtCore/qglobal.h>

#include "workerdispatcher_p.h"

namespace Qanat {

// There threads wait for messages of the system, too.
WorkerDispatcher WorkerDispatcher::create(Pump *)
{
    return {};
}

} // namespace Qanat
