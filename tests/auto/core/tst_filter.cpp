// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Filter>
#include <Qanat/Queue>

#include <stdexcept>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class FilterTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void line31_whatDoesNotMatchIsFiltered();
    void line31_theFailureOfTheSinkIsThatOfTheFilter();
    void line31_closesItsTargetOnce();
    void outcomesComeInTheOrderOfTheBatch();
    void aThrowingMatcherFailsItsOwnEvent();
    void refusesATargetItCannotOwn();
    void theMatcherMayBeChangedBehindAQueue();
};

void FilterTest::line31_whatDoesNotMatchIsFiltered()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Filter filter(Matcher::type(u"ui.*"_s), std::move(end));
    const QFuture<Delivery> unwanted = filter.send(someEvent(u"net.down"_s));
    const QFuture<Delivery> wanted = filter.send(someEvent(u"ui.clicked"_s));
    QANAT_FINISH(unwanted);
    QANAT_FINISH(wanted);
    QCOMPARE(unwanted.result().outcome(), Delivery::Outcome::Filtered);
    QVERIFY(!unwanted.result().isFailure());
    QCOMPARE(wanted.result().outcome(), Delivery::Outcome::Delivered);
    QCOMPARE(recording->count(), 1);
    QCOMPARE(filter.statistics().filtered, 1);
    QCOMPARE(filter.statistics().delivered, 1);
    QANAT_BALANCED(filter);
}

void FilterTest::line31_theFailureOfTheSinkIsThatOfTheFilter()
{
    auto end = std::make_unique<RecordingSink>();
    end->recording()->setBehaviour(
        [](const Event &) { return Delivery::failed(Delivery::Error::Refused, u"no"_s, Delivery::Retry::Never); });
    Filter filter(Matcher(), std::move(end));
    const QFuture<Delivery> sent = filter.send(someEvent());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().error(), Delivery::Error::Refused);
    QCOMPARE(filter.statistics().dropped, 1);
}

void FilterTest::line31_closesItsTargetOnce()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Filter filter(Matcher(), std::move(end));
    const QFuture<CloseResult> first = filter.close();
    const QFuture<CloseResult> second = filter.close();
    QANAT_FINISH(first);
    QANAT_FINISH(second);
    QCOMPARE(recording->finishCount(), 1);
}

void FilterTest::outcomesComeInTheOrderOfTheBatch()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    QList<Delivery::Outcome> heard;
    // A wrapper around it, to hear what comes up.
    class Listening : public Sink
    {
    public:
        Listening(std::unique_ptr<Sink> target, QList<Delivery::Outcome> *heard)
            : m_target(adopt(std::move(target)))
            , m_heard(heard)
        {
        }

    protected:
        void process(const Batch &batch, Completion completion) override
        {
            const auto shared = std::make_shared<Completion>(std::move(completion));
            forward(m_target, batch,
                    Completion(batch.size(), [shared, heard = m_heard](qsizetype count, const Delivery &delivery) {
                        for (qsizetype i = 0; i < count; ++i)
                            heard->append(delivery.outcome());
                        shared->settle(count, delivery);
                    }));
        }

    private:
        Sink *const m_target;
        QList<Delivery::Outcome> *const m_heard;
    };
    Listening sink(std::make_unique<Filter>(!Matcher::type(u"b"_s), std::move(end)), &heard);
    sink.write(Batch({someEvent(u"b"_s), someEvent(u"a"_s), someEvent(u"b"_s), someEvent(u"a"_s), someEvent(u"a"_s),
                      someEvent(u"b"_s)}));
    QANAT_WAIT(recording->deferredCalls() == 1);
    using Outcome = Delivery::Outcome;
    QCOMPARE(heard, QList<Outcome>({Outcome::Filtered}));
    recording->settle(1);
    QCOMPARE(heard, QList<Outcome>({Outcome::Filtered, Outcome::Delivered, Outcome::Filtered}));
    recording->settle(1, Delivery::failed(Delivery::Error::Refused, u"no"_s, Delivery::Retry::Never));
    recording->settle(1);
    QANAT_WAIT(sink.statistics().pending == 0);
    QCOMPARE(heard, QList<Outcome>({Outcome::Filtered, Outcome::Delivered, Outcome::Filtered, Outcome::Failed,
                                    Outcome::Delivered, Outcome::Filtered}));
    QANAT_BALANCED(sink);
}

void FilterTest::aThrowingMatcherFailsItsOwnEvent()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Filter filter(
        [](const Event &event) -> bool {
            if (event.type() == u"bad"_s)
                throw std::runtime_error("out of order");
            return true;
        },
        std::move(end));
    filter.write(Batch({someEvent(u"one"_s), someEvent(u"bad"_s), someEvent(u"two"_s)}));
    QANAT_WAIT(filter.statistics().pending == 0);
    QCOMPARE(recording->count(), 2);
    QCOMPARE(filter.statistics().dropped, 1);
    QCOMPARE(filter.statistics().lastError.error(), Delivery::Error::Exception);
    QVERIFY(filter.statistics().lastError.errorText().contains(u"out of order"_s));
}

void FilterTest::refusesATargetItCannotOwn()
{
    QTest::ignoreMessage(QtWarningMsg, "A sink was given no target");
    Filter filter(Matcher(), nullptr);
    QANAT_WAIT(filter.state() == PipelineNode::State::Closed);
    QCOMPARE(filter.write(someEvent()), WriteResult::Status::Closed);
}

void FilterTest::theMatcherMayBeChangedBehindAQueue()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    Queue queue(std::make_unique<Filter>(Matcher::type(u"a"_s), std::move(end)));
    queue.write(someEvent(u"b"_s));
    const QFuture<bool> changed =
        queue.configure<Filter>([](Filter &filter) { filter.setMatcher(Matcher::type(u"b"_s)); });
    queue.write(someEvent(u"b"_s));
    QANAT_FINISH(changed);
    QVERIFY(changed.result());
    QANAT_WAIT(queue.statistics().pending == 0);
    QCOMPARE(recording->count(), 1);
}

QTEST_GUILESS_MAIN(FilterTest)
#include "tst_filter.moc"
