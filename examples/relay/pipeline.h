// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_PIPELINE_H
#define RELAY_PIPELINE_H

#include "bookmark.h"
#include "ledger.h"
#include "options.h"

#include <Qanat/Delivery>
#include <Qanat/Endpoint>
#include <Qanat/Event>
#include <Qanat/Queue>

#include <QtCore/qmap.h>
#include <QtCore/qobject.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace Qanat {
class DurableQueue;
} // namespace Qanat

namespace Relay {

class Spool;

/*!
 * What the events flow through: for each endpoint a queue that holds back who writes, the tally, the retries, and HTTP. It goes as
 * fast as the slowest of them. Behind them all is the file for dead letters.
 *
 * With a spool the queues are on disk, and each endpoint goes as fast as it can.
 */
class Pipeline : public QObject
{
    Q_OBJECT
public:
    //! How an endpoint fares, beside the totals in the ledger.
    struct EndpointState
    {
        enum class Health : quint8 {
            Flowing,
            Failing, //!< In passing, as far as is known.
            Blocked, //!< Somebody has to mend something.
            Disabled, //!< It wants no more events.
        };
        QString name; //!< How messages call it: its own name, or the origin, and a number where several have the same.
        QString origin; //!< Scheme, host and port.
        Health health = Health::Flowing;
        qint64 failed = 0; //!< Attempts.
        qint64 retried = 0; //!< Attempts, too.
        QMap<int, qint64> answers; //!< How many there were of which status; 0 for none at all.
        Qanat::Delivery lastError;
    };

    //! What became of the events that were given up.
    struct DeadLetterState
    {
        qint64 written = 0;
        qint64 lost = 0; //!< The file could not take them.
    };

    //! What is in the spool.
    struct SpoolState
    {
        qint64 resumed = 0; //!< From former runs.
        qint64 stored = 0;
        qint64 deadLettered = 0; //!< Given up in this run, and kept there.
    };

    //! With \a spool, whose queues these become, where the options say so.
    Pipeline(const Options &options, const std::shared_ptr<Ledger> &ledger, Spool *spool);
    ~Pipeline() override;

    /*!
     * Where reading goes on, in the file that begins at \a beginning: where the endpoint is that is least far. To be called once the spool is ready, before the
     * first write().
     */
    [[nodiscard]] Bookmark resume(const Bookmark &beginning);

    /*!
     * Hands a valid event, without the marks of a dead letter, to all endpoints that want it. Waits while too much is pending there; not
     * for the main thread. One thread at a time. False where one of them is closed; then the event is a dead letter.
     */
    [[nodiscard]] bool write(const Qanat::Event &read, const std::optional<Bookmark> &place);
    //! The same for a line that holds no event.
    void pass(const std::optional<Bookmark> &place);
    //! Nothing is written any more.
    void noteInputEnded();
    //! Delivers what was written, for so long at most. A later call can only make it shorter.
    void close(std::chrono::milliseconds within);
    //! The same with no time at all, and little for the dead letters.
    void closeAtOnce();

    //! Whether everything is closed, and all that was dropped was told.
    [[nodiscard]] bool isClosed() const { return m_isClosed; }
    //! The totals now.
    [[nodiscard]] Totals totals() const;
    //! How they fare now. The thread of this object.
    [[nodiscard]] QList<EndpointState> endpoints();
    //! All of them together, and each of them; nothing where there is no spool.
    [[nodiscard]] std::optional<SpoolState> spool() const;
    [[nodiscard]] std::optional<SpoolState> spool(qsizetype endpoint) const;
    //! Nothing where there is no file for them.
    [[nodiscard]] std::optional<DeadLetterState> deadLetters() const;

Q_SIGNALS:
    //! \a count events were given up for good at the endpoint of that \a name, the last one as \a last says. Coalesced.
    void dropped(const QString &name, qint64 count, const Qanat::Delivery &last);
    //! So many of these could not be kept as dead letters either.
    void lost(qint64 count, const Qanat::Delivery &last);
    //! Its file is not the one that it was: the endpoint of that \a name gets it from the beginning.
    void replaced(const QString &name);
    //! isClosed() has become true.
    void closed();

private:
    struct Endpoint
    {
        QString name;
        QString origin;
        Qanat::Matcher wanted;
        std::unique_ptr<Qanat::Endpoint> sink;
        Qanat::Delivery lastError = {}; // Of an attempt.
        Qanat::DurableQueue *queue = nullptr; // With a spool.
        qint64 resumesAt = 0; // It has what comes before in the input.
    };

    void addEndpoint(qsizetype index, const Options &options, Spool *spool);
    [[nodiscard]] bool writeTo(const Endpoint &endpoint, const Qanat::Event &event, const QByteArray &position) const;
    void noteClosed();
    void endIfDone();
    void end();

    const std::shared_ptr<Ledger> m_ledger;
    std::unique_ptr<Qanat::Queue> m_deadLetters; // Behind the endpoints, so it goes after them.
    std::vector<Endpoint> m_endpoints;
    size_t m_closedCount = 0;
    std::chrono::milliseconds m_patience; // With the file for dead letters.
    bool m_isInputEnded = false;
    bool m_isClosed = false;
};

//! Why something failed, with the failure behind it.
[[nodiscard]] QString reasonOf(const Qanat::Delivery &delivery);

} // namespace Relay

#endif
