// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "sqlite.h"

#include <QtCore/qdatetime.h>
#include <QtCore/qstring.h>

#include <sqlite3.h>

#include <cstring>
#include <mutex>
#include <utility>

namespace Bench {

namespace {

constexpr const char *Settings =
    "PRAGMA locking_mode=EXCLUSIVE;"
    "PRAGMA auto_vacuum=INCREMENTAL;"
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA secure_delete=ON;"
    "PRAGMA wal_autocheckpoint=1000;"
    "PRAGMA journal_size_limit=4194304;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-10240;"
    "CREATE TABLE event (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, event BLOB NOT NULL);";

// A statement without rows.
bool run(sqlite3_stmt *statement)
{
    const int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE;
}

} // namespace

/* --- BareDatabase ------------------------------------------------------------------------------------------------------ */

void BareDatabase::Close::operator()(sqlite3 *connection) const
{
    sqlite3_close_v2(connection);
}

void BareDatabase::Finalize::operator()(sqlite3_stmt *statement) const
{
    sqlite3_finalize(statement);
}

BareDatabase::BareDatabase(const QString &file)
{
    sqlite3 *connection = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(file.toUtf8().constData(), &connection, flags, nullptr);
    m_connection.reset(connection);
    if (code != SQLITE_OK || sqlite3_exec(connection, Settings, nullptr, nullptr, nullptr) != SQLITE_OK)
        return;
    m_begin = prepare("BEGIN IMMEDIATE");
    m_commit = prepare("COMMIT");
    m_add = prepare("INSERT INTO event VALUES (?, ?, ?)");
    m_remove = prepare("DELETE FROM event WHERE number < ?");
    m_isOpen = true;
}

BareDatabase::~BareDatabase() = default;

BareDatabase::Statement BareDatabase::prepare(const char *sql) const
{
    sqlite3_stmt *statement = nullptr;
    sqlite3_prepare_v3(m_connection.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    return Statement(statement);
}

bool BareDatabase::store(qint64 first, const QByteArray *events, qsizetype count)
{
    return m_isOpen && run(m_begin.get()) && add(first, events, count) && run(m_commit.get());
}

bool BareDatabase::replace(qint64 first, const QByteArray *events, qsizetype count)
{
    if (!m_isOpen || !run(m_begin.get()))
        return false;
    sqlite3_bind_int64(m_remove.get(), 1, first);
    return run(m_remove.get()) && add(first, events, count) && run(m_commit.get());
}

bool BareDatabase::add(qint64 first, const QByteArray *events, qsizetype count) const
{
    sqlite3_stmt *const statement = m_add.get();
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    for (qsizetype i = 0; i < count; ++i) {
        sqlite3_bind_int64(statement, 1, first + i);
        sqlite3_bind_int64(statement, 2, now);
        sqlite3_bind_blob64(statement, 3, events[i].constData(), sqlite3_uint64(events[i].size()), SQLITE_STATIC);
        if (!run(statement))
            return false;
    }
    return true;
}

/* --- Transactions ------------------------------------------------------------------------------------------------------ */

namespace {

// SQLite calls functions, with nothing of ours.
std::mutex mutex;
QList<qint64> sizes;
qint64 added = 0;

void noteRow(void *, int operation, const char *, const char *table, sqlite3_int64)
{
    const std::lock_guard lock(mutex);
    if (operation == SQLITE_INSERT && std::strcmp(table, "event") == 0)
        ++added;
}

int noteCommit(void *)
{
    const std::lock_guard lock(mutex);
    if (const qint64 count = std::exchange(added, 0); count > 0)
        sizes.append(count);
    return 0;
}

int watch(sqlite3 *connection, const char **, const struct sqlite3_api_routines *)
{
    sqlite3_update_hook(connection, noteRow, nullptr);
    sqlite3_commit_hook(connection, noteCommit, nullptr);
    return SQLITE_OK;
}

using Extension = void (*)();

} // namespace

Transactions::Transactions()
{
    sqlite3_auto_extension(reinterpret_cast<Extension>(watch));
}

Transactions::~Transactions()
{
    sqlite3_cancel_auto_extension(reinterpret_cast<Extension>(watch));
}

QList<qint64> Transactions::take()
{
    const std::lock_guard lock(mutex);
    return std::exchange(sizes, {});
}

} // namespace Bench
