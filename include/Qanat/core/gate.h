// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_GATE_H
#define QANAT_CORE_GATE_H

#include <Qanat/core/limits.h>
#include <Qanat/core/qanatcore_export.h>
#include <Qanat/core/sink.h>

#include <memory>

namespace Qanat {

class GatePrivate;

/*!
 * Lets events through to its target only with the consent of the user, as the law asks of applications that tell others what
 * people do with them (GDPR, articles 6 and 7).
 *
 * \code
 * auto *gate = new Gate(std::make_unique<Queue>(std::move(http)));
 * gate->setConsent(settings.mayTell() ? Gate::Consent::Granted : Gate::Consent::Undecided);
 * connect(dialog, &ConsentDialog::answered, gate, [gate](bool yes) {
 *     gate->setConsent(yes ? Gate::Consent::Granted : Gate::Consent::Denied);
 * });
 * \endcode
 *
 * | consent | what happens to events |
 * |---|---|
 * | undecided | they are held, up to holdLimits(), or discarded, as whileUndecided() says |
 * | granted | they go on, those that were held first |
 * | denied | they are discarded |
 *
 * What is discarded is *filtered*: no failure, and nothing that a dead-letter sink would keep.
 *
 * **Revocation.** When the consent is denied, everything that is not yet on its way out is discarded: what the gate holds, and
 * what waits in the sinks behind it, in queues and between two tries. What is just being sent may still arrive. What sinks
 * behind it have already passed on elsewhere, into files or channels, is not called back. So the gate belongs at the
 * beginning of the pipeline, before its queue; behind a queue it holds, too, but knows nothing of what the queue has.
 *
 * A close does not wait for an answer: what is undecided then is discarded.
 *
 * **On disk.** Directly before a StoringQueue (or an Endpoint with one) it holds nothing in memory: while the user is undecided events are stored, within the limits of that queue, and
 * nothing is delivered (StoringQueue::setHeld()), also after a new start of the program, until the user has answered. A denial removes them, and the stored
 * dead letters, so that nothing readable is left.
 */
class QANAT_CORE_EXPORT Gate : public Sink
{
    Q_OBJECT
    Q_PROPERTY(Consent consent READ consent WRITE setConsent NOTIFY consentChanged)
    Q_PROPERTY(Undecided whileUndecided READ whileUndecided WRITE setWhileUndecided NOTIFY whileUndecidedChanged)
public:
    //! The answer of the user.
    enum class Consent : quint8 {
        Undecided, //!< Nobody was asked, or has answered.
        Granted,
        Denied, //!< Refused, or revoked.
    };
    Q_ENUM(Consent)

    //! What is done with events as long as there is no answer.
    enum class Undecided : quint8 {
        Hold, //!< Events wait for the answer.
        Discard, //!< Nothing is kept without consent.
    };
    Q_ENUM(Undecided)

    //! How many events are held where nothing else is said; beyond that the oldest is dropped.
    static constexpr qint64 DefaultHoldLimit = 10000;

    //! Takes over \a target, which must have no parent and live in the current thread; else the gate is closed from the start.
    explicit Gate(std::unique_ptr<Sink> target, QObject *parent = nullptr);
    ~Gate() override;

    //! Consent::Undecided if not set. Any thread.
    [[nodiscard]] Consent consent() const;
    //! Any thread. It holds for every event from here on; the signal is emitted in that thread.
    void setConsent(Consent consent);

    //! Undecided::Hold if not set. Any thread.
    [[nodiscard]] Undecided whileUndecided() const;
    //! Any thread. What is held when this becomes Undecided::Discard is discarded.
    void setWhileUndecided(Undecided policy);

    //!@{
    //! The limits of the intake as long as events are held; limits() are the same ones then, and otherwise those that were
    //! set by setLimits(). Any thread.
    [[nodiscard]] Limits holdLimits() const;
    void setHoldLimits(const Limits &limits);
    //!@}

    //! As many as its target. The sink's thread.
    int maxInFlight() const override;

Q_SIGNALS:
    //!@{
    //! The property has another value. Emitted in the thread of the setter.
    void consentChanged(Qanat::Gate::Consent consent, QPrivateSignal);
    void whileUndecidedChanged(Qanat::Gate::Undecided policy, QPrivateSignal);
    //!@}

protected:
    void process(const Batch &batch, Completion completion) override;
    void closing() override;
    void withdraw() override;
    void interrupt() override;

private:
    friend class GatePrivate;
    // What is done with events.
    enum class Way : quint8 { Through, Hold, Discard };
    void pass(Way way, const Batch &batch, Completion completion);
    void review();
    void showWay();

    const std::unique_ptr<GatePrivate> d;
};

} // namespace Qanat

#endif
