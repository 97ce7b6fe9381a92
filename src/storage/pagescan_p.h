// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_STORAGE_PAGESCAN_P_H
#define QANAT_STORAGE_PAGESCAN_P_H

#include <QtCore/qbytearray.h>
#include <QtCore/qlist.h>
#include <QtCore/qstring.h>

#include <functional>

namespace Qanat {

// What the write-ahead log of a database holds ("Database File Format", section 4).
struct LogScan
{
    qint64 size =
        0; // Up to the end of the last frame that follows on those before it. What comes then is old, or is nothing.
    /*
     * A transaction is there behind a frame that is damaged, and another one behind that: since each is synchronised before the next one
     * begins, that is no end of the power, and SQLite, which stops at the first frame that is damaged, would pass in silence what was safe.
     */
    bool isBroken = false;

    // Of the log of the database \a file, where there is one.
    static LogScan of(const QString &file);
};

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
