// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Letters that are kept in a store: they are read page by page, as somebody wants to see them.

#include "lettersource_p.h"

#include "Qanat/core/storeddeadletters.h"
#include "Qanat/core/storingqueue.h"
#include "Qanat/widgets/deadlettersview.h"
#include "shortened_p.h"

#include <QtCore/qfuturewatcher.h>
#include <QtCore/qlocale.h>
#include <QtCore/qpointer.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <limits>
#include <vector>

using namespace std::chrono_literals;

namespace Qanat {

namespace {

class StoredLetters final : public LetterSource
{
public:
    explicit StoredLetters(StoredDeadLetters *letters)
        : m_letters(letters)
        , m_queue(letters ? qobject_cast<StoringQueue *>(letters->parent()) : nullptr)
    {
        m_soon.setSingleShot(true);
        if (!letters)
            return;
        connect(&m_soon, &QTimer::timeout, this, [this] { follow(); });
        connect(letters, &StoredDeadLetters::removed, this,
                [this](quint64 first, quint64 last) { forget(first, last); });
        // Not for each letter of a flood.
        connect(letters, &StoredDeadLetters::changed, this, [this] {
            if (!m_soon.isActive())
                m_soon.start(100ms);
        });
        connect(letters, &QObject::destroyed, this, [this] {
            forget(0, std::numeric_limits<quint64>::max());
            Q_EMIT changed();
        });
        if (m_queue)
            connect(m_queue, &StoringQueue::storageErrorChanged, this, &LetterSource::changed);
        follow();
    }

    qint64 count() const override { return m_letters ? m_letters->count() : 0; }
    bool needsTarget() const override { return false; }
    QStringList remarks() const override;

    bool canFetchMore() const override { return m_hasMore && !m_isReading; }
    void fetchMore() override { readOn(); }
    void read(quint64 after, const PageAnswer &answer) override;

    void sendAgain(const QList<DeadLetter> &those, const Target &target, const Report &report) override;
    void sendAllAgain(const Target &target, const Report &report) override;
    void remove(const QList<DeadLetter> &those, const Report &report) override;

private:
    // How many rows are read at once, and there without being asked for.
    static constexpr qsizetype PageSize = 100;

    using Counted = Result<qint64>;
    using Order = QFuture<Counted> (StoredDeadLetters::*)(quint64 number);
    // One letter after the other: what is behind one that failed keeps its place.
    struct Errand
    {
        QList<DeadLetter> letters;
        Order order;
        std::function<void(const Errand &errand)> report;
        qsizetype next = 0;
        qint64 count = 0;
        QString errorText = {};
    };

    template<typename T>
    void whenDone(const QFuture<Result<T>> &future, const std::function<void(const Result<T> &)> &answer);
    void follow();
    void readOn();
    void take(const Page &page);
    void forget(quint64 first, quint64 last);
    void goOn(const std::shared_ptr<Errand> &errand);
    [[nodiscard]] bool isClosed() const { return !m_queue || m_queue->state() == PipelineNode::State::Closed; }

