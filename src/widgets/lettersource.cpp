// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "lettersource_p.h"

#include "Qanat/widgets/deadlettersview.h"

#include <QtCore/qlocale.h>

namespace Qanat {

QString lettersText(qint64 count)
{
    return count == 1 ? DeadLettersView::tr("1 letter")
                      : DeadLettersView::tr("%1 letters").arg(QLocale().toString(count));
}

bool LetterSource::canFetchMore() const
{
    return false;
}

void LetterSource::fetchMore() { }

void LetterSource::removeRows(const std::function<bool(quint64)> &isGone)
{
    for (qsizetype last = m_rows.size() - 1; last >= 0; --last) {
        if (!isGone(m_rows[last].number))
            continue;
        qsizetype first = last;
        while (first > 0 && isGone(m_rows[first - 1].number))
            --first;
        Q_EMIT aboutToRemove(int(first), int(last));
        m_rows.remove(first, last - first + 1);
        Q_EMIT removed();
        last = first;
    }
}

void LetterSource::insertRows(const QList<DeadLetter> &letters)
{
    qsizetype place = 0;
    for (qsizetype first = 0; first < letters.size();) {
        while (place < m_rows.size() && m_rows[place].number < letters[first].number)
            ++place;
        if (place < m_rows.size() && m_rows[place].number == letters[first].number) {
            ++first;
            continue;
        }
        qsizetype end = first + 1;
        while (end < letters.size() && (place >= m_rows.size() || letters[end].number < m_rows[place].number))
            ++end;
        Q_EMIT aboutToInsert(int(place), int(place + end - first - 1));
        for (; first < end; ++first)
            m_rows.insert(place++, letters[first]);
        Q_EMIT inserted();
    }
}

} // namespace Qanat
