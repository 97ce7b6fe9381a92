// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <Qanat/Channel>
#include <Qanat/Filter>
#include <Qanat/Queue>

#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>

#include <atomic>
#include <future>
#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class TestChannel : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void readsWhatWasWritten();
    void line32_readWaitsUntilThereIsOne();
    void line32_readGivesUpAfterItsTime();
    void line32_aSignalTells();
    void theSignalFollowsTheChannel();
    void line32_aFullChannelDoesNotSettle();
    void readersMakeRoom();
    void keepsNoMoreInMemory();
    void line32_whatIsBufferedAtCloseCanBeRead();
    void closeWaitsForReaders();
    void discardDropsWhatDidNotFit();
    void closeEndsTheLoop();
    void destroyedWhileSomebodyReads();
    void severalReadersShare();
    void behindAQueue();
    void doesNotWaitOnALibraryThread();
};

void TestChannel::readsWhatWasWritten()
{
    Channel channel(10);
    QCOMPARE(channel.capacity(), 10);
    QCOMPARE(Channel(-5).capacity(), 1);
    QVERIFY(!channel.tryRead());
    QVERIFY(!channel.isAtEnd());
    const QList<Event> events = someEvents(3);
    for (const Event &event : events)
        QVERIFY(channel.write(event));
    QANAT_WAIT(channel.available() == 3);
    for (const Event &event : events)
        QCOMPARE(channel.tryRead()->id(), event.id());
    QVERIFY(!channel.tryRead());
    QANAT_WAIT(channel.statistics().delivered == 3);
    QANAT_BALANCED(channel);
}

void TestChannel::line32_readWaitsUntilThereIsOne()
{
    Channel channel;
    std::promise<QString> read;
    std::thread reader([&] {
        const std::optional<Event> event = channel.read(std::chrono::milliseconds::max());
        read.set_value(event ? event->id() : QString());
    });
    const Event event = someEvent();
    channel.write(event);
    QCOMPARE(read.get_future().get(), event.id());
    reader.join();
}

void TestChannel::line32_readGivesUpAfterItsTime()
{
    Channel channel;
    QVERIFY(!channel.read(1ms));
    QVERIFY(!channel.read(0ms));
    QVERIFY(!channel.read(-1ms));
}

void TestChannel::line32_aSignalTells()
{
    Channel channel;
    QStringList ids;
    int signalCount = 0;
    connect(&channel, &Channel::readyRead, this, [&] {
        ++signalCount;
        while (const std::optional<Event> event = channel.tryRead())
            ids.append(event->id());
    });
    const QList<Event> events = someEvents(2000);
    for (const Event &event : events)
        channel.write(event);
    QANAT_WAIT(ids.size() == events.size());
    QCOMPARE(ids, idsOf(events));
    QVERIFY2(signalCount < 1000, qPrintable(QString::number(signalCount)));
    const int before = signalCount;
    QANAT_FINISH(channel.close());
    QANAT_WAIT(signalCount > before);
    QVERIFY(channel.isAtEnd());
}

void TestChannel::theSignalFollowsTheChannel()
{
    auto *channel = new Channel;
    QThread thread;
    thread.start();
    std::atomic<QThread *> heardIn{nullptr};
    connect(
        channel, &Channel::readyRead, channel, [&] { heardIn = QThread::currentThread(); }, Qt::DirectConnection);
    channel->moveToThread(&thread);
    channel->write(someEvent());
    QANAT_WAIT(heardIn == &thread);
    connect(&thread, &QThread::finished, channel, &QObject::deleteLater);
    thread.quit();
    QVERIFY(thread.wait());
}

void TestChannel::line32_aFullChannelDoesNotSettle()
{
    Channel channel(2);
    for (const Event &event : someEvents(5))
        channel.write(event);
    QANAT_WAIT(channel.available() == 2 && channel.statistics().delivered == 2);
    QCOMPARE(channel.statistics().pending, 3);
    QANAT_BALANCED(channel);
    QCOMPARE(channel.available(), 2);
    // A limit of the intake turns that into a policy.
    channel.setLimits({3, Limits::Unlimited, Limits::Overflow::Reject});
    QCOMPARE(channel.write(someEvent()).status(), WriteResult::Status::Full);
    QANAT_FINISH(channel.discard());
}

void TestChannel::readersMakeRoom()
{
    constexpr int Count = IsSanitized ? 2000 : 20000;
    for (const qsizetype capacity : {1, 2, 7, 1000}) {
        Channel channel(capacity);
        const QList<Event> events = someEvents(Count);
        channel.write(Batch(events));
        QStringList ids;
        while (ids.size() < Count) {
            const std::optional<Event> event = channel.read(30s);
            QVERIFY(event);
            ids.append(event->id());
        }
        QCOMPARE(ids, idsOf(events));
        QVERIFY(channel.available() == 0);
    }
    dismissHeartbeat(); // It was this thread that waited.
}

void TestChannel::keepsNoMoreInMemory()
{
    const auto data = std::make_shared<int>();
    auto channel = std::make_unique<Channel>(10);
    channel->write(Batch(eventsSharing(data, 1000)));
    QANAT_WAIT(channel->available() == 10);
    QANAT_FINISH(channel->discard());
    QANAT_WAIT(data.use_count() == 1 + 10);
    while (channel->tryRead()) { }
    QCOMPARE(data.use_count(), 1);
}

