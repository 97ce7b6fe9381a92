// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "durablemodel.h"
#include "storagescenario.h"

#include <QtCore/qrandom.h>

#include <random>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using namespace Qanat;

using Call = FaultyDisk::Call;
using Fault = FaultyDisk::Fault;
using Survivors = FaultyDisk::Survivors;
using Ending = DurableModel::Ending;

namespace {

constexpr int StepsOfSeed = IsSanitized ? 300 : 2010;
constexpr qint64 MostPending = 1500;
constexpr qsizetype MostLetters = 300;

// A program that does this and that with its queue, ends in this way or that, and is started again.
class RandomProgram
{
public:
    explicit RandomProgram(quint32 seed)
        : m_random(seed)
    {
    }

    void run(int steps)
    {
        for (int i = 0; i < steps && model.complaints.isEmpty(); ++i) {
            if (!m_queue)
                begin();
            step();
            look();
        }
        if (model.complaints.isEmpty())
            finish();
        m_queue.reset();
    }

    DurableModel model;
    // The last of what it did.
    QStringList trace;
    QMap<QString, int> counts;

private:
    using Letters = QList<DeadLetter>;
    struct Sent
    {
        QStringList ids;
        bool arePortable;
        StoringQueue::Receipt receipt;
    };
    struct Question
    {
        QFuture<Result<qint64>> answer;
    };

    int number(int from, int to) { return std::uniform_int_distribution<int>(from, to)(m_random); }
    bool isLikely(int percent) { return number(1, 100) <= percent; }
    void note(const QString &what)
    {
        constexpr qsizetype Most = 60;
        trace.append(what);
        if (trace.size() > Most)
            trace.removeFirst();
        ++counts[what.section(u' ', 0, 0)];
    }

    /* --- Beginning and end --------------------------------------------------------------------------------------------- */

    void begin()
    {
        note(u"begin"_s);
        m_outlet = std::make_shared<Outlet>();
        m_clock = std::make_shared<ManualClock>();
        m_spool.disk().holdOpening();
        m_queue = std::make_unique<DurableQueue>(
            m_spool.path(), std::make_unique<RetryingSink>(std::make_unique<OutletSink>(m_outlet),
                                                           CircuitBreaker(1, std::chrono::hours(1))));
        m_queue->setClock(m_clock);
        m_spool.disk().release();
        m_taken = 0;
        m_isRetrying = false;
        m_isBlurred = false;
        m_wasOpened = false;
        m_stepsToCut = 0;
    }
    void cutAndEnd()
    {
        note(u"cut"_s);
        m_spool.disk().cut();
        end();
    }
    void end()
    {
        const bool wasFailing = isFailing();
        const bool isClean = !wasFailing && isLikely(40);
        note(isClean ? u"close"_s : u"discard"_s);
        if (isClean)
            m_outlet->allow(Endless);
        const QFuture<CloseResult> closed = isClean ? m_queue->close(10min) : m_queue->discard();
        const bool hasEnded = waitUntil([&] {
            if (!closed.isFinished() && (m_isRetrying || isFailing()))
                m_clock->advanceToNextDue();
            return closed.isFinished();
        });
        model.expect(hasEnded, u"the close does not end: "_s + m_queue->statistics().toString());
        if (!hasEnded)
            return;
        m_outlet->stop();
        look();
        const bool wasCut = m_spool.disk().isCut();
        // Where it fails in the end, what the queue counted may not have come to the disk.
        const bool isSure = !wasFailing && !isFailing() && !m_isFaulty && !wasCut;
        const Statistics statistics = m_queue->statistics();
        model.expect(statistics.stored == statistics.pending && closed.result().stored() == statistics.pending,
                     u"after the end: "_s + statistics.toString());
        for (const Sent &sent : m_sent)
            hear(sent);
        m_sent.clear();
        for (const Question &question : m_questions)
            model.expect(question.answer.isFinished(), u"a question has no answer"_s);
        m_questions.clear();
        m_queue.reset();
        model.expect(m_spool.disk().openFiles() == 0, u"files are still open"_s);
        if (wasCut) {
            constexpr std::array<Survivors, 4> all = {Survivors::None, Survivors::Beginning, Survivors::Some,
                                                      Survivors::All};
            const int survivors = number(0, 3);
            note(u"restore %1"_s.arg(survivors));
            m_spool.restore(all.at(size_t(survivors)), quint32(m_random()));
        }
        if (isLikely(60))
            heal();
        std::unique_ptr<StoreImage> image;
        elsewhere([&] { image = std::make_unique<StoreImage>(m_spool.path()); });
        model.expect(!isSure || image->events.size() == statistics.stored,
                     u"%1 are stored of %2"_s.arg(image->events.size()).arg(statistics.stored));
        if (isSure)
            model.makeSure(model.known(statistics.delivered));
        note(u"has %1 events, %2 letters%3"_s.arg(image->events.size())
                 .arg(image->letters.size())
                 .arg(isSure ? u", surely"_s : QString()));
        model.end(*image, isSure ? Ending::Sure : wasCut ? Ending::Cut : Ending::Failing);
    }
    // All that is left comes to its end.
    void finish()
    {
        note(u"finish"_s);
        m_isFinishing = true;
        if (m_queue)
            cutAndEnd();
        heal();
        begin();
        m_outlet->setLenient();
        setHeld(false);
        for (const bool isFirst : {true, false}) {
            m_outlet->allow(Endless);
            model.expect(waitFor([&] { return m_queue->statistics().pending == 0; }), u"it is not delivered"_s);
            model.expect(settle(), u"it does not come to rest"_s);
            if (isFirst)
                sendAllAgain();
        }
        model.expect(m_queue->statistics().pending == 0, u"there is something left"_s);
        model.expect(m_queue->storedDeadLetters()->count() == 0, u"there are dead letters left"_s);
        end();
        model.expect(model.resumed() == 0 && model.letters() == 0, u"the store is not empty"_s);
    }
    void heal()
    {
        note(u"heal"_s);
        m_spool.disk().heal();
        m_isFaulty = false;
    }

