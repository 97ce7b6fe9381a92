// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_STORAGESCENARIO_H
#define QANAT_TESTS_STORAGESCENARIO_H

#include "durableprogram.h"

#include <QtCore/qtemporarydir.h>

#include <sqlite3.h>

namespace Qanat {

// What is said of a fault depends on where it hits.
inline void beQuietAboutFaults()
{
    QLoggingCategory::setFilterRules(QStringLiteral("qanat.storage=false\nqanat.sink=false"));
}

// A folder that is used by one program after the other.
class Spool
{
public:
    Spool()
    {
        elsewhere([this] {
            m_folder = std::make_unique<QTemporaryDir>();
            m_disk = std::make_unique<FaultyDisk>(path());
        });
    }
    ~Spool()
    {
        elsewhere([this] { m_folder.reset(); });
    }
    Q_DISABLE_COPY_MOVE(Spool)

    [[nodiscard]] QString path() const { return m_folder->filePath(QStringLiteral("spool")); }
    [[nodiscard]] FaultyDisk &disk() const { return *m_disk; }
    void restore(FaultyDisk::Survivors survivors, quint32 seed)
    {
        elsewhere([&] { m_disk->restore(survivors, seed); });
    }
    // The first column of the first row, when no program runs.
    [[nodiscard]] qint64 valueOf(const char *sql) const
    {
        qint64 value = -1;
        elsewhere([&] {
            const QString file = QStringLiteral("file:%1/events.db?immutable=1").arg(path());
            sqlite3 *connection = nullptr;
            sqlite3_stmt *statement = nullptr;
            sqlite3_open_v2(file.toUtf8().constData(), &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
            sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr);
            if (sqlite3_step(statement) == SQLITE_ROW)
                value = sqlite3_column_int64(statement, 0);
            sqlite3_finalize(statement);
            sqlite3_close(connection);
        });
        return value;
    }

    Ledger ledger;

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FaultyDisk> m_disk;
};

inline QList<Event> withBadOnes(qsizetype count, qsizetype bad)
{
    QList<Event> events = someEvents(count);
    for (qsizetype i = 0; i < bad; ++i)
        events[count / (bad + 1) * (i + 1)].setType(QStringLiteral("bad"));
    return events;
}

// Opens, stores several batches, delivers a part, and closes. A fault makes it go on, not end.
inline void firstRun(Spool &spool, const std::function<void()> &beforeTheEnd = {})
{
    DurableProgram program(spool.disk(), spool.path(), spool.ledger);
    program.send(someEvents(40));
    program.flush();
    program.send({Event(QStringLiteral("large"), QByteArray(30'000, 'x'))});
    program.send(withBadOnes(20, 2));
    program.flush();
    program.deliver(30);
    program.send(someEvents(10));
    program.deliver(25);
    program.flush();
    if (beforeTheEnd)
        beforeTheEnd();
    program.end();
}

// Delivers all that there is.
inline void lastRun(Spool &spool)
{
    DurableProgram program(spool.disk(), spool.path(), spool.ledger);
    program.deliverAll();
    program.end();
}

// Of what was written each has one fate, and the store is empty.
inline void settle(Spool &spool)
{
    Ledger &ledger = spool.ledger;
    qint64 refused = 0;
    for (const Ledger::Entry &entry : std::as_const(ledger.entries)) {
        const bool isThrough = entry.delivered + entry.refused > 0;
        ledger.expect(isThrough || entry.isDropped,
                      entry.isStored ? QStringLiteral("stored, and lost") : QStringLiteral("lost in silence"));
        ledger.expect(!(isThrough && entry.isDropped) || entry.isUnsure, QStringLiteral("dropped, and not dropped"));
        refused += entry.refused > 0;
    }
    ledger.expect(spool.valueOf("SELECT count(*) FROM event") == 0, QStringLiteral("the store is not empty"));
    ledger.expect(spool.valueOf("SELECT count FROM contents") == 0, QStringLiteral("the count is wrong"));
    ledger.expect(spool.valueOf("SELECT bytes FROM contents") == 0, QStringLiteral("the bytes are wrong"));
    const qint64 letters = spool.valueOf("SELECT count(*) FROM dead_letter");
    ledger.expect(letters == refused, QStringLiteral("%1 dead letters of %2").arg(letters).arg(refused));
}

} // namespace Qanat

#endif
