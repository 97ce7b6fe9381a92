// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_STORAGE_SQLITESTORE_P_H
#define QANAT_STORAGE_SQLITESTORE_P_H

#include "Qanat/core/eventstore.h"
#include "spoolfolder_p.h"
#include "sqliteconnection_p.h"

namespace Qanat {

/*
 * Events in a database of SQLite: one connection, in WAL mode with synchronous=FULL, in a directory that only this process uses.
 */
class SqliteStore final : public EventStore
{
public:
    explicit SqliteStore(const QString &folder);
    ~SqliteStore() override;

    Delivery open() override;
    Contents contents() const override { return m_contents; }
    Delivery apply(const Changes &changes) override;
    Result<QList<Row>> read(quint64 from, qsizetype events, qint64 bytes) override;
    Result<QList<Row>> readDeadLetters(quint64 after, qsizetype letters, qint64 bytes) override;
    Delivery purge() override;
    bool tidy() override;
    void hurry() override;
    void close() override;

private:
    static constexpr qint64 Version = 2;

    [[nodiscard]] int connect(const QString &name);
    // The file and its log.
    struct Files
    {
        FileState database;
        FileState log;
    };
    [[nodiscard]] Files files() const;
    [[nodiscard]] bool areInPlace(const Files &now) const;
    [[nodiscard]] bool areAsTheyWere(const Files &now) const;
    [[nodiscard]] Delivery write(const Changes &changes);
    [[nodiscard]] int checkKind();
    [[nodiscard]] int prepareTables();
    [[nodiscard]] int readContents();
    [[nodiscard]] int count();
    [[nodiscard]] int change(const Changes &changes);
    [[nodiscard]] int removeLetters(const Range &range);
    [[nodiscard]] Result<QList<Row>> readRows(SqliteStatement &statement, quint64 from, qsizetype most, qint64 bytes);
    [[nodiscard]] static int put(SqliteStatement &statement, const Row &row);
    static void bind(SqliteStatement &statement, int place, const Row &row);
    [[nodiscard]] int noteContents();
    [[nodiscard]] QString rescue();
    [[nodiscard]] int setAside();
    [[nodiscard]] int salvage(const QString &damaged, const Contents *known);
    void removeFresh() const;
    void moveIntoPlace(const QString &aside) const;
    void rollBack();
    void disconnect();
    bool shrink();
    [[nodiscard]] qint64 freePages();
    [[nodiscard]] QString file() const { return m_folder.file(QStringLiteral("events.db")); }
    [[nodiscard]] QString freshFile() const { return m_folder.file(QStringLiteral("events.db-fresh")); }
    [[nodiscard]] Delivery failure(int code);
    [[nodiscard]] Delivery failure(const QString &text) const;
    static quint32 checksum(quint64 number, qint64 time, QByteArrayView event);
    static quint32 checksum(const Contents &contents);

    SpoolFolder m_folder;
    SqliteConnection m_connection;
    SqliteStatement m_begin;
    SqliteStatement m_commit;
    SqliteStatement m_add;
    SqliteStatement m_addMany;
    SqliteStatement m_remove;
    SqliteStatement m_addLetter;
    SqliteStatement m_removeLetters;
    SqliteStatement m_weighLetters;
    SqliteStatement m_read;
    SqliteStatement m_readLetters;
    SqliteStatement m_note;
    Contents m_contents;
    Files m_files; // Those that are open, when they were last written.
    bool m_isDamaged = false;
    bool m_isShrinking = false;
    bool m_hasExtendedLog = false;
    bool m_wasOpen = false; // What is in it is known.
    qint64 m_lostLetters = 0; // At the last salvage.
};

} // namespace Qanat

#endif
