// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "sqlitestore_p.h"

#include "Qanat/storage/durablequeue.h"
#include "pagescan_p.h"

#include <QtCore/qendian.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>

#include <sqlite3.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

// Of the write-ahead log, before its pages go into the file.
constexpr const char *Settings = "PRAGMA locking_mode=EXCLUSIVE;" // No file of shared memory.
                                 "PRAGMA auto_vacuum=INCREMENTAL;" // Before there are tables.
                                 "PRAGMA journal_mode=WAL;"
                                 "PRAGMA synchronous=FULL;"
                                 "PRAGMA secure_delete=ON;"
                                 "PRAGMA wal_autocheckpoint=1000;"
                                 "PRAGMA journal_size_limit=4194304;"
                                 "PRAGMA temp_store=MEMORY;"
                                 "PRAGMA cache_size=-10240;"; // What one transaction adds, and one takes out.

constexpr const char *Tables =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE event (number INTEGER PRIMARY KEY, accepted INTEGER NOT NULL, event BLOB NOT NULL, checksum INTEGER "
    "NOT NULL);"
    "CREATE TABLE dead_letter (id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, time INTEGER NOT NULL,"
    " event BLOB NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE TABLE contents (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL, next INTEGER NOT "
    "NULL);"
    "INSERT INTO contents VALUES (1, 0, 0, 1);"
    "PRAGMA application_id=1365339745;" // ApplicationId
    "PRAGMA user_version=1;"
    "COMMIT;";

// It is not worth the time to give that back to the disk.
constexpr qint64 LittleToKeep = 1024 * 1024;

constexpr qint64 ApplicationId = 0x51616e61; // "Qana"

// Rows of the three tables, as they are found in a damaged file.
constexpr qsizetype EventColumns = 4;
constexpr qsizetype LetterColumns = 5;

} // namespace

SqliteStore::SqliteStore(const QString &folder)
    : m_folder(QFileInfo(folder).absoluteFilePath())
{
}

SqliteStore::~SqliteStore() = default;

quint32 SqliteStore::checksum(quint64 number, qint64 time, QByteArrayView event)
{
    const std::array<quint64, 2> numbers = {qToLittleEndian(number), qToLittleEndian(quint64(time))};
    uLong sum = ::crc32(0, reinterpret_cast<const Bytef *>(numbers.data()), sizeof(numbers));
    sum = ::crc32_z(sum, reinterpret_cast<const Bytef *>(event.data()), z_size_t(event.size()));
    return quint32(sum);
}

Delivery SqliteStore::failure(const QString &text) const
{
    return Delivery::failed(Delivery::Error::Storage, text);
}

Delivery SqliteStore::failure(int code)
{
    if (code == SQLITE_MISMATCH)
        return failure(DurableQueue::tr("%1: was written by a newer version of Qanat").arg(file()));
    m_isDamaged = m_isDamaged || SqliteConnection::isDamage(code);
    return failure(file() + u": "_s + m_connection.errorText());
}

Delivery SqliteStore::open()
{
    if (const QString error = m_folder.take(); !error.isEmpty())
        return failure(error);
    if (m_connection.isOpen() && FolderAccess::identityOf(file()) != m_identity) {
        if (const QString error = rescue(); !error.isEmpty())
            return failure(error);
    }
    if (m_connection.isOpen() && !m_isDamaged && FolderAccess::identityOf(file()) == m_identity)
        return Delivery::delivered(); // It was full, and is as it was.
    disconnect();
    if (const QString error = FolderAccess::prepareFile(file()); !error.isEmpty())
        return failure(file() + u": "_s + error);
    int code = m_isDamaged ? SQLITE_CORRUPT : connect();
    if (SqliteConnection::isDamage(code))
        code = setAside();
    if (code != SQLITE_OK) {
        const Delivery failed = failure(code);
        disconnect();
        return failed;
    }
    m_identity = FolderAccess::identityOf(file());
    m_wasOpen = true;
    return Delivery::delivered();
}

