// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "jsonarray_p.h"

namespace Qanat {

std::optional<QList<QByteArrayView>> itemsOfJsonArray(QByteArrayView json)
{
    json = json.trimmed();
    if (json.size() < 2 || json.front() != '[' || json.back() != ']')
        return std::nullopt;
    json = json.sliced(1, json.size() - 2);

    QList<QByteArrayView> items;
    if (json.trimmed().isEmpty())
        return items;
    qsizetype begin = 0;
    int depth = 0;
    bool isInText = false;
    for (qsizetype i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (isInText) {
            if (c == '\\')
                ++i;
            isInText = c != '"';
        } else if (c == '"') {
            isInText = true;
        } else if (c == '[' || c == '{') {
            ++depth;
        } else if (c == ']' || c == '}') {
            if (--depth < 0)
                return std::nullopt;
        } else if (c == ',' && depth == 0) {
            items.append(json.sliced(begin, i - begin));
            begin = i + 1;
        }
    }
    if (isInText || depth != 0)
        return std::nullopt;
    items.append(json.sliced(begin));
    return items;
}

} // namespace Qanat