    /* --- What is looked at --------------------------------------------------------------------------------------------- */

    [[nodiscard]] bool isFailing() const { return !m_queue->storageError().isEmpty(); }
    // Not if the store fails.
    bool waitFor(const std::function<bool()> &condition)
    {
        constexpr int MostTries = 3;
        int tries = 0;
        bool holds = false;
        const bool hasEnded = waitUntil([&] {
            checkCounters();
            holds = condition();
            if (!holds && (isFailing() || m_isRetrying) && m_clock->advanceToNextDue())
                ++tries;
            return holds || (tries >= MostTries && isFailing());
        });
        model.expect(hasEnded,
                     u"waited in vain: "_s + m_queue->storageError() + u' ' + m_queue->statistics().toString());
        return holds;
    }
    void checkCounters()
    {
        const Statistics statistics = m_queue->statistics();
        model.expect(statistics.isBalanced() && statistics.stored <= statistics.pending, statistics.toString());
    }
    void look()
    {
        if (!m_queue)
            return;
        checkCounters();
        // In this order: what has a position in the store has got there before.
        const std::vector<Outlet::Outcome> outcomes = m_outlet->outcomesAfter(m_taken);
        m_taken += outcomes.size();
        for (const Outlet::Outcome &outcome : outcomes)
            model.take(outcome);
        if (m_wasOpened)
            model.seePosition(m_queue->storedPosition());
    }
    // All that was written is stored.
    bool flush()
    {
        const qsizetype sent = qsizetype(m_sent.size());
        look();
        const DurableModel::Known known = model.known(m_queue->statistics().delivered);
        const qint64 position = model.positionOfRun();
        const QFuture<Delivery> flushed = m_queue->flushed();
        if (!waitFor([&] { return flushed.isFinished(); }) || flushed.result() != Delivery::stored())
            return false;
        look();
        for (qsizetype i = 0; i < sent; ++i)
            hear(m_sent[size_t(i)]);
        m_sent.erase(m_sent.begin(), m_sent.begin() + sent);
        // What was delivered may still have to leave the disk, where that fails.
        if (m_queue->storageError().isEmpty()) {
            model.makeSure(known);
            model.makeRestSure(m_isBlurred ? 0 : position, model.isHeld());
        }
        if (std::exchange(m_wasOpened, true))
            return true;
        model.expect(m_queue->resumed() == model.resumed(),
                     u"%1 have resumed of %2"_s.arg(m_queue->resumed()).arg(model.resumed()));
        look();
        return true;
    }
    void hear(const Sent &sent)
    {
        const bool isTold = finishes(sent.receipt.stored); // That is told in a moment.
        model.expect(isTold, u"a receipt has not finished"_s);
        if (!isTold)
            return;
        const Delivery stored = sent.receipt.stored.result();
        model.expect(sent.arePortable || stored.isFailure(), u"stored, though no format can carry it"_s);
        for (const QString &id : sent.ids) {
            if (stored == Delivery::stored())
                model.confirm(id);
            else
                model.refuse(id, stored.error() == Delivery::Error::Full);
        }
    }
    // Nothing is under way any more. Not if the store fails.
    bool settle()
    {
        m_outlet->stop();
        if (m_isBlurred || !flush())
            return false;
        const bool isStill = waitFor([&] {
            look();
            const Statistics now = m_queue->statistics();
            return now.delivered >= model.delivered() && now.dropped + now.rejected >= model.dropped();
        });
        // And that is stored, too.
        if (!isStill || !flush() || isFailing())
            return false;
        model.compare(m_queue->statistics());
        return true;
    }
    // When all is still.
    std::optional<Letters> letters()
    {
        constexpr qsizetype Page = 70;
        Letters all;
        for (;;) {
            const QFuture<Result<Letters>> page =
                m_queue->storedDeadLetters()->letters(qint64(all.isEmpty() ? 0 : all.constLast().number), Page);
            if (!waitFor([&] { return page.isFinished(); }) || !page.result())
                return {};
            all.append(*page.result());
            if (page.result()->isEmpty())
                break;
        }
        model.compare(all);
        model.expect(isFailing() || m_queue->storedDeadLetters()->count() == all.size(),
                     u"the dead letters are miscounted"_s);
        return all;
    }

