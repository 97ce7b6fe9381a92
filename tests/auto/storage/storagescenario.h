// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_STORAGESCENARIO_H
#define QANAT_TESTS_STORAGESCENARIO_H

#include "durableprogram.h"

#include <QtCore/qfileinfo.h>
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
            m_folder = makeFolder();
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
    // One way in which the power comes back: the program has written that to its ledger until then.
    void restore(const Ledger &before, FaultyDisk::Survivors survivors, quint32 seed)
    {
        ledger = before;
        elsewhere([&] {
            m_disk->goBack();
            m_disk->restore(survivors, seed);
            m_disk->heal();
        });
    }
    // The columns of the first row, when no program runs.
    [[nodiscard]] std::vector<qint64> valuesOf(const char *sql) const
    {
        std::vector<qint64> values;
        elsewhere([&] {
            const QString file = QStringLiteral("file:%1/events.db?immutable=1").arg(path());
            sqlite3 *connection = nullptr;
            sqlite3_stmt *statement = nullptr;
            sqlite3_open_v2(file.toUtf8().constData(), &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
            sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr);
            if (sqlite3_step(statement) == SQLITE_ROW) {
                for (int column = 0; column < sqlite3_column_count(statement); ++column)
                    values.push_back(sqlite3_column_int64(statement, column));
            }
            sqlite3_finalize(statement);
            sqlite3_close(connection);
        });
        return values;
    }

    Ledger ledger;

private:
    // The disk is simulated, and the real one may be busy with other things for longer than a destructor waits. So what is below is
    // memory, where the system has a place for that.
    static std::unique_ptr<QTemporaryDir> makeFolder()
    {
        const QFileInfo memory(QStringLiteral("/dev/shm"));
        if (!memory.isDir() || !memory.isWritable())
            return std::make_unique<QTemporaryDir>();
        return std::make_unique<QTemporaryDir>(memory.filePath() + QStringLiteral("/qanat-XXXXXX"));
    }

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
    const std::vector<qint64> values = spool.valuesOf("SELECT (SELECT count(*) FROM event), count, bytes, letters,"
                                                      " (SELECT count(*) FROM dead_letter) FROM contents");
    ledger.expect(values.size() == 5, QStringLiteral("there is no store"));
    if (values.size() != 5)
        return;
    ledger.expect(values[0] == 0, QStringLiteral("the store is not empty"));
    ledger.expect(values[1] == 0, QStringLiteral("the count is wrong"));
    ledger.expect(values[2] == 0, QStringLiteral("the bytes are wrong"));
    ledger.expect(values[3] == values[4], QStringLiteral("the count of dead letters is wrong"));
    ledger.expect(values[4] == refused, QStringLiteral("%1 dead letters of %2").arg(values[4]).arg(refused));
}

} // namespace Qanat

#endif