void TestChannel::line32_whatIsBufferedAtCloseCanBeRead()
{
    Channel channel(10);
    const QList<Event> events = someEvents(3);
    channel.write(Batch(events));
    const QFuture<CloseResult> closed = channel.close();
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().left(), 0);
    QCOMPARE(channel.write(someEvent()).status(), WriteResult::Status::Closed);
    QVERIFY(!channel.isAtEnd());
    QStringList ids;
    for (const Event &event : channel)
        ids.append(event.id());
    QCOMPARE(ids, idsOf(events));
    QVERIFY(channel.isAtEnd());
    QVERIFY(!channel.read(1h));
}

void TestChannel::closeWaitsForReaders()
{
    Channel channel(1);
    channel.write(Batch(someEvents(3)));
    const QFuture<CloseResult> closed = channel.close();
    QANAT_WAIT(channel.available() == 1);
    QVERIFY(!closed.isFinished());
    int count = 0;
    QANAT_WAIT((count += channel.tryRead().has_value()) == 2);
    QANAT_FINISH(closed);
    QCOMPARE(closed.result().left(), 0);
    QVERIFY(channel.tryRead());
    QVERIFY(channel.isAtEnd());
}

void TestChannel::discardDropsWhatDidNotFit()
{
    Channel channel(2);
    const QFuture<Delivery> outcome = channel.send(Batch(someEvents(5)));
    QANAT_WAIT(channel.available() == 2);
    const QFuture<CloseResult> closed = channel.discard();
    QANAT_FINISH(closed);
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().error(), Delivery::Error::Discarded);
    QCOMPARE(closed.result().left(), 3);
    QCOMPARE(closed.result().unknown(), 0);
    QVERIFY(channel.tryRead() && channel.tryRead() && !channel.tryRead());
}

void TestChannel::closeEndsTheLoop()
{
    Channel channel;
    std::atomic<int> count{0};
    std::thread reader([&] {
        for (const Event &event : channel)
            count += event.isValid();
    });
    channel.write(Batch(someEvents(100)));
    QANAT_WAIT(count == 100);
    QANAT_FINISH(channel.close());
    reader.join();
    QCOMPARE(count, 100);
}

void TestChannel::destroyedWhileSomebodyReads()
{
    for (int i = 0; i < 200; ++i) {
        auto channel = std::make_unique<Channel>();
        std::atomic<int> count{0};
        std::thread reader([&count, next = channel->begin()]() mutable {
            for (; next != Channel::Iterator(); ++next)
                count += next->isValid();
        });
        channel->write(Batch(someEvents(10)));
        QANAT_WAIT(channel->statistics().delivered == 10);
        channel.reset();
        reader.join();
        QCOMPARE(count, 10);
    }
}

void TestChannel::severalReadersShare()
{
    constexpr int Count = IsSanitized ? 2000 : 10000; // This thread writes them all in one go.
    Channel channel(16);
    std::vector<std::thread> readers;
    std::atomic<int> count{0};
    for (int i = 0; i < 4; ++i) {
        readers.emplace_back([&] {
            QString last;
            for (const Event &event : channel) {
                if (event.id() > last) // UUIDv7 of one writer: each reader sees them in order.
                    ++count;
                last = event.id();
            }
        });
    }
    for (int i = 0; i < Count; ++i)
        channel.write(someEvent());
    QANAT_FINISH(channel.close());
    for (std::thread &reader : readers)
        reader.join();
    QCOMPARE(count, Count);
}

void TestChannel::behindAQueue()
{
    auto channel = std::make_unique<Channel>(3);
    QPointer<Channel> reads(channel.get());
    Queue queue(std::make_unique<Filter>(Matcher::type(u"wanted"_s), std::move(channel)));
    for (int i = 0; i < 10; ++i) {
        queue.write(someEvent(u"wanted"_s));
        queue.write(someEvent(u"other"_s));
    }
    QANAT_WAIT(reads->available() == 3);
    QCOMPARE(queue.statistics().delivered, 3);
    int count = 0;
    QANAT_WAIT((count += reads->tryRead().has_value()) == 10);
    QANAT_WAIT(queue.statistics().delivered == 10 && queue.statistics().filtered == 10);
    QANAT_BALANCED(queue);
}

void TestChannel::doesNotWaitOnALibraryThread()
{
    class Reader final : public Sink
    {
    public:
        explicit Reader(Channel *channel)
            : m_channel(channel)
        {
        }

    protected:
        Delivery deliver(const Event &) override
        {
            return m_channel->read(1h) ? Delivery::delivered() : Delivery::filtered();
        }

    private:
        Channel *const m_channel;
    };
    Channel channel;
    Queue queue(std::make_unique<Reader>(&channel));
    const QFuture<Delivery> outcome = queue.send(someEvent());
    QANAT_FINISH(outcome);
    QCOMPARE(outcome.result().outcome(), Delivery::Outcome::Filtered);
}

QTEST_GUILESS_MAIN(TestChannel)

#include "tst_channel.moc"