int SqliteStore::connect()
{
    // SQLite follows no link, be it one of a directory far above.
    const QString place = QFileInfo(QFileInfo(file()).path()).canonicalFilePath() + u"/events.db"_s;
    if (const int code = m_connection.open(place); code != SQLITE_OK)
        return code;
    if (const int code = m_connection.execute(Settings); code != SQLITE_OK)
        return code;
    if (const int code = prepareTables(); code != SQLITE_OK)
        return code;
    m_begin = m_connection.prepare("BEGIN IMMEDIATE");
    m_commit = m_connection.prepare("COMMIT");
    m_add = m_connection.prepare("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?)");
    m_remove = m_connection.prepare("DELETE FROM event WHERE number BETWEEN ? AND ?");
    m_addLetter = m_connection.prepare("INSERT INTO dead_letter (number, time, event, checksum) VALUES (?, ?, ?, ?)");
    m_read = m_connection.prepare(
        "SELECT number, accepted, event, checksum FROM event WHERE number >= ? ORDER BY number LIMIT ?");
    m_note = m_connection.prepare("UPDATE contents SET count = ?, bytes = ?, next = ? WHERE id = 1");

    SqliteStatement contents = m_connection.prepare("SELECT count, bytes, next FROM contents WHERE id = 1");
    const int code = contents.step();
    if (code != SQLITE_ROW)
        return code == SQLITE_DONE ? SQLITE_CORRUPT : code;
    const qint64 next = contents.integer(2);
    if (!m_wasOpen) {
        m_contents = {contents.integer(0), contents.integer(1), quint64(next), 0};
        return SQLITE_OK;
    }
    // It is not known how the last transaction ended. Who asks for it goes by what is known, and does it again.
    contents.reset();
    SqliteStatement surplus = m_connection.prepare("DELETE FROM event WHERE number >= ?");
    surplus.bind(0, qint64(m_contents.next));
    if (const int removed = surplus.run(); removed != SQLITE_OK)
        return removed;
    qint64 count = 0;
    qint64 bytes = 0;
    if (const int counted = m_connection.query("SELECT count(*) FROM event", &count); counted != SQLITE_OK)
        return counted;
    if (const int counted = m_connection.query("SELECT coalesce(sum(length(event)), 0) FROM event", &bytes);
        counted != SQLITE_OK)
        return counted;
    m_contents.count = count;
    m_contents.bytes = bytes;
    return noteContents();
}

int SqliteStore::prepareTables()
{
    qint64 version = 0;
    qint64 application = 0;
    qint64 tables = 0;
    if (const int code = m_connection.query("PRAGMA user_version", &version); code != SQLITE_OK)
        return code;
    if (const int code = m_connection.query("PRAGMA application_id", &application); code != SQLITE_OK)
        return code;
    if (const int code = m_connection.query("SELECT count(*) FROM sqlite_schema", &tables); code != SQLITE_OK)
        return code;
    if (tables == 0)
        return m_connection.execute(Tables);
    if (application != ApplicationId)
        return SQLITE_NOTADB;
    return version > Version ? SQLITE_MISMATCH : version == Version ? SQLITE_OK : SQLITE_NOTADB;
}

void SqliteStore::disconnect()
{
    for (SqliteStatement *statement : {&m_begin, &m_commit, &m_add, &m_remove, &m_addLetter, &m_read, &m_note})
        *statement = {};
    m_connection.close();
}