    /* --- Steps --------------------------------------------------------------------------------------------------------- */

    Event someEvent(bool isPortable)
    {
        const int kind = number(1, 100);
        const int size = kind <= 85 ? number(0, 200) : kind <= 97 ? number(0, 5000) : number(0, 50'000);
        const QString type = isLikely(10) ? u"bad"_s : u"good"_s;
        if (!isPortable)
            return Event(type, QVariant::fromValue(std::make_shared<int>(1)));
        return Event(type, QByteArray(size, char('a' + number(0, 25))));
    }
    void write()
    {
        const int count = isLikely(80) ? number(1, 12) : number(1, 120);
        note(u"write %1"_s.arg(count));
        QList<Event> events;
        for (int i = 0; i < count; ++i)
            events.append(someEvent(true));
        if (isLikely(10))
            events[number(0, count - 1)] = someEvent(false);
        for (const Event &event : std::as_const(events))
            model.write(event, event.isPortable());
        if (isLikely(50)) {
            model.expect(bool(m_queue->write(Batch(events))), u"it was not accepted"_s);
        } else if (isLikely(50)) {
            send(events);
        } else {
            for (const Event &event : std::as_const(events))
                send({event});
        }
    }
    void send(const QList<Event> &events)
    {
        const bool arePortable =
            std::all_of(events.begin(), events.end(), [](const Event &event) { return event.isPortable(); });
        const StoringQueue::Receipt receipt = m_queue->sendWithReceipt(Batch(events));
        // Of a mixed batch it tells with the last outcome what could not be stored.
        if (arePortable || events.size() == 1)
            m_sent.push_back({idsOf(events), arePortable, receipt});
    }
    void writeWithPosition()
    {
        const int count = number(1, 6);
        note(u"position %1 more"_s.arg(count));
        for (int i = 0; i < count; ++i) {
            if (isLikely(10)) {
                m_queue->setPosition(QByteArray::number(model.takePosition()));
                continue;
            }
            const bool isPortable = isLikely(95);
            const Event event = someEvent(isPortable);
            model.write(event, isPortable);
            model.expect(bool(m_queue->write(event, QByteArray::number(model.takePosition(event.id())))),
                         u"it was not accepted"_s);
        }
    }
    void deliver()
    {
        const int count = number(1, 60);
        const bool waits = isLikely(75);
        note(u"deliver %1%2"_s.arg(count).arg(waits ? u" and wait"_s : QString()));
        m_outlet->allow(count);
        if (!waits || m_queue->isHeld() || model.isHeld())
            return;
        static_cast<void>(waitFor([&] { return m_outlet->allowed() == 0 || m_queue->statistics().pending == 0; }));
    }
    void failInPassing()
    {
        note(u"fail-in-passing"_s);
        m_outlet->failNext();
        m_isRetrying = true;
    }
    void setHeld(bool isHeld)
    {
        note(isHeld ? u"hold"_s : u"release"_s);
        model.setHeld(isHeld);
        m_queue->setHeld(isHeld);
    }
    void limit()
    {
        if (!settle())
            return;
        const int most = number(1, int(m_queue->statistics().pending) + 10);
        note(u"limit %1"_s.arg(most));
        model.setLimited();
        m_queue->setLimits({most, Limits::Unlimited, Limits::Overflow::DropOldest});
        m_isBlurred = true; // What went is known only as soon as all is at rest again.
        const int count = number(1, 30);
        for (int i = 0; i < count; ++i) {
            const Event event = someEvent(true);
            model.write(event, true);
            send({event});
        }
        const bool isFlushed = flush();
        m_queue->setLimits({});
        if (!isFlushed || isFailing() || !letters())
            return;
        m_isBlurred = false;
        note(u"limited"_s);
        model.compare(m_queue->statistics());
    }
    void listLetters()
    {
        note(u"list"_s);
        if (settle())
            static_cast<void>(letters());
    }
    void askForOne(bool sends)
    {
        const std::optional<Letters> all = settle() ? letters() : std::nullopt;
        if (!all || all->isEmpty())
            return;
        const DeadLetter &letter = all->at(number(0, int(all->size()) - 1));
        beRisky();
        note(sends ? u"send-again %1"_s.arg(letter.number) : u"remove %1"_s.arg(letter.number));
        StoredDeadLetters *const letters = m_queue->storedDeadLetters();
        ask(sends ? letters->sendAgain(letter.number) : letters->remove(letter.number), {letter}, sends);
    }
    void sendAllAgain()
    {
        const std::optional<Letters> all = settle() ? letters() : std::nullopt;
        if (!all)
            return;
        beRisky();
        note(u"send-all-again %1"_s.arg(all->size()));
        ask(m_queue->storedDeadLetters()->sendAllAgain(), *all, true);
    }
    void clearLetters()
    {
        const std::optional<Letters> all = settle() ? letters() : std::nullopt;
        if (!all)
            return;
        beRisky();
        note(u"clear %1"_s.arg(all->size()));
        ask(m_queue->storedDeadLetters()->clear(), *all, false);
    }
    // What comes now is rare, so it is seen to that it does not always go well.
    void beRisky()
    {
        if (m_isFinishing || m_isFaulty || m_stepsToCut > 0 || !isLikely(40))
            return;
        if (isLikely(70))
            cutLater(number(1, 8));
        else
            makeFaulty();
    }
    void ask(const QFuture<Result<qint64>> &answer, const Letters &letters, bool sends)
    {
        const bool isAnswered = waitFor([&] { return answer.isFinished(); }) && answer.result();
        if (isAnswered) {
            model.expect(*answer.result() == letters.size(),
                         u"%1 of %2 dead letters"_s.arg(*answer.result()).arg(letters.size()));
        } else {
            note(u"unanswered"_s);
            m_questions.push_back({answer});
            m_isBlurred = true;
        }
        for (const DeadLetter &letter : letters) {
            if (sends)
                model.sendAgain(letter.event.id(), isAnswered);
            else
                model.remove(letter.event.id(), isAnswered);
        }
    }
    void makeFaulty()
    {
        constexpr std::array<Call, 8> calls = {Call::Write, Call::Write, Call::Sync, Call::Sync,
                                               Call::Write, Call::Sync,  Call::Read, Call::Truncate};
        const int call = number(0, 7);
        const int place = number(1, 15);
        const bool lasts = isLikely(40);
        note(u"fault %1 at %2%3"_s.arg(int(calls.at(size_t(call)))).arg(place).arg(lasts ? u", and on"_s : QString()));
        m_spool.disk().fail(calls.at(size_t(call)), place, lasts ? Fault::Lasting : Fault::Passing);
        m_isFaulty = true;
    }
    void cutLater(int place)
    {
        note(u"cut-later %1"_s.arg(place));
        m_spool.disk().cut(place);
        m_stepsToCut = number(3, 25);
    }
    void makeFull()
    {
        note(u"full"_s);
        m_spool.disk().setLimit(m_spool.disk().size() + number(0, 200'000));
        m_isFaulty = true;
    }

    void step()
    {
        if (m_stepsToCut > 0 && (--m_stepsToCut == 0 || (m_spool.disk().isCut() && isLikely(30))))
            return cutAndEnd();
        if (m_isBlurred && isLikely(25))
            return isLikely(50) ? cutAndEnd() : end();
        if (m_queue->statistics().pending > MostPending) {
            if (model.isHeld())
                setHeld(false);
            m_outlet->allow(MostPending);
        }
        if (m_queue->storedDeadLetters()->count() > MostLetters)
            return clearLetters();
        int kind = number(1, 1000);
        const auto isIt = [&kind](int weight) { return (kind -= weight) <= 0; };
        if (isIt(280))
            write();
        else if (isIt(130))
            writeWithPosition();
        else if (isIt(220))
            deliver();
        else if (isIt(25))
            failInPassing();
        else if (isIt(110)) {
            note(u"flush"_s);
            flush();
        } else if (isIt(25))
            listLetters();
        else if (isIt(35))
            askForOne(true);
        else if (isIt(15))
            sendAllAgain();
        else if (isIt(20))
            askForOne(false);
        else if (isIt(5))
            clearLetters();
        else if (isIt(25))
            setHeld(!model.isHeld() && isLikely(50));
        else if (isIt(15))
            limit();
        else if (isIt(25))
            m_isFaulty ? heal() : makeFaulty();
        else if (isIt(10))
            m_isFaulty ? heal() : makeFull();
        else if (isIt(30) && m_stepsToCut == 0)
            cutLater(number(1, 80));
        else if (isIt(15))
            cutAndEnd();
        else
            end();
    }

    static constexpr qint64 Endless = 1'000'000'000;

    std::mt19937 m_random;
    Spool m_spool;
    std::shared_ptr<Outlet> m_outlet;
    std::shared_ptr<ManualClock> m_clock;
    std::unique_ptr<DurableQueue> m_queue;
    std::vector<Sent> m_sent;
    std::vector<Question> m_questions;
    size_t m_taken = 0; // Of the outcomes.
    int m_stepsToCut = 0; // 0: not at all.
    bool m_isRetrying = false;
    bool m_isFaulty = false;
    bool m_isFinishing = false;
    bool m_isBlurred = false; // In this run the model does not know all any more.
    bool m_wasOpened = false;
};

} // namespace

// What a queue and its disk do is compared with a plain model, over many random steps.
class TestDurableModel : public QanatTest
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { beQuietAboutFaults(); }

    void randomSteps_data();
    void randomSteps();
};

// Five seeds, of which one is another each time; QANAT_SEED chooses one.
void TestDurableModel::randomSteps_data()
{
    QTest::addColumn<quint32>("seed");
    bool isGiven = false;
    const quint32 given = qEnvironmentVariable("QANAT_SEED").toUInt(&isGiven);
    QList<quint32> seeds = {given};
    if (!isGiven)
        seeds = {1, 2, 3, 4, QRandomGenerator::global()->bounded(1'000'000U)};
    for (const quint32 seed : std::as_const(seeds))
        QTest::addRow("seed %u", seed) << seed;
}

void TestDurableModel::randomSteps()
{
    QFETCH(const quint32, seed);
    RandomProgram program(seed);
    program.run(StepsOfSeed);
    if (program.model.complaints.isEmpty()) {
        QStringList counts;
        for (auto count = program.counts.cbegin(); count != program.counts.cend(); ++count)
            counts.append(u"%1 x %2"_s.arg(count.value()).arg(count.key()));
        qInfo("%ls", qUtf16Printable(counts.join(u", "_s)));
        return;
    }
    const QStringList complaints = program.model.complaints.mid(0, 5);
    QFAIL(qPrintable(
        u"QANAT_SEED=%1: %2\n  %3"_s.arg(seed).arg(complaints.join(u"; "_s), program.trace.join(u"\n  "_s))));
}

QTEST_GUILESS_MAIN(TestDurableModel)
#include "tst_durablemodel.moc"
