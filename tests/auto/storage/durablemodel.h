// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_TESTS_DURABLEMODEL_H
#define QANAT_TESTS_DURABLEMODEL_H

#include "durableprogram.h"
#include "storeimage.h"

#include <Qanat/StoredDeadLetters>

#include <algorithm>
#include <array>
#include <limits>

namespace Qanat {

/*
 * What a durable queue and its disk have to be like, over several runs of a program.
 *
 * For each event it knows the states that it may be in on the disk: the first one is sure, each later one came later. What a flush has seen
 * safe becomes the first one; after the end of a run the disk itself is looked at, and each event must be in one of its states.
 */
class DurableModel
{
public:
    enum class Place : quint8 { Nowhere, Stored, Letter, Gone };
    struct State
    {
        Place place = Place::Nowhere;
        quint64 order = 0; // When it came to that, which is the order of what is stored, and of dead letters.
    };
    struct Entry
    {
        std::vector<State> states;
        size_t digest = 0;
        bool isPortable = true;
        bool isRefused = false; // It was said that it could not be stored.
        bool isUnsure = false; // What was asked of a dead letter had no answer yet: it may be in any of its states.
    };
    // The last state of each event that is known to the queue, by its order.
    using Known = QHash<QString, quint64>;

    QStringList complaints;

    void expect(bool isSo, const QString &what)
    {
        if (!isSo)
            complaints.append(what);
    }

    /* --- In a run ------------------------------------------------------------------------------------------------------ */

    void write(const Event &event, bool isPortable)
    {
        Entry entry;
        entry.states.push_back({});
        entry.isPortable = isPortable;
        if (isPortable) {
            entry.states.push_back({Place::Stored, ++m_lastOrder});
            entry.digest = StoreImage::digestOf(event);
            m_alive.insert(event.id());
        }
        m_written += 1;
        m_notPortable += isPortable ? 0 : 1;
        m_entries.insert(event.id(), entry);
    }
    // The next position of the source, after the event \a id, if any.
    qint64 takePosition(const QString &id = {})
    {
        m_positions.push_back({++m_lastPosition, id});
        return m_lastPosition;
    }
    void seePosition(const QByteArray &position)
    {
        expect(position.toLongLong() >= m_safePosition, QStringLiteral("the position went back"));
        m_safePosition = std::max(m_safePosition, position.toLongLong());
    }
    void setHeld(bool isHeld) { m_held.push_back(isHeld); }
    [[nodiscard]] bool isHeld() const { return m_held.back(); }

    void confirm(const QString &id)
    {
        Entry &entry = m_entries[id];
        expect(entry.isPortable, QStringLiteral("stored, though no format can carry it"));
        expect(!entry.isRefused, QStringLiteral("stored and not stored"));
        if (entry.states.front().place == Place::Nowhere && entry.states.size() > 1)
            entry.states.erase(entry.states.begin());
    }
    // It was said so. Where it made room for others it never came to the disk; a disk that failed may have it all the same.
    void refuse(const QString &id, bool isFull)
    {
        Entry &entry = m_entries[id];
        expect(entry.states.front().place == Place::Nowhere, QStringLiteral("stored, and then not"));
        entry.isRefused = true;
        if (!isFull || !entry.isPortable)
            return;
        m_full += 1;
        entry.states = {{}};
        m_alive.remove(id);
    }
    void take(const Outlet::Outcome &outcome)
    {
        const QString id = outcome.event.id();
        const auto found = m_entries.find(id);
        expect(found != m_entries.end(), QStringLiteral("an event that nobody has written"));
        if (found == m_entries.end())
            return;
        Entry &entry = *found;
        expect(entry.digest == StoreImage::digestOf(outcome.event), QStringLiteral("the event is another"));
        const bool isThere = entry.isUnsure || entry.states.back().place == Place::Stored;
        expect(isThere, QStringLiteral("it was delivered, and it should be ") + nameOf(entry.states.back().place));
        const quint64 order = orderAfter(entry, Place::Stored, m_lastTaken);
        expect(order > 0 || !isThere, QStringLiteral("the order is another"));
        m_lastTaken = std::max(order, m_lastTaken);
        if (outcome.isRefused)
            entry.states.push_back({Place::Letter, ++m_lastOrder});
        else
            entry.states.push_back({Place::Gone, ++m_lastOrder});
        (outcome.isRefused ? m_refused : m_delivered) += 1;
        m_outcomes.append({id, outcome.isRefused, m_delivered});
    }

