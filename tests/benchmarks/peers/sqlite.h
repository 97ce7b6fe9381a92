// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_BENCHMARKS_SQLITE_H
#define QANAT_BENCHMARKS_SQLITE_H

#include <QtCore/qbytearray.h>
#include <QtCore/qlist.h>

#include <memory>

struct sqlite3;
struct sqlite3_stmt;

namespace Bench {

/*
 * Encoded events in a database of SQLite, as somebody writes it with its C API who knows how: prepared statements, and the
 * settings of a DurableQueue; without its checksums and without a row that tells what is there.
 */
class BareDatabase
{
public:
    explicit BareDatabase(const QString &file);
    ~BareDatabase();
    Q_DISABLE_COPY_MOVE(BareDatabase)

    // One transaction. Whether it worked.
    bool store(qint64 first, const QByteArray *events, qsizetype count);
    // The same, which deletes all before the first, too.
    bool replace(qint64 first, const QByteArray *events, qsizetype count);

private:
    struct Close
    {
        void operator()(sqlite3 *connection) const;
    };
    struct Finalize
    {
        void operator()(sqlite3_stmt *statement) const;
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

    [[nodiscard]] Statement prepare(const char *sql) const;
    [[nodiscard]] bool add(qint64 first, const QByteArray *events, qsizetype count) const;

    std::unique_ptr<sqlite3, Close> m_connection;
    Statement m_begin;
    Statement m_commit;
    Statement m_add;
    Statement m_remove;
    bool m_isOpen = false;
};

// How many rows each transaction of this process adds to a table `event`, for connections that are opened while it exists.
class Transactions
{
public:
    Transactions();
    ~Transactions();
    Q_DISABLE_COPY_MOVE(Transactions)

    // Those that have added some, since the last time that this was called.
    [[nodiscard]] QList<qint64> take();
};

} // namespace Bench

#endif
