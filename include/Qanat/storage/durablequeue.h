// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_STORAGE_DURABLEQUEUE_H
#define QANAT_STORAGE_DURABLEQUEUE_H

#include <Qanat/core/storingqueue.h>
#include <Qanat/storage/qanatstorage_export.h>

namespace Qanat {

/*!
 * A queue whose events outlive the program, the machine's crash and a power cut: they are kept in a database of SQLite until they are delivered.
 *
 * \code
 * auto *queue = new DurableQueue(QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + u"/audit"_s,
 *                                std::make_unique<RetryingSink>(std::make_unique<HttpSink>(url), ExponentialBackoff()));
 * events->add(queue);
 * \endcode
 *
 * The directory is made with the access rights 0700, its files with 0600; links and what belongs to other users are refused. One process uses
 * it at a time: another one waits, with storageError() saying who has it, and takes over when that one is gone.
 *
 * **What is safe.** What flushed() or the receipt of an event reported as stored survives a crash of the program, of the system, and a power cut, as far as the disk
 * keeps what it said that it has written (SQLite in WAL mode with synchronous=FULL). Delivered events leave the store in the same transactions; after a crash those
 * that were in flight are delivered again, with the same id.
 *
 * **A full disk** holds up storing, not delivering: what is delivered makes room, for which a reserve of 8 MiB is kept. The log takes 4 MiB besides. **Damage** is set
 * aside: the file gets another name, what can be read of it goes on, what cannot is counted as dropped, and a message of the category qanat.storage tells it. A database
 * of another program that has the name of ours is left as it is, and storageError() says so.
 */
class QANAT_STORAGE_EXPORT DurableQueue : public StoringQueue
{
    Q_OBJECT
public:
    //! Takes over \a target, as StoringQueue does, and keeps its events in the directory \a folder, which is made where it is missing.
    explicit DurableQueue(const QString &folder, std::unique_ptr<Sink> target, QObject *parent = nullptr);
    ~DurableQueue() override;

    //! The directory.
    [[nodiscard]] QString folder() const;

private:
    const QString m_folder;
};

} // namespace Qanat

#endif
