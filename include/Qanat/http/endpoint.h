// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_ENDPOINT_H
#define QANAT_HTTP_ENDPOINT_H

#include <Qanat/core/delivery.h>
#include <Qanat/core/sink.h>
#include <Qanat/http/endpointconfiguration.h>
#include <Qanat/http/qanathttp_export.h>

#include <QtCore/qdatetime.h>
#include <QtCore/qmap.h>

#include <functional>
#include <memory>

namespace Qanat {

class EndpointPrivate;

/*!
 * One web service, with all that it takes to be sure that it hears of every event: a queue, a RetryingSink and an HttpSink on a
 * thread of the library, with good defaults.
 *
 * \code
 * auto *audit = new Endpoint(u"audit"_s, QUrl(u"https://example.org/hook"_s));
 * audit->setDeadLetterSink(dead);
 * connect(audit, &Endpoint::blocked, this, [this](const Delivery &reason) { statusBar()->showMessage(reason.errorText()); });
 * events->add(audit);
 * \endcode
 *
 * | what happens | what the endpoint does |
 * |---|---|
 * | a passing fault (503, no network) | tries again, with waits that grow; after five in a row only one attempt probes at a time |
 * | Retry-After | waits as long, all events do: pausedUntil() |
 * | an event is refused (400) | it is given up, and goes to the dead-letter sink with what was answered |
 * | a fault of the endpoint (401, 404, a certificate) | holds all events, and probes up to once an hour: blocked() is emitted once |
 * | gone (410) | disables itself: everything is given up at once, until the application enables it again |
 * | the network is gone, and somebody says so: setNetwork() | waits, and starts at once when it is back |
 * | an event is older than three days | it is given up |
 *
 * The events are in memory: what is pending when the process ends is lost, as limits() and close() say. A function for the queue puts
 * another one in its place.
 *
 * **Threads.** It lives where it was made, and its signals are emitted there; all functions may be called from any thread, if
 * they say nothing else.
 */
class QANAT_HTTP_EXPORT Endpoint : public Sink
{
    Q_OBJECT
    Q_PROPERTY(bool healthy READ isHealthy NOTIFY healthyChanged)
    Q_PROPERTY(bool blocked READ isBlocked NOTIFY blockedChanged)
    Q_PROPERTY(bool disabled READ isDisabled NOTIFY disabledChanged)
    Q_PROPERTY(bool paused READ isPaused NOTIFY pausedChanged)
    Q_PROPERTY(QDateTime pausedUntil READ pausedUntil NOTIFY pausedUntilChanged)
public:
    //! Makes the queue around \a target, on a thread of its own choice; see Queue for what it takes over.
    using QueueMaker = std::function<std::unique_ptr<Sink>(std::unique_ptr<Sink> target)>;

    //! What is known of the network.
    enum class Network : quint8 {
        Unknown, //!< Nothing: attempts are made.
        Gone, //!< There is none: attempts wait for a minute, in case that this is wrong.
        There, //!< There is one.
    };
    Q_ENUM(Network)

    //! With the defaults. Where \a url will not do, everything is given up with errorText().
    Endpoint(const QString &name, const QUrl &url, QObject *parent = nullptr);
    //! As \a configuration says, with a queue in memory on the library's threads.
    explicit Endpoint(const EndpointConfiguration &configuration, QObject *parent = nullptr);
    //! The same with the queue that \a makeQueue makes; it is called once, before this returns. Limits and linger are the queue's own then.
    Endpoint(const EndpointConfiguration &configuration, const QueueMaker &makeQueue, QObject *parent = nullptr);
    ~Endpoint() override;

    //! What it was made from. It does not change.
    [[nodiscard]] EndpointConfiguration configuration() const;
    //! What is wrong with that; empty if nothing is.
    [[nodiscard]] QString errorText() const;

    //! Whether events get through, as far as is known: false from when the breaker opens, or it is blocked or disabled, until something is
    //! delivered again.
    [[nodiscard]] bool isHealthy() const;
    //! Whether a fault of the endpoint is what it waits for.
    [[nodiscard]] bool isBlocked() const;
    //! That fault; a delivered outcome if it is not blocked.
    [[nodiscard]] Delivery blockedReason() const;
    //! Whether the service said that it wants no more events, or disable() was called.
    [[nodiscard]] bool isDisabled() const;
    //! Whether pause() was called, and not resume().
    [[nodiscard]] bool isPaused() const;
    //! Until when the service has asked it to wait, in UTC; invalid if it has not.
    [[nodiscard]] QDateTime pausedUntil() const;
    //! How many requests have ended with which status; 0 where there was no answer.
    [[nodiscard]] QMap<int, qint64> answers() const;

    //! Tells what the application knows of the network. What QNetworkInformation knows is heeded without that, where the application has
    //! loaded a backend of it before (QNetworkInformation::loadDefaultBackend()).
    void setNetwork(Network network);

public Q_SLOTS:
    //!@{
    //! Sends nothing more until resume(); what is under way goes on.
    void pause();
    void resume();
    //!@}
    //!@{
    //! Gives up everything at once, until enable().
    void disable();
    void enable();
    //!@}
    //! Ends the waits of its own, not that of a Retry-After: somebody has mended something.
    void retryNow();

Q_SIGNALS:
    //!@{
    //! The property has another value.
    void healthyChanged(bool isHealthy, QPrivateSignal);
    void blockedChanged(bool isBlocked, QPrivateSignal);
    void disabledChanged(bool isDisabled, QPrivateSignal);
    void pausedChanged(bool isPaused, QPrivateSignal);
    void pausedUntilChanged(const QDateTime &time, QPrivateSignal);
    //!@}
    //! Somebody has to mend something. Emitted once, and again only after something was delivered.
    void blocked(const Qanat::Delivery &reason, QPrivateSignal);

protected:
    //! For news of its worker.
    bool event(QEvent *event) override;

private:
    void showActivity();

    Endpoint(std::unique_ptr<EndpointPrivate> made, const QueueMaker &makeQueue, QObject *parent);

    const std::unique_ptr<EndpointPrivate> d;
};

} // namespace Qanat

#endif
