// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/CircuitBreaker>
#include <Qanat/PipelineNode>
#include <Qanat/Queue>
#include <Qanat/RetryingSink>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class PipelineTest : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void isWalked();
    void isPrinted();
    void showsNoPayload();
    void theSameSinkHasTheSameIdentity();
    void followsTheStates();
    void aCircleIsNotMade();
    void isReadWhileItChanges();
};

void PipelineTest::isWalked()
{
    Broadcaster broadcaster;
    broadcaster.setObjectName(u"events"_s);
    auto end = std::make_unique<RecordingSink>();
    end->setObjectName(u"hook"_s);
    const auto recording = end->recording();
    auto queue = std::make_unique<Queue>(std::make_unique<RetryingSink>(std::move(end), CircuitBreaker(1, 1s)));
    queue->setObjectName(u"audit"_s);
    broadcaster.add(std::move(queue));
    broadcaster.listen(this, [](const Event &) {});
    settleCommands(broadcaster);
    broadcaster.write(Batch(someEvents(3)));
    QANAT_WAIT(recording->count() == 3);

    PipelineNode top = broadcaster.pipeline();
    QCOMPARE(top.kind, u"Broadcaster"_s);
    QCOMPARE(top.name, u"events"_s);
    QCOMPARE(top.state, PipelineNode::State::Open);
    QCOMPARE(top.targets.size(), 2);
    QCOMPARE(top.targets[0].kind, u"Queue"_s);
    QCOMPARE(top.targets[0].name, u"audit"_s);
    QCOMPARE(top.targets[0].targets.size(), 1);
    QCOMPARE(top.targets[0].targets[0].kind, u"RetryingSink"_s);
    QCOMPARE(top.targets[0].targets[0].targets[0].kind, u"RecordingSink"_s);
    QCOMPARE(top.targets[0].targets[0].targets[0].name, u"hook"_s);
    QVERIFY(top.targets[0].targets[0].targets[0].targets.isEmpty());
    QCOMPARE(top.targets[1].kind, u"Listener"_s);
    QANAT_WAIT(broadcaster.pipeline().targets[0].statistics.delivered == 3
               && broadcaster.pipeline().targets[1].statistics.delivered == 3);
}

void PipelineTest::isPrinted()
{
    Queue queue(std::make_unique<RecordingSink>());
    queue.setObjectName(u"audit"_s);
    const QStringList lines = queue.pipeline().toString().trimmed().split(u'\n');
    QCOMPARE(lines.size(), 2);
    QVERIFY2(lines[0].startsWith(u"Queue \"audit\" [open] "_s), qPrintable(lines[0]));
    QVERIFY2(lines[1].startsWith(u"  RecordingSink [open] "_s), qPrintable(lines[1]));
    QVERIFY(lines[0].contains(u"written 0"_s));
}

void PipelineTest::showsNoPayload()
{
    RecordingSink sink;
    sink.recording()->defer();
    Event event = someEvent();
    event.setExtension(u"token"_s, u"s3cret"_s);
    event.setSubject(u"s3cret"_s);
    sink.write(event);
    QANAT_WAIT(sink.recording()->deferredCalls() == 1);
    QVERIFY(!sink.pipeline().toString().contains(u"s3cret"_s));
    sink.recording()->settle(1, passingFailure());
    QVERIFY(!sink.pipeline().toString().contains(u"s3cret"_s));
}

void PipelineTest::theSameSinkHasTheSameIdentity()
{
    Queue shared(std::make_unique<RecordingSink>());
    Broadcaster one;
    Broadcaster other;
    one.add(&shared);
    other.add(&shared);
    settleCommands(one);
    settleCommands(other);
    QVERIFY(shared.pipeline().identity != 0);
    QCOMPARE(one.pipeline().targets[0].identity, shared.pipeline().identity);
    QCOMPARE(other.pipeline().targets[0].identity, shared.pipeline().identity);
    QVERIFY(one.pipeline().identity != other.pipeline().identity);
}

void PipelineTest::followsTheStates()
{
    auto end = std::make_unique<RecordingSink>();
    const auto recording = end->recording();
    recording->defer();
    Queue queue(std::move(end));
    queue.write(someEvent());
    QANAT_WAIT(recording->deferredCalls() == 1);
    QCOMPARE(queue.pipeline().state, PipelineNode::State::Open);
    const QFuture<CloseResult> closing = queue.close(1h);
    QCOMPARE(queue.pipeline().state, PipelineNode::State::Closing);
    QCOMPARE(queue.pipeline().targets[0].state, PipelineNode::State::Open); // It still gets what is left.
    QVERIFY(queue.pipeline().toString().contains(u"[closing]"_s));
    recording->settle(1);
    QANAT_FINISH(closing);
    QCOMPARE(queue.pipeline().state, PipelineNode::State::Closed);
    QVERIFY(queue.pipeline().toString().contains(u"[closed]"_s));
}

void PipelineTest::aCircleIsNotMade()
{
    Broadcaster one;
    Broadcaster other;
    Broadcaster third;
    one.add(&other);
    settleCommands(one);
    other.add(&third);
    settleCommands(other);
    QTest::ignoreMessage(QtWarningMsg, "Broadcaster was not added: its events would come back to Broadcaster for ever");
    third.add(&one);
    settleCommands(third);
    QVERIFY(third.pipeline().targets.isEmpty());
    const QFuture<Delivery> sent = one.send(someEvent());
    QANAT_FINISH(sent);
    QCOMPARE(sent.result().outcome(), Delivery::Outcome::Filtered);
}

void PipelineTest::isReadWhileItChanges()
{
    Broadcaster broadcaster;
    std::atomic<bool> isOver{false};
    std::atomic<int> unbalanced{0};
    std::atomic<int> walked{0};
    Crew walkers(2, [&](int) {
        do {
            const PipelineNode top = broadcaster.pipeline();
            unbalanced += !top.statistics.isBalanced();
            for (const PipelineNode &target : top.targets)
                unbalanced += !target.statistics.isBalanced() || target.kind.isEmpty();
            ++walked;
        } while (!isOver.load());
    });
    for (int round = 0; round < 50; ++round) {
        Queue queue(std::make_unique<RecordingSink>());
        queue.setObjectName(QString::number(round));
        broadcaster.add(&queue);
        broadcaster.write(Batch(someEvents(5)));
        QANAT_WAIT(queue.statistics().delivered == 5);
        QANAT_FINISH(queue.close());
    }
    isOver = true;
    QVERIFY(walkers.wait());
    QVERIFY(walked.load() > 0);
    QCOMPARE(unbalanced.load(), 0);
}

QTEST_GUILESS_MAIN(PipelineTest)
#include "tst_pipeline.moc"
