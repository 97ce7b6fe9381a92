// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

// Letters that are kept in memory: all of them are there, at once.

#include "lettersource_p.h"

#include "Qanat/widgets/deadlettersview.h"
#include "shortened_p.h"

#include <QtCore/qlocale.h>
#include <QtCore/qpointer.h>
#include <QtCore/qset.h>
#include <QtCore/qtimer.h>

#include <algorithm>

namespace Qanat {

namespace {

QString reasonOf(WriteResult::Status status)
{
    switch (status) {
    case WriteResult::Status::Full:
        return DeadLettersView::tr("it is full");
    case WriteResult::Status::Closed:
        return DeadLettersView::tr("it is closed");
    case WriteResult::Status::Invalid:
    case WriteResult::Status::Accepted:
        break;
    }
    return DeadLettersView::tr("there is nobody to take it");
}

class MemoryLetters final : public LetterSource
{
public:
    explicit MemoryLetters(DeadLetters *letters)
        : m_letters(letters)
    {
        m_soon.setSingleShot(true);
        if (!letters)
            return;
        follow();
        // Not for each letter of a flood.
        constexpr int Pause = 100; // ms
        connect(letters, &DeadLetters::changed, this, [this] {
            if (!m_soon.isActive())
                m_soon.start(Pause);
        });
        connect(&m_soon, &QTimer::timeout, this, [this] { follow(); });
        connect(letters, &QObject::destroyed, this, [this] { follow(); });
    }

    qint64 count() const override { return rows().size(); }
    bool needsTarget() const override { return true; }

    QStringList remarks() const override
    {
        if (!m_letters || m_letters->lost() == 0)
            return {};
        return {DeadLettersView::tr("%1 lost, since there is room for %2")
                    .arg(QLocale().toString(m_letters->lost()), QLocale().toString(m_letters->capacity()))};
    }

    void read(quint64 after, const PageAnswer &answer) override
    {
        QList<DeadLetter> letters = all();
        letters.removeIf([after](const DeadLetter &letter) { return letter.number <= after; });
        answer(letters);
    }

    void sendAgain(const QList<DeadLetter> &those, const Target &target, const Report &report) override
    {
        if (!m_letters)
            return;
        qsizetype sent = 0;
        QString news;
        QSet<const Sink *> refusing; // What is behind one that was refused keeps its place.
        for (const DeadLetter &letter : those) {
            Sink *const sink = target ? target(letter) : nullptr;
            if (refusing.contains(sink))
                continue;
            const WriteResult::Status status = m_letters->sendAgain(letter.number, sink);
            if (status == WriteResult::Status::Accepted) {
                ++sent;
                continue;
            }
            // One that was lost meanwhile, or sent by somebody else, is nobody's fault.
            if (sink && status == WriteResult::Status::Invalid)
                continue;
            refusing.insert(sink);
            news = DeadLettersView::tr("%1 cannot be sent again: %2").arg(shortened(letter.sink), reasonOf(status));
        }
        report(news.isEmpty() ? DeadLettersView::tr("%1 sent again").arg(lettersText(sent)) : news);
    }

    void sendAllAgain(const Target &target, const Report &report) override { sendAgain(all(), target, report); }

    void remove(const QList<DeadLetter> &those, const Report &report) override
    {
        for (const DeadLetter &letter : those) {
            if (m_letters)
                m_letters->remove(letter.number);
        }
        report({});
    }

private:
    QList<DeadLetter> all() const { return m_letters ? m_letters->letters() : QList<DeadLetter>(); }

    void follow()
    {
        const QList<DeadLetter> now = all();
        removeRows([&now](quint64 number) {
            const auto place =
                std::lower_bound(now.begin(), now.end(), number,
                                 [](const DeadLetter &letter, quint64 before) { return letter.number < before; });
            return place == now.end() || place->number != number;
        });
        insertRows(now);
        Q_EMIT changed();
    }

    const QPointer<DeadLetters> m_letters;
    QTimer m_soon;
};

} // namespace

std::shared_ptr<LetterSource> LetterSource::of(DeadLetters *letters)
{
    return std::make_shared<MemoryLetters>(letters);
}

} // namespace Qanat
