// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_STORAGE_PAGESCAN_P_H
#define QANAT_STORAGE_PAGESCAN_P_H

#include <QtCore/qbytearray.h>
#include <QtCore/qlist.h>
#include <QtCore/qstring.h>

#include <functional>

namespace Qanat {

/*
 * Reads the rows of a damaged database, page by page, without its trees (SQLite, "Database File Format", sections 1.5, 1.6, 2.1 and 4).
 *
 * Whatever the bytes are, it ends, and takes no more memory than the largest row. What it finds need not be true: each row has to
 * carry a checksum.
 */
class PageScan
{
public:
    // What a column holds: an integer or bytes.
    struct Value
    {
        bool isInteger = false;
        qint64 integer = 0;
        QByteArray bytes;
    };
    struct Row
    {
        qint64 rowid = 0;
        QList<Value> columns; // The one that is the rowid is the integer 0.
    };

    // Calls \a visit with each row of the database \a file and of what its write-ahead log has in place of it. Of a row several versions may be found.
    static void scan(const QString &file, const std::function<void(const Row &row)> &visit);
};

} // namespace Qanat

#endif
