// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_JSONARRAY_P_H
#define QANAT_HTTP_JSONARRAY_P_H

#include <QtCore/qbytearrayview.h>
#include <QtCore/qlist.h>

#include <optional>

namespace Qanat {

/*!
 * The texts of the items of a JSON array, to be parsed one by one. Nothing where it is no array; what is wrong inside of an item, or
 * an item that is empty, is for its parser to find. The views are of \a json.
 */
[[nodiscard]] std::optional<QList<QByteArrayView>> itemsOfJsonArray(QByteArrayView json);

} // namespace Qanat

#endif
