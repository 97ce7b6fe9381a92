// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "qanattest.h"

#include <atomic>
#include <thread>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

class TestHistory : public ThreadedTest
{
    Q_OBJECT
private Q_SLOTS:
    void nothingIsRememberedUnlessWanted();
    void theLastAreHeardFirst();
    void notMoreThanIsRemembered();
    void onlyTheLastMinutes();
    void lessHistoryForgets();
    void theMatcherHolds();
    void limitsHold();
    void noneTwiceNoneMissing();
    void keepsNoMoreInMemory();

private:
    static QStringList heardBy(Broadcaster &events, const ListenOptions &options, qsizetype expected);
};

QStringList TestHistory::heardBy(Broadcaster &events, const ListenOptions &options, qsizetype expected)
{
    QObject context;
    QStringList ids;
    Subscription subscription = events.listen(
        &context, [&ids](const Event &event) { ids.append(event.id()); }, options);
    settleCommands(events);
    (void)waitUntil([&] { return ids.size() >= expected && subscription.statistics().pending == 0; });
    subscription.reset();
    return ids;
}

void TestHistory::nothingIsRememberedUnlessWanted()
{
    Broadcaster events;
    QCOMPARE(events.history(), History::none());
    events.write(someEvent());
    QCOMPARE(heardBy(events, Replay::all(), 0), QStringList());
}

void TestHistory::theLastAreHeardFirst()
{
    Broadcaster events;
    events.setHistory(History::last(10));
    QCOMPARE(events.history(), History::last(10));
    const QList<Event> past = someEvents(8);
    for (const Event &event : past)
        events.write(event);
    const QStringList ids = idsOf(past);
    QCOMPARE(heardBy(events, Replay::last(3), 3), ids.sliced(5));
    QCOMPARE(heardBy(events, Replay::last(0), 0), QStringList());
    QCOMPARE(heardBy(events, Replay::all(), 8), ids);
    QCOMPARE(heardBy(events, Replay::last(100), 8), ids);
    QCOMPARE(heardBy(events, {}, 0), QStringList());

    QObject context;
    QStringList heard;
    events.listen(
        &context, [&heard](const Event &event) { heard.append(event.id()); }, Replay::last(2));
    const Event live = someEvent();
    events.write(live);
    QANAT_WAIT(heard.size() == 3);
    QCOMPARE(heard, ids.sliced(6) + QStringList{live.id()});
}

void TestHistory::notMoreThanIsRemembered()
{
    Broadcaster events;
    events.setHistory(History::last(5));
    const QList<Event> past = someEvents(5000);
    events.write(Batch(past.sliced(0, 4997)));
    for (const Event &event : past.sliced(4997))
        events.write(event);
    QCOMPARE(heardBy(events, Replay::all(), 5), idsOf(past).sliced(4995));
}

void TestHistory::onlyTheLastMinutes()
{
    const auto clock = std::make_shared<ManualClock>();
    Broadcaster events;
    events.setClock(clock);
    events.setHistory(History::last(10min));
    const QList<Event> past = someEvents(3);
    for (const Event &event : past) {
        events.write(event);
        QANAT_WAIT(events.statistics().pending == 0);
        clock->advance(4min);
    }
    // They are 12, 8 and 4 minutes old.
    const QStringList ids = idsOf(past);
    QCOMPARE(heardBy(events, Replay::all(), 2), ids.sliced(1));
    QCOMPARE(heardBy(events, Replay::last(5min), 1), ids.sliced(2));
    QCOMPARE(heardBy(events, Replay::last(std::chrono::milliseconds::max() - 1ms), 2), ids.sliced(1));
}

void TestHistory::lessHistoryForgets()
{
    Broadcaster events;
    events.setHistory(History::last(10));
    const QList<Event> past = someEvents(10);
    events.write(Batch(past));
    events.setHistory(History::last(4));
    events.setHistory(History::last(10));
    QCOMPARE(heardBy(events, Replay::all(), 4), idsOf(past).sliced(6));
    events.setHistory(History::none());
    events.setHistory(History::last(10));
    QCOMPARE(heardBy(events, Replay::all(), 0), QStringList());
}

void TestHistory::theMatcherHolds()
{
    Broadcaster events;
    events.setHistory(History::last(10));
    events.write(someEvent(u"a"_s));
    const Event wanted = someEvent(u"b"_s);
    events.write(wanted);
    ListenOptions options = Matcher::type(u"b"_s);
    options.replay = Replay::all();
    QCOMPARE(heardBy(events, options, 1), QStringList{wanted.id()});
}

void TestHistory::limitsHold()
{
    Broadcaster events;
    events.setHistory(History::last(1000));
    const QList<Event> past = someEvents(1000);
    events.write(Batch(past));
    ListenOptions options = Replay::all();
    options.limits.events = 10;
    const QStringList heard = heardBy(events, options, 10);
    QCOMPARE(heard.last(), past.last().id());
}

void TestHistory::noneTwiceNoneMissing()
{
    constexpr int Count = IsSanitized ? 20000 : 100000;
    Broadcaster events;
    events.setHistory(History::last(Count));
    std::atomic<bool> isHalf{false};
    std::thread writer([&] {
        for (int i = 0; i < Count; ++i) {
            events.write(Event(u"n"_s, i));
            if (i == Count / 2)
                isHalf = true;
        }
    });
    QANAT_WAIT(isHalf.load());
    constexpr int Listeners = 5;
    QObject context;
    QList<int> next(Listeners, 0);
    QList<int> wrong(Listeners, 0);
    ListenOptions options = Replay::all();
    options.limits = Limits();
    for (int i = 0; i < Listeners; ++i) {
        events.listen(
            &context,
            [&next, &wrong, i](const Event &event) {
                wrong[i] += event.data().toInt() != next[i];
                next[i] = event.data().toInt() + 1;
            },
            options);
    }
    QANAT_WAIT(next == QList<int>(Listeners, Count));
    writer.join(); // Not before, or this thread would wait for its writing.
    QCOMPARE(wrong, QList<int>(Listeners, 0));
}

void TestHistory::keepsNoMoreInMemory()
{
    Broadcaster events;
    events.setHistory(History::last(10));
    const auto data = std::make_shared<int>();
    events.write(Batch(eventsSharing(data, 1000)));
    settleCommands(events);
    QANAT_WAIT(data.use_count() == 1 + 10);
}

QTEST_GUILESS_MAIN(TestHistory)

#include "tst_history.moc"
