// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "sqliteconnection_p.h"

#include <sqlite3.h>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {
constexpr qsizetype PieceSize = 64 * 1024; // SQLite writes no more than 128 KiB at once.
} // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt *statement) const
{
    sqlite3_finalize(statement);
}

SqliteStatement::SqliteStatement(sqlite3 *connection, const char *sql)
{
    sqlite3_stmt *statement = nullptr;
    m_failure = sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    m_statement.reset(statement);
}

void SqliteStatement::bind(int parameter, qint64 value)
{
    sqlite3_bind_int64(m_statement.get(), parameter + 1, value);
}

void SqliteStatement::bind(int parameter, QByteArrayView bytes)
{
    // Without a pointer it would be no value at all.
    const char *const data = bytes.isEmpty() ? "" : bytes.data();
    sqlite3_bind_blob64(m_statement.get(), parameter + 1, data, sqlite3_uint64(bytes.size()), SQLITE_STATIC);
}

int SqliteStatement::step()
{
    if (m_statement)
        return sqlite3_step(m_statement.get());
    return m_failure != SQLITE_OK ? m_failure : SQLITE_MISUSE;
}

int SqliteStatement::run()
{
    const int code = step();
    reset();
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

void SqliteStatement::reset()
{
    sqlite3_reset(m_statement.get());
}

qint64 SqliteStatement::integer(int column) const
{
    return sqlite3_column_int64(m_statement.get(), column);
}

QByteArrayView SqliteStatement::bytes(int column) const
{
    const auto *const data = static_cast<const char *>(sqlite3_column_blob(m_statement.get(), column));
    return {data, qsizetype(sqlite3_column_bytes(m_statement.get(), column))};
}

void SqliteConnection::Close::operator()(sqlite3 *connection) const
{
    sqlite3_close_v2(connection);
}

int SqliteConnection::open(const QString &file)
{
    sqlite3 *connection = nullptr;
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(file.toUtf8().constData(), &connection, flags, nullptr);
    m_connection.reset(connection);
    return code;
}

void SqliteConnection::leaveLogAtClose()
{
    if (m_connection)
        sqlite3_db_config(m_connection.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

int SqliteConnection::execute(const char *sql)
{
    return sqlite3_exec(m_connection.get(), sql, nullptr, nullptr, nullptr);
}

// Nothing where there is none.
int SqliteConnection::findLog(sqlite3_file **log)
{
    const int code = sqlite3_file_control(m_connection.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, log);
    if (code != SQLITE_OK || !*log || !(*log)->pMethods)
        *log = nullptr;
    return code;
}

int SqliteConnection::extendLog(qint64 size)
{
    m_logFailure = SQLITE_OK;
    sqlite3_file *log = nullptr;
    if (const int code = findLog(&log); code != SQLITE_OK || !log)
        return code;
    const sqlite3_io_methods &its = *log->pMethods;
    sqlite3_int64 before = 0;
    int code = its.xFileSize(log, &before);
    const QByteArray zeros(PieceSize, '\0');
    for (sqlite3_int64 offset = before; offset < size && code == SQLITE_OK; offset += zeros.size())
        code = its.xWrite(log, zeros.constData(), int(std::min(size - offset, sqlite3_int64(zeros.size()))), offset);
    if (code != SQLITE_OK)
        its.xTruncate(log, before);
    else if (before < size)
        m_logFailure = its.xSync(log, SQLITE_SYNC_NORMAL);
    return m_logFailure;
}

int SqliteConnection::renewLog(qint64 size)
{
    m_logFailure = SQLITE_OK;
    sqlite3_file *log = nullptr;
    if (const int code = findLog(&log); code != SQLITE_OK || !log)
        return code;
    const sqlite3_io_methods &its = *log->pMethods;
    sqlite3_int64 present = 0; // SQLite removes one whose database is empty.
    m_logFailure = its.xFileSize(log, &present);
    size = std::min(size, qint64(present));
    QByteArray bytes(PieceSize, Qt::Uninitialized);
    for (sqlite3_int64 offset = 0; offset < size && m_logFailure == SQLITE_OK; offset += bytes.size()) {
        const int amount = int(std::min(size - offset, qint64(bytes.size())));
        m_logFailure = its.xRead(log, bytes.data(), amount, offset);
        if (m_logFailure == SQLITE_OK)
            m_logFailure = its.xWrite(log, bytes.constData(), amount, offset);
    }
    if (m_logFailure == SQLITE_OK && size > 0)
        m_logFailure = its.xSync(log, SQLITE_SYNC_NORMAL);
    return m_logFailure;
}

int SqliteConnection::query(const char *sql, qint64 *value)
{
    SqliteStatement statement = prepare(sql);
    const int code = statement.step();
    if (code == SQLITE_ROW)
        *value = statement.integer(0);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

qint64 SqliteConnection::changes() const
{
    return sqlite3_changes64(m_connection.get());
}

bool SqliteConnection::isInTransaction() const
{
    return m_connection && !sqlite3_get_autocommit(m_connection.get());
}

QString SqliteConnection::errorText() const
{
    QString text = QString::fromUtf8(m_logFailure != SQLITE_OK ? sqlite3_errstr(m_logFailure)
                                                               : sqlite3_errmsg(m_connection.get()));
    if (const int system = m_connection ? sqlite3_system_errno(m_connection.get()) : 0)
        text += u": "_s + qt_error_string(system);
    return text;
}

QString SqliteConnection::textOf(int code)
{
    return QString::fromUtf8(sqlite3_errstr(code));
}

bool SqliteConnection::isDamage(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

bool SqliteConnection::isFull(int code)
{
    return (code & 0xff) == SQLITE_FULL;
}

} // namespace Qanat
