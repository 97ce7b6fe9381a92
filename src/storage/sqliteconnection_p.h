// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_STORAGE_SQLITECONNECTION_P_H
#define QANAT_STORAGE_SQLITECONNECTION_P_H

#include <QtCore/qbytearray.h>
#include <QtCore/qbytearrayview.h>
#include <QtCore/qstring.h>

#include <memory>

struct sqlite3;
struct sqlite3_file;
struct sqlite3_stmt;

namespace Qanat {

// A prepared statement. Parameters and columns count from 0.
class SqliteStatement
{
public:
    SqliteStatement() = default;
    SqliteStatement(sqlite3 *connection, const char *sql);

    void bind(int parameter, qint64 value);
    // The bytes have to stay until run() or reset().
    void bind(int parameter, QByteArrayView bytes);

    // To the next row: SQLITE_ROW, SQLITE_DONE or what has failed.
    int step();
    // Without rows, and ready for the next time: SQLITE_OK or what has failed.
    int run();
    void reset();

    [[nodiscard]] qint64 integer(int column) const;
    // As long as the row is there.
    [[nodiscard]] QByteArrayView bytes(int column) const;

private:
    struct Finalize
    {
        void operator()(sqlite3_stmt *statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> m_statement;
    int m_failure = 0; // Why there is none: to prepare it the schema has to be read.
};

/*
 * A connection to a database of SQLite, which is the only one. All functions answer with a code of SQLite.
 */
class SqliteConnection
{
public:
    [[nodiscard]] int open(const QString &file);
    void close() { m_connection.reset(); }
    // What is in the log is not brought into the file when it is closed.
    void leaveLogAtClose();
    [[nodiscard]] bool isOpen() const { return bool(m_connection); }

    [[nodiscard]] int execute(const char *sql);
    /*
     * Writes the first \a size bytes of the write-ahead log once more, to where they are, and sees them safe. After a sync that failed the system shows as
     * written what is not on the disk, and a later sync does not write it; what is added behind that would be lost with it.
     */
    [[nodiscard]] int renewLog(qint64 size);
    /*
     * Makes the log as large as it may become, with zeros. To sync what is written over takes half as long as what makes a file larger:
     * the system has nothing to note about the file. Where there is no room it stays as it is, which is no failure.
     */
    [[nodiscard]] int extendLog(qint64 size);
    // The first column of the first row.
    [[nodiscard]] int query(const char *sql, qint64 *value);
    [[nodiscard]] SqliteStatement prepare(const char *sql) { return {m_connection.get(), sql}; }
    // How many rows the last statement changed.
    [[nodiscard]] qint64 changes() const;
    [[nodiscard]] bool isInTransaction() const;

    // Of the last failure, for people.
    [[nodiscard]] QString errorText() const;
    // Of a code where nothing is open.
    [[nodiscard]] static QString textOf(int code);
    // The file is not, or no longer, a database.
    [[nodiscard]] static bool isDamage(int code);
    [[nodiscard]] static bool isFull(int code);

private:
    struct Close
    {
        void operator()(sqlite3 *connection) const;
    };
    [[nodiscard]] int findLog(sqlite3_file **log);

    std::unique_ptr<sqlite3, Close> m_connection;
    int m_logFailure = 0; // Of these two, which SQLite does not hear of.
};

} // namespace Qanat

#endif