Delivery SqliteStore::apply(const Changes &changes)
{
    // Without the reserve what is added now could never be taken away again.
    if (!changes.added.isEmpty() && !m_folder.keepReserve()) {
        if (m_contents.count == 0)
            shrink();
        if (!m_folder.keepReserve())
            return failure(DurableQueue::tr("%1: the disk is full").arg(file()));
    }
    const Contents before = m_contents;
    int code = m_connection.isOpen() ? change(changes) : SQLITE_CANTOPEN;
    if (SqliteConnection::isFull(code)) {
        // What is taken away makes room, but needs some first: for the pages of the log in the file, and for its own in the log.
        const Delivery full = failure(code);
        m_contents = before;
        rollBack();
        m_folder.giveReserve();
        static_cast<void>(m_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
        if (!changes.added.isEmpty())
            return full;
        code = change(changes);
        if (code == SQLITE_OK)
            static_cast<void>(m_connection.execute("PRAGMA incremental_vacuum(1024); PRAGMA wal_checkpoint(TRUNCATE)"));
    }
    if (code != SQLITE_OK) {
        const Delivery failed = failure(code);
        m_contents = before;
        rollBack();
        // Of a full disk the connection is as it was; after other failures nothing is sure.
        if (!SqliteConnection::isFull(code))
            disconnect();
        return failed;
    }
    if (FolderAccess::identityOf(file()) != m_identity) {
        m_contents = before;
        return failure(DurableQueue::tr("%1: was removed or replaced by somebody").arg(file()));
    }
    m_most = std::max(m_most, m_contents.bytes);
    if (m_contents.count == 0 && m_most > LittleToKeep)
        shrink();
    return Delivery::delivered();
}

void SqliteStore::rollBack()
{
    if (m_connection.isInTransaction())
        static_cast<void>(m_connection.execute("ROLLBACK"));
}

int SqliteStore::change(const Changes &changes)
{
    if (const int code = m_begin.run(); code != SQLITE_OK)
        return code;
    for (const Range &range : changes.removed) {
        m_remove.bind(0, qint64(range.first));
        m_remove.bind(1, qint64(range.first + quint64(range.count) - 1));
        if (const int code = m_remove.run(); code != SQLITE_OK)
            return code;
        m_contents.count -= m_connection.changes();
    }
    m_contents.bytes -= changes.removedBytes;
    for (const Row &letter : changes.deadLetters) {
        if (const int code = put(m_addLetter, letter); code != SQLITE_OK)
            return code;
    }
    for (const Row &row : changes.added) {
        if (const int code = put(m_add, row); code != SQLITE_OK)
            return code;
        m_contents.bytes += row.event.size();
    }
    m_contents.count += changes.added.size();
    if (!changes.added.isEmpty())
        m_contents.next = changes.added.constLast().number + 1;
    if (const int code = noteContents(); code != SQLITE_OK)
        return code;
    return m_commit.run();
}

int SqliteStore::put(SqliteStatement &statement, const Row &row)
{
    statement.bind(0, qint64(row.number));
    statement.bind(1, row.acceptedAt);
    statement.bind(2, QByteArrayView(row.event));
    statement.bind(3, qint64(checksum(row.number, row.acceptedAt, row.event)));
    return statement.run();
}

int SqliteStore::noteContents()
{
    m_note.bind(0, m_contents.count);
    m_note.bind(1, m_contents.bytes);
    m_note.bind(2, qint64(m_contents.next));
    return m_note.run();
}

// What is not needed any more goes back to the disk: a part at a time, since even that takes room in the log.
void SqliteStore::shrink()
{
    const auto freePages = [this] {
        qint64 count = 0;
        static_cast<void>(m_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
        static_cast<void>(m_connection.query("PRAGMA freelist_count", &count));
        return count;
    };
    qint64 before = std::numeric_limits<qint64>::max();
    for (qint64 now = freePages(); now > 0 && now < before; now = freePages()) {
        before = now;
        static_cast<void>(m_connection.execute("PRAGMA incremental_vacuum(1000)"));
    }
    m_most = 0;
}

Result<QList<EventStore::Row>> SqliteStore::read(quint64 from, qsizetype events, qint64 bytes)
{
    QList<Row> rows;
    m_read.bind(0, qint64(from));
    m_read.bind(1, qint64(events));
    int code = SQLITE_ROW;
    while ((code = m_read.step()) == SQLITE_ROW) {
        Row row{quint64(m_read.integer(0)), m_read.integer(1), m_read.bytes(2).toByteArray()};
        bytes -= row.event.size();
        if (bytes < 0 && !rows.isEmpty())
            break;
        // What is damaged without that SQLite knows can be read by nobody.
        if (m_read.integer(3) != qint64(checksum(row.number, row.acceptedAt, row.event)))
            row.event.fill(0);
        rows.append(std::move(row));
    }
    m_read.reset();
    if (code != SQLITE_DONE && code != SQLITE_ROW && rows.isEmpty())
        return Failure{failure(code).errorText()};
    return rows;
}

Delivery SqliteStore::purge()
{
    const int code = m_connection.execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    return code == SQLITE_OK ? Delivery::delivered() : failure(code);
}

void SqliteStore::close()
{
    disconnect();
    m_folder.release();
}

// A file that somebody has removed keeps what is in it as long as it is open here: it gets a name again. Why that failed.
QString SqliteStore::rescue()
{
    const QString rescued = m_folder.file(u"events.db-rescued"_s);
    QFile::remove(rescued);
    if (const QString error = FolderAccess::prepareFile(rescued); !error.isEmpty())
        return rescued + u": "_s + error;
    const QByteArray quoted = QString(rescued).replace(u'\'', u"''"_s).toUtf8();
    const QByteArray into = "VACUUM INTO '" + quoted + '\'';
    if (m_connection.execute(into.constData()) != SQLITE_OK)
        return rescued + u": "_s + m_connection.errorText();
    if (!FolderAccess::syncFile(rescued))
        return DurableQueue::tr("%1: cannot be written").arg(rescued);
    // A file that was put in its place, and the log of the one that is gone, do not belong to it.
    if (QFileInfo::exists(file()) && !QFile::rename(file(), m_folder.freeName(u"events-replaced"_s, u".db"_s)))
        return DurableQueue::tr("%1: is in the way").arg(file());
    QFile::remove(file() + u"-wal"_s);
    if (!QFile::rename(rescued, file()))
        return DurableQueue::tr("%1: cannot get the name %2").arg(rescued, file());
    FolderAccess::syncFolder(QFileInfo(file()).path());
    return {};
}

/* --- Damage ------------------------------------------------------------------------------------------------------------ */

int SqliteStore::setAside()
{
    disconnect();
    const QString damaged = m_folder.freeName(u"events-damaged"_s, u".db"_s);
    if (!QFile::rename(file(), damaged))
        return SQLITE_CANTOPEN;
    if (QFileInfo::exists(file() + u"-wal"_s))
        QFile::rename(file() + u"-wal"_s, damaged + u"-wal"_s);
    m_isDamaged = false;
    if (const QString error = FolderAccess::prepareFile(file()); !error.isEmpty())
        return SQLITE_CANTOPEN;
    const Contents known = m_contents;
    const bool wasOpen = std::exchange(m_wasOpen, false);
    int code = connect();
    if (code == SQLITE_OK)
        code = salvage(damaged);
    if (wasOpen) {
        m_contents.next = std::max(m_contents.next, known.next);
        m_contents.damaged = std::max(known.count - m_contents.count, qint64(0));
    }
    m_wasOpen = wasOpen;
    return code == SQLITE_OK ? noteContents() : code;
}

// Takes over all that can be read, by its checksums.
int SqliteStore::salvage(const QString &damaged)
{
    int code = m_begin.run();
    qint64 expected = 0;
    quint64 next = 1;
    PageScan::scan(damaged, [&](const PageScan::Row &row) {
        const auto integer = [&row](qsizetype column) { return row.columns[column].integer; };
        if (code != SQLITE_OK)
            return;
        if (row.columns.size() == EventColumns && !row.columns[2].isInteger) {
            const Row event{quint64(row.rowid), integer(1), row.columns[2].bytes};
            if (integer(3) != qint64(checksum(event.number, event.acceptedAt, event.event)))
                return;
            code = put(m_add, event);
            next = std::max(next, event.number + 1);
        } else if (row.columns.size() == EventColumns) {
            expected = integer(1);
            next = std::max(next, quint64(integer(3)));
        } else if (row.columns.size() == LetterColumns && !row.columns[3].isInteger) {
            const Row letter{quint64(integer(1)), integer(2), row.columns[3].bytes};
            if (integer(4) == qint64(checksum(letter.number, letter.acceptedAt, letter.event)))
                code = put(m_addLetter, letter);
        }
    });
    if (code != SQLITE_OK)
        return code;
    if ((code = m_connection.query("SELECT count(*) FROM event", &m_contents.count)) != SQLITE_OK)
        return code;
    if ((code = m_connection.query("SELECT coalesce(sum(length(event)), 0) FROM event", &m_contents.bytes))
        != SQLITE_OK)
        return code;
    m_contents.next = next;
    m_contents.damaged = std::max(expected - m_contents.count, qint64(0));
    if ((code = noteContents()) != SQLITE_OK)
        return code;
    return m_commit.run();
}

} // namespace Qanat