    const QPointer<StoredDeadLetters> m_letters;
    const QPointer<StoringQueue> m_queue;
    QTimer m_soon;
    std::vector<std::pair<quint64, quint64>> m_gone; // While a page is on its way.
    QString m_failure; // Of the last page.
    bool m_hasMore = false;
    bool m_isReading = false;
    bool m_isOutdated = false; // There are others since a page was asked for.
};

// Where a queue closes, or is destroyed, what was asked of it is canceled.
template<typename T>
void StoredLetters::whenDone(const QFuture<Result<T>> &future, const std::function<void(const Result<T> &)> &answer)
{
    auto *const watcher = new QFutureWatcher<Result<T>>(this);
    connect(watcher, &QFutureWatcherBase::finished, this, [watcher, answer] {
        watcher->deleteLater();
        const QFuture<Result<T>> done = watcher->future();
        answer(done.resultCount() > 0 ? done.result() : Result<T>(Failure{DeadLettersView::tr("the queue is closed")}));
    });
    watcher->setFuture(future);
}

QStringList StoredLetters::remarks() const
{
    QStringList remarks;
    if (canFetchMore() || m_isReading)
        remarks.append(DeadLettersView::tr("the first %1 are shown").arg(QLocale().toString(rows().size())));
    if (m_letters && m_letters->lost() > 0)
        remarks.append(DeadLettersView::tr("%1 lost, since they were too many, too large or too old")
                           .arg(QLocale().toString(m_letters->lost())));
    const QString errorText = !m_failure.isEmpty() || !m_queue ? m_failure : m_queue->storageError();
    if (!errorText.isEmpty())
        remarks.append(DeadLettersView::tr("the store cannot be used: %1").arg(shortened(errorText)));
    return remarks;
}

/* --- Reading ----------------------------------------------------------------------------------------------------------- */

void StoredLetters::read(quint64 after, const PageAnswer &answer)
{
    if (m_letters)
        whenDone<QList<DeadLetter>>(m_letters->letters(after, PageSize), answer);
    else
        answer(Failure{DeadLettersView::tr("the queue is closed")});
}

// There may be others. What is shown is known to be there, since forget() hears of all that go.
void StoredLetters::follow()
{
    m_isOutdated = m_isReading;
    const bool wasAtTheEnd = !m_hasMore;
    m_hasMore = count() > rows().size();
    // What comes is followed by those who have seen all that was there before.
    if (m_hasMore && (wasAtTheEnd || rows().size() < PageSize))
        readOn();
    Q_EMIT changed();
}

void StoredLetters::readOn()
{
    if (m_isReading || !m_letters)
        return;
    m_isReading = true;
    m_isOutdated = false;
    m_gone.clear();
    read(rows().isEmpty() ? 0 : rows().constLast().number, [this](const Page &page) { take(page); });
}

void StoredLetters::take(const Page &page)
{
    m_isReading = false;
    m_failure = page.errorText();
    if (!page) {
        m_hasMore = false;
        if (!isClosed())
            m_soon.start(1s);
        Q_EMIT changed();
        return;
    }
    QList<DeadLetter> letters = *page;
    letters.removeIf([this](const DeadLetter &letter) {
        return std::any_of(m_gone.begin(), m_gone.end(), [&letter](const auto &range) {
            return letter.number >= range.first && letter.number <= range.second;
        });
    });
    // All went, or came after all had gone: that is to be looked up.
    const bool isVoid = letters.isEmpty() && !page->isEmpty();
    insertRows(letters);
    m_hasMore = !page->isEmpty() && count() > rows().size();
    if (m_isOutdated)
        follow();
    else if (m_hasMore && (isVoid || rows().size() < PageSize))
        readOn();
    Q_EMIT changed();
}

void StoredLetters::forget(quint64 first, quint64 last)
{
    if (m_isReading)
        m_gone.emplace_back(first, last);
    const auto isGone = [first, last](quint64 number) { return number >= first && number <= last; };
    removeRows(isGone);
}

/* --- Orders ------------------------------------------------------------------------------------------------------------ */

void StoredLetters::goOn(const std::shared_ptr<Errand> &errand)
{
    if (!m_letters)
        errand->errorText = DeadLettersView::tr("the queue is closed");
    if (errand->next == errand->letters.size() || !errand->errorText.isEmpty()) {
        errand->report(*errand);
        return;
    }
    const quint64 number = errand->letters.at(errand->next++).number;
    whenDone<qint64>((m_letters->*errand->order)(number), [this, errand](const Counted &count) {
        errand->count += count.value();
        errand->errorText = count.errorText();
        goOn(errand);
    });
}

void StoredLetters::sendAgain(const QList<DeadLetter> &those, const Target &, const Report &report)
{
    const auto tell = [report](const Errand &errand) {
        const QString sent = DeadLettersView::tr("%1 sent again").arg(lettersText(errand.count));
        if (!errand.errorText.isEmpty())
            report(DeadLettersView::tr("%1; others cannot be: %2").arg(sent, shortened(errand.errorText)));
        else if (errand.count < errand.letters.size())
            report(DeadLettersView::tr("%1; for others there is no room, or they are gone").arg(sent));
        else
            report(sent);
    };
    goOn(std::make_shared<Errand>(Errand{those, &StoredDeadLetters::sendAgain, tell}));
}

void StoredLetters::sendAllAgain(const Target &, const Report &report)
{
    if (!m_letters) {
        report({});
        return;
    }
    whenDone<qint64>(m_letters->sendAllAgain(), [this, report](const Counted &count) {
        const QString sent = DeadLettersView::tr("%1 sent again").arg(lettersText(count.value()));
        if (!count)
            report(DeadLettersView::tr("They cannot be sent again: %1").arg(shortened(count.errorText())));
        else if (this->count() > 0)
            report(DeadLettersView::tr("%1; for others there is no room, or they have come back").arg(sent));
        else
            report(sent);
    });
}

void StoredLetters::remove(const QList<DeadLetter> &those, const Report &report)
{
    const auto tell = [report](const Errand &errand) {
        report(errand.errorText.isEmpty()
                   ? QString()
                   : DeadLettersView::tr("They cannot be removed: %1").arg(shortened(errand.errorText)));
    };
    goOn(std::make_shared<Errand>(Errand{those, &StoredDeadLetters::remove, tell}));
}

} // namespace

std::shared_ptr<LetterSource> LetterSource::of(StoredDeadLetters *letters)
{
    return std::make_shared<StoredLetters>(letters);
}

} // namespace Qanat