    void sendAgain(const QString &id, bool isAnswered)
    {
        m_entries[id].states.push_back({Place::Stored, ++m_lastOrder});
        m_entries[id].isUnsure = m_entries[id].isUnsure || !isAnswered;
        m_returned += isAnswered ? 1 : 0;
    }
    void remove(const QString &id, bool isAnswered)
    {
        m_entries[id].states.push_back({Place::Gone, ++m_lastOrder});
        m_entries[id].isUnsure = m_entries[id].isUnsure || !isAnswered;
    }
    // From now on what waits may become a dead letter to make room.
    void setLimited() { m_isLimited = true; }

    // With the outcomes of which the queue has counted the deliveries. What a flush that begins now will have seen safe.
    [[nodiscard]] Known known(qint64 delivered) const
    {
        QSet<QString> unknown;
        for (qsizetype i = m_outcomes.size() - 1; i >= 0; --i) {
            const Outcome &outcome = m_outcomes.at(i);
            if (!outcome.isRefused && outcome.deliveries <= delivered)
                break;
            unknown.insert(outcome.id);
        }
        Known known;
        for (const QString &id : m_alive) {
            const Entry &entry = m_entries[id];
            const size_t last = entry.states.size() - (unknown.contains(id) ? 2 : 1);
            if (entry.states.size() > 1 && !entry.isUnsure)
                known.insert(id, entry.states[last].order);
        }
        return known;
    }
    // It did.
    void makeSure(const Known &known)
    {
        for (auto one = known.cbegin(); one != known.cend(); ++one) {
            std::vector<State> &states = m_entries[one.key()].states;
            const auto stays = std::find_if(states.begin(), states.end(),
                                            [&one](const State &state) { return state.order >= one.value(); });
            states.erase(states.begin(), stays);
            forget(one.key());
        }
    }
    // The last one of this run.
    [[nodiscard]] qint64 positionOfRun() const
    {
        return m_positions.size() == m_positionsBefore ? 0 : m_positions.back().first;
    }
    // Is stored, and how it is held.
    void makeRestSure(qint64 position, bool isHeld)
    {
        m_safePosition = std::max(m_safePosition, position);
        m_held = {isHeld};
    }

    // When all has come to rest.
    void compare(const Statistics &statistics)
    {
        const qint64 stored = std::count_if(m_alive.begin(), m_alive.end(), [this](const QString &id) {
            return m_entries[id].states.back().place == Place::Stored;
        });
        const auto compareOne = [this](const char *name, qint64 is, qint64 shouldBe) {
            expect(is == shouldBe,
                   QStringLiteral("%1: %2, and should be %3").arg(QLatin1String(name)).arg(is).arg(shouldBe));
        };
        compareOne("stored", statistics.stored, stored);
        compareOne("pending", statistics.pending, stored);
        compareOne("delivered", statistics.delivered, m_delivered);
        compareOne("dropped or rejected", statistics.dropped + statistics.rejected, dropped());
        compareOne("offered", statistics.offered, m_resumed + m_written + m_returned);
        expect(m_isLimited || statistics.rejected == 0, QStringLiteral("rejected without a limit"));
    }
    void compare(const QList<DeadLetter> &letters)
    {
        quint64 last = 0;
        QSet<QString> ids;
        for (const DeadLetter &letter : letters) {
            const QString id = letter.event.id();
            expect(!ids.contains(id), QStringLiteral("a dead letter twice"));
            ids.insert(id);
            Entry &entry = m_entries[id];
            const bool isFull = letter.error == Delivery::Error::Full;
            if (m_isLimited && isFull && !entry.states.empty() && entry.states.back().place == Place::Stored) {
                entry.states.push_back({Place::Letter, ++m_lastOrder});
                m_full += 1;
            }
            const bool isOne = !entry.states.empty() && (entry.isUnsure || entry.states.back().place == Place::Letter);
            expect(isOne, QStringLiteral("a dead letter that should be none"));
            expect(entry.digest == StoreImage::digestOf(letter.event), QStringLiteral("the dead letter is another"));
            if (!isOne || isFull)
                continue;
            const quint64 order = orderAfter(entry, Place::Letter, last);
            expect(order > 0, QStringLiteral("the order of dead letters is another"));
            last = std::max(order, last);
        }
        for (const QString &id : std::as_const(m_alive)) {
            const Entry &entry = m_entries[id];
            expect(entry.isUnsure || entry.states.back().place != Place::Letter || ids.contains(id),
                   QStringLiteral("a dead letter is lost"));
        }
    }
    // What had to make room is known from the letters, what was no event for a disk from here.
    [[nodiscard]] qint64 dropped() const { return m_refused + m_notPortable + m_full; }
    [[nodiscard]] qint64 delivered() const { return m_delivered; }
    [[nodiscard]] qint64 resumed() const { return m_resumed; }
    [[nodiscard]] qint64 letters() const { return m_letters; }

