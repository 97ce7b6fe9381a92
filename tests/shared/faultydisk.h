// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_FAULTYDISK_H
#define QANAT_TESTS_FAULTYDISK_H

#include <QtCore/qstring.h>

#include <chrono>
#include <memory>

namespace Qanat {

/*
 * The disk of a folder, as SQLite sees it: fails when told to, is full, takes long, or loses its power. As long as one exists, SQLite
 * does its work through a VFS of its own. The folder need not exist yet. All functions may be called from any thread.
 *
 * It knows for each file what a sync has made safe. What came after that is in the file, as with a real system, and may be lost
 * at a power cut. What a sync that failed should have made safe is never made safe by a later one: the system takes it for written. Which files
 * there are is safe at once. (Syncs never go to the real disk.)
 */
class FaultyDisk
{
public:
    enum class Call : quint8 { Open, Read, Write, Sync, Truncate, Delete };
    // Whether it goes on: until heal().
    enum class Fault : quint8 { Passing, Lasting };
    // What of that which no sync has made safe survives a power cut.
    enum class Survivors : quint8 {
        None,
        Beginning, // In the order in which it was written, and a part of the last write.
        Some, // Any sectors of 512 bytes, and torn ones.
        All, // As when only the program crashes.
    };

    explicit FaultyDisk(const QString &folder);
    ~FaultyDisk();
    Q_DISABLE_COPY_MOVE(FaultyDisk)

    // For who wants to look at the files as they are.
    static const char *nameOfRealVfs();

    // The \a number-th call of that kind from now on fails: 1 is the next. Whether it has come to that.
    void fail(Call call, int number, Fault fault);
    [[nodiscard]] bool hasFailed() const;
    // Whether something was added to a write-ahead log after a sync of it had failed, without that it was opened anew.
    [[nodiscard]] bool wentOnAfterAFailedSync() const;
    // A lasting fault heals by itself after so many failures.
    void setMostFailures(int number);
    // Nothing fails any more or will, and nothing is limited or takes long. Whether something had failed is forgotten.
    void heal();

    // All files together, and the file "reserve", may have so many bytes. \a code is what SQLite says of that: SQLITE_FULL, if not set.
    void setLimit(qint64 bytes, int code = 0);
    // How many they have.
    [[nodiscard]] qint64 size() const;

    void setSyncTime(std::chrono::milliseconds time);
    // How many syncs have begun, and how many have ended.
    [[nodiscard]] int syncsBegun() const;
    [[nodiscard]] int syncsEnded() const;

    // Whoever opens a file waits until release().
    void holdOpening();
    void release();

    // The power is cut at the \a number-th write, sync, truncation or deletion from now on, or at once with 0: from then on all calls fail.
    void cut(int number = 0);
    // At the \a number-th one after the next failure.
    void cutAfterFailure(int number);
    [[nodiscard]] bool isCut() const;
    // It is back. To be called when no file is open.
    void restore(Survivors survivors, quint32 seed);
    // As it is now, cut, so that it can be restored in several ways: it goes back to that. Both when no file is open.
    void remember();
    void goBack();
    // How many files are open.
    [[nodiscard]] int openFiles() const;

private:
    friend class FaultyVfs;
    class State;
    const std::shared_ptr<State> d;
};

} // namespace Qanat

#endif
