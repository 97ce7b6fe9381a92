// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTING_CONTRACTSUITE_H
#define QANAT_TESTING_CONTRACTSUITE_H

#include <Qanat/core/sink.h>
#include <Qanat/testing/qanattesting_export.h>
#include <Qanat/testing/recording.h>

#include <QtCore/qobject.h>
#include <QtCore/qstringlist.h>

#include <functional>
#include <memory>
#include <type_traits>

namespace Qanat {

class ContractSuitePrivate;

/*!
 * A sink on trial, as the contract suite gets it from a factory.
 */
struct ContractSubject
{
    //! Just a sink. What arrived is judged by its counters and by the outcomes of Sink::send().
    template<typename T, std::enable_if_t<std::is_base_of_v<Sink, T>, int> = 0>
    ContractSubject(std::unique_ptr<T> subject)
        : sink(std::move(subject))
    {
    }

    //! Whatever the sink needs, destroyed after it.
    std::shared_ptr<void> environment;
    //! The ids of what has arrived on the far side, in order, so that order and completeness are looked at, too. Any thread.
    std::function<QStringList()> arrivedIds;
    //! Where the sink, or what is behind it, is a RecordingSink: makes it throw and write back, and tells the ids.
    std::shared_ptr<Recording> recording;
    //! Must live in the current thread, be open and deliver every valid event.
    std::unique_ptr<Sink> sink;
};

/*!
 * The contract of a sink as a suite of tests, to be run over sinks of one's own:
 *
 * \code
 * int main(int argc, char *argv[])
 * {
 *     QCoreApplication application(argc, argv);
 *     Qanat::ContractSuite suite;
 *     suite.add(u"MySink"_s, [] { return std::make_unique<MySink>(); });
 *     return suite.run(argc, argv);
 * }
 * \endcode
 *
 * The factory is called anew for each test, in the main thread. Where it answers a ContractSubject instead of the bare sink,
 * it can tell how the suite sees what arrived. The sink has to deliver what it is given: behind an HttpSink stands an
 * HttpReceiver. A heartbeat in the main thread runs in every test, and any warning fails it.
 */
class QANAT_TESTING_EXPORT ContractSuite : public QObject
{
    Q_OBJECT
public:
    //! Makes a sink to be tried, in the main thread. It has to deliver what it is given.
    using Factory = std::function<ContractSubject()>;

    //! Without sinks: add() them, then run().
    explicit ContractSuite(QObject *parent = nullptr);
    ~ContractSuite() override;

    //! A sink joins.
    void add(const QString &name, Factory factory);
    //! QTest::qExec(): runs all tests for all sinks, and answers the number of failures. Takes the options of QtTest.
    int run(int argc, char *argv[]);

private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();

    void acceptsWhatIsValid();
    void refusesWhatIsInvalid();
    void acceptsABatchUpToAPrefix();
    void refusesWhatIsFull();
    void answersClosedAfterClose();
    void closeIsIdempotent();
    void laterCloseOnlyTightensTheDeadline();
    void closeDeliversWhatWasAccepted();
    void closeAlwaysEnds();
    void discardGivesEverythingAnOutcome();
    void sendHasOneOutcome();
    void sendAfterCloseIsDroppedAsClosed();
    void balanceHoldsInEverySnapshot();
    void manyWritersKeepTheirOrder();
    void writesFromInsideDoNotDeadlock();
    void anExceptionFailsItsEventOnly();
    void destroyingInMidFlight();
    void canBeShownWhileItWorks();

private:
    const std::unique_ptr<ContractSuitePrivate> d;
};

} // namespace Qanat

#endif