    /* --- After a run --------------------------------------------------------------------------------------------------- */

    // With the disk at work; with one that failed or may have, so that what is seen of it may still be lost at a power cut; or with
    // such a cut.
    enum class Ending : quint8 { Sure, Failing, Cut };
    void end(const StoreImage &image, Ending ending)
    {
        const bool isSure = ending == Ending::Sure;
        expect(image.areCountsRight, QStringLiteral("the store has miscounted"));
        QHash<QString, Place> places;
        enter(image.events, Place::Stored, &places);
        enter(image.letters, Place::Letter, &places);
        checkArrivals(ending, places);
        checkPosition(image.position, isSure, places);
        expect(std::find(m_held.begin(), m_held.end(), image.isHeld) != m_held.end()
                   && (!isSure || image.isHeld == m_held.back()),
               QStringLiteral("held, or not"));
        const bool isSafe = ending != Ending::Failing;
        const QSet<QString> alive = m_alive;
        for (const QString &id : alive) {
            if (!places.contains(id))
                become(id, canBe(m_entries[id], Place::Gone) ? Place::Gone : Place::Nowhere, isSafe);
        }
        for (const StoreImage::Row &row : image.events)
            become(row.id, Place::Stored, isSafe);
        for (const StoreImage::Row &row : image.letters)
            become(row.id, Place::Letter, isSafe);
        m_resumed = image.events.size();
        m_letters = image.letters.size();
        if (isSafe) {
            m_held.clear();
            m_safePosition = image.position;
            m_positions.clear();
        }
        m_held.push_back(image.isHeld);
        // The source goes on where the store is.
        m_positions.erase(std::remove_if(m_positions.begin(), m_positions.end(),
                                         [&image](const auto &one) { return one.first > image.position; }),
                          m_positions.end());
        m_positionsBefore = m_positions.size();
        m_outcomes.clear();
        m_written = m_returned = m_notPortable = m_refused = m_delivered = m_full = 0;
        m_lastTaken = 0;
        m_isLimited = false;
    }

private:
    static QString nameOf(Place place)
    {
        constexpr std::array<const char *, 4> names = {"nowhere", "stored", "a dead letter", "through"};
        return QLatin1String(names.at(size_t(place)));
    }
    static quint64 orderAfter(const Entry &entry, Place place, quint64 last)
    {
        quint64 order = 0;
        for (const State &state : entry.states) {
            if (state.place == place && state.order > last && (order == 0 || state.order < order))
                order = state.order;
        }
        return order;
    }
    static bool canBe(const Entry &entry, Place place)
    {
        return std::any_of(entry.states.begin(), entry.states.end(),
                           [place](const State &state) { return state.place == place; });
    }

