// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "sqlitestore_p.h"

#include "Qanat/storage/durablequeue.h"
#include "pagescan_p.h"

#include <QtCore/qendian.h>
#include <QtCore/qfile.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qloggingcategory.h>

#include <sqlite3.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

using namespace Qt::StringLiterals;

namespace Qanat {

namespace {

Q_LOGGING_CATEGORY(qanatStore, "qanat.storage", QtWarningMsg) // That of the library below, which keeps it to itself.

// Of the write-ahead log, before its pages go into the file.
constexpr const char *Alone = "PRAGMA locking_mode=EXCLUSIVE"; // No file of shared memory.
constexpr const char *SettingOfNew = "PRAGMA auto_vacuum=INCREMENTAL"; // Is kept in the file, and written each time.
constexpr const char *Settings = "PRAGMA journal_mode=WAL;"
                                 "PRAGMA synchronous=FULL;"
                                 "PRAGMA secure_delete=ON;"
                                 "PRAGMA wal_autocheckpoint=1000;"
                                 "PRAGMA journal_size_limit=4194304;" // LogSize
                                 "PRAGMA temp_store=MEMORY;"
                                 "PRAGMA cache_size=-10240;"; // What one transaction adds, and one takes out.

constexpr const char *Tables =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE event (number INTEGER PRIMARY KEY, accepted INTEGER NOT NULL, event BLOB NOT NULL, checksum INTEGER "
    "NOT NULL);"
    "CREATE TABLE dead_letter (id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, time INTEGER NOT NULL,"
    " event BLOB NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE TABLE contents (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL, next INTEGER NOT "
    "NULL, letters INTEGER NOT NULL, letter_bytes INTEGER NOT NULL, position BLOB NOT NULL, held INTEGER NOT NULL,"
    " checksum INTEGER NOT NULL);"
    "INSERT INTO contents VALUES (1, 0, 0, 1, 0, 0, x'', 0, 0);"
    "PRAGMA application_id=1365339745;" // ApplicationId
    "PRAGMA user_version=2;"
    "COMMIT;";

// From the version before to the next one. Each of them stays here for good.
constexpr std::array<const char *, 1> Migrations = {
    // 1 to 2
    "BEGIN IMMEDIATE;"
    "ALTER TABLE contents ADD COLUMN letters INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE contents ADD COLUMN letter_bytes INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE contents ADD COLUMN position BLOB NOT NULL DEFAULT x'';"
    "ALTER TABLE contents ADD COLUMN held INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE contents ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;"
    "PRAGMA user_version=2;"
    "COMMIT;"};

constexpr const char *Bytes = "SELECT coalesce(sum(length(event)), 0) FROM event";

constexpr qint64 LogSize = 4 * 1024 * 1024; // A thousand pages and their headers.

constexpr int RowsAtOnce = 16;

// It is not worth the time to give that back to the disk.
constexpr qint64 LittleToKeep = 1024 * 1024;
constexpr qint64 PageSize = 4096; // SQLite's own choice for a new file.

constexpr qint64 ApplicationId = 0x51616e61; // "Qana"

// Rows of the three tables, as they are found in a damaged file.
constexpr qsizetype EventColumns = 4;
constexpr qsizetype LetterColumns = 5;
constexpr qsizetype ContentsColumns = 9;

} // namespace

SqliteStore::SqliteStore(const QString &folder)
    : m_folder(QFileInfo(folder).absoluteFilePath())
{
}

SqliteStore::~SqliteStore() = default;

quint32 SqliteStore::checksum(const Contents &contents)
{
    std::array<qint64, 5> numbers = {contents.count, contents.bytes, contents.deadLetters, contents.deadLetterBytes,
                                     contents.isHeld};
    for (qint64 &number : numbers)
        number = qToLittleEndian(number);
    const uLong sum = ::crc32(0, reinterpret_cast<const Bytef *>(numbers.data()), sizeof(numbers));
    return checksum(contents.next, qint64(sum), contents.position);
}

quint32 SqliteStore::checksum(quint64 number, qint64 time, QByteArrayView event)
{
    const std::array<quint64, 2> numbers = {qToLittleEndian(number), qToLittleEndian(quint64(time))};
    uLong sum = ::crc32(0, reinterpret_cast<const Bytef *>(numbers.data()), sizeof(numbers));
    if (!event.isEmpty()) // Without bytes it would begin anew.
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
    if (code == SQLITE_AUTH)
        return failure(DurableQueue::tr("%1: is a database of another program").arg(file()));
    m_isDamaged = m_isDamaged || SqliteConnection::isDamage(code);
    return failure(file() + u": "_s
                   + (m_connection.isOpen() ? m_connection.errorText() : SqliteConnection::textOf(code)));
}

Delivery SqliteStore::open()
{
    if (const QString error = m_folder.take(); !error.isEmpty())
        return failure(error);
    if (m_connection.isOpen() && !areAsTheyWere(files())) {
        if (const QString error = rescue(); !error.isEmpty())
            return failure(error);
        disconnect();
    }
    if (m_connection.isOpen() && !m_isDamaged)
        return Delivery::delivered(); // It was full, and is as it was.
    disconnect();
    // An end came just before it got its name.
    if (!QFileInfo::exists(file()) && QFileInfo::exists(freshFile()))
        moveIntoPlace(m_folder.freeName(u"events-damaged"_s, u".db"_s));
    // Without the file SQLite would remove its log, where all of the events may be.
    const FileState present = FolderAccess::stateOf(file());
    if ((!present.exists() || present.size == 0) && LogScan::of(file()).size > 0)
        m_isDamaged = true;
    if (const QString error = FolderAccess::prepareFile(file()); !error.isEmpty())
        return failure(file() + u": "_s + error);
    int code = m_isDamaged ? SQLITE_CORRUPT : connect(file());
    if (SqliteConnection::isDamage(code))
        code = setAside();
    if (code != SQLITE_OK) {
        const Delivery failed = failure(code);
        // Where renewLog() has failed, a later synchronisation says that the log is on the disk, and a close would bring it into the file.
        m_connection.leaveLogAtClose();
        disconnect();
        return failed;
    }
    m_files = files();
    m_wasOpen = true;
    return Delivery::delivered();
}

SqliteStore::Files SqliteStore::files() const
{
    return {FolderAccess::stateOf(file()), FolderAccess::stateOf(file() + u"-wal"_s)};
}

// Whether what is open has the names that it had.
bool SqliteStore::areInPlace(const Files &now) const
{
    return now.database.isSameFile(m_files.database) && (!m_files.log.exists() || now.log.isSameFile(m_files.log));
}

// Whether nobody else has touched what is open: what follows a log that was cut off could not be found again.
bool SqliteStore::areAsTheyWere(const Files &now) const
{
    return areInPlace(now) && now.database == m_files.database && now.log == m_files.log;
}

int SqliteStore::connect(const QString &name)
{
    // SQLite follows no link, be it one of a directory far above.
    const QFileInfo info(name);
    const QString place = QFileInfo(info.path()).canonicalFilePath() + u'/' + info.fileName();
    const LogScan log = LogScan::of(place);
    if (log.isBroken)
        return SQLITE_CORRUPT;
    if (const int code = m_connection.open(place); code != SQLITE_OK)
        return code;
    if (const int code = m_connection.execute(Alone); code != SQLITE_OK)
        return code;
    qint64 pages = 0;
    if (const int code = m_connection.query("PRAGMA page_count", &pages); code != SQLITE_OK)
        return code;
    if (const int code = pages == 0 ? m_connection.execute(SettingOfNew) : checkKind(); code != SQLITE_OK)
        return code;
    if (const int code = m_connection.execute(Settings); code != SQLITE_OK)
        return code;
    // Of the run before, which may have ended with a disk that failed, or of the connection before, which did.
    if (const int code = m_connection.renewLog(log.size); code != SQLITE_OK)
        return code;
    if (const int code = prepareTables(); code != SQLITE_OK)
        return code;
    m_begin = m_connection.prepare("BEGIN IMMEDIATE");
    m_commit = m_connection.prepare("COMMIT");
    QByteArray add = "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?)";
    m_add = m_connection.prepare(add.constData());
    for (int i = 1; i < RowsAtOnce; ++i)
        add += ",(?, ?, ?, ?)";
    m_addMany = m_connection.prepare(add.constData());
    m_remove = m_connection.prepare("DELETE FROM event WHERE number BETWEEN ? AND ?");
    // Not again, where a transaction had happened that seemed to fail: then its event is gone.
    m_addLetter = m_connection.prepare("INSERT INTO dead_letter (number, time, event, checksum) SELECT ?1, ?2, ?3, ?4"
                                       " WHERE EXISTS (SELECT 1 FROM event WHERE number = ?1)");
    m_read = m_connection.prepare(
        "SELECT number, accepted, event, checksum, number FROM event WHERE number >= ? ORDER BY number LIMIT ?");
    m_removeLetters = m_connection.prepare("DELETE FROM dead_letter WHERE id BETWEEN ? AND ?");
    m_weighLetters = m_connection.prepare(
        "SELECT count(*), coalesce(sum(length(event)), 0) FROM dead_letter WHERE id BETWEEN ? AND ?");
    m_readLetters = m_connection.prepare(
        "SELECT number, time, event, checksum, id FROM dead_letter WHERE id >= ? ORDER BY id LIMIT ?");
    m_note = m_connection.prepare("UPDATE contents SET count = ?, bytes = ?, next = ?, letters = ?, letter_bytes = ?,"
                                  " position = ?, held = ?, checksum = ? WHERE id = 1");
    return readContents();
}

// After a failure, too, what stands there is what is there: a transaction came to its end or did not.
int SqliteStore::readContents()
{
    SqliteStatement row = m_connection.prepare(
        "SELECT count, bytes, next, letters, letter_bytes, position, held, checksum FROM contents WHERE id = 1");
    const int code = row.step();
    if (code != SQLITE_ROW)
        return code == SQLITE_DONE ? SQLITE_CORRUPT : code;
    m_contents = {};
    m_contents.count = row.integer(0);
    m_contents.bytes = row.integer(1);
    m_contents.next = quint64(row.integer(2));
    m_contents.deadLetters = row.integer(3);
    m_contents.deadLetterBytes = row.integer(4);
    m_contents.position = row.bytes(5).toByteArray();
    m_contents.isHeld = row.integer(6) != 0;
    if (row.integer(7) == qint64(checksum(m_contents)))
        return SQLITE_OK;
    // Of an older version, or damaged: what cannot be counted anew is not to be trusted.
    row.reset();
    qint64 last = 0;
    if (const int queried = m_connection.query("SELECT coalesce(max(number), 0) FROM event", &last);
        queried != SQLITE_OK)
        return queried;
    const quint64 least = quint64(std::max(last, qint64(0))) + 1;
    constexpr quint64 most = std::numeric_limits<qint64>::max() / 2;
    m_contents.next = m_contents.next < most ? std::max(m_contents.next, least) : least;
    m_contents.position.clear();
    return count();
}

int SqliteStore::count()
{
    const std::array<std::pair<const char *, qint64 *>, 4> queries = {{
        {"SELECT count(*) FROM event", &m_contents.count},
        {Bytes, &m_contents.bytes},
        {"SELECT count(*) FROM dead_letter", &m_contents.deadLetters},
        {"SELECT coalesce(sum(length(event)), 0) FROM dead_letter", &m_contents.deadLetterBytes},
    }};
    for (const auto &[query, value] : queries) {
        if (const int code = m_connection.query(query, value); code != SQLITE_OK)
            return code;
    }
    return noteContents();
}

// Before anything is changed in it: one that is not ours stays as it is. One that was ours is damaged.
int SqliteStore::checkKind()
{
    qint64 application = 0;
    qint64 tables = 0;
    qint64 own = 0;
    if (const int code = m_connection.query("PRAGMA application_id", &application); code != SQLITE_OK)
        return code;
    if (const int code = m_connection.query("SELECT count(*) FROM sqlite_schema", &tables); code != SQLITE_OK)
        return code;
    if (application == ApplicationId || tables == 0)
        return SQLITE_OK;
    const int code = m_connection.query(
        "SELECT count(*) FROM sqlite_schema WHERE name IN ('event', 'dead_letter', 'contents')", &own);
    return code != SQLITE_OK ? code : own > 0 ? SQLITE_NOTADB : SQLITE_AUTH;
}

int SqliteStore::prepareTables()
{
    qint64 version = 0;
    qint64 tables = 0;
    if (const int code = m_connection.query("PRAGMA user_version", &version); code != SQLITE_OK)
        return code;
    if (const int code = m_connection.query("SELECT count(*) FROM sqlite_schema", &tables); code != SQLITE_OK)
        return code;
    if (tables == 0)
        return m_connection.execute(Tables);
    if (version < 1)
        return SQLITE_NOTADB;
    if (version > Version)
        return SQLITE_MISMATCH;
    for (; version < Version; ++version) {
        const int code = m_connection.execute(Migrations[size_t(version - 1)]);
        if (code != SQLITE_OK) {
            rollBack();
            return code;
        }
    }
    return SQLITE_OK;
}

void SqliteStore::disconnect()
{
    for (SqliteStatement *statement : {&m_begin, &m_commit, &m_add, &m_addMany, &m_remove, &m_addLetter,
                                       &m_removeLetters, &m_weighLetters, &m_read, &m_readLetters, &m_note})
        *statement = {};
    m_connection.close();
}

Delivery SqliteStore::apply(const Changes &changes)
{
    const auto misplaced = [this] {
        return failure(DurableQueue::tr("%1: was removed or replaced by somebody").arg(file()));
    };
    if (m_connection.isOpen()) {
        const Files now = files();
        if (!areInPlace(now))
            return misplaced();
        if (!areAsTheyWere(now))
            return failure(DurableQueue::tr("%1: it, or its log, was changed by somebody").arg(file()));
    }
    const Contents before = m_contents;
    const Delivery written = write(changes);
    const Files now = files();
    if (areInPlace(now)) {
        m_files = now;
    } else if (!written.isFailure()) {
        m_contents = before;
        return misplaced();
    }
    return written;
}

Delivery SqliteStore::write(const Changes &changes)
{
    // Without the reserve what is added now could never be taken away again.
    if (!changes.added.isEmpty() && !m_folder.keepReserve()) {
        while (m_contents.count == 0 && shrink()) { }
        if (!m_folder.keepReserve())
            return failure(DurableQueue::tr("%1: the disk is full").arg(file()));
    }
    // Once: where that was undone since there was no room, it was needed for other things.
    int code = m_connection.isOpen() ? SQLITE_OK : SQLITE_CANTOPEN;
    if (code == SQLITE_OK && !changes.added.isEmpty() && !std::exchange(m_hasExtendedLog, true))
        code = m_connection.extendLog(LogSize);
    const Contents before = m_contents;
    if (code == SQLITE_OK)
        code = change(changes);
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
        if (!SqliteConnection::isFull(code)) {
            // One that is full for this user or this program only says so in other words.
            if (changes.added.isEmpty())
                m_folder.giveReserve();
            // What is in the log may not be on the disk, whatever a later sync says: it must not come into the file before renewLog().
            m_connection.leaveLogAtClose();
            disconnect();
        }
        return failed;
    }
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
    for (const Row &letter : changes.deadLetters) {
        if (const int code = put(m_addLetter, letter); code != SQLITE_OK)
            return code;
        if (m_connection.changes() == 0)
            continue;
        ++m_contents.deadLetters;
        m_contents.deadLetterBytes += letter.event.size();
    }
    bool areAllThere = true;
    for (const Range &range : changes.removed) {
        m_remove.bind(0, qint64(range.first));
        m_remove.bind(1, qint64(range.first + quint64(range.count) - 1));
        if (const int code = m_remove.run(); code != SQLITE_OK)
            return code;
        m_contents.count -= m_connection.changes();
        areAllThere = areAllThere && m_connection.changes() == range.count;
    }
    m_contents.bytes -= changes.removedBytes;
    if (const int code = removeLetters(changes.removedDeadLetters); code != SQLITE_OK)
        return code;
    for (qsizetype i = 0; i < changes.added.size();) {
        // Many with one statement: that saves a third of the time.
        const bool areMany = changes.added.size() - i >= RowsAtOnce;
        SqliteStatement &statement = areMany ? m_addMany : m_add;
        const int count = areMany ? RowsAtOnce : 1;
        for (int j = 0; j < count; ++j, ++i) {
            bind(statement, j, changes.added.at(i));
            m_contents.bytes += changes.added.at(i).event.size();
        }
        if (const int code = statement.run(); code != SQLITE_OK)
            return code;
        m_contents.count += m_connection.changes();
        areAllThere = areAllThere && m_connection.changes() == count;
    }
    // What was removed was not there, or what is added was: a transaction had happened that seemed to fail.
    if (!areAllThere) {
        if (const int code = m_connection.query(Bytes, &m_contents.bytes); code != SQLITE_OK)
            return code;
    }
    if (!changes.added.isEmpty())
        m_contents.next = std::max(m_contents.next, changes.added.constLast().number + 1);
    m_contents.position = changes.position.value_or(m_contents.position);
    m_contents.isHeld = changes.held.value_or(m_contents.isHeld);
    if (const int code = noteContents(); code != SQLITE_OK)
        return code;
    return m_commit.run();
}

int SqliteStore::removeLetters(const Range &range)
{
    if (range.count == 0)
        return SQLITE_OK;
    for (SqliteStatement *statement : {&m_weighLetters, &m_removeLetters}) {
        statement->bind(0, qint64(range.first));
        statement->bind(1, qint64(range.first + quint64(range.count) - 1));
    }
    if (const int code = m_weighLetters.step(); code != SQLITE_ROW)
        return code;
    m_contents.deadLetters -= m_weighLetters.integer(0);
    m_contents.deadLetterBytes -= m_weighLetters.integer(1);
    m_weighLetters.reset();
    return m_removeLetters.run();
}

int SqliteStore::put(SqliteStatement &statement, const Row &row)
{
    bind(statement, 0, row);
    return statement.run();
}

void SqliteStore::bind(SqliteStatement &statement, int place, const Row &row)
{
    const int first = place * int(EventColumns);
    statement.bind(first, qint64(row.number));
    statement.bind(first + 1, row.acceptedAt);
    statement.bind(first + 2, QByteArrayView(row.event));
    statement.bind(first + 3, qint64(checksum(row.number, row.acceptedAt, row.event)));
}

int SqliteStore::noteContents()
{
    m_note.bind(0, m_contents.count);
    m_note.bind(1, m_contents.bytes);
    m_note.bind(2, qint64(m_contents.next));
    m_note.bind(3, m_contents.deadLetters);
    m_note.bind(4, m_contents.deadLetterBytes);
    m_note.bind(5, QByteArrayView(m_contents.position));
    m_note.bind(6, m_contents.isHeld ? 1 : 0);
    m_note.bind(7, qint64(checksum(m_contents)));
    return m_note.run();
}

bool SqliteStore::tidy()
{
    const qint64 tooLittle = m_isShrinking ? 0 : LittleToKeep;
    if (!m_connection.isOpen() || !areAsTheyWere(files()) || freePages() * PageSize <= tooLittle)
        return m_isShrinking = false;
    m_folder.giveReserve(); // That takes room, too: where there is none it would never be given back.
    m_isShrinking = shrink();
    m_files = files();
    if (!m_connection.isOpen())
        static_cast<void>(open()); // It failed. Where it cannot be opened either, the next apply() says so.
    return m_isShrinking;
}

qint64 SqliteStore::freePages()
{
    qint64 count = 0;
    static_cast<void>(m_connection.query("PRAGMA freelist_count", &count));
    return count;
}

// What is not needed any more goes back to the disk: a part of it, since even that takes room in the log. Whether there is more.
bool SqliteStore::shrink()
{
    const qint64 before = freePages();
    const int code = m_connection.execute(
        "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA incremental_vacuum(1000); PRAGMA wal_checkpoint(TRUNCATE)");
    if (code != SQLITE_OK && !SqliteConnection::isFull(code)) {
        // As in write().
        m_connection.leaveLogAtClose();
        disconnect();
        return false;
    }
    const qint64 now = freePages();
    return now > 0 && now < before;
}

Result<QList<EventStore::Row>> SqliteStore::read(quint64 from, qsizetype events, qint64 bytes)
{
    return readRows(m_read, from, events, bytes);
}

Result<QList<EventStore::Row>> SqliteStore::readDeadLetters(quint64 after, qsizetype letters, qint64 bytes)
{
    return readRows(m_readLetters, after + 1, letters, bytes);
}

// Number, time and event with their checksum, and the key by which the table is in order.
Result<QList<EventStore::Row>> SqliteStore::readRows(SqliteStatement &statement, quint64 from, qsizetype most,
                                                     qint64 bytes)
{
    QList<Row> rows;
    statement.bind(0, qint64(from));
    statement.bind(1, qint64(most));
    int code = SQLITE_ROW;
    while ((code = statement.step()) == SQLITE_ROW) {
        Row row{quint64(statement.integer(0)), statement.integer(1), statement.bytes(2).toByteArray()};
        bytes -= row.event.size();
        if (bytes < 0 && !rows.isEmpty())
            break;
        // What is damaged without that SQLite knows can be read by nobody.
        if (statement.integer(3) != qint64(checksum(row.number, row.acceptedAt, row.event)))
            row.event.fill(0);
        row.number = quint64(statement.integer(4));
        rows.append(std::move(row));
    }
    statement.reset();
    if (code != SQLITE_DONE && code != SQLITE_ROW && rows.isEmpty())
        return Failure{failure(code).errorText()};
    return rows;
}

Delivery SqliteStore::purge()
{
    m_folder.removeOld();
    const int code = m_connection.execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    m_files = files();
    return code == SQLITE_OK ? Delivery::delivered() : failure(code);
}

// The log stays as it is.
void SqliteStore::hurry()
{
    m_connection.leaveLogAtClose();
}

void SqliteStore::close()
{
    disconnect();
    m_folder.release();
}

// A file that somebody has removed keeps what is in it as long as it is open here: it gets a name again. So does one that was cut off,
// as long as the rest is in memory; else it is set aside. Why that failed.
QString SqliteStore::rescue()
{
    const QString rescued = m_folder.file(u"events.db-rescued"_s);
    QFile::remove(rescued);
    if (const QString error = FolderAccess::prepareFile(rescued); !error.isEmpty())
        return rescued + u": "_s + error;
    const QByteArray quoted = QString(rescued).replace(u'\'', u"''"_s).toUtf8();
    const QByteArray into = "VACUUM INTO '" + quoted + '\'';
    if (const int code = m_connection.execute(into.constData()); code != SQLITE_OK) {
        const QString error = rescued + u": "_s + m_connection.errorText();
        // Where the file has its name it is set aside.
        m_isDamaged = m_isDamaged || SqliteConnection::isDamage(code) || code == SQLITE_IOERR_SHORT_READ;
        m_connection.leaveLogAtClose();
        QFile::remove(rescued);
        return m_isDamaged && areInPlace(files()) ? QString() : error;
    }
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

// What can be read goes into a file of its own, which gets the name when it has all: whatever comes before that, nothing is lost.
int SqliteStore::setAside()
{
    disconnect();
    removeFresh();
    const Contents known = m_contents;
    const bool wasOpen = std::exchange(m_wasOpen, false);
    int code = FolderAccess::prepareFile(freshFile()).isEmpty() ? connect(freshFile()) : SQLITE_CANTOPEN;
    if (code == SQLITE_OK)
        code = salvage(file(), wasOpen ? &known : nullptr);
    qint64 isBusy = 0;
    if (code == SQLITE_OK)
        code = m_connection.query("PRAGMA wal_checkpoint(TRUNCATE)", &isBusy);
    const qint64 damaged = m_contents.damaged;
    disconnect();
    m_wasOpen = wasOpen;
    if (code == SQLITE_OK && (isBusy != 0 || !FolderAccess::syncFile(freshFile())))
        code = SQLITE_IOERR;
    if (code != SQLITE_OK) {
        removeFresh();
        m_contents = known;
        if (SqliteConnection::isFull(code))
            m_folder.giveReserve();
        return code;
    }
    const QString aside = m_folder.freeName(u"events-damaged"_s, u".db"_s);
    if (!QFile::rename(file(), aside))
        return SQLITE_CANTOPEN;
    moveIntoPlace(aside);
    m_isDamaged = false;
    code = connect(file());
    m_contents.damaged = damaged;
    if (code == SQLITE_OK)
        qCCritical(qanatStore,
                   "%ls: was damaged, and is %ls now; %lld events and %lld dead letters of it could be read and go on, "
                   "%lld and %lld could not",
                   qUtf16Printable(file()), qUtf16Printable(QFileInfo(aside).fileName()), m_contents.count,
                   m_contents.deadLetters, damaged, m_lostLetters);
    return code;
}

void SqliteStore::removeFresh() const
{
    QFile::remove(freshFile());
    QFile::remove(freshFile() + u"-wal"_s);
}

// The log belongs to the file that was there before.
void SqliteStore::moveIntoPlace(const QString &aside) const
{
    if (QFileInfo::exists(file() + u"-wal"_s))
        QFile::rename(file() + u"-wal"_s, aside + u"-wal"_s);
    QFile::rename(freshFile(), file());
    FolderAccess::syncFolder(QFileInfo(file()).path());
}

// Takes over all that can be read, by its checksums.
int SqliteStore::salvage(const QString &damaged, const Contents *known)
{
    // They keep the numbers by which they are known.
    SqliteStatement addLetter = m_connection.prepare(
        "INSERT OR IGNORE INTO dead_letter (number, time, event, checksum, id) VALUES (?, ?, ?, ?, ?)");
    int code = m_begin.run();
    Contents found;
    quint64 next = 1;
    PageScan::scan(damaged, [&](const PageScan::Row &row) {
        const auto integer = [&row](qsizetype column) { return row.columns[column].integer; };
        if (code != SQLITE_OK)
            return;
        if (row.columns.size() == ContentsColumns && !row.columns[6].isInteger) {
            Contents contents;
            contents.count = integer(1);
            contents.bytes = integer(2);
            contents.next = quint64(integer(3));
            contents.deadLetters = integer(4);
            contents.deadLetterBytes = integer(5);
            contents.position = row.columns[6].bytes;
            contents.isHeld = integer(7) != 0;
            if (integer(8) != qint64(checksum(contents)) || contents.next < found.next)
                return;
            found = contents;
            next = std::max(next, found.next);
        } else if (row.columns.size() == EventColumns && !row.columns[2].isInteger) {
            const Row event{quint64(row.rowid), integer(1), row.columns[2].bytes};
            if (integer(3) != qint64(checksum(event.number, event.acceptedAt, event.event)))
                return;
            code = put(m_add, event);
            next = std::max(next, event.number + 1);
        } else if (row.columns.size() == EventColumns) {
            found.count = integer(1); // Of version 1.
            next = std::max(next, quint64(integer(3)));
        } else if (row.columns.size() == LetterColumns && !row.columns[3].isInteger) {
            const Row letter{quint64(integer(1)), integer(2), row.columns[3].bytes};
            if (integer(4) != qint64(checksum(letter.number, letter.acceptedAt, letter.event)))
                return;
            addLetter.bind(int(EventColumns), row.rowid);
            code = put(addLetter, letter);
        }
    });
    if (code != SQLITE_OK)
        return code;
    const Contents &before = known ? *known : found;
    m_contents = {};
    m_contents.next = std::max(next, before.next);
    m_contents.position = before.position;
    m_contents.isHeld = before.isHeld;
    if ((code = count()) != SQLITE_OK)
        return code;
    m_contents.damaged = std::max(before.count - m_contents.count, qint64(0));
    m_lostLetters = std::max(before.deadLetters - m_contents.deadLetters, qint64(0));
    return m_commit.run();
}

} // namespace Qanat
