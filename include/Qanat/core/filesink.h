// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_FILESINK_H
#define QANAT_CORE_FILESINK_H

#include <Qanat/core/limits.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>

#include <QtCore/qstring.h>

#include <chrono>
#include <memory>

namespace Qanat {

class FileSinkPrivate;

/*!
 * Appends events to a file, one line of CloudEvents JSON (Event::toJson()) for each, and begins a new file by size or age.
 *
 * \code
 * auto file = std::make_unique<FileSink>(u"/var/log/editor/events.ndjson"_s);
 * file->setMaximumFileSize(10 * 1024 * 1024);
 * events->add(std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(file), ExponentialBackoff())));
 * \endcode
 *
 * All work on the disk is done in the sink's thread, which waits for it: in a GUI it belongs behind a Queue, and behind a
 * RetryingSink, so that a disk that is full for a while loses nothing.
 *
 * | what happens | outcome |
 * |---|---|
 * | written, and flushed as flushPolicy() says | delivered |
 * | the event is invalid or not portable | Invalid or NotPortable, for good; its neighbours go on |
 * | no path is set | Storage, for good |
 * | the file cannot be opened, written or flushed: a full disk, a directory in its place, no permission | Storage, trying again can help |
 *
 * What a batch brings is written at once. Where that fails, the file is cut back to where it was and closed, so that no half
 * line stays and another try makes no duplicate; should even that fail, another try may write some events a second time. A last line
 * without an end, as a crash leaves it, is ended first: the next event begins on a line of its own.
 *
 * **The file** is made when the first event comes, in a directory that has to exist, for its owner only (0600); the
 * permissions of one that exists stay as they are. If somebody moved or removed it, a new one is begun with the next batch.
 * A symbolic link is followed: the file that it points to is written, and rotated in the directory where it is. So the
 * directory should be one that others cannot write to. What is no regular file, as /dev/stdout, is neither rotated nor cut
 * back, and may block: a pipe that nobody reads holds up the sink's thread.
 *
 * **Rotation.** A file that is too large or too old is renamed to `path.1`, what was `path.1` to `path.2`, and so on;
 * maximumFiles() of these are kept. Where renaming fails, nothing is lost: the sink goes on in the old file, beyond its limit,
 * with a warning, and tries again with the next batch.
 *
 * **One writer.** Two sinks, in one process or two, on one path are not supported: each would cut off and rotate what the other
 * writes.
 *
 * **Threads.** Properties may be set in any order, before the first write or in the sink's thread (Queue::configure()); they
 * count from the next batch on. Reading them is for the same thread. Signals are emitted in the thread of the setter.
 */
class QANAT_CORE_EXPORT FileSink : public Sink
{
    Q_OBJECT
    Q_PROPERTY(QString path READ path WRITE setPath NOTIFY pathChanged)
    Q_PROPERTY(qint64 maximumFileSize READ maximumFileSize WRITE setMaximumFileSize NOTIFY maximumFileSizeChanged)
    Q_PROPERTY(std::chrono::milliseconds maximumFileAge READ maximumFileAge WRITE setMaximumFileAge NOTIFY
                   maximumFileAgeChanged)
    Q_PROPERTY(int maximumFiles READ maximumFiles WRITE setMaximumFiles NOTIFY maximumFilesChanged)
    Q_PROPERTY(Flush flushPolicy READ flushPolicy WRITE setFlushPolicy NOTIFY flushPolicyChanged)
public:
    //! What is done with a batch before its events are called delivered.
    enum class Flush : quint8 {
        EveryBatch, //!< It is handed to the system: it survives a crash of the process.
        ToDisk, //!< It is on the disk (fsync): it survives a power cut. What is no regular file cannot promise that.
    };
    Q_ENUM(Flush)

    //! Nothing is opened before the first event. See path() for \a path.
    explicit FileSink(const QString &path, QObject *parent = nullptr);
    ~FileSink() override;

    //!@{
    //! Where the events go to. A relative path counts from the directory that is current when it is set.
    [[nodiscard]] QString path() const;
    void setPath(const QString &path);
    //!@}

    //!@{
    //! How many bytes a file may have, Limits::Unlimited if not set; a negative number counts as 0. An event that is larger
    //! gets a file to itself.
    [[nodiscard]] qint64 maximumFileSize() const;
    void setMaximumFileSize(qint64 bytes);
    //!@}

    //!@{
    /*!
     * How old a file may become, no limit if not set; a negative age counts as 0. It counts by the wall clock from the first
     * event of the file; for one that existed before, from its birth or, where that is not known, its last modification.
     * It is looked at when a batch comes: no timer runs.
     */
    [[nodiscard]] std::chrono::milliseconds maximumFileAge() const;
    void setMaximumFileAge(std::chrono::milliseconds age);
    //!@}

    //!@{
    //! How many rotated files are kept beside the current one: 9 if not set; a negative number counts as 0. The next rotation
    //! removes what is beyond it.
    [[nodiscard]] int maximumFiles() const;
    void setMaximumFiles(int count);
    //!@}

    //!@{
    //! Flush::EveryBatch if not set.
    [[nodiscard]] Flush flushPolicy() const;
    void setFlushPolicy(Flush policy);
    //!@}

Q_SIGNALS:
    //!@{
    //! The property has another value.
    void pathChanged(QPrivateSignal);
    void maximumFileSizeChanged(QPrivateSignal);
    void maximumFileAgeChanged(QPrivateSignal);
    void maximumFilesChanged(QPrivateSignal);
    void flushPolicyChanged(QPrivateSignal);
    //!@}

protected:
    void process(const Batch &batch, Completion completion) override;
    //! Closes the file, and answers whether that went well.
    Delivery finish() override;

private:
    const std::unique_ptr<FileSinkPrivate> d;
};

} // namespace Qanat

#endif
