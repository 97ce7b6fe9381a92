// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_STOREIMAGE_H
#define QANAT_TESTS_STOREIMAGE_H

#include "faultydisk.h"

#include <Qanat/DeadLetters>

#include <QtCore/qfile.h>
#include <QtCore/qtemporarydir.h>

#include <sqlite3.h>

namespace Qanat {

// What a store has on its disk, when no program runs: as SQLite finds it, in a copy.
struct StoreImage
{
    struct Row
    {
        QString id;
        size_t digest = 0;
        bool isFull = false; // A dead letter that had to make room.
    };

    explicit StoreImage(const QString &folder)
    {
        const QTemporaryDir copy;
        for (const char *name : {"events.db", "events.db-wal"})
            QFile::copy(folder + u'/' + QLatin1String(name), copy.filePath(QLatin1String(name)));
        sqlite3 *connection = nullptr;
        sqlite3_open_v2(copy.filePath(QStringLiteral("events.db")).toUtf8().constData(), &connection,
                        SQLITE_OPEN_READWRITE, FaultyDisk::nameOfRealVfs());
        sqlite3_exec(connection, "PRAGMA synchronous=OFF", nullptr, nullptr, nullptr); // Nobody needs the copy.
        qint64 eventBytes = 0;
        qint64 letterBytes = 0;
        events = rowsOf(connection, "SELECT event FROM event ORDER BY number", &eventBytes);
        letters = rowsOf(connection, "SELECT event FROM dead_letter ORDER BY id", &letterBytes);
        sqlite3_stmt *statement = nullptr;
        sqlite3_prepare_v2(connection, "SELECT position, held, count, bytes, letters, letter_bytes FROM contents", -1,
                           &statement, nullptr);
        if (sqlite3_step(statement) == SQLITE_ROW) {
            position = QByteArray(static_cast<const char *>(sqlite3_column_blob(statement, 0)),
                                  sqlite3_column_bytes(statement, 0))
                           .toLongLong();
            isHeld = sqlite3_column_int(statement, 1) != 0;
            areCountsRight = sqlite3_column_int64(statement, 2) == events.size()
                             && sqlite3_column_int64(statement, 3) == eventBytes
                             && sqlite3_column_int64(statement, 4) == letters.size()
                             && sqlite3_column_int64(statement, 5) == letterBytes;
        } else {
            areCountsRight = events.isEmpty() && letters.isEmpty(); // It was never opened.
        }
        sqlite3_finalize(statement);
        sqlite3_close(connection);
    }

    QList<Row> events;
    QList<Row> letters;
    qint64 position = 0;
    bool isHeld = false;
    bool areCountsRight = false;

private:
    static QList<Row> rowsOf(sqlite3 *connection, const char *sql, qint64 *bytes)
    {
        QList<Row> rows;
        sqlite3_stmt *statement = nullptr;
        sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const QByteArray cbor(static_cast<const char *>(sqlite3_column_blob(statement, 0)),
                                  sqlite3_column_bytes(statement, 0));
            *bytes += cbor.size();
            const DeadLetter letter = DeadLetter::fromEvent(Event::fromCbor(cbor).value());
            rows.append({letter.event.id(), digestOf(letter.event), letter.error == Delivery::Error::Full});
        }
        sqlite3_finalize(statement);
        return rows;
    }

public:
    static size_t digestOf(const Event &event) { return qHash(event.toCbor().value()); }
};

} // namespace Qanat

#endif