    void enter(const QList<StoreImage::Row> &rows, Place place, QHash<QString, Place> *places)
    {
        quint64 last = 0;
        for (const StoreImage::Row &row : rows) {
            expect(!places->contains(row.id), QStringLiteral("an event is there twice"));
            places->insert(row.id, place);
            const Entry entry = m_entries.value(row.id);
            const bool madeRoom = place == Place::Letter && row.isFull && m_isLimited && canBe(entry, Place::Stored);
            expect(canBe(entry, place) || madeRoom,
                   QStringLiteral("on the disk: %1, and should be %2")
                       .arg(nameOf(place), entry.states.empty() ? QString() : nameOf(entry.states.back().place)));
            expect(entry.digest == row.digest, QStringLiteral("on the disk: the event is another"));
            if (place == Place::Letter && row.isFull)
                continue;
            const quint64 order = orderAfter(entry, place, last);
            expect(order > 0 || !canBe(entry, place), QStringLiteral("on the disk: the order is another"));
            last = std::max(order, last);
        }
    }
    // What was on its way came to the disk as it was written, up to some event. (Of a disk that fails for a moment in the end a
    // part may be given up, and what comes after it stored.)
    void checkArrivals(Ending ending, const QHash<QString, Place> &places)
    {
        quint64 firstMissing = std::numeric_limits<quint64>::max();
        quint64 lastThere = 0;
        for (const QString &id : std::as_const(m_alive)) {
            const Entry &entry = m_entries[id];
            if (entry.states.back().place == Place::Nowhere)
                continue; // Of a run before, and given up.
            const bool isMissing = !places.contains(id) && !canBe(entry, Place::Gone);
            if (isMissing)
                expect(canBe(entry, Place::Nowhere), QStringLiteral("stored, and lost"));
            if (isMissing && canBe(entry, Place::Nowhere))
                firstMissing = std::min(firstMissing, orderAfter(entry, Place::Stored, 0));
            else if (!isMissing && canBe(entry, Place::Nowhere))
                lastThere = std::max(lastThere, orderAfter(entry, Place::Stored, 0));
        }
        expect(lastThere < firstMissing || ending == Ending::Failing,
               QStringLiteral("a later event is there, and an earlier one is not"));
    }
    void checkPosition(qint64 position, bool isSure, const QHash<QString, Place> &places)
    {
        expect(position >= m_safePosition && position <= m_lastPosition
                   && (!isSure || positionOfRun() == 0 || position == positionOfRun()),
               QStringLiteral("the position is %1, of %2 to %3").arg(position).arg(m_safePosition).arg(m_lastPosition));
        for (const auto &[one, id] : m_positions) {
            if (one > position || id.isEmpty())
                continue;
            const Entry &entry = m_entries[id];
            expect(!entry.isPortable || places.contains(id) || canBe(entry, Place::Gone)
                       || !canBe(entry, Place::Nowhere),
                   QStringLiteral("the position is ahead of its events"));
        }
    }
    void become(const QString &id, Place place, bool isSafe)
    {
        Entry &entry = m_entries[id];
        if (isSafe)
            entry.states.clear();
        entry.states.push_back({place, ++m_lastOrder});
        entry.isUnsure = false;
        entry.isRefused = false;
        m_alive.insert(id);
        forget(id);
    }
    // It has its fate.
    void forget(const QString &id)
    {
        const std::vector<State> &states = m_entries[id].states;
        if (states.size() == 1 && (states.front().place == Place::Gone || states.front().place == Place::Nowhere))
            m_alive.remove(id);
    }

    QHash<QString, Entry> m_entries;
    QSet<QString> m_alive; // Those that may be on the disk.
    quint64 m_lastOrder = 0;
    std::vector<bool> m_held = {false};
    qint64 m_lastPosition = 0;
    qint64 m_safePosition = 0;
    size_t m_positionsBefore = 0; // This run.
    qint64 m_resumed = 0;
    qint64 m_letters = 0;

    // Of this run.
    std::vector<std::pair<qint64, QString>> m_positions;
    struct Outcome
    {
        QString id;
        bool isRefused;
        qint64 deliveries; // So far, with this one.
    };
    QList<Outcome> m_outcomes;
    quint64 m_lastTaken = 0;
    qint64 m_written = 0;
    qint64 m_returned = 0;
    qint64 m_notPortable = 0;
    qint64 m_refused = 0;
    qint64 m_delivered = 0;
    qint64 m_full = 0;
    bool m_isLimited = false;
};

} // namespace Qanat

#endif
